//! Everybody at once: what two people do at the same moment leaves one story that all tell alike.

use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Db, Maru, Person};

use crate::desk::{Case, PATIENT, admin_move, customer_move};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_after_the_end(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    for _ in 0..10 {
        let case = Case::active(maru).await;
        let (stomp, topic) = case.customer.enter(maru, case.id).await;
        let sent: Vec<String> = (0..40)
            .map(|n| {
                let body = json!({ "sessionId": case.id, "content": format!("{n}") });
                stomp.start_send("/app/chat.sendMessage", body.to_string())
            })
            .collect();
        stomp.outcome(&sent[0]).await.unwrap();
        admin_move(maru, &case.agent, case.id, "end", json!({})).await.ok();
        let mut stored = 0;
        for receipt in &sent {
            match stomp.outcome(receipt).await {
                Ok(_) => stored += 1,
                Err(refused) => assert_eq!(refused.code(), "wrong_state"),
            }
        }
        let messages = case.messages(maru).await;
        assert_eq!(
            messages.last().unwrap()["messageType"],
            "SYSTEM",
            "the end is the last word"
        );
        let texts = messages
            .iter()
            .filter(|message| message["messageType"] == "TEXT")
            .count();
        assert_eq!(texts, stored, "what was refused is not stored, what was not refused is");
        let shown: Vec<i64> = topic.seqs();
        assert!(shown.windows(2).all(|pair| pair[1] == pair[0] + 1), "{shown:?}");
    }
}

/// One who tries a move and says how it went.
async fn attempt(maru: &Maru, who: &Person, session: i64, step: &str) -> Option<Value> {
    let answer = match step {
        "start" | "transfer" => admin_move(maru, who, session, step, json!({})).await,
        _ => customer_move(maru, who, session, step, json!({})).await,
    };
    assert!(matches!(answer.status, 200 | 403 | 409), "{step}: {}", answer.text);
    (answer.status == 200).then_some(answer.json)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn moves_at_the_same_moment_make_one_chain_of_states(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let other = maru.person("agent").await;
    for round in 0..10 {
        let case = Case::active(maru).await;
        let (_watcher, topic) = other.enter(maru, case.id).await;
        let (customer, agent) = (&case.customer, &case.agent);
        let mut moves = vec![
            (customer, "leave"),
            (agent, "leave"),
            (agent, "transfer"),
            (&other, "start"),
            (customer, "return"),
            (agent, "return"),
            (customer, "leave"),
            (agent, "start"),
        ];
        if round % 2 == 0 {
            moves.push((customer, "end"));
        }
        moves.rotate_left(round % 8);
        join_all(moves.iter().map(|(who, step)| attempt(maru, who, case.id, step))).await;
        let now = other
            .rest(maru)
            .get(&format!("/api/chat/sessions/{}", case.id))
            .await
            .ok();
        let states = || {
            let events = topic.all().into_iter();
            events.filter(|event| event["type"] == "STATE").collect::<Vec<Value>>()
        };
        tests::until("the state that it is in now", || async {
            let last = states().last().map_or(json!("ACTIVE"), |state| state["to"].clone());
            (last == now["status"]).then_some(())
        })
        .await;
        let mut before = json!("ACTIVE");
        for state in states() {
            assert_eq!(state["from"], before, "{:#?}", states());
            assert_eq!(state["session"]["status"], state["to"], "{state:#}");
            before = state["to"].clone();
        }
    }
}
