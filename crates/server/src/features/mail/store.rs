//! The SQL of mails that wait.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::Letter;
use crate::adapters::database::{all, execute, one};
use crate::time::Time;

/// A mail that is to be sent.
#[derive(FromQueryResult)]
pub(super) struct Due {
    pub(super) id: i64,
    pub(super) recipient: String,
    pub(super) subject: String,
    pub(super) content: String,
    pub(super) due_at: i64,
    pub(super) attempts: i32,
    pub(super) created_at: i64,
}

/// Writes a mail that is due now.
pub(super) async fn insert<C: ConnectionTrait>(db: &C, letter: &Letter, subject: &str, now: Time) -> Result<(), DbErr> {
    execute(
        db,
        "INSERT INTO mail (recipient, subject, content, due_at, created_at) VALUES ($1, $2, $3, $4, $4)",
        [
            letter.to.as_str().into(),
            subject.into(),
            letter.content.as_str().into(),
            now.ms().into(),
        ],
    )
    .await
    .map(drop)
}

/// Up to `limit` mails that are due by `now`, the longest due first.
pub(super) async fn due<C: ConnectionTrait>(db: &C, now: Time, limit: u64) -> Result<Vec<Due>, DbErr> {
    let sql = "SELECT id, recipient, subject, content, due_at, attempts, created_at FROM mail \
         WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    all(db, sql, [now.ms().into(), limit.into()]).await
}

/// Takes a mail until `until`; false if another has it.
pub(super) async fn take<C: ConnectionTrait>(db: &C, id: i64, due_at: i64, until: Time) -> Result<bool, DbErr> {
    let sql = "UPDATE mail SET due_at = $3 WHERE id = $1 AND due_at = $2";
    let done = execute(db, sql, [id.into(), due_at.into(), until.ms().into()]).await?;
    Ok(done.rows_affected() > 0)
}

/// The mail has been sent, or is given up.
pub(super) async fn delete<C: ConnectionTrait>(db: &C, id: i64) -> Result<(), DbErr> {
    execute(db, "DELETE FROM mail WHERE id = $1", [id.into()])
        .await
        .map(drop)
}

/// The mail was not sent; it is due again at `again`.
pub(super) async fn put_off<C: ConnectionTrait>(
    db: &C,
    id: i64,
    attempts: i32,
    error: &str,
    again: Time,
) -> Result<(), DbErr> {
    execute(
        db,
        "UPDATE mail SET attempts = $2, last_error = $3, due_at = $4 WHERE id = $1",
        [id.into(), attempts.into(), error.into(), again.ms().into()],
    )
    .await
    .map(drop)
}

/// When a mail is due next.
pub(super) async fn next_due<C: ConnectionTrait>(db: &C) -> Result<Option<Time>, DbErr> {
    #[derive(FromQueryResult)]
    struct DueRow {
        at: Option<i64>,
    }
    let row = one::<DueRow, _>(db, "SELECT min(due_at) AS at FROM mail", []).await?;
    Ok(row.and_then(|row| row.at).map(Time::from_ms))
}
