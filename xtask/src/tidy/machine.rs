//! Nothing in the tree says on which machine it was written.

use super::{Complaint, Tree};

/// Where people keep their work; each in two parts, so that this file does not name itself.
const FOLDERS: [&str; 4] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
];

pub(super) fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in &tree.files {
        for (at, line) in file.text.lines().enumerate() {
            let found = FOLDERS.iter().find(|folder| begins_in(line, folder));
            let says = |folder| format!("names a folder of one machine: {folder}");
            complaints.extend(found.map(|folder| file.complaint(at + 1, says(folder))));
        }
    }
    complaints
}

/// Whether `line` has a path that begins with `folder`, and not only goes through one of that name.
fn begins_in(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().last();
        before.is_none_or(|c| !c.is_alphanumeric() && !".-_}*".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_somebodys_machine_is_named() {
        let begin = "/ho";
        let text = format!("fine\nlet p = \"{begin}me/x\";\n");
        let complaints = check(&Tree::of(&[("a.rs", &text)]));
        assert_eq!(complaints.len(), 1);
        assert_eq!(complaints[0].line, 2);
        let within = format!("import './src{begin}me/main.tsx'");
        assert!(check(&Tree::of(&[("a.ts", &within)])).is_empty());
    }
}
