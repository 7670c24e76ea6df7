//! Agents: who there is, and who takes sessions.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Answer, answer};
use crate::features::accounts::{Body, Caller};
use crate::features::support::rules::Availability;
use crate::features::support::view::Viewer;
use crate::features::support::{Support, access};
use crate::request::Id;
use crate::time::Time;

/// An agent to whom a session may be given.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentView {
    member_id: i64,
    user_code: String,
    name: String,
    /// Has a live connection to this server.
    online: bool,
    /// AVAILABLE, BUSY or AWAY.
    #[schema(value_type = String)]
    availability: Availability,
}

/// All agents, by name.
#[derive(Serialize, ToSchema)]
pub struct AgentList {
    items: Vec<AgentView>,
}

/// Agents who look at a session that is not theirs.
#[derive(Serialize, ToSchema)]
pub struct ViewerList {
    items: Vec<Viewer>,
}

/// What an agent says of the own readiness.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAvailability {
    /// AVAILABLE, BUSY or AWAY.
    #[schema(value_type = String)]
    availability: Availability,
}

/// What an agent has said of the own readiness.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnAvailability {
    member_id: i64,
    /// AVAILABLE (also of who has said nothing), BUSY or AWAY.
    #[schema(value_type = String)]
    availability: Availability,
    /// Null: nothing has been said.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Time>,
}

/// Agents: all agents, by name.
#[utoipa::path(get, path = "/api/admin/chat/agents", tag = "agents",
    responses((status = 200, body = AgentList)))]
pub async fn agents(State(support): State<Support>, caller: Caller) -> Answer {
    let found = async {
        access::is_agent(&caller.principal)?;
        let agents = support.agents().await?;
        let items = agents.into_iter().map(|agent| AgentView {
            online: agent.online,
            availability: agent.availability,
            member_id: agent.member.member_id,
            user_code: agent.member.user_code,
            name: agent.member.name,
        });
        let list = AgentList { items: items.collect() };
        Ok(Json(list).into_response())
    };
    answer(&caller, found.await)
}

/// Agents: who of them looks at a session that is not theirs.
#[utoipa::path(get, path = "/api/admin/chat/sessions/{id}/viewers", tag = "agents", params(("id" = i64, Path)),
    responses((status = 200, body = ViewerList)))]
pub async fn viewers(State(support): State<Support>, caller: Caller, Id(id): Id) -> Answer {
    let found = async {
        access::is_agent(&caller.principal)?;
        support.customer_of(id).await?;
        let items = support.viewers(id).await?;
        Ok(Json(ViewerList { items }))
    };
    answer(&caller, found.await)
}

/// Agents: what one has said of the own readiness.
#[utoipa::path(get, path = "/api/admin/chat/availability", tag = "agents",
    responses((status = 200, body = OwnAvailability)))]
pub async fn own_availability(State(support): State<Support>, caller: Caller) -> Answer {
    let found = async {
        access::is_agent(&caller.principal)?;
        support.show_availability(&caller).await
    };
    answer(&caller, found.await)
}

/// Agents: says that one is available, busy, or away. Who is away starts no session and is given none.
#[utoipa::path(put, path = "/api/admin/chat/availability", tag = "agents", request_body = SetAvailability,
    responses((status = 200, body = OwnAvailability)))]
pub async fn set_availability(
    State(support): State<Support>,
    caller: Caller,
    Body(body): Body<SetAvailability>,
) -> Answer {
    let done = async {
        access::is_agent(&caller.principal)?;
        support.set_availability(&caller.principal, body.availability).await?;
        support.show_availability(&caller).await
    };
    answer(&caller, done.await)
}

impl Support {
    async fn show_availability(&self, caller: &Caller) -> Result<Json<OwnAvailability>, crate::problem::Refusal> {
        let member_id = caller.principal.member_id;
        let said = self.availability(member_id).await?;
        Ok(Json(OwnAvailability {
            member_id,
            availability: said.map(|(availability, _)| availability).unwrap_or_default(),
            since: said.map(|(_, since)| since),
        }))
    }
}
