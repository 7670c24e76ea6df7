use std::time::Duration;

use broker::{Limits, Publication, Topic};
use wire::{Command, Version};

use crate::support::{Client, Server};

#[tokio::test]
async fn each_subscriber_gets_its_own_version_destination_and_id() {
    let server = Server::start(Limits {
        connections_per_user: 0,
        ..Limits::default()
    })
    .await;
    let mut clients: Vec<(Client, &str, Version)> = Vec::new();
    for version in Version::ALL {
        for id in ["sub-0", "a:b\\c", "sub-0"] {
            let mut client = server.connect_with(version, &[]).await;
            client.subscribe(id, "/topic/product:42").await;
            clients.push((client, id, version));
        }
    }
    let publication = Publication::json("{\"안녕\":1}").with_message_id(7);
    server.broker().publish(&"/topic/product:42".into(), &publication);
    server
        .broker()
        .publish(&"/topic/product:42".into(), &Publication::json("2"));
    for (client, id, version) in &mut clients {
        let frame = client.recv().await;
        assert_eq!(frame.command, Command::Message);
        assert_eq!(frame.get("destination"), Some("/topic/product:42"), "{version:?}");
        assert_eq!(frame.get("subscription"), Some(*id), "{version:?}");
        assert_eq!((frame.get("message-id"), frame.get("ack")), (Some("7"), None));
        assert_eq!(
            (frame.get("content-type"), frame.get("content-length")),
            (Some("application/json"), Some("12"))
        );
        assert_eq!(&frame.body[..], "{\"안녕\":1}".as_bytes());
        let second = client.recv().await;
        assert!(
            second.get("message-id").is_some_and(|id| id.starts_with("e-")),
            "{second:?}"
        );
    }
}

#[tokio::test]
async fn in_1_0_a_subscription_needs_no_id() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect_with(Version::V1_0, &[]).await;
    client
        .frame(Command::Subscribe, &[("destination", "/topic/a"), ("receipt", "1")], "")
        .await;
    client.receipt("1").await;
    server.broker().publish(&"/topic/a".into(), &Publication::json("x"));
    let frame = client.recv().await;
    assert_eq!(
        (frame.get("subscription"), frame.get("destination")),
        (None, Some("/topic/a"))
    );
    client
        .frame(
            Command::Unsubscribe,
            &[("destination", "/topic/a"), ("receipt", "2")],
            "",
        )
        .await;
    client.receipt("2").await;
    assert!(!server.broker().has_subscribers(&"/topic/a".into()));
}

#[tokio::test]
async fn a_body_of_any_octets_arrives_unchanged() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect("kim").await;
    client.subscribe("0", "/topic/a").await;
    let body: Vec<u8> = (0..=255).collect();
    server
        .broker()
        .publish(&"/topic/a".into(), &Publication::json(body.clone()));
    assert_eq!(client.recv().await.body, body);
}

#[tokio::test]
async fn a_user_destination_shows_as_it_was_subscribed() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect("kim").await;
    client.subscribe("q", "/user/queue/chat").await;
    let user = server.broker().connections_of("kim".bytes().map(i64::from).sum())[0].user();
    server.broker().publish(
        &Topic::from(format!("/user/{user}/queue/chat")),
        &Publication::json("x"),
    );
    assert_eq!(client.recv().await.get("destination"), Some("/user/queue/chat"));
}

#[tokio::test]
async fn after_the_receipt_of_unsubscribe_nothing_comes() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect("kim").await;
    client.subscribe("0", "/topic/a").await;
    client.subscribe("1", "/topic/a").await;
    client
        .frame(Command::Unsubscribe, &[("id", "0"), ("receipt", "gone")], "")
        .await;
    client.receipt("gone").await;
    server.shop.noted("unsubscribed kim /topic/a Unsubscribe").await;
    server.broker().publish(&"/topic/a".into(), &Publication::json("x"));
    assert_eq!(client.recv().await.get("subscription"), Some("1"));
    client.send_to("/app/store/topic/b", "", "last").await;
    client.receipt("last").await;
    assert_eq!(server.broker().counts().subscriptions, 1);
}

#[tokio::test]
async fn an_id_in_use_is_a_fault_and_free_again_after_unsubscribe() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect("kim").await;
    client.subscribe("0", "/topic/a").await;
    client.frame(Command::Unsubscribe, &[("id", "0")], "").await;
    client.subscribe("0", "/topic/b").await;
    client
        .frame(Command::Subscribe, &[("id", "0"), ("destination", "/topic/c")], "")
        .await;
    assert_eq!(client.end().await.error().get("code"), Some("invalid_request"));
    server.shop.noted("unsubscribed kim /topic/b ByServer(1002)").await;
    assert!(!server.broker().has_subscribers(&"/topic/b".into()));
}

#[tokio::test]
async fn subscriptions_are_limited() {
    let server = Server::start(Limits {
        subscriptions_max: 2,
        ..Limits::default()
    })
    .await;
    let mut client = server.connect("kim").await;
    client.subscribe("0", "/topic/a").await;
    client.subscribe("1", "/topic/a").await;
    client
        .frame(Command::Subscribe, &[("id", "2"), ("destination", "/topic/a")], "")
        .await;
    assert_eq!(client.end().await.error().get("code"), Some("too_many_subscriptions"));
}

#[tokio::test]
async fn client_mode_acknowledges_all_before_and_individual_mode_just_one() {
    let server = Server::start(Limits::default()).await;
    for (mode, earlier_is_open) in [("client", false), ("client-individual", true)] {
        for (version, command) in [
            (Version::V1_2, Command::Ack),
            (Version::V1_2, Command::Nack),
            (Version::V1_1, Command::Ack),
        ] {
            let mut client = server.connect_with(version, &[("login", "kim")]).await;
            let headers = [
                ("id", "s"),
                ("destination", "/topic/a"),
                ("ack", mode),
                ("receipt", "0"),
            ];
            client.frame(Command::Subscribe, &headers, "").await;
            client.receipt("0").await;
            let mut names = Vec::new();
            for number in 0..3u64 {
                server
                    .broker()
                    .publish(&"/topic/a".into(), &Publication::json("x").with_message_id(number));
                let frame = client.recv().await;
                let name = frame.get(if version == Version::V1_2 { "ack" } else { "message-id" });
                names.push(name.unwrap().to_owned());
            }
            let ack = |name: &str| {
                let field = if version == Version::V1_2 { "id" } else { "message-id" };
                [
                    (field.to_owned(), name.to_owned()),
                    ("subscription".to_owned(), "s".to_owned()),
                    ("receipt".to_owned(), "r".to_owned()),
                ]
            };
            let pairs = |ack: &[(String, String); 3]| ack.clone().map(|(name, value)| (name, value));
            let second = pairs(&ack(&names[1]));
            client
                .frame(command, &second.each_ref().map(|(n, v)| (&n[..], &v[..])), "")
                .await;
            client.receipt("r").await;
            let first = pairs(&ack(&names[0]));
            client
                .frame(command, &first.each_ref().map(|(n, v)| (&n[..], &v[..])), "")
                .await;
            if earlier_is_open {
                client.receipt("r").await;
                // Used up by now.
                client
                    .frame(command, &first.each_ref().map(|(n, v)| (&n[..], &v[..])), "")
                    .await;
            }
            assert_eq!(
                client.end().await.error().get("code"),
                Some("invalid_request"),
                "{mode} {version:?}"
            );
        }
    }
}

#[tokio::test]
async fn messages_of_an_auto_subscription_cannot_be_acknowledged() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect_with(Version::V1_1, &[]).await;
    client.subscribe("s", "/topic/a").await;
    server
        .broker()
        .publish(&"/topic/a".into(), &Publication::json("x").with_message_id(1));
    client.message().await;
    client
        .frame(Command::Ack, &[("message-id", "1"), ("subscription", "s")], "")
        .await;
    assert_eq!(client.end().await.code, Some(1002));
}

#[tokio::test]
async fn messages_forgotten_over_the_bound_count_as_acknowledged() {
    let server = Server::start(Limits {
        unacknowledged_max: 2,
        ..Limits::default()
    })
    .await;
    let mut client = server.connect_with(Version::V1_0, &[]).await;
    client
        .frame(
            Command::Subscribe,
            &[
                ("id", "s"),
                ("destination", "/topic/a"),
                ("ack", "client"),
                ("receipt", "0"),
            ],
            "",
        )
        .await;
    client.receipt("0").await;
    for number in 0..5u64 {
        server
            .broker()
            .publish(&"/topic/a".into(), &Publication::json("x").with_message_id(number));
        client.message().await;
    }
    for id in ["0", "4"] {
        client
            .frame(Command::Ack, &[("message-id", id), ("receipt", id)], "")
            .await;
        client.receipt(id).await;
    }
}

#[tokio::test]
async fn everybody_hears_the_same_order() {
    let server = Server::start(Limits {
        connections_per_user: 0,
        ..Limits::default()
    })
    .await;
    let mut clients = Vec::new();
    for number in 0..20 {
        let mut client = server.connect("kim").await;
        client.subscribe(&format!("sub-{}", number % 3), "/topic/a").await;
        clients.push(client);
    }
    let publishers = (0..4).map(|publisher| {
        let broker = server.broker().clone();
        tokio::spawn(async move {
            for number in 0..50 {
                broker.publish(&"/topic/a".into(), &Publication::json(format!("{publisher}.{number}")));
                tokio::task::yield_now().await;
            }
        })
    });
    for publisher in publishers.collect::<Vec<_>>() {
        publisher.await.unwrap();
    }
    let mut first = None;
    for client in &mut clients {
        let mut heard = Vec::new();
        for _ in 0..200 {
            heard.push(client.message().await);
        }
        assert_eq!(*first.get_or_insert_with(|| heard.clone()), heard);
    }
}

#[tokio::test]
async fn volatile_publications_are_left_out_first_when_a_reader_is_slow() {
    let limits = Limits {
        queue_bytes_max: 1 << 20,
        ..Limits::default()
    };
    let server = Server::start(limits.clone()).await;
    let mut client = server.connect("kim").await;
    client.subscribe("0", "/topic/a").await;
    // Nobody reads meanwhile: the test's own task has the runtime, so the connection's cannot write either.
    let body = "x".repeat(60_000);
    for number in 0..16u64 {
        server.broker().publish(
            &"/topic/a".into(),
            &Publication::json(body.clone()).with_message_id(number),
        );
        server
            .broker()
            .publish(&"/topic/a".into(), &Publication::json("typing").volatile());
    }
    assert!(server.broker().counts().queued_bytes <= limits.queue_bytes_max);
    let (mut stored, mut typing) = (0, 0);
    while stored < 16 {
        match client.message().await.len() {
            6 => typing += 1,
            _ => stored += 1,
        }
    }
    assert!(
        (5..=10).contains(&typing),
        "{typing} volatile ones came, not about half"
    );
    // Empty again, and so open for all.
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(server.broker().counts().queued_bytes, 0);
}
