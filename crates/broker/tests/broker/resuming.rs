use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use broker::{Limits, Publication, Topic};
use wire::Command;

use crate::support::{Client, Server};

async fn resume(client: &mut Client, id: &str, destination: &str, after: u64) {
    let after = after.to_string();
    let headers = [
        ("id", id),
        ("destination", destination),
        ("after-seq", &after),
        ("receipt", "level"),
    ];
    client.frame(Command::Subscribe, &headers, "").await;
}

/// Reads until the RECEIPT: positions of messages, and what SYNC said it covers.
async fn until_level(client: &mut Client) -> (Vec<u64>, u64) {
    let (mut positions, mut covered) = (Vec::new(), None);
    loop {
        let frame = client.recv().await;
        if frame.command == Command::Receipt {
            assert_eq!(frame.get("receipt-id"), Some("level"));
            return (positions, covered.expect("SYNC comes before the RECEIPT"));
        }
        let body = String::from_utf8(frame.body.to_vec()).unwrap();
        match body.strip_prefix("SYNC ") {
            Some(at) => {
                let at = at.parse().unwrap();
                assert_eq!(covered.replace(at), None, "one SYNC");
                // Level means: everything that SYNC covers came before it.
                assert_eq!(positions.last().copied().unwrap_or(at), at);
            }
            None => positions.push(body.parse().unwrap()),
        }
    }
}

#[tokio::test]
async fn history_comes_first_then_sync_then_live() {
    let server = Server::start(Limits {
        replay_page: 3,
        ..Limits::default()
    })
    .await;
    let topic = Topic::from("/topic/a");
    for number in 1..=10u64 {
        server.shop.store(&topic, number.to_string(), Duration::ZERO).await;
    }
    for after in [0, 1, 4, 7, 9, 10] {
        let mut client = server.connect("kim").await;
        resume(&mut client, "0", "/topic/a", after).await;
        let (positions, covered) = until_level(&mut client).await;
        assert_eq!((positions, covered), ((after + 1..=10).collect(), 10));
        server.broker().publish(&topic, &Publication::json("live"));
        assert_eq!(client.message().await, "live");
    }
}

/// Many resume again and again, from anywhere, while others publish without pause: nobody misses anything or gets
/// anything twice, and what is level is level.
async fn storm(limits: Limits, body_pad: usize) {
    let server = Arc::new(
        Server::start(Limits {
            connections_per_user: 0,
            ..limits
        })
        .await,
    );
    let topic = Topic::from("/topic/storm");
    let over = Arc::new(AtomicBool::new(false));
    let publishers: Vec<_> = (0..3u64)
        .map(|publisher| {
            let (server, topic, over) = (Arc::clone(&server), topic.clone(), Arc::clone(&over));
            tokio::spawn(async move {
                let mut number = 0u64;
                while !over.load(Ordering::Relaxed) {
                    // Time between commit and publication, the window in which a resuming reader can go wrong.
                    let pause = Duration::from_micros(if (number + publisher).is_multiple_of(5) {
                        1500
                    } else {
                        0
                    });
                    server
                        .shop
                        .store(&topic, format!("m{}", "x".repeat(body_pad)), pause)
                        .await;
                    number += 1;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let readers: Vec<_> = (0..8u64)
        .map(|reader| {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                let mut last = 0u64;
                let mut rounds_with_history = 0;
                for round in 0..12 {
                    let mut client = server.connect("reader").await;
                    resume(&mut client, "0", "/topic/storm", last).await;
                    let (mut is_level, mut replayed, mut live) = (false, 0, 0);
                    while !is_level || live < 5 + reader {
                        let frame = client.recv().await;
                        if frame.command == Command::Receipt {
                            is_level = true;
                        } else if let Some(covered) = frame.body.strip_prefix(b"SYNC ") {
                            let covered: u64 = std::str::from_utf8(covered).unwrap().parse().unwrap();
                            assert_eq!(covered, last, "level in round {round} of reader {reader}");
                        } else {
                            let position: u64 = frame.get("message-id").unwrap().parse().unwrap();
                            assert_eq!(position, last + 1, "round {round} of reader {reader}");
                            last = position;
                            if is_level { live += 1 } else { replayed += 1 }
                        }
                    }
                    rounds_with_history += usize::from(replayed > 0);
                    drop(client);
                    tokio::time::sleep(Duration::from_millis(reader)).await;
                }
                rounds_with_history
            })
        })
        .collect();
    let mut resumed = 0;
    for reader in readers {
        resumed += reader.await.unwrap();
    }
    over.store(true, Ordering::Relaxed);
    for publisher in publishers {
        publisher.await.unwrap();
    }
    assert!(resumed > 20, "only {resumed} rounds had anything to catch up with");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn resuming_under_load_has_no_hole_and_no_double() {
    storm(
        Limits {
            replay_page: 7,
            ..Limits::default()
        },
        100,
    )
    .await;
}

/// So little may be held that resuming has to go back to history again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_cannot_be_held_is_read_again() {
    storm(
        Limits {
            replay_page: 50,
            held_bytes_max: 600,
            ..Limits::default()
        },
        400,
    )
    .await;
}

#[tokio::test]
async fn a_long_history_is_paced_by_its_reader() {
    let limits = Limits {
        queue_bytes_max: 100_000,
        ..Limits::default()
    };
    let server = Server::start(limits.clone()).await;
    let topic = Topic::from("/topic/a");
    for _ in 0..400 {
        server.shop.store(&topic, "x".repeat(20_000), Duration::ZERO).await;
    }
    let mut client = server.connect("kim").await;
    resume(&mut client, "0", "/topic/a", 0).await;
    // 8 MB of history, and the client takes its time.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(server.broker().counts().queued_bytes <= limits.queue_bytes_max);
    for number in 1..=400u64 {
        assert_eq!(client.recv().await.get("message-id"), Some(&number.to_string()[..]));
    }
    assert_eq!(client.message().await, "SYNC 400");
    client.receipt("level").await;
}

#[tokio::test]
async fn a_connection_that_goes_while_it_resumes_leaves_nothing_behind() {
    let server = Server::start(Limits {
        queue_bytes_max: 100_000,
        ..Limits::default()
    })
    .await;
    let topic = Topic::from("/topic/a");
    for _ in 0..400 {
        server.shop.store(&topic, "x".repeat(20_000), Duration::ZERO).await;
    }
    let mut client = server.connect("kim").await;
    resume(&mut client, "0", "/topic/a", 0).await;
    client.recv().await;
    drop(client);
    server.shop.noted("closed kim Lost").await;
    assert_eq!(server.broker().counts(), broker::Counts::default());
    assert!(
        !server.shop.notes().iter().any(|note| note.contains("subscribed kim")),
        "never level, never announced"
    );
}
