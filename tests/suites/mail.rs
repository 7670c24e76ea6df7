//! Mail: what goes out, to whom, once, and that nothing owed is forgotten.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, Db, Maru, Smtp, free_port, mail_settings, until};

use crate::desk::{Case, PATIENT, category, customer_move, id};

/// A server that sends its mail to this port.
async fn server(db: Db, port: u16, more: &[(&str, &str)]) -> Maru {
    let settings = mail_settings(port);
    let mut settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    settings.extend_from_slice(more);
    Maru::start(db, &settings).await
}

async fn mail_transcript(maru: &Maru, case: &Case, email: &str) -> Answer {
    let path = format!("/api/chat/sessions/{}/transcript", case.id);
    case.customer.rest(maru).post(&path, json!({ "email": email })).await
}

async fn set_email(maru: &Maru, case: &Case, email: Value) -> Answer {
    let path = format!("/api/chat/sessions/{}/email", case.id);
    case.customer.rest(maru).put(&path, json!({ "email": email })).await
}

fn text(mail: &Value) -> &str {
    mail["text"].as_str().unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_transcript_goes_out_by_mail(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let smtp = Smtp::start().await;
    let maru = server(db, smtp.port, &[("SUPPORT__TRANSCRIPTS_PER_HOUR", "2")]).await;
    let case = Case::active(&maru).await;
    case.agent.stomp(&maru).await.say(case.id, "내일 도착합니다.").await;
    let taken = mail_transcript(&maru, &case, " hong@shop.example ").await.is(202);
    assert_eq!(taken, json!({}));
    let mail = smtp.mails(1).await.remove(0);
    assert_eq!(
        (&mail["from"], &mail["to"]),
        (&json!("support@shop.example"), &json!(["hong@shop.example"]))
    );
    assert_eq!(mail["subject"], format!("상담 #{} 대화 내용", case.id));
    assert!(text(&mail).contains("내일 도착합니다."), "{mail}");
    assert!(mail["id"].as_str().unwrap().ends_with("@shop.example>"), "{mail}");

    mail_transcript(&maru, &case, "hong@shop.example").await.is(202);
    mail_transcript(&maru, &case, "hong@shop.example")
        .await
        .refused(429, "rate_limited");
    assert_eq!(smtp.mails(2).await.len(), 2);
    assert_eq!(maru.rest().get("/api/chat/availability").await.ok()["mail"], true);
}

#[rstest]
#[case("")]
#[case("hong")]
#[case("hong@")]
#[case("@shop.example")]
#[case("hong@shop.example, eve@shop.example")]
#[case("hong@shop.example\r\nBcc: eve@shop.example")]
#[case("Hong <hong@shop.example>")]
#[case("hong@shop example")]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_address_is_refused(#[case] email: &str) {
    let maru = PATIENT.on(Db::Sqlite).await;
    let case = Case::waiting(maru).await;
    set_email(maru, &case, json!(email))
        .await
        .refused(400, "invalid_request");
    let body = json!({ "categoryId": category(maru, &case.customer).await, "email": email });
    let rest = case.customer.rest(maru);
    rest.post("/api/chat/sessions", body)
        .await
        .refused(400, "invalid_request");
    assert_eq!(case.session(maru).await["email"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_smtp_server_no_mail_is_promised() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let case = Case::waiting(maru).await;
    mail_transcript(maru, &case, "hong@shop.example")
        .await
        .refused(409, "mail_unavailable");
    assert_eq!(maru.rest().get("/api/chat/availability").await.ok()["mail"], false);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_not_read_go_out_once_and_together(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let smtp = Smtp::start().await;
    let maru = server(db, smtp.port, &[("SUPPORT__MAIL_UNREAD_AFTER_S", "2")]).await;
    let customer = maru.guest().await;
    let body = json!({ "categoryId": category(&maru, &customer).await, "email": "hong@shop.example" });
    let session = customer.rest(&maru).post("/api/chat/sessions", body).await.is(201);
    assert_eq!(session["email"], "hong@shop.example");
    let agent = maru.person_called("agent", "김상담").await;
    let case = Case {
        id: id(&session),
        customer,
        agent,
    };
    case.start(&maru).await;
    let desk = case.agent.stomp(&maru).await;
    desk.say(case.id, "하나").await;
    desk.say(case.id, "둘").await;
    let mail = smtp.mails(1).await.remove(0);
    assert_eq!(mail["to"], json!(["hong@shop.example"]));
    assert!(
        mail["subject"].as_str().unwrap().starts_with("김상담 상담원의 답변"),
        "{mail}"
    );
    assert!(
        text(&mail).contains("김상담\n하나\n") && text(&mail).contains("김상담\n둘\n"),
        "{mail}"
    );
    let link = format!("https://chat.shop.example/support?session={}", case.id);
    assert!(text(&mail).contains(&link), "{mail}");

    desk.say(case.id, "셋").await;
    let mails = smtp.mails(2).await;
    assert!(text(&mails[1]).contains("셋"), "{}", mails[1]);
    assert!(!text(&mails[1]).contains("둘"), "it went out before: {}", mails[1]);

    desk.say(case.id, "넷").await;
    customer_move(&maru, &case.customer, case.id, "read", json!({}))
        .await
        .ok();
    desk.say(case.id, "다섯").await;
    let mails = smtp.mails(3).await;
    assert!(text(&mails[2]).contains("다섯"), "{}", mails[2]);
    assert!(!text(&mails[2]).contains("넷"), "it was read: {}", mails[2]);
    set_email(&maru, &case, Value::Null).await.ok();
    assert_eq!(case.session(&maru).await["email"], Value::Null);
    desk.say(case.id, "여섯").await;
    let storage = maru.storage().await;
    let due = storage
        .rows("SELECT id FROM support_session WHERE mail_due_at IS NOT NULL")
        .await;
    assert!(due.is_empty(), "without an address nothing is owed");
    assert_eq!(smtp.all_mails(&maru).await.len(), 3);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_owed_when_the_server_was_killed_goes_out_once(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let port = free_port();
    let maru = server(db, port, &[("SUPPORT__MAIL_UNREAD_AFTER_S", "1")]).await;
    let case = Case::active(&maru).await;
    set_email(&maru, &case, json!("hong@shop.example")).await.ok();
    case.agent.stomp(&maru).await.say(case.id, "답변").await;
    mail_transcript(&maru, &case, "other@shop.example").await.is(202);
    maru.kill();
    let smtp = Smtp::on(port).await;
    maru.run().await;
    let mut to: Vec<String> = smtp
        .mails(2)
        .await
        .iter()
        .map(|mail| mail["to"][0].as_str().unwrap().to_owned())
        .collect();
    to.sort();
    assert_eq!(to, ["hong@shop.example", "other@shop.example"]);
    assert_eq!(smtp.all_mails(&maru).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_on_its_way_when_the_server_was_killed_goes_out_later() {
    let smtp = Smtp::start().await;
    let maru = server(Db::Sqlite, smtp.port, &[]).await;
    let case = Case::waiting(&maru).await;
    smtp.hang(true);
    mail_transcript(&maru, &case, "hong@shop.example").await.is(202);
    smtp.said("hanging", 1).await;
    maru.kill();
    smtp.hang(false);
    maru.run().await;
    assert_eq!(smtp.mails(1).await.len(), 1);
    assert_eq!(smtp.all_mails(&maru).await.len(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_for_a_while_is_asked_again(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let smtp = Smtp::start().await;
    let maru = server(db, smtp.port, &[]).await;
    let case = Case::waiting(&maru).await;
    smtp.refuse(true);
    mail_transcript(&maru, &case, "hong@shop.example").await.is(202);
    smtp.said("refused", 2).await;
    let storage = maru.storage().await;
    until("the failure to be noted", || async {
        let rows = storage.rows("SELECT last_error FROM mail WHERE attempts >= 2").await;
        let error: String = rows.first()?.try_get("", "last_error").unwrap();
        error.contains("come back later").then_some(())
    })
    .await;
    smtp.refuse(false);
    assert_eq!(smtp.mails(1).await[0]["to"], json!(["hong@shop.example"]));
    assert_eq!(smtp.all_mails(&maru).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_always_refused_is_given_up() {
    let smtp = Smtp::start().await;
    let maru = server(Db::Sqlite, smtp.port, &[("MAIL__ATTEMPTS_MAX", "2")]).await;
    let case = Case::waiting(&maru).await;
    smtp.refuse(true);
    mail_transcript(&maru, &case, "hong@shop.example").await.is(202);
    assert!(smtp.all_mails(&maru).await.is_empty());
    assert_eq!(smtp.said("refused", 2).await.len(), 2);
    assert!(maru.log().contains("a mail is given up"));
}

/// Names with line breaks are refused where accounts are made; this one is put into the database past that.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_line_breaks_adds_no_header_and_no_recipient() {
    let smtp = Smtp::start().await;
    let maru = server(Db::Sqlite, smtp.port, &[("SUPPORT__MAIL_UNREAD_AFTER_S", "1")]).await;
    let case = Case::active(&maru).await;
    let evil = "'Eve' || char(13) || char(10) || 'Bcc: eve@shop.example' || char(13) || char(10) || char(13) || char(10) || 'x'";
    maru.kill();
    maru.storage()
        .await
        .run(&format!("UPDATE account SET name = {evil}"))
        .await;
    maru.run().await;
    set_email(&maru, &case, json!("hong@shop.example")).await.ok();
    case.agent.stomp(&maru).await.say(case.id, "답변").await;
    let mail = smtp.mails(1).await.remove(0);
    assert_eq!(mail["to"], json!(["hong@shop.example"]));
    let headers = mail["headers"].as_array().unwrap();
    let named = |name: &str| {
        headers
            .iter()
            .filter(|header| header[0].as_str().unwrap().eq_ignore_ascii_case(name))
            .count()
    };
    assert_eq!((named("bcc"), named("to"), named("subject")), (0, 1, 1), "{mail}");
    assert!(mail["subject"].as_str().unwrap().contains("Eve"), "{mail}");
    assert!(text(&mail).contains("답변"), "{mail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_asks_the_smtp_server() {
    let smtp = Smtp::start().await;
    let maru = server(Db::Sqlite, smtp.port, &[]).await;
    let doctor = tokio::task::block_in_place(|| maru.cli(&["doctor"]));
    assert!(
        doctor.stdout.contains("ok    mail.url: an SMTP server answers"),
        "{doctor:?}"
    );
    drop(smtp);
    let doctor = tokio::task::block_in_place(|| maru.cli(&["doctor"]));
    assert!(
        doctor.stdout.contains("FAIL  mail.url:") && !doctor.status.success(),
        "{doctor:?}"
    );
}
