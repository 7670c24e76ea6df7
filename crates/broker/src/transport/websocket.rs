use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Error;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use bytes::Bytes;
use futures_util::{Sink, Stream};
use tokio_tungstenite::tungstenite;

use super::{Closing, Gone, Incoming, Payload, Transport};

/// Sub-protocols that a handshake may choose from, the best first.
pub(crate) const STOMP: &[&str] = &["v12.stomp", "v11.stomp", "v10.stomp"];
/// Offered by a page that can set no header, with its token beside it.
pub(crate) const BEARER: &[&str] = &["bearer"];
/// Held by every connection while it is idle, so small.
const READ_BUFFER_BYTES: usize = 1024;
/// What gathers before a write goes out by itself; a turn ends with a flush anyway.
const WRITE_BUFFER_BYTES: usize = 8 * 1024;
/// The longest reason that fits a close frame.
const CLOSE_REASON_BYTES_MAX: usize = 123;

/// Sets up the handshake's answer: one of `protocols`, buffers, and messages up to `message_bytes_max`.
pub(crate) fn prepare(
    upgrade: WebSocketUpgrade,
    protocols: &'static [&'static str],
    message_bytes_max: usize,
) -> WebSocketUpgrade {
    upgrade
        .protocols(protocols.iter().copied())
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_message_size(message_bytes_max)
        .max_frame_size(message_bytes_max)
}

impl Transport for WebSocket {
    const NAME: &'static str = "websocket";

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        Pin::new(self).poll_next(cx).map(incoming)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        Pin::new(self).poll_ready(cx).map_err(|_| Gone)
    }

    fn write(&mut self, payload: Payload) -> Result<(), Gone> {
        let message = match payload {
            Payload::Text(text) => Message::Text(text),
            Payload::Binary(bytes) => Message::Binary(bytes),
        };
        Pin::new(self).start_send(message).map_err(|_| Gone)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        Pin::new(self).poll_flush(cx).map_err(|_| Gone)
    }

    fn ping(&mut self) -> Result<(), Gone> {
        Pin::new(self).start_send(Message::Ping(Bytes::new())).map_err(|_| Gone)
    }

    fn close(&mut self, code: u16, reason: &str) -> Result<(), Gone> {
        let end = reason.floor_char_boundary(CLOSE_REASON_BYTES_MAX);
        let frame = CloseFrame {
            code,
            reason: Utf8Bytes::from(&reason[..end]),
        };
        Pin::new(self).start_send(Message::Close(Some(frame))).map_err(|_| Gone)
    }
}

/// What the next item of a socket tells.
pub(crate) fn incoming(item: Option<Result<Message, Error>>) -> Incoming {
    match item {
        None => Incoming::Closed(Closing::Lost),
        Some(Ok(Message::Text(text))) => Incoming::Data(Bytes::from(text)),
        Some(Ok(Message::Binary(bytes))) => Incoming::Data(bytes),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Incoming::Alive,
        Some(Ok(Message::Close(frame))) => Incoming::Closed(Closing::Code(frame.map(|frame| frame.code))),
        Some(Err(error)) => classify(error),
    }
}

fn classify(error: Error) -> Incoming {
    use tungstenite::error::ProtocolError::ResetWithoutClosingHandshake;
    let error = error.into_inner();
    match error.downcast_ref::<tungstenite::Error>() {
        Some(tungstenite::Error::Capacity(_)) => Incoming::TooLarge,
        Some(tungstenite::Error::Protocol(ResetWithoutClosingHandshake)) => Incoming::Closed(Closing::Lost),
        Some(tungstenite::Error::Protocol(_) | tungstenite::Error::Utf8(_)) => Incoming::Broken,
        _ => Incoming::Closed(Closing::Lost),
    }
}
