use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;

use super::framed::FramedSession;
use super::session::HttpSession;
use crate::transport::websocket::Upgraded;
use crate::transport::{Closing, Gone, Incoming, Payload, Transport};
use crate::{App, Broker};

/// How long a peer may take to answer a goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// An open session, whatever carries it. Given to [`Broker::serve`] it speaks STOMP; otherwise it takes and gives messages.
pub struct Session(pub(super) Carrier);

pub(super) enum Carrier {
    Http(HttpSession),
    Framed(Box<FramedSession>),
    Raw(Box<Upgraded>),
}

/// The session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session is over")]
pub struct Over;

impl Session {
    /// The next message; none when the session is over.
    pub async fn recv(&mut self) -> Option<Bytes> {
        match &mut self.0 {
            Carrier::Http(session) => recv(session).await,
            Carrier::Framed(session) => recv(&mut **session).await,
            Carrier::Raw(socket) => recv(&mut **socket).await,
        }
    }

    /// Sends one message: waits until it has left, or, where the peer comes for it, until there is room for it to wait. What
    /// is not UTF-8 crosses only a WebSocket without frames; elsewhere it ends the session.
    ///
    /// # Errors
    /// The session is over.
    pub async fn send(&mut self, message: impl Into<Bytes>) -> Result<(), Over> {
        let payload = Payload::new(message);
        match &mut self.0 {
            Carrier::Http(session) => put(session, payload).await,
            Carrier::Framed(session) => send(&mut **session, payload).await,
            Carrier::Raw(socket) => send(&mut **socket, payload).await,
        }
        .map_err(|Gone| Over)
    }

    /// Ends it with a code and a reason.
    pub async fn close(mut self, code: u16, reason: &str) {
        let closing = async {
            match &mut self.0 {
                Carrier::Http(session) => close(session, code, reason).await,
                Carrier::Framed(session) => close(&mut **session, code, reason).await,
                Carrier::Raw(socket) => close(&mut **socket, code, reason).await,
            }
        };
        // What was not said in time waits for the peer where it can.
        let _ = tokio::time::timeout(GOODBYE, closing).await;
    }

    pub(crate) fn serve<A: App>(self, broker: &std::sync::Arc<Broker<A>>, handshake: A::Handshake) {
        match self.0 {
            Carrier::Http(session) => broker.start(session, handshake),
            Carrier::Framed(session) => broker.start(*session, handshake),
            Carrier::Raw(socket) => broker.start(*socket, handshake),
        }
    }
}

async fn recv<T: Transport>(transport: &mut T) -> Option<Bytes> {
    loop {
        match poll_fn(|cx| poll_recv(transport, cx)).await {
            Incoming::Data(message) => return Some(message),
            Incoming::Alive => {}
            Incoming::Closed(_) | Incoming::Broken | Incoming::TooLarge | Incoming::NotText => {
                // A transport may have a last word of its own.
                let _ = tokio::time::timeout(GOODBYE, flush(transport)).await;
                return None;
            }
        }
    }
}

/// Sends meanwhile what is left, and what the transport answers by itself.
fn poll_recv<T: Transport>(transport: &mut T, cx: &mut Context<'_>) -> Poll<Incoming> {
    let incoming = transport.poll_read(cx);
    if incoming.is_pending()
        && let Poll::Ready(Err(Gone)) = transport.poll_flush(cx)
    {
        return Poll::Ready(Incoming::Closed(Closing::Lost));
    }
    incoming
}

async fn put<T: Transport>(transport: &mut T, payload: Payload) -> Result<(), Gone> {
    poll_fn(|cx| transport.poll_ready(cx)).await?;
    transport.write(payload)
}

async fn send<T: Transport>(transport: &mut T, payload: Payload) -> Result<(), Gone> {
    put(transport, payload).await?;
    flush(transport).await
}

async fn close<T: Transport>(transport: &mut T, code: u16, reason: &str) {
    let said = async {
        poll_fn(|cx| transport.poll_ready_to_close(cx)).await?;
        transport.close(code, reason)?;
        flush(transport).await
    };
    if said.await.is_ok() {
        while recv(transport).await.is_some() {}
    }
}

async fn flush<T: Transport>(transport: &mut T) -> Result<(), Gone> {
    poll_fn(|cx| transport.poll_flush(cx)).await
}
