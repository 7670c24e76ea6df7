//! Password hashes: argon2id, a few at a time, off the async threads.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use crate::problem::{Code, Refusal};

/// 19 MiB, two passes, one lane (OWASP).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Requests that wait for their turn, for each hash that runs; one more is refused with `unavailable`.
const WAITING_PER_HASH: usize = 32;

/// Checked where there is no such account, so that this takes as long as a wrong password. No password has this hash.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bWFydS1ub2JvZHktc2FsdA$\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Makes and checks password hashes.
#[derive(Debug)]
pub(super) struct Passwords {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl Passwords {
    /// Computes `at_once` hashes at the same time, at least one.
    pub(super) fn new(at_once: usize) -> Self {
        let at_once = at_once.max(1);
        Self {
            running: Arc::new(Semaphore::new(at_once)),
            admitted: Arc::new(Semaphore::new(at_once * (1 + WAITING_PER_HASH))),
        }
    }

    /// The PHC string to store.
    pub(super) async fn hash(&self, password: &SecretString) -> Result<String, Refusal> {
        let password = password.clone();
        let hash = self
            .run(move || argon2().hash_password(password.expose_secret().as_bytes()))
            .await?;
        hash.map(|hash: argon2::password_hash::phc::PasswordHash| hash.to_string())
            .map_err(|error| Refusal::failed("a password could not be hashed", &error))
    }

    /// Whether the password is that of the stored hash. Without one the answer is no, after the same time.
    pub(super) async fn verify(&self, password: SecretString, stored: Option<String>) -> Result<bool, Refusal> {
        self.run(move || {
            let known = stored.is_some();
            let stored = stored.unwrap_or_else(|| NOBODY.to_owned());
            let hash = PasswordHash::new(&stored);
            let fits = hash.is_ok_and(|hash| {
                argon2()
                    .verify_password(password.expose_secret().as_bytes(), &hash)
                    .is_ok()
            });
            known && fits
        })
        .await
    }

    /// Runs `work` on a blocking thread when its turn comes. Its permits are kept until it is done, even if the
    /// caller is gone.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        let unavailable = || Refusal::new(Code::Unavailable);
        let admitted = Arc::clone(&self.admitted).try_acquire_owned();
        let admitted = admitted.map_err(|_| unavailable())?;
        let running = Arc::clone(&self.running).acquire_owned().await;
        let running = running.map_err(|_| unavailable())?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((admitted, running));
            result
        });
        done.await
            .map_err(|error| Refusal::failed("a password hash did not end", &error))
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("parameters within bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_fits_its_password_only() {
        let passwords = Passwords::new(2);
        let right = SecretString::from("비밀번호 1234");
        let hash = passwords.hash(&right).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let wrong = SecretString::from("비밀번호 1235");
        assert!(!passwords.verify(wrong, Some(hash.clone())).await.unwrap());
        assert!(passwords.verify(right, Some(hash)).await.unwrap());
    }

    #[test]
    fn nobodys_hash_costs_what_a_real_one_costs() {
        let hash = PasswordHash::new(NOBODY).unwrap();
        let params = Params::try_from(&hash).unwrap();
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (MEMORY_KIB, PASSES, LANES)
        );
        assert_eq!(params.output_len(), Some(32));
    }

    #[tokio::test]
    async fn more_than_can_wait_are_refused() {
        let passwords = Passwords::new(1);
        let all = Arc::clone(&passwords.admitted);
        let held = all.acquire_many_owned(1 + 32).await.unwrap();
        let refused = passwords.verify(SecretString::from("x"), None).await.unwrap_err();
        assert_eq!(refused.code, Code::Unavailable);
        drop(held);
    }
}
