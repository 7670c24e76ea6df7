//! `start`: from the start of the process to its being ready, and what it holds then.

use std::time::Duration;

use crate::figures::Row;
use crate::server::{self, Db, Server};
use crate::{Options, Result, proc};

/// From ready to the reading of memory.
const REST: Duration = Duration::from_secs(2);

pub(crate) async fn measure(options: &Options) -> Result<Vec<Row>> {
    let mut ready = Row::new("start, SQLite", "start to ready", "s", "≤ 0.3");
    let mut memory = Row::new("start, SQLite", "memory at rest (PSS)", "MB", "≤ 25");
    let size = std::fs::metadata(server::program()?)?.len();
    let size = Row::new("start", "program", "MB", "≤ 40").with(size as f64 / 1e6);
    let mut server = Server::prepare(Db::Sqlite).await?;
    for _ in 0..options.rounds.max(5) {
        ready = ready.with(server.start().await?.as_secs_f64());
        tokio::time::sleep(REST).await;
        memory = memory.with(proc::memory(server.pid()?)? as f64 / 1e6);
        server.stop();
    }
    Ok(vec![ready, memory, size])
}
