//! How the databases find rows: everything that the server asked PostgreSQL in a busy moment is explained there and
//! on SQLite, against tables that are large enough to make a full scan the wrong plan.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{Db, Maru, Storage};

use crate::desk::{Case, admin_move, customer_move};
use crate::rooms::Room;

/// Tables that grow without end: nothing hot may read all of one.
const LARGE: [&str; 5] = ["message", "support_session", "room", "room_member", "plain_room"];

/// 4,000 sessions that are over, with 40,000 messages, and 40,000 plain rooms of two members; `numbers` is a list of the numbers 1 to 4,000.
fn seed(numbers: &str, customer: i64, agent: i64) -> [String; 6] {
    [
        format!(
            "INSERT INTO room (id, kind, owner_id, locale, gate, last_seq, rev, created_at)
             SELECT 100000 + n, 'support', {customer}, 'ko', 'CLOSED', 10, 10, 1000000 + n FROM {numbers}"
        ),
        format!(
            "INSERT INTO support_session (id, customer_id, agent_id, category_id, status, started_at, ended_at, exit_reason, ended_by, created_at, changed_at)
             SELECT 100000 + n, {customer} + n % 2, CASE WHEN n % 2 = 0 THEN {agent} END, (SELECT MIN(id) FROM code), 'COMPLETED', 1000000 + n, 2000000 + n, 'RESOLVED', 'M', 1000000 + n, 2000000 + n FROM {numbers}"
        ),
        format!(
            "INSERT INTO message (room_id, seq, rev, sender_id, sender_name, sender_type, message_type, content, created_at)
             SELECT 100000 + n, m, m, {customer}, 'x', 'M', 'TEXT', 'text', 1000000 + n FROM {numbers}, {TEN}"
        ),
        format!(
            "INSERT INTO room (id, kind, room_key, locale, gate, created_at)
             SELECT 200000 + n * 10 + m, 'plain', 'seed:' || (n * 10 + m), 'ko', 'MEMBERS', 1000000 + n FROM {numbers}, {TEN}"
        ),
        format!(
            "INSERT INTO plain_room (id, status, is_open, closes_at, created_by, created_at, changed_at)
             SELECT 200000 + n * 10 + m, 'ACTIVE', n % 20 = 0, CASE WHEN n % 10 = 0 THEN 9000000000000 + n END, {agent}, 1000000 + n, 1000000 + n FROM {numbers}, {TEN}"
        ),
        format!(
            "INSERT INTO room_member (room_id, member_id, side)
             SELECT 200000 + n * 10 + m, {customer} + t, 'M' FROM {numbers}, {TEN}, (SELECT 0 AS t UNION ALL SELECT 1) AS two"
        ),
    ]
}

/// The numbers 1 to 10.
const TEN: &str = "(SELECT 1 AS m UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL \
     SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10) AS tens";

const SQLITE_NUMBERS: &str =
    "(WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 4000) SELECT n FROM r) AS numbers";
const POSTGRES_NUMBERS: &str = "(SELECT n FROM generate_series(1, 4000) AS n) AS numbers";

/// A server on large tables, with the storage behind it.
async fn large(db: Db) -> (Maru, Storage) {
    let maru = Maru::start(db, &[]).await;
    let (first, _second, agent) = (maru.guest().await, maru.guest().await, maru.person("agent").await);
    let storage = maru.storage().await;
    let numbers = if db == Db::Sqlite {
        SQLITE_NUMBERS
    } else {
        POSTGRES_NUMBERS
    };
    for statement in seed(numbers, first.id, agent.id) {
        storage.run(&statement).await;
    }
    storage.run("ANALYZE").await;
    (maru, storage)
}

/// What happens all day: a few sessions lived through, with everything that their pages ask for.
async fn busy_moment(maru: &Maru) {
    let case = Case::waiting(maru).await;
    let agent = case.agent.rest(maru);
    for list in [
        "sessions",
        "sessions?status=WAITING",
        "sessions?status=ACTIVE&limit=20",
        "history?limit=20",
        "history?status=COMPLETED&limit=20",
    ] {
        agent.get(&format!("/api/admin/chat/{list}")).await.ok();
    }
    agent
        .get(&format!("/api/admin/chat/sessions?agent={}", case.agent.id))
        .await
        .ok();
    case.customer.rest(maru).get("/api/chat/sessions").await.ok();
    case.start(maru).await;
    let (customer, mut topic) = case.customer.enter(maru, case.id).await;
    let (desk, _desk_topic) = case.agent.enter(maru, case.id).await;
    let first = customer.say(case.id, "하나").await;
    let repeat =
        json!({ "sessionId": case.id, "content": "둘", "clientMessageId": "two", "replyTo": first.message_id });
    customer.send("/app/chat.sendMessage", repeat.clone()).await;
    customer.send("/app/chat.sendMessage", repeat).await;
    desk.send("/app/chat.markAsRead", json!({ "sessionId": case.id })).await;
    desk.send("/app/chat.typing", json!({ "sessionId": case.id, "typing": true }))
        .await;
    customer
        .send("/app/chat.addUser", json!({ "sessionId": case.id }))
        .await;
    let _behind = desk.resume(&case.topic(), 1).await;
    let page = agent
        .get(&format!("/api/chat/sessions/{}/messages?limit=1", case.id))
        .await
        .ok();
    let before = page["nextCursor"].as_str().unwrap();
    agent
        .get(&format!(
            "/api/chat/sessions/{}/messages?limit=1&before={before}",
            case.id
        ))
        .await
        .ok();
    agent.get(&format!("/api/admin/chat/history/{}", case.id)).await.ok();
    customer_move(maru, &case.customer, case.id, "leave", json!({}))
        .await
        .ok();
    customer_move(maru, &case.customer, case.id, "return", json!({}))
        .await
        .ok();
    admin_move(maru, &case.agent, case.id, "transfer", json!({})).await.ok();
    case.start(maru).await;
    case.end(maru).await;
    topic.state("COMPLETED").await;
    busy_room(maru).await;
}

/// The same of a plain room.
async fn busy_room(maru: &Maru) {
    let room = Room::with(
        maru,
        vec![maru.guest().await],
        json!({ "open": true, "key": "team:plans", "expiresAt": "2099-01-01T00:00:00Z" }),
    )
    .await;
    let (member, late) = (&room.members[0], maru.guest().await);
    let (service, rest) = (room.service.rest(maru), member.rest(maru));
    late.rest(maru).post(&room.path("/join"), json!({})).await.ok();
    let (stomp, mut topic) = member.enter(maru, room.id).await;
    stomp.say(room.id, "하나").await;
    stomp
        .send("/app/chat.markAsRead", json!({ "roomId": "team:plans" }))
        .await;
    topic.of_type("READ").await;
    for path in ["", "/messages?limit=20", "/notices?limit=20", "/participants?limit=1"] {
        rest.get(&room.path(path)).await.ok();
    }
    let page = rest.get(&room.path("/participants?limit=1")).await.ok();
    let after = page["nextCursor"].as_str().unwrap();
    rest.get(&room.path(&format!("/participants?before={after}")))
        .await
        .ok();
    let page = rest.get("/api/chat/rooms?limit=1").await.ok();
    let before = page["nextCursor"].as_str().unwrap();
    for list in ["?joined=true", "", &format!("?before={before}")] {
        rest.get(&format!("/api/chat/rooms{list}")).await.ok();
        service.get(&format!("/api/chat/rooms{list}")).await.ok();
    }
    service
        .post(&room.path("/members"), json!({ "userCodes": [room.service.code] }))
        .await
        .ok();
    service
        .delete(&room.path(&format!("/members/{}", late.code)))
        .await
        .ok();
    service.post(&room.path("/close"), json!({})).await.ok();
    topic.state("CLOSED").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_hot_reads_a_large_table_from_end_to_end() {
    let (maru, storage) = large(Db::Postgres).await;
    maru.kill();
    let database = storage.rows("SELECT current_database() AS name").await[0]
        .try_get::<String>("", "name")
        .unwrap();
    for setting in [
        "session_preload_libraries = 'auto_explain'",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_format = 'json'",
    ] {
        storage.run(&format!("ALTER DATABASE {database} SET {setting}")).await;
    }
    maru.run().await;
    busy_moment(&maru).await;
    // Work by time runs beside it; the end of the server is the end of its statements.
    maru.terminate().await;
    let explained = tests::postgres_plans();
    assert!(explained.len() > 50, "{} statements were explained", explained.len());
    let mut faults = BTreeSet::new();
    let mut statements = BTreeSet::new();
    for plan in &explained {
        let text = plan["Query Text"].as_str().unwrap().to_owned();
        for table in scanned(&plan["Plan"]) {
            faults.insert(format!("PostgreSQL reads all of {table} for {text}"));
        }
        statements.insert(text);
    }
    let (_maru, storage) = large(Db::Sqlite).await;
    let mut shared = 0;
    for text in statements
        .iter()
        .filter(|text| LARGE.iter().any(|table| text.contains(table)))
    {
        let text = text.replace("FOR UPDATE", "").replace("SKIP LOCKED", "");
        let Some(plan) = storage.try_rows(&format!("EXPLAIN QUERY PLAN {text}")).await else {
            continue;
        };
        shared += 1;
        for row in plan {
            let step: String = row.try_get("", "detail").unwrap();
            let scan = LARGE.iter().any(|table| scans(&step, table, &text));
            if scan {
                faults.insert(format!("SQLite: {step} for {text}"));
            }
        }
    }
    assert!(shared > 10, "{shared} statements could be explained on SQLite");
    assert!(
        faults.is_empty(),
        "{}",
        faults.into_iter().collect::<Vec<_>>().join("\n")
    );
}

/// Whether a step of SQLite's plan for `text` reads all of `table`, which it may call by an alias.
fn scans(step: &str, table: &str, text: &str) -> bool {
    let Some(name) = step.strip_prefix("SCAN ").filter(|rest| !rest.contains("INDEX")) else {
        return false;
    };
    let name = name.split_whitespace().next().unwrap_or_default();
    let aliased = [format!("{table} {name}"), format!("{table} AS {name}")];
    name == table || aliased.iter().any(|words| text.contains(words))
}

/// The large tables that a plan reads by a sequential scan.
fn scanned(plan: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let table = plan["Relation Name"].as_str().unwrap_or_default();
    if plan["Node Type"].as_str().unwrap_or_default().ends_with("Seq Scan") && LARGE.contains(&table) {
        found.push(table.to_owned());
    }
    for part in plan["Plans"].as_array().into_iter().flatten() {
        found.extend(scanned(part));
    }
    found
}
