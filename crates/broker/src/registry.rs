use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::outbox::Outbox;
use crate::{App, Close, Connection, ConnectionsPerUserPolicy, Limits, Refusal, UserId, code};

/// Which sockets there are and whose. A socket comes in by [`Registry::open`], gets its person by [`Registry::admit`] and
/// goes by [`Registry::remove`]; nothing else changes the two views.
pub(crate) struct Registry<A: App> {
    state: Mutex<State<A>>,
}

struct State<A: App> {
    sockets: HashMap<u64, Socket<A>>,
    /// Oldest first, without those that had to make room and are on their way out.
    users: HashMap<UserId, Vec<Arc<Connection<A>>>>,
    draining: bool,
}

struct Socket<A: App> {
    outbox: Arc<Outbox>,
    connection: Option<Arc<Connection<A>>>,
}

impl<A: App> Registry<A> {
    pub(crate) fn new() -> Registry<A> {
        Registry {
            state: Mutex::new(State {
                sockets: HashMap::new(),
                users: HashMap::new(),
                draining: false,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<A>> {
        self.state.lock().expect("nothing panics while it holds the registry")
    }

    /// A socket without a person yet. One that comes while the server drains is told to end at once.
    pub(crate) fn open(&self, id: u64, outbox: &Arc<Outbox>) {
        let mut state = self.lock();
        if state.draining {
            outbox.end(restarting());
        }
        state.sockets.insert(
            id,
            Socket {
                outbox: Arc::clone(outbox),
                connection: None,
            },
        );
    }

    /// The socket's person is known.
    pub(crate) fn admit(&self, connection: &Arc<Connection<A>>, limits: &Limits) -> Result<(), Refusal> {
        let mut state = self.lock();
        let mine = state.users.entry(connection.user()).or_default();
        while limits.connections_per_user > 0 && mine.len() >= limits.connections_per_user {
            match limits.connections_per_user_policy {
                ConnectionsPerUserPolicy::CloseOldest => mine.remove(0).close(replaced()),
                ConnectionsPerUserPolicy::RefuseNewest => {
                    let message = "There are too many connections of this user.";
                    return Err(Refusal::new(code::TOO_MANY_CONNECTIONS, message));
                }
            }
        }
        mine.push(Arc::clone(connection));
        if let Some(socket) = state.sockets.get_mut(&connection.id()) {
            socket.connection = Some(Arc::clone(connection));
        }
        Ok(())
    }

    pub(crate) fn remove(&self, id: u64) {
        let mut state = self.lock();
        let Some(connection) = state.sockets.remove(&id).and_then(|socket| socket.connection) else {
            return;
        };
        if let Some(mine) = state.users.get_mut(&connection.user()) {
            mine.retain(|other| other.id() != id);
            if mine.is_empty() {
                state.users.remove(&connection.user());
            }
        }
    }

    pub(crate) fn of_user(&self, user: UserId) -> Vec<Arc<Connection<A>>> {
        self.lock().users.get(&user).cloned().unwrap_or_default()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Connection<A>>> {
        self.lock()
            .sockets
            .values()
            .filter_map(|socket| socket.connection.clone())
            .collect()
    }

    /// From now on nobody comes in; all sockets there are, in no order.
    pub(crate) fn drain(&self) -> Vec<Arc<Outbox>> {
        let mut state = self.lock();
        state.draining = true;
        state
            .sockets
            .values()
            .map(|socket| Arc::clone(&socket.outbox))
            .collect()
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.lock().draining
    }

    /// Connections, people, and octets that wait.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let state = self.lock();
        let connections = state
            .sockets
            .values()
            .filter(|socket| socket.connection.is_some())
            .count();
        let queued = state.sockets.values().map(|socket| socket.outbox.bytes()).sum();
        (connections, state.users.len(), queued)
    }
}

pub(crate) fn restarting() -> Close {
    Close::new(code::CLOSE_RESTARTING, "restarting, come back")
}

fn replaced() -> Close {
    Close::new(code::CLOSE_REPLACED, "another connection took the place")
}
