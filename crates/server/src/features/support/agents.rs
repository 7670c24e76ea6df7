//! Agents: who there is, who is here, who takes sessions.

use broker::Topic;

use super::rules::Availability;
use super::view::{AvailabilityEvent, PRESENCE};
use super::{Support, store};
use crate::features::accounts::{Member, Principal};
use crate::problem::Refusal;
use crate::time::Time;

/// An agent as other agents see one.
#[derive(Clone, Debug)]
pub(super) struct Agent {
    pub(super) member: Member,
    /// Has a live connection to this node.
    pub(super) online: bool,
    pub(super) availability: Availability,
}

impl Support {
    /// Everybody who may act as an agent, by name.
    ///
    /// # Errors
    /// The database.
    pub(super) async fn agents(&self) -> Result<Vec<Agent>, Refusal> {
        let said = store::availabilities(self.0.db.read()).await?;
        let members = self.0.accounts.agents().await?;
        let agent = |member: Member| Agent {
            online: self.0.outlet.is_connected(member.member_id),
            availability: said.get(&member.member_id).copied().unwrap_or_default(),
            member,
        };
        Ok(members.into_iter().map(agent).collect())
    }

    /// What an agent has said of the own readiness, and since when it holds.
    ///
    /// # Errors
    /// The database.
    pub(super) async fn availability(&self, member_id: i64) -> Result<Option<(Availability, Time)>, Refusal> {
        Ok(store::availability(self.0.db.read(), member_id).await?)
    }

    /// Notes what an agent says of the own readiness, and tells the agents.
    ///
    /// # Errors
    /// The database.
    pub(super) async fn set_availability(&self, who: &Principal, availability: Availability) -> Result<(), Refusal> {
        let now = self.0.clock.now();
        store::set_availability(self.0.db.write(), who.member_id, availability, now).await?;
        let event = AvailabilityEvent {
            r#type: "AVAILABILITY",
            member_id: who.member_id,
            name: &who.name,
            availability,
        };
        self.0.outlet.show(&Topic::from(PRESENCE), &event);
        Ok(())
    }
}
