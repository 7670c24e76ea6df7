//! The SQL of support sessions.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Value};

use super::rules::{By, Case, DisconnectReason, ExitReason, Patience, Presence, Side as CaseSide, State, Status};
use super::statistics::{AgentCount, MessageCounts, Seconds};
use crate::adapters::database::{all, execute, one};
use crate::features::messages::{Message, Side};
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
}

/// Adds a session that was just opened.
pub(super) async fn insert<C: ConnectionTrait>(db: &C, case: &Case, opened: &Opened) -> Result<(), DbErr> {
    let at = case.started_at.ms();
    execute(
        db,
        "INSERT INTO support_session (id, customer_id, category_id, title, status, started_at, waiting_since, created_at, changed_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6, $6, $6)",
        [
            case.session_id.into(),
            case.customer_id.into(),
            opened.category_id.into(),
            opened.title.clone().into(),
            case.status().as_str().into(),
            at.into(),
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

/// Who reads a list of sessions: decides what counts as unread.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader {
    pub(super) member_id: i64,
    pub(super) side: Side,
}

/// A session with what its readers see of it.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) case: Case,
    pub(super) category_id: i64,
    pub(super) title: Option<String>,
    pub(super) member_name: String,
    pub(super) agent_name: Option<String>,
    /// Kept when the agent's side is gone.
    pub(super) agent_seen_at: Option<Time>,
    /// From 1, only while waiting.
    pub(super) queue_position: Option<i64>,
    /// `None` where nobody in particular reads.
    pub(super) unread: Option<i64>,
    pub(super) last_message: Option<Message>,
    pub(super) created_at: Time,
    pub(super) changed_at: Time,
}

#[derive(FromQueryResult)]
struct FactsRow {
    category_id: i64,
    title: Option<String>,
    member_name: String,
    agent_name: Option<String>,
    queue_position: Option<i64>,
    unread: Option<i64>,
    created_at: i64,
    changed_at: i64,
    lm_id: Option<i64>,
    lm_seq: Option<i64>,
    lm_rev: Option<i64>,
    lm_sender_id: Option<i64>,
    lm_sender_name: Option<String>,
    lm_sender_type: Option<String>,
    lm_message_type: Option<String>,
    lm_content: Option<String>,
    lm_system_code: Option<String>,
    lm_system_params: Option<String>,
    lm_client_message_id: Option<String>,
    lm_reply_to: Option<i64>,
    lm_created_at: Option<i64>,
}

impl FactsRow {
    fn last_message(self, room_id: i64) -> Option<Message> {
        Some(Message {
            message_id: self.lm_id?,
            room_id,
            seq: self.lm_seq?,
            rev: self.lm_rev?,
            sender_id: self.lm_sender_id,
            sender_name: self.lm_sender_name,
            sender_type: self.lm_sender_type.as_deref().and_then(Side::from_letter),
            message_type: self.lm_message_type?,
            content: self.lm_content?,
            system_code: self.lm_system_code,
            system_params: self.lm_system_params,
            client_message_id: self.lm_client_message_id,
            reply_to: self.lm_reply_to,
            created_at: Time::from_ms(self.lm_created_at?),
        })
    }
}

/// `$1` is the reader (or null) and `$2` the letter of the other side.
const SESSION: &str = "SELECT s.*, m.name AS member_name, a.name AS agent_name, \
     CASE WHEN s.status = 'WAITING' THEN (SELECT count(*) FROM support_session q WHERE q.status = 'WAITING' \
       AND (q.started_at < s.started_at OR (q.started_at = s.started_at AND q.id <= s.id))) END AS queue_position, \
     CASE WHEN CAST($1 AS BIGINT) IS NOT NULL THEN (SELECT count(*) FROM message u WHERE u.room_id = s.id \
       AND u.seq > coalesce((SELECT k.seq FROM read_mark k WHERE k.room_id = s.id AND k.member_id = CAST($1 AS BIGINT)), 0) \
       AND u.sender_type = CAST($2 AS VARCHAR(1))) END AS unread, \
     lm.id AS lm_id, lm.seq AS lm_seq, lm.rev AS lm_rev, lm.sender_id AS lm_sender_id, lm.sender_name AS lm_sender_name, \
     lm.sender_type AS lm_sender_type, lm.message_type AS lm_message_type, lm.content AS lm_content, \
     lm.system_code AS lm_system_code, lm.system_params AS lm_system_params, lm.client_message_id AS lm_client_message_id, \
     lm.reply_to AS lm_reply_to, lm.created_at AS lm_created_at \
     FROM support_session s JOIN account m ON m.id = s.customer_id LEFT JOIN account a ON a.id = s.agent_id \
     LEFT JOIN message lm ON lm.room_id = s.id AND lm.seq = (SELECT max(x.seq) FROM message x WHERE x.room_id = s.id)";

fn reader_values(reader: Option<Reader>) -> [Value; 2] {
    [
        reader.map(|r| r.member_id).into(),
        reader.map(|r| r.side.other().as_str()).into(),
    ]
}

async fn sessions<C: ConnectionTrait>(db: &C, sql: &str, values: Vec<Value>) -> Result<Vec<Session>, DbErr> {
    let statement = crate::adapters::database::statement(db, sql, values);
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(session_of).collect()
}

fn session_of(row: &sea_orm::QueryResult) -> Result<Session, DbErr> {
    let case_row = CaseRow::from_query_result(row, "")?;
    let agent_seen_at = case_row.agent_seen_at.map(Time::from_ms);
    let case = case_row.case()?;
    let facts = FactsRow::from_query_result(row, "")?;
    Ok(Session {
        category_id: facts.category_id,
        title: facts.title.clone(),
        member_name: facts.member_name.clone(),
        agent_name: facts.agent_name.clone(),
        agent_seen_at,
        queue_position: facts.queue_position,
        unread: facts.unread,
        created_at: Time::from_ms(facts.created_at),
        changed_at: Time::from_ms(facts.changed_at),
        last_message: facts.last_message(case.session_id),
        case,
    })
}

/// One session as `reader` sees it.
pub(super) async fn session<C: ConnectionTrait>(
    db: &C,
    session_id: i64,
    reader: Option<Reader>,
) -> Result<Option<Session>, DbErr> {
    let mut values = reader_values(reader).to_vec();
    values.push(session_id.into());
    let found = sessions(db, &format!("{SESSION} WHERE s.id = $3"), values).await?;
    Ok(found.into_iter().next())
}

/// Which sessions a list shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) statuses: Vec<Status>,
    pub(super) category_id: Option<i64>,
    pub(super) agent_id: Option<i64>,
    pub(super) customer_id: Option<i64>,
    /// Part of the customer's name.
    pub(super) customer_name: Option<String>,
    /// Part of the title, of the customer's name or of a message.
    pub(super) text: Option<String>,
    pub(super) from: Option<Time>,
    /// Not this moment itself.
    pub(super) to: Option<Time>,
    /// Only those that stand after this one (started at, id).
    pub(super) after: Option<(Time, i64)>,
}

/// Up to `limit` sessions of the filter, the latest start first.
pub(super) async fn list<C: ConnectionTrait>(
    db: &C,
    filter: &Filter,
    reader: Reader,
    limit: u64,
) -> Result<Vec<Session>, DbErr> {
    let mut wanted = Conditions::new(reader_values(Some(reader)).to_vec());
    wanted.add_filter(filter);
    let limit = wanted.bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let sql = format!(
        "{SESSION}{} ORDER BY s.started_at DESC, s.id DESC LIMIT {limit}",
        wanted.sql()
    );
    sessions(db, &sql, wanted.values).await
}

/// A WHERE clause in the making, with its values.
struct Conditions {
    parts: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    const fn new(values: Vec<Value>) -> Self {
        Self {
            parts: Vec::new(),
            values,
        }
    }

    /// The placeholder of a value.
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn add_filter(&mut self, filter: &Filter) {
        if !filter.statuses.is_empty() {
            let names = filter.statuses.iter().map(|s| s.as_str());
            let places: Vec<String> = names.map(|name| self.bind(name)).collect();
            self.parts.push(format!("s.status IN ({})", places.join(", ")));
        }
        for (column, value) in [
            ("s.category_id", filter.category_id),
            ("s.agent_id", filter.agent_id),
            ("s.customer_id", filter.customer_id),
        ] {
            if let Some(value) = value {
                let place = self.bind(value);
                self.parts.push(format!("{column} = {place}"));
            }
        }
        for (sign, time) in [(">=", filter.from), ("<", filter.to)] {
            if let Some(time) = time {
                let place = self.bind(time.ms());
                self.parts.push(format!("s.started_at {sign} {place}"));
            }
        }
        if let Some(name) = &filter.customer_name {
            let place = self.bind(pattern(name));
            self.parts.push(format!("lower(m.name) LIKE {place} ESCAPE '\\'"));
        }
        if let Some(text) = &filter.text {
            let place = self.bind(pattern(text));
            self.parts.push(format!(
                "(lower(s.title) LIKE {place} ESCAPE '\\' OR lower(m.name) LIKE {place} ESCAPE '\\' OR EXISTS (SELECT 1 FROM message f \
                 WHERE f.room_id = s.id AND lower(f.content) LIKE {place} ESCAPE '\\'))"
            ));
        }
        if let Some((time, id)) = filter.after {
            let (time, id) = (self.bind(time.ms()), self.bind(id));
            self.parts.push(format!(
                "(s.started_at < {time} OR (s.started_at = {time} AND s.id < {id}))"
            ));
        }
    }

    fn sql(&self) -> String {
        if self.parts.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", self.parts.join(" AND "))
        }
    }
}

/// A LIKE pattern that finds `text` anywhere; its own `%`, `_` and `\` are taken literally.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// The figures of sessions opened in a span of time.
pub(super) struct Figures {
    pub(super) by_status: Vec<(String, i64)>,
    pub(super) waiting: Seconds,
    pub(super) first_response: Seconds,
    pub(super) handling: Seconds,
}

/// The condition that `table.started_at` lies in the span, with the values of `$1` and `$2`.
const SPAN: &str = "s.started_at >= CAST($1 AS BIGINT) AND s.started_at < CAST($2 AS BIGINT)";

fn span(from: Option<Time>, to: Option<Time>) -> [Value; 2] {
    [
        from.map_or(i64::MIN, Time::ms).into(),
        to.map_or(i64::MAX, Time::ms).into(),
    ]
}

#[derive(FromQueryResult)]
struct StatusRow {
    status: String,
    n: i64,
    waiting_sum: Option<f64>,
    waiting_max: Option<i64>,
    waiting_n: i64,
    response_sum: Option<f64>,
    response_max: Option<i64>,
    response_n: i64,
    handling_sum: Option<f64>,
    handling_max: Option<i64>,
    handling_n: i64,
}

/// Counts by status and lengths of time, in one pass.
pub(super) async fn figures<C: ConnectionTrait>(
    db: &C,
    from: Option<Time>,
    to: Option<Time>,
) -> Result<Figures, DbErr> {
    let of = |name: &str, length: &str| {
        format!(
            "CAST(sum({length}) AS DOUBLE PRECISION) AS {name}_sum, max({length}) AS {name}_max, count({length}) AS {name}_n"
        )
    };
    let sql = format!(
        "SELECT s.status, count(*) AS n, {}, {}, {} FROM support_session s WHERE {SPAN} GROUP BY s.status",
        of("waiting", "s.first_taken_at - s.started_at"),
        of("response", "s.first_response_at - s.first_taken_at"),
        of("handling", "s.ended_at - s.first_taken_at"),
    );
    let rows = all::<StatusRow, _>(db, &sql, span(from, to)).await?;
    let seconds = |part: fn(&StatusRow) -> Timed| {
        let parts: Vec<_> = rows.iter().map(part).collect();
        let count: i64 = parts.iter().map(|(_, _, n)| n).sum();
        let sum: f64 = parts.iter().filter_map(|(sum, ..)| *sum).sum();
        let max = parts.iter().filter_map(|(_, max, _)| *max).max();
        Seconds {
            average: (count > 0).then(|| sum / count as f64 / 1000.0),
            max: max.map(|ms| ms as f64 / 1000.0),
            count,
        }
    };
    Ok(Figures {
        waiting: seconds(|r| (r.waiting_sum, r.waiting_max, r.waiting_n)),
        first_response: seconds(|r| (r.response_sum, r.response_max, r.response_n)),
        handling: seconds(|r| (r.handling_sum, r.handling_max, r.handling_n)),
        by_status: rows.iter().map(|r| (r.status.clone(), r.n)).collect(),
    })
}

/// Sum and longest in milliseconds, and of how many.
type Timed = (Option<f64>, Option<i64>, i64);

#[derive(FromQueryResult)]
struct GroupRow {
    id: i64,
    name: Option<String>,
    n: i64,
}

pub(super) async fn counts_by_agent<C: ConnectionTrait>(
    db: &C,
    from: Option<Time>,
    to: Option<Time>,
) -> Result<Vec<AgentCount>, DbErr> {
    let sql = format!(
        "SELECT s.agent_id AS id, a.name AS name, count(*) AS n FROM support_session s JOIN account a ON a.id = s.agent_id \
         WHERE {SPAN} GROUP BY s.agent_id, a.name ORDER BY n DESC, s.agent_id LIMIT 200"
    );
    let rows = all::<GroupRow, _>(db, &sql, span(from, to)).await?;
    Ok(rows
        .into_iter()
        .map(|row| AgentCount {
            member_id: row.id,
            name: row.name.unwrap_or_default(),
            count: row.n,
        })
        .collect())
}

/// (category, sessions), the most first.
pub(super) async fn counts_by_category<C: ConnectionTrait>(
    db: &C,
    from: Option<Time>,
    to: Option<Time>,
) -> Result<Vec<(i64, i64)>, DbErr> {
    let sql = format!(
        "SELECT s.category_id AS id, CAST(NULL AS VARCHAR(100)) AS name, count(*) AS n FROM support_session s \
         WHERE {SPAN} GROUP BY s.category_id ORDER BY n DESC, s.category_id"
    );
    let rows = all::<GroupRow, _>(db, &sql, span(from, to)).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.n)).collect())
}

#[derive(FromQueryResult)]
struct SenderRow {
    sender_type: String,
    n: i64,
}

pub(super) async fn message_counts<C: ConnectionTrait>(
    db: &C,
    from: Option<Time>,
    to: Option<Time>,
) -> Result<MessageCounts, DbErr> {
    let sql = format!(
        "SELECT m.sender_type, count(*) AS n FROM support_session s JOIN message m ON m.room_id = s.id \
         WHERE {SPAN} GROUP BY m.sender_type"
    );
    let rows = all::<SenderRow, _>(db, &sql, span(from, to)).await?;
    let of = |letter: &str| {
        let row = rows.iter().find(|row| row.sender_type == letter);
        row.map_or(0, |row| row.n)
    };
    let (customer, agent, system) = (of("M"), of("A"), of("S"));
    Ok(MessageCounts {
        total: customer + agent + system,
        customer,
        agent,
        system,
    })
}

/// What is going on now.
#[derive(FromQueryResult)]
pub(super) struct LiveRow {
    pub(super) waiting: i64,
    pub(super) active: i64,
    pub(super) disconnected: i64,
    pub(super) oldest_waiting_since: Option<i64>,
    pub(super) opened_today: i64,
    pub(super) completed_today: i64,
}

pub(super) async fn live<C: ConnectionTrait>(db: &C, midnight: Time) -> Result<LiveRow, DbErr> {
    let sql = "SELECT (SELECT count(*) FROM support_session WHERE status = 'WAITING') AS waiting, \
         (SELECT count(*) FROM support_session WHERE status = 'ACTIVE') AS active, \
         (SELECT count(*) FROM support_session WHERE status = 'DISCONNECTED') AS disconnected, \
         (SELECT min(waiting_since) FROM support_session WHERE status = 'WAITING') AS oldest_waiting_since, \
         (SELECT count(*) FROM support_session WHERE started_at >= $1) AS opened_today, \
         (SELECT count(*) FROM support_session WHERE ended_at >= $1) AS completed_today";
    let row = one::<LiveRow, _>(db, sql, [midnight.ms().into()]).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("live figures".into()))
}
