//! Telling live connections that they must end: at once in this process, within 1 s from others.

use std::collections::HashSet;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::{Accounts, store};
use crate::time::Time;

/// How often the database is asked.
const POLL: Duration = Duration::from_millis(400);

/// How far back each look goes: a row's time is taken before its commit, perhaps by another machine's clock.
const OVERLAP_MS: i64 = 10_000;

/// Changes that a slow listener may have waiting; over it, it hears [`Change::Missed`].
pub(super) const WAITING_MAX: usize = 1024;

const CLEAR_EVERY: Duration = Duration::from_secs(600);

/// How long log-ins that are over stay, for looking into what happened.
const CLEAR_AFTER_MS: i64 = 24 * 3600 * 1000;

/// Something after which live connections must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Every connection of this member: locked, expired, other roles, logged out everywhere.
    Member(i64),
    /// Every connection of this log-in: logged out, or its refresh token was used twice.
    Login(i64),
    /// Changes were lost: ask [`Accounts::recheck`] for every connection.
    Missed,
}

/// What comes from [`Accounts::changes`].
#[derive(Debug)]
pub struct Changes(pub(super) broadcast::Receiver<Change>);

impl Changes {
    /// The next change; `None` when the accounts are gone. Cancel-safe.
    pub async fn next(&mut self) -> Option<Change> {
        match self.0.recv().await {
            Ok(change) => Some(change),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Change::Missed),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

/// What has been seen of the database.
pub(super) struct Watch {
    /// Everything up to here has been looked at, but for late commits.
    checked: Time,
    /// Told already, of the time that each look covers again.
    told: HashSet<store::Ended>,
}

impl Watch {
    /// For changes from `now` on.
    pub(super) fn from(now: Time) -> Self {
        Self {
            checked: now,
            told: HashSet::new(),
        }
    }
}

impl Accounts {
    /// Looks for changes made by other processes, and clears away log-ins that are over, until cancelled.
    pub async fn run(&self, cancel: CancellationToken) {
        let mut watch = Watch::from(self.now());
        let mut ticks = tokio::time::interval(POLL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut clear_at = Instant::now();
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = self.look(&mut watch).await {
                tracing::warn!(%error, "changes of accounts could not be read");
            }
            if clear_at <= Instant::now() {
                clear_at += CLEAR_EVERY;
                self.clear().await;
            }
        }
    }

    pub(super) async fn look(&self, watch: &mut Watch) -> Result<(), sea_orm::DbErr> {
        let now = self.now();
        let since = Time::from_ms(watch.checked.ms() - OVERLAP_MS);
        let ended = store::ended(self.0.db.read(), since, watch.checked, now).await?;
        for row in &ended {
            if !watch.told.contains(row) {
                self.tell(row);
            }
        }
        watch.told = ended.into_iter().collect();
        watch.checked = now;
        Ok(())
    }

    fn tell(&self, row: &store::Ended) {
        if row.is_login == 1 {
            self.login_ended(row.id);
        } else {
            self.member_ended(row.id);
        }
    }

    /// Forgets what is cached of a log-in and tells the listeners that it is over.
    pub(super) fn login_ended(&self, login_id: i64) {
        self.0.logins.invalidate(&login_id);
        // No listener: nobody is connected.
        let _ = self.0.changes.send(Change::Login(login_id));
    }

    /// Forgets what is cached of an account and tells the listeners that its connections must end.
    pub(super) fn member_ended(&self, member_id: i64) {
        self.0.accounts.invalidate(&member_id);
        let _ = self.0.changes.send(Change::Member(member_id));
    }

    async fn clear(&self) {
        let before = Time::from_ms(self.now().ms() - CLEAR_AFTER_MS);
        match store::clear_logins(self.0.db.write(), before).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "log-ins that are over were cleared away"),
            Err(error) => tracing::warn!(%error, "old log-ins could not be cleared away"),
        }
    }
}
