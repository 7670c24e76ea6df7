//! How a connection is made.

use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, HeaderValue};
use wire::{Command, Frame, Version};

use super::log::{Entry, closed, frames};
use super::{ErrorFrame, Stomp};
use crate::ways::{Way, Wire};
use crate::{DEADLINE, Maru};

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
