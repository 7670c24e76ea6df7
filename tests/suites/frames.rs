//! STOMP itself, from outside: versions, sub-protocols, refused destinations, broken frames.

use rstest::rstest;
use serde_json::json;
use tests::{Connect, Db, Entry, Person, Stomp};
use wire::{Command, Frame, Version};

use crate::desk::{Case, PATIENT};

async fn guest() -> Person {
    PATIENT.on(Db::Sqlite).await.guest().await
}

async fn connected() -> Stomp {
    let maru = PATIENT.on(Db::Sqlite).await;
    guest().await.stomp(maru).await
}

fn connected_frame(stomp: &Stomp) -> Frame {
    let found = stomp.log().into_iter().find_map(|entry| match entry {
        Entry::Frame(frame) if frame.command == Command::Connected => Some(frame),
        _ => None,
    });
    found.expect("CONNECTED")
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_three_versions_connect(
    #[values("1.0", "1.1", "1.2")] version: &'static str,
    #[values("/ws", "/ws/chat")] path: &str,
) {
    let maru = PATIENT.on(Db::Sqlite).await;
    let case = Case::active(maru).await;
    let stomp = Connect::to(maru)
        .path(path)
        .token(&case.customer.token)
        .version(version)
        .ok()
        .await;
    let frame = connected_frame(&stomp);
    assert_eq!(frame.get("version"), Some(version));
    if version != "1.0" {
        assert_eq!(frame.get("heart-beat"), Some("10000,10000"));
    }
    let mut topic = stomp.subscribe(&case.topic()).await;
    stomp.say(case.id, "콜론: 역슬래시\\ 줄\n").await;
    topic.message("콜론: 역슬래시\\ 줄").await;
    let message = stomp.log().into_iter().find_map(|entry| match entry {
        Entry::Frame(frame) if frame.command == Command::Message => Some(frame),
        _ => None,
    });
    let message = message.unwrap();
    assert_eq!(message.get("destination"), Some(case.topic().as_str()));
    assert_eq!(
        message.get("content-type").map(|kind| kind.split(';').next().unwrap()),
        Some("application/json")
    );
    assert_eq!(
        message.get("content-length"),
        Some(message.body.len().to_string().as_str())
    );
    let id = message.get("message-id").unwrap();
    assert!(
        id.bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_'),
        "{id}"
    );
    stomp.disconnect().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn without_a_common_version_the_error_lists_ours() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let stomp = Connect::to(maru).upgrade().await.unwrap();
    stomp.raw(
        &Frame::new(Command::Connect)
            .header("accept-version", "2.0,9.9")
            .header("host", "localhost"),
    );
    let error = stomp.error().await;
    assert_eq!(error.close.code, 1002);
    let listed = stomp.log().into_iter().find_map(|entry| match entry {
        Entry::Frame(frame) => frame.get("version").map(str::to_owned),
        _ => None,
    });
    let listed = listed.expect("a version header");
    for version in Version::ALL {
        assert!(listed.contains(version.as_str()), "{listed}");
    }
}

#[rstest]
#[case("none", None)]
#[case("garbage", Some("not.a.token"))]
#[tokio::test(flavor = "multi_thread")]
async fn a_connect_without_a_good_token_is_an_error(#[case] _what: &str, #[case] token: Option<&str>) {
    let maru = PATIENT.on(Db::Sqlite).await;
    let mut connect = Connect::to(maru);
    if let Some(token) = token {
        connect = connect.token(token);
    }
    let error = connect.attempt().await.unwrap_err();
    assert_eq!(error.code, "unauthenticated");
    assert!(!error.message.is_empty());
    assert_eq!(error.body["code"], "unauthenticated");
    assert!(matches!(error.close.code, 4401 | 1002), "{error:?}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_token_on_the_handshake_is_enough() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let token = format!("Bearer {}", guest().await.token);
    Connect::to(maru).http("authorization", &token).ok().await;
    let error = Connect::to(maru)
        .path(&format!("/ws?access_token={}", guest().await.token))
        .attempt()
        .await;
    assert!(error.is_err(), "a JWT is never accepted in a query string");
}

#[rstest]
#[case("/topic/chat/1", "forbidden")]
#[case("/topic/anything", "forbidden")]
#[case("/queue/chat", "forbidden")]
#[case("/user/queue/errors", "forbidden")]
#[case("/user/STU001/queue/chat", "forbidden")]
#[case("/app/chat.unknown", "not_found")]
#[case("/app/", "not_found")]
#[case("/app/chat.sendMessage/", "not_found")]
#[case("/APP/chat.sendMessage", "not_found")]
#[case("nowhere", "not_found")]
#[tokio::test(flavor = "multi_thread")]
async fn a_send_elsewhere_is_refused_and_the_connection_lives_on(#[case] destination: &str, #[case] code: &str) {
    let stomp = connected().await;
    let refused = stomp
        .try_send(destination, json!({ "sessionId": 1, "content": "x" }))
        .await
        .unwrap_err();
    assert_eq!((refused.code(), &refused.0["destination"]), (code, &json!(destination)));
    stomp.settle().await;
    assert!(!stomp.is_closed());
}

#[rstest]
#[case("/topic/chat/sessions", "forbidden")]
#[case("/topic/chat/new-session", "forbidden")]
#[case("/topic/chat/messages", "forbidden")]
#[case("/topic/chat/presence", "forbidden")]
#[case("/topic/admin/notifications", "forbidden")]
#[case("/topic/chat/999999999", "session_not_found")]
#[case("/user/ADM001/queue/errors", "forbidden")]
#[case("/user/ADM001/queue/chat", "forbidden")]
#[case("/topic/unknown", "not_found")]
#[case("/queue/errors", "forbidden")]
#[case("/app/chat.sendMessage", "not_found")]
#[case("/user/queue/unknown", "not_found")]
#[case("/topic/chat/*", "")]
#[case("/topic/chat/>", "")]
#[case("/topic/chat/#", "")]
#[case("/topic/chat/1 OR 1=1", "")]
#[case("/topic/chat/../chat/sessions", "")]
#[case("/topic/chat//1", "")]
#[case("/topic/chat/", "")]
#[case("", "")]
#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_is_not_allowed_is_an_error_and_the_end(#[case] destination: &str, #[case] code: &str) {
    let stomp = connected().await;
    let error = stomp.subscribe_as("s", destination, &[]).await.unwrap_err();
    if code.is_empty() {
        assert!(
            matches!(
                error.code.as_str(),
                "not_found" | "invalid_request" | "forbidden" | "session_not_found"
            ),
            "{error:?}"
        );
    } else {
        assert_eq!(error.code, code, "{error:?}");
    }
    assert_eq!((error.receipt_id.as_deref(), error.close.code), (Some("r-s"), 1002));
    assert_eq!(error.body["code"], error.code.as_str());
    assert!(!error.message.is_empty());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_s_own_queue_has_two_names() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let person = guest().await;
    let stomp = person.stomp(maru).await;
    let mut own = stomp.subscribe(&format!("/user/{}/queue/errors", person.code)).await;
    for queue in ["chat", "notifications"] {
        stomp.subscribe(&format!("/user/queue/{queue}")).await;
        stomp.subscribe(&format!("/user/{}/queue/{queue}", person.code)).await;
    }
    stomp.try_send("/app/chat.unknown", json!({})).await.unwrap_err();
    assert_eq!(own.next().await["code"], "not_found");
}

fn frame(command: Command, headers: &[(&str, &str)]) -> Vec<u8> {
    let frame = headers
        .iter()
        .fold(Frame::new(command), |frame, (name, value)| frame.header(name, value));
    let mut bytes = Vec::new();
    wire::encode(&frame, Version::V1_2, &mut bytes);
    bytes
}

#[rstest]
#[case("unknown command", b"DANCE\n\n\0".to_vec())]
#[case("lower case", b"send\ndestination:/app/x\n\n\0".to_vec())]
#[case("a server's command", b"MESSAGE\ndestination:/x\n\n\0".to_vec())]
#[case("no colon", b"SEND\ndestination\n\n\0".to_vec())]
#[case("undefined escape", b"SEND\ndestination:/app/\\t\n\n\0".to_vec())]
#[case("not UTF-8", b"SEND\ndestination:\xff\xfe\n\n\0".to_vec())]
#[case("bad content-length", b"SEND\ndestination:/app/x\ncontent-length:x\n\n\0".to_vec())]
#[case("content-length without NUL after it", b"SEND\ndestination:/app/x\ncontent-length:1\n\nabc\0".to_vec())]
#[case("a body where none may be", b"SUBSCRIBE\nid:1\ndestination:/user/queue/errors\n\nbody\0".to_vec())]
#[case("CONNECT twice", frame(Command::Connect, &[("accept-version", "1.2"), ("host", "x")]))]
#[case("SEND without destination", frame(Command::Send, &[]))]
#[case("SUBSCRIBE without destination", frame(Command::Subscribe, &[("id", "1")]))]
#[case("SUBSCRIBE without id", frame(Command::Subscribe, &[("destination", "/user/queue/chat")]))]
#[case("an id in use", frame(Command::Subscribe, &[("id", "errors"), ("destination", "/user/queue/chat")]))]
#[case("an ack mode of its own", frame(Command::Subscribe, &[("id", "1"), ("destination", "/user/queue/chat"), ("ack", "maybe")]))]
#[case("UNSUBSCRIBE of nothing", frame(Command::Unsubscribe, &[("id", "none")]))]
#[case("ACK of nothing", frame(Command::Ack, &[("id", "none")]))]
#[case("NACK without id", frame(Command::Nack, &[]))]
#[case("COMMIT of nothing", frame(Command::Commit, &[("transaction", "none")]))]
#[case("ABORT of nothing", frame(Command::Abort, &[("transaction", "none")]))]
#[case("BEGIN without a name", frame(Command::Begin, &[]))]
#[case("SEND into no transaction", frame(Command::Send, &[("destination", "/app/chat.typing"), ("transaction", "none")]))]
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_frame_is_an_error_and_harms_nobody_else(#[case] what: &str, #[case] bytes: Vec<u8>) {
    let maru = PATIENT.on(Db::Sqlite).await;
    let person = guest().await;
    let (stomp, other) = (person.stomp(maru).await, person.stomp(maru).await);
    stomp.raw_bytes(bytes);
    let error = stomp.error().await;
    assert_eq!(error.close.code, 1002, "{what}: {error:?}");
    assert!(!error.message.is_empty() && !error.code.is_empty(), "{what}: {error:?}");
    other.settle().await;
    assert!(!other.is_closed());
}

#[rstest]
#[case("SEND", frame(Command::Send, &[("destination", "/app/chat.typing")]))]
#[case("SUBSCRIBE", frame(Command::Subscribe, &[("id", "1"), ("destination", "/topic/chat/1")]))]
#[case("an HTTP request", b"GET / HTTP/1.1\r\nhost: x\r\n\r\n".to_vec())]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_taken_before_connect(#[case] what: &str, #[case] bytes: Vec<u8>) {
    let maru = PATIENT.on(Db::Sqlite).await;
    let stomp = Connect::to(maru).upgrade().await.unwrap();
    stomp.raw_bytes(bytes);
    assert_eq!(stomp.error().await.close.code, 1002, "{what}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn frames_may_come_in_any_split_and_several_at_once() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let case = Case::active(maru).await;
    let (stomp, mut topic) = case.customer.enter(maru, case.id).await;
    let send = |content: &str| {
        let body = json!({ "sessionId": case.id, "content": content }).to_string();
        let frame = Frame::new(Command::Send)
            .header("destination", "/app/chat.sendMessage")
            .body(body);
        let mut bytes = Vec::new();
        wire::encode(&frame, Version::V1_2, &mut bytes);
        bytes
    };
    for octet in send("one octet at a time, 한글") {
        stomp.raw_bytes(vec![octet]);
    }
    topic.message("one octet at a time, 한글").await;
    let mut three = b"\n\n".to_vec();
    for content in ["three", "in", "one"] {
        three.extend(send(content));
        three.push(b'\n');
    }
    stomp.raw_bytes(three);
    topic.message("three").await;
    topic.message("in").await;
    topic.message("one").await;
    let crlf = format!(
        "SEND\r\ndestination:/app/chat.sendMessage\r\n\r\n{}\0",
        json!({ "sessionId": case.id, "content": "CRLF" })
    );
    stomp.raw_bytes(crlf.into_bytes());
    topic.message("CRLF").await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn after_unsubscribe_nothing_of_it_comes() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let case = Case::active(maru).await;
    let (stomp, topic) = case.customer.enter(maru, case.id).await;
    let mut other = stomp.subscribe(&case.topic()).await;
    stomp.unsubscribe(&topic).await;
    let before = topic.all().len();
    stomp.say(case.id, "x").await;
    other.message("x").await;
    assert_eq!(topic.all().len(), before);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn heart_beats_go_both_ways() {
    let maru = tests::Maru::start(Db::Sqlite, &[("STOMP__HEARTBEAT_MS", "200")]).await;
    let stomp = Connect::to(&maru)
        .token(&maru.guest().await.token)
        .heart_beat("0,100")
        .ok()
        .await;
    assert_eq!(connected_frame(&stomp).get("heart-beat"), Some("200,200"));
    stomp
        .wait("three heart-beats", |log| {
            (log.iter().filter(|entry| matches!(entry, Entry::HeartBeat)).count() >= 3).then_some(())
        })
        .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_heart_beat_is_an_error() {
    let maru = PATIENT.on(Db::Sqlite).await;
    for bad in ["x,y", "-1,0", "5", "1,2,3"] {
        let error = Connect::to(maru)
            .token(&guest().await.token)
            .heart_beat(bad)
            .attempt()
            .await;
        assert!(error.is_err(), "{bad}");
    }
}

#[rstest]
#[case(None, None)]
#[case(Some("v12.stomp"), Some("v12.stomp"))]
#[case(Some("v10.stomp, v11.stomp"), Some("v11.stomp"))]
#[case(Some("v10.stomp, v12.stomp, v11.stomp"), Some("v12.stomp"))]
#[case(Some("other, v10.stomp"), Some("v10.stomp"))]
#[case(Some("other"), None)]
#[tokio::test(flavor = "multi_thread")]
async fn the_highest_sub_protocol_offered_is_chosen(#[case] offered: Option<&str>, #[case] chosen: Option<&str>) {
    let maru = PATIENT.on(Db::Sqlite).await;
    let mut rest = maru
        .rest()
        .with("connection", "Upgrade")
        .with("upgrade", "websocket")
        .with("sec-websocket-version", "13")
        .with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    if let Some(offered) = offered {
        rest = rest.with("sec-websocket-protocol", offered);
    }
    let headers = rest.head_of_upgrade("/ws").await;
    assert_eq!(
        headers
            .get("sec-websocket-protocol")
            .and_then(|value| value.to_str().ok()),
        chosen
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn binary_messages_are_taken_like_text() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let case = Case::active(maru).await;
    let (stomp, mut topic) = case.customer.enter(maru, case.id).await;
    let body = json!({ "sessionId": case.id, "content": "이진" }).to_string();
    let frame = Frame::new(Command::Send)
        .header("destination", "/app/chat.sendMessage")
        .body(body);
    let mut bytes = Vec::new();
    wire::encode(&frame, Version::V1_2, &mut bytes);
    stomp.raw_binary(bytes);
    topic.message("이진").await;
}
