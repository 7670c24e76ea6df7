//! What a visitor is told before the first message: opening hours, agents, the wait to expect.

use std::time::{SystemTime, UNIX_EPOCH};

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Db, Maru, until};

use crate::desk::Case;

const ASKED: &str = "/api/chat/availability";

/// The desk once `wanted` holds: an answer may be a second old.
async fn desk(maru: &Maru, wanted: impl Fn(&Value) -> bool) -> Value {
    until("the desk to look so", || async {
        let desk = maru.rest().get(ASKED).await.ok();
        wanted(&desk).then_some(desk)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_hours_the_desk_is_always_open() {
    let maru = Maru::start(Db::Sqlite, &[]).await;
    let desk = maru.rest().get(ASKED).await.ok();
    assert_eq!(
        desk,
        json!({
            "open": true, "opensAt": null, "closesAt": null, "timeZone": "Asia/Seoul", "hours": [],
            "waiting": 0, "expectedWaitSeconds": null, "agentsAvailable": 0, "mail": false,
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_are_told_day_by_day_and_out_of_hours_sessions_wait() {
    // Day 0 was a Thursday; three days from now it is closed for sure.
    let today = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / (24 * 60 * 60);
    let far = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"][(today as usize + 3) % 7];
    let maru = Maru::start(
        Db::Sqlite,
        &[
            (
                "SUPPORT__OPENING_HOURS",
                &format!("{far} 09:00-12:30,{far} 13:30-24:00"),
            ),
            ("SERVER__TIME_ZONE", "UTC"),
        ],
    )
    .await;
    let desk = maru.rest().get(ASKED).await.ok();
    assert_eq!((&desk["open"], &desk["closesAt"]), (&json!(false), &Value::Null));
    assert!(desk["opensAt"].as_str().unwrap().ends_with("T09:00:00.000Z"), "{desk}");
    let day = far.to_uppercase();
    assert_eq!(
        desk["hours"],
        json!([{ "day": day, "from": "09:00", "to": "12:30" }, { "day": day, "from": "13:30", "to": "24:00" }])
    );
    assert_eq!(desk["timeZone"], "UTC");
    let case = Case::waiting(&maru).await;
    assert_eq!(case.session(&maru).await["status"], "WAITING");
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_in_the_wrong_form_stop_the_start_and_are_named() {
    let maru = Maru::prepare(Db::Sqlite, &[("SUPPORT__OPENING_HOURS", "mon-fri 18:00-09:00")]).await;
    let output = tokio::task::block_in_place(|| maru.cli(&["serve"]));
    assert!(!output.status.success());
    assert!(
        output.stderr.contains("opening_hours") && output.stderr.contains("18:00-09:00"),
        "{}",
        output.stderr
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_queue_the_wait_and_the_agents_are_told(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = Maru::start(db, &[]).await;
    for _ in 0..2 {
        Case::active(&maru).await;
    }
    let case = Case::waiting(&maru).await;
    let waiting = desk(&maru, |desk| desk["waiting"] == 1).await;
    assert_eq!(waiting["expectedWaitSeconds"], Value::Null, "two waits are too few");
    case.start(&maru).await;
    let taken = desk(&maru, |desk| desk["waiting"] == 0).await;
    assert!(taken["expectedWaitSeconds"].is_number(), "{taken}");

    let _here = case.agent.stomp(&maru).await;
    let _customer = case.customer.stomp(&maru).await;
    desk(&maru, |desk| desk["agentsAvailable"] == 1).await;
    let busy = json!({ "availability": "BUSY" });
    case.agent
        .rest(&maru)
        .put("/api/admin/chat/availability", busy)
        .await
        .ok();
    desk(&maru, |desk| desk["agentsAvailable"] == 0).await;
}
