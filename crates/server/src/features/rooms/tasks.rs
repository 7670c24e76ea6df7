//! What runs beside the calls: who is here is told, notices of many movements are gathered, rooms close by themselves.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use broker::Publication;
use futures_util::{StreamExt, stream};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::changes::{Close, TellWaiting};
use super::rules::Waiting;
use super::store::MemberRow;
use super::view::{Participant, ParticipantsEvent};
use super::{Inner, Rooms, store};
use crate::features::accounts::Principal;
use crate::features::messages::room_topic;
use crate::problem::{Code, Refusal};
use crate::time::Time;

/// Rooms taken up at a time.
const AT_ONCE: usize = 200;

/// Pause after a failure of the database.
const RETRY: Duration = Duration::from_secs(1);

/// Rooms whose participants have changed and are still to be shown. Bounded by the rooms there are.
#[derive(Default)]
pub(super) struct Crowd {
    rooms: Mutex<HashSet<i64>>,
    woken: Notify,
}

impl Crowd {
    /// Somebody came or went.
    pub(super) fn changed(&self, room_id: i64) {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.insert(room_id);
        self.woken.notify_one();
    }

    fn take(&self) -> HashSet<i64> {
        std::mem::take(&mut *self.rooms.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Notices of who came and went: the first is told at once, what follows within a while in one line.
pub(super) struct Notices {
    every_ms: i64,
    rooms: Mutex<HashMap<i64, Told>>,
    woken: Notify,
}

/// Of a room that was told something lately.
struct Told {
    at: Time,
    waiting: Waiting,
}

impl Notices {
    pub(super) fn new(every_ms: u64) -> Self {
        Self {
            every_ms: i64::try_from(every_ms).unwrap_or(i64::MAX),
            rooms: Mutex::default(),
            woken: Notify::new(),
        }
    }

    /// Whether the room has been quiet, so that it is told now.
    pub(super) fn may_tell(&self, room_id: i64, now: Time) -> bool {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if rooms.contains_key(&room_id) {
            return false;
        }
        rooms.insert(
            room_id,
            Told {
                at: now,
                waiting: Vec::new(),
            },
        );
        self.woken.notify_one();
        true
    }

    /// Keeps what is told later.
    pub(super) fn wait(&self, room_id: i64, waiting: &Waiting) {
        if waiting.is_empty() {
            return;
        }
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let told = rooms.entry(room_id).or_insert_with(|| Told {
            at: Time::from_ms(0),
            waiting: Vec::new(),
        });
        told.waiting.extend_from_slice(waiting);
        self.woken.notify_one();
    }

    /// What is to be told now; rooms that were quiet since are forgotten.
    fn ripe(&self, now: Time) -> Vec<(i64, Waiting)> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ripe = Vec::new();
        rooms.retain(|room_id, told| {
            if now.ms().saturating_sub(told.at.ms()) < self.every_ms {
                return true;
            }
            told.at = now;
            ripe.push((*room_id, std::mem::take(&mut told.waiting)));
            !ripe.last().is_none_or(|(_, waiting)| waiting.is_empty())
        });
        ripe.retain(|(_, waiting)| !waiting.is_empty());
        ripe
    }

    fn is_idle(&self) -> bool {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl Rooms {
    /// Shows participants, tells gathered notices and closes rooms whose end has come, until `cancel`.
    pub async fn run(&self, cancel: CancellationToken) {
        let work = async {
            tokio::join!(
                self.0.watch_crowds(),
                self.0.watch_notices(),
                self.0.alarm.run(&self.0.clock, || self.0.close_due())
            )
        };
        tokio::select! {
            () = cancel.cancelled() => {}
            _ = work => {}
        }
    }

    /// Tells what waits to be gathered: the server stops.
    pub async fn flush(&self) {
        let last = self.0.notices.ripe(Time::from_ms(i64::MAX));
        self.0.tell_waiting(last).await;
    }

    /// A connection of this member subscribed to the room's topic.
    pub fn entered(&self, room_id: i64, member_id: i64, connection: u64) {
        if self.0.here.enter(room_id, member_id, connection) {
            self.0.crowd.changed(room_id);
        }
    }

    /// A subscription of this member to the room's topic ended.
    pub fn left(&self, room_id: i64, member_id: i64, connection: u64) {
        if self.0.here.leave(room_id, member_id, connection) {
            self.0.crowd.changed(room_id);
        }
    }

    /// What a new subscription of this member hears first: who is in the room, and who of them is here.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn greeting(&self, who: &Principal, room_id: i64) -> Result<Publication, Refusal> {
        let members = self.0.members(room_id).await?;
        let event = self.0.participants_event(room_id, &members, Some(who.member_id));
        let body = serde_json::to_vec(&event).map_err(|e| Refusal::failed("PARTICIPANTS", &e))?;
        Ok(Publication::json(body))
    }
}

impl Inner {
    /// `coming` is about to be here.
    fn participants_event(&self, room_id: i64, members: &[MemberRow], coming: Option<i64>) -> ParticipantsEvent {
        let count = members.len();
        let mut participants: Vec<Participant> = members
            .iter()
            .cloned()
            .map(|member| self.participant(room_id, member))
            .collect();
        for participant in &mut participants {
            participant.online |= coming == Some(participant.member_id);
        }
        let online_count = participants.iter().filter(|p| p.online).count();
        participants.sort_by_key(|p| !p.online);
        participants.truncate(self.bounds.participants_shown);
        ParticipantsEvent {
            r#type: "PARTICIPANTS",
            room_id,
            count,
            online_count,
            participants,
        }
    }

    /// The members by name, perhaps as they were a moment ago: whoever comes then is told again by [`Inner::show_crowd`].
    async fn members(&self, room_id: i64) -> Result<Arc<Vec<MemberRow>>, Refusal> {
        match self.members.get(&room_id) {
            Some(members) => Ok(members),
            None => self.members_now(room_id).await,
        }
    }

    async fn members_now(&self, room_id: i64) -> Result<Arc<Vec<MemberRow>>, Refusal> {
        let max = self.bounds.members_max as u64;
        let members = Arc::new(store::members(self.db.read(), room_id, None, max).await?);
        self.members.insert(room_id, Arc::clone(&members));
        Ok(members)
    }

    pub(super) fn participant(&self, room_id: i64, member: MemberRow) -> Participant {
        Participant {
            online: self.here.is_here(room_id, member.member_id),
            manages: member.manages(),
            member_id: member.member_id,
            user_code: member.code,
            name: member.name,
        }
    }

    async fn watch_crowds(&self) {
        loop {
            self.crowd.woken.notified().await;
            for room_id in self.crowd.take() {
                self.show_crowd(room_id).await;
            }
            tokio::time::sleep(self.bounds.participants_every).await;
        }
    }

    async fn show_crowd(&self, room_id: i64) {
        let topic = room_topic(room_id);
        if !self.outlet.is_heard(&topic) {
            return;
        }
        match self.members_now(room_id).await {
            Ok(members) => {
                let event = self.participants_event(room_id, &members, None);
                self.outlet.show_volatile(&topic, &event);
            }
            Err(_) => {
                tokio::time::sleep(RETRY).await;
                self.crowd.changed(room_id);
            }
        }
    }

    async fn watch_notices(self: &Arc<Self>) {
        let pause = Duration::from_millis(u64::try_from(self.notices.every_ms).unwrap_or(0).max(1));
        loop {
            self.notices.woken.notified().await;
            while !self.notices.is_idle() {
                tokio::time::sleep(pause).await;
                let ripe = self.notices.ripe(self.clock.now());
                self.tell_waiting(ripe).await;
            }
        }
    }

    async fn tell_waiting(self: &Arc<Self>, ripe: Vec<(i64, Waiting)>) {
        let told = ripe.into_iter().map(async |(room_id, waiting)| {
            let change = TellWaiting {
                rooms: Arc::clone(self),
                room_id,
                waiting: waiting.clone(),
            };
            if let Err(refusal) = self.messages.change(change).await
                && refusal.code == Code::Unavailable
            {
                self.notices.wait(room_id, &waiting);
            }
        });
        stream::iter(told).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    }

    /// Closes rooms whose end has come; when the next one's comes.
    async fn close_due(self: &Arc<Self>) -> Result<Option<Time>, Refusal> {
        let ids = store::due(self.db.read(), self.clock.now(), AT_ONCE as i64).await?;
        for room_id in ids {
            let change = Close {
                rooms: Arc::clone(self),
                room_id,
                by_time: true,
                is_news: false,
            };
            self.messages.change(change).await?;
        }
        Ok(store::next_due(self.db.read()).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::Movement;
    use super::*;

    fn at(ms: i64) -> Time {
        Time::from_ms(ms)
    }

    #[test]
    fn a_quiet_room_is_told_at_once_and_a_busy_one_in_one_line() {
        let notices = Notices::new(2000);
        assert!(notices.may_tell(1, at(0)));
        assert!(!notices.may_tell(1, at(500)));
        assert!(notices.may_tell(2, at(500)), "another room is quiet");
        for member in 1..=13 {
            notices.wait(1, &vec![(member, format!("p{member}"), Movement::Joined)]);
        }
        assert!(notices.ripe(at(1999)).is_empty());
        let ripe = notices.ripe(at(2000));
        assert_eq!((ripe[0].0, ripe[0].1.len(), ripe.len()), (1, 13, 1));
        assert!(!notices.may_tell(1, at(3999)), "the line itself counts");
        assert!(notices.ripe(at(4000)).is_empty());
        assert!(notices.is_idle());
        assert!(notices.may_tell(1, at(4001)));
    }
}
