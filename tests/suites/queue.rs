//! The queue: its places, who takes a session from it, and who has waited long in it.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Db, Maru};

use crate::desk::{PATIENT, admin_move, id, open};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_queue_moves_up_and_a_transferred_session_keeps_its_place(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = Maru::start(db, &[]).await;
    let agent = maru.person("agent").await;
    let mut waiting = Vec::new();
    for place in 1..=3 {
        let customer = maru.guest().await;
        let session = open(&maru, &customer).await;
        assert_eq!(session["queuePosition"], place);
        let (stomp, topic) = customer.enter(&maru, id(&session)).await;
        waiting.push((id(&session), stomp, topic));
    }
    admin_move(&maru, &agent, waiting[0].0, "start", json!({})).await.ok();
    for (place, (number, _, topic)) in (1..).zip(&mut waiting[1..]) {
        let told = json!({"type": "QUEUE", "sessionId": *number, "queuePosition": place});
        topic
            .find(&format!("the new place {place}"), |event| *event == told)
            .await;
    }
    let back = admin_move(&maru, &agent, waiting[0].0, "transfer", json!({}))
        .await
        .ok();
    assert_eq!(
        (&back["status"], &back["adminId"], &back["queuePosition"]),
        (&json!("WAITING"), &Value::Null, &json!(1))
    );
    for (place, (_, _, topic)) in (1..).zip(&mut waiting) {
        topic
            .find(&format!("place {place}"), |event| {
                event["type"] == "QUEUE" && event["queuePosition"] == place
            })
            .await;
    }
    let listed = agent
        .rest(&maru)
        .get("/api/admin/chat/sessions?status=WAITING")
        .await
        .ok();
    let mut places: Vec<(i64, i64)> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|session| (session["queuePosition"].as_i64().unwrap(), id(session)))
        .collect();
    places.sort_unstable();
    assert_eq!(
        places,
        (1..).zip(waiting.iter().map(|waiting| waiting.0)).collect::<Vec<_>>()
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_pairs_of_agents_race_for_a_session_and_one_wins(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let agents = [maru.person("agent").await, maru.person("agent").await];
    let callers = agents.each_ref().map(|agent| agent.rest(maru));
    let customer = maru.guest().await;
    for _ in 0..100 {
        let number = id(&open(maru, &customer).await);
        let path = format!("/api/admin/chat/sessions/{number}/start");
        let (one, two) = tokio::join!(callers[0].post(&path, json!({})), callers[1].post(&path, json!({})));
        let (won, winner, lost) = if one.status == 200 {
            (one, 0, two)
        } else {
            (two, 1, one)
        };
        assert_eq!(won.ok()["adminId"], agents[winner].id);
        lost.refused(409, "already_started");
        let now = callers[0].get(&format!("/api/chat/sessions/{number}")).await.ok();
        assert_eq!(
            (&now["status"], &now["adminId"]),
            (&json!("ACTIVE"), &json!(agents[winner].id))
        );
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn long_waits_are_told_to_agents(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = Maru::start(db, &[("SUPPORT__LONG_WAIT_S", "1")]).await;
    let desk = maru.person("agent").await.stomp(&maru).await;
    let mut alerts = desk.subscribe("/topic/admin/notifications").await;
    let session = id(&open(&maru, &maru.guest().await).await);
    let alert = alerts.of_type("LONG_WAIT").await;
    assert_eq!(
        (&alert["sessionId"], &alert["session"]["status"]),
        (&json!(session), &json!("WAITING"))
    );
    assert!(alert["waitingSeconds"].as_i64().unwrap() >= 1);
}
