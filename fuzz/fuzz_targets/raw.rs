//! What members say in a raw room: JSON. It is read as its parsed value says, and nothing else is taken.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use wire::raw::{Frame, Message, decode};

/// A member of the wanted type, where there is one; none if it is of another type.
fn member<'a, T>(value: &'a Value, name: &str, read: impl Fn(&'a Value) -> Option<T>) -> Option<Option<T>> {
    match value.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(given) => read(given).map(Some),
    }
}

/// What the value says; none if it says nothing that is taken.
fn meant(value: &Value) -> Option<Frame> {
    value.as_object()?;
    let text = |name| member(value, name, |given| given.as_str().map(str::to_owned));
    let number = |name| member(value, name, Value::as_i64);
    let (message_type, content, seq) = (text("type")?, text("content")?, number("seq")?);
    let typing = member(value, "typing", Value::as_bool)?;
    let message = Message {
        content: content.clone().unwrap_or_default(),
        message_type: message_type.clone(),
        content_type: text("contentType")?,
        client_message_id: text("clientMessageId")?,
        reply_to: number("replyTo")?,
    };
    match message_type.as_deref() {
        Some("READ") => Some(Frame::Read { seq }),
        Some("TYPING") => Some(Frame::Typing {
            typing: typing.unwrap_or(true),
        }),
        _ => content.map(|_| Frame::Message(message)),
    }
}

fuzz_target!(|input: &[u8]| {
    let read = decode(input).ok();
    let Ok(value) = serde_json::from_slice::<Value>(input) else {
        return;
    };
    let meant = meant(&value);
    if read.is_some() {
        assert_eq!(read, meant);
    }
    // A value has each member once.
    let written = serde_json::to_vec(&value).expect("a value can be written");
    assert_eq!(decode(&written).ok(), meant);
});
