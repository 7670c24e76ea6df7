//! Settings: `config.default.toml` < a file < the environment.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use config::{Environment, File, FileFormat};
use secrecy::{ExposeSecret, SecretString};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::adapters::smtp::{self, Smtp};
use crate::hours::Span;
use crate::network::{AddressRange, is_origin};
use crate::texts::Locale;

/// The defaults, and the manual of every setting.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// All settings, by section. What each means stands in `config.default.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub log: Log,
    pub database: Database,
    pub redis: Redis,
    pub objects: Objects,
    pub auth: Auth,
    pub stomp: Stomp,
    pub sockjs: SockJs,
    pub mail: Mail,
    pub limits: Limits,
    pub messages: Messages,
    pub support: Support,
    pub rooms: Rooms,
    pub consultation: Consultation,
    pub hot: Hot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    Dev,
    Prod,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    pub profile: Profile,
    pub data_dir: PathBuf,
    pub public_url: String,
    pub allowed_origins: Vec<String>,
    pub embed_origins: Vec<String>,
    pub trusted_proxies: Vec<AddressRange>,
    pub default_locale: Locale,
    pub time_zone: String,
    pub shutdown_s: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: SecretString,
    pub connections: u32,
    pub acquire_timeout_s: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    pub url: SecretString,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objects {
    pub url: String,
    pub endpoint: String,
    pub access_key: SecretString,
    pub secret_key: SecretString,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    pub secret: SecretString,
    pub token_ttl_s: u64,
    pub refresh_ttl_s: u64,
    pub password_hashes_at_once: usize,
    pub ticket_ttl_s: u64,
    pub tickets_per_user: usize,
    pub tickets: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stomp {
    #[serde(deserialize_with = "address_or_none")]
    pub tcp_listen: Option<SocketAddr>,
    pub heartbeat_ms: u32,
    pub tcp_keepalive_s: u64,
    pub tcp_keepalive_retries: u32,
}

/// An empty text is none.
fn address_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |_| D::Error::custom(format!("{text:?} is not an address and a port such as 127.0.0.1:61613"));
    text.parse().map(Some).map_err(wrong)
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SockJs {
    pub sessions: usize,
    pub waiting_bytes: usize,
    pub post_bytes: usize,
    pub post_timeout_s: u64,
    pub disconnect_delay_s: u64,
    pub heartbeat_s: u64,
    pub response_bytes: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub url: SecretString,
    pub from: String,
    pub timeout_s: u64,
    pub retry_first_s: u64,
    pub retry_max_s: u64,
    pub attempts_max: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionsPolicy {
    CloseOldest,
    RefuseNewest,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub connections_per_address: u32,
    pub connections_per_user: u32,
    pub connections_per_user_policy: ConnectionsPolicy,
    pub connects_per_minute_per_address: u32,
    pub sends_per_second_per_user: u32,
    pub sends_burst_per_user: u32,
    pub sends_per_second_per_address: u32,
    pub sends_burst_per_address: u32,
    pub subscribes_per_second_per_user: u32,
    pub subscribes_burst_per_user: u32,
    pub signals_per_second_per_user: u32,
    pub signals_burst_per_user: u32,
    pub sessions_per_hour_per_customer: u32,
    pub open_sessions_per_customer: u32,
    pub active_sessions_per_agent: u32,
    pub logins_per_minute_per_address: u32,
    pub http_header_timeout_s: u64,
    pub http_body_bytes: usize,
    pub http_connections: usize,
    pub connect_timeout_s: u64,
    pub frame_timeout_s: u64,
    pub frame_bytes: usize,
    pub headers: usize,
    pub headers_bytes: usize,
    pub subscriptions_per_connection: usize,
    pub unacknowledged_per_subscription: usize,
    pub held_bytes_per_subscription: usize,
    pub recent_bytes_per_room: usize,
    pub replay_page: usize,
    pub socket_send_buffer_bytes: usize,
    pub socket_unsent_bytes: u32,
    pub websocket_fragments: usize,
    pub queue_bytes_per_connection: usize,
    pub slow_reader_timeout_s: u64,
    pub silence_s: u64,
    pub close_timeout_s: u64,
    pub finish_timeout_s: u64,
    pub transactions_per_connection: usize,
    pub transaction_frames: usize,
    pub transaction_bytes: usize,
    pub sends_in_flight_per_connection: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Messages {
    pub content_chars_max: usize,
    pub queue_length: usize,
    pub batch_max: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenAgentGone {
    End,
    Requeue,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Support {
    pub leave_after_s: u64,
    pub grace_s: u64,
    pub waiting_grace_s: u64,
    pub when_agent_gone: WhenAgentGone,
    pub wait_warn_s: u64,
    pub long_wait_s: u64,
    pub title_chars_max: usize,
    pub transfer_reason_chars_max: usize,
    pub rating_open_s: u64,
    pub rating_comment_chars_max: usize,
    pub transcript_messages_max: usize,
    pub mail_unread_after_s: u64,
    pub transcripts_per_hour: u32,
    pub opening_hours: Vec<Span>,
    pub closed_on: Vec<jiff::civil::Date>,
    pub statistics_every_s: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rooms {
    pub members_max: usize,
    pub name_chars_max: usize,
    pub participants_shown: usize,
    pub participants_every_ms: u64,
    pub notices_every_ms: u64,
}

/// Settings of consultations: their names are fixed, the feature comes later.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consultation {
    pub idle_end_s: u64,
    pub max_s: u64,
    pub warning_before_s: u64,
    pub snapshot_every_s: u64,
    pub temp_keep_s: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hot {
    pub ttl_s: u64,
}

/// Why the settings cannot be used; names the setting.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{0}")]
    Read(#[from] config::ConfigError),
    #[error("{name}: {why}")]
    Value { name: &'static str, why: String },
}

/// Service managers kill what takes 10 s to stop.
const STOP_MAX_S: u64 = 9;

/// What the database keeps of a rating's comment.
const RATING_COMMENT_CHARS_MAX: usize = 500;
/// What the database keeps of the reason of a transfer.
const TRANSFER_REASON_CHARS_MAX: usize = 200;

const LISTS: [&str; 5] = [
    "support.opening_hours",
    "support.closed_on",
    "server.allowed_origins",
    "server.embed_origins",
    "server.trusted_proxies",
];

impl Config {
    /// Reads the defaults, then `file`, then `MARU_<SECTION>__<KEY>` of the environment.
    ///
    /// # Errors
    /// An unreadable file, an unknown name, or a value of the wrong kind; the error names it.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::from_environment(file, std::env::vars())
    }

    /// As [`Config::load`], with `environment` in the place of the process's own.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_environment(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let ours = environment
            .filter(|(name, _)| name.starts_with("MARU_") && name.contains("__"))
            .collect();
        let mut builder = config::Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Some(file) = file {
            builder = builder.add_source(File::from(file).format(FileFormat::Toml));
        }
        let mut from_environment = Environment::with_prefix("MARU")
            .prefix_separator("_")
            .separator("__")
            .try_parsing(true)
            .list_separator(",")
            .source(Some(ours));
        for list in LISTS {
            from_environment = from_environment.with_list_parse_key(list);
        }
        let config: Self = builder.add_source(from_environment).build()?.try_deserialize()?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if jiff::tz::TimeZone::get(&self.server.time_zone).is_err() {
            return Err(ConfigError::Value {
                name: "server.time_zone",
                why: format!("{:?} is not an IANA time zone", self.server.time_zone),
            });
        }
        for (name, origins) in [
            ("server.allowed_origins", &self.server.allowed_origins),
            ("server.embed_origins", &self.server.embed_origins),
        ] {
            if let Some(wrong) = origins.iter().find(|origin| !is_origin(origin)) {
                return Err(ConfigError::Value {
                    name,
                    why: format!("{wrong:?} is neither * nor scheme://host[:port]"),
                });
            }
        }
        self.check_mail()?;
        if !(1..=STOP_MAX_S).contains(&self.server.shutdown_s) {
            return Err(ConfigError::Value {
                name: "server.shutdown_s",
                why: format!("must be from 1 to {STOP_MAX_S}"),
            });
        }
        for (name, value, max) in [
            (
                "support.rating_comment_chars_max",
                self.support.rating_comment_chars_max,
                RATING_COMMENT_CHARS_MAX,
            ),
            (
                "support.transfer_reason_chars_max",
                self.support.transfer_reason_chars_max,
                TRANSFER_REASON_CHARS_MAX,
            ),
        ] {
            if value > max {
                return Err(ConfigError::Value {
                    name,
                    why: format!("must be at most {max}"),
                });
            }
        }
        for (name, value) in [
            ("messages.queue_length", self.messages.queue_length),
            ("messages.batch_max", self.messages.batch_max),
            ("messages.content_chars_max", self.messages.content_chars_max),
            ("support.transcript_messages_max", self.support.transcript_messages_max),
            ("auth.tickets_per_user", self.auth.tickets_per_user),
            ("rooms.members_max", self.rooms.members_max),
            ("limits.replay_page", self.limits.replay_page),
            ("limits.silence_s", self.limits.silence_s as usize),
            ("database.connections", self.database.connections as usize),
            ("auth.password_hashes_at_once", self.auth.password_hashes_at_once),
        ] {
            if value == 0 {
                return Err(ConfigError::Value {
                    name,
                    why: "must be at least 1".into(),
                });
            }
        }
        Ok(())
    }

    /// With an SMTP server, what mails need is there too.
    fn check_mail(&self) -> Result<(), ConfigError> {
        let Some(server) = smtp::Settings::of(&self.mail) else {
            return Ok(());
        };
        if let Err(error) = Smtp::open(&server) {
            let name = error.setting();
            let why = error.to_string();
            return Err(ConfigError::Value { name, why });
        }
        if !is_origin(&self.server.public_url) || self.server.public_url == "*" {
            return Err(ConfigError::Value {
                name: "server.public_url",
                why: "must be scheme://host[:port] where mail.url is set".into(),
            });
        }
        Ok(())
    }
}

impl<'a> smtp::Settings<'a> {
    /// The SMTP server, if there is one.
    pub fn of(mail: &'a Mail) -> Option<Self> {
        let url = mail.url.expose_secret();
        (!url.is_empty()).then(|| Self {
            url,
            from: &mail.from,
            timeout: std::time::Duration::from_secs(mail.timeout_s),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let vars = vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Config::from_environment(None, vars)
    }

    #[test]
    fn the_defaults_are_whole() {
        let config = with(&[]).unwrap();
        assert_eq!(config.support.grace_s, 120);
        assert_eq!(config.server.default_locale, Locale::Ko);
    }

    #[test]
    fn the_environment_overrides_and_splits_lists() {
        let config = with(&[
            ("MARU_SUPPORT__GRACE_S", "7"),
            ("MARU_SERVER__ALLOWED_ORIGINS", "https://a.example,https://b.example"),
        ])
        .unwrap();
        assert_eq!(config.support.grace_s, 7);
        assert_eq!(config.server.allowed_origins.len(), 2);
    }

    #[test]
    fn opening_hours_in_the_wrong_form_are_named() {
        let config = with(&[
            ("MARU_SUPPORT__OPENING_HOURS", "mon-fri 09:00-18:00,sat 10:00-13:00"),
            ("MARU_SUPPORT__CLOSED_ON", "2026-12-25"),
        ])
        .unwrap();
        assert_eq!(config.support.opening_hours.len(), 2);
        assert_eq!(config.support.closed_on.len(), 1);
        for (name, wrong) in [("opening_hours", "always"), ("closed_on", "Christmas")] {
            let variable = format!("MARU_SUPPORT__{}", name.to_uppercase());
            let error = with(&[(&variable, wrong)]).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn mail_needs_a_sender_and_a_public_address() {
        let url = ("MARU_MAIL__URL", "smtp://127.0.0.1:25");
        let from = ("MARU_MAIL__FROM", "Shop <support@example.com>");
        let public = ("MARU_SERVER__PUBLIC_URL", "https://chat.example.com");
        assert!(with(&[url, from, public]).is_ok());
        let named = |vars: &[(&str, &str)]| with(vars).unwrap_err().to_string();
        assert!(named(&[url, public]).contains("mail.from"));
        assert!(named(&[url, from]).contains("server.public_url"));
        assert!(named(&[("MARU_MAIL__URL", "http://x"), from, public]).contains("mail.url"));
    }

    #[test]
    fn a_stop_that_takes_ten_seconds_is_refused() {
        let error = with(&[("MARU_SERVER__SHUTDOWN_S", "10")]).unwrap_err();
        assert!(error.to_string().contains("server.shutdown_s"), "{error}");
    }

    #[test]
    fn an_address_for_streams_is_whole_or_none() {
        let tcp_listen = |value| with(&[("MARU_STOMP__TCP_LISTEN", value)]).map(|config| config.stomp.tcp_listen);
        assert_eq!(tcp_listen("").unwrap(), None);
        assert_eq!(tcp_listen("127.0.0.1:61613").unwrap().unwrap().port(), 61613);
        for wrong in ["61613", "localhost:61613", "off"] {
            let error = tcp_listen(wrong).unwrap_err().to_string();
            assert!(error.contains("stomp.tcp_listen"), "{error}");
        }
    }

    #[test]
    fn an_unknown_setting_is_named() {
        let error = with(&[("MARU_SUPPORT__GRASE_S", "7")]).unwrap_err();
        assert!(error.to_string().contains("grase_s"), "{error}");
    }
}
