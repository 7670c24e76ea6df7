//! Marking unread: for oneself only, until the next reading.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Db, Maru, Person};

use crate::desk::{Case, PATIENT, customer_move};

async fn unread_count(maru: &Maru, who: &Person, session: i64) -> Value {
    let session = who.rest(maru).get(&format!("/api/chat/sessions/{session}")).await.ok();
    session["unreadCount"].clone()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn unread_again_is_the_readers_own_count_and_takes_no_tick_back(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let (customer, mut topic) = case.customer.enter(maru, case.id).await;
    let first = customer.say(case.id, "하나").await;
    customer.say(case.id, "둘").await;
    customer.say(case.id, "셋").await;
    let agent = case.agent.rest(maru);
    customer_move(maru, &case.agent, case.id, "read", json!({})).await.ok();
    topic.of_type("READ").await;
    let other_device = case.agent.stomp(maru).await;
    let mut own = other_device.subscribe("/user/queue/notifications").await;

    let session = customer_move(maru, &case.agent, case.id, "unread", json!({}))
        .await
        .ok();
    assert_eq!(session["unreadCount"], 1, "the last one of the other side");
    let told = |count| json!({ "type": "UNREAD", "sessionId": case.id, "unreadCount": count });
    assert_eq!(own.next().await, told(1));
    let from_first = json!({ "messageId": first.message_id });
    let session = customer_move(maru, &case.agent, case.id, "unread", from_first)
        .await
        .ok();
    assert_eq!(session["unreadCount"], 3);
    assert_eq!(own.next().await, told(3));
    let list = agent.get("/api/admin/chat/sessions?limit=200").await.ok();
    let listed = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|s| s["sessionId"] == case.id)
        .unwrap();
    assert_eq!(listed["unreadCount"], 3);
    for message in case.messages(maru).await.iter().filter(|m| m["senderType"] == "M") {
        assert_eq!(message["isRead"], "Y", "the customer's ticks stay: {message}");
    }

    let session = customer_move(maru, &case.agent, case.id, "read", json!({})).await.ok();
    assert_eq!(session["unreadCount"], 0, "the next reading clears it");
    assert_eq!(own.next().await, told(0), "also where the mark did not move");
    customer_move(maru, &case.agent, case.id, "unread", json!({}))
        .await
        .ok();
    customer.say(case.id, "넷").await;
    assert_eq!(unread_count(maru, &case.agent, case.id).await, 2);
    customer_move(maru, &case.agent, case.id, "read", json!({})).await.ok();
    assert_eq!(unread_count(maru, &case.agent, case.id).await, 0);
    customer.settle().await;
    assert!(
        topic.all().iter().all(|event| event["type"] != "UNREAD"),
        "nobody else hears of it"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn only_the_other_sides_messages_of_the_session_can_be_unread(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let (case, other) = (Case::active(maru).await, Case::active(maru).await);
    let session = customer_move(maru, &case.customer, case.id, "unread", json!({}))
        .await
        .ok();
    assert_eq!(session["unreadCount"], 0, "there is nothing to be unread");
    let mine = case.customer.stomp(maru).await.say(case.id, "내 것").await;
    let foreign = other.agent.stomp(maru).await.say(other.id, "남의 것").await;
    for message in [mine.message_id, foreign.message_id, 1 << 40] {
        customer_move(maru, &case.customer, case.id, "unread", json!({ "messageId": message }))
            .await
            .refused(400, "invalid_request");
    }
    let answer = case.agent.stomp(maru).await.say(case.id, "답").await;
    let from_it = json!({ "messageId": answer.message_id });
    customer_move(maru, &case.customer, case.id, "unread", from_it)
        .await
        .ok();
    assert_eq!(
        unread_count(maru, &case.customer, case.id).await,
        1,
        "it was not read yet"
    );
}
