//! Accounts that the command line makes and changes.

use super::*;

#[rstest]
#[tokio::test]
async fn the_command_line_makes_and_changes_one_account(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    let id = house.user("STU001", Role::Student).await;
    let changed = NewUser {
        name: "홍길동".into(),
        username: Some("Hong".into()),
        password: None,
        ..user("STU001", Role::Agent)
    };
    assert_eq!(house.accounts.user_add(changed).await.unwrap(), id);
    let member = house.accounts.member(id).await.unwrap().unwrap();
    assert_eq!((member.name.as_str(), member.is_agent()), ("홍길동", true));
    assert_eq!(house.accounts.agents().await.unwrap(), [member]);
    house.log_in("hong").await;
    let taken = NewUser {
        username: Some("hong".into()),
        ..user("STU002", Role::Student)
    };
    let error = house.accounts.user_add(taken).await.unwrap_err();
    assert_eq!(error.to_string(), "the username hong is taken");
    let short = NewUser {
        password: Some(SecretString::from("")),
        ..user("STU003", Role::Student)
    };
    assert!(matches!(
        house.accounts.user_add(short).await,
        Err(UserError::Invalid(_))
    ));
    assert!(matches!(
        house.accounts.user_lock("NOBODY").await,
        Err(UserError::Unknown(_))
    ));
}

#[tokio::test]
async fn a_server_in_use_takes_no_short_password() {
    let house = House::with(Sqlite, &[("MARU_SERVER__PROFILE", "prod")]).await;
    let with = |password: &str| NewUser {
        password: Some(SecretString::from(password)),
        ..user("STU001", Role::Student)
    };
    assert!(house.accounts.user_add(with("1234567")).await.is_err());
    assert!(house.accounts.user_add(with("비밀번호여덟자리")).await.is_ok());
}

#[rstest]
#[tokio::test]
async fn locking_ends_log_ins_and_unlocking_does_not_bring_them_back(#[values(Sqlite, Postgres)] kind: Kind) {
    let house = House::new(kind).await;
    house.user("STU001", Role::Student).await;
    let login = house.log_in("STU001").await;
    house.accounts.user_lock("STU001").await.unwrap();
    assert!(!house.is_in(login.text("accessToken")).await);
    let body = json!({"refreshToken": login.text("refreshToken")});
    assert_eq!(
        house.post("/api/auth/refresh", body).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert!(house.accounts.agents().await.unwrap().is_empty());
    house.accounts.user_unlock("STU001").await.unwrap();
    assert!(!house.is_in(login.text("accessToken")).await);
    house.log_in("STU001").await;
}

#[tokio::test]
async fn the_people_of_the_demo_can_log_in() {
    let house = House::new(Sqlite).await;
    assert!(house.accounts.is_empty().await.unwrap());
    house.accounts.seed().await.unwrap();
    assert!(!house.accounts.is_empty().await.unwrap());
    assert_eq!(house.accounts.agents().await.unwrap().len(), 3);
    let body = json!({"username": DEMO_USERS[0].username, "password": DEMO_USERS[0].password});
    assert_eq!(house.post("/api/auth/login", body).await.status, StatusCode::OK);
}
