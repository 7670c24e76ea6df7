//! A `maru` of this run's own: release build, empty database, limits off.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use ground::{postgres, process};

use crate::Result;

/// What tokens are signed with.
pub(crate) const SECRET: &str = "a secret of the bench alone, long enough for HS256";

/// Longest wait for a start.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Limits would be measured instead of the server.
const LIMITS_OFF: &[&str] = &[
    "LIMITS__CONNECTIONS_PER_ADDRESS",
    "LIMITS__CONNECTIONS_PER_USER",
    "LIMITS__CONNECTS_PER_MINUTE_PER_ADDRESS",
    "LIMITS__SENDS_PER_SECOND_PER_USER",
    "LIMITS__SIGNALS_PER_SECOND_PER_USER",
    "LIMITS__SESSIONS_PER_HOUR_PER_CUSTOMER",
    "LIMITS__OPEN_SESSIONS_PER_CUSTOMER",
];

/// The database under the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Db {
    Sqlite,
    Postgres,
}

impl Db {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Db::Sqlite => "SQLite",
            Db::Postgres => "PostgreSQL",
        }
    }
}

/// One server, not running at first. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) port: u16,
    folder: PathBuf,
    database_url: String,
    child: Option<Child>,
}

impl Server {
    /// With an empty database whose schema is made.
    pub(crate) async fn prepare(db: Db) -> Result<Server> {
        let folder = process::folder("bench");
        let database_url = match db {
            Db::Sqlite => String::new(),
            Db::Postgres => postgres::new_database().await,
        };
        let server = Server {
            port: process::free_port(),
            folder,
            database_url,
            child: None,
        };
        let migrated = server.command("migrate")?.status()?;
        if !migrated.success() {
            return Err(format!("maru migrate: {}", server.log()).into());
        }
        Ok(server)
    }

    /// The same, running.
    pub(crate) async fn running(db: Db) -> Result<Server> {
        let mut server = Server::prepare(db).await?;
        server.start().await?;
        Ok(server)
    }

    /// Starts it; the time until `/health/ready` says yes.
    pub(crate) async fn start(&mut self) -> Result<Duration> {
        let health = format!("{}/health/ready", self.origin());
        let http = reqwest::Client::builder().no_proxy().build()?;
        let begun = Instant::now();
        let child = self.command("serve")?.spawn()?;
        process::ends_with_us(child.id());
        self.child = Some(child);
        while begun.elapsed() < READY_WITHIN {
            let answer = http.get(&health).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(begun.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Err(format!("the server does not start: {}", self.log()).into())
    }

    /// Ends it at once.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may be gone already, which is what is wanted.
            let _ = child.kill();
            let _ = child.wait();
            process::has_ended(child.id());
        }
    }

    /// The id of its process.
    pub(crate) fn pid(&self) -> Result<u32> {
        Ok(self.child.as_ref().ok_or("the server does not run")?.id())
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where its database is, for SQL past the server.
    pub(crate) fn database_url(&self) -> String {
        if self.database_url.is_empty() {
            format!("sqlite:{}?mode=rw", self.folder.join("maru.db").display())
        } else {
            self.database_url.clone()
        }
    }

    fn command(&self, command: &str) -> Result<Command> {
        let log = File::options().create(true).append(true).open(self.log_file())?;
        let mut maru = Command::new(program()?);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MARU_")) {
            maru.env_remove(name);
        }
        maru.arg(command)
            .current_dir(&self.folder)
            .env("MARU_SERVER__LISTEN", format!("127.0.0.1:{}", self.port))
            .env("MARU_SERVER__DATA_DIR", &self.folder)
            .env("MARU_DATABASE__URL", &self.database_url)
            .env("MARU_AUTH__SECRET", SECRET)
            .env("MARU_SUPPORT__LEAVE_AFTER_S", "3600")
            .envs(LIMITS_OFF.iter().map(|name| (format!("MARU_{name}"), "0")))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(maru)
    }

    fn log_file(&self) -> PathBuf {
        self.folder.join("log")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// `MARU_BIN`, or the one that cargo put beside this program.
pub(crate) fn program() -> Result<PathBuf> {
    let program = match std::env::var_os("MARU_BIN") {
        Some(program) => std::path::absolute(program)?,
        None => std::env::current_exe()?
            .parent()
            .map(|folder| folder.join("maru"))
            .ok_or("this program has no folder")?,
    };
    if Path::is_file(&program) {
        Ok(program)
    } else {
        Err(format!("no program at {}: cargo build --release --bin maru", program.display()).into())
    }
}
