//! The seam between a connection and what carries its bytes: WebSocket, SockJS, a plain stream.
//! A transport knows nothing of STOMP but that a payload is one frame or one heart-beat.

pub mod sockjs;
pub(crate) mod tcp;
pub(crate) mod websocket;

use std::task::{Context, Poll};

use bytes::Bytes;
use bytestring::ByteString;

/// What carries a connection's bytes. Nothing here waits: every call that cannot go on registers the task instead.
pub(crate) trait Transport: Send {
    /// Its name in metrics.
    const NAME: &'static str;
    /// Whether a peer that is there answers [`Transport::ping`] by itself. Where it does not, only a peer that promised
    /// heart-beats can be missed.
    const ANSWERS_PINGS: bool = true;

    /// What arrived next. After [`Incoming::Closed`], [`Incoming::Broken`] and [`Incoming::TooLarge`] nothing more comes.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Incoming>;
    /// Whether [`Transport::write`] may be called.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>>;
    /// Takes one payload; it goes out with the next flush at the latest.
    fn write(&mut self, payload: Payload) -> Result<(), Gone>;
    /// Sees that all that was taken has left the process.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>>;
    /// Asks the peer for a sign of life, if the transport can; to be flushed like a payload.
    fn ping(&mut self) -> Result<(), Gone>;
    /// Whether [`Transport::close`] may be called.
    fn poll_ready_to_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        self.poll_ready(cx)
    }
    /// Says goodbye; to be flushed like a payload. Nothing is written after it.
    fn close(&mut self, code: u16, reason: &str) -> Result<(), Gone>;
}

/// The socket cannot be written any more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gone;

/// What a transport received.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// Octets of the stream.
    Data(Bytes),
    /// No octets, yet a sign of life.
    Alive,
    /// The peer closed, properly or not.
    Closed(Closing),
    /// The peer broke the transport's own protocol.
    Broken,
    /// More at once than the transport takes.
    TooLarge,
    /// Nothing arrived: a binary payload was written that cannot cross this transport.
    NotText,
}

/// How a peer closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// With this code, or a proper close without one.
    Code(Option<u16>),
    /// The socket just ended.
    Lost,
}

/// One encoded frame, a raw body, or a heart-beat. Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    /// Valid UTF-8, checked once for all receivers.
    Text(ByteString),
    /// Anything else.
    Binary(Bytes),
}

impl Payload {
    pub(crate) const HEART_BEAT: Payload = Payload::Text(ByteString::from_static("\n"));

    pub(crate) fn new(frame: impl Into<Bytes>) -> Payload {
        let frame = frame.into();
        match ByteString::try_from(frame.clone()) {
            Ok(text) => Payload::Text(text),
            Err(_) => Payload::Binary(frame),
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Payload::Text(text) => text.as_bytes(),
            Payload::Binary(bytes) => bytes,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.as_bytes().len()
    }
}
