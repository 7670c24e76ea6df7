//! Every way in: REST paths and STOMP destinations with their rule, in one table, and the router made of it.

use axum::Router;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::Maru;
use crate::features::accounts::handlers as accounts;
use crate::features::codes::handlers as codes;
use crate::features::messages::{RoomName, connections};
use crate::features::rooms::{frames as room_frames, handlers as rooms, view as room_view};
use crate::features::support::{frames, handlers as support, view};
use crate::problem::{Code, Refusal};

/// How something comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Get,
    Post,
    Delete,
    Put,
    Send,
    Subscribe,
    /// The handshake of a plain WebSocket.
    Raw,
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
    /// Services and admins.
    ServiceOrAdmin,
    /// The room's members.
    RoomMember,
    /// The room's members and who manages it: its maker, services and admins.
    RoomReader,
    /// As [`Rule::RoomReader`]; everybody who is logged in if the room is open.
    RoomSeer,
    /// Everybody who is logged in if the room is open; a member stays one.
    RoomJoiner,
    /// The room's maker, services and admins.
    RoomManager,
}

/// One way in. `{id}` stands for a session's number, `{room}` for a plain room's number or key, `{code}` for a user's code.
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
    entry(Kind::Post, "/api/chat/sessions/{id}/transcript", Rule::SessionReader),
    entry(Kind::Put, "/api/chat/sessions/{id}/email", Rule::SessionCustomer),
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
    entry(Kind::Post, "/api/auth/tickets", Rule::LoggedIn),
    entry(Kind::Get, "/api/chat/rooms", Rule::LoggedIn),
    entry(Kind::Post, "/api/chat/rooms", Rule::ServiceOrAdmin),
    entry(Kind::Get, "/api/chat/rooms/{room}", Rule::RoomSeer),
    entry(Kind::Get, "/api/chat/rooms/{room}/messages", Rule::RoomReader),
    entry(Kind::Get, "/api/chat/rooms/{room}/notices", Rule::RoomReader),
    entry(Kind::Get, "/api/chat/rooms/{room}/participants", Rule::RoomSeer),
    entry(Kind::Post, "/api/chat/rooms/{room}/join", Rule::RoomJoiner),
    entry(Kind::Post, "/api/chat/rooms/{room}/leave", Rule::RoomMember),
    entry(Kind::Post, "/api/chat/rooms/{room}/close", Rule::RoomManager),
    entry(Kind::Post, "/api/chat/rooms/{room}/notices", Rule::RoomManager),
    entry(Kind::Post, "/api/chat/rooms/{room}/members", Rule::RoomManager),
    entry(Kind::Delete, "/api/chat/rooms/{room}/members/{code}", Rule::RoomManager),
    entry(Kind::Raw, "/chat/{room}", Rule::RoomMember),
    entry(Kind::Post, "/api/admin/users/{id}/logout", Rule::Admin),
    entry(Kind::Get, "/api/admin/users/{id}/connections", Rule::Admin),
    entry(Kind::Post, "/api/admin/users/{id}/push", Rule::ServiceOrAdmin),
    entry(Kind::Get, "/api/openapi.json", Rule::Anyone),
    entry(Kind::Send, "/app/chat.addUser", Rule::SessionParty),
    entry(Kind::Send, "/app/chat.removeUser", Rule::SessionParty),
    entry(Kind::Send, "/app/chat.sendMessage", Rule::SessionWriter),
    entry(Kind::Send, "/app/chat.markAsRead", Rule::SessionParty),
    entry(Kind::Send, "/app/chat.typing", Rule::SessionParty),
    entry(Kind::Send, "/app/chat.addUser", Rule::RoomJoiner),
    entry(Kind::Send, "/app/chat.removeUser", Rule::RoomMember),
    entry(Kind::Send, "/app/chat.sendMessage", Rule::RoomMember),
    entry(Kind::Send, "/app/chat.markAsRead", Rule::RoomMember),
    entry(Kind::Send, "/app/chat.typing", Rule::RoomMember),
    entry(Kind::Subscribe, "/topic/chat/{id}", Rule::SessionReader),
    entry(Kind::Subscribe, "/topic/chat/{room}", Rule::RoomMember),
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readable {
    /// `/topic/chat/{room}`.
    Room(RoomName),
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
        if let Some(room) = destination.strip_prefix("/topic/chat/").and_then(RoomName::parse) {
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
        crate::features::messages::ReadEvent,
        crate::features::messages::TypingEvent,
        connections::PushEvent,
        room_frames::SendToRoom,
        wire::raw::Members,
        room_view::ParticipantsEvent,
        room_view::RoomStateEvent,
        room_view::RoomSyncEvent,
        room_view::RemovedEvent,
        room_view::RoomsEvent,
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
        .routes(routes!(accounts::ticket))
        .routes(routes!(accounts::logout_user))
        .routes(routes!(connections::connections))
        .routes(routes!(connections::push))
        .routes(routes!(rooms::list_rooms, rooms::make_room))
        .routes(routes!(rooms::room))
        .routes(routes!(rooms::room_messages))
        .routes(routes!(rooms::room_participants))
        .routes(routes!(rooms::join_room))
        .routes(routes!(rooms::leave_room))
        .routes(routes!(rooms::close_room))
        .routes(routes!(rooms::notify_room, rooms::room_notices))
        .routes(routes!(rooms::add_members))
        .routes(routes!(rooms::remove_member))
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
        .routes(routes!(
            support::afterwards::transcript,
            support::afterwards::mail_transcript
        ))
        .routes(routes!(support::afterwards::set_email))
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

/// Every REST path.
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
        .with_state(maru)
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
                let delete = item.delete.as_ref().map(|_| format!("DELETE {path}"));
                let put = item.put.as_ref().map(|_| format!("PUT {path}"));
                [get, post, put, delete].into_iter().flatten()
            })
            .collect();
        let named: BTreeSet<String> = ENTRIES
            .iter()
            .filter_map(|e| match e.kind {
                Kind::Get => Some(format!("GET {}", e.path)),
                Kind::Post => Some(format!("POST {}", e.path)),
                Kind::Delete => Some(format!("DELETE {}", e.path)),
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
            let path = path.replace("{room}", "product:42");
            match entry.kind {
                Kind::Send => assert!(Sent::parse(&path).is_ok(), "{path}"),
                Kind::Subscribe => assert!(Readable::parse(&path, "STU001").is_ok(), "{path}"),
                Kind::Get | Kind::Post | Kind::Put | Kind::Delete | Kind::Raw => {}
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
