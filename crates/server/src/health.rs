//! `/health/live`: the process answers. `/health/ready`: it serves everything, and the database takes writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tokio::sync::Mutex;

use crate::adapters::clock::Clock;
use crate::adapters::database::{Database, execute};
use crate::problem::{Code, Refusal};
use crate::texts::Locale;

/// How long an answer of the database counts: probes must not be able to keep the disk busy.
const FRESH: Duration = Duration::from_secs(1);
/// A database that takes longer than this for one small write is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether this process may be sent work. Cheap to clone.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    db: Database,
    clock: Clock,
    default_locale: Locale,
    serving: AtomicBool,
    /// When the database was asked last, and whether it took the write. Held while it is asked: one asks for all.
    written: Mutex<Option<(Instant, bool)>>,
}

impl Health {
    /// Not ready until [`Health::set_serving`].
    pub fn new(db: Database, clock: Clock, default_locale: Locale) -> Self {
        Self(Arc::new(Inner {
            db,
            default_locale,
            clock,
            serving: AtomicBool::new(false),
            written: Mutex::new(None),
        }))
    }

    /// Says whether everything is served: yes once the start is over, no when the stop begins.
    pub fn set_serving(&self, serving: bool) {
        self.0.serving.store(serving, Ordering::SeqCst);
    }

    /// Everything is served, and a row was written within the last second.
    pub async fn is_ready(&self) -> bool {
        self.0.serving.load(Ordering::SeqCst) && self.database_takes_writes().await
    }

    async fn database_takes_writes(&self) -> bool {
        let mut written = self.0.written.lock().await;
        if let Some((at, ok)) = *written
            && at.elapsed() < FRESH
        {
            return ok;
        }
        let ok = matches!(tokio::time::timeout(PATIENCE, self.write()).await, Ok(Ok(())));
        *written = Some((Instant::now(), ok));
        ok
    }

    async fn write(&self) -> Result<(), sea_orm::DbErr> {
        let now = self.0.clock.now().ms();
        let sql = "UPDATE health SET checked_at = $1 WHERE id = 1";
        execute(self.0.db.write(), sql, [now.into()]).await?;
        Ok(())
    }
}

/// The two routes.
pub fn routes(health: Health) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .with_state(health)
}

async fn live() -> Response {
    answer(json!({"status": "live"}))
}

async fn ready(State(health): State<Health>) -> Response {
    if health.is_ready().await {
        return answer(json!({"status": "ready"}));
    }
    Refusal::new(Code::Unavailable).response(health.0.default_locale)
}

fn answer(body: serde_json::Value) -> Response {
    let mut response = Json(body).into_response();
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    response
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::testing::{Kind, TestDatabase};

    #[rstest]
    #[tokio::test]
    async fn ready_is_who_serves_and_can_write(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
        let database = TestDatabase::new(kind).await;
        let health = Health::new(database.db.clone(), Clock::system(), Locale::Ko);
        assert!(!health.is_ready().await, "not before the start is over");
        health.set_serving(true);
        assert!(health.is_ready().await);
        health.set_serving(false);
        assert!(!health.is_ready().await, "not once the stop begins");
    }

    #[tokio::test]
    async fn a_database_that_takes_no_writes_is_not_ready() {
        let database = TestDatabase::new(Kind::Sqlite).await;
        let health = Health::new(database.db.clone(), Clock::system(), Locale::Ko);
        health.set_serving(true);
        database.db.close().await.unwrap();
        assert!(!health.is_ready().await);
    }
}
