//! Accounts, log-ins and tokens: who somebody is. What a person may do to a conversation is the conversation's own rule.
//!
//! - A log-in is a row. Its access tokens (JWT, short), its refresh tokens (each good once) and its cookie all hang on
//!   it: revoke the row and they are over, at most half a second later, in every process on this database.
//! - An old refresh token that comes back means that two have it: the log-in is revoked.
//! - Name and roles are the account's of now; what a token says of them is for its reader only.
//! - Nothing that lets somebody in is stored: passwords as argon2id, cookies as SHA-256, refresh tokens not at all.

mod callers;
mod changes;
pub mod handlers;
mod passwords;
mod principal;
mod rules;
mod store;
#[cfg(test)]
mod tests;
mod tickets;
mod tokens;
mod users;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use sea_orm::DbErr;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::broadcast;

use crate::adapters::clock::Clock;
use crate::adapters::database::Database;
use crate::config::{Config, Profile};
use crate::limits::LoginLimit;
use crate::network::Network;
use crate::problem::{Code, Refusal};
use crate::texts::{Locale, TextKey};
use crate::time::Time;
use passwords::Passwords;
use rules::{Account, Login, Stale};
use tickets::Tickets;
use tokens::{Keys, RefreshToken};

pub use callers::{Body, COOKIE, Caller, Language, bearer};
pub use changes::{Change, Changes};
pub use principal::{Principal, Role};
pub use users::{DEMO_USERS, DemoUser, Good, NewUser, UserError};

/// How long a row that was read counts: with the poll and the read itself, under half a second.
const FRESH: Duration = Duration::from_millis(400);

/// Rows that are kept; one more puts out the one used least.
const CACHED_MAX: u64 = 20_000;

/// The accounts of this server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Accounts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Database,
    clock: Clock,
    keys: Keys,
    passwords: Passwords,
    attempts: LoginLimit,
    tickets: Tickets,
    network: Network,
    default_locale: Locale,
    password_chars_min: usize,
    token_ttl_s: u64,
    refresh_ttl_s: u64,
    accounts: Cache<i64, Arc<Account>>,
    logins: Cache<i64, Arc<Login>>,
    changes: broadcast::Sender<Change>,
}

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

impl From<&Account> for Member {
    fn from(account: &Account) -> Self {
        Self {
            member_id: account.id,
            user_code: account.code.clone(),
            name: account.name.clone(),
            contact: account.contact.clone(),
            roles: account.roles.clone(),
            is_guest: account.is_guest,
            created_at: account.created_at,
        }
    }
}

/// A log-in that was just begun or renewed, with what goes to its owner.
#[derive(Debug)]
struct Granted {
    account: Arc<Account>,
    login: Login,
    access_token: String,
    expires_in_s: i64,
    refresh_token: String,
}

impl Accounts {
    /// The accounts in `db`; `secret` signs their tokens.
    pub fn new(db: Database, clock: Clock, config: &Config, secret: SecretString) -> Self {
        Self(Arc::new(Inner {
            db,
            clock,
            keys: Keys::new(&secret),
            passwords: Passwords::new(config.auth.password_hashes_at_once),
            attempts: LoginLimit::new(&config.limits),
            tickets: Tickets::new(
                config.auth.ticket_ttl_s,
                config.auth.tickets_per_user,
                config.auth.tickets,
            ),
            network: Network::new(&config.server),
            default_locale: config.server.default_locale,
            password_chars_min: password_chars_min(config.server.profile),
            token_ttl_s: config.auth.token_ttl_s,
            refresh_ttl_s: config.auth.refresh_ttl_s,
            accounts: briefly(),
            logins: briefly(),
            changes: broadcast::channel(changes::WAITING_MAX).0,
        }))
    }

    /// Who bears this access token.
    ///
    /// # Errors
    /// `unauthenticated` for a token that is not ours, is over, or whose account or log-in is.
    pub async fn from_bearer(&self, jwt: &str) -> Result<Principal, Refusal> {
        let now = self.now();
        let claims = self.0.keys.read_access(jwt, now)?;
        let account = self.account(claims.member_id).await?;
        let account = account.ok_or_else(rules::invalid)?;
        let login = match claims.login_id {
            Some(id) => self.login(id).await?,
            None => None,
        };
        rules::admit_token(&claims, &account, login.as_deref(), now)
    }

    /// Whose log-in this value of the cookie `maru_session` is.
    ///
    /// # Errors
    /// `unauthenticated` for one that is unknown or over.
    pub async fn from_cookie(&self, value: &str) -> Result<Principal, Refusal> {
        let hash = tokens::cookie_hash(value);
        let id = store::login_of_cookie(self.0.db.read(), &hash).await?;
        let id = id.ok_or_else(rules::invalid)?;
        let login = self.login(id).await?.ok_or_else(rules::expired)?;
        let account = self.account(login.account_id).await?;
        let account = account.ok_or_else(rules::invalid)?;
        rules::admit_cookie(&account, &login, self.now())
    }

    /// Who was given this ticket, if the log-in it was given to is still good. The ticket is used up.
    ///
    /// # Errors
    /// `unauthenticated` for one that is unknown, used or over.
    pub async fn from_ticket(&self, ticket: &str) -> Result<Principal, Refusal> {
        let principal = self.0.tickets.take(ticket, self.now())?;
        self.recheck(&principal).await?;
        Ok(principal)
    }

    /// Whether who was let in before would be let in now.
    ///
    /// # Errors
    /// `unauthenticated` if not.
    pub async fn recheck(&self, principal: &Principal) -> Result<(), Refusal> {
        let (now, db) = (self.now(), self.0.db.read());
        // As the database has it, not as it was cached: nothing asks again for this one.
        let login = match principal.login_id {
            Some(id) => Some(store::login(db, id).await?.ok_or_else(rules::expired)?),
            None => None,
        };
        let account = store::account(db, principal.member_id).await?;
        let account = account.ok_or_else(rules::invalid)?;
        let same_roles = account.roles == principal.roles;
        let login_fits = login.is_none_or(|login| login.is_usable(now));
        if same_roles && login_fits && account.is_usable(now) && now < principal.expires_at {
            return Ok(());
        }
        Err(rules::expired())
    }

    /// Hears from now on of accounts and log-ins whose connections must end; within 1 s, whichever process did it.
    pub fn changes(&self) -> Changes {
        Changes(self.0.changes.subscribe())
    }

    /// The member with this number.
    ///
    /// # Errors
    /// The database.
    pub async fn member(&self, member_id: i64) -> Result<Option<Member>, Refusal> {
        let account = self.account(member_id).await?;
        Ok(account.map(|account| Member::from(&*account)))
    }

    /// The members with these codes, each once; codes that nobody has are left out.
    ///
    /// # Errors
    /// The database.
    pub async fn members_by_code(&self, codes: &[String]) -> Result<Vec<Member>, Refusal> {
        let found = store::accounts_by_code(self.0.db.read(), codes).await?;
        Ok(found.iter().map(Member::from).collect())
    }

    /// Everybody who may act as an agent now, by name.
    ///
    /// # Errors
    /// The database.
    pub async fn agents(&self) -> Result<Vec<Member>, Refusal> {
        let now = self.now();
        let agents = store::agents(self.0.db.read()).await?;
        let usable = agents.iter().filter(|agent| agent.is_usable(now));
        Ok(usable.map(Member::from).collect())
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

    /// What time it is.
    pub fn now(&self) -> Time {
        self.0.clock.now()
    }

    async fn account(&self, id: i64) -> Result<Option<Arc<Account>>, DbErr> {
        if let Some(account) = self.0.accounts.get(&id) {
            return Ok(Some(account));
        }
        let account = store::account(self.0.db.read(), id).await?.map(Arc::new);
        if let Some(account) = &account {
            self.0.accounts.insert(id, Arc::clone(account));
        }
        Ok(account)
    }

    async fn login(&self, id: i64) -> Result<Option<Arc<Login>>, DbErr> {
        if let Some(login) = self.0.logins.get(&id) {
            return Ok(Some(login));
        }
        let login = store::login(self.0.db.read(), id).await?.map(Arc::new);
        if let Some(login) = &login {
            self.0.logins.insert(id, Arc::clone(login));
        }
        Ok(login)
    }

    /// Counts an attempt to log in from an address.
    fn attempt(&self, address: IpAddr) -> Result<(), Refusal> {
        self.0.attempts.check(address)
    }

    /// Whose name and password these are. An unknown name, a wrong password and an account that is locked or over
    /// get one answer, after the same time.
    async fn check_password(&self, username: &str, password: SecretString) -> Result<Arc<Account>, Refusal> {
        let wrong = || Refusal::new(Code::BadCredentials);
        let found = match rules::login_name(username) {
            Some(name) => store::credentials(self.0.db.read(), &name).await?,
            None => None,
        };
        let (id, hash) = found.map_or((None, None), |found| (Some(found.id), found.password_hash));
        let fits = self.0.passwords.verify(password, hash).await?;
        let id = id.filter(|_| fits).ok_or_else(wrong)?;
        let account = self.account(id).await?.ok_or_else(wrong)?;
        if account.is_usable(self.now()) {
            Ok(account)
        } else {
            Err(wrong())
        }
    }

    /// Makes an account for a visitor; one without a name is told from others by the code's beginning.
    async fn make_guest(&self, name: Option<&str>, locale: Locale) -> Result<Arc<Account>, Refusal> {
        let name = name.filter(|name| !name.trim().is_empty());
        let name = name.map(|name| rules::shown_name(name).ok_or_else(|| Refusal::invalid("name")));
        let name = name.transpose()?;
        let mark = guest_mark();
        let default = TextKey("guest-name").say(locale, &[("mark", mark[..4].to_owned())]);
        let new = store::NewAccount {
            code: &format!("{}{mark}", rules::GUEST_PREFIX),
            username: None,
            password_hash: None,
            name: name.unwrap_or(&default),
            contact: None,
            role: Role::Member,
            is_guest: true,
        };
        let id = store::insert_account(self.0.db.write(), &new, self.now()).await?;
        let account = self.account(id).await?;
        account.ok_or_else(|| DbErr::RecordNotInserted.into())
    }

    /// Begins a log-in, with a cookie of this value if one is given.
    async fn begin_login(&self, account: Arc<Account>, cookie: Option<&str>) -> Result<Granted, Refusal> {
        let now = self.now();
        let hash = cookie.map(tokens::cookie_hash);
        let until = now.plus_s(self.0.refresh_ttl_s);
        let db = self.0.db.write();
        let login = store::insert_login(db, account.id, hash.as_deref(), now, until).await?;
        Ok(self.grant(account, login, now))
    }

    /// Takes a refresh token, which is then used up. One that was used before ends its log-in.
    async fn refresh_by_token(&self, token: &SecretString) -> Result<Granted, Refusal> {
        let now = self.now();
        let token = self.read_refresh(token)?;
        let account = self.usable_account(token.account_id, now).await?;
        let until = now.plus_s(self.0.refresh_ttl_s);
        let rotated = store::rotate(self.0.db.write(), &token, now, until).await?;
        let Some(login) = rotated else {
            self.refuse_stale(&token, now).await?;
            return Err(rules::expired());
        };
        self.0.logins.invalidate(&login.id);
        Ok(self.grant(account, login, now))
    }

    async fn refuse_stale(&self, token: &RefreshToken, now: Time) -> Result<(), Refusal> {
        let Some(login) = self.login_of(token).await? else {
            return Ok(());
        };
        if rules::why_stale(&login, token.generation, now) == Stale::Reused {
            tracing::warn!(
                login = login.id,
                member = login.account_id,
                "a refresh token was used twice"
            );
            self.revoke(login.id).await?;
        }
        Ok(())
    }

    fn read_refresh(&self, token: &SecretString) -> Result<RefreshToken, Refusal> {
        let token = self.0.keys.read_refresh(token.expose_secret());
        token.ok_or_else(rules::invalid)
    }

    /// The log-in that a refresh token of ours, be it used up, was made for.
    async fn login_of_refresh(&self, token: &SecretString) -> Result<i64, Refusal> {
        let login = self.login_of(&self.read_refresh(token)?).await?;
        login.map(|login| login.id).ok_or_else(rules::expired)
    }

    /// The log-in that a refresh token was made for, as the database has it now.
    async fn login_of(&self, token: &RefreshToken) -> Result<Option<Login>, DbErr> {
        let login = store::login(self.0.db.write(), token.login_id).await?;
        Ok(login.filter(|login| login.account_id == token.account_id && login.created_at == token.created_at))
    }

    /// Renews the log-in of a cookie. Its refresh token stays as it is: another page may hold it.
    async fn refresh_by_cookie(&self, login_id: i64) -> Result<Granted, Refusal> {
        let now = self.now();
        let until = now.plus_s(self.0.refresh_ttl_s);
        let login = store::extend(self.0.db.write(), login_id, now, until).await?;
        let login = login.ok_or_else(rules::expired)?;
        let account = self.usable_account(login.account_id, now).await?;
        self.0.logins.invalidate(&login.id);
        Ok(self.grant(account, login, now))
    }

    async fn usable_account(&self, id: i64, now: Time) -> Result<Arc<Account>, Refusal> {
        let account = self.account(id).await?;
        account
            .filter(|account| account.is_usable(now))
            .ok_or_else(rules::expired)
    }

    fn grant(&self, account: Arc<Account>, login: Login, now: Time) -> Granted {
        let until = now.plus_s(self.0.token_ttl_s).min(login.expires_at);
        Granted {
            access_token: self.0.keys.access(&account, &login, now, until),
            refresh_token: self.0.keys.refresh(&login),
            expires_in_s: until.seconds_since(now),
            account,
            login,
        }
    }

    /// Ends a log-in: its tokens, its cookie and its live connections.
    async fn revoke(&self, login_id: i64) -> Result<(), Refusal> {
        store::revoke(self.0.db.write(), login_id, self.now()).await?;
        self.login_ended(login_id);
        Ok(())
    }

    /// Ends every log-in and connection of a member.
    async fn log_out_everywhere(&self, member_id: i64) -> Result<(), Refusal> {
        let tx = self.0.db.begin().await?;
        store::end_logins(&tx, member_id, self.now()).await?;
        tx.commit().await?;
        self.0.logins.invalidate_all();
        self.member_ended(member_id);
        Ok(())
    }
}

/// The shortest password that is taken: on a developer's machine any will do.
const fn password_chars_min(profile: Profile) -> usize {
    match profile {
        Profile::Dev => 1,
        Profile::Prod => 8,
    }
}

/// The random part of a guest's code: 60 bits in letters and digits that are not taken for each other.
fn guest_mark() -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let random = uuid::Uuid::new_v4().as_u128();
    (0..12)
        .map(|i| char::from(LETTERS[((random >> (5 * i)) & 31) as usize]))
        .collect()
}

/// A cache of rows that counts each for [`FRESH`].
fn briefly<T: Send + Sync + 'static>() -> Cache<i64, Arc<T>> {
    Cache::builder().max_capacity(CACHED_MAX).time_to_live(FRESH).build()
}
