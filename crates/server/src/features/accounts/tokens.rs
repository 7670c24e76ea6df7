//! Access tokens (JWT), refresh tokens and cookie values: made and read, never stored as they are.
//!
//! A refresh token is the log-in's identity and a generation under a MAC. So an old one is known for what it is
//! without keeping every token ever given, a guessed one ends nobody's log-in, and the database alone makes none.

use aws_lc_rs::{digest, hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::rules::{Account, Claims, Login, invalid};
use crate::problem::Refusal;
use crate::time::Time;

/// `iss` and `aud` of our tokens.
const ISSUER: &str = "maru";

/// Longer tokens are not looked at.
const JWT_BYTES_MAX: usize = 4096;

/// What signs and checks.
pub(super) struct Keys {
    signing: EncodingKey,
    checking: DecodingKey,
    validation: Validation,
    refresh: hmac::Key,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// What our tokens say.
#[derive(Serialize)]
struct Written<'a> {
    sub: &'a str,
    uid: i64,
    name: &'a str,
    roles: &'a [super::Role],
    iss: &'static str,
    aud: &'static str,
    iat: i64,
    exp: i64,
    jti: String,
}

/// What is believed of a token, once its signature, `iss` and `aud` are good. Times are JSON numbers or refused.
#[derive(Deserialize)]
struct Read {
    sub: String,
    uid: i64,
    exp: f64,
    iat: Option<f64>,
    nbf: Option<f64>,
    jti: Option<String>,
}

/// What a refresh token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RefreshToken {
    pub(super) login_id: i64,
    pub(super) account_id: i64,
    pub(super) created_at: Time,
    pub(super) generation: i64,
}

impl Keys {
    pub(super) fn new(secret: &SecretString) -> Self {
        let secret = secret.expose_secret().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The end is checked against our own clock, without leeway.
        validation.validate_exp = false;
        let master = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let refresh = hmac::sign(&master, b"maru refresh token");
        Self {
            signing: EncodingKey::from_secret(secret),
            checking: DecodingKey::from_secret(secret),
            validation,
            refresh: hmac::Key::new(hmac::HMAC_SHA256, refresh.as_ref()),
        }
    }

    /// An access token of a log-in.
    pub(super) fn access(&self, account: &Account, login: &Login, now: Time, until: Time) -> String {
        let claims = Written {
            sub: &account.code,
            uid: account.id,
            name: &account.name,
            roles: &account.roles,
            iss: ISSUER,
            aud: ISSUER,
            iat: now.ms().div_euclid(1000),
            exp: until.ms().div_euclid(1000),
            jti: jti_of(login.id),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signing)
            .expect("plain claims are JSON and HS256 takes any key")
    }

    /// What an access token says, if it is one of ours. Its end is the caller's to check.
    pub(super) fn read_access(&self, jwt: &str, now: Time) -> Result<Claims, Refusal> {
        if jwt.len() > JWT_BYTES_MAX {
            return Err(invalid());
        }
        let token = jsonwebtoken::decode::<Read>(jwt, &self.checking, &self.validation).map_err(|_| invalid())?;
        let read = token.claims;
        // An extension that must be understood is not: none is.
        if token.header.crit.is_some() || read.nbf.is_some_and(|nbf| now < from_seconds(nbf)) {
            return Err(invalid());
        }
        Ok(Claims {
            user_code: read.sub,
            member_id: read.uid,
            issued_at: read.iat.map(from_seconds),
            expires_at: from_seconds(read.exp),
            login_id: read.jti.as_deref().and_then(login_of_jti),
        })
    }

    /// The one refresh token of the log-in's present generation.
    pub(super) fn refresh(&self, login: &Login) -> String {
        let token = RefreshToken {
            login_id: login.id,
            account_id: login.account_id,
            created_at: login.created_at,
            generation: login.generation,
        };
        let mut bytes = token.bytes().to_vec();
        let mac = hmac::sign(&self.refresh, &bytes);
        bytes.extend_from_slice(mac.as_ref());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a refresh token says; `None` if we did not make it.
    pub(super) fn read_refresh(&self, token: &str) -> Option<RefreshToken> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (said, mac) = bytes.split_first_chunk::<32>()?;
        hmac::verify(&self.refresh, said, mac).ok()?;
        Some(RefreshToken::from_bytes(said))
    }
}

impl RefreshToken {
    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let numbers = [self.login_id, self.account_id, self.created_at.ms(), self.generation];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    fn from_bytes(bytes: &[u8; 32]) -> Self {
        let number = |at: usize| {
            let bytes = bytes[at..at + 8].try_into().expect("eight bytes of 32");
            i64::from_be_bytes(bytes)
        };
        Self {
            login_id: number(0),
            account_id: number(8),
            created_at: Time::from_ms(number(16)),
            generation: number(24),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast from f64 saturates, which is what is wanted of a far end"
)]
fn from_seconds(seconds: f64) -> Time {
    Time::from_ms((seconds * 1000.0) as i64)
}

/// Unique, and names the log-in.
fn jti_of(login_id: i64) -> String {
    format!("login-{login_id}-{}", uuid::Uuid::new_v4().simple())
}

fn login_of_jti(jti: &str) -> Option<i64> {
    let (login_id, unique) = jti.strip_prefix("login-")?.split_once('-')?;
    uuid::Uuid::try_parse(unique).ok()?;
    login_id.parse().ok()
}

/// A value nobody can guess: 256 random bits.
pub(super) fn random_value() -> String {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).expect("the system gives random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// How a cookie value is kept: SHA-256, which is enough for a random value.
pub(super) fn cookie_hash(value: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, value.as_bytes()))
}
