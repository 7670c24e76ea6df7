//! Log-in, guests, refresh, log-out: `/api/auth/…`, and logging somebody out.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::callers::Visitor;
use super::{Accounts, Body, COOKIE, Caller, Granted, Role, rules, tokens};
use crate::problem::{Code, Refusal};
use crate::request::Nothing;
use crate::texts::TextKey;

/// A person, as answers show one.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub member_id: i64,
    pub user_code: String,
    pub name: String,
    pub roles: Vec<Role>,
}

/// The answer to a log-in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    pub access_token: String,
    /// `Bearer`.
    pub token_type: &'static str,
    /// Seconds until the access token ends.
    pub expires_in: i64,
    /// Good once, at `POST /api/auth/refresh`. Used twice it ends the log-in.
    pub refresh_token: String,
    pub user: User,
}

/// Name and password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    pub username: String,
    #[schema(value_type = String)]
    pub password: SecretString,
    /// Whether to set the cookie `maru_session` too.
    #[serde(default)]
    pub cookie: bool,
}

/// A visitor of the widget.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Guest {
    /// 1 to 100 characters; without one the server gives a name.
    pub name: Option<String>,
}

/// A refresh token; without one the log-in of the request counts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Refresh {
    #[schema(value_type = Option<String>)]
    pub refresh_token: Option<SecretString>,
}

/// Logs in with name and password.
#[utoipa::path(post, path = "/api/auth/login", tag = "auth", request_body = Login, responses(
    (status = 200, description = "Logged in", body = Tokens),
    (status = 401, description = "`bad_credentials`: the name or the password is wrong"),
    (status = 429, description = "`rate_limited`: too many attempts from this address"),
))]
pub async fn login(State(accounts): State<Accounts>, parts: Parts, Body(body): Body<Login>) -> Response {
    let visitor = Visitor::of(&accounts, &parts);
    let answer = log_in(&accounts, &visitor, body).await;
    answer.unwrap_or_else(|refusal| refusal.response(visitor.locale))
}

async fn log_in(accounts: &Accounts, visitor: &Visitor, body: Login) -> Result<Response, Refusal> {
    accounts.attempt(visitor.address)?;
    if body.cookie && visitor.is_foreign {
        return Err(foreign());
    }
    let account = accounts.check_password(&body.username, body.password).await?;
    let cookie = body.cookie.then(tokens::random_value);
    let granted = accounts.begin_login(account, cookie.as_deref()).await?;
    Ok(answer(accounts, visitor, &granted, cookie.as_deref()))
}

/// Makes an account for a visitor and logs it in.
#[utoipa::path(post, path = "/api/auth/guest", tag = "auth", request_body = Guest, responses(
    (status = 200, description = "Logged in as a new guest", body = Tokens),
    (status = 429, description = "`rate_limited`: too many attempts from this address"),
))]
pub async fn guest(State(accounts): State<Accounts>, parts: Parts, Body(body): Body<Guest>) -> Response {
    let visitor = Visitor::of(&accounts, &parts);
    let answer = let_in_guest(&accounts, &visitor, body).await;
    answer.unwrap_or_else(|refusal| refusal.response(visitor.locale))
}

async fn let_in_guest(accounts: &Accounts, visitor: &Visitor, body: Guest) -> Result<Response, Refusal> {
    accounts.attempt(visitor.address)?;
    let account = accounts.make_guest(body.name.as_deref(), visitor.locale).await?;
    let granted = accounts.begin_login(account, None).await?;
    Ok(answer(accounts, visitor, &granted, None))
}

/// Gives new tokens for a refresh token, which is used up, or for the cookie.
#[utoipa::path(post, path = "/api/auth/refresh", tag = "auth", request_body = Refresh, responses(
    (status = 200, description = "New tokens", body = Tokens),
    (status = 401, description = "`unauthenticated`: the log-in is over; a refresh token that comes twice ends it"),
))]
pub async fn refresh(State(accounts): State<Accounts>, parts: Parts, Body(body): Body<Refresh>) -> Response {
    let visitor = Visitor::of(&accounts, &parts);
    let answer = renew(&accounts, &visitor, &parts, body).await;
    answer.unwrap_or_else(|refusal| refusal.response(visitor.locale))
}

async fn renew(accounts: &Accounts, visitor: &Visitor, parts: &Parts, body: Refresh) -> Result<Response, Refusal> {
    let granted = match body.refresh_token {
        Some(token) => accounts.refresh_by_token(&token).await?,
        None => {
            let caller = accounts.cookie_caller(parts).await?;
            let login_id = caller.and_then(|principal| principal.login_id);
            let login_id = login_id.ok_or_else(|| Refusal::new(Code::Unauthenticated))?;
            accounts.refresh_by_cookie(login_id).await?
        }
    };
    let cookie = visitor.cookie.as_deref();
    let own = cookie.filter(|value| Some(tokens::cookie_hash(value)) == granted.login.cookie_hash);
    Ok(answer(accounts, visitor, &granted, own))
}

/// Ends the log-in of the refresh token in the body, else the one that calls: its tokens, its cookie, its live connections.
#[utoipa::path(post, path = "/api/auth/logout", tag = "auth", request_body = Refresh, responses(
    (status = 204, description = "Logged out"),
    (status = 401, description = "`unauthenticated`: nobody to log out"),
))]
pub async fn logout(State(accounts): State<Accounts>, parts: Parts, Body(body): Body<Refresh>) -> Response {
    let visitor = Visitor::of(&accounts, &parts);
    let answer = log_out(&accounts, &visitor, &parts, body).await;
    answer.unwrap_or_else(|refusal| refusal.response(visitor.locale))
}

async fn log_out(accounts: &Accounts, visitor: &Visitor, parts: &Parts, body: Refresh) -> Result<Response, Refusal> {
    let login_id = match body.refresh_token {
        Some(token) => Some(accounts.login_of_refresh(&token).await?),
        None => leaving(accounts, parts).await?,
    };
    if let Some(login_id) = login_id {
        accounts.revoke(login_id).await?;
    }
    let mut headers = no_store();
    if visitor.cookie.is_some() {
        headers.insert(header::SET_COOKIE, set_cookie("", 0, visitor.https));
    }
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

/// The log-in that asks to be ended; `None` for a cookie that is over already.
async fn leaving(accounts: &Accounts, parts: &Parts) -> Result<Option<i64>, Refusal> {
    let by_cookie = !parts.headers.contains_key(header::AUTHORIZATION);
    let caller = match accounts.caller(parts).await {
        Err(refusal) if by_cookie && refusal.code == Code::Unauthenticated => return Ok(None),
        caller => caller?,
    };
    let caller = caller.ok_or_else(|| Refusal::new(Code::Unauthenticated))?;
    let login_id = caller.login_id;
    // Another program made this token: that program has to end it.
    let login_id = login_id.ok_or_else(|| Refusal::new(Code::Forbidden))?;
    Ok(Some(login_id))
}

/// Who is logged in.
#[utoipa::path(get, path = "/api/auth/me", tag = "auth", responses(
    (status = 200, description = "The caller", body = User),
    (status = 401, description = "`unauthenticated`"),
))]
pub async fn me(caller: Caller) -> Response {
    let user = User {
        member_id: caller.principal.member_id,
        user_code: caller.principal.user_code,
        name: caller.principal.name,
        roles: caller.principal.roles,
    };
    (no_store(), Json(user)).into_response()
}

/// A ticket, and how long it is good.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketGiven {
    /// For `?ticket=` of one handshake.
    ticket: String,
    /// Seconds.
    expires_in: u64,
}

/// Gives a ticket for one handshake of a WebSocket, in the address of which no token may stand.
#[utoipa::path(post, path = "/api/auth/tickets", tag = "auth", request_body = Nothing, responses(
    (status = 200, description = "Good once, and soon over", body = TicketGiven),
    (status = 401, description = "`unauthenticated`"),
    (status = 429, description = "`rate_limited`: too many tickets are given at once"),
))]
pub async fn ticket(State(accounts): State<Accounts>, caller: Caller, Body(Nothing {}): Body<Nothing>) -> Response {
    match accounts.0.tickets.give(caller.principal, accounts.now()) {
        Ok(ticket) => {
            let expires_in = accounts.0.tickets.ttl_s();
            (no_store(), Json(TicketGiven { ticket, expires_in })).into_response()
        }
        Err(refusal) => refusal.response(caller.locale),
    }
}

/// Ends every log-in and live connection of a user.
#[utoipa::path(post, path = "/api/admin/users/{id}/logout", tag = "auth",
    params(("id" = String, Path, description = "The user's memberId")), responses(
    (status = 204, description = "Logged out everywhere"),
    (status = 403, description = "`forbidden`: only an admin may"),
    (status = 404, description = "`not_found`: there is no such user"),
))]
pub async fn logout_user(State(accounts): State<Accounts>, caller: Caller, Path(id): Path<String>) -> Response {
    match end_user(&accounts, &caller, &id).await {
        Ok(()) => (StatusCode::NO_CONTENT, no_store()).into_response(),
        Err(refusal) => refusal.response(caller.locale),
    }
}

async fn end_user(accounts: &Accounts, caller: &Caller, id: &str) -> Result<(), Refusal> {
    if !caller.principal.is_admin() {
        return Err(Code::Forbidden.into());
    }
    let id = rules::number(id).ok_or_else(|| Refusal::invalid("id"))?;
    let member = accounts.member(id).await?;
    let member = member.ok_or_else(|| Refusal::new(Code::NotFound))?;
    accounts.log_out_everywhere(member.member_id).await
}

const fn foreign() -> Refusal {
    Refusal::saying(Code::Forbidden, TextKey("error-origin"))
}

/// The tokens of a log-in, and its cookie for as long as the log-in lives.
fn answer(accounts: &Accounts, visitor: &Visitor, granted: &Granted, cookie: Option<&str>) -> Response {
    let mut headers = no_store();
    if let Some(value) = cookie {
        let age_s = granted.login.expires_at.seconds_since(accounts.now());
        headers.insert(header::SET_COOKIE, set_cookie(value, age_s, visitor.https));
    }
    let tokens = Tokens {
        access_token: granted.access_token.clone(),
        token_type: "Bearer",
        expires_in: granted.expires_in_s,
        refresh_token: granted.refresh_token.clone(),
        user: User {
            member_id: granted.account.id,
            user_code: granted.account.code.clone(),
            name: granted.account.name.clone(),
            roles: granted.account.roles.clone(),
        },
    };
    (headers, Json(tokens)).into_response()
}

/// `value` is empty or of the letters that [`tokens::random_value`] makes and a log-in was found by.
fn set_cookie(value: &str, age_s: i64, https: bool) -> HeaderValue {
    let secure = if https { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={value}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::try_from(cookie).expect("the value is base64url")
}

/// What is one person's is in no cache.
fn no_store() -> HeaderMap {
    HeaderMap::from_iter([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))])
}
