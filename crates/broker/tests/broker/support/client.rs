//! Clients that read and write real sockets: of STOMP, and of bodies alone.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use wire::{Command, Decoder, Event, Frame, Version};

use super::PATIENCE;

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
    pub(super) fn new(socket: WebSocketStream<TcpStream>) -> Client {
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
