//! Who is connected to which room at this moment, on this node: several connections of one person are one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Room → member → connection → its subscriptions to the room's topic. Empty keys go away; bounded by the limits on
/// connections and subscriptions.
#[derive(Default)]
pub struct Here(Mutex<HashMap<i64, Members>>);

type Members = HashMap<i64, HashMap<u64, u32>>;

impl Here {
    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Members>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection subscribed. True if it is the member's first one here.
    pub fn enter(&self, room_id: i64, member_id: i64, connection: u64) -> bool {
        let mut rooms = self.lock();
        let connections = rooms.entry(room_id).or_default().entry(member_id).or_default();
        let first = connections.is_empty();
        *connections.entry(connection).or_default() += 1;
        first
    }

    /// A connection unsubscribed. True if it was the member's last one here.
    pub fn leave(&self, room_id: i64, member_id: i64, connection: u64) -> bool {
        let mut rooms = self.lock();
        let Entry::Occupied(mut members) = rooms.entry(room_id) else {
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
    pub fn is_here(&self, room_id: i64, member_id: i64) -> bool {
        let rooms = self.lock();
        rooms
            .get(&room_id)
            .is_some_and(|members| members.contains_key(&member_id))
    }

    /// Everybody who has a live connection here, by number.
    pub fn members(&self, room_id: i64) -> Vec<i64> {
        let rooms = self.lock();
        let members = rooms.get(&room_id).into_iter().flat_map(HashMap::keys);
        let mut members: Vec<i64> = members.copied().collect();
        members.sort_unstable();
        members
    }

    /// How many different people have a live connection here.
    pub fn count(&self, room_id: i64) -> usize {
        self.lock().get(&room_id).map_or(0, HashMap::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_subscription_of_the_last_connection_leaves() {
        let here = Here::default();
        assert!(here.enter(1, 7, 100));
        assert!(!here.enter(1, 7, 100));
        assert!(!here.enter(1, 7, 101));
        assert!(!here.leave(1, 7, 100));
        assert!(!here.leave(1, 7, 101));
        assert!(here.is_here(1, 7));
        assert!(here.leave(1, 7, 100));
        assert!(!here.is_here(1, 7));
        assert!(!here.leave(1, 7, 100));
    }

    #[test]
    fn several_devices_are_one_person_and_empty_keys_go() {
        let here = Here::default();
        here.enter(1, 7, 100);
        here.enter(1, 7, 101);
        here.enter(1, 8, 102);
        here.enter(2, 7, 100);
        assert_eq!((here.count(1), here.count(2), here.count(3)), (2, 1, 0));
        assert_eq!(here.members(1), [7, 8]);
        for (room, member, connection) in [(1, 7, 100), (1, 7, 101), (1, 8, 102), (2, 7, 100)] {
            here.leave(room, member, connection);
        }
        assert!(here.lock().is_empty());
    }
}
