//! REST: lists, pages, filters, statistics, and every kind of bad input.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Db, Maru, Rest};

use crate::desk::{Case, PATIENT, admin_move, category, customer_move, id, open};

/// All items of a list, page by page.
async fn pages(rest: &Rest, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let next = cursor.map(|cursor| format!("&before={cursor}")).unwrap_or_default();
        let page = rest.get(&format!("{path}{next}")).await.ok();
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return items,
        }
        assert!(items.len() < 1000, "pages without end");
    }
}

fn numbers(items: &[Value], member: &str) -> Vec<i64> {
    items.iter().map(|item| item[member].as_i64().unwrap()).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn messages_page_newest_first_while_new_ones_come(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let stomp = case.customer.stomp(maru).await;
    let mut last = 0;
    for n in 0..11 {
        last = stomp.say(case.id, &format!("줄 {n}")).await.seq;
    }
    let rest = case.agent.rest(maru);
    let path = format!("/api/chat/sessions/{}/messages?limit=3", case.id);
    let first = rest.get(&path).await.ok();
    let mut seqs = numbers(first["items"].as_array().unwrap(), "seq");
    stomp.say(case.id, "later").await;
    let mut cursor = first["nextCursor"].as_str().map(str::to_owned);
    while let Some(before) = cursor {
        let page = rest.get(&format!("{path}&before={before}")).await.ok();
        seqs.extend(numbers(page["items"].as_array().unwrap(), "seq"));
        cursor = page["nextCursor"].as_str().map(str::to_owned);
    }
    assert_eq!(seqs, (1..=last).rev().collect::<Vec<_>>());
    let whole = rest.get(&format!("/api/chat/sessions/{}/messages", case.id)).await.ok();
    assert_eq!(
        whole["items"].as_array().unwrap().len() as i64,
        last + 1,
        "50 unless asked otherwise"
    );
    assert_eq!(whole["nextCursor"], Value::Null);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_found_by_state_category_agent_text_and_time(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = Maru::start(db, &[]).await;
    let agents = [maru.person("agent").await, maru.person("agent").await];
    let rest = agents[0].rest(&maru);
    let categories = rest.get("/api/chat/categories").await.ok();
    let mut sessions = Vec::new();
    for n in 0..12_usize {
        let customer = maru.guest().await;
        let category = &categories["items"][n % 2]["categoryId"];
        let body = json!({ "categoryId": category, "title": format!("제목 {n} 100%_안") });
        let number = id(&customer.rest(&maru).post("/api/chat/sessions", body).await.is(201));
        customer
            .stomp(&maru)
            .await
            .say(number, &format!("Keyword{n}! 본문"))
            .await;
        if n < 9 {
            admin_move(&maru, &agents[n % 3 / 2], number, "start", json!({}))
                .await
                .ok();
        }
        if n < 3 {
            customer_move(&maru, &customer, number, "end", json!({})).await.ok();
        }
        sessions.push((number, customer));
    }
    let all: Vec<i64> = sessions.iter().rev().map(|(number, _)| *number).collect();
    let pick = |wanted: &dyn Fn(usize) -> bool| -> Vec<i64> {
        (0..12).rev().filter(|n| wanted(*n)).map(|n| sessions[n].0).collect()
    };
    let first = &categories["items"][0]["categoryId"];
    let now = sessions[5]
        .1
        .rest(&maru)
        .get(&format!("/api/chat/sessions/{}", sessions[5].0))
        .await
        .ok();
    let fifth = now["startTime"].as_str().unwrap();
    let checks = [
        ("?limit=5".to_owned(), all.clone()),
        ("?status=WAITING&limit=2".to_owned(), pick(&|n| n >= 9)),
        ("?status=ACTIVE&limit=50".to_owned(), pick(&|n| (3..9).contains(&n))),
        ("?status=COMPLETED&limit=1".to_owned(), pick(&|n| n < 3)),
        ("?status=DISCONNECTED&limit=1".to_owned(), vec![]),
        (format!("?category={first}&limit=4"), pick(&|n| n % 2 == 0)),
        (
            format!("?agent={}&limit=4", agents[1].id),
            pick(&|n| n < 9 && n % 3 == 2),
        ),
        (
            format!("?agent={}&status=ACTIVE&category={first}&limit=200", agents[0].id),
            pick(&|n| (3..9).contains(&n) && n % 3 < 2 && n % 2 == 0),
        ),
        ("?q=keyword7&limit=10".to_owned(), pick(&|n| n == 7)),
        ("?q=%EB%B3%B8%EB%AC%B8&limit=5".to_owned(), all.clone()),
        (
            format!("?q={}&limit=5", urlencoded(&sessions[4].1.name)),
            pick(&|n| n == 4),
        ),
        ("?q=100%25_&limit=5".to_owned(), all.clone()),
        ("?q=100%25__&limit=5".to_owned(), vec![]),
        ("?q=nowhere&limit=5".to_owned(), vec![]),
        (format!("?from={fifth}&limit=3"), pick(&|n| n >= 5)),
        ("?to=2020-01-01T00:00:00Z&limit=3".to_owned(), vec![]),
    ];
    let mut faults = Vec::new();
    for list in ["/api/admin/chat/sessions", "/api/admin/chat/history"] {
        for (query, expected) in &checks {
            let found = numbers(&pages(&rest, &format!("{list}{query}")).await, "sessionId");
            if found != *expected {
                faults.push(format!("{list}{query}: {found:?} instead of {expected:?}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let detail = rest
        .get(&format!("/api/admin/chat/history/{}", sessions[0].0))
        .await
        .ok();
    assert_eq!(detail["session"]["status"], "COMPLETED");
    let said = detail["messages"]["items"].as_array().unwrap();
    assert!(
        said.iter().any(|message| message["content"] == "Keyword0! 본문")
            && detail["messages"].get("nextCursor").is_some()
    );
    rest.get("/api/admin/chat/history/999999999")
        .await
        .refused(404, "session_not_found");

    let own = numbers(
        &pages(&sessions[3].1.rest(&maru), "/api/chat/sessions?limit=1").await,
        "sessionId",
    );
    assert_eq!(own, [sessions[3].0], "a customer's list is the customer's");
}

fn urlencoded(text: &str) -> String {
    text.bytes().map(|octet| format!("%{octet:02X}")).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_s_figures_follow_the_sessions(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = Maru::start(db, &[]).await;
    let agent = maru.person("agent").await;
    let before = agent.rest(&maru).get("/api/admin/chat/stats").await.ok();
    assert!(before.is_object());
    let (_waiting, _active, over) = (
        Case::waiting(&maru).await,
        Case::active(&maru).await,
        Case::active(&maru).await,
    );
    over.end(&maru).await;
    let after = agent.rest(&maru).get("/api/admin/chat/stats").await.ok();
    assert_ne!(before, after);
    let day = agent
        .rest(&maru)
        .get("/api/admin/chat/stats?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z")
        .await
        .ok();
    assert_ne!(day, after, "an empty time has other figures");
    agent
        .rest(&maru)
        .get("/api/admin/chat/stats?from=yesterday")
        .await
        .refused(400, "invalid_request");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn categories_come_in_the_reader_s_language(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let rest = maru.guest().await.rest(maru);
    let korean = rest.get("/api/chat/categories").await.ok();
    let english = rest
        .clone()
        .with("accept-language", "en-US,en;q=0.9")
        .get("/api/chat/categories")
        .await
        .ok();
    let (korean, english) = (
        korean["items"].as_array().unwrap(),
        english["items"].as_array().unwrap(),
    );
    assert!(korean.len() >= 3 && korean.len() == english.len());
    for (korean, english) in korean.iter().zip(english) {
        assert_eq!(
            (&korean["categoryId"], &korean["code"]),
            (&english["categoryId"], &english["code"])
        );
        assert!(!korean["name"].as_str().unwrap().is_ascii() && english["name"].as_str().unwrap().is_ascii());
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn bad_queries_and_ids_are_named_400s() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let case = Case::active(maru).await;
    let rest = maru.person("admin").await.rest(maru);
    let messages = format!("/api/chat/sessions/{}/messages", case.id);
    let lists = [messages.as_str(), "/api/admin/chat/sessions", "/api/admin/chat/history"];
    for list in lists {
        for query in [
            "limit=0",
            "limit=201",
            "limit=-1",
            "limit=x",
            "limit=",
            "limit=1.5",
            "before=x",
            "before=%00",
            "page=2",
            "LIMIT=5",
            "limit=5&limit=6",
        ] {
            rest.get(&format!("{list}?{query}"))
                .await
                .refused(400, "invalid_request");
        }
    }
    for list in &lists[1..] {
        for query in [
            "status=SLEEPING",
            "category=x",
            "agent=x",
            "from=x",
            "to=2026-13-01",
            "sort=name",
        ] {
            rest.get(&format!("{list}?{query}"))
                .await
                .refused(400, "invalid_request");
        }
    }
    for bad in [
        "abc",
        "-1",
        "1.5",
        "0x10",
        "99999999999999999999999",
        "product:42",
        "%31%20",
        "1;2",
    ] {
        rest.get(&format!("/api/chat/sessions/{bad}"))
            .await
            .refused(400, "invalid_request");
        rest.post(&format!("/api/admin/chat/sessions/{bad}/start"), json!({}))
            .await
            .refused(400, "invalid_request");
    }
    let refused = rest
        .get("/api/chat/sessions/9007199254740991")
        .await
        .refused(404, "session_not_found");
    assert_eq!(refused["error"], "존재하지 않는 세션입니다.");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn bad_bodies_are_named_400s() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let customer = maru.guest().await;
    let rest = customer.rest(maru);
    let category = category(maru, &customer).await;
    for body in [
        json!({}),
        json!({ "categoryId": 999_999 }),
        json!({ "categoryId": "first" }),
        json!({ "categoryId": null }),
        json!({ "categoryId": -1 }),
        json!({ "categoryId": category, "title": 5 }),
        json!({ "categoryId": category, "title": "가".repeat(201) }),
        json!({ "categoryId": category, "title": "a\u{0}b" }),
        json!({ "categoryId": category, "memberId": 1 }),
        json!([]),
        json!(null),
        json!("x"),
    ] {
        rest.post("/api/chat/sessions", body)
            .await
            .refused(400, "invalid_request");
    }
    let named = rest
        .post(
            "/api/chat/sessions",
            json!({ "categoryId": category, "surprise": true }),
        )
        .await;
    assert!(
        named.refused(400, "invalid_request")["error"]
            .as_str()
            .unwrap()
            .contains("surprise")
    );
    for text in [
        "",
        "{",
        "{\"categoryId\":1}}",
        "\"\\ud800\"",
        "{\"categoryId\":1,\"categoryId\":2}",
    ] {
        let answer = rest
            .call(Method::POST, "/api/chat/sessions", |request| {
                request.header("content-type", "application/json").body(text)
            })
            .await;
        answer.refused(400, "invalid_request");
    }
    let answer = rest
        .call(Method::POST, "/api/chat/sessions", |request| {
            request
                .header("content-type", "application/json")
                .body(vec![b'{', b'"', 0xff, b'"', b':', b'1', b'}'])
        })
        .await;
    answer.refused(400, "invalid_request");
    let large = json!({ "categoryId": category, "title": "x".repeat(1_000_000) });
    rest.post("/api/chat/sessions", large).await.refused(413, "too_large");
    let session = id(&open(maru, &customer).await);
    for (step, body) in [
        ("end", json!({ "reason": "x" })),
        ("leave", json!({ "exitReason": "RESOLVED" })),
        ("read", json!({ "messageId": "x" })),
        ("cancel", json!({ "x": 1 })),
    ] {
        customer_move(maru, &customer, session, step, body)
            .await
            .refused(400, "invalid_request");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_body_is_an_empty_object() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let case = Case::waiting(maru).await;
    let path = format!("/api/admin/chat/sessions/{}/start", case.id);
    case.agent
        .rest(maru)
        .call(Method::POST, &path, |request| request)
        .await
        .ok();
    let path = format!("/api/chat/sessions/{}/end", case.id);
    case.customer
        .rest(maru)
        .call(Method::POST, &path, |request| request)
        .await
        .ok();
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn unknown_paths_and_methods_answer_with_problems() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let rest = maru.person("admin").await.rest(maru);
    for path in [
        "/api/unknown",
        "/api/",
        "/api/chat/sessions/1/dance",
        "/api/chat//sessions",
        "/api/chat/sessions/1/",
    ] {
        rest.get(path).await.refused(404, "not_found");
    }
    for (method, path) in [
        (Method::DELETE, "/api/chat/sessions/1"),
        (Method::PUT, "/api/chat/sessions"),
        (Method::GET, "/api/chat/sessions/1/end"),
        (Method::GET, "/api/auth/login"),
        (Method::POST, "/api/chat/categories"),
        (Method::PATCH, "/api/admin/chat/stats"),
    ] {
        let answer = rest.call(method, path, |request| request).await;
        assert!(!answer.header("allow").is_empty(), "{path}");
        answer.refused(405, "method_not_allowed");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn problems_speak_the_reader_s_language() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let rest = maru.guest().await.rest(maru);
    let english = rest
        .clone()
        .with("accept-language", "en")
        .get("/api/chat/sessions/999999999")
        .await;
    assert!(
        english.refused(404, "session_not_found")["error"]
            .as_str()
            .unwrap()
            .is_ascii()
    );
    let neither = rest
        .with("accept-language", "fr, de;q=0.5")
        .get("/api/chat/sessions/999999999")
        .await;
    assert_eq!(
        neither.refused(404, "session_not_found")["error"],
        "존재하지 않는 세션입니다."
    );
    let case = Case::active(maru).await;
    let stranger = maru
        .guest()
        .await
        .rest(maru)
        .get(&format!("/api/chat/sessions/{}", case.id))
        .await;
    assert_eq!(
        stranger.refused(403, "not_participant")["error"],
        "세션에 접근할 권한이 없습니다."
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn system_messages_are_worded_in_the_owner_s_language(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    for (language, english) in [("en", true), ("ko", false), ("fr", false)] {
        let customer = maru.guest().await;
        let body = json!({ "categoryId": category(maru, &customer).await });
        let opened = customer
            .rest(maru)
            .with("accept-language", language)
            .post("/api/chat/sessions", body)
            .await
            .is(201);
        let case = Case {
            id: id(&opened),
            customer: customer.clone(),
            agent: maru.person_called("agent", "Lee").await,
        };
        case.start(maru).await;
        let messages = case.messages(maru).await;
        assert!(!messages.is_empty());
        for message in messages {
            let content = message["content"].as_str().unwrap();
            assert_eq!(content.is_ascii(), english || content.is_empty(), "{content}");
            assert!(
                message["system"]["code"].is_string() && message["system"]["params"].is_object(),
                "{message}"
            );
        }
    }
}
