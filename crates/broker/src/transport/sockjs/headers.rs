//! What every answer says of origins and of being kept, and the answers that are nothing else.

use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

const YEAR: Duration = Duration::from_secs(31_536_000);
const KEPT_A_YEAR: &str = "public, max-age=31536000";
const NOT_KEPT: &str = "no-store, no-cache, no-transform, must-revalidate, max-age=0";
const COOKIE: &str = "JSESSIONID";
const COOKIE_BYTES_MAX: usize = 128;

pub(super) const TEXT: &str = "text/plain; charset=UTF-8";
pub(super) const JSON: &str = "application/json; charset=UTF-8";
pub(super) const SCRIPT: &str = "application/javascript; charset=UTF-8";
pub(super) const EVENTS: &str = "text/event-stream";

pub(super) fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

pub(super) fn text(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    set(response.headers_mut(), header::CONTENT_TYPE, TEXT);
    response
}

pub(super) fn not_allowed(allow: &'static str) -> Response {
    let mut response = status(StatusCode::METHOD_NOT_ALLOWED);
    set(response.headers_mut(), header::ALLOW, allow);
    response
}

/// The answer to a preflight: these methods, for a year.
pub(super) fn preflight(allow: &'static str) -> Response {
    let mut response = status(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    set(headers, header::CACHE_CONTROL, KEPT_A_YEAR);
    set(headers, header::ACCESS_CONTROL_ALLOW_METHODS, allow);
    set(headers, header::ACCESS_CONTROL_MAX_AGE, "31536000");
    let expires = httpdate::fmt_http_date(SystemTime::now() + YEAR);
    headers.insert(
        header::EXPIRES,
        HeaderValue::try_from(expires).expect("a date is a header"),
    );
    response
}

/// The response with content that is made for this request and must not be kept.
pub(super) fn fresh(mut response: Response, content_type: &'static str) -> Response {
    set(response.headers_mut(), header::CONTENT_TYPE, content_type);
    not_kept(response)
}

pub(super) fn not_kept(mut response: Response) -> Response {
    set(response.headers_mut(), header::CACHE_CONTROL, NOT_KEPT);
    response
}

/// The page that asked may read the answer: whether its origin may ask at all was looked at before.
pub(super) fn readable(mut response: Response, request: &HeaderMap) -> Response {
    let headers = response.headers_mut();
    match request.get(header::ORIGIN) {
        Some(origin) => {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            set(headers, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
        None => set(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    }
    set(headers, header::VARY, "Origin");
    if let Some(asked) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS)
        && !asked.is_empty()
    {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    response
}

/// For balancers that keep a client at one server by a cookie.
pub(super) fn with_cookie(mut response: Response, request: &HeaderMap) -> Response {
    let cookie = format!("{COOKIE}={}; path=/", cookie(request).unwrap_or("dummy"));
    let cookie = HeaderValue::try_from(cookie).expect("a checked value is a header");
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}

fn cookie(request: &HeaderMap) -> Option<&str> {
    let lines = request.get_all(header::COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let (_, value) = pairs
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.trim() == COOKIE)?;
    let value = value.trim();
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~!".contains(&octet);
    (!value.is_empty() && value.len() <= COOKIE_BYTES_MAX && value.bytes().all(is_plain)).then_some(value)
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
