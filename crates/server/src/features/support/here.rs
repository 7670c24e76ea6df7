//! Who is connected to which session at this moment, on this node.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};

/// (session, member) → connection → its subscriptions to the session's topic. Empty keys go away; bounded by the
/// limits on connections and subscriptions.
#[derive(Default)]
pub(super) struct Here(Mutex<HashMap<(i64, i64), HashMap<u64, u32>>>);

impl Here {
    /// A connection subscribed.
    pub(super) fn enter(&self, session_id: i64, member_id: i64, connection: u64) {
        let mut here = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = here.entry((session_id, member_id)).or_default();
        *connections.entry(connection).or_default() += 1;
    }

    /// A connection unsubscribed. True if it was the member's last one here.
    pub(super) fn leave(&self, session_id: i64, member_id: i64, connection: u64) -> bool {
        let mut here = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Entry::Occupied(mut connections) = here.entry((session_id, member_id)) else {
            return false;
        };
        if let Entry::Occupied(mut subscriptions) = connections.get_mut().entry(connection) {
            *subscriptions.get_mut() -= 1;
            if *subscriptions.get() == 0 {
                subscriptions.remove();
            }
        }
        let last = connections.get().is_empty();
        if last {
            connections.remove();
        }
        last
    }

    /// Whether the member has a live connection here.
    pub(super) fn is_here(&self, session_id: i64, member_id: i64) -> bool {
        let here = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        here.contains_key(&(session_id, member_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_subscription_of_the_last_connection_leaves() {
        let here = Here::default();
        here.enter(1, 7, 100);
        here.enter(1, 7, 100);
        here.enter(1, 7, 101);
        assert!(!here.leave(1, 7, 100));
        assert!(!here.leave(1, 7, 101));
        assert!(here.is_here(1, 7));
        assert!(here.leave(1, 7, 100));
        assert!(!here.is_here(1, 7));
        assert!(!here.leave(1, 7, 100));
    }
}
