//! `idle`: what connections cost that do nothing but live.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::client::Client;
use crate::figures::Row;
use crate::people::{self, Person};
use crate::server::{Db, Server};
use crate::{Options, Result, proc};

/// Of both sides.
const HEART_BEAT: &str = "10000,10000";
/// A client speaks somewhat earlier than it said.
const BEAT_EVERY: Duration = Duration::from_secs(8);
/// From the last connection to the reading of memory: one round of heart-beats is over.
const SETTLE: Duration = Duration::from_secs(12);
/// Connections opened at the same time.
const AT_ONCE: usize = 64;
/// Each of them a topic of its own: the dearest kind.
const SUBSCRIPTIONS: [&str; 3] = ["/user/queue/errors", "/user/queue/chat", "/user/queue/notifications"];

pub(crate) async fn measure(options: &Options) -> Result<Vec<Row>> {
    let test = format!("idle, {} connections", options.connections);
    let mut memory = Row::new(&test, "memory per connection (PSS)", "kB", "≤ 4");
    let mut opened = Row::new(&test, "opened, CONNECTED and subscribed", "/s", "≥ 5,000");
    let mut cpu = Row::new(&test, "server CPU to open one", "µs", "");
    let mut beats = Row::new(&test, "server CPU of all heart-beats", "% of a core", "");
    let mut server = Server::prepare(Db::Sqlite).await?;
    let people = people::make(&server, "MEMBER", options.connections).await?;
    for _ in 0..options.rounds {
        server.start().await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (empty, at_start) = (proc::memory(server.pid()?)?, proc::cpu(server.pid()?)?);
        let begun = Instant::now();
        let port = server.port;
        let clients: Vec<Client> = stream::iter(&people)
            .map(|person| open(port, person))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let count = clients.len() as f64;
        opened = opened.with(count / begun.elapsed().as_secs_f64());
        cpu = cpu.with((proc::cpu(server.pid()?)? - at_start).as_secs_f64() * 1e6 / count);
        let live = Live::begin(clients);
        let before = proc::cpu(server.pid()?)?;
        tokio::time::sleep(SETTLE).await;
        beats = beats.with((proc::cpu(server.pid()?)? - before).as_secs_f64() / SETTLE.as_secs_f64() * 100.0);
        let full = proc::memory(server.pid()?)?;
        memory = memory.with(full.saturating_sub(empty) as f64 / 1024.0 / count);
        live.end().await?;
        server.stop();
    }
    Ok(vec![memory, opened, cpu, beats])
}

async fn open(port: u16, person: &Person) -> Result<Client> {
    let mut client = Client::connect(port, person, HEART_BEAT).await?;
    client.subscribe(&SUBSCRIPTIONS).await?;
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
