use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{self, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard};

use metrics::{Counter, Gauge};

use crate::metric::Metrics;
use crate::recent::Recent;
use crate::subscription::{Delivered, Parcel, Subscription};
use crate::{Publication, Topic};

const SHARDS: usize = 64;

/// Who hears what. Subscriptions of a topic are kept sorted so that those for which the same bytes serve lie side by
/// side: a publication is encoded once for each such run.
pub(crate) struct Hub {
    hasher: RandomState,
    shards: Box<[Mutex<Shard>]>,
    /// Numbers the publications that have none.
    unnumbered: AtomicU64,
    encoded: Counter,
    recent_bytes_max: usize,
    recent_bytes: Gauge,
}

type Shard = HashMap<Topic, Audience>;

/// All who hear a topic.
struct Audience {
    subscriptions: Vec<Arc<Subscription>>,
    /// While one of them is behind.
    recent: Option<Box<Recent>>,
}

impl Hub {
    pub(crate) fn new(metrics: &Metrics, recent_bytes_max: usize) -> Hub {
        Hub {
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            unnumbered: AtomicU64::new(0),
            encoded: metrics.encoded.clone(),
            recent_bytes_max,
            recent_bytes: metrics.recent_bytes.clone(),
        }
    }

    fn shard(&self, topic: &Topic) -> MutexGuard<'_, Shard> {
        let hash = self.hasher.hash_one(topic) as usize;
        self.shards[hash % SHARDS]
            .lock()
            .expect("nothing panics while it holds a shard")
    }

    /// From now on what is published reaches the subscription. Twice does no harm.
    pub(crate) fn add(&self, subscription: &Arc<Subscription>) {
        let mut shard = self.shard(&subscription.topic);
        let audience = shard.entry(subscription.topic.clone()).or_insert_with(|| Audience {
            // Most topics are one person's own.
            subscriptions: Vec::with_capacity(1),
            recent: None,
        });
        let subscriptions = &mut audience.subscriptions;
        if let Err(index) = subscriptions.binary_search_by(|other| order(other, subscription)) {
            subscriptions.insert(index, Arc::clone(subscription));
        }
    }

    pub(crate) fn remove(&self, subscription: &Subscription) {
        let mut shard = self.shard(&subscription.topic);
        let Some(Audience { subscriptions, .. }) = shard.get_mut(&subscription.topic) else {
            return;
        };
        if let Ok(index) = subscriptions.binary_search_by(|other| order(other, subscription)) {
            subscriptions.remove(index);
        }
        if subscriptions.is_empty() {
            shard.remove(&subscription.topic);
        } else if subscriptions.len() * 4 < subscriptions.capacity() {
            subscriptions.shrink_to_fit();
        }
    }

    /// The topic stays locked meanwhile: that is what makes one order for all who hear it.
    pub(crate) fn publish(&self, topic: &Topic, publication: &Publication) {
        let mut shard = self.shard(topic);
        let Some(Audience { subscriptions, recent }) = shard.get_mut(topic) else {
            return;
        };
        let mut is_missed = false;
        let mut last: Option<(&Subscription, Parcel)> = None;
        for subscription in &*subscriptions {
            match &last {
                Some((like, parcel)) if like.by_frame(subscription) == Ordering::Equal => {
                    is_missed |= subscription.deliver(publication.position, parcel) == Delivered::Missed;
                }
                _ => {
                    let message_id = last.as_ref().map(|(_, parcel)| Arc::clone(&parcel.message_id));
                    let message_id = message_id.unwrap_or_else(|| self.message_id(publication));
                    let parcel = self.encode(subscription, publication, message_id);
                    is_missed |= subscription.deliver(publication.position, &parcel) == Delivered::Missed;
                    last = Some((subscription, parcel));
                }
            }
        }
        if is_missed {
            let recent = recent.get_or_insert_with(|| Box::new(Recent::new(self.recent_bytes.clone())));
            recent.push(publication, self.recent_bytes_max);
        } else if publication.position.is_some() {
            *recent = None;
        }
    }

    /// Up to `limit` publications of `topic` beyond the position `after`, if they are recent enough to be at hand. That
    /// there are none here says nothing of history.
    pub(crate) fn recent(&self, topic: &Topic, after: u64, limit: usize) -> Vec<Publication> {
        let shard = self.shard(topic);
        let recent = shard.get(topic).and_then(|audience| audience.recent.as_ref());
        recent.map_or_else(Vec::new, |recent| recent.after(after, limit))
    }

    /// Encodes a publication for one subscription.
    pub(crate) fn parcel(&self, subscription: &Subscription, publication: &Publication) -> Parcel {
        self.encode(subscription, publication, self.message_id(publication))
    }

    fn encode(&self, subscription: &Subscription, publication: &Publication, message_id: Arc<str>) -> Parcel {
        self.encoded.increment(1);
        Parcel {
            payload: subscription.encode(publication, &message_id),
            message_id,
            volatile: publication.volatile,
        }
    }

    fn message_id(&self, publication: &Publication) -> Arc<str> {
        // Digits, letters and `-` only: old clients do not unescape it.
        match publication.message_id {
            Some(id) => id.to_string().into(),
            None => format!("e-{}", self.unnumbered.fetch_add(1, atomic::Ordering::Relaxed)).into(),
        }
    }

    pub(crate) fn has_subscribers(&self, topic: &Topic) -> bool {
        self.shard(topic).contains_key(topic)
    }

    /// Topics and subscriptions there are.
    pub(crate) fn counts(&self) -> (usize, usize) {
        self.shards.iter().fold((0, 0), |(topics, subscriptions), shard| {
            let shard = shard.lock().expect("nothing panics while it holds a shard");
            (
                topics + shard.len(),
                subscriptions
                    + shard
                        .values()
                        .map(|audience| audience.subscriptions.len())
                        .sum::<usize>(),
            )
        })
    }
}

fn order(one: &Subscription, other: &Subscription) -> Ordering {
    one.by_frame(other)
        .then_with(|| (one.connection, one.ordinal).cmp(&(other.connection, other.ordinal)))
}
