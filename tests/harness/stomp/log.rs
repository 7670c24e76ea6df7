//! Everything that came on a connection, in order: the task that adds to it, and waiting for what shall come.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{SinkExt, StreamExt};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;
use wire::{DecodeError, Decoder, Event, Frame, Limits, Version};

use crate::DEADLINE;
use crate::ways::Wire;

/// What happened on a connection.
#[derive(Clone, Debug)]
pub enum Entry {
    Frame(Frame),
    HeartBeat,
    Closed(Closed),
}

/// How the server ended a connection. 1006: without a closing handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    pub code: u16,
    pub reason: String,
}

#[derive(Debug, Default)]
pub(super) struct Shared {
    log: Mutex<Vec<Entry>>,
    news: Notify,
    pub(super) hush: Notify,
    pub(super) rouse: Notify,
}

impl Shared {
    pub(super) fn log(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, entry: Entry) {
        self.log().push(entry);
        self.news.notify_waiters();
    }

    /// Waits until `look` finds something in the log.
    pub(super) async fn poll<T>(&self, what: &str, mut look: impl FnMut(&[Entry]) -> Option<T>) -> Result<T, String> {
        let waiting = async {
            loop {
                let news = self.news.notified();
                tokio::pin!(news);
                news.as_mut().enable();
                if let Some(found) = look(&self.log()) {
                    return Ok(found);
                }
                if closed(&self.log()).is_some() {
                    return Err(format!("the connection ended before {what}"));
                }
                news.await;
            }
        };
        let waited = tokio::time::timeout(DEADLINE, waiting).await;
        waited.unwrap_or_else(|_| Err(format!("waited in vain for {what}")))
    }

    pub(super) async fn wait<T>(&self, what: &str, look: impl FnMut(&[Entry]) -> Option<T>) -> T {
        match self.poll(what, look).await {
            Ok(found) => found,
            Err(why) => panic!("{why}; what came:\n{}", self.describe()),
        }
    }

    fn describe(&self) -> String {
        let log = self.log();
        let lines = log.iter().map(|entry| match entry {
            Entry::Frame(frame) => {
                let headers: Vec<_> = frame
                    .headers
                    .iter()
                    .map(|(name, value)| format!("{name}:{value}"))
                    .collect();
                format!(
                    "  {} {} {}",
                    frame.command.as_str(),
                    headers.join(" "),
                    String::from_utf8_lossy(&frame.body)
                )
            }
            other => format!("  {other:?}"),
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

pub(super) fn frames(log: &[Entry]) -> impl Iterator<Item = &Frame> {
    log.iter().filter_map(|entry| match entry {
        Entry::Frame(frame) => Some(frame),
        _ => None,
    })
}

pub(super) fn closed(log: &[Entry]) -> Option<Closed> {
    log.iter().find_map(|entry| match entry {
        Entry::Closed(closed) => Some(closed.clone()),
        _ => None,
    })
}

/// Writes what is ordered and adds what comes, until it ends or is cut.
pub(super) async fn carry(
    wire: Wire,
    shared: Arc<Shared>,
    mut orders: mpsc::UnboundedReceiver<Message>,
    mut cutting: oneshot::Receiver<()>,
    version: Version,
) {
    let Wire { mut read, mut write } = wire;
    let no_limits = Limits {
        headers_max: 1000,
        head_bytes_max: 1 << 20,
        body_bytes_max: 1 << 24,
    };
    let mut decoder = Decoder::new(no_limits);
    decoder.set_version(version);
    let mut close = Closed {
        code: 1006,
        reason: String::new(),
    };
    loop {
        tokio::select! {
            _ = &mut cutting => break,
            () = shared.hush.notified() => {
                tokio::select! {
                    _ = &mut cutting => break,
                    () = shared.rouse.notified() => {}
                }
            }
            Some(order) = orders.recv() => {
                if write.send(order).await.is_err() {
                    // What the server said last may still be unread.
                    orders.close();
                }
            }
            incoming = read.next() => {
                let taken = match incoming {
                    Some(Message::Text(text)) => take(&mut decoder, text.as_bytes(), &shared),
                    Some(Message::Binary(bytes)) => take(&mut decoder, &bytes, &shared),
                    Some(Message::Close(frame)) => {
                        close = frame.map_or(Closed { code: 1005, reason: String::new() }, |frame| Closed {
                            code: frame.code.into(),
                            reason: frame.reason.to_string(),
                        });
                        Ok(())
                    }
                    Some(_) => Ok(()),
                    None => break,
                };
                if let Err(error) = taken {
                    close.reason = format!("what the server sent is no STOMP: {error}");
                    break;
                }
            }
        }
    }
    shared.add(Entry::Closed(close));
}

fn take(decoder: &mut Decoder, bytes: &[u8], shared: &Shared) -> Result<(), DecodeError> {
    decoder.push(bytes);
    loop {
        match decoder.next()? {
            Some(Event::Frame(frame)) => shared.add(Entry::Frame(frame)),
            Some(Event::HeartBeat) => shared.add(Entry::HeartBeat),
            None => return Ok(()),
        }
    }
}
