//! REST as a client of the documents uses it.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// A caller of one server. Clones share nothing but the address.
#[derive(Clone, Debug)]
pub struct Rest {
    base: String,
    http: reqwest::Client,
    headers: HeaderMap,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub what: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// Null where the body is not JSON.
    pub json: Value,
}

impl Rest {
    pub(crate) fn new(base: String) -> Rest {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Rest {
            base,
            http,
            headers: HeaderMap::new(),
        }
    }

    /// The same caller with one more header on each call.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Rest {
        let name = HeaderName::try_from(name).unwrap();
        self.headers.insert(name, HeaderValue::try_from(value).unwrap());
        self
    }

    /// The same caller with a bearer token.
    #[must_use]
    pub fn with_token(self, token: &str) -> Rest {
        self.with("authorization", &format!("Bearer {token}"))
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, |request| request).await
    }

    /// The headers of the answer to an upgrade that succeeds.
    pub async fn head_of_upgrade(&self, path: &str) -> HeaderMap {
        let request = self
            .http
            .get(format!("{}{path}", self.base))
            .headers(self.headers.clone());
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), 101);
        response.headers().clone()
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, |request| request.json(&body)).await
    }

    /// Puts JSON.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, |request| request.json(&body)).await
    }

    /// Deletes, with an empty body.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, |request| request).await
    }

    /// Any call; `fill` adds the body.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        fill: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Answer {
        let what = format!("{method} {path}");
        let request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .headers(self.headers.clone());
        let response = fill(request)
            .send()
            .await
            .unwrap_or_else(|error| panic!("{what}: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or_default();
        Answer {
            what,
            status,
            headers,
            text,
            json,
        }
    }
}

impl Answer {
    /// The JSON of a 200.
    #[track_caller]
    pub fn ok(self) -> Value {
        self.is(200)
    }

    /// The JSON of an answer with this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.what, self.text);
        self.json
    }

    /// A refusal as the contract words it: problem+json with the stable code and a sentence.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!(
            (self.status, self.code()),
            (status, code),
            "{}: {}",
            self.what,
            self.text
        );
        let kind = self.header("content-type");
        assert!(
            kind.starts_with("application/problem+json"),
            "{}: content-type {kind}",
            self.what
        );
        assert_eq!(self.json["status"], status, "{}: {}", self.what, self.text);
        for member in ["error", "title", "type"] {
            let text = self.json[member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{}: no {member}: {}", self.what, self.text);
        }
        self.json
    }

    /// The stable code of a refusal, or nothing.
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    /// A header's value, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}
