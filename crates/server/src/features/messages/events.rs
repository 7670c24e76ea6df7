//! Events of a room that are the same in every kind of conversation.

use serde::Serialize;
use utoipa::ToSchema;

use super::Side;

/// Everything up to `seq` has been read.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadEvent {
    /// Always `READ`.
    r#type: &'static str,
    /// The room, of whatever kind.
    session_id: i64,
    reader_id: i64,
    message_id: i64,
    seq: i64,
}

impl ReadEvent {
    pub(super) const fn new(room_id: i64, reader_id: i64, message_id: i64, seq: i64) -> Self {
        Self {
            r#type: "READ",
            session_id: room_id,
            reader_id,
            message_id,
            seq,
        }
    }
}

/// Somebody types, or stopped.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TypingEvent {
    /// Always `TYPING`.
    r#type: &'static str,
    /// The room, of whatever kind.
    session_id: i64,
    member_id: i64,
    /// M or A.
    sender_type: &'static str,
    typing: bool,
}

impl TypingEvent {
    /// `member_id`, on this side of the room, types or stopped.
    pub const fn new(room_id: i64, member_id: i64, side: Side, typing: bool) -> Self {
        Self {
            r#type: "TYPING",
            session_id: room_id,
            member_id,
            sender_type: side.as_str(),
            typing,
        }
    }
}
