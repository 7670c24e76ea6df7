//! The life of one socket, as one task: bytes to frames, frames to calls of the app, answers and publications to bytes,
//! and the clock over all of it. [`Driver::poll`] goes round until nothing moves; then everything that gathered has gone
//! out in one write.

mod ending;
mod frames;
mod inbound;
mod needs;
mod pulse;
mod reply;
mod resume;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::time::{Instant, Sleep};
use wire::{Command, Event, Headers};

use self::ending::{Fault, Stage};
use self::frames::Step;
use self::inbound::Inbound;
use self::pulse::{Due, Pulse};
use self::reply::Reply;
use crate::outbox::Outbox;
use crate::queue::Queue;
use crate::transactions::Transactions;
use crate::transport::{Closing, Gone, Incoming, Payload, Transport};
use crate::{App, BoxFuture, Broker, Cause, Connection, Raw, code};

/// Steps of one turn; then the other connections have theirs.
const STEPS_PER_TURN: usize = 64;

/// A frame of the peer, its headers shared by all that has to answer it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) command: Command,
    pub(crate) headers: Arc<Headers>,
    pub(crate) body: Bytes,
}

impl Request {
    /// About what it holds in memory.
    pub(crate) fn size(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len());
        size_of::<Request>() + headers.sum::<usize>() + self.body.len()
    }
}

/// What is to be done before more is read: the frames of a transaction that was committed.
enum Todo {
    Frame(Request),
    /// The COMMIT itself is answered.
    Answer(Arc<Headers>),
}

/// Whether anything happened that may let something else happen.
type Moved = bool;

pub(crate) struct Driver<A: App, T: Transport> {
    broker: Arc<Broker<A>>,
    transport: T,
    /// The transport gave its last word; it can only be written to.
    deaf: bool,
    id: u64,
    handshake: Arc<A::Handshake>,
    outbox: Arc<Outbox>,
    inbound: Inbound,
    stage: Stage,
    /// Who it is, once CONNECT was accepted.
    person: Option<Arc<Connection<A>>>,
    transactions: Transactions,
    /// Numbers the subscriptions.
    next_ordinal: u32,
    /// The app's call for the frame at hand.
    work: Option<BoxFuture<Step<A>>>,
    /// Reads history for a subscription that fell behind.
    catch_up: Option<BoxFuture<Step<A>>>,
    todo: VecDeque<Todo>,
    /// Answers that wait for a completion, or behind one that does.
    replies: VecDeque<Reply>,
    /// Taken from the outbox, not yet by the transport.
    writing: Queue<Payload>,
    /// The transport took something that it may still hold.
    dirty: bool,
    /// What the queue gauge was told of this connection.
    gauged_bytes: usize,
    pulse: Pulse,
    sleep: Pin<Box<Sleep>>,
    /// The timer knows the task since it was set.
    is_timer_armed: bool,
}

impl<A: App, T: Transport> Driver<A, T> {
    pub(crate) fn stomp(broker: Arc<Broker<A>>, transport: T, handshake: A::Handshake) -> Driver<A, T> {
        let inbound = Inbound::stomp(broker.limits().frame);
        Driver::new(broker, transport, handshake, inbound)
    }

    pub(crate) fn raw(
        broker: Arc<Broker<A>>,
        transport: T,
        handshake: A::Handshake,
        raw: Raw<A::Identity>,
    ) -> Driver<A, T> {
        let inbound = Inbound::raw(&raw.destination, raw.after.as_deref());
        Driver {
            work: Some(Box::pin(async { Step::accepted_raw(raw.person) })),
            ..Driver::new(broker, transport, handshake, inbound)
        }
    }

    fn new(broker: Arc<Broker<A>>, transport: T, handshake: A::Handshake, inbound: Inbound) -> Driver<A, T> {
        let limits = broker.limits();
        let now = Instant::now();
        let pulse = Pulse::new(now, limits, T::ANSWERS_PINGS);
        Driver {
            transport,
            deaf: false,
            id: broker.next_id(),
            handshake: Arc::new(handshake),
            outbox: Arc::new(Outbox::new(limits.queue_bytes_max)),
            inbound,
            stage: Stage::Running,
            person: None,
            transactions: Transactions::default(),
            next_ordinal: 0,
            work: None,
            catch_up: None,
            todo: VecDeque::new(),
            replies: VecDeque::new(),
            writing: Queue::default(),
            dirty: false,
            gauged_bytes: 0,
            pulse,
            sleep: Box::pin(tokio::time::sleep_until(now + limits.connect_timeout)),
            is_timer_armed: false,
            broker,
        }
    }

    /// Serves the socket to its end, and tells the app of it.
    pub(crate) async fn run(mut self: Box<Self>) {
        let connections = self.broker.metrics().connections(T::NAME);
        connections.increment(1);
        self.broker.registry().open(self.id, &self.outbox);
        let cause = poll_fn(|cx| self.poll(cx)).await;
        connections.decrement(1);
        // Boxed: a connection holds this future as long as it lives and needs the end's part of it only once.
        Box::pin(self.finish(cause)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Cause> {
        self.pulse.now = Instant::now();
        for _ in 0..STEPS_PER_TURN {
            let mut moved = self.poll_end(cx);
            for _ in 0..STEPS_PER_TURN {
                if self.poll_step(cx).is_pending() {
                    break;
                }
                moved = true;
            }
            // What was written makes a difference only to one that waits for room, or for its last word to leave.
            moved |= self.poll_write(cx) && (self.pulse.is_paused() || !matches!(self.stage, Stage::Running));
            moved |= self.poll_clock(cx);
            if let Stage::Over(cause) = self.stage {
                return Poll::Ready(cause);
            }
            if !moved {
                self.gauge_queue();
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// One answer, one result of the app, or one frame.
    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.stage {
            Stage::Over(_) => return Poll::Pending,
            Stage::Closing { .. } => return self.poll_goodbye(cx),
            Stage::Running | Stage::Finishing { .. } => {}
        }
        if self.poll_reply(cx).is_ready() || self.poll_catch_up(cx).is_ready() {
            return Poll::Ready(());
        }
        if let Some(work) = &mut self.work {
            let Poll::Ready(step) = work.as_mut().poll(cx) else {
                self.pulse.pause();
                return Poll::Pending;
            };
            self.work = None;
            self.take_step(step);
            return Poll::Ready(());
        }
        if let Some(todo) = self.todo.pop_front() {
            self.perform(todo);
            return Poll::Ready(());
        }
        if matches!(self.stage, Stage::Running) && self.outbox.poll_attention(cx).is_ready() {
            self.attend();
            return Poll::Ready(());
        }
        match self.stage {
            Stage::Running => self.poll_frame(cx),
            _ if self.replies.is_empty() => {
                self.close_now();
                Poll::Ready(())
            }
            _ => Poll::Pending,
        }
    }

    /// The next frame, unless too much of what it might cause waits already.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.replies.len() >= self.broker.limits().replies_max || self.outbox.is_crowded() {
            self.pulse.pause();
            return Poll::Pending;
        }
        self.pulse.resume();
        let Inbound::Stomp(decoder) = &mut self.inbound else {
            let incoming = ready!(self.transport.poll_read(cx));
            self.take_in(incoming);
            return Poll::Ready(());
        };
        match decoder.next() {
            Ok(Some(Event::Frame(frame))) => {
                self.broker.metrics().frames_in.increment(1);
                self.pulse.frame_ended();
                let headers = Arc::new(frame.headers);
                self.on_frame(Request {
                    command: frame.command,
                    headers,
                    body: frame.body,
                });
            }
            Ok(Some(Event::HeartBeat)) => {}
            Ok(None) => {
                self.pulse.waits_for_more(decoder.is_mid_frame());
                let incoming = ready!(self.transport.poll_read(cx));
                self.take_in(incoming);
            }
            Err(error) => {
                let code = if error.is_too_large() {
                    code::TOO_LARGE
                } else {
                    code::INVALID_REQUEST
                };
                let headers = self.inbound.partial_headers();
                self.fail(Fault {
                    headers,
                    ..Fault::new(code, format!("Not a frame that is taken here: {error}."))
                });
            }
        }
        Poll::Ready(())
    }

    fn take_in(&mut self, incoming: Incoming) {
        self.pulse.heard();
        match incoming {
            Incoming::Data(bytes) => {
                if let Some(request) = self.inbound.push(bytes) {
                    self.broker.metrics().frames_in.increment(1);
                    self.on_frame(request);
                }
            }
            Incoming::Alive => {
                // The transport may have prepared an answer of its own.
                self.dirty = true;
            }
            Incoming::Closed(closing) => self.peer_closed(closing),
            Incoming::TooLarge => {
                self.deaf = true;
                self.fail(Fault::new(code::TOO_LARGE, "The message is too large."));
            }
            Incoming::Broken => {
                self.deaf = true;
                self.fail(Fault::new(
                    code::INVALID_REQUEST,
                    "The transport's own protocol was broken.",
                ));
            }
            Incoming::NotText => self.fail(Fault::new(
                code::INVALID_REQUEST,
                "A frame that is not UTF-8 cannot be sent to you here: connect by WebSocket or TCP.",
            )),
        }
    }

    /// While closing: what the peer still says is of no interest but for its goodbye.
    fn poll_goodbye(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.deaf {
            return Poll::Pending;
        }
        match ready!(self.transport.poll_read(cx)) {
            Incoming::Data(_) | Incoming::Alive | Incoming::NotText => {}
            Incoming::Closed(Closing::Code(_)) if self.has_goodbye_to_say() => self.deaf = true,
            Incoming::Closed(_) => self.over(),
            Incoming::Broken | Incoming::TooLarge => self.deaf = true,
        }
        Poll::Ready(())
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Moved {
        match self.write_all(cx) {
            Poll::Ready(Ok(moved)) => {
                self.pulse.unblocked();
                moved
            }
            Poll::Ready(Err(Gone)) => {
                self.gone();
                true
            }
            Poll::Pending => {
                self.pulse.blocked();
                false
            }
        }
    }

    /// All that waits, and a flush. Whether anything was written.
    fn write_all(&mut self, cx: &mut Context<'_>) -> Poll<Result<Moved, Gone>> {
        let mut written = 0;
        let handed_over = self.hand_over(cx, &mut written);
        if written > 0 {
            self.dirty = true;
            self.pulse.unblocked();
            self.broker.metrics().frames_out.increment(written);
        }
        ready!(handed_over)?;
        if let Some((code, reason)) = self.goodbye() {
            ready!(self.transport.poll_ready_to_close(cx))?;
            self.transport.close(code, &reason)?;
            self.said_goodbye();
            self.dirty = true;
        }
        if self.dirty {
            ready!(self.transport.poll_flush(cx))?;
            self.dirty = false;
            self.pulse.spoke();
        }
        Poll::Ready(Ok(written > 0))
    }

    /// Gives the transport what waits, as far as it takes it.
    fn hand_over(&mut self, cx: &mut Context<'_>, written: &mut u64) -> Poll<Result<(), Gone>> {
        loop {
            let mut bytes = 0;
            let taken = self.hand_over_batch(cx, &mut bytes, written);
            if bytes > 0 {
                self.outbox.written(bytes);
            }
            ready!(taken)?;
            match self.outbox.poll_take(cx) {
                Poll::Ready(items) => self.writing = items,
                Poll::Pending => return Poll::Ready(Ok(())),
            }
        }
    }

    fn hand_over_batch(&mut self, cx: &mut Context<'_>, bytes: &mut usize, count: &mut u64) -> Poll<Result<(), Gone>> {
        while !self.writing.is_empty() {
            ready!(self.transport.poll_ready(cx))?;
            if let Some(payload) = self.writing.pop() {
                *bytes += payload.len();
                *count += 1;
                self.transport.write(payload)?;
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_clock(&mut self, cx: &mut Context<'_>) -> Moved {
        let next = self.next_deadline();
        if next < self.sleep.deadline() {
            self.set_timer(next);
        }
        if self.is_timer_armed && self.pulse.now < self.sleep.deadline() {
            return false;
        }
        let mut moved = false;
        while self.sleep.as_mut().poll(cx).is_ready() {
            self.pulse.now = Instant::now();
            moved |= self.on_clock();
            self.set_timer(self.next_deadline().max(self.pulse.now + pulse::RESOLUTION));
        }
        self.is_timer_armed = true;
        moved
    }

    fn set_timer(&mut self, at: Instant) {
        self.sleep.as_mut().reset(at);
        self.is_timer_armed = false;
    }

    fn next_deadline(&self) -> Instant {
        match self.stage {
            Stage::Running => self.pulse.next_deadline(),
            Stage::Finishing { by, .. } | Stage::Closing { by, .. } => by,
            Stage::Over(_) => self.pulse.now,
        }
    }

    fn on_clock(&mut self) -> Moved {
        match self.stage {
            Stage::Running => match self.pulse.due() {
                Some(due) => self.on_due(due),
                None => return false,
            },
            Stage::Finishing { by, .. } if by <= self.pulse.now => self.close_now(),
            Stage::Closing { by, .. } if by <= self.pulse.now => self.over(),
            _ => return false,
        }
        true
    }

    fn on_due(&mut self, due: Due) {
        match due {
            Due::HeartBeat => {
                // Only between frames: what is queued is whole frames, and goes before.
                self.outbox.push(Payload::HEART_BEAT, crate::outbox::Class::Answer);
                self.pulse.spoke();
            }
            Due::Ping => {
                self.pulse.pinged();
                if self.transport.ping().is_err() {
                    return self.gone();
                }
                self.dirty = true;
            }
            Due::Silence => self.fail(Fault {
                cause: Cause::HeartBeatMissed,
                ..Fault::new(code::HEART_BEAT_MISSED, "Session closed.")
            }),
            Due::Connect => self.fail(Fault::new(code::TIMED_OUT, "CONNECT did not come in time.")),
            Due::Frame => {
                let headers = self.inbound.partial_headers();
                self.fail(Fault {
                    headers,
                    ..Fault::new(code::TIMED_OUT, "The rest of the frame did not come in time.")
                });
            }
            Due::Expiry => self.expire(),
            Due::Blocked => self.too_slow(),
        }
    }

    fn gauge_queue(&mut self) {
        let bytes = self.outbox.bytes();
        if bytes != self.gauged_bytes {
            self.broker
                .metrics()
                .queue_bytes
                .increment(bytes as f64 - self.gauged_bytes as f64);
            self.gauged_bytes = bytes;
        }
    }
}
