//! The peer's end of a session over HTTP: the body of one response, a chunk for each frame.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use tokio::time::{Instant, Sleep};

use super::frame;
use super::session::{Shared, Taken};

/// How a peer listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One frame a response.
    Xhr,
    XhrStreaming,
    EventSource,
}

/// Octets before the first frame: some browsers hold back that much.
const PRELUDE_BYTES: usize = 2048;

impl Kind {
    fn prelude(self) -> Option<Bytes> {
        match self {
            Kind::Xhr => None,
            Kind::XhrStreaming => Some(Bytes::from("h".repeat(PRELUDE_BYTES) + "\n")),
            Kind::EventSource => Some(Bytes::from_static(b"\r\n")),
        }
    }

    fn framed(self, frame: &str) -> Bytes {
        match self {
            Kind::Xhr | Kind::XhrStreaming => Bytes::from(format!("{frame}\n")),
            // The client decodes percent signs; line ends are escaped already.
            Kind::EventSource => Bytes::from(format!("data: {}\r\n\r\n", frame.replace('%', "%25"))),
        }
    }
}

/// The whole body of a receiver that has no session: one frame.
pub(super) fn only(kind: Kind, frame: &str) -> Vec<Result<Bytes, Infallible>> {
    kind.prelude().into_iter().chain([kind.framed(frame)]).map(Ok).collect()
}

/// The body of a session's one receiver.
pub(super) struct Receiver {
    shared: Arc<Shared>,
    kind: Kind,
    stage: Stage,
    written_bytes: usize,
    heart_beat: Pin<Box<Sleep>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Prelude,
    Frames,
    Over,
}

impl Receiver {
    /// None if the session has one already.
    pub(super) fn attach(shared: Arc<Shared>, kind: Kind) -> Option<Receiver> {
        if !shared.attach() {
            return None;
        }
        let heart_beat = Box::pin(tokio::time::sleep(shared.options.heart_beat));
        Some(Receiver {
            shared,
            kind,
            stage: Stage::Prelude,
            written_bytes: 0,
            heart_beat,
        })
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        let taken = match self.shared.poll_take(cx) {
            Poll::Ready(taken) => taken,
            Poll::Pending => {
                ready!(self.heart_beat.as_mut().poll(cx));
                Taken::Frame(frame::HEART_BEAT.to_owned())
            }
        };
        let (frame, is_last) = match taken {
            Taken::Frame(frame) => (frame, self.kind == Kind::Xhr),
            Taken::Close(frame) | Taken::Nudge(frame) => (frame, true),
        };
        let chunk = self.kind.framed(&frame);
        self.written_bytes += chunk.len();
        if is_last || self.written_bytes >= self.shared.options.response_bytes_max {
            self.stage = Stage::Over;
            self.shared.detach();
        } else {
            let next = Instant::now() + self.shared.options.heart_beat;
            self.heart_beat.as_mut().reset(next);
        }
        Poll::Ready(chunk)
    }
}

impl Stream for Receiver {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.stage == Stage::Prelude {
            self.stage = Stage::Frames;
            if let Some(prelude) = self.kind.prelude() {
                return Poll::Ready(Some(Ok(prelude)));
            }
        }
        match self.stage {
            Stage::Over => Poll::Ready(None),
            _ => self.poll_frame(cx).map(|chunk| Some(Ok(chunk))),
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if self.stage != Stage::Over {
            self.shared.lose();
        }
    }
}
