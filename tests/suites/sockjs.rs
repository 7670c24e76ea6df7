//! SockJS on `/ws` and `/ws/chat`: whose page may call, whose session it is, and the bounds of it all.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;
use tests::{Answer, Connect, Db, Maru, Person, Rest, Way};

use crate::desk::PATIENT;

const CALLS: [(&str, &str); 9] = [
    ("GET", ""),
    ("GET", "/info"),
    ("OPTIONS", "/info"),
    ("POST", "/0/s/xhr"),
    ("OPTIONS", "/0/s/xhr_send"),
    ("POST", "/0/s/xhr_send"),
    ("POST", "/0/s/xhr_streaming"),
    ("GET", "/0/s/eventsource"),
    ("GET", "/0/s/websocket"),
];

async fn call(rest: &Rest, method: &str, path: &str, body: &str) -> Answer {
    let method = Method::try_from(method).unwrap();
    let body = body.to_owned();
    rest.call(method, path, |request| request.body(body)).await
}

async fn post(rest: &Rest, path: &str, body: &str) -> Answer {
    call(rest, "POST", path, body).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_page_is_refused_on_every_call() {
    let maru = PATIENT.on(Db::Sqlite).await;
    for base in ["/ws", "/ws/chat"] {
        for origin in ["http://evil.example", "null"] {
            let foreign = maru.rest().with("origin", origin);
            for (method, path) in CALLS {
                let answer = call(&foreign, method, &format!("{base}{path}"), "").await;
                assert_eq!(answer.status, 403, "{method} {path}");
                assert!(
                    !answer.headers.contains_key("access-control-allow-origin"),
                    "{method} {path}"
                );
            }
        }
        let own = maru.rest().with("origin", &maru.origin());
        let info = own.get(&format!("{base}/info")).await;
        assert_eq!(info.headers["access-control-allow-origin"], *maru.origin());
        assert_eq!(info.headers["access-control-allow-credentials"], "true");
    }
}

#[rstest]
#[case("https://shop.example")]
#[case("*")]
#[tokio::test(flavor = "multi_thread")]
async fn an_allowed_page_may_call_with_its_cookies(#[case] allowed: &str) {
    let maru = Maru::start(Db::Sqlite, &[("SERVER__ALLOWED_ORIGINS", allowed)]).await;
    let page = maru.rest().with("origin", "https://shop.example");
    let asking = page
        .clone()
        .with("access-control-request-method", "POST")
        .with("access-control-request-headers", "content-type");
    let preflight = call(&asking, "OPTIONS", "/ws/0/s/xhr_send", "").await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.headers["access-control-allow-headers"], "content-type");
    for answer in [
        preflight,
        page.get("/ws/info").await,
        post(&page, "/ws/0/s/xhr", "").await,
    ] {
        assert_eq!(
            answer.headers["access-control-allow-origin"], "https://shop.example",
            "{}",
            answer.what
        );
        assert_eq!(
            answer.headers["access-control-allow-credentials"], "true",
            "{}",
            answer.what
        );
    }
    let rest = page.get("/api/chat/categories").await;
    assert!(!rest.headers.contains_key("access-control-allow-credentials"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_is_an_unknown_path() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let rest = maru.rest();
    for path in [
        "/ws/0/s/jsonp?c=x",
        "/ws/0/s/jsonp_send",
        "/ws/0/s/htmlfile?c=x",
        "/ws/iframe.html",
        "/ws/iframe-1.6.1.html",
        "/ws/chat/iframe.html",
        "/ws/chat/s/xhr",
        "/ws/chat/0/s/jsonp",
        "/ws/0/s",
    ] {
        for method in ["GET", "POST", "OPTIONS", "PUT", "DELETE"] {
            assert_eq!(call(&rest, method, path, "").await.status, 404, "{method} {path}");
        }
    }
    for base in ["/ws", "/ws/", "/ws/chat", "/ws/chat/"] {
        assert_eq!(rest.get(base).await.text, "Welcome to SockJS!\n");
    }
    let info = rest.get("/ws/info").await;
    assert_eq!(info.json["websocket"], true);
    assert_eq!(post(&rest, "/ws/info", "").await.status, 405);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_socket_without_frames_is_there_at_three_paths() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let person = maru.guest().await;
    for path in ["/ws", "/ws/websocket", "/ws/chat/websocket"] {
        Connect::to(maru).path(path).token(&person.token).ok().await;
    }
}

async fn cookie(maru: &Maru, person: &Person) -> String {
    let set = ["user", "add", "--code", &person.code, "--name", "x", "--role", "member"];
    let set = set.into_iter().chain(["--username", &person.code, "--password-stdin"]);
    let set: Vec<_> = set.collect();
    let output = tokio::task::block_in_place(|| maru.cli_with_input(&set, "a long password 1"));
    assert!(output.status.success(), "{}", output.stderr);
    let log_in = json!({ "username": person.code, "password": "a long password 1", "cookie": true });
    let answer = maru.rest().post("/api/auth/login", log_in).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    cookie.split(';').next().unwrap().to_owned()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_session_belongs_to_the_log_in_that_opened_it() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let (kim, lee) = (maru.person("member").await, maru.person("member").await);
    let page = |cookie: &str| maru.rest().with("origin", &maru.origin()).with("cookie", cookie);
    let (kims, lees) = (page(&cookie(maru, &kim).await), page(&cookie(maru, &lee).await));
    let session = format!("/ws/0/{}", kim.code);
    assert_eq!(post(&kims, &format!("{session}/xhr"), "").await.text, "o\n");
    for other in [lees, maru.rest(), maru.rest().with_token(&lee.token)] {
        for transport in ["xhr", "xhr_streaming", "xhr_send"] {
            let answer = post(&other, &format!("{session}/{transport}"), "[\"x\"]").await;
            assert_eq!(answer.status, 404, "{transport}");
        }
    }
    let connect = r#"["CONNECT\naccept-version:1.2\nhost:h\n\n\u0000"]"#;
    assert_eq!(post(&kims, &format!("{session}/xhr_send"), connect).await.status, 204);
    let connected = post(&kims, &format!("{session}/xhr"), "").await;
    assert!(
        connected.text.contains(&format!("user-name:{}", kim.code)),
        "{}",
        connected.text
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_without_origin_posts_nothing() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let kim = maru.person("member").await;
    let nowhere = maru.rest().with("cookie", &cookie(maru, &kim).await);
    let answer = post(&nowhere, "/ws/0/s/xhr", "").await;
    assert_eq!((answer.status, &answer.json["code"]), (403, &json!("forbidden")));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_connections_of_their_address_and_polls_are_not() {
    let settings = [
        ("LIMITS__CONNECTIONS_PER_ADDRESS", "2"),
        ("SOCKJS__HEARTBEAT_S", "1"),
        ("SOCKJS__DISCONNECT_DELAY_S", "1"),
    ];
    let maru = Maru::start(Db::Sqlite, &settings).await;
    let rest = maru.rest();
    assert_eq!(post(&rest, "/ws/0/a/xhr", "").await.text, "o\n");
    assert_eq!(post(&rest, "/ws/chat/0/a/xhr", "").await.text, "o\n");
    let third = post(&rest, "/ws/0/b/xhr", "").await;
    assert_eq!((third.status, &third.json["code"]), (429, &json!("rate_limited")));
    assert!(Connect::to(&maru).upgrade().await.is_err());
    // Nobody polls any more: they end by themselves.
    tests::until("a free place", || async {
        (post(&rest, "/ws/0/b/xhr", "").await.status == 200).then_some(())
    })
    .await;

    let settings = [
        ("LIMITS__CONNECTS_PER_MINUTE_PER_ADDRESS", "3"),
        ("SOCKJS__HEARTBEAT_S", "1"),
    ];
    let maru = Maru::start(Db::Sqlite, &settings).await;
    let person = maru.guest().await;
    let stomp = Connect::to(&maru)
        .over(Way::SockJs("xhr"))
        .token(&person.token)
        .ok()
        .await;
    for _ in 0..10 {
        stomp.settle().await;
    }
    let rest = maru.rest();
    let mut opened = 0;
    while post(&rest, &format!("/ws/0/n{opened}/xhr"), "").await.status == 200 {
        opened += 1;
        assert!(opened < 5, "no limit");
    }
    stomp.settle().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_posts_have_their_bounds_and_metrics() {
    let settings = [("SOCKJS__SESSIONS", "2"), ("SOCKJS__POST_BYTES", "200000")];
    let maru = Maru::start(Db::Sqlite, &settings).await;
    let person = maru.guest().await;
    let connect = Connect::to(&maru)
        .over(Way::SockJs("xhr_streaming"))
        .token(&person.token);
    let _open = [connect.clone().ok().await, connect.ok().await];
    let rest = maru.rest();
    assert_eq!(post(&rest, "/ws/0/third/xhr", "").await.status, 503);
    let _websocket = person.stomp(&maru).await;
    let metrics = rest.get("/metrics").await.text;
    for line in [
        "sockjs_sessions 2",
        "sockjs_refused_total 1",
        "stomp_connections{transport=\"sockjs\"} 2",
        "stomp_connections{transport=\"websocket\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
    let maru = Maru::start(Db::Sqlite, &settings[1..]).await;
    let rest = maru.rest();
    assert_eq!(post(&rest, "/ws/0/s/xhr", "").await.text, "o\n");
    let too_long = format!("[\"{}\"]", "x".repeat(200_000));
    assert_eq!(post(&rest, "/ws/0/s/xhr_send", &too_long).await.status, 413);
    assert_eq!(
        post(&rest, "/ws/0/s/xhr_send", "[\"x").await.text,
        "Broken JSON encoding."
    );
}
