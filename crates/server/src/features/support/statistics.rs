//! Figures: live ones for the dashboard and the log, and those of a span of time.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use super::store::{self, Figures};
use super::{Support, rules::Status};
use crate::problem::Refusal;
use crate::texts::Locale;
use crate::time::Time;

/// The figures of sessions that were opened in a span of time, and what is going on now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Statistics {
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub to: Option<Time>,
    /// IANA name: the zone in which days of `from` and `to` are meant.
    pub time_zone: String,
    pub sessions: Sessions,
    /// From opening to the first agent, of sessions that were taken.
    pub waiting_seconds: Seconds,
    /// From the first agent to that side's first message.
    pub first_response_seconds: Seconds,
    /// From the first agent to the end, of sessions that are over.
    pub handling_seconds: Seconds,
    pub messages: MessageCounts,
    pub rating: RatingFigures,
    pub live: Live,
    /// From how many seconds on a wait deserves attention, and from how many it is late.
    pub wait_steps_seconds: [u64; 2],
}

/// Counts of sessions.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sessions {
    pub total: i64,
    /// A count for each status.
    #[schema(value_type = Object)]
    pub by_status: std::collections::BTreeMap<&'static str, i64>,
    pub by_category: Vec<CategoryCount>,
    pub by_agent: Vec<AgentCount>,
}

/// Sessions of a category.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CategoryCount {
    pub category_id: i64,
    pub name: String,
    pub count: i64,
}

/// Sessions of an agent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentCount {
    pub member_id: i64,
    pub name: String,
    pub count: i64,
}

/// A length of time over several sessions, in seconds; null where there is none.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct Seconds {
    pub average: Option<f64>,
    pub max: Option<f64>,
    /// Sessions that it is of.
    pub count: i64,
}

/// What customers said of the sessions.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct RatingFigures {
    /// Sessions that were rated.
    pub count: i64,
    /// Of the scores, 1 to 5; null where there is none.
    pub average: Option<f64>,
}

/// Messages of the sessions.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct MessageCounts {
    pub total: i64,
    pub customer: i64,
    pub agent: i64,
    pub system: i64,
}

/// What is going on now.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Live {
    pub waiting: i64,
    pub active: i64,
    pub disconnected: i64,
    /// Of the customer who has waited longest.
    pub longest_wait_seconds: Option<i64>,
    /// Sessions that were opened and that ended since midnight in the server's zone.
    pub opened_today: i64,
    pub completed_today: i64,
}

impl Support {
    /// The figures of sessions opened from `from` (included) to `to` (not included).
    ///
    /// # Errors
    /// The database failed.
    pub async fn statistics(
        &self,
        from: Option<Time>,
        to: Option<Time>,
        locale: Locale,
    ) -> Result<Statistics, Refusal> {
        let db = self.0.db.read();
        let figures = store::figures(db, from, to).await?;
        let by_agent = store::counts_by_agent(db, from, to).await?;
        let by_category = store::counts_by_category(db, from, to).await?;
        let messages = store::message_counts(db, from, to).await?;
        Ok(Statistics {
            from,
            to,
            time_zone: self.time_zone_name(),
            sessions: Sessions {
                total: figures.total(),
                by_status: Status::ALL
                    .into_iter()
                    .map(|status| (status.as_str(), figures.of(status)))
                    .collect(),
                by_category: by_category
                    .into_iter()
                    .map(|(category_id, count)| CategoryCount {
                        category_id,
                        name: self.category_name(category_id, locale),
                        count,
                    })
                    .collect(),
                by_agent,
            },
            waiting_seconds: figures.waiting,
            first_response_seconds: figures.first_response,
            handling_seconds: figures.handling,
            rating: figures.rating,
            messages,
            live: self.live().await?,
            wait_steps_seconds: [self.0.wait_warn_s, self.0.patience.long_wait_s],
        })
    }

    /// What is going on now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn live(&self) -> Result<Live, Refusal> {
        let now = self.0.clock.now();
        let live = store::live(self.0.db.read(), self.midnight(now)).await?;
        Ok(Live {
            waiting: live.waiting,
            active: live.active,
            disconnected: live.disconnected,
            longest_wait_seconds: live
                .oldest_waiting_since
                .map(|since| now.seconds_since(Time::from_ms(since))),
            opened_today: live.opened_today,
            completed_today: live.completed_today,
        })
    }

    /// The last midnight in the server's zone.
    fn midnight(&self, now: Time) -> Time {
        let at = jiff::Timestamp::from_millisecond(now.ms()).unwrap_or_default();
        let zoned = at.to_zoned(self.0.hours.zone.clone());
        zoned
            .start_of_day()
            .map_or(now, |start| Time::from_ms(start.timestamp().as_millisecond()))
    }

    pub(super) fn time_zone_name(&self) -> String {
        self.0.hours.zone.iana_name().unwrap_or("UTC").to_owned()
    }

    fn category_name(&self, id: i64, locale: Locale) -> String {
        let entry = self.0.codes.category(id);
        entry.map_or_else(String::new, |entry| entry.label(locale).to_owned())
    }

    /// Writes the live figures to the log and into the metrics, again and again.
    pub(super) async fn log_statistics(&self) {
        let mut every = tokio::time::interval(Duration::from_secs(self.0.statistics_every_s.max(1)));
        loop {
            every.tick().await;
            match self.live().await {
                Ok(live) => {
                    tracing::info!(
                        waiting = live.waiting,
                        active = live.active,
                        disconnected = live.disconnected,
                        longest_wait_seconds = live.longest_wait_seconds,
                        opened_today = live.opened_today,
                        completed_today = live.completed_today,
                        "support statistics"
                    );
                    for (status, count) in [
                        ("WAITING", live.waiting),
                        ("ACTIVE", live.active),
                        ("DISCONNECTED", live.disconnected),
                    ] {
                        metrics::gauge!("maru_support_sessions", "status" => status).set(count as f64);
                    }
                }
                Err(refusal) => tracing::warn!(%refusal, "no statistics"),
            }
        }
    }
}

impl Figures {
    fn of(&self, status: Status) -> i64 {
        let found = self.by_status.iter().find(|(name, _)| name == status.as_str());
        found.map_or(0, |(_, count)| *count)
    }

    fn total(&self) -> i64 {
        self.by_status.iter().map(|(_, count)| count).sum()
    }
}
