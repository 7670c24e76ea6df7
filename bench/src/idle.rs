//! `idle`: what connections cost that do nothing but live.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::client::{Client, Door};
use crate::figures::{Goal, Row, micros};
use crate::kind::{Db, Kind};
use crate::people::{self, Person};
use crate::server::Server;
use crate::{Options, Result};

/// Of both sides.
const HEART_BEAT: &str = "10000,10000";
/// A client speaks somewhat earlier than it said.
const BEAT_EVERY: Duration = Duration::from_secs(8);
/// From the last connection to the reading of memory: one round of heart-beats is over.
const SETTLE: Duration = Duration::from_secs(12);
/// For what has closed to be gone.
const GONE: Duration = Duration::from_secs(3);
/// Connections opened at the same time.
const AT_ONCE: usize = 64;

/// One size, on every server, round by round in turn.
pub(crate) async fn measure(options: &Options, connections: u32) -> Result<Vec<Row>> {
    let test = format!("idle, {connections} connections");
    let mut stands = Vec::new();
    for kind in [Kind::Maru(Db::Sqlite)].into_iter().chain(options.peers()) {
        let mut server = Server::running(kind).await?;
        let people = people::make(&server, "MEMBER", connections).await?;
        server.stop();
        let rows = [
            Row::new(&test, kind, "memory per connection (PSS)", "kB").goal(Goal::AtMost(4.0)),
            Row::new(&test, kind, "opened, CONNECTED and subscribed", "/s").goal(Goal::AtLeast(5000.0)),
            Row::new(&test, kind, "server CPU to open one", "µs"),
            Row::new(&test, kind, "server CPU of all heart-beats", "ms/s"),
        ];
        stands.push((server, people, rows));
    }
    for _ in 0..options.rounds {
        for (server, people, rows) in &mut stands {
            let values = round(server, people).await?;
            for (row, value) in rows.iter_mut().zip(values) {
                row.add(value);
            }
        }
    }
    Ok(stands.into_iter().flat_map(|(_, _, rows)| rows).collect())
}

/// Memory of the first connections after a start; the time to open them once the server is warm.
async fn round(server: &mut Server, people: &[Person]) -> Result<[f64; 4]> {
    server.start().await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let empty = server.memory()?;
    let mut opened = open_all(server, people).await?;
    let before = server.cpu()?;
    tokio::time::sleep(SETTLE).await;
    let beats = (server.cpu()? - before).as_secs_f64() / SETTLE.as_secs_f64() * 1000.0;
    let memory = server.memory()?.saturating_sub(empty) as f64 / 1024.0 / people.len() as f64;
    for _ in 0..server.kind.warm_ups() {
        opened.live.end().await?;
        tokio::time::sleep(GONE).await;
        opened = open_all(server, people).await?;
    }
    opened.live.end().await?;
    server.stop();
    Ok([memory, opened.per_second, opened.cpu_each, beats])
}

struct Opened {
    live: Live,
    per_second: f64,
    cpu_each: f64,
}

async fn open_all(server: &Server, people: &[Person]) -> Result<Opened> {
    let (before, begun, door) = (server.cpu()?, Instant::now(), server.door());
    let clients: Vec<Client> = stream::iter(people)
        .map(|person| open(door, person))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let count = clients.len() as f64;
    Ok(Opened {
        per_second: count / begun.elapsed().as_secs_f64(),
        cpu_each: micros(server.cpu()? - before) / count,
        live: Live::begin(clients),
    })
}

async fn open(door: Door, person: &Person) -> Result<Client> {
    let mut client = Client::connect(door, person, HEART_BEAT).await?;
    let topics = door.kind.own_topics(person);
    client.subscribe(&topics.each_ref().map(String::as_str)).await?;
    Ok(client)
}

/// Connections that are kept alive.
struct Live {
    tasks: JoinSet<Result<()>>,
    over: CancellationToken,
}

impl Live {
    fn begin(clients: Vec<Client>) -> Live {
        let over = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let count = clients.len().max(1) as u32;
        for (number, client) in clients.into_iter().enumerate() {
            // Spread, as people are.
            let first = BEAT_EVERY / count * number as u32;
            let over = over.clone();
            tasks.spawn(async move { over.run_until_cancelled(live(client, first)).await.unwrap_or(Ok(())) });
        }
        Live { tasks, over }
    }

    /// Fails if one of them had ended.
    async fn end(mut self) -> Result<()> {
        self.over.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended??;
        }
        Ok(())
    }
}

async fn live(mut client: Client, first: Duration) -> Result<()> {
    let mut beat = tokio::time::interval_at(tokio::time::Instant::now() + first, BEAT_EVERY);
    loop {
        // Both only wait: what is dropped has taken nothing.
        tokio::select! {
            _ = beat.tick() => client.beat().await?,
            frame = client.next() => {
                let frame = frame?;
                return Err(format!("{} to an idle connection", frame.command.as_str()).into());
            }
        }
    }
}
