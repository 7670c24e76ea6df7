//! The life of a support session, with what everybody hears of it.

use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Db, Maru, Person};

use crate::desk::{Case, PATIENT, admin_move, category, customer_move, id};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_opened_with_all_its_members(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let (customer, agent) = (maru.guest().await, maru.person("agent").await);
    let desk = agent.stomp(maru).await;
    let mut news = desk.subscribe("/topic/chat/new-session").await;
    let mut sessions = desk.subscribe("/topic/chat/sessions").await;

    let body = json!({ "categoryId": category(maru, &customer).await, "title": "배송이 늦어요" });
    let answer = customer.rest(maru).post("/api/chat/sessions", body).await;
    let location = answer.header("location").to_owned();
    let session = answer.is(201);
    let number = id(&session);
    assert_eq!(location, format!("/api/chat/sessions/{number}"));
    for member in [
        "sessionId",
        "status",
        "categoryId",
        "categoryName",
        "title",
        "continues",
        "email",
        "memberId",
        "memberName",
        "adminId",
        "adminName",
        "queuePosition",
        "startTime",
        "endTime",
        "memberLastSeen",
        "adminLastSeen",
        "disconnectReason",
        "exitReason",
        "endedBy",
        "graceUntil",
        "unreadCount",
        "lastMessage",
        "rating",
        "cdate",
        "udate",
    ] {
        assert!(session.get(member).is_some(), "no {member} in {session}");
    }
    assert_eq!(session["status"], "WAITING");
    assert_eq!(session["title"], "배송이 늦어요");
    assert_eq!(
        (&session["memberId"], &session["memberName"]),
        (&json!(customer.id), &json!(customer.name))
    );
    assert_eq!(session["categoryName"], "배송");
    assert!(session["queuePosition"].as_i64().unwrap() >= 1);
    assert_eq!(session["unreadCount"], 0);
    for member in [
        "adminId",
        "adminName",
        "endTime",
        "adminLastSeen",
        "disconnectReason",
        "exitReason",
        "endedBy",
        "graceUntil",
    ] {
        assert_eq!(session[member], Value::Null, "{member}");
    }
    let time = session["startTime"].as_str().unwrap();
    assert!(
        time.len() == 24 && time.ends_with('Z') && time.as_bytes()[19] == b'.',
        "{time}"
    );

    let new = news
        .find("the new session", |event| event["session"]["sessionId"] == number)
        .await;
    assert_eq!(
        (&new["type"], &new["session"]["unreadCount"]),
        (&json!("NEW_SESSION"), &Value::Null)
    );
    admin_move(maru, &agent, number, "start", json!({})).await.ok();
    let state = sessions
        .find("the start", |event| {
            event["sessionId"] == number && event["to"] == "ACTIVE"
        })
        .await;
    assert_eq!(
        (&state["type"], &state["from"], &state["by"]),
        (&json!("STATE"), &json!("WAITING"), &json!("A"))
    );
    assert_eq!(state["session"]["adminId"], agent.id);
    assert_eq!(state["session"]["queuePosition"], Value::Null);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_people_talk_read_type_and_end(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let (customer, mut customer_topic) = case.customer.enter(maru, case.id).await;
    let (agent, mut agent_topic) = case.agent.enter(maru, case.id).await;
    let other = maru.person("agent").await.stomp(maru).await;
    let mut every_message = other.subscribe("/topic/chat/messages").await;

    let receipt = customer.say(case.id, "안녕하세요").await;
    for topic in [&mut customer_topic, &mut agent_topic, &mut every_message] {
        let message = topic.message("안녕하세요").await;
        let expected = json!({
            "type": "MESSAGE", "messageId": receipt.message_id, "sessionId": case.id, "roomId": case.id, "seq": receipt.seq,
            "senderId": case.customer.id, "senderName": case.customer.name, "senderType": "M", "messageType": "TEXT",
            "contentType": "text/plain", "content": "안녕하세요", "isRead": "N", "attachment": null, "replyTo": null,
        });
        for (member, value) in expected.as_object().unwrap() {
            assert_eq!(message.get(member), Some(value), "{member} of {message}");
        }
        assert!(message["cdate"].as_str().unwrap().ends_with('Z'));
    }
    assert_eq!(unread(maru, &case.agent, case.id).await, 1);
    assert_eq!(
        unread(maru, &case.customer, case.id).await,
        0,
        "one's own messages are read"
    );

    agent
        .send("/app/chat.markAsRead", json!({ "sessionId": case.id }))
        .await;
    let read = customer_topic.of_type("READ").await;
    assert_eq!(
        (&read["readerId"], &read["messageId"], &read["seq"]),
        (&json!(case.agent.id), &json!(receipt.message_id), &json!(receipt.seq))
    );
    assert_eq!(unread(maru, &case.agent, case.id).await, 0);
    let stored = case.messages(maru).await;
    let own = stored.iter().find(|message| message["seq"] == receipt.seq).unwrap();
    assert_eq!(own["isRead"], "Y");

    agent
        .send("/app/chat.typing", json!({ "sessionId": case.id, "typing": true }))
        .await;
    let typing = customer_topic.of_type("TYPING").await;
    assert_eq!(
        typing,
        json!({"type": "TYPING", "sessionId": case.id, "memberId": case.agent.id, "senderType": "A", "typing": true})
    );
    let first = agent.say(case.id, "무엇을 도와드릴까요?").await;
    let second = agent.say(case.id, "말씀해 주세요").await;
    assert_eq!(second.seq, first.seq + 1);
    assert_eq!(customer_topic.message("무엇을 도와드릴까요?").await["senderType"], "A");
    assert_eq!(unread(maru, &case.customer, case.id).await, 2);
    customer_move(
        maru,
        &case.customer,
        case.id,
        "read",
        json!({ "messageId": first.message_id }),
    )
    .await
    .ok();
    assert_eq!(unread(maru, &case.customer, case.id).await, 1);
    assert_eq!(
        agent_topic
            .find("the customer's mark", |event| event["readerId"] == case.customer.id)
            .await["seq"],
        first.seq
    );

    let ended = admin_move(maru, &case.agent, case.id, "end", json!({ "exitReason": "RESOLVED" }))
        .await
        .ok();
    let expected = (json!("COMPLETED"), json!("RESOLVED"), json!("A"));
    assert_eq!(
        (&ended["status"], &ended["exitReason"], &ended["endedBy"]),
        (&expected.0, &expected.1, &expected.2)
    );
    assert!(ended["endTime"].is_string());
    assert_eq!(customer_topic.state("COMPLETED").await["by"], "A");
    let refused = customer
        .try_send(
            "/app/chat.sendMessage",
            json!({ "sessionId": case.id, "content": "아직이요" }),
        )
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "wrong_state");
    assert!(
        case.messages(maru)
            .await
            .iter()
            .all(|message| message["content"] != "아직이요")
    );
    let seqs: Vec<i64> = case
        .messages(maru)
        .await
        .iter()
        .map(|message| message["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(
        seqs,
        (1..=seqs.len() as i64).collect::<Vec<_>>(),
        "numbers have no holes"
    );
}

async fn unread(maru: &Maru, who: &Person, session: i64) -> i64 {
    let session = who.rest(maru).get(&format!("/api/chat/sessions/{session}")).await.ok();
    session["unreadCount"].as_i64().unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn reasons_are_kept(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::waiting(maru).await;
    let cancelled = customer_move(maru, &case.customer, case.id, "cancel", json!({}))
        .await
        .ok();
    assert_eq!(
        (&cancelled["exitReason"], &cancelled["endedBy"]),
        (&json!("CANCELLED"), &json!("M"))
    );
    for reason in ["RESOLVED", "CANCELLED", "TRANSFERRED"] {
        let case = Case::active(maru).await;
        let ended = customer_move(maru, &case.customer, case.id, "end", json!({ "exitReason": reason }))
            .await
            .ok();
        assert_eq!((&ended["exitReason"], &ended["endedBy"]), (&json!(reason), &json!("M")));
    }
    let case = Case::active(maru).await;
    assert_eq!(case.end(maru).await["exitReason"], "RESOLVED", "the default");
    let case = Case::active(maru).await;
    customer_move(maru, &case.customer, case.id, "end", json!({ "exitReason": "BORED" }))
        .await
        .refused(400, "invalid_request");
    let left = customer_move(maru, &case.customer, case.id, "leave", json!({}))
        .await
        .ok();
    assert_eq!(left["disconnectReason"], "BROWSER_CLOSE", "the default");
    assert!(left["graceUntil"].is_string());
    let back = customer_move(maru, &case.customer, case.id, "return", json!({}))
        .await
        .ok();
    assert_eq!(
        (&back["disconnectReason"], &back["graceUntil"]),
        (&Value::Null, &Value::Null)
    );
    let left = customer_move(
        maru,
        &case.agent,
        case.id,
        "leave",
        json!({ "reason": "NETWORK_ERROR" }),
    )
    .await
    .ok();
    assert_eq!(left["disconnectReason"], "NETWORK_ERROR");
    customer_move(maru, &case.customer, case.id, "leave", json!({ "reason": "BORED" }))
        .await
        .refused(400, "invalid_request");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_second_leave_changes_nothing(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let first = customer_move(maru, &case.customer, case.id, "leave", json!({ "reason": "TIMEOUT" }))
        .await
        .ok();
    let second = customer_move(
        maru,
        &case.customer,
        case.id,
        "leave",
        json!({ "reason": "NETWORK_ERROR" }),
    )
    .await
    .ok();
    for member in ["status", "graceUntil", "disconnectReason", "udate"] {
        assert_eq!(first[member], second[member], "{member}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn both_away_keeps_the_first_grace_and_reason_and_one_return_shows_the_other_s(
    #[values(Db::Sqlite, Db::Postgres)] db: Db,
) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let (_watching, mut topic) = maru.person("agent").await.enter(maru, case.id).await;
    let first = customer_move(
        maru,
        &case.customer,
        case.id,
        "leave",
        json!({ "reason": "NETWORK_ERROR" }),
    )
    .await
    .ok();
    assert_eq!(topic.state("DISCONNECTED").await["by"], "M");
    // Times are milliseconds: let one pass.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let both = customer_move(maru, &case.agent, case.id, "leave", json!({})).await.ok();
    assert_eq!(
        (&both["graceUntil"], &both["disconnectReason"]),
        (&first["graceUntil"], &first["disconnectReason"])
    );
    let state = topic.state("DISCONNECTED").await;
    assert_eq!((&state["from"], &state["by"]), (&json!("DISCONNECTED"), &json!("A")));
    let one = customer_move(maru, &case.customer, case.id, "return", json!({}))
        .await
        .ok();
    assert_eq!(
        (&one["status"], &one["disconnectReason"]),
        (&json!("DISCONNECTED"), &json!("BROWSER_CLOSE"))
    );
    assert!(one["graceUntil"].as_str() > first["graceUntil"].as_str(), "{one}");
    let none = customer_move(maru, &case.agent, case.id, "return", json!({}))
        .await
        .ok();
    assert_eq!((&none["status"], &none["graceUntil"]), (&json!("ACTIVE"), &Value::Null));
    assert_eq!(topic.state("ACTIVE").await["by"], "A");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn transfer_to_a_named_agent(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let next = maru.person("agent").await;
    let (customer, mut topic) = case.customer.enter(maru, case.id).await;
    for nobody in [json!(case.customer.id), json!(9_999_999)] {
        admin_move(maru, &case.agent, case.id, "transfer", json!({ "agentId": nobody }))
            .await
            .refused(400, "invalid_request");
    }
    let session = admin_move(maru, &case.agent, case.id, "transfer", json!({ "agentId": next.id }))
        .await
        .ok();
    assert_eq!(
        (&session["status"], &session["adminId"]),
        (&json!("ACTIVE"), &json!(next.id))
    );
    let state = topic.state("ACTIVE").await;
    assert_eq!(
        (&state["from"], &state["session"]["adminName"]),
        (&json!("ACTIVE"), &json!(next.name))
    );
    customer.say(case.id, "새 상담원님?").await;
    let (before, after) = (case.agent.stomp(maru).await, next.stomp(maru).await);
    let body = json!({ "sessionId": case.id, "content": "네" });
    assert_eq!(
        before
            .try_send("/app/chat.sendMessage", body.clone())
            .await
            .unwrap_err()
            .code(),
        "not_participant"
    );
    after.send("/app/chat.sendMessage", body).await;
    admin_move(maru, &case.agent, case.id, "end", json!({}))
        .await
        .refused(403, "not_participant");
    admin_move(maru, &next, case.id, "end", json!({})).await.ok();
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_may_write_when(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::waiting(maru).await;
    let (customer, agent) = (case.customer.stomp(maru).await, case.agent.stomp(maru).await);
    let line = |content: &str| json!({ "sessionId": case.id, "content": content });
    customer.send("/app/chat.sendMessage", line("기다리는 중")).await;
    assert_eq!(
        agent
            .try_send("/app/chat.sendMessage", line("x"))
            .await
            .unwrap_err()
            .code(),
        "not_participant"
    );
    case.start(maru).await;
    agent.send("/app/chat.sendMessage", line("시작")).await;
    customer_move(maru, &case.customer, case.id, "leave", json!({}))
        .await
        .ok();
    agent.send("/app/chat.sendMessage", line("계신가요")).await;
    customer.send("/app/chat.sendMessage", line("네")).await;
    case.end(maru).await;
    for side in [&customer, &agent] {
        assert_eq!(
            side.try_send("/app/chat.sendMessage", line("x"))
                .await
                .unwrap_err()
                .code(),
            "wrong_state"
        );
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn joining_is_announced_once_and_leaving_by_frame_is_at_once(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let (first, mut topic) = case.customer.enter(maru, case.id).await;
    let (second, _second_topic) = case.customer.enter(maru, case.id).await;
    let (watcher, _) = (maru.person("agent").await.stomp(maru).await, ());
    let mut presence = watcher.subscribe("/topic/chat/presence").await;
    let said = case.messages(maru).await.len();
    for stomp in [&first, &second, &first] {
        stomp.send("/app/chat.addUser", json!({ "sessionId": case.id })).await;
    }
    assert_eq!(case.messages(maru).await.len(), said + 1, "one coming, one message");
    assert_eq!(
        topic
            .find("the joining", |event| event["messageType"] == "SYSTEM")
            .await["senderType"],
        "S"
    );

    first
        .send(
            "/app/chat.removeUser",
            json!({ "sessionId": case.id, "reason": "BROWSER_CLOSE" }),
        )
        .await;
    let state = topic.state("DISCONNECTED").await;
    assert_eq!(
        (&state["by"], &state["session"]["disconnectReason"]),
        (&json!("M"), &json!("BROWSER_CLOSE"))
    );
    let offline = presence
        .find("OFFLINE", |event| {
            event["sessionId"] == case.id && event["state"] == "OFFLINE"
        })
        .await;
    let expected = json!({"type": "PRESENCE", "sessionId": case.id, "memberId": case.customer.id, "senderType": "M", "state": "OFFLINE"});
    assert_eq!(offline, expected);
    let (_third, _) = case.customer.enter(maru, case.id).await;
    assert_eq!(
        topic.state("ACTIVE").await["by"],
        "M",
        "subscribing again is coming back"
    );
    presence
        .find("ONLINE", |event| {
            event["sessionId"] == case.id && event["state"] == "ONLINE"
        })
        .await;
    let said = case.messages(maru).await.len();
    first.send("/app/chat.addUser", json!({ "sessionId": case.id })).await;
    assert_eq!(
        case.messages(maru).await.len(),
        said,
        "coming back is its own announcement"
    );
}
