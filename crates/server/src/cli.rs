//! The command line.

use std::fmt::Display;
use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use secrecy::SecretString;

use crate::adapters::clock::Clock;
use crate::config::Config;
use crate::features::accounts::{Accounts, Good, NewUser, Role};
use crate::time::Time;
use crate::{backup, doctor, observe, routes, secrets, serve, storage};

/// How long the end waits for work that nobody owns any more (a name look-up, a hash).
const LEFT_BEHIND: Duration = Duration::from_millis(200);

/// Maru: a self-hosted conversation server.
#[derive(Debug, Parser)]
#[command(name = "maru", version, about)]
struct Cli {
    /// Settings above the defaults (TOML).
    #[arg(long, global = true, env = "MARU_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves until SIGTERM or Ctrl-C (also without any command).
    Serve {
        /// Fills an empty database with demo data, and prints its log-ins.
        #[arg(long)]
        demo: bool,
    },
    /// Brings the schema of the database up to date.
    Migrate,
    /// Accounts.
    #[command(subcommand)]
    User(UserCommand),
    /// Prints an access token (JWT) of a user.
    Token {
        /// Code of the user.
        #[arg(long)]
        code: String,
        /// How long it is good: 90s, 15m, 1h, 7d.
        #[arg(long, default_value = "1h", value_parser = duration)]
        ttl: Duration,
    },
    /// Checks the settings and everything that they name, a line each.
    Doctor,
    /// Copies the embedded database to a file, beside a running server.
    Backup {
        /// Where to; must not be there yet.
        file: PathBuf,
    },
    /// Prints the OpenAPI description of the REST calls.
    Openapi,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Makes an account, or changes the one with this code; prints its number.
    Add(UserAdd),
    /// Ends every log-in and connection of an account, and lets it in no more.
    Lock {
        /// Code of the user.
        #[arg(long)]
        code: String,
    },
    /// Lets a locked account in again.
    Unlock {
        /// Code of the user.
        #[arg(long)]
        code: String,
    },
    /// Says until when an account, or its password, is good.
    Expire(UserExpire),
}

#[derive(Debug, Args)]
struct UserAdd {
    /// Stable code, e.g. STU001.
    #[arg(long)]
    code: String,
    /// Name that others see.
    #[arg(long)]
    name: String,
    #[arg(long)]
    role: RoleName,
    /// Name to log in with.
    #[arg(long)]
    username: Option<String>,
    /// E-mail address or telephone number, for agents.
    #[arg(long)]
    contact: Option<String>,
    /// Reads the password from standard input.
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = true, args = ["account", "password"])]
struct UserExpire {
    /// Code of the user.
    #[arg(long)]
    code: String,
    /// The account ends then: 2026-12-31T15:00:00Z, or never.
    #[arg(long, value_parser = end)]
    account: Option<End>,
    /// The password ends then, and with it every log-in, until there is another end: 2026-12-31T15:00:00Z, or never.
    #[arg(long, value_parser = end)]
    password: Option<End>,
}

/// A moment, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End(Option<Time>);

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleName {
    Member,
    Agent,
    Student,
    Professor,
    Admin,
    Service,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Member => Self::Member,
            RoleName::Agent => Self::Agent,
            RoleName::Student => Self::Student,
            RoleName::Professor => Self::Professor,
            RoleName::Admin => Self::Admin,
            RoleName::Service => Self::Service,
        }
    }
}

/// Why a command was not done: a sentence for the person who gave it.
#[derive(Debug)]
struct Failure(String);

impl<E: Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Does what the command line says. 0: done; 1: not done, said why on standard error; 2: not understood.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return told(&error.into()),
    };
    let done = runtime.block_on(done(cli));
    runtime.shutdown_timeout(LEFT_BEHIND);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => told(&failure),
    }
}

fn told(failure: &Failure) -> ExitCode {
    eprintln!("maru: {}", failure.0);
    ExitCode::FAILURE
}

async fn done(cli: Cli) -> Result<(), Failure> {
    let command = cli.command.unwrap_or(Command::Serve { demo: false });
    let config = match (Config::load(cli.config.as_deref()), &command) {
        (Err(error), Command::Doctor) => return Ok(doctor::refuse(&error)?),
        (config, _) => config?,
    };
    observe::start_log(&config.log)?;
    match command {
        Command::Serve { demo } => serve::serve(config, demo).await?,
        Command::Migrate => storage::open(&config).await?.close().await?,
        Command::User(command) => user(&config, command).await?,
        Command::Token { code, ttl } => {
            let token = with_accounts(&config, async |a| a.token(&code, ttl).await).await?;
            println!("{token}");
        }
        Command::Doctor => doctor::examine(&config).await?,
        Command::Backup { file } => backup::backup(storage::options(&config), &file).await?,
        Command::Openapi => println!("{}", routes::openapi().to_pretty_json()?),
    }
    Ok(())
}

async fn user(config: &Config, command: UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::Add(add) => {
            let user = new_user(add)?;
            let member_id = with_accounts(config, async |a| a.user_add(user).await).await?;
            println!("{member_id}");
        }
        UserCommand::Lock { code } => {
            with_accounts(config, async |a| a.user_lock(&code).await).await?;
        }
        UserCommand::Unlock { code } => {
            with_accounts(config, async |a| a.user_unlock(&code).await).await?;
        }
        UserCommand::Expire(expire) => {
            let ends = [
                (expire.account, Good::Account as fn(_) -> _),
                (expire.password, Good::Password),
            ];
            let goods: Vec<Good> = ends
                .into_iter()
                .filter_map(|(end, good)| end.map(|End(at)| good(at)))
                .collect();
            with_accounts(config, async |a| a.user_expire(&expire.code, &goods).await).await?;
        }
    }
    Ok(())
}

fn new_user(add: UserAdd) -> Result<NewUser, Failure> {
    let password = if add.password_stdin {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        Some(SecretString::from(text.trim_end_matches(['\r', '\n'])))
    } else {
        None
    };
    Ok(NewUser {
        code: add.code,
        name: add.name,
        role: add.role.into(),
        username: add.username,
        contact: add.contact,
        password,
    })
}

/// Does something with the accounts of the database that the settings name, beside a running server or without one.
async fn with_accounts<T, E>(config: &Config, work: impl AsyncFnOnce(&Accounts) -> Result<T, E>) -> Result<T, Failure>
where
    Failure: From<E>,
{
    let secret = secrets::auth_secret(config)?;
    let db = storage::open(config).await?;
    let accounts = Accounts::new(db.clone(), Clock::system(), config, secret);
    let done = work(&accounts).await;
    db.close().await?;
    Ok(done?)
}

/// RFC 3339, or `never`.
fn end(text: &str) -> Result<End, String> {
    match (text, Time::parse(text)) {
        ("never", _) => Ok(End(None)),
        (_, Some(time)) => Ok(End(Some(time))),
        _ => Err(format!("{text:?} is not a time like 2026-12-31T15:00:00Z, nor never")),
    }
}

/// `90s`, `15m`, `1h`, `7d`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a time like 90s, 15m, 1h or 7d");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86400,
        _ => return Err(wrong()),
    };
    // All four units are one byte long.
    let count: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(count) * seconds))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_end_is_a_moment_or_never() {
        assert_eq!(end("never"), Ok(End(None)));
        assert_eq!(end("1970-01-01T00:00:01Z"), Ok(End(Some(Time::from_ms(1000)))));
        for wrong in ["", "tomorrow", "2026-12-31", "Never"] {
            assert!(end(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn times_need_a_unit() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(604_800)));
        for wrong in ["", "90", "s", "-1s", "1.5h", "1w", "1 h", "7dd"] {
            assert!(duration(wrong).is_err(), "{wrong:?}");
        }
    }
}
