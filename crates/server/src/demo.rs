//! Demo data for a database that is still empty.

use axum::routing::get;
use axum::{Json, Router};
use sea_orm::DbErr;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::adapters::clock::Clock;
use crate::adapters::database::Database;
use crate::app::Maru;
use crate::config::Config;
use crate::features::accounts::{Accounts, DEMO_USERS, Principal, UserError};
use crate::features::rooms::demo as rooms;
use crate::features::support::demo::fill;
use crate::problem::Refusal;
use crate::time::Time;

/// Why there is no demo data.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error(transparent)]
    User(#[from] UserError),
    #[error("a demo conversation was refused: {0}")]
    Refused(#[from] Refusal),
}

/// Makes the demo's people and conversations, unless there are accounts already. It runs the whole program on a clock
/// of its own, so that the conversations lie in the past.
///
/// # Errors
/// The database fails.
pub async fn seed(db: &Database, config: &Config, secret: &SecretString) -> Result<(), DemoError> {
    let clock = Clock::standing(Clock::system().now());
    let (maru, tasks) = Maru::open(db.clone(), clock.clone(), config, secret.clone()).await?;
    if !maru.accounts().is_empty().await? {
        return Ok(());
    }
    let stop = CancellationToken::new();
    let running = tasks.run(stop.clone());
    let filling = async {
        let filled = fill_all(&maru, &clock).await;
        stop.cancel();
        filled
    };
    tokio::join!(running, filling).1
}

async fn fill_all(maru: &Maru, clock: &Clock) -> Result<(), DemoError> {
    let ids = maru.accounts().seed().await?;
    let people = people(maru.accounts(), ids).await?;
    fill(maru.support(), &people, clock).await?;
    rooms::fill(maru.rooms(), &people, clock).await?;
    Ok(())
}

async fn people(accounts: &Accounts, ids: Vec<i64>) -> Result<Vec<Principal>, DemoError> {
    let mut people = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(member) = accounts.member(id).await? {
            people.push(Principal {
                member_id: member.member_id,
                user_code: member.user_code,
                name: member.name,
                roles: member.roles,
                login_id: None,
                expires_at: Time::from_ms(i64::MAX),
            });
        }
    }
    Ok(people)
}

#[derive(Serialize)]
struct LogIn {
    username: &'static str,
    password: &'static str,
    name: &'static str,
    roles: [&'static str; 1],
}

/// `/api/demo`: the log-ins that a demo's pages offer; none where there is no demo.
pub fn routes(demo: bool) -> Router {
    let users = if demo { &DEMO_USERS[..] } else { &[] };
    let items: Vec<LogIn> = users
        .iter()
        .map(|user| LogIn {
            username: user.username,
            password: user.password,
            name: user.name,
            roles: [user.role.as_str()],
        })
        .collect();
    let answer = json!({ "items": items });
    Router::new().route("/api/demo", get(async move || Json(answer)))
}

/// The addresses to open and the log-ins, a line each: `username / password  (role)`.
pub fn print_log_ins(address: std::net::SocketAddr) {
    let host = match address.ip() {
        ip if ip.is_loopback() || ip.is_unspecified() => "localhost".to_owned(),
        ip => ip.to_string(),
    };
    let base = format!("http://{host}:{}", address.port());
    println!("\n{base}/          what this is");
    println!("{base}/support   a customer");
    println!("{base}/shop      a shop with the widget");
    println!("{base}/rooms     rooms of several people");
    println!("{base}/console   an agent\n");
    for user in &DEMO_USERS {
        let role = user.role.as_str().to_lowercase();
        println!("{} / {}  ({role})", user.username, user.password);
    }
    println!();
}
