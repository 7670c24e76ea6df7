//! Every way in: REST paths and STOMP destinations with their rule, in one table, and the router made of it.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::{Handshake, Maru};
use crate::features::accounts::handlers as accounts;
use crate::features::codes::handlers as codes;
use crate::features::support::{frames, handlers as support, view};
use crate::network::peer_of;
use crate::problem::{Code, Refusal};
use crate::request::positive;
use crate::texts::TextKey;

/// How something comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Get,
    Post,
    Put,
    Send,
    Subscribe,
}

/// Who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Everybody, without a log-in.
    Anyone,
    /// Everybody who is logged in.
    LoggedIn,
    /// Customers (MEMBER), for themselves.
    Customer,
    /// The session's customer; no agent.
    SessionCustomer,
    /// The session's customer and every agent.
    SessionReader,
    /// The session's customer and the assigned agent.
    SessionParty,
    /// The session's customer, the assigned agent and admins.
    SessionWriter,
    /// The assigned agent and admins.
    SessionAgent,
    /// Every agent.
    Agent,
    /// Admins.
    Admin,
    /// The person whose queue it is.
    Own,
}

/// One way in. `{id}` stands for a session's number, `{code}` for the reader's own code.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub kind: Kind,
    pub path: &'static str,
    pub rule: Rule,
}

const fn entry(kind: Kind, path: &'static str, rule: Rule) -> Entry {
    Entry { kind, path, rule }
}

/// Every REST path and every destination.
pub const ENTRIES: &[Entry] = &[
    entry(Kind::Post, "/api/auth/login", Rule::Anyone),
    entry(Kind::Post, "/api/auth/guest", Rule::Anyone),
    entry(Kind::Post, "/api/auth/refresh", Rule::Anyone),
    entry(Kind::Post, "/api/auth/logout", Rule::Anyone),
    entry(Kind::Get, "/api/auth/me", Rule::LoggedIn),
    entry(Kind::Get, "/api/chat/categories", Rule::Anyone),
    entry(Kind::Get, "/api/chat/codes", Rule::Anyone),
    entry(Kind::Get, "/api/chat/availability", Rule::Anyone),
    entry(Kind::Get, "/api/chat/sessions", Rule::Customer),
    entry(Kind::Post, "/api/chat/sessions", Rule::Customer),
    entry(Kind::Get, "/api/chat/sessions/{id}", Rule::SessionReader),
    entry(Kind::Get, "/api/chat/sessions/{id}/messages", Rule::SessionReader),
    entry(Kind::Post, "/api/chat/sessions/{id}/cancel", Rule::SessionCustomer),
    entry(Kind::Post, "/api/chat/sessions/{id}/end", Rule::SessionWriter),
    entry(Kind::Post, "/api/chat/sessions/{id}/leave", Rule::SessionParty),
    entry(Kind::Post, "/api/chat/sessions/{id}/return", Rule::SessionParty),
    entry(Kind::Post, "/api/chat/sessions/{id}/read", Rule::SessionParty),
    entry(Kind::Post, "/api/chat/sessions/{id}/unread", Rule::SessionParty),
    entry(Kind::Put, "/api/chat/sessions/{id}/rating", Rule::SessionCustomer),
    entry(Kind::Get, "/api/chat/sessions/{id}/transcript", Rule::SessionReader),
    entry(Kind::Get, "/api/admin/chat/sessions", Rule::Agent),
    entry(Kind::Get, "/api/admin/chat/sessions/{id}/viewers", Rule::Agent),
    entry(Kind::Post, "/api/admin/chat/sessions/{id}/start", Rule::Agent),
    entry(Kind::Post, "/api/admin/chat/sessions/{id}/transfer", Rule::SessionAgent),
    entry(Kind::Post, "/api/admin/chat/sessions/{id}/end", Rule::SessionAgent),
    entry(Kind::Get, "/api/admin/chat/history", Rule::Agent),
    entry(Kind::Get, "/api/admin/chat/history/{id}", Rule::Agent),
    entry(Kind::Get, "/api/admin/chat/stats", Rule::Agent),
    entry(Kind::Get, "/api/admin/chat/agents", Rule::Agent),
    entry(Kind::Get, "/api/admin/chat/availability", Rule::Agent),
    entry(Kind::Put, "/api/admin/chat/availability", Rule::Agent),
    entry(Kind::Post, "/api/admin/users/{id}/logout", Rule::Admin),
    entry(Kind::Get, "/api/openapi.json", Rule::Anyone),
    entry(Kind::Send, "/app/chat.addUser", Rule::SessionParty),
    entry(Kind::Send, "/app/chat.removeUser", Rule::SessionParty),
    entry(Kind::Send, "/app/chat.sendMessage", Rule::SessionWriter),
    entry(Kind::Send, "/app/chat.markAsRead", Rule::SessionParty),
    entry(Kind::Send, "/app/chat.typing", Rule::SessionParty),
    entry(Kind::Subscribe, "/topic/chat/{id}", Rule::SessionReader),
    entry(Kind::Subscribe, "/topic/chat/sessions", Rule::Agent),
    entry(Kind::Subscribe, "/topic/chat/new-session", Rule::Agent),
    entry(Kind::Subscribe, "/topic/chat/messages", Rule::Agent),
    entry(Kind::Subscribe, "/topic/chat/presence", Rule::Agent),
    entry(Kind::Subscribe, "/topic/admin/notifications", Rule::Agent),
    entry(Kind::Subscribe, "/user/queue/chat", Rule::LoggedIn),
    entry(Kind::Subscribe, "/user/queue/notifications", Rule::LoggedIn),
    entry(Kind::Subscribe, "/user/queue/errors", Rule::LoggedIn),
    entry(Kind::Subscribe, "/user/{code}/queue/chat", Rule::Own),
    entry(Kind::Subscribe, "/user/{code}/queue/notifications", Rule::Own),
    entry(Kind::Subscribe, "/user/{code}/queue/errors", Rule::Own),
];

const OWN_QUEUES: [&str; 3] = ["chat", "notifications", "errors"];

/// A destination that can be subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readable {
    /// `/topic/chat/{room}`.
    Room(i64),
    /// A topic of all agents.
    Agents(&'static str),
    /// One's own queue, by its last segment.
    Own(&'static str),
}

impl Readable {
    /// What somebody with this code means by `destination`.
    ///
    /// # Errors
    /// `forbidden` for another's queue, for queues of single connections and for patterns; `not_found` for what there is not.
    pub fn parse(destination: &str, user_code: &str) -> Result<Self, Refusal> {
        if let Some(topic) = view::AGENT_TOPICS.into_iter().find(|t| *t == destination) {
            return Ok(Self::Agents(topic));
        }
        if let Some(room) = destination.strip_prefix("/topic/chat/").and_then(positive) {
            return Ok(Self::Room(room));
        }
        if let Some(path) = destination.strip_prefix("/user/") {
            return Self::own(path, user_code);
        }
        let reserved = destination.starts_with("/queue/") || destination.contains('*');
        Err(if reserved { Code::Forbidden } else { Code::NotFound }.into())
    }

    fn own(path: &str, user_code: &str) -> Result<Self, Refusal> {
        let queue = match path.strip_prefix("queue/") {
            Some(queue) => queue,
            None => match path.rsplit_once("/queue/") {
                Some((code, queue)) if code == user_code => queue,
                _ => return Err(Code::Forbidden.into()),
            },
        };
        let known = OWN_QUEUES.into_iter().find(|known| *known == queue);
        known.map(Self::Own).ok_or_else(|| Code::NotFound.into())
    }
}

/// A destination that can be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    Message,
    AddUser,
    RemoveUser,
    MarkAsRead,
    Typing,
}

impl Sent {
    /// What is sent to `destination`.
    ///
    /// # Errors
    /// `forbidden` straight to a topic or a queue, which only the server writes; `not_found` for what there is not.
    pub fn parse(destination: &str) -> Result<Self, Refusal> {
        match destination {
            "/app/chat.sendMessage" => Ok(Self::Message),
            "/app/chat.addUser" => Ok(Self::AddUser),
            "/app/chat.removeUser" => Ok(Self::RemoveUser),
            "/app/chat.markAsRead" => Ok(Self::MarkAsRead),
            "/app/chat.typing" => Ok(Self::Typing),
            other => {
                let written_by_us = ["/topic", "/queue", "/user"]
                    .into_iter()
                    .any(|prefix| other.starts_with(prefix));
                Err(if written_by_us { Code::Forbidden } else { Code::NotFound }.into())
            }
        }
    }
}

/// The description of the REST interface, with the STOMP payloads among its components.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Maru",
        description = "Conversations of an organisation: REST, with the payloads of STOMP as components."
    ),
    components(schemas(
        frames::SendMessage,
        frames::Coming,
        frames::MarkAsRead,
        frames::Typing,
        view::StateEvent,
        view::NewSessionEvent,
        view::SyncEvent,
        view::PresenceEvent,
        view::AvailabilityEvent,
        view::ViewersEvent,
        view::UnreadEvent,
        view::ReadEvent,
        view::TypingEvent,
        view::QueueEvent,
        view::LongWaitEvent,
        crate::problem::Problem,
    ))
)]
struct Description;

fn described() -> OpenApiRouter<Maru> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(accounts::login))
        .routes(routes!(accounts::guest))
        .routes(routes!(accounts::refresh))
        .routes(routes!(accounts::logout))
        .routes(routes!(accounts::me))
        .routes(routes!(accounts::logout_user))
        .routes(routes!(codes::categories))
        .routes(routes!(codes::codes))
        .routes(routes!(support::desk::desk))
        .routes(routes!(support::own_sessions, support::open))
        .routes(routes!(support::session))
        .routes(routes!(support::messages))
        .routes(routes!(support::cancel))
        .routes(routes!(support::end))
        .routes(routes!(support::leave))
        .routes(routes!(support::come_back))
        .routes(routes!(support::read))
        .routes(routes!(support::unread))
        .routes(routes!(support::agents::viewers))
        .routes(routes!(support::afterwards::rate))
        .routes(routes!(support::afterwards::transcript))
        .routes(routes!(support::sessions))
        .routes(routes!(support::start))
        .routes(routes!(support::transfer))
        .routes(routes!(support::end_as_agent))
        .routes(routes!(support::history))
        .routes(routes!(support::history_detail))
        .routes(routes!(support::statistics))
        .routes(routes!(support::agents::agents))
        .routes(routes!(
            support::agents::own_availability,
            support::agents::set_availability
        ))
}

/// The description as JSON.
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().split_for_parts().1
}

/// Every REST path, and the WebSocket endpoints.
pub fn router(maru: Maru) -> Router {
    let (router, openapi) = described().split_for_parts();
    let openapi = std::sync::Arc::new(openapi);
    router
        .route(
            "/api/openapi.json",
            axum::routing::get(move || {
                let openapi = std::sync::Arc::clone(&openapi);
                async move { axum::Json(openapi.as_ref().clone()) }
            }),
        )
        .route("/ws", any(websocket))
        .route("/ws/chat", any(websocket))
        .with_state(maru)
}

/// STOMP over WebSocket. The Origin is looked at before anything else.
async fn websocket(State(maru): State<Maru>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let peer: SocketAddr = peer_of(&parts);
    let accept_language = parts.headers.get(header::ACCEPT_LANGUAGE);
    let locale = maru
        .accounts()
        .locale(accept_language.and_then(|value| value.to_str().ok()));
    let refuse = |refusal: Refusal| refusal.response(locale);
    let network = maru.accounts().network();
    if !network.origin_allowed(peer, &parts.headers) {
        return refuse(Refusal::saying(Code::Forbidden, TextKey("error-origin")));
    }
    let upgrade = match broker::Upgrade::from_request_parts(&mut parts, &maru).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let address = network.client_address(peer, &parts.headers);
    let slot = maru
        .limits()
        .connect(address)
        .and_then(|()| maru.limits().connection(address));
    let slot = match slot {
        Ok(slot) => slot,
        Err(refusal) => return refuse(refusal),
    };
    let principal = match maru.accounts().caller(&parts).await {
        // The cookie without Origin. Any other bad log-in is told by ERROR, where CONNECT brings no better one.
        Err(refusal) if refusal.code == Code::Forbidden => return refuse(refusal),
        principal => principal,
    };
    maru.broker().upgrade(
        upgrade,
        Handshake {
            principal,
            locale,
            slot,
        },
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Served, but described by itself.
    const UNDESCRIBED: &str = "/api/openapi.json";

    #[test]
    fn the_table_names_every_path_that_is_served() {
        let served: BTreeSet<String> = openapi()
            .paths
            .paths
            .iter()
            .flat_map(|(path, item)| {
                let get = item.get.as_ref().map(|_| format!("GET {path}"));
                let post = item.post.as_ref().map(|_| format!("POST {path}"));
                let put = item.put.as_ref().map(|_| format!("PUT {path}"));
                [get, post, put].into_iter().flatten()
            })
            .collect();
        let named: BTreeSet<String> = ENTRIES
            .iter()
            .filter_map(|e| match e.kind {
                Kind::Get => Some(format!("GET {}", e.path)),
                Kind::Post => Some(format!("POST {}", e.path)),
                Kind::Put => Some(format!("PUT {}", e.path)),
                _ => None,
            })
            .filter(|e| !e.ends_with(UNDESCRIBED))
            .collect();
        assert_eq!(served, named);
    }

    #[test]
    fn the_table_names_every_destination_that_is_known() {
        for entry in ENTRIES {
            let path = entry.path.replace("{id}", "12").replace("{code}", "STU001");
            match entry.kind {
                Kind::Send => assert!(Sent::parse(&path).is_ok(), "{path}"),
                Kind::Subscribe => assert!(Readable::parse(&path, "STU001").is_ok(), "{path}"),
                Kind::Get | Kind::Post | Kind::Put => {}
            }
        }
    }

    #[test]
    fn foreign_queues_patterns_and_unknown_destinations_are_refused() {
        let code = |d: &str| Readable::parse(d, "STU001").unwrap_err().code;
        assert_eq!(code("/user/STU002/queue/chat"), Code::Forbidden);
        assert_eq!(code("/queue/chat-user123"), Code::Forbidden);
        assert_eq!(code("/topic/**"), Code::Forbidden);
        assert_eq!(code("/topic/chat/0"), Code::NotFound);
        assert_eq!(code("/topic/chat/1/2"), Code::NotFound);
        assert_eq!(code("/user/queue/other"), Code::NotFound);
        assert_eq!(Sent::parse("/topic/chat/1").unwrap_err().code, Code::Forbidden);
        assert_eq!(Sent::parse("/app/none").unwrap_err().code, Code::NotFound);
    }
}
