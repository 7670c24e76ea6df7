use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::task::TaskTracker;

use crate::driver::Driver;
use crate::hub::Hub;
use crate::metric::Metrics;
use crate::registry::{Registry, restarting};
use crate::sockjs::Session;
use crate::transport::tcp::Tcp;
use crate::transport::{Transport, websocket};
use crate::upgrade::Upgrade;
use crate::{Accepted, App, Close, Connection, Limits, Publication, Topic, UserId};

/// The sub-protocol of a page that can set no header, with its token beside it.
const BEARER: &[&str] = &["bearer"];
/// Pauses between the closings of a drain.
const DRAIN_STEP: Duration = Duration::from_millis(50);

/// All connections of this process and what they are subscribed to.
pub struct Broker<A: App> {
    app: Arc<A>,
    limits: Limits,
    hub: Arc<Hub>,
    registry: Registry<A>,
    metrics: Metrics,
    next_id: AtomicU64,
    /// How often something that was granted was taken back.
    revocations: AtomicU64,
    tasks: TaskTracker,
}

/// A connection without STOMP: one person, one destination, bodies and nothing else.
#[derive(Debug)]
pub struct Raw<I> {
    /// Who it is, known from the handshake.
    pub person: Accepted<I>,
    /// What it reads ([`App::subscribe`]) and where all that comes goes to ([`App::send`]).
    pub destination: String,
    /// As the header `after-seq` of SUBSCRIBE.
    pub after: Option<String>,
}

/// How much there is of everything, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that were let in.
    pub connections: usize,
    /// Different people among them.
    pub users: usize,
    /// Subscriptions of all connections.
    pub subscriptions: usize,
    /// Topics with a subscription.
    pub topics: usize,
    /// Octets that wait to be written.
    pub queued_bytes: usize,
}

impl<A: App> Broker<A> {
    /// A broker without connections. Its metrics go to the recorder that is installed now.
    pub fn new(app: Arc<A>, limits: Limits) -> Arc<Broker<A>> {
        let metrics = Metrics::new();
        Arc::new(Broker {
            app,
            hub: Arc::new(Hub::new(&metrics, limits.recent_bytes_max)),
            limits,
            registry: Registry::new(),
            metrics,
            next_id: AtomicU64::new(1),
            revocations: AtomicU64::new(0),
            tasks: TaskTracker::new(),
        })
    }

    /// The program behind it.
    pub fn app(&self) -> &Arc<A> {
        &self.app
    }

    /// What it holds peers to.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Answers a WebSocket handshake and serves STOMP on it: sub-protocols `v12.stomp`, `v11.stomp`, `v10.stomp`, or none.
    /// Origin, limits per address and the like are checked before. 503 while it drains.
    pub fn upgrade(self: &Arc<Self>, upgrade: Upgrade, handshake: A::Handshake) -> Response {
        // Twice a frame: so the codec refuses what is too large with a clear word, before the socket does.
        let message_bytes_max = 2 * (self.limits.frame.head_bytes_max + self.limits.frame.body_bytes_max);
        self.upgrade_to(upgrade, websocket::STOMP, message_bytes_max, |broker, socket| {
            Driver::stomp(broker, socket, handshake)
        })
    }

    /// Serves STOMP on a stream of octets, like an accepted TCP connection; `TCP_NODELAY` and keep-alive are set before, as
    /// are limits per address. While it drains, the stream is told to come back.
    pub fn accept<S>(self: &Arc<Self>, stream: S, handshake: A::Handshake)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        self.start(Tcp::new(stream), handshake);
    }

    /// Serves STOMP on a session of SockJS. Origin, limits per address and the like are the
    /// [`Service`](crate::sockjs::Service)'s.
    pub fn serve(self: &Arc<Self>, session: Session, handshake: A::Handshake) {
        session.serve(self, handshake);
    }

    pub(crate) fn start<T: Transport + 'static>(self: &Arc<Self>, transport: T, handshake: A::Handshake) {
        self.spawn(Driver::stomp(Arc::clone(self), transport, handshake));
    }

    /// A task of its own: the one of an upgrade has room for more than a connection needs.
    fn spawn<T: Transport + 'static>(&self, driver: Driver<A, T>) {
        self.tasks.spawn(Box::new(driver).run());
    }

    /// Answers a WebSocket handshake and serves `raw` on it: every message that comes is a SEND, everything that is
    /// published goes out as its body alone, refusals as [`App::refusal_body`]. Who may is asked before, so that the
    /// handshake can be refused with a status; of the sub-protocols offered `bearer` is chosen. 503 while it drains.
    pub fn upgrade_raw(self: &Arc<Self>, upgrade: Upgrade, handshake: A::Handshake, raw: Raw<A::Identity>) -> Response {
        self.upgrade_to(upgrade, BEARER, self.limits.frame.body_bytes_max, |broker, socket| {
            Driver::raw(broker, socket, handshake, raw)
        })
    }

    fn upgrade_to(
        self: &Arc<Self>,
        upgrade: Upgrade,
        protocols: &'static [&'static str],
        message_bytes_max: usize,
        driver: impl FnOnce(Arc<Self>, websocket::Upgraded) -> Driver<A, websocket::Upgraded> + Send + 'static,
    ) -> Response {
        if self.registry.is_draining() {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let broker = Arc::clone(self);
        let limits = wire::websocket::Limits {
            message_bytes_max,
            fragments_max: self.limits.fragments_max,
        };
        let (response, accepting) = upgrade.accept(protocols);
        tokio::spawn(async move {
            if let Some(socket) = accepting.socket(limits).await {
                broker.spawn(driver(Arc::clone(&broker), socket));
            }
        });
        response
    }

    /// Publishes to everybody who is subscribed to `topic` now. Never waits. What is published to a topic by one caller
    /// arrives in that order, the same for all.
    pub fn publish(&self, topic: &Topic, publication: &Publication) {
        self.hub.publish(topic, publication);
    }

    /// Whether anybody would hear a publication. One who resumes and still reads history does not count: history is told.
    pub fn has_subscribers(&self, topic: &Topic) -> bool {
        self.hub.has_subscribers(topic)
    }

    /// All connections of a person on this node, the oldest first.
    pub fn connections_of(&self, user: UserId) -> Vec<Arc<Connection<A>>> {
        self.registry.of_user(user)
    }

    /// All connections that were let in, in no order. For what is rare: it looks at each.
    pub fn connections(&self) -> Vec<Arc<Connection<A>>> {
        self.registry.all()
    }

    /// Ends all connections of a person on this node; how many.
    pub fn close_user(&self, user: UserId, close: &Close) -> usize {
        let connections = self.connections_of(user);
        for connection in &connections {
            connection.close(close.clone());
        }
        connections.len()
    }

    /// A person may not read `topic` any more: their subscriptions to it hear `last` and then nothing, a raw connection to
    /// it closes with 4403. [`App::subscribe`] has to refuse already; one that is asked at this moment is asked again.
    pub fn revoke(&self, user: UserId, topic: &Topic, last: Option<&Publication>) {
        self.revocations.fetch_add(1, Ordering::SeqCst);
        for connection in self.connections_of(user) {
            connection.revoke(topic, last);
        }
    }

    pub(crate) fn revocations(&self) -> u64 {
        self.revocations.load(Ordering::SeqCst)
    }

    /// How much there is of everything. Looks at each connection: for pages and tests, not for hot paths.
    pub fn counts(&self) -> Counts {
        let (connections, users, queued_bytes) = self.registry.counts();
        let (topics, subscriptions) = self.hub.counts();
        Counts {
            connections,
            users,
            subscriptions,
            topics,
            queued_bytes,
        }
    }

    /// Takes no more connections, ends all there are with 1012 (come back), in no order and spread over `over`, and waits
    /// until the last one is gone: receipts that are owed go out before, within the close time-out.
    pub async fn drain(&self, over: Duration) {
        let outboxes = self.registry.drain();
        let steps = (over.as_millis() / DRAIN_STEP.as_millis()).max(1);
        let per_step = outboxes
            .len()
            .div_ceil(usize::try_from(steps).unwrap_or(usize::MAX))
            .max(1);
        for batch in outboxes.chunks(per_step) {
            batch.iter().for_each(|outbox| outbox.end(restarting()));
            tokio::time::sleep(DRAIN_STEP.min(over)).await;
        }
        self.tasks.close();
        self.tasks.wait().await;
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    pub(crate) fn registry(&self) -> &Registry<A> {
        &self.registry
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(crate) fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }
}
