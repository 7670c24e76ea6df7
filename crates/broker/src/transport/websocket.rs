use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wire::websocket::{Decoder, Error, Event, Head, Limits};

use super::{Closing, Gone, Incoming, Payload, Transport};
use crate::queue::Queue;

/// Sub-protocols that a handshake may choose from, the best first.
pub(crate) const STOMP: &[&str] = &["v12.stomp", "v11.stomp", "v10.stomp"];
/// Read at once, on the stack: an idle connection holds no buffer.
const READ_BYTES: usize = 8 * 1024;
/// Frames given to the socket at once.
const SLICES: usize = 64;
/// Pings that come while so many frames wait are not answered one by one.
const PONGS_MAX: usize = 32;
/// Up to this many octets are gathered on the stack first: a plain send of them costs less than a vectored one.
const GATHERED_BYTES_MAX: usize = 1024;
/// What may wait here for the socket. It is shared with all who are sent the same; what is beyond waits in the outbox.
const UNWRITTEN_BYTES_MAX: usize = 64 * 1024;
/// The longest reason that fits a close frame.
const CLOSE_REASON_BYTES_MAX: usize = 123;

/// A WebSocket on a stream of octets, the server's side, after the handshake. Payloads are not copied: what one message
/// costs a receiver is its head and a place in one write.
pub(crate) struct WebSocket<S> {
    stream: S,
    decoder: Decoder,
    /// Read and not decoded yet.
    unread: Bytes,
    /// Frames in the order in which they go out.
    unwritten: Queue<Frame>,
    unwritten_bytes: usize,
    /// How much of the first frame left already.
    written: usize,
    /// The last of the pings that came while too much was waiting. It answers for them all (RFC 6455, 5.5.3).
    ping: Option<Bytes>,
    said_goodbye: bool,
    heard_goodbye: bool,
}

/// A WebSocket of the server that was upgraded.
pub(crate) type Upgraded = WebSocket<TokioIo<hyper::upgrade::Upgraded>>;

/// What a socket gives next.
pub(crate) enum Next {
    Message { text: bool, payload: Bytes },
    Other(Incoming),
}

struct Frame {
    head: Head,
    payload: Bytes,
}

impl Frame {
    fn len(&self) -> usize {
        self.head.as_bytes().len() + self.payload.len()
    }
}

/// Heads and payloads in order, without the octets that left already.
fn unwritten(frames: &Queue<Frame>, mut gone: usize) -> impl Iterator<Item = &[u8]> {
    let parts = frames.iter().flat_map(|frame| [frame.head.as_bytes(), &frame.payload]);
    parts.map(move |part| {
        let skip = gone.min(part.len());
        gone -= skip;
        &part[skip..]
    })
}

impl<S> WebSocket<S> {
    pub(crate) fn new(stream: S, limits: Limits) -> WebSocket<S> {
        WebSocket {
            stream,
            decoder: Decoder::new(limits),
            unread: Bytes::new(),
            unwritten: Queue::default(),
            unwritten_bytes: 0,
            written: 0,
            ping: None,
            said_goodbye: false,
            heard_goodbye: false,
        }
    }

    fn put(&mut self, head: Head, payload: Bytes) {
        let frame = Frame { head, payload };
        self.unwritten_bytes += frame.len();
        self.unwritten.push(frame);
    }

    fn put_goodbye(&mut self, payload: Bytes) {
        self.said_goodbye = true;
        self.put(Head::close(payload.len()), payload);
    }

    fn take_in(&mut self, event: Event) -> Next {
        Next::Other(match event {
            Event::Message { text, payload } => return Next::Message { text, payload },
            Event::Ping(payload) => {
                self.pong(payload);
                Incoming::Alive
            }
            Event::Pong => Incoming::Alive,
            Event::Close(code) => {
                self.heard_goodbye = true;
                if !self.said_goodbye {
                    let code = code.map(|code| Bytes::copy_from_slice(&code.to_be_bytes()));
                    self.put_goodbye(code.unwrap_or_default());
                }
                Incoming::Closed(Closing::Code(code))
            }
        })
    }

    /// Answers in turn, before what is said later.
    fn pong(&mut self, payload: Bytes) {
        if self.unwritten.len() >= PONGS_MAX {
            self.ping = Some(payload);
        } else if !self.said_goodbye {
            self.ping = None;
            self.put(Head::pong(payload.len()), payload);
        }
    }

    fn advance(&mut self, mut octets: usize) {
        self.unwritten_bytes -= octets;
        octets += self.written;
        while let Some(first) = self.unwritten.first().map(Frame::len).filter(|first| *first <= octets) {
            octets -= first;
            self.unwritten.pop();
        }
        self.written = octets;
    }
}

impl<S: AsyncWrite + Unpin> WebSocket<S> {
    fn poll_write_all(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        if let Some(payload) = self.ping.take().filter(|_| !self.said_goodbye) {
            self.put(Head::pong(payload.len()), payload);
        }
        while !self.unwritten.is_empty() {
            let written = if self.unwritten_bytes <= GATHERED_BYTES_MAX {
                self.poll_write_gathered(cx)
            } else {
                self.poll_write_vectored(cx)
            };
            match ready!(written) {
                Ok(octets @ 1..) => self.advance(octets),
                Ok(0) | Err(_) => return Poll::Ready(Err(Gone)),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_gathered(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut octets = [0; GATHERED_BYTES_MAX];
        let mut end = 0;
        for part in unwritten(&self.unwritten, self.written) {
            octets[end..end + part.len()].copy_from_slice(part);
            end += part.len();
        }
        Pin::new(&mut self.stream).poll_write(cx, &octets[..end])
    }

    fn poll_write_vectored(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); SLICES];
        for (slice, part) in slices.iter_mut().zip(unwritten(&self.unwritten, self.written)) {
            *slice = IoSlice::new(part);
        }
        let count = SLICES.min(2 * self.unwritten.len());
        Pin::new(&mut self.stream).poll_write_vectored(cx, &slices[..count])
    }
}

impl<S: AsyncRead + Unpin> WebSocket<S> {
    /// Like [`Transport::poll_read`], with the kind of each message.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        loop {
            if self.unread.is_empty() {
                let mut octets = [MaybeUninit::uninit(); READ_BYTES];
                let mut octets = ReadBuf::uninit(&mut octets);
                let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut octets));
                if read.is_err() || octets.filled().is_empty() {
                    return Poll::Ready(Next::Other(Incoming::Closed(Closing::Lost)));
                }
                self.unread = Bytes::copy_from_slice(octets.filled());
            }
            let unread = std::mem::take(&mut self.unread);
            // After goodbye nothing has a meaning but the end of the stream.
            if self.heard_goodbye {
                continue;
            }
            let mut rest = &unread[..];
            let decoded = self.decoder.decode(&mut rest);
            self.unread = unread.slice(unread.len() - rest.len()..);
            match decoded {
                Ok(Some(event)) => return Poll::Ready(self.take_in(event)),
                Ok(None) => {}
                Err(Error::TooLarge) => return Poll::Ready(Next::Other(Incoming::TooLarge)),
                Err(_) => return Poll::Ready(Next::Other(Incoming::Broken)),
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Transport for WebSocket<S> {
    const NAME: &'static str = "websocket";

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        self.poll_next(cx).map(|next| match next {
            Next::Message { payload, .. } => Incoming::Data(payload),
            Next::Other(incoming) => incoming,
        })
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        if self.unwritten_bytes < UNWRITTEN_BYTES_MAX {
            return Poll::Ready(Ok(()));
        }
        self.poll_write_all(cx)
    }

    fn write(&mut self, payload: Payload) -> Result<(), Gone> {
        let (head, payload) = match payload {
            Payload::Text(text) => (Head::text(text.len()), text.into_bytes()),
            Payload::Binary(bytes) => (Head::binary(bytes.len()), bytes),
        };
        self.put(head, payload);
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        ready!(self.poll_write_all(cx))?;
        ready!(Pin::new(&mut self.stream).poll_flush(cx)).map_err(|_| Gone)?;
        if self.said_goodbye && self.heard_goodbye {
            // All is said: the server closes first (RFC 6455, 7.1.1).
            let _ = ready!(Pin::new(&mut self.stream).poll_shutdown(cx));
            return Poll::Ready(Err(Gone));
        }
        Poll::Ready(Ok(()))
    }

    fn ping(&mut self) -> Result<(), Gone> {
        self.put(Head::ping(0), Bytes::new());
        Ok(())
    }

    fn close(&mut self, code: u16, reason: &str) -> Result<(), Gone> {
        let end = reason.floor_char_boundary(CLOSE_REASON_BYTES_MAX);
        let payload = [&code.to_be_bytes(), &reason.as_bytes()[..end]].concat();
        self.put_goodbye(payload.into());
        Ok(())
    }
}
