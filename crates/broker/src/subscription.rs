use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::atomic::{self, AtomicBool};
use std::sync::{Arc, Mutex, MutexGuard};

use wire::{Message, Version};

use crate::outbox::{Class, Outbox};
use crate::transport::Payload;
use crate::{Publication, Topic};

/// One subscription: what feeds it, what its frames look like, and how far it is.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// Of the connection it belongs to.
    pub(crate) connection: u64,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) topic: Topic,
    pub(crate) version: Version,
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
    /// As they come, but for those that history or the state told before they were published.
    Live { told: Option<u64> },
    /// Unsubscribed.
    Over,
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
pub(crate) struct Subscribing {
    pub(crate) connection: u64,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) version: Version,
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
            version: of.version,
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
        (self.version, &self.id, self.ack_tag())
            .cmp(&(other.version, &other.id, other.ack_tag()))
            .then_with(|| self.destination.cmp(&other.destination))
    }

    /// In the ids of acknowledgements, where its messages carry them.
    fn ack_tag(&self) -> Option<u32> {
        let carries = self.version == Version::V1_2 && self.acknowledging != Acknowledging::Auto;
        carries.then_some(self.ordinal)
    }

    /// The MESSAGE frame of a publication for this subscription and all that compare equal to it.
    pub(crate) fn encode(&self, publication: &Publication, message_id: &str) -> Payload {
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
        wire::encode_message(&message, self.version, &mut frame);
        Payload::new(frame)
    }

    /// A live publication. Never waits.
    pub(crate) fn deliver(&self, position: Option<u64>, parcel: &Parcel) {
        let mut state = self.lock();
        let state = &mut *state;
        match &mut state.feed {
            Feed::Live { told } if position.is_none() || position > *told => state.push(self, parcel),
            Feed::Held { items, bytes } if !parcel.volatile => {
                *bytes += parcel.payload.len();
                items.push(Held {
                    position,
                    parcel: parcel.clone(),
                });
                if *bytes > self.bounds.held_bytes {
                    state.feed = Feed::Cursor;
                }
            }
            Feed::Live { .. } | Feed::Held { .. } | Feed::Cursor | Feed::Over => {}
        }
    }

    /// A replayed publication, past whatever is held.
    pub(crate) fn replay(&self, parcel: &Parcel) {
        self.lock().push(self, parcel);
    }

    /// Starts to keep live publications.
    pub(crate) fn hold(&self) {
        self.change_feed(Feed::Held {
            items: Vec::new(),
            bytes: 0,
        });
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
            return matches!(state.feed, Feed::Over);
        };
        let items = std::mem::take(items);
        state.feed = Feed::Live { told: Some(told) };
        let fresh = items
            .iter()
            .filter(|held| held.position.is_none_or(|position| position > told));
        for parcel in level.into_iter().chain(fresh.map(|held| &held.parcel)) {
            state.push(self, parcel);
        }
        true
    }

    /// Hears nothing any more.
    pub(crate) fn stop(&self) {
        self.change_feed(Feed::Over);
    }

    fn change_feed(&self, feed: Feed) {
        let mut state = self.lock();
        if !matches!(state.feed, Feed::Over) {
            state.feed = feed;
        }
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
    fn push(&mut self, of: &Subscription, parcel: &Parcel) {
        let taken = of.outbox.push(parcel.payload.clone(), parcel.class());
        if !taken || of.acknowledging == Acknowledging::Auto {
            return;
        }
        if self.unacknowledged.len() == of.bounds.unacknowledged {
            self.unacknowledged.pop_front();
            self.forgot = true;
        }
        self.unacknowledged.push_back(Arc::clone(&parcel.message_id));
    }
}
