//! What a person may not read any more does not reach them.

use std::sync::Arc;
use std::time::Duration;

use broker::{Limits, Publication, Topic};
use wire::Command;

use crate::support::{Server, user};

#[tokio::test]
async fn a_subscription_hears_its_last_word_and_nothing_after() {
    let server = Server::start(Limits::default()).await;
    let topic = Topic::from("/topic/a");
    let mut kim = server.connect("kim").await;
    kim.subscribe("0", "/topic/a").await;
    kim.subscribe("1", "/topic/b").await;
    let mut lee = server.connect("lee").await;
    lee.subscribe("0", "/topic/a").await;
    server
        .broker()
        .revoke(user("kim"), &topic, Some(&Publication::json("you were removed")));
    server.broker().publish(&topic, &Publication::json("secret"));
    server
        .broker()
        .publish(&"/topic/b".into(), &Publication::json("public"));
    assert_eq!(kim.message().await, "you were removed");
    assert_eq!(kim.message().await, "public");
    assert_eq!(lee.message().await, "secret");
    server.shop.noted("unsubscribed kim /topic/a Revoked").await;
    // The id is free again.
    kim.subscribe("0", "/topic/b").await;
}

#[tokio::test]
async fn a_raw_connection_closes_with_4403() {
    let server = Server::start(Limits::default()).await;
    let mut raw = server.raw("a", "login=lee").await;
    server.shop.noted("subscribed lee /topic/a").await;
    server
        .broker()
        .revoke(user("lee"), &"/topic/a".into(), Some(&Publication::json("removed")));
    server
        .broker()
        .publish(&"/topic/a".into(), &Publication::json("secret"));
    raw.hears("removed").await;
    assert_eq!(raw.next().await, Err(Some(4403)));
}

/// Somebody subscribes again and again while the right is taken and given: whatever the moment, nothing that is
/// published while it is taken arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_moment_of_subscribing_slips_through() {
    let server = Arc::new(Server::start(Limits::default()).await);
    let topic = Topic::from("/topic/considered");
    for round in 0..100u64 {
        let mut kim = server.connect("kim").await;
        let taker = {
            let (server, topic) = (Arc::clone(&server), topic.clone());
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_micros(round * 53 % 4000)).await;
                server.shop.banned.lock().unwrap().insert("kim".to_owned());
                server.broker().revoke(user("kim"), &topic, None);
                server.broker().publish(&topic, &Publication::json("secret"));
            })
        };
        let headers = [("id", "0"), ("destination", "/topic/considered")];
        kim.frame(Command::Subscribe, &headers, "").await;
        taker.await.unwrap();
        server.broker().publish(&topic, &Publication::json("secret"));
        kim.frame(Command::Disconnect, &[("receipt", "bye")], "").await;
        while let Ok(frame) = kim.next().await {
            assert_ne!(frame.command, Command::Message, "round {round}");
        }
        server.shop.banned.lock().unwrap().clear();
    }
}
