//! Bounds on what one address or one user may do in a time, and who an address is.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};

use crate::config;
use crate::problem::Refusal;

/// Keys that one limiter remembers; over it the one used longest ago is forgotten.
const KEYS_MAX: u64 = 100_000;

/// The bounds of the running server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Limits(Arc<Bounds>);

#[derive(Debug)]
struct Bounds {
    connects: Limiter<AddressKey>,
    sends: Limiter<i64>,
    sends_from: Limiter<AddressKey>,
    subscribes: Limiter<i64>,
    signals: Limiter<i64>,
    sessions: Limiter<i64>,
    connections: Arc<Counter>,
}

impl Limits {
    /// The bounds that the settings name; 0 switches one off.
    pub fn new(limits: &config::Limits) -> Self {
        Self(Arc::new(Bounds {
            connects: Limiter::per_minute(limits.connects_per_minute_per_address),
            sends: Limiter::per_second(limits.sends_per_second_per_user, limits.sends_burst_per_user),
            sends_from: Limiter::per_second(limits.sends_per_second_per_address, limits.sends_burst_per_address),
            subscribes: Limiter::per_second(limits.subscribes_per_second_per_user, limits.subscribes_burst_per_user),
            signals: Limiter::per_second(limits.signals_per_second_per_user, limits.signals_burst_per_user),
            sessions: Limiter::per_hour(limits.sessions_per_hour_per_customer),
            connections: Arc::new(Counter {
                max: limits.connections_per_address,
                held: Mutex::default(),
            }),
        }))
    }

    /// Counts a new WebSocket, TCP or SockJS session of an address.
    ///
    /// # Errors
    /// `rate_limited` over `limits.connects_per_minute_per_address`.
    pub fn connect(&self, address: IpAddr) -> Result<(), Refusal> {
        self.0.connects.check(&AddressKey::of(address))
    }

    /// Counts a SEND that stores something.
    ///
    /// # Errors
    /// `rate_limited` over `limits.sends_per_second_per_user` and its burst.
    pub fn send(&self, member_id: i64) -> Result<(), Refusal> {
        self.0.sends.check(&member_id)
    }

    /// Counts a SEND of any kind that came over a socket of this address.
    ///
    /// # Errors
    /// `rate_limited` over `limits.sends_per_second_per_address` and its burst.
    pub fn send_from(&self, slot: &ConnectionSlot) -> Result<(), Refusal> {
        self.0.sends_from.check(&slot.address)
    }

    /// Counts a SUBSCRIBE.
    ///
    /// # Errors
    /// `rate_limited` over `limits.subscribes_per_second_per_user` and its burst.
    pub fn subscribe(&self, member_id: i64) -> Result<(), Refusal> {
        self.0.subscribes.check(&member_id)
    }

    /// Counts a typing event or a read mark.
    ///
    /// # Errors
    /// `rate_limited` over `limits.signals_per_second_per_user` and its burst.
    pub fn signal(&self, member_id: i64) -> Result<(), Refusal> {
        self.0.signals.check(&member_id)
    }

    /// Counts a support session that a customer opens.
    ///
    /// # Errors
    /// `rate_limited` over `limits.sessions_per_hour_per_customer`.
    pub fn open_session(&self, member_id: i64) -> Result<(), Refusal> {
        self.0.sessions.check(&member_id)
    }

    /// Takes a place among the live connections of an address; dropping the slot gives it back.
    ///
    /// # Errors
    /// `rate_limited` when `limits.connections_per_address` are taken.
    pub fn connection(&self, address: IpAddr) -> Result<ConnectionSlot, Refusal> {
        Counter::take(&self.0.connections, AddressKey::of(address))
    }
}

/// The unit that counts as one address: an IPv4 address, or the /64 network of an IPv6 one, whose owner has all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct AddressKey(IpAddr);

impl AddressKey {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => {
                let network = u128::from(v6) & !u128::from(u64::MAX);
                Self(IpAddr::V6(Ipv6Addr::from(network)))
            }
            v4 @ IpAddr::V4(_) => Self(v4),
        }
    }
}

/// Log-in attempts of addresses, guests included.
#[derive(Debug)]
pub struct LoginLimit(Limiter<AddressKey>);

impl LoginLimit {
    /// The bound of `limits.logins_per_minute_per_address`.
    pub fn new(limits: &config::Limits) -> Self {
        Self(Limiter::per_minute(limits.logins_per_minute_per_address))
    }

    /// Counts an attempt.
    ///
    /// # Errors
    /// `rate_limited` over the bound.
    pub fn check(&self, address: IpAddr) -> Result<(), Refusal> {
        self.0.check(&AddressKey::of(address))
    }
}

/// Transcripts that people have sent by mail.
#[derive(Debug)]
pub struct TranscriptLimit(Limiter<i64>);

impl TranscriptLimit {
    /// At most `per_hour` of one person; 0 is no limit.
    pub fn new(per_hour: u32) -> Self {
        Self(Limiter::per_hour(per_hour))
    }

    /// Counts one.
    ///
    /// # Errors
    /// `rate_limited` over the bound.
    pub fn check(&self, member_id: i64) -> Result<(), Refusal> {
        self.0.check(&member_id)
    }
}

/// What a limiter counts by.
trait Key: Hash + Eq + Clone + std::fmt::Debug + Send + Sync + 'static {}

impl<K: Hash + Eq + Clone + std::fmt::Debug + Send + Sync + 'static> Key for K {}

/// A GCRA limiter for each key. What an idle key holds is forgotten once it would be full again anyway.
#[derive(Debug)]
struct Limiter<K: Key, C: Clock = DefaultClock>(Option<Keyed<K, C>>);

type Keyed<K, C> = RateLimiter<K, States<K>, C, NoOpMiddleware<<C as Clock>::Instant>>;

impl<K: Key> Limiter<K> {
    fn per_minute(count: u32) -> Self {
        Self::every(Duration::from_secs(60), count, count, DefaultClock::default())
    }

    fn per_hour(count: u32) -> Self {
        Self::every(Duration::from_secs(3600), count, count, DefaultClock::default())
    }

    fn per_second(count: u32, burst: u32) -> Self {
        Self::every(Duration::from_secs(1), count, burst, DefaultClock::default())
    }
}

impl<K: Key, C: Clock> Limiter<K, C> {
    /// `count` in each `period`, `burst` of them at once; a count of 0 is no limit.
    fn every(period: Duration, count: u32, burst: u32, clock: C) -> Self {
        let Some(replenish) = period.checked_div(count) else {
            return Self(None);
        };
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(replenish.max(Duration::from_nanos(1)))
            .expect("a period of at least a nanosecond")
            .allow_burst(burst);
        let full_after = replenish.saturating_mul(burst.get());
        Self(Some(RateLimiter::new(quota, States::new(full_after), clock)))
    }

    fn check(&self, key: &K) -> Result<(), Refusal> {
        let Some(limiter) = &self.0 else {
            return Ok(());
        };
        limiter.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(limiter.clock().now());
            Refusal::rate_limited(wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX))
        })
    }
}

/// The states of a limiter's keys, at most [`KEYS_MAX`].
#[derive(Debug)]
struct States<K: Key>(moka::sync::Cache<K, Arc<InMemoryState>>);

impl<K: Key> States<K> {
    fn new(full_after: Duration) -> Self {
        let cache = moka::sync::Cache::builder()
            .max_capacity(KEYS_MAX)
            .eviction_policy(moka::policy::EvictionPolicy::lru())
            .time_to_idle(full_after.saturating_mul(2))
            .build();
        Self(cache)
    }
}

impl<K: Key> StateStore for States<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, f: F) -> Result<T, E>
    where
        F: Fn(Option<governor::nanos::Nanos>) -> Result<(T, governor::nanos::Nanos), E>,
    {
        let state = self.0.get_with_by_ref(key, Arc::default);
        state.measure_and_replace(&NotKeyed::NonKey, f)
    }
}

/// Live connections of each address.
#[derive(Debug)]
struct Counter {
    /// 0: no limit.
    max: u32,
    /// Only addresses that hold something; bounded by `limits.http_connections`.
    held: Mutex<HashMap<AddressKey, u32>>,
}

impl Counter {
    fn take(counter: &Arc<Self>, address: AddressKey) -> Result<ConnectionSlot, Refusal> {
        let mut held = counter.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        if counter.max > 0 && *count >= counter.max {
            return Err(Refusal::rate_limited(RETRY_CONNECTION_S));
        }
        *count += 1;
        drop(held);
        Ok(ConnectionSlot {
            counter: Arc::clone(counter),
            address,
        })
    }
}

/// When to try again where every connection of an address is taken: nobody knows when one ends.
const RETRY_CONNECTION_S: u64 = 5;

/// A place among the live connections of an address, given back when dropped.
#[derive(Debug)]
pub struct ConnectionSlot {
    counter: Arc<Counter>,
    address: AddressKey,
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut held = self.counter.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;
    use crate::config::Config;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn limits(settings: &[(&str, &str)]) -> config::Limits {
        let settings = settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Config::from_environment(None, settings).unwrap().limits
    }

    #[test]
    fn a_burst_passes_and_then_the_steady_rate() {
        let clock = FakeRelativeClock::default();
        let limiter = Limiter::every(Duration::from_secs(1), 10, 40, clock.clone());
        let passed = (0..100).filter(|_| limiter.check(&1).is_ok()).count();
        assert_eq!(passed, 40);
        clock.advance(Duration::from_secs(1));
        let passed = (0..100).filter(|_| limiter.check(&1).is_ok()).count();
        assert_eq!(passed, 10);
        assert!(limiter.check(&2).is_ok(), "another user is not held up");
    }

    #[test]
    fn a_refusal_says_how_long_to_wait() {
        let clock = FakeRelativeClock::default();
        let limiter = Limiter::every(Duration::from_secs(3600), 2, 2, clock.clone());
        assert!(limiter.check(&1).is_ok() && limiter.check(&1).is_ok());
        let refusal = limiter.check(&1).unwrap_err();
        assert_eq!(refusal.retry_after_s, Some(1800));
        clock.advance(Duration::from_millis(1_799_500));
        assert_eq!(limiter.check(&1).unwrap_err().retry_after_s, Some(1));
        clock.advance(Duration::from_millis(500));
        assert!(limiter.check(&1).is_ok());
    }

    #[test]
    fn zero_is_no_limit() {
        let limits = Limits::new(&limits(&[
            ("MARU_LIMITS__SENDS_PER_SECOND_PER_USER", "0"),
            ("MARU_LIMITS__CONNECTIONS_PER_ADDRESS", "0"),
        ]));
        assert!((0..10_000).all(|_| limits.send(1).is_ok()));
        let slots: Vec<_> = (0..1000).map(|_| limits.connection(address("::1"))).collect();
        assert!(slots.iter().all(Result::is_ok));
    }

    fn touch(states: &States<u64>, keys: u64) {
        for key in 0..keys {
            let touched = states.measure_and_replace(&key, |_| Ok::<_, ()>(((), 1.into())));
            assert_eq!(touched, Ok(()));
        }
        states.0.run_pending_tasks();
    }

    #[test]
    fn a_limiter_remembers_only_so_many_keys() {
        let states = States::new(Duration::from_secs(3600));
        touch(&states, KEYS_MAX + 5_000);
        assert_eq!(states.0.entry_count(), KEYS_MAX);
        assert!(!states.0.contains_key(&0) && states.0.contains_key(&(KEYS_MAX + 4_999)));
    }

    #[test]
    fn an_idle_key_is_forgotten() {
        let states = States::new(Duration::ZERO);
        touch(&states, 100);
        assert_eq!(states.0.entry_count(), 0);
    }

    #[test]
    fn a_slot_that_is_dropped_is_free_again() {
        let limits = Limits::new(&limits(&[("MARU_LIMITS__CONNECTIONS_PER_ADDRESS", "2")]));
        let here = address("192.0.2.1");
        let first = limits.connection(here).unwrap();
        let _second = limits.connection(here).unwrap();
        assert!(limits.connection(here).is_err());
        assert!(limits.connection(address("192.0.2.2")).is_ok());
        drop(first);
        assert!(limits.connection(here).is_ok());
        drop(_second);
        assert!(limits.0.connections.held.lock().unwrap().is_empty());
    }

    #[test]
    fn the_owner_of_an_ipv6_network_is_one_address() {
        let key = |text| AddressKey::of(address(text));
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
