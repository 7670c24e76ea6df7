//! What a person reads is there in Korean and in English.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Complaint, File, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Complaint> {
    tree.files.iter().flat_map(|file| against_other(tree, file)).collect()
}

fn against_other(tree: &Tree, file: &File) -> Vec<Complaint> {
    let Some(other) = other_language(&file.path) else {
        return Vec::new();
    };
    let theirs = match tree.text(&other) {
        Some(text) => keys(&other, text),
        None => Ok(BTreeSet::new()),
    };
    match (keys(&file.path, &file.text), theirs) {
        (Ok(ours), Ok(theirs)) => {
            let missing = ours.difference(&theirs);
            missing
                .map(|key| file.complaint(0, format!("{key} is not in {other}")))
                .collect()
        }
        (Err(error), _) => vec![file.complaint(0, error)],
        // The other file's own turn says what is wrong with it.
        (_, Err(_)) => Vec::new(),
    }
}

/// `…/texts/ko/main.ftl` and `…/texts/en/main.ftl`; `…/texts/ko.json` and `…/texts/en.json`.
fn other_language(path: &str) -> Option<String> {
    let (before, name) = path.split_once("/texts/")?;
    let other = match name.get(..2)? {
        "ko" => "en",
        "en" => "ko",
        _ => return None,
    };
    let is_text = name.ends_with(".ftl") || name.ends_with(".json");
    is_text.then(|| format!("{before}/texts/{other}{}", &name[2..]))
}

fn keys(path: &str, text: &str) -> Result<BTreeSet<String>, String> {
    let mut keys = BTreeSet::new();
    if path.ends_with(".ftl") {
        let entries = text.lines().filter(|line| !line.starts_with(['#', ' ']));
        keys.extend(entries.filter_map(|line| Some(line.split_once(" =")?.0.to_owned())));
    } else {
        let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        gather("", &json, &mut keys);
    }
    Ok(keys)
}

fn gather(at: &str, json: &Value, keys: &mut BTreeSet<String>) {
    let Value::Object(members) = json else {
        keys.insert(at.to_owned());
        return;
    };
    for (name, value) in members {
        let at = if at.is_empty() {
            name.clone()
        } else {
            format!("{at}.{name}")
        };
        gather(&at, value, keys);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_that_one_language_lacks_is_named() {
        let files = [
            ("a/texts/ko/main.ftl", "one = 하나\ntwo = 둘\n"),
            ("a/texts/en/main.ftl", "one = one\n"),
            ("b/texts/ko.json", "{\"x\": {\"y\": \"\"}}"),
            ("b/texts/en.json", "{\"x\": {\"y\": \"\", \"z\": \"\"}}"),
        ];
        let says: Vec<_> = check(&Tree::of(&files)).into_iter().map(|c| c.says).collect();
        assert_eq!(
            says,
            ["two is not in a/texts/en/main.ftl", "x.z is not in b/texts/ko.json"]
        );
    }
}
