//! `/app/chat.*`: what clients send over STOMP. Members that old clients send besides are ignored and never believed.

use broker::Topic;
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moves::Action;
use super::reading::Mark;
use super::rules::Party;
use super::view::{MESSAGES, side, topic};
use super::{Support, access, leave_reason};
use crate::features::accounts::Principal;
use crate::features::messages::{ContentType, MessageType, NewMessage, Receipt, Sender, Side, TypingEvent, rules};
use crate::problem::{Code, Refusal};
use crate::request::positive;
use crate::texts::TextKey;

/// `chat.sendMessage`.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendMessage {
    #[serde(alias = "roomId", deserialize_with = "number")]
    pub session_id: i64,
    /// 1 to 2000 Unicode scalar values after trimming.
    pub content: String,
    /// TEXT; IMAGE and FILE come later.
    pub message_type: Option<String>,
    /// Makes the send repeatable: up to 64 characters.
    pub client_message_id: Option<String>,
    /// `messageId` of a message of the same session.
    pub reply_to: Option<i64>,
}

/// `chat.addUser`, `chat.removeUser`.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Coming {
    #[serde(alias = "roomId", deserialize_with = "number")]
    pub session_id: i64,
    /// Of leaving: NETWORK_ERROR, BROWSER_CLOSE or TIMEOUT.
    pub reason: Option<String>,
}

/// `chat.markAsRead`.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MarkAsRead {
    #[serde(alias = "roomId", deserialize_with = "number")]
    pub session_id: i64,
    /// None: all.
    pub message_id: Option<i64>,
}

/// `chat.typing`.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Typing {
    #[serde(alias = "roomId", deserialize_with = "number")]
    pub session_id: i64,
    pub typing: bool,
}

/// A room's number, also as a string of digits: old clients read it out of a page.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Number(i64),
        Digits(String),
    }
    let number = match Number::deserialize(deserializer)? {
        Number::Number(number) => Some(number).filter(|n| *n > 0),
        Number::Digits(digits) => positive(&digits),
    };
    number.ok_or_else(|| de::Error::custom("sessionId is not a positive number"))
}

impl Support {
    /// Stores a message, then shows it. It is queued when this returns; the receipt comes when it is stored.
    ///
    /// # Errors
    /// `forbidden`, `session_not_found`, `not_participant`, `wrong_state`, `empty_content`, `content_too_long`, `invalid_request`, `rate_limited`, `unavailable`.
    pub async fn send_message(
        &self,
        who: &Principal,
        body: &[u8],
    ) -> Result<impl Future<Output = Result<Receipt, Refusal>> + Send + use<>, Refusal> {
        access::has_part(who)?;
        let send: SendMessage = wire::object(body)?;
        let customer_id = self.may_read(who, send.session_id).await?;
        self.0.limits.send(who.member_id)?;
        check_type(send.message_type.as_deref())?;
        rules::client_message_id(send.client_message_id.as_deref())?;
        let content = self.0.messages.check_content(&send.content)?;
        let side = super::reader(who, customer_id).side;
        if side == Side::Agent {
            self.expect_mail(send.session_id).await?;
        }
        let sent_at = self.0.clock.now();
        let stored = self.0.messages.send(NewMessage {
            room_id: send.session_id,
            sender: Sender {
                member_id: who.member_id,
                name: who.name.clone(),
                side,
                everywhere: who.is_admin(),
            },
            message_type: MessageType::Text,
            content_type: ContentType::Plain,
            content,
            reply_to: send.reply_to,
            client_message_id: send.client_message_id,
            sent_at,
            also: Some(Topic::from(MESSAGES)),
        })?;
        let support = self.clone();
        Ok(async move {
            let receipt = stored.await?;
            if side == Side::Agent {
                support.answered(send.session_id, sent_at).await;
            }
            Ok(receipt)
        })
    }

    /// Tells that somebody came.
    ///
    /// # Errors
    /// `forbidden`, `session_not_found`, `not_participant`, `invalid_request`, `rate_limited`.
    pub async fn add_user(&self, who: &Principal, body: &[u8]) -> Result<(), Refusal> {
        self.coming(who, body, |_| Ok(Action::AddUser)).await
    }

    /// Somebody leaves for a moment.
    ///
    /// # Errors
    /// As [`Support::add_user`], and `wrong_state`.
    pub async fn remove_user(&self, who: &Principal, body: &[u8]) -> Result<(), Refusal> {
        self.coming(who, body, |coming| {
            leave_reason(coming.reason.as_deref()).map(Action::RemoveUser)
        })
        .await
    }

    async fn coming(
        &self,
        who: &Principal,
        body: &[u8],
        action: impl FnOnce(&Coming) -> Result<Action, Refusal>,
    ) -> Result<(), Refusal> {
        access::has_part(who)?;
        let coming: Coming = wire::object(body)?;
        self.may_read(who, coming.session_id).await?;
        self.0.limits.signal(who.member_id)?;
        let action = action(&coming)?;
        self.act(who, coming.session_id, action).await
    }

    /// Somebody has read.
    ///
    /// # Errors
    /// As [`Support::add_user`].
    pub async fn mark_as_read(&self, who: &Principal, body: &[u8]) -> Result<(), Refusal> {
        access::has_part(who)?;
        let read: MarkAsRead = wire::object(body)?;
        self.may_read(who, read.session_id).await?;
        self.0.limits.signal(who.member_id)?;
        self.mark(who, read.session_id, Mark::Read(read.message_id)).await
    }

    /// Somebody types, or stopped. Not stored.
    ///
    /// # Errors
    /// As [`Support::add_user`].
    pub async fn typing(&self, who: &Principal, body: &[u8]) -> Result<(), Refusal> {
        access::has_part(who)?;
        let typing: Typing = wire::object(body)?;
        let customer_id = self.may_signal(who, typing.session_id).await?;
        self.0.limits.signal(who.member_id)?;
        let party = if who.member_id == customer_id {
            Party::Member
        } else {
            Party::Agent
        };
        let event = TypingEvent::new(typing.session_id, who.member_id, side(party), typing.typing);
        self.0.outlet.show_volatile(&topic(typing.session_id), &event);
        Ok(())
    }
}

fn check_type(message_type: Option<&str>) -> Result<(), Refusal> {
    match message_type {
        None | Some("TEXT") => Ok(()),
        Some("IMAGE" | "FILE") => Err(Refusal::saying(Code::InvalidRequest, TextKey("error-attachments"))),
        Some(_) => Err(Refusal::invalid("messageType")),
    }
}
