//! A small program behind the broker, and a client that reads and writes real sockets.

pub(crate) mod sockjs;

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use crate::counting::Counting;
use axum::extract::{Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use broker::sockjs::{Options, Service, Session, SockJs};
use broker::{
    Accepted, App, Broker, Cause, Completion, Connection, Grant, Limits, Publication, Raw, Refusal, RefusedAt,
    SendFrame, Topic, Upgrade,
};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use wire::{Command, Decoder, Event, Frame, Version};

/// Long enough for a loaded machine; nothing that passes waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Stores what is sent to `/app/store/{topic}`, and tells its test what the broker told it.
pub(crate) struct Shop {
    broker: OnceLock<Arc<Broker<Shop>>>,
    history: Mutex<HashMap<Topic, Vec<Publication>>>,
    /// From a commit to its publication, so that the order of publishing is the order of committing.
    publishing: tokio::sync::Mutex<()>,
    notes: Mutex<Vec<String>>,
    noted: Notify,
    /// May subscribe to nothing.
    pub(crate) banned: Mutex<HashSet<String>>,
    /// How often history was read.
    pub(crate) replays: AtomicUsize,
    /// Lets go of sends to `/app/gate`.
    pub(crate) gate: Notify,
}

impl Shop {
    fn new() -> Shop {
        Shop {
            broker: OnceLock::new(),
            history: Mutex::default(),
            publishing: tokio::sync::Mutex::default(),
            notes: Mutex::default(),
            noted: Notify::new(),
            banned: Mutex::default(),
            replays: AtomicUsize::new(0),
            gate: Notify::new(),
        }
    }

    pub(crate) fn broker(&self) -> &Arc<Broker<Shop>> {
        self.broker.get().expect("a started shop has its broker")
    }

    fn note(&self, note: String) {
        self.notes.lock().unwrap().push(note);
        self.noted.notify_waiters();
    }

    /// Forgets what was told so far.
    pub(crate) fn forget(&self) {
        self.notes.lock().unwrap().clear();
    }

    pub(crate) fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap().clone()
    }

    /// Waits until the broker told this.
    pub(crate) async fn noted(&self, note: &str) {
        let wait = async {
            loop {
                let noted = self.noted.notified();
                if self.notes().iter().any(|known| known == note) {
                    return;
                }
                let _ = timeout(Duration::from_millis(20), noted).await;
            }
        };
        if timeout(PATIENCE, wait).await.is_err() {
            panic!("never noted {note:?}, but {:?}", self.notes());
        }
    }

    /// Commits and publishes nothing.
    pub(crate) fn commit(&self, topic: &Topic, body: String) -> Publication {
        let mut history = self.history.lock().unwrap();
        let history = history.entry(topic.clone()).or_default();
        let position = history.len() as u64 + 1;
        history.push(Publication::json(body).with_message_id(position).at(position));
        history[history.len() - 1].clone()
    }

    /// Commits, then publishes, with `pause` between: whoever resumes in the pause finds it in history and live.
    pub(crate) async fn store(&self, topic: &Topic, body: String, pause: Duration) -> u64 {
        let _order = self.publishing.lock().await;
        let publication = self.commit(topic, body);
        if !pause.is_zero() {
            sleep(pause).await;
        }
        self.broker().publish(topic, &publication);
        publication.position.unwrap()
    }
}

/// The number of the person with this name.
pub(crate) fn user(name: &str) -> i64 {
    name.bytes().map(i64::from).sum()
}

fn person(name: &str, expires_ms: Option<impl AsRef<str>>) -> Accepted<String> {
    let expires_at = expires_ms.map(|ms| SystemTime::now() + Duration::from_millis(ms.as_ref().parse().unwrap()));
    Accepted {
        user: user(name),
        user_name: name.to_owned(),
        identity: name.to_owned(),
        expires_at,
    }
}

impl App for Shop {
    type Identity = String;
    type Handshake = ();

    async fn connect(&self, (): &(), frame: &Frame) -> Result<Accepted<String>, Refusal> {
        let name = frame.get("login").unwrap_or("guest").to_owned();
        if name == "stranger" {
            return Err(Refusal::new("unauthenticated", "Who are you?"));
        }
        if name == "undecided" {
            std::future::pending::<()>().await;
        }
        Ok(person(&name, frame.get("expires-ms")))
    }

    async fn connected(&self, connection: &Arc<Connection<Shop>>) {
        self.note(format!("connected {}", connection.identity()));
    }

    async fn subscribe(
        &self,
        c: &Arc<Connection<Shop>>,
        destination: &str,
        after: Option<&str>,
    ) -> Result<Grant, Refusal> {
        if destination == "/topic/forbidden" || self.banned.lock().unwrap().contains(c.identity()) {
            return Err(Refusal::new("forbidden", "Not for you: ever."));
        }
        if destination == "/topic/considered" {
            // Time between the decision and its effect.
            sleep(Duration::from_millis(2)).await;
        }
        let topic = match destination.strip_prefix("/user") {
            Some(own) => Topic::from(format!("/user/{}{own}", c.user())),
            None => Topic::from(destination),
        };
        Ok(Grant {
            resume_after: after.map(|after| after.parse().unwrap()),
            greeting: destination.ends_with("/greeted").then(|| Publication::json("welcome")),
            topic,
        })
    }

    async fn subscribed(&self, c: &Arc<Connection<Shop>>, topic: &Topic) {
        self.note(format!("subscribed {} {topic}", c.identity()));
    }

    async fn unsubscribed(&self, c: &Arc<Connection<Shop>>, topic: &Topic, cause: Cause) {
        self.note(format!("unsubscribed {} {topic} {cause:?}", c.identity()));
    }

    async fn send(&self, c: &Arc<Connection<Shop>>, send: SendFrame) -> Result<Completion, Refusal> {
        let body = String::from_utf8_lossy(&send.body).into_owned();
        self.note(format!("sent {} {body}", send.destination()));
        if let Some(topic) = send.destination().strip_prefix("/app/store") {
            let position = self.store(&Topic::from(topic), body, Duration::ZERO).await;
            return Ok(Completion::Done(vec![("seq", position.to_string())]));
        }
        match send.destination() {
            "/app/gate" => {
                let gate = self.broker().app().clone();
                let refused = body == "refuse";
                let completion = async move {
                    gate.gate.notified().await;
                    if refused {
                        Err(Refusal::new("too_late", "Too late."))
                    } else {
                        Ok(Vec::new())
                    }
                };
                Ok(Completion::Later(Box::pin(completion)))
            }
            "/app/refuse" | "/topic/picky" => {
                Err(Refusal::new("empty_content", "There is nothing in it.").with("clientMessageId", body))
            }
            "/app/panic" => panic!("on purpose"),
            "/app/slow" => {
                sleep(Duration::from_millis(300)).await;
                Ok(Completion::done())
            }
            destination => {
                let topic = Topic::from(destination);
                self.broker().publish(&topic, &Publication::json(send.body.clone()));
                self.note(format!("published by {}", c.identity()));
                Ok(Completion::done())
            }
        }
    }

    async fn replay(&self, topic: &Topic, after: u64, limit: usize) -> Result<Vec<Publication>, Refusal> {
        self.replays.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        let history = self.history.lock().unwrap();
        let Some(history) = history.get(topic) else {
            return Ok(Vec::new());
        };
        Ok(history.iter().skip(after as usize).take(limit).cloned().collect())
    }

    async fn level(&self, _: &Arc<Connection<Shop>>, topic: &Topic) -> Result<Option<Publication>, Refusal> {
        tokio::task::yield_now().await;
        let at = self.history.lock().unwrap().get(topic).map_or(0, Vec::len) as u64;
        tokio::task::yield_now().await;
        Ok(Some(Publication::json(format!("SYNC {at}")).at(at)))
    }

    fn errors_topic(&self, c: &Arc<Connection<Shop>>) -> Topic {
        Topic::from(format!("/user/{}/queue/errors", c.user()))
    }

    async fn closed(&self, c: &Arc<Connection<Shop>>, cause: Cause) {
        self.note(format!("closed {} {cause:?}", c.identity()));
    }

    fn refusal_body(&self, refusal: &Refusal, at: RefusedAt<'_, Shop>) -> Bytes {
        let part = |name: &str, value: Option<&str>| value.map(|value| format!(" {name}={value}")).unwrap_or_default();
        let mut body = refusal.code.to_owned();
        body += &part("destination", at.destination());
        body += &part("receipt", at.receipt());
        body += &part("clientMessageId", refusal.detail("clientMessageId"));
        body.into()
    }
}

/// Lets everybody in but the origin `http://evil.example`; the header `x-caller` says who it is.
struct Door(Arc<Broker<Shop>>);

impl Service for Door {
    type Caller = Option<HeaderValue>;
    type Opening = ();

    async fn caller(&self, request: &Parts) -> Result<Option<HeaderValue>, Response> {
        let origin = request.headers.get("origin");
        if origin.is_some_and(|origin| origin == "http://evil.example") {
            return Err(StatusCode::FORBIDDEN.into_response());
        }
        Ok(request.headers.get("x-caller").cloned())
    }

    async fn open(&self, request: &Parts, _: &Option<HeaderValue>) -> Result<(), Response> {
        if request.headers.contains_key("x-refused") {
            return Err(StatusCode::TOO_MANY_REQUESTS.into_response());
        }
        Ok(())
    }

    fn serve(&self, session: Session, (): ()) {
        self.0.serve(session, ());
    }
}

pub(crate) struct Server {
    pub(crate) shop: Arc<Shop>,
    pub(crate) address: SocketAddr,
    figures: PrometheusHandle,
    writes: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start(limits: Limits) -> Server {
        Server::start_with(limits, Options::stomp()).await
    }

    /// With SockJS at `/sockjs` and at `/sockjs/below`.
    pub(crate) async fn start_with(limits: Limits, options: Options) -> Server {
        let shop = Arc::new(Shop::new());
        let recorder = PrometheusBuilder::new().build_recorder();
        let figures = recorder.handle();
        let broker = metrics::with_local_recorder(&recorder, || Broker::new(Arc::clone(&shop), limits));
        assert!(shop.broker.set(Arc::clone(&broker)).is_ok());
        let upgrade = move |upgrade: Upgrade| async move { broker.upgrade(upgrade, ()) };
        let raw = {
            let broker = Arc::clone(shop.broker());
            move |Path(room): Path<String>, Query(query): Query<HashMap<String, String>>, upgrade: Upgrade| async move {
                let person = person(
                    query.get("login").map_or("guest", String::as_str),
                    query.get("expires-ms"),
                );
                let raw = Raw {
                    person,
                    destination: format!("/topic/{room}"),
                    after: query.get("after").cloned(),
                };
                broker.upgrade_raw(upgrade, (), raw)
            }
        };
        let router = axum::Router::new()
            .route("/ws", any(upgrade))
            .route("/raw/{room}", any(raw));
        let sockjs = SockJs::new(Door(Arc::clone(shop.broker())), options);
        let router = router
            .merge(sockjs.router("/sockjs"))
            .merge(sockjs.router("/sockjs/below"));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let writes = Arc::new(AtomicUsize::new(0));
        let counting = Counting {
            listener,
            writes: Arc::clone(&writes),
        };
        let task = tokio::spawn(async move { axum::serve(counting, router).await.unwrap() });
        Server {
            shop,
            address,
            figures,
            writes,
            task,
        }
    }

    /// Writes to WebSockets so far: what each of them costs is a system call.
    pub(crate) fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    /// What a counter of the broker shows.
    pub(crate) fn figure(&self, name: &str) -> u64 {
        let text = self.figures.render();
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.unwrap_or_else(|| panic!("no {name} in {text}"))
    }

    pub(crate) fn broker(&self) -> &Arc<Broker<Shop>> {
        self.shop.broker()
    }

    /// A plain TCP connection that the broker serves.
    pub(crate) async fn stream(&self) -> TcpStream {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (ours, theirs) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        self.broker().accept(theirs.unwrap().0, ());
        ours.unwrap()
    }

    /// A socket, nothing sent yet.
    pub(crate) async fn open(&self) -> Client {
        self.offer(&[]).await.0
    }

    /// A socket that offered sub-protocols, and the one that was chosen.
    pub(crate) async fn offer(&self, protocols: &[&str]) -> (Client, Option<String>) {
        let mut request = format!("ws://{}/ws", self.address).into_client_request().unwrap();
        if !protocols.is_empty() {
            request
                .headers_mut()
                .insert("sec-websocket-protocol", protocols.join(", ").parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (socket, response) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        let chosen = response
            .headers()
            .get("sec-websocket-protocol")
            .map(|value| value.to_str().unwrap().to_owned());
        (Client::new(socket), chosen)
    }

    /// A connection of this person, version 1.2, without heart-beats.
    pub(crate) async fn connect(&self, login: &str) -> Client {
        self.connect_with(Version::V1_2, &[("login", login)]).await
    }

    /// A raw socket to `/topic/{room}`; `query` says who and from where.
    pub(crate) async fn raw(&self, room: &str, query: &str) -> RawClient {
        let request = format!("ws://{}/raw/{room}?{query}", self.address);
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        RawClient { socket }
    }

    pub(crate) async fn connect_with(&self, version: Version, headers: &[(&str, &str)]) -> Client {
        let mut client = self.open().await;
        client.connect(version, headers).await;
        client
    }
}

pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<TcpStream>,
    decoder: Decoder,
    pub(crate) version: Version,
    pub(crate) heart_beats: usize,
}

/// How a connection ended, as the client saw it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// The last ERROR frame, if there was one.
    pub(crate) error: Option<Frame>,
    pub(crate) code: Option<u16>,
}

impl End {
    pub(crate) fn error(&self) -> &Frame {
        self.error.as_ref().expect("an ERROR frame")
    }
}

impl Client {
    fn new(socket: WebSocketStream<TcpStream>) -> Client {
        let limits = wire::Limits {
            body_bytes_max: 16 << 20,
            ..wire::Limits::default()
        };
        Client {
            socket,
            decoder: Decoder::new(limits),
            version: Version::V1_2,
            heart_beats: 0,
        }
    }

    pub(crate) async fn connect(&mut self, version: Version, headers: &[(&str, &str)]) -> Frame {
        let frame = headers
            .iter()
            .fold(Frame::new(Command::Connect), |frame, (name, value)| {
                frame.header(name, value)
            });
        let frame = frame
            .header("accept-version", version.as_str())
            .header("host", "localhost");
        self.send(&frame).await;
        let connected = self.recv().await;
        assert_eq!(
            (connected.command, connected.get("version")),
            (Command::Connected, Some(version.as_str()))
        );
        self.version = version;
        self.decoder.set_version(version);
        connected
    }

    pub(crate) async fn send(&mut self, frame: &Frame) {
        let mut bytes = Vec::new();
        wire::encode(frame, self.version, &mut bytes);
        self.send_raw(bytes).await;
    }

    pub(crate) async fn send_raw(&mut self, bytes: impl Into<Vec<u8>>) {
        let message = match String::from_utf8(bytes.into()) {
            Ok(text) => Message::text(text),
            Err(error) => Message::binary(error.into_bytes()),
        };
        self.socket.send(message).await.unwrap();
    }

    pub(crate) async fn socket_binary(&mut self, bytes: &[u8]) {
        self.socket.send(Message::binary(bytes.to_vec())).await.unwrap();
    }

    /// Each header as a pair.
    pub(crate) async fn frame(&mut self, command: Command, headers: &[(&str, &str)], body: &str) {
        let frame = headers
            .iter()
            .fold(Frame::new(command), |frame, (name, value)| frame.header(name, value));
        self.send(&frame.body(body.to_owned())).await;
    }

    pub(crate) async fn send_to(&mut self, destination: &str, body: &str, receipt: &str) {
        self.frame(
            Command::Send,
            &[("destination", destination), ("receipt", receipt)],
            body,
        )
        .await;
    }

    /// Subscribes and waits until it is live.
    pub(crate) async fn subscribe(&mut self, id: &str, destination: &str) {
        let receipt = format!("subscribed-{id}");
        let headers = [("id", id), ("destination", destination), ("receipt", &receipt)];
        self.frame(Command::Subscribe, &headers, "").await;
        self.receipt(&receipt).await;
    }

    /// The next frame, which has to be this RECEIPT.
    pub(crate) async fn receipt(&mut self, id: &str) -> Frame {
        let frame = self.recv().await;
        assert_eq!(
            (frame.command, frame.get("receipt-id")),
            (Command::Receipt, Some(id)),
            "{frame:?} {:?}",
            frame.body
        );
        frame
    }

    /// The next frame, which has to be a MESSAGE: its body.
    pub(crate) async fn message(&mut self) -> String {
        let frame = self.recv().await;
        assert_eq!(frame.command, Command::Message, "{frame:?} {:?}", frame.body);
        String::from_utf8(frame.body.to_vec()).unwrap()
    }

    pub(crate) async fn recv(&mut self) -> Frame {
        match self.next().await {
            Ok(frame) => frame,
            Err(code) => panic!("closed with {code:?} instead of a frame"),
        }
    }

    /// The next frame, or the code of the close frame; no code when the socket just ended.
    pub(crate) async fn next(&mut self) -> Result<Frame, Option<u16>> {
        loop {
            match self.decoder.next().expect("the server writes STOMP") {
                Some(Event::Frame(frame)) => return Ok(frame),
                Some(Event::HeartBeat) => self.heart_beats += 1,
                None => {
                    let message = timeout(PATIENCE, self.socket.next())
                        .await
                        .expect("something comes in time");
                    match message {
                        Some(Ok(Message::Text(text))) => self.decoder.push(text.as_bytes()),
                        Some(Ok(Message::Binary(bytes))) => self.decoder.push(&bytes),
                        Some(Ok(Message::Close(frame))) => {
                            // The answer is prepared already; the server waits for it.
                            let _ = self.socket.flush().await;
                            return Err(frame.map(|frame| frame.code.into()));
                        }
                        Some(Ok(_)) => {}
                        Some(Err(_)) | None => return Err(None),
                    }
                }
            }
        }
    }

    /// Reads to the end.
    pub(crate) async fn end(&mut self) -> End {
        let mut error = None;
        loop {
            match self.next().await {
                Ok(frame) => error = Some(frame).filter(|frame| frame.command == Command::Error).or(error),
                Err(code) => return End { error, code },
            }
        }
    }
}

/// A raw connection.
pub(crate) struct RawClient {
    pub(crate) socket: WebSocketStream<TcpStream>,
}

impl RawClient {
    pub(crate) async fn say(&mut self, body: &str) {
        self.socket.send(Message::text(body)).await.unwrap();
    }

    /// The next message, or the code of the close frame.
    pub(crate) async fn next(&mut self) -> Result<String, Option<u16>> {
        loop {
            match timeout(PATIENCE, self.socket.next())
                .await
                .expect("something comes in time")
            {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(frame))) => {
                    let _ = self.socket.flush().await;
                    return Err(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(Message::Binary(bytes))) => panic!("binary: {bytes:?}"),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    pub(crate) async fn hears(&mut self, body: &str) {
        assert_eq!(self.next().await.as_deref(), Ok(body));
    }
}
