//! People of a test: made by the command line, their tokens signed as another back end with the shared secret would.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use crate::{Connect, Feed, Maru, Rest, SECRET, Stomp};

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: i64,
    pub code: String,
    pub name: String,
    /// As in tokens: `AGENT`.
    pub role: String,
    /// Good for an hour.
    pub token: String,
}

impl Person {
    pub(crate) fn new(id: i64, code: &str, name: &str, role: &str) -> Person {
        let (code, name, role) = (code.to_owned(), name.to_owned(), role.to_uppercase());
        let mut person = Person {
            id,
            code,
            name,
            role,
            token: String::new(),
        };
        person.token = person.token_for(Duration::from_secs(3600));
        person
    }

    /// The claims of a token of this person.
    pub fn claims(&self, ttl: Duration) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        json!({
            "sub": self.code, "uid": self.id, "name": self.name, "roles": [self.role],
            "iss": "maru", "aud": "maru", "iat": now, "exp": now + ttl.as_secs(),
            "jti": uuid::Uuid::new_v4().to_string(),
        })
    }

    /// A token that ends after `ttl`.
    pub fn token_for(&self, ttl: Duration) -> String {
        sign(&self.claims(ttl), SECRET)
    }

    /// REST as this person.
    pub fn rest(&self, maru: &Maru) -> Rest {
        maru.rest().with_token(&self.token)
    }

    /// A STOMP connection as this person.
    pub async fn stomp(&self, maru: &Maru) -> Stomp {
        Connect::to(maru).token(&self.token).ok().await
    }

    /// A connection of this person that has subscribed to the session's topic.
    pub async fn enter(&self, maru: &Maru, session: i64) -> (Stomp, Feed) {
        let stomp = self.stomp(maru).await;
        let topic = stomp.subscribe(&format!("/topic/chat/{session}")).await;
        (stomp, topic)
    }
}

/// A token with these claims.
pub fn sign(claims: &Value, secret: &str) -> String {
    jsonwebtoken::encode(&Header::default(), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}
