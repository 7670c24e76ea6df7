//! The way from here to live connections.

use std::sync::{Arc, OnceLock};

use broker::{Publication, Topic};
use bytes::Bytes;
use serde::Serialize;

use crate::time::Time;

/// Whoever shows publications to live connections.
pub trait Live: Send + Sync + 'static {
    /// Shows to everybody subscribed now, without waiting.
    fn publish(&self, topic: &Topic, publication: &Publication);
    /// Whether anybody would hear it.
    fn has_subscribers(&self, topic: &Topic) -> bool;
    /// Whether this member has a live connection.
    fn is_connected(&self, member_id: i64) -> bool;
    /// The member's live connections, the oldest first.
    fn connections_of(&self, member_id: i64) -> Vec<ConnectionInfo>;
    /// Shows to all live connections of this member, without waiting; how many there are.
    fn push(&self, member_id: i64, publication: &Publication) -> usize;
    /// Ends what this member hears of a room, after `last`: nothing that is published from now on reaches the member there.
    fn expel(&self, room_id: i64, member_id: i64, last: &Publication);
}

/// One live connection of a member.
#[derive(Clone, Debug)]
pub struct ConnectionInfo {
    /// Unique while the server runs; stands in its log.
    pub connection_id: u64,
    /// `STOMP 1.2`, or `raw` for the plain WebSocket of one room.
    pub protocol: String,
    pub since: Time,
    /// What it is subscribed to.
    pub destinations: Vec<String>,
}

/// The way to live connections; leads nowhere until it is [`Outlet::connect`]ed. Cheap to clone.
///
/// The broker is built over the features, so they cannot name it; they hold this instead.
#[derive(Clone, Default)]
pub struct Outlet(Arc<OnceLock<Arc<dyn Live>>>);

impl Outlet {
    /// Leads to `live` from now on; a second call changes nothing.
    pub fn connect(&self, live: Arc<dyn Live>) {
        let _ = self.0.set(live);
    }

    /// Shows `body` to those who are subscribed to `topic`; encodes nothing if there is nobody.
    pub fn show(&self, topic: &Topic, body: &impl Serialize) {
        self.show_if_heard(topic, || Publication::json(json(body)));
    }

    /// Like [`Outlet::show`], for what is of use only now and may be left out.
    pub fn show_volatile(&self, topic: &Topic, body: &impl Serialize) {
        self.show_if_heard(topic, || Publication::json(json(body)).volatile());
    }

    /// Whether anybody hears `topic`.
    pub fn is_heard(&self, topic: &Topic) -> bool {
        self.0.get().is_some_and(|live| live.has_subscribers(topic))
    }

    /// Whether this member has a live connection.
    pub fn is_connected(&self, member_id: i64) -> bool {
        self.0.get().is_some_and(|live| live.is_connected(member_id))
    }

    /// The member's live connections, the oldest first.
    pub fn connections_of(&self, member_id: i64) -> Vec<ConnectionInfo> {
        let live = self.0.get();
        live.map(|live| live.connections_of(member_id)).unwrap_or_default()
    }

    /// Says `body` to all live connections of this member; how many there are.
    pub(super) fn push(&self, member_id: i64, body: &impl Serialize) -> usize {
        let live = self.0.get();
        live.map_or(0, |live| live.push(member_id, &Publication::json(json(body))))
    }

    /// Ends what this member hears of a room, after `last`.
    pub(super) fn expel(&self, room_id: i64, member_id: i64, last: &Publication) {
        if let Some(live) = self.0.get() {
            live.expel(room_id, member_id, last);
        }
    }

    /// Shows what `publication` makes, if anybody would hear it.
    pub fn show_if_heard(&self, topic: &Topic, publication: impl FnOnce() -> Publication) {
        if let Some(live) = self.0.get()
            && live.has_subscribers(topic)
        {
            live.publish(topic, &publication());
        }
    }
}

/// `body` as JSON.
pub(super) fn json(body: &impl Serialize) -> Bytes {
    Bytes::from(serde_json::to_vec(body).expect("our own types have string keys and no failing parts"))
}
