//! `stalled`: one reader in a hundred stops reading. What the others feel of it, and what each of the stalled costs.

use std::time::Duration;

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
/// How much longer a round is where little is written.
const LONGER: u64 = 3;

const MARU: Kind = Kind::Maru(Db::Sqlite);

/// Beside each round the same without anybody stalled, on a server of its own.
pub(crate) async fn measure(options: &Options) -> Result<Vec<Row>> {
    let mut rows = fan(options, Pace::Slow).await?;
    rows.extend(fan(options, Pace::Full).await?);
    rows.extend(flood(options).await?);
    Ok(rows)
}

#[derive(Clone, Copy)]
enum Pace {
    /// 100 messages a second; long rounds, for the kernel takes half a megabyte for who does not read.
    Slow,
    /// As many as go through.
    Full,
}

async fn fan(options: &Options, pace: Pace) -> Result<Vec<Row>> {
    let stalled = READERS / ONE_IN;
    let plan = |stalled| Plan {
        readers: READERS,
        stalled,
        is_stored: true,
    };
    let mut without = Hall::open(MARU, plan(0)).await?;
    let mut with = Hall::open(MARU, plan(stalled)).await?;
    for hall in [&mut without, &mut with] {
        hall.paced(WARM_UP_S).await?;
    }
    let name = match pace {
        Pace::Slow => "100 msg/s",
        Pace::Full => "saturated",
    };
    let mut rows = Rows::new(&format!("stalled 1 %, fan-out 1 → {READERS}, {name}, stored"), stalled);
    for _ in 0..options.rounds {
        let before = (without.server.memory()?, with.server.memory()?);
        with.stall().await?;
        let (quiet, beside) = match pace {
            Pace::Slow => {
                let seconds = options.seconds * LONGER;
                (without.paced(seconds).await?, with.paced(seconds).await?)
            }
            Pace::Full => {
                let seconds = options.seconds;
                (without.saturated(seconds).await?, with.saturated(seconds).await?)
            }
        };
        rows.add(&quiet.times, &beside.times);
        rows.add_memory(before, (without.server.memory()?, with.server.memory()?));
    }
    without.close().await?;
    with.close().await?;
    Ok(rows.end().into())
}

async fn flood(options: &Options) -> Result<Vec<Row>> {
    let stalled = options.rooms * 2 / ONE_IN;
    let mut without = Crowd::open(MARU, options.rooms, 0, true).await?;
    let mut with = Crowd::open(MARU, options.rooms, stalled, true).await?;
    for crowd in [&mut without, &mut with] {
        crowd.round(WARM_UP_S).await?;
    }
    let mut rows = Rows::new(
        &format!("stalled 1 %, flood, {} rooms × 2, stored", options.rooms),
        stalled,
    );
    for _ in 0..options.rounds {
        let before = (without.server.memory()?, with.server.memory()?);
        with.stall().await?;
        let quiet = without.round(options.seconds).await?;
        let beside = with.round(options.seconds).await?;
        rows.add(&quiet.times, &beside.times);
        rows.add_memory(before, (without.server.memory()?, with.server.memory()?));
    }
    without.close().await?;
    with.close().await?;
    Ok(rows.end().into())
}

struct Rows {
    stalled: u32,
    without: Row,
    with: Row,
    ratio: Row,
    memory: Row,
}

impl Rows {
    fn new(test: &str, stalled: u32) -> Rows {
        let row = |figure, unit| Row::new(test, MARU, figure, unit);
        Rows {
            stalled,
            without: row("p99 without them", "ms"),
            with: row("p99 of the others", "ms"),
            ratio: row("p99 of the others ÷ without them", "").goal(Goal::AtMost(1.1)),
            memory: row("memory per stalled reader (PSS)", "kB").goal(Goal::AtMost(512.0)),
        }
    }

    fn add(&mut self, without: &[Duration], with: &[Duration]) {
        let (without, with) = (quantile(without, 0.99), quantile(with, 0.99));
        self.without.add(without);
        self.with.add(with);
        self.ratio.add(with / without);
    }

    /// What the one with stalled readers grew by more than the other. Each is the memory without them and with.
    fn add_memory(&mut self, before: (u64, u64), after: (u64, u64)) {
        let grew = |before: u64, after: u64| after as f64 - before as f64;
        let more = grew(before.1, after.1) - grew(before.0, after.0);
        self.memory.add(more.max(0.0) / 1024.0 / f64::from(self.stalled));
    }

    fn end(self) -> [Row; 4] {
        [self.without, self.with, self.ratio, self.memory]
    }
}
