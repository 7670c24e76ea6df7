//! The writer: takes everything queued, numbers it, writes one transaction, syncs once, and only then shows it.
//!
//! While a batch is being written the next one gathers. A batch that fails takes its numbers back and is tried
//! again change by change, so that one bad change costs nobody else anything. Shown is by a task of its own, in
//! the order of the commits, so that the next commit need not wait for it.

use std::cell::LazyCell;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use broker::{Publication, Topic};
use bytes::Bytes;
use metrics::{counter, gauge, histogram};
use sea_orm::{DatabaseTransaction, DbErr};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::events::ReadEvent;
use super::live::{Outlet, json};
use super::message::{ContentType, Draft, Message, NewMessage, Receipt, Side};
use super::store::{self, Gate, Head, NewRoom, SendKey};
use super::{Mark, Marks, room_topic};
use crate::adapters::database::Database;
use crate::problem::{Code, Refusal};
use crate::time::Time;

/// Heads kept in memory; above it all are dropped and read again when needed.
const HEADS_MAX: usize = 50_000;

/// Batches that are committed and wait to be shown; when full the writer waits, and the queue behind it fills.
const COMMITTED_MAX: usize = 4;

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

/// The way into the writer's queue. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Work>,
}

/// The task behind a [`Writer`].
pub struct WriterTask {
    queue: mpsc::Receiver<Work>,
    db: Database,
    outlet: Outlet,
    batch_max: usize,
    heads: HashMap<i64, Head>,
}

enum Work {
    Send(NewMessage, oneshot::Sender<Result<Receipt, Refusal>>),
    Change(Box<dyn AnyChange>),
}

/// A change whose output has been hidden, so that changes of all features stand in one queue.
trait AnyChange: Send {
    fn apply<'a>(&'a mut self, turn: &'a mut Turn<'_>) -> ChangeFuture<'a, ()>;
    fn finish(self: Box<Self>, result: Result<(), Refusal>);
}

struct Waiting<C: RoomChange> {
    change: C,
    output: Option<C::Output>,
    reply: oneshot::Sender<Result<C::Output, Refusal>>,
}

impl<C: RoomChange> AnyChange for Waiting<C> {
    fn apply<'a>(&'a mut self, turn: &'a mut Turn<'_>) -> ChangeFuture<'a, ()> {
        Box::pin(async move {
            self.output = Some(self.change.apply(turn).await?);
            Ok(())
        })
    }

    fn finish(self: Box<Self>, result: Result<(), Refusal>) {
        if result.is_ok() {
            self.change.stored();
        }
        let output = self.output;
        let result = result.map(|()| output.expect("a change that succeeded left its output"));
        // A caller that has gone away needs no answer.
        let _ = self.reply.send(result);
    }
}

impl Writer {
    /// A writer over a queue of `queue_length` changes, and the task that must run for it.
    pub fn new(db: Database, outlet: Outlet, queue_length: usize, batch_max: usize) -> (Self, WriterTask) {
        let (sender, queue) = mpsc::channel(queue_length);
        let task = WriterTask {
            queue,
            db,
            outlet,
            batch_max,
            heads: HashMap::new(),
        };
        (Self { queue: sender }, task)
    }

    pub(super) fn send(
        &self,
        message: NewMessage,
    ) -> Result<impl Future<Output = Result<Receipt, Refusal>> + Send + use<>, Refusal> {
        let (reply, receipt) = oneshot::channel();
        self.enqueue(Work::Send(message, reply))?;
        Ok(async move { receipt.await.unwrap_or_else(|_| Err(Code::Unavailable.into())) })
    }

    pub(super) async fn change<C: RoomChange>(&self, change: C) -> Result<C::Output, Refusal> {
        let (reply, output) = oneshot::channel();
        self.enqueue(Work::Change(Box::new(Waiting {
            change,
            output: None,
            reply,
        })))?;
        output.await.unwrap_or_else(|_| Err(Code::Unavailable.into()))
    }

    /// A full queue refuses at once: whoever sends waits in its own connection and not here.
    fn enqueue(&self, work: Work) -> Result<(), Refusal> {
        let sent = self.queue.try_send(work);
        let waiting = self.queue.max_capacity() - self.queue.capacity();
        gauge!("maru_append_queue_length").set(waiting as f64);
        sent.map_err(|_| {
            counter!("maru_append_queue_full_total").increment(1);
            Code::Unavailable.into()
        })
    }
}

impl WriterTask {
    /// Writes until `cancel`; then what is queued is written and shown, and it returns. What comes later is refused.
    pub async fn run(mut self, cancel: CancellationToken) {
        let (committed, to_show) = mpsc::channel(COMMITTED_MAX);
        let shown = show_all(to_show, self.outlet.clone());
        let written = async move {
            while let Some(first) = self.next(&cancel).await {
                let batch = self.gather(first);
                for done in self.write(batch).await {
                    if committed.send(done).await.is_err() {
                        return;
                    }
                }
            }
        };
        tokio::join!(written, shown);
    }

    async fn next(&mut self, cancel: &CancellationToken) -> Option<Work> {
        match cancel.run_until_cancelled(self.queue.recv()).await {
            Some(work) => work,
            None => {
                self.queue.close();
                self.queue.recv().await
            }
        }
    }

    fn gather(&mut self, first: Work) -> Vec<Work> {
        let mut batch = vec![first];
        while batch.len() < self.batch_max {
            match self.queue.try_recv() {
                Ok(work) => batch.push(work),
                Err(_) => break,
            }
        }
        batch
    }

    /// Writes the batch in one transaction; if that fails, each change in one of its own.
    async fn write(&mut self, mut batch: Vec<Work>) -> Vec<Committed> {
        let began = std::time::Instant::now();
        histogram!("maru_append_batch_size").record(batch.len() as f64);
        let done = match self.transaction(&mut batch).await {
            Ok(outcome) => vec![Committed { batch, outcome }],
            Err(BatchError::Commit(error)) => vec![failed(batch, &error)],
            Err(BatchError::Before(error)) if batch.len() == 1 => vec![failed(batch, &error)],
            Err(BatchError::Before(error)) => {
                tracing::warn!(%error, changes = batch.len(), "a batch failed; trying its changes one by one");
                self.write_one_by_one(batch).await
            }
        };
        histogram!("maru_append_seconds").record(began.elapsed().as_secs_f64());
        done
    }

    async fn write_one_by_one(&mut self, batch: Vec<Work>) -> Vec<Committed> {
        let mut done = Vec::with_capacity(batch.len());
        for work in batch {
            let mut alone = vec![work];
            done.push(match self.transaction(&mut alone).await {
                Ok(outcome) => Committed { batch: alone, outcome },
                Err(BatchError::Before(error) | BatchError::Commit(error)) => failed(alone, &error),
            });
        }
        done
    }

    /// One transaction over the batch. On an error nothing of it is stored and the heads are read afresh.
    async fn transaction(&mut self, batch: &mut [Work]) -> Result<Outcome, BatchError> {
        if self.heads.len() > HEADS_MAX {
            self.heads.clear();
        }
        let result = self.try_transaction(batch).await;
        if result.is_err() {
            self.heads.clear();
        }
        result
    }

    async fn try_transaction(&mut self, batch: &mut [Work]) -> Result<Outcome, BatchError> {
        let tx = self.db.begin().await?;
        let mut turn = Turn::new(&tx, &mut self.heads);
        let keys: Vec<SendKey> = batch.iter().filter_map(Work::key).collect();
        turn.find_repeats(&keys).await?;
        let mut results = Vec::with_capacity(batch.len());
        for work in batch {
            results.push(turn.take(work).await?);
        }
        let (messages, events) = turn.finish().await?;
        tx.commit().await.map_err(BatchError::Commit)?;
        Ok(Outcome {
            results,
            messages,
            events,
        })
    }
}

/// Where a batch failed: before the commit nothing is stored; at the commit nobody can say, so it is not tried
/// again here (who sent with a `clientMessageId` can).
enum BatchError {
    Before(DbErr),
    Commit(DbErr),
}

impl From<DbErr> for BatchError {
    fn from(error: DbErr) -> Self {
        Self::Before(error)
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
enum Sent {
    Before { message_id: i64, seq: i64 },
    InThisBatch(usize),
}

enum Event {
    Message { index: usize, also: Option<Topic> },
    Other { topic: Topic, body: Bytes },
    Expel { room_id: i64, member_id: i64, last: Bytes },
}

enum Taken {
    Sent(Sent),
    Changed,
    Refused(Refusal),
}

struct Outcome {
    results: Vec<Taken>,
    messages: Vec<Message>,
    events: Vec<Event>,
}

struct Committed {
    batch: Vec<Work>,
    outcome: Outcome,
}

impl<'a> Turn<'a> {
    fn new(tx: &'a DatabaseTransaction, heads: &'a mut HashMap<i64, Head>) -> Self {
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

    async fn find_repeats(&mut self, keys: &[SendKey]) -> Result<(), DbErr> {
        let sent = store::find_sent(self.tx, keys).await?;
        self.sent = sent
            .into_iter()
            .map(|(key, (message_id, seq))| (key, Sent::Before { message_id, seq }))
            .collect();
        Ok(())
    }

    async fn take(&mut self, work: &mut Work) -> Result<Taken, DbErr> {
        let result = match work {
            Work::Send(message, _) => self.take_message(message).await.map(Taken::Sent),
            Work::Change(change) => self.take_change(change.as_mut()).await,
        };
        match result {
            Ok(taken) => Ok(taken),
            Err(ChangeError::Refused(refusal)) => Ok(Taken::Refused(refusal)),
            Err(ChangeError::Failed(error)) => Err(error),
        }
    }

    async fn take_change(&mut self, change: &mut dyn AnyChange) -> Result<Taken, ChangeError> {
        self.insert_pending().await?;
        change.apply(self).await?;
        Ok(Taken::Changed)
    }

    async fn take_message(&mut self, new: &NewMessage) -> Result<Sent, ChangeError> {
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

    async fn insert_pending(&mut self) -> Result<(), DbErr> {
        store::insert_messages(self.tx, &mut self.messages[self.inserted..]).await?;
        self.inserted = self.messages.len();
        Ok(())
    }

    async fn finish(mut self) -> Result<(Vec<Message>, Vec<Event>), DbErr> {
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

impl Work {
    fn key(&self) -> Option<SendKey> {
        match self {
            Self::Send(message, _) => message.key(),
            Self::Change(_) => None,
        }
    }
}

impl NewMessage {
    fn key(&self) -> Option<SendKey> {
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

fn failed(batch: Vec<Work>, error: &DbErr) -> Committed {
    let refusal = Refusal::failed("a change could not be stored", error);
    Committed {
        outcome: Outcome {
            results: batch.iter().map(|_| Taken::Refused(refusal.clone())).collect(),
            messages: Vec::new(),
            events: Vec::new(),
        },
        batch,
    }
}

async fn show_all(mut committed: mpsc::Receiver<Committed>, outlet: Outlet) {
    while let Some(done) = committed.recv().await {
        done.show(&outlet);
    }
}

impl Committed {
    /// Shows everything in order, then answers those who wait.
    fn show(self, outlet: &Outlet) {
        let Outcome {
            results,
            messages,
            events,
        } = self.outcome;
        for event in events {
            match event {
                Event::Message { index, also } => show_message(outlet, &messages[index], also),
                Event::Other { topic, body } => {
                    outlet.show_if_heard(&topic, || Publication::json(body));
                }
                Event::Expel {
                    room_id,
                    member_id,
                    last,
                } => outlet.expel(room_id, member_id, &Publication::json(last)),
            }
        }
        for (work, taken) in self.batch.into_iter().zip(results) {
            work.answer(taken, &messages);
        }
    }
}

/// Nobody has read a message that is just being shown, so no marks are needed.
fn show_message(outlet: &Outlet, message: &Message, also: Option<Topic>) {
    // Encoded at most once, and not at all if nobody hears it.
    let publication = LazyCell::new(|| message.publication(&Marks::default()));
    outlet.show_if_heard(&room_topic(message.room_id), || publication.clone());
    if let Some(topic) = also {
        outlet.show_if_heard(&topic, || Publication {
            position: None,
            ..publication.clone()
        });
    }
}

impl Work {
    fn answer(self, taken: Taken, messages: &[Message]) {
        match (self, taken) {
            (Self::Send(_, reply), Taken::Sent(sent)) => {
                counter!("maru_messages_stored_total").increment(1);
                let _ = reply.send(Ok(sent.receipt(messages)));
            }
            (Self::Send(_, reply), Taken::Refused(refusal)) => {
                counter!("maru_messages_refused_total", "code" => refusal.code.as_str()).increment(1);
                let _ = reply.send(Err(refusal));
            }
            (Self::Change(change), Taken::Refused(refusal)) => change.finish(Err(refusal)),
            (Self::Change(change), _) => change.finish(Ok(())),
            (Self::Send(..), Taken::Changed) => unreachable!("a send is not a change"),
        }
    }
}

impl Sent {
    fn receipt(self, messages: &[Message]) -> Receipt {
        match self {
            Self::Before { message_id, seq } => Receipt { message_id, seq },
            Self::InThisBatch(index) => Receipt {
                message_id: messages[index].message_id,
                seq: messages[index].seq,
            },
        }
    }
}
