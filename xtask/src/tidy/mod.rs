//! Rules of this repository that no compiler holds. Each rule reads the tree and names what breaks it.

mod conformance;
mod documents;
mod folders;
mod imports;
mod lints;
mod machine;
mod source;
mod texts;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// From here on a file is named, so that somebody asks whether it is two things. Lines of code.
const LINES_SOFT_MAX: usize = 400;

/// A file of the repository that is text.
#[derive(Debug)]
struct File {
    /// From the repository's folder, with `/`.
    path: String,
    text: String,
}

/// Everything that is, or would be, committed.
#[derive(Debug, Default)]
struct Tree {
    files: Vec<File>,
    /// Every file, text or not, and every folder above one.
    paths: BTreeSet<String>,
}

/// A rule that is broken.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Complaint {
    path: String,
    /// From 1; 0 where it is the whole file.
    line: usize,
    says: String,
}

const RULES: [fn(&Tree) -> Vec<Complaint>; 7] = [
    imports::check,
    folders::check,
    lints::check,
    conformance::check,
    documents::check,
    texts::check,
    machine::check,
];

/// Checks the repository at `root`, says what is wrong, and whether nothing is.
pub(crate) fn tidy(root: &Path) -> bool {
    let tree = Tree::read(root);
    let mut complaints: Vec<_> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    complaints.sort();
    for Complaint { path, line, says } in &complaints {
        println!("{path}:{line}: {says}");
    }
    for (lines, path) in long_files(&tree) {
        println!("long: {lines:5} {path}");
    }
    println!("tidy: {} files, {} complaints", tree.files.len(), complaints.len());
    complaints.is_empty()
}

impl Tree {
    fn read(root: &Path) -> Self {
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .expect("git runs");
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let mut tree = Self::default();
        for path in listed.split('\0').filter(|path| root.join(path).is_file()) {
            let text = std::fs::read_to_string(root.join(path)).ok();
            tree.add(path, text);
        }
        tree
    }

    fn add(&mut self, path: &str, text: Option<String>) {
        let folders = path.match_indices('/').map(|(at, _)| path[..at].to_owned());
        self.paths.extend(folders);
        self.paths.insert(path.to_owned());
        let path = path.to_owned();
        self.files.extend(text.map(|text| File { path, text }));
    }

    fn text(&self, path: &str) -> Option<&str> {
        let file = self.files.iter().find(|file| file.path == path)?;
        Some(&file.text)
    }

    fn ending(&self, ending: &str) -> impl Iterator<Item = &File> {
        self.files.iter().filter(move |file| file.path.ends_with(ending))
    }

    #[cfg(test)]
    fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            tree.add(path, Some((*text).to_owned()));
        }
        tree
    }
}

impl File {
    fn complaint(&self, line: usize, says: impl Into<String>) -> Complaint {
        Complaint {
            path: self.path.clone(),
            line,
            says: says.into(),
        }
    }
}

fn long_files(tree: &Tree) -> Vec<(usize, &str)> {
    let is_code = |path: &str| [".rs", ".ts", ".tsx", ".mjs"].iter().any(|e| path.ends_with(e));
    let mut long: Vec<_> = tree
        .files
        .iter()
        .filter(|file| is_code(&file.path) && !file.path.contains("generated"))
        .map(|file| (source::lines_of_code(&file.text), file.path.as_str()))
        .filter(|(lines, _)| *lines > LINES_SOFT_MAX)
        .collect();
    long.sort_unstable_by(|a, b| b.cmp(a));
    long
}
