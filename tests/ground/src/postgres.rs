//! A PostgreSQL server of the run's own, from Debian's package: made at the first use, ended with the run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::ConnectionTrait;
use serde_json::Value;

use crate::process;

/// Longest wait for the server to answer.
const START_MAX: std::time::Duration = std::time::Duration::from_secs(60);

struct Cluster {
    pid: u32,
    port: u16,
    log: PathBuf,
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();

/// The process that all others of the server descend from, once there is one.
pub fn pid() -> Option<u32> {
    CLUSTER.get().map(|cluster| cluster.pid)
}

/// Every plan that auto_explain has written to the server's log, as JSON.
pub fn plans() -> Vec<Value> {
    let cluster = CLUSTER.get().expect("a PostgreSQL runs");
    let log = std::fs::read_to_string(&cluster.log).unwrap();
    let mut plans = Vec::new();
    for entry in log.split("plan:\n").skip(1) {
        let first = serde_json::Deserializer::from_str(entry).into_iter().next();
        plans.push(first.expect("a plan").expect("auto_explain writes JSON"));
    }
    plans
}

/// A new empty database; its URL.
pub async fn new_database() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    let port = cluster().await.port;
    let name = format!("maru_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let admin = sea_orm::Database::connect(url(port, "postgres")).await.unwrap();
    admin
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    admin.close().await.unwrap();
    url(port, &name)
}

fn url(port: u16, database: &str) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/{database}")
}

async fn cluster() -> &'static Cluster {
    tokio::task::spawn_blocking(|| CLUSTER.get_or_init(start))
        .await
        .expect("PostgreSQL starts")
}

#[expect(clippy::zombie_processes, reason = "it ends after this process, by the janitor")]
fn start() -> Cluster {
    let programs = programs();
    let folder = process::folder("postgres");
    let data = folder.join("data");
    give_to_postgres(&folder);
    let made = as_postgres(&programs.join("initdb"))
        .args([
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "-D",
        ])
        .arg(&data)
        .stdout(Stdio::null())
        .current_dir(&folder)
        .status()
        .unwrap();
    assert!(made.success(), "initdb failed");
    let port = process::free_port();
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let server = as_postgres(&programs.join("postgres"))
        .arg("-D")
        .arg(&data)
        .args(["-p", &port.to_string()])
        .args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
        .args(["-c", "max_connections=500", "-c", "shared_buffers=64MB"])
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .current_dir(&folder)
        .spawn()
        .unwrap();
    process::ends_with_us(server.id());
    wait_until_ready(&programs, port);
    Cluster {
        pid: server.id(),
        port,
        log: folder.join("log"),
    }
}

/// `/usr/lib/postgresql/*/bin`, the newest.
fn programs() -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .expect("Debian's package postgresql is installed")
        .map(|entry| entry.unwrap().path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().expect("Debian's package postgresql is installed")
}

/// PostgreSQL refuses to run as root.
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"])
        .arg(program);
    command
}

fn is_root() -> bool {
    output("id", &["-u"]) == "0"
}

fn give_to_postgres(folder: &Path) {
    if is_root() {
        let uid = output("id", &["-u", "postgres"]).parse().unwrap();
        std::os::unix::fs::chown(folder, Some(uid), None).unwrap();
    }
}

fn output(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn wait_until_ready(programs: &Path, port: u16) {
    let deadline = std::time::Instant::now() + START_MAX;
    let port = port.to_string();
    loop {
        let asked = Command::new(programs.join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &port])
            .status()
            .unwrap();
        if asked.success() {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "PostgreSQL does not start");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
