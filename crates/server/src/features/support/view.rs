//! Sessions and their events as the wire shows them.

use broker::Topic;
use serde::Serialize;
use utoipa::ToSchema;

use super::rules::{Availability, By, DisconnectReason, ExitReason, Party, Rating, State, Status};
use super::store::Session;
use crate::features::accounts::Principal;
use crate::features::codes::Codes;
use crate::features::messages::{Marks, MessageView, Side, room_topic};
use crate::texts::Locale;
use crate::time::Time;

/// Agents: every change of a session's state.
pub const SESSIONS: &str = "/topic/chat/sessions";
/// Agents: a new waiting session.
pub const NEW_SESSION: &str = "/topic/chat/new-session";
/// Agents: every new support message.
pub const MESSAGES: &str = "/topic/chat/messages";
/// Agents: who came, left, returned.
pub const PRESENCE: &str = "/topic/chat/presence";
/// Agents: alerts.
pub const NOTIFICATIONS: &str = "/topic/admin/notifications";

/// The topics of all agents.
pub const AGENT_TOPICS: [&str; 5] = [SESSIONS, NEW_SESSION, MESSAGES, PRESENCE, NOTIFICATIONS];

/// A support session, in every answer and event.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub struct SessionView<'a> {
    pub session_id: i64,
    /// WAITING, ACTIVE, DISCONNECTED or COMPLETED.
    status: &'static str,
    category_id: i64,
    category_name: String,
    title: Option<&'a str>,
    /// `sessionId` of the session that this one takes up again.
    continues: Option<i64>,
    /// Where the customer gets answers that were not read.
    email: Option<&'a str>,
    member_id: i64,
    member_name: &'a str,
    admin_id: Option<i64>,
    admin_name: Option<&'a str>,
    /// From 1, only while WAITING.
    queue_position: Option<i64>,
    #[schema(value_type = String, format = DateTime)]
    start_time: Time,
    #[schema(value_type = Option<String>, format = DateTime)]
    end_time: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    member_last_seen: Option<Time>,
    #[schema(value_type = Option<String>, format = DateTime)]
    admin_last_seen: Option<Time>,
    /// NETWORK_ERROR, BROWSER_CLOSE or TIMEOUT.
    disconnect_reason: Option<&'static str>,
    /// RESOLVED, CANCELLED or TRANSFERRED.
    exit_reason: Option<&'static str>,
    /// M, A or S.
    ended_by: Option<&'static str>,
    #[schema(value_type = Option<String>, format = DateTime)]
    grace_until: Option<Time>,
    /// The other side's messages beyond the reader's mark; null in events.
    unread_count: Option<i64>,
    last_message: Option<MessageView<'a>>,
    /// Why it was last given on. In answers to agents only.
    #[schema(nullable)]
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer_reason: Option<Option<&'a str>>,
    /// What the customer said of it, once it is over.
    rating: Option<RatingView<'a>>,
    #[schema(value_type = String, format = DateTime)]
    cdate: Time,
    #[schema(value_type = String, format = DateTime)]
    udate: Time,
}

/// What a customer said of a session.
#[derive(Serialize, ToSchema)]
#[schema(as = Rating)]
pub struct RatingView<'a> {
    /// From 1 to 5.
    score: i32,
    comment: Option<&'a str>,
    #[schema(value_type = String, format = DateTime)]
    at: Time,
}

impl Rating {
    fn view(&self) -> RatingView<'_> {
        RatingView {
            score: self.score,
            comment: self.comment.as_deref(),
            at: self.at,
        }
    }
}

impl Session {
    /// As [`Session::view`], for this reader's eyes: agents see more.
    pub(super) fn view_for<'a>(
        &'a self,
        who: &Principal,
        codes: &Codes,
        locale: Locale,
        marks: &Marks,
    ) -> SessionView<'a> {
        let reason = self.transfer_reason.as_deref();
        SessionView {
            transfer_reason: who.is_agent().then_some(reason),
            ..self.view(codes, locale, marks)
        }
    }

    /// As a reader of `locale` sees it; `marks` make the last message's `isRead`.
    pub(super) fn view<'a>(&'a self, codes: &Codes, locale: Locale, marks: &Marks) -> SessionView<'a> {
        let case = &self.case;
        let end = match case.state {
            State::Completed {
                ended_at,
                by,
                exit,
                disconnect,
                ..
            } => Some((ended_at, by, exit, disconnect)),
            _ => None,
        };
        let absence = case.absence();
        let disconnect = match end {
            Some((.., disconnect)) => disconnect,
            None => absence.map(|(_, reason)| reason),
        };
        SessionView {
            session_id: case.session_id,
            status: case.status().as_str(),
            category_id: self.category_id,
            category_name: category_name(codes, self.category_id, locale),
            title: self.title.as_deref(),
            continues: self.continues,
            email: self.email.as_deref(),
            member_id: case.customer_id,
            member_name: &self.member_name,
            admin_id: case.agent_id(),
            admin_name: self.agent_name.as_deref(),
            queue_position: self.queue_position,
            start_time: case.started_at,
            end_time: end.map(|(at, ..)| at),
            member_last_seen: case.member.seen_at,
            admin_last_seen: self.agent_seen_at,
            disconnect_reason: disconnect.map(DisconnectReason::as_str),
            exit_reason: end.and_then(|(_, _, exit, _)| exit).map(ExitReason::as_str),
            ended_by: end.map(|(_, by, ..)| by.as_str()),
            grace_until: absence.map(|(until, _)| until),
            unread_count: self.unread,
            last_message: self.last_message.as_ref().map(|m| m.view(marks)),
            transfer_reason: None,
            rating: self.rating.as_ref().map(Rating::view),
            cdate: self.created_at,
            udate: self.changed_at,
        }
    }
}

pub(super) fn category_name(codes: &Codes, id: i64, locale: Locale) -> String {
    codes
        .category(id)
        .map(|entry| entry.label(locale).to_owned())
        .unwrap_or_default()
}

/// A change of state.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StateEvent)]
pub struct StateEvent<'a> {
    /// Always `STATE`.
    r#type: &'static str,
    session_id: i64,
    from: &'static str,
    to: &'static str,
    /// M, A or S.
    by: &'static str,
    session: &'a SessionView<'a>,
}

impl<'a> StateEvent<'a> {
    pub(super) const fn new(from: Status, to: Status, by: By, session: &'a SessionView<'a>) -> Self {
        Self {
            r#type: "STATE",
            session_id: session.session_id,
            from: from.as_str(),
            to: to.as_str(),
            by: by.as_str(),
            session,
        }
    }
}

/// A new waiting session, or (as SYNC) the state that a resuming reader is level with.
#[derive(Serialize, ToSchema)]
#[schema(as = NewSessionEvent)]
pub struct NewSessionEvent<'a> {
    /// Always `NEW_SESSION`.
    pub r#type: &'static str,
    pub session: &'a SessionView<'a>,
}

/// A resuming reader has everything up to `seq`; this is the state now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SyncEvent)]
pub struct SyncEvent<'a> {
    /// Always `SYNC`.
    pub r#type: &'static str,
    pub session_id: i64,
    pub seq: i64,
    pub session: &'a SessionView<'a>,
    /// How far each reader has read.
    #[schema(value_type = Vec<Object>)]
    pub reads: &'a [crate::features::messages::Mark],
}

/// A party came or is away.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceEvent {
    /// Always `PRESENCE`.
    pub r#type: &'static str,
    pub session_id: i64,
    pub member_id: i64,
    /// M or A.
    pub sender_type: &'static str,
    /// ONLINE or OFFLINE.
    pub state: &'static str,
}

/// An agent says whether sessions are taken.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AvailabilityEvent)]
pub struct AvailabilityEvent<'a> {
    /// Always `AVAILABILITY`.
    pub(super) r#type: &'static str,
    pub(super) member_id: i64,
    pub(super) name: &'a str,
    /// AVAILABLE, BUSY or AWAY.
    #[schema(value_type = String)]
    pub(super) availability: Availability,
}

/// The reader's own count changed without a READ. To the reader only.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnreadEvent {
    /// Always `UNREAD`.
    pub r#type: &'static str,
    pub session_id: i64,
    pub unread_count: i64,
}

/// Agents other than the assigned one look at a session.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ViewersEvent {
    /// Always `VIEWERS`.
    pub r#type: &'static str,
    pub session_id: i64,
    pub viewers: Vec<Viewer>,
}

/// An agent who looks at a session.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Viewer {
    pub member_id: i64,
    pub name: String,
}

/// A waiting customer's place changed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueueEvent {
    /// Always `QUEUE`.
    pub r#type: &'static str,
    pub session_id: i64,
    /// From 1.
    pub queue_position: i64,
}

/// A customer has waited long.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LongWaitEvent)]
pub struct LongWaitEvent<'a> {
    /// Always `LONG_WAIT`.
    pub r#type: &'static str,
    pub session_id: i64,
    pub waiting_seconds: i64,
    pub session: &'a SessionView<'a>,
}

/// M or A.
pub(super) const fn letter(party: Party) -> &'static str {
    side(party).as_str()
}

/// The side of a party.
pub(super) const fn side(party: Party) -> Side {
    match party {
        Party::Member => Side::Member,
        Party::Agent => Side::Agent,
    }
}

/// The topic of a session.
pub(super) fn topic(session_id: i64) -> Topic {
    room_topic(session_id)
}
