//! The SQL of plain rooms.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Value};

use super::rules::{self, Status};
use crate::adapters::database::{all, execute, one};
use crate::features::accounts::Role;
use crate::time::Time;

/// A plain room as somebody sees it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) room_id: i64,
    pub(super) key: Option<String>,
    pub(super) name: Option<String>,
    pub(super) status: Status,
    pub(super) is_open: bool,
    pub(super) members_max: Option<i64>,
    pub(super) closes_at: Option<Time>,
    pub(super) created_by: i64,
    pub(super) created_at: Time,
    pub(super) members: i64,
    /// Whether the one who looks is a member.
    pub(super) is_member: bool,
    /// How far the reader has read.
    pub(super) last_read_seq: i64,
    /// Other people's messages beyond that.
    pub(super) unread: i64,
}

/// What a room is made with.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) name: Option<String>,
    pub(super) is_open: bool,
    pub(super) members_max: Option<i64>,
    pub(super) closes_at: Option<Time>,
    pub(super) created_by: i64,
}

#[derive(FromQueryResult)]
struct LoadedRow {
    status: String,
    is_open: bool,
    members_max: Option<i64>,
    closes_at: Option<i64>,
}

fn status(name: &str) -> Result<Status, DbErr> {
    Status::from_name(name).ok_or_else(|| DbErr::Type(format!("plain_room.status is {name:?}")))
}

/// The room, its row held until the transaction ends where the database has row locks. `members_max` is the server's bound.
pub(super) async fn load<C: ConnectionTrait>(
    db: &C,
    room_id: i64,
    members_max: usize,
) -> Result<Option<rules::Room>, DbErr> {
    let mut sql = "SELECT status, is_open, members_max, closes_at FROM plain_room WHERE id = $1".to_owned();
    if db.get_database_backend() == DbBackend::Postgres {
        sql.push_str(" FOR UPDATE");
    }
    let Some(row) = one::<LoadedRow, _>(db, &sql, [room_id.into()]).await? else {
        return Ok(None);
    };
    let own_max = row.members_max.and_then(|max| usize::try_from(max).ok());
    Ok(Some(rules::Room {
        status: status(&row.status)?,
        is_open: row.is_open,
        members_max: own_max.unwrap_or(members_max).min(members_max),
        closes_at: row.closes_at.map(Time::from_ms),
    }))
}

pub(super) async fn insert<C: ConnectionTrait>(db: &C, room_id: i64, made: &Made, now: Time) -> Result<(), DbErr> {
    execute(
        db,
        "INSERT INTO plain_room (id, name, status, is_open, members_max, closes_at, created_by, created_at, changed_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        [
            room_id.into(),
            made.name.clone().into(),
            Status::Active.as_str().into(),
            made.is_open.into(),
            made.members_max.into(),
            made.closes_at.map(Time::ms).into(),
            made.created_by.into(),
            now.ms().into(),
        ],
    )
    .await
    .map(drop)
}

/// Closes a room for good.
pub(super) async fn close<C: ConnectionTrait>(db: &C, room_id: i64, now: Time) -> Result<(), DbErr> {
    let sql = "UPDATE plain_room SET status = $2, closed_at = $3, changed_at = $3 WHERE id = $1";
    let values = [room_id.into(), Status::Closed.as_str().into(), now.ms().into()];
    execute(db, sql, values).await.map(drop)
}

#[derive(FromQueryResult)]
struct IdRow {
    id: i64,
}

/// Up to `limit` rooms whose end has come.
pub(super) async fn due<C: ConnectionTrait>(db: &C, now: Time, limit: i64) -> Result<Vec<i64>, DbErr> {
    let sql = "SELECT id FROM plain_room WHERE status = 'ACTIVE' AND closes_at IS NOT NULL AND closes_at <= $1 \
               ORDER BY closes_at LIMIT $2";
    let rows = all::<IdRow, _>(db, sql, [now.ms().into(), limit.into()]).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// When the next room closes by itself.
pub(super) async fn next_due<C: ConnectionTrait>(db: &C) -> Result<Option<Time>, DbErr> {
    #[derive(FromQueryResult)]
    struct DueRow {
        at: Option<i64>,
    }
    let sql = "SELECT min(closes_at) AS at FROM plain_room WHERE status = 'ACTIVE' AND closes_at IS NOT NULL";
    let row = one::<DueRow, _>(db, sql, []).await?;
    Ok(row.and_then(|row| row.at).map(Time::from_ms))
}

#[derive(FromQueryResult)]
struct SeenRow {
    id: i64,
    room_key: Option<String>,
    name: Option<String>,
    status: String,
    is_open: bool,
    members_max: Option<i64>,
    closes_at: Option<i64>,
    created_by: i64,
    created_at: i64,
    members: i64,
    is_member: i64,
    last_read_seq: i64,
    unread: i64,
}

impl SeenRow {
    fn seen(self) -> Result<Seen, DbErr> {
        Ok(Seen {
            room_id: self.id,
            key: self.room_key,
            name: self.name,
            status: status(&self.status)?,
            is_open: self.is_open,
            members_max: self.members_max,
            closes_at: self.closes_at.map(Time::from_ms),
            created_by: self.created_by,
            created_at: Time::from_ms(self.created_at),
            members: self.members,
            is_member: self.is_member > 0,
            last_read_seq: self.last_read_seq,
            unread: self.unread,
        })
    }
}

/// `$1` is who looks. Unread are other people's messages, of the newest thousand.
const SEEN: &str = "SELECT p.id, r.room_key, p.name, p.status, p.is_open, p.members_max, p.closes_at, p.created_by, \
     p.created_at, (SELECT count(*) FROM room_member c WHERE c.room_id = p.id) AS members, \
     (SELECT count(*) FROM room_member o WHERE o.room_id = p.id AND o.member_id = CAST($1 AS BIGINT)) AS is_member, \
     coalesce(k.seq, 0) AS last_read_seq, \
     (SELECT count(*) FROM message u WHERE u.room_id = p.id AND u.seq > coalesce(k.seq, 0) AND u.seq > r.last_seq - 1000 \
       AND u.sender_id <> CAST($1 AS BIGINT)) AS unread \
     FROM plain_room p JOIN room r ON r.id = p.id \
     LEFT JOIN read_mark k ON k.room_id = p.id AND k.member_id = CAST($1 AS BIGINT)";

/// One room as `member_id` sees it.
pub(super) async fn seen<C: ConnectionTrait>(db: &C, room_id: i64, member_id: i64) -> Result<Option<Seen>, DbErr> {
    let sql = format!("{SEEN} WHERE p.id = $2");
    let row = one::<SeenRow, _>(db, &sql, [member_id.into(), room_id.into()]).await?;
    row.map(SeenRow::seen).transpose()
}

/// Which rooms somebody may list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listed {
    All,
    /// One's own, and open ones to join.
    OwnAndOpen,
    Own,
}

/// Up to `limit` rooms older than `before`, the newest first.
pub(super) async fn list<C: ConnectionTrait>(
    db: &C,
    member_id: i64,
    listed: Listed,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<Seen>, DbErr> {
    const OWN: &str = "SELECT o.room_id AS id FROM room_member o JOIN plain_room q ON q.id = o.room_id \
         WHERE o.member_id = CAST($1 AS BIGINT) AND o.room_id < $2 ORDER BY o.room_id DESC LIMIT $3";
    const OPEN: &str =
        "SELECT id FROM plain_room WHERE is_open AND status = 'ACTIVE' AND id < $2 ORDER BY id DESC LIMIT $3";
    let wanted = match listed {
        Listed::All => "p.id < $2".to_owned(),
        Listed::Own => format!("p.id IN ({OWN})"),
        Listed::OwnAndOpen => {
            format!("p.id IN (SELECT id FROM ({OWN}) AS own UNION SELECT id FROM ({OPEN}) AS open_ones)")
        }
    };
    let sql = format!("{SEEN} WHERE {wanted} ORDER BY p.id DESC LIMIT $3");
    let values: [Value; 3] = [
        member_id.into(),
        before.unwrap_or(i64::MAX).into(),
        i64::try_from(limit).unwrap_or(i64::MAX).into(),
    ];
    let rows = all::<SeenRow, _>(db, &sql, values).await?;
    rows.into_iter().map(SeenRow::seen).collect()
}

/// A member of a room.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct MemberRow {
    pub(super) member_id: i64,
    pub(super) code: String,
    pub(super) name: String,
    /// Of the account, separated by commas.
    roles: String,
    /// 1 for who made the room.
    is_maker: i32,
}

impl MemberRow {
    /// Whether this member manages the room.
    pub(super) fn manages(&self) -> bool {
        let managing = |name| matches!(Role::from_name(name), Some(Role::Admin | Role::Service));
        self.is_maker != 0 || self.roles.split(',').any(managing)
    }
}

/// Up to `limit` members by name, from the one after `after` on.
pub(super) async fn members<C: ConnectionTrait>(
    db: &C,
    room_id: i64,
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<MemberRow>, DbErr> {
    let behind = if after.is_some() {
        " AND (a.name, a.id) > (SELECT b.name, b.id FROM account b WHERE b.id = $3)"
    } else {
        ""
    };
    let sql = format!(
        "SELECT a.id AS member_id, a.code, a.name, a.roles, CASE WHEN p.created_by = a.id THEN 1 ELSE 0 END AS is_maker \
         FROM room_member m JOIN account a ON a.id = m.member_id JOIN plain_room p ON p.id = m.room_id WHERE m.room_id = $1{behind} ORDER BY a.name, a.id LIMIT $2"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = [Some(room_id), Some(limit), after].into_iter().flatten();
    all(db, &sql, values.map(Value::from)).await
}

/// The members' numbers.
pub(super) async fn member_ids<C: ConnectionTrait>(db: &C, room_id: i64) -> Result<Vec<i64>, DbErr> {
    let sql = "SELECT member_id AS id FROM room_member WHERE room_id = $1";
    let rows = all::<IdRow, _>(db, sql, [room_id.into()]).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
