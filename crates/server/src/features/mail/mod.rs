//! Mails: written into a table by whoever owes one, in the transaction that makes it owed, and sent from there.
//!
//! A mail that is committed is sent, also after a restart, again and again with growing pauses until the SMTP server
//! takes it or it is given up. Who sends takes the row first, by its due time: two processes on one database do not both
//! send it. Only where a process ends between the server's taking it and the commit after it, it may come twice, with the
//! same Message-ID.

mod rules;
mod store;

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DbErr};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use self::rules::Pauses;
use self::store::Due;
use crate::adapters::clock::Clock;
use crate::adapters::database::Database;
use crate::adapters::smtp::{self, Smtp};
use crate::config::Config;
use crate::features::messages::Alarm;
use crate::problem::Refusal;
use crate::time::Time;

/// Mails taken up at a time.
const AT_ONCE: u64 = 20;

/// How long a mail on its way may go on once everything stops.
const STOP: Duration = Duration::from_secs(3);

/// A mail that is owed.
#[derive(Clone, Debug)]
pub struct Letter {
    pub to: String,
    /// One line is made of it.
    pub subject: String,
    pub content: String,
}

/// The mails of this server. Cheap to clone.
#[derive(Clone)]
pub struct Mail(Arc<Inner>);

struct Inner {
    db: Database,
    clock: Clock,
    smtp: Option<Smtp>,
    pauses: Pauses,
    attempts_max: i32,
    /// How long the row of a mail on its way is nobody else's.
    lease_s: u64,
    /// A mail was written.
    written: Alarm,
}

impl Mail {
    /// The mails in `db`; without an SMTP server in the settings none are sent.
    pub fn new(db: Database, clock: Clock, config: &Config) -> Self {
        let mail = &config.mail;
        let smtp = smtp::Settings::of(mail).and_then(|settings| Smtp::open(&settings).ok());
        Self(Arc::new(Inner {
            db,
            clock,
            smtp,
            pauses: Pauses {
                first_s: mail.retry_first_s,
                max_s: mail.retry_max_s,
            },
            attempts_max: i32::try_from(mail.attempts_max).unwrap_or(i32::MAX),
            lease_s: mail.timeout_s.saturating_mul(2).max(1),
            written: Alarm::default(),
        }))
    }

    /// Whether mails can be sent.
    pub fn is_set_up(&self) -> bool {
        self.0.smtp.is_some()
    }

    /// The address without white space around it.
    ///
    /// # Errors
    /// `invalid_request` if mail cannot go to it.
    pub fn address(text: &str) -> Result<String, Refusal> {
        let address = rules::address(text).filter(|address| smtp::is_address(address));
        address.ok_or_else(|| Refusal::invalid("email"))
    }

    /// Writes a mail into the caller's transaction; [`Mail::wake`] after its commit sends it at once.
    ///
    /// # Errors
    /// The database.
    pub async fn write<C: ConnectionTrait>(&self, tx: &C, letter: &Letter) -> Result<(), DbErr> {
        store::insert(tx, letter, &rules::one_line(&letter.subject), self.0.clock.now()).await
    }

    /// A mail has been written and committed.
    pub fn wake(&self) {
        self.0.written.wake();
    }

    /// Sends what is due until `cancel`. Returns at once where there is no SMTP server.
    pub async fn run(&self, cancel: CancellationToken) {
        let Some(smtp) = &self.0.smtp else { return };
        let busy = Mutex::new(());
        let sending = self.0.written.run(&self.0.clock, || async {
            let _busy = busy.lock().await;
            let due = self.0.send_due(smtp, &cancel).await;
            due.map_err(|error| Refusal::failed("mails could not be sent or looked up", &error))
        });
        // What is on its way when everything stops ends by itself, or is tried again by the next start.
        let stopped = async {
            cancel.cancelled().await;
            let _ = tokio::time::timeout(STOP, busy.lock()).await;
        };
        // A mail that is dropped on its way stays in the table, and is tried again when its lease is over.
        tokio::select! {
            () = sending => {}
            () = stopped => {}
        }
    }
}

impl Inner {
    /// Sends what is due; when something is due next.
    async fn send_due(&self, smtp: &Smtp, cancel: &CancellationToken) -> Result<Option<Time>, DbErr> {
        for due in store::due(self.db.read(), self.clock.now(), AT_ONCE).await? {
            if cancel.is_cancelled() {
                break;
            }
            let until = self.clock.now().plus_s(self.lease_s);
            if store::take(self.db.write(), due.id, due.due_at, until).await? {
                self.send(smtp, &due).await?;
            }
        }
        store::next_due(self.db.read()).await
    }

    async fn send(&self, smtp: &Smtp, due: &Due) -> Result<(), DbErr> {
        let id = format!("mail-{}-{}", due.id, due.created_at);
        let mail = smtp::Mail {
            id: &id,
            to: &due.recipient,
            subject: &due.subject,
            content: &due.content,
        };
        match smtp.send(&mail).await {
            Ok(()) => {
                metrics::counter!("maru_mails_total", "outcome" => "sent").increment(1);
                store::delete(self.db.write(), due.id).await
            }
            Err(error) => self.failed(due, &error).await,
        }
    }

    async fn failed(&self, due: &Due, error: &smtp::SendError) -> Result<(), DbErr> {
        let attempts = due.attempts + 1;
        if attempts >= self.attempts_max {
            metrics::counter!("maru_mails_total", "outcome" => "given_up").increment(1);
            tracing::error!(mail = due.id, attempts, %error, "a mail is given up");
            return store::delete(self.db.write(), due.id).await;
        }
        metrics::counter!("maru_mails_total", "outcome" => "failed").increment(1);
        tracing::warn!(mail = due.id, attempts, %error, "a mail was not sent; it is tried again");
        let again = self.clock.now().plus_s(self.pauses.after(attempts));
        let error = rules::short(&error.to_string());
        store::put_off(self.db.write(), due.id, attempts, &error, again).await
    }
}
