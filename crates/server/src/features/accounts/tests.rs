//! Accounts against a real database, their handlers behind a real router.

mod changes;
mod cookies;
mod log_ins;
mod tokens;
mod users;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body as HttpBody;
use axum::extract::{ConnectInfo, FromRef};
use axum::http::{Request, StatusCode, header};
use axum::routing::{get, post};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rstest::rstest;
use secrecy::SecretString;
use serde_json::{Value, json};
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
