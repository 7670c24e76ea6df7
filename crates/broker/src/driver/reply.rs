use std::sync::Arc;
use std::task::{Context, Poll, ready};

use wire::{Command, Frame, Headers, Version};

use super::Driver;
use crate::dialect::Dialect;
use crate::outbox::Class;
use crate::transport::{Payload, Transport};
use crate::{App, BoxFuture, Completion, Publication, ReceiptHeaders, Refusal, RefusedAt};

/// An answer in the queue of answers, which keeps the order of the frames.
pub(super) enum Reply {
    /// A RECEIPT, ready but for its turn.
    Receipt(Payload),
    /// A SEND whose completion is awaited.
    Send {
        completion: BoxFuture<Result<ReceiptHeaders, Refusal>>,
        headers: Arc<Headers>,
    },
}

impl<A: App, T: Transport> Driver<A, T> {
    /// The next answer whose turn it is. Ready if there was one.
    pub(super) fn poll_reply(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.replies.front_mut() {
            None => return Poll::Pending,
            Some(Reply::Receipt(_)) => {
                if let Some(Reply::Receipt(payload)) = self.replies.pop_front() {
                    self.outbox.push(payload, Class::Answer);
                }
            }
            Some(Reply::Send { completion, .. }) => {
                let result = ready!(completion.as_mut().poll(cx));
                if let Some(Reply::Send { headers, .. }) = self.replies.pop_front() {
                    self.settle(result, &headers);
                }
            }
        }
        if self.replies.is_empty() {
            self.replies.shrink_to_fit();
        }
        Poll::Ready(())
    }

    fn settle(&mut self, result: Result<ReceiptHeaders, Refusal>, headers: &Headers) {
        match result {
            Ok(extra) => {
                if let Some(receipt) = self.receipt(headers, &extra) {
                    self.outbox.push(receipt, Class::Answer);
                }
            }
            Err(refusal) => self.refuse_send(&refusal, headers),
        }
    }

    /// A frame was processed: its RECEIPT, if it asked for one, after those of earlier frames.
    pub(super) fn answer(&mut self, headers: &Headers, extra: &ReceiptHeaders) {
        if let Some(receipt) = self.receipt(headers, extra) {
            self.replies.push_back(Reply::Receipt(receipt));
        }
    }

    pub(super) fn sent(&mut self, result: Result<Completion, Refusal>, headers: Arc<Headers>) {
        match result {
            Ok(Completion::Done(extra)) => self.answer(&headers, &extra),
            Ok(Completion::Later(completion)) => self.replies.push_back(Reply::Send { completion, headers }),
            Err(refusal) => self.refuse_send(&refusal, &headers),
        }
    }

    fn receipt(&self, headers: &Headers, extra: &ReceiptHeaders) -> Option<Payload> {
        let id = headers.get("receipt")?;
        let frame = Frame::new(Command::Receipt).header("receipt-id", id);
        let frame = extra
            .iter()
            .fold(frame, |frame, (name, value)| frame.header(name, value));
        Some(self.encode(&frame))
    }

    pub(super) fn encode(&self, frame: &Frame) -> Payload {
        // Before a version is agreed nothing is escaped, so that every client can read it.
        let version = match self.person.as_ref().map(|person| person.dialect()) {
            Some(Dialect::Stomp(version)) => version,
            _ => Version::V1_0,
        };
        let mut bytes = Vec::new();
        wire::encode(frame, version, &mut bytes);
        Payload::new(bytes)
    }

    /// A SEND that is not taken: the sender hears why, where it listens for it, and goes on.
    fn refuse_send(&mut self, refusal: &Refusal, headers: &Headers) {
        let metrics = self.broker.metrics();
        metrics.refused(refusal.code);
        metrics.refused_sends.increment(1);
        let Some(person) = &self.person else {
            return;
        };
        let app = self.broker.app();
        let at = RefusedAt {
            handshake: &*self.handshake,
            connection: Some(person),
            headers: Some(headers),
        };
        let body = app.refusal_body(refusal, at);
        match person.dialect() {
            Dialect::Stomp(_) => person.publish_own(&app.errors_topic(person), &Publication::json(body)),
            Dialect::Raw => drop(self.outbox.push(Payload::new(body), Class::Answer)),
        }
    }
}
