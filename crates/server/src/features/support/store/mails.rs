//! What goes to customers by mail.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use crate::adapters::database::{all, execute, one};
use crate::time::Time;

/// The customer's address, and how far mails have told of the conversation.
pub(in crate::features::support) struct Mailing {
    pub(in crate::features::support) email: String,
    pub(in crate::features::support) mailed_seq: i64,
    /// The last message that the customer has read.
    pub(in crate::features::support) read_seq: i64,
}

#[derive(FromQueryResult)]
struct MailingRow {
    email: Option<String>,
    mailed_seq: i64,
    read_seq: i64,
}

/// `None` without an address.
pub(in crate::features::support) async fn mailing<C: ConnectionTrait>(
    db: &C,
    session_id: i64,
) -> Result<Option<Mailing>, DbErr> {
    let sql = "SELECT s.email, s.mailed_seq, coalesce((SELECT k.seq FROM read_mark k WHERE k.room_id = s.id \
         AND k.member_id = s.customer_id), 0) AS read_seq FROM support_session s WHERE s.id = $1";
    let row = one::<MailingRow, _>(db, sql, [session_id.into()]).await?;
    Ok(row.and_then(|row| {
        Some(Mailing {
            email: row.email?,
            mailed_seq: row.mailed_seq,
            read_seq: row.read_seq,
        })
    }))
}

/// An agent's message.
#[derive(FromQueryResult)]
pub(in crate::features::support) struct Answer {
    pub(in crate::features::support) seq: i64,
    pub(in crate::features::support) sender_name: Option<String>,
    pub(in crate::features::support) content: String,
    pub(in crate::features::support) created_at: i64,
}

/// Up to `limit` messages of agents after `after`, in order.
pub(in crate::features::support) async fn unread_answers<C: ConnectionTrait>(
    db: &C,
    session_id: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<Answer>, DbErr> {
    let sql = "SELECT seq, sender_name, content, created_at FROM message WHERE room_id = $1 AND seq > $2 \
         AND sender_type = 'A' AND message_type = 'TEXT' ORDER BY seq LIMIT $3";
    all(db, sql, [session_id.into(), after.into(), limit.into()]).await
}

/// Sets the address, or takes it away, and looks at `due` whether something is unread.
pub(in crate::features::support) async fn set_email<C: ConnectionTrait>(
    db: &C,
    session_id: i64,
    email: Option<&str>,
    due: Option<Time>,
    now: Time,
) -> Result<(), DbErr> {
    execute(
        db,
        "UPDATE support_session SET email = $2, mail_due_at = $3, changed_at = $4 WHERE id = $1",
        [
            session_id.into(),
            email.into(),
            due.map(Time::ms).into(),
            now.ms().into(),
        ],
    )
    .await
    .map(drop)
}

/// At `due`, or when it is to be done anyway, somebody looks whether an answer is unread.
pub(in crate::features::support) async fn expect_mail<C: ConnectionTrait>(
    db: &C,
    session_id: i64,
    due: Time,
) -> Result<(), DbErr> {
    let sql = "UPDATE support_session SET mail_due_at = coalesce(mail_due_at, $2) WHERE id = $1";
    execute(db, sql, [session_id.into(), due.ms().into()]).await.map(drop)
}

/// Everything up to `seq` has gone out (none: nothing more than before). `due`: when to look again, if ever.
pub(in crate::features::support) async fn note_mailed<C: ConnectionTrait>(
    db: &C,
    session_id: i64,
    seq: Option<i64>,
    due: Option<Time>,
) -> Result<(), DbErr> {
    let sql = "UPDATE support_session SET mailed_seq = coalesce($2, mailed_seq), mail_due_at = $3 WHERE id = $1";
    execute(db, sql, [session_id.into(), seq.into(), due.map(Time::ms).into()])
        .await
        .map(drop)
}

#[derive(FromQueryResult)]
struct DueRow {
    id: i64,
}

/// Up to `limit` sessions at which to look by `now`.
pub(in crate::features::support) async fn mail_due<C: ConnectionTrait>(
    db: &C,
    now: Time,
    limit: i64,
) -> Result<Vec<i64>, DbErr> {
    let sql = "SELECT id FROM support_session WHERE mail_due_at <= $1 ORDER BY mail_due_at LIMIT $2";
    let rows = all::<DueRow, _>(db, sql, [now.ms().into(), limit.into()]).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// When to look next.
pub(in crate::features::support) async fn next_mail_due<C: ConnectionTrait>(db: &C) -> Result<Option<Time>, DbErr> {
    #[derive(FromQueryResult)]
    struct NextRow {
        at: Option<i64>,
    }
    let sql = "SELECT min(mail_due_at) AS at FROM support_session WHERE mail_due_at IS NOT NULL";
    let row = one::<NextRow, _>(db, sql, []).await?;
    Ok(row.and_then(|row| row.at).map(Time::from_ms))
}
