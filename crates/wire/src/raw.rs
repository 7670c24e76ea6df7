//! The JSON of a room's own WebSocket: what a member says there, one object in each text message.

use serde::Deserialize;

use crate::{ObjectError, object};

/// What a member says. Members of the object that are not named here are ignored: old clients send more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// To be stored and shown to everybody in the room.
    Message(Message),
    /// Everything up to the message with this number was read; none: everything.
    Read { seq: Option<i64> },
    /// Begins to type, or stops.
    Typing { typing: bool },
}

/// Nothing in it has been checked but its JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub content: String,
    pub message_type: Option<String>,
    pub content_type: Option<String>,
    pub client_message_id: Option<String>,
    pub reply_to: Option<i64>,
}

/// Why it is no frame.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No JSON object, or a member of another type than its own.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// A message without content.
    #[error("missing field `content`")]
    NoContent,
}

/// A message on a room's own WebSocket: `{"content","timestamp"}` of old clients, or with a `type`.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = RawFrame))]
#[serde(rename_all = "camelCase")]
pub struct Members {
    /// TEXT (default), NOTIFICATION, READ or TYPING.
    r#type: Option<String>,
    /// As in `chat.sendMessage`.
    content: Option<String>,
    content_type: Option<String>,
    client_message_id: Option<String>,
    reply_to: Option<i64>,
    /// Of READ: everything up to this message; none: everything.
    seq: Option<i64>,
    /// Of TYPING; true by default.
    typing: Option<bool>,
}

/// Reads a text message.
///
/// # Errors
/// If it is no JSON object, a member has another type than its own, or a message has no content.
pub fn decode(text: &[u8]) -> Result<Frame, DecodeError> {
    let members: Members = object(text)?;
    Ok(match members.r#type.as_deref() {
        Some("READ") => Frame::Read { seq: members.seq },
        Some("TYPING") => Frame::Typing {
            typing: members.typing.unwrap_or(true),
        },
        _ => Frame::Message(Message {
            content: members.content.ok_or(DecodeError::NoContent)?,
            message_type: members.r#type,
            content_type: members.content_type,
            client_message_id: members.client_message_id,
            reply_to: members.reply_to,
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(content: &str) -> Message {
        Message {
            content: content.to_owned(),
            message_type: None,
            content_type: None,
            client_message_id: None,
            reply_to: None,
        }
    }

    #[test]
    fn old_clients_say_content_and_a_time() {
        let frame = decode(r#"{"content":"안녕","timestamp":1,"sender":"me"}"#.as_bytes());
        assert_eq!(frame.unwrap(), Frame::Message(said("안녕")));
    }

    #[test]
    fn each_type_has_its_members() {
        let read = decode(br#"{"type":"READ","seq":7,"content":3e2}"#);
        assert!(
            matches!(read, Err(DecodeError::Object(ObjectError::Members(_)))),
            "a member of another type is none of ours"
        );
        assert_eq!(
            decode(br#"{"type":"READ","seq":7}"#).unwrap(),
            Frame::Read { seq: Some(7) }
        );
        assert_eq!(decode(br#"{"type":"TYPING"}"#).unwrap(), Frame::Typing { typing: true });
        let typing = decode(br#"{"type":"TYPING","typing":false}"#);
        assert_eq!(typing.unwrap(), Frame::Typing { typing: false });
        let text =
            decode(br#"{"type":"TEXT","content":"a","contentType":"text/plain","clientMessageId":"c","replyTo":2}"#);
        let message = Message {
            message_type: Some("TEXT".to_owned()),
            content_type: Some("text/plain".to_owned()),
            client_message_id: Some("c".to_owned()),
            reply_to: Some(2),
            ..said("a")
        };
        assert_eq!(text.unwrap(), Frame::Message(message));
    }

    #[test]
    fn what_says_nothing_is_refused() {
        assert!(matches!(decode(br#"{"type":"TEXT"}"#), Err(DecodeError::NoContent)));
        for other in [&br#"["TEXT","a"]"#[..], b"", b" 7", b"null"] {
            assert!(
                matches!(decode(other), Err(DecodeError::Object(ObjectError::NoObject))),
                "{other:?}"
            );
        }
        assert!(decode(b" \n{\"content\":\"a\"}").is_ok());
        for broken in [
            &b"{"[..],
            b"{\"content\":\"\xff\"}",
            br#"{"content":"a"}{}"#,
            br#"{"type":1,"content":"a"}"#,
        ] {
            assert!(
                matches!(decode(broken), Err(DecodeError::Object(ObjectError::Members(_)))),
                "{broken:?}"
            );
        }
    }
}
