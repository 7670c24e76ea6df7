//! How far people have read.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};

use super::super::message::Side;
use super::super::{Mark, Marks};
use super::pieces::{pieces, placeholders};
use crate::adapters::database::{all, execute};
use crate::time::Time;

/// `read_mark.side` in a room without sides.
const NO_SIDE: &str = "-";

#[derive(FromQueryResult)]
struct MarkRow {
    room_id: i64,
    member_id: i64,
    side: String,
    seq: i64,
}

/// How far everybody has read in these rooms; a room without readers has no entry.
pub(in crate::features::messages) async fn marks<C: ConnectionTrait>(
    db: &C,
    room_ids: &[i64],
) -> Result<HashMap<i64, Marks>, DbErr> {
    let mut marks: HashMap<i64, Marks> = HashMap::new();
    for piece in pieces(room_ids) {
        let places = placeholders(1, piece.len(), |n| format!("${n}"));
        let sql = format!("SELECT room_id, member_id, side, seq FROM read_mark WHERE room_id IN {places}");
        for row in all::<MarkRow, _>(db, &sql, piece.iter().map(|id| Value::from(*id))).await? {
            marks.entry(row.room_id).or_default().0.push(Mark {
                reader_id: row.member_id,
                seq: row.seq,
                side: Side::from_letter(&row.side),
            });
        }
    }
    Ok(marks)
}

/// Moves a reader's mark forward to `seq`; false if it was there or beyond.
pub(in crate::features::messages) async fn advance_mark<C: ConnectionTrait>(
    db: &C,
    room_id: i64,
    mark: &Mark,
    at: Time,
) -> Result<bool, DbErr> {
    let done = execute(
        db,
        "INSERT INTO read_mark (room_id, member_id, side, seq, read_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (room_id, member_id) DO UPDATE SET seq = excluded.seq, read_at = excluded.read_at, side = excluded.side, unread_from = NULL \
         WHERE read_mark.seq < excluded.seq",
        [
            room_id.into(),
            mark.reader_id.into(),
            mark.side.map_or(NO_SIDE, Side::as_str).into(),
            mark.seq.into(),
            at.ms().into(),
        ],
    )
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Forgets that a reader wanted something unread again; false if there was nothing.
pub(in crate::features::messages) async fn forget_unread<C: ConnectionTrait>(
    db: &C,
    room_id: i64,
    reader_id: i64,
) -> Result<bool, DbErr> {
    let sql =
        "UPDATE read_mark SET unread_from = NULL WHERE room_id = $1 AND member_id = $2 AND unread_from IS NOT NULL";
    let done = execute(db, sql, [room_id.into(), reader_id.into()]).await?;
    Ok(done.rows_affected() > 0)
}

/// Notes that a reader wants everything from `seq` on unread again; false if the mark does not reach it.
pub(in crate::features::messages) async fn unread_from<C: ConnectionTrait>(
    db: &C,
    room_id: i64,
    reader_id: i64,
    seq: i64,
) -> Result<bool, DbErr> {
    let sql = "UPDATE read_mark SET unread_from = $3 WHERE room_id = $1 AND member_id = $2 AND seq >= $3";
    let done = execute(db, sql, [room_id.into(), reader_id.into(), seq.into()]).await?;
    Ok(done.rows_affected() > 0)
}
