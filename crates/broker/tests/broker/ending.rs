use std::time::{Duration, Instant};

use broker::{Close, Limits, Publication, Refusal};
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use wire::{Command, Version};

use crate::support::Server;

fn user(name: &str) -> i64 {
    name.bytes().map(i64::from).sum()
}

#[tokio::test]
async fn the_app_hears_how_a_connection_ended() {
    let server = Server::start(Limits::default()).await;
    let closes = [
        ("normal", Some(1000), "CleanClose"),
        ("going-away", Some(1001), "CleanClose"),
        ("no-code", None, "CleanClose"),
        ("strange", Some(4000), "Lost"),
    ];
    for (name, code, cause) in closes {
        let mut client = server.connect(name).await;
        client.subscribe("0", "/topic/a").await;
        let frame = code.map(|code: u16| CloseFrame {
            code: code.into(),
            reason: "".into(),
        });
        client.socket.send(Message::Close(frame)).await.unwrap();
        // The closing handshake is answered.
        assert!(matches!(client.socket.next().await, Some(Ok(Message::Close(_)))));
        server
            .shop
            .noted(&format!("unsubscribed {name} /topic/a {cause}"))
            .await;
        server.shop.noted(&format!("closed {name} {cause}")).await;
    }

    let mut client = server.connect("dropped").await;
    client.subscribe("0", "/topic/a").await;
    drop(client);
    server.shop.noted("unsubscribed dropped /topic/a Lost").await;

    let mut client = server.connect("polite").await;
    client.subscribe("0", "/topic/a").await;
    client.frame(Command::Disconnect, &[], "").await;
    assert_eq!(client.end().await.code, Some(1000));
    server.shop.noted("unsubscribed polite /topic/a Disconnect").await;
    assert_eq!(server.broker().counts(), broker::Counts::default());
}

#[tokio::test]
async fn each_subscription_is_told_of_once() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect("kim").await;
    client.subscribe("0", "/topic/a").await;
    client.subscribe("1", "/topic/b").await;
    client
        .frame(Command::Unsubscribe, &[("id", "0"), ("receipt", "r")], "")
        .await;
    client.receipt("r").await;
    drop(client);
    server.shop.noted("closed kim Lost").await;
    let unsubscribed: Vec<_> = server
        .shop
        .notes()
        .into_iter()
        .filter(|note| note.starts_with("unsubscribed"))
        .collect();
    assert_eq!(
        unsubscribed,
        [
            "unsubscribed kim /topic/a Unsubscribe",
            "unsubscribed kim /topic/b Lost"
        ]
    );
    assert_eq!(server.shop.notes().last().map(String::as_str), Some("closed kim Lost"));
}

#[tokio::test]
async fn the_server_beats_when_it_has_nothing_to_say() {
    let server = Server::start(Limits {
        heart_beat: Duration::from_millis(300),
        ..Limits::default()
    })
    .await;
    let mut client = server.connect_with(Version::V1_2, &[("heart-beat", "0,50")]).await;
    client.subscribe("0", "/topic/a").await;
    let before = Instant::now();
    for _ in 0..3 {
        // Each alone in its message: the oldest clients compare all of it.
        assert_eq!(client.socket.next().await.unwrap().unwrap(), Message::text("\n"));
    }
    assert!(before.elapsed() >= Duration::from_millis(540), "{:?}", before.elapsed());
    // Speaking counts: while something comes all the time no heart-beat does.
    for _ in 0..20 {
        server.broker().publish(&"/topic/a".into(), &Publication::json("x"));
        assert!(matches!(client.socket.next().await, Some(Ok(Message::Text(text))) if text.starts_with("MESSAGE")));
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}

#[tokio::test]
async fn a_peer_that_promised_to_beat_and_falls_silent_is_lost() {
    let server = Server::start(Limits {
        heart_beat: Duration::from_secs(1),
        ..Limits::default()
    })
    .await;
    let mut client = server
        .connect_with(Version::V1_2, &[("login", "kim"), ("heart-beat", "1000,0")])
        .await;
    // Any octet is a sign of life.
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        client.send_raw("\n").await;
    }
    // From now on the client does not even read, so no ping is answered either.
    server.shop.noted("closed kim HeartBeatMissed").await;
    let end = client.end().await;
    assert_eq!(
        (end.error().get("message"), end.code),
        (Some("Session closed."), Some(1002))
    );
}

#[tokio::test]
async fn a_pong_is_a_sign_of_life() {
    let server = Server::start(Limits {
        heart_beat: Duration::from_secs(1),
        ..Limits::default()
    })
    .await;
    let mut client = server
        .connect_with(Version::V1_2, &[("login", "kim"), ("heart-beat", "1000,0")])
        .await;
    // Reading answers pings, as a browser does for a hidden tab whose timers are held back.
    for _ in 0..3 {
        assert!(matches!(client.socket.next().await, Some(Ok(Message::Ping(_)))));
        client.socket.flush().await.unwrap();
    }
    assert_eq!(server.broker().counts().connections, 1);
}

#[tokio::test]
async fn a_peer_without_heart_beats_is_asked_and_lost_if_it_does_not_answer() {
    let server = Server::start(Limits {
        silence: Duration::from_secs(1),
        ..Limits::default()
    })
    .await;
    let mut client = server.connect("kim").await;
    for _ in 0..3 {
        assert!(matches!(client.socket.next().await, Some(Ok(Message::Ping(_)))));
        client.socket.flush().await.unwrap();
    }
    server.shop.noted("closed kim HeartBeatMissed").await;
}

#[tokio::test]
async fn a_log_in_that_runs_out_ends_the_connection_with_4401() {
    let server = Server::start(Limits::default()).await;
    let mut client = server
        .connect_with(Version::V1_2, &[("login", "kim"), ("expires-ms", "150")])
        .await;
    client.subscribe("0", "/topic/a").await;
    let end = client.end().await;
    assert_eq!(
        (end.error().get("code"), end.code),
        (Some("unauthenticated"), Some(4401))
    );
    server.shop.noted("unsubscribed kim /topic/a ByServer(4401)").await;
}

#[tokio::test]
async fn all_connections_of_a_user_can_be_ended() {
    let server = Server::start(Limits::default()).await;
    let mut tabs = [server.connect("kim").await, server.connect("kim").await];
    let mut other = server.connect("lee").await;
    tabs[0].subscribe("0", "/topic/a").await;
    let close = Close::new(4401, "logged out").with_refusal(Refusal::new("unauthenticated", "Logged out."));
    assert_eq!(server.broker().close_user(user("kim"), &close), 2);
    // From this moment nothing more reaches them.
    server.broker().publish(&"/topic/a".into(), &Publication::json("late"));
    let end = tabs[0].next().await.expect("an ERROR frame");
    assert_eq!((end.command, end.get("message")), (Command::Error, Some("Logged out.")));
    for tab in &mut tabs {
        assert_eq!(tab.end().await.code, Some(4401));
    }
    other.subscribe("0", "/topic/a").await;
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_closed_and_hinders_nobody() {
    let limits = Limits {
        write_timeout: Duration::from_millis(300),
        close_timeout: Duration::from_millis(100),
        queue_bytes_max: 64 << 20,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut stuck = server.connect("stuck").await;
    stuck.subscribe("0", "/topic/a").await;
    let mut reader = server.connect("reader").await;
    reader.subscribe("0", "/topic/a").await;
    for number in 0..300u64 {
        server.broker().publish(
            &"/topic/a".into(),
            &Publication::json("x".repeat(50_000)).with_message_id(number),
        );
        assert_eq!(reader.recv().await.get("message-id"), Some(&number.to_string()[..]));
    }
    server.shop.noted("closed stuck ByServer(4500)").await;
    assert_eq!(server.broker().counts().queued_bytes, 0);
}

#[tokio::test]
async fn more_than_the_queue_holds_closes_with_4500() {
    let limits = Limits {
        queue_bytes_max: 100_000,
        close_timeout: Duration::from_millis(200),
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut client = server.connect("kim").await;
    client.subscribe("0", "/topic/a").await;
    for _ in 0..3 {
        server
            .broker()
            .publish(&"/topic/a".into(), &Publication::json("x".repeat(40_000)));
    }
    assert_eq!(client.end().await.code, Some(4500));
    server.shop.noted("closed kim ByServer(4500)").await;
}

#[tokio::test]
async fn a_client_that_sends_without_reading_is_not_read_further() {
    let limits = Limits {
        queue_bytes_max: 50_000,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let client = server.connect("kim").await;
    let (mut sink, mut stream) = client.socket.split();
    // Answers of 40 MB in all: more than the queue and the socket's buffers take.
    let receipt = "r".repeat(10_000);
    let frames = Message::text(format!(
        "BEGIN\ntransaction:t\nreceipt:{receipt}\n\n\0ABORT\ntransaction:t\n\n\0"
    ));
    let sending = tokio::spawn(async move {
        for _ in 0..4000 {
            sink.send(frames.clone()).await.unwrap();
        }
        sink
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!sending.is_finished());
    assert!(server.broker().counts().queued_bytes <= 50_000);
    for _ in 0..4000 {
        let answer = stream.next().await;
        assert!(
            matches!(&answer, Some(Ok(Message::Text(text))) if text.starts_with("RECEIPT")),
            "{answer:?}"
        );
    }
    drop(sending.await.unwrap());
}

#[tokio::test]
async fn a_drain_answers_what_is_owed_and_closes_with_1012() {
    let server = Server::start(Limits::default()).await;
    let mut busy = server.connect("busy").await;
    let mut idle = server.connect("idle").await;
    let mut unknown = server.open().await;
    busy.send_to("/app/gate", "", "owed").await;
    server.shop.noted("sent /app/gate ").await;
    let broker = server.broker().clone();
    let drain = tokio::spawn(async move { broker.drain(Duration::from_millis(200)).await });
    assert_eq!(idle.end().await.code, Some(1012));
    assert_eq!(unknown.end().await.code, Some(1012));
    server.shop.gate.notify_one();
    busy.receipt("owed").await;
    assert_eq!(busy.end().await.code, Some(1012));
    drain.await.unwrap();
    server.shop.noted("closed busy ByServer(1012)").await;
    assert_eq!(server.broker().counts(), broker::Counts::default());
    let refused = tokio_tungstenite::connect_async(format!("ws://{}/ws", server.address)).await;
    assert!(refused.is_err(), "nobody comes in any more");
}

#[tokio::test]
async fn a_drain_tells_people_to_come_back_one_after_the_other_and_in_no_order() {
    const PEOPLE: usize = 40;
    const OVER: Duration = Duration::from_secs(1);
    let server = Server::start(Limits::default()).await;
    let mut clients = Vec::new();
    for number in 0..PEOPLE {
        clients.push(server.connect(&format!("person {number}")).await);
    }
    let begun = Instant::now();
    let ends = clients.into_iter().enumerate().map(|(number, mut client)| async move {
        assert_eq!(client.end().await.code, Some(1012));
        (begun.elapsed(), number)
    });
    let (mut ends, ()) = tokio::join!(futures_util::future::join_all(ends), server.broker().drain(OVER));
    ends.sort_unstable();
    // Nobody can be told before the turn comes; how much later a busy machine tells it says nothing.
    for (told, (at, _)) in ends.iter().enumerate() {
        let turn = OVER
            .mul_f64(told as f64 / PEOPLE as f64)
            .saturating_sub(Duration::from_millis(100));
        assert!(*at >= turn, "number {told} was told after {at:?}");
    }
    assert!(!ends.is_sorted_by_key(|(_, number)| *number), "in the order of coming");
}

#[tokio::test]
async fn a_panic_in_the_app_ends_that_connection_and_leaves_nothing_behind() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect("kim").await;
    client.subscribe("0", "/topic/a").await;
    client.send_to("/app/panic", "", "r").await;
    let end = client.end().await;
    assert_eq!((end.error().get("code"), end.code), (Some("unavailable"), Some(1002)));
    server.shop.noted("unsubscribed kim /topic/a ByServer(1002)").await;
    server.shop.noted("closed kim ByServer(1002)").await;
    assert_eq!(server.broker().counts(), broker::Counts::default());
}
