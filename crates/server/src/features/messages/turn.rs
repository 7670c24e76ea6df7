//! A transaction of the writer while it runs: what a change may do in it, and what is numbered and kept until its end.
//! Shows nothing, and knows neither the queue nor who waits.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use broker::Topic;
use bytes::Bytes;
use sea_orm::{DatabaseTransaction, DbErr};
use serde::Serialize;

use super::events::ReadEvent;
use super::live::json;
use super::message::{ContentType, Draft, Message, NewMessage, Receipt, Side};
use super::store::{self, Gate, Head, NewRoom, SendKey};
use super::{Mark, room_topic};
use crate::problem::{Code, Refusal};
use crate::time::Time;

/// A future that a [`RoomChange`] returns.
pub type ChangeFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, ChangeError>> + Send + 'a>>;

/// A change of a feature, made in the writer's transaction and in the room's order.
pub trait RoomChange: Send + 'static {
    /// What the caller gets when it is stored.
    type Output: Send + 'static;

    /// Decides and writes through `turn`. May run twice (the transaction of the first run was rolled back).
    ///
    /// # Errors
    /// A refusal, before anything was written; or the failure of the database.
    fn apply<'a>(&'a mut self, turn: &'a mut Turn<'_>) -> ChangeFuture<'a, Self::Output>;

    /// Called once when it is stored and shown, before the caller is answered.
    fn stored(&self) {}
}

/// Why a change was not made.
#[derive(Debug)]
pub enum ChangeError {
    /// It may not be made. Nothing was written.
    Refused(Refusal),
    /// The database failed.
    Failed(DbErr),
}

impl From<Refusal> for ChangeError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Code> for ChangeError {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

impl From<DbErr> for ChangeError {
    fn from(error: DbErr) -> Self {
        Self::Failed(error)
    }
}

/// What came of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It was read before.
    Nothing,
    /// It had been read, and was to be unread again until now.
    Again,
    /// The mark moved.
    Advanced,
}

/// A transaction of the writer while it runs, as a change sees it.
pub struct Turn<'a> {
    tx: &'a DatabaseTransaction,
    heads: &'a mut HashMap<i64, Head>,
    touched: Vec<i64>,
    /// All messages of the batch; those from `inserted` on are not in the database yet.
    messages: Vec<Message>,
    inserted: usize,
    events: Vec<Event>,
    sent: HashMap<SendKey, Sent>,
}

/// How far somebody has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadTo {
    /// Up to the message with this `messageId`.
    Message(i64),
    /// Up to the message with this number in the room.
    Seq(i64),
    /// Everything.
    All,
}

impl ReadTo {
    /// Up to a message that may be named.
    pub const fn message(message_id: Option<i64>) -> Self {
        match message_id {
            Some(id) => Self::Message(id),
            None => Self::All,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Sent {
    Before { message_id: i64, seq: i64 },
    InThisBatch(usize),
}

pub(super) enum Event {
    Message { index: usize, also: Option<Topic> },
    Other { topic: Topic, body: Bytes },
    Expel { room_id: i64, member_id: i64, last: Bytes },
}

impl<'a> Turn<'a> {
    pub(super) fn new(tx: &'a DatabaseTransaction, heads: &'a mut HashMap<i64, Head>) -> Self {
        Self {
            tx,
            heads,
            touched: Vec::new(),
            messages: Vec::new(),
            inserted: 0,
            events: Vec::new(),
            sent: HashMap::new(),
        }
    }

    /// For a feature's own statements.
    pub const fn tx(&self) -> &'a DatabaseTransaction {
        self.tx
    }

    /// The room as this transaction sees it.
    ///
    /// # Errors
    /// `not_found` if there is no such room.
    pub async fn head(&mut self, room_id: i64) -> Result<&mut Head, ChangeError> {
        if !self.heads.contains_key(&room_id) {
            let head = store::head(self.tx, room_id, true).await?.ok_or(Code::NotFound)?;
            self.heads.insert(room_id, head);
        }
        Ok(self.heads.get_mut(&room_id).expect("it was just inserted"))
    }

    /// The room with this key.
    pub async fn room_of_key(&self, key: &str) -> Result<Option<i64>, ChangeError> {
        Ok(store::room_of_key(self.tx, key).await?)
    }

    /// Makes a room.
    pub async fn open_room(&mut self, room: &NewRoom) -> Result<i64, ChangeError> {
        let head = store::insert_room(self.tx, room).await?;
        let room_id = head.room_id;
        self.heads.insert(room_id, head);
        Ok(room_id)
    }

    /// Counts a stored change that is not a message.
    pub async fn count_change(&mut self, room_id: i64) -> Result<(), ChangeError> {
        self.head(room_id).await?.rev += 1;
        self.touch(room_id);
        Ok(())
    }

    /// Says who may write from now on.
    pub async fn set_gate(&mut self, room_id: i64, gate: Gate) -> Result<(), ChangeError> {
        let head = self.head(room_id).await?;
        if head.gate != gate {
            head.gate = gate;
            store::set_gate(self.tx, room_id, gate).await?;
        }
        Ok(())
    }

    /// Lets somebody write in the room.
    pub async fn add_member(&mut self, room_id: i64, member_id: i64, side: Side) -> Result<(), ChangeError> {
        store::add_member(self.tx, room_id, member_id, side).await?;
        let members = &mut self.head(room_id).await?.members;
        if !members.contains(&member_id) {
            members.push(member_id);
        }
        Ok(())
    }

    /// Lets somebody write no more.
    pub async fn remove_member(&mut self, room_id: i64, member_id: i64) -> Result<(), ChangeError> {
        store::remove_member(self.tx, room_id, member_id).await?;
        let members = &mut self.head(room_id).await?.members;
        members.retain(|member| *member != member_id);
        Ok(())
    }

    /// Appends a system message, worded in the room's language; the message as it is stored.
    pub async fn append(&mut self, room_id: i64, draft: Draft) -> Result<Message, ChangeError> {
        let content = draft.system.content(self.head(room_id).await?.locale);
        let message = Message {
            message_id: 0,
            room_id,
            seq: 0,
            rev: 0,
            sender_id: None,
            sender_name: None,
            sender_type: None,
            message_type: draft.message_type.into(),
            content_type: ContentType::Plain.as_str().into(),
            content,
            system_code: Some(draft.system.code.into()),
            system_params: Some(draft.system.params_json()),
            client_message_id: None,
            reply_to: None,
            created_at: draft.at,
        };
        let index = self.push(message, draft.also).await?;
        self.insert_pending().await?;
        Ok(self.messages[index].clone())
    }

    /// Moves a reader's mark forward, and forgets what was to be unread again; READ is shown if the mark moved. `reader` names
    /// the side, which a plain room has none of.
    ///
    /// # Errors
    /// `invalid_request` if there is no such message in the room.
    pub async fn read_up_to(
        &mut self,
        room_id: i64,
        reader: (i64, Option<Side>),
        to: ReadTo,
        at: Time,
    ) -> Result<Reading, ChangeError> {
        let last_seq = self.head(room_id).await?.last_seq;
        let seq = match to {
            ReadTo::Message(id) => store::seq_of(self.tx, room_id, id)
                .await?
                .ok_or_else(|| Refusal::invalid("messageId"))?,
            ReadTo::Seq(seq) if (1..=last_seq).contains(&seq) => seq,
            ReadTo::Seq(_) => return Err(Refusal::invalid("seq").into()),
            ReadTo::All => last_seq,
        };
        let mark = Mark {
            reader_id: reader.0,
            seq,
            side: reader.1,
        };
        if seq == 0 {
            return Ok(Reading::Nothing);
        }
        if !store::advance_mark(self.tx, room_id, &mark, at).await? {
            return self.forget_unread(room_id, reader.0).await;
        }
        self.count_change(room_id).await?;
        let message_id = match to {
            ReadTo::Message(id) => id,
            ReadTo::Seq(_) | ReadTo::All => store::id_at(self.tx, room_id, seq).await?.unwrap_or(0),
        };
        self.show(
            room_topic(room_id),
            &ReadEvent::new(room_id, mark.reader_id, message_id, seq),
        );
        Ok(Reading::Advanced)
    }

    async fn forget_unread(&mut self, room_id: i64, reader_id: i64) -> Result<Reading, ChangeError> {
        if !store::forget_unread(self.tx, room_id, reader_id).await? {
            return Ok(Reading::Nothing);
        }
        self.count_change(room_id).await?;
        Ok(Reading::Again)
    }

    /// Lets a reader have the other side's messages unread again, from `message_id` (none: the last one) on. The mark
    /// that the other side sees stays. False: it was unread already, or there is none.
    ///
    /// # Errors
    /// `invalid_request` if it is no message of the other side in this room.
    pub async fn unread_from(
        &mut self,
        room_id: i64,
        reader: (i64, Side),
        message_id: Option<i64>,
    ) -> Result<bool, ChangeError> {
        let found = store::seq_of_side(self.tx, room_id, reader.1.other(), message_id).await?;
        let Some(seq) = found else {
            return match message_id {
                Some(_) => Err(Refusal::invalid("messageId").into()),
                None => Ok(false),
            };
        };
        let changed = store::unread_from(self.tx, room_id, reader.0, seq).await?;
        if changed {
            self.count_change(room_id).await?;
        }
        Ok(changed)
    }

    /// Shows `body` on `topic` after the commit, in the order of the calls.
    pub fn show(&mut self, topic: Topic, body: &impl Serialize) {
        self.events.push(Event::Other {
            topic,
            body: json(body),
        });
    }

    /// After the commit, and after everything that was shown before, this member hears no more of the room; `last` is the
    /// last that the member's connections hear of it.
    pub fn expel(&mut self, room_id: i64, member_id: i64, last: &impl Serialize) {
        self.events.push(Event::Expel {
            room_id,
            member_id,
            last: json(last),
        });
    }

    pub(super) async fn find_repeats(&mut self, keys: &[SendKey]) -> Result<(), DbErr> {
        let sent = store::find_sent(self.tx, keys).await?;
        self.sent = sent
            .into_iter()
            .map(|(key, (message_id, seq))| (key, Sent::Before { message_id, seq }))
            .collect();
        Ok(())
    }

    pub(super) async fn take_message(&mut self, new: &NewMessage) -> Result<Sent, ChangeError> {
        let key = new.key();
        if let Some(sent) = key.as_ref().and_then(|key| self.sent.get(key)) {
            return Ok(*sent);
        }
        admit(self.head(new.room_id).await?, new)?;
        if let Some(id) = new.reply_to {
            self.insert_pending().await?;
            store::seq_of(self.tx, new.room_id, id)
                .await?
                .ok_or_else(|| Refusal::invalid("replyTo"))?;
        }
        let index = self.push(new.message(), new.also.clone()).await?;
        let sent = Sent::InThisBatch(index);
        if let Some(key) = key {
            self.sent.insert(key, sent);
        }
        Ok(sent)
    }

    /// Numbers a message; it is inserted with the others.
    async fn push(&mut self, mut message: Message, also: Option<Topic>) -> Result<usize, ChangeError> {
        let room_id = message.room_id;
        let head = self.head(room_id).await?;
        head.last_seq += 1;
        head.rev += 1;
        message.seq = head.last_seq;
        message.rev = head.rev;
        self.touch(room_id);
        let index = self.messages.len();
        self.messages.push(message);
        self.events.push(Event::Message { index, also });
        Ok(index)
    }

    fn touch(&mut self, room_id: i64) {
        if !self.touched.contains(&room_id) {
            self.touched.push(room_id);
        }
    }

    /// Inserts what was numbered so far, so that the statements of a change find it.
    pub(super) async fn insert_pending(&mut self) -> Result<(), DbErr> {
        store::insert_messages(self.tx, &mut self.messages[self.inserted..]).await?;
        self.inserted = self.messages.len();
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<(Vec<Message>, Vec<Event>), DbErr> {
        self.insert_pending().await?;
        let heads: Vec<(i64, i64, i64)> = self
            .touched
            .iter()
            .filter_map(|id| self.heads.get(id))
            .map(|head| (head.room_id, head.last_seq, head.rev))
            .collect();
        store::update_heads(self.tx, &heads).await?;
        Ok((self.messages, self.events))
    }
}

/// May this message be written now?
fn admit(head: &Head, new: &NewMessage) -> Result<(), Refusal> {
    let sender = &new.sender;
    let owner = head.owner_id == Some(sender.member_id);
    if !owner && !sender.everywhere && !head.members.contains(&sender.member_id) {
        return Err(Code::NotParticipant.into());
    }
    match head.gate {
        Gate::Members => Ok(()),
        Gate::Owner if owner => Ok(()),
        Gate::Owner | Gate::Closed => Err(Code::WrongState.into()),
    }
}

impl NewMessage {
    pub(super) fn key(&self) -> Option<SendKey> {
        let id = self.client_message_id.clone()?;
        Some((self.room_id, self.sender.member_id, id))
    }

    fn message(&self) -> Message {
        Message {
            message_id: 0,
            room_id: self.room_id,
            seq: 0,
            rev: 0,
            sender_id: Some(self.sender.member_id),
            sender_name: Some(self.sender.name.clone()),
            sender_type: Some(self.sender.side),
            message_type: self.message_type.as_str().into(),
            content_type: self.content_type.as_str().into(),
            content: self.content.clone(),
            system_code: None,
            system_params: None,
            client_message_id: self.client_message_id.clone(),
            reply_to: self.reply_to,
            created_at: self.sent_at,
        }
    }
}

impl Sent {
    pub(super) fn receipt(self, messages: &[Message]) -> Receipt {
        match self {
            Self::Before { message_id, seq } => Receipt { message_id, seq },
            Self::InThisBatch(index) => Receipt {
                message_id: messages[index].message_id,
                seq: messages[index].seq,
            },
        }
    }
}
