//! A feature's folder has four rooms: what it is, its rules, its SQL, its handlers.

use std::collections::BTreeSet;

use super::{Complaint, Tree};

const FEATURES: &str = "crates/server/src/features/";
const ROOMS: [&str; 4] = ["mod.rs", "rules.rs", "store.rs", "handlers.rs"];

/// Rooms that a feature does without, and why.
const WITHOUT: &[(&str, &str, &str)] = &[
    ("codes", "rules.rs", "codes are looked up: nothing is decided"),
    ("mail", "handlers.rs", "mails are written by the features that owe them"),
    (
        "messages",
        "handlers.rs",
        "messages come in through the features whose rooms they are in",
    ),
];

pub(super) fn check(tree: &Tree) -> Vec<Complaint> {
    let features: BTreeSet<&str> = tree
        .paths
        .iter()
        .filter_map(|path| path.strip_prefix(FEATURES)?.split_once('/'))
        .map(|(feature, _)| feature)
        .collect();
    let mut complaints = Vec::new();
    for feature in features {
        for room in ROOMS {
            let is_there = tree.paths.contains(&format!("{FEATURES}{feature}/{room}"));
            let reason = WITHOUT.iter().find(|(f, r, _)| *f == feature && *r == room);
            let says = match (is_there, reason) {
                (false, None) => "a feature has this file, or a reason in xtask/src/tidy/folders.rs",
                (true, Some(_)) => "is there: take its exception out of xtask/src/tidy/folders.rs",
                _ => continue,
            };
            complaints.push(Complaint {
                path: format!("{FEATURES}{feature}/{room}"),
                line: 0,
                says: says.to_owned(),
            });
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_without_rules_is_named() {
        let files = ["mod.rs", "store.rs", "handlers.rs"].map(|room| format!("{FEATURES}hall/{room}"));
        let files: Vec<_> = files.iter().map(|path| (path.as_str(), "")).collect();
        let complaints = check(&Tree::of(&files));
        assert_eq!(complaints.len(), 1);
        assert!(complaints[0].path.ends_with("hall/rules.rs"));
    }
}
