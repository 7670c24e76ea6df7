//! An open STOMP broker: everybody who says guest, guest may publish and subscribe anywhere, nothing is stored.
//!
//! `cargo run --example plain -- --http 127.0.0.1:8085 --tcp 127.0.0.1:61613`, then connect to
//! `ws://127.0.0.1:8085/ws`, by SockJS to `http://127.0.0.1:8085/stomp`, or by TCP.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::any;
use axum::serve::ListenerExt;
use broker::sockjs::{Options, Service, Session, SockJs};
use broker::{
    Accepted, App, Broker, Cause, Close, Completion, Connection, Grant, Limits, Publication, Refusal, RefusedAt,
    SendFrame, Topic, Upgrade, code,
};
use bytes::Bytes;
use tokio::net::TcpListener;
use wire::Frame;

const PREFIXES: [&str; 3] = ["/topic/", "/queue/", "/exchange/"];
/// Headers of a SEND that are for the server only. What speaks for the server in a MESSAGE, the broker leaves out.
const NOT_PASSED_ON: [&str; 5] = ["destination", "content-type", "receipt", "transaction", "authorization"];

#[derive(Default)]
struct Plain {
    broker: OnceLock<Arc<Broker<Plain>>>,
}

fn topic(destination: &str) -> Result<Topic, Refusal> {
    let is_known = PREFIXES.iter().any(|prefix| destination.starts_with(prefix));
    let unknown = || Refusal::new("not_found", "Destinations begin with /topic/, /queue/ or /exchange/.");
    is_known.then(|| Topic::from(destination)).ok_or_else(unknown)
}

impl App for Plain {
    type Identity = ();
    type Handshake = ();

    async fn connect(&self, (): &(), frame: &Frame) -> Result<Accepted<()>, Refusal> {
        if (frame.get("login"), frame.get("passcode")) != (Some("guest"), Some("guest")) {
            return Err(Refusal::new(code::UNAUTHENTICATED, "Bad login or passcode."));
        }
        Ok(Accepted {
            user: 0,
            user_name: "guest".to_owned(),
            identity: (),
            expires_at: None,
        })
    }

    async fn subscribe(&self, _: &Arc<Connection<Self>>, to: &str, _: Option<&str>) -> Result<Grant, Refusal> {
        topic(to).map(Grant::live)
    }

    async fn send(&self, by: &Arc<Connection<Self>>, send: SendFrame) -> Result<Completion, Refusal> {
        let topic = topic(send.destination()).inspect_err(|refusal| {
            by.close(Close::new(code::CLOSE_PROTOCOL, refusal.code).with_refusal(refusal.clone()));
        })?;
        let passed_on = send.headers.iter().filter(|(name, _)| !NOT_PASSED_ON.contains(name));
        let publication = Publication {
            content_type: send.headers.get("content-type").map(|of| Cow::Owned(of.to_owned())),
            headers: passed_on
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            ..Publication::json(send.body.clone())
        };
        let broker = self.broker.get().expect("connections come after the broker");
        broker.publish(&topic, &publication);
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

/// Everybody may open a session of SockJS.
struct Door(Arc<Broker<Plain>>);

impl Service for Door {
    type Caller = ();
    type Opening = ();

    async fn caller(&self, _: &Parts) -> Result<(), Response> {
        Ok(())
    }

    async fn open(&self, _: &Parts, (): &()) -> Result<(), Response> {
        Ok(())
    }

    fn serve(&self, session: Session, (): ()) {
        self.0.serve(session, ());
    }
}

fn limits() -> Limits {
    Limits {
        frame: wire::Limits {
            body_bytes_max: 1 << 20,
            ..wire::Limits::default()
        },
        queue_bytes_max: 16 << 20,
        connections_per_user: 0,
        heart_beat: Duration::from_secs(1),
        ..Limits::default()
    }
}

/// What follows `name` on the command line.
fn option(name: &str, default: &str) -> String {
    let mut words = std::env::args().skip_while(|word| word != name);
    words.nth(1).unwrap_or_else(|| default.to_owned())
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let plain = Arc::new(Plain::default());
    let broker = Broker::new(Arc::clone(&plain), limits());
    let set = plain.broker.set(Arc::clone(&broker));
    assert!(set.is_ok(), "set once");

    let http = TcpListener::bind(option("--http", "127.0.0.1:8085")).await?;
    let tcp = TcpListener::bind(option("--tcp", "127.0.0.1:61613")).await?;
    let web = http.local_addr()?;
    println!("ws://{web}/ws, http://{web}/stomp, tcp://{}", tcp.local_addr()?);
    let streams = accept(tcp, Arc::clone(&broker));
    let options = Options {
        sessions_max: 0,
        posted_bytes_max: 8 << 20,
        ..Options::stomp()
    };
    let sockjs = SockJs::new(Door(Arc::clone(&broker)), options);
    let upgrade = move |upgrade: Upgrade| async move { broker.upgrade(upgrade, ()) };
    let router = Router::new().route("/ws", any(upgrade)).merge(sockjs.router("/stomp"));
    let http = http.tap_io(|stream| drop(stream.set_nodelay(true)));
    tokio::try_join!(axum::serve(http, router).into_future(), streams)?;
    Ok(())
}

async fn accept(tcp: TcpListener, broker: Arc<Broker<Plain>>) -> std::io::Result<()> {
    loop {
        let (stream, _) = tcp.accept().await?;
        // It fails only for a stream that is already gone.
        let _ = stream.set_nodelay(true);
        broker.accept(stream, ());
    }
}
