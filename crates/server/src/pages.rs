//! The pages: the built web part, inside the program (from disk in debug builds), under the URLs of its folders.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::config;
use crate::texts::{Locale, TextKey};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/dist"]
#[allow_missing = true]
struct Dist;

/// No inline script or style, nothing from elsewhere, no string that becomes script.
const POLICY: &str = "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; \
     require-trusted-types-for 'script'; trusted-types 'none'";
const WIDGET_FRAME: &str = "widget/frame.html";
const WIDGET_LOADER: &str = "widget.js";
/// Pages that make their own paths, with the files that stand behind them.
const WITH_PATHS: [(&str, &str); 2] = [("console", "console/index.html"), ("rooms", "rooms/index.html")];
/// Below this gzip gains nothing.
const GZIP_FROM_BYTES: usize = 512;

/// What every page says in a program that was built without its web part.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Maru</title>
<h1>Maru runs, but was built without its pages</h1>
<p>In the source folder run <code>make run</code>, or <code>npm ci &amp;&amp; npm run build</code> and then <code>cargo build --release --bin maru</code>.</p>
<p lang=\"ko\">화면 없이 빌드된 Maru입니다. 소스 폴더에서 <code>make run</code>을 실행해 주세요.</p>
";

/// Whether the web part is inside.
pub fn are_built() -> bool {
    Dist::get("index.html").is_some()
}

/// The pages of this program. Cheap to clone.
#[derive(Clone)]
pub struct Pages(Arc<Inner>);

struct Inner {
    default_locale: Locale,
    /// `frame-ancestors` of the widget's frame.
    embedders: HeaderValue,
    ours: HeaderValue,
    /// Files compressed so far, with the hash of what was compressed; as many as there are files.
    gzipped: Mutex<HashMap<String, ([u8; 32], Bytes)>>,
}

impl Pages {
    /// As the settings say who may embed the widget.
    pub fn new(server: &config::Server) -> Self {
        let ancestors = server.embed_origins.join(" ");
        Self(Arc::new(Inner {
            default_locale: server.default_locale,
            embedders: policy(&format!("'self' {ancestors}")),
            ours: policy("'none'"),
            gzipped: Mutex::default(),
        }))
    }

    /// Answers what no other route does.
    pub fn serve_rest_of(self, router: Router) -> Router {
        router.fallback_service(Router::new().fallback(page).with_state(self))
    }

    fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> Response {
        if path.starts_with("/api/") {
            return StatusCode::NOT_FOUND.into_response();
        }
        if !matches!(*method, Method::GET | Method::HEAD) {
            return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
        }
        match find(path) {
            Some((name, file)) => self.file(&name, file, headers),
            None if is_page(path) && !are_built() => self.not_built(),
            None => self.not_found(headers),
        }
    }

    fn file(&self, name: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
        let hash = file.metadata.sha256_hash();
        let gzipped = accepts_gzip(headers)
            .then(|| self.gzipped(name, &hash, &file.data))
            .flatten();
        let mut response = Response::default();
        self.describe(name, response.headers_mut());
        let tag = etag(&hash, gzipped.is_some());
        let is_known = headers
            .get(header::IF_NONE_MATCH)
            .and_then(|tags| tags.to_str().ok())
            .is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        if gzipped.is_some() {
            set(&mut response, header::CONTENT_ENCODING, "gzip");
        }
        let body = gzipped.unwrap_or_else(|| whole(file.data));
        *response.body_mut() = body.into();
        response
    }

    /// What is known of a file by its name: kind, who may keep it how long, what it may do.
    fn describe(&self, name: &str, headers: &mut HeaderMap) {
        let kind = mime_guess::from_path(name).first_or_octet_stream();
        let kind = match (kind.type_().as_str(), kind.subtype().as_str()) {
            ("text", _) | (_, "javascript" | "json") => format!("{kind}; charset=utf-8"),
            _ => kind.to_string(),
        };
        if let Ok(kind) = HeaderValue::from_str(&kind) {
            headers.insert(header::CONTENT_TYPE, kind);
        }
        let keep = match name {
            WIDGET_LOADER => "public, max-age=300",
            _ if name.starts_with("assets/") => "public, max-age=31536000, immutable",
            _ => "no-cache",
        };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        let others = match name {
            WIDGET_LOADER | WIDGET_FRAME => "cross-origin",
            _ => "same-origin",
        };
        let resource_policy = HeaderName::from_static("cross-origin-resource-policy");
        headers.insert(resource_policy, HeaderValue::from_static(others));
        if name.ends_with(".html") {
            self.guard(name, headers);
        }
    }

    fn guard(&self, name: &str, headers: &mut HeaderMap) {
        if name == WIDGET_FRAME {
            headers.insert(header::CONTENT_SECURITY_POLICY, self.0.embedders.clone());
            return;
        }
        headers.insert(header::CONTENT_SECURITY_POLICY, self.0.ours.clone());
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        let opener_policy = HeaderName::from_static("cross-origin-opener-policy");
        headers.insert(opener_policy, HeaderValue::from_static("same-origin"));
    }

    /// The compressed file, made at its first request; none where compressing gains nothing, nor in debug builds, whose
    /// files change.
    fn gzipped(&self, name: &str, hash: &[u8; 32], data: &[u8]) -> Option<Bytes> {
        if cfg!(debug_assertions) || data.len() < GZIP_FROM_BYTES || !is_text(name) {
            return None;
        }
        let known = || {
            let all = self.0.gzipped.lock().unwrap_or_else(PoisonError::into_inner);
            let (of, bytes) = all.get(name)?;
            (of == hash).then(|| bytes.clone())
        };
        if let Some(bytes) = known() {
            return Some(bytes);
        }
        let bytes = gzip(data)?;
        let mut all = self.0.gzipped.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(name.to_owned(), (*hash, bytes.clone()));
        Some(bytes)
    }

    fn not_built(&self) -> Response {
        let mut response = NOT_BUILT.into_response();
        self.describe("index.html", response.headers_mut());
        response
    }

    fn not_found(&self, headers: &HeaderMap) -> Response {
        let asked = headers.get(header::ACCEPT_LANGUAGE);
        let locale = asked
            .and_then(|value| Locale::accepted(value.to_str().ok()?))
            .unwrap_or(self.0.default_locale);
        let sentence = TextKey("error-not-found").say(locale, &[]);
        (StatusCode::NOT_FOUND, sentence).into_response()
    }
}

async fn page(State(pages): State<Pages>, request: Request) -> Response {
    pages.answer(request.method(), request.uri().path(), request.headers())
}

/// The file that a path means, with its name.
fn find(path: &str) -> Option<(Cow<'_, str>, EmbeddedFile)> {
    let path = path.trim_matches('/');
    let candidates = [
        Cow::Borrowed(path),
        Cow::Owned(format!("{path}/index.html")),
        Cow::Owned(format!("{path}.html")),
    ];
    let name = if path.is_empty() {
        Cow::Borrowed("index.html")
    } else if let Some(found) = candidates.into_iter().find(|name| Dist::get(name).is_some()) {
        found
    } else {
        Cow::Borrowed(page_with_paths(path)?)
    };
    let file = Dist::get(&name)?;
    Some((name, file))
}

/// Whether a person would open this path.
fn is_page(path: &str) -> bool {
    let path = path.trim_matches('/');
    matches!(path, "" | "support" | "shop" | "widget/frame") || page_with_paths(path).is_some()
}

/// The file of the page that makes this path itself.
fn page_with_paths(path: &str) -> Option<&'static str> {
    let first = path.split('/').next();
    let found = WITH_PATHS.iter().find(|(name, _)| first == Some(*name));
    found.map(|(_, file)| *file)
}

fn is_text(name: &str) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default();
    matches!(ending, "html" | "js" | "mjs" | "css" | "json" | "svg" | "txt" | "map")
}

fn whole(data: Cow<'static, [u8]>) -> Bytes {
    match data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => Bytes::from(data),
    }
}

fn gzip(data: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// Whether `Accept-Encoding` names gzip, and not with a weight of zero.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING);
    let accepted = accepted.and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_some_and(|q| q > 0.0)
    })
}

/// A strong tag: other bytes, another tag.
fn etag(hash: &[u8; 32], is_gzipped: bool) -> String {
    let hex: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    if is_gzipped {
        format!("\"{hex}-gz\"")
    } else {
        format!("\"{hex}\"")
    }
}

fn policy(ancestors: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("{POLICY}; frame-ancestors {ancestors}"))
        .expect("origins were checked when the settings were read")
}

fn set(response: &mut Response, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Pages {
        let mut config = config::Config::load(None).unwrap();
        config.server.embed_origins = vec!["https://shop.example".into()];
        Pages::new(&config.server)
    }

    fn headers_of(name: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        pages().describe(name, &mut headers);
        headers
    }

    #[test]
    fn only_the_widgets_frame_may_be_embedded() {
        let frame = headers_of(WIDGET_FRAME);
        let policy = frame[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.ends_with("frame-ancestors 'self' https://shop.example"));
        for name in [
            "index.html",
            "support/index.html",
            "rooms/index.html",
            "console/index.html",
        ] {
            let page = headers_of(name);
            let policy = page[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.ends_with("frame-ancestors 'none'"), "{name}: {policy}");
            assert!(policy.contains("require-trusted-types-for 'script'"));
            assert!(!policy.contains("unsafe"));
        }
    }

    #[test]
    fn hashed_files_are_kept_for_ever_and_pages_are_asked_for_again() {
        let keep = |name| headers_of(name)[header::CACHE_CONTROL].clone();
        assert!(keep("assets/app-1a2b.js").to_str().unwrap().contains("immutable"));
        assert_eq!(keep("index.html"), "no-cache");
        assert_eq!(keep(WIDGET_LOADER), "public, max-age=300");
    }

    #[test]
    fn a_weight_of_zero_refuses_gzip() {
        let accepts = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            accepts_gzip(&headers)
        };
        assert!(accepts("gzip, deflate, br"));
        assert!(accepts("br;q=1.0, gzip;q=0.8"));
        assert!(!accepts("gzip;q=0, br"));
        assert!(!accepts("br"));
    }

    #[test]
    fn paths_outside_the_folder_mean_nothing() {
        for path in ["/../Cargo.toml", "/assets/../../package.json", "//etc/passwd"] {
            assert!(find(path).is_none(), "{path}");
        }
    }
}
