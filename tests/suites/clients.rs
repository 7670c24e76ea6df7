//! Programs written against other people's STOMP clients talk to Maru unchanged. `tests/clients/setup.sh` installs them.

use std::process::Stdio;

use rstest::rstest;
use serde_json::{Value, json};
use tests::{DEADLINE, Relay, workspace};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::desk::Case;
use crate::ways::with_tcp;

/// A running program that prints events and waits for lines.
struct Outside {
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    seen: Vec<Value>,
}

impl Outside {
    fn start(mut command: Command) -> Outside {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("tests/clients/setup.sh has run");
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Outside {
            _child: child,
            input,
            output: BufReader::new(output).lines(),
            seen: Vec::new(),
        }
    }

    /// The next event with this name for which `wanted` holds.
    async fn event(&mut self, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = tokio::time::timeout(DEADLINE, self.output.next_line()).await;
            let Ok(Ok(Some(line))) = line else {
                panic!("no {name}; it said {:#?}", self.seen)
            };
            let event: Value = serde_json::from_str(&line).unwrap();
            self.seen.push(event.clone());
            if event["event"] == name && wanted(&event) {
                return event;
            }
        }
    }

    async fn message(&mut self, content: &str) -> Value {
        self.event("message", |event| event["content"] == content).await
    }

    async fn go_on(&mut self) {
        self.input.write_all(b"\n").await.unwrap();
    }
}

/// A program of a client: mostly `client` or `guest`.
pub(crate) fn program(client: &str, name: &str, arguments: &[&str]) -> Command {
    let folder = workspace().join("tests/clients").join(client);
    let (run, with) = match client {
        "stomppy" | "wsproto" => (folder.join(".venv/bin/python"), vec![format!("{name}.py")]),
        "spring" => ("java".into(), java(name)),
        _ => ("node".into(), vec![format!("{name}.mjs")]),
    };
    let mut command = Command::new(run);
    command.args(with).args(arguments).current_dir(folder);
    command
}

/// Made for programs that are over soon.
fn java(name: &str) -> Vec<String> {
    let class = format!("clients.{}{}", name[..1].to_uppercase(), &name[1..]);
    let options = [
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-cp",
        "target/spring-1.jar:target/lib/*",
    ];
    options.map(str::to_owned).into_iter().chain([class]).collect()
}

#[rstest]
#[case::stompjs("stompjs", "1.2")]
#[case::webstomp("webstomp", "1.2")]
#[case::webstomp_chat("webstomp at /ws/chat", "1.2")]
#[case::rx_stomp("rx-stomp", "1.2")]
#[case::rx_stomp_chat("rx-stomp at /ws/chat", "1.2")]
#[case::stomp_py("stomp.py", "1.2")]
#[case::stomp_py_over_tcp("stomp.py over TCP", "1.2")]
#[case::stompit_over_tcp("stompit", "1.2")]
#[case::sockjs_websocket("websocket", "1.1")]
#[case::sockjs_streaming("xhr-streaming", "1.1")]
#[case::sockjs_polling("xhr-polling", "1.1")]
#[case::sockjs_events("eventsource", "1.1")]
#[case::spring_websocket("spring websocket", "1.2")]
#[case::spring_sockjs_websocket("spring sockjs-websocket", "1.2")]
#[case::spring_streaming("spring xhr-streaming", "1.2")]
#[case::spring_polling("spring xhr-polling", "1.2")]
#[tokio::test(flavor = "multi_thread")]
async fn an_outside_client_connects_talks_comes_back_and_is_refused(#[case] name: &str, #[case] version: &str) {
    let (maru, tcp) = &with_tcp(&[]).await;
    let case = Case::active(maru).await;
    let session = case.id.to_string();
    let is_tcp = name == "stompit" || name.ends_with("over TCP");
    let wire = Relay::to(if is_tcp { *tcp } else { maru.port }).await;
    let port = wire.port.to_string();
    let (web, socket) = (
        format!("http://127.0.0.1:{port}/ws"),
        format!("ws://127.0.0.1:{port}/ws"),
    );
    let (client, arguments): (_, &[&str]) = match name {
        "stompjs" => ("stompjs", &[&socket]),
        "webstomp" => ("webstomp", &[&socket]),
        "webstomp at /ws/chat" => ("webstomp", &[&format!("{socket}/chat")]),
        "rx-stomp" => ("rxstomp", &[&socket]),
        "rx-stomp at /ws/chat" => ("rxstomp", &[&format!("{socket}/chat")]),
        "stomp.py" => ("stomppy", &["ws", "127.0.0.1", &port]),
        "stomp.py over TCP" => ("stomppy", &["tcp", "127.0.0.1", &port]),
        "stompit" => ("stompit", &["127.0.0.1", &port]),
        "spring websocket" => ("spring", &[&format!("{socket}/chat"), "websocket"]),
        "spring sockjs-websocket" => ("spring", &[&format!("{web}/chat"), "sockjs-websocket"]),
        "spring xhr-streaming" => ("spring", &[&web, "xhr-streaming"]),
        "spring xhr-polling" => ("spring", &[&web, "xhr-polling"]),
        _ => ("sockjs", &[&web]),
    };
    let mut command = program(client, "client", arguments);
    command.args([&case.customer.token, &session]).arg(name);
    let mut client = Outside::start(command);

    let connected = client.event("connected", |_| true).await;
    assert_eq!(
        (&connected["version"], &connected["heartBeat"]),
        (&json!(version), &json!("10000,10000"))
    );
    let transport = connected.get("transport");
    assert!(transport.is_none_or(|transport| transport == name), "{connected}");
    client.event("subscribed", |_| true).await;
    let content = format!("{name}: 안녕하세요 🙂");
    let agent = case.agent.stomp(maru).await;
    let shown = client.message(&content).await;
    if !client.seen.iter().any(|event| event["event"] == "stored") {
        client.event("stored", |_| true).await;
    }
    let stored = client
        .seen
        .iter()
        .find(|event| event["event"] == "stored")
        .unwrap()
        .clone();
    // Not every client shows the headers of a RECEIPT.
    assert!(stored.get("seq").is_none_or(|seq| *seq == shown["seq"]), "{stored}");
    agent.say(case.id, "반갑습니다").await;
    client.message("반갑습니다").await;

    wire.cut();
    client.event("closed", |_| true).await;
    let missed = [
        agent.say(case.id, "놓친 말 하나").await,
        agent.say(case.id, "놓친 말 둘").await,
    ];
    wire.mend();
    client.go_on().await;
    let first = client.event("message", |_| true).await;
    assert_eq!(
        (&first["content"], &first["seq"]),
        (&json!("놓친 말 하나"), &json!(missed[0].seq)),
        "{:#?}",
        client.seen
    );
    client.message("놓친 말 둘").await;
    client.event("message", |event| event["type"] == "SYNC").await;
    agent.say(case.id, "다시 실시간").await;
    client.message("다시 실시간").await;

    client.go_on().await;
    let refused = client.event("error", |_| true).await;
    assert!(refused.get("code").is_none_or(|code| code == "forbidden"), "{refused}");
    assert!(!refused["message"].as_str().unwrap().is_empty());
    client.event("closed", |_| true).await;
    client.go_on().await;
    assert!(client.seen.iter().all(|event| event["event"] != "leaked"));
}
