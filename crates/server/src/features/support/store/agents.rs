//! What agents say of their readiness.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::super::rules::Availability;
use crate::adapters::database::{all, execute, one};
use crate::time::Time;

#[derive(FromQueryResult)]
struct AvailabilityRow {
    member_id: i64,
    availability: String,
    since: i64,
}

impl AvailabilityRow {
    fn said(&self) -> (Availability, Time) {
        let availability = Availability::from_name(&self.availability).unwrap_or_default();
        (availability, Time::from_ms(self.since))
    }
}

/// What an agent has said, and since when it holds; `None`: nothing yet.
pub(in crate::features::support) async fn availability<C: ConnectionTrait>(
    db: &C,
    member_id: i64,
) -> Result<Option<(Availability, Time)>, DbErr> {
    let sql = "SELECT member_id, availability, since FROM agent_availability WHERE member_id = $1";
    let row = one::<AvailabilityRow, _>(db, sql, [member_id.into()]).await?;
    Ok(row.map(|row| row.said()))
}

/// What every agent has said who said something.
pub(in crate::features::support) async fn availabilities<C: ConnectionTrait>(
    db: &C,
) -> Result<HashMap<i64, Availability>, DbErr> {
    let sql = "SELECT member_id, availability, since FROM agent_availability";
    let rows = all::<AvailabilityRow, _>(db, sql, []).await?;
    Ok(rows.iter().map(|row| (row.member_id, row.said().0)).collect())
}

/// Notes what an agent says; the same again leaves the time.
pub(in crate::features::support) async fn set_availability<C: ConnectionTrait>(
    db: &C,
    member_id: i64,
    availability: Availability,
    now: Time,
) -> Result<(), DbErr> {
    execute(
        db,
        "INSERT INTO agent_availability (member_id, availability, since) VALUES ($1, $2, $3) \
         ON CONFLICT (member_id) DO UPDATE SET availability = excluded.availability, since = excluded.since \
         WHERE agent_availability.availability <> excluded.availability",
        [member_id.into(), availability.as_str().into(), now.ms().into()],
    )
    .await
    .map(drop)
}
