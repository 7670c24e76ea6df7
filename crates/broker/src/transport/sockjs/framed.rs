//! SockJS over a WebSocket: the same frames, one a message. Such a session lives and dies with its socket.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use tokio::time::{Instant, Sleep};

use super::frame;
use crate::transport::websocket::{Next, Upgraded};
use crate::transport::{Gone, Incoming, Payload, Transport};
use wire::sockjs as json;

pub(super) struct FramedSession {
    socket: Upgraded,
    /// Messages of a frame that came, not read yet.
    unread: VecDeque<String>,
    /// Something was written that cannot cross.
    not_text: bool,
    heart_beat: Pin<Box<Sleep>>,
    heart_beat_every: Duration,
}

impl FramedSession {
    /// Tells the peer that it is open.
    pub(super) async fn open(mut socket: Upgraded, heart_beat_every: Duration) -> Option<FramedSession> {
        let open = Payload::Text(ByteString::from_static(frame::OPEN));
        socket.write(open).ok()?;
        poll_fn(|cx| socket.poll_flush(cx)).await.ok()?;
        Some(FramedSession {
            socket,
            unread: VecDeque::new(),
            not_text: false,
            heart_beat: Box::pin(tokio::time::sleep(heart_beat_every)),
            heart_beat_every,
        })
    }

    fn start_send(&mut self, frame: String) -> Result<(), Gone> {
        let next = Instant::now() + self.heart_beat_every;
        self.heart_beat.as_mut().reset(next);
        self.socket.write(Payload::Text(ByteString::from(frame)))
    }

    /// Sends heart-beats that are due. It has nothing to tell but that the socket is there no more.
    fn poll_heart_beat(&mut self, cx: &mut Context<'_>) -> Poll<Gone> {
        loop {
            ready!(self.heart_beat.as_mut().poll(cx));
            let sent = match ready!(Transport::poll_ready(&mut self.socket, cx)) {
                Ok(()) => self.start_send(frame::HEART_BEAT.to_owned()),
                gone => gone,
            };
            if let Err(gone) = sent {
                return Poll::Ready(gone);
            }
            // What is left of it goes out with the next flush.
            if let Poll::Ready(Err(gone)) = Transport::poll_flush(&mut self.socket, cx) {
                return Poll::Ready(gone);
            }
        }
    }

    fn take_in(&mut self, text: &[u8]) -> Result<(), json::Broken> {
        if !text.is_empty() {
            let text = str::from_utf8(text).map_err(|_| json::Broken)?;
            self.unread = json::strings_or_one(text)?.into();
        }
        Ok(())
    }
}

impl Transport for FramedSession {
    const NAME: &'static str = "sockjs_websocket";

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        if self.poll_heart_beat(cx).is_ready() {
            return Poll::Ready(Incoming::Closed(crate::transport::Closing::Lost));
        }
        loop {
            if std::mem::take(&mut self.not_text) {
                return Poll::Ready(Incoming::NotText);
            }
            if let Some(message) = self.unread.pop_front() {
                return Poll::Ready(Incoming::Data(Bytes::from(message)));
            }
            match ready!(self.socket.poll_next(cx)) {
                Next::Message { text: true, payload } if self.take_in(&payload).is_ok() => {}
                Next::Message { .. } => return Poll::Ready(Incoming::Broken),
                Next::Other(incoming) => return Poll::Ready(incoming),
            }
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        Transport::poll_ready(&mut self.socket, cx)
    }

    fn write(&mut self, payload: Payload) -> Result<(), Gone> {
        match payload {
            Payload::Text(text) => self.start_send(frame::messages([&*text].into_iter())),
            Payload::Binary(_) => {
                self.not_text = true;
                Ok(())
            }
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        Transport::poll_flush(&mut self.socket, cx)
    }

    fn ping(&mut self) -> Result<(), Gone> {
        self.socket.ping()
    }

    fn close(&mut self, code: u16, reason: &str) -> Result<(), Gone> {
        self.start_send(frame::close(code, reason))?;
        Transport::close(&mut self.socket, code, reason)
    }
}
