//! A peer of SockJS that shows every request it makes.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;

use super::{PATIENCE, Server};

static SESSIONS: AtomicU32 = AtomicU32::new(1);

pub(crate) struct Peer {
    http: reqwest::Client,
    pub(crate) base: String,
    pub(crate) session: String,
    pub(crate) caller: Option<&'static str>,
    /// How it listens.
    transport: &'static str,
    response: Option<Response>,
    unread: String,
    /// Messages of an array that came.
    pub(crate) frames: VecDeque<String>,
    /// How many responses it listened to since it last chose how.
    pub(crate) responses: usize,
}

impl Peer {
    pub(crate) fn new(server: &Server) -> Peer {
        Peer {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            base: format!("http://{}/sockjs", server.address),
            session: format!("s{}", SESSIONS.fetch_add(1, Ordering::Relaxed)),
            caller: None,
            transport: "xhr",
            response: None,
            unread: String::new(),
            frames: VecDeque::new(),
            responses: 0,
        }
    }

    /// With an open session that polls.
    pub(crate) async fn open(server: &Server) -> Peer {
        let peer = Peer::new(server);
        assert_eq!(peer.xhr().await, "o\n");
        peer
    }

    /// Connected as kim and subscribed, between two polls.
    pub(crate) async fn subscribed(server: &Server, destination: &str) -> Peer {
        let mut peer = Peer::open(server).await;
        peer.connect().await;
        peer.say(&[&format!("SUBSCRIBE\nid:1\ndestination:{destination}\nreceipt:s\n\n\0")])
            .await;
        assert!(peer.message().await.contains("receipt-id:s"));
        peer
    }

    pub(crate) async fn connect(&mut self) {
        self.say(&["CONNECT\naccept-version:1.2\nhost:h\nlogin:kim\n\n\0"])
            .await;
        assert!(self.message().await.starts_with("CONNECTED\n"));
    }

    pub(crate) fn path(&self, transport: &str) -> String {
        format!("/0/{}/{transport}", self.session)
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match self.caller {
            Some(caller) => request.header("x-caller", caller),
            None => request,
        }
    }

    pub(crate) async fn open_response(&self, transport: &str) -> Response {
        let method = if transport == "eventsource" {
            Method::GET
        } else {
            Method::POST
        };
        self.request(method, &self.path(transport)).send().await.unwrap()
    }

    /// The body of one poll.
    pub(crate) async fn xhr(&self) -> String {
        let poll = async { self.open_response("xhr").await.text().await.unwrap() };
        timeout(PATIENCE, poll).await.expect("a poll ends in time")
    }

    pub(crate) async fn post(&self, body: String) -> Response {
        let request = self.request(Method::POST, &self.path("xhr_send"));
        request.body(body).send().await.unwrap()
    }

    pub(crate) async fn send(&self, body: &str) -> StatusCode {
        self.post(body.to_owned()).await.status()
    }

    pub(crate) async fn say(&self, messages: &[&str]) {
        let body = serde_json::to_string(messages).unwrap();
        assert_eq!(self.send(&body).await, StatusCode::NO_CONTENT);
    }

    pub(crate) async fn publish(&self, destination: &str, body: &str) {
        self.say(&[&format!("SEND\ndestination:{destination}\n\n{body}\0")])
            .await;
    }

    /// Listens this way from now on; the session is attached when it returns.
    pub(crate) async fn listen(&mut self, transport: &'static str) {
        self.transport = transport;
        self.responses = 1;
        self.response = Some(self.open_response(transport).await);
    }

    /// Lets go of the socket in the middle of a response.
    pub(crate) fn cut(&mut self) {
        self.response = None;
    }

    /// The next frame, asking again where a response has ended.
    pub(crate) async fn frame(&mut self) -> String {
        timeout(PATIENCE, self.next_frame()).await.expect("a frame in time")
    }

    async fn next_frame(&mut self) -> String {
        loop {
            if let Some(frame) = self.unread_frame() {
                return frame;
            }
            let chunk = match &mut self.response {
                Some(response) => response.chunk().await.unwrap(),
                None => None,
            };
            match chunk {
                Some(chunk) => self.unread += std::str::from_utf8(&chunk).unwrap(),
                None => {
                    self.responses += 1;
                    self.response = Some(self.open_response(self.transport).await);
                }
            }
        }
    }

    fn unread_frame(&mut self) -> Option<String> {
        loop {
            let (line, rest) = self.unread.split_once('\n')?;
            let (line, rest) = (line.trim_end_matches('\r').to_owned(), rest.to_owned());
            self.unread = rest;
            let is_prelude = line.is_empty() || line.len() == 2048;
            match line.strip_prefix("data: ") {
                Some(data) => {
                    let escaped = data.matches("%25").count();
                    assert_eq!(data.matches('%').count(), escaped, "its client decodes {data}");
                    return Some(data.replace("%25", "%"));
                }
                None if is_prelude => {}
                None => return Some(line),
            }
        }
    }

    /// The next message, which has to be one.
    pub(crate) async fn message(&mut self) -> String {
        if let Some(message) = self.frames.pop_front() {
            return message;
        }
        let frame = self.frame().await;
        let array = frame
            .strip_prefix('a')
            .unwrap_or_else(|| panic!("{frame} is no message"));
        self.frames = serde_json::from_str(array).unwrap();
        self.frames.pop_front().expect("no empty array")
    }

    /// The body of the next MESSAGE.
    pub(crate) async fn body(&mut self) -> String {
        let message = self.message().await;
        assert!(message.starts_with("MESSAGE\n"), "{message}");
        let (_, body) = message.split_once("\n\n").unwrap();
        body.trim_end_matches('\0').to_owned()
    }
}

pub(crate) async fn socket(server: &Server, path: &str) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(server.address).await.unwrap();
    let url = format!("ws://{}/sockjs{path}", server.address);
    tokio_tungstenite::client_async(url, stream).await.unwrap().0
}
