//! Counts and lengths of time, for statistics.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};

use super::super::statistics::{AgentCount, MessageCounts, RatingFigures, Seconds};
use crate::adapters::database::{all, one};
use crate::time::Time;

/// The figures of sessions opened in a span of time.
pub(in crate::features::support) struct Figures {
    pub(in crate::features::support) by_status: Vec<(String, i64)>,
    pub(in crate::features::support) waiting: Seconds,
    pub(in crate::features::support) first_response: Seconds,
    pub(in crate::features::support) handling: Seconds,
    pub(in crate::features::support) rating: RatingFigures,
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
    rating_sum: Option<f64>,
    rating_n: i64,
}

/// Counts by status and lengths of time, in one pass.
pub(in crate::features::support) async fn figures<C: ConnectionTrait>(
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
        "SELECT s.status, count(*) AS n, {}, {}, {}, CAST(sum(s.rating_score) AS DOUBLE PRECISION) AS rating_sum, \
         count(s.rating_score) AS rating_n FROM support_session s WHERE {SPAN} GROUP BY s.status",
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
    let rated: i64 = rows.iter().map(|row| row.rating_n).sum();
    let points: f64 = rows.iter().filter_map(|row| row.rating_sum).sum();
    Ok(Figures {
        rating: RatingFigures {
            count: rated,
            average: (rated > 0).then(|| points / rated as f64),
        },
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

pub(in crate::features::support) async fn counts_by_agent<C: ConnectionTrait>(
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
pub(in crate::features::support) async fn counts_by_category<C: ConnectionTrait>(
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

pub(in crate::features::support) async fn message_counts<C: ConnectionTrait>(
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
pub(in crate::features::support) struct LiveRow {
    pub(in crate::features::support) waiting: i64,
    pub(in crate::features::support) active: i64,
    pub(in crate::features::support) disconnected: i64,
    pub(in crate::features::support) oldest_waiting_since: Option<i64>,
    pub(in crate::features::support) opened_today: i64,
    pub(in crate::features::support) completed_today: i64,
}

pub(in crate::features::support) async fn live<C: ConnectionTrait>(db: &C, midnight: Time) -> Result<LiveRow, DbErr> {
    let sql = "SELECT (SELECT count(*) FROM support_session WHERE status = 'WAITING') AS waiting, \
         (SELECT count(*) FROM support_session WHERE status = 'ACTIVE') AS active, \
         (SELECT count(*) FROM support_session WHERE status = 'DISCONNECTED') AS disconnected, \
         (SELECT min(waiting_since) FROM support_session WHERE status = 'WAITING') AS oldest_waiting_since, \
         (SELECT count(*) FROM support_session WHERE started_at >= $1) AS opened_today, \
         (SELECT count(*) FROM support_session WHERE ended_at >= $1) AS completed_today";
    let row = one::<LiveRow, _>(db, sql, [midnight.ms().into()]).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("live figures".into()))
}

#[derive(FromQueryResult)]
struct WaitRow {
    wait: i64,
}

/// How long the sessions waited that were taken after `since`, in milliseconds: up to `limit`, the latest.
pub(in crate::features::support) async fn waits<C: ConnectionTrait>(
    db: &C,
    since: Time,
    limit: i64,
) -> Result<Vec<i64>, DbErr> {
    let sql = "SELECT first_taken_at - started_at AS wait FROM support_session WHERE first_taken_at >= $1 \
         ORDER BY first_taken_at DESC LIMIT $2";
    let rows = all::<WaitRow, _>(db, sql, [since.ms().into(), limit.into()]).await?;
    Ok(rows.into_iter().map(|row| row.wait).collect())
}
