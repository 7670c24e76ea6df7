use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::atomic::{self, AtomicBool};
use std::sync::{Arc, Mutex, MutexGuard};

use wire::{Message, Version};

use crate::dialect::Dialect;

use crate::outbox::{Class, Outbox, Pushed};
use crate::transport::Payload;
use crate::{Publication, Topic};

/// One subscription: what feeds it, what its frames look like, and how far it is.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// Of the connection it belongs to.
    pub(crate) connection: u64,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) topic: Topic,
    pub(crate) dialect: Dialect,
    /// The client's name for it; none only in 1.0.
    pub(crate) id: Option<Box<str>>,
    /// As the client wrote it.
    pub(crate) destination: Arc<str>,
    pub(crate) acknowledging: Acknowledging,
    /// Its number on its connection, in the ids of acknowledgements.
    pub(crate) ordinal: u32,
    pub(crate) bounds: Bounds,
    /// Whether the app was told of it.
    announced: AtomicBool,
    state: Mutex<State>,
}

/// What a subscription may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) held_bytes: usize,
    pub(crate) unacknowledged: usize,
}

/// The header `ack` of SUBSCRIBE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acknowledging {
    Auto,
    /// Acknowledging one means all before it as well.
    Cumulative,
    Individual,
}

#[derive(Debug)]
struct State {
    feed: Feed,
    /// Ids of messages that can still be acknowledged, oldest first.
    unacknowledged: VecDeque<Arc<str>>,
    /// Older ones were let go of; acknowledging those is fine.
    forgot: bool,
}

/// How publications reach a subscription.
#[derive(Debug)]
enum Feed {
    /// Not at all: it reads history and will come across them there.
    Cursor,
    /// Kept until history is read up to them.
    Held { items: Vec<Held>, bytes: usize },
    /// As they come, but for those up to the position `told`, which went out already or were told by history or the state.
    Live { told: Option<u64> },
    /// Not at all: some did not reach it, and nobody reads history for it yet. Everything up to here went out.
    Behind { after: u64 },
    /// Not at all: it may not be read any more, and the app does not know yet that it is over.
    Revoked,
    /// Unsubscribed.
    Over,
}

/// What became of a live publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// Nothing more need be done for it.
    Done,
    /// The subscription has to read it, now or later.
    Missed,
}

/// What a subscription needs its connection's task for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// To read history for it from here on.
    CatchUp { after: u64 },
    /// To let go of it.
    Farewell,
}

#[derive(Debug)]
struct Held {
    position: Option<u64>,
    parcel: Parcel,
}

/// An encoded publication on its way to one subscription.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) payload: Payload,
    pub(crate) message_id: Arc<str>,
    pub(crate) volatile: bool,
}

impl Parcel {
    fn class(&self) -> Class {
        if self.volatile { Class::Volatile } else { Class::Stored }
    }
}

/// What [`Subscription::new`] is made of.
#[derive(Clone)]
pub(crate) struct Subscribing {
    pub(crate) connection: u64,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) dialect: Dialect,
    pub(crate) id: Option<Box<str>>,
    pub(crate) destination: Arc<str>,
    pub(crate) acknowledging: Acknowledging,
    pub(crate) ordinal: u32,
    pub(crate) bounds: Bounds,
}

impl Subscription {
    /// A subscription that hears nothing yet.
    pub(crate) fn new(of: Subscribing, topic: Topic) -> Subscription {
        // The destination is mostly the topic's own name: then one string is enough.
        let destination = if *of.destination == *topic.as_str() {
            Arc::clone(topic.name())
        } else {
            of.destination
        };
        Subscription {
            connection: of.connection,
            outbox: of.outbox,
            topic,
            dialect: of.dialect,
            id: of.id,
            destination,
            acknowledging: of.acknowledging,
            ordinal: of.ordinal,
            bounds: of.bounds,
            announced: AtomicBool::new(false),
            state: Mutex::new(State {
                feed: Feed::Cursor,
                unacknowledged: VecDeque::new(),
                forgot: false,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds a subscription")
    }

    /// Orders subscriptions so that those for which the same bytes serve lie side by side.
    pub(crate) fn by_frame(&self, other: &Subscription) -> Ordering {
        (self.dialect, &self.id, self.ack_tag())
            .cmp(&(other.dialect, &other.id, other.ack_tag()))
            .then_with(|| self.destination.cmp(&other.destination))
    }

    /// In the ids of acknowledgements, where its messages carry them.
    fn ack_tag(&self) -> Option<u32> {
        let carries = self.dialect == Dialect::Stomp(Version::V1_2) && self.acknowledging != Acknowledging::Auto;
        carries.then_some(self.ordinal)
    }

    /// The bytes of a publication for this subscription and all that compare equal to it.
    pub(crate) fn encode(&self, publication: &Publication, message_id: &str) -> Payload {
        let Dialect::Stomp(version) = self.dialect else {
            return Payload::new(publication.body.clone());
        };
        let ack = self.ack_tag().map(|tag| format!("{tag}-{message_id}"));
        let message = Message {
            destination: &self.destination,
            subscription: self.id.as_deref(),
            message_id,
            ack: ack.as_deref(),
            content_type: publication.content_type.as_deref(),
            headers: &publication.headers,
            body: &publication.body,
        };
        let mut frame = Vec::new();
        wire::encode_message(&message, version, &mut frame);
        Payload::new(frame)
    }

    /// A live publication. Never waits.
    pub(crate) fn deliver(&self, position: Option<u64>, parcel: &Parcel) -> Delivered {
        let mut state = self.lock();
        state.deliver(self, position, parcel);
        match state.feed {
            Feed::Cursor | Feed::Behind { .. } => Delivered::Missed,
            _ => Delivered::Done,
        }
    }

    /// Something for this subscription alone, past whatever is held; false once it is over.
    pub(crate) fn replay(&self, parcel: &Parcel) -> bool {
        let mut state = self.lock();
        if state.is_over() {
            return false;
        }
        if state.push(self, parcel) == Pushed::Full {
            self.outbox.overflow();
        }
        true
    }

    /// Starts to keep live publications; false if it is over.
    pub(crate) fn hold(&self) -> bool {
        self.change_feed(Feed::Held {
            items: Vec::new(),
            bytes: 0,
        })
    }

    /// Live from now on, without history.
    pub(crate) fn go_live(&self) {
        self.change_feed(Feed::Live { told: None });
    }

    /// `level` goes out, then what was held beyond the position `told`, then it is live. Not so when more was published
    /// meanwhile than can be held: then it reads on, and the answer is false.
    pub(crate) fn release(&self, level: Option<&Parcel>, told: u64) -> bool {
        let mut state = self.lock();
        let Feed::Held { items, .. } = &mut state.feed else {
            return state.is_over();
        };
        let items = std::mem::take(items);
        state.feed = Feed::Live { told: Some(told) };
        if let Some(level) = level {
            state.deliver(self, None, level);
        }
        for held in &items {
            state.deliver(self, held.position, &held.parcel);
        }
        true
    }

    /// Hears nothing any more.
    pub(crate) fn stop(&self) {
        self.lock().feed = Feed::Over;
    }

    /// May not be read any more: hears `last` and then nothing, and waits for its connection's task to let go of it.
    pub(crate) fn revoke(&self, last: Option<&Parcel>) {
        let mut state = self.lock();
        if state.is_over() {
            return;
        }
        if let Some(last) = last {
            state.push(self, last);
        }
        state.feed = Feed::Revoked;
        self.outbox.attend();
    }

    /// What it needs its connection's task for. Told until it is done.
    pub(crate) fn need(&self) -> Option<Need> {
        match self.lock().feed {
            Feed::Behind { after } => Some(Need::CatchUp { after }),
            Feed::Revoked => Some(Need::Farewell),
            _ => None,
        }
    }

    /// Reads history from now on.
    pub(crate) fn read(&self) {
        self.change_feed(Feed::Cursor);
    }

    fn change_feed(&self, feed: Feed) -> bool {
        let mut state = self.lock();
        if !state.is_over() {
            state.feed = feed;
        }
        !state.is_over()
    }

    /// Takes the peer's word for a message; false if there is none such to acknowledge.
    pub(crate) fn acknowledge(&self, message_id: &str) -> bool {
        let mut state = self.lock();
        let Some(index) = state.unacknowledged.iter().position(|known| **known == *message_id) else {
            return state.forgot;
        };
        match self.acknowledging {
            Acknowledging::Auto => return false,
            Acknowledging::Cumulative => drop(state.unacknowledged.drain(..=index)),
            Acknowledging::Individual => drop(state.unacknowledged.remove(index)),
        }
        true
    }

    /// The app is about to be told of it.
    pub(crate) fn announce(&self) {
        self.announced.store(true, atomic::Ordering::Release);
    }

    /// Whether the app was told and has to be told of the end; true once.
    pub(crate) fn retract(&self) -> bool {
        self.announced.swap(false, atomic::Ordering::AcqRel)
    }
}

impl State {
    fn is_over(&self) -> bool {
        matches!(self.feed, Feed::Revoked | Feed::Over)
    }

    fn deliver(&mut self, of: &Subscription, position: Option<u64>, parcel: &Parcel) {
        match &mut self.feed {
            Feed::Live { told } if position.is_none() || position > *told => {
                let before = told.or(position.map(|position| position.saturating_sub(1)));
                *told = position.max(*told);
                let is_next = position.is_none() || position <= before.map(|before| before + 1);
                if !is_next || self.push(of, parcel) == Pushed::Full {
                    self.fall_behind(of, before);
                }
            }
            Feed::Held { items, bytes } if !parcel.volatile => {
                *bytes += parcel.payload.len();
                items.push(Held {
                    position,
                    parcel: parcel.clone(),
                });
                if *bytes > of.bounds.held_bytes {
                    self.feed = Feed::Cursor;
                }
            }
            _ => {}
        }
    }

    /// The peer is too slow, or something was never published here. What has a history is read there once there is room;
    /// without one the connection ends.
    fn fall_behind(&mut self, of: &Subscription, after: Option<u64>) {
        match after {
            Some(after) => {
                self.feed = Feed::Behind { after };
                of.outbox.attend();
            }
            None => of.outbox.overflow(),
        }
    }

    fn push(&mut self, of: &Subscription, parcel: &Parcel) -> Pushed {
        let pushed = of.outbox.push(parcel.payload.clone(), parcel.class());
        if pushed != Pushed::Taken || of.acknowledging == Acknowledging::Auto {
            return pushed;
        }
        if self.unacknowledged.len() == of.bounds.unacknowledged {
            self.unacknowledged.pop_front();
            self.forgot = true;
        }
        self.unacknowledged.push_back(Arc::clone(&parcel.message_id));
        pushed
    }
}
