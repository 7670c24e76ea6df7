//! Servers of this run's own, each with nothing in it: release builds of Maru, and the peers.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ground::{postgres, process};

use crate::client::Door;
use crate::kind::{Db, Kind, Peer, RABBITMQ};
use crate::{Result, peers, proc};

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
    "LIMITS__SENDS_PER_SECOND_PER_ADDRESS",
    "LIMITS__SENDS_PER_SECOND_PER_ADDRESS",
    "LIMITS__SUBSCRIBES_PER_SECOND_PER_USER",
    "LIMITS__SIGNALS_PER_SECOND_PER_USER",
    "LIMITS__SESSIONS_PER_HOUR_PER_CUSTOMER",
    "LIMITS__OPEN_SESSIONS_PER_CUSTOMER",
];

/// Who writes in a room of 1,000 readers is one more than rooms hold.
const MEMBERS_MAX: &str = "5000";

/// All come from one address here.
const ADDRESS_LIMITS_OFF: &[&str] = &[
    "LIMITS__CONNECTIONS_PER_ADDRESS",
    "LIMITS__CONNECTS_PER_MINUTE_PER_ADDRESS",
    "LIMITS__SENDS_PER_SECOND_PER_ADDRESS",
];

/// One server, not running at first. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) kind: Kind,
    pub(crate) port: u16,
    folder: PathBuf,
    database_url: String,
    limits_off: &'static [&'static str],
    child: Option<Child>,
    /// RabbitMQ's register of names.
    beside: Option<Child>,
}

impl Server {
    /// With an empty database whose schema is made.
    pub(crate) async fn prepare(kind: Kind) -> Result<Server> {
        let database_url = match kind {
            Kind::Maru(Db::Postgres) | Kind::Peer(Peer::Spring) => postgres::new_database().await,
            _ => String::new(),
        };
        let server = Server {
            kind,
            port: process::free_port(),
            folder: process::folder("bench"),
            database_url,
            limits_off: LIMITS_OFF,
            child: None,
            beside: None,
        };
        if matches!(kind, Kind::Maru(_)) {
            let migrated = server.logged(server.maru("migrate")?)?.status()?;
            if !migrated.success() {
                return Err(format!("maru migrate: {}", server.log()).into());
            }
        }
        Ok(server)
    }

    /// The same, running.
    pub(crate) async fn running(kind: Kind) -> Result<Server> {
        let mut server = Server::prepare(kind).await?;
        server.start().await?;
        Ok(server)
    }

    /// Maru with all the limits that do not count by address.
    pub(crate) async fn guarded(db: Db) -> Result<Server> {
        let mut server = Server::prepare(Kind::Maru(db)).await?;
        server.limits_off = ADDRESS_LIMITS_OFF;
        server.start().await?;
        Ok(server)
    }

    /// Starts it; the time until it answers: Maru that it is ready, others anything.
    pub(crate) async fn start(&mut self) -> Result<Duration> {
        let health = format!("{}/health/ready", self.origin());
        let http = reqwest::Client::builder().no_proxy().build()?;
        if self.kind == RABBITMQ {
            let register = self.logged(peers::epmd(&self.folder)?)?.spawn()?;
            process::ends_with_us(register.id());
            self.beside = Some(register);
        }
        let command = match self.kind {
            Kind::Maru(_) => self.maru("serve")?,
            Kind::Plain => self.plain()?,
            Kind::Peer(Peer::Spring) => peers::spring(self.port, &self.database_url)?,
            Kind::Peer(Peer::Rabbitmq) => peers::rabbitmq(self.port, &self.folder)?,
        };
        let begun = Instant::now();
        let child = self.logged(command)?.spawn()?;
        process::ends_with_us(child.id());
        self.child = Some(child);
        while begun.elapsed() < READY_WITHIN {
            if let Ok(answer) = http.get(&health).send().await
                && (answer.status().is_success() || !matches!(self.kind, Kind::Maru(_)))
            {
                return Ok(begun.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Err(format!("{} does not start: {}", self.kind.name(), self.log()).into())
    }

    /// Ends it at once.
    pub(crate) fn stop(&mut self) {
        for mut child in [self.child.take(), self.beside.take()].into_iter().flatten() {
            // It may be gone already, which is what is wanted.
            let _ = child.kill();
            let _ = child.wait();
            process::has_ended(child.id());
        }
    }

    /// CPU that it has used.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        proc::cpu(self.pid()?)
    }

    /// CPU that the PostgreSQL of this run has used, for whomever.
    pub(crate) fn database_cpu(&self) -> Result<Duration> {
        postgres::pid().map_or(Ok(Duration::ZERO), proc::cpu)
    }

    /// Its memory (PSS), in bytes.
    pub(crate) fn memory(&self) -> Result<u64> {
        proc::memory(self.pid()?)
    }

    fn pid(&self) -> Result<u32> {
        Ok(self.child.as_ref().ok_or("the server does not run")?.id())
    }

    pub(crate) fn door(&self) -> Door {
        Door {
            kind: self.kind,
            port: self.port,
        }
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

    fn maru(&self, command: &str) -> Result<Command> {
        let mut maru = Command::new(program("MARU_BIN", "maru")?);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MARU_")) {
            maru.env_remove(name);
        }
        maru.arg(command)
            .env("MARU_SERVER__LISTEN", format!("127.0.0.1:{}", self.port))
            .env("MARU_SERVER__DATA_DIR", &self.folder)
            .env("MARU_DATABASE__URL", &self.database_url)
            .env("MARU_AUTH__SECRET", SECRET)
            .env("MARU_SUPPORT__LEAVE_AFTER_S", "3600")
            .env("MARU_ROOMS__MEMBERS_MAX", MEMBERS_MAX)
            .envs(self.limits_off.iter().map(|name| (format!("MARU_{name}"), "0")));
        Ok(maru)
    }

    fn plain(&self) -> Result<Command> {
        let mut plain = Command::new(program("PLAIN_BIN", "examples/plain")?);
        plain.args(["--http", &format!("127.0.0.1:{}", self.port), "--tcp", "127.0.0.1:0"]);
        Ok(plain)
    }

    fn logged(&self, mut command: Command) -> Result<Command> {
        let log = File::options().create(true).append(true).open(self.log_file())?;
        command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(command)
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

/// What the variable names, or what cargo put beside this program.
pub(crate) fn program(variable: &str, name: &str) -> Result<PathBuf> {
    let program = match std::env::var_os(variable) {
        Some(program) => std::path::absolute(program)?,
        None => std::env::current_exe()?
            .parent()
            .map(|folder| folder.join(name))
            .ok_or("this program has no folder")?,
    };
    if Path::is_file(&program) {
        Ok(program)
    } else {
        Err(format!("no program at {}: make bench builds it", program.display()).into())
    }
}
