//! What runs beside the calls: due times, places in the queue, the figures in the log.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use broker::Topic;
use futures_util::{StreamExt, stream};
use tokio_util::sync::CancellationToken;

use super::moves::{FirstResponse, Observe, Pass};
use super::rules::DisconnectReason;
use super::view::{QueueEvent, topic};
use super::{Inner, Support, store};
use crate::problem::{Code, Refusal};
use crate::time::Time;

/// Sessions taken up at a time.
const AT_ONCE: usize = 200;

/// Pause after a failure of the database.
pub(super) const RETRY: Duration = Duration::from_secs(1);

/// Places in the queue that are told; who stands further behind asks.
const QUEUE_TOLD: i64 = 1000;

impl Support {
    /// The server starts: whoever had a connection lost it now. To be awaited before anybody connects.
    ///
    /// # Errors
    /// The database failed.
    pub async fn recover(&self) -> Result<(), Refusal> {
        let ids = store::open_and_visited(self.0.db.read()).await?;
        self.0.pass(ids, true).await
    }

    /// Does what is due, tells places in the queue and logs the figures until `cancel`.
    pub async fn run(&self, cancel: CancellationToken) {
        let work = async {
            tokio::join!(
                self.0.alarm.run(&self.0.clock, || self.0.do_due()),
                self.0.watch_queue(),
                self.0.watch_presence(),
                self.0.watch_viewers(),
                self.0.watch_mail(),
                self.log_statistics()
            )
        };
        tokio::select! {
            () = cancel.cancelled() => {}
            _ = work => {}
        }
    }

    /// A connection of this member subscribed to the session's topic. Returns when that is stored and told.
    pub async fn entered(&self, session_id: i64, member_id: i64, connection: u64) {
        self.0.here.enter(session_id, member_id, connection);
        self.0.look_at_viewers(session_id);
        // Also with other connections still here: who said that they leave comes back with any new subscription.
        let reason = DisconnectReason::NetworkError;
        if self.0.observe(session_id, member_id, reason).await.is_err() {
            self.0.observe_later(session_id, member_id, reason);
        }
    }

    /// A subscription of this member to the session's topic ended.
    pub fn left(&self, session_id: i64, member_id: i64, connection: u64, reason: DisconnectReason) {
        if self.0.here.leave(session_id, member_id, connection) {
            self.0.look_at_viewers(session_id);
            self.0.observe_later(session_id, member_id, reason);
        }
    }

    /// An agent's message is stored: the first one counts as the first response.
    pub(super) async fn answered(&self, session_id: i64, at: Time) {
        if self.0.answered.contains_key(&session_id) {
            return;
        }
        if self.0.messages.change(FirstResponse { session_id, at }).await.is_ok() {
            self.0.answered.insert(session_id, ());
        }
    }
}

impl Inner {
    /// Stores and tells who is here. Only the failure of the database is an error: a session that is over needs nothing.
    async fn observe(
        self: &Arc<Self>,
        session_id: i64,
        member_id: i64,
        reason: DisconnectReason,
    ) -> Result<(), Refusal> {
        let change = Observe {
            support: Arc::clone(self),
            session_id,
            member_id,
            reason,
        };
        match self.messages.change(change).await {
            Err(refusal) if refusal.code == Code::Unavailable => Err(refusal),
            _ => Ok(()),
        }
    }

    /// The same by the task that tries until it succeeds: a side that only seems to be here would never be missed.
    fn observe_later(&self, session_id: i64, member_id: i64, reason: DisconnectReason) {
        let mut unobserved = self.unobserved.lock().unwrap_or_else(PoisonError::into_inner);
        unobserved.insert((session_id, member_id), reason);
        self.presence.notify_one();
    }

    async fn watch_presence(self: &Arc<Self>) {
        loop {
            self.presence.notified().await;
            let unobserved = std::mem::take(&mut *self.unobserved.lock().unwrap_or_else(PoisonError::into_inner));
            let observed = unobserved.into_iter().map(async |((session_id, member_id), reason)| {
                let result = self.observe(session_id, member_id, reason).await;
                result.map_err(|_| (session_id, member_id, reason))
            });
            let results: Vec<_> = stream::iter(observed).buffer_unordered(AT_ONCE).collect().await;
            let failed: Vec<_> = results.into_iter().filter_map(Result::err).collect();
            if !failed.is_empty() {
                tokio::time::sleep(RETRY).await;
            }
            for (session_id, member_id, reason) in failed {
                self.observe_later(session_id, member_id, reason);
            }
        }
    }

    /// Does what is due; returns when something is due next.
    async fn do_due(self: &Arc<Self>) -> Result<Option<Time>, Refusal> {
        let ids = store::due(self.db.read(), self.clock.now(), AT_ONCE as i64).await?;
        self.pass(ids, false).await?;
        Ok(store::next_due(self.db.read()).await?)
    }

    /// Lets time pass for these sessions, many in one transaction.
    async fn pass(self: &Arc<Self>, ids: Vec<i64>, restarted: bool) -> Result<(), Refusal> {
        let changes = ids.into_iter().map(|session_id| {
            self.messages.change(Pass {
                support: Arc::clone(self),
                session_id,
                restarted,
            })
        });
        let results: Vec<_> = stream::iter(changes).buffer_unordered(AT_ONCE).collect().await;
        results.into_iter().collect()
    }

    async fn watch_queue(&self) {
        let mut told = HashMap::new();
        loop {
            self.queue.notified().await;
            match store::queue(self.db.read(), QUEUE_TOLD).await {
                Ok(ids) => told = self.tell_places(&told, ids),
                Err(error) => {
                    tracing::warn!(%error, "the queue could not be read");
                    tokio::time::sleep(RETRY).await;
                    self.queue.notify_one();
                }
            }
        }
    }

    fn tell_places(&self, told: &HashMap<i64, i64>, ids: Vec<i64>) -> HashMap<i64, i64> {
        let places: HashMap<i64, i64> = ids.into_iter().zip(1..).collect();
        for (session_id, place) in &places {
            if told.get(session_id) != Some(place) {
                let event = QueueEvent {
                    r#type: "QUEUE",
                    session_id: *session_id,
                    queue_position: *place,
                };
                let room: Topic = topic(*session_id);
                self.outlet.show(&room, &event);
            }
        }
        places
    }
}
