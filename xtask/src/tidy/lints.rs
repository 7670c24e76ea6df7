//! Lints are set once, for every crate; exceptions say why.

use super::{Complaint, File, Tree};

/// Lints that the workspace must set.
const NEEDED: [&str; 8] = [
    "unsafe_code",
    "unreachable_pub",
    "unwrap_used",
    "dbg_macro",
    "todo",
    "unimplemented",
    "await_holding_lock",
    "allow_attributes",
];

pub(super) fn check(tree: &Tree) -> Vec<Complaint> {
    let manifests = tree.ending("Cargo.toml");
    let code = tree.ending(".rs");
    manifests.flat_map(manifest).chain(code.flat_map(silenced)).collect()
}

fn manifest(file: &File) -> Vec<Complaint> {
    if file.path == "Cargo.toml" {
        let is_set = |lint: &str| file.text.lines().any(|line| line.starts_with(&format!("{lint} = ")));
        let missing = NEEDED.iter().filter(|lint| !is_set(lint));
        return missing
            .map(|lint| file.complaint(0, format!("the workspace must set {lint}")))
            .collect();
    }
    if file.text.contains("[lints]\nworkspace = true") {
        return Vec::new();
    }
    vec![file.complaint(0, "needs [lints] workspace = true")]
}

/// `#[expect(lint, reason = …)]` tells when it is no longer needed; `allow` never does.
fn silenced(file: &File) -> Vec<Complaint> {
    let begins = [concat!("#[al", "low("), concat!("#![al", "low(")];
    let lines = file.text.lines().enumerate();
    lines
        .filter(|(_, line)| begins.iter().any(|begin| line.trim_start().starts_with(begin)))
        .map(|(at, _)| file.complaint(at + 1, "expect the lint and say why"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_without_the_lints_is_named() {
        let complaints = check(&Tree::of(&[("crates/x/Cargo.toml", "[package]\n")]));
        assert_eq!(complaints.len(), 1);
        let complaints = check(&Tree::of(&[("Cargo.toml", "[workspace.lints.rust]\n")]));
        assert_eq!(complaints.len(), NEEDED.len());
    }

    #[test]
    fn a_silenced_lint_is_named_with_its_line() {
        let text = format!("fn a() {{}}\n{}dead_code)]\nfn b() {{}}\n", concat!("#[al", "low("));
        let complaints = check(&Tree::of(&[("a.rs", &text)]));
        assert_eq!(complaints[0].line, 2);
    }
}
