use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use crate::queue::Queue;
use crate::transport::Payload;
use crate::{Close, code};

/// What waits to be written to one connection, with its bound, and the word that it has to end. Anybody may put in; the
/// connection's task takes out. This is all that the hub knows of a connection.
#[derive(Debug)]
pub(crate) struct Outbox {
    bytes_max: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    items: Queue<Payload>,
    /// Octets of `items` and of what the task took but did not see leave yet.
    bytes: usize,
    /// No more publications. The connection's own last words still pass.
    sealed: bool,
    end: Option<Close>,
    /// A subscription of the connection needs its task.
    attention: bool,
    /// The connection's task, waiting for items, the end, or to be needed.
    writer: Option<Waker>,
    /// A subscription that replays, waiting for room.
    replayer: Option<Waker>,
}

/// What happens to a payload that finds little room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Left out from half of the bound on.
    Volatile,
    /// Not taken over the bound.
    Stored,
    /// Ends the connection over the bound, and passes a sealed outbox: an answer that is owed.
    Answer,
}

/// What became of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Taken,
    /// Left out, with no harm done: nobody will miss it.
    Dropped,
    /// There is no room for something that may not be left out.
    Full,
}

/// The connection is ending: nothing that waits for room will get any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sealed;

impl Outbox {
    pub(crate) fn new(bytes_max: usize) -> Outbox {
        Outbox {
            bytes_max,
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds an outbox")
    }

    pub(crate) fn push(&self, payload: Payload, class: Class) -> Pushed {
        let mut state = self.lock();
        let bytes = state.bytes + payload.len();
        if (state.sealed && class != Class::Answer) || (class == Class::Volatile && bytes > self.bytes_max / 2) {
            return Pushed::Dropped;
        }
        if bytes > self.bytes_max {
            drop(state);
            if class == Class::Answer {
                self.overflow();
            }
            return Pushed::Full;
        }
        state.bytes = bytes;
        state.items.push(payload);
        wake_writer(state);
        Pushed::Taken
    }

    /// Ends the connection for something that had to be said and has no room.
    pub(crate) fn overflow(&self) {
        let mut state = self.lock();
        state.bytes -= state.items.iter().map(Payload::len).sum::<usize>();
        state.items = Queue::default();
        state.end(Close::new(code::CLOSE_TOO_SLOW, "too slow"));
        wake_writer(state);
    }

    /// A subscription needs the connection's task.
    pub(crate) fn attend(&self) {
        let mut state = self.lock();
        state.attention = true;
        wake_writer(state);
    }

    /// Whether a subscription needs the connection's task. Told once.
    pub(crate) fn poll_attention(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if std::mem::take(&mut state.attention) {
            return Poll::Ready(());
        }
        state.watch(cx);
        Poll::Pending
    }

    /// Ends the connection; the first reason counts.
    pub(crate) fn end(&self, close: Close) {
        let mut state = self.lock();
        state.end(close);
        let wakers = [state.writer.take(), state.replayer.take()];
        drop(state);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Takes no more publications.
    pub(crate) fn seal(&self) {
        let mut state = self.lock();
        state.sealed = true;
        let replayer = state.replayer.take();
        drop(state);
        replayer.into_iter().for_each(Waker::wake);
    }

    /// Drops what waits.
    pub(crate) fn clear(&self) {
        let mut state = self.lock();
        state.items = Queue::default();
        state.bytes = 0;
    }

    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Whether so much waits that nothing should be read that asks for answers.
    pub(crate) fn is_crowded(&self) -> bool {
        self.bytes() > self.bytes_max / 2
    }

    /// All that waits, once something does. The octets count until [`Outbox::written`].
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Queue<Payload>> {
        let mut state = self.lock();
        if state.items.is_empty() {
            state.watch(cx);
            return Poll::Pending;
        }
        Poll::Ready(std::mem::take(&mut state.items))
    }

    /// Why the connection has to end, once it has to. Told once.
    pub(crate) fn poll_end(&self, cx: &mut Context<'_>) -> Poll<Close> {
        let mut state = self.lock();
        match state.end.take() {
            Some(close) => Poll::Ready(close),
            None => {
                state.watch(cx);
                Poll::Pending
            }
        }
    }

    /// These octets left the process.
    pub(crate) fn written(&self, bytes: usize) {
        let mut state = self.lock();
        state.bytes = state.bytes.saturating_sub(bytes);
        let replayer = if state.bytes <= self.bytes_max / 4 {
            state.replayer.take()
        } else {
            None
        };
        drop(state);
        replayer.into_iter().for_each(Waker::wake);
    }

    /// Waits until three quarters are free. For subscriptions that replay; they are all polled by the connection's task.
    pub(crate) async fn room(&self) -> Result<(), Sealed> {
        poll_fn(|cx| {
            let mut state = self.lock();
            if state.sealed {
                return Poll::Ready(Err(Sealed));
            }
            if state.bytes <= self.bytes_max / 4 {
                return Poll::Ready(Ok(()));
            }
            state.replayer = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }
}

/// Wakes the connection's task, once the outbox is free for it.
fn wake_writer(mut state: MutexGuard<'_, State>) {
    let writer = state.writer.take();
    drop(state);
    writer.into_iter().for_each(Waker::wake);
}

impl State {
    fn end(&mut self, close: Close) {
        if !self.sealed {
            self.sealed = true;
            self.end = Some(close);
        }
    }

    fn watch(&mut self, cx: &Context<'_>) {
        match &mut self.writer {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
    }
}
