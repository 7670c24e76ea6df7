//! Connections without STOMP.

use std::time::Duration;

use broker::{Counts, Limits, Publication};
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::support::Server;

#[tokio::test]
async fn bodies_come_and_go_and_stomp_readers_of_the_same_topic_see_the_same() {
    let server = Server::start(Limits::default()).await;
    let mut raw = server.raw("a", "login=lee").await;
    server.shop.noted("subscribed lee /topic/a").await;
    let mut stomp = server.connect("kim").await;
    stomp.subscribe("0", "/topic/a").await;
    raw.say("hello").await;
    raw.hears("hello").await;
    assert_eq!(stomp.message().await, "hello");
    stomp.send_to("/topic/a", "and you", "r").await;
    raw.hears("and you").await;
    drop(raw);
    server.shop.noted("unsubscribed lee /topic/a Lost").await;
    server.shop.noted("closed lee Lost").await;
}

#[tokio::test]
async fn the_greeting_comes_first_then_what_was_missed_then_live() {
    let server = Server::start(Limits::default()).await;
    let topic = "/topic/a/greeted".into();
    for body in ["1", "2", "3"] {
        server.shop.store(&topic, body.into(), Duration::ZERO).await;
    }
    let mut raw = server.raw("a%2Fgreeted", "login=lee&after=1").await;
    for body in ["welcome", "2", "3", "SYNC 3"] {
        raw.hears(body).await;
    }
    server.shop.store(&topic, "4".into(), Duration::ZERO).await;
    raw.hears("4").await;
    let mut live = server.raw("a%2Fgreeted", "login=choi").await;
    live.hears("welcome").await;
    server.shop.noted("subscribed choi /topic/a/greeted").await;
    server.shop.store(&topic, "5".into(), Duration::ZERO).await;
    live.hears("5").await;
}

#[tokio::test]
async fn a_refusal_is_told_as_it_is_and_costs_nothing() {
    let server = Server::start(Limits::default()).await;
    let mut raw = server.raw("picky", "login=lee").await;
    raw.say("hello").await;
    raw.hears("empty_content destination=/topic/picky clientMessageId=hello")
        .await;
    server
        .broker()
        .publish(&"/topic/picky".into(), &Publication::json("still here"));
    raw.hears("still here").await;
}

#[tokio::test]
async fn one_who_may_not_read_hears_why_and_is_closed() {
    let server = Server::start(Limits::default()).await;
    let mut raw = server.raw("forbidden", "login=lee").await;
    raw.hears("forbidden destination=/topic/forbidden").await;
    assert_eq!(raw.next().await, Err(Some(1002)));
    server.shop.noted("closed lee ByServer(1002)").await;
}

#[tokio::test]
async fn a_log_in_that_ends_closes_with_4401() {
    let server = Server::start(Limits::default()).await;
    let mut raw = server.raw("a", "login=lee&expires-ms=100").await;
    raw.hears("unauthenticated").await;
    assert_eq!(raw.next().await, Err(Some(4401)));
}

#[tokio::test]
async fn the_limit_of_connections_counts_raw_ones_too() {
    let server = Server::start(Limits {
        connections_per_user: 2,
        ..Limits::default()
    })
    .await;
    let mut first = server.raw("a", "login=lee").await;
    server.shop.noted("subscribed lee /topic/a").await;
    let _second = server.connect("lee").await;
    let _third = server.raw("a", "login=lee").await;
    assert_eq!(first.next().await, Err(Some(4409)));
}

#[tokio::test]
async fn too_large_a_message_is_refused_before_it_is_whole() {
    let mut limits = Limits::default();
    limits.frame.body_bytes_max = 1000;
    let server = Server::start(limits).await;
    let mut raw = server.raw("a", "login=lee").await;
    raw.say(&"x".repeat(1001)).await;
    raw.hears("too_large").await;
    assert_eq!(raw.next().await, Err(Some(1002)));
}

#[tokio::test]
async fn a_ping_is_answered_and_a_clean_close_leaves_nothing() {
    let server = Server::start(Limits::default()).await;
    let mut raw = server.raw("a", "login=lee").await;
    raw.socket.send(Message::Ping("are you there".into())).await.unwrap();
    raw.say("yes").await;
    raw.hears("yes").await;
    raw.socket.close(None).await.unwrap();
    server.shop.noted("closed lee CleanClose").await;
    assert_eq!(server.broker().counts(), Counts::default());
}

#[tokio::test]
async fn pings_are_answered_in_turn_before_what_is_said_later() {
    let server = Server::start(Limits::default()).await;
    let mut raw = server.raw("a", "login=lee").await;
    let pings = (0..20).map(|number| Message::Ping(vec![number].into()));
    for message in pings.chain([Message::text("here")]) {
        raw.socket.feed(message).await.unwrap();
    }
    raw.socket.flush().await.unwrap();
    for number in 0..20 {
        let answer = raw.socket.next().await.unwrap().unwrap();
        assert_eq!(answer, Message::Pong(vec![number].into()));
    }
    raw.hears("here").await;
}

#[tokio::test]
async fn a_slow_raw_reader_catches_up() {
    let server = Server::start(Limits {
        queue_bytes_max: 100_000,
        ..Limits::default()
    })
    .await;
    let mut raw = server.raw("a", "login=lee").await;
    server.shop.noted("subscribed lee /topic/a").await;
    let body = |number: usize| format!("{number} {}", "x".repeat(20_000));
    for number in 0..300 {
        server
            .shop
            .store(&"/topic/a".into(), body(number), Duration::ZERO)
            .await;
    }
    for number in 0..300 {
        raw.hears(&body(number)).await;
    }
    raw.hears("SYNC 300").await;
}
