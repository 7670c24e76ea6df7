//! Has release builds notice a newly built web part. Debug builds read it from disk.

use std::fs;

const DIST: &str = "../../web/dist";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        // A folder that is not there would count as changed at every build.
        if fs::create_dir_all(DIST).is_ok() {
            println!("cargo::rerun-if-changed={DIST}");
        }
    }
}
