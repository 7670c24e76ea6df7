//! Every move of a support session, by everybody who might try, from every state.

use rstest::rstest;
use serde_json::json;
use tests::{Answer, Db, Maru, Person};

use crate::desk::{Case, PATIENT, admin_move, customer_move, id, open};

/// Where a session stands before a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    Waiting,
    Active,
    /// The customer is away.
    Disconnected,
    Completed,
}

/// Who moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Customer,
    /// The assigned agent; nobody's yet while WAITING.
    Agent,
    OtherAgent,
    Admin,
}

/// What comes of a move in each of the four states: the new state, or the code of the refusal.
type Outcomes = [Result<&'static str, (u16, &'static str)>; 4];

const WRONG: Result<&str, (u16, &str)> = Err((409, "wrong_state"));
const STRANGER: Result<&str, (u16, &str)> = Err((403, "not_participant"));
const ALREADY: Result<&str, (u16, &str)> = Err((409, "already_started"));
const FORBIDDEN: Result<&str, (u16, &str)> = Err((403, "forbidden"));

/// Every move by everybody who might try, in WAITING, ACTIVE, DISCONNECTED and COMPLETED.
const MOVES: &[(&str, By, Outcomes)] = &[
    (
        "start",
        By::Agent,
        [Ok("ACTIVE"), Ok("ACTIVE"), Ok("DISCONNECTED"), WRONG],
    ),
    ("start", By::OtherAgent, [Ok("ACTIVE"), ALREADY, ALREADY, WRONG]),
    ("start", By::Admin, [Ok("ACTIVE"), ALREADY, ALREADY, WRONG]),
    ("cancel", By::Customer, [Ok("COMPLETED"), WRONG, WRONG, WRONG]),
    ("cancel", By::Agent, [FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN]),
    ("end", By::Customer, [WRONG, Ok("COMPLETED"), Ok("COMPLETED"), WRONG]),
    ("end", By::Agent, [STRANGER, Ok("COMPLETED"), Ok("COMPLETED"), WRONG]),
    ("end", By::OtherAgent, [STRANGER, STRANGER, STRANGER, STRANGER]),
    ("end", By::Admin, [WRONG, Ok("COMPLETED"), Ok("COMPLETED"), WRONG]),
    ("transfer", By::Agent, [STRANGER, Ok("WAITING"), WRONG, WRONG]),
    ("transfer", By::OtherAgent, [STRANGER, STRANGER, STRANGER, STRANGER]),
    ("transfer", By::Admin, [WRONG, Ok("WAITING"), WRONG, WRONG]),
    (
        "leave",
        By::Customer,
        [WRONG, Ok("DISCONNECTED"), Ok("DISCONNECTED"), WRONG],
    ),
    (
        "leave",
        By::Agent,
        [STRANGER, Ok("DISCONNECTED"), Ok("DISCONNECTED"), WRONG],
    ),
    ("leave", By::OtherAgent, [STRANGER, STRANGER, STRANGER, STRANGER]),
    ("leave", By::Admin, [STRANGER, STRANGER, STRANGER, STRANGER]),
    (
        "return",
        By::Customer,
        [Ok("WAITING"), Ok("ACTIVE"), Ok("ACTIVE"), WRONG],
    ),
    ("return", By::Agent, [STRANGER, Ok("ACTIVE"), Ok("DISCONNECTED"), WRONG]),
    ("return", By::OtherAgent, [STRANGER, STRANGER, STRANGER, STRANGER]),
    ("return", By::Admin, [STRANGER, STRANGER, STRANGER, STRANGER]),
];

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_move_from_every_state(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let people = [
        maru.person("agent").await,
        maru.person("agent").await,
        maru.person("admin").await,
    ];
    let watcher = people[0].stomp(maru).await;
    let mut faults = Vec::new();
    for (step, by, outcomes) in MOVES {
        for (from, expected) in [From::Waiting, From::Active, From::Disconnected, From::Completed]
            .into_iter()
            .zip(outcomes)
        {
            let case = prepared(maru, from, &people[0]).await;
            let topic = watcher.subscribe(&case.topic()).await;
            let before = case.session(maru).await;
            let answer = attempt(maru, &case, step, *by, &people).await;
            let after = case.session(maru).await;
            let what = format!("{step} by {by:?} from {from:?}");
            let got = match answer.status {
                200 => Ok(answer.json["status"].as_str().unwrap().to_owned()),
                status => Err((status, answer.code().to_owned())),
            };
            let wanted = expected
                .map(str::to_owned)
                .map_err(|(status, code)| (status, code.to_owned()));
            if got != wanted {
                faults.push(format!("{what}: {got:?} instead of {wanted:?}"));
                continue;
            }
            if expected.is_err() {
                answer.clone().refused(answer.status, answer.code());
                assert_eq!(before["udate"], after["udate"], "{what} changed the session");
            }
            assert_eq!(
                after["status"],
                expected.unwrap_or(before["status"].as_str().unwrap()),
                "{what}"
            );
            if before["status"] != after["status"] {
                let state = topic.clone().state(after["status"].as_str().unwrap()).await;
                let who = if *by == By::Customer { "M" } else { "A" };
                assert_eq!(
                    (&state["from"], &state["by"]),
                    (&before["status"], &json!(who)),
                    "{what}: {state}"
                );
                let told = case.messages(maru).await;
                let last = told.last().unwrap();
                assert_eq!(
                    (&last["messageType"], &last["senderType"]),
                    (&json!("SYSTEM"), &json!("S")),
                    "{what}: {last}"
                );
                assert!(
                    last["system"]["code"].is_string() && last["senderId"].is_null() && last["senderName"].is_null(),
                    "{last}"
                );
            }
            watcher.unsubscribe(&topic).await;
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

async fn prepared(maru: &Maru, from: From, agent: &Person) -> Case {
    let customer = maru.guest().await;
    let case = Case {
        id: id(&open(maru, &customer).await),
        customer,
        agent: agent.clone(),
    };
    if from != From::Waiting {
        case.start(maru).await;
    }
    match from {
        From::Waiting | From::Active => {}
        From::Disconnected => drop(
            customer_move(maru, &case.customer, case.id, "leave", json!({}))
                .await
                .ok(),
        ),
        From::Completed => drop(case.end(maru).await),
    }
    case
}

async fn attempt(maru: &Maru, case: &Case, step: &str, by: By, agents: &[Person; 3]) -> Answer {
    let who = match by {
        By::Customer => &case.customer,
        By::Agent => &agents[0],
        By::OtherAgent => &agents[1],
        By::Admin => &agents[2],
    };
    let at_the_desk = matches!(step, "start" | "transfer") || (step == "end" && by != By::Customer);
    if at_the_desk {
        admin_move(maru, who, case.id, step, json!({})).await
    } else {
        customer_move(maru, who, case.id, step, json!({})).await
    }
}
