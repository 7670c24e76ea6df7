//! The SQL of rooms and messages, beside it that of read [`marks`].

mod marks;
mod pieces;

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Value};

pub(super) use self::marks::{advance_mark, forget_unread, marks, unread_from};
use self::pieces::{Statements, piece_of, pieces, placeholders, statements, written_once};
use super::message::{Message, Side};
use crate::adapters::database::{all, execute, one};
use crate::texts::Locale;
use crate::time::Time;

/// Who may write in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Only its owner (a customer who waits).
    Owner,
    /// Its members.
    Members,
    /// Nobody.
    Closed,
}

impl Gate {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "OWNER",
            Self::Members => "MEMBERS",
            Self::Closed => "CLOSED",
        }
    }

    fn from_name(name: &str) -> Result<Self, DbErr> {
        match name {
            "OWNER" => Ok(Self::Owner),
            "MEMBERS" => Ok(Self::Members),
            "CLOSED" => Ok(Self::Closed),
            other => Err(DbErr::Type(format!("room.gate is {other:?}"))),
        }
    }
}

/// What the writer must know of a room to number and admit messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub room_id: i64,
    pub owner_id: Option<i64>,
    pub locale: Locale,
    pub gate: Gate,
    pub last_seq: i64,
    pub rev: i64,
    pub members: Vec<i64>,
}

/// A room to be made.
#[derive(Clone, Debug)]
pub struct NewRoom {
    pub kind: &'static str,
    /// Another system's name for it, unique over all rooms.
    pub key: Option<String>,
    /// Who may write while the gate is [`Gate::Owner`], and is worded for.
    pub owner_id: Option<i64>,
    /// The language its system messages are worded in.
    pub locale: Locale,
    pub gate: Gate,
    pub created_at: Time,
}

#[derive(FromQueryResult)]
struct HeadRow {
    id: i64,
    owner_id: Option<i64>,
    locale: String,
    gate: String,
    last_seq: i64,
    rev: i64,
}

#[derive(FromQueryResult)]
struct MemberRow {
    member_id: i64,
}

/// The room's head; `lock` holds the row until the transaction ends, where the database has row locks.
pub(super) async fn head<C: ConnectionTrait>(db: &C, room_id: i64, lock: bool) -> Result<Option<Head>, DbErr> {
    let mut sql = "SELECT id, owner_id, locale, gate, last_seq, rev FROM room WHERE id = $1".to_owned();
    if lock && db.get_database_backend() == DbBackend::Postgres {
        sql.push_str(" FOR UPDATE");
    }
    let Some(row) = one::<HeadRow, _>(db, &sql, [room_id.into()]).await? else {
        return Ok(None);
    };
    let members = all::<MemberRow, _>(
        db,
        "SELECT member_id FROM room_member WHERE room_id = $1",
        [room_id.into()],
    )
    .await?;
    Ok(Some(Head {
        room_id: row.id,
        owner_id: row.owner_id,
        locale: Locale::from_code(&row.locale).unwrap_or(Locale::Ko),
        gate: Gate::from_name(&row.gate)?,
        last_seq: row.last_seq,
        rev: row.rev,
        members: members.into_iter().map(|m| m.member_id).collect(),
    }))
}

#[derive(FromQueryResult)]
struct IdRow {
    id: i64,
}

/// Makes a room without members.
pub(super) async fn insert_room<C: ConnectionTrait>(db: &C, room: &NewRoom) -> Result<Head, DbErr> {
    let row = one::<IdRow, _>(
        db,
        "INSERT INTO room (kind, owner_id, locale, gate, created_at, room_key) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        [
            room.kind.into(),
            room.owner_id.into(),
            room.locale.as_str().into(),
            room.gate.as_str().into(),
            room.created_at.ms().into(),
            room.key.clone().into(),
        ],
    )
    .await?
    .ok_or_else(|| DbErr::RecordNotInserted)?;
    Ok(Head {
        room_id: row.id,
        owner_id: room.owner_id,
        locale: room.locale,
        gate: room.gate,
        last_seq: 0,
        rev: 0,
        members: Vec::new(),
    })
}

#[derive(FromQueryResult)]
struct KindRow {
    kind: String,
}

pub(super) async fn kind<C: ConnectionTrait>(db: &C, room_id: i64) -> Result<Option<String>, DbErr> {
    let row = one::<KindRow, _>(db, "SELECT kind FROM room WHERE id = $1", [room_id.into()]).await?;
    Ok(row.map(|row| row.kind))
}

/// The number of the room with this key.
pub(super) async fn room_of_key<C: ConnectionTrait>(db: &C, key: &str) -> Result<Option<i64>, DbErr> {
    let row = one::<IdRow, _>(db, "SELECT id FROM room WHERE room_key = $1", [key.into()]).await?;
    Ok(row.map(|row| row.id))
}

pub(super) async fn is_member<C: ConnectionTrait>(db: &C, room_id: i64, member_id: i64) -> Result<bool, DbErr> {
    let sql = "SELECT member_id FROM room_member WHERE room_id = $1 AND member_id = $2";
    let row = one::<MemberRow, _>(db, sql, [room_id.into(), member_id.into()]).await?;
    Ok(row.is_some())
}

pub(super) async fn set_gate<C: ConnectionTrait>(db: &C, room_id: i64, gate: Gate) -> Result<(), DbErr> {
    execute(
        db,
        "UPDATE room SET gate = $2 WHERE id = $1",
        [room_id.into(), gate.as_str().into()],
    )
    .await
    .map(drop)
}

pub(super) async fn add_member<C: ConnectionTrait>(
    db: &C,
    room_id: i64,
    member_id: i64,
    side: Side,
) -> Result<(), DbErr> {
    execute(
        db,
        "INSERT INTO room_member (room_id, member_id, side) VALUES ($1, $2, $3) ON CONFLICT (room_id, member_id) DO NOTHING",
        [room_id.into(), member_id.into(), side.as_str().into()],
    )
    .await
    .map(drop)
}

pub(super) async fn remove_member<C: ConnectionTrait>(db: &C, room_id: i64, member_id: i64) -> Result<(), DbErr> {
    execute(
        db,
        "DELETE FROM room_member WHERE room_id = $1 AND member_id = $2",
        [room_id.into(), member_id.into()],
    )
    .await
    .map(drop)
}

/// Writes `last_seq` and `rev` of the heads.
pub(super) async fn update_heads<C: ConnectionTrait>(db: &C, heads: &[(i64, i64, i64)]) -> Result<(), DbErr> {
    static SQL: Statements = statements();
    for piece in pieces(heads) {
        let sql = written_once(db, &SQL, piece.len(), |rows, mark| {
            let rows = placeholders(rows, 3, |n| format!("CAST({} AS BIGINT)", mark(n)));
            format!(
                "UPDATE room SET last_seq = v.column2, rev = v.column3 FROM (VALUES {rows}) AS v \
                 WHERE room.id = v.column1"
            )
        });
        let values = piece
            .iter()
            .flat_map(|(id, seq, rev)| [Value::from(*id), (*seq).into(), (*rev).into()]);
        execute(db, sql, values).await?;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct InsertedRow {
    id: i64,
    room_id: i64,
    seq: i64,
}

/// Inserts the messages and gives them their `message_id`.
pub(super) async fn insert_messages<C: ConnectionTrait>(db: &C, messages: &mut [Message]) -> Result<(), DbErr> {
    let mut rest = messages;
    while !rest.is_empty() {
        let (piece, next) = rest.split_at_mut(piece_of(rest.len()));
        insert_piece(db, piece).await?;
        rest = next;
    }
    Ok(())
}

async fn insert_piece<C: ConnectionTrait>(db: &C, piece: &mut [Message]) -> Result<(), DbErr> {
    static SQL: Statements = statements();
    let sql = written_once(db, &SQL, piece.len(), |rows, mark| {
        let rows = placeholders(rows, 14, mark);
        format!(
            "INSERT INTO message (room_id, seq, rev, sender_id, sender_name, sender_type, message_type, content_type, \
             content, system_code, system_params, client_message_id, reply_to, created_at) VALUES {rows} RETURNING id, room_id, seq"
        )
    });
    let values = piece.iter().flat_map(message_values);
    let inserted = all::<InsertedRow, _>(db, sql, values).await?;
    // They come in the order of the rows as a rule, but no database promises it.
    for (at, message) in piece.iter_mut().enumerate() {
        let is_it = |row: &&InsertedRow| row.room_id == message.room_id && row.seq == message.seq;
        let row = inserted.get(at).filter(is_it).or_else(|| inserted.iter().find(is_it));
        message.message_id = row.ok_or(DbErr::RecordNotInserted)?.id;
    }
    Ok(())
}

fn message_values(m: &Message) -> [Value; 14] {
    [
        m.room_id.into(),
        m.seq.into(),
        m.rev.into(),
        m.sender_id.into(),
        m.sender_name.clone().into(),
        m.sender_type.map_or("S", Side::as_str).into(),
        m.message_type.as_ref().into(),
        m.content_type.as_ref().into(),
        m.content.clone().into(),
        m.system_code.clone().into(),
        m.system_params.clone().into(),
        m.client_message_id.clone().into(),
        m.reply_to.into(),
        m.created_at.ms().into(),
    ]
}

/// What names a repeatable send.
pub(super) type SendKey = (i64, i64, String);

#[derive(FromQueryResult)]
struct RepeatRow {
    room_id: i64,
    sender_id: i64,
    client_message_id: String,
    id: i64,
    seq: i64,
}

/// Those of `keys` that are stored already, with (`message_id`, `seq`).
pub(super) async fn find_sent<C: ConnectionTrait>(
    db: &C,
    keys: &[SendKey],
) -> Result<Vec<(SendKey, (i64, i64))>, DbErr> {
    static SQL: Statements = statements();
    let mut found = Vec::new();
    for piece in pieces(keys) {
        let sql = written_once(db, &SQL, piece.len(), |rows, mark| {
            let rows = placeholders(rows, 3, |n| {
                let kind = if n % 3 == 0 { "VARCHAR(64)" } else { "BIGINT" };
                format!("CAST({} AS {kind})", mark(n))
            });
            format!(
                "SELECT m.room_id, m.sender_id, m.client_message_id, m.id, m.seq FROM (VALUES {rows}) AS v \
                 JOIN message m ON m.room_id = v.column1 AND m.sender_id = v.column2 AND m.client_message_id = v.column3"
            )
        });
        let values = piece
            .iter()
            .flat_map(|(room, sender, id)| [Value::from(*room), (*sender).into(), id.clone().into()]);
        let rows = all::<RepeatRow, _>(db, sql, values).await?;
        found.extend(
            rows.into_iter()
                .map(|row| ((row.room_id, row.sender_id, row.client_message_id), (row.id, row.seq))),
        );
    }
    Ok(found)
}

#[derive(FromQueryResult)]
struct MessageRow {
    id: i64,
    room_id: i64,
    seq: i64,
    rev: i64,
    sender_id: Option<i64>,
    sender_name: Option<String>,
    sender_type: String,
    message_type: String,
    content_type: String,
    content: String,
    system_code: Option<String>,
    system_params: Option<String>,
    client_message_id: Option<String>,
    reply_to: Option<i64>,
    created_at: i64,
}

impl From<MessageRow> for Message {
    fn from(row: MessageRow) -> Self {
        Self {
            message_id: row.id,
            room_id: row.room_id,
            seq: row.seq,
            rev: row.rev,
            sender_id: row.sender_id,
            sender_name: row.sender_name,
            sender_type: Side::from_letter(&row.sender_type),
            message_type: row.message_type.into(),
            content_type: row.content_type.into(),
            content: row.content,
            system_code: row.system_code,
            system_params: row.system_params,
            client_message_id: row.client_message_id,
            reply_to: row.reply_to,
            created_at: Time::from_ms(row.created_at),
        }
    }
}

const MESSAGE: &str = "SELECT id, room_id, seq, rev, sender_id, sender_name, sender_type, message_type, content_type, \
     content, system_code, system_params, client_message_id, reply_to, created_at FROM message";

/// Up to `limit` messages before `before`, newest first.
pub(super) async fn before<C: ConnectionTrait>(
    db: &C,
    room_id: i64,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<Message>, DbErr> {
    let rows = all::<MessageRow, _>(
        db,
        &format!("{MESSAGE} WHERE room_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3"),
        [
            room_id.into(),
            before.unwrap_or(i64::MAX).into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
        ],
    )
    .await?;
    Ok(rows.into_iter().map(Message::from).collect())
}

/// Up to `limit` of what people told everybody in the room to notice, before `before`, newest first.
pub(super) async fn notices<C: ConnectionTrait>(
    db: &C,
    room_id: i64,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<Message>, DbErr> {
    let rows = all::<MessageRow, _>(
        db,
        &format!(
            "{MESSAGE} WHERE room_id = $1 AND seq < $2 AND message_type = 'NOTIFICATION' AND sender_id IS NOT NULL \
             ORDER BY seq DESC LIMIT $3"
        ),
        [
            room_id.into(),
            before.unwrap_or(i64::MAX).into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
        ],
    )
    .await?;
    Ok(rows.into_iter().map(Message::from).collect())
}

/// Up to `limit` messages after `after`, in order.
pub(super) async fn after<C: ConnectionTrait>(
    db: &C,
    room_id: i64,
    after: i64,
    limit: u64,
) -> Result<Vec<Message>, DbErr> {
    let rows = all::<MessageRow, _>(
        db,
        &format!("{MESSAGE} WHERE room_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"),
        [
            room_id.into(),
            after.into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
        ],
    )
    .await?;
    Ok(rows.into_iter().map(Message::from).collect())
}

/// The last message of each of these rooms.
pub(super) async fn last_of<C: ConnectionTrait>(db: &C, room_ids: &[i64]) -> Result<HashMap<i64, Message>, DbErr> {
    let mut found = HashMap::new();
    for piece in pieces(room_ids) {
        let places = placeholders(1, piece.len(), |n| format!("${n}"));
        let sql = format!(
            "SELECT m.id, m.room_id, m.seq, m.rev, m.sender_id, m.sender_name, m.sender_type, m.message_type, \
             m.content_type, m.content, m.system_code, m.system_params, m.client_message_id, m.reply_to, m.created_at \
             FROM room r JOIN message m ON m.room_id = r.id AND m.seq = r.last_seq WHERE r.id IN {places}"
        );
        for row in all::<MessageRow, _>(db, &sql, piece.iter().map(|id| Value::from(*id))).await? {
            found.insert(row.room_id, row.into());
        }
    }
    Ok(found)
}

/// The `seq` of a message of this room.
pub(super) async fn seq_of<C: ConnectionTrait>(db: &C, room_id: i64, message_id: i64) -> Result<Option<i64>, DbErr> {
    #[derive(FromQueryResult)]
    struct SeqRow {
        seq: i64,
    }
    let row = one::<SeqRow, _>(
        db,
        "SELECT seq FROM message WHERE id = $1 AND room_id = $2",
        [message_id.into(), room_id.into()],
    )
    .await?;
    Ok(row.map(|row| row.seq))
}

/// The `message_id` of the message with this number.
pub(super) async fn id_at<C: ConnectionTrait>(db: &C, room_id: i64, seq: i64) -> Result<Option<i64>, DbErr> {
    let row = one::<IdRow, _>(
        db,
        "SELECT id FROM message WHERE room_id = $1 AND seq = $2",
        [room_id.into(), seq.into()],
    )
    .await?;
    Ok(row.map(|row| row.id))
}

/// The `seq` of a side's message: this one, or (none) the last.
pub(super) async fn seq_of_side<C: ConnectionTrait>(
    db: &C,
    room_id: i64,
    side: Side,
    message_id: Option<i64>,
) -> Result<Option<i64>, DbErr> {
    #[derive(FromQueryResult)]
    struct SeqRow {
        seq: i64,
    }
    let mut values: Vec<Value> = vec![room_id.into(), side.as_str().into()];
    let this = match message_id {
        Some(id) => {
            values.push(id.into());
            " AND id = $3"
        }
        None => "",
    };
    let sql =
        format!("SELECT seq FROM message WHERE room_id = $1 AND sender_type = $2{this} ORDER BY seq DESC LIMIT 1");
    let row = one::<SeqRow, _>(db, &sql, values).await?;
    Ok(row.map(|row| row.seq))
}
