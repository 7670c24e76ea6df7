//! Just enough of Rust's syntax to see what a file names.

/// A path as a file names it, one for each leaf of a `use` tree, and the line it begins on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) line: usize,
    pub(super) segments: Vec<String>,
}

/// Lines that are neither empty nor a comment, before the file's own tests.
pub(super) fn lines_of_code(text: &str) -> usize {
    before_tests(text)
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

/// The file up to its `#[cfg(test)] mod`: tests may name what they like.
pub(super) fn before_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod ").map_or(text, |at| &text[..at])
}

/// The code with comments and literals blanked; lines stay where they are.
pub(super) fn without_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let skipped = skipped_length(rest);
        if skipped == 0 {
            code.push(next);
            rest = &rest[next.len_utf8()..];
        } else {
            let newlines = rest[..skipped].matches('\n').count();
            code.push(' ');
            code.extend(std::iter::repeat_n('\n', newlines));
            rest = &rest[skipped..];
        }
    }
    code
}

/// How long the comment or literal is that `text` begins with; 0 if it begins with code.
fn skipped_length(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return text.find("*/").map_or(text.len(), |at| at + 2);
    }
    if text.starts_with('"') {
        return closed_length(text, '"');
    }
    if text.starts_with("r#\"") {
        return text.find("\"#").map_or(text.len(), |at| at + 2);
    }
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with('\\') => closed_length(text, '\''),
        Some(rest) if rest.chars().nth(1) == Some('\'') => rest.chars().next().map_or(0, char::len_utf8) + 2,
        _ => 0,
    }
}

/// Up to and with the closing quote, over escaped ones.
fn closed_length(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// Every path with at least two segments, in `use` trees and elsewhere.
pub(super) fn paths(code: &str) -> Vec<Named> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = next_word(code, at) {
        let mut reader = Reader { code, at: start };
        let first = reader.word();
        at = reader.at;
        if reader.eats("::") {
            let line = code[..start].matches('\n').count() + 1;
            reader.tree(vec![first], &mut |segments| found.push(Named { line, segments }));
            at = reader.at.max(at);
        }
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn next_word(code: &str, from: usize) -> Option<usize> {
    code[from..].find(is_word).map(|at| from + at)
}

struct Reader<'a> {
    code: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn word(&mut self) -> String {
        let rest = &self.code[self.at..];
        let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        self.at += length;
        rest[..length].to_owned()
    }

    fn eats(&mut self, token: &str) -> bool {
        let rest = &self.code[self.at..];
        let trimmed = rest.trim_start();
        let is_there = trimmed.starts_with(token);
        if is_there {
            self.at += rest.len() - trimmed.len() + token.len();
        }
        is_there
    }

    fn skip_space(&mut self) {
        let rest = &self.code[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    /// What follows `segments::`: a word, more of them, or a group.
    fn tree(&mut self, mut segments: Vec<String>, found: &mut impl FnMut(Vec<String>)) {
        if self.eats("{") {
            while !self.eats("}") {
                let before = self.at;
                self.tree(segments.clone(), found);
                self.eats(",");
                if self.at == before {
                    return;
                }
            }
            return;
        }
        self.skip_space();
        let word = self.word();
        if word.is_empty() {
            self.eats("*");
            found(segments);
            return;
        }
        segments.push(word);
        if self.eats("::") {
            self.tree(segments, found);
        } else {
            if self.eats("as ") {
                self.skip_space();
                self.word();
            }
            found(segments);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(code: &str) -> Vec<String> {
        let all = paths(&without_comments(code));
        all.iter().map(|named| named.segments.join("::")).collect()
    }

    #[test]
    fn every_leaf_of_a_use_tree_is_named() {
        let code = "use crate::{a::b as c, d::{e, f::*}};\nfn g() { super::h::i(); }";
        assert_eq!(
            named(code),
            ["crate::a::b", "crate::d::e", "crate::d::f", "super::h::i"]
        );
    }

    #[test]
    fn comments_and_literals_name_nothing() {
        let code = "// crate::a::b\nlet s = \"crate::c::d \\\" crate::e::f\"; let c = '\"'; x::y";
        assert_eq!(named(code), ["x::y"]);
    }

    #[test]
    fn lines_are_where_they_are_in_the_file() {
        let code = "/* one\ntwo */\nuse a::b;";
        assert_eq!(paths(&without_comments(code))[0].line, 3);
    }
}
