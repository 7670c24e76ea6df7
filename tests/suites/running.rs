//! Running it: the start that is refused, health, metrics, commands beside a running server, and the end.

use std::time::Duration;

use rstest::rstest;
use serde_json::json;
use tests::{Connect, Db, Maru};

use crate::desk::{Case, PATIENT};

/// Starts a server that must refuse; what it said.
async fn refused_start(settings: &[(&str, &str)]) -> String {
    let maru = Maru::prepare(Db::Sqlite, settings).await;
    let output = tokio::task::block_in_place(|| maru.cli(&["serve"]));
    assert!(!output.status.success(), "it started");
    format!("{}{}", output.stdout, output.stderr)
}

#[rstest]
#[case("a missing secret", &[("SERVER__PROFILE", "prod"), ("AUTH__SECRET", "")], "auth.secret")]
#[case("a short secret", &[("SERVER__PROFILE", "prod"), ("AUTH__SECRET", "short")], "auth.secret")]
#[case("a short secret in dev", &[("AUTH__SECRET", "short")], "auth.secret")]
#[case("an unknown setting", &[("SUPPORT__GRASE_S", "3")], "grase_s")]
#[case("an unknown section", &[("SUPORT__GRACE_S", "3")], "suport")]
#[case("a value of another kind", &[("SUPPORT__GRACE_S", "soon")], "grace_s")]
#[case("a negative time", &[("SUPPORT__GRACE_S", "-1")], "grace_s")]
#[case("an unknown profile", &[("SERVER__PROFILE", "staging")], "profile")]
#[case("an unknown zone", &[("SERVER__TIME_ZONE", "Asia/Atlantis")], "time_zone")]
#[case("an unknown database", &[("DATABASE__URL", "oracle://x")], "database.url")]
#[case("an address that is none", &[("SERVER__LISTEN", "nowhere")], "listen")]
#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_cannot_go_well_is_refused_and_says_why(
    #[case] _what: &str,
    #[case] settings: &[(&str, &str)],
    #[case] named: &str,
) {
    let said = refused_start(settings).await;
    assert!(said.to_lowercase().contains(named), "{said}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn prod_starts_with_a_secret_of_its_own() {
    let maru = Maru::start(Db::Sqlite, &[("SERVER__PROFILE", "prod")]).await;
    maru.rest().get("/health/ready").await.ok();
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sigterm_tells_clients_to_come_back_and_ends_well(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = Maru::start(db, &[]).await;
    let case = Case::active(&maru).await;
    let (customer, _topic) = case.customer.enter(&maru, case.id).await;
    let (agent, _agent_topic) = case.agent.enter(&maru, case.id).await;
    let last = customer.say(case.id, "마지막").await;
    let (status, took) = maru.terminate().await;
    assert_eq!(status.code(), Some(0), "{}", maru.log());
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_eq!((customer.closed().await.code, agent.closed().await.code), (1012, 1012));
    maru.run().await;
    assert_eq!(case.session(&maru).await["status"], "ACTIVE");
    assert_eq!(
        case.messages(&maru)
            .await
            .iter()
            .find(|message| message["content"] == "마지막")
            .unwrap()["seq"],
        last.seq
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_send_that_is_under_way_at_sigterm_is_answered_or_not_stored_twice(
    #[values(Db::Sqlite, Db::Postgres)] db: Db,
) {
    let maru = Maru::start(db, &[]).await;
    let case = Case::active(&maru).await;
    let stomp = case.customer.stomp(&maru).await;
    let body =
        |n: usize| json!({ "sessionId": case.id, "content": format!("{n}"), "clientMessageId": format!("c{n}") });
    let sent: Vec<String> = (0..200)
        .map(|n| stomp.start_send("/app/chat.sendMessage", body(n).to_string()))
        .collect();
    let (status, _) = maru.terminate().await;
    assert_eq!(status.code(), Some(0));
    stomp.closed().await;
    let mut acknowledged = Vec::new();
    for (n, receipt) in sent.iter().enumerate() {
        if let Some(Ok(frame)) = stomp.outcome_or_end(receipt).await {
            acknowledged.push((n, tests::Receipt::of(&frame)));
        }
    }
    maru.run().await;
    let again = case.customer.stomp(&maru).await;
    for n in 0..sent.len() {
        let receipt = tests::Receipt::of(&again.send("/app/chat.sendMessage", body(n)).await);
        if let Some((_, first)) = acknowledged.iter().find(|(sent, _)| *sent == n) {
            assert_eq!(receipt, *first);
        }
    }
    let stored = maru.storage().await.messages(case.id).await;
    assert_eq!(
        stored.iter().filter(|row| row.client_message_id.is_some()).count(),
        sent.len()
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn health_is_told_without_a_log_in(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(maru.rest().get(path).await.status, 200, "{path}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_what_happens(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = Maru::start(db, &[]).await;
    let case = Case::active(&maru).await;
    let (stomp, _topic) = case.customer.enter(&maru, case.id).await;
    stomp.say(case.id, "x").await;
    stomp
        .try_send("/app/chat.sendMessage", json!({ "sessionId": case.id, "content": "" }))
        .await
        .unwrap_err();
    let answer = maru.rest().get("/metrics").await;
    assert_eq!(answer.status, 200);
    for word in ["connection", "message", "append", "batch", "queue", "session", "refus"] {
        let found = answer
            .text
            .lines()
            .any(|line| !line.starts_with('#') && line.contains(word));
        assert!(found, "no figure of {word}:\n{}", answer.text);
    }
    assert!(
        !answer.text.contains(&case.customer.code) && !answer.text.contains(&case.customer.name),
        "no names in figures"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_other_commands_run_beside_a_running_server() {
    let maru = Maru::start(Db::Sqlite, &[]).await;
    let case = Case::active(&maru).await;
    case.customer.stomp(&maru).await.say(case.id, "in the copy").await;
    let version = tokio::task::block_in_place(|| maru.cli(&["--version"]));
    assert!(
        version.status.success() && version.stdout.starts_with("maru "),
        "{version:?}"
    );
    let doctor = tokio::task::block_in_place(|| maru.cli(&["doctor"]));
    assert!(
        doctor.status.success() && doctor.stdout.lines().count() >= 2,
        "{doctor:?}"
    );
    let migrate = tokio::task::block_in_place(|| maru.cli(&["migrate"]));
    assert!(migrate.status.success(), "{migrate:?}");
    let copy = tempfile::tempdir().unwrap().keep().join("copy.db");
    let backup = tokio::task::block_in_place(|| maru.cli(&["backup", copy.to_str().unwrap()]));
    assert!(backup.status.success(), "{backup:?}");
    let url = format!("sqlite:{}", copy.display());
    let other = Maru::start(Db::Sqlite, &[("DATABASE__URL", &url)]).await;
    let said = case.messages(&other).await;
    assert!(said.iter().any(|message| message["content"] == "in the copy"));
    drop(other);
    std::fs::remove_dir_all(copy.parent().unwrap()).unwrap();
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_doctor_names_what_fails() {
    let maru = Maru::prepare(Db::Sqlite, &[("DATABASE__URL", "postgres://nobody@127.0.0.1:1/none")]).await;
    let doctor = tokio::task::block_in_place(|| maru.cli(&["doctor"]));
    assert_eq!(doctor.status.code(), Some(1), "{doctor:?}");
    assert!(
        format!("{}{}", doctor.stdout, doctor.stderr).contains("database"),
        "{doctor:?}"
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_dev_server_keeps_the_secret_it_made_over_a_restart() {
    let maru = Maru::start(Db::Sqlite, &[("AUTH__SECRET", "")]).await;
    let guest = maru.guest().await;
    maru.kill_and_restart().await;
    Connect::to(&maru).token(&guest.token).ok().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn logs_hold_no_contents_and_no_credentials() {
    let maru = Maru::start(Db::Sqlite, &[("LOG__FILTER", "debug")]).await;
    let case = Case::active(&maru).await;
    let stomp = case.customer.stomp(&maru).await;
    stomp.say(case.id, "canary-7f3a in a message").await;
    let refused = json!({ "sessionId": case.id, "content": "canary-9b1c", "messageType": "IMAGE" });
    stomp.try_send("/app/chat.sendMessage", refused).await.unwrap_err();
    let body = json!({ "username": "x", "password": "canary-5d2e" });
    maru.rest()
        .post("/api/auth/login", body)
        .await
        .refused(401, "bad_credentials");
    let log = maru.log();
    assert!(!log.is_empty());
    for secret in [
        "canary-",
        case.customer.token.as_str(),
        case.agent.token.as_str(),
        tests::SECRET,
    ] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_figures_are_logged_at_intervals() {
    let maru = Maru::start(Db::Sqlite, &[("SUPPORT__STATISTICS_EVERY_S", "1")]).await;
    let _case = Case::active(&maru).await;
    let lines = || maru.log().lines().filter(|line| line.contains("active=1")).count();
    tests::until("two lines", || async { (lines() >= 2).then_some(()) }).await;
}

#[rstest]
#[case("/")]
#[case("/support")]
#[case("/shop")]
#[case("/rooms")]
#[case("/rooms/42")]
#[case("/console/")]
#[case("/widget/frame")]
#[tokio::test(flavor = "multi_thread")]
async fn pages_run_under_a_strict_policy(#[case] path: &str) {
    let maru = PATIENT.on(Db::Sqlite).await;
    let answer = maru.rest().get(path).await;
    let policy = answer.header("content-security-policy");
    for part in [
        "default-src 'self'",
        "require-trusted-types-for 'script'",
        "frame-ancestors",
    ] {
        assert!(
            policy.contains(part),
            "{path}: no {part} in {policy:?} ({})",
            answer.status
        );
    }
    assert!(
        !policy.contains("unsafe-inline") && !policy.contains("unsafe-eval"),
        "{path}: {policy}"
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    if path != "/widget/frame" {
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_language_of_those_who_name_none_is_a_setting() {
    let maru = Maru::start(Db::Sqlite, &[("SERVER__DEFAULT_LOCALE", "en")]).await;
    let guest = maru.guest().await;
    let refused = guest.rest(&maru).get("/api/chat/sessions/999999999").await;
    assert!(
        refused.refused(404, "session_not_found")["error"]
            .as_str()
            .unwrap()
            .is_ascii()
    );
}
