//! What the cookie of a log-in does, and from where.

use super::*;

#[rstest]
#[tokio::test]
async fn the_cookie_gives_tokens_without_using_up_the_refresh_token(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    house.user("STU001", Role::Student).await;
    let login = house.log_in("STU001").await;
    let headers = [("cookie", login.cookie_pair()), OWN_ORIGIN];
    let renewed = house
        .send(call("POST", "/api/auth/refresh", &headers, Value::Null))
        .await;
    assert_eq!(renewed.status, StatusCode::OK, "{}", renewed.body);
    assert_eq!(renewed.cookie_pair(), login.cookie_pair());
    assert!(house.is_in(renewed.text("accessToken")).await);
    let by_token = house
        .post("/api/auth/refresh", json!({"refreshToken": login.text("refreshToken")}))
        .await;
    assert_eq!(by_token.status, StatusCode::OK);
    let foreign = [("cookie", login.cookie_pair()), ("origin", "https://evil.example")];
    let answer = house
        .send(call("POST", "/api/auth/refresh", &foreign, Value::Null))
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let nobody = house.post("/api/auth/refresh", Value::Null).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_cookie_writes_only_from_an_origin_of_ours() {
    let house = House::with(Sqlite, &[("MARU_SERVER__ALLOWED_ORIGINS", "https://shop.example")]).await;
    house.user("STU001", Role::Student).await;
    let login = house.log_in("STU001").await;
    let cookie = format!("theme=dark; {}", login.cookie_pair());
    let cases = [
        ("GET", None, StatusCode::OK),
        ("GET", Some("http://chat.example:8080"), StatusCode::OK),
        ("GET", Some("https://evil.example"), StatusCode::FORBIDDEN),
        ("POST", None, StatusCode::FORBIDDEN),
        ("POST", Some("http://chat.example:8080"), StatusCode::OK),
        ("POST", Some("HTTPS://Shop.Example:443"), StatusCode::OK),
        ("POST", Some("https://chat.example:8080"), StatusCode::FORBIDDEN),
        ("POST", Some("http://chat.example"), StatusCode::FORBIDDEN),
        (
            "POST",
            Some("http://chat.example:8080.evil.example"),
            StatusCode::FORBIDDEN,
        ),
        ("POST", Some("https://evil.example"), StatusCode::FORBIDDEN),
        ("POST", Some("null"), StatusCode::FORBIDDEN),
    ];
    for (method, origin, status) in cases {
        let mut headers = vec![("cookie", cookie.as_str())];
        headers.extend(origin.map(|origin| ("origin", origin)));
        let answer = house.send(call(method, "/api/auth/me", &headers, Value::Null)).await;
        assert_eq!(answer.status, status, "{method} {origin:?}");
    }
    let handshake = [("cookie", cookie.as_str()), ("upgrade", "websocket")];
    let answer = house.send(call("GET", "/api/auth/me", &handshake, Value::Null)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "a handshake without an origin");
    let bearer = format!("Bearer {}", login.text("accessToken"));
    let headers = [("authorization", bearer.as_str()), ("origin", "https://evil.example")];
    let answer = house.send(call("POST", "/api/auth/me", &headers, Value::Null)).await;
    assert_eq!(answer.status, StatusCode::OK, "a token is no cookie");
}

#[tokio::test]
async fn a_bad_token_is_not_made_good_by_a_cookie_or_a_query() {
    let house = House::new(Sqlite).await;
    house.user("STU001", Role::Student).await;
    let login = house.log_in("STU001").await;
    let headers = [("authorization", "Bearer x.y.z"), ("cookie", login.cookie_pair())];
    let answer = house.send(call("GET", "/api/auth/me", &headers, Value::Null)).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.text("code"), "unauthenticated");
    for name in ["token", "access_token", "jwt", "authorization"] {
        let path = format!("/api/auth/me?{name}={}", login.text("accessToken"));
        let answer = house.send(call("GET", &path, &[], Value::Null)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn the_cookie_is_secure_behind_a_proxy_that_speaks_https() {
    let house = House::with(Sqlite, &[("MARU_SERVER__TRUSTED_PROXIES", "192.0.2.0/24")]).await;
    house.user("STU001", Role::Student).await;
    let body = json!({"username": "STU001", "password": PASSWORD, "cookie": true});
    let headers = [("x-forwarded-proto", "https"), ("origin", "https://chat.example:8080")];
    let answer = house
        .send(call("POST", "/api/auth/login", &headers, body.clone()))
        .await;
    assert!(answer.cookie.unwrap().ends_with("; Secure"));
    let foreign = [("origin", "https://evil.example")];
    let answer = house.send(call("POST", "/api/auth/login", &foreign, body)).await;
    assert_eq!(
        answer.status,
        StatusCode::FORBIDDEN,
        "nobody is logged in by another site"
    );
}
