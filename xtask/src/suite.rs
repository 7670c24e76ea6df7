//! Everything that is checked, in one run: each step goes on after a failure of another, and one line sums them up.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::tidy;

/// How many there were, and which failed, as far as that was said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
    failures: Vec<String>,
}

impl Tally {
    fn one(passed: bool) -> Self {
        Self {
            passed: passed.into(),
            failed: (!passed).into(),
            failures: Vec::new(),
        }
    }

    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.failures.extend(other.failures);
    }

    /// A program that failed has a failure, whatever it counted; one that counted nothing has done nothing.
    fn with_end(mut self, succeeded: bool) -> Self {
        if (!succeeded && self.failed == 0) || self.passed + self.failed == 0 {
            self.failed += 1;
        }
        self
    }
}

/// How the tests of a step are counted.
enum Count {
    /// The step is one test.
    One,
    /// By the lines `test result: …`.
    Cargo,
    /// By the JSON report at this path.
    Report(&'static str, fn(&Value) -> Tally),
}

struct Step {
    name: &'static str,
    program: &'static str,
    args: &'static [&'static str],
    count: Count,
}

const VITEST: &str = "target/vitest.json";
const PLAYWRIGHT: &str = "target/playwright.json";

/// What is quick comes first.
const STEPS: &[Step] = &[
    Step {
        name: "cargo fmt",
        program: "cargo",
        args: &["fmt", "--all", "--check"],
        count: Count::One,
    },
    Step {
        name: "biome",
        program: "npx",
        args: &["biome", "check", "--error-on-warnings", "."],
        count: Count::One,
    },
    Step {
        name: "tsc",
        program: "npx",
        args: &["tsc", "--noEmit"],
        count: Count::One,
    },
    Step {
        name: "vitest",
        program: "npx",
        args: &[
            "vitest",
            "run",
            "--reporter=default",
            "--reporter=json",
            "--outputFile=target/vitest.json",
        ],
        count: Count::Report(VITEST, vitest),
    },
    Step {
        name: "web build",
        program: "npm",
        args: &["run", "build"],
        count: Count::One,
    },
    Step {
        name: "clippy",
        program: "cargo",
        args: &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
        count: Count::One,
    },
    Step {
        name: "cargo build",
        program: "cargo",
        args: &["build", "--bin", "maru"],
        count: Count::One,
    },
    Step {
        name: "cargo test",
        program: "cargo",
        args: &["test", "--workspace", "--no-fail-fast"],
        count: Count::Cargo,
    },
    Step {
        name: "fuzz",
        program: "cargo",
        args: &["run", "--quiet", "--package", "xtask", "--", "fuzz", "60"],
        count: Count::One,
    },
    Step {
        name: "types of the API",
        program: "npm",
        args: &["run", "generate", "--", "--check"],
        count: Count::One,
    },
    Step {
        name: "playwright",
        program: "npm",
        args: &["test", "--workspace", "@maru/e2e", "--", "--reporter=list,json"],
        count: Count::Report(PLAYWRIGHT, playwright),
    },
];

/// Runs everything. True if all of it passed. What failed is named last, where the end of a long log shows it.
pub(crate) fn run(root: &Path) -> bool {
    let mut rows = vec![timed("tidy", || Tally::one(tidy::tidy(root)))];
    rows.extend(STEPS.iter().map(|step| timed(step.name, || step.run(root))));
    let mut sum = Tally::default();
    println!("\n{:18} {:>7} {:>7} {:>7}", "", "passed", "failed", "seconds");
    for (name, tally, took) in rows {
        println!(
            "{name:18} {:>7} {:>7} {:>7}",
            tally.passed,
            tally.failed,
            took.as_secs()
        );
        sum.add(tally);
    }
    for failure in &sum.failures {
        println!("failed: {failure}");
    }
    println!("{} passed, {} failed", sum.passed, sum.failed);
    sum.failed == 0
}

fn timed(name: &'static str, work: impl FnOnce() -> Tally) -> (&'static str, Tally, Duration) {
    println!("\n== {name}");
    let begun = Instant::now();
    let tally = work();
    (name, tally, begun.elapsed())
}

impl Step {
    fn run(&self, root: &Path) -> Tally {
        match self.count {
            Count::One => Tally::one(self.succeeds(root)),
            Count::Cargo => self.counted_by_lines(root),
            Count::Report(file, read) => {
                let file = root.join(file);
                // A report of an earlier run must not be counted; there may be none.
                let _ = std::fs::remove_file(&file);
                let succeeded = self.succeeds(root);
                let report = std::fs::read(&file).ok();
                let report = report.and_then(|bytes| serde_json::from_slice(&bytes).ok());
                report
                    .map_or_else(Tally::default, |json| read(&json))
                    .with_end(succeeded)
            }
        }
    }

    fn command(&self, root: &Path) -> Command {
        let mut command = Command::new(self.program);
        command.args(self.args).current_dir(root);
        command.env("PLAYWRIGHT_JSON_OUTPUT_NAME", root.join(PLAYWRIGHT));
        command.env("MARU_BIN", built(root).join("debug/maru"));
        command
    }

    fn succeeds(&self, root: &Path) -> bool {
        let status = self.command(root).status();
        status.is_ok_and(|status| status.success())
    }

    fn counted_by_lines(&self, root: &Path) -> Tally {
        let mut tally = Tally::default();
        let Ok(mut child) = self.command(root).stdout(Stdio::piped()).spawn() else {
            return tally.with_end(false);
        };
        let output = child.stdout.take().expect("the output was asked for");
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            println!("{line}");
            tally.add(cargo_line(&line).unwrap_or_default());
        }
        let status = child.wait();
        tally.with_end(status.is_ok_and(|status| status.success()))
    }
}

/// Where cargo builds.
fn built(root: &Path) -> std::path::PathBuf {
    let named = std::env::var_os("CARGO_TARGET_DIR");
    named.map_or_else(|| root.join("target"), |folder| root.join(folder))
}

/// `test result: ok. 12 passed; 1 failed; …`, or the name of a test: `test a::b ... FAILED`
fn cargo_line(line: &str) -> Option<Tally> {
    if let Some(name) = line
        .strip_prefix("test ")
        .and_then(|rest| rest.strip_suffix(" ... FAILED"))
    {
        return Some(Tally {
            failures: vec![name.to_owned()],
            ..Tally::default()
        });
    }
    let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let count = |word: &str| {
        let part = counts.split("; ").find(|part| part.ends_with(word))?;
        part.split(' ').next()?.parse().ok()
    };
    Some(Tally {
        passed: count("passed")?,
        failed: count("failed")?,
        failures: Vec::new(),
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn vitest(report: &Value) -> Tally {
    let mut tally = Tally {
        passed: report["numPassedTests"].as_u64().unwrap_or(0),
        failed: report["numFailedTests"].as_u64().unwrap_or(0),
        failures: Vec::new(),
    };
    for file in list(&report["testResults"]) {
        let tests = list(&file["assertionResults"]);
        // A file that breaks before its first test counts no test of its own.
        if tests.is_empty() && file["status"] == "failed" {
            tally.failed += 1;
            tally.failures.push(failure(&file["name"], &file["message"]));
        }
        let failed = tests.iter().filter(|test| test["status"] == "failed");
        tally
            .failures
            .extend(failed.map(|test| failure(&test["fullName"], &test["failureMessages"][0])));
    }
    tally
}

fn playwright(report: &Value) -> Tally {
    let count = |name: &str| report["stats"][name].as_u64().unwrap_or(0);
    let mut failures = Vec::new();
    let mut suites: Vec<&Value> = list(&report["suites"]).iter().collect();
    while let Some(suite) = suites.pop() {
        suites.extend(list(&suite["suites"]));
        for spec in list(&suite["specs"]).iter().filter(|spec| spec["ok"] == false) {
            let results = list(&spec["tests"]).iter().flat_map(|test| list(&test["results"]));
            let error = results.flat_map(|result| list(&result["errors"])).next();
            failures.push(failure(
                &spec["title"],
                error.map_or(&Value::Null, |error| &error["message"]),
            ));
        }
    }
    Tally {
        passed: count("expected"),
        failed: count("unexpected") + count("flaky"),
        failures,
    }
}

/// A test's name and the first lines of what it says, in one line without the colours of a terminal.
fn failure(name: &Value, message: &Value) -> String {
    const LINES: usize = 6;
    let (name, message) = (name.as_str().unwrap_or("?"), message.as_str().unwrap_or_default());
    let lines = message.lines().map(plain).filter(|line| !line.is_empty());
    [name.to_owned()]
        .into_iter()
        .chain(lines.take(LINES))
        .collect::<Vec<_>>()
        .join(" | ")
}

/// The line without the sequences `ESC [ … m` that colour it.
fn plain(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.split_once('m').map_or(part, |(_, text)| text));
    rest.fold(first, |line, text| line + text).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cargos_lines_are_counted_and_others_are_not() {
        let line = "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out";
        let counted = cargo_line(line).expect("a line that counts");
        assert_eq!((counted.passed, counted.failed), (12, 3));
        assert_eq!(cargo_line("test a::b ... ok"), None);
        let named = cargo_line("test a::b ... FAILED").expect("a line that names a test");
        assert_eq!((named.failed, named.failures), (0, vec!["a::b".to_owned()]));
    }

    #[test]
    fn a_program_that_fails_without_counting_is_a_failure() {
        let nine = Tally {
            passed: 9,
            ..Tally::default()
        };
        assert_eq!(nine.clone().with_end(false).failed, 1);
        assert_eq!(nine.clone().with_end(true), nine);
        assert_eq!(Tally::default().with_end(true).failed, 1);
    }

    #[test]
    fn reports_are_read_and_what_failed_is_named() {
        let report = json!({"numPassedTests": 5, "numFailedTests": 1, "testResults": [
            {"status": "failed", "name": "a.test.ts", "message": "no such module", "assertionResults": []},
            {"status": "failed", "assertionResults": [
                {"status": "passed", "fullName": "one"},
                {"status": "failed", "fullName": "two", "failureMessages": ["\u{1b}[31mred\u{1b}[39m is\n\n  not blue"]},
            ]},
        ]});
        let tally = vitest(&report);
        assert_eq!((tally.passed, tally.failed), (5, 2));
        assert_eq!(
            tally.failures,
            ["a.test.ts | no such module", "two | red is | not blue"]
        );
        let failed =
            json!({"title": "three", "ok": false, "tests": [{"results": [{"errors": [{"message": "late"}]}]}]});
        let report = json!({
            "stats": {"expected": 7, "unexpected": 1, "flaky": 1, "skipped": 0},
            "suites": [{"specs": [{"title": "four", "ok": true}], "suites": [{"specs": [failed]}]}],
        });
        let tally = playwright(&report);
        assert_eq!((tally.passed, tally.failed), (7, 2));
        assert_eq!(tally.failures, ["three | late"]);
    }
}
