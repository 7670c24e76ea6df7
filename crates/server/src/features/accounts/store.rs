//! All SQL of accounts and log-ins.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};

use super::rules::{Account, Login};
use super::{Good, Role};
use crate::adapters::database::{all, execute, one};
use crate::time::Time;

const ACCOUNT: &str = "SELECT id, code, name, contact, roles, is_guest, locked_at, expires_at, \
     credentials_expire_at, tokens_from, created_at FROM account";

#[derive(FromQueryResult)]
struct AccountRow {
    id: i64,
    code: String,
    name: String,
    contact: Option<String>,
    roles: String,
    is_guest: bool,
    locked_at: Option<i64>,
    expires_at: Option<i64>,
    credentials_expire_at: Option<i64>,
    tokens_from: Option<i64>,
    created_at: i64,
}

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        Self {
            id: row.id,
            code: row.code,
            name: row.name,
            contact: row.contact,
            roles: row.roles.split(',').filter_map(Role::from_name).collect(),
            is_guest: row.is_guest,
            locked_at: row.locked_at.map(Time::from_ms),
            expires_at: row.expires_at.map(Time::from_ms),
            credentials_expire_at: row.credentials_expire_at.map(Time::from_ms),
            tokens_from: row.tokens_from.map(Time::from_ms),
            created_at: Time::from_ms(row.created_at),
        }
    }
}

/// The account with this number.
pub(super) async fn account(db: &impl ConnectionTrait, id: i64) -> Result<Option<Account>, DbErr> {
    let row: Option<AccountRow> = one(db, &format!("{ACCOUNT} WHERE id = $1"), [id.into()]).await?;
    Ok(row.map(Account::from))
}

/// The account with this code.
pub(super) async fn account_by_code(db: &impl ConnectionTrait, code: &str) -> Result<Option<Account>, DbErr> {
    let row: Option<AccountRow> = one(db, &format!("{ACCOUNT} WHERE code = $1"), [code.into()]).await?;
    Ok(row.map(Account::from))
}

/// Codes looked up in one statement.
const CODES_AT_ONCE: usize = 100;

/// The accounts with these codes, each once.
pub(super) async fn accounts_by_code(db: &impl ConnectionTrait, codes: &[String]) -> Result<Vec<Account>, DbErr> {
    let mut found: Vec<Account> = Vec::with_capacity(codes.len());
    for piece in codes.chunks(CODES_AT_ONCE) {
        let places: Vec<String> = (1..=piece.len()).map(|n| format!("${n}")).collect();
        let sql = format!("{ACCOUNT} WHERE code IN ({})", places.join(", "));
        let rows: Vec<AccountRow> = all(db, &sql, piece.iter().map(|code| Value::from(code.as_str()))).await?;
        let new = rows
            .into_iter()
            .filter(|row| !found.iter().any(|account| account.id == row.id));
        let new: Vec<Account> = new.map(Account::from).collect();
        found.extend(new);
    }
    Ok(found)
}

/// Accounts of agents and admins, by name.
pub(super) async fn agents(db: &impl ConnectionTrait) -> Result<Vec<Account>, DbErr> {
    let sql = format!("{ACCOUNT} WHERE is_agent ORDER BY name, id");
    let rows: Vec<AccountRow> = all(db, &sql, []).await?;
    Ok(rows.into_iter().map(Account::from).collect())
}

#[derive(FromQueryResult)]
struct Found {
    id: i64,
}

/// Whether no account has been made yet.
pub(super) async fn is_empty(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let found: Option<Found> = one(db, "SELECT id FROM account LIMIT 1", []).await?;
    Ok(found.is_none())
}

/// Number and password hash of who logs in with this name.
#[derive(FromQueryResult)]
pub(super) struct Credentials {
    pub(super) id: i64,
    pub(super) password_hash: Option<String>,
}

/// Whose name to log in with this is, in the form of `rules::login_name`.
pub(super) async fn credentials(db: &impl ConnectionTrait, login_name: &str) -> Result<Option<Credentials>, DbErr> {
    let sql = "SELECT id, password_hash FROM account WHERE username = $1";
    one(db, sql, [login_name.into()]).await
}

/// What a new account holds.
pub(super) struct NewAccount<'a> {
    pub(super) code: &'a str,
    pub(super) username: Option<&'a str>,
    pub(super) password_hash: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) contact: Option<&'a str>,
    pub(super) role: Role,
    pub(super) is_guest: bool,
}

/// Makes an account; its number.
pub(super) async fn insert_account(tx: &impl ConnectionTrait, new: &NewAccount<'_>, now: Time) -> Result<i64, DbErr> {
    let sql = "INSERT INTO account (code, username, password_hash, name, contact, roles, is_agent, is_guest, \
         created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) RETURNING id";
    let values = [
        new.code.into(),
        new.username.into(),
        new.password_hash.into(),
        new.name.into(),
        new.contact.into(),
        new.role.as_str().into(),
        acts_as_agent(new.role).into(),
        new.is_guest.into(),
        now.ms().into(),
    ];
    inserted(one(tx, sql, values).await?)
}

fn inserted(row: Option<Found>) -> Result<i64, DbErr> {
    row.map(|row| row.id).ok_or_else(|| DbErr::RecordNotInserted)
}

const fn acts_as_agent(role: Role) -> bool {
    matches!(role, Role::Agent | Role::Admin)
}

/// Changes name and role, and what else is given.
pub(super) async fn update_account(
    tx: &impl ConnectionTrait,
    id: i64,
    new: &NewAccount<'_>,
    now: Time,
) -> Result<(), DbErr> {
    let sql = "UPDATE account SET name = $2, roles = $3, is_agent = $4, contact = COALESCE($5, contact), \
         username = COALESCE($6, username), password_hash = COALESCE($7, password_hash), changed_at = $8 WHERE id = $1";
    let values = [
        id.into(),
        new.name.into(),
        new.role.as_str().into(),
        acts_as_agent(new.role).into(),
        new.contact.into(),
        new.username.into(),
        new.password_hash.into(),
        now.ms().into(),
    ];
    execute(tx, sql, values).await.map(drop)
}

/// Gives an account that has no name to log in with this one.
pub(super) async fn default_username(tx: &impl ConnectionTrait, id: i64, username: &str) -> Result<(), DbErr> {
    let sql = "UPDATE account SET username = $2 WHERE id = $1 AND username IS NULL";
    execute(tx, sql, [id.into(), username.into()]).await.map(drop)
}

/// Locks or unlocks an account.
pub(super) async fn set_locked(
    tx: &impl ConnectionTrait,
    id: i64,
    locked_at: Option<Time>,
    now: Time,
) -> Result<(), DbErr> {
    let sql = "UPDATE account SET locked_at = $2, changed_at = $3 WHERE id = $1";
    let values = [id.into(), locked_at.map(Time::ms).into(), now.ms().into()];
    execute(tx, sql, values).await.map(drop)
}

/// Says until when an account or its password is good.
pub(super) async fn set_good(tx: &impl ConnectionTrait, id: i64, good: Good, now: Time) -> Result<(), DbErr> {
    let column = match good {
        Good::Account(_) => "expires_at",
        Good::Password(_) => "credentials_expire_at",
    };
    let sql = format!("UPDATE account SET {column} = $2, changed_at = $3 WHERE id = $1");
    let values = [id.into(), good.until().map(Time::ms).into(), now.ms().into()];
    execute(tx, &sql, values).await.map(drop)
}

/// Ends the live connections of an account.
pub(super) async fn end_connections(tx: &impl ConnectionTrait, id: i64, now: Time) -> Result<(), DbErr> {
    let sql = "UPDATE account SET ended_at = $2, changed_at = $2 WHERE id = $1";
    execute(tx, sql, [id.into(), now.ms().into()]).await.map(drop)
}

/// Ends every log-in, token and live connection of an account.
pub(super) async fn end_logins(tx: &impl ConnectionTrait, id: i64, now: Time) -> Result<(), DbErr> {
    let account = "UPDATE account SET ended_at = $2, tokens_from = $2, changed_at = $2 WHERE id = $1";
    let logins = "UPDATE login SET revoked_at = $2 WHERE account_id = $1 AND revoked_at IS NULL";
    for sql in [account, logins] {
        execute(tx, sql, [id.into(), now.ms().into()]).await?;
    }
    Ok(())
}

const LOGIN_COLUMNS: &str = "id, account_id, generation, cookie_hash, created_at, expires_at, revoked_at";

#[derive(FromQueryResult)]
struct LoginRow {
    id: i64,
    account_id: i64,
    generation: i64,
    cookie_hash: Option<String>,
    created_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
}

impl From<LoginRow> for Login {
    fn from(row: LoginRow) -> Self {
        Self {
            id: row.id,
            account_id: row.account_id,
            generation: row.generation,
            cookie_hash: row.cookie_hash,
            created_at: Time::from_ms(row.created_at),
            expires_at: Time::from_ms(row.expires_at),
            revoked_at: row.revoked_at.map(Time::from_ms),
        }
    }
}

/// The log-in with this number.
pub(super) async fn login(db: &impl ConnectionTrait, id: i64) -> Result<Option<Login>, DbErr> {
    let sql = format!("SELECT {LOGIN_COLUMNS} FROM login WHERE id = $1");
    let row: Option<LoginRow> = one(db, &sql, [id.into()]).await?;
    Ok(row.map(Login::from))
}

/// The number of the log-in whose cookie has this hash.
pub(super) async fn login_of_cookie(db: &impl ConnectionTrait, cookie_hash: &str) -> Result<Option<i64>, DbErr> {
    let sql = "SELECT id FROM login WHERE cookie_hash = $1";
    let row: Option<Found> = one(db, sql, [cookie_hash.into()]).await?;
    Ok(row.map(|row| row.id))
}

/// Begins a log-in.
pub(super) async fn insert_login(
    tx: &impl ConnectionTrait,
    account_id: i64,
    cookie_hash: Option<&str>,
    now: Time,
    expires_at: Time,
) -> Result<Login, DbErr> {
    let sql = format!(
        "INSERT INTO login (account_id, cookie_hash, created_at, expires_at) VALUES ($1, $2, $3, $4) \
         RETURNING {LOGIN_COLUMNS}"
    );
    let values = [
        account_id.into(),
        cookie_hash.into(),
        now.ms().into(),
        expires_at.ms().into(),
    ];
    let row: Option<LoginRow> = one(tx, &sql, values).await?;
    row.map(Login::from).ok_or(DbErr::RecordNotInserted)
}

/// Takes the refresh token of `login`'s generation: the log-in as it is after, with the next generation and a new end.
/// `None` if it is not the latest, or the log-in is over. One statement, so of two at once one gets nothing.
pub(super) async fn rotate(
    db: &impl ConnectionTrait,
    token: &super::tokens::RefreshToken,
    now: Time,
    expires_at: Time,
) -> Result<Option<Login>, DbErr> {
    let sql = format!(
        "UPDATE login SET generation = generation + 1, expires_at = $6 WHERE id = $1 AND account_id = $2 \
         AND created_at = $3 AND generation = $4 AND revoked_at IS NULL AND expires_at > $5 RETURNING {LOGIN_COLUMNS}"
    );
    let values = [
        token.login_id.into(),
        token.account_id.into(),
        token.created_at.ms().into(),
        token.generation.into(),
        now.ms().into(),
        expires_at.ms().into(),
    ];
    let row: Option<LoginRow> = one(db, &sql, values).await?;
    Ok(row.map(Login::from))
}

/// Gives a log-in that is not over a new end.
pub(super) async fn extend(
    db: &impl ConnectionTrait,
    id: i64,
    now: Time,
    expires_at: Time,
) -> Result<Option<Login>, DbErr> {
    let sql = format!(
        "UPDATE login SET expires_at = $3 WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2 \
         RETURNING {LOGIN_COLUMNS}"
    );
    let values = [id.into(), now.ms().into(), expires_at.ms().into()];
    let row: Option<LoginRow> = one(db, &sql, values).await?;
    Ok(row.map(Login::from))
}

/// Ends a log-in.
pub(super) async fn revoke(db: &impl ConnectionTrait, id: i64, now: Time) -> Result<(), DbErr> {
    let sql = "UPDATE login SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    execute(db, sql, [id.into(), now.ms().into()]).await.map(drop)
}

/// Something after which connections must end, as a row says it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, FromQueryResult)]
pub(super) struct Ended {
    /// 1: a log-in; 0: an account.
    pub(super) is_login: i64,
    pub(super) id: i64,
    pub(super) at: i64,
}

/// What ended since `since`, and the accounts whose own end came between `checked` and `now`.
pub(super) async fn ended(
    db: &impl ConnectionTrait,
    since: Time,
    checked: Time,
    now: Time,
) -> Result<Vec<Ended>, DbErr> {
    let zero = "CAST(0 AS BIGINT) AS is_login, id";
    let sql = format!(
        "SELECT {zero}, ended_at AS at FROM account WHERE ended_at >= $1 \
         UNION ALL SELECT {zero}, expires_at AS at FROM account WHERE expires_at > $2 AND expires_at <= $3 \
         UNION ALL SELECT {zero}, credentials_expire_at AS at FROM account \
             WHERE credentials_expire_at > $2 AND credentials_expire_at <= $3 \
         UNION ALL SELECT CAST(1 AS BIGINT) AS is_login, id, revoked_at AS at FROM login WHERE revoked_at >= $1"
    );
    let values = [since.ms().into(), checked.ms().into(), now.ms().into()];
    all(db, &sql, values).await
}

/// Deletes up to 500 log-ins that were over before `before`; how many.
pub(super) async fn clear_logins(db: &impl ConnectionTrait, before: Time) -> Result<u64, DbErr> {
    let sql = "DELETE FROM login WHERE id IN (SELECT id FROM login WHERE expires_at < $1 OR revoked_at < $1 LIMIT 500)";
    let done = execute(db, sql, [before.ms().into()]).await?;
    Ok(done.rows_affected())
}
