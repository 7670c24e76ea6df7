//! Limits: over one, the peer is told clearly and nobody else is harmed.

use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::json;
use tests::{Connect, DEADLINE, Db, Maru};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite;
use wire::{Command, Frame};

use crate::desk::{Case, category};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_connection_too_many_of_a_user_takes_the_oldest_one_s_place() {
    let maru = Maru::start(Db::Sqlite, &[("LIMITS__CONNECTIONS_PER_USER", "2")]).await;
    let person = maru.guest().await;
    let (first, second) = (person.stomp(&maru).await, person.stomp(&maru).await);
    let third = person.stomp(&maru).await;
    assert_eq!(first.closed().await.code, 4409);
    for stomp in [&second, &third] {
        stomp.settle().await;
        assert!(!stomp.is_closed());
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_connection_too_many_of_a_user_is_refused_if_so_set() {
    let settings = [
        ("LIMITS__CONNECTIONS_PER_USER", "1"),
        ("LIMITS__CONNECTIONS_PER_USER_POLICY", "refuse_newest"),
    ];
    let maru = Maru::start(Db::Sqlite, &settings).await;
    let person = maru.guest().await;
    let first = person.stomp(&maru).await;
    let error = Connect::to(&maru).token(&person.token).attempt().await.unwrap_err();
    assert!(!error.code.is_empty(), "{error:?}");
    first.settle().await;
    assert!(!first.is_closed());
    first.disconnect().await;
    tests::until("a free place", || async {
        Connect::to(&maru).token(&person.token).attempt().await.ok()
    })
    .await;
}

/// The refusal that answers a handshake: status and code.
async fn refused(connect: &Connect) -> Option<(u16, String)> {
    match connect.upgrade().await {
        Ok(_) => None,
        Err(tungstenite::Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            let json: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
            Some((
                response.status().as_u16(),
                json["code"].as_str().unwrap_or_default().to_owned(),
            ))
        }
        Err(other) => panic!("{other}"),
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn connections_and_connects_of_an_address_are_limited() {
    let maru = Maru::start(Db::Sqlite, &[("LIMITS__CONNECTIONS_PER_ADDRESS", "2")]).await;
    let connect = Connect::to(&maru);
    let held = [connect.upgrade().await.unwrap(), connect.upgrade().await.unwrap()];
    let (status, code) = refused(&connect).await.expect("a third is refused");
    assert_eq!((status, code.as_str()), (429, "rate_limited"));
    drop(held);
    tests::until("a free place", || async { connect.upgrade().await.ok() }).await;

    let maru = Maru::start(Db::Sqlite, &[("LIMITS__CONNECTS_PER_MINUTE_PER_ADDRESS", "3")]).await;
    let connect = Connect::to(&maru);
    let mut taken = 0;
    while connect.upgrade().await.is_ok() {
        taken += 1;
        assert!(taken < 10, "no limit");
    }
    assert!(taken >= 3, "{taken}");
    assert_eq!(refused(&connect).await, Some((429, "rate_limited".to_owned())));
    maru.rest().get("/health/live").await.ok();
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sends_are_limited_by_user_and_signals_apart_from_them() {
    let settings = [
        ("LIMITS__SENDS_PER_SECOND_PER_USER", "1"),
        ("LIMITS__SENDS_BURST_PER_USER", "3"),
        ("LIMITS__SIGNALS_PER_SECOND_PER_USER", "1"),
        ("LIMITS__SIGNALS_BURST_PER_USER", "2"),
    ];
    let maru = Maru::start(Db::Sqlite, &settings).await;
    let case = Case::active(&maru).await;
    let stomp = case.customer.stomp(&maru).await;
    let burst = |destination: &'static str, count: usize| {
        let body = json!({ "sessionId": case.id, "content": "x", "typing": true }).to_string();
        let sent: Vec<String> = (0..count)
            .map(|_| stomp.start_send(destination, body.clone()))
            .collect();
        let stomp = &stomp;
        async move {
            let mut codes = Vec::new();
            for receipt in &sent {
                if let Err(refused) = stomp.outcome(receipt).await {
                    codes.push(refused.code().to_owned());
                }
            }
            codes
        }
    };
    let typing = burst("/app/chat.typing", 10).await;
    assert!(
        (5..=8).contains(&typing.len()) && typing.iter().all(|code| code == "rate_limited"),
        "{typing:?}"
    );
    let sends = burst("/app/chat.sendMessage", 10).await;
    assert!(
        (4..=7).contains(&sends.len()) && sends.iter().all(|code| code == "rate_limited"),
        "{sends:?}"
    );
    assert_eq!(
        case.messages(&maru)
            .await
            .iter()
            .filter(|message| message["content"] == "x")
            .count(),
        10 - sends.len()
    );
    case.agent.stomp(&maru).await.say(case.id, "another user").await;
    let again = json!({ "sessionId": case.id, "content": "later" });
    tests::until("the next second", || async {
        stomp.try_send("/app/chat.sendMessage", again.clone()).await.ok()
    })
    .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sends_of_an_address_are_limited_over_all_of_its_users() {
    let settings = [
        ("LIMITS__SENDS_PER_SECOND_PER_ADDRESS", "1"),
        ("LIMITS__SENDS_BURST_PER_ADDRESS", "6"),
    ];
    let maru = Maru::start(Db::Sqlite, &settings).await;
    let case = Case::active(&maru).await;
    let (customer, agent) = (case.customer.stomp(&maru).await, case.agent.stomp(&maru).await);
    let body = json!({ "sessionId": case.id, "content": "x" });
    let mut refused = Vec::new();
    for stomp in [&customer, &agent].into_iter().cycle().take(14) {
        if let Err(error) = stomp.try_send("/app/chat.sendMessage", body.clone()).await {
            refused.push(error.code().to_owned());
        }
    }
    assert!(
        (4..=8).contains(&refused.len()) && refused.iter().all(|code| code == "rate_limited"),
        "{refused:?}"
    );
    tests::until("the next second", || async {
        agent.try_send("/app/chat.sendMessage", body.clone()).await.ok()
    })
    .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_subscribes_ends_its_own_connection_only() {
    let settings = [
        ("LIMITS__SUBSCRIBES_PER_SECOND_PER_USER", "1"),
        ("LIMITS__SUBSCRIBES_BURST_PER_USER", "20"),
    ];
    let maru = Maru::start(Db::Sqlite, &settings).await;
    let case = Case::active(&maru).await;
    let bystander = case.agent.stomp(&maru).await;
    let topic = format!("/topic/chat/{}", case.id);
    let mut feed = bystander.subscribe(&topic).await;
    let storm = case.customer.stomp(&maru).await;
    for number in 0..100 {
        let id = format!("storm-{number}");
        storm.raw(
            &Frame::new(Command::Subscribe)
                .header("id", &id)
                .header("destination", &topic),
        );
        storm.raw(&Frame::new(Command::Unsubscribe).header("id", &id));
    }
    assert_eq!(storm.error().await.code, "rate_limited");
    storm.closed().await;
    bystander.say(case.id, "still here").await;
    feed.message("still here").await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn open_sessions_and_sessions_an_hour_are_limited(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let settings = [
        ("LIMITS__OPEN_SESSIONS_PER_CUSTOMER", "2"),
        ("LIMITS__SESSIONS_PER_HOUR_PER_CUSTOMER", "4"),
    ];
    let maru = Maru::start(db, &settings).await;
    let customer = maru.guest().await;
    let (rest, body) = (
        customer.rest(&maru),
        json!({ "categoryId": category(&maru, &customer).await }),
    );
    let cancel = async |number: i64| {
        drop(
            rest.post(&format!("/api/chat/sessions/{number}/cancel"), json!({}))
                .await
                .ok(),
        )
    };
    let open = async || rest.post("/api/chat/sessions", body.clone()).await;
    let first = crate::desk::id(&open().await.is(201));
    open().await.is(201);
    open().await.refused(409, "too_many_open");
    cancel(first).await;
    let third = crate::desk::id(&open().await.is(201));
    cancel(third).await;
    let mut opened = 3;
    let last = loop {
        let answer = open().await;
        if answer.status != 201 {
            break answer;
        }
        cancel(crate::desk::id(&answer.json)).await;
        opened += 1;
        assert!(opened < 10, "no limit");
    };
    let wait: u64 = last.header("retry-after").parse().expect("Retry-After in seconds");
    assert!((1..=3600).contains(&wait), "{wait}");
    last.refused(429, "rate_limited");
    assert!((3..=4).contains(&opened), "{opened}");
    let other = maru.guest().await;
    other.rest(&maru).post("/api/chat/sessions", body.clone()).await.is(201);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn racing_openings_do_not_pass_the_limit(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = Maru::start(db, &[("LIMITS__OPEN_SESSIONS_PER_CUSTOMER", "3")]).await;
    let customer = maru.guest().await;
    let (rest, body) = (
        customer.rest(&maru),
        json!({ "categoryId": category(&maru, &customer).await }),
    );
    let answers = futures_util::future::join_all((0..12).map(|_| rest.post("/api/chat/sessions", body.clone()))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 3);
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        answer.refused(409, "too_many_open");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn log_ins_of_an_address_are_limited_guests_too() {
    let maru = Maru::start(Db::Sqlite, &[("LIMITS__LOGINS_PER_MINUTE_PER_ADDRESS", "3")]).await;
    let mut taken = 0;
    let refused = loop {
        let answer = if taken % 2 == 0 {
            maru.rest()
                .post("/api/auth/login", json!({ "username": "x", "password": "y" }))
                .await
        } else {
            maru.rest().post("/api/auth/guest", json!({})).await
        };
        if answer.status == 429 {
            break answer;
        }
        taken += 1;
        assert!(taken < 10, "no limit");
    };
    assert!(taken >= 3, "{taken}");
    assert!(refused.header("retry-after").parse::<u64>().is_ok());
    refused.refused(429, "rate_limited");
    let spoofed = maru
        .rest()
        .with("x-forwarded-for", "9.9.9.9")
        .with("forwarded", "for=9.9.9.9");
    spoofed
        .post("/api/auth/guest", json!({}))
        .await
        .refused(429, "rate_limited");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn frames_over_a_size_limit_are_too_large() {
    let settings = [
        ("LIMITS__FRAME_BYTES", "4096"),
        ("LIMITS__HEADERS", "16"),
        ("LIMITS__HEADERS_BYTES", "2048"),
    ];
    let maru = Maru::start(Db::Sqlite, &settings).await;
    let person = maru.guest().await;
    let send = || Frame::new(Command::Send).header("destination", "/app/chat.typing");
    let many = (0..40).fold(send(), |frame, n| frame.header(&format!("h{n}"), "v"));
    for (what, frame) in [
        ("a body", send().body(vec![b'x'; 5000])),
        ("a header", send().header("h", &"v".repeat(3000))),
        ("many headers", many),
        ("far more", send().body(vec![b'x'; 1_000_000])),
    ] {
        let stomp = person.stomp(&maru).await;
        stomp.raw(&frame);
        let closed = stomp.closed().await;
        if what == "far more" {
            assert!(matches!(closed.code, 1002 | 1009 | 1006), "{closed:?}");
            continue;
        }
        let error = stomp.error().await;
        assert_eq!(
            (error.code.as_str(), closed.code),
            ("too_large", 1002),
            "{what}: {error:?}"
        );
    }
    let announced = person.stomp(&maru).await;
    announced.raw_bytes(b"SEND\ndestination:/app/x\ncontent-length:999999999999\n\n".to_vec());
    assert_eq!(announced.error().await.code, "too_large", "before the body is there");
    person.stomp(&maru).await.settle().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_connect_or_finish_a_frame_in_time_is_cut() {
    let settings = [
        ("LIMITS__CONNECT_TIMEOUT_S", "1"),
        ("LIMITS__FRAME_TIMEOUT_S", "1"),
        ("LIMITS__HTTP_HEADER_TIMEOUT_S", "1"),
    ];
    let maru = Maru::start(Db::Sqlite, &settings).await;
    let begun = Instant::now();
    let idle = Connect::to(&maru).upgrade().await.unwrap();
    let half = maru.guest().await.stomp(&maru).await;
    half.raw_bytes(b"SEND\ndestination:/app/chat.typing\n".to_vec());
    let mut request = tokio::net::TcpStream::connect(("127.0.0.1", maru.port)).await.unwrap();
    request.write_all(b"GET /health/live HTTP/1.1\r\nHost: ").await.unwrap();
    idle.closed().await;
    half.closed().await;
    let mut rest = Vec::new();
    let read = tokio::time::timeout(DEADLINE, request.read_to_end(&mut rest)).await;
    assert!(read.is_ok(), "the request's head is waited for without end");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    maru.guest().await.stomp(&maru).await.settle().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_and_transactions_of_a_connection_are_limited() {
    let settings = [
        ("LIMITS__SUBSCRIPTIONS_PER_CONNECTION", "4"),
        ("LIMITS__TRANSACTIONS_PER_CONNECTION", "2"),
    ];
    let maru = Maru::start(Db::Sqlite, &settings).await;
    let person = maru.guest().await;
    let stomp = person.stomp(&maru).await;
    let mut taken = 1;
    while stomp.try_subscribe("/user/queue/chat", &[]).await.is_ok() {
        taken += 1;
        assert!(taken < 10, "no limit");
    }
    assert_eq!(taken, 4);
    let stomp = person.stomp(&maru).await;
    for name in ["a", "b", "c"] {
        stomp.raw(&Frame::new(Command::Begin).header("transaction", name));
    }
    assert_eq!(stomp.error().await.close.code, 1002);
}

/// What finds the writer's queue full is refused at once, is counted, and can be sent again.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_finds_the_writers_queue_full_is_refused_and_taken_later() {
    let settings = [("MESSAGES__QUEUE_LENGTH", "1"), ("MESSAGES__BATCH_MAX", "1")];
    let maru = Maru::start(Db::Sqlite, &settings).await;
    let case = Case::active(&maru).await;
    let stomp = case.customer.stomp(&maru).await;
    let body = |number: usize| json!({ "sessionId": case.id, "content": "x", "clientMessageId": number.to_string() });
    let sent: Vec<String> = (0..200)
        .map(|number| stomp.start_send("/app/chat.sendMessage", body(number).to_string()))
        .collect();
    let mut refused = Vec::new();
    for (number, receipt) in sent.iter().enumerate() {
        if let Err(error) = stomp.outcome(receipt).await {
            assert_eq!(error.code(), "unavailable");
            refused.push(number);
        }
    }
    assert!(!refused.is_empty() && refused.len() < 200, "{}", refused.len());
    assert!(maru.metric("maru_append_queue_full_total").await >= refused.len() as f64);
    for number in refused {
        stomp.send("/app/chat.sendMessage", body(number)).await;
    }
    let said = case.messages(&maru).await;
    assert_eq!(said.iter().filter(|message| message["content"] == "x").count(), 200);
}

/// One who reads nothing is let go with what waits for it; the others do not wait.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_takes_nothing_is_cut_and_holds_up_nobody() {
    let settings = [
        ("LIMITS__QUEUE_BYTES_PER_CONNECTION", "65536"),
        ("SUPPORT__LEAVE_AFTER_S", "1"),
        ("SUPPORT__GRACE_S", "3600"),
    ];
    let maru = Maru::start(Db::Sqlite, &settings).await;
    let case = Case::active(&maru).await;
    let (asleep, _) = case.customer.enter(&maru, case.id).await;
    let agent = case.agent.stomp(&maru).await;
    let mut sessions = agent.subscribe("/topic/chat/sessions").await;
    let (_awake, topic) = case.agent.enter(&maru, case.id).await;
    asleep.fall_silent();
    let line = json!({ "sessionId": case.id, "content": "가".repeat(2000) }).to_string();
    let away = async {
        sessions.state("DISCONNECTED").await;
    };
    tokio::pin!(away);
    let mut sent = 0;
    loop {
        let receipts: Vec<String> = (0..8)
            .map(|_| agent.start_send("/app/chat.sendMessage", line.clone()))
            .collect();
        tokio::select! {
            () = &mut away => break,
            outcome = agent.outcome(receipts.last().unwrap()) => drop(outcome.unwrap()),
        }
        sent += receipts.len();
        assert!(sent < 20_000, "the sleeper is waited for without end");
    }
    let seqs = topic.seqs();
    assert!(
        seqs.len() >= sent && seqs.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "the other reader has it all"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_says_whose_address_it_is() {
    let settings = [
        ("LIMITS__LOGINS_PER_MINUTE_PER_ADDRESS", "2"),
        ("SERVER__TRUSTED_PROXIES", "127.0.0.1"),
    ];
    let maru = Maru::start(Db::Sqlite, &settings).await;
    let guest = async |address: &str| {
        let rest = maru.rest().with("x-forwarded-for", address);
        rest.post("/api/auth/guest", json!({})).await
    };
    for _ in 0..2 {
        guest("203.0.113.7").await.ok();
    }
    guest("203.0.113.7").await.refused(429, "rate_limited");
    guest("203.0.113.8").await.ok();
    // The proxy adds to what its peer said: the last address that is not a trusted proxy's counts.
    guest("198.51.100.1, 203.0.113.7").await.refused(429, "rate_limited");
}
