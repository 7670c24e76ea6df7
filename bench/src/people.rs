//! Who takes part: accounts written straight into the databases, their tokens, and sessions that Maru's people open as
//! anybody opens them.

use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::{StreamExt, TryStreamExt, stream};
use jsonwebtoken::{EncodingKey, Header};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use serde_json::{Value, json};

use crate::Result;
use crate::kind::{Kind, Peer};
use crate::server::{SECRET, Server};

/// Rows of one INSERT.
const ROWS: usize = 500;
/// Sessions opened at the same time.
const AT_ONCE: usize = 32;

/// Somebody with an account.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    id: i64,
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

/// `count` people of a role, `MEMBER` or `AGENT`; each role once for a server.
pub(crate) async fn make(server: &Server, role: &str, count: u32) -> Result<Vec<Person>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let codes: Vec<String> = (1..=count).map(|number| format!("{role}{number}")).collect();
    let ids = match server.kind {
        Kind::Maru(_) => accounts(server, role, &codes, now.as_millis()).await?,
        Kind::Peer(Peer::Spring) => members(server, role, &codes).await?,
        Kind::Plain | Kind::Peer(Peer::Rabbitmq) => (1..=i64::from(count)).collect(),
    };
    let people = ids.into_iter().zip(codes).map(|(id, code)| {
        let token = token(id, &code, role, now.as_secs())?;
        Ok(Person { id, code, token })
    });
    people.collect()
}

async fn connection(server: &Server) -> Result<DatabaseConnection> {
    Ok(sea_orm::Database::connect(server.database_url()).await?)
}

async fn accounts(server: &Server, role: &str, codes: &[String], now: u128) -> Result<Vec<i64>> {
    let db = connection(server).await?;
    let is_agent = role == "AGENT";
    let mut ids = Vec::with_capacity(codes.len());
    for some in codes.chunks(ROWS) {
        let rows: Vec<String> = some
            .iter()
            .map(|code| format!("('{code}', '{code}', '{role}', {is_agent}, {now}, {now})"))
            .collect();
        let sql = format!(
            "INSERT INTO account (code, name, roles, is_agent, created_at, changed_at) VALUES {} RETURNING id",
            rows.join(", ")
        );
        let statement = sea_orm::Statement::from_string(db.get_database_backend(), sql);
        for row in db.query_all_raw(statement).await? {
            ids.push(row.try_get("", "id")?);
        }
    }
    db.close().await?;
    // Both databases return rows in the order of VALUES; sorted, nothing hangs on it.
    ids.sort_unstable();
    Ok(ids)
}

/// Members of the Spring program; numbers of different roles differ.
async fn members(server: &Server, role: &str, codes: &[String]) -> Result<Vec<i64>> {
    let first = if role == "AGENT" { 1_000_000 } else { 1 };
    let ids: Vec<i64> = (first..).take(codes.len()).collect();
    let rows: Vec<String> = ids
        .iter()
        .zip(codes)
        .map(|(id, code)| format!("({id}, '{code}')"))
        .collect();
    insert(server, "member (member_id, nickname)", &rows).await?;
    Ok(ids)
}

async fn insert(server: &Server, into: &str, rows: &[String]) -> Result<()> {
    let db = connection(server).await?;
    for some in rows.chunks(ROWS) {
        db.execute_unprepared(&format!("INSERT INTO {into} VALUES {}", some.join(", ")))
            .await?;
    }
    Ok(db.close().await?)
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
    let pairs: Vec<[Person; 2]> = customers.into_iter().zip(agents).map(|(c, a)| [c, a]).collect();
    match server.kind {
        Kind::Maru(_) => return sessions(server, pairs).await,
        Kind::Peer(Peer::Spring) => {
            let rows: Vec<String> = (1..)
                .zip(&pairs)
                .map(|(id, [c, a])| format!("({id}, {}, {})", c.id, a.id))
                .collect();
            insert(server, "chat_session (session_id, member_id, admin_id)", &rows).await?;
        }
        Kind::Plain | Kind::Peer(Peer::Rabbitmq) => {}
    }
    Ok((1..).zip(pairs).map(|(id, people)| Room { id, people }).collect())
}

/// Sessions of Maru, opened by the one and begun by the other.
async fn sessions(server: &Server, pairs: Vec<[Person; 2]>) -> Result<Vec<Room>> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let origin = server.origin();
    let categories: Value = http
        .get(format!("{origin}/api/chat/categories"))
        .send()
        .await?
        .json()
        .await?;
    let category = &categories["items"][0]["categoryId"];
    stream::iter(pairs)
        .map(|people| {
            let (http, origin) = (&http, &origin);
            async move {
                let [customer, agent] = &people;
                let open = format!("{origin}/api/chat/sessions");
                let opened = post(http, &open, customer, &json!({ "categoryId": category })).await?;
                let id = opened["sessionId"].as_i64().ok_or("a session without a number")?;
                let start = format!("{origin}/api/admin/chat/sessions/{id}/start");
                post(http, &start, agent, &json!({})).await?;
                Ok(Room { id, people })
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// Rooms for these groups of people; the first of each group may write.
pub(crate) async fn groups(server: &Server, groups: &[&[Person]]) -> Result<Vec<i64>> {
    let numbers: Vec<i64> = (1..).take(groups.len()).collect();
    match server.kind {
        Kind::Maru(_) => return plain_rooms(server, groups).await,
        Kind::Peer(Peer::Spring) => {
            let rows: Vec<String> = numbers
                .iter()
                .zip(groups)
                .filter_map(|(id, group)| Some(format!("({id}, {})", group.first()?.id)))
                .collect();
            insert(server, "chat_session (session_id, member_id)", &rows).await?;
        }
        Kind::Plain | Kind::Peer(Peer::Rabbitmq) => {}
    }
    Ok(numbers)
}

async fn plain_rooms(server: &Server, groups: &[&[Person]]) -> Result<Vec<i64>> {
    let admin = make(server, "ADMIN", 1).await?;
    let admin = admin.first().ok_or("nobody opens the room")?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("{}/api/chat/rooms", server.origin());
    stream::iter(groups)
        .map(|group| {
            let (http, url) = (&http, &url);
            async move {
                let codes: Vec<&str> = group.iter().map(|member| member.code.as_str()).collect();
                let body = json!({ "name": "bench", "maxParticipants": codes.len(), "members": codes });
                let room = post(http, url, admin, &body).await?;
                Ok(room["roomId"].as_i64().ok_or("a room without a number")?)
            }
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

async fn post(http: &reqwest::Client, url: &str, person: &Person, body: &Value) -> Result<Value> {
    let answer = http.post(url).bearer_auth(&person.token).json(body).send().await?;
    Ok(answer.error_for_status()?.json().await?)
}
