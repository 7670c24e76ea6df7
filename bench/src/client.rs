//! A STOMP client over WebSocket, as small as it can be: what it costs is taken from the server.

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use wire::{Command, Decoder, Event, Frame, Limits, Version};

use crate::Result;
use crate::kind::Kind;
use crate::people::Person;

/// Both buffers of a socket; the frames here are far smaller.
const BUFFER_BYTES: usize = 4096;
/// The kernel's buffer of somebody who does not read.
const STALLED_BUFFER_BYTES: u32 = 4096;
/// Frames that wait for a [`Speaker`]; who orders more waits.
const ORDERS: usize = 64;

/// Where to connect, and to what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door {
    pub(crate) kind: Kind,
    pub(crate) port: u16,
}

/// One connection. Every call may be dropped while it waits.
#[derive(Debug)]
pub(crate) struct Client {
    kind: Kind,
    socket: WebSocketStream<TcpStream>,
    decoder: Decoder,
}

impl Client {
    /// Connected as this person. `heart_beat` as in the header of CONNECT.
    pub(crate) async fn connect(door: Door, person: &Person, heart_beat: &str) -> Result<Client> {
        let stream = TcpStream::connect(("127.0.0.1", door.port)).await?;
        Client::over(stream, door.kind, person, heart_beat).await
    }

    /// The same with so little room in the kernel that the server feels soon that nobody reads.
    pub(crate) async fn connect_to_stall(door: Door, person: &Person) -> Result<Client> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(STALLED_BUFFER_BYTES)?;
        let stream = socket.connect(([127, 0, 0, 1], door.port).into()).await?;
        Client::over(stream, door.kind, person, "0,0").await
    }

    async fn over(stream: TcpStream, kind: Kind, person: &Person, heart_beat: &str) -> Result<Client> {
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{}/ws", stream.peer_addr()?).into_client_request()?;
        let protocol = HeaderValue::from_static("v12.stomp");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(BUFFER_BYTES);
        let (socket, _) = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
        let mut client = Client {
            kind,
            socket,
            decoder: Decoder::new(Limits::default()),
        };
        client
            .send(&kind.connect(person).header("heart-beat", heart_beat))
            .await?;
        client.expect(Command::Connected).await?;
        Ok(client)
    }

    /// Subscribes to each, and waits until the last one is live where the server says so. Ids: sub-0, sub-1, …
    pub(crate) async fn subscribe(&mut self, destinations: &[&str]) -> Result<()> {
        let has_receipts = self.kind.has_receipts();
        for (number, destination) in destinations.iter().enumerate() {
            let mut frame = Frame::new(Command::Subscribe)
                .header("id", &format!("sub-{number}"))
                .header("destination", destination);
            if has_receipts && number + 1 == destinations.len() {
                frame = frame.header("receipt", "subscribed");
            }
            self.send(&frame).await?;
        }
        if has_receipts {
            self.expect(Command::Receipt).await?;
        }
        Ok(())
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

    /// The next message; anything else is an error.
    pub(crate) async fn message(&mut self) -> Result<Frame> {
        let frame = self.next().await?;
        if frame.command == Command::Message {
            return Ok(frame);
        }
        Err(format!("{} in the middle: {}", frame.command.as_str(), text(&frame)).into())
    }

    /// Waits for a frame of this kind, past messages.
    pub(crate) async fn expect(&mut self, command: Command) -> Result<Frame> {
        loop {
            let frame = self.next().await?;
            if frame.command == command {
                return Ok(frame);
            }
            if frame.command != Command::Message {
                let (came, wanted) = (frame.command.as_str(), command.as_str());
                return Err(format!("{came} instead of {wanted}: {}", text(&frame)).into());
            }
        }
    }
}

/// Somebody who says what is ordered, and hears nothing that matters.
#[derive(Debug)]
pub(crate) struct Speaker {
    orders: mpsc::Sender<Frame>,
    task: JoinHandle<Result<()>>,
}

impl Speaker {
    pub(crate) fn new(mut client: Client) -> Speaker {
        let (orders, mut ordered) = mpsc::channel(ORDERS);
        let task = tokio::spawn(async move {
            loop {
                // Both only wait: what is dropped has taken nothing.
                tokio::select! {
                    order = ordered.recv() => match order {
                        Some(frame) => client.send(&frame).await?,
                        None => return Ok(()),
                    },
                    frame = client.next() => drop(frame?),
                }
            }
        });
        Speaker { orders, task }
    }

    pub(crate) async fn say(&self, frame: Frame) -> Result<()> {
        Ok(self.orders.send(frame).await?)
    }

    pub(crate) async fn end(self) -> Result<()> {
        drop(self.orders);
        self.task.await?
    }
}

/// The `clientMessageId` of a delivered message.
pub(crate) fn client_message_id(frame: &Frame) -> Option<&str> {
    field(frame, "\"clientMessageId\":\"")?.split('"').next()
}

/// The `seq` of a delivered message.
pub(crate) fn seq(frame: &Frame) -> Option<u64> {
    let digits = field(frame, "\"seq\":")?;
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// What stands in the body behind a name: every body here is flat where it matters.
fn field<'a>(frame: &'a Frame, name: &str) -> Option<&'a str> {
    let body = std::str::from_utf8(&frame.body).ok()?;
    body.split_once(name).map(|(_, after)| after)
}

pub(crate) fn text(frame: &Frame) -> String {
    String::from_utf8_lossy(&frame.body).into_owned()
}
