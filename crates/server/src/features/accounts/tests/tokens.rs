//! Whom a token lets in, and what it says.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

/// A token whose header and claims are any text, signed as HS256 would.
fn forged(header: &str, claims: &str) -> String {
    let said = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes());
    let mac = aws_lc_rs::hmac::sign(&key, said.as_bytes());
    format!("{said}.{}", URL_SAFE_NO_PAD.encode(mac))
}

#[rstest]
#[tokio::test]
async fn a_token_made_by_the_command_line_lets_in_until_its_end(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    let id = house.user("STU001", Role::Student).await;
    let jwt = house.token("STU001").await;
    let principal = house.accounts.from_bearer(&jwt).await.unwrap();
    assert_eq!((principal.member_id, principal.roles), (id, vec![Role::Student]));
    assert_eq!(principal.expires_at, NOW.plus_s(600));
    house.clock.set(NOW.plus_s(599));
    assert!(house.is_in(&jwt).await);
    house.clock.set(NOW.plus_s(600));
    assert!(!house.is_in(&jwt).await);
}

#[tokio::test]
async fn a_token_says_what_the_contract_says() {
    let house = House::new(Sqlite).await;
    let id = house.user("STU001", Role::Student).await;
    let jwt = house.token("STU001").await;
    let mut parts = jwt
        .split('.')
        .map(|part| URL_SAFE_NO_PAD.decode(part).unwrap_or_default());
    let head: Value = serde_json::from_slice(&parts.next().unwrap()).unwrap();
    let said: Value = serde_json::from_slice(&parts.next().unwrap()).unwrap();
    assert_eq!(head["alg"], "HS256");
    let now = NOW.ms() / 1000;
    assert_eq!(said["sub"], "STU001");
    assert_eq!(said["uid"], id);
    assert_eq!(said["name"], "이름 STU001");
    assert_eq!(said["roles"], json!(["STUDENT"]));
    assert_eq!((&said["iss"], &said["aud"]), (&json!("maru"), &json!("maru")));
    assert_eq!((&said["iat"], &said["exp"]), (&json!(now), &json!(now + 600)));
    assert!(said["jti"].as_str().unwrap().len() > 32);
}

#[tokio::test]
async fn forged_headers_let_nobody_in() {
    let house = House::new(Sqlite).await;
    let id = house.user("STU001", Role::Student).await;
    let claims = good_claims(id).to_string();
    assert!(house.is_in(&forged(r#"{"alg":"HS256","typ":"JWT"}"#, &claims)).await);
    for ignored in [
        r#"{"alg":"HS256","kid":"../../x"}"#,
        r#"{"alg":"HS256","jku":"https://evil.example/keys"}"#,
        r#"{"alg":"HS256","x5u":"https://evil.example/cert"}"#,
    ] {
        assert!(house.is_in(&forged(ignored, &claims)).await, "{ignored}");
    }
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":"nOnE"}"#,
        r#"{"alg":""}"#,
        r#"{"alg":null}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":"HS384"}"#,
        r#"{"alg":"HS512"}"#,
        r#"{"alg":"RS256"}"#,
        r#"{"alg":"ES256"}"#,
        r#"{"typ":"JWT"}"#,
        r#"{"alg":"HS256","crit":["exp"]}"#,
        r#"{"alg":"HS256","alg":"none"}"#,
        "",
        "[]",
    ] {
        assert!(!house.is_in(&forged(header, &claims)).await, "{header}");
        let unsigned = forged(header, &claims);
        let unsigned = &unsigned[..=unsigned.rfind('.').unwrap()];
        assert!(!house.is_in(unsigned).await, "{header} without signature");
    }
}

#[tokio::test]
async fn another_key_or_another_algorithm_lets_nobody_in() {
    let house = House::new(Sqlite).await;
    let id = house.user("STU001", Role::Student).await;
    let claims = good_claims(id);
    let hs256 = Header::new(Algorithm::HS256);
    assert!(house.is_in(&signed(&hs256, &claims, SECRET)).await);
    assert!(
        !house
            .is_in(&signed(&hs256, &claims, "another secret of more than 32 bytes"))
            .await
    );
    assert!(!house.is_in(&signed(&hs256, &claims, "")).await);
    assert!(
        !house
            .is_in(&signed(&Header::new(Algorithm::HS512), &claims, SECRET))
            .await
    );
    for jwt in ["", ".", "..", "...", "a.b.c", &"x".repeat(100_000)] {
        assert!(!house.is_in(jwt).await);
    }
}

#[tokio::test]
async fn claims_of_a_wrong_kind_let_nobody_in() {
    let house = House::new(Sqlite).await;
    let id = house.user("STU001", Role::Student).await;
    let good = good_claims(id).to_string();
    let exp = format!(r#""exp":{}"#, NOW.ms() / 1000 + 60);
    let header = r#"{"alg":"HS256"}"#;
    let cases = [
        (exp.as_str(), r#""exp":"9999999999""#),
        (exp.as_str(), r#""exp":null"#),
        (exp.as_str(), r#""exp":1e400"#),
        (exp.as_str(), r#""exp":-1"#),
        (exp.as_str(), r#""exp":true"#),
        (exp.as_str(), r#""exp":[9999999999]"#),
        (exp.as_str(), r#""exp":9999999999,"exp":1"#),
        (exp.as_str(), r#""no":1"#),
        (exp.as_str(), r#""exp":9999999999,"nbf":9999999998"#),
        (exp.as_str(), r#""exp":9999999999,"nbf":"0""#),
        (r#""aud":"maru""#, r#""aud":"other""#),
        (r#""aud":"maru""#, r#""aud":null"#),
        (r#""aud":"maru""#, r#""aud":[]"#),
        (r#""aud":"maru""#, r#""no":1"#),
        (r#""iss":"maru""#, r#""iss":"other""#),
        (r#""iss":"maru""#, r#""iss":7"#),
        (r#""iss":"maru""#, r#""no":1"#),
        (r#""sub":"STU001""#, r#""sub":"STU002""#),
        (r#""sub":"STU001""#, r#""no":1"#),
    ];
    for (from, to) in cases {
        assert!(good.contains(from), "{from}");
        let jwt = forged(header, &good.replace(from, to));
        assert!(!house.is_in(&jwt).await, "{to}");
    }
    let wrong_number = good.replace(&format!(r#""uid":{id}"#), &format!(r#""uid":"{id}""#));
    assert!(!house.is_in(&forged(header, &wrong_number)).await);
}

#[tokio::test]
async fn roles_come_from_the_account_and_not_from_the_token() {
    let house = House::new(Sqlite).await;
    let id = house.user("STU001", Role::Student).await;
    let mut claims = good_claims(id);
    claims["roles"] = json!(["ADMIN"]);
    let jwt = signed(&Header::new(Algorithm::HS256), &claims, SECRET);
    let principal = house.accounts.from_bearer(&jwt).await.unwrap();
    assert_eq!(principal.roles, [Role::Student]);
}

#[rstest]
#[tokio::test]
async fn a_refresh_token_or_a_cookie_is_no_access_token_and_the_other_way_round(
    #[values(Sqlite, Postgres)] kind: Kind,
) {
    let house = House::new(kind).await;
    house.user("STU001", Role::Student).await;
    let login = house.log_in("STU001").await;
    let cookie = login.cookie_pair().split_once('=').unwrap().1.to_owned();
    assert!(!house.is_in(login.text("refreshToken")).await);
    assert!(!house.is_in(&cookie).await);
    for wrong in [login.text("accessToken"), &cookie, "", "AAAA"] {
        let answer = house.post("/api/auth/refresh", json!({"refreshToken": wrong})).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    assert!(house.accounts.from_cookie(login.text("accessToken")).await.is_err());
    assert!(house.accounts.from_cookie(login.text("refreshToken")).await.is_err());
    assert!(house.is_in(login.text("accessToken")).await, "guesses end no log-in");
}
