//! `/api/admin/users/{id}`: where a user is connected at this moment, and a word to all of these connections.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ConnectionInfo, Messages, Outlet};
use crate::features::accounts::{Accounts, Body, Caller, Role};
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

/// What a user is told.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// 1 to 2000 Unicode scalar values after trimming.
    content: String,
}

/// How many heard it.
#[derive(Serialize, ToSchema)]
pub struct Pushed {
    /// The user's live connections to this server.
    connections: usize,
}

/// On `/user/queue/notifications`, and on the user's plain WebSockets: a word of another system or an admin. Not stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PushEvent {
    #[schema(value_type = String)]
    r#type: &'static str,
    content: String,
    #[schema(value_type = String, format = DateTime)]
    sent_at: Time,
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
    messages: Messages,
    outlet: Outlet,
}

impl<S> FromRef<S> for Desk
where
    Accounts: FromRef<S>,
    Messages: FromRef<S>,
    Outlet: FromRef<S>,
{
    fn from_ref(state: &S) -> Self {
        Self {
            accounts: Accounts::from_ref(state),
            messages: Messages::from_ref(state),
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

/// Says something to all live connections of a user, for services and admins.
#[utoipa::path(post, path = "/api/admin/users/{id}/push", tag = "auth", request_body = Push,
    params(("id" = i64, Path, description = "The user's memberId")), responses(
    (status = 200, body = Pushed),
    (status = 400, description = "`empty_content`, `content_too_long`, `invalid_request`"),
    (status = 403, description = "`forbidden`"),
    (status = 404, description = "`not_found`: there is no such user"),
))]
pub async fn push(State(desk): State<Desk>, caller: Caller, Id(id): Id, Body(body): Body<Push>) -> Response {
    let pushed = async {
        if !caller.principal.is_admin() && !caller.principal.has(Role::Service) {
            return Err(Refusal::new(Code::Forbidden));
        }
        let content = desk.messages.check_content(&body.content)?;
        let member = desk.accounts.member(id).await?.ok_or(Code::NotFound)?;
        let event = PushEvent {
            r#type: "PUSH",
            content,
            sent_at: desk.accounts.now(),
        };
        Ok(Pushed {
            connections: desk.outlet.push(member.member_id, &event),
        })
    };
    match pushed.await {
        Ok(pushed) => Json(pushed).into_response(),
        Err(refusal) => refusal.response(caller.locale),
    }
}
