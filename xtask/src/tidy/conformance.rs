//! Every test that the table of rules names is there.

use super::{Complaint, File, Tree};

const TABLE: &str = "docs/CONFORMANCE.md";

pub(super) fn check(tree: &Tree) -> Vec<Complaint> {
    tree.ending(TABLE).flat_map(|table| missing(tree, table)).collect()
}

fn missing(tree: &Tree, table: &File) -> Vec<Complaint> {
    let rows = table
        .text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.starts_with("| "));
    let named = rows.flat_map(|(at, line)| tests(line).map(move |test| (at, test)));
    named
        .filter(|(_, test)| !is_there(tree, test))
        .map(|(at, test)| table.complaint(at + 1, format!("names the test {test}, which is not there")))
        .collect()
}

/// What stands in backticks in the last column.
fn tests(row: &str) -> impl Iterator<Item = &str> {
    let last = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap_or_default();
    last.split('`').skip(1).step_by(2).filter(|word| word.contains('_'))
}

fn is_there(tree: &Tree, test: &str) -> bool {
    let function = format!("fn {test}(");
    tree.ending(".rs").any(|file| file.text.contains(&function))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_is_gone_is_missed() {
        let row = "| F1 | `not_a_test` | `a_frame_is_read` `lines_end` |\n";
        let tree = |code| Tree::of(&[(TABLE, row), ("crates/wire/tests/codec.rs", code)]);
        assert!(check(&tree("fn a_frame_is_read() {} async fn lines_end() {}")).is_empty());
        assert_eq!(check(&tree("fn a_frame_is_read() {}")).len(), 1);
    }
}
