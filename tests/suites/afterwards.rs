//! What comes after a session's end: the rating, the transcript, and taking it up again.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, Db, Maru, Person};

use crate::desk::{Case, PATIENT, category, customer_move, id};

async fn rate(maru: &Maru, who: &Person, session: i64, body: Value) -> Answer {
    who.rest(maru)
        .put(&format!("/api/chat/sessions/{session}/rating"), body)
        .await
}

/// A session that is over.
async fn ended(maru: &Maru) -> Case {
    let case = Case::active(maru).await;
    case.end(maru).await;
    case
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_rates_what_is_over_and_may_change_it(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    rate(maru, &case.customer, case.id, json!({ "score": 5 }))
        .await
        .refused(409, "wrong_state");
    case.end(maru).await;
    assert_eq!(case.session(maru).await["rating"], Value::Null);
    let body = json!({ "score": 2, "comment": "  조금 늦었어요 " });
    let session = rate(maru, &case.customer, case.id, body).await.ok();
    assert_eq!(
        (&session["rating"]["score"], &session["rating"]["comment"]),
        (&json!(2), &json!("조금 늦었어요"))
    );
    assert!(session["rating"]["at"].is_string(), "{session}");
    rate(maru, &case.customer, case.id, json!({ "score": 4 })).await.ok();
    let seen = case
        .agent
        .rest(maru)
        .get(&format!("/api/chat/sessions/{}", case.id))
        .await
        .ok();
    assert_eq!(
        (&seen["rating"]["score"], &seen["rating"]["comment"]),
        (&json!(4), &Value::Null),
        "the agents see the latest"
    );
}

#[rstest]
#[case(json!({ "score": 0 }))]
#[case(json!({ "score": 6 }))]
#[case(json!({ "score": 4.5 }))]
#[case(json!({}))]
#[case(json!({ "score": 5, "comment": "가".repeat(501) }))]
#[tokio::test(flavor = "multi_thread")]
async fn a_rating_in_the_wrong_form_is_refused(#[case] body: Value) {
    let maru = PATIENT.on(Db::Sqlite).await;
    let case = ended(maru).await;
    rate(maru, &case.customer, case.id, body)
        .await
        .refused(400, "invalid_request");
    assert_eq!(case.session(maru).await["rating"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rating_is_closed_after_its_time() {
    let maru = Maru::start(Db::Sqlite, &[("SUPPORT__RATING_OPEN_S", "0")]).await;
    let case = ended(&maru).await;
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    rate(&maru, &case.customer, case.id, json!({ "score": 5 }))
        .await
        .refused(409, "wrong_state");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn ratings_are_counted_and_found(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = Maru::start(db, &[]).await;
    let agent = maru.person("agent").await.rest(&maru);
    let stats = agent.get("/api/admin/chat/stats").await.ok();
    assert_eq!(stats["rating"], json!({ "count": 0, "average": null }));
    let (first, second, _unrated) = (ended(&maru).await, ended(&maru).await, ended(&maru).await);
    rate(&maru, &first.customer, first.id, json!({ "score": 5 })).await.ok();
    rate(&maru, &second.customer, second.id, json!({ "score": 2 }))
        .await
        .ok();
    let stats = agent.get("/api/admin/chat/stats").await.ok();
    assert_eq!(stats["rating"], json!({ "count": 2, "average": 3.5 }));
    let found = agent.get("/api/admin/chat/history?rating=2").await.ok();
    let numbers: Vec<_> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["sessionId"])
        .collect();
    assert_eq!(numbers, [&json!(second.id)]);
    for wrong in ["0", "6", "x"] {
        agent
            .get(&format!("/api/admin/chat/history?rating={wrong}"))
            .await
            .refused(400, "invalid_request");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn both_sides_take_the_conversation_along_in_their_language(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let (customer, agent) = (maru.guest().await, maru.person_called("agent", "김상담").await);
    let body = json!({ "categoryId": category(maru, &customer).await, "title": "배송 문의" });
    let session = id(&customer.rest(maru).post("/api/chat/sessions", body).await.is(201));
    let case = Case {
        id: session,
        customer,
        agent,
    };
    case.customer
        .stomp(maru)
        .await
        .say(case.id, "언제 오나요?\n<b>급해요</b>")
        .await;
    case.start(maru).await;
    case.agent.stomp(maru).await.say(case.id, "내일 옵니다.").await;
    case.end(maru).await;

    let path = format!("/api/chat/sessions/{}/transcript", case.id);
    let answer = case.customer.rest(maru).with("accept-language", "ko").get(&path).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let name = format!("attachment; filename=\"chat-{}.txt\"", case.id);
    assert_eq!(answer.header("content-disposition"), name);
    let in_order = [
        format!("상담 #{}", case.id),
        "제목: 배송 문의".to_owned(),
        format!("고객: {}", case.customer.name),
        "상담원: 김상담".to_owned(),
        "시간대: Asia/Seoul".to_owned(),
        format!("+09:00] {}\n언제 오나요?\n<b>급해요</b>\n", case.customer.name),
        "* 김상담 상담원이 상담을 시작했습니다.\n".to_owned(),
        "+09:00] 김상담\n내일 옵니다.\n".to_owned(),
        format!("* {}님이 상담을 종료했습니다.\n", case.customer.name),
    ];
    let mut rest = answer.text.as_str();
    for part in &in_order {
        let Some((_, after)) = rest.split_once(part.as_str()) else {
            panic!("{part:?} is not there, or not there yet, in {}", answer.text)
        };
        rest = after;
    }
    let english = case.agent.rest(maru).with("accept-language", "en").get(&path).await;
    assert!(
        english.text.contains("* 김상담 started the conversation."),
        "the system speaks the reader's language: {}",
        english.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transcript_holds_all_pages_up_to_its_bound_and_says_what_it_leaves_out() {
    let maru = Maru::start(Db::Sqlite, &[("SUPPORT__TRANSCRIPT_MESSAGES_MAX", "700")]).await;
    let case = Case::waiting(&maru).await;
    let stomp = case.customer.stomp(&maru).await;
    let path = format!("/api/chat/sessions/{}/transcript", case.id);
    let rest = case.customer.rest(&maru);
    let lines = async |count: std::ops::Range<u32>| {
        let receipts: Vec<_> = count
            .map(|n| {
                let body = json!({ "sessionId": case.id, "content": format!("line {n}.") });
                stomp.start_send("/app/chat.sendMessage", body.to_string())
            })
            .collect();
        for receipt in receipts {
            stomp.outcome(&receipt).await.unwrap();
        }
    };
    lines(0..700).await;
    let text = rest.get(&path).await.text;
    assert_eq!(text.matches("\nline ").count(), 700);
    assert!(!text.contains("700개만"), "all is there");
    lines(700..701).await;
    let text = rest.get(&path).await.text;
    assert_eq!(text.matches("\nline ").count(), 700);
    assert!(!text.contains("\nline 0.\n") && text.contains("\nline 1.\n") && text.contains("\nline 700.\n"));
    assert!(text.contains("700개만"), "what is left out is said");
}

async fn take_up(maru: &Maru, who: &Person, earlier: i64) -> Answer {
    let body = json!({ "continues": earlier });
    who.rest(maru).post("/api/chat/sessions", body).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_is_over_is_taken_up_again_in_a_new_session(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = PATIENT.on(db).await;
    let case = Case::active(maru).await;
    let desk = case.agent.stomp(maru).await;
    let mut news = desk.subscribe("/topic/chat/new-session").await;
    take_up(maru, &case.customer, case.id).await.refused(409, "wrong_state");
    let old = case.end(maru).await;
    let stranger = maru.guest().await;
    take_up(maru, &stranger, case.id).await.refused(403, "not_participant");
    take_up(maru, &case.customer, 1 << 40)
        .await
        .refused(404, "session_not_found");

    let new = take_up(maru, &case.customer, case.id).await.is(201);
    assert_eq!(
        (&new["status"], &new["continues"]),
        (&json!("WAITING"), &json!(case.id))
    );
    assert_eq!(new["categoryId"], old["categoryId"], "the category of the old one");
    let heard = news
        .find("the new one", |event| event["session"]["sessionId"] == new["sessionId"])
        .await;
    assert_eq!(heard["session"]["continues"], case.id);
    assert_eq!(old["continues"], Value::Null);
    let again = Case { id: id(&new), ..case };
    let messages = again.messages(maru).await;
    assert_eq!(
        messages[0]["system"],
        json!({ "code": "continued", "params": { "session": old["sessionId"].to_string() } })
    );

    take_up(maru, &again.customer, id(&old))
        .await
        .refused(409, "already_continued");
    customer_move(maru, &again.customer, again.id, "cancel", json!({}))
        .await
        .ok();
    let third = take_up(maru, &again.customer, id(&old)).await.is(201);
    assert_ne!(third["sessionId"], new["sessionId"], "its successor is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_calls_at_the_same_moment_one_takes_a_conversation_up_again() {
    let maru = PATIENT.on(Db::Postgres).await;
    let case = ended(maru).await;
    let calls = (0..8).map(|_| take_up(maru, &case.customer, case.id));
    let answers = futures_util::future::join_all(calls).await;
    let taken = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(taken, 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        answer.refused(409, "already_continued");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_needs_a_category_or_an_earlier_one() {
    let maru = PATIENT.on(Db::Sqlite).await;
    let guest = maru.guest().await;
    let rest = guest.rest(maru);
    rest.post("/api/chat/sessions", json!({}))
        .await
        .refused(400, "invalid_request");
}
