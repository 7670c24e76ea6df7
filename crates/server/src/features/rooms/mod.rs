//! Plain rooms: groups of members who write to each other, made by other systems or an admin.
//!
//! Members read and write. Whoever manages a room (its maker, an ADMIN, a SERVICE) adds and removes people and closes it,
//! and reads it over REST; an open room may be joined by anybody who is logged in. Every change is made in the room's
//! order ([`changes`]) after [`rules`] has decided. Who leaves or is removed hears nothing that is stored later: the
//! end of hearing stands in the same order as the messages.
//!
//! Several devices are one person: who is here is told when a member's first connection comes and when the last one goes.

mod changes;
pub mod demo;
pub mod frames;
pub mod handlers;
pub mod rules;
mod store;
mod tasks;
pub mod view;

use std::sync::Arc;
use std::time::Duration;

use broker::Publication;

use self::changes::{Close, Make, Move, MovePeople, Read};
use self::store::{Made, MemberRow, Seen};
use self::tasks::{Crowd, Notices};
use self::view::{Own, RoomSyncEvent, RoomView};
use crate::adapters::clock::Clock;
use crate::adapters::database::Database;
use crate::config::Config;
use crate::features::accounts::{Accounts, Member, Principal, Role};
use crate::features::messages::{Alarm, Here, Message, Messages, Outlet, ReadTo, RoomName};
use crate::limits::Limits;
use crate::problem::{Code, Refusal};
use crate::texts::{Locale, TextKey};
use crate::time::Time;

/// The kind of a plain room.
pub const KIND: &str = "plain";

/// Rooms whose members are remembered.
const ROOMS_REMEMBERED_MAX: u64 = 1000;

/// Plain rooms. Cheap to clone.
#[derive(Clone)]
pub struct Rooms(Arc<Inner>);

/// What rooms are built from.
pub struct Parts {
    pub db: Database,
    pub clock: Clock,
    pub messages: Messages,
    pub outlet: Outlet,
    pub accounts: Accounts,
    pub limits: Limits,
}

struct Inner {
    db: Database,
    clock: Clock,
    messages: Messages,
    outlet: Outlet,
    accounts: Accounts,
    limits: Limits,
    bounds: Bounds,
    here: Here,
    /// Members by name, of rooms that somebody entered lately: many who come back at once ask the database once.
    members: moka::sync::Cache<i64, Arc<Vec<MemberRow>>>,
    crowd: Crowd,
    notices: Notices,
    /// A room may close earlier than known.
    alarm: Alarm,
}

struct Bounds {
    members_max: usize,
    name_chars_max: usize,
    participants_shown: usize,
    participants_every: Duration,
}

/// A room to be made.
#[derive(Clone, Debug, Default)]
pub struct NewPlainRoom {
    pub name: Option<String>,
    /// Another system's name for it: the same key is the same room.
    pub key: Option<String>,
    pub open: bool,
    pub members_max: Option<i64>,
    pub closes_at: Option<Time>,
    /// `userCode`s.
    pub members: Vec<String>,
}

/// The refusal for who has to be a member and is not.
fn not_a_member() -> Refusal {
    Refusal::saying(Code::NotParticipant, TextKey("error-not-member"))
}

/// Whether this person manages every room.
fn manages_all(who: &Principal) -> bool {
    who.is_admin() || who.has(Role::Service)
}

impl Rooms {
    /// Rooms with the settings of `config`.
    pub fn new(parts: Parts, config: &Config) -> Self {
        let rooms = &config.rooms;
        Self(Arc::new(Inner {
            db: parts.db,
            clock: parts.clock,
            messages: parts.messages,
            outlet: parts.outlet,
            accounts: parts.accounts,
            limits: parts.limits,
            bounds: Bounds {
                members_max: rooms.members_max,
                name_chars_max: rooms.name_chars_max,
                participants_shown: rooms.participants_shown,
                participants_every: Duration::from_millis(rooms.participants_every_ms),
            },
            here: Here::default(),
            members: moka::sync::Cache::builder()
                .max_capacity(ROOMS_REMEMBERED_MAX)
                .time_to_live(Duration::from_millis(rooms.participants_every_ms))
                .build(),
            crowd: Crowd::default(),
            notices: Notices::new(rooms.notices_every_ms),
            alarm: Alarm::default(),
        }))
    }

    /// Makes a room, or finds the one that has its key; its number, and whether it is new.
    ///
    /// # Errors
    /// `forbidden` for who is neither a service nor an admin, `invalid_request`, `room_full` for too many members.
    pub async fn make(&self, who: &Principal, locale: Locale, new: NewPlainRoom) -> Result<(i64, bool), Refusal> {
        if !manages_all(who) {
            return Err(Code::Forbidden.into());
        }
        if let Some(key) = &new.key
            && let Ok(room_id) = self.find(&RoomName::Key(key.clone())).await
        {
            return Ok((room_id, false));
        }
        let max = self.members_max(new.members_max)?;
        if new.closes_at.is_some_and(|end| end <= self.0.clock.now()) {
            return Err(Refusal::invalid("expiresAt"));
        }
        let members = self.people("members", &new.members).await?;
        if members.len() > max {
            return Err(Code::RoomFull.into());
        }
        let make = Make {
            rooms: Arc::clone(&self.0),
            key: new.key,
            made: Made {
                name: rules::name(new.name, self.0.bounds.name_chars_max)?,
                is_open: new.open,
                members_max: new.members_max,
                closes_at: new.closes_at,
                created_by: who.member_id,
            },
            locale,
            members: members.into_iter().map(|member| member.member_id).collect(),
            made_id: None,
        };
        self.0.messages.change(make).await
    }

    fn members_max(&self, asked: Option<i64>) -> Result<usize, Refusal> {
        let max = self.0.bounds.members_max;
        let Some(asked) = asked else { return Ok(max) };
        let asked = usize::try_from(asked).ok().filter(|asked| (1..=max).contains(asked));
        asked.ok_or_else(|| Refusal::invalid(format!("maxParticipants (1–{max})")))
    }

    /// The people with these codes, each once. `what` names the list in a refusal.
    async fn people(&self, what: &'static str, codes: &[String]) -> Result<Vec<Member>, Refusal> {
        if codes.len() > self.0.bounds.members_max {
            return Err(Refusal::invalid(what));
        }
        let found = self.0.accounts.members_by_code(codes).await?;
        let unknown = codes.iter().find(|code| !found.iter().any(|m| m.user_code == **code));
        match unknown {
            Some(code) => Err(Refusal::invalid(format!("{what}: {code}"))),
            None => Ok(found),
        }
    }

    /// The number of the plain room of this name.
    ///
    /// # Errors
    /// `not_found`, also for rooms of another kind.
    pub async fn find(&self, name: &RoomName) -> Result<i64, Refusal> {
        let found = self.0.messages.find(name).await?;
        let room_id = found.ok_or(Code::NotFound)?;
        let kind = self.0.messages.kind(room_id).await?;
        if kind.as_deref() == Some(KIND) {
            Ok(room_id)
        } else {
            Err(Code::NotFound.into())
        }
    }

    /// May this person hear and write in the room: its members.
    ///
    /// # Errors
    /// `not_participant`.
    pub async fn may_take_part(&self, who: &Principal, room_id: i64) -> Result<(), Refusal> {
        if self.0.messages.is_member(room_id, who.member_id).await? {
            Ok(())
        } else {
            Err(not_a_member())
        }
    }

    async fn seen(&self, who: &Principal, room_id: i64) -> Result<Seen, Refusal> {
        let seen = store::seen(self.0.db.read(), room_id, who.member_id).await?;
        seen.ok_or_else(|| Code::NotFound.into())
    }

    /// May this person see that there is such a room: members, who manages it, and everybody if it is open.
    async fn may_see(&self, who: &Principal, room_id: i64) -> Result<Seen, Refusal> {
        let seen = self.seen(who, room_id).await?;
        if seen.is_member || seen.is_open || manages(who, &seen) {
            Ok(seen)
        } else {
            Err(not_a_member())
        }
    }

    /// May this person read what is said in the room: members and who manages it.
    async fn may_read(&self, who: &Principal, room_id: i64) -> Result<(), Refusal> {
        let seen = self.seen(who, room_id).await?;
        if seen.is_member || manages(who, &seen) {
            Ok(())
        } else {
            Err(not_a_member())
        }
    }

    /// May this person add and remove people and close the room.
    async fn may_manage(&self, who: &Principal, room_id: i64) -> Result<(), Refusal> {
        let seen = self.seen(who, room_id).await?;
        if manages(who, &seen) {
            Ok(())
        } else {
            Err(Code::Forbidden.into())
        }
    }

    /// Comes into an open room; a member stays one.
    ///
    /// # Errors
    /// `not_found`, `forbidden` if people are added to it by others, `room_full`, `room_closed`, `rate_limited`.
    pub async fn join(&self, who: &Principal, room_id: i64) -> Result<(), Refusal> {
        self.0.limits.signal(who.member_id)?;
        self.move_people(room_id, Move::Join, vec![self.member(who).await?])
            .await
    }

    /// Leaves a room for good.
    ///
    /// # Errors
    /// `not_found`, `not_participant`, `rate_limited`.
    pub async fn leave(&self, who: &Principal, room_id: i64) -> Result<(), Refusal> {
        self.0.limits.signal(who.member_id)?;
        self.move_people(room_id, Move::Leave, vec![self.member(who).await?])
            .await
    }

    async fn member(&self, who: &Principal) -> Result<Member, Refusal> {
        let member = self.0.accounts.member(who.member_id).await?;
        member.ok_or_else(|| Code::Unauthenticated.into())
    }

    async fn add(&self, who: &Principal, room_id: i64, codes: &[String]) -> Result<(), Refusal> {
        self.may_manage(who, room_id).await?;
        let people = self.people("userCodes", codes).await?;
        self.move_people(room_id, Move::Add, people).await
    }

    async fn remove(&self, who: &Principal, room_id: i64, code: &str) -> Result<(), Refusal> {
        self.may_manage(who, room_id).await?;
        let people = self.0.accounts.members_by_code(&[code.to_owned()]).await?;
        if people.is_empty() {
            return Err(Code::NotFound.into());
        }
        self.move_people(room_id, Move::Remove, people).await
    }

    async fn move_people(&self, room_id: i64, how: Move, people: Vec<Member>) -> Result<(), Refusal> {
        let change = MovePeople::new(Arc::clone(&self.0), room_id, how, people);
        self.0.messages.change(change).await
    }

    async fn close(&self, who: &Principal, room_id: i64) -> Result<(), Refusal> {
        self.may_manage(who, room_id).await?;
        let change = Close {
            rooms: Arc::clone(&self.0),
            room_id,
            by_time: false,
            is_news: false,
        };
        self.0.messages.change(change).await
    }

    async fn read_up_to(&self, who: &Principal, room_id: i64, to: ReadTo) -> Result<(), Refusal> {
        let change = Read {
            rooms: Arc::clone(&self.0),
            room_id,
            reader_id: who.member_id,
            to,
        };
        self.0.messages.change(change).await
    }

    /// What a resuming reader is told when level: the room now.
    ///
    /// # Errors
    /// `not_found`, `unavailable`.
    pub async fn sync(&self, room_id: i64) -> Result<Publication, Refusal> {
        let head = self.0.messages.head(room_id).await?.ok_or(Code::NotFound)?;
        let seen = store::seen(self.0.db.read(), room_id, 0).await?.ok_or(Code::NotFound)?;
        let marks = self.0.messages.marks(room_id).await?;
        let event = RoomSyncEvent {
            r#type: "SYNC",
            session_id: room_id,
            room_id,
            seq: head.last_seq,
            room: seen.view(self.0.here.count(room_id), Own::default()),
            reads: marks.all(),
        };
        let body = serde_json::to_vec(&event).map_err(|e| Refusal::failed("SYNC", &e))?;
        Ok(Publication::json(body).at(head.last_seq.cast_unsigned()))
    }
}

/// Whether this person manages this room.
fn manages(who: &Principal, seen: &Seen) -> bool {
    manages_all(who) || seen.created_by == who.member_id
}

impl Inner {
    /// A room as `who` sees it; `last` is its last message.
    fn view<'a>(
        &self,
        who: &Principal,
        seen: &'a Seen,
        last: Option<&'a Message>,
        marks: &crate::features::messages::Marks,
    ) -> RoomView<'a> {
        let manages = manages(who, seen);
        let last = last.filter(|_| seen.is_member || manages);
        let own = Own {
            joined: Some(seen.is_member),
            manages: Some(manages),
            last_read_seq: seen.is_member.then_some(seen.last_read_seq),
            unread_count: seen.is_member.then_some(seen.unread),
            last_message: last.map(|message| message.view(marks)),
        };
        seen.view(self.here.count(seen.room_id), own)
    }
}
