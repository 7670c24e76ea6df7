//! How a room is named in paths, destinations and bodies: by its number, or by the key that another system gave it.

use serde::de::{self, Deserialize, Deserializer};

use crate::request::positive;

/// Longest key.
const KEY_CHARS_MAX: usize = 100;

/// Words that stand where a room may stand and mean something else.
const RESERVED: [&str; 4] = ["sessions", "new-session", "messages", "presence"];

/// A room's number or its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomName {
    Number(i64),
    /// Holds at least one letter, so it is never taken for a number.
    Key(String),
}

impl RoomName {
    /// What `text` names; `None` if it is neither a number nor a key.
    pub fn parse(text: &str) -> Option<Self> {
        match positive(text) {
            Some(number) => Some(Self::Number(number)),
            None => is_key(text).then(|| Self::Key(text.to_owned())),
        }
    }
}

/// Whether a room may have this key: 1 to 100 letters and digits of ASCII and `. _ : ~ -`, at least one letter.
pub fn is_key(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'~' | b'-');
    let has_letter = text.bytes().any(|b| b.is_ascii_alphabetic());
    has_letter && text.len() <= KEY_CHARS_MAX && text.bytes().all(fits) && !RESERVED.contains(&text)
}

impl<'de> Deserialize<'de> for RoomName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(i64),
            Text(String),
        }
        let name = match Written::deserialize(deserializer)? {
            Written::Number(number) => positive(&number.to_string()).map(Self::Number),
            Written::Text(text) => Self::parse(&text),
        };
        name.ok_or_else(|| de::Error::custom("neither a room's number nor a key"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_a_number_and_a_key_has_a_letter() {
        assert_eq!(RoomName::parse("12"), Some(RoomName::Number(12)));
        assert_eq!(RoomName::parse("product:42"), Some(RoomName::Key("product:42".into())));
        for none in [
            "",
            "0",
            "-1",
            "1.5",
            "4:2",
            "a/b",
            "a b",
            "방",
            "a*",
            "sessions",
            "new-session",
        ] {
            assert_eq!(RoomName::parse(none), None, "{none}");
        }
        assert!(is_key(&"k".repeat(100)) && !is_key(&"k".repeat(101)));
    }

    #[test]
    fn a_body_names_a_room_by_number_digits_or_key() {
        let named = |json: &str| serde_json::from_str::<RoomName>(json).ok();
        assert_eq!(named("12"), Some(RoomName::Number(12)));
        assert_eq!(named("\"12\""), Some(RoomName::Number(12)));
        assert_eq!(named("\"team\""), Some(RoomName::Key("team".into())));
        assert_eq!(named("0"), None);
        assert_eq!(named("[]"), None);
    }
}
