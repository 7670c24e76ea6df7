//! Making and changing accounts: what `maru user` and `maru token` do, and the people of the demo.

use std::time::Duration;

use sea_orm::{DbErr, SqlErr};
use secrecy::{ExposeSecret as _, SecretString};

use super::rules::{self, Account};
use super::{Accounts, Role, store};
use crate::time::Time;

/// An account to make or to change.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub code: String,
    pub name: String,
    pub role: Role,
    /// How agents reach a customer otherwise. `None` leaves what is there.
    pub contact: Option<String>,
    /// Name to log in with; without one and with a password it is the code. `None` leaves what is there.
    pub username: Option<String>,
    /// `None` leaves what is there.
    pub password: Option<SecretString>,
}

/// What of an account is good until when; `None`: for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Good {
    Account(Option<Time>),
    Password(Option<Time>),
}

impl Good {
    /// When it ends.
    pub const fn until(self) -> Option<Time> {
        match self {
            Self::Account(until) | Self::Password(until) => until,
        }
    }
}

/// Why a command about an account is not done.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    #[error("{0}")]
    Invalid(String),
    #[error("there is no user with the code {0}")]
    Unknown(String),
    #[error("the password could not be hashed")]
    Hash,
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Somebody of the demo data, with the password that `make run` prints.
#[derive(Clone, Copy, Debug)]
pub struct DemoUser {
    pub code: &'static str,
    pub name: &'static str,
    pub role: Role,
    pub contact: Option<&'static str>,
    pub username: &'static str,
    pub password: &'static str,
}

/// The people of the demo data: an admin, two agents, customers who write Korean and English.
pub const DEMO_USERS: [DemoUser; 7] = [
    demo("ADM001", "최관리", Role::Admin, None, "admin"),
    demo("AGT001", "김상담", Role::Agent, None, "agent1"),
    demo("AGT002", "Emma Wilson", Role::Agent, None, "agent2"),
    demo("CUS001", "홍길동", Role::Member, Some("gildong@example.com"), "hong"),
    demo(
        "CUS002",
        "이영희",
        Role::Member,
        Some("younghee@example.com"),
        "younghee",
    ),
    demo("CUS003", "박민수", Role::Member, Some("minsu@example.com"), "minsu"),
    demo("CUS004", "John Smith", Role::Member, Some("john@example.com"), "john"),
];

const fn demo(
    code: &'static str,
    name: &'static str,
    role: Role,
    contact: Option<&'static str>,
    username: &'static str,
) -> DemoUser {
    DemoUser {
        code,
        name,
        role,
        contact,
        username,
        password: "maru-demo",
    }
}

impl From<&DemoUser> for NewUser {
    fn from(demo: &DemoUser) -> Self {
        Self {
            code: demo.code.to_owned(),
            name: demo.name.to_owned(),
            role: demo.role,
            contact: demo.contact.map(str::to_owned),
            username: Some(demo.username.to_owned()),
            password: Some(SecretString::from(demo.password)),
        }
    }
}

impl Accounts {
    /// `maru user add`: makes an account, or changes the one with this code; its number.
    /// Other roles end the account's live connections, another password its log-ins too.
    ///
    /// # Errors
    /// Data that an account cannot have, a name to log in with that is taken, or the database.
    pub async fn user_add(&self, user: NewUser) -> Result<i64, UserError> {
        rules::check_user(&user).map_err(UserError::Invalid)?;
        let password_hash = match &user.password {
            Some(password) => Some(self.hash_new(password).await?),
            None => None,
        };
        let username = user.username.as_deref().and_then(rules::login_name);
        let new = store::NewAccount {
            code: &user.code,
            username: username.as_deref(),
            password_hash: password_hash.as_deref(),
            name: user.name.trim(),
            contact: user.contact.as_deref(),
            role: user.role,
            is_guest: false,
        };
        let saved = self.save_user(&new).await;
        saved.map_err(|error| match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => {
                let name = username.unwrap_or_else(|| user.code.to_lowercase());
                UserError::Invalid(format!("the username {name} is taken"))
            }
            _ => UserError::Database(error),
        })
    }

    async fn hash_new(&self, password: &SecretString) -> Result<String, UserError> {
        let text = password.expose_secret();
        rules::check_password(text, self.0.password_chars_min).map_err(UserError::Invalid)?;
        let hash = self.0.passwords.hash(password).await;
        hash.map_err(|_| UserError::Hash)
    }

    async fn save_user(&self, new: &store::NewAccount<'_>) -> Result<i64, DbErr> {
        let now = self.now();
        let tx = self.0.db.begin().await?;
        let there = store::account_by_code(&tx, new.code).await?;
        let id = match &there {
            Some(account) => {
                store::update_account(&tx, account.id, new, now).await?;
                account.id
            }
            None => store::insert_account(&tx, new, now).await?,
        };
        if new.password_hash.is_some() {
            store::default_username(&tx, id, &new.code.to_lowercase()).await?;
        }
        let other_password = there.is_some() && new.password_hash.is_some();
        let other_role = there.is_some_and(|there| there.roles != [new.role]);
        if other_password {
            store::end_logins(&tx, id, now).await?;
        } else if other_role {
            store::end_connections(&tx, id, now).await?;
        }
        tx.commit().await?;
        self.0.accounts.invalidate(&id);
        if other_password || other_role {
            self.member_ended(id);
        }
        Ok(id)
    }

    /// `maru user lock`: ends every log-in and connection of the account, and lets nobody in until it is unlocked.
    ///
    /// # Errors
    /// An unknown code, or the database.
    pub async fn user_lock(&self, code: &str) -> Result<(), UserError> {
        let now = self.now();
        let account = self.known(code).await?;
        let tx = self.0.db.begin().await?;
        let locked_at = account.locked_at.unwrap_or(now);
        store::set_locked(&tx, account.id, Some(locked_at), now).await?;
        store::end_logins(&tx, account.id, now).await?;
        tx.commit().await?;
        self.member_ended(account.id);
        Ok(())
    }

    /// `maru user unlock`. Who was logged in must log in again.
    ///
    /// # Errors
    /// An unknown code, or the database.
    pub async fn user_unlock(&self, code: &str) -> Result<(), UserError> {
        let account = self.known(code).await?;
        store::set_locked(self.0.db.write(), account.id, None, self.now()).await?;
        self.0.accounts.invalidate(&account.id);
        Ok(())
    }

    /// `maru user expire`: until when an account or its password is good. What is over already ends every log-in and
    /// connection at once, what ends later within a second after its end.
    ///
    /// # Errors
    /// An unknown code, or the database.
    pub async fn user_expire(&self, code: &str, goods: &[Good]) -> Result<(), UserError> {
        let now = self.now();
        let account = self.known(code).await?;
        let tx = self.0.db.begin().await?;
        for good in goods {
            store::set_good(&tx, account.id, *good, now).await?;
        }
        let is_over = |good: &Good| good.until().is_some_and(|end| end <= now);
        let over = goods.iter().any(is_over);
        if over {
            store::end_logins(&tx, account.id, now).await?;
        }
        tx.commit().await?;
        self.0.accounts.invalidate(&account.id);
        if over {
            self.member_ended(account.id);
        }
        Ok(())
    }

    /// `maru token`: an access token for `ttl`, of a log-in of its own, so that it can be logged out.
    ///
    /// # Errors
    /// An unknown code, or the database.
    pub async fn token(&self, code: &str, ttl: Duration) -> Result<String, UserError> {
        let account = self.known(code).await?;
        let now = self.now();
        let until = now.plus_s(ttl.as_secs());
        let login = store::insert_login(self.0.db.write(), account.id, None, now, until).await?;
        Ok(self.0.keys.access(&account, &login, now, until))
    }

    /// Whether there is no account yet.
    ///
    /// # Errors
    /// The database.
    pub async fn is_empty(&self) -> Result<bool, UserError> {
        Ok(store::is_empty(self.0.db.read()).await?)
    }

    /// Makes the people of the demo; their numbers, in the order of [`DEMO_USERS`].
    ///
    /// # Errors
    /// As [`Accounts::user_add`].
    pub async fn seed(&self) -> Result<Vec<i64>, UserError> {
        let mut ids = Vec::with_capacity(DEMO_USERS.len());
        for user in &DEMO_USERS {
            ids.push(self.user_add(user.into()).await?);
        }
        Ok(ids)
    }

    async fn known(&self, code: &str) -> Result<Account, UserError> {
        store::account_by_code(self.0.db.read(), code)
            .await?
            .ok_or_else(|| UserError::Unknown(code.to_owned()))
    }
}
