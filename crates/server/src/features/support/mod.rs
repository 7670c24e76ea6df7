//! Support: a customer and an agent, with a queue, grace periods and history.
//!
//! Every move is a change in the room's order ([`moves`]): it loads the session, lets [`rules`] decide, stores the
//! outcome and its SYSTEM messages in one transaction, and only then tells both sides and the agents. What time does
//! is a due time in the session's row; a task makes the changes when they are due, also after a restart.
//!
//! Who may: the customer reads and writes the own session; every agent reads every session; the assigned agent, or an
//! ADMIN, writes. The last word on writing has the writer, at the commit.

mod access;
mod afterwards;
mod agents;
pub mod demo;
mod desk;
pub mod frames;
pub mod handlers;
mod mailing;
mod moves;
mod notices;
mod reading;
pub mod rules;
mod statistics;
mod store;
mod tasks;
mod transcript;
pub mod view;
mod viewers;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use broker::Publication;
use tokio::sync::Notify;

pub use access::is_agent;
pub use statistics::Statistics;

use self::desk::Desk;
use self::moves::{Action, Actor, Move, Open};
use self::rules::{DisconnectReason, Patience};
use self::store::{Opened, Reader};
use crate::adapters::clock::Clock;
use crate::adapters::database::Database;
use crate::config::{Config, WhenAgentGone};
use crate::features::accounts::{Accounts, Principal, Role};
use crate::features::codes::Codes;
use crate::features::mail::Mail;
use crate::features::messages::{Alarm, Here, Messages, Outlet, Side};
use crate::hours::Hours;
use crate::limits::{Limits, TranscriptLimit};
use crate::problem::{Code, Refusal};
use crate::texts::Locale;

/// The kind of a session's room.
pub const KIND: &str = "support";

/// Sessions whose customer is remembered.
const CUSTOMERS_MAX: u64 = 100_000;

/// Support sessions. Cheap to clone.
#[derive(Clone)]
pub struct Support(Arc<Inner>);

/// What support is built from.
pub struct Parts {
    pub db: Database,
    pub clock: Clock,
    pub messages: Messages,
    pub outlet: Outlet,
    pub codes: Codes,
    pub accounts: Accounts,
    pub limits: Limits,
    pub mail: Mail,
}

/// What a customer wants of a new session.
#[derive(Debug, Default)]
pub struct Wanted {
    /// None: that of the earlier session.
    pub category_id: Option<i64>,
    pub title: Option<String>,
    /// An earlier session that is over and is taken up again.
    pub continues: Option<i64>,
    /// Where answers go that are not read.
    pub email: Option<String>,
}

struct Inner {
    db: Database,
    clock: Clock,
    messages: Messages,
    outlet: Outlet,
    codes: Codes,
    accounts: Accounts,
    limits: Limits,
    mail: Mail,
    transcripts: TranscriptLimit,
    mail_unread_after_s: u64,
    public_url: String,
    patience: Patience,
    hours: Hours,
    desk: tokio::sync::Mutex<Option<(Instant, Desk)>>,
    statistics_every_s: u64,
    open_sessions_per_customer: u32,
    active_sessions_per_agent: u32,
    title_chars_max: usize,
    wait_warn_s: u64,
    transfer_reason_chars_max: usize,
    rating_open_s: u64,
    rating_comment_chars_max: usize,
    transcript_messages_max: usize,
    here: Here,
    /// Session → its customer, which never changes.
    customers: moka::sync::Cache<i64, i64>,
    /// Sessions that an agent has answered.
    answered: moka::sync::Cache<i64, ()>,
    /// (session, member) whose coming or going is still to be stored, and why they went. Bounded by the pairs there are.
    unobserved: Mutex<HashMap<(i64, i64), DisconnectReason>>,
    /// Sessions whose viewers may have changed. Bounded by the sessions there are.
    looked_at: Mutex<HashSet<i64>>,
    /// Something is in `looked_at`.
    viewed: Notify,
    /// Something is in `unobserved`.
    presence: Notify,
    /// Something may be due earlier than known.
    alarm: Alarm,
    /// An answer may have to go out by mail earlier than known.
    mail_alarm: Alarm,
    /// Places in the queue may have changed.
    queue: Notify,
}

impl Support {
    /// Support with the settings of `config`.
    pub fn new(parts: Parts, config: &Config) -> Self {
        let support = &config.support;
        Self(Arc::new(Inner {
            db: parts.db,
            clock: parts.clock,
            messages: parts.messages,
            outlet: parts.outlet,
            codes: parts.codes,
            accounts: parts.accounts,
            limits: parts.limits,
            mail: parts.mail,
            transcripts: TranscriptLimit::new(support.transcripts_per_hour),
            mail_unread_after_s: support.mail_unread_after_s,
            public_url: config.server.public_url.clone(),
            patience: Patience {
                leave_after_s: support.leave_after_s,
                grace_s: support.grace_s,
                waiting_grace_s: support.waiting_grace_s,
                long_wait_s: support.long_wait_s,
                requeue: support.when_agent_gone == WhenAgentGone::Requeue,
            },
            hours: Hours {
                spans: support.opening_hours.clone(),
                closed_on: support.closed_on.clone(),
                zone: jiff::tz::TimeZone::get(&config.server.time_zone).unwrap_or(jiff::tz::TimeZone::UTC),
            },
            desk: tokio::sync::Mutex::default(),
            statistics_every_s: support.statistics_every_s,
            open_sessions_per_customer: config.limits.open_sessions_per_customer,
            active_sessions_per_agent: config.limits.active_sessions_per_agent,
            title_chars_max: support.title_chars_max,
            wait_warn_s: support.wait_warn_s,
            transfer_reason_chars_max: support.transfer_reason_chars_max,
            rating_open_s: support.rating_open_s,
            rating_comment_chars_max: support.rating_comment_chars_max,
            transcript_messages_max: support.transcript_messages_max,
            here: Here::default(),
            customers: moka::sync::Cache::new(CUSTOMERS_MAX),
            answered: moka::sync::Cache::new(CUSTOMERS_MAX),
            unobserved: Mutex::default(),
            looked_at: Mutex::default(),
            viewed: Notify::new(),
            presence: Notify::new(),
            alarm: Alarm::default(),
            mail_alarm: Alarm::default(),
            queue: Notify::new(),
        }))
    }

    /// A customer opens a session; its number.
    ///
    /// # Errors
    /// `forbidden`, `invalid_request` (category, title, e-mail), `rate_limited`, `too_many_open`; of an earlier session
    /// `session_not_found`, `not_participant`, `wrong_state`, `already_continued`.
    pub async fn open(&self, who: &Principal, locale: Locale, wanted: Wanted) -> Result<i64, Refusal> {
        if !who.has(Role::Member) {
            return Err(Code::Forbidden.into());
        }
        let opened = Opened {
            category_id: self.category(&wanted).await?,
            title: self.title(wanted.title)?,
            continues: wanted.continues,
            email: wanted.email.as_deref().map(Mail::address).transpose()?,
        };
        self.0.limits.open_session(who.member_id)?;
        let open = Open {
            support: Arc::clone(&self.0),
            customer_id: who.member_id,
            locale,
            opened,
        };
        self.0.messages.change(open).await
    }

    /// The category that is named, or that of the earlier session, also if it is in use no more.
    async fn category(&self, wanted: &Wanted) -> Result<i64, Refusal> {
        if let Some(id) = wanted.category_id {
            let category = self.0.codes.category(id).filter(|c| c.in_use);
            return category.map(|_| id).ok_or_else(|| Refusal::invalid("categoryId"));
        }
        let earlier = wanted.continues.ok_or_else(|| Refusal::invalid("categoryId"))?;
        let category = store::category_of(self.0.db.read(), earlier).await?;
        category.ok_or_else(|| Code::SessionNotFound.into())
    }

    fn title(&self, title: Option<String>) -> Result<Option<String>, Refusal> {
        let Some(title) = title else { return Ok(None) };
        let title = title.trim();
        if title.contains('\0') || title.chars().count() > self.0.title_chars_max {
            return Err(Refusal::invalid("title"));
        }
        Ok((!title.is_empty()).then(|| title.to_owned()))
    }

    async fn act(&self, who: &Principal, session_id: i64, action: Action) -> Result<(), Refusal> {
        let change = Move {
            support: Arc::clone(&self.0),
            session_id,
            actor: Actor {
                member_id: who.member_id,
                name: who.name.clone(),
                admin: who.is_admin(),
            },
            action,
        };
        self.0.messages.change(change).await
    }

    /// What a resuming reader is told when level: the state now.
    ///
    /// # Errors
    /// `session_not_found`, `unavailable`.
    pub async fn sync(&self, session_id: i64, locale: Locale) -> Result<Publication, Refusal> {
        let found = store::session(self.0.db.read(), session_id, None).await?;
        let session = found.ok_or(Code::SessionNotFound)?;
        let marks = self.0.messages.marks(session_id).await?;
        let seq = session.last_message.as_ref().map_or(0, |m| m.seq);
        let view = session.view(&self.0.codes, locale, &marks);
        let event = view::SyncEvent {
            r#type: "SYNC",
            session_id,
            seq,
            session: &view,
            reads: marks.all(),
        };
        let body = serde_json::to_vec(&event).map_err(|e| Refusal::failed("SYNC", &e))?;
        Ok(Publication::json(body).at(seq.cast_unsigned()))
    }
}

impl Inner {
    /// After a stored change of a session: it may be another agent's now.
    fn changed(&self, session_id: i64) {
        self.look_at_viewers(session_id);
        self.wake();
    }

    /// After a stored change: something may be due, and the queue may have moved.
    fn wake(&self) {
        self.alarm.wake();
        self.queue.notify_one();
    }
}

/// The reader that somebody is of a session: the own side of a customer, else the agents'.
const fn reader(who: &Principal, customer_id: i64) -> Reader {
    Reader {
        member_id: who.member_id,
        side: if who.member_id == customer_id {
            Side::Member
        } else {
            Side::Agent
        },
    }
}

/// The reason of a `leave`, BROWSER_CLOSE if none is given.
///
/// # Errors
/// `invalid_request` for a name that is not in the code table.
fn leave_reason(name: Option<&str>) -> Result<DisconnectReason, Refusal> {
    match name {
        None => Ok(DisconnectReason::BrowserClose),
        Some(name) => DisconnectReason::from_name(name).ok_or_else(|| Refusal::invalid("reason")),
    }
}
