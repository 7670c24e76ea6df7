//! Chores of this repository: `cargo run -p xtask -- tidy` and `… -- test`.

mod suite;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = root();
    let is_done = match std::env::args().nth(1).as_deref() {
        Some("tidy") => tidy::tidy(&root),
        Some("test") => suite::run(&root),
        _ => {
            eprintln!("tidy   the rules that no compiler holds\ntest   everything, with one sum");
            false
        }
    };
    if is_done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The repository's folder.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("xtask lies in the repository").to_owned()
}
