//! Who may read is decided when it is sent: after whatever ends somebody's hearing of a room, not one later message
//! arrives, over STOMP nor over the room's own WebSocket, and within a second.

use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Connect, Db, Feed, Maru, Person, Raw, RawConnect, Stomp};

use crate::desk::PATIENT;
use crate::rooms::Room;

/// Somebody listening with two devices while the other member writes without a pause.
struct Scene {
    room: Room,
    stomp: Stomp,
    topic: Feed,
    raw: Raw,
}

impl Scene {
    async fn set(maru: &Maru) -> Scene {
        let room = Room::of_two(maru).await;
        let listener = &room.members[0];
        Scene::heard_by(maru, &listener.token.clone(), room).await
    }

    async fn heard_by(maru: &Maru, token: &str, room: Room) -> Scene {
        let stomp = Connect::to(maru).token(token).ok().await;
        let topic = stomp.subscribe(&format!("/topic/chat/{}", room.id)).await;
        let bearer = format!("Bearer {token}");
        let mut raw = RawConnect::to(maru, &room.id.to_string())
            .header("authorization", &bearer)
            .ok()
            .await;
        raw.of_type("PARTICIPANTS").await;
        Scene {
            room,
            stomp,
            topic,
            raw,
        }
    }

    fn listener(&self) -> &Person {
        &self.room.members[0]
    }

    /// Writes forty messages; in the middle `end` happens. What was acknowledged after `end` was answered has arrived
    /// at neither device, what was stored before at both.
    async fn write_while(&mut self, maru: &Maru, end: impl AsyncFnOnce(&Scene)) {
        let writer = self.room.members[1].stomp(maru).await;
        for n in 0..20 {
            writer.say(self.room.id, &format!("before {n}")).await;
        }
        self.topic.message("before 19").await;
        self.raw.message("before 19").await;
        end(self).await;
        for n in 0..20 {
            writer.say(self.room.id, &format!("after {n}")).await;
        }
    }

    /// Nothing that was said after the end came; called when both devices know of it.
    fn heard_nothing_after(&self) {
        for event in self.topic.all().iter().chain(&self.raw.all()) {
            let content = event["content"].as_str().unwrap_or_default();
            assert!(!content.starts_with("after"), "{event}");
        }
    }

    /// Both connections are closed with this code, soon after `begun`.
    async fn both_closed(&self, code: u16, begun: Instant) {
        assert_eq!(
            (self.stomp.closed().await.code, self.raw.closed().await.code),
            (code, code)
        );
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_hears_not_one_later_message(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let mut scene = Scene::set(maru).await;
    let rest = scene.listener().rest(maru);
    scene
        .write_while(maru, async |scene| {
            rest.post(&scene.room.path("/leave"), json!({})).await.ok();
        })
        .await;
    assert_eq!(scene.topic.of_type("REMOVED").await["reason"], "LEFT");
    assert_eq!(scene.raw.of_type("REMOVED").await["reason"], "LEFT");
    assert_eq!(scene.raw.closed().await.code, 4403);
    scene.stomp.settle().await;
    assert!(!scene.stomp.is_closed(), "it may hear other rooms");
    scene.heard_nothing_after();
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_hears_not_one_later_message_and_writes_none(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let mut scene = Scene::set(maru).await;
    let service = scene.room.service.rest(maru);
    scene
        .write_while(maru, async |scene| {
            let code = &scene.listener().code;
            service.delete(&scene.room.path(&format!("/members/{code}"))).await.ok();
        })
        .await;
    assert_eq!(scene.topic.of_type("REMOVED").await["reason"], "REMOVED");
    assert_eq!(scene.raw.closed().await.code, 4403);
    let body = json!({ "roomId": scene.room.id, "content": "still here?" });
    let refused = scene.stomp.try_send("/app/chat.sendMessage", body).await.unwrap_err();
    assert_eq!(refused.code(), "not_participant");
    scene.heard_nothing_after();
    let again = RawConnect::to(maru, &scene.room.id.to_string()).by(scene.listener());
    let (status, body) = again.attempt().await.unwrap_err();
    assert_eq!((status, &body["code"]), (403, &json!("not_participant")));
    let error = scene
        .stomp
        .try_subscribe(&format!("/topic/chat/{}", scene.room.id), &[])
        .await
        .unwrap_err();
    assert_eq!(error.code, "not_participant");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_push_reaches_all_connections_of_a_user_and_nobody_else(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let mut scene = Scene::set(maru).await;
    let mut queue = scene.stomp.subscribe("/user/queue/notifications").await;
    let admin = maru.person("admin").await.rest(maru);
    let path = format!("/api/admin/users/{}/push", scene.listener().id);
    let pushed = admin.post(&path, json!({ "content": " 점검이 있어요 " })).await.ok();
    assert_eq!(pushed["connections"], 2);
    let heard = queue.of_type("PUSH").await;
    assert_eq!(heard["content"], "점검이 있어요");
    assert_eq!(scene.raw.of_type("PUSH").await["content"], "점검이 있어요");
    assert!(
        scene.topic.all().iter().all(|event| event["type"] != "PUSH"),
        "not the room"
    );
    admin
        .post(&path, json!({ "content": " " }))
        .await
        .refused(400, "empty_content");
    let nobody = admin
        .post("/api/admin/users/999999999/push", json!({ "content": "x" }))
        .await;
    nobody.refused(404, "not_found");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_forced_log_out_reaches_rooms_within_a_second(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let mut scene = Scene::set(maru).await;
    let admin = maru.person("admin").await.rest(maru);
    let connections = format!("/api/admin/users/{}/connections", scene.listener().id);
    let seen = admin.get(&connections).await.ok();
    assert_eq!((&seen["online"], &seen["count"]), (&json!(true), &json!(2)));
    let of = |n: usize, name: &str| -> Value { seen["items"][n][name].clone() };
    assert_eq!(
        (of(0, "protocol"), of(1, "protocol")),
        (json!("STOMP 1.2"), json!("raw"))
    );
    let topic = json!(format!("/topic/chat/{}", scene.room.id));
    assert!(of(0, "destinations").as_array().unwrap().contains(&topic), "{seen}");
    let mut begun = Instant::now();
    scene
        .write_while(maru, async |scene| {
            let path = format!("/api/admin/users/{}/logout", scene.listener().id);
            admin.post(&path, json!({})).await.is(204);
            begun = Instant::now();
            scene.both_closed(4401, begun).await;
        })
        .await;
    scene.heard_nothing_after();
    let seen = admin.get(&connections).await.ok();
    assert_eq!((&seen["online"], &seen["count"]), (&json!(false), &json!(0)));
    admin
        .get("/api/admin/users/999999999/connections")
        .await
        .refused(404, "not_found");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_locked_account_hears_nothing_more(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let mut scene = Scene::set(maru).await;
    scene
        .write_while(maru, async |scene| {
            let lock = ["user", "lock", "--code", &scene.listener().code];
            let done = tokio::task::block_in_place(|| maru.cli(&lock));
            assert!(done.status.success(), "{done:?}");
            scene.both_closed(4401, Instant::now()).await;
        })
        .await;
    scene.heard_nothing_after();
    let again = RawConnect::to(maru, &scene.room.id.to_string()).by(scene.listener());
    assert_eq!(again.attempt().await.unwrap_err().0, 401);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_account_or_a_password_that_expires_hears_nothing_more(
    #[values(Db::Sqlite, Db::Postgres)] db: Db,
    #[values("--account", "--password")] what: &str,
) {
    let maru = PATIENT.on(db).await;
    let mut scene = Scene::set(maru).await;
    scene
        .write_while(maru, async |scene| {
            let soon = maru::time::Time::from_ms(now_ms() + 700);
            let at = json!(soon).as_str().unwrap().to_owned();
            let expire = ["user", "expire", "--code", &scene.listener().code, what, &at];
            let done = tokio::task::block_in_place(|| maru.cli(&expire));
            assert!(done.status.success(), "{done:?}");
            let left = u64::try_from(soon.ms() - now_ms()).unwrap_or(0);
            tokio::time::sleep(Duration::from_millis(left)).await;
            scene.both_closed(4401, Instant::now()).await;
        })
        .await;
    scene.heard_nothing_after();
    let code = &scene.listener().code;
    let rest = scene.listener().rest(maru);
    rest.get("/api/auth/me").await.refused(401, "unauthenticated");
    let never = ["user", "expire", "--code", code, what, "never"];
    let done = tokio::task::block_in_place(|| maru.cli(&never));
    assert!(done.status.success(), "{done:?}");
    tests::until("the account to be good again", || async {
        (rest.get("/api/auth/me").await.status == 200).then_some(())
    })
    .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ends_hears_nothing_more() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let room = Room::of_two(maru).await;
    let token = room.members[0].token_for(Duration::from_secs(3));
    let mut scene = Scene::heard_by(maru, &token, room).await;
    scene
        .write_while(maru, async |scene| {
            assert_eq!(scene.stomp.closed().await.code, 4401);
            assert_eq!(scene.raw.closed().await.code, 4401);
        })
        .await;
    scene.heard_nothing_after();
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.unwrap().as_millis()).unwrap()
}
