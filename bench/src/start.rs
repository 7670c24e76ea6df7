//! `start`: from the start of the process to its being ready, and what it holds then.

use std::time::Duration;

use crate::figures::{Goal, Row};
use crate::kind::{Db, Kind};
use crate::server::{self, Server};
use crate::{Options, Result};

/// From ready to the reading of memory.
const REST: Duration = Duration::from_secs(2);

pub(crate) async fn measure(options: &Options) -> Result<Vec<Row>> {
    let kinds = [Kind::Maru(Db::Sqlite)].into_iter().chain(options.peers());
    let mut rows = Vec::new();
    for kind in kinds {
        let mut ready = Row::new("start", kind, "start to ready", "s").goal(Goal::AtMost(0.3));
        let mut memory = Row::new("start", kind, "memory at rest (PSS)", "MB").goal(Goal::AtMost(25.0));
        let mut server = Server::prepare(kind).await?;
        for _ in 0..options.rounds {
            ready.add(server.start().await?.as_secs_f64());
            tokio::time::sleep(REST).await;
            memory.add(server.memory()? as f64 / 1e6);
            server.stop();
        }
        rows.extend([ready, memory]);
    }
    let size = std::fs::metadata(server::program("MARU_BIN", "maru")?)?.len() as f64 / 1e6;
    let program = Row::new("start", Kind::Maru(Db::Sqlite), "program", "MB").goal(Goal::AtMost(40.0));
    rows.push(program.with(size));
    Ok(rows)
}
