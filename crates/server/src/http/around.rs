//! What stands around every request: its id in all log lines, its time limit, and answers that keep to one form.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use futures_util::FutureExt;
use metrics::{counter, histogram};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};
use tracing::Instrument;

use crate::config::Config;
use crate::network::{Network, peer_of};
use crate::problem::{Code, Refusal};
use crate::texts::Locale;

/// From a request's head to its answer's head; a body that trickles in is cut by it. Upgrades answer at once.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// How long a browser may keep the answer to a preflight.
const PREFLIGHT_FOR: Duration = Duration::from_secs(600);
const HSTS: &str = "max-age=31536000";

/// What the edge knows of the settings. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Around {
    network: Network,
    default_locale: Locale,
    body_bytes_max: usize,
    allowed_origins: Vec<HeaderValue>,
}

impl Around {
    /// As the settings say; `network` is the one that handshakes are judged by.
    pub fn new(config: &Config, network: Network) -> Self {
        let origins = config.server.allowed_origins.iter();
        Self {
            network,
            default_locale: config.server.default_locale,
            body_bytes_max: config.limits.http_body_bytes,
            allowed_origins: origins.filter_map(|o| o.parse().ok()).collect(),
        }
    }

    fn locale(&self, headers: &HeaderMap) -> Locale {
        let asked = headers.get(header::ACCEPT_LANGUAGE);
        asked
            .and_then(|value| Locale::accepted(value.to_str().ok()?))
            .unwrap_or(self.default_locale)
    }
}

/// The router with all of it around, outermost last. `sockets` answer pages of other origins by themselves.
pub fn around(router: Router, sockets: Router, around: Around) -> Router {
    let in_form = |router: Router| {
        router
            .layer(DefaultBodyLimit::max(around.body_bytes_max))
            .layer(from_fn_with_state(around.clone(), answer_in_form))
    };
    let router = match around.allowed_origins.as_slice() {
        [] => in_form(router),
        allowed => in_form(router).layer(cors(allowed)),
    };
    let router = router.merge(in_form(sockets));
    router.layer(from_fn_with_state(around, follow))
}

/// Pages of other origins may call the API with a token in `Authorization`, if the settings name them. The log-in cookie
/// is for the server's own pages: it is never sent along.
fn cors(allowed: &[HeaderValue]) -> CorsLayer {
    let origin = if allowed.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(allowed.to_vec())
    };
    CorsLayer::new()
        .allow_origin(origin)
        .allow_methods(AllowMethods::list([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::DELETE,
        ]))
        .allow_headers(AllowHeaders::list([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT_LANGUAGE,
        ]))
        .expose_headers([header::LOCATION, header::RETRY_AFTER])
        .max_age(PREFLIGHT_FOR)
}

/// Gives the request an id, which all its log lines and its answer carry, and counts it.
async fn follow(State(around): State<Around>, request: Request, next: Next) -> Response {
    let id = uuid::Uuid::now_v7().simple().to_string();
    let begun = Instant::now();
    let (parts, body) = request.into_parts();
    let is_https = around.network.is_https(peer_of(&parts), &parts.headers);
    let request = Request::from_parts(parts, body);
    let (method, route) = (request.method().clone(), route_of(&request));
    let span = tracing::info_span!("request", id, %method, path = request.uri().path());
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    let took = begun.elapsed();
    span.in_scope(|| tracing::debug!(status = status.as_u16(), ?took, "answered"));
    histogram!("http_request_seconds", "route" => route.clone()).record(took);
    counter!("http_requests_total", "method" => known(&method), "route" => route, "status" => status.as_u16().to_string())
        .increment(1);
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-request-id", id);
    }
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::REFERRER_POLICY, "same-origin");
    if is_https {
        set(headers, header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    response
}

/// Within the time limit, without panics, and under `/api` every error as a problem and nothing to be kept by caches.
async fn answer_in_form(State(around): State<Around>, request: Request, next: Next) -> Response {
    let locale = around.locale(request.headers());
    let is_api = request.uri().path().starts_with("/api/");
    let too_large = declared_length(request.headers()) > around.body_bytes_max as u64;
    let mut response = if is_api && too_large {
        Refusal::new(Code::TooLarge).response(locale)
    } else {
        answered(next.run(request), locale).await
    };
    if is_api {
        response = as_problem(response, locale);
        let headers = response.headers_mut();
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
    }
    response
}

async fn answered(answer: impl Future<Output = Response>, locale: Locale) -> Response {
    let whole = AssertUnwindSafe(answer).catch_unwind();
    match tokio::time::timeout(ANSWER_WITHIN, whole).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Refusal::failed("a request", &"its handler panicked").response(locale),
        Err(_) => Refusal::new(Code::Unavailable).response(locale),
    }
}

/// An error that is not yet a problem (unknown path, other method, what an extractor refused) becomes one; the headers
/// that say what would be right (`Allow`, …) stay.
fn as_problem(response: Response, locale: Locale) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let kind = response.headers().get(header::CONTENT_TYPE);
    if !is_error || kind.is_some_and(|kind| kind == "application/problem+json") {
        return response;
    }
    let mut problem = Refusal::new(code_of(status)).response(locale);
    let headers = response.headers().iter();
    for (name, value) in headers.filter(|(name, _)| !is_about_body(name)) {
        problem.headers_mut().insert(name.clone(), value.clone());
    }
    problem
}

fn is_about_body(name: &header::HeaderName) -> bool {
    [
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::CONTENT_LANGUAGE,
        header::CONTENT_ENCODING,
    ]
    .contains(name)
}

fn code_of(status: StatusCode) -> Code {
    match status {
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::Forbidden,
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge,
        StatusCode::TOO_MANY_REQUESTS => Code::RateLimited,
        status if status.is_client_error() => Code::InvalidRequest,
        _ => Code::Unavailable,
    }
}

fn declared_length(headers: &HeaderMap) -> u64 {
    headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .unwrap_or(0)
}

/// The route as it is written in the table: one label however many ids there are.
fn route_of(request: &Request) -> String {
    let matched = request.extensions().get::<MatchedPath>();
    matched.map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned())
}

/// A method as a label: peers may invent methods, and each would be a metric of its own.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
