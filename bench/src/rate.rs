//! `rate`: 100 people in 50 sessions, 50 messages a second in an open loop: times count from the moment at which a message
//! was due, not from when the generator came to send it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use wire::Command;

use crate::client::{Client, client_message_id};
use crate::figures::{Goal, Row, micros, quantile};
use crate::kind::Kind;
use crate::server::Server;
use crate::tally::Tally;
use crate::{Options, Result, clock, people};

const ROOMS: u32 = 50;
const PER_SECOND: u64 = 50;
/// Before the first round, for everybody.
const WARM_UP_S: u64 = 2;
/// After the last message, for what is still under way.
const PATIENCE: Duration = Duration::from_secs(10);
/// For subscriptions to be live where nobody says that they are.
const SETTLE: Duration = Duration::from_secs(1);

/// What everybody saw.
#[derive(Debug, Default)]
struct Seen {
    receipts: Tally,
    deliveries: Tally,
}

/// A server with pairs of people who say something when they are told to.
#[derive(Debug)]
pub(crate) struct Chat {
    pub(crate) server: Server,
    per_second: u64,
    people: JoinSet<Result<()>>,
    orders: Vec<mpsc::Sender<String>>,
    seen: Arc<Seen>,
    sent: u64,
}

/// What one round showed.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) receipts: Vec<Duration>,
    pub(crate) deliveries: Vec<Duration>,
    cpu_each: f64,
}

impl Chat {
    /// In so many rooms, so many messages a second in all of them together.
    pub(crate) async fn open(server: Server, rooms: u32, per_second: u64) -> Result<Chat> {
        let kind = server.kind;
        let (mut people, mut orders, seen) = (JoinSet::new(), Vec::new(), Arc::new(Seen::default()));
        for room in people::rooms(&server, rooms).await? {
            for person in &room.people {
                let mut client = Client::connect(server.door(), person, "0,0").await?;
                client.subscribe(&["/user/queue/errors", &kind.topic(room.id)]).await?;
                let (order, taken) = mpsc::channel(64);
                people.spawn(take_part(client, kind, room.id, taken, Arc::clone(&seen)));
                orders.push(order);
            }
        }
        if !kind.has_receipts() {
            tokio::time::sleep(SETTLE).await;
        }
        Ok(Chat {
            server,
            per_second,
            people,
            orders,
            seen,
            sent: 0,
        })
    }

    pub(crate) async fn round(&mut self, seconds: u64) -> Result<Round> {
        let count = seconds * self.per_second;
        let cpu = self.server.cpu()?;
        let begin = Instant::now() + Duration::from_millis(50);
        for number in 0..count {
            let due = clock::due(begin, number, self.per_second);
            tokio::time::sleep_until(due).await;
            // A step that is prime to the number of people: neighbours in time are not neighbours in a room.
            let who = (self.sent * 37 % self.orders.len() as u64) as usize;
            self.sent += 1;
            self.orders[who].send(clock::id(due, self.sent)).await?;
        }
        let mut is_whole = self.seen.deliveries.reaches(count * 2, PATIENCE).await;
        if self.server.kind.has_receipts() {
            is_whole &= self.seen.receipts.reaches(count, PATIENCE).await;
        }
        if let Some(ended) = self.people.try_join_next() {
            ended??;
        }
        if !is_whole {
            return Err(format!("{} of {} came", self.seen.deliveries.count(), count * 2).into());
        }
        Ok(Round {
            receipts: self.seen.receipts.take(),
            deliveries: self.seen.deliveries.take(),
            cpu_each: micros(self.server.cpu()? - cpu) / count as f64,
        })
    }

    pub(crate) async fn close(mut self) -> Result<()> {
        self.orders.clear();
        while let Some(ended) = self.people.join_next().await {
            ended??;
        }
        Ok(())
    }
}

/// Sends what is ordered, and counts what comes, until nobody orders any more.
async fn take_part(
    mut client: Client,
    kind: Kind,
    room: i64,
    mut orders: mpsc::Receiver<String>,
    seen: Arc<Seen>,
) -> Result<()> {
    loop {
        // Both only wait: what is dropped has taken nothing.
        tokio::select! {
            order = orders.recv() => match order {
                Some(id) => {
                    let frame = kind.message(room, &id, true);
                    let frame = if kind.has_receipts() { frame.header("receipt", &id) } else { frame };
                    client.send(&frame).await?;
                }
                None => return Ok(()),
            },
            frame = client.next() => {
                let frame = frame?;
                let (tally, id) = match frame.command {
                    Command::Receipt => (&seen.receipts, frame.get("receipt-id")),
                    Command::Message => (&seen.deliveries, client_message_id(&frame)),
                    other => return Err(format!("{} in the middle", other.as_str()).into()),
                };
                if let Some(time) = id.and_then(clock::since_due) {
                    tally.add(time);
                }
            }
        }
    }
}

/// On every server, round by round in turn.
pub(crate) async fn measure(options: &Options) -> Result<Vec<Row>> {
    let mut chats = Vec::new();
    for kind in options.kinds(true) {
        let mut chat = Chat::open(Server::running(kind).await?, ROOMS, PER_SECOND).await?;
        chat.round(WARM_UP_S).await?;
        for _ in 0..kind.warm_ups() {
            chat.round(options.seconds).await?;
        }
        chats.push((chat, rows(kind)));
    }
    for _ in 0..options.rounds {
        for (chat, rows) in &mut chats {
            let round = chat.round(options.seconds).await?;
            let of = |times, share| quantile(times, share);
            let values = [
                round.cpu_each,
                of(&round.deliveries, 0.5),
                of(&round.deliveries, 0.99),
                of(&round.deliveries, 1.0),
                of(&round.receipts, 0.5),
                of(&round.receipts, 0.99),
                of(&round.receipts, 1.0),
            ];
            for (row, value) in rows.iter_mut().zip(values) {
                row.add(value);
            }
        }
    }
    let mut all = Vec::new();
    for (chat, rows) in chats {
        chat.close().await?;
        all.extend(rows);
    }
    Ok(all)
}

fn rows(kind: Kind) -> Vec<Row> {
    let test = format!("rate, {PER_SECOND} msg/s, stored");
    let row = |figure, unit| Row::new(&test, kind, figure, unit);
    let ten = Goal::AtMost(10.0);
    let mut rows = vec![
        row("server CPU per message", "µs").of_spring(0.1),
        row("due → delivery p50", "ms"),
        row("due → delivery p99", "ms").goal(ten).of_spring(1.0 / 3.0),
        row("due → delivery max", "ms").aside(),
    ];
    if kind.has_receipts() {
        rows.extend([
            row("due → RECEIPT p50", "ms"),
            row("due → RECEIPT p99", "ms").goal(ten),
            row("due → RECEIPT max", "ms"),
        ]);
    }
    rows
}
