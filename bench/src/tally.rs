//! What many connections have heard, in one place.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Times of deliveries, added from anywhere.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    count: AtomicU64,
    micros: Mutex<Vec<u32>>,
}

impl Tally {
    pub(crate) fn add(&self, time: Duration) {
        let micros = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        self.micros.lock().unwrap_or_else(PoisonError::into_inner).push(micros);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were added since the last [`Tally::take`].
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// All that was added, and begins anew.
    pub(crate) fn take(&self) -> Vec<Duration> {
        let mut micros = self.micros.lock().unwrap_or_else(PoisonError::into_inner);
        self.count.store(0, Ordering::Relaxed);
        micros
            .drain(..)
            .map(|micros| Duration::from_micros(micros.into()))
            .collect()
    }

    /// Waits until this many were added. False: they were not in time.
    pub(crate) async fn reaches(&self, count: u64, within: Duration) -> bool {
        let begun = tokio::time::Instant::now();
        while self.count() < count {
            if begun.elapsed() > within {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        true
    }
}
