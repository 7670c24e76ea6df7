//! A message: as it is sent, as it is stored, as it is shown.

use std::borrow::Cow;

use broker::{Publication, Topic};
use serde::Serialize;
use serde_json::value::RawValue;

use super::Marks;
use super::live::json;
use crate::texts::{Locale, TextKey};
use crate::time::Time;

/// The side of a conversation that somebody is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Side {
    /// The customer, or a member.
    #[serde(rename = "M")]
    Member,
    /// The agents.
    #[serde(rename = "A")]
    Agent,
}

impl Side {
    /// `M` or `A`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "M",
            Self::Agent => "A",
        }
    }

    /// The side of `M` or `A`.
    pub fn from_letter(letter: &str) -> Option<Self> {
        match letter {
            "M" => Some(Self::Member),
            "A" => Some(Self::Agent),
            _ => None,
        }
    }

    /// The side across.
    pub const fn other(self) -> Self {
        match self {
            Self::Member => Self::Agent,
            Self::Agent => Self::Member,
        }
    }
}

/// Who sends, as the server knows it.
#[derive(Clone, Debug)]
pub struct Sender {
    pub member_id: i64,
    pub name: String,
    pub side: Side,
    /// May write in any open room without being its member (ADMIN).
    pub everywhere: bool,
}

/// What a person's message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageType {
    Text,
    /// To be noticed by everybody.
    Notification,
}

impl MessageType {
    /// As the wire and the database write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::Notification => NOTIFICATION,
        }
    }
}

/// What a message's content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentType {
    Plain,
    /// Checked to be JSON.
    Json,
}

impl ContentType {
    /// As the wire and the database write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "text/plain",
            Self::Json => "application/json",
        }
    }
}

/// The `messageType` of what the system says to customers and agents.
pub const SYSTEM: &str = "SYSTEM";
/// The `messageType` of what the system says in plain rooms.
pub const NOTIFICATION: &str = "NOTIFICATION";

/// A message that somebody sends; its content has been checked.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub room_id: i64,
    pub sender: Sender,
    pub message_type: MessageType,
    pub content_type: ContentType,
    pub content: String,
    /// `messageId` of a message of the same room.
    pub reply_to: Option<i64>,
    pub client_message_id: Option<String>,
    pub sent_at: Time,
    /// A topic besides the room's on which it is shown.
    pub also: Option<Topic>,
}

/// What a sender gets when the message is stored: of a repeat, the first one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub message_id: i64,
    pub seq: i64,
}

/// The names of all parameters that sentences of system messages have.
const PARAMS: [&str; 2] = ["name", "session"];

/// A message that the system writes: a sentence of the text tables and its parameters.
#[derive(Clone, Debug)]
pub struct System {
    /// Stable name, the last part of the sentence's key: `started`, `ended-agent` ….
    pub code: &'static str,
    pub text: TextKey,
    pub params: Vec<(&'static str, String)>,
}

/// A system message to be appended to a room.
#[derive(Clone, Debug)]
pub struct Draft {
    /// [`SYSTEM`] or [`NOTIFICATION`].
    pub message_type: &'static str,
    pub system: System,
    pub at: Time,
    /// A topic besides the room's on which it is shown.
    pub also: Option<Topic>,
}

/// A stored message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub message_id: i64,
    pub room_id: i64,
    pub seq: i64,
    pub rev: i64,
    pub sender_id: Option<i64>,
    pub sender_name: Option<String>,
    /// `None`: the system.
    pub sender_type: Option<Side>,
    pub message_type: Cow<'static, str>,
    pub content_type: Cow<'static, str>,
    pub content: String,
    pub system_code: Option<String>,
    /// A JSON object.
    pub system_params: Option<String>,
    pub client_message_id: Option<String>,
    pub reply_to: Option<i64>,
    pub created_at: Time,
}

/// Some of a room's messages, newest first.
#[derive(Clone, Debug)]
pub struct Page {
    pub items: Vec<Message>,
    pub marks: Marks,
    /// `seq` before which more messages are, if there are more.
    pub next_cursor: Option<i64>,
}

/// A page of messages, newest first.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessagePage<'a> {
    items: Vec<MessageView<'a>>,
    /// For `before`; null at the first message.
    next_cursor: Option<String>,
}

impl<'a> MessagePage<'a> {
    /// The page as an answer.
    pub fn of(page: &'a Page) -> Self {
        Self {
            items: page.items.iter().map(|m| m.view(&page.marks)).collect(),
            next_cursor: page.next_cursor.map(|seq| seq.to_string()),
        }
    }
}

/// A message as the wire shows it (CONTRACT: a support or room message).
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Message)]
pub struct MessageView<'a> {
    /// Always `MESSAGE`.
    r#type: &'static str,
    message_id: i64,
    session_id: i64,
    room_id: i64,
    /// 1, 2, 3 … in the room, without holes.
    seq: i64,
    sender_id: Option<i64>,
    sender_name: Option<&'a str>,
    /// M, A or S.
    sender_type: &'static str,
    /// TEXT, SYSTEM or NOTIFICATION.
    message_type: &'a str,
    /// `text/plain` or `application/json`.
    content_type: &'a str,
    content: &'a str,
    /// Y when the other side, or somebody else in a room without sides, has read it; else N.
    is_read: &'static str,
    #[schema(value_type = String, format = DateTime)]
    cdate: Time,
    client_message_id: Option<&'a str>,
    #[schema(value_type = Option<Object>)]
    attachment: Option<()>,
    reply_to: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<SystemView<'a>>,
}

/// What a system message says, so that a page can word it for its reader.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = SystemText)]
pub(super) struct SystemView<'a> {
    code: &'a str,
    #[schema(value_type = Object)]
    params: &'a RawValue,
}

impl Message {
    /// The side that wrote it; `None`: the system.
    pub const fn sender_side(&self) -> Option<Side> {
        self.sender_type
    }

    /// As the wire shows it to somebody who knows `marks`.
    pub fn view(&self, marks: &Marks) -> MessageView<'_> {
        MessageView {
            r#type: "MESSAGE",
            message_id: self.message_id,
            session_id: self.room_id,
            room_id: self.room_id,
            seq: self.seq,
            sender_id: self.sender_id,
            sender_name: self.sender_name.as_deref(),
            sender_type: self.sender_type.map_or("S", Side::as_str),
            message_type: &self.message_type,
            content_type: &self.content_type,
            content: &self.content,
            is_read: if marks.has_read(self) { "Y" } else { "N" },
            cdate: self.created_at,
            client_message_id: self.client_message_id.as_deref(),
            attachment: None,
            reply_to: self.reply_to,
            system: self.system_view(),
        }
    }

    fn system_view(&self) -> Option<SystemView<'_>> {
        let code = self.system_code.as_deref()?;
        let params = serde_json::from_str(self.system_params.as_deref()?).ok()?;
        Some(SystemView { code, params })
    }

    /// The parameters of a system message's sentence.
    pub fn system_args(&self) -> Vec<(&'static str, String)> {
        let params = self.system_params.as_deref().unwrap_or_default();
        let params: serde_json::Map<String, serde_json::Value> = serde_json::from_str(params).unwrap_or_default();
        let args = params.iter().filter_map(|(name, value)| {
            let known = PARAMS.into_iter().find(|known| known == name)?;
            Some((known, value.as_str()?.to_owned()))
        });
        args.collect()
    }

    /// The message as a frame's content.
    pub(super) fn publication(&self, marks: &Marks) -> Publication {
        Publication::json(json(&self.view(marks)))
            .with_message_id(self.message_id.cast_unsigned())
            .at(self.seq.cast_unsigned())
    }
}

impl System {
    /// Worded once, in the language of the room's owner.
    pub(super) fn content(&self, locale: Locale) -> String {
        self.text.say(locale, &self.params)
    }

    pub(super) fn params_json(&self) -> String {
        let params: serde_json::Map<_, _> = self
            .params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
            .collect();
        serde_json::Value::Object(params).to_string()
    }
}
