//! Chores of this repository: `cargo run -p xtask -- tidy`, `… -- test` and `… -- fuzz [seconds]`.

mod fuzz;
mod suite;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = root();
    let is_done = match std::env::args().nth(1).as_deref() {
        Some("tidy") => tidy::tidy(&root),
        Some("test") => suite::run(&root),
        Some("fuzz") => match std::env::args().nth(2).map_or(Ok(60), |seconds| seconds.parse()) {
            Ok(seconds) => fuzz::run(&root, seconds),
            Err(_) => false,
        },
        _ => {
            eprintln!(
                "tidy   the rules that no compiler holds\ntest   everything, with one sum\nfuzz   each target for as many seconds as are named, 60 of them"
            );
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
