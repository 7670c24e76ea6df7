//! Logging in, staying in and logging out.

use super::*;

#[rstest]
#[tokio::test]
async fn a_log_in_answers_as_the_contract_says(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    let id = house.user("STU001", Role::Student).await;
    let answer = house.log_in("stu001").await;
    assert_eq!(answer.body["tokenType"], "Bearer");
    assert_eq!(answer.body["expiresIn"], 3600);
    let user = json!({"memberId": id, "userCode": "STU001", "name": "이름 STU001", "roles": ["STUDENT"]});
    assert_eq!(answer.body["user"], user);
    let cookie = answer.cookie.as_deref().unwrap();
    assert!(
        cookie.ends_with("; Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    let bearer = format!("bearer {}", answer.text("accessToken"));
    let me = house
        .send(call("GET", "/api/auth/me", &[("authorization", &bearer)], Value::Null))
        .await;
    assert_eq!(me.body, user);
}

#[rstest]
#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_are_one_answer(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    house.user("STU001", Role::Student).await;
    house.user("STU002", Role::Student).await;
    house.accounts.user_lock("STU002").await.unwrap();
    let mut answers = Vec::new();
    for (name, password) in [
        ("nobody", PASSWORD),
        ("STU001", "wrong"),
        ("STU002", PASSWORD),
        ("a\u{0}b", "x"),
    ] {
        let body = json!({"username": name, "password": password});
        answers.push(house.post("/api/auth/login", body).await);
    }
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.text("code"), "bad_credentials");
        assert_eq!(answer.body, answers[0].body);
    }
}

#[tokio::test]
async fn what_is_not_asked_for_is_refused_by_name() {
    let house = House::new(Sqlite).await;
    let body = json!({"username": "a", "password": "b", "admin": true});
    let answer = house.post("/api/auth/login", body).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.text("code"), "invalid_request");
    assert!(answer.text("error").contains("admin"), "{}", answer.body);
    let answer = house.post("/api/auth/login", json!({"username": "a"})).await;
    assert!(answer.text("error").contains("password"), "{}", answer.body);
    let guest = house.post("/api/auth/guest", json!({"roles": ["ADMIN"]})).await;
    assert!(guest.text("error").contains("roles"), "{}", guest.body);
}

#[rstest]
#[tokio::test]
async fn a_guest_is_a_member_with_an_account_of_its_own(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    let named = house.post("/api/auth/guest", json!({"name": " 지나가는 손님 "})).await;
    let nameless = house.post("/api/auth/guest", Value::Null).await;
    assert_eq!(named.status, StatusCode::OK, "{}", named.body);
    assert_eq!(named.body["user"]["name"], "지나가는 손님");
    assert_eq!(named.body["user"]["roles"], json!(["MEMBER"]));
    assert!(named.body["user"]["userCode"].as_str().unwrap().starts_with("GUEST-"));
    assert!(nameless.body["user"]["name"].as_str().unwrap().starts_with("손님 "));
    let member = named.body["user"]["memberId"].as_i64().unwrap();
    assert!(house.accounts.member(member).await.unwrap().unwrap().is_guest);
    assert!(house.is_in(named.text("accessToken")).await);
    let bad = house.post("/api/auth/guest", json!({"name": "a\u{202e}b"})).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
}

#[rstest]
#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_reuse_ends_the_log_in(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    house.user("STU001", Role::Student).await;
    let login = house.log_in("STU001").await;
    let mut changes = house.accounts.changes();
    let refresh = |token: &str| house.post("/api/auth/refresh", json!({"refreshToken": token}));
    let second = refresh(login.text("refreshToken")).await;
    assert_eq!(second.status, StatusCode::OK);
    let third = refresh(second.text("refreshToken")).await;
    assert_eq!(third.status, StatusCode::OK);
    assert!(house.is_in(login.text("accessToken")).await);
    let reused = refresh(login.text("refreshToken")).await;
    assert_eq!(reused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        refresh(third.text("refreshToken")).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert!(!house.is_in(third.text("accessToken")).await);
    let cookie = login.cookie_pair().split_once('=').unwrap().1;
    assert!(house.accounts.from_cookie(cookie).await.is_err());
    assert!(matches!(changes.next().await, Some(Change::Login(_))));
}

#[rstest]
#[tokio::test]
async fn of_two_refreshes_at_once_one_is_answered(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    house.user("STU001", Role::Student).await;
    let login = house.log_in("STU001").await;
    let body = json!({"refreshToken": login.text("refreshToken")});
    let (a, b) = tokio::join!(
        house.post("/api/auth/refresh", body.clone()),
        house.post("/api/auth/refresh", body)
    );
    let answered = [a, b].iter().filter(|answer| answer.status == StatusCode::OK).count();
    assert_eq!(answered, 1);
}

#[rstest]
#[tokio::test]
async fn a_refresh_gives_the_log_in_a_new_life(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    house.user("STU001", Role::Student).await;
    let login = house.log_in("STU001").await;
    house.clock.set(NOW.plus_s(1_209_599));
    let second = house
        .post("/api/auth/refresh", json!({"refreshToken": login.text("refreshToken")}))
        .await;
    assert_eq!(second.status, StatusCode::OK);
    house.clock.set(NOW.plus_s(1_209_599 + 1_209_600));
    let late = house
        .post(
            "/api/auth/refresh",
            json!({"refreshToken": second.text("refreshToken")}),
        )
        .await;
    assert_eq!(late.status, StatusCode::UNAUTHORIZED);
}

#[rstest]
#[tokio::test]
async fn logging_out_ends_the_token_the_cookie_and_the_refresh_token(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    house.user("STU001", Role::Student).await;
    let login = house.log_in("STU001").await;
    let other = house.log_in("STU001").await;
    let mut changes = house.accounts.changes();
    let bearer = format!("Bearer {}", login.text("accessToken"));
    let headers = [("authorization", bearer.as_str()), ("cookie", login.cookie_pair())];
    let answer = house
        .send(call("POST", "/api/auth/logout", &headers, Value::Null))
        .await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(answer.cookie.unwrap().starts_with("maru_session=; Path=/; Max-Age=0"));
    assert!(matches!(changes.next().await, Some(Change::Login(_))));
    assert!(!house.is_in(login.text("accessToken")).await);
    let refreshed = house
        .post("/api/auth/refresh", json!({"refreshToken": login.text("refreshToken")}))
        .await;
    assert_eq!(refreshed.status, StatusCode::UNAUTHORIZED);
    assert!(house.is_in(other.text("accessToken")).await, "another device stays");
    let by_token = house
        .post("/api/auth/logout", json!({"refreshToken": other.text("refreshToken")}))
        .await;
    assert_eq!(by_token.status, StatusCode::NO_CONTENT);
    assert!(!house.is_in(other.text("accessToken")).await);
    let headers = [("cookie", other.cookie_pair()), OWN_ORIGIN];
    let again = house
        .send(call("POST", "/api/auth/logout", &headers, Value::Null))
        .await;
    assert_eq!(again.status, StatusCode::NO_CONTENT, "who is out already is out");
    let nobody = house.post("/api/auth/logout", Value::Null).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
}

#[rstest]
#[tokio::test]
async fn an_admin_logs_somebody_out_everywhere(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    let student = house.user("STU001", Role::Student).await;
    house.user("ADM001", Role::Admin).await;
    let login = house.log_in("STU001").await;
    let outside = signed(&Header::new(Algorithm::HS256), &good_claims(student), SECRET);
    assert!(house.is_in(&outside).await);
    let path = format!("/api/admin/users/{student}/logout");
    let student_says = format!("Bearer {}", login.text("accessToken"));
    let admin_says = format!("Bearer {}", house.token("ADM001").await);
    let as_who = |who: &str, path: &str| call("POST", path, &[("authorization", who)], Value::Null);
    let refused = house.send(as_who(&student_says, &path)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let mut changes = house.accounts.changes();
    let done = house.send(as_who(&admin_says, &path)).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT);
    assert_eq!(changes.next().await, Some(Change::Member(student)));
    assert!(!house.is_in(login.text("accessToken")).await);
    assert!(!house.is_in(&outside).await);
    house.clock.set(NOW.plus_s(1));
    house.log_in("STU001").await;
    for (path, status) in [("/api/admin/users/999/logout", 404), ("/api/admin/users/x/logout", 400)] {
        let answer = house.send(as_who(&admin_says, path)).await;
        assert_eq!(answer.status.as_u16(), status);
    }
}

#[tokio::test]
async fn attempts_are_counted_by_address() {
    let house = House::with(Sqlite, &[("MARU_LIMITS__LOGINS_PER_MINUTE_PER_ADDRESS", "2")]).await;
    let body = json!({});
    assert_eq!(house.post("/api/auth/guest", body.clone()).await.status, StatusCode::OK);
    let wrong = json!({"username": "a", "password": "b"});
    assert_eq!(
        house.post("/api/auth/login", wrong).await.status,
        StatusCode::UNAUTHORIZED
    );
    let refused = house.post("/api/auth/guest", body).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.text("code"), "rate_limited");
}

#[rstest]
#[tokio::test]
async fn old_log_ins_are_cleared_away_and_living_ones_stay(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    house.user("STU001", Role::Student).await;
    let jwt = house.token("STU001").await;
    house.log_in("STU001").await;
    let cleared = store::clear_logins(house.db.write(), NOW.plus_s(601)).await.unwrap();
    assert_eq!(cleared, 1);
    house.accounts.0.logins.invalidate_all();
    assert!(!house.is_in(&jwt).await);
}

#[tokio::test]
async fn nothing_that_lets_somebody_in_is_stored() {
    let house = House::new(Sqlite).await;
    house.user("STU001", Role::Student).await;
    let login = house.log_in("STU001").await;
    house.db.close().await.unwrap();
    let cookie = login.cookie_pair().split_once('=').unwrap().1;
    for file in std::fs::read_dir(house.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in [cookie, login.text("refreshToken"), login.text("accessToken"), PASSWORD] {
            let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!found, "{secret}");
        }
    }
}
