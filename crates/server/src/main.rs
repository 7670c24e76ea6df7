//! The program `maru`.

fn main() -> std::process::ExitCode {
    maru::cli::run()
}
