//! Agents among themselves: who takes sessions, why one is given on, who looks at one.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, Db, Maru, Person};

use crate::desk::{Case, PATIENT, admin_move};

const OWN: &str = "/api/admin/chat/availability";

async fn say(maru: &Maru, agent: &Person, availability: &str) -> Answer {
    let body = json!({ "availability": availability });
    agent.rest(maru).put(OWN, body).await
}

/// The agent as the list of agents shows one.
async fn listed(maru: &Maru, agent: &Person) -> Value {
    let list = agent.rest(maru).get("/api/admin/chat/agents").await.ok();
    let items = list["items"].as_array().unwrap();
    items.iter().find(|a| a["memberId"] == agent.id).unwrap().clone()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_available_until_saying_otherwise_and_a_restart_forgets_nothing(
    #[values(Db::Sqlite, Db::Postgres)] db: Db,
) {
    let maru = Maru::start(db, &[]).await;
    let agent = maru.person("agent").await;
    let own = agent.rest(&maru).get(OWN).await.ok();
    assert_eq!(
        own,
        json!({ "memberId": agent.id, "availability": "AVAILABLE", "since": null })
    );
    let said = say(&maru, &agent, "BUSY").await.ok();
    assert_eq!(said["availability"], "BUSY");
    assert!(said["since"].is_string(), "{said}");
    assert_eq!(
        say(&maru, &agent, "BUSY").await.ok(),
        said,
        "the same again changes nothing"
    );
    maru.kill_and_restart().await;
    assert_eq!(agent.rest(&maru).get(OWN).await.ok(), said);
    say(&maru, &agent, "ASLEEP").await.refused(400, "invalid_request");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_is_away_starts_nothing_and_is_given_nothing(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::waiting(maru).await;
    let other = maru.person("agent").await;
    say(maru, &other, "AWAY").await.ok();
    admin_move(maru, &other, case.id, "start", json!({}))
        .await
        .refused(409, "agent_away");
    case.start(maru).await;
    let to_other = json!({ "agentId": other.id });
    admin_move(maru, &case.agent, case.id, "transfer", to_other.clone())
        .await
        .refused(409, "agent_away");

    say(maru, &case.agent, "AWAY").await.ok();
    case.start(maru).await;
    say(maru, &other, "BUSY").await.ok();
    let session = admin_move(maru, &case.agent, case.id, "transfer", to_other).await.ok();
    assert_eq!(session["adminId"], other.id, "who is busy may still be asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_hear_and_see_who_takes_sessions() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let (agent, other) = (maru.person("agent").await, maru.person("agent").await);
    assert_eq!(listed(maru, &agent).await["online"], false);
    let desk = other.stomp(maru).await;
    let mut presence = desk.subscribe("/topic/chat/presence").await;
    say(maru, &agent, "AWAY").await.ok();
    let heard = presence
        .find("the change", |event| {
            event["type"] == "AVAILABILITY" && event["memberId"] == agent.id
        })
        .await;
    assert_eq!(
        heard,
        json!({ "type": "AVAILABILITY", "memberId": agent.id, "name": agent.name, "availability": "AWAY" })
    );
    let _here = agent.stomp(maru).await;
    let seen = listed(maru, &agent).await;
    assert_eq!((&seen["availability"], &seen["online"]), (&json!("AWAY"), &json!(true)));
    assert_eq!(listed(maru, &other).await["availability"], "AVAILABLE");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn why_a_session_was_given_on_is_told_to_agents_only(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let (customer, _topic) = case.customer.enter(maru, case.id).await;
    let body = json!({ "reason": " 환불은 다른 팀 " });
    let session = admin_move(maru, &case.agent, case.id, "transfer", body).await.ok();
    assert_eq!(session["transferReason"], "환불은 다른 팀");
    let agent = case.agent.rest(maru);
    let detail = agent.get(&format!("/api/admin/chat/history/{}", case.id)).await.ok();
    assert_eq!(detail["session"]["transferReason"], "환불은 다른 팀");
    let list = agent
        .get("/api/admin/chat/sessions?status=WAITING&limit=200")
        .await
        .ok();
    let listed = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|s| s["sessionId"] == case.id)
        .unwrap();
    assert_eq!(listed["transferReason"], "환불은 다른 팀");

    assert_eq!(case.session(maru).await.get("transferReason"), None);
    let own = case.customer.rest(maru).get("/api/chat/sessions").await;
    assert!(
        !own.text.contains("환불은") && !own.text.contains("transferReason"),
        "{}",
        own.text
    );
    customer.settle().await;
    for entry in customer.log() {
        if let tests::Entry::Frame(frame) = entry {
            assert!(!String::from_utf8_lossy(&frame.body).contains("환불은"));
        }
    }

    case.start(maru).await;
    let again = admin_move(maru, &case.agent, case.id, "transfer", json!({})).await.ok();
    assert_eq!(again["transferReason"], Value::Null, "the last transfer had none");
    case.start(maru).await;
    let too_long = json!({ "reason": "가".repeat(201) });
    admin_move(maru, &case.agent, case.id, "transfer", too_long)
        .await
        .refused(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_say_when_a_wait_is_long() {
    let maru = Maru::start(
        Db::Sqlite,
        &[("SUPPORT__WAIT_WARN_S", "7"), ("SUPPORT__LONG_WAIT_S", "70")],
    )
    .await;
    let agent = maru.person("agent").await;
    let stats = agent.rest(&maru).get("/api/admin/chat/stats").await.ok();
    assert_eq!(stats["waitStepsSeconds"], json!([7, 70]));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn agents_who_look_at_a_session_are_told_to_agents_and_not_to_the_customer(
    #[values(Db::Sqlite, Db::Postgres)] db: Db,
) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let other = maru.person("agent").await;
    let desk = maru.person("agent").await.stomp(maru).await;
    let mut presence = desk.subscribe("/topic/chat/presence").await;
    let viewers = |of: i64, ids: Vec<i64>| {
        move |event: &Value| {
            let found = event["viewers"].as_array().into_iter().flatten();
            let found: Vec<_> = found.map(|viewer| viewer["memberId"].as_i64().unwrap()).collect();
            event["type"] == "VIEWERS" && event["sessionId"] == of && found == ids
        }
    };
    let (customer, _topic) = case.customer.enter(maru, case.id).await;
    let (_mine, _mine_topic) = case.agent.enter(maru, case.id).await;
    let (theirs, theirs_topic) = other.enter(maru, case.id).await;
    let heard = presence.find("the viewer", viewers(case.id, vec![other.id])).await;
    assert_eq!(heard["viewers"], json!([{ "memberId": other.id, "name": other.name }]));
    let path = format!("/api/admin/chat/sessions/{}/viewers", case.id);
    let now = case.agent.rest(maru).get(&path).await.ok();
    assert_eq!(now["items"], heard["viewers"]);

    admin_move(maru, &case.agent, case.id, "transfer", json!({ "agentId": other.id }))
        .await
        .ok();
    presence
        .find("the roles to change", viewers(case.id, vec![case.agent.id]))
        .await;
    admin_move(maru, &other, case.id, "transfer", json!({ "agentId": case.agent.id }))
        .await
        .ok();
    presence
        .find("them to change back", viewers(case.id, vec![other.id]))
        .await;
    theirs.unsubscribe(&theirs_topic).await;
    presence.find("nobody", viewers(case.id, vec![])).await;

    customer.settle().await;
    for entry in customer.log() {
        if let tests::Entry::Frame(frame) = entry {
            assert!(!String::from_utf8_lossy(&frame.body).contains("VIEWERS"));
        }
    }
    maru.person("agent")
        .await
        .rest(maru)
        .get(&format!("/api/admin/chat/sessions/{}/viewers", 1_i64 << 40))
        .await
        .refused(404, "session_not_found");
}
