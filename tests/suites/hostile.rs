//! Peers that mean harm. Beside each of them two people chat: they go on, and lose nothing.

use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::json;
use tests::{Connect, DEADLINE, Db, Maru, sign};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wire::{Command, Frame};

use crate::desk::Case;

/// Short, so that who dawdles is cut within the test; and many sockets of this one address.
const SETTINGS: [(&str, &str); 8] = [
    ("LIMITS__HTTP_HEADER_TIMEOUT_S", "2"),
    ("LIMITS__CONNECT_TIMEOUT_S", "2"),
    ("LIMITS__FRAME_TIMEOUT_S", "2"),
    ("LIMITS__CONNECTIONS_PER_ADDRESS", "0"),
    ("LIMITS__CONNECTS_PER_MINUTE_PER_ADDRESS", "0"),
    ("LIMITS__CONNECTIONS_PER_USER", "0"),
    ("LIMITS__SENDS_PER_SECOND_PER_USER", "10"),
    ("LIMITS__SIGNALS_PER_SECOND_PER_USER", "10"),
];
/// What a message of the two may take while others mean harm; on a quiet machine it is a hundredth of that.
const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(120);

/// Two people who chat until they are told to stop.
struct Pair {
    over: tokio::sync::oneshot::Sender<()>,
    chat: tokio::task::JoinHandle<Vec<Duration>>,
}

impl Pair {
    async fn start(maru: &Maru) -> Pair {
        let case = Case::active(maru).await;
        let (customer, agent) = (case.customer.stomp(maru).await, case.agent.stomp(maru).await);
        let mut topic = agent.subscribe(&case.topic()).await;
        let (over, mut stop) = tokio::sync::oneshot::channel();
        let chat = tokio::spawn(async move {
            let mut took = Vec::new();
            while stop.try_recv().is_err() {
                let (begun, content) = (Instant::now(), format!("message {}", took.len()));
                customer.say(case.id, &content).await;
                topic.message(&content).await;
                took.push(begun.elapsed());
                tokio::time::sleep(PAUSE).await;
            }
            agent.disconnect().await;
            took
        });
        Pair { over, chat }
    }

    /// Stops; the longest that a message took.
    async fn stop(self) -> Duration {
        let _ = self.over.send(());
        let took = self.chat.await.expect("the two could chat to the end");
        took.into_iter().max().expect("they chatted")
    }
}

/// Runs an attack while two people chat.
async fn while_two_chat(maru: &Maru, attack: impl Future<Output = ()>) {
    let pair = Pair::start(maru).await;
    attack.await;
    let longest = pair.stop().await;
    assert!(longest < PATIENCE, "a message took {longest:?}");
    assert_eq!(maru.rest().get("/health/ready").await.status, 200);
}

async fn dial(maru: &Maru) -> TcpStream {
    TcpStream::connect(("127.0.0.1", maru.port))
        .await
        .expect("a connection")
}

/// Waits until the server has closed, and nothing but a refusal came before.
async fn is_cut(mut stream: TcpStream) -> String {
    let mut said = Vec::new();
    let read = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut said)).await;
    assert!(read.is_ok(), "the server waits without end");
    String::from_utf8_lossy(&said).into_owned()
}

const HANDSHAKE: &str = "GET /ws HTTP/1.1\r\nHost: maru\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// A WebSocket by hand, for what no library sends.
async fn socket(maru: &Maru, more: &str) -> (TcpStream, String) {
    let mut stream = dial(maru).await;
    stream
        .write_all(format!("{HANDSHAKE}{more}\r\n").as_bytes())
        .await
        .expect("sent");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("an answer"));
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    (stream, head)
}

/// Sends octet by octet until the server has enough of it.
async fn dawdle(mut stream: TcpStream, first: &[u8], then: &[u8]) {
    for octet in first.iter().chain(then.iter().cycle()).take(400) {
        if stream.write_all(&[*octet]).await.is_err() {
            return;
        }
        let mut answer = [0; 512];
        let heard = tokio::time::timeout(Duration::from_millis(25), stream.read(&mut answer)).await;
        if matches!(heard, Ok(Ok(0) | Err(_))) {
            return;
        }
    }
    panic!("one octet at a time is taken without end");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn heads_that_come_octet_by_octet() {
    let maru = Maru::start(Db::Sqlite, &SETTINGS).await;
    while_two_chat(&maru, async {
        let dawdling =
            (0..100).map(async |_| dawdle(dial(&maru).await, b"GET /ws HTTP/1.1\r\n", b"X-A: aaaaaaaa\r\n").await);
        futures_util::future::join_all(dawdling).await;
    })
    .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn frames_that_come_octet_by_octet() {
    let maru = Maru::start(Db::Sqlite, &SETTINGS).await;
    while_two_chat(&maru, async {
        // Text frames masked with zeros, and in them a STOMP frame whose head is in order and never ends.
        let first = [b"\x81\x88\0\0\0\0".as_slice(), b"CONNECT\n"].concat();
        let then = [b"\x81\x90\0\0\0\0".as_slice(), b"x:yyyyyyyyyyyyy\n"].concat();
        let dawdling = (0..100).map(async |_| dawdle(socket(&maru, "").await.0, &first, &then).await);
        futures_util::future::join_all(dawdling).await;
    })
    .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_connections_that_say_nothing() {
    let maru = Maru::start(Db::Sqlite, &SETTINGS).await;
    while_two_chat(&maru, async {
        let mut silent = Vec::new();
        for _ in 0..9_000 {
            silent.push(dial(&maru).await);
        }
        for stream in silent {
            is_cut(stream).await;
        }
    })
    .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn heads_without_end() {
    let maru = Maru::start(Db::Sqlite, &SETTINGS).await;
    while_two_chat(&maru, async {
        for _ in 0..20 {
            let mut stream = dial(&maru).await;
            stream.write_all(b"GET /health/live HTTP/1.1\r\n").await.expect("sent");
            let line = format!("X-Endless: {}\r\n", "x".repeat(4000)).repeat(16);
            let mut sent = 0;
            while sent < 8 << 20 && stream.write_all(line.as_bytes()).await.is_ok() {
                sent += line.len();
            }
            assert!(sent < 8 << 20, "eight megabytes of head were taken");
        }
    })
    .await;
}

#[rstest]
#[case::as_long_as_can_be([&[0x82, 0xff][..], &[0xff; 8], &[0; 4]].concat())]
#[case::a_gigabyte([&[0x82, 0xff][..], &(1_u64 << 30).to_be_bytes(), &[0; 4]].concat())]
#[case::not_masked(b"\x81\x05hello".to_vec())]
#[case::compressed(b"\xc1\x85\0\0\0\0hello".to_vec())]
#[case::a_control_frame_of_a_kilobyte(vec![0x89, 0xfe, 4, 0, 0, 0, 0, 0])]
#[case::a_continuation_of_nothing(vec![0x80, 0x80, 0, 0, 0, 0])]
#[tokio::test(flavor = "multi_thread")]
async fn frames_that_are_bombs(#[case] bomb: Vec<u8>) {
    let maru = crate::desk::PATIENT.on(Db::Sqlite).await;
    let (mut stream, _) = socket(maru, "").await;
    stream.write_all(&bomb).await.expect("sent");
    let said = is_cut(stream).await;
    assert!(said.contains("ERROR"), "{said}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_ever_compressed() {
    let maru = crate::desk::PATIENT.on(Db::Sqlite).await;
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    let (_, head) = socket(maru, offer).await;
    assert!(!head.to_lowercase().contains("sec-websocket-extensions"), "{head}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_subscriptions() {
    let maru = Maru::start(Db::Sqlite, &SETTINGS).await;
    let attacker = Case::active(&maru).await;
    while_two_chat(&maru, async {
        let stomp = attacker.customer.stomp(&maru).await;
        for number in 0..1_000 {
            let (id, topic) = (format!("s{number}"), attacker.topic());
            stomp.raw(
                &Frame::new(Command::Subscribe)
                    .header("id", &id)
                    .header("destination", &topic)
                    .header("after-seq", "0"),
            );
            stomp.raw(&Frame::new(Command::Unsubscribe).header("id", &id));
        }
        stomp.settle().await;
    })
    .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_sends() {
    let maru = Maru::start(Db::Sqlite, &SETTINGS).await;
    let attacker = Case::active(&maru).await;
    while_two_chat(&maru, async {
        let stomp = attacker.customer.stomp(&maru).await;
        let body = json!({"sessionId": attacker.id, "content": "spam"}).to_string();
        let mut receipt = String::new();
        for _ in 0..3_000 {
            receipt = stomp.start_send("/app/chat.sendMessage", body.clone());
        }
        let _ = stomp.outcome(&receipt).await;
        let refused = stomp.errors().all();
        assert!(refused.len() > 2_000, "{} of 3,000", refused.len());
        assert!(refused.iter().all(|error| error["code"] == "rate_limited"));
    })
    .await;
    assert!(attacker.messages(&maru).await.len() < 200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_signals() {
    let maru = Maru::start(Db::Sqlite, &SETTINGS).await;
    let attacker = Case::active(&maru).await;
    let victim = attacker.agent.stomp(&maru).await;
    let heard = victim.subscribe(&attacker.topic()).await;
    while_two_chat(&maru, async {
        let stomp = attacker.customer.stomp(&maru).await;
        let body = json!({"sessionId": attacker.id, "typing": true}).to_string();
        for _ in 0..5_000 {
            stomp.start_send("/app/chat.typing", body.clone());
        }
        stomp.settle().await;
    })
    .await;
    assert!(heard.all().len() < 500, "{} typing events", heard.all().len());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_sockjs_sessions() {
    let settings = [("LIMITS__CONNECTS_PER_MINUTE_PER_ADDRESS", "50")];
    let maru = Maru::start(Db::Sqlite, &settings).await;
    while_two_chat(&maru, async {
        let client = reqwest::Client::new();
        let mut refused = 0;
        for number in 0..300 {
            let url = format!("{}/ws/000/flood{number}/xhr", maru.origin());
            let answer = client.post(url).send().await.expect("an answer");
            refused += usize::from(matches!(answer.status().as_u16(), 429 | 503));
        }
        assert!(refused >= 240, "{refused} of 300 were refused");
    })
    .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_were_made_by_others() {
    let maru = crate::desk::PATIENT.on(Db::Sqlite).await;
    let person = maru.person("admin").await;
    let claims = person.claims(Duration::from_secs(600));
    let other_key = sign(&claims, "another secret that is long enough to be one");
    let [_, payload, signature] = person.token.split('.').collect::<Vec<_>>()[..] else {
        panic!("a token has three parts");
    };
    // {"alg":"none","typ":"JWT"} and {"alg":"HS256","typ":"JWT"}, base64url.
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let forged = [
        other_key,
        format!("{none}.{payload}."),
        format!("{none}.{payload}.{signature}"),
        format!("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{payload}."),
    ];
    for token in forged {
        let error = Connect::to(maru)
            .token(&token)
            .attempt()
            .await
            .expect_err("a forged token");
        assert_eq!(error.code, "unauthenticated", "{token}");
        let rest = maru.rest().with_token(&token);
        rest.get("/api/admin/chat/stats").await.refused(401, "unauthenticated");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn pages_of_strangers() {
    let maru = crate::desk::PATIENT.on(Db::Sqlite).await;
    for origin in [
        "http://evil.example",
        "null",
        "http://127.0.0.1.evil.example",
        "https://127.0.0.1",
    ] {
        let mut stream = dial(maru).await;
        let request = format!("{HANDSHAKE}Origin: {origin}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 403", "{origin}");
    }
}
