//! A STOMP client over WebSocket, as small as it can be: what it costs is taken from the server.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use wire::{Command, Decoder, Event, Frame, Limits, Version};

use crate::Result;
use crate::people::Person;

/// Both buffers of a socket; the frames here are far smaller.
const BUFFER_BYTES: usize = 4096;

/// A content of this many characters, as the peers were measured with.
const CONTENT_CHARS: usize = 200;

/// One connection. Every call may be dropped while it waits.
#[derive(Debug)]
pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
    decoder: Decoder,
}

impl Client {
    /// Connected as this person. `heart_beat` as in the header of CONNECT.
    pub(crate) async fn connect(port: u16, person: &Person, heart_beat: &str) -> Result<Client> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://127.0.0.1:{port}/ws").into_client_request()?;
        let protocol = HeaderValue::from_static("v12.stomp");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(BUFFER_BYTES);
        let (socket, _) = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
        let mut client = Client {
            socket,
            decoder: Decoder::new(Limits::default()),
        };
        let connect = Frame::new(Command::Connect)
            .header("accept-version", "1.2")
            .header("host", "localhost")
            .header("heart-beat", heart_beat)
            .header("Authorization", &format!("Bearer {}", person.token));
        client.send(&connect).await?;
        client.expect(Command::Connected).await?;
        Ok(client)
    }

    /// Subscribes to each, and waits until the last one is live.
    pub(crate) async fn subscribe(&mut self, destinations: &[&str]) -> Result<()> {
        for (number, destination) in destinations.iter().enumerate() {
            let mut frame = Frame::new(Command::Subscribe)
                .header("id", &format!("sub-{number}"))
                .header("destination", destination);
            if number + 1 == destinations.len() {
                frame = frame.header("receipt", "subscribed");
            }
            self.send(&frame).await?;
        }
        self.expect(Command::Receipt).await
    }

    pub(crate) async fn send(&mut self, frame: &Frame) -> Result<()> {
        let mut bytes = Vec::new();
        wire::encode(frame, Version::V1_2, &mut bytes);
        Ok(self.socket.send(Message::text(String::from_utf8(bytes)?)).await?)
    }

    /// A sign of life.
    pub(crate) async fn beat(&mut self) -> Result<()> {
        Ok(self.socket.send(Message::text("\n")).await?)
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Result<Frame> {
        loop {
            match self.decoder.next()? {
                Some(Event::Frame(frame)) => return Ok(frame),
                Some(Event::HeartBeat) => {}
                None => {
                    let message = self.socket.next().await.ok_or("the server closed")??;
                    if let Message::Close(frame) = message {
                        return Err(format!("the server closed: {frame:?}").into());
                    }
                    if matches!(message, Message::Text(_) | Message::Binary(_)) {
                        self.decoder.push(&message.into_data());
                    }
                }
            }
        }
    }

    /// Waits for a frame of this kind, past messages.
    async fn expect(&mut self, command: Command) -> Result<()> {
        loop {
            let frame = self.next().await?;
            if frame.command == command {
                return Ok(());
            }
            if frame.command != Command::Message {
                let body = String::from_utf8_lossy(&frame.body).into_owned();
                return Err(format!("{} instead of {}: {body}", frame.command.as_str(), command.as_str()).into());
            }
        }
    }
}

/// A SEND of a message of [`CONTENT_CHARS`] characters.
pub(crate) fn message(room: i64, client_message_id: &str) -> Frame {
    let content = "Could you tell me when my parcel will be here? ".repeat(CONTENT_CHARS / 40);
    let body = serde_json::json!({
        "sessionId": room,
        "content": &content[..CONTENT_CHARS],
        "messageType": "TEXT",
        "clientMessageId": client_message_id,
    });
    Frame::new(Command::Send)
        .header("destination", "/app/chat.sendMessage")
        .header("content-type", "application/json")
        .body(body.to_string())
}

/// The `clientMessageId` of a delivered message.
pub(crate) fn client_message_id(frame: &Frame) -> Option<&str> {
    let body = std::str::from_utf8(&frame.body).ok()?;
    let (_, after) = body.split_once("\"clientMessageId\":\"")?;
    after.split_once('"').map(|(id, _)| id)
}
