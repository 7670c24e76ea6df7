//! The broker's examples, used by other people's clients.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rstest::rstest;
use tests::{DEADLINE, free_port, until, workspace};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::clients::program;

/// For hundreds of cases, some with 16 MiB, each way.
const CASES_PATIENCE: Duration = Duration::from_secs(120);

/// An example that serves HTTP on this port.
struct Example {
    _child: Child,
    http: u16,
}

impl Example {
    async fn start(name: &str, more: &[&str]) -> Example {
        let http = free_port();
        let child = Command::new(built(name))
            .args(["--http", &format!("127.0.0.1:{http}")])
            .args(more)
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        until("the example to listen", || async {
            TcpStream::connect(("127.0.0.1", http)).await.ok()
        })
        .await;
        Example { _child: child, http }
    }
}

fn built(name: &str) -> PathBuf {
    let built = std::process::Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "broker", "--example", name])
        .current_dir(workspace())
        .status()
        .unwrap();
    assert!(built.success(), "{name} does not build");
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(2).unwrap().join("examples").join(name)
}

#[rstest]
#[case::stompjs("stompjs", "")]
#[case::webstomp("webstomp", "")]
#[case::rx_stomp("rxstomp", "")]
#[case::stomp_py("stomppy", "ws")]
#[case::stomp_py_over_tcp("stomppy", "tcp")]
#[case::stompit_over_tcp("stompit", "tcp")]
#[case::sockjs_websocket("sockjs", "websocket")]
#[case::sockjs_streaming("sockjs", "xhr-streaming")]
#[case::sockjs_polling("sockjs", "xhr-polling")]
#[case::sockjs_events("sockjs", "eventsource")]
#[case::spring_websocket("spring", "websocket")]
#[case::spring_sockjs_websocket("spring", "sockjs-websocket")]
#[case::spring_streaming("spring", "xhr-streaming")]
#[case::spring_polling("spring", "xhr-polling")]
#[tokio::test(flavor = "multi_thread")]
async fn a_guest_of_plain_gets_large_messages_back(#[case] client: &str, #[case] transport: &str) {
    let tcp = free_port().to_string();
    let plain = Example::start("plain", &["--tcp", &format!("127.0.0.1:{tcp}")]).await;
    let web = plain.http.to_string();
    let (socket, sockjs) = (
        format!("ws://127.0.0.1:{web}/ws"),
        format!("http://127.0.0.1:{web}/stomp"),
    );
    let arguments: &[&str] = match (client, transport) {
        ("stomppy", "ws") => &["ws", "127.0.0.1", &web],
        ("stomppy", _) => &["tcp", "127.0.0.1", &tcp],
        ("stompit", _) => &["127.0.0.1", &tcp],
        ("spring", "websocket") => &[&socket, transport],
        ("spring" | "sockjs", _) => &[&sockjs, transport],
        _ => &[&socket],
    };
    ends_well(program(client, "guest", arguments), DEADLINE).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sockjs_client_finds_the_services_of_echo(
    #[values("websocket", "xhr-streaming", "xhr-polling", "eventsource")] transport: &str,
) {
    let echo = Example::start("echo", &[]).await;
    let host = format!("http://127.0.0.1:{}", echo.http);
    ends_well(program("sockjs", "echo", &[&host, transport]), DEADLINE).await;
}

async fn ends_well(mut program: Command, within: Duration) -> String {
    let output = program.kill_on_drop(true).output();
    let output = tokio::time::timeout(within, output)
        .await
        .expect("an end in time")
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said.into_owned()
}

/// The example's bare socket is axum's, and sees within a frame what is not UTF-8 when it is whole; the broker's own, where
/// SockJS goes without frames, does not keep text and binary apart.
#[rstest]
#[case::raw("raw", "--late-within-frames")]
#[case::own("echo/websocket", "--any-kind")]
#[tokio::test(flavor = "multi_thread")]
async fn the_cases_of_autobahn_pass(#[case] path: &str, #[case] but: &str) {
    let echo = Example::start("echo", &[]).await;
    let url = format!("ws://127.0.0.1:{}/{path}", echo.http);
    let said = ends_well(program("wsproto", "run", &[&url, but]), CASES_PATIENCE).await;
    assert_eq!(said.trim_end(), "298 passed, 0 failed");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn echo_serves_what_the_suites_of_sockjs_ask_for() {
    let echo = Example::start("echo", &[]).await;
    let http = reqwest::Client::new();
    let base = format!("http://127.0.0.1:{}", echo.http);
    let post = async |path: &str, body: &'static str| {
        let response = http.post(format!("{base}{path}")).body(body).send().await.unwrap();
        response.text().await.unwrap()
    };
    for service in ["echo", "disabled_websocket_echo", "cookie_needed_echo", "amplify"] {
        let session = format!("/{service}/0/s");
        assert_eq!(post(&format!("{session}/xhr"), "").await, "o\n");
        post(&format!("{session}/xhr_send"), "[\"2\"]").await;
        let expected = if service == "amplify" {
            "a[\"xxxx\"]\n"
        } else {
            "a[\"2\"]\n"
        };
        assert_eq!(post(&format!("{session}/xhr"), "").await, expected, "{service}");
    }
    assert_eq!(post("/close/0/s/xhr", "").await, "o\n");
    assert_eq!(post("/close/0/s/xhr", "").await, "c[3000,\"Go away!\"]\n");
    let unknown = http.get(format!("{base}/invalid_url/info")).send().await.unwrap();
    assert_eq!(unknown.status().as_u16(), 404);
}
