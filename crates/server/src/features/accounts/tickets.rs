//! Tickets: good once and soon over, for handshakes that can carry nothing but an address.
//!
//! Kept in memory only, by the hash of their value: whoever restarts the server asks for new ones.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::{Principal, tokens};
use crate::problem::{Code, Refusal};
use crate::time::Time;

/// Tickets that were given and not used yet, with their bounds.
#[derive(Debug)]
pub(super) struct Tickets {
    ttl_s: u64,
    /// One more of a person puts out the person's oldest.
    per_user_max: usize,
    total_max: usize,
    given: Mutex<Given>,
}

#[derive(Debug, Default)]
struct Given {
    by_hash: HashMap<String, Ticket>,
    /// Hashes of each person's tickets, the oldest first; some may be used.
    of_member: HashMap<i64, VecDeque<String>>,
}

#[derive(Debug)]
struct Ticket {
    bearer: Principal,
    until: Time,
}

impl Tickets {
    pub(super) fn new(ttl_s: u64, per_user_max: usize, total_max: usize) -> Self {
        Self {
            ttl_s,
            per_user_max,
            total_max,
            given: Mutex::default(),
        }
    }

    /// How long a ticket is good, in seconds.
    pub(super) const fn ttl_s(&self) -> u64 {
        self.ttl_s
    }

    /// A new ticket for `bearer`.
    ///
    /// # Errors
    /// `rate_limited` while too many are given at once.
    pub(super) fn give(&self, bearer: Principal, now: Time) -> Result<String, Refusal> {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if given.by_hash.len() >= self.total_max {
            given.forget_over(now);
        }
        if given.by_hash.len() >= self.total_max {
            return Err(Refusal::rate_limited(self.ttl_s));
        }
        let value = tokens::random_value();
        let hash = tokens::cookie_hash(&value);
        let mut own = given.of_member.remove(&bearer.member_id).unwrap_or_default();
        own.retain(|hash| given.by_hash.contains_key(hash));
        while own.len() >= self.per_user_max {
            if let Some(oldest) = own.pop_front() {
                given.by_hash.remove(&oldest);
            }
        }
        own.push_back(hash.clone());
        given.of_member.insert(bearer.member_id, own);
        let until = now.plus_s(self.ttl_s);
        given.by_hash.insert(hash, Ticket { bearer, until });
        Ok(value)
    }

    /// Who was given this ticket, which is then used up.
    ///
    /// # Errors
    /// `unauthenticated` for one that is unknown, used or over.
    pub(super) fn take(&self, value: &str, now: Time) -> Result<Principal, Refusal> {
        let hash = tokens::cookie_hash(value);
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = given.by_hash.remove(&hash);
        if let Some(ticket) = &ticket {
            given.clear_up(ticket.bearer.member_id);
        }
        let ticket = ticket.filter(|ticket| now < ticket.until);
        ticket
            .map(|ticket| ticket.bearer)
            .ok_or_else(|| Code::Unauthenticated.into())
    }
}

impl Given {
    fn forget_over(&mut self, now: Time) {
        self.by_hash.retain(|_, ticket| now < ticket.until);
        let members: Vec<i64> = self.of_member.keys().copied().collect();
        for member_id in members {
            self.clear_up(member_id);
        }
    }

    /// Drops what is used of a person's list, and the list if nothing is left.
    fn clear_up(&mut self, member_id: i64) {
        let Some(own) = self.of_member.get_mut(&member_id) else {
            return;
        };
        own.retain(|hash| self.by_hash.contains_key(hash));
        if own.is_empty() {
            self.of_member.remove(&member_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(member_id: i64) -> Principal {
        Principal {
            member_id,
            user_code: format!("U{member_id}"),
            name: "x".into(),
            roles: Vec::new(),
            login_id: None,
            expires_at: Time::from_ms(i64::MAX),
        }
    }

    fn at(s: i64) -> Time {
        Time::from_ms(s * 1000)
    }

    #[test]
    fn a_ticket_is_good_once_and_for_its_time() {
        let tickets = Tickets::new(30, 10, 100);
        let ticket = tickets.give(person(7), at(0)).unwrap();
        assert_eq!(tickets.take(&ticket, at(29)).unwrap().member_id, 7);
        assert_eq!(tickets.take(&ticket, at(29)).unwrap_err().code, Code::Unauthenticated);
        let late = tickets.give(person(7), at(0)).unwrap();
        assert!(tickets.take(&late, at(30)).is_err());
        assert!(tickets.take("guessed", at(0)).is_err());
    }

    #[test]
    fn tickets_are_bounded_for_each_person_and_in_all() {
        let tickets = Tickets::new(30, 2, 5);
        let mine: Vec<String> = (0..3).map(|_| tickets.give(person(1), at(0)).unwrap()).collect();
        assert!(tickets.take(&mine[0], at(1)).is_err(), "the oldest made room");
        for id in 2..=4 {
            tickets.give(person(id), at(1)).unwrap();
        }
        assert_eq!(tickets.give(person(9), at(2)).unwrap_err().code, Code::RateLimited);
        assert!(
            tickets.give(person(9), at(31)).is_ok(),
            "those that are over are forgotten"
        );
        assert!(tickets.take(&mine[1], at(2)).is_err());
    }

    #[test]
    fn nothing_is_kept_of_used_tickets() {
        let tickets = Tickets::new(30, 10, 100);
        for id in 0..50 {
            let ticket = tickets.give(person(id), at(0)).unwrap();
            tickets.take(&ticket, at(1)).unwrap();
        }
        let given = tickets.given.lock().unwrap();
        assert!(given.by_hash.is_empty() && given.of_member.is_empty());
    }
}
