//! Accounts written straight into the database, their tokens, and sessions opened as anybody opens them.

use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::{StreamExt, TryStreamExt, stream};
use jsonwebtoken::{EncodingKey, Header};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::Result;
use crate::server::{SECRET, Server};

/// Rows of one INSERT.
const ROWS: usize = 500;
/// Sessions opened at the same time.
const AT_ONCE: usize = 32;

/// Somebody with an account.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) code: String,
    /// Good for an hour.
    pub(crate) token: String,
}

/// A running session.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    pub(crate) id: i64,
    /// The customer and the agent.
    pub(crate) people: [Person; 2],
}

/// `count` people of a role, `MEMBER` or `AGENT`.
pub(crate) async fn make(server: &Server, role: &str, count: u32) -> Result<Vec<Person>> {
    let db = sea_orm::Database::connect(server.database_url()).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let codes: Vec<String> = (1..=count).map(|number| format!("{role}{number}")).collect();
    let mut people = Vec::with_capacity(codes.len());
    for some in codes.chunks(ROWS) {
        let is_agent = role == "AGENT";
        let rows: Vec<String> = some
            .iter()
            .map(|code| format!("('{code}', '{code}', '{role}', {is_agent}, {0}, {0})", now.as_millis()))
            .collect();
        let sql = format!(
            "INSERT INTO account (code, name, roles, is_agent, created_at, changed_at) VALUES {} RETURNING id, code",
            rows.join(", ")
        );
        let statement = sea_orm::Statement::from_string(db.get_database_backend(), sql);
        for row in db.query_all_raw(statement).await? {
            let (id, code): (i64, String) = (row.try_get("", "id")?, row.try_get("", "code")?);
            people.push(Person {
                token: token(id, &code, role, now.as_secs())?,
                code,
            });
        }
    }
    db.close().await?;
    Ok(people)
}

fn token(id: i64, code: &str, role: &str, now: u64) -> Result<String> {
    let claims = json!({
        "sub": code, "uid": id, "name": code, "roles": [role],
        "iss": "maru", "aud": "maru", "iat": now, "exp": now + 3600,
    });
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    Ok(jsonwebtoken::encode(&Header::default(), &claims, &key)?)
}

/// `count` running sessions, each of a customer and an agent of its own.
pub(crate) async fn rooms(server: &Server, count: u32) -> Result<Vec<Room>> {
    let customers = make(server, "MEMBER", count).await?;
    let agents = make(server, "AGENT", count).await?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let origin = server.origin();
    let categories: Value = http
        .get(format!("{origin}/api/chat/categories"))
        .send()
        .await?
        .json()
        .await?;
    let category = &categories["items"][0]["categoryId"];
    stream::iter(customers.into_iter().zip(agents))
        .map(|(customer, agent)| {
            let (http, origin) = (&http, &origin);
            async move {
                let open = format!("{origin}/api/chat/sessions");
                let opened = post(http, &open, &customer, &json!({ "categoryId": category })).await?;
                let id = opened["sessionId"].as_i64().ok_or("a session without a number")?;
                let start = format!("{origin}/api/admin/chat/sessions/{id}/start");
                post(http, &start, &agent, &json!({})).await?;
                Ok(Room {
                    id,
                    people: [customer, agent],
                })
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// A room with these members.
pub(crate) async fn plain_room(server: &Server, members: &[Person]) -> Result<i64> {
    let admin = make(server, "ADMIN", 1).await?;
    let admin = admin.first().ok_or("nobody opens the room")?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let codes: Vec<&str> = members.iter().map(|member| member.code.as_str()).collect();
    let body = json!({ "name": "fan", "maxParticipants": codes.len(), "members": codes });
    let room = post(&http, &format!("{}/api/chat/rooms", server.origin()), admin, &body).await?;
    Ok(room["roomId"].as_i64().ok_or("a room without a number")?)
}

async fn post(http: &reqwest::Client, url: &str, person: &Person, body: &Value) -> Result<Value> {
    let answer = http.post(url).bearer_auth(&person.token).json(body).send().await?;
    Ok(answer.error_for_status()?.json().await?)
}
