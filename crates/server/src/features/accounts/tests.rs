//! Accounts against a real database, their handlers behind a real router.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body as HttpBody;
use axum::extract::{ConnectInfo, FromRef};
use axum::http::{Request, StatusCode, header};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rstest::rstest;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::*;
use crate::testing::Kind::{Postgres, Sqlite};
use crate::testing::{Kind, TestDatabase};

const SECRET: &str = "a secret of the tests, of more than 32 bytes";
const NOW: Time = Time::from_ms(1_800_000_000_000);
const PASSWORD: &str = "correct horse";

/// A server's accounts on a database of their own, with a clock that stands.
struct House {
    accounts: Accounts,
    clock: Clock,
    config: Config,
    db: Database,
    folder: tempfile::TempDir,
}

#[derive(Clone)]
struct App(Accounts);

impl FromRef<App> for Accounts {
    fn from_ref(app: &App) -> Self {
        app.0.clone()
    }
}

/// An answer, read.
struct Answer {
    status: StatusCode,
    cookie: Option<String>,
    body: Value,
}

impl House {
    async fn new(kind: Kind) -> Self {
        Self::with(kind, &[]).await
    }

    async fn with(kind: Kind, settings: &[(&str, &str)]) -> Self {
        let TestDatabase { db, folder } = TestDatabase::new(kind).await;
        let settings = settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let config = Config::from_environment(None, settings).unwrap();
        let clock = Clock::standing(NOW);
        let accounts = Accounts::new(db.clone(), clock.clone(), &config, SecretString::from(SECRET));
        Self {
            accounts,
            clock,
            config,
            db,
            folder,
        }
    }

    /// The accounts of another process on the same database.
    fn other_process(&self) -> Accounts {
        Accounts::new(
            self.db.clone(),
            self.clock.clone(),
            &self.config,
            SecretString::from(SECRET),
        )
    }

    async fn user(&self, code: &str, role: Role) -> i64 {
        self.accounts.user_add(user(code, role)).await.unwrap()
    }

    async fn token(&self, code: &str) -> String {
        let ttl = Duration::from_secs(600);
        self.accounts.token(code, ttl).await.unwrap()
    }

    async fn send(&self, request: Request<HttpBody>) -> Answer {
        let router = Router::new()
            .route("/api/auth/login", post(handlers::login))
            .route("/api/auth/guest", post(handlers::guest))
            .route("/api/auth/refresh", post(handlers::refresh))
            .route("/api/auth/logout", post(handlers::logout))
            .route("/api/auth/me", get(handlers::me).post(handlers::me))
            .route("/api/admin/users/{id}/logout", post(handlers::logout_user))
            .with_state(App(self.accounts.clone()));
        let response = router.oneshot(request).await.unwrap();
        let status = response.status();
        let cookie = response.headers().get(header::SET_COOKIE);
        let cookie = cookie.map(|value| value.to_str().unwrap().to_owned());
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Answer {
            status,
            cookie,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        }
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(call("POST", path, &[], body)).await
    }

    async fn log_in(&self, code: &str) -> Answer {
        let body = json!({"username": code, "password": PASSWORD, "cookie": true});
        let answer = self.post("/api/auth/login", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer
    }

    async fn is_in(&self, jwt: &str) -> bool {
        self.accounts.from_bearer(jwt).await.is_ok()
    }
}

impl Answer {
    fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_default()
    }

    /// `name=value` of the cookie that was set.
    fn cookie_pair(&self) -> &str {
        self.cookie.as_deref().unwrap().split(';').next().unwrap()
    }
}

fn user(code: &str, role: Role) -> NewUser {
    NewUser {
        code: code.to_owned(),
        name: format!("이름 {code}"),
        role,
        contact: None,
        username: None,
        password: Some(SecretString::from(PASSWORD)),
    }
}

fn call(method: &str, path: &str, headers: &[(&str, &str)], body: Value) -> Request<HttpBody> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "chat.example:8080")
        .extension(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 5555))));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    request.body(HttpBody::from(body)).unwrap()
}

const OWN_ORIGIN: (&str, &str) = ("origin", "http://chat.example:8080");

fn good_claims(member_id: i64) -> Value {
    let now = NOW.ms() / 1000;
    json!({"sub": "STU001", "uid": member_id, "name": "x", "roles": ["STUDENT"], "iss": "maru", "aud": "maru",
        "iat": now, "exp": now + 60, "jti": "1"})
}

fn signed(header: &Header, claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(header, claims, &key).unwrap()
}

/// A token whose header and claims are any text, signed as HS256 would.
fn forged(header: &str, claims: &str) -> String {
    let said = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes());
    let mac = aws_lc_rs::hmac::sign(&key, said.as_bytes());
    format!("{said}.{}", URL_SAFE_NO_PAD.encode(mac))
}

#[rstest]
#[tokio::test]
async fn a_token_made_by_the_command_line_lets_in_until_its_end(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    let id = house.user("STU001", Role::Student).await;
    let jwt = house.token("STU001").await;
    let principal = house.accounts.from_bearer(&jwt).await.unwrap();
    assert_eq!((principal.member_id, principal.roles), (id, vec![Role::Student]));
    assert_eq!(principal.expires_at, NOW.plus_s(600));
    house.clock.set(NOW.plus_s(599));
    assert!(house.is_in(&jwt).await);
    house.clock.set(NOW.plus_s(600));
    assert!(!house.is_in(&jwt).await);
}

#[tokio::test]
async fn a_token_says_what_the_contract_says() {
    let house = House::new(Sqlite).await;
    let id = house.user("STU001", Role::Student).await;
    let jwt = house.token("STU001").await;
    let mut parts = jwt
        .split('.')
        .map(|part| URL_SAFE_NO_PAD.decode(part).unwrap_or_default());
    let head: Value = serde_json::from_slice(&parts.next().unwrap()).unwrap();
    let said: Value = serde_json::from_slice(&parts.next().unwrap()).unwrap();
    assert_eq!(head["alg"], "HS256");
    let now = NOW.ms() / 1000;
    assert_eq!(said["sub"], "STU001");
    assert_eq!(said["uid"], id);
    assert_eq!(said["name"], "이름 STU001");
    assert_eq!(said["roles"], json!(["STUDENT"]));
    assert_eq!((&said["iss"], &said["aud"]), (&json!("maru"), &json!("maru")));
    assert_eq!((&said["iat"], &said["exp"]), (&json!(now), &json!(now + 600)));
    assert!(said["jti"].as_str().unwrap().len() > 32);
}

#[tokio::test]
async fn forged_headers_let_nobody_in() {
    let house = House::new(Sqlite).await;
    let id = house.user("STU001", Role::Student).await;
    let claims = good_claims(id).to_string();
    assert!(house.is_in(&forged(r#"{"alg":"HS256","typ":"JWT"}"#, &claims)).await);
    for ignored in [
        r#"{"alg":"HS256","kid":"../../x"}"#,
        r#"{"alg":"HS256","jku":"https://evil.example/keys"}"#,
        r#"{"alg":"HS256","x5u":"https://evil.example/cert"}"#,
    ] {
        assert!(house.is_in(&forged(ignored, &claims)).await, "{ignored}");
    }
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":"nOnE"}"#,
        r#"{"alg":""}"#,
        r#"{"alg":null}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":"HS384"}"#,
        r#"{"alg":"HS512"}"#,
        r#"{"alg":"RS256"}"#,
        r#"{"alg":"ES256"}"#,
        r#"{"typ":"JWT"}"#,
        r#"{"alg":"HS256","crit":["exp"]}"#,
        r#"{"alg":"HS256","alg":"none"}"#,
        "",
        "[]",
    ] {
        assert!(!house.is_in(&forged(header, &claims)).await, "{header}");
        let unsigned = forged(header, &claims);
        let unsigned = &unsigned[..=unsigned.rfind('.').unwrap()];
        assert!(!house.is_in(unsigned).await, "{header} without signature");
    }
}

#[tokio::test]
async fn another_key_or_another_algorithm_lets_nobody_in() {
    let house = House::new(Sqlite).await;
    let id = house.user("STU001", Role::Student).await;
    let claims = good_claims(id);
    let hs256 = Header::new(Algorithm::HS256);
    assert!(house.is_in(&signed(&hs256, &claims, SECRET)).await);
    assert!(
        !house
            .is_in(&signed(&hs256, &claims, "another secret of more than 32 bytes"))
            .await
    );
    assert!(!house.is_in(&signed(&hs256, &claims, "")).await);
    assert!(
        !house
            .is_in(&signed(&Header::new(Algorithm::HS512), &claims, SECRET))
            .await
    );
    for jwt in ["", ".", "..", "...", "a.b.c", &"x".repeat(100_000)] {
        assert!(!house.is_in(jwt).await);
    }
}

#[tokio::test]
async fn claims_of_a_wrong_kind_let_nobody_in() {
    let house = House::new(Sqlite).await;
    let id = house.user("STU001", Role::Student).await;
    let good = good_claims(id).to_string();
    let exp = format!(r#""exp":{}"#, NOW.ms() / 1000 + 60);
    let header = r#"{"alg":"HS256"}"#;
    let cases = [
        (exp.as_str(), r#""exp":"9999999999""#),
        (exp.as_str(), r#""exp":null"#),
        (exp.as_str(), r#""exp":1e400"#),
        (exp.as_str(), r#""exp":-1"#),
        (exp.as_str(), r#""exp":true"#),
        (exp.as_str(), r#""exp":[9999999999]"#),
        (exp.as_str(), r#""exp":9999999999,"exp":1"#),
        (exp.as_str(), r#""no":1"#),
        (exp.as_str(), r#""exp":9999999999,"nbf":9999999998"#),
        (exp.as_str(), r#""exp":9999999999,"nbf":"0""#),
        (r#""aud":"maru""#, r#""aud":"other""#),
        (r#""aud":"maru""#, r#""aud":null"#),
        (r#""aud":"maru""#, r#""aud":[]"#),
        (r#""aud":"maru""#, r#""no":1"#),
        (r#""iss":"maru""#, r#""iss":"other""#),
        (r#""iss":"maru""#, r#""iss":7"#),
        (r#""iss":"maru""#, r#""no":1"#),
        (r#""sub":"STU001""#, r#""sub":"STU002""#),
        (r#""sub":"STU001""#, r#""no":1"#),
    ];
    for (from, to) in cases {
        assert!(good.contains(from), "{from}");
        let jwt = forged(header, &good.replace(from, to));
        assert!(!house.is_in(&jwt).await, "{to}");
    }
    let wrong_number = good.replace(&format!(r#""uid":{id}"#), &format!(r#""uid":"{id}""#));
    assert!(!house.is_in(&forged(header, &wrong_number)).await);
}

#[tokio::test]
async fn roles_come_from_the_account_and_not_from_the_token() {
    let house = House::new(Sqlite).await;
    let id = house.user("STU001", Role::Student).await;
    let mut claims = good_claims(id);
    claims["roles"] = json!(["ADMIN"]);
    let jwt = signed(&Header::new(Algorithm::HS256), &claims, SECRET);
    let principal = house.accounts.from_bearer(&jwt).await.unwrap();
    assert_eq!(principal.roles, [Role::Student]);
}

#[rstest]
#[tokio::test]
async fn a_refresh_token_or_a_cookie_is_no_access_token_and_the_other_way_round(
    #[values(Sqlite, Postgres)] kind: Kind,
) {
    let house = House::new(kind).await;
    house.user("STU001", Role::Student).await;
    let login = house.log_in("STU001").await;
    let cookie = login.cookie_pair().split_once('=').unwrap().1.to_owned();
    assert!(!house.is_in(login.text("refreshToken")).await);
    assert!(!house.is_in(&cookie).await);
    for wrong in [login.text("accessToken"), &cookie, "", "AAAA"] {
        let answer = house.post("/api/auth/refresh", json!({"refreshToken": wrong})).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    assert!(house.accounts.from_cookie(login.text("accessToken")).await.is_err());
    assert!(house.accounts.from_cookie(login.text("refreshToken")).await.is_err());
    assert!(house.is_in(login.text("accessToken")).await, "guesses end no log-in");
}

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
async fn the_cookie_gives_tokens_without_using_up_the_refresh_token(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    house.user("STU001", Role::Student).await;
    let login = house.log_in("STU001").await;
    let headers = [("cookie", login.cookie_pair()), OWN_ORIGIN];
    let renewed = house
        .send(call("POST", "/api/auth/refresh", &headers, Value::Null))
        .await;
    assert_eq!(renewed.status, StatusCode::OK, "{}", renewed.body);
    assert_eq!(renewed.cookie_pair(), login.cookie_pair());
    assert!(house.is_in(renewed.text("accessToken")).await);
    let by_token = house
        .post("/api/auth/refresh", json!({"refreshToken": login.text("refreshToken")}))
        .await;
    assert_eq!(by_token.status, StatusCode::OK);
    let foreign = [("cookie", login.cookie_pair()), ("origin", "https://evil.example")];
    let answer = house
        .send(call("POST", "/api/auth/refresh", &foreign, Value::Null))
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let nobody = house.post("/api/auth/refresh", Value::Null).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_cookie_writes_only_from_an_origin_of_ours() {
    let house = House::with(Sqlite, &[("MARU_SERVER__ALLOWED_ORIGINS", "https://shop.example")]).await;
    house.user("STU001", Role::Student).await;
    let login = house.log_in("STU001").await;
    let cookie = format!("theme=dark; {}", login.cookie_pair());
    let cases = [
        ("GET", None, StatusCode::OK),
        ("GET", Some("http://chat.example:8080"), StatusCode::OK),
        ("GET", Some("https://evil.example"), StatusCode::FORBIDDEN),
        ("POST", None, StatusCode::FORBIDDEN),
        ("POST", Some("http://chat.example:8080"), StatusCode::OK),
        ("POST", Some("HTTPS://Shop.Example:443"), StatusCode::OK),
        ("POST", Some("https://chat.example:8080"), StatusCode::FORBIDDEN),
        ("POST", Some("http://chat.example"), StatusCode::FORBIDDEN),
        (
            "POST",
            Some("http://chat.example:8080.evil.example"),
            StatusCode::FORBIDDEN,
        ),
        ("POST", Some("https://evil.example"), StatusCode::FORBIDDEN),
        ("POST", Some("null"), StatusCode::FORBIDDEN),
    ];
    for (method, origin, status) in cases {
        let mut headers = vec![("cookie", cookie.as_str())];
        headers.extend(origin.map(|origin| ("origin", origin)));
        let answer = house.send(call(method, "/api/auth/me", &headers, Value::Null)).await;
        assert_eq!(answer.status, status, "{method} {origin:?}");
    }
    let handshake = [("cookie", cookie.as_str()), ("upgrade", "websocket")];
    let answer = house.send(call("GET", "/api/auth/me", &handshake, Value::Null)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "a handshake without an origin");
    let bearer = format!("Bearer {}", login.text("accessToken"));
    let headers = [("authorization", bearer.as_str()), ("origin", "https://evil.example")];
    let answer = house.send(call("POST", "/api/auth/me", &headers, Value::Null)).await;
    assert_eq!(answer.status, StatusCode::OK, "a token is no cookie");
}

#[tokio::test]
async fn a_bad_token_is_not_made_good_by_a_cookie_or_a_query() {
    let house = House::new(Sqlite).await;
    house.user("STU001", Role::Student).await;
    let login = house.log_in("STU001").await;
    let headers = [("authorization", "Bearer x.y.z"), ("cookie", login.cookie_pair())];
    let answer = house.send(call("GET", "/api/auth/me", &headers, Value::Null)).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.text("code"), "unauthenticated");
    for name in ["token", "access_token", "jwt", "authorization"] {
        let path = format!("/api/auth/me?{name}={}", login.text("accessToken"));
        let answer = house.send(call("GET", &path, &[], Value::Null)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn the_cookie_is_secure_behind_a_proxy_that_speaks_https() {
    let house = House::with(Sqlite, &[("MARU_SERVER__TRUSTED_PROXIES", "192.0.2.0/24")]).await;
    house.user("STU001", Role::Student).await;
    let body = json!({"username": "STU001", "password": PASSWORD, "cookie": true});
    let headers = [("x-forwarded-proto", "https"), ("origin", "https://chat.example:8080")];
    let answer = house
        .send(call("POST", "/api/auth/login", &headers, body.clone()))
        .await;
    assert!(answer.cookie.unwrap().ends_with("; Secure"));
    let foreign = [("origin", "https://evil.example")];
    let answer = house.send(call("POST", "/api/auth/login", &foreign, body)).await;
    assert_eq!(
        answer.status,
        StatusCode::FORBIDDEN,
        "nobody is logged in by another site"
    );
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
async fn the_command_line_makes_and_changes_one_account(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    let id = house.user("STU001", Role::Student).await;
    let changed = NewUser {
        name: "홍길동".into(),
        username: Some("Hong".into()),
        password: None,
        ..user("STU001", Role::Agent)
    };
    assert_eq!(house.accounts.user_add(changed).await.unwrap(), id);
    let member = house.accounts.member(id).await.unwrap().unwrap();
    assert_eq!((member.name.as_str(), member.is_agent()), ("홍길동", true));
    assert_eq!(house.accounts.agents().await.unwrap(), [member]);
    house.log_in("hong").await;
    let taken = NewUser {
        username: Some("hong".into()),
        ..user("STU002", Role::Student)
    };
    let error = house.accounts.user_add(taken).await.unwrap_err();
    assert_eq!(error.to_string(), "the username hong is taken");
    let short = NewUser {
        password: Some(SecretString::from("")),
        ..user("STU003", Role::Student)
    };
    assert!(matches!(
        house.accounts.user_add(short).await,
        Err(UserError::Invalid(_))
    ));
    assert!(matches!(
        house.accounts.user_lock("NOBODY").await,
        Err(UserError::Unknown(_))
    ));
}

#[tokio::test]
async fn a_server_in_use_takes_no_short_password() {
    let house = House::with(Sqlite, &[("MARU_SERVER__PROFILE", "prod")]).await;
    let with = |password: &str| NewUser {
        password: Some(SecretString::from(password)),
        ..user("STU001", Role::Student)
    };
    assert!(house.accounts.user_add(with("1234567")).await.is_err());
    assert!(house.accounts.user_add(with("비밀번호여덟자리")).await.is_ok());
}

#[rstest]
#[tokio::test]
async fn locking_ends_log_ins_and_unlocking_does_not_bring_them_back(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    house.user("STU001", Role::Student).await;
    let login = house.log_in("STU001").await;
    house.accounts.user_lock("STU001").await.unwrap();
    assert!(!house.is_in(login.text("accessToken")).await);
    let body = json!({"refreshToken": login.text("refreshToken")});
    assert_eq!(
        house.post("/api/auth/refresh", body).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert!(house.accounts.agents().await.unwrap().is_empty());
    house.accounts.user_unlock("STU001").await.unwrap();
    assert!(!house.is_in(login.text("accessToken")).await);
    house.log_in("STU001").await;
}

#[rstest]
#[tokio::test]
async fn what_another_process_does_is_heard_within_a_second(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    let locked = house.user("STU001", Role::Student).await;
    let promoted = house.user("STU002", Role::Student).await;
    let login = house.log_in("STU001").await;
    assert!(house.is_in(login.text("accessToken")).await);
    let mut changes = house.accounts.changes();
    let cancel = CancellationToken::new();
    let accounts = house.accounts.clone();
    let task = tokio::spawn({
        let cancel = cancel.clone();
        async move { accounts.run(cancel).await }
    });
    let other = house.other_process();
    let role = NewUser {
        password: None,
        ..user("STU002", Role::Agent)
    };
    other.user_add(role).await.unwrap();
    other.user_lock("STU001").await.unwrap();
    let mut awaited = vec![Change::Member(locked), Change::Member(promoted)];
    let all = async {
        while !awaited.is_empty() {
            let heard = changes.next().await.unwrap();
            awaited.retain(|change| *change != heard);
        }
    };
    tokio::time::timeout(Duration::from_secs(1), all).await.unwrap();
    assert!(!house.is_in(login.text("accessToken")).await);
    cancel.cancel();
    task.await.unwrap();
}

#[rstest]
#[tokio::test]
async fn each_change_is_told_once(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    let id = house.user("STU001", Role::Student).await;
    let jwt = house.token("STU001").await;
    let login_id = house.accounts.from_bearer(&jwt).await.unwrap().login_id.unwrap();
    let mut changes = house.accounts.changes();
    let mut watch = changes::Watch::from(NOW);
    house.accounts.look(&mut watch).await.unwrap();
    house.other_process().user_lock("STU001").await.unwrap();
    house.clock.set(NOW.plus_s(1));
    for _ in 0..3 {
        house.accounts.look(&mut watch).await.unwrap();
    }
    house.accounts.member_ended(-1);
    let mut heard = Vec::new();
    while heard.last() != Some(&Change::Member(-1)) {
        heard.extend(changes.next().await);
    }
    assert_eq!(heard, [Change::Member(id), Change::Login(login_id), Change::Member(-1)]);
}

#[rstest]
#[tokio::test]
async fn an_account_that_comes_to_its_end_is_told(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    let id = house.user("STU001", Role::Student).await;
    let jwt = house.token("STU001").await;
    let sql = "UPDATE account SET expires_at = $1 WHERE id = $2";
    let values = [NOW.plus_s(10).ms().into(), id.into()];
    crate::adapters::database::execute(house.db.write(), sql, values)
        .await
        .unwrap();
    let principal = house.accounts.from_bearer(&jwt).await.unwrap();
    assert_eq!(principal.expires_at, NOW.plus_s(10));
    let ended = store::ended(house.db.read(), NOW, NOW, NOW.plus_s(9)).await.unwrap();
    assert!(ended.is_empty());
    let ended = store::ended(house.db.read(), NOW, NOW.plus_s(9), NOW.plus_s(10))
        .await
        .unwrap();
    assert_eq!(ended.len(), 1);
    assert!(house.accounts.recheck(&principal).await.is_ok());
    house.clock.set(NOW.plus_s(10));
    assert!(house.accounts.recheck(&principal).await.is_err());
    assert!(!house.is_in(&jwt).await);
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

#[tokio::test]
async fn the_people_of_the_demo_can_log_in() {
    let house = House::new(Sqlite).await;
    assert!(house.accounts.is_empty().await.unwrap());
    house.accounts.seed().await.unwrap();
    assert!(!house.accounts.is_empty().await.unwrap());
    assert_eq!(house.accounts.agents().await.unwrap().len(), 3);
    let body = json!({"username": DEMO_USERS[0].username, "password": DEMO_USERS[0].password});
    assert_eq!(house.post("/api/auth/login", body).await.status, StatusCode::OK);
}
