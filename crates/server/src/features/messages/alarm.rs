//! What time does: rows with a due time, done when it has come, also after a restart.

use std::time::Duration;

use tokio::sync::Notify;

use crate::adapters::clock::Clock;
use crate::problem::Refusal;
use crate::time::Time;

/// Longest sleep: a due time that another program wrote is seen by then.
const LONGEST: Duration = Duration::from_secs(30);

/// Pause after a failure of the database.
const RETRY: Duration = Duration::from_secs(1);

/// Wakes whoever does what is due.
#[derive(Debug, Default)]
pub struct Alarm(Notify);

impl Alarm {
    /// Something may be due earlier than known.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Calls `do_due`, which returns when something is due next, whenever something may be due. Runs for ever.
    pub async fn run<F>(&self, clock: &Clock, do_due: impl Fn() -> F)
    where
        F: Future<Output = Result<Option<Time>, Refusal>>,
    {
        loop {
            let woken = self.0.notified();
            let pause = match do_due().await {
                Ok(Some(next)) => until(next, clock.now()),
                Ok(None) => LONGEST,
                Err(_) => RETRY,
            };
            // Both only wait: dropping one loses nothing.
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}

fn until(next: Time, now: Time) -> Duration {
    let pause = Duration::from_millis(u64::try_from(next.ms() - now.ms()).unwrap_or(0));
    pause.min(LONGEST)
}
