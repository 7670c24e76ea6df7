//! What REST calls carry besides a body, read strictly: numbers in paths, and queries without unknown parameters.

use axum::extract::{FromRef, FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::response::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::{IntoParams, ToSchema};

use crate::features::accounts::{Accounts, Language};
use crate::problem::Refusal;

/// A body without members.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// 1 to 200, default 50.
    pub limit: Option<u64>,
    /// `nextCursor` of the page before.
    pub before: Option<String>,
}

/// The number in `before`.
///
/// # Errors
/// `invalid_request` for anything else.
pub fn cursor(before: Option<&str>) -> Result<Option<i64>, Refusal> {
    let read = |text| positive(text).ok_or_else(|| Refusal::invalid("before"));
    before.map(read).transpose()
}

/// The positive number in a path's only parameter.
///
/// Anything else is refused with 400 `invalid_request`.
#[derive(Clone, Copy, Debug)]
pub struct Id(pub i64);

impl<S> FromRequestParts<S> for Id
where
    S: Send + Sync,
    Accounts: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let number = text.ok().and_then(|Path(text)| positive(&text));
        match number {
            Some(number) => Ok(Self(number)),
            None => Err(refuse(Refusal::invalid("id"), parts, state).await),
        }
    }
}

/// Decimal digits of a number from 1 to 2^53 - 1, the largest that JavaScript keeps exactly.
pub fn positive(text: &str) -> Option<i64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits)?;
    (1..1 << 53).contains(&number).then_some(number)
}

/// The query of a call; an unknown parameter or a value of the wrong kind is refused with 400 `invalid_request`.
#[derive(Clone, Copy, Debug)]
pub struct Asked<T>(pub T);

impl<S, T> FromRequestParts<S> for Asked<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
    Accounts: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let query = Query::<T>::try_from_uri(&parts.uri);
        let refusal = match query {
            Ok(Query(asked)) => return Ok(Self(asked)),
            Err(error) => Refusal::invalid(error.body_text()),
        };
        Err(refuse(refusal, parts, state).await)
    }
}

async fn refuse<S>(refusal: Refusal, parts: &mut Parts, state: &S) -> Response
where
    S: Send + Sync,
    Accounts: FromRef<S>,
{
    let Ok(Language(locale)) = Language::from_request_parts(parts, state).await;
    refusal.response(locale)
}

/// The size of a page: 1 to 200, 50 if none is asked for.
///
/// # Errors
/// `invalid_request` for any other number.
pub fn page_size(limit: Option<u64>) -> Result<u64, Refusal> {
    match limit {
        None => Ok(50),
        Some(limit @ 1..=200) => Ok(limit),
        Some(_) => Err(Refusal::invalid("limit (1–200)")),
    }
}
