//! `flood`: in every room both people send as soon as their last message came back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::client::{Client, Door, client_message_id, text};
use crate::figures::{Goal, Row, micros, quantile};
use crate::kind::Kind;
use crate::people::{self, Person};
use crate::server::Server;
use crate::tally::Tally;
use crate::{Options, Result, clock, own_cpu};

/// Before the first round, for everybody.
const WARM_UP_S: u64 = 3;
/// Rooms from which on there are absolute goals.
const GOALS_FROM: u32 = 1000;
/// Connections opened at the same time.
const AT_ONCE: usize = 32;
/// For subscriptions to be live where nobody says that they are, and for what is under way at the end of a round.
const SETTLE: Duration = Duration::from_secs(1);

/// A server with two people in each room.
#[derive(Debug)]
pub(crate) struct Crowd {
    pub(crate) server: Server,
    is_on: watch::Sender<bool>,
    senders: JoinSet<Result<()>>,
    /// Messages that came back to their senders.
    back: Arc<Tally>,
    /// Those who never read once they have come in, with their rooms.
    stalling: Vec<(i64, Person)>,
    stalled: Vec<Client>,
}

/// What one round showed.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) times: Vec<Duration>,
    took: Duration,
    cpu: Duration,
    generator_cpu: Duration,
    database_cpu: Duration,
}

impl Crowd {
    /// Of the customers, the first `stalled` never read, see [`Crowd::stall`].
    pub(crate) async fn open(kind: Kind, rooms: u32, stalled: u32, is_stored: bool) -> Result<Crowd> {
        let server = Server::running(kind).await?;
        let mut rooms = people::rooms(&server, rooms).await?;
        rooms.sort_by_key(|room| room.id);
        let (door, mut stalling, mut places) = (server.door(), Vec::new(), Vec::new());
        for (number, room) in (0..).zip(rooms) {
            let [customer, agent] = room.people;
            places.push((room.id, agent));
            let theirs = if number < stalled { &mut stalling } else { &mut places };
            theirs.push((room.id, customer));
        }
        let clients: Vec<(i64, Client)> = stream::iter(places)
            .map(|(room, person)| async move { crate::Result::Ok((room, enter(door, room, &person).await?)) })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let (is_on, gate) = watch::channel(false);
        let back = Arc::new(Tally::default());
        let mut senders = JoinSet::new();
        for (number, (room, client)) in (1..).zip(clients) {
            let sender = Sender {
                client,
                kind,
                room,
                number,
                is_stored,
            };
            senders.spawn(sender.send_on(gate.clone(), Arc::clone(&back)));
        }
        tokio::time::sleep(SETTLE).await;
        Ok(Crowd {
            server,
            is_on,
            senders,
            back,
            stalling,
            stalled: Vec::new(),
        })
    }

    /// Those who never read come in, those of before are gone.
    pub(crate) async fn stall(&mut self) -> Result<()> {
        self.stalled.clear();
        for (room, person) in &self.stalling {
            let mut client = Client::connect_to_stall(self.server.door(), person).await?;
            client.subscribe(&[&self.server.kind.topic(*room)]).await?;
            self.stalled.push(client);
        }
        Ok(())
    }

    pub(crate) async fn round(&mut self, seconds: u64) -> Result<Round> {
        let (cpu, generator_cpu, database_cpu) = self.cpu()?;
        let begun = Instant::now();
        self.is_on.send_replace(true);
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        self.is_on.send_replace(false);
        let (times, took) = (self.back.take(), begun.elapsed());
        let now = self.cpu()?;
        // The last of each are still under way.
        tokio::time::sleep(SETTLE).await;
        self.back.take();
        if let Some(ended) = self.senders.try_join_next() {
            ended??;
        }
        Ok(Round {
            times,
            took,
            cpu: now.0 - cpu,
            generator_cpu: now.1 - generator_cpu,
            database_cpu: now.2 - database_cpu,
        })
    }

    fn cpu(&self) -> Result<(Duration, Duration, Duration)> {
        Ok((self.server.cpu()?, own_cpu()?, self.server.database_cpu()?))
    }

    pub(crate) async fn close(mut self) -> Result<()> {
        drop(self.is_on);
        while let Some(ended) = self.senders.join_next().await {
            ended??;
        }
        Ok(())
    }
}

async fn enter(door: Door, room: i64, person: &Person) -> Result<Client> {
    let mut client = Client::connect(door, person, "0,0").await?;
    let topic = door.kind.topic(room);
    // Where refusals come; the others know no such thing.
    let errors = door.kind.own_topics(person)[0].clone();
    client.subscribe(&[&errors, &topic]).await?;
    Ok(client)
}

/// Somebody who sends as soon as the last message came back.
struct Sender {
    client: Client,
    kind: Kind,
    room: i64,
    number: u64,
    is_stored: bool,
}

impl Sender {
    /// While the gate is open; until it is gone.
    async fn send_on(mut self, mut gate: watch::Receiver<bool>, back: Arc<Tally>) -> Result<()> {
        loop {
            while !*gate.borrow_and_update() {
                // Both only wait: what is dropped has taken nothing.
                tokio::select! {
                    changed = gate.changed() => if changed.is_err() { return Ok(()) },
                    frame = self.client.message() => drop(frame?),
                }
            }
            let id = clock::id(tokio::time::Instant::now(), self.number);
            let frame = self.kind.message(self.room, &id, self.is_stored);
            self.client.send(&frame).await?;
            loop {
                let frame = self.client.message().await?;
                match client_message_id(&frame) {
                    Some(came) if came == id => break,
                    _ if frame.get("subscription") == Some("sub-0") => {
                        return Err(format!("refused: {}", text(&frame)).into());
                    }
                    _ => {}
                }
            }
            back.add(clock::since_due(&id).unwrap_or_default());
        }
    }
}

/// One size, on every server, round by round in turn.
pub(crate) async fn measure(options: &Options, rooms: u32, is_stored: bool) -> Result<Vec<Row>> {
    let mut crowds = Vec::new();
    for kind in options.kinds(is_stored) {
        let mut crowd = Crowd::open(kind, rooms, 0, is_stored).await?;
        crowd.round(WARM_UP_S).await?;
        for _ in 0..kind.warm_ups() {
            crowd.round(options.seconds).await?;
        }
        crowds.push((crowd, rows(kind, rooms, is_stored)));
    }
    for _ in 0..options.rounds {
        for (crowd, rows) in &mut crowds {
            let round = crowd.round(options.seconds).await?;
            let count = round.times.len() as f64;
            let values = [
                count / round.took.as_secs_f64(),
                micros(round.cpu) / count,
                quantile(&round.times, 0.99),
                micros(round.generator_cpu) / count,
                micros(round.database_cpu) / count,
            ];
            for (row, value) in rows.iter_mut().zip(values) {
                row.add(value);
            }
        }
    }
    let mut all = Vec::new();
    for (crowd, rows) in crowds {
        crowd.close().await?;
        all.extend(rows);
    }
    Ok(all)
}

fn rows(kind: Kind, rooms: u32, is_stored: bool) -> Vec<Row> {
    let stored = if is_stored { "stored" } else { "not stored" };
    let test = format!("flood, {rooms} rooms × 2, {stored}");
    let row = |figure, unit| Row::new(&test, kind, figure, unit);
    let (messages, cpu) = (row("messages", "/s"), row("server CPU per message", "µs"));
    let (messages, cpu) = if is_stored {
        let messages = messages.of_spring(1.0 / 3.0);
        let cpu = cpu.of_spring(1.0 / 8.0);
        match rooms {
            GOALS_FROM.. => (messages.goal(Goal::AtLeast(20_000.0)), cpu.goal(Goal::AtMost(20.0))),
            _ => (messages, cpu),
        }
    } else {
        (messages, cpu)
    };
    let mut rows = vec![
        messages,
        cpu,
        row("send → own message p99", "ms"),
        row("generator CPU per message", "µs").aside(),
    ];
    if is_stored && kind.has_postgres() {
        rows.push(row("PostgreSQL's CPU per message", "µs"));
    }
    rows
}
