//! Who is connected to which session at this moment, on this node.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};

/// Session → member → connection → its subscriptions to the session's topic. Empty keys go away; bounded by the
/// limits on connections and subscriptions.
#[derive(Default)]
pub(super) struct Here(Mutex<HashMap<i64, Members>>);

type Members = HashMap<i64, HashMap<u64, u32>>;

impl Here {
    /// A connection subscribed.
    pub(super) fn enter(&self, session_id: i64, member_id: i64, connection: u64) {
        let mut here = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = here.entry(session_id).or_default().entry(member_id).or_default();
        *connections.entry(connection).or_default() += 1;
    }

    /// A connection unsubscribed. True if it was the member's last one here.
    pub(super) fn leave(&self, session_id: i64, member_id: i64, connection: u64) -> bool {
        let mut here = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Entry::Occupied(mut members) = here.entry(session_id) else {
            return false;
        };
        let Entry::Occupied(mut connections) = members.get_mut().entry(member_id) else {
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
            if members.get().is_empty() {
                members.remove();
            }
        }
        last
    }

    /// Whether the member has a live connection here.
    pub(super) fn is_here(&self, session_id: i64, member_id: i64) -> bool {
        let here = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        here.get(&session_id)
            .is_some_and(|members| members.contains_key(&member_id))
    }

    /// Everybody who has a live connection here, by number.
    pub(super) fn members(&self, session_id: i64) -> Vec<i64> {
        let here = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let members = here.get(&session_id).into_iter().flat_map(HashMap::keys);
        let mut members: Vec<i64> = members.copied().collect();
        members.sort_unstable();
        members
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
        here.enter(1, 5, 102);
        here.enter(2, 6, 103);
        assert_eq!(here.members(1), [5, 7]);
        assert!(here.leave(1, 5, 102));
        assert!(!here.leave(1, 7, 100));
        assert!(!here.leave(1, 7, 101));
        assert!(here.is_here(1, 7));
        assert!(here.leave(1, 7, 100));
        assert!(!here.is_here(1, 7));
        assert!(!here.0.lock().unwrap().contains_key(&1), "an empty session goes away");
        assert!(!here.leave(1, 7, 100));
    }
}
