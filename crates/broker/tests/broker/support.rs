//! A small program behind the broker, and clients that read and write real sockets: here the server between them.

mod client;
mod shop;
pub(crate) mod sockjs;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::{Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use broker::sockjs::{Options, Service, Session, SockJs};
use broker::{Broker, Limits, Raw, Upgrade};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use wire::Version;

pub(crate) use self::client::Client;
use self::client::RawClient;
pub(crate) use self::shop::user;
use self::shop::{Shop, person};
use crate::counting::Counting;

/// Long enough for a loaded machine; nothing that passes waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Lets everybody in but the origin `http://evil.example`; the header `x-caller` says who it is.
struct Door(Arc<Broker<Shop>>);

impl Service for Door {
    type Caller = Option<HeaderValue>;
    type Opening = ();

    async fn caller(&self, request: &Parts) -> Result<Option<HeaderValue>, Response> {
        let origin = request.headers.get("origin");
        if origin.is_some_and(|origin| origin == "http://evil.example") {
            return Err(StatusCode::FORBIDDEN.into_response());
        }
        Ok(request.headers.get("x-caller").cloned())
    }

    async fn open(&self, request: &Parts, _: &Option<HeaderValue>) -> Result<(), Response> {
        if request.headers.contains_key("x-refused") {
            return Err(StatusCode::TOO_MANY_REQUESTS.into_response());
        }
        Ok(())
    }

    fn serve(&self, session: Session, (): ()) {
        self.0.serve(session, ());
    }
}

pub(crate) struct Server {
    pub(crate) shop: Arc<Shop>,
    pub(crate) address: SocketAddr,
    figures: PrometheusHandle,
    writes: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start(limits: Limits) -> Server {
        Server::start_with(limits, Options::stomp()).await
    }

    /// With SockJS at `/sockjs` and at `/sockjs/below`.
    pub(crate) async fn start_with(limits: Limits, options: Options) -> Server {
        let shop = Arc::new(Shop::new());
        let recorder = PrometheusBuilder::new().build_recorder();
        let figures = recorder.handle();
        let broker = metrics::with_local_recorder(&recorder, || Broker::new(Arc::clone(&shop), limits));
        assert!(shop.broker.set(Arc::clone(&broker)).is_ok());
        let upgrade = move |upgrade: Upgrade| async move { broker.upgrade(upgrade, ()) };
        let raw = {
            let broker = Arc::clone(shop.broker());
            move |Path(room): Path<String>, Query(query): Query<HashMap<String, String>>, upgrade: Upgrade| async move {
                let person = person(
                    query.get("login").map_or("guest", String::as_str),
                    query.get("expires-ms"),
                );
                let raw = Raw {
                    person,
                    destination: format!("/topic/{room}"),
                    after: query.get("after").cloned(),
                };
                broker.upgrade_raw(upgrade, (), raw)
            }
        };
        let router = axum::Router::new()
            .route("/ws", any(upgrade))
            .route("/raw/{room}", any(raw));
        let sockjs = SockJs::new(Door(Arc::clone(shop.broker())), options);
        let router = router
            .merge(sockjs.router("/sockjs"))
            .merge(sockjs.router("/sockjs/below"));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let writes = Arc::new(AtomicUsize::new(0));
        let counting = Counting {
            listener,
            writes: Arc::clone(&writes),
        };
        let task = tokio::spawn(async move { axum::serve(counting, router).await.unwrap() });
        Server {
            shop,
            address,
            figures,
            writes,
            task,
        }
    }

    /// Writes to WebSockets so far: what each of them costs is a system call.
    pub(crate) fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    /// What a counter of the broker shows.
    pub(crate) fn figure(&self, name: &str) -> u64 {
        let text = self.figures.render();
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.unwrap_or_else(|| panic!("no {name} in {text}"))
    }

    pub(crate) fn broker(&self) -> &Arc<Broker<Shop>> {
        self.shop.broker()
    }

    /// A plain TCP connection that the broker serves.
    pub(crate) async fn stream(&self) -> TcpStream {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (ours, theirs) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        self.broker().accept(theirs.unwrap().0, ());
        ours.unwrap()
    }

    /// A socket, nothing sent yet.
    pub(crate) async fn open(&self) -> Client {
        self.offer(&[]).await.0
    }

    /// A socket that offered sub-protocols, and the one that was chosen.
    pub(crate) async fn offer(&self, protocols: &[&str]) -> (Client, Option<String>) {
        let mut request = format!("ws://{}/ws", self.address).into_client_request().unwrap();
        if !protocols.is_empty() {
            request
                .headers_mut()
                .insert("sec-websocket-protocol", protocols.join(", ").parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (socket, response) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        let chosen = response
            .headers()
            .get("sec-websocket-protocol")
            .map(|value| value.to_str().unwrap().to_owned());
        (Client::new(socket), chosen)
    }

    /// A connection of this person, version 1.2, without heart-beats.
    pub(crate) async fn connect(&self, login: &str) -> Client {
        self.connect_with(Version::V1_2, &[("login", login)]).await
    }

    /// A raw socket to `/topic/{room}`; `query` says who and from where.
    pub(crate) async fn raw(&self, room: &str, query: &str) -> RawClient {
        let request = format!("ws://{}/raw/{room}?{query}", self.address);
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        RawClient { socket }
    }

    pub(crate) async fn connect_with(&self, version: Version, headers: &[(&str, &str)]) -> Client {
        let mut client = self.open().await;
        client.connect(version, headers).await;
        client
    }
}
