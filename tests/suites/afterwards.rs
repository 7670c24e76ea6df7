//! What comes after a session's end: the rating.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, Db, Maru, Person};

use crate::desk::{Case, PATIENT};

async fn rate(maru: &Maru, who: &Person, session: i64, body: Value) -> Answer {
    who.rest(maru)
        .put(&format!("/api/chat/sessions/{session}/rating"), body)
        .await
}

/// A session that is over.
async fn ended(maru: &Maru) -> Case {
    let case = Case::active(maru).await;
    case.end(maru).await;
    case
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_rates_what_is_over_and_may_change_it(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    rate(maru, &case.customer, case.id, json!({ "score": 5 }))
        .await
        .refused(409, "wrong_state");
    case.end(maru).await;
    assert_eq!(case.session(maru).await["rating"], Value::Null);
    let body = json!({ "score": 2, "comment": "  조금 늦었어요 " });
    let session = rate(maru, &case.customer, case.id, body).await.ok();
    assert_eq!(
        (&session["rating"]["score"], &session["rating"]["comment"]),
        (&json!(2), &json!("조금 늦었어요"))
    );
    assert!(session["rating"]["at"].is_string(), "{session}");
    rate(maru, &case.customer, case.id, json!({ "score": 4 })).await.ok();
    let seen = case
        .agent
        .rest(maru)
        .get(&format!("/api/chat/sessions/{}", case.id))
        .await
        .ok();
    assert_eq!(
        (&seen["rating"]["score"], &seen["rating"]["comment"]),
        (&json!(4), &Value::Null),
        "the agents see the latest"
    );
}

#[rstest]
#[case(json!({ "score": 0 }))]
#[case(json!({ "score": 6 }))]
#[case(json!({ "score": 4.5 }))]
#[case(json!({}))]
#[case(json!({ "score": 5, "comment": "가".repeat(501) }))]
#[tokio::test(flavor = "multi_thread")]
async fn a_rating_in_the_wrong_form_is_refused(#[case] body: Value) {
    let maru = PATIENT.on(Db::Sqlite).await;
    let case = ended(maru).await;
    rate(maru, &case.customer, case.id, body)
        .await
        .refused(400, "invalid_request");
    assert_eq!(case.session(maru).await["rating"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rating_is_closed_after_its_time() {
    let maru = Maru::start(Db::Sqlite, &[("SUPPORT__RATING_OPEN_S", "0")]).await;
    let case = ended(&maru).await;
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    rate(&maru, &case.customer, case.id, json!({ "score": 5 }))
        .await
        .refused(409, "wrong_state");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn ratings_are_counted_and_found(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = Maru::start(db, &[]).await;
    let agent = maru.person("agent").await.rest(&maru);
    let stats = agent.get("/api/admin/chat/stats").await.ok();
    assert_eq!(stats["rating"], json!({ "count": 0, "average": null }));
    let (first, second, _unrated) = (ended(&maru).await, ended(&maru).await, ended(&maru).await);
    rate(&maru, &first.customer, first.id, json!({ "score": 5 })).await.ok();
    rate(&maru, &second.customer, second.id, json!({ "score": 2 }))
        .await
        .ok();
    let stats = agent.get("/api/admin/chat/stats").await.ok();
    assert_eq!(stats["rating"], json!({ "count": 2, "average": 3.5 }));
    let found = agent.get("/api/admin/chat/history?rating=2").await.ok();
    let numbers: Vec<_> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["sessionId"])
        .collect();
    assert_eq!(numbers, [&json!(second.id)]);
    for wrong in ["0", "6", "x"] {
        agent
            .get(&format!("/api/admin/chat/history?rating={wrong}"))
            .await
            .refused(400, "invalid_request");
    }
}
