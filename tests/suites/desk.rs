//! What most suites begin with: a shared server, a session, its two people.

use serde_json::{Value, json};
use tests::{Answer, Db, Maru, Person};
use tokio::sync::OnceCell;

/// A server that the tests of a suite share, one for each database, because they do not disturb each other.
pub(crate) struct Shared {
    sqlite: OnceCell<Maru>,
    postgres: OnceCell<Maru>,
    settings: &'static [(&'static str, &'static str)],
}

impl Shared {
    pub(crate) const fn new(settings: &'static [(&'static str, &'static str)]) -> Shared {
        Shared {
            sqlite: OnceCell::const_new(),
            postgres: OnceCell::const_new(),
            settings,
        }
    }

    pub(crate) async fn on(&self, db: Db) -> &Maru {
        let cell = match db {
            Db::Sqlite => &self.sqlite,
            Db::Postgres => &self.postgres,
        };
        cell.get_or_init(|| Maru::start(db, self.settings)).await
    }
}

/// Nobody is ever away by time.
pub(crate) static PATIENT: Shared = Shared::new(&[("SUPPORT__LEAVE_AFTER_S", "3600"), ("SUPPORT__GRACE_S", "3600")]);

/// The id of some category.
pub(crate) async fn category(maru: &Maru, person: &Person) -> i64 {
    let answer = person.rest(maru).get("/api/chat/categories").await.ok();
    answer["items"][0]["categoryId"].as_i64().unwrap()
}

/// Opens a session; its JSON.
pub(crate) async fn open(maru: &Maru, customer: &Person) -> Value {
    let body = json!({ "categoryId": category(maru, customer).await });
    customer.rest(maru).post("/api/chat/sessions", body).await.is(201)
}

/// The session's number.
pub(crate) fn id(session: &Value) -> i64 {
    session["sessionId"]
        .as_i64()
        .unwrap_or_else(|| panic!("no sessionId in {session}"))
}

/// A session and its two people.
pub(crate) struct Case {
    pub(crate) id: i64,
    pub(crate) customer: Person,
    pub(crate) agent: Person,
}

impl Case {
    /// A new session, WAITING; the agent is not yet its agent.
    pub(crate) async fn waiting(maru: &Maru) -> Case {
        let (customer, agent) = (maru.guest().await, maru.person("agent").await);
        Case {
            id: id(&open(maru, &customer).await),
            customer,
            agent,
        }
    }

    /// A new session, ACTIVE.
    pub(crate) async fn active(maru: &Maru) -> Case {
        let case = Case::waiting(maru).await;
        case.start(maru).await;
        case
    }

    pub(crate) async fn start(&self, maru: &Maru) -> Value {
        admin_move(maru, &self.agent, self.id, "start", json!({})).await.ok()
    }

    pub(crate) async fn end(&self, maru: &Maru) -> Value {
        customer_move(maru, &self.customer, self.id, "end", json!({}))
            .await
            .ok()
    }

    /// The session as its customer sees it.
    pub(crate) async fn session(&self, maru: &Maru) -> Value {
        self.customer
            .rest(maru)
            .get(&format!("/api/chat/sessions/{}", self.id))
            .await
            .ok()
    }

    /// The messages, oldest first.
    pub(crate) async fn messages(&self, maru: &Maru) -> Vec<Value> {
        let path = format!("/api/chat/sessions/{}/messages?limit=200", self.id);
        let mut page = self.customer.rest(maru).get(&path).await.ok();
        let mut items = page["items"].as_array_mut().unwrap().split_off(0);
        items.reverse();
        items
    }

    pub(crate) fn topic(&self) -> String {
        format!("/topic/chat/{}", self.id)
    }
}

/// `POST /api/chat/sessions/{id}/{step}`
pub(crate) async fn customer_move(maru: &Maru, who: &Person, id: i64, step: &str, body: Value) -> Answer {
    who.rest(maru)
        .post(&format!("/api/chat/sessions/{id}/{step}"), body)
        .await
}

/// `POST /api/admin/chat/sessions/{id}/{step}`
pub(crate) async fn admin_move(maru: &Maru, who: &Person, id: i64, step: &str, body: Value) -> Answer {
    who.rest(maru)
        .post(&format!("/api/admin/chat/sessions/{id}/{step}"), body)
        .await
}
