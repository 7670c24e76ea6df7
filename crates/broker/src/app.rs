use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use wire::{Frame, Headers};

use crate::Connection;

/// Who a person is, as a number. The broker compares it and no more.
pub type UserId = i64;

/// A boxed future that owns what it needs.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What the embedding program supplies: who may connect, read and write, and what a body means.
///
/// For one connection the calls come one at a time and in the order of its frames; while one runs, no further frame of
/// that connection is read, but what is published goes on being written. When a connection ends, a call that runs is
/// awaited for [`Limits::finish_timeout`](crate::Limits::finish_timeout) and dropped then.
pub trait App: Send + Sync + Sized + 'static {
    /// Who is behind a connection (claims, roles, locale, cached rights). Made by [`App::connect`].
    type Identity: Send + Sync + 'static;
    /// What the handshake told (peer address, cookie's person, accept-language …): opaque to the broker, and kept as long
    /// as the connection, so a permit may hang in it.
    type Handshake: Send + Sync + 'static;

    /// A CONNECT or STOMP frame: who is it? Version and heart-beats are agreed already. Not asked for a raw connection:
    /// its person was known at the handshake.
    ///
    /// # Errors
    /// The refusal becomes an ERROR frame and the connection closes.
    fn connect(
        &self,
        handshake: &Self::Handshake,
        frame: &Frame,
    ) -> impl Future<Output = Result<Accepted<Self::Identity>, Refusal>> + Send;

    /// The connection is in the registry, CONNECTED is not sent yet. Whoever locks people out by
    /// [`Broker::close_user`](crate::Broker::close_user) looks again here whether this one may stay: between
    /// [`App::connect`] and now nobody could close it.
    fn connected(&self, connection: &Arc<Connection<Self>>) -> impl Future<Output = ()> + Send {
        let _ = connection;
        async {}
    }

    /// May this connection read `destination`, and which topic feeds it? `after` is the raw header `after-seq`.
    ///
    /// # Errors
    /// The refusal becomes an ERROR frame and the connection closes.
    fn subscribe(
        &self,
        connection: &Arc<Connection<Self>>,
        destination: &str,
        after: Option<&str>,
    ) -> impl Future<Output = Result<Grant, Refusal>> + Send;

    /// The subscription is live (and level, if it resumed). Its RECEIPT follows.
    fn subscribed(&self, connection: &Arc<Connection<Self>>, topic: &Topic) -> impl Future<Output = ()> + Send;

    /// Once for each [`App::subscribed`], also when the connection ended.
    fn unsubscribed(
        &self,
        connection: &Arc<Connection<Self>>,
        topic: &Topic,
        cause: Cause,
    ) -> impl Future<Output = ()> + Send;

    /// A SEND, in the order of the frames; those of a transaction at its COMMIT. Await here what decides whether it is
    /// taken (rights, content, room in a queue) and give the rest back as a [`Completion`], so that the next frame need
    /// not wait for it.
    ///
    /// # Errors
    /// The refusal goes to this connection's [`App::errors_topic`]; the connection lives on, there is no RECEIPT.
    fn send(
        &self,
        connection: &Arc<Connection<Self>>,
        send: SendFrame,
    ) -> impl Future<Output = Result<Completion, Refusal>> + Send;

    /// Up to `limit` publications of `topic` with a position beyond `after`, ascending. Fewer than `limit` means that
    /// there are no more at this moment. They must be visible here before they are published.
    ///
    /// # Errors
    /// The refusal becomes an ERROR frame and the connection closes.
    fn replay(
        &self,
        topic: &Topic,
        after: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Publication>, Refusal>> + Send;

    /// What tells a resuming subscription that it is level: the state now. Its position says what it covers: everything
    /// up to it was replayed before or is told by it, everything beyond follows live.
    ///
    /// # Errors
    /// The refusal becomes an ERROR frame and the connection closes.
    fn level(
        &self,
        connection: &Arc<Connection<Self>>,
        topic: &Topic,
    ) -> impl Future<Output = Result<Option<Publication>, Refusal>> + Send;

    /// The topic on which this connection hears why one of its SENDs was refused; only its own subscriptions to that
    /// topic are told.
    fn errors_topic(&self, connection: &Arc<Connection<Self>>) -> Topic;

    /// The connection is over and out of the registry; after the last [`App::unsubscribed`]. Once for each
    /// [`App::connected`].
    fn closed(&self, connection: &Arc<Connection<Self>>, cause: Cause) -> impl Future<Output = ()> + Send;

    /// The body that tells a refusal to this peer, in its language: of an ERROR frame and of a publication on
    /// [`App::errors_topic`] alike. JSON. Refusals of the broker itself carry the codes of [`crate::code`].
    fn refusal_body(&self, refusal: &Refusal, at: RefusedAt<'_, Self>) -> Bytes;
}

/// A person let in by [`App::connect`].
#[derive(Debug)]
pub struct Accepted<I> {
    /// By which [`Broker::close_user`](crate::Broker::close_user) and the limit on connections find it.
    pub user: UserId,
    /// Shown in CONNECTED as `user-name`.
    pub user_name: String,
    /// Kept with the connection.
    pub identity: I,
    /// When the log-in ends: the connection closes then with 4401. Never, if none.
    pub expires_at: Option<SystemTime>,
}

/// A subscription allowed by [`App::subscribe`].
#[derive(Clone, Debug)]
pub struct Grant {
    /// What feeds it.
    pub topic: Topic,
    /// First everything beyond this position, then [`App::level`], then live. None: live at once.
    pub resume_after: Option<u64>,
    /// Before all of it, for this subscription alone.
    pub greeting: Option<Publication>,
}

impl Grant {
    /// Live from now on.
    pub fn live(topic: Topic) -> Grant {
        Grant {
            topic,
            resume_after: None,
            greeting: None,
        }
    }

    /// Everything of `topic` beyond the position `after`, then live.
    pub fn resume(topic: Topic, after: u64) -> Grant {
        Grant {
            resume_after: Some(after),
            ..Grant::live(topic)
        }
    }

    /// The same, beginning with this publication.
    #[must_use]
    pub fn greeting(self, publication: Publication) -> Grant {
        Grant {
            greeting: Some(publication),
            ..self
        }
    }
}

/// What is published to and fed from, by name: `/topic/chat/12`, `/user/31/queue/errors`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topic(Arc<str>);

impl Topic {
    /// The topic with this name.
    pub fn new(name: impl Into<Arc<str>>) -> Topic {
        Topic(name.into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn name(&self) -> &Arc<str> {
        &self.0
    }
}

impl From<&str> for Topic {
    fn from(name: &str) -> Topic {
        Topic::new(name)
    }
}

impl From<String> for Topic {
    fn from(name: String) -> Topic {
        Topic::new(name)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Topic({})", self.0)
    }
}

/// A SEND as it came. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SendFrame {
    /// All of its headers, none of them to be believed.
    pub headers: Arc<Headers>,
    /// Any octets; within the limit on frames.
    pub body: Bytes,
}

impl SendFrame {
    /// Where it is sent to. Never missing: a SEND without destination does not get here.
    pub fn destination(&self) -> &str {
        self.headers.get("destination").unwrap_or_default()
    }
}

/// Headers of a RECEIPT beside `receipt-id`, like `message-id` and `seq`.
pub type ReceiptHeaders = Vec<(&'static str, String)>;

/// A SEND that was taken.
pub enum Completion {
    /// All of it is done.
    Done(ReceiptHeaders),
    /// The RECEIPT waits for this, and so do those of later frames. It is polled when its turn comes, and dropped
    /// when the connection ends before: the work itself must not hang on it.
    Later(BoxFuture<Result<ReceiptHeaders, Refusal>>),
}

impl Completion {
    /// Done, with nothing to add to the RECEIPT.
    pub fn done() -> Completion {
        Completion::Done(Vec::new())
    }
}

impl fmt::Debug for Completion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Completion::Done(headers) => f.debug_tuple("Done").field(headers).finish(),
            Completion::Later(_) => f.write_str("Later"),
        }
    }
}

/// What goes out on a topic, as one MESSAGE for each subscription.
#[derive(Clone, Debug)]
pub struct Publication {
    /// Any octets.
    pub body: Bytes,
    /// None only where a sender gave none.
    pub content_type: Option<Cow<'static, str>>,
    /// Shown as `message-id`; the broker gives a number of its own (`e-…`) where there is none.
    pub message_id: Option<u64>,
    /// Where it stands in its topic's stored history: one more for each, in the order of publishing. A subscription that
    /// is given one with a hole before it reads what it misses by [`App::replay`]. None: not stored.
    pub position: Option<u64>,
    /// Of use only now (typing): the first to be left out when a reader is slow or resuming.
    pub volatile: bool,
    /// Further headers of the MESSAGE.
    pub headers: Vec<(String, String)>,
}

impl Publication {
    /// JSON without number and position, not volatile.
    pub fn json(body: impl Into<Bytes>) -> Publication {
        Publication {
            body: body.into(),
            content_type: Some(Cow::Borrowed("application/json")),
            message_id: None,
            position: None,
            volatile: false,
            headers: Vec::new(),
        }
    }

    /// The same with this `message-id`.
    #[must_use]
    pub fn with_message_id(self, message_id: u64) -> Publication {
        Publication {
            message_id: Some(message_id),
            ..self
        }
    }

    /// The same at this position.
    #[must_use]
    pub fn at(self, position: u64) -> Publication {
        Publication {
            position: Some(position),
            ..self
        }
    }

    /// The same, of use only now.
    #[must_use]
    pub fn volatile(self) -> Publication {
        Publication { volatile: true, ..self }
    }
}

/// Why something was refused. What it costs depends on where: a SEND is told on the errors topic, anything else is an
/// ERROR frame and the end of the connection (4401 where `code` is [`crate::code::UNAUTHENTICATED`], else 1002).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Stable, for programs.
    pub code: &'static str,
    /// The `message` header of an ERROR frame: a sentence.
    pub message: String,
    /// For [`App::refusal_body`]: parameters of the sentence, members of the body. The broker does not look at them.
    pub details: Vec<(&'static str, String)>,
}

impl Refusal {
    /// A refusal without details.
    pub fn new(code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal {
            code,
            message: message.into(),
            details: Vec::new(),
        }
    }

    /// The same with one more detail.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Refusal {
        self.details.push((name, value.into()));
        self
    }

    /// The detail with this name.
    pub fn detail(&self, name: &str) -> Option<&str> {
        self.details
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// What is known where a refusal is told.
pub struct RefusedAt<'a, A: App> {
    /// What the handshake told.
    pub handshake: &'a A::Handshake,
    /// None before CONNECT was accepted.
    pub connection: Option<&'a Arc<Connection<A>>>,
    /// The headers of the refused frame, if it is the fault of one and they were read.
    pub headers: Option<&'a Headers>,
}

impl<'a, A: App> RefusedAt<'a, A> {
    /// The destination of the refused frame.
    pub fn destination(&self) -> Option<&'a str> {
        self.headers?.get("destination")
    }

    /// The receipt that the refused frame asked for.
    pub fn receipt(&self) -> Option<&'a str> {
        self.headers?.get("receipt")
    }
}

impl<A: App> Clone for RefusedAt<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: App> Copy for RefusedAt<'_, A> {}

/// Why a subscription or a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// An UNSUBSCRIBE frame. Subscriptions only.
    Unsubscribe,
    /// [`Broker::revoke`](crate::Broker::revoke). Subscriptions only.
    Revoked,
    /// A DISCONNECT frame.
    Disconnect,
    /// The peer closed properly: 1000, 1001, or no code.
    CleanClose,
    /// The socket broke, or the peer closed with another code.
    Lost,
    /// Nothing came for too long.
    HeartBeatMissed,
    /// The server closed it with this code; 1002 where the peer broke the protocol or was refused.
    ByServer(u16),
}

/// Why the server ends a connection: a close code, a reason for people who debug, and perhaps an ERROR frame before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// A close code of the WebSocket.
    pub code: u16,
    /// Up to 123 octets.
    pub reason: Cow<'static, str>,
    /// Sent as an ERROR frame before, if there is one.
    pub refusal: Option<Refusal>,
}

impl Close {
    /// Without an ERROR frame.
    pub fn new(code: u16, reason: impl Into<Cow<'static, str>>) -> Close {
        Close {
            code,
            reason: reason.into(),
            refusal: None,
        }
    }

    /// The same, with an ERROR frame before.
    #[must_use]
    pub fn with_refusal(self, refusal: Refusal) -> Close {
        Close {
            refusal: Some(refusal),
            ..self
        }
    }
}
