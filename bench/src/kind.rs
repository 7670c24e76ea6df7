//! What can be measured, and what each calls the same thing.

use clap::ValueEnum;
use wire::{Command, Frame};

use crate::people::Person;

/// A content of this many characters, as the peers were measured with before.
const CONTENT_CHARS: usize = 200;

/// The database under Maru.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Db {
    Sqlite,
    Postgres,
}

/// A program of another's making, or of another's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    /// Spring Boot's simple broker with `JdbcTemplate` on PostgreSQL.
    Spring,
    /// RabbitMQ's web-stomp.
    Rabbitmq,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Maru(Db),
    /// Maru's broker as `crates/broker/examples/plain.rs` uses it: nothing is stored.
    Plain,
    Peer(Peer),
}

pub(crate) const SPRING: Kind = Kind::Peer(Peer::Spring);
pub(crate) const RABBITMQ: Kind = Kind::Peer(Peer::Rabbitmq);

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Kind::Maru(Db::Sqlite) => "Maru, SQLite",
            Kind::Maru(Db::Postgres) => "Maru, PostgreSQL",
            Kind::Plain => "Maru's broker",
            SPRING => "Spring",
            RABBITMQ => "RabbitMQ",
        }
    }

    pub(crate) const fn is_peer(self) -> bool {
        matches!(self, Kind::Peer(_))
    }

    /// Whole rounds before those that count: a JVM compiles what it runs often.
    pub(crate) const fn warm_ups(self) -> u32 {
        match self {
            SPRING => 2,
            _ => 0,
        }
    }

    /// Spring's simple broker sends no RECEIPT but for DISCONNECT.
    pub(crate) const fn has_receipts(self) -> bool {
        !matches!(self, SPRING)
    }

    /// How a person logs in.
    pub(crate) fn connect(self, person: &Person) -> Frame {
        let frame = Frame::new(Command::Connect).header("accept-version", "1.2");
        match self {
            Kind::Maru(_) | SPRING => frame
                .header("host", "localhost")
                .header("Authorization", &format!("Bearer {}", person.token)),
            Kind::Plain | RABBITMQ => frame
                .header("host", "/")
                .header("login", "guest")
                .header("passcode", "guest"),
        }
    }

    /// Where the messages of a room are heard.
    pub(crate) fn topic(self, room: i64) -> String {
        match self {
            Kind::Maru(_) | SPRING => format!("/topic/chat/{room}"),
            Kind::Plain | RABBITMQ => format!("/topic/chat.{room}"),
        }
    }

    /// Three destinations that are heard by one person only: the dearest kind.
    pub(crate) fn own_topics(self, person: &Person) -> [String; 3] {
        ["errors", "chat", "notifications"].map(|what| match self {
            Kind::Maru(_) | SPRING => format!("/user/queue/{what}"),
            Kind::Plain | RABBITMQ => format!("/topic/{what}.{}", person.code),
        })
    }

    pub(crate) const fn has_postgres(self) -> bool {
        matches!(self, Kind::Maru(Db::Postgres) | SPRING)
    }

    /// Whether messages can be stored before they are shown.
    pub(crate) const fn stores(self) -> bool {
        matches!(self, Kind::Maru(_) | SPRING)
    }

    /// A SEND to a room of a message of [`CONTENT_CHARS`] characters, to be stored or not.
    pub(crate) fn message(self, room: i64, id: &str, is_stored: bool) -> Frame {
        let content = "Could you tell me when my parcel will be here? ".repeat(CONTENT_CHARS / 40);
        let body = serde_json::json!({
            "sessionId": room,
            "content": &content[..CONTENT_CHARS],
            "messageType": "TEXT",
            "clientMessageId": id,
        });
        let destination = if is_stored {
            "/app/chat.sendMessage".to_owned()
        } else {
            self.topic(room)
        };
        Frame::new(Command::Send)
            .header("destination", &destination)
            .header("content-type", "application/json")
            .body(body.to_string())
    }
}
