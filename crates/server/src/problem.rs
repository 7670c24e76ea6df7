//! Refusals: what Maru says when it does not do what was asked.
//!
//! Three tiers of errors (see STYLE of the project in ARCHITECTURE.md):
//! - The peer broke the protocol: an ERROR frame and a close, made by the broker.
//! - A refusal that is part of the job: a [`Refusal`] with a stable [`Code`]; never logged above debug.
//! - The world failed (database, disk): [`Refusal::failed`] logs it once and the client sees `unavailable` with an id to name.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::texts::{Locale, TextKey};

/// Stable codes that clients may rely on, with their HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    Unauthenticated,
    BadCredentials,
    Forbidden,
    NotParticipant,
    NotFound,
    SessionNotFound,
    MethodNotAllowed,
    WrongState,
    AlreadyStarted,
    AgentAway,
    AlreadyContinued,
    MailUnavailable,
    TooManyOpen,
    RoomFull,
    RoomClosed,
    InvalidRequest,
    CursorUnknown,
    EmptyContent,
    ContentTooLong,
    RateLimited,
    TooLarge,
    Unavailable,
}

impl Code {
    /// As it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::BadCredentials => "bad_credentials",
            Self::Forbidden => "forbidden",
            Self::NotParticipant => "not_participant",
            Self::NotFound => "not_found",
            Self::SessionNotFound => "session_not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::WrongState => "wrong_state",
            Self::AlreadyStarted => "already_started",
            Self::AgentAway => "agent_away",
            Self::AlreadyContinued => "already_continued",
            Self::MailUnavailable => "mail_unavailable",
            Self::TooManyOpen => "too_many_open",
            Self::RoomFull => "room_full",
            Self::RoomClosed => "room_closed",
            Self::InvalidRequest => "invalid_request",
            Self::CursorUnknown => "cursor_unknown",
            Self::EmptyContent => "empty_content",
            Self::ContentTooLong => "content_too_long",
            Self::RateLimited => "rate_limited",
            Self::TooLarge => "too_large",
            Self::Unavailable => "unavailable",
        }
    }

    /// The HTTP status it answers with.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Unauthenticated | Self::BadCredentials => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::NotParticipant => StatusCode::FORBIDDEN,
            Self::NotFound | Self::SessionNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::WrongState
            | Self::AlreadyStarted
            | Self::AgentAway
            | Self::MailUnavailable
            | Self::AlreadyContinued
            | Self::TooManyOpen
            | Self::RoomFull
            | Self::RoomClosed => StatusCode::CONFLICT,
            Self::InvalidRequest | Self::CursorUnknown | Self::EmptyContent | Self::ContentTooLong => {
                StatusCode::BAD_REQUEST
            }
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The sentence that goes with the code where nothing more exact is known.
    const fn text(self) -> TextKey {
        match self {
            Self::Unauthenticated => TextKey("error-unauthenticated"),
            Self::BadCredentials => TextKey("error-bad-credentials"),
            Self::Forbidden => TextKey("error-forbidden"),
            Self::NotParticipant => TextKey("error-not-participant"),
            Self::NotFound => TextKey("error-not-found"),
            Self::SessionNotFound => TextKey("error-session-not-found"),
            Self::MethodNotAllowed => TextKey("error-method-not-allowed"),
            Self::WrongState => TextKey("error-wrong-state"),
            Self::AlreadyStarted => TextKey("error-already-started"),
            Self::AgentAway => TextKey("error-agent-away"),
            Self::AlreadyContinued => TextKey("error-already-continued"),
            Self::MailUnavailable => TextKey("error-mail-unavailable"),
            Self::TooManyOpen => TextKey("error-too-many-open"),
            Self::RoomFull => TextKey("error-room-full"),
            Self::RoomClosed => TextKey("error-room-closed"),
            Self::InvalidRequest => TextKey("error-invalid-request"),
            Self::CursorUnknown => TextKey("error-cursor-unknown"),
            Self::EmptyContent => TextKey("error-empty-content"),
            Self::ContentTooLong => TextKey("error-content-too-long"),
            Self::RateLimited => TextKey("error-rate-limited"),
            Self::TooLarge => TextKey("error-too-large"),
            Self::Unavailable => TextKey("error-unavailable"),
        }
    }
}

/// An error as REST answers it: RFC 9457, and `error` and `code` beside its members.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Problem {
    pub r#type: &'static str,
    pub title: &'static str,
    pub status: u16,
    pub detail: String,
    /// A sentence in the reader's language.
    pub error: String,
    /// Stable.
    pub code: &'static str,
}

/// Why something asked for is not done. Worded only when the reader's language is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", code.as_str())]
pub struct Refusal {
    /// What clients act on.
    pub code: Code,
    text: TextKey,
    args: Vec<(&'static str, String)>,
    /// Seconds after which a try may succeed (`Retry-After`).
    pub retry_after_s: Option<u64>,
}

impl Refusal {
    /// A refusal with the code's own sentence.
    pub const fn new(code: Code) -> Self {
        Self::saying(code, code.text())
    }

    /// A refusal with a sentence of its own.
    pub const fn saying(code: Code, text: TextKey) -> Self {
        Self {
            code,
            text,
            args: Vec::new(),
            retry_after_s: None,
        }
    }

    /// A value that the sentence shows as `{ $name }`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.args.push((name, value.into()));
        self
    }

    /// `invalid_request` that names the member, header or parameter at fault.
    pub fn invalid(what: impl Into<String>) -> Self {
        Self::saying(Code::InvalidRequest, TextKey("error-invalid-member")).with("what", what)
    }

    /// `rate_limited`, with the seconds to wait (at least 1).
    pub fn rate_limited(retry_after_s: u64) -> Self {
        let wait = retry_after_s.max(1);
        let mut refusal = Self::new(Code::RateLimited).with("seconds", wait.to_string());
        refusal.retry_after_s = Some(wait);
        refusal
    }

    /// The world failed: logs `error` with an id, and answers `unavailable` with that id.
    pub fn failed(what: &str, error: &dyn std::fmt::Display) -> Self {
        let id = uuid::Uuid::now_v7().simple().to_string();
        tracing::error!(%id, %error, "{what}");
        Self::new(Code::Unavailable).with("id", id)
    }

    /// The sentence for a reader.
    pub fn sentence(&self, locale: Locale) -> String {
        self.text.say(locale, &self.args)
    }

    /// What an answer tells a reader.
    pub fn problem(&self, locale: Locale) -> Problem {
        let status = self.code.status();
        let sentence = self.sentence(locale);
        Problem {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: sentence.clone(),
            error: sentence,
            code: self.code.as_str(),
        }
    }

    /// The HTTP answer, in the reader's language.
    pub fn response(&self, locale: Locale) -> Response {
        let mut response = (self.code.status(), Json(self.problem(locale))).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(locale.as_str()));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<wire::ObjectError> for Refusal {
    fn from(error: wire::ObjectError) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<sea_orm::DbErr> for Refusal {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::failed("the database failed", &error)
    }
}
