//! `flood`: in every room both people send as soon as their last message came back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::task::JoinSet;
use wire::Command;

use crate::client::{Client, client_message_id, message};
use crate::figures::Row;
use crate::people::{self, Person};
use crate::server::{Db, Server};
use crate::{Options, Result, proc};

/// Before the first round.
const WARM_UP: Duration = Duration::from_secs(3);
/// Connections opened at the same time.
const AT_ONCE: usize = 32;

#[derive(Debug, Default)]
struct Shared {
    /// Messages that came back to their senders.
    back: AtomicU64,
    over: AtomicBool,
}

pub(crate) async fn measure(options: &Options, db: Db) -> Result<Vec<Row>> {
    let server = Server::running(db).await?;
    let rooms = people::rooms(&server, options.rooms).await?;
    let places = rooms.into_iter().flat_map(|room| {
        let id = room.id;
        room.people.into_iter().map(move |person| (id, person))
    });
    let port = server.port;
    let clients: Vec<(i64, Client)> = stream::iter(places)
        .map(|(room, person)| async move { Ok::<_, crate::Error>((room, enter(port, room, &person).await?)) })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;

    let shared = Arc::new(Shared::default());
    let mut senders = JoinSet::new();
    for (number, (room, client)) in clients.into_iter().enumerate() {
        senders.spawn(send_on(client, room, number, Arc::clone(&shared)));
    }
    tokio::time::sleep(WARM_UP).await;
    let test = format!("flood, {}, {} rooms × 2", db.name(), options.rooms);
    let mut stored = Row::new(&test, "messages stored and delivered", "/s", "≥ 20,000");
    let mut cpu = Row::new(&test, "server CPU per message", "µs", "≤ 20 (SQLite)");
    let mut own = Row::new(&test, "generator CPU per message", "µs", "");
    for _ in 0..options.rounds {
        let before = (
            shared.back.load(Ordering::Relaxed),
            proc::cpu(server.pid()?)?,
            proc::cpu(std::process::id())?,
        );
        let begun = Instant::now();
        tokio::time::sleep(Duration::from_secs(options.seconds)).await;
        let count = (shared.back.load(Ordering::Relaxed) - before.0) as f64;
        stored = stored.with(count / begun.elapsed().as_secs_f64());
        cpu = cpu.with(micros(proc::cpu(server.pid()?)? - before.1) / count);
        own = own.with(micros(proc::cpu(std::process::id())? - before.2) / count);
    }
    shared.over.store(true, Ordering::Relaxed);
    while let Some(ended) = senders.join_next().await {
        ended??;
    }
    Ok(vec![stored, cpu, own])
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

async fn enter(port: u16, room: i64, person: &Person) -> Result<Client> {
    let mut client = Client::connect(port, person, "0,0").await?;
    client
        .subscribe(&["/user/queue/errors", &format!("/topic/chat/{room}")])
        .await?;
    Ok(client)
}

async fn send_on(mut client: Client, room: i64, number: usize, shared: Arc<Shared>) -> Result<()> {
    for count in 0_u64.. {
        if shared.over.load(Ordering::Relaxed) {
            break;
        }
        let id = format!("{number}-{count}");
        client.send(&message(room, &id)).await?;
        loop {
            let frame = client.next().await?;
            if frame.command != Command::Message {
                return Err(format!("{} in the middle", frame.command.as_str()).into());
            }
            match client_message_id(&frame) {
                Some(back) if back == id => break,
                _ if frame.get("subscription") == Some("sub-0") => {
                    return Err(format!("refused: {}", String::from_utf8_lossy(&frame.body)).into());
                }
                _ => {}
            }
        }
        shared.back.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
