//! The writer: takes everything queued, numbers it, writes one transaction, syncs once, and only then shows it.
//!
//! While a batch is being written the next one gathers. A batch that fails takes its numbers back and is tried
//! again change by change, so that one bad change costs nobody else anything. Shown is by a task of its own, in
//! the order of the commits, so that the next commit need not wait for it.

use std::cell::LazyCell;
use std::collections::HashMap;
use std::future::Future;

use broker::{Publication, Topic};
use metrics::{counter, gauge, histogram};
use sea_orm::DbErr;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::live::Outlet;
use super::message::{Message, NewMessage, Receipt};
use super::store::{Head, SendKey};
use super::turn::{ChangeError, ChangeFuture, Event, RoomChange, Sent, Turn};
use super::{Marks, room_topic};
use crate::adapters::database::Database;
use crate::problem::{Code, Refusal};

/// Heads kept in memory; above it all are dropped and read again when needed.
const HEADS_MAX: usize = 50_000;

/// Batches that are committed and wait to be shown; when full the writer waits, and the queue behind it fills.
const COMMITTED_MAX: usize = 4;

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
            results.push(work.apply(&mut turn).await?);
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

impl Work {
    async fn apply(&mut self, turn: &mut Turn<'_>) -> Result<Taken, DbErr> {
        let result = match self {
            Self::Send(message, _) => turn.take_message(message).await.map(Taken::Sent),
            Self::Change(change) => {
                turn.insert_pending().await?;
                change.apply(turn).await.map(|()| Taken::Changed)
            }
        };
        match result {
            Ok(taken) => Ok(taken),
            Err(ChangeError::Refused(refusal)) => Ok(Taken::Refused(refusal)),
            Err(ChangeError::Failed(error)) => Err(error),
        }
    }

    fn key(&self) -> Option<SendKey> {
        match self {
            Self::Send(message, _) => message.key(),
            Self::Change(_) => None,
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
