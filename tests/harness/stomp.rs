//! A STOMP client over WebSocket that remembers everything that came, in order.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};
use wire::{Command, Decoder, Event, Frame, Limits, Version, encode};

use crate::ways::{Way, Wire};
use crate::{DEADLINE, Maru};

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

/// How to connect.
#[derive(Clone, Debug)]
pub struct Connect {
    port: u16,
    path: String,
    token: Option<String>,
    version: &'static str,
    heart_beat: String,
    frame_headers: Vec<(String, String)>,
    http_headers: Vec<(String, String)>,
    errors: bool,
    way: Way,
}

impl Connect {
    /// To `/ws` of this server as nobody: 1.2, no heart-beats, and a subscription to `/user/queue/errors`.
    pub fn to(maru: &Maru) -> Connect {
        Connect {
            port: maru.port,
            path: "/ws".to_owned(),
            token: None,
            version: "1.2",
            heart_beat: "0,0".to_owned(),
            frame_headers: Vec::new(),
            http_headers: Vec::new(),
            errors: true,
            way: Way::Plain,
        }
    }

    /// By another way than a plain WebSocket.
    #[must_use]
    pub fn over(mut self, way: Way) -> Connect {
        self.way = way;
        self
    }

    #[must_use]
    pub fn path(mut self, path: &str) -> Connect {
        self.path = path.to_owned();
        self
    }

    /// `Authorization` in the CONNECT frame.
    #[must_use]
    pub fn token(mut self, token: &str) -> Connect {
        self.token = Some(token.to_owned());
        self
    }

    /// The one version offered.
    #[must_use]
    pub fn version(mut self, version: &'static str) -> Connect {
        self.version = version;
        self
    }

    #[must_use]
    pub fn heart_beat(mut self, value: &str) -> Connect {
        self.heart_beat = value.to_owned();
        self
    }

    /// A header of the CONNECT frame.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Connect {
        self.frame_headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A header of the handshake.
    #[must_use]
    pub fn http(mut self, name: &str, value: &str) -> Connect {
        self.http_headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without the subscription to `/user/queue/errors`.
    #[must_use]
    pub fn without_errors(mut self) -> Connect {
        self.errors = false;
        self
    }

    /// Connected.
    ///
    /// # Panics
    /// When the server does not want it.
    pub async fn ok(self) -> Stomp {
        match self.attempt().await {
            Ok(stomp) => stomp,
            Err(error) => panic!("CONNECT was refused: {error:?}"),
        }
    }

    /// Connected, or the ERROR.
    pub async fn attempt(self) -> Result<Stomp, ErrorFrame> {
        let stomp = self
            .upgrade()
            .await
            .unwrap_or_else(|error| panic!("the handshake failed: {error}"));
        stomp.raw(&self.frame());
        let connected = stomp.wait("CONNECTED or ERROR", first_answer).await;
        if connected.command == Command::Error {
            return Err(stomp.error().await);
        }
        if self.errors {
            stomp
                .subscribe_as("errors", "/user/queue/errors", &[])
                .await
                .expect("one's own errors");
        }
        Ok(stomp)
    }

    /// Tries as long as nobody listens or the server is not ready: for servers that are killed.
    pub async fn patiently(&self) -> Stomp {
        crate::until("a connection", || async {
            let stomp = self.upgrade().await.ok()?;
            stomp.raw(&self.frame());
            let connected = stomp.poll("CONNECTED, ERROR or the end", |log| {
                first_answer(log).map(Some).or_else(|| closed(log).map(|_| None))
            });
            let connected = connected.await.ok()??;
            (connected.command == Command::Connected).then_some(stomp)
        })
        .await
    }

    /// The WebSocket alone.
    ///
    /// # Errors
    /// The handshake was refused; `Error::Http` has the answer.
    pub async fn upgrade(&self) -> Result<Stomp, tungstenite::Error> {
        let version = *Version::ALL
            .iter()
            .find(|version| self.version.contains(version.as_str()))
            .unwrap();
        let path = match self.way {
            Way::Tcp(port) => return Ok(Stomp::over(Wire::tcp(port).await?, version)),
            Way::SockJs(transport) => {
                let base = format!("http://127.0.0.1:{}{}", self.port, self.path);
                let wire = Wire::sockjs(&base, transport, self.headers()).await;
                return Ok(Stomp::over(wire.ok_or(tungstenite::Error::ConnectionClosed)?, version));
            }
            Way::SockJsWebSocket => format!("{}/000/{}/websocket", self.path, uuid::Uuid::new_v4()),
            Way::Plain => self.path.clone(),
        };
        let mut request = format!("ws://127.0.0.1:{}{path}", self.port).into_client_request()?;
        let subprotocol = format!("v{}.stomp", version.as_str().replace('.', ""));
        request
            .headers_mut()
            .insert("sec-websocket-protocol", HeaderValue::try_from(subprotocol).unwrap());
        request.headers_mut().extend(self.headers());
        let connecting = tokio_tungstenite::connect_async(request);
        let (socket, _) = tokio::time::timeout(DEADLINE, connecting)
            .await
            .expect("an answer to the handshake")?;
        let wire = match self.way {
            Way::SockJsWebSocket => Wire::framed(socket),
            _ => Wire::plain(socket),
        };
        Ok(Stomp::over(wire, version))
    }

    fn headers(&self) -> HeaderMap {
        let header = |(name, value): &(String, String)| {
            let name = HeaderName::try_from(name.as_str()).unwrap();
            (name, HeaderValue::try_from(value).unwrap())
        };
        self.http_headers.iter().map(header).collect()
    }

    /// The CONNECT frame.
    pub fn frame(&self) -> Frame {
        let mut frame = Frame::new(Command::Connect)
            .header("accept-version", self.version)
            .header("host", "localhost")
            .header("heart-beat", &self.heart_beat);
        if let Some(token) = &self.token {
            frame = frame.header("Authorization", &format!("Bearer {token}"));
        }
        for (name, value) in &self.frame_headers {
            frame = frame.header(name, value);
        }
        frame
    }
}

fn first_answer(log: &[Entry]) -> Option<Frame> {
    frames(log)
        .find(|frame| matches!(frame.command, Command::Connected | Command::Error))
        .cloned()
}

fn frames(log: &[Entry]) -> impl Iterator<Item = &Frame> {
    log.iter().filter_map(|entry| match entry {
        Entry::Frame(frame) => Some(frame),
        _ => None,
    })
}

fn closed(log: &[Entry]) -> Option<Closed> {
    log.iter().find_map(|entry| match entry {
        Entry::Closed(closed) => Some(closed.clone()),
        _ => None,
    })
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

#[derive(Debug, Default)]
struct Shared {
    log: Mutex<Vec<Entry>>,
    news: Notify,
    hush: Notify,
    rouse: Notify,
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, entry: Entry) {
        self.log().push(entry);
        self.news.notify_waiters();
    }

    /// Waits until `look` finds something in the log.
    async fn poll<T>(&self, what: &str, mut look: impl FnMut(&[Entry]) -> Option<T>) -> Result<T, String> {
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

    async fn wait<T>(&self, what: &str, look: impl FnMut(&[Entry]) -> Option<T>) -> T {
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
        Feed {
            shared: self.shared.clone(),
            subscription: id.to_owned(),
            destination: destination.to_owned(),
            at: 0,
        }
    }

    /// Everything that came to a subscription, from the start of the connection.
    pub fn feed(&self, subscription: &str) -> Feed {
        Feed {
            shared: self.shared.clone(),
            subscription: subscription.to_owned(),
            destination: String::new(),
            at: 0,
        }
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
                .header("id", &feed.subscription)
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

async fn carry(
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
            incoming = read.next() => match incoming {
                Some(Message::Text(text)) => take(&mut decoder, text.as_bytes(), &shared),
                Some(Message::Binary(bytes)) => take(&mut decoder, &bytes, &shared),
                Some(Message::Close(frame)) => {
                    close = frame.map_or(Closed { code: 1005, reason: String::new() }, |frame| Closed {
                        code: frame.code.into(),
                        reason: frame.reason.to_string(),
                    });
                }
                Some(_) => {}
                None => break,
            },
        }
    }
    shared.add(Entry::Closed(close));
}

fn take(decoder: &mut Decoder, bytes: &[u8], shared: &Shared) {
    decoder.push(bytes);
    loop {
        match decoder.next() {
            Ok(Some(Event::Frame(frame))) => shared.add(Entry::Frame(frame)),
            Ok(Some(Event::HeartBeat)) => shared.add(Entry::HeartBeat),
            Ok(None) => return,
            Err(error) => panic!("the server sent no STOMP: {error}"),
        }
    }
}

/// The events of one subscription, read forwards.
#[derive(Clone, Debug)]
pub struct Feed {
    shared: Arc<Shared>,
    subscription: String,
    destination: String,
    at: usize,
}

impl Feed {
    /// The subscription's id.
    pub fn id(&self) -> &str {
        &self.subscription
    }

    /// The next event from here for which `wanted` holds; those before it are passed over.
    pub async fn find(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let (shared, from) = (self.shared.clone(), self.at);
        let what = format!("{what} on {}", self.destination);
        let (at, found) = shared
            .wait(&what, |log| self.events(log, from).find(|(_, event)| wanted(event)))
            .await;
        self.at = at + 1;
        found
    }

    /// The next event, whatever it is.
    pub async fn next(&mut self) -> Value {
        self.find("an event", |_| true).await
    }

    /// The next event of this `type`.
    pub async fn of_type(&mut self, kind: &str) -> Value {
        self.find(kind, |event| event["type"] == kind).await
    }

    /// The next STATE that leads to `to`.
    pub async fn state(&mut self, to: &str) -> Value {
        self.find(&format!("STATE to {to}"), |event| {
            event["type"] == "STATE" && event["to"] == to
        })
        .await
    }

    /// The next message with this content.
    pub async fn message(&mut self, content: &str) -> Value {
        self.find(&format!("{content:?}"), |event| {
            event["type"] == "MESSAGE" && event["content"] == content
        })
        .await
    }

    /// The next SYSTEM message with this code.
    pub async fn system(&mut self, code: &str) -> Value {
        self.find(&format!("the system message {code}"), |event| {
            event["system"]["code"] == code
        })
        .await
    }

    /// All events since the subscription.
    pub fn all(&self) -> Vec<Value> {
        self.events(&self.shared.log(), 0).map(|(_, event)| event).collect()
    }

    /// Events from here on that came already.
    pub fn rest(&self) -> Vec<Value> {
        self.events(&self.shared.log(), self.at)
            .map(|(_, event)| event)
            .collect()
    }

    /// Goes behind everything that came already.
    pub fn skip(&mut self) {
        self.at = self.shared.log().len();
    }

    /// The numbers of the messages that came, in order.
    pub fn seqs(&self) -> Vec<i64> {
        let messages = self.all().into_iter().filter(|event| event["type"] == "MESSAGE");
        messages.map(|event| event["seq"].as_i64().unwrap()).collect()
    }

    fn events<'a>(&'a self, log: &'a [Entry], from: usize) -> impl Iterator<Item = (usize, Value)> + 'a {
        log.iter().enumerate().skip(from).filter_map(|(at, entry)| match entry {
            Entry::Frame(frame)
                if frame.command == Command::Message && frame.get("subscription") == Some(&self.subscription) =>
            {
                let event = serde_json::from_slice(&frame.body).expect("every event is JSON");
                Some((at, event))
            }
            _ => None,
        })
    }
}
