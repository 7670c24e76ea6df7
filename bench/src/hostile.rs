//! `hostile`: pairs of people chat quietly, and then beside others who mean harm, each attack at a stated pace.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use wire::{Command, Frame};

use crate::client::{Client, Door};
use crate::figures::{Goal, Row, quantile};
use crate::kind::{Db, Kind};
use crate::people::{self, Person};
use crate::rate::Chat;
use crate::server::Server;
use crate::{Options, Result};

/// Pairs that chat, and what they say together: each person 8 messages a second, within the limit of 10.
const PAIRS: u32 = 5;
const PER_SECOND: u64 = 80;
/// Before the first round.
const WARM_UP_S: u64 = 3;
/// From the begin of an attack to the round, and from its end to the next.
const SETTLE: Duration = Duration::from_secs(1);

/// Connections that say nothing; who is cut comes back.
const SILENT: usize = 5_000;
/// Connections that send an octet at a time, and the pause between two.
const DAWDLERS: usize = 300;
const OCTET_EVERY: Duration = Duration::from_millis(100);
/// What one attacker sends in each turn.
const TURN: Duration = Duration::from_millis(10);
const SUBSCRIPTIONS_A_TURN: u64 = 20;
const SENDS_A_TURN: u64 = 50;

#[derive(Clone, Copy, Debug)]
enum Attack {
    Silent,
    Dawdle,
    Subscribe,
    Send,
}

const ATTACKS: [(Attack, &str); 4] = [
    (Attack::Silent, "beside 5,000 connections that say nothing"),
    (Attack::Dawdle, "beside 300 that send an octet each 100 ms"),
    (Attack::Subscribe, "beside 2,000 SUBSCRIBE and UNSUBSCRIBE a second"),
    (Attack::Send, "beside 5,000 SENDs a second of one person"),
];

/// Whoever attacks: somebody with an account and a room.
#[derive(Clone, Debug)]
struct Attacker {
    door: Door,
    person: Person,
    room: i64,
}

/// Each round: quiet, then beside each attack.
pub(crate) async fn measure(options: &Options) -> Result<Vec<Row>> {
    let kind = Kind::Maru(Db::Sqlite);
    let mut chat = Chat::open(Server::guarded(Db::Sqlite).await?, PAIRS, PER_SECOND).await?;
    let outsiders = people::make(&chat.server, "OUTSIDER", 1).await?;
    let rooms = people::groups(&chat.server, &[&outsiders]).await?;
    let attacker = Attacker {
        door: chat.server.door(),
        person: outsiders.into_iter().next().ok_or("nobody attacks")?,
        room: *rooms.first().ok_or("no room")?,
    };
    let mut quiet = Row::new("hostile", kind, "due → delivery p99, quiet", "ms");
    let mut rows = ATTACKS.map(|(_, name)| {
        let test = format!("hostile, {name}");
        [
            Row::new(&test, kind, "due → delivery p99", "ms"),
            Row::new(&test, kind, "p99 ÷ quiet p99", "").goal(Goal::AtMost(2.0)),
        ]
    });
    chat.round(WARM_UP_S).await?;
    for _ in 0..options.rounds {
        let alone = quantile(&chat.round(options.seconds).await?.deliveries, 0.99);
        quiet.add(alone);
        for ((attack, _), rows) in ATTACKS.iter().zip(&mut rows) {
            let under_way = begin(*attack, attacker.clone())?;
            tokio::time::sleep(SETTLE).await;
            let beside = quantile(&chat.round(options.seconds).await?.deliveries, 0.99);
            under_way.end().await?;
            tokio::time::sleep(SETTLE).await;
            rows[0].add(beside);
            rows[1].add(beside / alone);
        }
    }
    chat.close().await?;
    Ok([quiet].into_iter().chain(rows.into_iter().flatten()).collect())
}

/// An attack in a thread of its own: what it costs the generator is not taken from those who chat.
struct UnderWay {
    /// Ends it when dropped, whatever failed meanwhile.
    over: DropGuard,
    thread: tokio::task::JoinHandle<Result<()>>,
}

fn begin(attack: Attack, by: Attacker) -> Result<UnderWay> {
    let over = CancellationToken::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let attack = over.clone().run_until_cancelled_owned(run(attack, by));
    // Done when it is told to end; an attack that ends before has failed.
    let thread = tokio::task::spawn_blocking(move || runtime.block_on(attack).unwrap_or(Ok(())));
    Ok(UnderWay {
        over: over.drop_guard(),
        thread,
    })
}

impl UnderWay {
    async fn end(self) -> Result<()> {
        drop(self.over);
        self.thread.await?
    }
}

async fn run(attack: Attack, by: Attacker) -> Result<()> {
    match attack {
        Attack::Silent => drop(join_all((0..SILENT).map(|_| silent(by.door))).await),
        Attack::Dawdle => drop(join_all((0..DAWDLERS).map(|_| dawdle(by.door))).await),
        Attack::Subscribe => keep_on(&by, SUBSCRIPTIONS_A_TURN, subscriptions).await,
        Attack::Send => keep_on(&by, SENDS_A_TURN, sends).await,
    }
    Err("an attack ended by itself".into())
}

/// Floods, and comes back whenever it is cut.
async fn keep_on(by: &Attacker, a_turn: u64, frames: fn(&Attacker, u64) -> Vec<Frame>) {
    loop {
        // However it ends, it has ended.
        let _ = flood(by, a_turn, frames).await;
        tokio::time::sleep(TURN).await;
    }
}

/// Connects, waits until it is cut, and comes back.
async fn silent(door: Door) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", door.port)).await {
            let mut heard = Vec::new();
            // However it ends, it has ended.
            let _ = stream.read_to_end(&mut heard).await;
        }
        tokio::time::sleep(TURN).await;
    }
}

/// A head that never ends, an octet at a time; who is cut comes back.
async fn dawdle(door: Door) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", door.port)).await {
            for octet in b"GET /ws HTTP/1.1\r\nX-A: ".iter().chain([b'a'].iter().cycle()) {
                if stream.write_all(&[*octet]).await.is_err() {
                    break;
                }
                tokio::time::sleep(OCTET_EVERY).await;
            }
        }
    }
}

/// Frames in every turn, whatever the server says to them.
async fn flood(by: &Attacker, a_turn: u64, frames: fn(&Attacker, u64) -> Vec<Frame>) -> Result<()> {
    let mut client = Client::connect(by.door, &by.person, "0,0").await?;
    client.subscribe(&["/user/queue/errors"]).await?;
    let mut turn = tokio::time::interval(TURN);
    turn.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut count = 0;
    loop {
        // Both only wait: what is dropped has taken nothing.
        tokio::select! {
            _ = turn.tick() => for _ in 0..a_turn {
                count += 1;
                for frame in frames(by, count) {
                    client.send(&frame).await?;
                }
            },
            frame = client.next() => drop(frame?),
        }
    }
}

fn subscriptions(by: &Attacker, count: u64) -> Vec<Frame> {
    let id = format!("s{count}");
    let subscribe = Frame::new(Command::Subscribe)
        .header("id", &id)
        .header("destination", &by.door.kind.topic(by.room))
        .header("after-seq", "0");
    vec![subscribe, Frame::new(Command::Unsubscribe).header("id", &id)]
}

fn sends(by: &Attacker, count: u64) -> Vec<Frame> {
    vec![by.door.kind.message(by.room, &format!("spam-{count}"), true)]
}
