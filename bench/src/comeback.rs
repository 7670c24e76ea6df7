//! `return`: everybody is connected, the server is killed, twenty messages are missed, and everybody comes back.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::task::JoinSet;
use tokio::time::Instant;
use wire::{Command, Frame};

use crate::client::{Client, Door, client_message_id, seq};
use crate::figures::{Goal, Row, micros, quantile};
use crate::kind::Kind;
use crate::people::{self, Person};
use crate::server::Server;
use crate::{Options, Result, clock};

/// People of one room.
const PER_ROOM: usize = 10;
/// Messages of each room that everybody missed.
const BEHIND: u64 = 20;
/// Who finds nobody tries again after this and up to as much again.
const RETRY: Duration = Duration::from_millis(500);
/// Connections at the same time, where nothing is measured.
const AT_ONCE: usize = 64;
/// For everybody to be level.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server that is killed and started again, and who comes back to it.
struct Stand {
    server: Server,
    people: Vec<Person>,
    /// Each with the last message that its people have seen.
    rooms: Vec<(i64, u64)>,
}

/// What one round showed.
struct Round {
    ready: Duration,
    all_level: Duration,
    /// From the moment at which somebody could have come.
    times: Vec<Duration>,
    cpu_each: f64,
}

pub(crate) async fn measure(options: &Options) -> Result<Vec<Row>> {
    let mut all = Vec::new();
    for db in &options.db {
        let kind = Kind::Maru(*db);
        let mut stand = Stand::open(kind, options.clients).await?;
        let test = format!("return, {} clients, {BEHIND} behind", stand.people.len());
        let row = |figure, unit| Row::new(&test, kind, figure, unit);
        let mut rows = [
            row("start → all level", "s").goal(Goal::AtMost(20.0)),
            row("start → ready", "s"),
            row("ready → level p50", "ms"),
            row("ready → level p99", "ms"),
            row("server CPU per client", "µs"),
        ];
        for _ in 0..options.rounds {
            let round = stand.round().await?;
            let values = [
                round.all_level.as_secs_f64(),
                round.ready.as_secs_f64(),
                quantile(&round.times, 0.5),
                quantile(&round.times, 0.99),
                round.cpu_each,
            ];
            for (row, value) in rows.iter_mut().zip(values) {
                row.add(value);
            }
        }
        all.extend(rows);
    }
    Ok(all)
}

impl Stand {
    async fn open(kind: Kind, clients: u32) -> Result<Stand> {
        let server = Server::running(kind).await?;
        let people = people::make(&server, "MEMBER", clients).await?;
        let groups: Vec<&[Person]> = people.chunks(PER_ROOM).collect();
        let rooms = people::groups(&server, &groups).await?;
        let mut stand = Stand {
            server,
            rooms: rooms.into_iter().map(|room| (room, 0)).collect(),
            people,
        };
        let last = stand.write(1).await?;
        stand.seen(&last);
        Ok(stand)
    }

    /// Everybody has seen this far.
    fn seen(&mut self, last: &[u64]) {
        for ((_, seen), last) in self.rooms.iter_mut().zip(last) {
            *seen = *last;
        }
    }

    async fn round(&mut self) -> Result<Round> {
        let live = self.connect().await?;
        self.server.stop();
        drop(live);
        self.server.start().await?;
        let last = self.write(BEHIND).await?;
        self.server.stop();

        let mut returning = JoinSet::new();
        for (number, (person, (room, seen))) in self.places().enumerate() {
            let place = Place {
                door: self.server.door(),
                person: person.clone(),
                room,
                seen,
                retry: RETRY + RETRY * (number as u32 % 100) / 100,
            };
            returning.spawn(place.come_back());
        }
        let begun = Instant::now();
        let ready = self.server.start().await?;
        let everybody = async {
            let mut level = Vec::new();
            while let Some(ended) = returning.join_next().await {
                level.push(ended??);
            }
            Result::Ok(level)
        };
        let level = tokio::time::timeout(PATIENCE, everybody).await??;
        let (all_level, cpu) = (begun.elapsed(), self.server.cpu()?);
        let since_ready = |(_, at): &(Client, Instant)| at.saturating_duration_since(begun + ready);
        let times = level.iter().map(since_ready).collect();
        drop(level);
        self.server.stop();
        self.server.start().await?;
        self.seen(&last);
        Ok(Round {
            ready,
            all_level,
            times,
            cpu_each: micros(cpu) / self.people.len() as f64,
        })
    }

    /// Everybody with their room.
    fn places(&self) -> impl Iterator<Item = (&Person, (i64, u64))> {
        let rooms = self.people.chunks(PER_ROOM).zip(&self.rooms);
        rooms.flat_map(|(people, room)| people.iter().map(move |person| (person, *room)))
    }

    async fn connect(&self) -> Result<Vec<Client>> {
        let door = self.server.door();
        stream::iter(self.places())
            .map(|(person, (room, _))| async move {
                let mut client = Client::connect(door, person, "0,0").await?;
                client.subscribe(&[&door.kind.topic(room)]).await?;
                Result::Ok(client)
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    /// So many messages into each room; the number of each room's last.
    async fn write(&self, count: u64) -> Result<Vec<u64>> {
        let door = self.server.door();
        let writers = self.people.chunks(PER_ROOM).zip(&self.rooms);
        stream::iter(writers)
            .map(|(people, (room, _))| async move {
                let person = people.first().ok_or("nobody writes")?;
                let mut client = Client::connect(door, person, "0,0").await?;
                for number in 1..=count {
                    let id = clock::id(Instant::now(), number);
                    let frame = door.kind.message(*room, &id, true).header("receipt", &id);
                    client.send(&frame).await?;
                }
                let mut last = 0;
                for _ in 0..count {
                    let receipt = client.expect(Command::Receipt).await?;
                    last = receipt.get("seq").ok_or("a RECEIPT without seq")?.parse()?;
                }
                Result::Ok(last)
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }
}

/// Somebody of a room.
struct Place {
    door: Door,
    person: Person,
    room: i64,
    seen: u64,
    retry: Duration,
}

impl Place {
    /// Tries until it is in, and takes what it missed: once each, in order. The connection, and when it was level.
    async fn come_back(self) -> Result<(Client, Instant)> {
        let mut client = loop {
            match Client::connect(self.door, &self.person, "0,0").await {
                Ok(client) => break client,
                Err(_) => tokio::time::sleep(self.retry).await,
            }
        };
        let subscribe = Frame::new(Command::Subscribe)
            .header("id", "sub-0")
            .header("destination", &self.door.kind.topic(self.room))
            .header("after-seq", &self.seen.to_string())
            .header("receipt", "level");
        client.send(&subscribe).await?;
        let (mut next, end, mut is_level) = (self.seen + 1, self.seen + BEHIND, false);
        while next <= end || !is_level {
            let frame = client.next().await?;
            match frame.command {
                Command::Receipt => is_level = true,
                Command::Message if client_message_id(&frame).is_some() => {
                    if seq(&frame) != Some(next) {
                        return Err(format!("{:?} came instead of {next}", seq(&frame)).into());
                    }
                    next += 1;
                }
                Command::Message => {}
                other => return Err(format!("{} in the middle", other.as_str()).into()),
            }
        }
        Ok((client, Instant::now()))
    }
}
