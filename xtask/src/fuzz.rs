//! Fuzzing by libFuzzer: builds the targets with coverage and runs each for a while on its corpus.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The longest input: everything that matters fits, with small limits.
const INPUT_BYTES_MAX: u32 = 400;

/// Runs every target of `fuzz/fuzz_targets` for `seconds`. True if none found anything; what it found lies in
/// `target/fuzz-found`.
pub(crate) fn run(root: &Path, seconds: u32) -> bool {
    let found = root.join("target/fuzz-found");
    if std::fs::create_dir_all(&found).is_err() || !build(root) {
        return false;
    }
    let targets = targets(root);
    let mut all_well = !targets.is_empty();
    for target in &targets {
        println!("\n-- fuzz {target}, {seconds} s");
        all_well &= fuzz(root, target, seconds, &found);
    }
    all_well
}

fn build(root: &Path) -> bool {
    let mut cargo = Command::new("cargo");
    cargo.args([
        "build",
        "--config",
        "fuzz/coverage.toml",
        "--package",
        "fuzz",
        "--profile",
        "fuzz",
    ]);
    cargo.current_dir(root).env("CARGO_TARGET_DIR", built(root));
    cargo.status().is_ok_and(|status| status.success())
}

/// Its own folder: these flags would build everything else anew.
fn built(root: &Path) -> PathBuf {
    root.join("target/fuzz")
}

fn targets(root: &Path) -> Vec<String> {
    let files = std::fs::read_dir(root.join("fuzz/fuzz_targets")).into_iter().flatten();
    let names = files.flatten().filter_map(|file| {
        let name = file.file_name().into_string().ok()?;
        name.strip_suffix(".rs").map(str::to_owned)
    });
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names
}

fn fuzz(root: &Path, target: &str, seconds: u32, found: &Path) -> bool {
    let Some(program) = program(root, target) else {
        println!("{target} was not built");
        return false;
    };
    // What is learnt goes to a folder of the run's own, what is checked in is only read.
    let learnt = root.join("target/fuzz-corpus").join(target);
    if std::fs::create_dir_all(&learnt).is_err() {
        return false;
    }
    let mut fuzzer = Command::new(program);
    fuzzer
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .arg(format!("-artifact_prefix={}/{target}-", found.display()))
        .args(["-timeout=10", "-print_final_stats=1", "-verbosity=0"]);
    let dictionary = root.join("fuzz/dictionaries").join(format!("{target}.txt"));
    if dictionary.exists() {
        fuzzer.arg(format!("-dict={}", dictionary.display()));
    }
    fuzzer.arg(learnt).arg(root.join("fuzz/corpus").join(target));
    fuzzer.current_dir(root).status().is_ok_and(|status| status.success())
}

/// Cargo puts it below the name of the machine.
fn program(root: &Path, target: &str) -> Option<PathBuf> {
    let folders = std::fs::read_dir(built(root)).ok()?.flatten();
    let mut programs = folders.map(|folder| folder.path().join("fuzz").join(target));
    programs.find(|program| program.is_file())
}
