//! A whole connection: whatever its octets and however they are split, the server says the same, in frames of STOMP, and
//! nothing is left of the connection at its end.
//!
//! Of the input the first octet chooses the size of the pieces.

#![no_main]

use std::sync::{Arc, OnceLock, Weak};

use broker::{
    Accepted, App, Broker, Cause, Completion, Connection, Counts, Grant, Limits, Publication, Refusal, RefusedAt,
    SendFrame, Topic,
};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wire::Frame;

/// More than all that a server can have to say to so little.
const PIPE_BYTES: usize = 1 << 20;

/// Publishes what it is sent. Weak: the broker holds it, and each run has one of both.
#[derive(Default)]
struct Open(OnceLock<Weak<Broker<Open>>>);

impl App for Open {
    type Identity = ();
    type Handshake = ();

    async fn connect(&self, (): &(), frame: &Frame) -> Result<Accepted<()>, Refusal> {
        match frame.get("login") {
            Some("no") => Err(Refusal::new("unauthenticated", "No.")),
            _ => Ok(Accepted {
                user: 1,
                user_name: "guest".to_owned(),
                identity: (),
                expires_at: None,
            }),
        }
    }

    async fn subscribe(&self, _: &Arc<Connection<Open>>, to: &str, after: Option<&str>) -> Result<Grant, Refusal> {
        match after {
            None if to == "no" => Err(Refusal::new("forbidden", "No.")),
            None => Ok(Grant::live(Topic::from(to))),
            Some(_) => Ok(Grant::resume(Topic::from(to), 0)),
        }
    }

    async fn subscribed(&self, _: &Arc<Connection<Open>>, _: &Topic) {}

    async fn unsubscribed(&self, _: &Arc<Connection<Open>>, _: &Topic, _: Cause) {}

    async fn send(&self, _: &Arc<Connection<Open>>, send: SendFrame) -> Result<Completion, Refusal> {
        if send.destination() == "no" {
            return Err(Refusal::new("forbidden", "No."));
        }
        if let Some(broker) = self.0.get().and_then(Weak::upgrade) {
            broker.publish(&Topic::from(send.destination()), &Publication::json(send.body.clone()));
        }
        Ok(Completion::done())
    }

    async fn replay(&self, _: &Topic, after: u64, _: usize) -> Result<Vec<Publication>, Refusal> {
        Ok((after + 1..=3)
            .map(|position| Publication::json("old").at(position))
            .collect())
    }

    async fn level(&self, _: &Arc<Connection<Open>>, _: &Topic) -> Result<Option<Publication>, Refusal> {
        Ok(Some(Publication::json("level").at(3)))
    }

    fn errors_topic(&self, _: &Arc<Connection<Open>>) -> Topic {
        Topic::from("errors")
    }

    async fn closed(&self, _: &Arc<Connection<Open>>, _: Cause) {}

    fn refusal_body(&self, refusal: &Refusal, _: RefusedAt<'_, Open>) -> Bytes {
        Bytes::from(refusal.code)
    }
}

/// What the server says to these octets.
async fn talk(bytes: &[u8], piece: usize) -> Vec<u8> {
    let app = Arc::new(Open::default());
    let broker = Broker::new(Arc::clone(&app), Limits::default());
    assert!(app.0.set(Arc::downgrade(&broker)).is_ok());
    let (mut peer, stream) = tokio::io::duplex(PIPE_BYTES);
    broker.accept(stream, ());
    for piece in bytes.chunks(piece) {
        if peer.write_all(piece).await.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let _ = peer.shutdown().await;
    let mut said = Vec::new();
    let _ = peer.read_to_end(&mut said).await;
    drop(peer);
    broker.drain(std::time::Duration::ZERO).await;
    assert_eq!(broker.counts(), Counts::default());
    said
}

fuzz_target!(|input: &[u8]| {
    let [size, bytes @ ..] = input else {
        return;
    };
    // Time stands still, but where all wait for it.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let whole = runtime.block_on(talk(bytes, usize::MAX));
    let split = runtime.block_on(talk(bytes, usize::from(*size).max(1)));
    assert_eq!(String::from_utf8_lossy(&whole), String::from_utf8_lossy(&split));
});
