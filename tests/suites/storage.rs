//! When the database says no: who sent hears of it, nothing is shown that is not stored, numbers have no holes, and
//! the rooms go on.

use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};
use tests::{Db, Maru, Receipt};

use crate::desk::Case;

/// Makes the database refuse messages with the content `poison`.
fn poisoned(db: Db) -> &'static str {
    match db {
        Db::Sqlite => {
            "CREATE TRIGGER poison BEFORE INSERT ON message WHEN NEW.content = 'poison'
             BEGIN SELECT RAISE(ABORT, 'poison'); END"
        }
        Db::Postgres => {
            "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$ LANGUAGE plpgsql;
             CREATE TRIGGER poison BEFORE INSERT ON message FOR EACH ROW WHEN (NEW.content = 'poison') EXECUTE FUNCTION refuse()"
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_stored_is_refused_alone_and_takes_no_number(
    #[values(Db::Sqlite, Db::Postgres)] db: Db,
) {
    let maru = Maru::start(db, &[]).await;
    let storage = maru.storage().await;
    storage.run(poisoned(db)).await;
    let (sick, well) = (Case::active(&maru).await, Case::active(&maru).await);
    let (stomp, mut topic) = sick.customer.enter(&maru, sick.id).await;
    let other = well.customer.stomp(&maru).await;
    let line = |session: i64, n: usize, content: &str| {
        json!({ "sessionId": session, "content": content, "clientMessageId": format!("c{n}") }).to_string()
    };
    // Many at once, so that good and bad ones share batches.
    let mut sent = Vec::new();
    for n in 0..60 {
        let content = if n % 10 == 5 {
            "poison".to_owned()
        } else {
            format!("{n}")
        };
        sent.push((n, stomp.start_send("/app/chat.sendMessage", line(sick.id, n, &content))));
        other.start_send("/app/chat.sendMessage", line(well.id, n, "well"));
    }
    let mut stored = Vec::new();
    for (n, receipt) in &sent {
        match stomp.outcome(receipt).await {
            Ok(frame) => stored.push((*n, Receipt::of(&frame).seq)),
            Err(refused) => assert_eq!((n % 10, refused.code()), (5, "unavailable")),
        }
    }
    assert_eq!(stored.len(), 54);
    let last = stomp.say(sick.id, "the room goes on").await.seq;
    topic.message("the room goes on").await;
    assert!(
        topic.all().iter().all(|event| event["content"] != "poison"),
        "shown and not stored"
    );
    let rows = storage.messages(sick.id).await;
    assert_eq!(
        rows.iter().map(|row| row.seq).collect::<Vec<_>>(),
        (1..=last).collect::<Vec<_>>()
    );
    let seqs = topic.seqs();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "{seqs:?}");
    other.say(well.id, "the other room too").await;
    let count = storage
        .messages(well.id)
        .await
        .iter()
        .filter(|row| row.content == "well")
        .count();
    assert_eq!(count, 60, "nobody else's message is lost");
    // What was refused may be sent again with the same id.
    storage
        .run(if db == Db::Sqlite {
            "DROP TRIGGER poison"
        } else {
            "DROP TRIGGER poison ON message"
        })
        .await;
    let again: Value = serde_json::from_str(&line(sick.id, 5, "poison")).unwrap();
    assert_eq!(
        Receipt::of(&stomp.send("/app/chat.sendMessage", again).await).seq,
        last + 1
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_written_to_is_not_ready_and_comes_back(#[values(Db::Sqlite, Db::Postgres)] db: Db) {
    let maru = Maru::start(db, &[]).await;
    let case = Case::active(&maru).await;
    let stomp = case.customer.stomp(&maru).await;
    let before = stomp.say(case.id, "before").await.seq;
    let storage = maru.storage().await;
    let name = "SELECT current_database() AS name";
    match db {
        // Another process holds the lock: longer than anybody waits for it.
        Db::Sqlite => storage.hold_the_write_lock().await,
        Db::Postgres => {
            let name: String = storage.rows(name).await[0].try_get("", "name").unwrap();
            storage
                .run(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"))
                .await;
            storage.drop_other_connections().await;
        }
    }
    let body = json!({ "sessionId": case.id, "content": "in vain", "clientMessageId": "one" });
    let refused = stomp.try_send("/app/chat.sendMessage", body.clone()).await.unwrap_err();
    assert_eq!(refused.code(), "unavailable");
    tests::until("not ready", || async {
        (maru.rest().get("/health/ready").await.status == 503).then_some(())
    })
    .await;
    maru.rest().get("/health/live").await.ok();
    assert_eq!(case.session(&maru).await["status"], "ACTIVE", "reading goes on");
    match db {
        Db::Sqlite => storage.let_go().await,
        Db::Postgres => {
            storage.run("SET default_transaction_read_only = off").await;
            let name: String = storage.rows(name).await[0].try_get("", "name").unwrap();
            storage
                .run(&format!("ALTER DATABASE {name} RESET default_transaction_read_only"))
                .await;
            storage.drop_other_connections().await;
        }
    }
    let sent = tests::until("the database", || async {
        stomp.try_send("/app/chat.sendMessage", body.clone()).await.ok()
    })
    .await;
    assert_eq!(Receipt::of(&sent).seq, before + 1);
    tests::until("ready", || async {
        (maru.rest().get("/health/ready").await.status == 200).then_some(())
    })
    .await;
}

/// PostgreSQL ends all connections of the server, again and again, while both sides send.
#[tokio::test(flavor = "multi_thread")]
async fn connections_to_the_database_may_be_cut_while_people_send() {
    let maru = Maru::start(Db::Postgres, &[]).await;
    let case = Case::active(&maru).await;
    let (stomp, topic) = case.customer.enter(&maru, case.id).await;
    let storage = maru.storage().await;
    let cutting = async {
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            storage.drop_other_connections().await;
        }
    };
    let sending = async {
        let mut acknowledged = Vec::new();
        for n in 0..400 {
            let body = json!({ "sessionId": case.id, "content": format!("{n}"), "clientMessageId": format!("c{n}") });
            let sent = tests::until("a receipt", || async {
                stomp.try_send("/app/chat.sendMessage", body.clone()).await.ok()
            });
            acknowledged.push(Receipt::of(&sent.await));
        }
        acknowledged
    };
    let (acknowledged, ()) = tokio::join!(sending, cutting);
    let rows = storage.messages(case.id).await;
    let own: Vec<_> = rows.iter().filter(|row| row.client_message_id.is_some()).collect();
    assert_eq!(own.len(), 400);
    for (row, receipt) in own.iter().zip(&acknowledged) {
        assert_eq!((row.message_id, row.seq), (receipt.message_id, receipt.seq));
    }
    assert_eq!(
        rows.iter().map(|row| row.seq).collect::<Vec<_>>(),
        (1..=rows.len() as i64).collect::<Vec<_>>()
    );
    let seqs = topic.seqs();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "{seqs:?}");
}
