//! What a publication costs, in counts: encodings, writes, allocations.

use allocation_counter::measure;
use broker::{Limits, Publication, Topic};
use wire::Version;

use crate::support::{Client, Server};

fn many() -> Limits {
    Limits {
        connections_per_user: 0,
        ..Limits::default()
    }
}

/// Readers of `/topic/a` under this id.
async fn readers(server: &Server, count: usize, id: &str, version: Version) -> Vec<Client> {
    let mut readers = Vec::new();
    for _ in 0..count {
        let mut reader = server.connect_with(version, &[]).await;
        reader.subscribe(id, "/topic/a").await;
        readers.push(reader);
    }
    readers
}

#[tokio::test]
async fn a_body_is_encoded_once_for_each_version_and_subscription_id() {
    let server = Server::start(many()).await;
    let mut all = readers(&server, 40, "0", Version::V1_2).await;
    all.extend(readers(&server, 30, "0", Version::V1_1).await);
    all.extend(readers(&server, 20, "sub-7", Version::V1_2).await);
    let mut raw = Vec::new();
    for _ in 0..10 {
        raw.push(server.raw("a", "login=lee").await);
    }
    for _ in 0..10 {
        server.shop.noted("subscribed lee /topic/a").await;
    }
    while server.broker().counts().subscriptions < 100 {
        tokio::task::yield_now().await;
    }
    let before = server.figure("stomp_encoded_total");
    server.broker().publish(&"/topic/a".into(), &Publication::json("hello"));
    for reader in &mut all {
        assert_eq!(reader.message().await, "hello");
    }
    for reader in &mut raw {
        reader.hears("hello").await;
    }
    assert_eq!(server.figure("stomp_encoded_total") - before, 4, "for 100 readers");
}

#[tokio::test]
async fn all_that_waits_for_a_connection_goes_out_in_one_write() {
    let server = Server::start(many()).await;
    let mut readers = readers(&server, 50, "0", Version::V1_2).await;
    let before = server.writes();
    // On this one thread no connection has its turn before the last of them.
    for number in 0..10 {
        let publication = Publication::json(number.to_string());
        server.broker().publish(&"/topic/a".into(), &publication);
    }
    for reader in &mut readers {
        for number in 0..10 {
            assert_eq!(reader.message().await, number.to_string());
        }
    }
    assert_eq!(server.writes() - before, 50, "for 500 messages");
}

#[tokio::test]
async fn receipts_and_messages_of_one_turn_share_a_write() {
    let server = Server::start(many()).await;
    let mut client = server.connect("kim").await;
    client.subscribe("0", "/topic/a").await;
    let before = server.writes();
    let mut frames = Vec::new();
    for number in 0..5 {
        let frame = wire::Frame::new(wire::Command::Send)
            .header("destination", "/topic/a")
            .header("receipt", &number.to_string())
            .body(number.to_string());
        wire::encode(&frame, Version::V1_2, &mut frames);
    }
    client.send_raw(frames).await;
    for _ in 0..10 {
        client.recv().await;
    }
    assert_eq!(server.writes() - before, 1);
}

/// Publishing costs memory for what is encoded, and none for each who hears it.
#[tokio::test]
async fn fan_out_allocates_nothing_for_a_receiver() {
    let mut counted = Vec::new();
    for count in [10, 200] {
        let server = Server::start(many()).await;
        let mut readers = readers(&server, count, "0", Version::V1_2).await;
        let topic = Topic::from("/topic/a");
        let publication = Publication::json("hello");
        // The first one grows what the scheduler keeps.
        server.broker().publish(&topic, &publication);
        for reader in &mut readers {
            reader.message().await;
        }
        tokio::task::yield_now().await;
        counted.push(measure(|| server.broker().publish(&topic, &publication)).count_total);
        for reader in &mut readers {
            reader.message().await;
        }
    }
    assert_eq!(counted[0], counted[1], "allocations for 10 and for 200 receivers");
}
