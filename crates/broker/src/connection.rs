use wire::Version;

use crate::{App, Close, Publication, Topic, UserId};

/// One live connection of a person who was let in.
pub struct Connection<A: App> {
    id: u64,
    version: Version,
    user: UserId,
    user_name: String,
    identity: A::Identity,
    handshake: A::Handshake,
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

impl<A: App> Connection<A> {
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

    /// The version agreed on.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Publishes to this connection's own subscriptions to `topic` and to nobody else's.
    pub fn publish_own(&self, topic: &Topic, publication: &Publication) {
        let _ = (topic, publication);
    }

    /// Its subscriptions at this moment.
    pub fn subscriptions(&self) -> Vec<SubscriptionInfo> {
        Vec::new()
    }

    /// Ends it. The first reason counts; nothing is delivered to it from now on but what that reason says.
    pub fn close(&self, close: Close) {
        let _ = close;
    }
}
