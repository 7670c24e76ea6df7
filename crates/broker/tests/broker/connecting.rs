use std::time::Duration;

use broker::{ConnectionsPerUserPolicy, Limits};
use wire::{Command, Frame, Version};

use crate::support::Server;

#[tokio::test]
async fn the_best_offered_sub_protocol_is_chosen() {
    let server = Server::start(Limits::default()).await;
    let chosen = |(_, chosen): (_, Option<String>)| chosen;
    assert_eq!(
        chosen(server.offer(&["v10.stomp", "v12.stomp", "v11.stomp"]).await).as_deref(),
        Some("v12.stomp")
    );
    assert_eq!(chosen(server.offer(&["v10.stomp"]).await).as_deref(), Some("v10.stomp"));
    assert_eq!(chosen(server.offer(&[]).await), None);
}

#[tokio::test]
async fn connected_shows_version_heart_beats_and_user() {
    let server = Server::start(Limits::default()).await;
    for version in Version::ALL {
        for command in [Command::Connect, Command::Stomp] {
            let mut client = server.open().await;
            let frame = Frame::new(command)
                .header("accept-version", version.as_str())
                .header("login", "a:b\\n");
            client.send(&frame).await;
            let connected = client.recv().await;
            assert_eq!(connected.command, Command::Connected);
            assert_eq!(connected.get("version"), Some(version.as_str()));
            assert_eq!(connected.get("heart-beat"), Some("10000,10000"));
            assert_eq!(connected.get("user-name"), Some("a:b\\n"));
        }
    }
}

#[tokio::test]
async fn what_follows_connect_in_the_same_message_is_read_by_the_agreed_version() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.open().await;
    let frames = "CONNECT\naccept-version:1.0\n\n\0SUBSCRIBE\ndestination:/topic/a\\b\nreceipt: r\\c \n\n\0";
    client.send_raw(frames).await;
    assert_eq!(client.recv().await.command, Command::Connected);
    client.version = Version::V1_0;
    let receipt = client.recv().await;
    assert_eq!(receipt.command, Command::Receipt);
    server.shop.noted("subscribed guest /topic/a\\b").await;
}

#[tokio::test]
async fn no_common_version_is_told_with_ours() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.open().await;
    client
        .frame(Command::Connect, &[("accept-version", "2.0,3.0")], "")
        .await;
    let end = client.end().await;
    assert_eq!(
        (end.error().get("version"), end.error().get("code")),
        (Some("1.0,1.1,1.2"), Some("invalid_request"))
    );
    assert_eq!(end.code, Some(1002));
}

#[tokio::test]
async fn a_refused_log_in_gets_an_error_and_4401() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.open().await;
    client
        .frame(
            Command::Connect,
            &[("accept-version", "1.2"), ("login", "stranger")],
            "",
        )
        .await;
    let end = client.end().await;
    let error = end.error();
    assert_eq!(
        (error.get("message"), error.get("code")),
        (Some("Who are you?"), Some("unauthenticated"))
    );
    assert_eq!(
        (error.get("content-type"), &error.body[..]),
        (Some("application/json"), &b"unauthenticated"[..])
    );
    assert_eq!(end.code, Some(4401));
    assert_eq!(server.broker().counts().connections, 0);
}

#[tokio::test]
async fn connect_comes_first_and_once() {
    let server = Server::start(Limits::default()).await;
    let mut early = server.open().await;
    early
        .frame(
            Command::Subscribe,
            &[("id", "1"), ("destination", "/topic/a"), ("receipt", "r")],
            "",
        )
        .await;
    let end = early.end().await;
    assert_eq!((end.error().get("receipt-id"), end.code), (Some("r"), Some(1002)));

    let mut twice = server.connect("kim").await;
    twice.frame(Command::Connect, &[("accept-version", "1.2")], "").await;
    assert_eq!(twice.end().await.code, Some(1002));
    server.shop.noted("closed kim ByServer(1002)").await;
}

#[tokio::test]
async fn a_malformed_heart_beat_is_refused() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.open().await;
    client
        .frame(
            Command::Connect,
            &[("accept-version", "1.2"), ("heart-beat", "now,then")],
            "",
        )
        .await;
    assert_eq!(client.end().await.error().get("code"), Some("invalid_request"));
}

#[tokio::test]
async fn silence_before_connect_ends_the_socket() {
    let limits = Limits {
        connect_timeout: Duration::from_millis(100),
        ..Limits::default()
    };
    let server = Server::start(limits.clone()).await;
    let mut silent = server.open().await;
    let end = silent.end().await;
    assert_eq!((end.error().get("code"), end.code), (Some("timed_out"), Some(1002)));

    // Nor may the app take longer: the time runs to CONNECTED.
    let limits = Limits {
        close_timeout: Duration::from_millis(100),
        finish_timeout: Duration::from_millis(100),
        ..limits
    };
    let server = Server::start(limits).await;
    let mut client = server.open().await;
    client
        .frame(
            Command::Connect,
            &[("accept-version", "1.2"), ("login", "undecided")],
            "",
        )
        .await;
    assert_eq!(client.end().await.error().get("code"), Some("timed_out"));
}

#[tokio::test]
async fn over_the_limit_the_oldest_connection_of_a_user_goes() {
    let server = Server::start(Limits {
        connections_per_user: 2,
        ..Limits::default()
    })
    .await;
    let mut first = server.connect("kim").await;
    let mut second = server.connect("kim").await;
    let _other = server.connect("lee").await;
    let mut third = server.connect("kim").await;
    assert_eq!(first.end().await.code, Some(4409));
    server.shop.noted("closed kim ByServer(4409)").await;
    second.subscribe("0", "/topic/a").await;
    third.subscribe("0", "/topic/a").await;
    assert_eq!(server.broker().counts().connections, 3);
    assert_eq!(server.broker().counts().users, 2);
}

#[tokio::test]
async fn over_the_limit_the_newest_connection_of_a_user_is_refused_if_so_set() {
    let policy = ConnectionsPerUserPolicy::RefuseNewest;
    let limits = Limits {
        connections_per_user: 1,
        connections_per_user_policy: policy,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut first = server.connect("kim").await;
    let mut second = server.open().await;
    second
        .frame(Command::Connect, &[("accept-version", "1.2"), ("login", "kim")], "")
        .await;
    let end = second.end().await;
    assert_eq!(
        (end.error().get("code"), end.code),
        (Some("too_many_connections"), Some(4409))
    );
    first.subscribe("0", "/topic/a").await;
}

#[tokio::test]
async fn a_place_is_free_again_when_its_connection_is_gone() {
    let policy = ConnectionsPerUserPolicy::RefuseNewest;
    let limits = Limits {
        connections_per_user: 1,
        connections_per_user_policy: policy,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    for _ in 0..3 {
        let mut client = server.connect("kim").await;
        client.frame(Command::Disconnect, &[("receipt", "bye")], "").await;
        client.receipt("bye").await;
        assert_eq!(client.end().await.code, Some(1000));
    }
}
