//! Who hears of a change, and when.

use tokio_util::sync::CancellationToken;

use super::super::changes::Watch;
use super::*;

#[rstest]
#[tokio::test]
async fn what_another_process_does_is_heard_within_a_second(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    let locked = house.user("STU001", Role::Student).await;
    let promoted = house.user("STU002", Role::Student).await;
    let login = house.log_in("STU001").await;
    assert!(house.is_in(login.text("accessToken")).await);
    let mut changes = house.accounts.changes();
    let cancel = CancellationToken::new();
    let accounts = house.accounts.clone();
    let task = tokio::spawn({
        let cancel = cancel.clone();
        async move { accounts.run(cancel).await }
    });
    let other = house.other_process();
    let role = NewUser {
        password: None,
        ..user("STU002", Role::Agent)
    };
    other.user_add(role).await.unwrap();
    other.user_lock("STU001").await.unwrap();
    let mut awaited = vec![Change::Member(locked), Change::Member(promoted)];
    let all = async {
        while !awaited.is_empty() {
            let heard = changes.next().await.unwrap();
            awaited.retain(|change| *change != heard);
        }
    };
    tokio::time::timeout(Duration::from_secs(1), all).await.unwrap();
    assert!(!house.is_in(login.text("accessToken")).await);
    cancel.cancel();
    task.await.unwrap();
}

#[rstest]
#[tokio::test]
async fn each_change_is_told_once(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    let id = house.user("STU001", Role::Student).await;
    let jwt = house.token("STU001").await;
    let login_id = house.accounts.from_bearer(&jwt).await.unwrap().login_id.unwrap();
    let mut changes = house.accounts.changes();
    let mut watch = Watch::from(NOW);
    house.accounts.look(&mut watch).await.unwrap();
    house.other_process().user_lock("STU001").await.unwrap();
    house.clock.set(NOW.plus_s(1));
    for _ in 0..3 {
        house.accounts.look(&mut watch).await.unwrap();
    }
    house.accounts.member_ended(-1);
    let mut heard = Vec::new();
    while heard.last() != Some(&Change::Member(-1)) {
        heard.extend(changes.next().await);
    }
    assert_eq!(heard, [Change::Member(id), Change::Login(login_id), Change::Member(-1)]);
}

#[rstest]
#[tokio::test]
async fn an_account_that_comes_to_its_end_is_told(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    let id = house.user("STU001", Role::Student).await;
    let jwt = house.token("STU001").await;
    let sql = "UPDATE account SET expires_at = $1 WHERE id = $2";
    let values = [NOW.plus_s(10).ms().into(), id.into()];
    crate::adapters::database::execute(house.db.write(), sql, values)
        .await
        .unwrap();
    let principal = house.accounts.from_bearer(&jwt).await.unwrap();
    assert_eq!(principal.expires_at, NOW.plus_s(10));
    let ended = store::ended(house.db.read(), NOW, NOW, NOW.plus_s(9)).await.unwrap();
    assert!(ended.is_empty());
    let ended = store::ended(house.db.read(), NOW, NOW.plus_s(9), NOW.plus_s(10))
        .await
        .unwrap();
    assert_eq!(ended.len(), 1);
    assert!(house.accounts.recheck(&principal).await.is_ok());
    house.clock.set(NOW.plus_s(10));
    assert!(house.accounts.recheck(&principal).await.is_err());
    assert!(!house.is_in(&jwt).await);
}
