//! Processes that end with the test run, however it ends.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// The folder of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the crate lies two folders into the workspace")
}

/// A port of 127.0.0.1 that nobody listens on. Below the range that outgoing connections take theirs from, and not
/// given out twice in a run, so that a server can come back to it.
pub fn free_port() -> u16 {
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    let next = NEXT.get_or_init(|| AtomicU16::new(10_000 + (std::process::id() % 20_000) as u16));
    loop {
        let port = next.fetch_add(1, Ordering::Relaxed);
        if port > 32_000 {
            next.store(10_000, Ordering::Relaxed);
        } else if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A shell that holds a list of processes and folders, and ends and removes them when this process is gone: its input
/// closes then, even after a SIGKILL.
struct Janitor(Mutex<ChildStdin>);

const JANITOR: &str = r#"
trap '' INT TERM HUP
while read -r what value; do
  case $what in
    pid) pids="$pids $value" ;;
    ended) pids=$(printf '%s\n' $pids | grep -vx "$value" | tr '\n' ' ') ;;
    folder) folders="$folders $value" ;;
  esac
done
for pid in $pids; do kill -QUIT $pid; done 2>/dev/null
sleep 0.5
for pid in $pids; do kill -KILL $pid; done 2>/dev/null
sleep 0.2
for folder in $folders; do rm -rf "$folder"; done
"#;

impl Janitor {
    #[expect(clippy::zombie_processes, reason = "it ends after this process")]
    fn get() -> &'static Janitor {
        static JANITOR_ONCE: OnceLock<Janitor> = OnceLock::new();
        JANITOR_ONCE.get_or_init(|| {
            let mut shell = Command::new("sh")
                .args(["-c", JANITOR])
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("there is a shell");
            Janitor(Mutex::new(shell.stdin.take().expect("its input is a pipe")))
        })
    }

    fn tell(&self, line: &str) {
        let mut input = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(input, "{line}").expect("the janitor lives as long as the run");
    }
}

/// The process is to end with this run.
pub fn ends_with_us(pid: u32) {
    Janitor::get().tell(&format!("pid {pid}"));
}

/// The process has ended: its number may be another's soon.
pub fn has_ended(pid: u32) {
    Janitor::get().tell(&format!("ended {pid}"));
}

/// A new empty folder that is removed after this run.
pub fn folder(name: &str) -> PathBuf {
    let folder = tempfile::Builder::new()
        .prefix(&format!("maru-{name}-"))
        .tempdir()
        .unwrap()
        .keep();
    Janitor::get().tell(&format!("folder {}", folder.display()));
    folder
}
