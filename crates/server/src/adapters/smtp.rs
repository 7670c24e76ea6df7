//! Sending mail over SMTP.

use std::time::Duration;

use lettre::address::{Address, AddressError};
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

/// Which server, and who sends.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    pub url: &'a str,
    pub from: &'a str,
    /// Longest wait for any answer.
    pub timeout: Duration,
}

/// Why mail cannot be sent with these settings.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{0}")]
    Url(lettre::transport::smtp::Error),
    #[error("{0}")]
    From(AddressError),
}

impl OpenError {
    /// The setting at fault.
    pub const fn setting(&self) -> &'static str {
        match self {
            Self::Url(_) => "mail.url",
            Self::From(_) => "mail.from",
        }
    }
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("{0}")]
    Address(#[from] AddressError),
    #[error("{0}")]
    Message(#[from] lettre::error::Error),
    #[error("{0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
}

/// A mail of plain text.
#[derive(Clone, Copy, Debug)]
pub struct Mail<'a> {
    /// Unique for ever: a mail that comes twice is known by it.
    pub id: &'a str,
    pub to: &'a str,
    /// One line.
    pub subject: &'a str,
    pub content: &'a str,
}

/// An SMTP server.
#[derive(Clone, Debug)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// The server of the settings; nothing is sent yet.
    ///
    /// # Errors
    /// A URL that is neither smtp:// nor smtps://, a sender that is no address.
    pub fn open(settings: &Settings<'_>) -> Result<Self, OpenError> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(settings.url).map_err(OpenError::Url)?;
        Ok(Self {
            transport: transport.timeout(Some(settings.timeout)).build(),
            from: settings.from.parse().map_err(OpenError::From)?,
        })
    }

    /// Sends a mail. When this returns without an error, the server has taken it over.
    ///
    /// # Errors
    /// An address that is none, or whatever the server says.
    pub async fn send(&self, mail: &Mail<'_>) -> Result<(), SendError> {
        let to = Mailbox::new(None, mail.to.parse()?);
        let message = Message::builder()
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.email.domain())))
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.content.to_owned())?;
        self.transport.send(message).await?;
        Ok(())
    }

    /// Whether the server answers and takes the log-in.
    ///
    /// # Errors
    /// What is wrong.
    pub async fn test(&self) -> Result<bool, SendError> {
        Ok(self.transport.test_connection().await?)
    }
}

/// Whether this is an address that mail can go to.
pub fn is_address(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}
