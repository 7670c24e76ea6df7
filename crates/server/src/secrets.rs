//! Where the secrets come from: the settings, and in dev a file in the data folder.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};

use crate::config::{Config, Profile};

/// The shortest `auth.secret`: as long as the hash it keys.
const SECRET_BYTES_MIN: usize = 32;
/// Fewer different bytes than this are a placeholder held down on the keyboard.
const DIFFERENT_BYTES_MIN: usize = 8;
/// The file of the secret that dev makes for itself, in the data folder.
const FILE: &str = "auth.secret";
/// Parts of secrets that stand in manuals and samples, in lower case.
const SAMPLES: [&str; 10] = [
    "changeme",
    "change-me",
    "change_me",
    "change me",
    "example",
    "sample",
    "default",
    "your-secret",
    "your-256-bit-secret",
    "a-string-secret-at-least",
];

/// Why a secret cannot be used; names the setting.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error(
        "auth.secret is missing; server.profile = prod needs one of at least {SECRET_BYTES_MIN} bytes, e.g. MARU_AUTH__SECRET=\"$(openssl rand -base64 33)\""
    )]
    Missing,
    #[error("auth.secret has {0} bytes; at least {SECRET_BYTES_MIN} are needed")]
    TooShort(usize),
    #[error(
        "auth.secret looks like a sample or default value; server.profile = prod needs a random one, e.g. from `openssl rand -base64 33`"
    )]
    Sample,
    #[error("auth.secret: {} cannot be read or made: {error}", .path.display())]
    File { path: PathBuf, error: io::Error },
}

/// The secret that signs tokens. Dev without one makes it once and keeps it in the data folder, readable by its owner only.
///
/// # Errors
/// One that is too short; in prod also a missing or sample one; in dev a data folder that cannot be written.
pub fn auth_secret(config: &Config) -> Result<SecretString, SecretError> {
    let set = &config.auth.secret;
    let secret = match (set.expose_secret().is_empty(), config.server.profile) {
        (false, _) => set.clone(),
        (true, Profile::Prod) => return Err(SecretError::Missing),
        (true, Profile::Dev) => kept(&config.server.data_dir)?,
    };
    let bytes = secret.expose_secret();
    if bytes.len() < SECRET_BYTES_MIN {
        return Err(SecretError::TooShort(bytes.len()));
    }
    if config.server.profile == Profile::Prod && is_sample(bytes) {
        return Err(SecretError::Sample);
    }
    Ok(secret)
}

fn is_sample(secret: &str) -> bool {
    let lower = secret.to_ascii_lowercase();
    let mut bytes = lower.clone().into_bytes();
    bytes.sort_unstable();
    bytes.dedup();
    bytes.len() < DIFFERENT_BYTES_MIN || SAMPLES.iter().any(|sample| lower.contains(sample))
}

fn kept(folder: &Path) -> Result<SecretString, SecretError> {
    let path = folder.join(FILE);
    let found = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(folder, &path),
        found => found,
    };
    match found {
        Ok(text) => Ok(SecretString::from(text.trim().to_owned())),
        Err(error) => Err(SecretError::File { path, error }),
    }
}

/// Writes a new secret beside `path` and links it into place, so that of two processes that start at once one wins
/// and nobody reads half a secret.
fn make(folder: &Path, path: &Path) -> io::Result<String> {
    fs::create_dir_all(folder)?;
    let mut bytes = [0_u8; 33];
    rand::fill(&mut bytes).map_err(|_| io::Error::other("the system gives no random bytes"))?;
    let draft = folder.join(format!("{FILE}.{}", std::process::id()));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    writeln!(file, "{}", URL_SAFE_NO_PAD.encode(bytes))?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::read_to_string(path),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn config(profile: Profile, secret: &str, folder: &Path) -> Config {
        let mut config = Config::load(None).unwrap();
        config.server.profile = profile;
        config.server.data_dir = folder.to_owned();
        config.auth.secret = secret.to_owned().into();
        config
    }

    #[test]
    fn dev_makes_a_secret_once_and_keeps_it_to_itself() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(Profile::Dev, "", folder.path());
        let first = auth_secret(&config).unwrap();
        let second = auth_secret(&config).unwrap();
        assert_eq!(first.expose_secret(), second.expose_secret());
        assert!(first.expose_secret().len() >= SECRET_BYTES_MIN);
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn prod_refuses_missing_short_and_sample_secrets_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for bad in [
            "",
            "too short",
            "changeme-changeme-changeme-changeme",
            "0000000000000000000000000000000000000000",
            "your-256-bit-secret-your-256-bit-secret",
        ] {
            let error = auth_secret(&config(Profile::Prod, bad, folder.path())).unwrap_err();
            assert!(error.to_string().contains("auth.secret"), "{bad:?}: {error}");
        }
        let good = "kP0x9vQ2mZ7rT4wY8uB1nC6dF3gH5jL0";
        assert!(auth_secret(&config(Profile::Prod, good, folder.path())).is_ok());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
