//! A session over HTTP: what waits in it, and its two ends. The server's end is a [`Transport`]; the peer's end is whatever
//! request is attached at the moment, and none between two polls.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use bytestring::ByteString;
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep};

use super::table::Place;
use super::{Options, frame};
use crate::transport::{Closing, Gone, Incoming, Payload, Transport};

/// Octets of a message's own upkeep, so that many empty ones count too.
const UPKEEP_BYTES: usize = 32;

/// What both ends share.
pub(super) struct Shared {
    pub(super) options: Arc<Options>,
    state: Mutex<State>,
    /// There is room again for what is posted.
    room: Notify,
}

struct State {
    /// From the peer, not read yet.
    posted: VecDeque<String>,
    posted_bytes: usize,
    /// For the peer, not taken yet.
    waiting: VecDeque<ByteString>,
    waiting_bytes: usize,
    /// The peer was told that the session is open.
    opened: bool,
    receiver: Attached,
    /// What the peer is told at the end, as often as it asks.
    close: Option<(u16, String)>,
    close_taken: bool,
    /// The peer is gone without a word.
    lost: bool,
    /// It is, because it did not come back in time.
    expired: bool,
    /// The server's end is gone.
    over: bool,
    /// The server's end has not been told yet of a sign of life.
    alive: bool,
    /// Nor of something that cannot cross.
    not_text: bool,
    /// The receiver shall end, so that the peer shows itself by another.
    nudged: bool,
    server: Option<Waker>,
}

enum Attached {
    None {
        since: Instant,
    },
    /// Its task, once it has waited.
    One(Option<Waker>),
}

/// Why something posted was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// There is no such session any more.
    Unknown,
    /// The server did not read what was posted before in time.
    Full,
}

/// What a receiver has to write.
pub(super) enum Taken {
    Frame(String),
    /// The last one of the session.
    Close(String),
    /// The receiver shall end with this one.
    Nudge(String),
}

impl Shared {
    pub(super) fn new(options: Arc<Options>) -> Shared {
        Shared {
            options,
            room: Notify::new(),
            state: Mutex::new(State {
                posted: VecDeque::new(),
                posted_bytes: 0,
                waiting: VecDeque::new(),
                waiting_bytes: 0,
                opened: false,
                receiver: Attached::None { since: Instant::now() },
                close: None,
                close_taken: false,
                lost: false,
                expired: false,
                over: false,
                alive: false,
                not_text: false,
                nudged: false,
                server: None,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds a session")
    }

    /// Becomes the one receiver. False if there is one already.
    pub(super) fn attach(&self) -> bool {
        let mut state = self.lock();
        if matches!(state.receiver, Attached::One(_)) {
            return false;
        }
        state.receiver = Attached::One(None);
        (state.alive, state.nudged) = (true, false);
        wake(state, |state| &mut state.server);
        true
    }

    /// The receiver ended as it should.
    pub(super) fn detach(&self) {
        let mut state = self.lock();
        state.receiver = Attached::None { since: Instant::now() };
        wake(state, |state| &mut state.server);
    }

    /// The receiver was cut: what it was given may be lost, so the session is.
    pub(super) fn lose(&self) {
        let mut state = self.lock();
        state.receiver = Attached::None { since: Instant::now() };
        state.lost = true;
        state.close.get_or_insert_with(interrupted);
        (state.waiting, state.waiting_bytes) = (VecDeque::new(), 0);
        wake(state, |state| &mut state.server);
    }

    pub(super) fn is_expired(&self) -> bool {
        self.lock().expired
    }

    /// The next frame for the receiver.
    pub(super) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Taken> {
        let mut state = self.lock();
        if !state.opened {
            state.opened = true;
            return Poll::Ready(Taken::Frame(frame::OPEN.to_owned()));
        }
        if !state.waiting.is_empty() {
            state.waiting_bytes = 0;
            let messages = std::mem::take(&mut state.waiting);
            wake(state, |state| &mut state.server);
            return Poll::Ready(Taken::Frame(frame::messages(messages.iter().map(AsRef::<str>::as_ref))));
        }
        if let Some((code, reason)) = &state.close {
            let close = frame::close(*code, reason);
            state.close_taken = true;
            wake(state, |state| &mut state.server);
            return Poll::Ready(Taken::Close(close));
        }
        if state.nudged {
            state.nudged = false;
            return Poll::Ready(Taken::Nudge(frame::HEART_BEAT.to_owned()));
        }
        state.receiver = Attached::One(Some(cx.waker().clone()));
        Poll::Pending
    }

    /// Hands over what the peer posted, once there is room for it.
    pub(super) async fn post(&self, messages: Vec<String>) -> Result<(), NotTaken> {
        let bytes = messages.iter().map(|message| message.len() + UPKEEP_BYTES).sum();
        let offered = async {
            let mut messages = Some(messages);
            loop {
                let mut room = std::pin::pin!(self.room.notified());
                room.as_mut().enable();
                if let Some(taken) = self.try_post(&mut messages, bytes) {
                    return taken;
                }
                room.await;
            }
        };
        let in_time = tokio::time::timeout(self.options.post_timeout, offered);
        in_time.await.unwrap_or(Err(NotTaken::Full))
    }

    fn try_post(&self, messages: &mut Option<Vec<String>>, bytes: usize) -> Option<Result<(), NotTaken>> {
        let mut state = self.lock();
        if state.over || state.lost || state.close.is_some() {
            return Some(Err(NotTaken::Unknown));
        }
        if state.posted_bytes >= self.options.posted_bytes_max {
            return None;
        }
        state.posted_bytes += bytes;
        state.posted.extend(messages.take().into_iter().flatten());
        state.alive = true;
        wake(state, |state| &mut state.server);
        Some(Ok(()))
    }
}

fn wake(mut state: MutexGuard<'_, State>, whom: impl FnOnce(&mut State) -> &mut Option<Waker>) {
    let waker = whom(&mut state).take();
    drop(state);
    waker.into_iter().for_each(Waker::wake);
}

fn interrupted() -> (u16, String) {
    (1002, "Connection interrupted".to_owned())
}

impl State {
    fn receiver(&mut self) -> Option<Waker> {
        match &mut self.receiver {
            Attached::One(waker) => waker.take(),
            Attached::None { .. } => None,
        }
    }

    fn next_posted(&mut self) -> Option<Incoming> {
        let message = self.posted.pop_front()?;
        self.posted_bytes -= message.len() + UPKEEP_BYTES;
        Some(Incoming::Data(Bytes::from(message)))
    }
}

/// The server's end.
pub(super) struct HttpSession {
    shared: Arc<Shared>,
    place: Place,
    /// Until when a receiver has to come.
    sleep: Pin<Box<Sleep>>,
}

impl HttpSession {
    pub(super) fn new(shared: Arc<Shared>, place: Place) -> HttpSession {
        let delay = shared.options.disconnect_delay;
        HttpSession {
            shared,
            place,
            sleep: Box::pin(tokio::time::sleep(delay)),
        }
    }

    /// Ready once nobody listened for too long.
    fn poll_expiry(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.shared.lock();
        state.server = Some(cx.waker().clone());
        let Attached::None { since } = state.receiver else {
            return Poll::Pending;
        };
        drop(state);
        let until = since + self.shared.options.disconnect_delay;
        if self.sleep.deadline() != until {
            self.sleep.as_mut().reset(until);
        }
        ready!(self.sleep.as_mut().poll(cx));
        self.shared.lose();
        self.shared.lock().expired = true;
        Poll::Ready(())
    }
}

impl Transport for HttpSession {
    const NAME: &'static str = "sockjs";

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        if std::mem::take(&mut state.not_text) {
            return Poll::Ready(Incoming::NotText);
        }
        if let Some(posted) = state.next_posted() {
            drop(state);
            shared.room.notify_waiters();
            return Poll::Ready(posted);
        }
        if std::mem::take(&mut state.alive) {
            return Poll::Ready(Incoming::Alive);
        }
        if state.lost {
            return Poll::Ready(Incoming::Closed(Closing::Lost));
        }
        if state.close_taken {
            return Poll::Ready(Incoming::Closed(Closing::Code(None)));
        }
        drop(state);
        self.poll_expiry(cx).map(|()| Incoming::Closed(Closing::Lost))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        let state = self.shared.lock();
        if state.lost {
            return Poll::Ready(Err(Gone));
        }
        if state.waiting_bytes < self.shared.options.waiting_bytes_max {
            return Poll::Ready(Ok(()));
        }
        drop(state);
        self.poll_expiry(cx).map(|()| Err(Gone))
    }

    fn write(&mut self, payload: Payload) -> Result<(), Gone> {
        let mut state = self.shared.lock();
        match payload {
            Payload::Text(text) => {
                state.waiting_bytes += text.len() + UPKEEP_BYTES;
                state.waiting.push_back(text);
            }
            Payload::Binary(_) => state.not_text = true,
        }
        let receiver = state.receiver();
        drop(state);
        receiver.into_iter().for_each(Waker::wake);
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        let state = self.shared.lock();
        if state.lost {
            return Poll::Ready(Err(Gone));
        }
        if state.waiting.is_empty() && (state.close.is_none() || state.close_taken) {
            return Poll::Ready(Ok(()));
        }
        drop(state);
        self.poll_expiry(cx).map(|()| Err(Gone))
    }

    /// A peer that is there comes back at once with another receiver.
    fn ping(&mut self) -> Result<(), Gone> {
        let mut state = self.shared.lock();
        state.nudged = true;
        let receiver = state.receiver();
        drop(state);
        receiver.into_iter().for_each(Waker::wake);
        Ok(())
    }

    /// The last word has a place of its own.
    fn poll_ready_to_close(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        Poll::Ready(Ok(()))
    }

    fn close(&mut self, code: u16, reason: &str) -> Result<(), Gone> {
        let mut state = self.shared.lock();
        state.close.get_or_insert_with(|| (code, reason.to_owned()));
        let receiver = state.receiver();
        drop(state);
        receiver.into_iter().for_each(Waker::wake);
        Ok(())
    }
}

impl Drop for HttpSession {
    /// What waits and the last word stay for the peer until the place is given to another.
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.over = true;
        (state.posted, state.posted_bytes) = (VecDeque::new(), 0);
        state.close.get_or_insert_with(interrupted);
        let receiver = state.receiver();
        drop(state);
        receiver.into_iter().for_each(Waker::wake);
        self.shared.room.notify_waiters();
        self.place.leave();
    }
}
