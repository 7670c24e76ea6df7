//! What members send to a room, over STOMP or the room's own WebSocket. Members that old clients send besides are ignored
//! and never believed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::raw;

use super::{Rooms, manages, manages_all, rules};
use crate::features::accounts::Principal;
use crate::features::messages::{
    self, ContentType, MessageType, NewMessage, ReadTo, Receipt, Sender, Side, TypingEvent, room_topic,
};
use crate::problem::{Code, Refusal};

/// `chat.sendMessage` to a room.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendToRoom {
    /// 1 to 2000 Unicode scalar values after trimming.
    content: String,
    /// TEXT (default), or NOTIFICATION from who manages the room.
    message_type: Option<String>,
    /// `text/plain` (default), or `application/json`: then the content has to be JSON.
    content_type: Option<String>,
    /// Makes the send repeatable: up to 64 characters.
    client_message_id: Option<String>,
    /// `messageId` of a message of the same room.
    reply_to: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MarkAsRead {
    message_id: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Typing {
    #[serde(default = "yes")]
    typing: bool,
}

/// What became of a raw frame.
pub enum Taken {
    Done,
    /// The receipt comes when it is stored.
    Message(broker::BoxFuture<Result<Receipt, Refusal>>),
}

const fn yes() -> bool {
    true
}

impl Rooms {
    /// Stores a message, then shows it. It is queued when this returns; the receipt comes when it is stored.
    ///
    /// # Errors
    /// `not_participant`, `room_closed`, `forbidden` (a NOTIFICATION), `empty_content`, `content_too_long`, `invalid_request`, `rate_limited`, `unavailable`.
    pub async fn send_message(
        &self,
        who: &Principal,
        room_id: i64,
        body: &[u8],
    ) -> Result<impl Future<Output = Result<Receipt, Refusal>> + Send + use<>, Refusal> {
        self.send(who, room_id, wire::object(body)?).await
    }

    async fn send(
        &self,
        who: &Principal,
        room_id: i64,
        send: SendToRoom,
    ) -> Result<impl Future<Output = Result<Receipt, Refusal>> + Send + use<>, Refusal> {
        self.0.limits.send(who.member_id)?;
        let message_type = self.message_type(who, room_id, send.message_type.as_deref()).await?;
        let content_type = content_type(send.content_type.as_deref())?;
        messages::rules::client_message_id(send.client_message_id.as_deref())?;
        let content = self.0.messages.check_content(&send.content)?;
        if content_type == ContentType::Json {
            rules::json(&content)?;
        }
        let stored = self.0.messages.send(NewMessage {
            room_id,
            sender: sender(who),
            message_type,
            content_type,
            content,
            reply_to: send.reply_to,
            client_message_id: send.client_message_id,
            sent_at: self.0.clock.now(),
            also: None,
        })?;
        Ok(async move { stored.await.map_err(worded) })
    }

    /// Says something to a room that everybody is to notice; also who manages it without being a member.
    ///
    /// # Errors
    /// `forbidden`, `room_closed`, `empty_content`, `content_too_long`, `invalid_request`, `rate_limited`, `unavailable`.
    pub(super) async fn notify(&self, who: &Principal, room_id: i64, content: &str) -> Result<(), Refusal> {
        self.may_manage(who, room_id).await?;
        self.0.limits.send(who.member_id)?;
        let stored = self.0.messages.send(NewMessage {
            room_id,
            sender: Sender {
                everywhere: true,
                ..sender(who)
            },
            message_type: MessageType::Notification,
            content_type: ContentType::Plain,
            content: self.0.messages.check_content(content)?,
            reply_to: None,
            client_message_id: None,
            sent_at: self.0.clock.now(),
            also: None,
        })?;
        stored.await.map(drop).map_err(worded)
    }

    async fn message_type(&self, who: &Principal, room_id: i64, name: Option<&str>) -> Result<MessageType, Refusal> {
        match name {
            None | Some("TEXT") => Ok(MessageType::Text),
            Some("NOTIFICATION") if manages_all(who) || manages(who, &self.seen(who, room_id).await?) => {
                Ok(MessageType::Notification)
            }
            Some("NOTIFICATION") => Err(Code::Forbidden.into()),
            Some(_) => Err(Refusal::invalid("messageType")),
        }
    }

    /// What a member writes on the room's own WebSocket.
    ///
    /// # Errors
    /// As [`Rooms::send_message`], [`Rooms::mark_as_read`] and [`Rooms::typing`].
    pub async fn take_raw(&self, who: &Principal, room_id: i64, body: &[u8]) -> Result<Taken, Refusal> {
        match raw::decode(body).map_err(|error| Refusal::invalid(error.to_string()))? {
            raw::Frame::Read { seq } => {
                self.0.limits.signal(who.member_id)?;
                let to = seq.map_or(ReadTo::All, ReadTo::Seq);
                self.read_up_to(who, room_id, to).await?;
            }
            raw::Frame::Typing { typing } => self.types(who, room_id, typing).await?,
            raw::Frame::Message(said) => {
                let send = SendToRoom {
                    content: said.content,
                    message_type: said.message_type,
                    content_type: said.content_type,
                    client_message_id: said.client_message_id,
                    reply_to: said.reply_to,
                };
                let stored = self.send(who, room_id, send).await?;
                return Ok(Taken::Message(Box::pin(stored)));
            }
        }
        Ok(Taken::Done)
    }

    /// Somebody has read.
    ///
    /// # Errors
    /// `not_participant`, `invalid_request`, `rate_limited`.
    pub async fn mark_as_read(&self, who: &Principal, room_id: i64, body: &[u8]) -> Result<(), Refusal> {
        let read: MarkAsRead = wire::object(body)?;
        self.0.limits.signal(who.member_id)?;
        self.read_up_to(who, room_id, ReadTo::message(read.message_id)).await
    }

    /// Somebody types, or stopped. Not stored.
    ///
    /// # Errors
    /// `not_participant`, `invalid_request`, `rate_limited`.
    pub async fn typing(&self, who: &Principal, room_id: i64, body: &[u8]) -> Result<(), Refusal> {
        let Typing { typing } = wire::object(body)?;
        self.types(who, room_id, typing).await
    }

    async fn types(&self, who: &Principal, room_id: i64, typing: bool) -> Result<(), Refusal> {
        self.0.limits.signal(who.member_id)?;
        if !self.0.here.is_here(room_id, who.member_id) {
            self.may_take_part(who, room_id).await?;
        }
        let event = TypingEvent::new(room_id, who.member_id, Side::Member, typing);
        self.0.outlet.show_volatile(&room_topic(room_id), &event);
        Ok(())
    }
}

fn sender(who: &Principal) -> Sender {
    Sender {
        member_id: who.member_id,
        name: who.name.clone(),
        side: Side::Member,
        everywhere: false,
    }
}

fn content_type(name: Option<&str>) -> Result<ContentType, Refusal> {
    let all = [ContentType::Plain, ContentType::Json];
    match name {
        None => Ok(ContentType::Plain),
        Some(name) => {
            let found = all.into_iter().find(|known| known.as_str() == name);
            found.ok_or_else(|| Refusal::invalid("contentType"))
        }
    }
}

/// What the writer refuses, in the words of rooms.
fn worded(refusal: Refusal) -> Refusal {
    match refusal.code {
        Code::NotParticipant => super::not_a_member(),
        Code::WrongState => Code::RoomClosed.into(),
        _ => refusal,
    }
}
