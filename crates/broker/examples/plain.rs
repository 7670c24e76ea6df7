//! An open STOMP broker over WebSocket: everybody may publish and subscribe anywhere, nothing is stored.
//!
//! `cargo run --example plain -- 127.0.0.1:15674`, then connect to `ws://127.0.0.1:15674/ws`.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use axum::extract::ws::WebSocketUpgrade;
use axum::routing::any;
use axum::serve::ListenerExt;
use broker::{
    Accepted, App, Broker, Cause, Completion, Connection, Grant, Limits, Publication, Refusal, RefusedAt, SendFrame,
    Topic,
};
use bytes::Bytes;
use wire::Frame;

/// Headers of a SEND that are for the server only, or that the server sets itself.
const NOT_PASSED_ON: [&str; 9] = [
    "destination",
    "content-type",
    "content-length",
    "receipt",
    "transaction",
    "message-id",
    "subscription",
    "ack",
    "authorization",
];

struct Plain {
    broker: OnceLock<Arc<Broker<Plain>>>,
}

impl App for Plain {
    type Identity = ();
    type Handshake = ();

    async fn connect(&self, (): &(), frame: &Frame) -> Result<Accepted<()>, Refusal> {
        let user_name = frame.get("login").unwrap_or("guest").to_owned();
        Ok(Accepted {
            user: 0,
            user_name,
            identity: (),
            expires_at: None,
        })
    }

    async fn subscribe(&self, _: &Arc<Connection<Self>>, at: &str, _: Option<&str>) -> Result<Grant, Refusal> {
        Ok(Grant::live(Topic::from(at)))
    }

    async fn send(&self, _: &Arc<Connection<Self>>, send: SendFrame) -> Result<Completion, Refusal> {
        let passed_on = send.headers.iter().filter(|(name, _)| !NOT_PASSED_ON.contains(name));
        let publication = Publication {
            content_type: send.headers.get("content-type").map(|of| Cow::Owned(of.to_owned())),
            headers: passed_on
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            ..Publication::json(send.body.clone())
        };
        let broker = self.broker.get().expect("connections come after the broker");
        broker.publish(&Topic::from(send.destination()), &publication);
        Ok(Completion::done())
    }

    async fn replay(&self, _: &Topic, _: u64, _: usize) -> Result<Vec<Publication>, Refusal> {
        Ok(Vec::new())
    }

    async fn level(&self, _: &Arc<Connection<Self>>, _: &Topic) -> Result<Option<Publication>, Refusal> {
        Ok(None)
    }

    async fn subscribed(&self, _: &Arc<Connection<Self>>, _: &Topic) {}

    async fn unsubscribed(&self, _: &Arc<Connection<Self>>, _: &Topic, _: Cause) {}

    async fn closed(&self, _: &Arc<Connection<Self>>, _: Cause) {}

    fn errors_topic(&self, connection: &Arc<Connection<Self>>) -> Topic {
        Topic::from(format!("/errors/{}", connection.id()))
    }

    fn refusal_body(&self, refusal: &Refusal, _: RefusedAt<'_, Self>) -> Bytes {
        format!("{{\"code\":\"{}\"}}", refusal.code).into()
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let plain = Arc::new(Plain {
        broker: OnceLock::new(),
    });
    let limits = Limits {
        connections_per_user: 0,
        ..Limits::default()
    };
    let broker = Broker::new(Arc::clone(&plain), limits);
    let set = plain.broker.set(Arc::clone(&broker));
    assert!(set.is_ok(), "set once");
    let upgrade = move |upgrade: WebSocketUpgrade| async move { broker.upgrade(upgrade, ()) };
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:15674".to_owned());
    let listener = tokio::net::TcpListener::bind(&address).await?;
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    println!("ws://{address}/ws");
    axum::serve(listener, axum::Router::new().route("/ws", any(upgrade))).await
}
