use axum::extract::FromRequestParts;
use axum::http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use sha1::{Digest, Sha1};
use wire::websocket::Limits;

use crate::transport::websocket::{Upgraded, WebSocket};

/// RFC 6455, 1.3: what a key is hashed with.
const MAGIC: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const KEY_BYTES: usize = 16;
const VERSION: &str = "13";

/// A WebSocket handshake (RFC 6455, 4.2) that was found to be one and has not been answered.
#[derive(Debug)]
pub struct Upgrade {
    accept: HeaderValue,
    /// Sub-protocols, in the order of the client's liking.
    offered: Vec<HeaderValue>,
    on_upgrade: OnUpgrade,
}

/// Why a request is no WebSocket handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoHandshake {
    /// Another method than GET. 405.
    #[error("A WebSocket handshake is a GET.")]
    Method,
    /// The headers Connection, Upgrade and Sec-WebSocket-Key do not ask for one. 400.
    #[error("This is for WebSocket clients: the request's headers do not ask for an upgrade to websocket.")]
    Headers,
    /// Another version than 13. 426, saying which there is.
    #[error("Only version 13 of WebSocket is spoken here.")]
    Version,
    /// The connection cannot be upgraded. 426.
    #[error("This connection cannot be upgraded.")]
    Connection,
}

impl IntoResponse for NoHandshake {
    fn into_response(self) -> Response {
        let status = match self {
            NoHandshake::Method => StatusCode::METHOD_NOT_ALLOWED,
            NoHandshake::Headers => StatusCode::BAD_REQUEST,
            NoHandshake::Version | NoHandshake::Connection => StatusCode::UPGRADE_REQUIRED,
        };
        (status, [(SEC_WEBSOCKET_VERSION, VERSION)], self.to_string()).into_response()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Upgrade {
    type Rejection = NoHandshake;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Upgrade, NoHandshake> {
        if parts.method != Method::GET {
            return Err(NoHandshake::Method);
        }
        if !has_token(&parts.headers, &CONNECTION, "upgrade") || !has_token(&parts.headers, &UPGRADE, "websocket") {
            return Err(NoHandshake::Headers);
        }
        if parts
            .headers
            .get(SEC_WEBSOCKET_VERSION)
            .is_none_or(|version| version != VERSION)
        {
            return Err(NoHandshake::Version);
        }
        let key = parts.headers.get(SEC_WEBSOCKET_KEY).ok_or(NoHandshake::Headers)?;
        let accept = accept(key).ok_or(NoHandshake::Headers)?;
        let on_upgrade = parts.extensions.remove::<OnUpgrade>().ok_or(NoHandshake::Connection)?;
        Ok(Upgrade {
            accept,
            offered: offered(&parts.headers),
            on_upgrade,
        })
    }
}

impl Upgrade {
    /// The answer, and the socket once that was written. Of the sub-protocols offered the first in `known` is chosen;
    /// none, if none was offered or is known.
    pub(crate) fn accept(self, known: &'static [&'static str]) -> (Response, Accepting) {
        let chosen = known
            .iter()
            .find(|known| self.offered.iter().any(|offered| offered == **known));
        let headers = [
            (CONNECTION, HeaderValue::from_static("upgrade")),
            (UPGRADE, HeaderValue::from_static("websocket")),
            (SEC_WEBSOCKET_ACCEPT, self.accept),
        ];
        let mut response = (StatusCode::SWITCHING_PROTOCOLS, headers).into_response();
        if let Some(chosen) = chosen {
            let chosen = HeaderValue::from_static(chosen);
            response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, chosen);
        }
        (response, Accepting(self.on_upgrade))
    }
}

/// A handshake whose answer is on its way.
pub(crate) struct Accepting(OnUpgrade);

impl Accepting {
    /// The socket; none if the peer went before.
    pub(crate) async fn socket(self, limits: Limits) -> Option<Upgraded> {
        let stream = TokioIo::new(self.0.await.ok()?);
        Some(WebSocket::new(stream, limits))
    }
}

fn accept(key: &HeaderValue) -> Option<HeaderValue> {
    let octets = STANDARD.decode(key).ok()?;
    if octets.len() != KEY_BYTES {
        return None;
    }
    let hash = Sha1::new().chain_update(key).chain_update(MAGIC).finalize();
    HeaderValue::try_from(STANDARD.encode(hash)).ok()
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    tokens(headers, name).any(|known| known.eq_ignore_ascii_case(token))
}

fn offered(headers: &HeaderMap) -> Vec<HeaderValue> {
    let tokens = tokens(headers, &SEC_WEBSOCKET_PROTOCOL);
    tokens.filter_map(|token| HeaderValue::from_str(token).ok()).collect()
}

fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}
