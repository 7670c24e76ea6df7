//! A STOMP client over WebSocket that remembers everything that came, in order.

mod connect;
mod feed;
mod log;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use wire::{Command, Frame, Version, encode};

pub use self::connect::Connect;
pub use self::feed::Feed;
pub use self::log::{Closed, Entry};
use self::log::{Shared, carry, closed, frames};
use crate::ways::Wire;

/// An ERROR frame and the close after it.
#[derive(Clone, Debug)]
pub struct ErrorFrame {
    pub code: String,
    pub message: String,
    pub receipt_id: Option<String>,
    pub body: Value,
    pub close: Closed,
}

/// The RECEIPT of a SEND.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub message_id: i64,
    pub seq: i64,
}

/// A SEND refused on `/user/queue/errors`: the JSON that came.
#[derive(Clone, Debug)]
pub struct Refused(pub Value);

/// A subscription or the ERROR that answered it.
pub type Subscribed = Result<Feed, ErrorFrame>;

impl Refused {
    pub fn code(&self) -> &str {
        self.0["code"].as_str().unwrap_or_default()
    }
}

/// A live connection. Dropping it cuts the socket without a word.
#[derive(Debug)]
pub struct Stomp {
    shared: Arc<Shared>,
    outgoing: mpsc::UnboundedSender<Message>,
    /// Dropped or used: the task lets go of the socket.
    cut: Option<oneshot::Sender<()>>,
    pub version: Version,
    next: AtomicU64,
}

impl Stomp {
    fn over(wire: Wire, version: Version) -> Stomp {
        let shared = Arc::new(Shared::default());
        let (outgoing, orders) = mpsc::unbounded_channel();
        let (cut, cutting) = oneshot::channel();
        tokio::spawn(carry(wire, shared.clone(), orders, cutting, version));
        Stomp {
            shared,
            outgoing,
            cut: Some(cut),
            version,
            next: AtomicU64::new(1),
        }
    }

    /// Writes a frame and waits for nothing.
    pub fn raw(&self, frame: &Frame) {
        let mut bytes = Vec::new();
        encode(frame, self.version, &mut bytes);
        self.raw_bytes(bytes);
    }

    /// Writes octets as one WebSocket message: text where they are UTF-8.
    pub fn raw_bytes(&self, bytes: Vec<u8>) {
        let message = match String::from_utf8(bytes) {
            Ok(text) => Message::text(text),
            Err(other) => Message::binary(other.into_bytes()),
        };
        let _ = self.outgoing.send(message);
    }

    /// Writes octets as one binary WebSocket message.
    pub fn raw_binary(&self, bytes: Vec<u8>) {
        let _ = self.outgoing.send(Message::binary(bytes));
    }

    /// A new id for a receipt or a subscription.
    pub fn new_id(&self) -> String {
        format!("n{}", self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Subscribes and waits until it is live.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn subscribe(&self, destination: &str) -> Feed {
        self.try_subscribe(destination, &[])
            .await
            .unwrap_or_else(|error| panic!("{destination}: {error:?}"))
    }

    /// Subscribes behind `after`, and waits until level.
    pub async fn resume(&self, destination: &str, after: i64) -> Feed {
        let after = after.to_string();
        let subscribed = self.try_subscribe(destination, &[("after-seq", &after)]).await;
        subscribed.unwrap_or_else(|error| panic!("{destination} after {after}: {error:?}"))
    }

    /// Subscribes, or the ERROR.
    pub async fn try_subscribe(&self, destination: &str, headers: &[(&str, &str)]) -> Subscribed {
        self.subscribe_as(&self.new_id(), destination, headers).await
    }

    /// Subscribes with an id of the caller's choice.
    pub async fn subscribe_as(&self, id: &str, destination: &str, headers: &[(&str, &str)]) -> Subscribed {
        let feed = self.start_subscribe(id, destination, headers);
        let receipt = format!("r-{id}");
        let look = |log: &[Entry]| {
            let receipted =
                frames(log).any(|frame| frame.command == Command::Receipt && frame.get("receipt-id") == Some(&receipt));
            let refused = frames(log).any(|frame| frame.command == Command::Error);
            receipted.then_some(true).or(refused.then_some(false))
        };
        if self.wait(&format!("the RECEIPT of {destination}"), look).await {
            Ok(feed)
        } else {
            Err(self.error().await)
        }
    }

    /// Sends SUBSCRIBE (with the receipt `r-{id}`) and waits for nothing.
    pub fn start_subscribe(&self, id: &str, destination: &str, headers: &[(&str, &str)]) -> Feed {
        let mut frame = Frame::new(Command::Subscribe)
            .header("id", id)
            .header("destination", destination)
            .header("receipt", &format!("r-{id}"));
        for (name, value) in headers {
            frame = frame.header(name, value);
        }
        self.raw(&frame);
        Feed::new(&self.shared, id, destination)
    }

    /// Everything that came to a subscription, from the start of the connection.
    pub fn feed(&self, subscription: &str) -> Feed {
        Feed::new(&self.shared, subscription, "")
    }

    /// Why SENDs were refused.
    pub fn errors(&self) -> Feed {
        self.feed("errors")
    }

    /// A SEND that is stored, or at least done: waits for its RECEIPT.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn send(&self, destination: &str, body: Value) -> Frame {
        self.try_send(destination, body.clone())
            .await
            .unwrap_or_else(|refused| panic!("{destination} {body}: {refused:?}"))
    }

    /// A SEND: its RECEIPT, or what came to `/user/queue/errors`.
    ///
    /// # Errors
    /// It was refused.
    pub async fn try_send(&self, destination: &str, body: Value) -> Result<Frame, Refused> {
        let text = body.to_string();
        self.try_send_text(destination, text).await
    }

    /// The same with any body.
    ///
    /// # Errors
    /// It was refused.
    pub async fn try_send_text(&self, destination: &str, body: impl Into<Vec<u8>>) -> Result<Frame, Refused> {
        let receipt = self.start_send(destination, body);
        self.outcome(&receipt).await
    }

    /// SENDs with a receipt and waits for nothing; the receipt's id.
    pub fn start_send(&self, destination: &str, body: impl Into<Vec<u8>>) -> String {
        let receipt = self.new_id();
        let frame = Frame::new(Command::Send)
            .header("destination", destination)
            .header("content-type", "application/json")
            .header("receipt", &receipt)
            .body(body.into());
        self.raw(&frame);
        receipt
    }

    /// What became of a SEND with this receipt.
    ///
    /// # Errors
    /// It was refused.
    pub async fn outcome(&self, receipt: &str) -> Result<Frame, Refused> {
        self.wait(&format!("the RECEIPT {receipt} or an error"), |log| {
            outcome(log, receipt)
        })
        .await
    }

    /// The same, where the connection may end first: `None` then.
    pub async fn outcome_or_end(&self, receipt: &str) -> Option<Result<Frame, Refused>> {
        let what = format!("the RECEIPT {receipt} or an error");
        self.poll(&what, |log| outcome(log, receipt)).await.ok()
    }

    /// Writes a message into a session, and waits until it is stored.
    pub async fn say(&self, session: i64, content: &str) -> Receipt {
        let sent = self
            .send(
                "/app/chat.sendMessage",
                json!({ "sessionId": session, "content": content }),
            )
            .await;
        Receipt::of(&sent)
    }

    /// What came so far of a frame that answers something of ours: when the receipt of an empty transaction is here, so is
    /// everything the server said to this connection before.
    pub async fn settle(&self) {
        let (transaction, receipt) = (self.new_id(), self.new_id());
        self.raw(&Frame::new(Command::Begin).header("transaction", &transaction));
        self.raw(
            &Frame::new(Command::Abort)
                .header("transaction", &transaction)
                .header("receipt", &receipt),
        );
        let _ = self.outcome(&receipt).await;
    }

    /// UNSUBSCRIBE, and waits until it is done.
    pub async fn unsubscribe(&self, feed: &Feed) {
        let receipt = self.new_id();
        self.raw(
            &Frame::new(Command::Unsubscribe)
                .header("id", feed.id())
                .header("receipt", &receipt),
        );
        let _ = self.outcome(&receipt).await;
    }

    /// The ERROR frame and the close after it.
    pub async fn error(&self) -> ErrorFrame {
        let frame = self
            .wait("ERROR", |log| {
                frames(log).find(|frame| frame.command == Command::Error).cloned()
            })
            .await;
        let text = |name| frame.get(name).unwrap_or_default().to_owned();
        ErrorFrame {
            code: text("code"),
            message: text("message"),
            receipt_id: frame.get("receipt-id").map(str::to_owned),
            body: serde_json::from_slice(&frame.body).unwrap_or_default(),
            close: self.closed().await,
        }
    }

    /// How the server ended it.
    pub async fn closed(&self) -> Closed {
        self.wait("the end of the connection", closed).await
    }

    /// Whether it has ended already.
    pub fn is_closed(&self) -> bool {
        closed(&self.shared.log()).is_some()
    }

    /// Everything that came.
    pub fn log(&self) -> Vec<Entry> {
        self.shared.log().clone()
    }

    /// Waits until `look` finds something among all that came.
    pub async fn wait<T>(&self, what: &str, look: impl FnMut(&[Entry]) -> Option<T>) -> T {
        self.shared.wait(what, look).await
    }

    async fn poll<T>(&self, what: &str, look: impl FnMut(&[Entry]) -> Option<T>) -> Result<T, String> {
        self.shared.poll(what, look).await
    }

    /// DISCONNECT, its RECEIPT, and the end.
    pub async fn disconnect(self) {
        let receipt = self.new_id();
        self.raw(&Frame::new(Command::Disconnect).header("receipt", &receipt));
        let _ = self.outcome(&receipt).await;
    }

    /// A WebSocket close with this code, answered by the server.
    pub async fn close(self, code: u16) {
        let frame = CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        let _ = self.outgoing.send(Message::Close(Some(frame)));
        self.wait("the end of the connection", closed).await;
    }

    /// From now on neither reads nor writes, and keeps the socket: not even pings are answered.
    pub fn fall_silent(&self) {
        self.shared.hush.notify_one();
    }

    /// Reads and writes again, after [`Stomp::fall_silent`].
    pub fn wake_up(&self) {
        self.shared.rouse.notify_one();
    }

    /// Lets the socket go without a word, as a lost network does.
    pub fn cut(mut self) {
        self.cut.take();
    }
}

fn outcome(log: &[Entry], receipt: &str) -> Option<Result<Frame, Refused>> {
    frames(log).find_map(|frame| match frame.command {
        Command::Receipt if frame.get("receipt-id") == Some(receipt) => Some(Ok(frame.clone())),
        Command::Message if frame.get("subscription") == Some("errors") => {
            let body: Value = serde_json::from_slice(&frame.body).ok()?;
            (body["receiptId"] == receipt).then_some(Err(Refused(body)))
        }
        _ => None,
    })
}

impl Receipt {
    /// What the RECEIPT of a stored SEND carries.
    #[track_caller]
    pub fn of(frame: &Frame) -> Receipt {
        let number = |name: &str| {
            let value = frame.get(name).unwrap_or_else(|| panic!("no {name} on the RECEIPT"));
            value.parse().unwrap_or_else(|_| panic!("{name}: {value}"))
        };
        Receipt {
            message_id: number("message-id"),
            seq: number("seq"),
        }
    }
}
