//! SockJS: sessions for peers that WebSockets do not reach, and the same URLs for those they do.
//!
//! A [`SockJs`] answers everything below a base path: `info`, the greeting, WebSockets with and without frames,
//! `xhr_streaming`, `xhr` with `xhr_send`, and `eventsource`. What lives on a session is the [`Service`]'s business. `jsonp`,
//! `htmlfile` and the iframes are left out: they run what is sent as a script or are framed by anybody, and every browser of
//! today has one of the others.

mod frame;
mod framed;
mod headers;
mod path;
mod peer;
mod receiver;
mod session;
mod table;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;

use wire::sockjs as json;

use self::framed::FramedSession;
use self::path::Endpoint;
use self::peer::Carrier;
use self::receiver::{Kind, Receiver};
use self::session::{HttpSession, NotTaken, Shared};
use self::table::{Full, Known, Table};
use super::websocket;
use crate::Upgrade;

pub use self::peer::{Over, Session};

/// Who may have sessions, and what lives on them.
pub trait Service: Send + Sync + 'static {
    /// Who makes a request, as far as it tells. A session takes later requests of the same caller only.
    type Caller: PartialEq + Send + Sync + 'static;
    /// What a new session begins with.
    type Opening: Send + 'static;

    /// Asked on every request, before anything else: may a page of its Origin call, and who calls? Without a reason of its
    /// own to refuse it lets everybody pass: an answer tells any page what it asked for.
    ///
    /// # Errors
    /// The answer to a request that may not be made.
    fn caller(&self, request: &Parts) -> impl Future<Output = Result<Self::Caller, Response>> + Send;

    /// Asked before a session is opened: limits on addresses and the like.
    ///
    /// # Errors
    /// The answer to a request that may not open one.
    fn open(
        &self,
        request: &Parts,
        caller: &Self::Caller,
    ) -> impl Future<Output = Result<Self::Opening, Response>> + Send;

    /// Starts what lives on a new session, and does not wait for it.
    fn serve(&self, session: Session, opening: Self::Opening);
}

/// What sessions are held to.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether WebSockets are offered.
    pub websocket: bool,
    /// Sub-protocols that a WebSocket may choose from, the best first.
    pub sub_protocols: &'static [&'static str],
    /// Whether a cookie `JSESSIONID` is set, for balancers that keep a client at one server by it.
    pub cookie: bool,
    /// Sessions over HTTP at once; 0 is no limit. WebSockets are not among them.
    pub sessions_max: usize,
    /// Octets that wait in a session for its peer; then its server waits.
    pub waiting_bytes_max: usize,
    /// Octets of one `xhr_send` or message of a WebSocket; as much may wait for the server to read.
    pub posted_bytes_max: usize,
    /// Frames of one message of a WebSocket.
    pub fragments_max: usize,
    /// For the body of an `xhr_send` to come, and for the server to read what was posted before.
    pub post_timeout: Duration,
    /// From the end of a session's last receiver to the end of the session.
    pub disconnect_delay: Duration,
    /// Between two `h` frames where there is nothing else to say.
    pub heart_beat: Duration,
    /// Octets of one streaming response; then the peer has to ask again.
    pub response_bytes_max: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            websocket: true,
            sub_protocols: &[],
            cookie: false,
            sessions_max: 10_000,
            waiting_bytes_max: 64 * 1024,
            posted_bytes_max: 256 * 1024,
            fragments_max: 1024,
            post_timeout: Duration::from_secs(10),
            disconnect_delay: Duration::from_secs(5),
            heart_beat: Duration::from_secs(25),
            response_bytes_max: 128 * 1024,
        }
    }
}

impl Options {
    /// The default, with the sub-protocols of STOMP: for sessions that [`Broker::serve`](crate::Broker::serve) gets.
    pub fn stomp() -> Options {
        Options {
            sub_protocols: websocket::STOMP,
            ..Options::default()
        }
    }
}

/// Sessions of one service. Cheap to clone; clones share their sessions.
pub struct SockJs<S: Service>(Arc<Inner<S>>);

struct Inner<S: Service> {
    service: S,
    options: Arc<Options>,
    table: Table<S::Caller>,
}

impl<S: Service> Clone for SockJs<S> {
    fn clone(&self) -> Self {
        SockJs(Arc::clone(&self.0))
    }
}

const GREETING: &str = "Welcome to SockJS!\n";
const GET: &str = "GET";
const OPTIONS_GET: &str = "OPTIONS, GET";
const OPTIONS_POST: &str = "OPTIONS, POST";

impl<S: Service> SockJs<S> {
    /// No sessions yet.
    pub fn new(service: S, options: Options) -> SockJs<S> {
        SockJs(Arc::new(Inner {
            service,
            table: Table::new(options.sessions_max, options.disconnect_delay),
            options: Arc::new(options),
        }))
    }

    /// Everything below `base`, which begins with a slash and does not end with one. A WebSocket handshake at `base`
    /// itself is answered like one at `base/websocket`. Bases may lie below each other: the longest counts, and each has
    /// its own sessions.
    pub fn router(&self, base: &'static str) -> Router {
        let sockjs = self.clone();
        let answer = move |request: Request| async move { sockjs.answer(base, request).await };
        Router::new()
            .route(base, any(answer.clone()))
            .route(&format!("{base}/"), any(answer.clone()))
            .route(&format!("{base}/{{*rest}}"), any(answer))
    }

    async fn answer(&self, base: &'static str, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let uri = parts.uri.clone();
        let rest = uri.path().strip_prefix(base).and_then(path::parse);
        let Some(endpoint) = rest.filter(|endpoint| self.offers(*endpoint)) else {
            return headers::status(StatusCode::NOT_FOUND);
        };
        let caller = match self.0.service.caller(&parts).await {
            Ok(caller) => caller,
            Err(refused) => return refused,
        };
        let is_upgrade = parts.headers.contains_key(header::UPGRADE);
        match endpoint {
            Endpoint::Greeting if is_upgrade && self.0.options.websocket => {
                self.websocket(Endpoint::Raw, parts, caller).await
            }
            Endpoint::Raw | Endpoint::Framed => self.websocket(endpoint, parts, caller).await,
            Endpoint::Greeting => greeting(&parts),
            Endpoint::Info => headers::readable(self.info(&parts.method), &parts.headers),
            Endpoint::Listen { session, kind } => {
                let name = (base, Box::from(session));
                let response = self.listen(name, kind, &parts, body, caller).await;
                self.of_session(response, &parts)
            }
            Endpoint::Post { session } => {
                let name = (base, Box::from(session));
                let response = self.post(&name, &parts.method, body, &caller).await;
                self.of_session(response, &parts)
            }
        }
    }

    fn offers(&self, endpoint: Endpoint<'_>) -> bool {
        self.0.options.websocket || !matches!(endpoint, Endpoint::Raw | Endpoint::Framed)
    }

    fn of_session(&self, response: Response, request: &Parts) -> Response {
        let response = headers::readable(response, &request.headers);
        if self.0.options.cookie {
            headers::with_cookie(response, &request.headers)
        } else {
            response
        }
    }

    fn info(&self, method: &Method) -> Response {
        match *method {
            Method::GET => {}
            Method::OPTIONS => return headers::preflight(OPTIONS_GET),
            _ => return headers::not_allowed(OPTIONS_GET),
        }
        let Ok(entropy) = getrandom::u32() else {
            return headers::status(StatusCode::SERVICE_UNAVAILABLE);
        };
        let Options { websocket, cookie, .. } = *self.0.options;
        let info =
            format!(r#"{{"websocket":{websocket},"origins":["*:*"],"cookie_needed":{cookie},"entropy":{entropy}}}"#);
        headers::fresh(Response::new(Body::from(info)), headers::JSON)
    }

    async fn websocket(&self, endpoint: Endpoint<'_>, mut parts: Parts, caller: S::Caller) -> Response {
        if parts.method != Method::GET {
            return headers::not_allowed(GET);
        }
        let upgrade = match Upgrade::from_request_parts(&mut parts, &()).await {
            Ok(upgrade) => upgrade,
            Err(_) => return headers::text(StatusCode::BAD_REQUEST, "Can \"Upgrade\" only to \"WebSocket\"."),
        };
        let opening = match self.0.service.open(&parts, &caller).await {
            Ok(opening) => opening,
            Err(refused) => return refused,
        };
        let options = &self.0.options;
        let (response, accepting) = upgrade.accept(options.sub_protocols);
        let limits = wire::websocket::Limits {
            message_bytes_max: options.posted_bytes_max,
            fragments_max: options.fragments_max,
        };
        let (inner, is_raw) = (Arc::clone(&self.0), endpoint == Endpoint::Raw);
        tokio::spawn(async move {
            let Some(socket) = accepting.socket(limits).await else {
                return;
            };
            let carrier = if is_raw {
                Some(Carrier::Raw(Box::new(socket)))
            } else {
                let opened = FramedSession::open(socket, inner.options.heart_beat).await;
                opened.map(|session| Carrier::Framed(Box::new(session)))
            };
            if let Some(carrier) = carrier {
                inner.service.serve(Session(carrier), opening);
            }
        });
        response
    }

    /// A receiver of a session, which is opened if it is not there.
    async fn listen(&self, name: table::Name, kind: Kind, parts: &Parts, body: Body, caller: S::Caller) -> Response {
        let (method, methods) = match kind {
            Kind::EventSource => (Method::GET, GET),
            Kind::Xhr | Kind::XhrStreaming => (Method::POST, OPTIONS_POST),
        };
        if parts.method == Method::OPTIONS && kind != Kind::EventSource {
            return headers::preflight(methods);
        }
        if parts.method != method {
            return headers::not_allowed(methods);
        }
        // Nothing is said there, but what is left unread closes the connection, and the answer may be lost with it.
        if let Err(refused) = self.posted(body).await {
            return refused;
        }
        match self.session(name, parts, caller).await {
            Ok(shared) => receive(shared, kind),
            Err(refused) => refused,
        }
    }

    async fn session(&self, name: table::Name, parts: &Parts, caller: S::Caller) -> Result<Arc<Shared>, Response> {
        let Inner {
            service,
            options,
            table,
        } = &*self.0;
        match table.find(&name, &caller) {
            Known::Session(shared) => return Ok(shared),
            Known::Foreign => return Err(headers::status(StatusCode::NOT_FOUND)),
            Known::Nothing => {}
        }
        let opening = service.open(parts, &caller).await?;
        match table.find_or_enter(name, caller, || Shared::new(Arc::clone(options))) {
            Ok((Known::Session(shared), None)) => Ok(shared),
            Ok((Known::Session(shared), Some(place))) => {
                let session = HttpSession::new(Arc::clone(&shared), place);
                service.serve(Session(Carrier::Http(session)), opening);
                Ok(shared)
            }
            Ok(_) => Err(headers::status(StatusCode::NOT_FOUND)),
            Err(Full) => {
                metrics::counter!("sockjs_refused_total").increment(1);
                Err(headers::status(StatusCode::SERVICE_UNAVAILABLE))
            }
        }
    }

    async fn post(&self, name: &table::Name, method: &Method, body: Body, caller: &S::Caller) -> Response {
        match *method {
            Method::POST => {}
            Method::OPTIONS => return headers::preflight(OPTIONS_POST),
            _ => return headers::not_allowed(OPTIONS_POST),
        }
        let Known::Session(shared) = self.0.table.find(name, caller) else {
            return headers::not_kept(headers::status(StatusCode::NOT_FOUND));
        };
        let messages = match self.posted(body).await {
            Ok(body) => read(&body),
            Err(refused) => return refused,
        };
        let posted = match messages {
            Ok(messages) => shared.post(messages).await,
            Err(why) => return headers::not_kept(headers::text(StatusCode::INTERNAL_SERVER_ERROR, why)),
        };
        match posted {
            Ok(()) => headers::fresh(headers::status(StatusCode::NO_CONTENT), headers::TEXT),
            Err(NotTaken::Unknown) => headers::not_kept(headers::status(StatusCode::NOT_FOUND)),
            Err(NotTaken::Full) => headers::not_kept(headers::status(StatusCode::SERVICE_UNAVAILABLE)),
        }
    }

    /// All of a body, if it is not too long and there in time.
    async fn posted(&self, body: Body) -> Result<Bytes, Response> {
        let options = &self.0.options;
        let body = axum::body::to_bytes(body, options.posted_bytes_max);
        match tokio::time::timeout(options.post_timeout, body).await {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(_)) => Err(headers::status(StatusCode::PAYLOAD_TOO_LARGE)),
            Err(_) => Err(headers::status(StatusCode::REQUEST_TIMEOUT)),
        }
    }
}

fn greeting(parts: &Parts) -> Response {
    match parts.method {
        Method::GET => headers::text(StatusCode::OK, GREETING),
        _ => headers::not_allowed(GET),
    }
}

fn receive(shared: Arc<Shared>, kind: Kind) -> Response {
    let body = match Receiver::attach(shared, kind) {
        Some(receiver) => Body::from_stream(receiver),
        None => {
            let refused = frame::close(2010, "Another connection still open");
            Body::from_stream(futures_util::stream::iter(receiver::only(kind, &refused)))
        }
    };
    let content_type = match kind {
        Kind::EventSource => headers::EVENTS,
        Kind::Xhr | Kind::XhrStreaming => headers::SCRIPT,
    };
    let mut response = headers::fresh(body.into_response(), content_type);
    // A proxy that gathers would hold back frames.
    response
        .headers_mut()
        .insert("x-accel-buffering", header::HeaderValue::from_static("no"));
    response
}

/// The messages of a body, or what is wrong with it.
fn read(body: &Bytes) -> Result<Vec<String>, &'static str> {
    const BROKEN: &str = "Broken JSON encoding.";
    let text = std::str::from_utf8(body).map_err(|_| BROKEN)?;
    match text.trim_start().bytes().next() {
        Some(b'[') => json::strings(text).map_err(|_| BROKEN),
        None | Some(b'"' | b'{' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => Err("Payload expected."),
        Some(_) => Err(BROKEN),
    }
}
