//! Statements over many rows: in pieces of few sizes, each written once.

use std::fmt::Write as _;
use std::sync::OnceLock;

use sea_orm::{ConnectionTrait, DbBackend};

/// Sizes of the pieces in which rows are written, so that few statements need preparing. From some 200 rows on SQLite would
/// rather scan the whole table that they are joined with.
const PIECES: [usize; 4] = [64, 16, 4, 1];

/// A statement for each of [`PIECES`], for SQLite and for PostgreSQL, written when it is first needed.
pub(super) type Statements = [[OnceLock<String>; PIECES.len()]; 2];

pub(super) const fn statements() -> Statements {
    [const { [const { OnceLock::new() }; PIECES.len()] }; 2]
}

/// How a database marks the place of value `n`. SQLite's bare marks stand for the values in order; it would look a numbered
/// one up among all the others, which for a thousand values takes longer than the insert.
type Placeholder = fn(usize) -> String;

/// The statement for a piece of `rows` rows.
pub(super) fn written_once<'a, C: ConnectionTrait>(
    db: &C,
    all: &'a Statements,
    rows: usize,
    write: impl FnOnce(usize, Placeholder) -> String,
) -> &'a str {
    let (of_database, mark): (_, Placeholder) = match db.get_database_backend() {
        DbBackend::Postgres => (&all[1], |n| format!("${n}")),
        _ => (&all[0], |_| "?".to_owned()),
    };
    let index = PIECES.iter().position(|size| *size == rows);
    of_database[index.expect("pieces have these sizes only")].get_or_init(|| write(rows, mark))
}

pub(super) fn piece_of(len: usize) -> usize {
    PIECES.into_iter().find(|size| *size <= len).unwrap_or(len)
}

pub(super) fn pieces<T>(mut rest: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, next) = rest.split_at(piece_of(rest.len()));
        rest = next;
        Some(piece)
    })
}

/// `(…, …), (…, …)` with `width` placeholders a row, numbered from 1.
pub(super) fn placeholders(rows: usize, width: usize, mut each: impl FnMut(usize) -> String) -> String {
    let mut sql = String::with_capacity(rows * width * 6);
    let mut n = 0;
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..width {
            n += 1;
            if column > 0 {
                sql.push_str(", ");
            }
            let _ = write!(sql, "{}", each(n));
        }
        sql.push(')');
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_everything_in_few_sizes() {
        let rows: Vec<usize> = (0..151).collect();
        let sizes: Vec<usize> = pieces(&rows).map(<[usize]>::len).collect();
        assert_eq!(sizes, [64, 64, 16, 4, 1, 1, 1]);
    }

    #[test]
    fn placeholders_are_numbered_through() {
        let sql = placeholders(2, 2, |n| format!("${n}"));
        assert_eq!(sql, "($1, $2), ($3, $4)");
    }
}
