//! `after-seq`: what was missed, then SYNC, then live, without a hole and without a double.

use futures_util::future::join_all;
use rstest::rstest;
use serde_json::json;
use tests::{Connect, Db};

use crate::desk::{Case, PATIENT};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_returning_reader_gets_what_was_missed_then_sync_then_live(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let sender = case.customer.stomp(maru).await;
    let seen = sender.say(case.id, "seen").await;
    for n in 1..=3 {
        sender.say(case.id, &format!("missed {n}")).await;
    }
    let reader = case.agent.stomp(maru).await;
    let mut topic = reader.resume(&case.topic(), seen.seq).await;
    let live = sender.say(case.id, "live").await;
    topic.message("live").await;
    let came = topic.all();
    let kinds: Vec<_> = came
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .filter(|kind| matches!(*kind, "MESSAGE" | "SYNC"))
        .collect();
    let sync = came.iter().position(|event| event["type"] == "SYNC").unwrap();
    assert_eq!(kinds.iter().filter(|kind| **kind == "SYNC").count(), 1);
    let (before, after) = came.split_at(sync);
    let missed: Vec<_> = before.iter().map(|event| event["content"].as_str().unwrap()).collect();
    assert_eq!(missed, ["missed 1", "missed 2", "missed 3"]);
    assert_eq!(
        (&after[0]["sessionId"], &after[0]["session"]["status"]),
        (&json!(case.id), &json!("ACTIVE"))
    );
    assert!(after[0]["seq"].as_i64().unwrap() >= seen.seq + 3, "{}", after[0]);
    assert_eq!(topic.seqs().last(), Some(&live.seq));
    assert!(
        topic.seqs().windows(2).all(|pair| pair[1] == pair[0] + 1),
        "{:?}",
        topic.seqs()
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_who_is_level_gets_sync_at_once_and_zero_gets_everything(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let stomp = case.customer.stomp(maru).await;
    let last = stomp.say(case.id, "last").await;
    let level = stomp.resume(&case.topic(), last.seq).await;
    assert_eq!(level.clone().next().await["type"], "SYNC");
    let whole = stomp.resume(&case.topic(), 0).await;
    assert_eq!(whole.seqs(), (1..=last.seq).collect::<Vec<_>>());
    let fresh = stomp.subscribe(&case.topic()).await;
    stomp.settle().await;
    assert_eq!(fresh.all().len(), 0, "without a cursor only what comes");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_cursor_is_an_error(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    for (cursor, code) in [
        ("", "invalid_request"),
        ("-1", "invalid_request"),
        ("+1", "invalid_request"),
        (" 1", "invalid_request"),
        ("1.0", "invalid_request"),
        ("0x1", "invalid_request"),
        ("１", "invalid_request"),
        ("abc", "invalid_request"),
        ("1000000", "cursor_unknown"),
        ("99999999999999999999999999", "cursor_unknown"),
    ] {
        let stomp = case.customer.stomp(maru).await;
        let error = stomp
            .try_subscribe(&case.topic(), &[("after-seq", cursor)])
            .await
            .unwrap_err();
        assert_eq!(error.code, code, "{cursor:?}: {error:?}");
        assert_eq!((error.close.code, &error.body["code"]), (1002, &json!(code)));
        assert!(error.receipt_id.is_some() && !error.message.is_empty());
    }
    for destination in [
        "/user/queue/errors",
        "/user/queue/notifications",
        "/topic/chat/sessions",
    ] {
        let stomp = Connect::to(maru).token(&case.agent.token).without_errors().ok().await;
        let error = stomp
            .try_subscribe(destination, &[("after-seq", "0")])
            .await
            .unwrap_err();
        assert_eq!(error.code, "invalid_request", "{destination}: {error:?}");
    }
}

/// Readers come and go with cursors while both sides send as fast as they can.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn no_hole_and_no_double_while_others_are_sending(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    const LINES: i64 = 400;
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let start = case.messages(maru).await.len() as i64;
    let last = start + 2 * LINES;
    let send = |person: tests::Person| {
        let case = &case;
        async move {
            let stomp = person.stomp(maru).await;
            let mut sent = Vec::new();
            for n in 0..LINES {
                sent.push(stomp.start_send(
                    "/app/chat.sendMessage",
                    json!({ "sessionId": case.id, "content": format!("{n}") }).to_string(),
                ));
                if sent.len() % 20 == 0 {
                    stomp.outcome(&sent[sent.len() - 10]).await.unwrap();
                }
            }
            for receipt in &sent {
                stomp.outcome(receipt).await.unwrap();
            }
        }
    };
    let read = |patience: usize| {
        let case = &case;
        async move {
            let (mut cursor, mut seen) = (0, Vec::new());
            while cursor < last {
                let stomp = case.agent.stomp(maru).await;
                let topic = stomp.resume(&case.topic(), cursor).await;
                let enough = |topic: &tests::Feed| {
                    topic
                        .seqs()
                        .last()
                        .is_some_and(|seq| *seq >= last || topic.seqs().len() > patience)
                };
                tests::until("messages", || async { enough(&topic).then_some(()) }).await;
                let syncs = topic.all().iter().filter(|event| event["type"] == "SYNC").count();
                assert_eq!(syncs, 1);
                let seqs = topic.seqs();
                cursor = *seqs.last().unwrap();
                seen.extend(seqs);
                stomp.cut();
            }
            assert_eq!(seen, (1..=last).collect::<Vec<_>>());
        }
    };
    let readers = join_all([10, 40, 70, 110, 300].map(read));
    tokio::join!(send(case.customer.clone()), send(case.agent.clone()), readers);
}
