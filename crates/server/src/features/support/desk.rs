//! The desk as a visitor sees it before the first message: when it is open, who is there, how long one waits.

use std::time::{Duration, Instant};

use serde::Serialize;
use utoipa::ToSchema;

use super::rules::{Availability, WAITS, WAITS_S, expected_wait_s};
use super::{Support, store};
use crate::hours::{Opening, Span, day_name};
use crate::problem::Refusal;
use crate::time::Time;

/// How long an answer serves everybody who asks: anybody may, as often as they like.
const FRESH: Duration = Duration::from_secs(1);

/// Whether, when and how soon somebody answers.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Desk)]
pub(super) struct Desk {
    open: bool,
    /// When closed: the next opening, if one is in sight.
    #[schema(value_type = Option<String>, format = DateTime)]
    opens_at: Option<Time>,
    /// When open: the next closing, if one is in sight.
    #[schema(value_type = Option<String>, format = DateTime)]
    closes_at: Option<Time>,
    /// IANA name: the zone of `hours`.
    time_zone: String,
    /// Empty: always open, but for single days.
    hours: Vec<DayHours>,
    /// Sessions in the queue.
    waiting: i64,
    /// The median of the latest waits; null where there are too few of the last 24 hours.
    expected_wait_seconds: Option<i64>,
    /// Agents who are here and available.
    agents_available: usize,
    /// Answers can be sent by e-mail.
    mail: bool,
}

/// From when to when on a day of the week.
#[derive(Clone, Serialize, ToSchema)]
pub(super) struct DayHours {
    /// MON to SUN.
    day: String,
    /// 09:00
    from: String,
    /// 18:00, up to 24:00
    to: String,
}

impl Support {
    /// The desk at this moment, or a moment ago.
    ///
    /// # Errors
    /// The database.
    pub(super) async fn desk(&self) -> Result<Desk, Refusal> {
        let mut known = self.0.desk.lock().await;
        if let Some((at, desk)) = &*known
            && at.elapsed() < FRESH
        {
            return Ok(desk.clone());
        }
        let desk = self.look_at_desk().await?;
        *known = Some((Instant::now(), desk.clone()));
        Ok(desk)
    }

    async fn look_at_desk(&self) -> Result<Desk, Refusal> {
        let db = self.0.db.read();
        let now = self.0.clock.now();
        let (open, opens_at, closes_at) = match self.0.hours.at(now) {
            Opening::Open { until } => (true, None, until),
            Opening::Closed { until } => (false, until, None),
        };
        let agents = self.agents().await?;
        let available = |agent: &&super::agents::Agent| agent.online && agent.availability == Availability::Available;
        let waits = store::waits(db, now.minus_s(WAITS_S), WAITS).await?;
        Ok(Desk {
            open,
            opens_at,
            closes_at,
            time_zone: self.time_zone_name(),
            hours: self.0.hours.spans.iter().flat_map(day_hours).collect(),
            waiting: store::waiting(db).await?,
            expected_wait_seconds: expected_wait_s(waits),
            agents_available: agents.iter().filter(available).count(),
            mail: self.0.mail.is_set_up(),
        })
    }
}

fn day_hours(span: &Span) -> impl Iterator<Item = DayHours> {
    span.days.iter().map(|day| DayHours {
        day: day_name(*day),
        from: span.from.strftime("%H:%M").to_string(),
        to: span
            .to
            .map_or_else(|| "24:00".to_owned(), |to| to.strftime("%H:%M").to_string()),
    })
}
