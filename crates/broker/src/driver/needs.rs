//! What subscriptions need their connection's task for: history, when they fell behind, and a farewell, when what they read
//! was taken away.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::Driver;
use super::ending::{Fault, Stage};
use super::frames::Step;
use super::resume::{Stopped, resume};
use crate::subscription::Need;
use crate::transport::Transport;
use crate::{App, Cause};

impl<A: App, T: Transport> Driver<A, T> {
    /// Looks after one subscription that needs it. History is read for one at a time; each time that ends, the others are
    /// looked at again.
    pub(super) fn attend(&mut self) {
        let Some(person) = self.person.clone() else {
            return;
        };
        if let Some(revoked) = person.find(|mine| mine.need() == Some(Need::Farewell)) {
            person.leave(&revoked);
            self.outbox.attend();
            let broker = Arc::clone(&self.broker);
            self.begin(async move {
                if revoked.retract() {
                    let app = broker.app();
                    app.unsubscribed(&person, &revoked.topic, Cause::Revoked).await;
                }
                Step::Nothing
            });
            return;
        }
        if self.catch_up.is_some() {
            return;
        }
        let behind = person.find(|mine| mine.need().is_some());
        let Some((behind, Need::CatchUp { after })) = behind.and_then(|it| it.need().map(|need| (it, need))) else {
            return;
        };
        behind.read();
        self.broker.metrics().fell_behind.increment(1);
        let broker = Arc::clone(&self.broker);
        self.catch_up = Some(self.watched(async move {
            match resume(&broker, &person, &behind, after).await {
                Ok(()) | Err(Stopped::Over) => Step::Nothing,
                Err(Stopped::Ended) => Step::Ended,
                Err(Stopped::Refused(refusal)) => Step::Failed(Fault::from(refusal)),
            }
        }));
    }

    pub(super) fn poll_catch_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(catch_up) = self.catch_up.as_mut().filter(|_| matches!(self.stage, Stage::Running)) else {
            return Poll::Pending;
        };
        let step = ready!(catch_up.as_mut().poll(cx));
        self.catch_up = None;
        self.outbox.attend();
        self.take_step(step);
        Poll::Ready(())
    }
}
