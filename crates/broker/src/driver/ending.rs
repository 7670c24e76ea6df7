//! How a connection comes to its end: whose fault, what is still said, and what the app is told.

use std::borrow::Cow;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Instant;
use wire::{Command, Frame, Headers};

use super::{Driver, Moved};
use crate::outbox::Class;
use crate::queue::Queue;
use crate::transport::{Closing, Payload, Transport};
use crate::{App, Cause, Close, Connection, Refusal, RefusedAt, code};

/// How far a connection is.
pub(super) enum Stage {
    Running,
    /// Nothing more is read; answers that are owed go out first.
    Finishing {
        by: Instant,
        ending: Ending,
    },
    /// Everything was said but for what waits to be written, then perhaps goodbye; then the peer's goodbye is awaited.
    Closing {
        by: Instant,
        cause: Cause,
        goodbye: Option<(u16, Cow<'static, str>)>,
    },
    Over(Cause),
}

/// What a connection ends with.
pub(super) struct Ending {
    pub(super) cause: Cause,
    pub(super) code: u16,
    pub(super) reason: Cow<'static, str>,
    /// An ERROR frame.
    pub(super) error: Option<Payload>,
}

/// The peer broke the protocol or was refused: an ERROR frame, and the end.
pub(super) struct Fault {
    pub(super) refusal: Refusal,
    pub(super) cause: Cause,
    /// Of the frame at fault.
    pub(super) headers: Option<Arc<Headers>>,
    /// A further header of the ERROR frame.
    pub(super) extra: Option<(&'static str, &'static str)>,
}

impl Fault {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Fault {
        Fault::from(Refusal::new(code, message))
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Fault {
        let cause = Cause::ByServer(close_code(&refusal));
        Fault {
            refusal,
            cause,
            headers: None,
            extra: None,
        }
    }
}

fn close_code(refusal: &Refusal) -> u16 {
    match refusal.code {
        code::UNAUTHENTICATED => code::CLOSE_UNAUTHENTICATED,
        code::TOO_MANY_CONNECTIONS => code::CLOSE_REPLACED,
        _ => code::CLOSE_PROTOCOL,
    }
}

impl<A: App, T: Transport> Driver<A, T> {
    /// Ends with an ERROR frame, after the answers to earlier frames.
    pub(super) fn fail(&mut self, fault: Fault) {
        tracing::debug!(
            connection = self.id,
            code = fault.refusal.code,
            message = fault.refusal.message,
            "fault"
        );
        let code = close_code(&fault.refusal);
        let error = self.error(&fault.refusal, fault.headers.as_deref(), fault.extra);
        self.todo.clear();
        self.end_with(Ending {
            cause: fault.cause,
            code,
            reason: fault.refusal.code.into(),
            error: Some(error),
        });
    }

    fn error(&self, refusal: &Refusal, headers: Option<&Headers>, extra: Option<(&str, &str)>) -> Payload {
        self.broker.metrics().refused(refusal.code);
        let at = RefusedAt {
            handshake: &*self.handshake,
            connection: self.person.as_ref(),
            headers,
        };
        let body = self.broker.app().refusal_body(refusal, at);
        if self.inbound.is_raw() {
            return Payload::new(body);
        }
        // A line end cannot stand in it before a version is agreed.
        let message = refusal.message.replace(['\r', '\n'], " ");
        let mut frame = Frame::new(Command::Error)
            .header("message", &message)
            .header("code", refusal.code);
        if let Some(receipt) = at.receipt() {
            frame = frame.header("receipt-id", receipt);
        }
        if let Some((name, value)) = extra {
            frame = frame.header(name, value);
        }
        self.encode(&frame.header("content-type", "application/json").body(body))
    }

    /// Reads no more; ends when the answers that are owed were given.
    pub(super) fn end_with(&mut self, ending: Ending) {
        let by = self.pulse.now + self.broker.limits().close_timeout;
        self.stage = Stage::Finishing { by, ending };
    }

    /// Somebody told the connection to end.
    pub(super) fn poll_end(&mut self, cx: &mut Context<'_>) -> Moved {
        let Poll::Ready(close) = self.outbox.poll_end(cx) else {
            return false;
        };
        if !matches!(self.stage, Stage::Running | Stage::Finishing { .. }) {
            return false;
        }
        if close.code == code::CLOSE_TOO_SLOW {
            self.broker.metrics().slow_closes.increment(1);
        }
        let in_peace = close.code == code::CLOSE_RESTARTING && matches!(self.stage, Stage::Running);
        let ending = self.ending(close);
        self.end_with(ending);
        if !in_peace {
            self.close_now();
        }
        true
    }

    fn ending(&self, close: Close) -> Ending {
        let error = close.refusal.as_ref().map(|refusal| self.error(refusal, None, None));
        Ending {
            cause: Cause::ByServer(close.code),
            code: close.code,
            reason: close.reason,
            error,
        }
    }

    /// No more waiting for answers: what waits is written, then the ERROR, then goodbye.
    pub(super) fn close_now(&mut self) {
        let over = Stage::Over(Cause::Lost);
        let Stage::Finishing { ending, .. } = std::mem::replace(&mut self.stage, over) else {
            unreachable!("only a connection that has its ending closes");
        };
        self.replies.clear();
        self.todo.clear();
        self.outbox.seal();
        if let Some(error) = ending.error {
            self.outbox.push(error, Class::Answer);
        }
        self.begin_closing(ending.cause, Some((ending.code, ending.reason)));
    }

    fn begin_closing(&mut self, cause: Cause, goodbye: Option<(u16, Cow<'static, str>)>) {
        let by = self.pulse.now + self.broker.limits().close_timeout;
        self.stage = Stage::Closing { by, cause, goodbye };
    }

    pub(super) fn peer_closed(&mut self, closing: Closing) {
        let cause = match closing {
            Closing::Code(None | Some(1000 | 1001)) => Cause::CleanClose,
            Closing::Code(Some(_)) | Closing::Lost => Cause::Lost,
        };
        self.outbox.seal();
        self.outbox.clear();
        self.writing = Queue::default();
        if closing == Closing::Lost {
            self.stage = Stage::Over(cause);
        } else {
            // The transport answers by itself; that has to go out.
            self.dirty = true;
            self.begin_closing(cause, None);
        }
    }

    /// The log-in is over.
    pub(super) fn expire(&mut self) {
        let refusal = Refusal::new(code::UNAUTHENTICATED, "The log-in is over.");
        self.outbox.seal();
        let close = Close::new(code::CLOSE_UNAUTHENTICATED, "log-in over").with_refusal(refusal);
        let ending = self.ending(close);
        self.end_with(ending);
        self.close_now();
    }

    /// The peer has taken nothing for too long: it comes back and resumes.
    pub(super) fn too_slow(&mut self) {
        self.broker.metrics().slow_closes.increment(1);
        self.outbox.clear();
        self.writing = Queue::default();
        let ending = self.ending(Close::new(code::CLOSE_TOO_SLOW, "too slow"));
        self.end_with(ending);
        self.close_now();
    }

    /// The socket cannot be written.
    pub(super) fn gone(&mut self) {
        self.stage = Stage::Over(match &self.stage {
            Stage::Running => Cause::Lost,
            Stage::Finishing { ending, .. } => ending.cause,
            Stage::Closing { cause, .. } | Stage::Over(cause) => *cause,
        });
    }

    /// All was said that could be.
    pub(super) fn over(&mut self) {
        self.gone();
    }

    pub(super) fn goodbye(&self) -> Option<(u16, Cow<'static, str>)> {
        match &self.stage {
            Stage::Closing { goodbye, .. } => goodbye.clone(),
            _ => None,
        }
    }

    pub(super) fn has_goodbye_to_say(&self) -> bool {
        matches!(&self.stage, Stage::Closing { goodbye: Some(_), .. })
    }

    pub(super) fn said_goodbye(&mut self) {
        if let Stage::Closing { goodbye, .. } = &mut self.stage {
            *goodbye = None;
        }
    }

    /// After the last octet: out of the hub and the registry, and the app is told.
    pub(super) async fn finish(self: Box<Self>, cause: Cause) {
        let Driver {
            broker,
            transport,
            outbox,
            person,
            work,
            id,
            gauged_bytes,
            ..
        } = *self;
        drop(transport);
        outbox.seal();
        outbox.clear();
        broker.registry().remove(id);
        broker.metrics().queue_bytes.decrement(gauged_bytes as f64);
        broker.metrics().closed(match cause {
            Cause::Unsubscribe | Cause::Revoked | Cause::Disconnect | Cause::CleanClose => code::CLOSE_NORMAL,
            Cause::Lost => code::CLOSE_LOST,
            Cause::HeartBeatMissed => code::CLOSE_PROTOCOL,
            Cause::ByServer(code) => code,
        });
        if let Some(work) = work {
            // Let the call come to its end: cut off in the middle it might have told half of something.
            let finished = tokio::time::timeout(broker.limits().finish_timeout, work).await;
            if finished.is_err() {
                tracing::warn!(connection = id, "dropped a call that outlived its connection");
            }
        }
        if let Some(person) = person {
            retire(&**broker.app(), &person, cause).await;
            broker.app().closed(&person, cause).await;
        }
    }
}

async fn retire<A: App>(app: &A, person: &Arc<Connection<A>>, cause: Cause) {
    for subscription in person.leave_all() {
        if subscription.retract() {
            app.unsubscribed(person, &subscription.topic, cause).await;
        }
    }
}
