//! The same conversation, whatever carries it: WebSocket, SockJS by each of its transports, TCP.

use std::time::Duration;

use rstest::rstest;
use serde_json::json;
use tests::{Connect, Db, Maru, Way, free_port};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::desk::Case;

/// A server that listens for TCP too, and where.
pub(crate) async fn with_tcp(settings: &[(&str, &str)]) -> (Maru, u16) {
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let patient = [
        ("STOMP__TCP_LISTEN", &*listen),
        ("SUPPORT__LEAVE_AFTER_S", "3600"),
        ("SUPPORT__GRACE_S", "3600"),
    ];
    let settings: Vec<_> = patient.into_iter().chain(settings.iter().copied()).collect();
    (Maru::start(Db::Sqlite, &settings).await, port)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_the_same_by_every_way(#[values("/ws", "/ws/chat")] path: &str) {
    let (maru, port) = with_tcp(&[]).await;
    let ways = [
        Way::Plain,
        Way::SockJsWebSocket,
        Way::SockJs("xhr"),
        Way::SockJs("xhr_streaming"),
        Way::SockJs("eventsource"),
        Way::Tcp(port),
    ];
    for way in ways {
        let case = Case::active(&maru).await;
        let agent = case.agent.stomp(&maru).await;
        let connect = Connect::to(&maru).path(path).over(way).token(&case.customer.token);
        let customer = connect.clone().heart_beat("1000,1000").ok().await;
        let topic = format!("/topic/chat/{}", case.id);
        let mut feed = customer.subscribe(&topic).await;
        let sent = customer.say(case.id, "100% 안녕\u{2028}하세요 \"\\ 🙂").await;
        let shown = feed.message("100% 안녕\u{2028}하세요 \"\\ 🙂").await;
        assert_eq!(shown["seq"], sent.seq, "{way:?}");
        agent.say(case.id, "반갑습니다").await;
        feed.message("반갑습니다").await;
        let refused = customer.try_send("/app/nowhere", json!({})).await.unwrap_err();
        assert_eq!(refused.code(), "not_found", "{way:?}");

        drop(customer);
        let missed = agent.say(case.id, "놓친 말").await;
        let back = connect.ok().await;
        let mut feed = back.resume(&topic, sent.seq + 1).await;
        assert_eq!(feed.message("놓친 말").await["seq"], missed.seq, "{way:?}");
        let error = back.try_subscribe("/topic/chat/sessions", &[]).await.unwrap_err();
        let code = if matches!(way, Way::Tcp(_)) { 1006 } else { 1002 };
        assert_eq!((&*error.code, error.close.code), ("forbidden", code), "{way:?}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_that_is_bad_or_ends_is_told_by_every_way() {
    let (maru, port) = with_tcp(&[]).await;
    for way in [
        Way::SockJsWebSocket,
        Way::SockJs("xhr"),
        Way::SockJs("eventsource"),
        Way::Tcp(port),
    ] {
        let connect = Connect::to(&maru).over(way);
        let is_tcp = matches!(way, Way::Tcp(_));
        let expected = |code| if is_tcp { 1006 } else { code };
        for attempt in [connect.clone(), connect.clone().token("no token")] {
            let error = attempt.attempt().await.unwrap_err();
            assert_eq!(
                (&*error.code, error.close.code),
                ("unauthenticated", expected(4401)),
                "{way:?}"
            );
        }
        let person = maru.person("member").await;
        let stomp = connect.token(&person.token).ok().await;
        let locked = tokio::task::block_in_place(|| maru.cli(&["user", "lock", "--code", &person.code]));
        assert!(locked.status.success());
        assert_eq!(stomp.closed().await.code, expected(4401), "{way:?}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_tells_every_way_to_come_back() {
    let (maru, port) = with_tcp(&[]).await;
    let person = maru.guest().await;
    let mut open = Vec::new();
    for way in [
        Way::SockJsWebSocket,
        Way::SockJs("xhr"),
        Way::SockJs("xhr_streaming"),
        Way::Tcp(port),
    ] {
        open.push((way, Connect::to(&maru).over(way).token(&person.token).ok().await));
    }
    let (status, took) = maru.terminate().await;
    assert!(status.success() && took < Duration::from_secs(10), "{status} {took:?}");
    for (way, stomp) in open {
        let code = if matches!(way, Way::Tcp(_)) { 1006 } else { 1012 };
        assert_eq!(stomp.closed().await.code, code, "{way:?}");
    }
}

/// All that a stream says to its end.
async fn rest_of(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    // A reset after the last word is an end too.
    let reading = stream.read_to_end(&mut said);
    let _ = tokio::time::timeout(tests::DEADLINE, reading)
        .await
        .expect("an end in time");
    String::from_utf8(said).unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn streams_are_held_to_the_limits_of_addresses() {
    let (maru, port) = with_tcp(&[("LIMITS__CONNECTIONS_PER_ADDRESS", "2")]).await;
    let person = maru.guest().await;
    let connect = Connect::to(&maru).over(Way::Tcp(port)).token(&person.token);
    let first = connect.clone().ok().await;
    let plain = person.stomp(&maru).await;
    let mut third = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let said = rest_of(&mut third).await;
    assert!(
        said.starts_with("ERROR\n") && said.contains("code:rate_limited"),
        "{said}"
    );
    drop(first);
    tests::until("a free place", || async { connect.clone().attempt().await.ok() }).await;
    drop(plain);

    let (_maru, port) = with_tcp(&[("LIMITS__CONNECTS_PER_MINUTE_PER_ADDRESS", "3")]).await;
    let mut refused = 0;
    for _ in 0..5 {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(b"CONNECT\naccept-version:1.2\n\n\0").await.unwrap();
        refused += u32::from(!rest_of(&mut stream).await.contains("unauthenticated"));
    }
    assert!((1..=2).contains(&refused), "{refused}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_has_to_connect_and_to_end_its_frames_in_time() {
    let settings = [
        ("LIMITS__CONNECT_TIMEOUT_S", "1"),
        ("LIMITS__FRAME_TIMEOUT_S", "1"),
        ("LIMITS__HTTP_CONNECTIONS", "3"),
    ];
    let (maru, port) = with_tcp(&settings).await;
    let mut mute = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let person = maru.guest().await;
    let mut slow = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let connect = format!(
        "CONNECT\naccept-version:1.2\nhost:h\nAuthorization:Bearer {}\n\n\0SEND\n",
        person.token
    );
    slow.write_all(connect.as_bytes()).await.unwrap();
    for stream in [&mut mute, &mut slow] {
        assert!(rest_of(stream).await.contains("code:timed_out"));
    }
}
