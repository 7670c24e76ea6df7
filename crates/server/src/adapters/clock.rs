//! The time of day, given in so that tests can set it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::time::Time;

/// Tells the time. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `at` until [`Clock::set`] moves it.
    pub fn standing(at: Time) -> Self {
        Self(Source::Set(Arc::new(AtomicI64::new(at.ms()))))
    }

    /// Moves a standing clock; the machine's clock is not moved.
    pub fn set(&self, at: Time) {
        if let Source::Set(ms) = &self.0 {
            ms.store(at.ms(), Ordering::SeqCst);
        }
    }

    /// Now.
    pub fn now(&self) -> Time {
        match &self.0 {
            Source::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Time::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Source::Set(ms) => Time::from_ms(ms.load(Ordering::SeqCst)),
        }
    }
}
