//! Log-in, guests, refresh, log-out: `/api/auth/…`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Accounts, Body, Caller, Language};
use crate::problem::{Code, Refusal};

/// A person, as answers show one.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub member_id: i64,
    pub user_code: String,
    pub name: String,
    pub roles: Vec<super::Role>,
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
    /// Good once, at `POST /api/auth/refresh`.
    pub refresh_token: String,
    pub user: User,
}

/// Name and password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    pub username: String,
    pub password: String,
    /// Whether to set the cookie `maru_session` too.
    #[serde(default)]
    pub cookie: bool,
}

/// A visitor of the widget.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Guest {
    pub name: Option<String>,
}

/// A refresh token; without one the cookie counts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Refresh {
    pub refresh_token: Option<String>,
}

/// Logs in with name and password.
#[utoipa::path(post, path = "/api/auth/login", tag = "auth", request_body = Login,
    responses((status = 200, body = Tokens)))]
pub async fn login(
    State(_accounts): State<Accounts>,
    Language(locale): Language,
    Body(_body): Body<Login>,
) -> Response {
    Refusal::new(Code::BadCredentials).response(locale)
}

/// Makes an account for a visitor and logs it in.
#[utoipa::path(post, path = "/api/auth/guest", tag = "auth", request_body = Guest,
    responses((status = 200, body = Tokens)))]
pub async fn guest(
    State(_accounts): State<Accounts>,
    Language(locale): Language,
    Body(_body): Body<Guest>,
) -> Response {
    Refusal::new(Code::Unavailable).response(locale)
}

/// Gives new tokens for a refresh token, which is used up, or for the cookie.
#[utoipa::path(post, path = "/api/auth/refresh", tag = "auth", request_body = Refresh,
    responses((status = 200, body = Tokens)))]
pub async fn refresh(
    State(_accounts): State<Accounts>,
    Language(locale): Language,
    Body(_body): Body<Refresh>,
) -> Response {
    Refusal::new(Code::Unavailable).response(locale)
}

/// Ends the log-in that calls, with its tokens, its cookie and its live connections.
#[utoipa::path(post, path = "/api/auth/logout", tag = "auth", request_body = Refresh,
    responses((status = 204)))]
pub async fn logout(
    State(_accounts): State<Accounts>,
    Language(_locale): Language,
    Body(_body): Body<Refresh>,
) -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// Who is logged in.
#[utoipa::path(get, path = "/api/auth/me", tag = "auth", responses((status = 200, body = User)))]
pub async fn me(caller: Caller) -> Json<User> {
    Json(User {
        member_id: caller.principal.member_id,
        user_code: caller.principal.user_code,
        name: caller.principal.name,
        roles: caller.principal.roles,
    })
}
