//! Who is here and who is away: noticed by sockets, heart-beats and calls, judged by time, also over a restart.

use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Connect, Db, Feed, Maru};

use crate::desk::{Case, Shared, admin_move, customer_move, id, open};

/// Away after a second, over after two.
static HASTY: Shared = Shared::new(&[
    ("SUPPORT__LEAVE_AFTER_S", "1"),
    ("SUPPORT__GRACE_S", "2"),
    ("SUPPORT__WAITING_GRACE_S", "2"),
]);

/// Away after a second, and for long.
static FORGIVING: Shared = Shared::new(&[
    ("SUPPORT__LEAVE_AFTER_S", "1"),
    ("SUPPORT__GRACE_S", "3600"),
    ("STOMP__HEARTBEAT_MS", "500"),
]);

async fn sessions(maru: &Maru) -> (tests::Stomp, Feed) {
    let desk = maru.person("agent").await.stomp(maru).await;
    let feed = desk.subscribe("/topic/chat/sessions").await;
    (desk, feed)
}

async fn state(feed: &mut Feed, session: i64, to: &str) -> Value {
    feed.find(&format!("{session} {to}"), |event| {
        event["type"] == "STATE" && event["sessionId"] == session && event["to"] == to
    })
    .await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn how_a_socket_ends_is_the_reason(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = FORGIVING.on(db).await;
    let (_desk, mut feed) = sessions(maru).await;
    for (how, reason) in [
        ("disconnect", "BROWSER_CLOSE"),
        ("1000", "BROWSER_CLOSE"),
        ("1001", "BROWSER_CLOSE"),
        ("cut", "NETWORK_ERROR"),
    ] {
        let case = Case::active(maru).await;
        let (stomp, _) = case.customer.enter(maru, case.id).await;
        match how {
            "disconnect" => stomp.disconnect().await,
            "1000" => stomp.close(1000).await,
            "1001" => stomp.close(1001).await,
            _ => stomp.cut(),
        }
        let away = state(&mut feed, case.id, "DISCONNECTED").await;
        assert_eq!(
            (&away["by"], &away["session"]["disconnectReason"]),
            (&json!("M"), &json!(reason)),
            "{how}"
        );
        assert!(away["session"]["graceUntil"].is_string());
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn missed_heart_beats_are_a_timeout(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = FORGIVING.on(db).await;
    let (_desk, mut feed) = sessions(maru).await;
    let case = Case::active(maru).await;
    let stomp = Connect::to(maru)
        .token(&case.customer.token)
        .heart_beat("500,0")
        .ok()
        .await;
    let _topic = stomp.subscribe(&case.topic()).await;
    stomp.fall_silent();
    let away = state(&mut feed, case.id, "DISCONNECTED").await;
    assert_eq!(away["session"]["disconnectReason"], "TIMEOUT");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn with_another_tab_open_nobody_has_left(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = FORGIVING.on(db).await;
    let (_desk, mut feed) = sessions(maru).await;
    let (two_tabs, one_tab) = (Case::active(maru).await, Case::active(maru).await);
    let (first, _) = two_tabs.customer.enter(maru, two_tabs.id).await;
    let (_second, _) = two_tabs.customer.enter(maru, two_tabs.id).await;
    first.disconnect().await;
    // The other session is the clock: it is away for the same reason, a moment later.
    let (only, _) = one_tab.customer.enter(maru, one_tab.id).await;
    only.disconnect().await;
    state(&mut feed, one_tab.id, "DISCONNECTED").await;
    let told = feed.all();
    assert!(
        told.iter()
            .all(|event| event["sessionId"] != two_tabs.id || event["to"] != "DISCONNECTED"),
        "{told:?}"
    );
    assert_eq!(two_tabs.session(maru).await["status"], "ACTIVE");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_reload_within_leave_after_is_nothing(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = FORGIVING.on(db).await;
    let (_desk, mut feed) = sessions(maru).await;
    let (reloads, goes) = (Case::active(maru).await, Case::active(maru).await);
    let (page, _) = reloads.customer.enter(maru, reloads.id).await;
    let (other, _) = goes.customer.enter(maru, goes.id).await;
    page.close(1001).await;
    other.close(1001).await;
    let (_again, _) = reloads.customer.enter(maru, reloads.id).await;
    let said = reloads.messages(maru).await.len();
    state(&mut feed, goes.id, "DISCONNECTED").await;
    assert_eq!(reloads.session(maru).await["status"], "ACTIVE");
    assert_eq!(reloads.messages(maru).await.len(), said, "a reload is not announced");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn unsubscribing_is_leaving_and_subscribing_is_coming_back(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = FORGIVING.on(db).await;
    let (_desk, mut feed) = sessions(maru).await;
    let case = Case::active(maru).await;
    let (agent, topic) = case.agent.enter(maru, case.id).await;
    agent.unsubscribe(&topic).await;
    assert_eq!(state(&mut feed, case.id, "DISCONNECTED").await["by"], "A");
    let _topic = agent.subscribe(&case.topic()).await;
    let back = state(&mut feed, case.id, "ACTIVE").await;
    assert_eq!(
        (&back["by"], &back["session"]["graceUntil"]),
        (&json!("A"), &Value::Null)
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn past_the_grace_the_session_is_over(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = HASTY.on(db).await;
    let (_desk, mut feed) = sessions(maru).await;
    let case = Case::active(maru).await;
    let (agent, mut topic) = case.agent.enter(maru, case.id).await;
    let (customer, _) = case.customer.enter(maru, case.id).await;
    customer.cut();
    let away = state(&mut feed, case.id, "DISCONNECTED").await;
    let over = state(&mut feed, case.id, "COMPLETED").await;
    let session = &over["session"];
    assert_eq!(
        (&over["by"], &session["endedBy"], &session["exitReason"]),
        (&json!("S"), &json!("S"), &Value::Null)
    );
    assert_eq!(
        (&session["disconnectReason"], &session["graceUntil"]),
        (&json!("NETWORK_ERROR"), &Value::Null)
    );
    assert!(
        session["endTime"].as_str() >= away["session"]["graceUntil"].as_str(),
        "{over}"
    );
    assert_eq!(topic.state("COMPLETED").await["by"], "S");
    let refused = agent
        .try_send("/app/chat.sendMessage", json!({ "sessionId": case.id, "content": "x" }))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "wrong_state");
    customer_move(maru, &case.customer, case.id, "return", json!({}))
        .await
        .refused(409, "wrong_state");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_return_in_time_stops_the_clock(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = HASTY.on(db).await;
    let (_desk, mut feed) = sessions(maru).await;
    let (returns, stays_away) = (Case::active(maru).await, Case::active(maru).await);
    customer_move(maru, &returns.customer, returns.id, "leave", json!({}))
        .await
        .ok();
    customer_move(maru, &returns.customer, returns.id, "return", json!({}))
        .await
        .ok();
    customer_move(maru, &stays_away.customer, stays_away.id, "leave", json!({}))
        .await
        .ok();
    state(&mut feed, stays_away.id, "COMPLETED").await;
    assert_eq!(returns.session(maru).await["status"], "ACTIVE");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_customer_who_stays_away_loses_the_place(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = HASTY.on(db).await;
    let (_desk, mut feed) = sessions(maru).await;
    let case = Case::waiting(maru).await;
    let (customer, _) = case.customer.enter(maru, case.id).await;
    customer.disconnect().await;
    let over = state(&mut feed, case.id, "COMPLETED").await;
    assert_eq!(
        (&over["from"], &over["by"], &over["session"]["exitReason"]),
        (&json!("WAITING"), &json!("S"), &json!("CANCELLED"))
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_away_when_started_counts_as_away_from_the_start(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let settings = [
        ("SUPPORT__LEAVE_AFTER_S", "1"),
        ("SUPPORT__GRACE_S", "3600"),
        ("SUPPORT__WAITING_GRACE_S", "3600"),
    ];
    let maru = Maru::start(db, &settings).await;
    let (_desk, mut feed) = sessions(&maru).await;
    let (case, clock) = (Case::waiting(&maru).await, Case::active(&maru).await);
    for case in [&case, &clock] {
        let (customer, _) = case.customer.enter(&maru, case.id).await;
        customer.disconnect().await;
    }
    state(&mut feed, clock.id, "DISCONNECTED").await;
    let started = admin_move(&maru, &case.agent, case.id, "start", json!({})).await.ok();
    assert_eq!(started["status"], "DISCONNECTED", "{started}");
    assert!(started["graceUntil"].is_string());
    let (_back, _) = case.customer.enter(&maru, case.id).await;
    assert_eq!(state(&mut feed, case.id, "ACTIVE").await["by"], "M");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_stays_away_gives_the_session_back_to_the_queue(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let settings = [
        ("SUPPORT__LEAVE_AFTER_S", "1"),
        ("SUPPORT__GRACE_S", "1"),
        ("SUPPORT__WHEN_AGENT_GONE", "requeue"),
    ];
    let maru = Maru::start(db, &settings).await;
    let (_desk, mut feed) = sessions(&maru).await;
    let (case, both) = (Case::active(&maru).await, Case::active(&maru).await);
    let (_customer, mut topic) = case.customer.enter(&maru, case.id).await;
    let (agent, _) = case.agent.enter(&maru, case.id).await;
    agent.cut();
    let back = state(&mut feed, case.id, "WAITING").await;
    assert_eq!((&back["by"], &back["session"]["adminId"]), (&json!("S"), &Value::Null));
    assert_eq!(topic.of_type("QUEUE").await["queuePosition"], 1);
    let next = maru.person("agent").await;
    let started = admin_move(&maru, &next, case.id, "start", json!({})).await.ok();
    assert_eq!(
        (&started["status"], &started["adminId"]),
        (&json!("ACTIVE"), &json!(next.id))
    );

    customer_move(&maru, &both.agent, both.id, "leave", json!({}))
        .await
        .ok();
    customer_move(&maru, &both.customer, both.id, "leave", json!({}))
        .await
        .ok();
    let over = feed
        .find("the end of both gone", |event| {
            event["sessionId"] == both.id && event["from"] == "DISCONNECTED" && event["to"] != "DISCONNECTED"
        })
        .await;
    assert_eq!(over["to"], "COMPLETED", "both gone is an end, never a requeue");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_during_grace_ends_and_keeps_sessions_rightly(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = Maru::start(db, &[("SUPPORT__LEAVE_AFTER_S", "1"), ("SUPPORT__GRACE_S", "4")]).await;
    let (ends, returns) = (Case::active(&maru).await, Case::active(&maru).await);
    let (was_here, never_here) = (Case::active(&maru).await, Case::active(&maru).await);
    let mut grace = Value::Null;
    for case in [&ends, &returns] {
        grace = customer_move(&maru, &case.customer, case.id, "leave", json!({}))
            .await
            .ok()["graceUntil"]
            .clone();
    }
    let (_customer, _) = was_here.customer.enter(&maru, was_here.id).await;
    maru.kill_and_restart().await;
    assert_eq!(
        returns.session(&maru).await["graceUntil"],
        grace,
        "who was away stays away, with the grace of then"
    );
    let (_desk, mut feed) = sessions(&maru).await;
    customer_move(&maru, &returns.customer, returns.id, "return", json!({}))
        .await
        .ok();
    let over = state(&mut feed, ends.id, "COMPLETED").await;
    assert_eq!(over["session"]["endedBy"], "S");
    // Who was here at the kill lost the connection at the restart, and is away, then over, by the same rules.
    let over = state(&mut feed, was_here.id, "COMPLETED").await;
    assert_eq!(over["session"]["disconnectReason"], "NETWORK_ERROR");
    assert_eq!(returns.session(&maru).await["status"], "ACTIVE");
    assert_eq!(
        never_here.session(&maru).await["status"],
        "ACTIVE",
        "who never had a connection has not left"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_down_over_the_grace_ends_the_session_at_its_start(
    #[values(Db::Sqlite, Db::Postgres)] db: Db,
) {
    let maru = Maru::start(db, &[("SUPPORT__GRACE_S", "1")]).await;
    let case = Case::active(&maru).await;
    customer_move(&maru, &case.customer, case.id, "leave", json!({}))
        .await
        .ok();
    maru.kill();
    tokio::time::sleep(Duration::from_secs(1)).await;
    maru.run().await;
    tests::until("the end", || async {
        (case.session(&maru).await["status"] == "COMPLETED").then_some(())
    })
    .await;
    assert_eq!(case.session(&maru).await["endedBy"], "S");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn last_seen_is_told(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = FORGIVING.on(db).await;
    let customer = maru.guest().await;
    let session = id(&open(maru, &customer).await);
    let (_stomp, _topic) = customer.enter(maru, session).await;
    let path = format!("/api/chat/sessions/{session}");
    tests::until("memberLastSeen", || async {
        customer.rest(maru).get(&path).await.ok()["memberLastSeen"]
            .is_string()
            .then_some(())
    })
    .await;
}
