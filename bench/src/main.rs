//! Measures Maru, and peers beside it: starts servers of its own, talks to them over real sockets, reads their cost from
//! `/proc`. `bench/README.md` says how, and what it does not show.

mod client;
mod clock;
mod comeback;
mod fan;
mod figures;
mod flood;
mod hostile;
mod idle;
mod kind;
mod peers;
mod people;
mod proc;
mod rate;
mod server;
mod stalled;
mod start;
mod tally;

use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};

use crate::figures::Row;
use crate::kind::{Db, Kind, Peer};

type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

/// Measures Maru and prints tables.
#[derive(Debug, Parser)]
struct Options {
    /// What to measure; nothing named: everything.
    tests: Vec<Test>,
    /// What is measured beside Maru.
    #[arg(long, value_delimiter = ',', default_values = ["spring", "rabbitmq"])]
    peers: Vec<Peer>,
    /// Maru alone.
    #[arg(long)]
    no_peers: bool,
    /// Maru's databases in `rate`, `fan`, `flood` and `return`.
    #[arg(long, value_delimiter = ',', default_values = ["sqlite", "postgres"])]
    db: Vec<Db>,
    /// How often each figure is taken.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Length of a round.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Readers of `fan` where nothing is stored; with storing the last of them and a tenth.
    #[arg(long, value_delimiter = ',', default_values = ["100", "500", "1000"])]
    readers: Vec<u32>,
    /// Rooms of `flood`, two people each; a tenth of them, too.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(100..=2000))]
    rooms: u32,
    /// Connections of `idle`; a tenth of them, too.
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(10..=9000))]
    connections: u32,
    /// Clients of `return`.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(10..=15_000))]
    clients: u32,
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
    /// One reader in a hundred stops reading.
    Stalled,
    /// Everybody comes back after a kill, with messages missed.
    Return,
    /// Two chat while others attack.
    Hostile,
}

impl Options {
    fn has(&self, test: Test) -> bool {
        self.tests.is_empty() || self.tests.contains(&test)
    }

    /// Those that this machine has all for.
    fn peers(&self) -> impl Iterator<Item = Kind> {
        let peers = self.peers.iter().filter(|_| !self.no_peers);
        peers
            .filter(|peer| peers::missing(**peer).is_none())
            .map(|peer| Kind::Peer(*peer))
    }

    /// Everything that can be measured with storing, or without.
    fn kinds(&self, is_stored: bool) -> Vec<Kind> {
        let ours = if is_stored {
            self.db.iter().map(|db| Kind::Maru(*db)).collect()
        } else {
            vec![Kind::Plain]
        };
        let peers = self.peers().filter(|peer| peer.stores() || !is_stored);
        ours.into_iter().chain(peers).collect()
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    println!("{}\n", proc::machine()?);
    for peer in options.peers.iter().filter(|_| !options.no_peers) {
        if let Some(lack) = peers::missing(*peer) {
            println!("{} is left out: {lack}.\n", Kind::Peer(*peer).name());
        }
    }
    let begun = Instant::now();
    let Measured { rows, failed } = measure(&options).await?;
    println!("\n# Figures\n\n{}", figures::table(&rows));
    println!("# Ratios: below 1 Maru costs less\n\n{}", figures::ratios(&rows));
    println!("Took {} s; load {}.", begun.elapsed().as_secs(), proc::load()?);
    if failed.is_empty() {
        return Ok(());
    }
    Err(format!("failed: {}", failed.join("; ")).into())
}

/// What came of the tests.
#[derive(Default)]
struct Measured {
    rows: Vec<Row>,
    failed: Vec<String>,
}

async fn measure(options: &Options) -> Result<Measured> {
    let mut all = Measured::default();
    if options.has(Test::Start) {
        all.add("start", start::measure(options).await)?;
    }
    if options.has(Test::Idle) {
        for connections in [options.connections / 10, options.connections] {
            all.add("idle", idle::measure(options, connections).await)?;
        }
    }
    if options.has(Test::Rate) {
        all.add("rate", rate::measure(options).await)?;
    }
    if options.has(Test::Fan) {
        for readers in &options.readers {
            all.add("fan", fan::measure(options, *readers, false).await)?;
        }
        let most = options.readers.last().copied().unwrap_or_default();
        for readers in [most / 10, most] {
            all.add("fan", fan::measure(options, readers, true).await)?;
        }
    }
    if options.has(Test::Flood) {
        all.add("flood", flood::measure(options, options.rooms, false).await)?;
        for rooms in [options.rooms / 10, options.rooms] {
            all.add("flood", flood::measure(options, rooms, true).await)?;
        }
    }
    if options.has(Test::Stalled) {
        all.add("stalled", stalled::measure(options).await)?;
    }
    if options.has(Test::Return) {
        all.add("return", comeback::measure(options).await)?;
    }
    if options.has(Test::Hostile) {
        all.add("hostile", hostile::measure(options).await)?;
    }
    Ok(all)
}

impl Measured {
    /// Keeps the figures, and shows them at once: the tables come late. A test that fails takes nothing from the others.
    fn add(&mut self, test: &str, measured: Result<Vec<Row>>) -> Result<()> {
        match measured {
            Ok(rows) => {
                println!("{test} (load now {}):\n{}", proc::load()?, figures::table(&rows));
                self.rows.extend(rows);
            }
            Err(error) => {
                println!("{test} failed: {error}\n");
                self.failed.push(format!("{test}: {error}"));
            }
        }
        Ok(())
    }
}

/// CPU that this program has used; the servers are its children and do not count.
fn own_cpu() -> Result<Duration> {
    proc::cpu_alone(std::process::id())
}
