//! The services that test suites of SockJS and WebSocket ask for: what comes goes back.
//!
//! `cargo run --example echo -- --http 127.0.0.1:8081`: SockJS at `/echo`, `/disabled_websocket_echo`, `/cookie_needed_echo`,
//! `/close` and `/amplify`, a bare WebSocket at `/raw`.

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::any;
use axum::serve::ListenerExt;
use broker::sockjs::{Options, Over, Service, Session, SockJs};
use tokio::net::TcpListener;

const MESSAGE_BYTES_MAX: usize = 16 << 20;
const FRAGMENTS_MAX: usize = 1 << 17;

/// What is done on each session.
#[derive(Clone, Copy)]
enum Does {
    Echo,
    Close,
    Amplify,
}

impl Service for Does {
    type Caller = ();
    type Opening = ();

    async fn caller(&self, _: &Parts) -> Result<(), Response> {
        Ok(())
    }

    async fn open(&self, _: &Parts, (): &()) -> Result<(), Response> {
        Ok(())
    }

    fn serve(&self, session: Session, (): ()) {
        match self {
            Does::Echo => drop(tokio::spawn(echo(session))),
            Does::Close => drop(tokio::spawn(session.close(3000, "Go away!"))),
            Does::Amplify => drop(tokio::spawn(amplify(session))),
        }
    }
}

async fn echo(mut session: Session) -> Result<(), Over> {
    while let Some(message) = session.recv().await {
        session.send(message).await?;
    }
    Ok(())
}

/// A number is answered with two to its power.
async fn amplify(mut session: Session) -> Result<(), Over> {
    while let Some(message) = session.recv().await {
        let power = String::from_utf8_lossy(&message).trim().parse().unwrap_or(1);
        session.send("x".repeat(1 << u32::min(power, 19))).await?;
    }
    Ok(())
}

async fn raw(mut socket: WebSocket) -> Result<(), axum::Error> {
    while let Some(message) = socket.recv().await.transpose()? {
        if matches!(message, Message::Text(_) | Message::Binary(_)) {
            socket.send(message).await?;
        }
    }
    Ok(())
}

fn sockjs(base: &'static str, does: Does, options: Options) -> Router {
    let options = Options {
        sessions_max: 0,
        posted_bytes_max: MESSAGE_BYTES_MAX,
        fragments_max: FRAGMENTS_MAX,
        ..options
    };
    SockJs::new(does, options).router(base)
}

fn router() -> Router {
    let small = Options {
        response_bytes_max: 4096,
        ..Options::default()
    };
    let without_websocket = Options {
        websocket: false,
        ..small.clone()
    };
    let with_cookie = Options {
        cookie: true,
        ..small.clone()
    };
    let raw = |upgrade: WebSocketUpgrade| async {
        let upgrade = upgrade
            .max_message_size(MESSAGE_BYTES_MAX)
            .max_frame_size(MESSAGE_BYTES_MAX);
        upgrade.on_upgrade(async |socket| drop(raw(socket).await))
    };
    Router::new()
        .merge(sockjs("/echo", Does::Echo, small))
        .merge(sockjs("/disabled_websocket_echo", Does::Echo, without_websocket))
        .merge(sockjs("/cookie_needed_echo", Does::Echo, with_cookie))
        .merge(sockjs("/close", Does::Close, Options::default()))
        .merge(sockjs("/amplify", Does::Amplify, Options::default()))
        .route("/raw", any(raw))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut words = std::env::args().skip_while(|word| word != "--http");
    let address = words.nth(1).unwrap_or_else(|| "127.0.0.1:8081".to_owned());
    let http = TcpListener::bind(address).await?;
    println!("http://{}/echo", http.local_addr()?);
    axum::serve(http.tap_io(|stream| drop(stream.set_nodelay(true))), router()).await
}
