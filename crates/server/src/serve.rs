//! `maru serve`: start, wait for a signal, stop in order.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::adapters::clock::Clock;
use crate::adapters::database::{Database, OpenError};
use crate::app::Maru;
use crate::config::{Config, Profile};
use crate::demo::{self, DemoError};
use crate::health::{self, Health};
use crate::http::{Around, Options, Places, SendBuffer, Server, around};
use crate::observe::{Metrics, ObserveError};
use crate::pages::Pages;
use crate::problem::Refusal;
use crate::routes;
use crate::secrets::{SecretError, auth_secret};
use crate::{sockets, storage, tcp};

/// Why the server did not start, or did not stop as it should.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Observe(#[from] ObserveError),
    #[error("--demo makes people with public passwords: not with server.profile = prod")]
    DemoInProd,
    #[error("the demo data: {0}")]
    Demo(#[from] DemoError),
    #[error("the database of database.url: {0}")]
    Open(#[from] OpenError),
    #[error("server.listen: {address}: {error}")]
    Listen { address: SocketAddr, error: std::io::Error },
    #[error("stomp.tcp_listen: {address}: {error}")]
    TcpListen { address: SocketAddr, error: std::io::Error },
    #[error("the database: {0}")]
    Database(#[from] sea_orm::DbErr),
    #[error("sessions could not be taken up again: {0}")]
    Recover(#[from] Refusal),
    #[error("signals: {0}")]
    Signals(std::io::Error),
    #[error("a part of the server ended by itself")]
    PartEnded,
    #[error("the stop took longer than server.shutdown_s")]
    StopTooLong,
}

/// Serves until SIGTERM or SIGINT. With `demo`, an empty database is filled with demo data first.
///
/// # Errors
/// A start that fails, a part that ends by itself, or a stop that takes too long.
pub async fn serve(config: Config, demo: bool) -> Result<(), ServeError> {
    if demo && config.server.profile == Profile::Prod {
        return Err(ServeError::DemoInProd);
    }
    let mut signals = Signals::new().map_err(ServeError::Signals)?;
    let secret = auth_secret(&config)?;
    let metrics = Metrics::install()?;
    let db = storage::open(&config).await?;
    if demo {
        demo::seed(&db, &config, &secret).await?;
    }
    let clock = Clock::system();
    let (maru, tasks) = Maru::open(db.clone(), clock.clone(), &config, secret).await?;
    let stop = Stop::default();
    let mut parts = JoinSet::new();
    parts.spawn(tasks.run(stop.parts.clone()));
    maru.support().recover().await?;
    let health = Health::new(db.clone(), clock, config.server.default_locale);
    let served = router(&maru, health.clone(), metrics.clone()).merge(demo::routes(demo));
    let router = with_pages(served, &maru, &config);
    let places = Places::new(config.limits.http_connections);
    let server = bind(&config, router, places.clone()).await?;
    let streams = bind_tcp(&config, &maru, places).await?;
    say_where(&server, &config, demo);

    let until = stop.parts.clone();
    parts.spawn(async move { metrics.run(until).await });
    let until = stop.accepting.clone();
    let mut accepting = JoinSet::new();
    accepting.spawn(server.run(until));
    if let Some(streams) = streams {
        parts.spawn(accept_streams(streams, stop.accepting.clone(), stop.parts.clone()));
    }

    health.set_serving(true);
    let ended = wait(&mut signals, &mut parts).await;
    health.set_serving(false);
    let deadline = Instant::now() + Duration::from_secs(config.server.shutdown_s);
    let stopping = stop.in_order(accepting, parts, maru, db, deadline);
    match tokio::time::timeout_at(deadline, stopping).await {
        Ok(()) => ended,
        Err(_) => Err(ServeError::StopTooLong),
    }
}

/// The program's own routes, health and metrics beside them.
fn router(maru: &Maru, health: Health, metrics: Metrics) -> Router {
    routes::router(maru.clone())
        .merge(health::routes(health))
        .route("/metrics", get(render).with_state(metrics))
}

/// Everything that is answered: pages for what `served` does not know.
fn with_pages(served: Router, maru: &Maru, config: &Config) -> Router {
    let served = Pages::new(&config.server).serve_rest_of(served);
    let sockets = sockets::router(maru, config);
    around(served, sockets, Around::new(config, maru.accounts().network().clone()))
}

async fn render(State(metrics): State<Metrics>) -> impl IntoResponse {
    let text = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, text)], metrics.render())
}

async fn bind(config: &Config, router: Router, places: Places) -> Result<Server, ServeError> {
    let address = config.server.listen;
    let failed = |error| ServeError::Listen { address, error };
    let options = Options {
        header_timeout: Duration::from_secs(config.limits.http_header_timeout_s),
        write_timeout: write_timeout(config),
        send_buffer: SendBuffer::new(&config.limits),
    };
    Server::bind(address, router, places, options).await.map_err(failed)
}

/// Twice what the broker waits: it ends its own connections, with a word.
fn write_timeout(config: &Config) -> Duration {
    2 * Duration::from_secs(config.limits.slow_reader_timeout_s)
}

async fn bind_tcp(config: &Config, maru: &Maru, places: Places) -> Result<Option<tcp::Server>, ServeError> {
    let Some(address) = config.stomp.tcp_listen else {
        return Ok(None);
    };
    let failed = |error| ServeError::TcpListen { address, error };
    let options = tcp::Options {
        write_timeout: write_timeout(config),
        send_buffer: SendBuffer::new(&config.limits),
        keep_alive: Duration::from_secs(config.stomp.tcp_keepalive_s),
        keep_alive_retries: config.stomp.tcp_keepalive_retries,
    };
    let bound = tcp::Server::bind(address, maru.clone(), places, options);
    let server = bound.await.map_err(failed)?;
    let address = server.address().map_err(failed)?;
    println!("Maru listens on tcp://{address} (STOMP)");
    tracing::info!(%address, "listening for STOMP over TCP");
    Ok(Some(server))
}

/// A part of the server, though it accepts no longer than the others do.
async fn accept_streams(server: tcp::Server, accepting: CancellationToken, parts: CancellationToken) {
    server.run(accepting).await;
    parts.cancelled().await;
}

fn say_where(server: &Server, config: &Config, demo: bool) {
    let address = server.address();
    println!("Maru listens on http://{address}");
    if demo {
        demo::print_log_ins(address);
    }
    tracing::info!(%address, profile = ?config.server.profile, "listening");
}

/// What asks this process to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on signals are noticed, also those that come before anybody waits.
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// The next one. Cancel-safe.
    async fn next(&mut self) {
        // Each of the two only waits: dropping it loses nothing.
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Waits for a signal to stop, or for the end of a part, which nothing but a fault brings about.
async fn wait(signals: &mut Signals, parts: &mut JoinSet<()>) -> Result<(), ServeError> {
    // Both only wait: dropping one loses nothing.
    tokio::select! {
        () = signals.next() => {
            tracing::info!("stopping");
            Ok(())
        }
        Some(ended) = parts.join_next() => {
            tracing::error!(?ended, "a part of the server ended by itself");
            Err(ServeError::PartEnded)
        }
    }
}

/// The two moments of a stop.
#[derive(Default)]
struct Stop {
    accepting: CancellationToken,
    parts: CancellationToken,
}

impl Stop {
    /// No new connections; then those there are, told to come back; then the parts, with the writer's queue; then the database.
    async fn in_order(
        self,
        mut accepting: JoinSet<crate::http::Remaining>,
        mut parts: JoinSet<()>,
        maru: Maru,
        db: Database,
        deadline: Instant,
    ) {
        self.accepting.cancel();
        let patience = deadline.saturating_duration_since(Instant::now()) / 2;
        let answers = async {
            match accepting.join_next().await {
                Some(Ok(remaining)) => remaining.finish(patience).await,
                _ => 0,
            }
        };
        let sockets = tokio::time::timeout(patience, maru.drain(patience / 4));
        let (cut, drained) = tokio::join!(answers, sockets);
        tracing::debug!(cut, drained = drained.is_ok(), "connections ended");
        self.parts.cancel();
        while parts.join_next().await.is_some() {}
        if let Err(error) = db.close().await {
            tracing::error!(%error, "the database did not close");
        }
        tracing::info!("stopped");
    }
}
