use std::time::Instant;

use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

use super::*;
use crate::config::Config;
use crate::network::Network;

struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<Remaining>,
}

fn routes() -> Router {
    Router::new()
        .route("/api/hello", get(async || "hello"))
        .route("/api/bytes", post(async |body: bytes::Bytes| body.len().to_string()))
        .route("/api/panic", get(panics))
        .route("/api/slow", get(slow))
        .route("/api/endless", get(endless))
}

async fn panics() {
    panic!("on purpose");
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(300)).await;
    "slow"
}

async fn endless() -> Body {
    let chunk = || Ok::<_, io::Error>(bytes::Bytes::from_static(&[b'x'; 4096]));
    Body::from_stream(futures_util::stream::repeat_with(chunk))
}

async fn start(connections_max: usize) -> Running {
    let config = Config::load(None).unwrap();
    let router = around(
        routes(),
        Router::new(),
        Around::new(&config, Network::new(&config.server)),
    );
    let options = Options {
        header_timeout: Duration::from_millis(200),
        write_timeout: Duration::from_millis(200),
        send_buffer: SendBuffer::new(&config.limits),
    };
    let local = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::bind(local, router, Places::new(connections_max), options)
        .await
        .unwrap();
    let address = server.address();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(server.run(stop.clone()));
    Running { address, stop, serving }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// What comes back until the server closes.
    async fn ask(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        rest_of(stream).await
    }
}

async fn rest_of(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset ends the answer like a close.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

fn get_once(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
}

#[tokio::test]
async fn a_head_that_trickles_in_is_cut() {
    let server = start(0).await;
    let begun = Instant::now();
    let answer = server.ask("GET /api/hello HTTP/1.1\r\nhost:").await;
    assert_eq!(answer, "");
    assert!(begun.elapsed() >= Duration::from_millis(200));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_connection_that_idles_between_requests_is_cut() {
    let server = start(0).await;
    let answer = server.ask("GET /api/hello HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(answer.ends_with("hello"), "{answer}");
}

#[tokio::test]
async fn over_the_limit_a_socket_is_told_and_closed_and_places_come_back() {
    let server = start(1).await;
    let first = server.connect().await;
    let told = async || loop {
        let answer = rest_of(server.connect().await).await;
        if answer.starts_with("HTTP/1.1 503") {
            return answer;
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(5), told()).await.unwrap();
    assert!(answer.contains("retry-after"), "{answer}");
    drop(first);
    let served = async || loop {
        if server.ask(&get_once("/api/hello")).await.ends_with("hello") {
            return;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), served()).await.unwrap();
}

#[tokio::test]
async fn a_panic_is_a_problem_for_one_request_only() {
    let server = start(0).await;
    let answer = server.ask(&get_once("/api/panic")).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("application/problem+json"));
    assert!(server.ask(&get_once("/api/hello")).await.ends_with("hello"));
}

#[tokio::test]
async fn errors_under_api_are_problems_and_are_not_kept() {
    let server = start(0).await;
    let unknown = server.ask(&get_once("/api/unknown")).await;
    assert!(unknown.starts_with("HTTP/1.1 404"), "{unknown}");
    let other_method = "DELETE /api/hello HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let other_method = server.ask(other_method).await;
    assert!(other_method.starts_with("HTTP/1.1 405"), "{other_method}");
    assert!(other_method.contains("\"code\":\"method_not_allowed\""));
    assert!(other_method.contains("allow: GET,HEAD"));
    for answer in [unknown, other_method] {
        assert!(answer.contains("content-type: application/problem+json"), "{answer}");
        assert!(answer.contains("cache-control: no-store"));
        assert!(answer.contains("x-request-id: "));
        assert!(answer.contains("x-content-type-options: nosniff"));
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_it_says_its_length_or_not() {
    let server = start(0).await;
    let head = "POST /api/bytes HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
    let declared = server.ask(&format!("{head}content-length: 70000\r\n\r\n")).await;
    let body = "x".repeat(70_000);
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n11170\r\n{body}\r\n0\r\n\r\n");
    for answer in [declared, server.ask(&chunked).await] {
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
        assert!(answer.contains("\"code\":\"too_large\""), "{answer}");
    }
}

#[tokio::test]
async fn a_stop_ends_idle_connections_and_lets_answers_finish() {
    let server = start(0).await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /api/slow HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.stop.cancel();
    let remaining = server.serving.await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
    let (answer, cut) = tokio::join!(rest_of(busy), remaining.finish(Duration::from_secs(5)));
    assert!(answer.ends_with("slow"), "{answer}");
    assert_eq!(cut, 0);
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut() {
    let server = start(0).await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /api/slow HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.stop.cancel();
    let remaining = server.serving.await.unwrap();
    assert_eq!(remaining.finish(Duration::from_millis(10)).await, 1);
    assert_eq!(rest_of(busy).await, "");
}

#[tokio::test]
async fn a_peer_that_does_not_read_its_answer_is_let_go() {
    let running = start(1).await;
    let mut stuck = running.connect().await;
    stuck
        .write_all(b"GET /api/endless HTTP/1.1\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    let waiting = async {
        loop {
            let answer = running
                .ask("GET /api/hello HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
                .await;
            if answer.starts_with("HTTP/1.1 200") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    assert!(waited.is_ok(), "its place is never free again");
}
