//! What a peer of SockJS can make grow, and the bound of each.

use std::time::Duration;

use broker::sockjs::Options;
use broker::{Limits, Publication, Topic};
use reqwest::{Method, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::sockjs::Peer;
use crate::support::{PATIENCE, Server};

#[tokio::test]
async fn sessions_are_bounded_and_an_ended_one_makes_room() {
    let options = Options {
        sessions_max: 2,
        disconnect_delay: Duration::from_secs(60),
        ..Options::stomp()
    };
    let server = Server::start_with(Limits::default(), options).await;
    let first = Peer::open(&server).await;
    let second = Peer::open(&server).await;
    for _ in 0..3 {
        let third = Peer::new(&server).open_response("xhr").await;
        assert_eq!(third.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    assert_eq!(second.send("[]").await, StatusCode::NO_CONTENT);
    assert_eq!(first.send("[\"nonsense\\n\\n\\u0000\"]").await, StatusCode::NO_CONTENT);
    tests_until(async || Peer::new(&server).open_response("xhr").await.status() == StatusCode::OK).await;
}

/// Names of sessions that have ended are kept for their peers, but not without end.
#[tokio::test]
async fn ended_sessions_are_forgotten_oldest_first() {
    let options = Options {
        sessions_max: 2,
        disconnect_delay: Duration::from_secs(60),
        ..Options::stomp()
    };
    let server = Server::start_with(Limits::default(), options).await;
    let mut ended = Vec::new();
    for _ in 0..4 {
        let peer = Peer::open(&server).await;
        peer.send("[\"DISCONNECT\\n\\n\\u0000\"]").await;
        assert!(peer.xhr().await.contains("ERROR"), "not connected");
        assert!(peer.xhr().await.starts_with("c["));
        ended.push(peer);
    }
    assert!(ended[3].xhr().await.starts_with("c["));
    tests_until(async || ended[0].xhr().await == "o\n").await;
}

#[tokio::test]
async fn a_session_is_its_callers_alone() {
    let server = Server::start(Limits::default()).await;
    let mut peer = Peer::new(&server);
    peer.caller = Some("kim");
    assert_eq!(peer.xhr().await, "o\n");
    for caller in [None, Some("lee")] {
        let mut other = Peer::new(&server);
        other.session = peer.session.clone();
        other.caller = caller;
        assert_eq!(other.send("[\"x\"]").await, StatusCode::NOT_FOUND);
        for transport in ["xhr", "xhr_streaming", "eventsource"] {
            assert_eq!(other.open_response(transport).await.status(), StatusCode::NOT_FOUND);
        }
    }
    peer.connect().await;
}

#[tokio::test]
async fn a_service_that_refuses_opens_no_session() {
    let server = Server::start(Limits::default()).await;
    let peer = Peer::new(&server);
    let refused = peer.request(Method::POST, &peer.path("xhr")).header("x-refused", "1");
    let refused = refused.header("origin", "http://a.example").send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()["access-control-allow-origin"], "http://a.example");
    assert_eq!(peer.send("[\"x\"]").await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_post_is_an_array_of_strings_and_not_too_long() {
    let options = Options {
        posted_bytes_max: 1000,
        post_timeout: Duration::from_millis(200),
        ..Options::stomp()
    };
    let server = Server::start_with(Limits::default(), options).await;
    let mut peer = Peer::open(&server).await;
    for (body, expected) in [
        ("", "Payload expected."),
        ("{}", "Payload expected."),
        ("[\"x", "Broken JSON encoding."),
        ("[1]", "Broken JSON encoding."),
        ("x", "Broken JSON encoding."),
    ] {
        let answer = peer.post(body.to_owned()).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.text().await.unwrap(), expected, "{body}");
    }
    let too_long = format!("[\"{}\"]", "x".repeat(1000));
    assert_eq!(peer.send(&too_long).await, StatusCode::PAYLOAD_TOO_LARGE);
    peer.connect().await;
}

/// Java posts an empty body in a packet of its own.
#[tokio::test]
async fn a_connection_outlives_a_body_that_comes_behind_its_head() {
    let server = Server::start(Limits::default()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    for session in ["a", "b"] {
        let head = format!("POST /sockjs/0/{session}/xhr HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let early = tokio::time::timeout(Duration::from_millis(100), stream.read_buf(&mut answer)).await;
        assert!(early.is_err(), "answered before the body was there");
        stream.write_all(b"0\r\n\r\n").await.unwrap();
        while !String::from_utf8_lossy(&answer).ends_with("o\n\r\n0\r\n\r\n") {
            let read = tokio::time::timeout(PATIENCE, stream.read_buf(&mut answer)).await;
            assert_ne!(read.expect("an answer in time").unwrap(), 0, "{session}");
        }
    }
}

#[tokio::test]
async fn what_is_posted_waits_for_its_reader_up_to_a_bound() {
    let options = Options {
        posted_bytes_max: 1000,
        post_timeout: Duration::from_millis(200),
        ..Options::stomp()
    };
    let server = Server::start_with(Limits::default(), options).await;
    let peer = Peer::open(&server).await;
    // The app never answers this CONNECT, so nothing behind it is read.
    peer.say(&["CONNECT\naccept-version:1.2\nlogin:undecided\n\n\0"]).await;
    let heart_beats = serde_json::to_string(&vec!["\n"; 100]).unwrap();
    let mut taken = 0;
    while peer.send(&heart_beats).await == StatusCode::NO_CONTENT {
        taken += 1;
        assert!(taken < 10, "no bound");
    }
    assert!(taken >= 1);
    assert_eq!(peer.send(&heart_beats).await, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_peer_that_does_not_come_for_what_waits_is_too_slow() {
    let limits = Limits {
        write_timeout: Duration::from_millis(200),
        ..Limits::default()
    };
    let options = Options {
        waiting_bytes_max: 4096,
        ..Options::stomp()
    };
    let server = Server::start_with(limits, options).await;
    let mut peer = Peer::subscribed(&server, "/topic/a").await;
    let topic = Topic::from("/topic/a");
    for _ in 0..64 {
        server.broker().publish(&topic, &Publication::json(vec![b'x'; 1024]));
    }
    let queued = server.broker().counts().queued_bytes;
    assert!(
        queued > 32 * 1024,
        "what is over the session's bound waits in the queue: {queued}"
    );
    server.shop.noted("closed kim ByServer(4500)").await;
    assert_eq!(server.broker().counts().queued_bytes, 0);
    let waited = peer.xhr().await;
    assert!(waited.len() < 4096 + 2048, "{}", waited.len());
    peer.frames.clear();
    assert_eq!(peer.xhr().await, "c[4500,\"too slow\"]\n");
}

#[tokio::test]
async fn a_session_that_does_not_connect_in_time_ends() {
    let limits = Limits {
        connect_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut peer = Peer::open(&server).await;
    assert!(peer.message().await.contains("code:timed_out"));
    assert_eq!(peer.xhr().await, "c[1002,\"timed_out\"]\n");
}

/// Waits until something holds.
async fn tests_until(holds: impl AsyncFn() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, waiting)
        .await
        .expect("it holds in time");
}
