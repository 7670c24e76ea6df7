//! Accounts, log-ins and tokens: who somebody is. What a person may do to a conversation is the conversation's own rule.

mod callers;
pub mod handlers;
mod principal;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::adapters::clock::Clock;
use crate::adapters::database::Database;
use crate::config::Config;
use crate::network::Network;
use crate::problem::{Code, Refusal};
use crate::texts::Locale;
use crate::time::Time;

pub use callers::{Body, Caller, Language, bearer};
pub use principal::{Principal, Role};

/// A person or program that has an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub member_id: i64,
    pub user_code: String,
    pub name: String,
    pub contact: Option<String>,
    pub roles: Vec<Role>,
    pub is_guest: bool,
    pub created_at: Time,
}

impl Member {
    /// AGENT or ADMIN.
    pub fn is_agent(&self) -> bool {
        self.roles.contains(&Role::Agent) || self.roles.contains(&Role::Admin)
    }
}

/// Something after which live connections must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Every connection of this member: locked, expired, other roles, logged out everywhere.
    Member(i64),
    /// Every connection of this log-in: logged out, or its refresh token was used twice.
    Login(i64),
    /// Changes were lost: ask [`Accounts::recheck`] for every connection.
    Missed,
}

/// What comes from [`Accounts::changes`].
#[derive(Debug)]
pub struct Changes(tokio::sync::broadcast::Receiver<Change>);

impl Changes {
    /// The next change; `None` when the accounts are gone. Cancel-safe.
    pub async fn next(&mut self) -> Option<Change> {
        use tokio::sync::broadcast::error::RecvError;
        match self.0.recv().await {
            Ok(change) => Some(change),
            Err(RecvError::Lagged(_)) => Some(Change::Missed),
            Err(RecvError::Closed) => None,
        }
    }
}

/// An account to make or to change.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub code: String,
    pub name: String,
    pub role: Role,
    /// Name to log in with; without one and with a password it is the code.
    pub username: Option<String>,
    pub password: Option<SecretString>,
}

/// Why a command about an account is not done.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    #[error("{0}")]
    Invalid(String),
    #[error("there is no user with the code {0}")]
    Unknown(String),
    #[error(transparent)]
    Database(#[from] sea_orm::DbErr),
}

/// The accounts of this server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Accounts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    network: Network,
    default_locale: Locale,
    changes: tokio::sync::broadcast::Sender<Change>,
}

impl Accounts {
    /// The accounts in `db`; `secret` signs their tokens.
    pub fn new(db: Database, clock: Clock, config: &Config, secret: SecretString) -> Self {
        let _ = (db, clock, secret);
        Self(Arc::new(Inner {
            network: Network::new(&config.server),
            default_locale: config.server.default_locale,
            changes: tokio::sync::broadcast::channel(1024).0,
        }))
    }

    /// Who bears this access token.
    ///
    /// # Errors
    /// `unauthenticated` for a token that is not ours, is over, or whose account or log-in is.
    pub async fn from_bearer(&self, jwt: &str) -> Result<Principal, Refusal> {
        let _ = jwt;
        Err(Code::Unauthenticated.into())
    }

    /// Whose log-in this value of the cookie `maru_session` is.
    ///
    /// # Errors
    /// `unauthenticated` for one that is unknown or over.
    pub async fn from_cookie(&self, value: &str) -> Result<Principal, Refusal> {
        let _ = value;
        Err(Code::Unauthenticated.into())
    }

    /// Whether who was let in before would be let in now.
    ///
    /// # Errors
    /// `unauthenticated` if not.
    pub async fn recheck(&self, principal: &Principal) -> Result<(), Refusal> {
        let _ = principal;
        Err(Code::Unauthenticated.into())
    }

    /// Hears from now on of accounts and log-ins whose connections must end; within 1 s, whichever process did it.
    pub fn changes(&self) -> Changes {
        Changes(self.0.changes.subscribe())
    }

    /// Looks for changes made by other processes, and clears away log-ins that are over, until cancelled.
    pub async fn run(&self, cancel: CancellationToken) {
        cancel.cancelled().await;
    }

    /// The member with this number.
    pub async fn member(&self, member_id: i64) -> Result<Option<Member>, Refusal> {
        let _ = member_id;
        Ok(None)
    }

    /// Everybody who may act as an agent now, by name.
    pub async fn agents(&self) -> Result<Vec<Member>, Refusal> {
        Ok(Vec::new())
    }

    /// Proxies and origins, for handshakes and limits.
    pub fn network(&self) -> &Network {
        &self.0.network
    }

    /// The language of a reader who asks for `accept_language`.
    pub fn locale(&self, accept_language: Option<&str>) -> Locale {
        accept_language
            .and_then(Locale::accepted)
            .unwrap_or(self.0.default_locale)
    }

    /// `maru user add`: makes an account, or changes the one with this code; its number.
    pub async fn user_add(&self, user: NewUser) -> Result<i64, UserError> {
        Err(UserError::Unknown(user.code))
    }

    /// `maru user lock`: ends every log-in and connection of the account.
    pub async fn user_lock(&self, code: &str) -> Result<(), UserError> {
        Err(UserError::Unknown(code.to_owned()))
    }

    /// `maru user unlock`.
    pub async fn user_unlock(&self, code: &str) -> Result<(), UserError> {
        Err(UserError::Unknown(code.to_owned()))
    }

    /// `maru token`: an access token for `ttl`.
    pub async fn token(&self, code: &str, ttl: Duration) -> Result<String, UserError> {
        let _ = ttl;
        Err(UserError::Unknown(code.to_owned()))
    }

    /// Whether there is no account yet.
    pub async fn is_empty(&self) -> Result<bool, UserError> {
        Ok(true)
    }
}
