use std::time::Duration;

use broker::Limits;
use wire::{Command, Version};

use crate::support::Server;

#[tokio::test]
async fn receipts_keep_the_order_of_the_frames_while_sends_overlap() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect("kim").await;
    client.send_to("/app/gate", "1", "gated").await;
    client.send_to("/app/store/topic/a", "2", "stored").await;
    client
        .frame(Command::Begin, &[("transaction", "t"), ("receipt", "begun")], "")
        .await;
    // The later frames are processed while the first one still waits.
    server.shop.noted("sent /app/store/topic/a 2").await;
    client
        .frame(
            Command::Subscribe,
            &[("id", "0"), ("destination", "/topic/b"), ("receipt", "live")],
            "",
        )
        .await;
    server.shop.noted("subscribed kim /topic/b").await;
    server.shop.gate.notify_one();
    client.receipt("gated").await;
    assert_eq!(client.receipt("stored").await.get("seq"), Some("1"));
    client.receipt("begun").await;
    client.receipt("live").await;
}

#[tokio::test]
async fn so_many_sends_overlap_and_no_more() {
    let server = Server::start(Limits {
        replies_max: 3,
        ..Limits::default()
    })
    .await;
    let mut client = server.connect("kim").await;
    for number in 0..6 {
        client
            .send_to("/app/gate", &number.to_string(), &number.to_string())
            .await;
    }
    server.shop.noted("sent /app/gate 2").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!server.shop.notes().contains(&"sent /app/gate 3".to_owned()));
    for number in 0..6 {
        server.shop.noted(&format!("sent /app/gate {number}")).await;
        server.shop.gate.notify_one();
        client.receipt(&number.to_string()).await;
    }
}

#[tokio::test]
async fn every_frame_but_connect_gets_its_receipt() {
    let server = Server::start(Limits::default()).await;
    for version in Version::ALL {
        let mut client = server.connect_with(version, &[]).await;
        client
            .frame(
                Command::Subscribe,
                &[
                    ("id", "0"),
                    ("destination", "/topic/a"),
                    ("ack", "client"),
                    ("receipt", "a:1"),
                ],
                "",
            )
            .await;
        client.receipt("a:1").await;
        client
            .frame(Command::Send, &[("destination", "/topic/a"), ("receipt", "2")], "x")
            .await;
        let message = client.recv().await;
        client.receipt("2").await;
        let ack = match version {
            Version::V1_2 => vec![("id", message.get("ack").unwrap())],
            _ => vec![
                ("message-id", message.get("message-id").unwrap()),
                ("subscription", "0"),
            ],
        };
        client
            .frame(Command::Ack, &[&ack[..], &[("receipt", "3")]].concat(), "")
            .await;
        client.receipt("3").await;
        for (command, receipt) in [
            (Command::Begin, "4"),
            (Command::Abort, "5"),
            (Command::Begin, "6"),
            (Command::Commit, "7"),
        ] {
            client
                .frame(command, &[("transaction", "t"), ("receipt", receipt)], "")
                .await;
            client.receipt(receipt).await;
        }
        client
            .frame(Command::Unsubscribe, &[("id", "0"), ("receipt", "8")], "")
            .await;
        client.receipt("8").await;
        client.frame(Command::Disconnect, &[("receipt", "9")], "").await;
        client.receipt("9").await;
        assert_eq!(client.end().await.code, Some(1000));
    }
}

#[tokio::test]
async fn a_refused_send_is_told_on_the_errors_queue_of_this_connection_only() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect("kim").await;
    let mut other_tab = server.connect("kim").await;
    client.subscribe("e", "/user/queue/errors").await;
    other_tab.subscribe("e", "/user/queue/errors").await;
    client.send_to("/app/refuse", "m-1", "r").await;
    let error = client.recv().await;
    assert_eq!(
        (error.command, error.get("destination")),
        (Command::Message, Some("/user/queue/errors"))
    );
    assert_eq!(
        &error.body[..],
        b"empty_content destination=/app/refuse receipt=r clientMessageId=m-1"
    );
    // No RECEIPT for it, and the connection lives on.
    client.send_to("/app/store/topic/a", "", "next").await;
    client.receipt("next").await;
    other_tab.send_to("/app/store/topic/a", "", "nothing before").await;
    other_tab.receipt("nothing before").await;
}

#[tokio::test]
async fn a_send_refused_late_keeps_its_place_among_the_answers() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect("kim").await;
    client.subscribe("e", "/user/queue/errors").await;
    client.send_to("/app/gate", "refuse", "r1").await;
    client.send_to("/app/store/topic/a", "", "r2").await;
    server.shop.noted("sent /app/store/topic/a ").await;
    server.shop.gate.notify_one();
    assert_eq!(client.message().await, "too_late destination=/app/gate receipt=r1");
    client.receipt("r2").await;
}

#[tokio::test]
async fn a_transaction_takes_effect_at_commit_in_order() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect("kim").await;
    client.frame(Command::Begin, &[("transaction", "t")], "").await;
    for number in ["1", "2"] {
        let headers = [
            ("destination", "/app/store/topic/a"),
            ("transaction", "t"),
            ("receipt", number),
        ];
        client.frame(Command::Send, &headers, number).await;
    }
    client.send_to("/app/store/topic/a", "outside", "outside").await;
    assert_eq!(client.receipt("outside").await.get("seq"), Some("1"));
    client
        .frame(Command::Commit, &[("transaction", "t"), ("receipt", "done")], "")
        .await;
    assert_eq!(client.receipt("1").await.get("seq"), Some("2"));
    assert_eq!(client.receipt("2").await.get("seq"), Some("3"));
    client.receipt("done").await;

    client.frame(Command::Begin, &[("transaction", "t")], "").await;
    let headers = [
        ("destination", "/app/store/topic/a"),
        ("transaction", "t"),
        ("receipt", "never"),
    ];
    client.frame(Command::Send, &headers, "dropped").await;
    client
        .frame(Command::Abort, &[("transaction", "t"), ("receipt", "aborted")], "")
        .await;
    client.receipt("aborted").await;
    assert!(!server.shop.notes().iter().any(|note| note.contains("dropped")));
}

#[tokio::test]
async fn broken_transactions_are_faults() {
    let limits = Limits {
        transactions_max: 1,
        transaction_frames_max: 2,
        transaction_bytes_max: 2000,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let big = "x".repeat(2000);
    let begin = (Command::Begin, "t", "");
    let cases = [
        (vec![begin, begin], "invalid_request"),
        (vec![(Command::Commit, "t", "")], "invalid_request"),
        (vec![(Command::Abort, "t", "")], "invalid_request"),
        (vec![(Command::Send, "t", "")], "invalid_request"),
        (vec![(Command::Ack, "t", "")], "invalid_request"),
        (vec![begin, (Command::Begin, "u", "")], "too_large"),
        (
            vec![
                begin,
                (Command::Send, "t", ""),
                (Command::Send, "t", ""),
                (Command::Send, "t", ""),
            ],
            "too_large",
        ),
        (vec![begin, (Command::Send, "t", &big)], "too_large"),
    ];
    for (frames, code) in cases {
        let mut client = server.connect("kim").await;
        for (command, transaction, body) in &frames {
            client
                .frame(
                    *command,
                    &[("transaction", transaction), ("destination", "/app/x"), ("id", "1")],
                    body,
                )
                .await;
        }
        assert_eq!(client.end().await.error().get("code"), Some(code), "{frames:?}");
    }
}

#[tokio::test]
async fn a_slow_send_does_not_hold_up_what_is_published() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect("kim").await;
    client.subscribe("0", "/topic/a").await;
    client.send_to("/app/slow", "", "slow").await;
    server.shop.noted("sent /app/slow ").await;
    server
        .shop
        .store(&"/topic/a".into(), "meanwhile".into(), Duration::ZERO)
        .await;
    assert_eq!(client.message().await, "meanwhile");
    client.receipt("slow").await;
}

#[tokio::test]
async fn faults_name_the_frame_and_close_with_1002() {
    let server = Server::start(Limits::default()).await;
    let cases: &[(Version, &str, &str)] = &[
        (Version::V1_2, "SEND\nreceipt:r\n\nx\0", "invalid_request"),
        (Version::V1_2, "SUBSCRIBE\nid:1\nreceipt:r\n\n\0", "invalid_request"),
        (
            Version::V1_2,
            "SUBSCRIBE\ndestination:/topic/a\nreceipt:r\n\n\0",
            "invalid_request",
        ),
        (
            Version::V1_2,
            "SUBSCRIBE\nid:1\nack:perhaps\ndestination:/topic/a\nreceipt:r\n\n\0",
            "invalid_request",
        ),
        (
            Version::V1_0,
            "SUBSCRIBE\nid:1\nack:client-individual\ndestination:/topic/a\nreceipt:r\n\n\0",
            "invalid_request",
        ),
        (
            Version::V1_2,
            "UNSUBSCRIBE\nid:none\nreceipt:r\n\n\0",
            "invalid_request",
        ),
        (Version::V1_2, "UNSUBSCRIBE\nreceipt:r\n\n\0", "invalid_request"),
        (Version::V1_2, "ACK\nid:1-1\nreceipt:r\n\n\0", "invalid_request"),
        (Version::V1_2, "ACK\nreceipt:r\n\n\0", "invalid_request"),
        (Version::V1_1, "ACK\nmessage-id:1\nreceipt:r\n\n\0", "invalid_request"),
        (Version::V1_0, "NACK\nmessage-id:1\nreceipt:r\n\n\0", "invalid_request"),
        (Version::V1_2, "BEGIN\nreceipt:r\n\n\0", "invalid_request"),
        (Version::V1_2, "MESSAGE\nreceipt:r\n\n\0", "invalid_request"),
        (
            Version::V1_2,
            "SEND\nreceipt:r\ncontent-length:x\n\n\0",
            "invalid_request",
        ),
        (
            Version::V1_2,
            "SEND\nreceipt:r\ncontent-length:1\n\nabc\0",
            "invalid_request",
        ),
        (Version::V1_2, "SEND\nreceipt:r\nfoo:\\t\n\n\0", "invalid_request"),
        (
            Version::V1_2,
            "BEGIN\nreceipt:r\ntransaction:t\n\nbody\0",
            "invalid_request",
        ),
        (
            Version::V1_2,
            "SEND\nreceipt:r\ncontent-length:999999999\n\n",
            "too_large",
        ),
        (
            Version::V1_2,
            "SUBSCRIBE\nid:1\ndestination:/topic/forbidden\nreceipt:r\n\n\0",
            "forbidden",
        ),
    ];
    for (version, frame, code) in cases {
        let mut client = server.connect_with(*version, &[]).await;
        // Nothing after the fault is processed.
        client
            .send_raw(format!("{frame}SEND\ndestination:/app/never\n\n\0"))
            .await;
        let end = client.end().await;
        let error = end.error();
        assert_eq!(
            (error.get("code"), error.get("receipt-id")),
            (Some(*code), Some("r")),
            "{frame}"
        );
        assert!(error.get("message").is_some_and(|message| !message.is_empty()));
        assert_eq!(end.code, Some(1002), "{frame}");
    }
    assert!(!server.shop.notes().iter().any(|note| note.contains("never")));
}

#[tokio::test]
async fn an_unknown_command_is_a_fault() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect("kim").await;
    client.send_raw("send\ndestination:/topic/a\n\n\0").await;
    assert_eq!(client.end().await.code, Some(1002));
}

#[tokio::test]
async fn answers_that_are_owed_come_before_the_error() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect("kim").await;
    client.send_to("/app/gate", "", "owed").await;
    client.frame(Command::Unsubscribe, &[("id", "none")], "").await;
    server.shop.noted("sent /app/gate ").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.shop.gate.notify_one();
    client.receipt("owed").await;
    assert_eq!(client.recv().await.command, Command::Error);
}

#[tokio::test]
async fn frames_come_in_any_pieces() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect("kim").await;
    let bytes = "\nSEND\ndestination:/app/store/topic/a\nreceipt:1\n\n안녕\0\n\r\nSEND\ndestination:/app/store/topic/a\nreceipt:2\n\nx\0";
    for piece in bytes.as_bytes().chunks(3) {
        client.socket_binary(piece).await;
    }
    client.receipt("1").await;
    client.receipt("2").await;
    server.shop.noted("sent /app/store/topic/a 안녕").await;
}

#[tokio::test]
async fn a_frame_has_to_end_in_time() {
    let server = Server::start(Limits {
        frame_timeout: Duration::from_millis(100),
        ..Limits::default()
    })
    .await;
    let mut client = server.connect("kim").await;
    client.send_raw("SEND\ndestination:/topic/a\nreceipt:r\n").await;
    let end = client.end().await;
    assert_eq!(
        (end.error().get("code"), end.error().get("receipt-id")),
        (Some("timed_out"), Some("r"))
    );
}

#[tokio::test]
async fn a_message_beyond_all_limits_is_refused_with_a_word() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect("kim").await;
    client
        .send_raw(format!("SEND\ndestination:/topic/a\n\n{}\0", "x".repeat(1 << 20)))
        .await;
    let end = client.end().await;
    assert_eq!((end.error().get("code"), end.code), (Some("too_large"), Some(1002)));
}
