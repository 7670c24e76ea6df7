//! Messages: what is stored, what is refused and how one hears of it, and repeats.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Connect, Db, Receipt, Stomp};
use wire::{Command, Frame};

use crate::desk::{Case, PATIENT};

const SEND: &str = "/app/chat.sendMessage";

/// SENDs `body` (the session is filled in) and tells the code of the refusal.
async fn refusal(stomp: &Stomp, session: i64, mut body: Value) -> Value {
    body["sessionId"] = session.into();
    let refused = stomp.try_send(SEND, body.clone()).await;
    let Err(refused) = refused else {
        panic!("{body} was taken")
    };
    assert_eq!(
        (&refused.0["type"], &refused.0["destination"]),
        (&json!("ERROR"), &json!(SEND)),
        "{}",
        refused.0
    );
    assert!(!refused.0["error"].as_str().unwrap().is_empty());
    refused.0
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn content_is_trimmed_and_limited_in_unicode_scalars(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let (stomp, mut topic) = case.customer.enter(maru, case.id).await;
    let mut line = 0;
    for content in [
        "가".to_owned(),
        "한".repeat(2000),
        "👩‍👩‍👧‍👦".repeat(285),
        "🙂".repeat(2000),
        "<b>&amp;</b>\u{202e}".to_owned(),
    ] {
        let receipt = stomp.say(case.id, &content).await;
        assert!(receipt.seq > line);
        line = receipt.seq;
        assert_eq!(topic.message(&content).await["seq"], receipt.seq);
    }
    let receipt = stomp
        .say(case.id, &format!(" \t\r\n{}\u{3000}\n", "끝".repeat(2000)))
        .await;
    assert_eq!(
        topic.message(&"끝".repeat(2000)).await["seq"],
        receipt.seq,
        "trimmed before it is counted"
    );
    stomp.say(case.id, "한 줄\n두 줄").await;
    topic.message("한 줄\n두 줄").await;

    for content in ["", " ", "\n\t \u{3000}\u{a0}"] {
        let refused = refusal(&stomp, case.id, json!({ "content": content })).await;
        assert_eq!(
            (&refused["code"], &refused["error"]),
            (&json!("empty_content"), &json!("메시지 내용이 비어있습니다."))
        );
    }
    let refused = refusal(&stomp, case.id, json!({ "content": "가".repeat(2001) })).await;
    assert_eq!(
        (&refused["code"], &refused["error"]),
        (&json!("content_too_long"), &json!("메시지가 너무 깁니다."))
    );
    let stored = case.messages(maru).await;
    assert_eq!(
        stored.iter().filter(|message| message["messageType"] == "TEXT").count(),
        7
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn bad_messages_are_refused_by_name_and_the_connection_lives_on(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let (case, other) = (Case::active(maru).await, Case::active(maru).await);
    let stomp = case.customer.stomp(maru).await;
    let elsewhere = other.customer.stomp(maru).await.say(other.id, "elsewhere").await;
    for body in [
        json!({ "content": "x", "messageType": "IMAGE" }),
        json!({ "content": "x", "messageType": "FILE" }),
        json!({ "content": "x", "messageType": "SYSTEM" }),
        json!({ "content": "x", "messageType": "DANCE" }),
        json!({ "content": "a\u{0}b" }),
        json!({ "content": 7 }),
        json!({ "content": ["x"] }),
        json!({ "content": "x", "clientMessageId": "" }),
        json!({ "content": "x", "clientMessageId": "c".repeat(65) }),
        json!({ "content": "x", "clientMessageId": "a\u{0}b" }),
        json!({ "content": "x", "clientMessageId": 5 }),
        json!({ "content": "x", "replyTo": 999_999_999 }),
        json!({ "content": "x", "replyTo": elsewhere.message_id }),
        json!({ "content": "x", "replyTo": "first" }),
    ] {
        assert_eq!(
            refusal(&stomp, case.id, body.clone()).await["code"],
            "invalid_request",
            "{body}"
        );
    }
    let session = case.id;
    for text in [
        format!(r#"{{"sessionId":{session},"content":"\ud800"}}"#),
        format!(r#"{{"sessionId":{session},"content":"\udc00\ud800"}}"#),
        format!(r#"{{"sessionId":{session},"content":"x""#),
        format!(r#"{{"sessionId":{session}.5,"content":"x"}}"#),
        r#"{"content":"x"}"#.to_owned(),
        r#"{"sessionId":null,"content":"x"}"#.to_owned(),
        "[]".to_owned(),
        format!(r#"[{session},"x",null,null,null]"#),
        "null".to_owned(),
        "\"x\"".to_owned(),
        "not json".to_owned(),
        String::new(),
        "[".repeat(10_000),
    ] {
        let refused = stomp.try_send_text(SEND, text.clone()).await.unwrap_err();
        assert_eq!(refused.code(), "invalid_request", "{}", &text[..text.len().min(60)]);
    }
    let refused = stomp
        .try_send_text(SEND, vec![b'"', 0xff, 0xfe, b'"'])
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "invalid_request", "not UTF-8");
    assert!(
        case.messages(maru)
            .await
            .iter()
            .all(|message| message["messageType"] == "SYSTEM"),
        "nothing of it is stored"
    );
    stomp.say(case.id, "still here").await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_the_receipt_and_the_client_message(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let stomp = case.customer.stomp(maru).await;
    let refused = refusal(&stomp, case.id, json!({ "content": "", "clientMessageId": "mine" })).await;
    assert_eq!(refused["clientMessageId"], "mine");
    assert!(refused["receiptId"].is_string());
    // Without receipt it is told too, and has none.
    let mut errors = stomp.errors();
    errors.skip();
    let body = json!({ "sessionId": case.id, "content": " " }).to_string();
    stomp.raw(&Frame::new(Command::Send).header("destination", SEND).body(body));
    let refused = errors.next().await;
    assert_eq!(
        (&refused["code"], refused.get("receiptId")),
        (&json!("empty_content"), None)
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn only_the_connection_at_fault_hears_of_it() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let case = Case::active(maru).await;
    let (first, second) = (case.customer.stomp(maru).await, case.customer.stomp(maru).await);
    refusal(&first, case.id, json!({ "content": "" })).await;
    refusal(&second, case.id, json!({ "content": "x", "messageType": "IMAGE" })).await;
    assert_eq!((first.errors().all().len(), second.errors().all().len()), (1, 1));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_speaks_the_language_of_the_connection() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let case = Case::active(maru).await;
    let english = Connect::to(maru)
        .token(&case.customer.token)
        .header("accept-language", "en")
        .ok()
        .await;
    let refused = refusal(&english, case.id, json!({ "content": "" })).await;
    assert!(refused["error"].as_str().unwrap().is_ascii(), "{refused}");
    let handshake = Connect::to(maru)
        .token(&case.customer.token)
        .http("accept-language", "en-GB,en;q=0.9")
        .ok()
        .await;
    assert!(
        refusal(&handshake, case.id, json!({ "content": "" })).await["error"]
            .as_str()
            .unwrap()
            .is_ascii()
    );
    let both = Connect::to(maru)
        .token(&case.customer.token)
        .http("accept-language", "en")
        .header("accept-language", "ko");
    let refused = refusal(&both.ok().await, case.id, json!({ "content": "" })).await;
    assert_eq!(
        refused["error"], "메시지 내용이 비어있습니다.",
        "the frame's stands above the handshake's"
    );
    let french = Connect::to(maru)
        .token(&case.customer.token)
        .header("accept-language", "fr")
        .ok()
        .await;
    assert_eq!(
        refusal(&french, case.id, json!({ "content": "" })).await["error"],
        "메시지 내용이 비어있습니다."
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn old_clients_may_send_more_and_are_not_believed(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let (stomp, mut topic) = case.customer.enter(maru, case.id).await;
    let body = json!({
        "roomId": case.id, "content": "나는 상담원", "messageType": "TEXT", "sender": "ADMIN", "senderId": case.agent.id,
        "senderName": "관리자", "senderType": "S", "timestamp": "1999-01-01T00:00:00Z", "cdate": "1999-01-01T00:00:00.000Z",
        "seq": 1, "messageId": 1, "isRead": "Y", "type": "SYSTEM", "system": {"code": "ended"},
    });
    stomp.send(SEND, body).await;
    let message = topic.message("나는 상담원").await;
    assert_eq!(
        (&message["senderId"], &message["senderName"]),
        (&json!(case.customer.id), &json!(case.customer.name))
    );
    assert_eq!(
        (&message["senderType"], &message["messageType"], &message["isRead"]),
        (&json!("M"), &json!("TEXT"), &json!("N"))
    );
    assert!(
        message["cdate"].as_str().unwrap() > "2025" && message.get("system").is_none_or(Value::is_null),
        "{message}"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_reply_names_a_message_of_the_room(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let (stomp, mut topic) = case.customer.enter(maru, case.id).await;
    let first = stomp.say(case.id, "질문").await;
    stomp
        .send(
            SEND,
            json!({ "sessionId": case.id, "content": "덧붙여", "replyTo": first.message_id }),
        )
        .await;
    let reply = topic.message("덧붙여").await["replyTo"].clone();
    assert_ne!(reply, Value::Null);
    assert_eq!(case.messages(maru).await.last().unwrap()["replyTo"], reply);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_answered_with_the_first_message_and_not_shown_again(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let (stomp, mut topic) = case.customer.enter(maru, case.id).await;
    let body = |content: &str| json!({ "sessionId": case.id, "content": content, "clientMessageId": "c".repeat(64) });
    let first = Receipt::of(&stomp.send(SEND, body("하나")).await);
    assert_eq!(topic.message("하나").await["clientMessageId"], "c".repeat(64));
    for content in ["하나", "다른 글"] {
        assert_eq!(Receipt::of(&stomp.send(SEND, body(content)).await), first);
    }
    let another_device = case.customer.stomp(maru).await;
    assert_eq!(Receipt::of(&another_device.send(SEND, body("하나")).await), first);
    let other_side = case.agent.stomp(maru).await;
    let theirs = Receipt::of(&other_side.send(SEND, body("상담원의 것")).await);
    assert_eq!(theirs.seq, first.seq + 1, "an id is its sender's");
    topic.message("상담원의 것").await;
    assert_eq!(topic.all().iter().filter(|event| event["content"] == "하나").count(), 1);
    // Many at once, over one connection and over several.
    let sends = (0..8).map(|at| {
        let stomp = if at % 2 == 0 { &stomp } else { &another_device };
        let body = json!({ "sessionId": case.id, "content": "동시에", "clientMessageId": "at once" });
        async move { Receipt::of(&stomp.send(SEND, body).await) }
    });
    let receipts = futures_util::future::join_all(sends).await;
    assert!(receipts.iter().all(|receipt| *receipt == receipts[0]), "{receipts:?}");
    assert_eq!(
        case.messages(maru)
            .await
            .iter()
            .filter(|message| message["content"] == "동시에")
            .count(),
        1
    );
    // It is answered when the session is over, too: the message is there.
    case.end(maru).await;
    assert_eq!(Receipt::of(&stomp.send(SEND, body("하나")).await), first);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_after_a_kill_is_the_first_message(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = tests::Maru::start(db, &[]).await;
    let case = Case::active(&maru).await;
    let body = json!({ "sessionId": case.id, "content": "하나", "clientMessageId": "one" });
    let first = Receipt::of(&case.customer.stomp(&maru).await.send(SEND, body.clone()).await);
    maru.kill_and_restart().await;
    let (stomp, topic) = case.customer.enter(&maru, case.id).await;
    assert_eq!(Receipt::of(&stomp.send(SEND, body).await), first);
    assert_eq!(stomp.say(case.id, "둘").await.seq, first.seq + 1);
    assert_eq!(
        topic.all().iter().filter(|event| event["content"] == "하나").count(),
        0,
        "a repeat is not published"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_send_in_a_transaction_is_receipted_when_it_is_committed_and_stored(
    #[values(Db::Sqlite, Db::Postgres)] db: Db,
) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let (stomp, mut topic) = case.customer.enter(maru, case.id).await;
    let frame = |command| Frame::new(command).header("transaction", "tx");
    let line = |content: &str, receipt: &str| {
        let body = json!({ "sessionId": case.id, "content": content }).to_string();
        frame(Command::Send)
            .header("destination", SEND)
            .header("receipt", receipt)
            .body(body)
    };
    stomp.raw(&frame(Command::Begin));
    stomp.raw(&line("forgotten", "f1"));
    stomp.raw(&frame(Command::Abort));
    stomp.raw(&frame(Command::Begin));
    stomp.raw(&line("first", "t1"));
    stomp.raw(&line("second", "t2"));
    stomp.say(case.id, "outside").await;
    stomp.raw(&frame(Command::Commit).header("receipt", "done"));
    let first = Receipt::of(&stomp.outcome("t1").await.unwrap());
    let second = Receipt::of(&stomp.outcome("t2").await.unwrap());
    stomp.outcome("done").await.unwrap();
    assert_eq!(second.seq, first.seq + 1);
    topic.message("second").await;
    let order: Vec<Value> = topic
        .all()
        .iter()
        .map(|event| event["content"].clone())
        .filter(|content| content.is_string())
        .collect();
    assert_eq!(order, ["outside", "first", "second"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn receipts_come_in_the_order_of_the_frames(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let stomp = case.customer.stomp(maru).await;
    let sent: Vec<String> = (0..100)
        .map(|n| match n % 3 {
            0 => stomp.start_send(
                "/app/chat.typing",
                json!({ "sessionId": case.id, "typing": true }).to_string(),
            ),
            _ => stomp.start_send(
                SEND,
                json!({ "sessionId": case.id, "content": format!("줄 {n}") }).to_string(),
            ),
        })
        .collect();
    stomp.outcome(sent.last().unwrap()).await.unwrap();
    let came: Vec<String> = stomp
        .log()
        .iter()
        .filter_map(|entry| match entry {
            tests::Entry::Frame(frame) if frame.command == Command::Receipt => {
                frame.get("receipt-id").map(str::to_owned)
            }
            _ => None,
        })
        .filter(|id| sent.contains(id))
        .collect();
    assert_eq!(came, sent);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn read_marks_only_go_forward_and_up_to_what_is_there(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let (customer, mut topic) = case.customer.enter(maru, case.id).await;
    let agent = case.agent.stomp(maru).await;
    let (first, second) = (customer.say(case.id, "하나").await, customer.say(case.id, "둘").await);
    let mark = |id: Value| json!({ "sessionId": case.id, "messageId": id });
    agent.send("/app/chat.markAsRead", mark(json!(second.message_id))).await;
    assert_eq!(topic.of_type("READ").await["seq"], second.seq);
    agent.send("/app/chat.markAsRead", mark(json!(first.message_id))).await;
    let third = customer.say(case.id, "셋").await;
    agent.send("/app/chat.markAsRead", mark(Value::Null)).await;
    assert_eq!(topic.of_type("READ").await["seq"], third.seq, "a mark never goes back");
    let refused = agent
        .try_send("/app/chat.markAsRead", mark(json!(999_999_999)))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "invalid_request");
    let session = case
        .agent
        .rest(maru)
        .get(&format!("/api/chat/sessions/{}", case.id))
        .await
        .ok();
    assert_eq!(session["unreadCount"], 0);
    assert_eq!(session["lastMessage"]["content"], "셋");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn typing_is_never_stored(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let (customer, _topic) = case.customer.enter(maru, case.id).await;
    let (_agent, mut seen) = case.agent.enter(maru, case.id).await;
    let before = case.messages(maru).await.len();
    for typing in [true, false] {
        customer
            .send("/app/chat.typing", json!({ "sessionId": case.id, "typing": typing }))
            .await;
        assert_eq!(seen.of_type("TYPING").await["typing"], typing);
    }
    assert_eq!(case.messages(maru).await.len(), before);
}
