//! What handlers take from a request: who calls, in which language to answer, and a JSON body.

use std::net::IpAddr;

use axum::extract::{FromRef, FromRequest, FromRequestParts, OptionalFromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::{Accounts, Principal};
use crate::network::peer_of;
use crate::problem::{Code, Refusal};
use crate::texts::{Locale, TextKey};

/// The cookie of a log-in.
pub const COOKIE: &str = "maru_session";

/// Who calls, and the language to answer in. Refuses a request without a log-in; `Option<Caller>` takes it.
#[derive(Clone, Debug)]
pub struct Caller {
    pub principal: Principal,
    pub locale: Locale,
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Accounts: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let accounts = Accounts::from_ref(state);
        let locale = locale(&accounts, &parts.headers);
        match accounts.caller(parts).await {
            Ok(Some(principal)) => Ok(Self { principal, locale }),
            Ok(None) => Err(Refusal::new(Code::Unauthenticated).response(locale)),
            Err(refusal) => Err(refusal.response(locale)),
        }
    }
}

impl<S> OptionalFromRequestParts<S> for Caller
where
    S: Send + Sync,
    Accounts: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Response> {
        let accounts = Accounts::from_ref(state);
        let locale = locale(&accounts, &parts.headers);
        match accounts.caller(parts).await {
            Ok(principal) => Ok(principal.map(|principal| Self { principal, locale })),
            Err(refusal) => Err(refusal.response(locale)),
        }
    }
}

/// The language to answer in: `Accept-Language`, else `server.default_locale`.
#[derive(Clone, Copy, Debug)]
pub struct Language(pub Locale);

impl<S> FromRequestParts<S> for Language
where
    S: Send + Sync,
    Accounts: FromRef<S>,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(locale(&Accounts::from_ref(state), &parts.headers)))
    }
}

fn locale(accounts: &Accounts, headers: &HeaderMap) -> Locale {
    let asked = headers.get(header::ACCEPT_LANGUAGE);
    accounts.locale(asked.and_then(|value| value.to_str().ok()))
}

/// A JSON body; an empty one is `{}`. Members that `T` does not know are refused by name if `T` has `deny_unknown_fields`.
#[derive(Clone, Copy, Debug)]
pub struct Body<T>(pub T);

impl<S, T> FromRequest<S> for Body<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
    Accounts: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let locale = locale(&Accounts::from_ref(state), request.headers());
        let refuse = |refusal: Refusal| refusal.response(locale);
        let bytes = Bytes::from_request(request, state).await.map_err(|r| {
            refuse(match r.status() {
                StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge.into(),
                _ => Code::InvalidRequest.into(),
            })
        })?;
        let json: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        wire::object(json).map(Self).map_err(|error| refuse(error.into()))
    }
}

impl Accounts {
    /// Who makes this request: the bearer of its `Authorization`, else of its cookie, which counts for more than
    /// reading only from an origin of ours. `None` if it names nobody.
    ///
    /// # Errors
    /// `unauthenticated` for a log-in that is not good, `forbidden` for a cookie without a fit `Origin`.
    pub async fn caller(&self, parts: &Parts) -> Result<Option<Principal>, Refusal> {
        if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
            let jwt = value.to_str().ok().and_then(bearer);
            let jwt = jwt.ok_or_else(|| Refusal::new(Code::Unauthenticated))?;
            return self.from_bearer(jwt).await.map(Some);
        }
        self.cookie_caller(parts).await
    }

    /// Who makes this handshake of a WebSocket: as [`Accounts::caller`], or the bearer of the token in the pair of
    /// sub-protocols `bearer, <token>`, or of a ticket in the query.
    ///
    /// # Errors
    /// As [`Accounts::caller`].
    pub async fn handshake_caller(&self, parts: &Parts) -> Result<Option<Principal>, Refusal> {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            if let Some(jwt) = offered_token(&parts.headers) {
                return self.from_bearer(jwt).await.map(Some);
            }
            if let Some(ticket) = asked(parts, "ticket") {
                return self.from_ticket(&ticket).await.map(Some);
            }
        }
        self.caller(parts).await
    }

    /// As [`Accounts::caller`], by the cookie only.
    pub(super) async fn cookie_caller(&self, parts: &Parts) -> Result<Option<Principal>, Refusal> {
        let Some(cookie) = cookie(&parts.headers) else {
            return Ok(None);
        };
        if !self.cookie_origin_fits(parts) {
            return Err(Refusal::saying(Code::Forbidden, TextKey("error-origin")));
        }
        self.from_cookie(cookie).await.map(Some)
    }

    fn cookie_origin_fits(&self, parts: &Parts) -> bool {
        let only_reads =
            matches!(parts.method, Method::GET | Method::HEAD) && !parts.headers.contains_key(header::UPGRADE);
        let named = parts.headers.contains_key(header::ORIGIN);
        (only_reads || named) && self.network().origin_allowed(peer_of(parts), &parts.headers)
    }
}

/// Who asks for a log-in: nobody yet, but from somewhere.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) address: IpAddr,
    pub(super) https: bool,
    /// A page of an origin that is not ours asks.
    pub(super) is_foreign: bool,
    pub(super) locale: Locale,
    pub(super) cookie: Option<String>,
}

impl Visitor {
    pub(super) fn of(accounts: &Accounts, parts: &Parts) -> Self {
        let (network, peer) = (accounts.network(), peer_of(parts));
        Self {
            address: network.client_address(peer, &parts.headers),
            https: network.is_https(peer, &parts.headers),
            is_foreign: !network.origin_allowed(peer, &parts.headers),
            locale: locale(accounts, &parts.headers),
            cookie: cookie(&parts.headers).map(str::to_owned),
        }
    }
}

/// The token in `Bearer <token>`.
pub fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The token in the pair of sub-protocols `bearer, <token>`.
fn offered_token(headers: &HeaderMap) -> Option<&str> {
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
    let mut offered = offered
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim);
    offered.find(|name| *name == "bearer")?;
    offered.next()
}

/// A parameter of the query, decoded.
fn asked(parts: &Parts, name: &str) -> Option<String> {
    let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) else {
        return None;
    };
    pairs
        .into_iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

/// The value of the cookie of a log-in.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.trim() == COOKIE)
        .map(|(_, value)| value.trim())
}
