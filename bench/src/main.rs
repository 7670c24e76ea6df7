//! Measures Maru: starts a release build of its own, talks to it over real sockets, reads its cost from `/proc`.
//! `bench/README.md` says how, and what it does not show.

mod client;
mod fan;
mod figures;
mod flood;
mod idle;
mod people;
mod proc;
mod rate;
mod server;
mod start;

use clap::{Parser, ValueEnum};

use crate::figures::Row;
use crate::server::Db;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

/// Measures Maru and prints a table.
#[derive(Debug, Parser)]
struct Options {
    /// What to measure; nothing named: everything.
    tests: Vec<Test>,
    /// Databases for `rate` and `flood`.
    #[arg(long, value_delimiter = ',', default_values = ["sqlite", "postgres"])]
    db: Vec<Db>,
    /// How often each figure is taken.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Length of a round of `rate` and `flood`.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Rooms of `flood`, two people each.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=3000))]
    rooms: u32,
    /// Connections of `idle`.
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..=8000))]
    connections: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Test {
    /// Start to ready, memory at rest, size of the program.
    Start,
    /// Memory of idle connections, connections opened a second.
    Idle,
    /// 100 people in 50 sessions, 50 messages a second.
    Rate,
    /// One room, one who writes, many who hear it.
    Fan,
    /// Every room sends as soon as its last message came back.
    Flood,
}

impl Options {
    fn has(&self, test: Test) -> bool {
        self.tests.is_empty() || self.tests.contains(&test)
    }
}

/// Readers of `fan`.
const FAN: [u32; 2] = [50, 500];

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    println!("{}\n", proc::machine()?);
    let mut rows = Vec::new();
    if options.has(Test::Start) {
        add(&mut rows, "start", start::measure(&options).await)?;
    }
    if options.has(Test::Idle) {
        add(&mut rows, "idle", idle::measure(&options).await)?;
    }
    if options.has(Test::Fan) {
        for readers in FAN {
            add(&mut rows, "fan", fan::measure(&options, readers).await)?;
        }
    }
    for db in &options.db {
        if options.has(Test::Rate) {
            add(&mut rows, "rate", rate::measure(&options, *db).await)?;
        }
        if options.has(Test::Flood) {
            add(&mut rows, "flood", flood::measure(&options, *db).await)?;
        }
    }
    println!("\n{}", figures::table(&rows));
    Ok(())
}

/// Keeps the figures, and shows them at once: the table comes late.
fn add(rows: &mut Vec<Row>, test: &str, measured: Result<Vec<Row>>) -> Result<()> {
    let measured = measured.map_err(|error| format!("{test}: {error}"))?;
    println!("{test} (load now {}):\n{}", proc::load()?, figures::table(&measured));
    rows.extend(measured);
    Ok(())
}
