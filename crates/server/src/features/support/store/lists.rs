//! Sessions as their readers see them: one, and lists of them.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};

use super::super::rules::{Case, Rating, Status};
use super::CaseRow;
use crate::features::messages::{Message, Side};
use crate::time::Time;

/// Who reads a list of sessions: decides what counts as unread.
#[derive(Clone, Copy, Debug)]
pub(in crate::features::support) struct Reader {
    pub(in crate::features::support) member_id: i64,
    pub(in crate::features::support) side: Side,
}

/// A session with what its readers see of it.
#[derive(Clone, Debug)]
pub(in crate::features::support) struct Session {
    pub(in crate::features::support) case: Case,
    pub(in crate::features::support) category_id: i64,
    pub(in crate::features::support) title: Option<String>,
    pub(in crate::features::support) continues: Option<i64>,
    pub(in crate::features::support) email: Option<String>,
    pub(in crate::features::support) member_name: String,
    pub(in crate::features::support) agent_name: Option<String>,
    /// Kept when the agent's side is gone.
    pub(in crate::features::support) agent_seen_at: Option<Time>,
    /// From 1, only while waiting.
    pub(in crate::features::support) queue_position: Option<i64>,
    /// `None` where nobody in particular reads.
    pub(in crate::features::support) unread: Option<i64>,
    pub(in crate::features::support) last_message: Option<Message>,
    /// Why it was last given on; not for the customer.
    pub(in crate::features::support) transfer_reason: Option<String>,
    pub(in crate::features::support) rating: Option<Rating>,
    pub(in crate::features::support) created_at: Time,
    pub(in crate::features::support) changed_at: Time,
}

#[derive(FromQueryResult)]
struct FactsRow {
    category_id: i64,
    title: Option<String>,
    continues: Option<i64>,
    email: Option<String>,
    member_name: String,
    agent_name: Option<String>,
    queue_position: Option<i64>,
    unread: Option<i64>,
    transfer_reason: Option<String>,
    rating_score: Option<i32>,
    rating_comment: Option<String>,
    rated_at: Option<i64>,
    created_at: i64,
    changed_at: i64,
    lm_id: Option<i64>,
    lm_seq: Option<i64>,
    lm_rev: Option<i64>,
    lm_sender_id: Option<i64>,
    lm_sender_name: Option<String>,
    lm_sender_type: Option<String>,
    lm_message_type: Option<String>,
    lm_content_type: Option<String>,
    lm_content: Option<String>,
    lm_system_code: Option<String>,
    lm_system_params: Option<String>,
    lm_client_message_id: Option<String>,
    lm_reply_to: Option<i64>,
    lm_created_at: Option<i64>,
}

impl FactsRow {
    fn rating(&self) -> Option<Rating> {
        Some(Rating {
            score: self.rating_score?,
            comment: self.rating_comment.clone(),
            at: Time::from_ms(self.rated_at?),
        })
    }

    fn last_message(self, room_id: i64) -> Option<Message> {
        Some(Message {
            message_id: self.lm_id?,
            room_id,
            seq: self.lm_seq?,
            rev: self.lm_rev?,
            sender_id: self.lm_sender_id,
            sender_name: self.lm_sender_name,
            sender_type: self.lm_sender_type.as_deref().and_then(Side::from_letter),
            message_type: self.lm_message_type?.into(),
            content_type: self.lm_content_type?.into(),
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
       AND u.seq > coalesce((SELECT coalesce(k.unread_from - 1, k.seq) FROM read_mark k WHERE k.room_id = s.id AND k.member_id = CAST($1 AS BIGINT)), 0) \
       AND u.sender_type = CAST($2 AS VARCHAR(1))) END AS unread, \
     lm.id AS lm_id, lm.seq AS lm_seq, lm.rev AS lm_rev, lm.sender_id AS lm_sender_id, lm.sender_name AS lm_sender_name, \
     lm.sender_type AS lm_sender_type, lm.message_type AS lm_message_type, lm.content_type AS lm_content_type, \
     lm.content AS lm_content, lm.system_code AS lm_system_code, lm.system_params AS lm_system_params, lm.client_message_id AS lm_client_message_id, \
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
        continues: facts.continues,
        email: facts.email.clone(),
        member_name: facts.member_name.clone(),
        agent_name: facts.agent_name.clone(),
        agent_seen_at,
        queue_position: facts.queue_position,
        unread: facts.unread,
        transfer_reason: facts.transfer_reason.clone(),
        rating: facts.rating(),
        created_at: Time::from_ms(facts.created_at),
        changed_at: Time::from_ms(facts.changed_at),
        last_message: facts.last_message(case.session_id),
        case,
    })
}

/// One session as `reader` sees it.
pub(in crate::features::support) async fn session<C: ConnectionTrait>(
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
pub(in crate::features::support) struct Filter {
    pub(in crate::features::support) statuses: Vec<Status>,
    pub(in crate::features::support) category_id: Option<i64>,
    pub(in crate::features::support) agent_id: Option<i64>,
    pub(in crate::features::support) customer_id: Option<i64>,
    /// Part of the customer's name.
    pub(in crate::features::support) customer_name: Option<String>,
    /// Part of the title, of the customer's name or of a message.
    pub(in crate::features::support) text: Option<String>,
    /// The score.
    pub(in crate::features::support) rating: Option<i64>,
    pub(in crate::features::support) from: Option<Time>,
    /// Not this moment itself.
    pub(in crate::features::support) to: Option<Time>,
    /// Only those that stand after this one (started at, id).
    pub(in crate::features::support) after: Option<(Time, i64)>,
}

/// Up to `limit` sessions of the filter, the latest start first.
pub(in crate::features::support) async fn list<C: ConnectionTrait>(
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
            ("s.rating_score", filter.rating),
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
