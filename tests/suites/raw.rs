//! A room without STOMP: the handshake, what comes first, what is said and refused, coming back.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Connect, Db, Maru, Person, Raw, RawConnect};

use crate::accounts::with_password;
use crate::desk::PATIENT;
use crate::rooms::Room;

async fn connect(maru: &Maru, room: &Room, person: &Person) -> Raw {
    RawConnect::to(maru, &room.id.to_string()).by(person).ok().await
}

/// Status and code of a handshake that is refused.
async fn refused(connect: RawConnect) -> (u16, String) {
    let (status, body) = connect.attempt().await.expect_err("it is refused");
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_code_of_the_sources_connects_with_the_cookie_and_hears_its_own_words() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let (person, cookie) = with_cookie(maru).await;
    let room = Room::with(maru, vec![person, maru.guest().await], json!({})).await;
    let page = |origin: &str| {
        RawConnect::to(maru, &room.id.to_string())
            .header("cookie", &cookie)
            .header("origin", origin)
    };
    let mut raw = page(&maru.origin()).ok().await;
    assert_eq!(raw.next().await["type"], "PARTICIPANTS");
    raw.send(json!({ "content": "안녕하세요", "timestamp": 1_700_000_000_000_i64 }));
    let said = raw.message("안녕하세요").await;
    assert_eq!((&said["seq"], &said["messageType"]), (&json!(1), &json!("TEXT")));
    let foreign = refused(page("https://evil.example")).await;
    assert_eq!(foreign, (403, "forbidden".to_owned()));
    // The cookie alone, from nowhere in particular.
    let nowhere = RawConnect::to(maru, &room.id.to_string()).header("cookie", &cookie);
    assert_eq!(refused(nowhere).await.0, 403);
}

/// Somebody with a password, and the log-in's cookie.
async fn with_cookie(maru: &Maru) -> (Person, String) {
    let (person, username) = with_password(maru, "member").await;
    let body = json!({ "username": username, "password": "correct horse", "cookie": true });
    let answer = maru.rest().post("/api/auth/login", body).await;
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    (person, cookie)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_is_refused_before_the_upgrade() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let room = Room::of_two(maru).await;
    let to = |room: &str| RawConnect::to(maru, room);
    let id = room.id.to_string();
    let (member, stranger) = (&room.members[0], maru.guest().await);
    let code = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(refused(to(&id)).await, code(401, "unauthenticated"));
    assert_eq!(refused(to(&id).by(&stranger)).await, code(403, "not_participant"));
    assert_eq!(refused(to("999999999").by(member)).await, code(404, "not_found"));
    assert_eq!(refused(to("no-such-key").by(member)).await, code(404, "not_found"));
    let in_query = format!("{id}?token={0}&access_token={0}&ticket={0}", member.token);
    assert_eq!(refused(to(&in_query)).await, code(401, "unauthenticated"));
    let pair = to(&id).header("sec-websocket-protocol", "bearer, not-a-token");
    assert_eq!(refused(pair).await, code(401, "unauthenticated"));
    let foreign = to(&id).by(member).header("origin", "https://evil.example");
    assert_eq!(refused(foreign).await, code(403, "forbidden"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_pair_of_sub_protocols_carries_the_token() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let room = Room::of_two(maru).await;
    let pair = format!("bearer, {}", room.members[0].token);
    let mut raw = RawConnect::to(maru, &room.id.to_string())
        .header("sec-websocket-protocol", &pair)
        .ok()
        .await;
    assert_eq!(raw.headers["sec-websocket-protocol"], "bearer");
    assert_eq!(raw.next().await["type"], "PARTICIPANTS");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_good_once() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let room = Room::of_two(maru).await;
    let rest = room.members[0].rest(maru);
    let given = rest.post("/api/auth/tickets", json!({})).await.ok();
    assert_eq!(given["expiresIn"], 30);
    let ticket = given["ticket"].as_str().unwrap();
    let to = |ticket: &str| RawConnect::to(maru, &format!("{}?ticket={ticket}", room.id));
    let mut raw = to(ticket).ok().await;
    assert_eq!(raw.next().await["type"], "PARTICIPANTS");
    assert_eq!(refused(to(ticket)).await.0, 401, "a second time");
    // A ticket of a log-in that is over meanwhile lets nobody in.
    let given = rest.post("/api/auth/tickets", json!({})).await.ok();
    let admin = maru.person("admin").await.rest(maru);
    let path = format!("/api/admin/users/{}/logout", room.members[1].id);
    let late = room.members[1]
        .rest(maru)
        .post("/api/auth/tickets", json!({}))
        .await
        .ok();
    admin.post(&path, json!({})).await.is(204);
    assert_eq!(refused(to(late["ticket"].as_str().unwrap())).await.0, 401);
    to(given["ticket"].as_str().unwrap()).ok().await;
    maru.rest()
        .post("/api/auth/tickets", json!({}))
        .await
        .refused(401, "unauthenticated");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn raw_and_stomp_show_the_same_room(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let room = Room::of_two(maru).await;
    let (first, second) = (&room.members[0], &room.members[1]);
    let mut raw = connect(maru, &room, first).await;
    let (stomp, mut topic) = second.enter(maru, room.id).await;
    raw.send(
        json!({ "type": "TEXT", "content": "{\"a\":1}", "contentType": "application/json", "clientMessageId": "c1" }),
    );
    raw.send(
        json!({ "type": "TEXT", "content": "{\"a\":1}", "contentType": "application/json", "clientMessageId": "c1" }),
    );
    let said = topic.message("{\"a\":1}").await;
    assert_eq!(
        (&said["clientMessageId"], &said["contentType"]),
        (&json!("c1"), &json!("application/json"))
    );
    stomp.say(room.id, "들려요").await;
    let heard = raw.message("들려요").await;
    assert_eq!(heard["seq"], 2, "the repeat was stored once");
    raw.send(json!({ "type": "TYPING" }));
    assert_eq!(topic.of_type("TYPING").await["typing"], true);
    raw.send(json!({ "type": "READ", "seq": 2 }));
    let read = topic.of_type("READ").await;
    assert_eq!((&read["readerId"], &read["seq"]), (&json!(first.id), &json!(2)));
    let same = |mut event: Value| {
        event["isRead"] = json!("N");
        event
    };
    let of_stomp: Vec<Value> = topic
        .all()
        .into_iter()
        .filter(|e| e["type"] == "MESSAGE")
        .map(same)
        .collect();
    let of_raw: Vec<Value> = raw
        .all()
        .into_iter()
        .filter(|e| e["type"] == "MESSAGE")
        .map(same)
        .collect();
    assert_eq!(of_stomp, of_raw);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_json_and_costs_nothing() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let room = Room::of_two(maru).await;
    let mut raw = connect(maru, &room, &room.members[0]).await;
    for (text, code) in [
        ("{}", "invalid_request"),
        ("no json", "invalid_request"),
        ("{\"content\":\"  \"}", "empty_content"),
        ("{\"type\":\"NOTIFICATION\",\"content\":\"x\"}", "forbidden"),
        ("{\"type\":\"READ\",\"seq\":99}", "invalid_request"),
        (
            "{\"content\":\"{\",\"contentType\":\"application/json\"}",
            "invalid_request",
        ),
    ] {
        raw.send_text(text);
        let error = raw.of_type("ERROR").await;
        assert_eq!(error["code"], code, "{text}");
        assert!(error["error"].as_str().is_some_and(|sentence| !sentence.is_empty()));
    }
    raw.send(json!({ "content": "x".repeat(2001), "clientMessageId": "long" }));
    let error = raw.of_type("ERROR").await;
    assert_eq!(
        (&error["code"], &error["clientMessageId"]),
        (&json!("content_too_long"), &json!("long"))
    );
    raw.send(json!({ "content": "여전히" }));
    raw.message("여전히").await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn coming_back_misses_nothing(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let room = Room::of_two(maru).await;
    let writer = room.members[1].stomp(maru).await;
    for n in 1..=250 {
        writer.say(room.id, &format!("{n}")).await;
    }
    let back = RawConnect::to(maru, &format!("{}?afterSeq=7", room.id)).by(&room.members[0]);
    let mut raw = back.ok().await;
    assert_eq!(raw.next().await["type"], "PARTICIPANTS");
    let sync = raw.of_type("SYNC").await;
    assert_eq!((&sync["seq"], &sync["room"]["roomId"]), (&json!(250), &json!(room.id)));
    writer.say(room.id, "251").await;
    raw.message("251").await;
    let seqs: Vec<i64> = raw
        .all()
        .iter()
        .filter_map(|e| e["seq"].as_i64().filter(|_| e["type"] == "MESSAGE"))
        .collect();
    assert_eq!(seqs, (8..=251).collect::<Vec<_>>());
    // Over STOMP the same, and SYNC says how far everybody has read.
    let stomp = Connect::to(maru).token(&room.members[0].token).ok().await;
    let mut topic = stomp.resume(&format!("/topic/chat/{}", room.id), 249).await;
    assert_eq!(topic.of_type("SYNC").await["reads"], json!([]));
    assert_eq!(topic.seqs(), [250, 251]);
    let unknown = RawConnect::to(maru, &format!("{}?afterSeq=999", room.id)).by(&room.members[0]);
    let mut unknown = unknown.ok().await;
    assert_eq!(unknown.of_type("ERROR").await["code"], "cursor_unknown");
    assert_eq!(unknown.closed().await.code, 1002);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_limits_of_a_person_hold_here_too() {
    let settings = [
        ("LIMITS__CONNECTIONS_PER_USER", "2"),
        ("LIMITS__SENDS_PER_SECOND_PER_USER", "1"),
        ("LIMITS__SENDS_BURST_PER_USER", "2"),
        ("AUTH__TICKETS_PER_USER", "2"),
    ];
    let maru = Maru::start(Db::Sqlite, &settings).await;
    let room = Room::of_two(&maru).await;
    let person = &room.members[0];
    let mut first = connect(&maru, &room, person).await;
    // The handshake is answered before the connection is let in, and the order of coming in counts.
    first.of_type("PARTICIPANTS").await;
    let stomp = person.stomp(&maru).await;
    let mut third = connect(&maru, &room, person).await;
    assert_eq!(first.closed().await.code, 4409);
    stomp.settle().await;
    for n in 0..5 {
        third.send(json!({ "content": "x", "clientMessageId": format!("{n}") }));
    }
    let error = third.of_type("ERROR").await;
    assert_eq!(
        (&error["code"], &error["clientMessageId"]),
        (&json!("rate_limited"), &json!("2"))
    );
    assert!(
        error["retryAfter"].as_u64().is_some_and(|seconds| seconds >= 1),
        "{error}"
    );
    // One ticket more puts out the oldest.
    let mut tickets = Vec::new();
    for _ in 0..3 {
        let given = person.rest(&maru).post("/api/auth/tickets", json!({})).await.ok();
        tickets.push(given["ticket"].as_str().unwrap().to_owned());
    }
    let to = |ticket: &str| RawConnect::to(&maru, &format!("{}?ticket={ticket}", room.id));
    assert_eq!(refused(to(&tickets[0])).await.0, 401);
    to(&tickets[1]).ok().await;
}
