//! Readers that cannot keep up: they miss nothing, and hinder nobody.

use rstest::rstest;
use serde_json::json;
use tests::{Db, Feed, Maru, Stomp};

use crate::desk::Case;

const MESSAGES: i64 = 1500;

const UNHURRIED: (&str, &str) = ("LIMITS__SLOW_READER_TIMEOUT_S", "60");

async fn maru(db: Db, timeout: (&str, &str)) -> Maru {
    let settings = [
        ("LIMITS__SENDS_PER_SECOND_PER_USER", "0"),
        ("LIMITS__SOCKET_SEND_BUFFER_BYTES", "16384"),
        // Nobody's leaving is to add a message.
        ("SUPPORT__LEAVE_AFTER_S", "3600"),
        timeout,
    ];
    Maru::start(db, &settings).await
}

/// Nine megabytes, more than the queue and both ends' kernels hold. The last one's receipt.
async fn flood(sender: &Stomp, session: i64) -> i64 {
    let content = "가".repeat(2000);
    let mut receipt = String::new();
    for number in 1..=MESSAGES {
        let body = json!({"sessionId": session, "content": content, "clientMessageId": number.to_string()});
        receipt = sender.start_send("/app/chat.sendMessage", body.to_string());
    }
    let stored = sender.outcome(&receipt).await.expect("stored");
    stored.get("seq").and_then(|seq| seq.parse().ok()).expect("a seq")
}

fn gapless(topic: &Feed, last: i64) {
    let seqs = topic.seqs();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "{seqs:?}");
    assert_eq!(seqs.last(), Some(&last));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_who_falls_behind_reads_on_without_a_hole(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = maru(db, UNHURRIED).await;
    let case = Case::active(&maru).await;
    let (slow, sender) = (case.customer.stomp(&maru).await, case.agent.stomp(&maru).await);
    let mut topic = slow.subscribe(&case.topic()).await;
    slow.fall_silent();
    let last = flood(&sender, case.id).await;
    assert!(maru.metric("stomp_fell_behind_total").await >= 1.0);
    slow.wake_up();
    topic.find("the last message", |event| event["seq"] == last).await;
    topic.of_type("SYNC").await;
    gapless(&topic, last);
    let live = sender.say(case.id, "live again").await;
    topic.message("live again").await;
    gapless(&topic, live.seq);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_who_stays_stuck_is_closed_and_resumes(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = maru(db, ("LIMITS__SLOW_READER_TIMEOUT_S", "1")).await;
    let case = Case::active(&maru).await;
    let (stuck, sender) = (case.customer.stomp(&maru).await, case.agent.stomp(&maru).await);
    let topic = stuck.subscribe(&case.topic()).await;
    stuck.fall_silent();
    let last = flood(&sender, case.id).await;
    tests::until("the stuck reader is let go", || async {
        (maru.metric("stomp_slow_closes_total").await >= 1.0).then_some(())
    })
    .await;
    stuck.wake_up();
    stuck.closed().await;
    let seen = *topic.seqs().last().expect("something came before");
    assert!(seen < last);
    let back = case.customer.stomp(&maru).await;
    let rest = back.resume(&case.topic(), seen).await;
    assert_eq!(rest.seqs(), (seen + 1..=last).collect::<Vec<_>>());
}
