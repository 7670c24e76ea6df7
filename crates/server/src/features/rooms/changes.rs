//! Changes of plain rooms, in the room's order: load → decide → save → tell.

use std::sync::Arc;

use metrics::counter;

use super::Inner;
use super::rules::{self, Movement, Notice, Room, Status, Waiting};
use super::store::{self, Made};
use super::view::{Own, RemovedEvent, RoomStateEvent, RoomsEvent};
use crate::features::accounts::Member;
use crate::features::messages::{
    ChangeError, ChangeFuture, Draft, Gate, NOTIFICATION, NewRoom, ReadTo, RoomChange, Side, System, Turn, own_topic,
    room_topic,
};
use crate::problem::{Code, Refusal};
use crate::texts::{Locale, TextKey};
use crate::time::Time;

/// Makes a room, or finds the one that has its key.
pub(super) struct Make {
    pub(super) rooms: Arc<Inner>,
    pub(super) key: Option<String>,
    pub(super) made: Made,
    pub(super) locale: Locale,
    pub(super) members: Vec<i64>,
    /// The number of a room that is new.
    pub(super) made_id: Option<i64>,
}

impl RoomChange for Make {
    /// The room's number, and whether it is new.
    type Output = (i64, bool);

    fn stored(&self) {
        if let Some(room) = self.made_id {
            tracing::info!(room, key = self.key, "a room was made");
            counter!("maru_rooms_made_total").increment(1);
        }
        self.rooms.alarm.wake();
    }

    fn apply<'a>(&'a mut self, turn: &'a mut Turn<'_>) -> ChangeFuture<'a, (i64, bool)> {
        Box::pin(async move {
            if let Some(key) = &self.key
                && let Some(room_id) = turn.room_of_key(key).await?
            {
                // Another kind of room has the key: its number names nothing here.
                let there = store::load(turn.tx(), room_id, 0).await?;
                there.ok_or_else(|| Refusal::invalid("key"))?;
                return Ok((room_id, false));
            }
            let now = self.rooms.clock.now();
            let room = NewRoom {
                kind: super::KIND,
                key: self.key.clone(),
                owner_id: None,
                locale: self.locale,
                gate: Gate::Members,
                created_at: now,
            };
            let room_id = turn.open_room(&room).await?;
            store::insert(turn.tx(), room_id, &self.made, now).await?;
            for member_id in &self.members {
                turn.add_member(room_id, *member_id, Side::Member).await?;
            }
            turn.count_change(room_id).await?;
            self.rooms.tell_own(turn, room_id, "ADDED", &self.members).await?;
            self.made_id = Some(room_id);
            Ok((room_id, true))
        })
    }
}

/// Who moves, and how.
pub(super) enum Move {
    /// By oneself, into an open room.
    Join,
    /// By somebody who manages the room.
    Add,
    Leave,
    Remove,
}

/// People come into a room or leave it: all of them or none.
pub(super) struct MovePeople {
    pub(super) rooms: Arc<Inner>,
    pub(super) room_id: i64,
    pub(super) how: Move,
    pub(super) people: Vec<Member>,
    /// What the room is told later, together with others.
    later: Waiting,
    /// It was decided to tell at once.
    at_once: bool,
}

impl MovePeople {
    pub(super) const fn new(rooms: Arc<Inner>, room_id: i64, how: Move, people: Vec<Member>) -> Self {
        Self {
            rooms,
            room_id,
            how,
            people,
            later: Vec::new(),
            at_once: false,
        }
    }
}

impl RoomChange for MovePeople {
    type Output = ();

    fn stored(&self) {
        self.rooms.members.invalidate(&self.room_id);
        self.rooms.crowd.changed(self.room_id);
        self.rooms.notices.wait(self.room_id, &self.later);
    }

    fn apply<'a>(&'a mut self, turn: &'a mut Turn<'_>) -> ChangeFuture<'a, ()> {
        Box::pin(async move {
            let now = self.rooms.clock.now();
            let room = self.rooms.load(turn, self.room_id).await?;
            let (movement, moved) = match self.how {
                Move::Join | Move::Add => (Movement::Joined, self.come(turn, &room, now).await?),
                Move::Leave => (Movement::Left, self.go(turn, true).await?),
                Move::Remove => (Movement::Removed, self.go(turn, false).await?),
            };
            if moved.is_empty() {
                return Ok(());
            }
            turn.count_change(self.room_id).await?;
            if room.is_closed(now) {
                return Ok(());
            }
            let waiting: Waiting = moved.iter().map(|(id, name)| (*id, name.clone(), movement)).collect();
            self.at_once = self.at_once || self.rooms.notices.may_tell(self.room_id, now);
            if self.at_once {
                self.later.clear();
                return tell(turn, self.room_id, rules::gather(&waiting), now).await;
            }
            self.later = waiting;
            Ok(())
        })
    }
}

type Moved = Vec<(i64, String)>;

impl MovePeople {
    async fn come(&self, turn: &mut Turn<'_>, room: &Room, now: Time) -> Result<Moved, ChangeError> {
        let members = &turn.head(self.room_id).await?.members;
        let is_new = |person: &&Member| !members.contains(&person.member_id);
        let new: Vec<&Member> = self.people.iter().filter(is_new).collect();
        let count = members.len();
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let admitted = match self.how {
            Move::Join => room.join(count, now),
            _ => room.add(new.len(), count, now),
        };
        admitted.map_err(Refusal::from)?;
        let mut moved = Vec::with_capacity(new.len());
        for person in new {
            turn.add_member(self.room_id, person.member_id, Side::Member).await?;
            moved.push((person.member_id, person.name.clone()));
        }
        let ids: Vec<i64> = moved.iter().map(|(id, _)| *id).collect();
        self.rooms.tell_own(turn, self.room_id, "ADDED", &ids).await?;
        Ok(moved)
    }

    async fn go(&self, turn: &mut Turn<'_>, by_oneself: bool) -> Result<Moved, ChangeError> {
        let mut moved = Vec::new();
        for person in &self.people {
            let member_id = person.member_id;
            if !turn.head(self.room_id).await?.members.contains(&member_id) {
                continue;
            }
            turn.remove_member(self.room_id, member_id).await?;
            turn.expel(
                self.room_id,
                member_id,
                &RemovedEvent::new(self.room_id, member_id, by_oneself),
            );
            moved.push((member_id, person.name.clone()));
        }
        if moved.is_empty() && by_oneself {
            return Err(super::not_a_member().into());
        }
        let ids: Vec<i64> = moved.iter().map(|(id, _)| *id).collect();
        self.rooms.tell_own(turn, self.room_id, "REMOVED", &ids).await?;
        Ok(moved)
    }
}

/// Tells a room what has waited.
pub(super) struct TellWaiting {
    pub(super) rooms: Arc<Inner>,
    pub(super) room_id: i64,
    pub(super) waiting: Waiting,
}

impl RoomChange for TellWaiting {
    type Output = ();

    fn apply<'a>(&'a mut self, turn: &'a mut Turn<'_>) -> ChangeFuture<'a, ()> {
        Box::pin(async move {
            let now = self.rooms.clock.now();
            if self.rooms.load(turn, self.room_id).await?.is_closed(now) {
                return Ok(());
            }
            tell(turn, self.room_id, rules::gather(&self.waiting), now).await
        })
    }
}

async fn tell(turn: &mut Turn<'_>, room_id: i64, notices: Vec<Notice>, now: Time) -> Result<(), ChangeError> {
    for notice in notices {
        let draft = Draft {
            message_type: NOTIFICATION,
            system: System {
                code: notice.code,
                text: notice.text,
                params: notice.params,
            },
            at: now,
            also: None,
        };
        turn.append(room_id, draft).await?;
    }
    Ok(())
}

/// Closes a room for good.
pub(super) struct Close {
    pub(super) rooms: Arc<Inner>,
    pub(super) room_id: i64,
    /// Its end has come; otherwise somebody closes it.
    pub(super) by_time: bool,
    /// It was not closed before.
    pub(super) is_news: bool,
}

impl RoomChange for Close {
    type Output = ();

    fn stored(&self) {
        if self.is_news {
            tracing::info!(room = self.room_id, by_time = self.by_time, "a room was closed");
            counter!("maru_rooms_closed_total").increment(1);
        }
        self.rooms.alarm.wake();
    }

    fn apply<'a>(&'a mut self, turn: &'a mut Turn<'_>) -> ChangeFuture<'a, ()> {
        Box::pin(async move {
            let now = self.rooms.clock.now();
            let room = self.rooms.load(turn, self.room_id).await?;
            self.is_news = room.status == Status::Active;
            if !self.is_news {
                return Ok(());
            }
            store::close(turn.tx(), self.room_id, now).await?;
            turn.set_gate(self.room_id, Gate::Closed).await?;
            let closed = Notice {
                code: "room-closed",
                text: TextKey("system-room-closed"),
                params: Vec::new(),
            };
            tell(turn, self.room_id, vec![closed], now).await?;
            let members = store::member_ids(turn.tx(), self.room_id).await?;
            self.rooms.tell_own(turn, self.room_id, "CLOSED", &members).await?;
            if let Some(seen) = store::seen(turn.tx(), self.room_id, 0).await? {
                let room = seen.view(self.rooms.here.count(self.room_id), Own::default());
                let by = if self.by_time { "S" } else { "A" };
                turn.show(room_topic(self.room_id), &RoomStateEvent::closed(by, room));
            }
            Ok(())
        })
    }
}

/// A member has read.
pub(super) struct Read {
    pub(super) rooms: Arc<Inner>,
    pub(super) room_id: i64,
    pub(super) reader_id: i64,
    pub(super) to: ReadTo,
}

impl RoomChange for Read {
    type Output = ();

    fn apply<'a>(&'a mut self, turn: &'a mut Turn<'_>) -> ChangeFuture<'a, ()> {
        Box::pin(async move {
            if !turn.head(self.room_id).await?.members.contains(&self.reader_id) {
                return Err(super::not_a_member().into());
            }
            let now = self.rooms.clock.now();
            turn.read_up_to(self.room_id, (self.reader_id, None), self.to, now)
                .await?;
            Ok(())
        })
    }
}

impl Inner {
    async fn load(&self, turn: &Turn<'_>, room_id: i64) -> Result<Room, ChangeError> {
        let room = store::load(turn.tx(), room_id, self.bounds.members_max).await?;
        room.ok_or_else(|| Code::NotFound.into())
    }

    /// Tells people, each on the own queue, what became of a room of theirs.
    async fn tell_own(
        &self,
        turn: &mut Turn<'_>,
        room_id: i64,
        change: &'static str,
        people: &[i64],
    ) -> Result<(), ChangeError> {
        let listening: Vec<_> = people
            .iter()
            .map(|id| own_topic(*id, "notifications"))
            .filter(|queue| self.outlet.is_heard(queue))
            .collect();
        if listening.is_empty() {
            return Ok(());
        }
        if let Some(seen) = store::seen(turn.tx(), room_id, 0).await? {
            let room = seen.view(self.here.count(room_id), Own::default());
            for queue in listening {
                turn.show(queue, &RoomsEvent::new(change, &room));
            }
        }
        Ok(())
    }
}
