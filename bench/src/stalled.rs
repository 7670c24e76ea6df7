//! `stalled`: one reader in a hundred stops reading. What the others feel of it, and what each of the stalled costs.

use crate::fan::{Hall, Plan};
use crate::figures::{Goal, Row, quantile};
use crate::flood::Crowd;
use crate::kind::{Db, Kind};
use crate::{Options, Result};

/// Readers of the room.
const READERS: u32 = 500;
/// One in so many stalls.
const ONE_IN: u32 = 100;
/// Before the first round.
const WARM_UP_S: u64 = 3;

const MARU: Kind = Kind::Maru(Db::Sqlite);

/// Beside each round the same without anybody stalled, on a server of its own.
pub(crate) async fn measure(options: &Options) -> Result<Vec<Row>> {
    let mut rows = fan(options).await?;
    rows.extend(flood(options).await?);
    Ok(rows)
}

async fn fan(options: &Options) -> Result<Vec<Row>> {
    let plan = |stalled| Plan {
        readers: READERS,
        stalled,
        is_stored: true,
    };
    let stalled = READERS / ONE_IN;
    let mut without = Hall::open(MARU, plan(0)).await?;
    let mut with = Hall::open(MARU, plan(stalled)).await?;
    let mut rows = Rows::new(&format!("fan-out 1 → {READERS} stored, 1 % stalled"));
    let mut memory = Memory::default();
    without.paced(WARM_UP_S).await?;
    with.paced(WARM_UP_S).await?;
    for _ in 0..options.rounds {
        let quiet = without.paced(options.seconds).await?;
        let beside = with.paced(options.seconds).await?;
        rows.add(quantile(&quiet.times, 0.99), quantile(&beside.times, 0.99));
        memory.see(without.server.memory()?, with.server.memory()?);
    }
    // What stalls is over its bound by now, whatever the pace was: the rest of the way at full speed.
    without.saturated(options.seconds).await?;
    with.saturated(options.seconds).await?;
    memory.see(without.server.memory()?, with.server.memory()?);
    without.close().await?;
    with.close().await?;
    Ok(rows.end(memory, stalled))
}

async fn flood(options: &Options) -> Result<Vec<Row>> {
    let stalled = options.rooms * 2 / ONE_IN;
    let mut without = Crowd::open(MARU, options.rooms, 0, true).await?;
    let mut with = Crowd::open(MARU, options.rooms, stalled, true).await?;
    let mut rows = Rows::new(&format!("flood, {} rooms × 2 stored, 1 % stalled", options.rooms));
    let mut memory = Memory::default();
    without.round(WARM_UP_S).await?;
    with.round(WARM_UP_S).await?;
    for _ in 0..options.rounds {
        let quiet = without.round(options.seconds).await?;
        let beside = with.round(options.seconds).await?;
        rows.add(quantile(&quiet.times, 0.99), quantile(&beside.times, 0.99));
        memory.see(without.server.memory()?, with.server.memory()?);
    }
    without.close().await?;
    with.close().await?;
    Ok(rows.end(memory, stalled))
}

/// How far the server with stalled readers was above the other at most, in bytes.
#[derive(Default)]
struct Memory {
    more: u64,
}

impl Memory {
    fn see(&mut self, without: u64, with: u64) {
        self.more = self.more.max(with.saturating_sub(without));
    }
}

struct Rows {
    times: [Row; 2],
    ratio: Row,
    memory: Row,
}

impl Rows {
    fn new(test: &str) -> Rows {
        let row = |figure, unit| Row::new(test, MARU, figure, unit);
        Rows {
            times: [row("p99 without them", "ms"), row("p99 of the others", "ms")],
            ratio: row("p99 of the others ÷ without them", "").goal(Goal::AtMost(1.1)),
            memory: row("memory per stalled reader (PSS)", "kB").goal(Goal::AtMost(512.0)),
        }
    }

    fn add(&mut self, without: f64, with: f64) {
        self.times[0].add(without);
        self.times[1].add(with);
        self.ratio.add(with / without);
    }

    fn end(mut self, memory: Memory, stalled: u32) -> Vec<Row> {
        self.memory.add(memory.more as f64 / 1024.0 / f64::from(stalled));
        self.times.into_iter().chain([self.ratio, self.memory]).collect()
    }
}
