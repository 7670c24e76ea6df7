//! The SQL of support sessions: here their life, beside it [`lists`], [`figures`], [`agents`] and [`mails`].

mod agents;
mod figures;
mod lists;
mod mails;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Value};

pub(super) use self::agents::{availabilities, availability, set_availability};
pub(super) use self::figures::{Figures, counts_by_agent, counts_by_category, figures, live, message_counts, waits};
pub(super) use self::lists::{Filter, Reader, Session, list, session};
pub(super) use self::mails::{
    Answer, expect_mail, mail_due, mailing, next_mail_due, note_mailed, set_email, unread_answers,
};
use super::rules::{
    By, Case, DisconnectReason, ExitReason, Patience, Presence, Rating, Side as CaseSide, State, Status,
};
use crate::adapters::database::{all, execute, one};
use crate::time::Time;

#[derive(FromQueryResult)]
struct CaseRow {
    id: i64,
    customer_id: i64,
    agent_id: Option<i64>,
    status: String,
    started_at: i64,
    waiting_since: Option<i64>,
    waiting_alerted: bool,
    first_taken_at: Option<i64>,
    ended_at: Option<i64>,
    exit_reason: Option<String>,
    ended_by: Option<String>,
    disconnect_reason: Option<String>,
    member_connected: bool,
    member_announced: bool,
    member_seen_at: Option<i64>,
    member_lost_at: Option<i64>,
    member_away_since: Option<i64>,
    member_away_until: Option<i64>,
    member_reason: Option<String>,
    agent_connected: bool,
    agent_announced: bool,
    agent_seen_at: Option<i64>,
    agent_lost_at: Option<i64>,
    agent_away_since: Option<i64>,
    agent_away_until: Option<i64>,
    agent_reason: Option<String>,
}

/// What a side's columns say.
struct SideColumns<'a> {
    connected: bool,
    announced: bool,
    seen_at: Option<i64>,
    lost_at: Option<i64>,
    away_since: Option<i64>,
    away_until: Option<i64>,
    reason: Option<&'a str>,
}

impl SideColumns<'_> {
    fn side(&self) -> CaseSide {
        let reason = self
            .reason
            .and_then(DisconnectReason::from_name)
            .unwrap_or(DisconnectReason::NetworkError);
        let presence = match (self.lost_at, self.away_since, self.away_until) {
            (_, Some(since), Some(until)) => Presence::Away {
                since: Time::from_ms(since),
                until: Time::from_ms(until),
                reason,
            },
            (Some(at), ..) => Presence::Lost {
                at: Time::from_ms(at),
                reason,
            },
            _ => Presence::Here,
        };
        CaseSide {
            presence,
            connected: self.connected,
            announced: self.announced,
            seen_at: self.seen_at.map(Time::from_ms),
        }
    }
}

impl CaseRow {
    fn case(&self) -> Result<Case, DbErr> {
        Ok(Case {
            session_id: self.id,
            customer_id: self.customer_id,
            started_at: Time::from_ms(self.started_at),
            state: self.state()?,
            member: self.member().side(),
            first_taken_at: self.first_taken_at.map(Time::from_ms),
        })
    }

    fn state(&self) -> Result<State, DbErr> {
        let broken = || DbErr::Type(format!("support_session {} is not whole", self.id));
        let status = Status::from_name(&self.status).ok_or_else(broken)?;
        Ok(match status {
            Status::Waiting => State::Waiting {
                since: Time::from_ms(self.waiting_since.unwrap_or(self.started_at)),
                alerted: self.waiting_alerted,
            },
            Status::Active | Status::Disconnected => State::Running {
                agent_id: self.agent_id.ok_or_else(broken)?,
                agent: self.agent().side(),
            },
            Status::Completed => State::Completed {
                agent_id: self.agent_id,
                ended_at: self.ended_at.map(Time::from_ms).ok_or_else(broken)?,
                by: match self.ended_by.as_deref() {
                    Some("M") => By::Member,
                    Some("A") => By::Agent,
                    _ => By::System,
                },
                exit: self.exit_reason.as_deref().and_then(ExitReason::from_name),
                disconnect: self.disconnect_reason.as_deref().and_then(DisconnectReason::from_name),
            },
        })
    }

    fn member(&self) -> SideColumns<'_> {
        SideColumns {
            connected: self.member_connected,
            announced: self.member_announced,
            seen_at: self.member_seen_at,
            lost_at: self.member_lost_at,
            away_since: self.member_away_since,
            away_until: self.member_away_until,
            reason: self.member_reason.as_deref(),
        }
    }

    fn agent(&self) -> SideColumns<'_> {
        SideColumns {
            connected: self.agent_connected,
            announced: self.agent_announced,
            seen_at: self.agent_seen_at,
            lost_at: self.agent_lost_at,
            away_since: self.agent_away_since,
            away_until: self.agent_away_until,
            reason: self.agent_reason.as_deref(),
        }
    }
}

const CASE: &str = "SELECT id, customer_id, agent_id, status, started_at, waiting_since, waiting_alerted, first_taken_at, \
     ended_at, exit_reason, ended_by, disconnect_reason, member_connected, member_announced, member_seen_at, \
     member_lost_at, member_away_since, member_away_until, member_reason, agent_connected, agent_announced, \
     agent_seen_at, agent_lost_at, agent_away_since, agent_away_until, agent_reason FROM support_session";

/// The session's life; `lock` holds the row until the transaction ends, where the database has row locks.
pub(super) async fn load<C: ConnectionTrait>(db: &C, session_id: i64, lock: bool) -> Result<Option<Case>, DbErr> {
    let lock = if lock && db.get_database_backend() == DbBackend::Postgres {
        " FOR UPDATE"
    } else {
        ""
    };
    let sql = format!("{CASE} WHERE id = $1{lock}");
    let row = one::<CaseRow, _>(db, &sql, [session_id.into()]).await?;
    row.map(|row| row.case()).transpose()
}

/// What a session is opened with, besides its life.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    pub(super) category_id: i64,
    pub(super) title: Option<String>,
    /// The session that this one takes up again.
    pub(super) continues: Option<i64>,
    /// Where answers go that are not read.
    pub(super) email: Option<String>,
}

/// Adds a session that was just opened.
pub(super) async fn insert<C: ConnectionTrait>(db: &C, case: &Case, opened: &Opened) -> Result<(), DbErr> {
    let at = case.started_at.ms();
    execute(
        db,
        "INSERT INTO support_session (id, customer_id, category_id, title, status, started_at, waiting_since, created_at, changed_at, continues, email) \
         VALUES ($1, $2, $3, $4, $5, $6, $6, $6, $6, $7, $8)",
        [
            case.session_id.into(),
            case.customer_id.into(),
            opened.category_id.into(),
            opened.title.clone().into(),
            case.status().as_str().into(),
            at.into(),
            opened.continues.into(),
            opened.email.clone().into(),
        ],
    )
    .await
    .map(drop)
}

/// Writes the session's life.
pub(super) async fn save<C: ConnectionTrait>(db: &C, case: &Case, now: Time, patience: &Patience) -> Result<(), DbErr> {
    let ms = |t: Option<Time>| Value::from(t.map(Time::ms));
    let text = |t: Option<&'static str>| Value::from(t);
    let mut waiting = (None, false);
    let mut agent = CaseSide {
        presence: Presence::Here,
        connected: false,
        announced: false,
        seen_at: None,
    };
    let mut end = (None, None, None, None);
    match case.state {
        State::Waiting { since, alerted } => waiting = (Some(since), alerted),
        State::Running { agent: side, .. } => agent = side,
        State::Completed {
            ended_at,
            by,
            exit,
            disconnect,
            ..
        } => end = (Some(ended_at), Some(by), exit, disconnect),
    }
    let mut values = vec![
        case.session_id.into(),
        case.agent_id().into(),
        case.status().as_str().into(),
        ms(waiting.0),
        waiting.1.into(),
        ms(case.first_taken_at),
        ms(end.0),
        text(end.2.map(ExitReason::as_str)),
        text(end.1.map(By::as_str)),
        text(end.3.map(DisconnectReason::as_str)),
        ms(case.due_at(patience)),
        now.ms().into(),
    ];
    values.extend(side_values(&case.member));
    values.extend(side_values(&agent));
    execute(
        db,
        "UPDATE support_session SET agent_id = $2, status = $3, waiting_since = $4, waiting_alerted = $5, first_taken_at = $6, \
         ended_at = $7, exit_reason = $8, ended_by = $9, disconnect_reason = $10, due_at = $11, changed_at = $12, \
         member_connected = $13, member_announced = $14, member_seen_at = $15, member_lost_at = $16, \
         member_away_since = $17, member_away_until = $18, member_reason = $19, \
         agent_connected = $20, agent_announced = $21, agent_seen_at = CASE WHEN $3 = 'COMPLETED' THEN agent_seen_at ELSE $22 END, agent_lost_at = $23, \
         agent_away_since = $24, agent_away_until = $25, agent_reason = $26 WHERE id = $1",
        values,
    )
    .await
    .map(drop)
}

fn side_values(side: &CaseSide) -> [Value; 7] {
    let (lost_at, since, until, reason) = match side.presence {
        Presence::Here => (None, None, None, None),
        Presence::Lost { at, reason } => (Some(at), None, None, Some(reason)),
        Presence::Away { since, until, reason } => (None, Some(since), Some(until), Some(reason)),
    };
    [
        side.connected.into(),
        side.announced.into(),
        side.seen_at.map(Time::ms).into(),
        lost_at.map(Time::ms).into(),
        since.map(Time::ms).into(),
        until.map(Time::ms).into(),
        reason.map(DisconnectReason::as_str).into(),
    ]
}

/// Notes when an agent first answered, unless that is noted.
pub(super) async fn note_first_response<C: ConnectionTrait>(db: &C, session_id: i64, at: Time) -> Result<(), DbErr> {
    execute(
        db,
        "UPDATE support_session SET first_response_at = $2 WHERE id = $1 AND first_response_at IS NULL",
        [session_id.into(), at.ms().into()],
    )
    .await
    .map(drop)
}

/// Notes why the session is given on; the last time counts.
pub(super) async fn note_transfer<C: ConnectionTrait>(
    db: &C,
    session_id: i64,
    reason: Option<&str>,
) -> Result<(), DbErr> {
    execute(
        db,
        "UPDATE support_session SET transfer_reason = $2 WHERE id = $1",
        [session_id.into(), reason.into()],
    )
    .await
    .map(drop)
}

/// Notes what the customer says of the session.
pub(super) async fn rate<C: ConnectionTrait>(db: &C, session_id: i64, rating: &Rating) -> Result<(), DbErr> {
    execute(
        db,
        "UPDATE support_session SET rating_score = $2, rating_comment = $3, rated_at = $4, changed_at = $4 WHERE id = $1",
        [
            session_id.into(),
            rating.score.into(),
            rating.comment.clone().into(),
            rating.at.ms().into(),
        ],
    )
    .await
    .map(drop)
}

#[derive(FromQueryResult)]
struct CountRow {
    n: i64,
}

async fn count<C: ConnectionTrait>(db: &C, sql: &str, values: Vec<Value>) -> Result<i64, DbErr> {
    let row = one::<CountRow, _>(db, sql, values).await?;
    Ok(row.map_or(0, |row| row.n))
}

/// The customer's sessions that are not over.
pub(super) async fn open_of_customer<C: ConnectionTrait>(db: &C, customer_id: i64) -> Result<i64, DbErr> {
    let sql = "SELECT count(*) AS n FROM support_session WHERE customer_id = $1 AND status <> 'COMPLETED'";
    count(db, sql, vec![customer_id.into()]).await
}

/// Those that take this session up again and are not over.
pub(super) async fn open_successors<C: ConnectionTrait>(db: &C, session_id: i64) -> Result<i64, DbErr> {
    let sql = "SELECT count(*) AS n FROM support_session WHERE continues = $1 AND status <> 'COMPLETED'";
    count(db, sql, vec![session_id.into()]).await
}

/// The category of a session.
pub(super) async fn category_of<C: ConnectionTrait>(db: &C, session_id: i64) -> Result<Option<i64>, DbErr> {
    let sql = "SELECT category_id AS id FROM support_session WHERE id = $1";
    Ok(ids(db, sql, vec![session_id.into()]).await?.pop())
}

/// Sessions in the queue.
pub(super) async fn waiting<C: ConnectionTrait>(db: &C) -> Result<i64, DbErr> {
    let sql = "SELECT count(*) AS n FROM support_session WHERE status = 'WAITING'";
    count(db, sql, Vec::new()).await
}

/// The agent's running sessions.
pub(super) async fn running_of_agent<C: ConnectionTrait>(db: &C, agent_id: i64) -> Result<i64, DbErr> {
    let sql = "SELECT count(*) AS n FROM support_session WHERE agent_id = $1 AND status IN ('ACTIVE', 'DISCONNECTED')";
    count(db, sql, vec![agent_id.into()]).await
}

#[derive(FromQueryResult)]
struct IdRow {
    id: i64,
}

async fn ids<C: ConnectionTrait>(db: &C, sql: &str, values: Vec<Value>) -> Result<Vec<i64>, DbErr> {
    let rows = all::<IdRow, _>(db, sql, values).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Up to `limit` waiting sessions in the queue's order.
pub(super) async fn queue<C: ConnectionTrait>(db: &C, limit: i64) -> Result<Vec<i64>, DbErr> {
    let sql = "SELECT id FROM support_session WHERE status = 'WAITING' ORDER BY started_at, id LIMIT $1";
    ids(db, sql, vec![limit.into()]).await
}

/// Up to `limit` sessions that time has changed by `now`.
pub(super) async fn due<C: ConnectionTrait>(db: &C, now: Time, limit: i64) -> Result<Vec<i64>, DbErr> {
    let sql = "SELECT id FROM support_session WHERE due_at <= $1 ORDER BY due_at LIMIT $2";
    ids(db, sql, vec![now.ms().into(), limit.into()]).await
}

/// Sessions that are not over and to which somebody has been connected.
pub(super) async fn open_and_visited<C: ConnectionTrait>(db: &C) -> Result<Vec<i64>, DbErr> {
    let sql = "SELECT id FROM support_session WHERE status IN ('WAITING', 'ACTIVE', 'DISCONNECTED') \
               AND (member_connected = TRUE OR agent_connected = TRUE)";
    ids(db, sql, Vec::new()).await
}

/// When time changes a session next.
pub(super) async fn next_due<C: ConnectionTrait>(db: &C) -> Result<Option<Time>, DbErr> {
    #[derive(FromQueryResult)]
    struct DueRow {
        at: Option<i64>,
    }
    let sql = "SELECT min(due_at) AS at FROM support_session WHERE due_at IS NOT NULL";
    let row = one::<DueRow, _>(db, sql, []).await?;
    Ok(row.and_then(|row| row.at).map(Time::from_ms))
}
