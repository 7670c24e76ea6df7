//! The sessions over HTTP that there are, by their names.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use metrics::{Gauge, describe_gauge, gauge};
use tokio::time::Instant;

use super::session::Shared;

/// Where it is served, and what its peer calls it.
pub(super) type Name = (&'static str, Box<str>);

/// Sessions of callers of one kind. One that has ended keeps its name for a while, so that its peer learns of it.
pub(super) struct Table<C> {
    /// That have not ended; 0 is no limit.
    max: usize,
    sessions: Mutex<Sessions<C>>,
    ended: Arc<Ended>,
}

struct Sessions<C> {
    by_name: HashMap<Name, Entry<C>>,
    last_number: u64,
}

struct Entry<C> {
    number: u64,
    caller: C,
    shared: Arc<Shared>,
}

/// Those that have ended, in that order.
struct Ended {
    keep: Duration,
    names: Mutex<VecDeque<(Instant, Name, u64)>>,
    /// Those that have not.
    live: AtomicUsize,
    gauge: Gauge,
}

/// What is known of a name.
pub(super) enum Known {
    Session(Arc<Shared>),
    /// It is another caller's.
    Foreign,
    Nothing,
}

/// There are so many already.
#[derive(Clone, Copy, Debug)]
pub(super) struct Full;

/// A session's place in the table.
pub(super) struct Place {
    ended: Arc<Ended>,
    name: Name,
    number: u64,
}

impl<C: PartialEq> Table<C> {
    pub(super) fn new(max: usize, keep: Duration) -> Table<C> {
        describe_gauge!("sockjs_sessions", "sessions over HTTP that have not ended");
        Table {
            max,
            sessions: Mutex::new(Sessions {
                by_name: HashMap::new(),
                last_number: 0,
            }),
            ended: Arc::new(Ended {
                keep,
                names: Mutex::default(),
                live: AtomicUsize::new(0),
                gauge: gauge!("sockjs_sessions"),
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sessions<C>> {
        self.sessions.lock().expect("nothing panics while it holds the table")
    }

    pub(super) fn find(&self, name: &Name, caller: &C) -> Known {
        let mut sessions = self.lock();
        self.forget(&mut sessions);
        sessions.known(name, caller)
    }

    /// The session with this name; a new one, with its place, if there is none.
    pub(super) fn find_or_enter(
        &self,
        name: Name,
        caller: C,
        new: impl FnOnce() -> Shared,
    ) -> Result<(Known, Option<Place>), Full> {
        let mut sessions = self.lock();
        self.forget(&mut sessions);
        match sessions.known(&name, &caller) {
            Known::Nothing => {}
            known => return Ok((known, None)),
        }
        if self.max > 0 && self.ended.live.load(Ordering::SeqCst) >= self.max {
            return Err(Full);
        }
        sessions.last_number += 1;
        let number = sessions.last_number;
        let shared = Arc::new(new());
        let entry = Entry {
            number,
            caller,
            shared: Arc::clone(&shared),
        };
        sessions.by_name.insert(name.clone(), entry);
        self.ended.live.fetch_add(1, Ordering::SeqCst);
        self.ended.gauge.increment(1);
        let ended = Arc::clone(&self.ended);
        Ok((Known::Session(shared), Some(Place { ended, name, number })))
    }

    /// Lets go of names that were kept long enough, and of the oldest where there are too many.
    fn forget(&self, sessions: &mut Sessions<C>) {
        let now = Instant::now();
        let mut ended = self.ended.lock();
        while let Some((until, _, _)) = ended.front() {
            if *until > now && (self.max == 0 || ended.len() <= self.max) {
                break;
            }
            if let Some((_, name, number)) = ended.pop_front()
                && sessions.by_name.get(&name).is_some_and(|entry| entry.number == number)
            {
                sessions.by_name.remove(&name);
            }
        }
    }
}

impl<C: PartialEq> Sessions<C> {
    fn known(&self, name: &Name, caller: &C) -> Known {
        match self.by_name.get(name) {
            None => Known::Nothing,
            // Nobody came back in time: whoever comes now finds another session.
            Some(entry) if entry.shared.is_expired() => Known::Nothing,
            Some(entry) if entry.caller == *caller => Known::Session(Arc::clone(&entry.shared)),
            Some(_) => Known::Foreign,
        }
    }
}

impl Ended {
    fn lock(&self) -> MutexGuard<'_, VecDeque<(Instant, Name, u64)>> {
        self.names.lock().expect("nothing panics while it holds the names")
    }
}

impl Place {
    /// The session has ended. Its name is kept for a while.
    pub(super) fn leave(&self) {
        self.ended.live.fetch_sub(1, Ordering::SeqCst);
        self.ended.gauge.decrement(1);
        let until = Instant::now() + self.ended.keep;
        self.ended.lock().push_back((until, self.name.clone(), self.number));
    }
}
