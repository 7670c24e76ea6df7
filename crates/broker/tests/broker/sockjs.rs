//! SockJS as its peers see it. What a peer can make grow is in `sockjs_bounds`.

use std::time::Duration;

use broker::Limits;
use broker::sockjs::Options;
use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::support::sockjs::{Peer, socket};
use crate::support::{PATIENCE, Server};

const CONNECT: &str = "CONNECT\naccept-version:1.2\nhost:h\nlogin:kim\n\n\0";

#[tokio::test]
async fn the_greeting_and_info_are_told() {
    let server = Server::start(Limits::default()).await;
    let peer = Peer::new(&server);
    for path in ["", "/"] {
        let greeting = peer.request(Method::GET, path).send().await.unwrap();
        assert_eq!(greeting.headers()["content-type"], "text/plain; charset=UTF-8");
        assert_eq!(greeting.text().await.unwrap(), "Welcome to SockJS!\n");
    }
    let info = || async { peer.request(Method::GET, "/info").send().await.unwrap() };
    let response = info().await;
    assert_eq!(response.headers()["content-type"], "application/json; charset=UTF-8");
    assert_eq!(
        response.headers()["cache-control"],
        "no-store, no-cache, no-transform, must-revalidate, max-age=0"
    );
    assert!(!response.headers().contains_key("set-cookie"));
    let [first, second]: [serde_json::Value; 2] = [response.json().await.unwrap(), info().await.json().await.unwrap()];
    assert_eq!(first["websocket"], true);
    assert_eq!(first["cookie_needed"], false);
    assert_eq!(first["origins"], serde_json::json!(["*:*"]));
    assert!(first["entropy"].as_u64().unwrap() <= u64::from(u32::MAX));
    assert_ne!(first["entropy"], second["entropy"]);
}

#[tokio::test]
async fn what_runs_scripts_or_lies_in_frames_is_not_there_for_any_method() {
    let server = Server::start(Limits::default()).await;
    let peer = Peer::new(&server);
    for path in [
        "/0/s/jsonp?c=x",
        "/0/s/jsonp_send",
        "/0/s/htmlfile?c=x",
        "/iframe.html",
        "/iframe-1.6.1.html",
        "/0/s/unknown",
        "/0/s.t/xhr",
        "//",
    ] {
        for method in [Method::GET, Method::POST, Method::OPTIONS, Method::PUT, Method::DELETE] {
            let response = peer.request(method.clone(), path).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_one() {
    let server = Server::start(Limits::default()).await;
    let peer = Peer::new(&server);
    for (method, path, allow) in [
        (Method::POST, "", "GET"),
        (Method::POST, "/info", "OPTIONS, GET"),
        (Method::POST, "/websocket", "GET"),
        (Method::POST, "/0/s/websocket", "GET"),
        (Method::GET, "/0/s/xhr", "OPTIONS, POST"),
        (Method::GET, "/0/s/xhr_streaming", "OPTIONS, POST"),
        (Method::GET, "/0/s/xhr_send", "OPTIONS, POST"),
        (Method::POST, "/0/s/eventsource", "GET"),
    ] {
        let response = peer.request(method, path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(response.headers()["allow"], allow, "{path}");
        assert!(!response.headers().contains_key("content-type"), "{path}");
    }
    let plain = peer.request(Method::GET, "/0/s/websocket").send().await.unwrap();
    assert_eq!(plain.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_page_that_may_call_may_read_the_answer() {
    let server = Server::start(Limits::default()).await;
    let peer = Peer::new(&server);
    for (path, allow) in [("/info", "GET"), ("/0/s/xhr", "POST"), ("/0/s/xhr_send", "POST")] {
        let asked = peer
            .request(Method::OPTIONS, path)
            .header("origin", "null")
            .header("access-control-request-headers", "x-one, x-two");
        let response = asked.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        let headers = response.headers();
        assert_eq!(headers["access-control-allow-origin"], "null");
        assert_eq!(headers["access-control-allow-credentials"], "true");
        assert_eq!(headers["access-control-allow-headers"], "x-one, x-two");
        assert!(
            headers["access-control-allow-methods"]
                .to_str()
                .unwrap()
                .contains(allow)
        );
        assert_eq!(headers["cache-control"], "public, max-age=31536000");
        assert!(headers.contains_key("expires") && headers["vary"] == "Origin");
    }
    let without = peer.request(Method::POST, "/0/s/xhr").send().await.unwrap();
    assert_eq!(without.headers()["access-control-allow-origin"], "*");
    assert!(!without.headers().contains_key("access-control-allow-credentials"));
}

#[tokio::test]
async fn an_origin_that_may_not_call_is_refused_on_every_call() {
    let server = Server::start(Limits::default()).await;
    let peer = Peer::open(&server).await;
    for (method, path) in [
        (Method::GET, ""),
        (Method::GET, "/info"),
        (Method::OPTIONS, "/info"),
        (Method::POST, &*peer.path("xhr")),
        (Method::POST, &*peer.path("xhr_streaming")),
        (Method::POST, &*peer.path("xhr_send")),
        (Method::OPTIONS, &*peer.path("xhr_send")),
        (Method::GET, &*peer.path("eventsource")),
        (Method::GET, &*peer.path("websocket")),
        (Method::GET, "/websocket"),
    ] {
        let call = peer.request(method, path).header("origin", "http://evil.example");
        let response = call.body("[\"x\"]").send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path}");
        assert!(
            !response.headers().contains_key("access-control-allow-origin"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn stomp_is_spoken_over_every_way_to_listen() {
    let server = Server::start(Limits::default()).await;
    for transport in ["xhr", "xhr_streaming", "eventsource"] {
        let mut peer = Peer::new(&server);
        peer.listen(transport).await;
        assert_eq!(peer.frame().await, "o", "{transport}");
        peer.say(&[CONNECT]).await;
        assert!(peer.message().await.starts_with("CONNECTED\n"), "{transport}");
        peer.say(&["SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:s\n\n\0"])
            .await;
        assert!(peer.message().await.contains("receipt-id:s"), "{transport}");
        peer.say(&["SEND\ndestination:/topic/a\n\n100% \"안녕\" 🙂\u{2028}\n\0", "\n"])
            .await;
        let message = peer.message().await;
        assert!(
            message.ends_with("\n\n100% \"안녕\" 🙂\u{2028}\n\0"),
            "{transport} {message}"
        );
        peer.say(&["DISCONNECT\nreceipt:bye\n\n\0"]).await;
        assert!(peer.message().await.contains("receipt-id:bye"), "{transport}");
        assert_eq!(peer.frame().await, r#"c[1000,"disconnected"]"#, "{transport}");
        assert_eq!(peer.xhr().await, "c[1000,\"disconnected\"]\n", "asked again");
        assert_eq!(peer.send("[\"x\"]").await, StatusCode::NOT_FOUND);
    }
    let closed = |note: &String| note == "closed kim Disconnect";
    assert_eq!(server.shop.notes().iter().filter(|note| closed(note)).count(), 3);
}

#[tokio::test]
async fn each_way_to_listen_has_its_form() {
    let server = Server::start(Limits::default()).await;
    let expected = [
        ("xhr", "application/javascript; charset=UTF-8", "o\n".to_owned()),
        (
            "xhr_streaming",
            "application/javascript; charset=UTF-8",
            "h".repeat(2048) + "\no\n",
        ),
        ("eventsource", "text/event-stream", "\r\ndata: o\r\n\r\n".to_owned()),
    ];
    for (transport, content_type, text) in expected {
        let peer = Peer::new(&server);
        let mut response = peer.open_response(transport).await;
        assert_eq!(response.headers()["content-type"], content_type);
        assert!(
            response.headers()["cache-control"]
                .to_str()
                .unwrap()
                .contains("no-store")
        );
        let mut read = Vec::new();
        while read.len() < text.len() {
            read.extend_from_slice(&response.chunk().await.unwrap().unwrap());
        }
        assert_eq!(String::from_utf8(read).unwrap(), text);
    }
}

#[tokio::test]
async fn what_comes_between_two_polls_waits_and_keeps_its_order() {
    let server = Server::start(Limits::default()).await;
    let mut peer = Peer::subscribed(&server, "/topic/a").await;
    for round in 0..20 {
        for number in 0..5 {
            peer.publish("/topic/a", &format!("{round}.{number}")).await;
        }
        let mut got = Vec::new();
        while got.len() < 5 {
            got.push(peer.body().await);
        }
        let expected: Vec<_> = (0..5).map(|number| format!("{round}.{number}")).collect();
        assert_eq!(got, expected);
    }
}

#[tokio::test]
async fn nothing_is_lost_where_a_response_reaches_its_limit() {
    let options = Options {
        response_bytes_max: 2000,
        ..Options::stomp()
    };
    let server = Server::start_with(Limits::default(), options).await;
    for transport in ["xhr_streaming", "eventsource"] {
        let mut peer = Peer::subscribed(&server, "/topic/a").await;
        peer.listen(transport).await;
        for round in 0..50 {
            for number in 0..4 {
                peer.publish("/topic/a", &format!("{round}.{number}")).await;
            }
            for number in 0..4 {
                assert_eq!(peer.body().await, format!("{round}.{number}"), "{transport}");
            }
        }
        assert!(peer.responses > 5, "{transport} {}", peer.responses);
    }
}

#[tokio::test]
async fn a_second_listener_is_sent_away_and_the_first_lives_on() {
    let server = Server::start(Limits::default()).await;
    let mut peer = Peer::subscribed(&server, "/topic/a").await;
    peer.listen("xhr_streaming").await;
    for transport in ["xhr", "xhr_streaming", "eventsource"] {
        let second = peer.open_response(transport).await.text().await.unwrap();
        assert!(
            second.contains(r#"c[2010,"Another connection still open"]"#),
            "{second}"
        );
    }
    peer.publish("/topic/a", "still here").await;
    assert_eq!(peer.body().await, "still here");
}

#[tokio::test]
async fn a_listener_that_is_cut_takes_the_session_with_it() {
    let server = Server::start(Limits::default()).await;
    for transport in ["xhr", "xhr_streaming", "eventsource"] {
        let mut peer = Peer::subscribed(&server, "/topic/a").await;
        peer.listen(transport).await;
        peer.cut();
        server.shop.noted("closed kim Lost").await;
        assert_eq!(peer.send("[\"x\"]").await, StatusCode::NOT_FOUND);
        assert_eq!(peer.xhr().await, "c[1002,\"Connection interrupted\"]\n");
        server.shop.forget();
    }
}

#[tokio::test]
async fn a_session_ends_when_nobody_listens_for_too_long() {
    let options = Options {
        disconnect_delay: Duration::from_millis(200),
        ..Options::stomp()
    };
    let server = Server::start_with(Limits::default(), options).await;
    let peer = Peer::subscribed(&server, "/topic/a").await;
    server.shop.noted("closed kim Lost").await;
    assert_eq!(peer.send("[\"x\"]").await, StatusCode::NOT_FOUND);
    assert_eq!(peer.xhr().await, "o\n", "another session of this name");
}

#[tokio::test]
async fn listeners_hear_that_the_server_is_there() {
    let options = Options {
        heart_beat: Duration::from_millis(50),
        ..Options::stomp()
    };
    let server = Server::start_with(Limits::default(), options).await;
    let mut poll = Peer::open(&server).await;
    assert_eq!(poll.xhr().await, "h\n");
    poll.listen("xhr_streaming").await;
    for _ in 0..3 {
        assert_eq!(poll.frame().await, "h");
    }
    assert_eq!(poll.responses, 1);
    let mut framed = socket(&server, "/0/s/websocket").await;
    for expected in ["o", "h", "h"] {
        assert_eq!(framed.next().await.unwrap().unwrap(), Message::text(expected));
    }
}

#[tokio::test]
async fn a_silent_listener_shows_itself_by_another_and_misses_nothing() {
    let limits = Limits {
        silence: Duration::from_millis(500),
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut peer = Peer::subscribed(&server, "/topic/a").await;
    peer.listen("xhr_streaming").await;
    for _ in 0..5 {
        assert_eq!(peer.frame().await, "h");
    }
    assert!(peer.responses >= 5, "{}", peer.responses);
    peer.publish("/topic/a", "here").await;
    assert_eq!(peer.body().await, "here");
}

#[tokio::test]
async fn an_error_comes_before_the_end_and_both_wait_for_the_peer() {
    let server = Server::start(Limits::default()).await;
    let mut peer = Peer::subscribed(&server, "/topic/a").await;
    peer.say(&["SUBSCRIBE\nid:2\ndestination:/topic/forbidden\nreceipt:r\n\n\0"])
        .await;
    server.shop.noted("closed kim ByServer(1002)").await;
    let error = peer.message().await;
    assert!(
        error.starts_with("ERROR\n") && error.contains("receipt-id:r"),
        "{error}"
    );
    for _ in 0..2 {
        assert_eq!(peer.xhr().await, "c[1002,\"forbidden\"]\n");
    }

    let mut stranger = Peer::open(&server).await;
    stranger
        .say(&["CONNECT\naccept-version:1.2\nlogin:stranger\n\n\0"])
        .await;
    assert!(stranger.message().await.starts_with("ERROR\n"));
    assert_eq!(stranger.xhr().await, "c[4401,\"unauthenticated\"]\n");
}

#[tokio::test]
async fn a_frame_that_is_not_text_ends_sessions_and_reaches_sockets() {
    let server = Server::start(Limits::default()).await;
    let mut polling = Peer::subscribed(&server, "/topic/a").await;
    let mut raw = server.connect("lee").await;
    raw.subscribe("1", "/topic/a").await;
    let mut framed = socket(&server, "/0/s/websocket").await;
    let subscribe = "SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:s\n\n\0";
    let array = serde_json::to_string(&[CONNECT, subscribe]).unwrap();
    framed.send(Message::text(array)).await.unwrap();
    for _ in 0..3 {
        framed.next().await.unwrap().unwrap();
    }
    let publication = broker::Publication::json(vec![0xff, 0, 0xfe]);
    server.broker().publish(&broker::Topic::from("/topic/a"), &publication);
    assert_eq!(&raw.recv().await.body[..], [0xff, 0, 0xfe]);
    assert!(polling.message().await.starts_with("ERROR\n"));
    assert_eq!(polling.xhr().await, "c[1002,\"invalid_request\"]\n");
    let error = framed.next().await.unwrap().unwrap().into_text().unwrap();
    assert!(error.starts_with("a[\"ERROR\\n"), "{error}");
    let close = framed.next().await.unwrap().unwrap();
    assert_eq!(close, Message::text("c[1002,\"invalid_request\"]"));
}

#[tokio::test]
async fn a_drain_tells_sessions_to_come_back() {
    let server = Server::start(Limits::default()).await;
    let mut peer = Peer::subscribed(&server, "/topic/a").await;
    peer.listen("xhr_streaming").await;
    let (frame, ()) = tokio::join!(peer.frame(), server.broker().drain(Duration::ZERO));
    assert_eq!(frame, r#"c[1012,"restarting, come back"]"#);
}

#[tokio::test]
async fn the_longest_base_counts_and_each_has_its_own_sessions() {
    let server = Server::start(Limits::default()).await;
    let above = Peer::open(&server).await;
    let mut below = Peer::new(&server);
    below.base = below.base.replace("/sockjs", "/sockjs/below");
    below.session = above.session.clone();
    assert_eq!(below.send("[\"x\"]").await, StatusCode::NOT_FOUND);
    assert_eq!(below.xhr().await, "o\n");
    let of_below = above.request(Method::POST, "/below/s/xhr").send().await.unwrap();
    assert_eq!(of_below.status(), StatusCode::NOT_FOUND);
    let info = above.request(Method::GET, "/below/info").send().await.unwrap();
    assert_eq!(info.status(), StatusCode::OK);
    let neighbour = above.request(Method::POST, "/belo/s/xhr").send().await.unwrap();
    assert_eq!(neighbour.text().await.unwrap(), "o\n");
}

#[tokio::test]
async fn a_socket_without_frames_speaks_plain_stomp() {
    let server = Server::start(Limits::default()).await;
    for path in ["", "/websocket"] {
        let mut raw = socket(&server, path).await;
        raw.send(Message::text(CONNECT)).await.unwrap();
        let connected = raw.next().await.unwrap().unwrap().into_text().unwrap();
        assert!(connected.starts_with("CONNECTED\n"), "{connected}");
    }
}

#[tokio::test]
async fn a_framed_socket_takes_arrays_and_single_strings_and_no_more() {
    let server = Server::start(Limits::default()).await;
    let mut framed = socket(&server, "/0/s/websocket").await;
    for message in ["", "[]", &serde_json::to_string(CONNECT).unwrap()] {
        framed.send(Message::text(message)).await.unwrap();
    }
    assert_eq!(framed.next().await.unwrap().unwrap(), Message::text("o"));
    let connected = framed.next().await.unwrap().unwrap().into_text().unwrap();
    assert!(connected.starts_with("a[\"CONNECTED\\n"), "{connected}");
    framed.send(Message::text("[\"broken")).await.unwrap();
    let mut rest = Vec::new();
    while let Some(Ok(message)) = framed.next().await {
        rest.push(message);
    }
    assert!(rest[0].to_text().unwrap().starts_with("a[\"ERROR\\n"), "{rest:?}");
    assert_eq!(rest[1], Message::text("c[1002,\"invalid_request\"]"));
    assert!(matches!(&rest[2], Message::Close(Some(close)) if u16::from(close.code) == 1002));
}

#[tokio::test]
async fn without_websockets_their_urls_are_unknown() {
    let options = Options {
        websocket: false,
        ..Options::stomp()
    };
    let server = Server::start_with(Limits::default(), options).await;
    let peer = Peer::new(&server);
    let info = peer.request(Method::GET, "/info").send().await.unwrap();
    assert_eq!(info.json::<serde_json::Value>().await.unwrap()["websocket"], false);
    for path in ["/websocket", "/0/s/websocket"] {
        let response = peer.request(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_balancers_cookie_comes_back_if_it_is_plain() {
    let options = Options {
        cookie: true,
        ..Options::stomp()
    };
    let server = Server::start_with(Limits::default(), options).await;
    let peer = Peer::new(&server);
    let info = peer.request(Method::GET, "/info").send().await.unwrap();
    assert!(!info.headers().contains_key("set-cookie"));
    for (sent, expected) in [
        ("a=b; JSESSIONID=abc.1", "JSESSIONID=abc.1; path=/"),
        ("JSESSIONID=a\"b", "JSESSIONID=dummy; path=/"),
        ("a=b", "JSESSIONID=dummy; path=/"),
    ] {
        let poll = peer
            .request(Method::POST, &peer.path("xhr_send"))
            .header("cookie", sent);
        let response = poll.send().await.unwrap();
        assert_eq!(response.headers()["set-cookie"], expected, "{sent}");
    }
}

/// What comes back for a request written by hand, until it ends or `enough` is there.
async fn answer(server: &Server, request: &str, enough: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&read).contains(enough) {
            if stream.read_buf(&mut read).await.unwrap() == 0 {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading)
        .await
        .expect("an answer in time");
    String::from_utf8(read).unwrap()
}

#[tokio::test]
async fn every_frame_is_a_chunk_and_old_http_gets_none() {
    let server = Server::start(Limits::default()).await;
    let streaming = "POST /sockjs/0/a/xhr_streaming HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n";
    let streamed = answer(&server, streaming, "o\n\r\n").await;
    assert!(streamed.contains("x-accel-buffering: no\r\n"), "{streamed}");
    let chunks = format!("\r\n\r\n801\r\n{}\n\r\n2\r\no\n\r\n", "h".repeat(2048));
    assert!(streamed.ends_with(&chunks), "{streamed}");

    let old = answer(
        &server,
        "POST /sockjs/0/b/xhr HTTP/1.0\r\nhost: h\r\n\r\n",
        "never there",
    )
    .await;
    assert!(
        old.ends_with("\r\n\r\no\n") && !old.contains("transfer-encoding"),
        "{old}"
    );
}

#[tokio::test]
async fn two_framed_sockets_of_one_name_are_two_sessions() {
    let server = Server::start(Limits::default()).await;
    let polled = Peer::open(&server).await;
    let url = polled.path("websocket");
    let mut first = socket(&server, &url).await;
    let mut second = socket(&server, &url).await;
    for framed in [&mut first, &mut second] {
        assert_eq!(framed.next().await.unwrap().unwrap(), Message::text("o"));
    }
    assert_eq!(polled.send("[]").await, StatusCode::NO_CONTENT);
}
