//! What carries STOMP: the same client speaks it over a WebSocket, a stream of TCP, and every transport of SockJS.

use std::collections::VecDeque;
use std::future::ready;
use std::pin::Pin;

use futures_util::stream::{self, Stream};
use futures_util::{Sink, SinkExt, StreamExt, sink};
use reqwest::Method;
use reqwest::header::HeaderMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use uuid::Uuid;

/// How a client connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// STOMP in a WebSocket.
    Plain,
    /// SockJS in a WebSocket.
    SockJsWebSocket,
    /// SockJS over HTTP: `xhr`, `xhr_streaming` or `eventsource`.
    SockJs(&'static str),
    /// To this port.
    Tcp(u16),
}

/// Both directions of a connection: payloads, and how it was closed.
pub(crate) struct Wire {
    pub(crate) read: Pin<Box<dyn Stream<Item = Message> + Send>>,
    pub(crate) write: Pin<Box<dyn Sink<Message, Error = ()> + Send>>,
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<TcpStream>>;

impl Wire {
    pub(crate) fn plain(socket: Socket) -> Wire {
        let (write, read) = socket.split();
        let read = read
            .take_while(|item| ready(item.is_ok()))
            .filter_map(|item| ready(item.ok()));
        Wire {
            read: Box::pin(read),
            write: Box::pin(write.sink_map_err(drop)),
        }
    }

    pub(crate) fn framed(socket: Socket) -> Wire {
        let Wire { read, write } = Wire::plain(socket);
        let unframed = |message: Message| match message {
            Message::Text(frame) => stream::iter(messages(&frame)),
            // Said by the `c` frame before.
            _ => stream::iter(Vec::new()),
        };
        Wire {
            read: Box::pin(read.flat_map(unframed)),
            write: Box::pin(write.with(|message: Message| ready(Ok(Message::text(array(&message)))))),
        }
    }

    pub(crate) async fn tcp(port: u16) -> std::io::Result<Wire> {
        let (read, write) = TcpStream::connect(("127.0.0.1", port)).await?.into_split();
        let read = stream::unfold(read, async |mut read| {
            let mut octets = vec![0; 16 * 1024];
            let length = read.read(&mut octets).await.ok().filter(|length| *length > 0)?;
            octets.truncate(length);
            Some((Message::binary(octets), read))
        });
        let write = sink::unfold(write, async |mut write, message: Message| {
            write.write_all(&message.into_data()).await.map_err(drop)?;
            Ok(write)
        });
        Ok(Wire {
            read: Box::pin(read),
            write: Box::pin(write),
        })
    }

    /// A new session below `base`. Each request carries `headers`. None if it is refused.
    pub(crate) async fn sockjs(base: &str, transport: &'static str, headers: HeaderMap) -> Option<Wire> {
        let http = reqwest::Client::builder().default_headers(headers).build().unwrap();
        let session = format!("{base}/000/{}", Uuid::new_v4().simple());
        let post = (http.clone(), format!("{session}/xhr_send"));
        let mut listener = Listener {
            http,
            url: format!("{session}/{transport}"),
            response: None,
            unread: String::new(),
            messages: VecDeque::new(),
        };
        listener.response = Some(listener.listen().await?);
        let write = sink::unfold(post, async |(http, url), message: Message| {
            let posted = http.post(&url).body(array(&message)).send().await.map_err(drop)?;
            posted.error_for_status().map_err(drop)?;
            Ok((http, url))
        });
        Some(Wire {
            read: Box::pin(stream::unfold(Some(listener), Listener::next)),
            write: Box::pin(write),
        })
    }
}

/// The peer's end of a session over HTTP.
struct Listener {
    http: reqwest::Client,
    url: String,
    response: Option<reqwest::Response>,
    unread: String,
    messages: VecDeque<Message>,
}

impl Listener {
    /// The next message; nothing more after the one that closes.
    async fn next(listener: Option<Listener>) -> Option<(Message, Option<Listener>)> {
        let mut listener = listener?;
        let message = listener.message().await?;
        let is_last = matches!(message, Message::Close(_));
        Some((message, Some(listener).filter(|_| !is_last)))
    }

    async fn message(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.messages.pop_front() {
                return Some(message);
            }
            if let Some((line, rest)) = self.unread.split_once('\n') {
                let line = line.trim_end_matches('\r');
                let data = line.strip_prefix("data: ").map(|data| data.replace("%25", "%"));
                self.messages = messages(data.as_deref().unwrap_or(line)).into();
                self.unread = rest.to_owned();
                continue;
            }
            let chunk = match &mut self.response {
                Some(response) => response.chunk().await.ok()?,
                None => None,
            };
            match chunk {
                Some(chunk) => self.unread += std::str::from_utf8(&chunk).unwrap(),
                None => self.response = Some(self.listen().await?),
            }
        }
    }

    async fn listen(&self) -> Option<reqwest::Response> {
        let method = if self.url.ends_with("/eventsource") {
            Method::GET
        } else {
            Method::POST
        };
        let response = self.http.request(method, &self.url).send().await.ok()?;
        response.error_for_status().ok()
    }
}

/// What a frame of SockJS carries.
fn messages(frame: &str) -> Vec<Message> {
    if let Some(array) = frame.strip_prefix('a') {
        let texts: Vec<String> = serde_json::from_str(array).unwrap();
        return texts.into_iter().map(Message::text).collect();
    }
    let Some(close) = frame.strip_prefix('c') else {
        return Vec::new();
    };
    let (code, reason): (u16, String) = serde_json::from_str(close).unwrap();
    vec![Message::Close(Some(CloseFrame {
        code: code.into(),
        reason: reason.into(),
    }))]
}

fn array(message: &Message) -> String {
    serde_json::to_string(&[message.to_text().expect("SockJS carries text")]).unwrap()
}
