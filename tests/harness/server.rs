//! One `maru` process with a data folder of its own: started, killed, started again.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::{Db, Person, Rest, Storage, postgres, process, until};

/// The secret that test servers sign tokens with.
pub const SECRET: &str = "a secret of the black-box suites, long enough for HS256";

/// Limits that would be in the way of tests that are not about them.
const NO_LIMITS: &[&str] = &[
    "LIMITS__CONNECTIONS_PER_ADDRESS",
    "LIMITS__CONNECTIONS_PER_USER",
    "LIMITS__CONNECTS_PER_MINUTE_PER_ADDRESS",
    "LIMITS__SENDS_PER_SECOND_PER_USER",
    "LIMITS__SENDS_PER_SECOND_PER_ADDRESS",
    "LIMITS__SUBSCRIBES_PER_SECOND_PER_USER",
    "LIMITS__SIGNALS_PER_SECOND_PER_USER",
    "LIMITS__SESSIONS_PER_HOUR_PER_CUSTOMER",
    "LIMITS__OPEN_SESSIONS_PER_CUSTOMER",
    "LIMITS__LOGINS_PER_MINUTE_PER_ADDRESS",
];

/// A server of the tests. Ends when dropped; one in a static ends with the run.
#[derive(Debug)]
pub struct Maru {
    pub db: Db,
    pub port: u16,
    folder: PathBuf,
    database_url: String,
    settings: BTreeMap<String, String>,
    child: Mutex<Option<Child>>,
    people: AtomicU32,
}

/// What a command of the program said.
#[derive(Debug)]
pub struct Output {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Maru {
    /// A running server with an empty database. `settings` are names without `MARU_` (`SUPPORT__GRACE_S`) and values;
    /// the limits of the contract are off unless named.
    pub async fn start(db: Db, settings: &[(&str, &str)]) -> Maru {
        let maru = Maru::prepare(db, settings).await;
        maru.run().await;
        maru
    }

    /// The same, not started yet.
    pub async fn prepare(db: Db, settings: &[(&str, &str)]) -> Maru {
        let folder = process::folder("data");
        let database_url = match db {
            Db::Sqlite => String::new(),
            Db::Postgres => postgres::new_database().await,
        };
        let port = process::free_port();
        let mut all = BTreeMap::from([
            ("SERVER__LISTEN".to_owned(), format!("127.0.0.1:{port}")),
            ("SERVER__DATA_DIR".to_owned(), folder.display().to_string()),
            ("DATABASE__URL".to_owned(), database_url.clone()),
            ("AUTH__SECRET".to_owned(), SECRET.to_owned()),
        ]);
        all.extend(NO_LIMITS.iter().map(|name| ((*name).to_owned(), "0".to_owned())));
        all.extend(
            settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let (child, people) = (Mutex::new(None), AtomicU32::new(1));
        Maru {
            db,
            port,
            folder,
            database_url,
            settings: all,
            child,
            people,
        }
    }

    /// Starts the process and waits until everything is served.
    pub async fn run(&self) {
        self.spawn();
        let health = self.rest();
        until("the server to be ready", || async {
            self.assert_runs();
            tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.ok()?;
            (health.get("/health/ready").await.status == 200).then_some(())
        })
        .await;
    }

    /// Starts the process and waits for nothing.
    pub fn spawn(&self) {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.log_file())
            .unwrap();
        let child = self
            .command(&["serve"])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        process::ends_with_us(child.id());
        let before = self.child().replace(child);
        assert!(before.is_none(), "the server runs already");
    }

    /// SIGKILL, and waits until the process is gone.
    pub fn kill(&self) {
        if let Some(mut child) = self.child().take() {
            child.kill().unwrap();
            child.wait().unwrap();
            process::has_ended(child.id());
        }
    }

    /// SIGTERM; how it ended, and how long that took.
    pub async fn terminate(&self) -> (ExitStatus, Duration) {
        let mut child = self.child().take().expect("the server runs");
        let begun = Instant::now();
        let told = Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status()
            .unwrap();
        assert!(told.success());
        let status = until("the server to end", || {
            let status = child.try_wait().unwrap();
            async move { status }
        })
        .await;
        process::has_ended(child.id());
        (status, begun.elapsed())
    }

    /// SIGKILL and a start on the same data and port.
    pub async fn kill_and_restart(&self) {
        self.kill();
        self.run().await;
    }

    /// Runs a command of the program beside the server, with the same settings.
    pub fn cli(&self, args: &[&str]) -> Output {
        self.cli_with_input(args, "")
    }

    /// The same, with something on its input.
    pub fn cli_with_input(&self, args: &[&str], input: &str) -> Output {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read its input closes it early.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Output {
            status: output.status,
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// A new person, made by `maru user add`.
    pub async fn person(&self, role: &str) -> Person {
        let number = self.people.fetch_add(1, Ordering::Relaxed);
        self.person_called(role, &format!("{role} {number}")).await
    }

    /// A new person with this name.
    pub async fn person_called(&self, role: &str, name: &str) -> Person {
        let code = format!("T{}", uuid::Uuid::new_v4().simple());
        let add = ["user", "add", "--code", &code, "--name", name, "--role", role];
        let output = tokio::task::block_in_place(|| self.cli(&add));
        assert!(
            output.status.success(),
            "maru user add: {}{}",
            output.stdout,
            output.stderr
        );
        let id = output
            .number()
            .unwrap_or_else(|| panic!("no number in {:?}", output.stdout));
        Person::new(id, &code, name, role)
    }

    /// A guest of the widget: a customer that needs no command line.
    pub async fn guest(&self) -> Person {
        let number = self.people.fetch_add(1, Ordering::Relaxed);
        let name = format!("손님 {number}");
        let answer = self.rest().post("/api/auth/guest", json!({ "name": name })).await.ok();
        let (user, token) = (&answer["user"], &answer["accessToken"]);
        Person {
            id: user["memberId"].as_i64().unwrap(),
            code: user["userCode"].as_str().unwrap().to_owned(),
            name,
            role: "MEMBER".to_owned(),
            token: token.as_str().unwrap().to_owned(),
        }
    }

    /// What a metric shows; 0 where it is not there yet.
    pub async fn metric(&self, name: &str) -> f64 {
        let answer = self.rest().get("/metrics").await;
        let line = answer.text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|value| value.trim().parse().ok()).unwrap_or_default()
    }

    /// Somebody without a log-in.
    pub fn rest(&self) -> Rest {
        Rest::new(self.origin())
    }

    /// `http://127.0.0.1:port`
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The database, past the server.
    pub async fn storage(&self) -> Storage {
        match self.db {
            Db::Sqlite => Storage::open(&Storage::sqlite_url(&self.folder)).await,
            Db::Postgres => Storage::open(&self.database_url).await,
        }
    }

    /// Everything the server has written to its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// The process, not started, with this server's settings.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MARU_")) {
            command.env_remove(name);
        }
        command.args(args).current_dir(&self.folder);
        command.envs(
            self.settings
                .iter()
                .map(|(name, value)| (format!("MARU_{name}"), value)),
        );
        command
    }

    /// The id of the running process.
    pub fn pid(&self) -> u32 {
        self.child().as_ref().expect("the server runs").id()
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log_file(&self) -> PathBuf {
        self.folder.join("log")
    }

    fn assert_runs(&self) {
        let status = self.child().as_mut().and_then(|child| child.try_wait().unwrap());
        if let Some(status) = status {
            panic!(
                "the server ended ({:?}, {:?}):\n{}",
                status.code(),
                status.signal(),
                self.log()
            );
        }
    }
}

impl Drop for Maru {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let from = log.char_indices().rev().nth(6000).map_or(0, |(at, _)| at);
            eprintln!("--- the server's log\n{}", &log[from..]);
        }
        self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Output {
    /// The first number on the output.
    pub fn number(&self) -> Option<i64> {
        self.stdout.split_whitespace().find_map(|word| word.parse().ok())
    }
}

/// `MARU_BIN` (relative to the workspace), or the debug build, made up to date once a run.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(binary) = std::env::var_os("MARU_BIN") {
            return process::workspace().join(binary);
        }
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "maru", "--bin", "maru"])
            .current_dir(process::workspace())
            .status()
            .unwrap();
        assert!(built.success(), "maru does not build");
        built_programs().join("maru")
    })
}

/// Where cargo put this test's own program, one folder up: the profile's folder.
fn built_programs() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(2).expect("target/debug/deps/suites").to_owned()
}
