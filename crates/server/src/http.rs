//! The edge: sockets in, requests to the router, answers out. Knows no feature.
//!
//! HTTP/1.1 only: browsers open WebSockets over it, and a proxy in front of Maru speaks whatever it likes to the world.

mod around;
mod socket;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use metrics::counter;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

pub use around::{Around, around};
use socket::Socket;
pub use socket::{Places, SendBuffer};

/// Longest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Pause when the system has no socket left to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Said to a socket over the limit, as far as it can be said without waiting.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// What the accept loop holds its peers to.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// First to last byte of a request's head; also how long a connection may idle between two requests.
    pub header_timeout: Duration,
    /// How long a peer may take nothing of an answer.
    pub write_timeout: Duration,
    /// What the kernel may hold for one socket.
    pub send_buffer: SendBuffer,
}

/// A bound address that is about to be served.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    places: Places,
    options: Options,
}

/// The connections of a server that no longer accepts.
pub struct Remaining {
    tasks: TaskTracker,
    abort: CancellationToken,
}

impl Server {
    /// Takes the address. `places` are those of all sockets.
    ///
    /// # Errors
    /// It is taken, or may not be had.
    pub async fn bind(listen: SocketAddr, router: Router, places: Places, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        options.send_buffer.apply_to(&listener)?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            router,
            places,
            options,
        })
    }

    /// Where it listens: with the real port where port 0 was asked for.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`. Then the address is free, idle connections end, and the others after the answer under way.
    pub async fn run(self, stop: CancellationToken) -> Remaining {
        let tasks = TaskTracker::new();
        let abort = CancellationToken::new();
        while let Some(accepted) = stop.run_until_cancelled(self.listener.accept()).await {
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    pause_after(&error).await;
                    continue;
                }
            };
            let Some(place) = self.places.take() else {
                turn_away(&stream);
                continue;
            };
            let connection = Connection {
                socket: place.hold(stream, self.options.write_timeout),
                peer,
                router: self.router.clone(),
                header_timeout: self.options.header_timeout,
            };
            let (stop, abort) = (stop.clone(), abort.clone());
            tasks.spawn(async move {
                abort.run_until_cancelled(connection.serve(stop)).await;
            });
        }
        Remaining { tasks, abort }
    }
}

impl Remaining {
    /// Waits until the last connection has ended, at most `patience`; then cuts what is left and says how many.
    /// Upgraded sockets are not among them: they belong to who upgraded them.
    pub async fn finish(self, patience: Duration) -> usize {
        self.tasks.close();
        if tokio::time::timeout(patience, self.tasks.wait()).await.is_ok() {
            return 0;
        }
        let cut = self.tasks.len();
        self.abort.cancel();
        self.tasks.wait().await;
        cut
    }
}

struct Connection {
    socket: Socket,
    peer: SocketAddr,
    router: Router,
    header_timeout: Duration,
}

impl Connection {
    async fn serve(self, stop: CancellationToken) {
        let peer = self.peer;
        let router = self.router.map_request(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            request
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.header_timeout)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(self.socket), TowerToHyperService::new(router))
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        let ended = match stop.run_until_cancelled(connection.as_mut()).await {
            Some(ended) => ended,
            None => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, %error, "connection broken");
        }
    }
}

fn turn_away(stream: &TcpStream) {
    counter!("http_connections_refused_total").increment(1);
    // Nobody waits for a peer that is turned away: what the socket does not take at once is not said.
    let _ = stream.try_write(FULL);
}

/// A connection that broke before it was accepted is its peer's business; anything else (no descriptors left) passes
/// only when something ends.
pub async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::warn!(%error, "cannot accept connections");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

#[cfg(test)]
mod tests;
