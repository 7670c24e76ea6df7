use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::WebSocketUpgrade;
use axum::response::Response;

use crate::{App, Close, Connection, Limits, Publication, Topic, UserId};

/// All connections of this process and what they are subscribed to.
pub struct Broker<A: App> {
    app: Arc<A>,
    limits: Limits,
}

/// How much there is of everything, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that were let in.
    pub connections: usize,
    /// Different people among them.
    pub users: usize,
    /// Subscriptions of all connections.
    pub subscriptions: usize,
    /// Topics with a subscription.
    pub topics: usize,
    /// Octets that wait to be written.
    pub queued_bytes: usize,
}

impl<A: App> Broker<A> {
    /// A broker without connections. Its metrics go to the recorder that is installed now.
    pub fn new(app: Arc<A>, limits: Limits) -> Arc<Broker<A>> {
        Arc::new(Broker { app, limits })
    }

    /// The program behind it.
    pub fn app(&self) -> &Arc<A> {
        &self.app
    }

    /// What it holds peers to.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Answers a WebSocket handshake and serves STOMP on it: sub-protocols `v12.stomp`, `v11.stomp`, `v10.stomp`, or none.
    /// Origin, limits per address and the like are checked before.
    pub fn upgrade(self: &Arc<Self>, upgrade: WebSocketUpgrade, handshake: A::Handshake) -> Response {
        drop(handshake);
        upgrade.on_upgrade(|_| async {})
    }

    /// Publishes to everybody who is subscribed to `topic` now. Never waits. What is published to a topic by one caller
    /// arrives in that order, the same for all.
    pub fn publish(&self, topic: &Topic, publication: &Publication) {
        let _ = (topic, publication);
    }

    /// Whether anybody would hear a publication.
    pub fn has_subscribers(&self, topic: &Topic) -> bool {
        let _ = topic;
        false
    }

    /// All connections of a person on this node, the oldest first.
    pub fn connections_of(&self, user: UserId) -> Vec<Arc<Connection<A>>> {
        let _ = user;
        Vec::new()
    }

    /// Ends all connections of a person on this node; how many.
    pub fn close_user(&self, user: UserId, close: &Close) -> usize {
        let _ = (user, close);
        0
    }

    /// How much there is of everything.
    pub fn counts(&self) -> Counts {
        Counts::default()
    }

    /// Takes no more connections, ends all there are with 1012 (come back), in random order spread over `over`, and waits
    /// until the last one is gone.
    pub async fn drain(&self, over: Duration) {
        let _ = over;
    }
}
