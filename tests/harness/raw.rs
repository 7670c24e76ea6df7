//! A client of one room without STOMP, as a page's `new WebSocket("/chat/42")`: JSON in, JSON out, everything remembered.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{self, Message};

use crate::{Closed, DEADLINE, Maru, Person};

/// A handshake to come.
#[derive(Clone, Debug)]
pub struct RawConnect {
    url: String,
    headers: Vec<(String, String)>,
}

/// A live connection; dropping it cuts the socket.
#[derive(Debug)]
pub struct Raw {
    shared: Arc<Shared>,
    outgoing: mpsc::UnboundedSender<Message>,
    /// Of the answer to the handshake.
    pub headers: HeaderMap,
    at: usize,
}

#[derive(Debug, Default)]
struct Shared {
    events: Mutex<Vec<Value>>,
    closed: Mutex<Option<Closed>>,
    news: Notify,
}

impl RawConnect {
    /// To a room, as nobody. `room` may carry a query.
    pub fn to(maru: &Maru, room: &str) -> RawConnect {
        RawConnect {
            url: format!("ws://127.0.0.1:{}/chat/{room}", maru.port),
            headers: Vec::new(),
        }
    }

    /// `Authorization` on the handshake.
    #[must_use]
    pub fn by(self, person: &Person) -> RawConnect {
        self.header("authorization", &format!("Bearer {}", person.token))
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> RawConnect {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Connected.
    ///
    /// # Panics
    /// When the server does not want it.
    pub async fn ok(self) -> Raw {
        match self.attempt().await {
            Ok(raw) => raw,
            Err((status, body)) => panic!("the handshake was refused: {status} {body}"),
        }
    }

    /// Connected, or the status and the JSON that refused the handshake.
    pub async fn attempt(self) -> Result<Raw, (u16, Value)> {
        let mut request = self.url.into_client_request().unwrap();
        for (name, value) in &self.headers {
            let name = HeaderName::try_from(name.as_str()).unwrap();
            request
                .headers_mut()
                .insert(name, HeaderValue::try_from(value).unwrap());
        }
        let connecting = tokio_tungstenite::connect_async(request);
        let connected = tokio::time::timeout(DEADLINE, connecting).await;
        match connected.expect("an answer to the handshake") {
            Ok((socket, response)) => Ok(Raw::over(socket, response.headers().clone())),
            Err(tungstenite::Error::Http(response)) => {
                let body = response.body().clone().unwrap_or_default();
                Err((
                    response.status().as_u16(),
                    serde_json::from_slice(&body).unwrap_or_default(),
                ))
            }
            Err(other) => panic!("{other}"),
        }
    }
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

impl Raw {
    fn over(socket: Socket, headers: HeaderMap) -> Raw {
        let shared = Arc::new(Shared::default());
        let (outgoing, orders) = mpsc::unbounded_channel();
        tokio::spawn(carry(socket, shared.clone(), orders));
        Raw {
            shared,
            outgoing,
            headers,
            at: 0,
        }
    }

    /// Writes JSON.
    pub fn send(&self, body: Value) {
        self.send_text(&body.to_string());
    }

    /// Writes anything.
    pub fn send_text(&self, text: &str) {
        let _ = self.outgoing.send(Message::text(text));
    }

    /// The next event from here for which `wanted` holds; those before it are passed over.
    ///
    /// # Panics
    /// When none comes.
    pub async fn find(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let from = self.at;
        let look = |shared: &Shared| {
            let events = shared.events.lock().unwrap_or_else(PoisonError::into_inner);
            let found = events.iter().enumerate().skip(from).find(|(_, event)| wanted(event));
            found.map(|(at, event)| (at, event.clone()))
        };
        let (at, event) = self.wait(what, look).await;
        self.at = at + 1;
        event
    }

    /// The next event, whatever it is.
    pub async fn next(&mut self) -> Value {
        self.find("an event", |_| true).await
    }

    /// The next event of this `type`.
    pub async fn of_type(&mut self, kind: &str) -> Value {
        self.find(kind, |event| event["type"] == kind).await
    }

    /// The next message with this content.
    pub async fn message(&mut self, content: &str) -> Value {
        self.find(content, |event| {
            event["type"] == "MESSAGE" && event["content"] == content
        })
        .await
    }

    /// All events so far.
    pub fn all(&self) -> Vec<Value> {
        let events = self.shared.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.clone()
    }

    /// How the server ended it.
    pub async fn closed(&self) -> Closed {
        self.wait("the end of the connection", |shared| {
            shared.closed.lock().unwrap_or_else(PoisonError::into_inner).clone()
        })
        .await
    }

    async fn wait<T>(&self, what: &str, look: impl Fn(&Shared) -> Option<T>) -> T {
        let waiting = async {
            loop {
                let news = self.shared.news.notified();
                tokio::pin!(news);
                news.as_mut().enable();
                if let Some(found) = look(&self.shared) {
                    return found;
                }
                news.await;
            }
        };
        match tokio::time::timeout(DEADLINE, waiting).await {
            Ok(found) => found,
            Err(_) => panic!("waited in vain for {what}; what came: {:#?}", self.all()),
        }
    }
}

async fn carry(socket: Socket, shared: Arc<Shared>, mut orders: mpsc::UnboundedReceiver<Message>) {
    let (mut write, mut read) = socket.split();
    let mut close = Closed {
        code: 1006,
        reason: String::new(),
    };
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(order) => drop(write.send(order).await),
                None => return,
            },
            incoming = read.next() => match incoming {
                Some(Ok(Message::Text(text))) => {
                    let event = serde_json::from_str(&text).expect("every frame is JSON");
                    shared.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
                    shared.news.notify_waiters();
                }
                Some(Ok(Message::Close(Some(frame)))) => {
                    close = Closed { code: frame.code.into(), reason: frame.reason.to_string() };
                }
                Some(Ok(Message::Binary(_))) => panic!("a binary frame"),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            },
        }
    }
    *shared.closed.lock().unwrap_or_else(PoisonError::into_inner) = Some(close);
    shared.news.notify_waiters();
}
