//! Bringing a subscription level: history by a cursor, then held publications, then live, without hole or double.
//!
//! The order makes it safe. Publications are held *before* the state (`level`) is read, and what the state covers was
//! visible to [`App::replay`] before. So everything up to the state's position is in the last pages or told by the state;
//! everything beyond was committed after holding began, hence published after it, hence is held or comes live. What is told
//! may have been committed and not published yet: a live subscription goes on leaving out what it was told before.

use std::sync::Arc;

use crate::outbox::Sealed;
use crate::subscription::{Parcel, Subscription};
use crate::{App, Broker, Connection, Publication, Refusal, code};

/// Why a subscription did not get level.
pub(super) enum Stopped {
    Refused(Refusal),
    /// The subscription ended meanwhile.
    Over,
    /// The connection ended meanwhile.
    Ended,
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Stopped {
        Stopped::Refused(refusal)
    }
}

impl From<Sealed> for Stopped {
    fn from(_: Sealed) -> Stopped {
        Stopped::Ended
    }
}

/// Everything of its topic beyond `after`, then level, then live.
pub(super) async fn resume<A: App>(
    broker: &Broker<A>,
    connection: &Arc<Connection<A>>,
    subscription: &Arc<Subscription>,
    after: u64,
) -> Result<(), Stopped> {
    let mut cursor = Cursor {
        broker,
        subscription,
        sent: after,
    };
    cursor.read_to(u64::MAX).await?;
    loop {
        if !subscription.hold() {
            return Err(Stopped::Over);
        }
        broker.hub().add(subscription);
        let level = broker.app().level(connection, &subscription.topic).await?;
        let covers = level.as_ref().and_then(|level| level.position);
        cursor.read_to(covers.unwrap_or(u64::MAX)).await?;
        subscription.outbox.room().await?;
        let level = level.map(|level| broker.hub().parcel(subscription, &level));
        let told = cursor.sent.max(covers.unwrap_or(0));
        if subscription.release(level.as_ref(), told) {
            return Ok(());
        }
        // More came meanwhile than can be held: go on reading.
    }
}

struct Cursor<'a, A: App> {
    broker: &'a Broker<A>,
    subscription: &'a Arc<Subscription>,
    /// The position up to which everything was sent.
    sent: u64,
}

impl<A: App> Cursor<'_, A> {
    /// Sends history up to `last`, as far as there is any, page by page and as fast as the peer takes it.
    async fn read_to(&mut self, last: u64) -> Result<(), Stopped> {
        let limit = self.broker.limits().replay_page;
        loop {
            let topic = &self.subscription.topic;
            let recent = self.broker.hub().recent(topic, self.sent, limit);
            let (page, is_last) = if recent.is_empty() {
                let page = self.broker.app().replay(topic, self.sent, limit).await?;
                let is_last = page.len() < limit;
                (page, is_last)
            } else {
                // What is not recent, or not published yet, only history knows.
                (recent, false)
            };
            let before = self.sent;
            for publication in &page {
                if publication.position.is_some_and(|position| position > last) {
                    return Ok(());
                }
                self.send(publication).await?;
            }
            if is_last {
                return Ok(());
            }
            if self.sent == before {
                tracing::error!(%topic, before, "replay gave a full page with nothing beyond the position asked for");
                return Err(Refusal::new(code::UNAVAILABLE, "History cannot be read.").into());
            }
        }
    }

    async fn send(&mut self, publication: &Publication) -> Result<(), Stopped> {
        let Some(position) = publication.position.filter(|&position| position > self.sent) else {
            return Ok(());
        };
        self.subscription.outbox.room().await?;
        let parcel = Parcel {
            volatile: false,
            ..self.broker.hub().parcel(self.subscription, publication)
        };
        if !self.subscription.replay(&parcel) {
            return Err(Stopped::Over);
        }
        self.sent = position;
        Ok(())
    }
}
