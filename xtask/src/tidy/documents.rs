//! Every path that a document names exists.

use super::{Complaint, File, Tree};

/// Made by building or running, so never in the tree.
const MADE: [&str; 4] = ["web/dist", "target", "data", "node_modules"];
/// Endings that make a bare name (`rules.rs`) the name of a file.
const ENDINGS: [&str; 10] = ["rs", "md", "toml", "ts", "tsx", "mjs", "json", "ftl", "css", "sql"];

pub(super) fn check(tree: &Tree) -> Vec<Complaint> {
    tree.ending(".md").flat_map(|file| document(tree, file)).collect()
}

fn document(tree: &Tree, file: &File) -> Vec<Complaint> {
    let lines = file.text.lines().enumerate();
    lines
        .flat_map(|(at, line)| {
            let links = links(line).into_iter().filter(|link| !link_exists(tree, file, link));
            let words = words(line).into_iter().filter(|word| !word_exists(tree, word));
            let missing = links.map(str::to_owned).chain(words);
            let complaint = move |path| file.complaint(at + 1, format!("names {path}, which is not there"));
            missing.map(complaint).collect::<Vec<_>>()
        })
        .collect()
}

/// Targets of `[text](target)` that are files here.
fn links(line: &str) -> Vec<&str> {
    let targets = line.split("](").skip(1);
    targets
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.split('#').next().unwrap_or_default())
        .filter(|target| !target.is_empty() && !target.contains(':') && !target.starts_with('/'))
        .collect()
}

fn link_exists(tree: &Tree, file: &File, link: &str) -> bool {
    let mut path: Vec<&str> = file.path.split('/').collect();
    path.pop();
    for segment in link.trim_end_matches('/').split('/') {
        match segment {
            "." => {}
            ".." => drop(path.pop()),
            segment => path.push(segment),
        }
    }
    tree.paths.contains(&path.join("/"))
}

/// Words that read as paths: `crates/wire/`, `docs/{A,B}.md`, and in backticks `rules.rs`.
fn words(line: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_./-{},".contains(c);
    let spans = line.split('`').enumerate();
    spans
        .flat_map(|(at, span)| {
            let is_quoted = at % 2 == 1;
            let words = span.split(|c: char| c.is_whitespace() || "()[]|;:\"'".contains(c));
            words.filter(move |word| {
                word.chars().all(is_part) && (word.contains('/') || is_quoted && is_file_name(word))
            })
        })
        .flat_map(expanded)
        .map(|word| word.trim_end_matches(['.', ',', '/']).to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

fn is_file_name(word: &str) -> bool {
    let ending = word.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| ENDINGS.contains(&ending)) && !word.contains(['{', '}', ','])
}

/// `a/{b,c}.md` is two paths.
fn expanded(word: &str) -> Vec<String> {
    let group = word.split_once('{').and_then(|(before, rest)| {
        let (within, after) = rest.split_once('}')?;
        Some((before, within, after))
    });
    match group {
        Some((before, within, after)) => within.split(',').map(|one| format!("{before}{one}{after}")).collect(),
        None => vec![word.to_owned()],
    }
}

/// A word that begins with none of our folders is no path of ours.
fn word_exists(tree: &Tree, word: &str) -> bool {
    if MADE.iter().any(|made| word.starts_with(made)) || tree.paths.contains(word) {
        return true;
    }
    match word.split_once('/') {
        Some((first, _)) => first.is_empty() || !tree.paths.contains(first),
        None => tree.paths.iter().any(|path| path.rsplit('/').next() == Some(word)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(text: &str) -> usize {
        let files = [
            ("docs/A.md", text),
            ("docs/B.md", ""),
            ("crates/wire/src/lib.rs", ""),
            ("README.md", ""),
        ];
        check(&Tree::of(&files)).len()
    }

    #[test]
    fn what_is_there_is_not_named() {
        assert_eq!(
            missing("See [B](B.md), [top](../README.md#x), `crates/wire/`, `lib.rs`, docs/{A,B}.md."),
            0
        );
        assert_eq!(
            missing("`GET /api/chat/rooms`, https://a.example/docs/C.md, and/or, `web/dist/`"),
            0
        );
    }

    #[test]
    fn what_is_not_there_is_named() {
        assert_eq!(missing("[C](C.md)"), 1);
        assert_eq!(missing("The codec (crates/wire/src/codec.rs) and `docs/{A,C}.md`."), 2);
        assert_eq!(missing("`nowhere.rs`"), 1);
    }
}
