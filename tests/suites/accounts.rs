//! Log-in, refresh, log-out, guests, the cookie, tokens that are not ours, and live connections that end with a log-in.

use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Connect, Db, Maru, Person, SECRET, sign};

use crate::desk::PATIENT;

/// A person with user name and password.
pub(crate) async fn with_password(maru: &Maru, role: &str) -> (Person, String) {
    let person = maru.person(role).await;
    let username = person.code.to_lowercase();
    let add = [
        "user",
        "add",
        "--code",
        &person.code,
        "--name",
        &person.name,
        "--role",
        role,
        "--username",
        &username,
        "--password-stdin",
    ];
    let output = tokio::task::block_in_place(|| maru.cli_with_input(&add, "correct horse\n"));
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.number(), Some(person.id), "a known code is changed, not added");
    (person, username)
}

async fn login(maru: &Maru, username: &str) -> Value {
    let body = json!({ "username": username, "password": "correct horse" });
    maru.rest().post("/api/auth/login", body).await.ok()
}

fn text<'a>(answer: &'a Value, member: &str) -> &'a str {
    answer[member]
        .as_str()
        .unwrap_or_else(|| panic!("no {member} in {answer}"))
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_answers_with_tokens_that_work(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let (person, username) = with_password(maru, "agent").await;
    let answer = login(maru, &username).await;
    assert_eq!(
        (&answer["tokenType"], &answer["expiresIn"]),
        (&json!("Bearer"), &json!(3600))
    );
    let user = json!({ "memberId": person.id, "userCode": person.code, "name": person.name, "roles": ["AGENT"] });
    assert_eq!(answer["user"], user);
    maru.rest()
        .with_token(text(&answer, "accessToken"))
        .get("/api/admin/chat/sessions")
        .await
        .ok();
    Connect::to(maru).token(text(&answer, "accessToken")).ok().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_name_and_a_wrong_password_are_one_answer(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let (_, username) = with_password(maru, "member").await;
    let mut answers = Vec::new();
    for (username, password) in [
        (username.as_str(), "wrong"),
        ("nobody at all", "wrong"),
        (&username, ""),
        (&username, "correct horse "),
    ] {
        let answer = maru
            .rest()
            .post("/api/auth/login", json!({ "username": username, "password": password }))
            .await;
        answers.push(answer.refused(401, "bad_credentials"));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    for body in [
        json!({}),
        json!({ "username": username }),
        json!({ "username": username, "password": "x", "role": "ADMIN" }),
        json!([username, "x"]),
    ] {
        maru.rest()
            .post("/api/auth/login", body)
            .await
            .refused(400, "invalid_request");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_good_once_and_its_second_use_ends_the_log_in(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let (_, username) = with_password(maru, "member").await;
    let refresh = |token: String| async move {
        maru.rest()
            .post("/api/auth/refresh", json!({ "refreshToken": token }))
            .await
    };
    let first = login(maru, &username).await;
    let second = refresh(text(&first, "refreshToken").to_owned()).await.ok();
    assert_ne!(second["refreshToken"], first["refreshToken"]);
    let live = Connect::to(maru).token(text(&second, "accessToken")).ok().await;
    refresh(text(&first, "refreshToken").to_owned())
        .await
        .refused(401, "unauthenticated");
    refresh(text(&second, "refreshToken").to_owned())
        .await
        .refused(401, "unauthenticated");
    assert_eq!(live.closed().await.code, 4401);
    let dead = maru.rest().with_token(text(&second, "accessToken"));
    tests::until("the token's end", || async {
        (dead.get("/api/auth/me").await.status == 401).then_some(())
    })
    .await;
    refresh("garbage".to_owned()).await.refused(401, "unauthenticated");
    let other = login(maru, &username).await;
    refresh(text(&other, "refreshToken").to_owned()).await.ok();
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_ends_this_log_in_and_no_other(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let (_, username) = with_password(maru, "member").await;
    let (first, second) = (login(maru, &username).await, login(maru, &username).await);
    let live = Connect::to(maru).token(text(&first, "accessToken")).ok().await;
    let other = Connect::to(maru).token(text(&second, "accessToken")).ok().await;
    let body = json!({ "refreshToken": first["refreshToken"] });
    let begun = Instant::now();
    maru.rest()
        .with_token(text(&first, "accessToken"))
        .post("/api/auth/logout", body.clone())
        .await
        .is(204);
    assert_eq!(live.closed().await.code, 4401);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    maru.rest()
        .post("/api/auth/refresh", body)
        .await
        .refused(401, "unauthenticated");
    other.settle().await;
    assert!(!other.is_closed());
    maru.rest()
        .with_token(text(&second, "accessToken"))
        .get("/api/auth/me")
        .await
        .ok();
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_a_customer_with_a_token(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let named = maru
        .rest()
        .post("/api/auth/guest", json!({ "name": "지나가는 사람" }))
        .await
        .ok();
    assert_eq!(
        (&named["user"]["name"], &named["user"]["roles"]),
        (&json!("지나가는 사람"), &json!(["MEMBER"]))
    );
    let nameless = maru.rest().post("/api/auth/guest", json!({})).await.ok();
    assert!(!nameless["user"]["name"].as_str().unwrap().is_empty());
    assert_ne!(nameless["user"]["memberId"], named["user"]["memberId"]);
    maru.rest()
        .post("/api/auth/refresh", json!({ "refreshToken": named["refreshToken"] }))
        .await
        .ok();
    for body in [
        json!({ "name": "x".repeat(101) }),
        json!({ "name": 5 }),
        json!({ "roles": ["ADMIN"] }),
    ] {
        maru.rest()
            .post("/api/auth/guest", body)
            .await
            .refused(400, "invalid_request");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_counts_with_our_own_origin_only(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let (_, username) = with_password(maru, "member").await;
    let body = json!({ "username": username, "password": "correct horse", "cookie": true });
    let own = maru.origin();
    maru.rest()
        .with("origin", "https://evil.example")
        .post("/api/auth/login", body.clone())
        .await
        .refused(403, "forbidden");
    let answer = maru.rest().with("origin", &own).post("/api/auth/login", body).await;
    let set = answer.header("set-cookie").to_owned();
    assert!(answer.ok()["accessToken"].is_string(), "the tokens come too");
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Lax") && !set.contains("Secure"),
        "{set}"
    );
    let cookie = set.split(';').next().unwrap();
    assert!(cookie.starts_with("maru_session="), "{set}");
    let rest = maru.rest().with("cookie", cookie);
    rest.get("/api/auth/me").await.ok();
    rest.clone()
        .with("origin", "https://evil.example")
        .get("/api/auth/me")
        .await
        .refused(403, "forbidden");
    let category = rest.get("/api/chat/categories").await.ok()["items"][0]["categoryId"].clone();
    let open = json!({ "categoryId": category });
    rest.post("/api/chat/sessions", open.clone())
        .await
        .refused(403, "forbidden");
    rest.clone()
        .with("origin", "https://evil.example")
        .post("/api/chat/sessions", open.clone())
        .await
        .refused(403, "forbidden");
    rest.clone()
        .with("origin", "null")
        .post("/api/chat/sessions", open.clone())
        .await
        .refused(403, "forbidden");
    rest.clone()
        .with("origin", &own)
        .post("/api/chat/sessions", open)
        .await
        .is(201);

    let connect = Connect::to(maru).http("cookie", cookie);
    let live = connect.clone().http("origin", &own).ok().await;
    for refused in [connect.clone(), connect.http("origin", "https://evil.example")] {
        assert_eq!(handshake(&refused).await, 403);
    }
    rest.clone()
        .with("origin", &own)
        .post("/api/auth/logout", json!({}))
        .await
        .is(204);
    assert_eq!(live.closed().await.code, 4401);
    tests::until("the cookie's end", || async {
        (rest.get("/api/auth/me").await.status == 401).then_some(())
    })
    .await;
}

/// The status that answers a handshake.
async fn handshake(connect: &Connect) -> u16 {
    match connect.upgrade().await {
        Ok(_) => 101,
        Err(tokio_tungstenite::tungstenite::Error::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("{other}"),
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn handshakes_of_foreign_pages_are_refused_whatever_they_bring() {
    let listed = [(
        "SERVER__ALLOWED_ORIGINS",
        "https://shop.example,https://other.example:8443",
    )];
    let maru = Maru::start(Db::Sqlite, &listed).await;
    let token = format!("Bearer {}", maru.guest().await.token);
    let connect = Connect::to(&maru).http("authorization", &token);
    for (origin, status) in [
        (maru.origin(), 101),
        ("https://shop.example".to_owned(), 101),
        ("https://other.example:8443".to_owned(), 101),
        ("https://other.example".to_owned(), 403),
        ("http://shop.example".to_owned(), 403),
        ("https://shop.example.evil.example".to_owned(), 403),
        (format!("https://127.0.0.1:{}", maru.port), 403),
        ("http://127.0.0.1".to_owned(), 403),
        ("null".to_owned(), 403),
    ] {
        for path in ["/ws", "/ws/chat"] {
            let connect = connect.clone().path(path).http("origin", &origin);
            assert_eq!(handshake(&connect).await, status, "{origin} {path}");
        }
    }
    assert_eq!(handshake(&connect).await, 101, "without Origin it passes");
    let any = Maru::start(Db::Sqlite, &[("SERVER__ALLOWED_ORIGINS", "*")]).await;
    assert_eq!(
        handshake(&Connect::to(&any).http("origin", "https://anywhere.example")).await,
        101
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_not_ours_or_not_good_are_refused() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let (person, other) = (maru.person("member").await, maru.person("agent").await);
    let hour = Duration::from_secs(3600);
    let with = |member: &str, value: Value| {
        let mut claims = person.claims(hour);
        claims[member] = value;
        sign(&claims, SECRET)
    };
    let without = |member: &str| {
        let mut claims = person.claims(hour);
        claims.as_object_mut().unwrap().remove(member);
        sign(&claims, SECRET)
    };
    let now = person.claims(Duration::ZERO)["exp"].as_u64().unwrap();
    let good = person.token_for(hour);
    let mut parts = good.split('.');
    let (header, payload, signature) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let flipped: String = signature.chars().rev().collect();
    let bad = [
        (
            "another secret",
            sign(&person.claims(hour), "another secret that is long enough too"),
        ),
        ("an empty secret", sign(&person.claims(hour), "")),
        ("over", with("exp", json!(now - 1))),
        ("over this second", with("exp", json!(now))),
        ("another issuer", with("iss", json!("elsewhere"))),
        ("another audience", with("aud", json!("elsewhere"))),
        ("no issuer", without("iss")),
        ("no audience", without("aud")),
        ("no end", without("exp")),
        ("no subject", without("sub")),
        ("no number", without("uid")),
        ("somebody else's number", with("uid", json!(other.id))),
        ("an unknown number", with("uid", json!(99_999_999))),
        ("alg none", format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.")),
        ("no signature", format!("{header}.{payload}.")),
        ("two parts", format!("{header}.{payload}")),
        ("a changed signature", format!("{header}.{payload}.{flipped}")),
        ("a changed payload", format!("{header}.{payload}x.{signature}")),
        ("nothing", String::new()),
    ];
    for (what, token) in bad {
        let rest = maru.rest().with_token(&token).get("/api/auth/me").await;
        assert_eq!(
            (rest.status, rest.code()),
            (401, "unauthenticated"),
            "{what}: {}",
            rest.text
        );
        let error = Connect::to(maru).token(&token).attempt().await.unwrap_err();
        assert_eq!(error.code, "unauthenticated", "{what}: {error:?}");
    }
    maru.rest().with_token(&good).get("/api/auth/me").await.ok();
    let raised = with("roles", json!(["ADMIN"]));
    let answer = maru.rest().with_token(&raised).get("/api/admin/chat/sessions").await;
    assert!(answer.status == 403, "roles are the account's: {}", answer.text);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_s_tokens_work() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let person = maru.person("professor").await;
    let output = tokio::task::block_in_place(|| maru.cli(&["token", "--code", &person.code, "--ttl", "15m"]));
    assert!(output.status.success(), "{output:?}");
    maru.rest()
        .with_token(output.stdout.trim())
        .get("/api/auth/me")
        .await
        .ok();
    let unknown = tokio::task::block_in_place(|| maru.cli(&["token", "--code", "NOBODY"]));
    assert!(!unknown.status.success() && unknown.stdout.is_empty(), "{unknown:?}");
    let role =
        tokio::task::block_in_place(|| maru.cli(&["user", "add", "--code", "X1", "--name", "x", "--role", "king"]));
    assert!(!role.status.success());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ends_ends_its_connections_within_a_second(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let person = maru.person("member").await;
    let claims = person.claims(Duration::from_secs(3));
    let stomp = Connect::to(maru).token(&sign(&claims, SECRET)).ok().await;
    let closed = stomp.closed().await;
    let late = now() - claims["exp"].as_f64().unwrap();
    assert_eq!(closed.code, 4401);
    assert!((-0.05..1.0).contains(&late), "{late} s after its end");
}

fn now() -> f64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_ends_live_connections_and_lets_nobody_in(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let (person, username) = with_password(maru, "agent").await;
    let (first, second) = (login(maru, &username).await, login(maru, &username).await);
    let first_live = Connect::to(maru).token(text(&first, "accessToken")).ok().await;
    let second_live = Connect::to(maru).token(text(&second, "accessToken")).ok().await;
    let output = tokio::task::block_in_place(|| maru.cli(&["user", "lock", "--code", &person.code]));
    assert!(output.status.success(), "{output:?}");
    let locked = Instant::now();
    assert_eq!(
        (first_live.closed().await.code, second_live.closed().await.code),
        (4401, 4401)
    );
    assert!(locked.elapsed() < Duration::from_secs(1), "{:?}", locked.elapsed());
    let token = text(&first, "accessToken");
    let rest = maru.rest().with_token(token);
    rest.get("/api/auth/me").await.refused(401, "unauthenticated");
    assert_eq!(
        Connect::to(maru).token(token).attempt().await.unwrap_err().code,
        "unauthenticated"
    );
    let body = json!({ "username": username, "password": "correct horse" });
    maru.rest()
        .post("/api/auth/login", body)
        .await
        .refused(401, "bad_credentials");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_forced_log_out_ends_everything_of_a_person_at_once(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let (person, username) = with_password(maru, "member").await;
    let admin = maru.person("admin").await.rest(maru);
    let login = login(maru, &username).await;
    let live = Connect::to(maru).token(text(&login, "accessToken")).ok().await;
    let bystander = maru.guest().await.stomp(maru).await;
    let begun = Instant::now();
    let answer = admin
        .post(&format!("/api/admin/users/{}/logout", person.id), json!({}))
        .await;
    assert!((200..300).contains(&answer.status), "{}", answer.text);
    assert_eq!(live.closed().await.code, 4401);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    maru.rest()
        .post("/api/auth/refresh", json!({ "refreshToken": login["refreshToken"] }))
        .await
        .refused(401, "unauthenticated");
    bystander.settle().await;
    assert!(!bystander.is_closed());
    admin
        .post("/api/admin/users/99999999/logout", json!({}))
        .await
        .refused(404, "not_found");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_after_a_change_of_password_outlives_the_ones_before(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let (person, username) = with_password(maru, "member").await;
    let before = login(maru, &username).await;
    let before = Connect::to(maru).token(text(&before, "accessToken")).ok().await;
    let change = [
        "user",
        "add",
        "--code",
        &person.code,
        "--name",
        &person.name,
        "--role",
        "member",
        "--password-stdin",
    ];
    let output = tokio::task::block_in_place(|| maru.cli_with_input(&change, "correct horse\n"));
    assert!(output.status.success(), "{output:?}");
    let after = login(maru, &username).await;
    let after = Connect::to(maru).token(text(&after, "accessToken")).ok().await;
    assert_eq!(before.closed().await.code, 4401);
    after.settle().await;
    assert!(!after.is_closed());
}
