//! Messages: the one way in (stored, numbered, then shown), and the ways to read them again.
//!
//! Owns the tables `room`, `room_member`, `message` and `read_mark`. Knows no kind of conversation: a feature
//! brings its changes as a [`RoomChange`], and who may write is the room's [`Gate`] and its members.
//!
//! Invariants: a message that anybody sees, and a change that is answered, is committed and synced. In a room
//! `seq` counts messages and `rev` counts all stored changes, both without holes; everybody sees them in that
//! order. (room, sender, clientMessageId) is unique for ever.

mod alarm;
pub mod connections;
mod events;
mod here;
mod live;
mod message;
mod name;
pub mod rules;
mod store;
mod turn;
mod writer;

use std::collections::HashMap;
use std::sync::Arc;

use broker::{Publication, Topic};
use sea_orm::DbErr;

pub use alarm::Alarm;
pub use events::{ReadEvent, TypingEvent};
pub use here::Here;
pub use live::{ConnectionInfo, Live, Outlet};
pub use message::{
    ContentType, Draft, Message, MessagePage, MessageType, MessageView, NOTIFICATION, NewMessage, Page, Receipt,
    SYSTEM, Sender, Side, System,
};
pub use name::{RoomName, is_key};
pub use store::{Gate, Head, NewRoom};
pub use turn::{ChangeError, ChangeFuture, ReadTo, Reading, RoomChange, Turn};
pub use writer::{Writer, WriterTask};

use crate::adapters::database::Database;
use crate::problem::Refusal;

/// The topic of a room's messages and events.
pub fn room_topic(room_id: i64) -> Topic {
    Topic::from(format!("/topic/chat/{room_id}"))
}

/// The topic of one person's queue: every connection of the person may hear it, and nobody else.
pub fn own_topic(member_id: i64, queue: &str) -> Topic {
    Topic::from(format!("/user/{member_id}/queue/{queue}"))
}

/// How far people have read in a room: what makes `isRead`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(Vec<Mark>);

/// One reader's mark: everything up to `seq`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    pub reader_id: i64,
    pub seq: i64,
    /// The reader's side; `None` in a room without sides.
    #[serde(skip)]
    pub side: Option<Side>,
}

impl Marks {
    /// The highest message that somebody of `side` has read, 0 if none.
    pub fn of_side(&self, side: Side) -> i64 {
        let of_side = self.0.iter().filter(|mark| mark.side == Some(side));
        of_side.map(|mark| mark.seq).max().unwrap_or(0)
    }

    /// Every mark.
    pub fn all(&self) -> &[Mark] {
        &self.0
    }

    /// Whether the side that did not write `message` has read it. A system message is read when both have. In a room
    /// without sides it is enough that somebody else has.
    pub fn has_read(&self, message: &Message) -> bool {
        let is_other = |mark: &Mark| mark.side.is_none() && Some(mark.reader_id) != message.sender_id;
        let by_sides = match message.sender_side() {
            Some(side) => self.of_side(side.other()),
            None => self.of_side(Side::Member).min(self.of_side(Side::Agent)),
        };
        by_sides >= message.seq || self.0.iter().any(|mark| mark.seq >= message.seq && is_other(mark))
    }
}

/// Rooms whose kind and key are remembered.
const ROOMS_MAX: u64 = 100_000;

/// Reading and writing messages. Cheap to clone.
#[derive(Clone)]
pub struct Messages {
    db: Database,
    writer: Writer,
    content_chars_max: usize,
    /// Of each room; never changes.
    kinds: moka::sync::Cache<i64, Arc<str>>,
    /// Of each key; never changes.
    keys: moka::sync::Cache<String, i64>,
}

impl Messages {
    /// Messages of `db`, written by `writer`.
    pub fn new(db: Database, writer: Writer, content_chars_max: usize) -> Self {
        Self {
            db,
            writer,
            content_chars_max,
            kinds: moka::sync::Cache::new(ROOMS_MAX),
            keys: moka::sync::Cache::new(ROOMS_MAX),
        }
    }

    /// The number of the room of this name, if there is one. A number is not looked up.
    pub async fn find(&self, name: &RoomName) -> Result<Option<i64>, DbErr> {
        let key = match name {
            RoomName::Number(number) => return Ok(Some(*number)),
            RoomName::Key(key) => key,
        };
        if let Some(room_id) = self.keys.get(key) {
            return Ok(Some(room_id));
        }
        let found = store::room_of_key(self.db.read(), key).await?;
        if let Some(room_id) = found {
            self.keys.insert(key.clone(), room_id);
        }
        Ok(found)
    }

    /// Which feature's room this is, in that feature's own word; `None` if there is no such room.
    pub async fn kind(&self, room_id: i64) -> Result<Option<Arc<str>>, DbErr> {
        if let Some(kind) = self.kinds.get(&room_id) {
            return Ok(Some(kind));
        }
        let found = store::kind(self.db.read(), room_id).await?.map(Arc::from);
        if let Some(kind) = &found {
            self.kinds.insert(room_id, Arc::clone(kind));
        }
        Ok(found)
    }

    /// Whether somebody is a member of the room at this moment.
    pub async fn is_member(&self, room_id: i64, member_id: i64) -> Result<bool, DbErr> {
        store::is_member(self.db.read(), room_id, member_id).await
    }

    /// The last message of each of these rooms; a room without messages has none.
    pub async fn last_of(&self, room_ids: &[i64]) -> Result<HashMap<i64, Message>, DbErr> {
        store::last_of(self.db.read(), room_ids).await
    }

    /// The trimmed content, if it may be sent.
    ///
    /// # Errors
    /// `empty_content`, `content_too_long`, or `invalid_request` for U+0000.
    pub fn check_content(&self, content: &str) -> Result<String, Refusal> {
        rules::content(content, self.content_chars_max)
    }

    /// Stores a message and shows it to the room. The message is queued when this returns; the receipt comes when it is stored.
    ///
    /// # Errors
    /// `unavailable` if the queue is full; in the receipt: `not_participant`, `wrong_state`, `invalid_request` (unknown `replyTo`), `unavailable`.
    pub fn send(
        &self,
        message: NewMessage,
    ) -> Result<impl Future<Output = Result<Receipt, Refusal>> + Send + use<>, Refusal> {
        self.writer.send(message)
    }

    /// Makes a change of a feature in the room's order, and answers when it is stored and shown.
    ///
    /// # Errors
    /// What the change refuses; `unavailable` if the queue is full or the database fails.
    pub async fn change<C: RoomChange>(&self, change: C) -> Result<C::Output, Refusal> {
        self.writer.change(change).await
    }

    /// Up to `limit` messages with a lower `seq` than `before` (none: the newest), newest first.
    pub async fn page(&self, room_id: i64, before: Option<i64>, limit: u64) -> Result<Page, DbErr> {
        let items = store::before(self.db.read(), room_id, before, limit + 1).await?;
        self.page_of(room_id, items, limit).await
    }

    /// The same of what people told everybody in the room to notice.
    pub async fn notices(&self, room_id: i64, before: Option<i64>, limit: u64) -> Result<Page, DbErr> {
        let items = store::notices(self.db.read(), room_id, before, limit + 1).await?;
        self.page_of(room_id, items, limit).await
    }

    /// `items` are one more than `limit` if there are more.
    async fn page_of(&self, room_id: i64, mut items: Vec<Message>, limit: u64) -> Result<Page, DbErr> {
        let more = items.len() as u64 > limit;
        items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(Page {
            next_cursor: items.last().filter(|_| more).map(|last| last.seq),
            marks: self.marks(room_id).await?,
            items,
        })
    }

    /// Up to `limit` messages with a higher `seq` than `after`, in order, as they are shown.
    pub async fn replay(&self, room_id: i64, after: i64, limit: u64) -> Result<Vec<Publication>, DbErr> {
        let marks = self.marks(room_id).await?;
        let items = store::after(self.db.read(), room_id, after, limit).await?;
        Ok(items.iter().map(|m| m.publication(&marks)).collect())
    }

    /// The room's numbers and gate as they stand in the database.
    pub async fn head(&self, room_id: i64) -> Result<Option<Head>, DbErr> {
        store::head(self.db.read(), room_id, false).await
    }

    /// How far everybody has read.
    pub async fn marks(&self, room_id: i64) -> Result<Marks, DbErr> {
        let mut marks = self.marks_of(&[room_id]).await?;
        Ok(marks.remove(&room_id).unwrap_or_default())
    }

    /// How far everybody has read in each of these rooms; a room without readers has no entry.
    pub async fn marks_of(&self, room_ids: &[i64]) -> Result<HashMap<i64, Marks>, DbErr> {
        store::marks(self.db.read(), room_ids).await
    }
}
