//! Plain rooms and their events as the wire shows them.

use serde::Serialize;
use utoipa::ToSchema;

use super::rules::Status;
use super::store::Seen;
use crate::features::messages::{Mark, MessageView};
use crate::time::Time;

/// A room, in every answer and event.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Room)]
pub struct RoomView<'a> {
    pub(super) room_id: i64,
    /// Another system's name for it; stands wherever the number may.
    key: Option<&'a str>,
    name: Option<&'a str>,
    /// Of a group buy; null in plain rooms.
    product_id: Option<i64>,
    /// ACTIVE or CLOSED.
    status: &'static str,
    /// Any logged-in user may join.
    open: bool,
    max_participants: Option<i64>,
    participant_count: i64,
    /// Members who have a live connection to it.
    online_count: i64,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// Whether the reader is a member; null in events.
    joined: Option<bool>,
    /// Whether the reader may add and remove people and close it; null in events.
    manages: Option<bool>,
    /// How far the reader has read; null in events and for who is not a member.
    last_read_seq: Option<i64>,
    /// Other people's messages beyond that, of the newest thousand; null in the same cases.
    unread_count: Option<i64>,
    /// Null for who may not read it.
    last_message: Option<MessageView<'a>>,
}

/// What a room looks like to somebody in particular.
#[derive(Default)]
pub(super) struct Own<'a> {
    pub(super) joined: Option<bool>,
    pub(super) manages: Option<bool>,
    pub(super) last_read_seq: Option<i64>,
    pub(super) unread_count: Option<i64>,
    pub(super) last_message: Option<MessageView<'a>>,
}

impl Seen {
    pub(super) fn view<'a>(&'a self, online: usize, own: Own<'a>) -> RoomView<'a> {
        RoomView {
            room_id: self.room_id,
            key: self.key.as_deref(),
            name: self.name.as_deref(),
            product_id: None,
            status: self.status.as_str(),
            open: self.is_open,
            max_participants: self.members_max,
            participant_count: self.members,
            online_count: i64::try_from(online).unwrap_or(i64::MAX),
            expires_at: self.closes_at,
            created_at: self.created_at,
            joined: own.joined,
            manages: own.manages,
            last_read_seq: own.last_read_seq,
            unread_count: own.unread_count,
            last_message: own.last_message,
        }
    }
}

/// Rooms, the newest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomPage<'a> {
    pub(super) items: Vec<RoomView<'a>>,
    /// For `before`; null at the last page.
    pub(super) next_cursor: Option<String>,
}

/// A member of a room.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    pub(super) member_id: i64,
    pub(super) user_code: String,
    pub(super) name: String,
    /// Has a live connection to the room, on however many devices.
    pub(super) online: bool,
    /// May add and remove people and close the room: its maker, services, admins.
    pub(super) manages: bool,
}

/// Members by name.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParticipantPage {
    /// Of the whole room.
    pub(super) count: i64,
    pub(super) online_count: i64,
    pub(super) items: Vec<Participant>,
    /// For `before`; null at the last page.
    pub(super) next_cursor: Option<String>,
}

/// Who is in the room, and who of them is here: to each new subscription, and on the topic when it changes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParticipantsEvent {
    /// Always `PARTICIPANTS`.
    pub(super) r#type: &'static str,
    pub(super) room_id: i64,
    /// Members.
    pub(super) count: usize,
    pub(super) online_count: usize,
    /// Those who are here first; of a large room not all.
    pub(super) participants: Vec<Participant>,
}

/// The room closed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoomStateEvent)]
pub struct RoomStateEvent<'a> {
    /// Always `STATE`.
    r#type: &'static str,
    session_id: i64,
    room_id: i64,
    from: &'static str,
    to: &'static str,
    /// A: somebody closed it; S: its end came.
    by: &'static str,
    room: RoomView<'a>,
}

impl<'a> RoomStateEvent<'a> {
    pub(super) const fn closed(by: &'static str, room: RoomView<'a>) -> Self {
        Self {
            r#type: "STATE",
            session_id: room.room_id,
            room_id: room.room_id,
            from: Status::Active.as_str(),
            to: Status::Closed.as_str(),
            by,
            room,
        }
    }
}

/// A resuming reader has everything up to `seq`; this is the room now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoomSyncEvent)]
pub struct RoomSyncEvent<'a> {
    /// Always `SYNC`.
    pub(super) r#type: &'static str,
    pub(super) session_id: i64,
    pub(super) room_id: i64,
    pub(super) seq: i64,
    pub(super) room: RoomView<'a>,
    /// How far each reader has read.
    #[schema(value_type = Vec<Object>)]
    pub(super) reads: &'a [Mark],
}

/// The last that somebody hears of a room: the own subscriptions to it hear nothing more.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemovedEvent {
    /// Always `REMOVED`.
    r#type: &'static str,
    session_id: i64,
    room_id: i64,
    member_id: i64,
    /// LEFT, or REMOVED by somebody else.
    reason: &'static str,
}

impl RemovedEvent {
    pub(super) const fn new(room_id: i64, member_id: i64, by_oneself: bool) -> Self {
        Self {
            r#type: "REMOVED",
            session_id: room_id,
            room_id,
            member_id,
            reason: if by_oneself { "LEFT" } else { "REMOVED" },
        }
    }
}

/// On `/user/queue/notifications`: one's own list of rooms has changed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoomsEvent)]
pub struct RoomsEvent<'a> {
    /// Always `ROOM`.
    r#type: &'static str,
    room_id: i64,
    /// ADDED, REMOVED or CLOSED.
    change: &'static str,
    room: &'a RoomView<'a>,
}

impl<'a> RoomsEvent<'a> {
    pub(super) const fn new(change: &'static str, room: &'a RoomView<'a>) -> Self {
        Self {
            r#type: "ROOM",
            room_id: room.room_id,
            change,
            room,
        }
    }
}
