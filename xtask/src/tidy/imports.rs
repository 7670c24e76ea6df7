//! Imports point down only, as ARCHITECTURE.md draws them.

use super::source::{Named, before_tests, paths, without_comments};
use super::{Complaint, File, Tree};

const SERVER: &str = "crates/server/src/";

/// The server's modules, the highest row first. A module uses its own row and those below.
const LAYERS: &[&[&str]] = &[
    &["cli"],
    &["serve"],
    &["doctor"],
    &["tcp"],
    &["http", "pages", "health", "backup"],
    &["demo"],
    &["sockets"],
    &["routes", "app"],
    &["jobs"],
    &["features::support", "features::rooms"],
    &[
        "features::messages",
        "features::accounts",
        "features::codes",
        "features::mail",
        "request",
        "limits",
    ],
    &["storage", "secrets", "observe", "migrations", "testing"],
    &["problem", "network", "config"],
    &["hours"],
    &["adapters", "texts", "time"],
];

/// What pure rules may name beside their own feature: plain values, and what a refusal is made of.
const PURE: [&str; 6] = ["std", "core", "serde", "problem", "texts", "time"];
/// Crates whose presence means that something is not pure.
const IMPURE: [&str; 9] = [
    "axum",
    "broker",
    "metrics",
    "sea_orm",
    "sqlx",
    "tokio",
    "tokio_util",
    "tracing",
    "utoipa",
];
/// What a crate must never depend on.
const NEVER: [(&str, &[&str]); 2] = [
    (
        "crates/wire/Cargo.toml",
        &["tokio", "axum", "hyper", "sea-orm", "sqlx", "broker", "maru"],
    ),
    ("crates/broker/Cargo.toml", &["sea-orm", "sqlx", "redis", "maru"]),
];

pub(super) fn check(tree: &Tree) -> Vec<Complaint> {
    let server = tree.ending(".rs").filter(|file| file.path.starts_with(SERVER));
    let within = server.flat_map(server_file);
    let between = NEVER.iter().flat_map(|(path, never)| manifest(tree, path, never));
    within.chain(between).collect()
}

fn server_file(file: &File) -> Vec<Complaint> {
    let module = module_of(&file.path);
    let code = without_comments(before_tests(&file.text));
    let named = paths(&code);
    let mut complaints = Vec::new();
    if module.is_empty() {
        return complaints;
    }
    let Some(own) = layer(&module) else {
        complaints.push(file.complaint(0, "stands in no row of LAYERS in xtask/src/tidy/imports.rs"));
        return complaints;
    };
    for named in &named {
        complaints.extend(upward(own, &module, named).map(|says| file.complaint(named.line, says)));
    }
    if module.last().is_some_and(|name| name == "rules") {
        let impure = named.iter().filter_map(|named| {
            let says = impure(&module, named)?;
            Some(file.complaint(named.line, says))
        });
        complaints.extend(impure);
    }
    complaints
}

/// `crates/server/src/features/support/rules.rs` is `features::support::rules`.
fn module_of(path: &str) -> Vec<String> {
    let path = path.trim_start_matches(SERVER).trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    match path {
        "lib" | "main" | "features" => Vec::new(),
        path => path.split('/').map(str::to_owned).collect(),
    }
}

/// The path from the crate's root, if it leads into this crate.
fn absolute(module: &[String], named: &Named) -> Option<Vec<String>> {
    let supers = named.segments.iter().take_while(|segment| *segment == "super").count();
    if supers > 0 {
        let up = module.len().checked_sub(supers)?;
        return Some([&module[..up], &named.segments[supers..]].concat());
    }
    (named.segments.first()? == "crate").then(|| named.segments[1..].to_vec())
}

/// The row of LAYERS, 0 the highest.
fn layer(module: &[String]) -> Option<usize> {
    LAYERS.iter().position(|row| row.iter().any(|unit| is_in(module, unit)))
}

fn is_in(module: &[String], unit: &str) -> bool {
    let mut parts = unit.split("::");
    let mut segments = module.iter();
    parts.all(|part| segments.next().is_some_and(|segment| segment == part))
}

fn upward(own: usize, module: &[String], named: &Named) -> Option<String> {
    let target = absolute(module, named)?;
    let other = layer(&target)?;
    (other < own).then(|| {
        format!(
            "{} uses {}, which stands above it",
            module.join("::"),
            target.join("::")
        )
    })
}

fn impure(module: &[String], named: &Named) -> Option<String> {
    let first = named.segments.first()?.as_str();
    if IMPURE.contains(&first) {
        return Some(format!("rules are pure: no {first}"));
    }
    let target = absolute(module, named)?;
    let own = &module[..module.len() - 1];
    let is_pure = target.starts_with(own) || PURE.contains(&target.first()?.as_str());
    (!is_pure).then(|| format!("rules name only their own feature: no {}", target.join("::")))
}

fn manifest(tree: &Tree, path: &str, never: &[&str]) -> Vec<Complaint> {
    let Some(file) = tree.files.iter().find(|file| file.path == path) else {
        return Vec::new();
    };
    let dependencies = file.text.lines().enumerate().scan("", |section, (at, line)| {
        if line.starts_with('[') {
            *section = line;
        }
        Some((*section, at + 1, line))
    });
    dependencies
        .filter(|(section, ..)| *section == "[dependencies]")
        .filter_map(|(_, at, line)| {
            let name = line.split(['.', ' ', '=']).next()?;
            never
                .contains(&name)
                .then(|| file.complaint(at, format!("must not depend on {name}")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(path: &str, text: &str) -> Vec<String> {
        let complaints = check(&Tree::of(&[(path, text)]));
        complaints.into_iter().map(|complaint| complaint.says).collect()
    }

    #[test]
    fn a_feature_that_uses_the_edge_is_named() {
        let path = "crates/server/src/features/support/handlers.rs";
        assert_eq!(says(path, "use crate::http::Around;").len(), 1);
        assert_eq!(says(path, "fn f() { crate::routes::entries(); }").len(), 1);
        assert_eq!(says(path, "use crate::features::messages::Messages;"), [""; 0]);
    }

    #[test]
    fn messages_know_no_support() {
        let path = "crates/server/src/features/messages/writer.rs";
        assert_eq!(says(path, "use super::super::support::Session;").len(), 1);
        assert_eq!(
            says(path, "use crate::{time::Time, features::support::rules};").len(),
            1
        );
        assert_eq!(says(path, "use super::store;"), [""; 0]);
    }

    #[test]
    fn adapters_know_nobody_above() {
        let path = "crates/server/src/adapters/database.rs";
        assert_eq!(says(path, "use crate::config::Config;").len(), 1);
        assert_eq!(says(path, "use crate::time::Time;"), [""; 0]);
    }

    #[test]
    fn rules_are_pure_but_their_tests_may_use_anything() {
        let path = "crates/server/src/features/support/rules.rs";
        assert_eq!(says(path, "use sea_orm::DbErr;").len(), 1);
        assert_eq!(says(path, "use crate::features::accounts::Role;").len(), 1);
        assert_eq!(says(path, "use super::Session;\nuse crate::time::Time;"), [""; 0]);
        assert_eq!(says(path, "#[cfg(test)]\nmod tests { use tokio::time; }"), [""; 0]);
    }

    #[test]
    fn a_module_without_a_row_is_named() {
        assert_eq!(says("crates/server/src/helper.rs", "").len(), 1);
    }

    #[test]
    fn the_codec_depends_on_no_runtime() {
        let path = "crates/wire/Cargo.toml";
        let manifest = "[dependencies]\ntokio.workspace = true\n[dev-dependencies]\ntokio = \"1\"\n";
        assert_eq!(says(path, manifest).len(), 1);
    }
}
