//! Rules of STOMP that need a connection and stand nowhere else.

use std::time::Duration;

use broker::Limits;
use wire::{Command, Frame, Version};

use crate::support::Server;

#[tokio::test]
async fn stomp_is_connect_and_a_host_may_be_missing() {
    let server = Server::start(Limits::default()).await;
    for command in [Command::Connect, Command::Stomp] {
        for host in [None, Some("localhost"), Some("somewhere.example")] {
            let mut client = server.open().await;
            let frame = Frame::new(command).header("accept-version", "1.1,1.2");
            let frame = host.iter().fold(frame, |frame, host| frame.header("host", host));
            client.send(&frame).await;
            let connected = client.recv().await;
            assert_eq!(
                (connected.command, connected.get("version")),
                (Command::Connected, Some("1.2"))
            );
        }
    }
}

#[tokio::test]
async fn what_follows_disconnect_is_not_processed() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect("kim").await;
    let mut bytes = Vec::new();
    let frames = [
        Frame::new(Command::Disconnect).header("receipt", "bye"),
        Frame::new(Command::Send)
            .header("destination", "/topic/a")
            .header("receipt", "late"),
    ];
    for frame in &frames {
        wire::encode(frame, Version::V1_2, &mut bytes);
    }
    client.send_raw(bytes).await;
    client.receipt("bye").await;
    assert_eq!(client.end().await.code, Some(1000));
    server.shop.noted("closed kim Disconnect").await;
    assert!(!server.shop.notes().iter().any(|note| note.starts_with("sent")));
}

#[tokio::test]
async fn a_connection_that_goes_aborts_its_transactions() {
    let server = Server::start(Limits::default()).await;
    for properly in [true, false] {
        let mut client = server.connect("kim").await;
        client.frame(Command::Begin, &[("transaction", "t")], "").await;
        let headers = [("destination", "/topic/a"), ("transaction", "t")];
        client.frame(Command::Send, &headers, "never").await;
        client.send_to("/topic/a", "now", "r").await;
        client.receipt("r").await;
        if properly {
            client.frame(Command::Disconnect, &[], "").await;
            server.shop.noted("closed kim Disconnect").await;
        } else {
            drop(client);
            server.shop.noted("closed kim Lost").await;
        }
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!server.shop.notes().iter().any(|note| note.contains("never")));
}
