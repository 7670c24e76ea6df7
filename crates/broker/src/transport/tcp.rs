use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Closing, Gone, Incoming, Payload, Transport};
use crate::code;

/// Read at once, on the stack: an idle connection holds no buffer.
const READ_BYTES: usize = 8 * 1024;
/// What gathers before it has to go out; a turn ends with a flush anyway.
const WRITE_BUFFER_BYTES: usize = 8 * 1024;

/// STOMP straight on a stream of octets.
pub(crate) struct Tcp<S> {
    stream: S,
    unwritten: BytesMut,
    /// The peer will say nothing more; it may still listen.
    heard_all: bool,
    /// Nothing more is written after what waits.
    closing: bool,
}

impl<S> Tcp<S> {
    pub(crate) fn new(stream: S) -> Tcp<S> {
        Tcp {
            stream,
            unwritten: BytesMut::new(),
            heard_all: false,
            closing: false,
        }
    }
}

impl<S: AsyncWrite + Unpin> Tcp<S> {
    fn poll_write_all(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        while !self.unwritten.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, &self.unwritten)) {
                Ok(octets @ 1..) => self.unwritten.advance(octets),
                Ok(0) | Err(_) => return Poll::Ready(Err(Gone)),
            }
        }
        self.unwritten = BytesMut::new();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Transport for Tcp<S> {
    const NAME: &'static str = "tcp";
    const ANSWERS_PINGS: bool = false;

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        let mut octets = [MaybeUninit::uninit(); READ_BYTES];
        let mut octets = ReadBuf::uninit(&mut octets);
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut octets));
        Poll::Ready(match read {
            Ok(()) if octets.filled().is_empty() => {
                // The other direction may be open: what was asked before is still answered.
                self.heard_all = true;
                Incoming::Closed(Closing::Code(Some(code::CLOSE_LOST)))
            }
            Ok(()) => Incoming::Data(Bytes::copy_from_slice(octets.filled())),
            Err(_) => Incoming::Closed(Closing::Lost),
        })
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        if self.unwritten.len() < WRITE_BUFFER_BYTES {
            return Poll::Ready(Ok(()));
        }
        self.poll_write_all(cx)
    }

    fn write(&mut self, payload: Payload) -> Result<(), Gone> {
        self.unwritten.extend_from_slice(payload.as_bytes());
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        ready!(self.poll_write_all(cx))?;
        if !self.closing {
            return Pin::new(&mut self.stream).poll_flush(cx).map_err(|_| Gone);
        }
        // The peer reads to the end, and is heard until it ends too: a reset would take the last frame from it.
        let shut = ready!(Pin::new(&mut self.stream).poll_shutdown(cx));
        Poll::Ready(if self.heard_all {
            Err(Gone)
        } else {
            shut.map_err(|_| Gone)
        })
    }

    /// There is nothing on TCP that a peer has to answer.
    fn ping(&mut self) -> Result<(), Gone> {
        Ok(())
    }

    /// The codes are those of WebSocket; here there is only the end.
    fn close(&mut self, _: u16, _: &str) -> Result<(), Gone> {
        self.closing = true;
        Ok(())
    }
}
