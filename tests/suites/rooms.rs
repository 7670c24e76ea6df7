//! Plain rooms: made by a service or an admin, written in by their members, over STOMP and over a plain WebSocket.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Db, Maru, Person, RawConnect};

use crate::desk::{PATIENT, Shared};

/// Notices of several people come quickly.
static ROOMS: Shared = Shared::new(&[
    ("ROOMS__NOTICES_EVERY_MS", "300"),
    ("ROOMS__PARTICIPANTS_EVERY_MS", "50"),
]);

const ROOMS_PATH: &str = "/api/chat/rooms";

/// A room with a service that made it and members.
pub(crate) struct Room {
    pub(crate) id: i64,
    pub(crate) service: Person,
    pub(crate) members: Vec<Person>,
}

impl Room {
    /// With two members, a student and a guest.
    pub(crate) async fn of_two(maru: &Maru) -> Room {
        let members = vec![maru.person("student").await, maru.guest().await];
        Room::with(maru, members, json!({})).await
    }

    /// With these members; `more` are further members of the body.
    pub(crate) async fn with(maru: &Maru, members: Vec<Person>, more: Value) -> Room {
        let service = maru.person("service").await;
        let codes: Vec<&str> = members.iter().map(|person| person.code.as_str()).collect();
        let mut body = json!({ "name": "방", "members": codes });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let room = service.rest(maru).post(ROOMS_PATH, body).await.is(201);
        Room {
            id: room["roomId"].as_i64().unwrap(),
            service,
            members,
        }
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        format!("{ROOMS_PATH}/{}{rest}", self.id)
    }

    /// The messages as a member sees them, oldest first.
    async fn messages(&self, maru: &Maru) -> Vec<Value> {
        let path = self.path("/messages?limit=200");
        let mut page = self.members[0].rest(maru).get(&path).await.ok();
        let mut items = page["items"].as_array_mut().unwrap().split_off(0);
        items.reverse();
        items
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_service_makes_a_room_and_the_same_key_is_the_same_room(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = ROOMS.on(db).await;
    let (service, admin) = (maru.person("service").await, maru.person("admin").await);
    let member = maru.guest().await;
    let key = format!("team:{}", service.id);
    let body = json!({ "name": " 우리 방 ", "key": key, "open": true, "maxParticipants": 5, "members": [member.code],
        "expiresAt": "2099-01-01T00:00:00Z" });
    let made = service.rest(maru).post(ROOMS_PATH, body.clone()).await;
    let location = made.header("location").to_owned();
    let room = made.is(201);
    assert_eq!(location, format!("{ROOMS_PATH}/{}", room["roomId"]));
    let wanted = json!({ "key": key, "name": "우리 방", "productId": null, "status": "ACTIVE", "open": true,
        "maxParticipants": 5, "participantCount": 1, "onlineCount": 0, "expiresAt": "2099-01-01T00:00:00.000Z" });
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(room[name], *value, "{name}");
    }
    assert!(room["createdAt"].as_str().unwrap().ends_with('Z'));
    let again = admin.rest(maru).post(ROOMS_PATH, body).await.is(200);
    assert_eq!((&again["roomId"], &again["name"]), (&room["roomId"], &room["name"]));
    // The key stands wherever the number may.
    let by_key = member.rest(maru).get(&format!("{ROOMS_PATH}/{key}")).await.ok();
    assert_eq!(by_key["roomId"], room["roomId"]);
    let (stomp, id) = (member.stomp(maru).await, room["roomId"].as_i64().unwrap());
    let mut topic = stomp.subscribe(&format!("/topic/chat/{key}")).await;
    let body = json!({ "roomId": key, "content": "열쇠로" });
    stomp.send("/app/chat.sendMessage", body).await;
    let message = topic.message("열쇠로").await;
    assert_eq!(
        (&message["roomId"], &message["sessionId"], &message["senderType"]),
        (&json!(id), &json!(id), &json!("M"))
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_no_room_can_be_made_of_is_refused_by_name() {
    let maru = ROOMS.on(Db::Sqlite).await;
    let service = maru.person("service").await.rest(maru);
    for (body, code) in [
        (json!({ "productId": 42 }), "invalid_request"),
        (json!({ "key": "42" }), "invalid_request"),
        (json!({ "key": "a b" }), "invalid_request"),
        (json!({ "key": "new-session" }), "invalid_request"),
        (json!({ "maxParticipants": 0 }), "invalid_request"),
        (json!({ "maxParticipants": 1_000_000 }), "invalid_request"),
        (json!({ "expiresAt": "tomorrow" }), "invalid_request"),
        (json!({ "expiresAt": "2020-01-01T00:00:00Z" }), "invalid_request"),
        (json!({ "members": ["NOBODY-HERE"] }), "invalid_request"),
        (json!({ "name": "x".repeat(101) }), "invalid_request"),
        (json!({ "owner": 1 }), "invalid_request"),
    ] {
        let answer = service.post(ROOMS_PATH, body.clone()).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{body}: {}", answer.text);
    }
    for path in ["a%20b", "0", "-1"] {
        let answer = service.get(&format!("{ROOMS_PATH}/{path}")).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid_request"), "{path}");
    }
    service
        .get(&format!("{ROOMS_PATH}/999999999"))
        .await
        .refused(404, "not_found");
    service
        .get(&format!("{ROOMS_PATH}/no-such-key"))
        .await
        .refused(404, "not_found");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_support_session_is_no_plain_room() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let case = crate::desk::Case::waiting(maru).await;
    let path = format!("{ROOMS_PATH}/{}", case.id);
    case.customer.rest(maru).get(&path).await.refused(404, "not_found");
    let room = RawConnect::to(maru, &case.id.to_string()).by(&case.customer);
    assert_eq!(room.attempt().await.unwrap_err().0, 404);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_open_room_is_joined_to_its_capacity_and_no_further(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = ROOMS.on(db).await;
    let room = Room::with(maru, vec![], json!({ "open": true, "maxParticipants": 3 })).await;
    let mut all = Vec::new();
    for _ in 0..8 {
        all.push(maru.guest().await);
    }
    let path = room.path("/join");
    let tried = all.iter().map(|guest| {
        let (rest, path) = (guest.rest(maru), path.clone());
        async move { rest.post(&path, json!({})).await }
    });
    let answers = futures_util::future::join_all(tried).await;
    let joined: Vec<usize> = (0..all.len()).filter(|n| answers[*n].status == 200).collect();
    assert_eq!(joined.len(), 3);
    let refused = answers.iter().filter(|answer| answer.status != 200);
    assert!(refused.clone().all(|answer| answer.code() == "room_full"));
    // Again changes nothing; who leaves makes room.
    let first = all[joined[0]].rest(maru);
    let again = first.post(&path, json!({})).await.ok();
    assert_eq!(again["participantCount"], 3);
    let left = first.post(&room.path("/leave"), json!({})).await.ok();
    assert_eq!((&left["participantCount"], &left["joined"]), (&json!(2), &json!(false)));
    first
        .post(&room.path("/leave"), json!({}))
        .await
        .refused(403, "not_participant");
    let late = (0..all.len()).find(|n| answers[*n].status != 200).unwrap();
    all[late].rest(maru).post(&path, json!({})).await.ok();
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn people_are_added_all_or_none_and_told_in_one_line(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = ROOMS.on(db).await;
    let room = Room::with(maru, vec![maru.guest().await], json!({ "maxParticipants": 14 })).await;
    let (_stomp, mut topic) = room.members[0].enter(maru, room.id).await;
    let mut codes = Vec::new();
    for _ in 0..13 {
        codes.push(maru.guest().await.code);
    }
    let service = room.service.rest(maru);
    let one_too_many = [codes.clone(), vec![maru.guest().await.code]].concat();
    let body = json!({ "userCodes": one_too_many });
    service
        .post(&room.path("/members"), body)
        .await
        .refused(409, "room_full");
    let body = json!({ "userCodes": [&codes[0], "NOBODY-HERE"] });
    service
        .post(&room.path("/members"), body)
        .await
        .refused(400, "invalid_request");
    let body = json!({ "userCodes": codes });
    let added = service.post(&room.path("/members"), body).await.ok();
    assert_eq!(added["participantCount"], 14);
    let notice = topic.system("room-joined-many").await;
    assert_eq!(
        (&notice["messageType"], &notice["senderType"], &notice["senderId"]),
        (&json!("NOTIFICATION"), &json!("S"), &json!(null))
    );
    assert_eq!(notice["system"]["params"]["count"], "12");
    let name = notice["system"]["params"]["name"].as_str().unwrap();
    assert_eq!(notice["content"], format!("{name}님 외 12명이 들어왔습니다."));
    // Whoever goes one by one soon after is gathered as well.
    for code in &codes[..3] {
        service.delete(&room.path(&format!("/members/{code}"))).await.ok();
    }
    let notice = topic.system("room-removed-many").await;
    assert_eq!(notice["system"]["params"]["count"], "2");
    let seqs: Vec<i64> = room
        .messages(maru)
        .await
        .iter()
        .map(|m| m["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(seqs, [1, 2]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn messages_are_stored_in_order_with_their_kind(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = ROOMS.on(db).await;
    let admin = maru.person("admin").await;
    let room = Room::with(maru, vec![maru.guest().await, admin], json!({})).await;
    let (guest, mut topic) = room.members[0].enter(maru, room.id).await;
    let admin = room.members[1].stomp(maru).await;
    let send = |content: &str, more: Value| {
        let mut body = json!({ "roomId": room.id, "content": content });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let path = "/app/chat.sendMessage";
    guest
        .send(path, send(" 안녕하세요 ", json!({ "sender": "liar", "timestamp": 1 })))
        .await;
    let data = json!({ "contentType": "application/json", "clientMessageId": "one" });
    guest.send(path, send("{\"a\":[1]}", data.clone())).await;
    guest.send(path, send("{\"a\":[1]}", data)).await;
    admin
        .send(path, send("모두 보세요", json!({ "messageType": "NOTIFICATION" })))
        .await;
    let plain = topic.message("안녕하세요").await;
    assert_eq!(
        (&plain["contentType"], &plain["messageType"]),
        (&json!("text/plain"), &json!("TEXT"))
    );
    assert_eq!(plain["senderId"], room.members[0].id);
    topic.message("모두 보세요").await;
    let notice = json!({ "content": "공지입니다" });
    room.service
        .rest(maru)
        .post(&room.path("/notices"), notice.clone())
        .await
        .ok();
    assert_eq!(topic.message("공지입니다").await["messageType"], "NOTIFICATION");
    let member = room.members[0].rest(maru);
    member
        .post(&room.path("/notices"), notice)
        .await
        .refused(403, "forbidden");
    let kinds: Vec<(String, String)> = room
        .messages(maru)
        .await
        .iter()
        .map(|m| {
            let text = |name: &str| m[name].as_str().unwrap().to_owned();
            (text("messageType"), text("contentType"))
        })
        .collect();
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(
        kinds,
        [
            pair("TEXT", "text/plain"),
            pair("TEXT", "application/json"),
            pair("NOTIFICATION", "text/plain"),
            pair("NOTIFICATION", "text/plain"),
        ]
    );
    for (more, code) in [
        (json!({ "contentType": "application/json" }), "invalid_request"),
        (json!({ "contentType": "text/html" }), "invalid_request"),
        (json!({ "messageType": "NOTIFICATION" }), "forbidden"),
        (json!({ "messageType": "IMAGE" }), "invalid_request"),
        (json!({ "replyTo": 1 }), "invalid_request"),
    ] {
        let refused = guest.try_send(path, send("no json", more.clone())).await.unwrap_err();
        assert_eq!(refused.code(), code, "{more}");
    }
    let refused = guest.try_send(path, send("  ", json!({}))).await.unwrap_err();
    assert_eq!(refused.code(), "empty_content");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn notices_are_found_newest_first_without_what_the_room_itself_says(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = ROOMS.on(db).await;
    let room = Room::with(maru, vec![maru.guest().await], json!({ "open": true })).await;
    let (service, late) = (room.service.rest(maru), maru.guest().await);
    let (guest, mut topic) = room.members[0].enter(maru, room.id).await;
    for content in ["첫 공지", "둘째 공지", "셋째 공지"] {
        service
            .post(&room.path("/notices"), json!({ "content": content }))
            .await
            .ok();
        guest.say(room.id, "네").await;
    }
    late.rest(maru).post(&room.path("/join"), json!({})).await.ok();
    topic.system("room-joined").await;
    let member = room.members[0].rest(maru);
    let page = member.get(&room.path("/notices?limit=2")).await.ok();
    let contents = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|m| m["content"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(contents(&page), ["셋째 공지", "둘째 공지"]);
    let before = page["nextCursor"].as_str().unwrap();
    let rest = member.get(&room.path(&format!("/notices?before={before}"))).await.ok();
    assert_eq!(
        (contents(&rest), &rest["nextCursor"]),
        (vec!["첫 공지".to_owned()], &json!(null))
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn messages_before_any_number_are_those_below_it() {
    let maru = ROOMS.on(Db::Sqlite).await;
    let room = Room::of_two(maru).await;
    let (stomp, _topic) = room.members[0].enter(maru, room.id).await;
    for n in 1..=5 {
        stomp.say(room.id, &format!("말 {n}")).await;
    }
    let page = room.members[0]
        .rest(maru)
        .get(&room.path("/messages?before=4&limit=2"))
        .await
        .ok();
    let seqs: Vec<i64> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["seq"].as_i64().unwrap())
        .collect();
    assert_eq!((seqs, &page["nextCursor"]), (vec![3, 2], &json!("2")));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn participants_say_who_manages_the_room() {
    let maru = ROOMS.on(Db::Sqlite).await;
    let room = Room::with(maru, vec![maru.guest().await, maru.person("admin").await], json!({})).await;
    let service = room.service.rest(maru);
    let added = json!({ "userCodes": [room.service.code] });
    service.post(&room.path("/members"), added).await.ok();
    let page = room.members[0].rest(maru).get(&room.path("/participants")).await.ok();
    let managing = |code: &str| {
        let items = page["items"].as_array().unwrap();
        items.iter().find(|p| p["userCode"] == code).unwrap()["manages"].clone()
    };
    assert_eq!(managing(&room.members[0].code), false);
    assert_eq!(managing(&room.members[1].code), true);
    assert_eq!(managing(&room.service.code), true);
    let (_stomp, mut topic) = room.members[0].enter(maru, room.id).await;
    let event = topic.of_type("PARTICIPANTS").await;
    let first = &event["participants"][0];
    assert_eq!(
        (&first["userCode"], &first["manages"]),
        (&json!(room.members[0].code), &json!(false))
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn read_marks_and_typing_reach_the_room(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = ROOMS.on(db).await;
    let room = Room::of_two(maru).await;
    let (first, mut topic) = room.members[0].enter(maru, room.id).await;
    let second = room.members[1].stomp(maru).await;
    let said = first.say(room.id, "읽었나요").await;
    second
        .send("/app/chat.typing", json!({ "roomId": room.id, "typing": true }))
        .await;
    let typing = topic.of_type("TYPING").await;
    assert_eq!(
        (&typing["memberId"], &typing["typing"]),
        (&json!(room.members[1].id), &json!(true))
    );
    // One's own reading is nobody else's.
    first.send("/app/chat.markAsRead", json!({ "roomId": room.id })).await;
    assert_eq!(room.messages(maru).await[0]["isRead"], "N");
    second
        .send(
            "/app/chat.markAsRead",
            json!({ "roomId": room.id, "messageId": said.message_id }),
        )
        .await;
    let read = topic
        .find("the other's READ", |e| {
            e["type"] == "READ" && e["readerId"] == room.members[1].id
        })
        .await;
    assert_eq!((&read["seq"], &read["messageId"]), (&json!(1), &json!(said.message_id)));
    assert_eq!(room.messages(maru).await[0]["isRead"], "Y");
    let listed = room.members[1].rest(maru).get("/api/chat/rooms?joined=true").await.ok();
    assert_eq!(listed["items"][0]["unreadCount"], 0);
    first.say(room.id, "하나 더").await;
    let own = room.members[0].rest(maru).get("/api/chat/rooms?joined=true").await.ok();
    assert_eq!(own["items"][0]["unreadCount"], 0, "one's own are read");
    let listed = room.members[1].rest(maru).get("/api/chat/rooms?joined=true").await.ok();
    assert_eq!(
        (
            &listed["items"][0]["unreadCount"],
            &listed["items"][0]["lastMessage"]["content"]
        ),
        (&json!(1), &json!("하나 더"))
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn several_devices_are_one_person(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = ROOMS.on(db).await;
    let room = Room::of_two(maru).await;
    let (watcher, other) = (&room.members[0], &room.members[1]);
    let mut watching = RawConnect::to(maru, &room.id.to_string()).by(watcher).ok().await;
    let first = watching.next().await;
    assert_eq!(
        (&first["type"], &first["count"], &first["onlineCount"]),
        (&json!("PARTICIPANTS"), &json!(2), &json!(1))
    );
    assert_eq!(first["participants"][0]["userCode"], watcher.code);
    let (phone, _topic) = other.enter(maru, room.id).await;
    watching
        .find("two online", |e| e["type"] == "PARTICIPANTS" && e["onlineCount"] == 2)
        .await;
    let laptop = RawConnect::to(maru, &room.id.to_string()).by(other).ok().await;
    drop(laptop);
    let seen = room.service.rest(maru).get(&room.path("/participants")).await.ok();
    assert_eq!((&seen["count"], &seen["onlineCount"]), (&json!(2), &json!(2)));
    phone.disconnect().await;
    watching
        .find("one online", |e| e["type"] == "PARTICIPANTS" && e["onlineCount"] == 1)
        .await;
    let seen = watcher.rest(maru).get(&room.path("/participants?limit=1")).await.ok();
    let cursor = seen["nextCursor"].as_str().unwrap();
    let rest = watcher
        .rest(maru)
        .get(&room.path(&format!("/participants?before={cursor}")))
        .await
        .ok();
    let codes = [&seen["items"][0]["userCode"], &rest["items"][0]["userCode"]];
    assert!(codes.contains(&&json!(watcher.code)) && codes.contains(&&json!(other.code)));
    assert_eq!(rest["nextCursor"], json!(null));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_room_is_read_and_not_written(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = ROOMS.on(db).await;
    let room = Room::with(maru, vec![maru.guest().await], json!({ "open": true })).await;
    let (stomp, mut topic) = room.members[0].enter(maru, room.id).await;
    let mut own = stomp.subscribe("/user/queue/notifications").await;
    stomp.say(room.id, "아직").await;
    let service = room.service.rest(maru);
    let closed = service.post(&room.path("/close"), json!({})).await.ok();
    assert_eq!(closed["status"], "CLOSED");
    assert_eq!(
        service.post(&room.path("/close"), json!({})).await.ok()["status"],
        "CLOSED"
    );
    topic.system("room-closed").await;
    assert_eq!(topic.state("CLOSED").await["by"], "A");
    assert_eq!(own.of_type("ROOM").await["change"], "CLOSED");
    let body = json!({ "roomId": room.id, "content": "zu spät" });
    let refused = stomp.try_send("/app/chat.sendMessage", body).await.unwrap_err();
    assert_eq!(refused.code(), "room_closed");
    let late = maru.guest().await.rest(maru);
    late.post(&room.path("/join"), json!({}))
        .await
        .refused(409, "room_closed");
    assert_eq!(room.messages(maru).await.len(), 2);
    let mut again = RawConnect::to(maru, &format!("{}?afterSeq=0", room.id))
        .by(&room.members[0])
        .ok()
        .await;
    again.message("아직").await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_room_closes_by_itself_also_if_its_end_came_while_nobody_served(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = Maru::start(db, &[]).await;
    let end = |ms: i64| {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        let at = i64::try_from(now.as_millis()).unwrap() + ms;
        json!({ "expiresAt": maru::time::Time::from_ms(at) })
    };
    let soon = Room::with(&maru, vec![maru.guest().await], end(400)).await;
    let (_stomp, mut topic) = soon.members[0].enter(&maru, soon.id).await;
    assert_eq!(topic.state("CLOSED").await["by"], "S");
    let missed = Room::with(&maru, vec![maru.guest().await], end(800)).await;
    maru.kill();
    tokio::time::sleep(std::time::Duration::from_millis(900)).await;
    maru.run().await;
    tests::until("the room to close", || async {
        let room = missed.members[0].rest(&maru).get(&missed.path("")).await.ok();
        (room["status"] == "CLOSED").then_some(())
    })
    .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_list_shows_own_rooms_and_open_ones_page_by_page(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = ROOMS.on(db).await;
    let me = maru.guest().await;
    let mine = Room::with(maru, vec![me.clone()], json!({})).await;
    let open = Room::with(maru, vec![], json!({ "open": true })).await;
    let hidden = Room::with(maru, vec![maru.guest().await], json!({})).await;
    let ids = |page: &Value| -> Vec<i64> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|room| room["roomId"].as_i64().unwrap()).collect()
    };
    let (mut seen, mut before) = (Vec::new(), String::new());
    loop {
        let page = me.rest(maru).get(&format!("{ROOMS_PATH}?limit=2{before}")).await.ok();
        seen.extend(ids(&page));
        match page["nextCursor"].as_str() {
            Some(cursor) => before = format!("&before={cursor}"),
            None => break,
        }
    }
    assert!(seen.contains(&mine.id) && seen.contains(&open.id) && !seen.contains(&hidden.id));
    assert!(seen.is_sorted_by(|a, b| a > b), "{seen:?}");
    let own = me.rest(maru).get(&format!("{ROOMS_PATH}?joined=true")).await.ok();
    assert_eq!(ids(&own), [mine.id]);
    let all = hidden
        .service
        .rest(maru)
        .get(&format!("{ROOMS_PATH}?limit=200"))
        .await
        .ok();
    assert!([mine.id, open.id, hidden.id].iter().all(|id| ids(&all).contains(id)));
    let listed = me.rest(maru).get(&open.path("")).await.ok();
    assert_eq!(
        (&listed["joined"], &listed["lastMessage"], &listed["manages"]),
        (&json!(false), &json!(null), &json!(false))
    );
}
