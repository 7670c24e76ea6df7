//! The server is killed at random moments while clients send, and started again; then a checker that reads only what
//! the clients wrote down and the database looks for anything lost, doubled, reordered, or shown and not stored.
//!
//! `KILLS` sets the number of kills, `SEED` repeats the choice of moments.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod client;

use std::time::Duration;

use rstest::rstest;
use serde_json::json;
use tests::checker::check;
use tests::{Db, Maru, Person};
use tokio::sync::watch;

use client::Client;

const ROOMS: usize = 3;
/// Between a start and the next kill.
const LIFE_MS: std::ops::Range<u64> = 30..600;

#[rstest]
#[case::sqlite(Db::Sqlite, 60)]
#[case::postgres(Db::Postgres, 20)]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_and_nothing_is_doubled(#[case] db: Db, #[case] kills: usize) {
    let kills = setting("KILLS").unwrap_or(kills as u64);
    let seed = setting("SEED").unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    println!("{db:?}: {kills} kills, SEED={seed}");
    let mut random = Random(seed | 1);
    let maru = Maru::start(db, &[("SUPPORT__LEAVE_AFTER_S", "3600"), ("SUPPORT__GRACE_S", "3600")]).await;
    let mut rooms = Vec::new();
    for _ in 0..ROOMS {
        rooms.push(running_session(&maru).await);
    }
    let (stop, stopping) = watch::channel(false);
    let clients = rooms
        .iter()
        .flat_map(|(room, people)| people.iter().map(|person| Client::new(&maru, *room, person)));
    let running = futures_util::future::join_all(clients.map(|client| client.run(stopping.clone())));
    let killing = async {
        for _ in 0..kills {
            tokio::time::sleep(Duration::from_millis(random.within(LIFE_MS))).await;
            maru.kill_and_restart().await;
        }
        stop.send(true).unwrap();
    };
    let (clients, ()) = tokio::join!(running, killing);

    let storage = maru.storage().await;
    let mut faults = Vec::new();
    let (mut acknowledged, mut interrupted) = (0, 0);
    for (room, people) in &rooms {
        let stored = storage.messages(*room).await;
        let last = stored.last().unwrap().seq;
        let mut ledgers = vec![client::read_everything(&maru, *room, &people[0], last).await];
        for client in clients.iter().filter(|client| client.room == *room) {
            acknowledged += client.acknowledged();
            faults.extend(client.gave_up.clone());
            interrupted += client.interrupted;
            ledgers.push(client.finished(last).await);
        }
        faults.extend(check(&stored, &ledgers));
    }
    println!("{acknowledged} acknowledged, {interrupted} sends cut off by a kill");
    assert!(faults.is_empty(), "seed {seed}:\n{}", faults.join("\n"));
    assert!(
        interrupted > 0 && acknowledged > kills as usize,
        "the kills met nothing: {acknowledged} acknowledged, {interrupted} cut off"
    );
}

async fn running_session(maru: &Maru) -> (i64, [Person; 2]) {
    let (customer, agent) = (maru.guest().await, maru.person("agent").await);
    let rest = customer.rest(maru);
    let category = rest.get("/api/chat/categories").await.ok()["items"][0]["categoryId"].clone();
    let session = rest
        .post("/api/chat/sessions", json!({ "categoryId": category }))
        .await
        .is(201);
    let room = session["sessionId"].as_i64().unwrap();
    agent
        .rest(maru)
        .post(&format!("/api/admin/chat/sessions/{room}/start"), json!({}))
        .await
        .ok();
    (room, [customer, agent])
}

fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is no number: {value}")))
}

/// xorshift64: repeatable by its seed.
struct Random(u64);

impl Random {
    fn within(&mut self, range: std::ops::Range<u64>) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        range.start + self.0 % (range.end - range.start)
    }
}
