//! Readers that are too slow for a while, of what has a history: they read on there, and miss nothing.

use std::sync::atomic::Ordering;
use std::time::Duration;

use broker::{Limits, Publication, Topic};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use wire::Command;

use crate::support::{Client, Server};

fn small_queue() -> Limits {
    Limits {
        queue_bytes_max: 100_000,
        held_bytes_max: 30_000,
        recent_bytes_max: 60_000,
        replay_page: 7,
        ..Limits::default()
    }
}

/// The next message with a position, past SYNCs and the like.
async fn next_position(client: &mut Client) -> u64 {
    loop {
        let frame = client.recv().await;
        assert_eq!(frame.command, Command::Message, "{frame:?}");
        if let Ok(position) = frame.get("message-id").unwrap_or_default().parse() {
            return position;
        }
    }
}

#[tokio::test]
async fn a_reader_that_falls_behind_gets_everything_in_order_and_then_the_state() {
    let server = Server::start(small_queue()).await;
    let topic = Topic::from("/topic/a");
    let mut client = server.connect("kim").await;
    client.subscribe("0", "/topic/a").await;
    for _ in 0..300 {
        server.shop.store(&topic, "x".repeat(20_000), Duration::ZERO).await;
    }
    assert!(server.broker().counts().queued_bytes <= 100_000);
    for position in 1..=300 {
        assert_eq!(next_position(&mut client).await, position);
    }
    assert_eq!(client.message().await, "SYNC 300");
    server.shop.store(&topic, "live again".into(), Duration::ZERO).await;
    assert_eq!(client.message().await, "live again");
}

#[tokio::test]
async fn what_is_recent_is_read_from_memory_and_forgotten_when_nobody_is_behind() {
    let server = Server::start(Limits {
        recent_bytes_max: 8 << 20,
        ..small_queue()
    })
    .await;
    let topic = Topic::from("/topic/a");
    let mut client = server.connect("kim").await;
    client.subscribe("0", "/topic/a").await;
    for _ in 0..300 {
        server.shop.store(&topic, "x".repeat(20_000), Duration::ZERO).await;
    }
    assert!(server.figure("stomp_recent_bytes") > 1_000_000);
    for position in 1..=300 {
        assert_eq!(next_position(&mut client).await, position);
    }
    assert_eq!(client.message().await, "SYNC 300");
    // History was asked only whether that was all; from there it would have been 43 pages.
    assert!(server.shop.replays.load(Ordering::SeqCst) < 10);
    server.shop.store(&topic, "live again".into(), Duration::ZERO).await;
    assert_eq!(client.message().await, "live again");
    assert_eq!(server.figure("stomp_recent_bytes"), 0);
}

#[tokio::test]
async fn what_is_kept_for_those_behind_is_bounded_and_goes_with_them() {
    let limits = Limits {
        recent_bytes_max: 90_000,
        ..small_queue()
    };
    let server = Server::start(limits).await;
    let topic = Topic::from("/topic/a");
    let mut client = server.connect("kim").await;
    client.subscribe("0", "/topic/a").await;
    for _ in 0..600 {
        server.shop.store(&topic, "x".repeat(20_000), Duration::ZERO).await;
        assert!(server.figure("stomp_recent_bytes") <= 90_000);
    }
    assert!(server.figure("stomp_recent_bytes") > 60_000);
    assert_eq!(next_position(&mut client).await, 1);
    drop(client);
    server.shop.noted("unsubscribed kim /topic/a Lost").await;
    assert_eq!(server.figure("stomp_recent_bytes"), 0);
}

#[tokio::test]
async fn two_subscriptions_of_one_connection_fall_behind_and_both_catch_up() {
    let server = Server::start(small_queue()).await;
    let topics = [Topic::from("/topic/a"), Topic::from("/topic/b")];
    let mut client = server.connect("kim").await;
    for (id, topic) in ["a", "b"].iter().zip(&topics) {
        client.subscribe(id, topic.as_str()).await;
    }
    for _ in 0..40 {
        for topic in &topics {
            server.shop.store(topic, "x".repeat(20_000), Duration::ZERO).await;
        }
    }
    let mut last = [0, 0];
    while last != [40, 40] {
        let frame = client.recv().await;
        let Ok(position) = frame.get("message-id").unwrap().parse::<u64>() else {
            continue;
        };
        let of = usize::from(frame.get("subscription") == Some("b"));
        assert_eq!(position, last[of] + 1);
        last[of] = position;
    }
}

#[tokio::test]
async fn what_was_stored_but_never_published_is_read_when_the_next_one_shows_the_hole() {
    let server = Server::start(Limits::default()).await;
    let topic = Topic::from("/topic/a");
    let mut client = server.connect("kim").await;
    client.subscribe("0", "/topic/a").await;
    server.shop.store(&topic, "first".into(), Duration::ZERO).await;
    server.shop.commit(&topic, "unheard".into());
    server.shop.store(&topic, "third".into(), Duration::ZERO).await;
    for body in ["first", "unheard", "third", "SYNC 3"] {
        assert_eq!(client.message().await, body);
    }
}

#[tokio::test]
async fn one_who_unsubscribes_while_catching_up_hears_nothing_more() {
    let server = Server::start(small_queue()).await;
    let topic = Topic::from("/topic/a");
    let mut client = server.connect("kim").await;
    client.subscribe("0", "/topic/a").await;
    for _ in 0..600 {
        server.shop.store(&topic, "x".repeat(20_000), Duration::ZERO).await;
    }
    assert_eq!(next_position(&mut client).await, 1);
    client
        .frame(Command::Unsubscribe, &[("id", "0"), ("receipt", "enough")], "")
        .await;
    let mut heard = 1;
    loop {
        let frame = client.recv().await;
        if frame.command == Command::Receipt {
            break;
        }
        heard += 1;
    }
    assert!(heard < 600, "all of it came first");
    server.shop.store(&topic, "more".into(), Duration::ZERO).await;
    client.subscribe("1", "/topic/other").await;
    assert_eq!(server.broker().counts().topics, 1);
    server.shop.noted("unsubscribed kim /topic/a Unsubscribe").await;
}

#[tokio::test]
async fn what_has_no_history_still_closes_with_4500() {
    let server = Server::start(small_queue()).await;
    let mut client = server.connect("kim").await;
    client.subscribe("0", "/topic/a").await;
    server
        .shop
        .store(&"/topic/a".into(), "one".into(), Duration::ZERO)
        .await;
    assert_eq!(client.message().await, "one");
    client.subscribe("1", "/topic/b").await;
    for _ in 0..10 {
        let publication = Publication::json("x".repeat(40_000));
        server.broker().publish(&"/topic/b".into(), &publication);
    }
    assert_eq!(client.end().await.code, Some(4500));
}

#[derive(Clone, Debug)]
enum Act {
    Publish { count: usize, bytes: usize },
    Read(usize),
    Pause,
    Reconnect,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => (1..40usize, 1..30_000usize).prop_map(|(count, bytes)| Act::Publish { count, bytes }),
        4 => (1..30usize).prop_map(Act::Read),
        1 => Just(Act::Pause),
        1 => Just(Act::Reconnect),
    ];
    vec(act, 1..25)
}

/// Random stalls, floods and reconnects: what a reader has seen is always a gapless prefix of the room.
#[test]
fn every_readers_view_is_a_gapless_prefix() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&acts(), |acts| {
            runtime.block_on(follow(acts));
            Ok(())
        })
        .unwrap();
}

async fn follow(acts: Vec<Act>) {
    let server = Server::start(small_queue()).await;
    let topic = Topic::from("/topic/a");
    let (mut stored, mut seen) = (0, 0);
    let mut client = come_back(&server, seen).await;
    for act in acts {
        match act {
            Act::Publish { count, bytes } => {
                for _ in 0..count {
                    stored = server.shop.store(&topic, "x".repeat(bytes), Duration::ZERO).await;
                }
            }
            Act::Read(count) => {
                for _ in 0..count.min((stored - seen) as usize) {
                    seen += 1;
                    assert_eq!(next_position(&mut client).await, seen);
                }
            }
            Act::Pause => tokio::time::sleep(Duration::from_millis(20)).await,
            Act::Reconnect => client = come_back(&server, seen).await,
        }
        assert!(server.broker().counts().queued_bytes <= 2 * 100_000);
    }
    while seen < stored {
        seen += 1;
        assert_eq!(next_position(&mut client).await, seen);
    }
}

async fn come_back(server: &Server, seen: u64) -> Client {
    let mut client = server.connect("kim").await;
    let after = seen.to_string();
    let headers = [("id", "0"), ("destination", "/topic/a"), ("after-seq", &after)];
    client.frame(Command::Subscribe, &headers, "").await;
    client
}
