//! `maru doctor`: checks the settings and everything that they name, and says each on a line.

use std::fmt::Display;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::adapters::database::{Database, execute};
use crate::adapters::smtp::{self, Smtp};
use crate::config::{Config, ConfigError};
use crate::{pages, secrets, storage};

/// Longest wait for something that the settings name.
const PATIENCE: Duration = Duration::from_secs(3);

/// Something failed; what, stands in the lines.
#[derive(Debug, thiserror::Error)]
#[error("{0} of these failed")]
pub struct Unwell(usize);

/// What a check found: a remark, or what is wrong.
type Finding = Result<String, String>;

/// Settings that cannot be read are the only finding.
///
/// # Errors
/// Always.
pub fn refuse(error: &ConfigError) -> Result<(), Unwell> {
    report(&[("settings", Err(error.to_string()))])
}

/// Checks everything, prints a line for each thing.
///
/// # Errors
/// At least one failed.
pub async fn examine(config: &Config) -> Result<(), Unwell> {
    report(&[
        ("settings", Ok(format!("profile {:?}", config.server.profile))),
        ("server.data_dir", folder(&config.server.data_dir)),
        ("server.listen", listen(config.server.listen).await),
        ("auth.secret", secret(config)),
        ("database.url", database(config).await),
        ("redis.url", redis(config.redis.url.expose_secret()).await),
        ("objects.url", objects(config).await),
        ("mail.url", mail(config).await),
        ("stomp.tcp_listen", tcp_listen(config.stomp.tcp_listen).await),
        ("pages", built(pages::are_built())),
    ])
}

fn report(findings: &[(&str, Finding)]) -> Result<(), Unwell> {
    for (name, finding) in findings {
        match finding {
            Ok(remark) => println!("ok    {name}: {remark}"),
            Err(wrong) => println!("FAIL  {name}: {wrong}"),
        }
    }
    match findings.iter().filter(|(_, finding)| finding.is_err()).count() {
        0 => Ok(()),
        failed => Err(Unwell(failed)),
    }
}

fn text(error: impl Display) -> String {
    error.to_string()
}

/// A folder that is there, or can be made, and takes files.
fn folder(path: &Path) -> Finding {
    fs::create_dir_all(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let probe = path.join(format!(".doctor.{}", std::process::id()));
    fs::write(&probe, b"").map_err(|e| format!("{} takes no files: {e}", path.display()))?;
    fs::remove_file(&probe).map_err(text)?;
    Ok(format!("{} takes files", path.display()))
}

async fn listen(address: SocketAddr) -> Finding {
    match TcpListener::bind(address).await {
        Ok(_) => Ok(format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => running(address).await,
        Err(error) => Err(format!("{address}: {error}")),
    }
}

/// Who holds the address: a Maru answers its liveness probe.
async fn running(address: SocketAddr) -> Finding {
    let asked = ask(
        address,
        "GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    );
    match asked.await {
        Ok(answer) if answer.starts_with("HTTP/1.1 200") => Ok(format!("a server runs on {address}")),
        _ => Err(format!("another program holds {address}")),
    }
}

/// Sends `question`, and what comes back until the peer has no more to say, at most a few kilobytes.
async fn ask(to: impl tokio::net::ToSocketAddrs, question: &str) -> io::Result<String> {
    let asking = async {
        let mut stream = TcpStream::connect(to).await?;
        stream.write_all(question.as_bytes()).await?;
        let mut answer = vec![0; 4096];
        let length = stream.read(&mut answer).await?;
        answer.truncate(length);
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let late = |_| io::Error::from(io::ErrorKind::TimedOut);
    tokio::time::timeout(PATIENCE, asking).await.map_err(late)?
}

fn secret(config: &Config) -> Finding {
    let secret = secrets::auth_secret(config).map_err(text)?;
    Ok(format!("{} bytes", secret.expose_secret().len()))
}

/// Opens the database as the server does, and writes without keeping what was written.
async fn database(config: &Config) -> Finding {
    let options = storage::options(config);
    let kind = if options.url.starts_with("sqlite:") {
        "SQLite"
    } else {
        "PostgreSQL"
    };
    let opening = tokio::time::timeout(PATIENCE, Database::open(options)).await;
    let db = opening.map_err(|_| "no answer".to_owned())?.map_err(text)?;
    let lacking = storage::steps_lacking(&db).await.map_err(text)?;
    let written = async {
        let transaction = db.begin().await?;
        execute(&transaction, "CREATE TABLE doctor_probe (n INTEGER)", []).await?;
        transaction.rollback().await
    };
    written.await.map_err(|e| format!("takes no writes: {e}"))?;
    db.close().await.map_err(text)?;
    Ok(match lacking {
        0 => format!("{kind} takes writes, schema up to date"),
        steps => format!("{kind} takes writes, {steps} steps of the schema to come (maru migrate, or the next start)"),
    })
}

async fn redis(url: &str) -> Finding {
    if url.is_empty() {
        return Ok("none".into());
    }
    let rest = url.strip_prefix("redis://").ok_or("must begin with redis://")?;
    let host = rest.split('/').next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let address = if host.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:6379")
    };
    let answer = ask(address.as_str(), "PING\r\n")
        .await
        .map_err(|e| format!("{address}: {e}"))?;
    if answer.starts_with("+PONG") || answer.starts_with("-NOAUTH") {
        return Ok(format!("{address} answers; this version does not use it yet"));
    }
    Err(format!("{address} is not Redis"))
}

/// Connects to the SMTP server and logs in there; sends nothing.
async fn mail(config: &Config) -> Finding {
    let Some(mut settings) = smtp::Settings::of(&config.mail) else {
        return Ok("none".into());
    };
    settings.timeout = PATIENCE;
    let smtp = Smtp::open(&settings).map_err(text)?;
    match tokio::time::timeout(PATIENCE, smtp.test()).await {
        Ok(Ok(true)) => Ok(format!("an SMTP server answers; mails come from {}", config.mail.from)),
        Ok(Ok(false)) => Err("the SMTP server does not answer as one".into()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer".into()),
    }
}

async fn objects(config: &Config) -> Finding {
    let url = config.objects.url.as_str();
    if let Some(path) = url.strip_prefix("file:") {
        return folder(&config.server.data_dir.join(path));
    }
    let bucket = url.strip_prefix("s3://").ok_or("must begin with file: or s3://")?;
    let endpoint = config.objects.endpoint.as_str();
    let authority = endpoint.split("://").nth(1).ok_or("objects.endpoint must be a URL")?;
    let host = authority.split('/').next().unwrap_or_default();
    let port = if endpoint.starts_with("https") { 443 } else { 80 };
    let address = if host.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:{port}")
    };
    let reached = tokio::time::timeout(PATIENCE, TcpStream::connect(&address)).await;
    match reached {
        Ok(Ok(_)) => Ok(format!(
            "{address} answers for {bucket}; this version does not use it yet"
        )),
        Ok(Err(error)) => Err(format!("{address}: {error}")),
        Err(_) => Err(format!("{address}: no answer")),
    }
}

async fn tcp_listen(address: Option<SocketAddr>) -> Finding {
    let Some(address) = address else {
        return Ok("off".into());
    };
    match TcpListener::bind(address).await {
        Ok(_) => Ok(format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => speaks_stomp(address).await,
        Err(error) => Err(format!("{address}: {error}")),
    }
}

/// Who holds the address: a server of STOMP refuses a CONNECT without a log-in.
async fn speaks_stomp(address: SocketAddr) -> Finding {
    match ask(address, "CONNECT\naccept-version:1.2\nhost:localhost\n\n\0").await {
        Ok(answer) if answer.starts_with("ERROR\n") => Ok(format!("a server runs on {address}")),
        _ => Err(format!("another program holds {address}")),
    }
}

/// No fault of the settings, but worth a line.
fn built(are_built: bool) -> Finding {
    let missing = "none: built without its web part (npm ci && npm run build, then build the program again)";
    Ok(if are_built { "built".into() } else { missing.into() })
}
