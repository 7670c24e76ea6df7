use std::sync::{Arc, Mutex, MutexGuard};

use crate::dialect::Dialect;
use crate::hub::Hub;
use crate::outbox::Outbox;
use crate::subscription::Subscription;
use crate::{Accepted, App, Close, Publication, Topic, UserId, code};

/// One live connection of a person who was let in.
pub struct Connection<A: App> {
    id: u64,
    dialect: Dialect,
    user: UserId,
    user_name: String,
    identity: A::Identity,
    handshake: Arc<A::Handshake>,
    hub: Arc<Hub>,
    outbox: Arc<Outbox>,
    subscriptions: Mutex<Vec<Arc<Subscription>>>,
}

/// One subscription of a connection, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionInfo {
    /// The client's name for it; none only in 1.0.
    pub id: Option<String>,
    /// As the client wrote it.
    pub destination: String,
    /// What feeds it.
    pub topic: Topic,
}

/// The parts of a connection that are there before its person is.
pub(crate) struct Socket<A: App> {
    pub(crate) id: u64,
    pub(crate) handshake: Arc<A::Handshake>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) outbox: Arc<Outbox>,
}

impl<A: App> Connection<A> {
    pub(crate) fn new(socket: Socket<A>, dialect: Dialect, person: Accepted<A::Identity>) -> Connection<A> {
        Connection {
            id: socket.id,
            dialect,
            user: person.user,
            user_name: person.user_name,
            identity: person.identity,
            handshake: socket.handshake,
            hub: socket.hub,
            outbox: socket.outbox,
            subscriptions: Mutex::default(),
        }
    }

    /// Unique in this process; for logs.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Who it is, as the app sees it.
    pub fn identity(&self) -> &A::Identity {
        &self.identity
    }

    /// What the handshake told.
    pub fn handshake(&self) -> &A::Handshake {
        &self.handshake
    }

    /// Who it is.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// As shown in CONNECTED.
    pub fn user_name(&self) -> &str {
        &self.user_name
    }

    /// What its bytes mean.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Publishes to this connection's own subscriptions to `topic` and to nobody else's. Never waits.
    pub fn publish_own(&self, topic: &Topic, publication: &Publication) {
        for subscription in self.lock().iter().filter(|subscription| subscription.topic == *topic) {
            subscription.deliver(publication.position, &self.hub.parcel(subscription, publication));
        }
    }

    /// Its subscriptions at this moment.
    pub fn subscriptions(&self) -> Vec<SubscriptionInfo> {
        let info = |subscription: &Arc<Subscription>| SubscriptionInfo {
            id: subscription.id.as_deref().map(str::to_owned),
            destination: subscription.destination.to_string(),
            topic: subscription.topic.clone(),
        };
        self.lock().iter().map(info).collect()
    }

    /// Ends it. The first reason counts; what is published from now on does not reach it.
    pub fn close(&self, close: Close) {
        self.outbox.end(close);
    }

    pub(crate) fn revoke(&self, topic: &Topic, last: Option<&Publication>) {
        let mine: Vec<_> = self
            .lock()
            .iter()
            .filter(|mine| mine.topic == *topic)
            .cloned()
            .collect();
        for subscription in &mine {
            let last = last.map(|last| self.hub.parcel(subscription, last));
            subscription.revoke(last.as_ref());
            self.hub.remove(subscription);
        }
        if !mine.is_empty() && self.dialect == Dialect::Raw {
            self.close(Close::new(code::CLOSE_REMOVED, "removed from here"));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Subscription>>> {
        self.subscriptions
            .lock()
            .expect("nothing panics while it holds a connection's subscriptions")
    }

    pub(crate) fn find(&self, wanted: impl Fn(&Subscription) -> bool) -> Option<Arc<Subscription>> {
        self.lock().iter().find(|subscription| wanted(subscription)).cloned()
    }

    pub(crate) fn subscription_count(&self) -> usize {
        self.lock().len()
    }

    /// Enters it among the connection's own; nothing is delivered to it yet.
    pub(crate) fn enter(&self, subscription: &Arc<Subscription>) {
        self.lock().push(Arc::clone(subscription));
    }

    /// Takes it out again, everywhere.
    pub(crate) fn leave(&self, subscription: &Arc<Subscription>) {
        self.lock().retain(|other| !Arc::ptr_eq(other, subscription));
        subscription.stop();
        self.hub.remove(subscription);
    }

    /// Takes all of them out, when the connection is over.
    pub(crate) fn leave_all(&self) -> Vec<Arc<Subscription>> {
        let subscriptions = std::mem::take(&mut *self.lock());
        for subscription in &subscriptions {
            subscription.stop();
            self.hub.remove(subscription);
        }
        subscriptions
    }
}
