//! `GET /api/admin/users/{id}/connections`: where a user is connected at this moment.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ConnectionInfo, Outlet};
use crate::features::accounts::{Accounts, Caller};
use crate::problem::{Code, Refusal};
use crate::request::Id;
use crate::time::Time;

/// One live connection.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionView {
    connection_id: u64,
    /// `STOMP 1.2`, or `raw` for the plain WebSocket of one room.
    protocol: String,
    #[schema(value_type = String, format = DateTime)]
    since: Time,
    /// What it is subscribed to.
    destinations: Vec<String>,
}

/// A user's live connections to this server, the oldest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionList {
    member_id: i64,
    online: bool,
    count: usize,
    items: Vec<ConnectionView>,
}

impl From<ConnectionInfo> for ConnectionView {
    fn from(info: ConnectionInfo) -> Self {
        Self {
            connection_id: info.connection_id,
            protocol: info.protocol,
            since: info.since,
            destinations: info.destinations,
        }
    }
}

/// What the handler is made of.
#[derive(Clone)]
pub struct Desk {
    accounts: Accounts,
    outlet: Outlet,
}

impl<S> FromRef<S> for Desk
where
    Accounts: FromRef<S>,
    Outlet: FromRef<S>,
{
    fn from_ref(state: &S) -> Self {
        Self {
            accounts: Accounts::from_ref(state),
            outlet: Outlet::from_ref(state),
        }
    }
}

/// Where a user is connected at this moment.
#[utoipa::path(get, path = "/api/admin/users/{id}/connections", tag = "auth",
    params(("id" = i64, Path, description = "The user's memberId")),
    responses((status = 200, body = ConnectionList)))]
pub async fn connections(State(desk): State<Desk>, caller: Caller, Id(id): Id) -> Response {
    let found = async {
        if !caller.principal.is_admin() {
            return Err(Refusal::new(Code::Forbidden));
        }
        let member = desk.accounts.member(id).await?.ok_or(Code::NotFound)?;
        let items = desk.outlet.connections_of(member.member_id);
        let items: Vec<ConnectionView> = items.into_iter().map(ConnectionView::from).collect();
        Ok(ConnectionList {
            member_id: member.member_id,
            online: !items.is_empty(),
            count: items.len(),
            items,
        })
    };
    match found.await {
        Ok(list) => Json(list).into_response(),
        Err(refusal) => refusal.response(caller.locale),
    }
}
