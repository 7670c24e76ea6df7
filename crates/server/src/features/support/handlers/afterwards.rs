//! `/api/chat/sessions/{id}/…`: what is left of a session.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Answer, answer};
use crate::features::accounts::{Body, Caller};
use crate::features::support::Support;
use crate::features::support::view::SessionView;
use crate::request::Id;

/// What a customer says of a session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RateSession {
    /// From 1 to 5.
    score: i32,
    /// Up to 500 characters.
    comment: Option<String>,
}

/// Where answers go that are not read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetEmail {
    /// Null takes the address away.
    email: Option<String>,
}

/// Where a transcript goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailTranscript {
    email: String,
}

/// Taken, to be done.
#[derive(Serialize, ToSchema)]
pub struct Taken {}

/// The customer rates a session that is over, or changes the rating.
#[utoipa::path(put, path = "/api/chat/sessions/{id}/rating", tag = "support", params(("id" = i64, Path)),
    request_body = RateSession, responses((status = 200, body = SessionView)))]
pub async fn rate(State(support): State<Support>, caller: Caller, Id(id): Id, Body(body): Body<RateSession>) -> Answer {
    let done = async {
        support.may_as_customer(&caller.principal, id).await?;
        support.rate(id, body.score, body.comment.as_deref()).await?;
        support.show_session(&caller, id).await
    };
    answer(&caller, done.await)
}

/// The conversation as a text to keep.
#[utoipa::path(get, path = "/api/chat/sessions/{id}/transcript", tag = "support", params(("id" = i64, Path)),
    responses((status = 200, body = String, content_type = "text/plain; charset=utf-8")))]
pub async fn transcript(State(support): State<Support>, caller: Caller, Id(id): Id) -> Answer {
    let written = async {
        support.may_read(&caller.principal, id).await?;
        let text = support.transcript(id, caller.locale).await?;
        let headers = [
            (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
            (
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"chat-{id}.txt\""),
            ),
        ];
        Ok((headers, text))
    };
    answer(&caller, written.await)
}

/// Sends the conversation by mail.
#[utoipa::path(post, path = "/api/chat/sessions/{id}/transcript", tag = "support", params(("id" = i64, Path)),
    request_body = MailTranscript, responses((status = 202, body = Taken)))]
pub async fn mail_transcript(
    State(support): State<Support>,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<MailTranscript>,
) -> Answer {
    let done = async {
        support.may_read(&caller.principal, id).await?;
        support.mail_transcript(&caller, id, &body.email).await?;
        Ok((StatusCode::ACCEPTED, Json(Taken {})))
    };
    answer(&caller, done.await)
}

/// The customer's address for answers that are not read.
#[utoipa::path(put, path = "/api/chat/sessions/{id}/email", tag = "support", params(("id" = i64, Path)),
    request_body = SetEmail, responses((status = 200, body = SessionView)))]
pub async fn set_email(
    State(support): State<Support>,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<SetEmail>,
) -> Answer {
    let done = async {
        support.may_as_customer(&caller.principal, id).await?;
        support.set_email(id, body.email.as_deref()).await?;
        support.show_session(&caller, id).await
    };
    answer(&caller, done.await)
}
