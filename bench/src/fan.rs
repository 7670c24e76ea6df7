//! `fan`: one room, one who writes, and many who hear all of it; 100 messages a second in an open loop, or as many as go through.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::client::{Client, Speaker, client_message_id};
use crate::figures::{Goal, Row, micros, quantile};
use crate::kind::Kind;
use crate::people::Person;
use crate::server::Server;
use crate::tally::Tally;
use crate::{Options, Result, clock, people};

const PER_SECOND: u64 = 100;
/// Before the first round, for everybody.
const WARM_UP_S: u64 = 2;
/// After the last message, for what is still under way: a server that is behind would take its time from the next.
const PATIENCE: Duration = Duration::from_secs(180);
/// A delivery later than this is late.
const IN_TIME: Duration = Duration::from_secs(1);
/// Messages that may be under way where as many are written as go through.
const UNDER_WAY: u64 = 64;
/// Readers from which on there are goals.
const GOALS_FROM: u32 = 500;
/// Connections opened at the same time.
const AT_ONCE: usize = 32;
/// For subscriptions to be live where nobody says that they are.
const SETTLE: Duration = Duration::from_secs(1);

/// How a room is filled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) readers: u32,
    /// More of them, who never read once they have come in.
    pub(crate) stalled: u32,
    pub(crate) is_stored: bool,
}

/// One room with everybody in it.
#[derive(Debug)]
pub(crate) struct Hall {
    pub(crate) server: Server,
    plan: Plan,
    room: i64,
    writer: Speaker,
    written: u64,
    tally: Arc<Tally>,
    readers: JoinSet<Result<()>>,
    over: CancellationToken,
    stalling: Vec<Person>,
    stalled: Vec<Client>,
}

/// What one round showed.
#[derive(Debug)]
pub(crate) struct Round {
    cpu: Duration,
    generator_cpu: Duration,
    took: Duration,
    expected: u64,
    pub(crate) times: Vec<Duration>,
}

impl Hall {
    pub(crate) async fn open(kind: Kind, plan: Plan) -> Result<Hall> {
        let server = Server::running(kind).await?;
        let everybody = people::make(&server, "MEMBER", 1 + plan.readers + plan.stalled).await?;
        let rooms = people::groups(&server, &[&everybody]).await?;
        let room = *rooms.first().ok_or("no room")?;
        let (writer, others) = everybody.split_first().ok_or("nobody writes")?;
        let (stalling, listeners) = others.split_at(plan.stalled as usize);
        let (door, topic) = (server.door(), kind.topic(room));
        let clients: Vec<Client> = stream::iter(listeners)
            .map(|person| {
                let topic = &topic;
                async move {
                    let mut client = Client::connect(door, person, "0,0").await?;
                    client.subscribe(&[topic]).await?;
                    Result::Ok(client)
                }
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let writer = Speaker::new(Client::connect(door, writer, "0,0").await?);
        let (tally, over) = (Arc::new(Tally::default()), CancellationToken::new());
        let mut readers = JoinSet::new();
        for client in clients {
            readers.spawn(hear(client, Arc::clone(&tally), over.clone()));
        }
        if !kind.has_receipts() {
            tokio::time::sleep(SETTLE).await;
        }
        Ok(Hall {
            server,
            plan,
            room,
            writer,
            written: 0,
            tally,
            readers,
            over,
            stalling: stalling.to_vec(),
            stalled: Vec::new(),
        })
    }

    /// Those who never read come in, those of before are gone.
    pub(crate) async fn stall(&mut self) -> Result<()> {
        let topic = self.server.kind.topic(self.room);
        self.stalled.clear();
        for person in &self.stalling {
            let mut client = Client::connect_to_stall(self.server.door(), person).await?;
            client.subscribe(&[&topic]).await?;
            self.stalled.push(client);
        }
        Ok(())
    }

    /// So many seconds of an open loop.
    pub(crate) async fn paced(&mut self, seconds: u64) -> Result<Round> {
        let count = seconds * PER_SECOND;
        let (cpu, generator_cpu) = self.cpu()?;
        let begin = Instant::now() + Duration::from_millis(50);
        for number in 0..count {
            let due = clock::due(begin, number, PER_SECOND);
            tokio::time::sleep_until(due).await;
            self.write(due).await?;
        }
        self.round(count, begin, cpu, generator_cpu).await
    }

    /// So many seconds of as many as go through.
    pub(crate) async fn saturated(&mut self, seconds: u64) -> Result<Round> {
        let (cpu, generator_cpu) = self.cpu()?;
        let begin = Instant::now();
        let mut count = 0;
        while begin.elapsed() < Duration::from_secs(seconds) {
            let heard = self.tally.count() / u64::from(self.plan.readers);
            if count >= heard + UNDER_WAY {
                tokio::time::sleep(Duration::from_millis(1)).await;
                continue;
            }
            self.write(Instant::now()).await?;
            count += 1;
        }
        self.round(count, begin, cpu, generator_cpu).await
    }

    async fn write(&mut self, due: Instant) -> Result<()> {
        self.written += 1;
        let id = clock::id(due, self.written);
        let frame = self.server.kind.message(self.room, &id, self.plan.is_stored);
        self.writer.say(frame).await
    }

    async fn round(&mut self, count: u64, begin: Instant, cpu: Duration, generator_cpu: Duration) -> Result<Round> {
        let expected = count * u64::from(self.plan.readers);
        let is_whole = self.tally.reaches(expected, PATIENCE).await;
        let took = begin.elapsed();
        let times = self.tally.take();
        if times.len() as u64 != expected && !self.server.kind.is_peer() {
            return Err(format!("{} of {expected} deliveries", times.len()).into());
        }
        if !is_whole {
            println!("{}: {} of {expected} deliveries", self.server.kind.name(), times.len());
        }
        if let Some(ended) = self.readers.try_join_next() {
            ended??;
        }
        let now = self.cpu()?;
        Ok(Round {
            cpu: now.0 - cpu,
            generator_cpu: now.1 - generator_cpu,
            took,
            expected,
            times,
        })
    }

    fn cpu(&self) -> Result<(Duration, Duration)> {
        Ok((self.server.cpu()?, crate::own_cpu()?))
    }

    pub(crate) async fn close(mut self) -> Result<()> {
        self.over.cancel();
        while let Some(ended) = self.readers.join_next().await {
            ended??;
        }
        self.writer.end().await
    }
}

async fn hear(mut client: Client, tally: Arc<Tally>, over: CancellationToken) -> Result<()> {
    loop {
        let Some(frame) = over.run_until_cancelled(client.message()).await else {
            return Ok(());
        };
        if let Some(time) = client_message_id(&frame?).and_then(clock::since_due) {
            tally.add(time);
        }
    }
}

/// One size, on every server, round by round in turn.
pub(crate) async fn measure(options: &Options, readers: u32, is_stored: bool) -> Result<Vec<Row>> {
    let plan = Plan {
        readers,
        stalled: 0,
        is_stored,
    };
    let mut halls = Vec::new();
    for kind in options.kinds(is_stored) {
        let mut hall = Hall::open(kind, plan).await?;
        hall.paced(WARM_UP_S).await?;
        for _ in 0..kind.warm_ups() {
            hall.paced(options.seconds).await?;
            hall.saturated(options.seconds).await?;
        }
        halls.push((hall, Rows::new(kind, plan)));
    }
    for _ in 0..options.rounds {
        for (hall, rows) in &mut halls {
            let paced = hall.paced(options.seconds).await?;
            rows.add(&paced, &hall.saturated(options.seconds).await?);
        }
    }
    let mut all = Vec::new();
    for (hall, rows) in halls {
        hall.close().await?;
        all.extend(rows.paced.into_iter().chain(rows.saturated));
    }
    Ok(all)
}

struct Rows {
    paced: [Row; 4],
    saturated: [Row; 3],
}

impl Rows {
    fn new(kind: Kind, plan: Plan) -> Rows {
        let stored = if plan.is_stored { "stored" } else { "not stored" };
        let paced = format!("fan-out 1 → {}, {PER_SECOND} msg/s, {stored}", plan.readers);
        let saturated = format!("fan-out 1 → {}, saturated, {stored}", plan.readers);
        let row = |test: &str, figure, unit| Row::new(test, kind, figure, unit);
        let mut each = [&paced, &saturated].map(|test| row(test, "server CPU per delivery", "µs"));
        if !plan.is_stored && plan.readers >= GOALS_FROM {
            let [slow, fast] = each;
            each = [
                slow.goal(Goal::AtMost(2.5)).of_spring(0.1),
                fast.goal(Goal::AtMost(1.0)),
            ];
        }
        let [slow, fast] = each;
        Rows {
            paced: [
                slow,
                row(&paced, "due → delivery p50", "ms"),
                row(&paced, "due → delivery p99", "ms"),
                row(&paced, "delivered within 1 s", "%").aside(),
            ],
            saturated: [
                fast,
                row(&saturated, "deliveries", "/s"),
                row(&saturated, "generator CPU per delivery", "µs").aside(),
            ],
        }
    }

    fn add(&mut self, paced: &Round, saturated: &Round) {
        let in_time = paced.times.iter().filter(|time| **time <= IN_TIME).count();
        let values = [
            micros(paced.cpu) / paced.times.len() as f64,
            quantile(&paced.times, 0.5),
            quantile(&paced.times, 0.99),
            in_time as f64 / paced.expected as f64 * 100.0,
        ];
        for (row, value) in self.paced.iter_mut().zip(values) {
            row.add(value);
        }
        let deliveries = saturated.times.len() as f64;
        let values = [
            micros(saturated.cpu) / deliveries,
            deliveries / saturated.took.as_secs_f64(),
            micros(saturated.generator_cpu) / deliveries,
        ];
        for (row, value) in self.saturated.iter_mut().zip(values) {
            row.add(value);
        }
    }
}
