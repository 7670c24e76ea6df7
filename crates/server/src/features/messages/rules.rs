//! What may be sent: pure checks of what a client wrote.

use crate::problem::{Code, Refusal};

/// Longest `clientMessageId`, in Unicode scalar values.
const CLIENT_MESSAGE_ID_CHARS_MAX: usize = 64;

/// The content without white space at its ends, 1 to `chars_max` Unicode scalar values.
///
/// # Errors
/// `empty_content`, `content_too_long`, or `invalid_request` for U+0000, which PostgreSQL cannot keep.
pub fn content(raw: &str, chars_max: usize) -> Result<String, Refusal> {
    let content = raw.trim();
    if content.is_empty() {
        return Err(Code::EmptyContent.into());
    }
    if content.chars().count() > chars_max {
        return Err(Code::ContentTooLong.into());
    }
    if content.contains('\0') {
        return Err(Refusal::invalid("content (U+0000)"));
    }
    Ok(content.to_owned())
}

/// Checks an id that makes a send repeatable: 1 to 64 characters.
///
/// # Errors
/// `invalid_request` if it is empty, longer, or holds U+0000.
pub fn client_message_id(id: Option<&str>) -> Result<(), Refusal> {
    match id {
        Some(id) if id.is_empty() || id.contains('\0') || id.chars().count() > CLIENT_MESSAGE_ID_CHARS_MAX => {
            Err(Refusal::invalid("clientMessageId"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(raw: &str) -> Result<String, Code> {
        content(raw, 2000).map_err(|r| r.code)
    }

    #[test]
    fn content_is_trimmed_and_counted_in_scalar_values() {
        assert_eq!(code("  안녕 \n"), Ok("안녕".into()));
        assert_eq!(code(" \u{3000}\t"), Err(Code::EmptyContent));
        assert_eq!(code(&"😀".repeat(2000)).map(|c| c.len()), Ok(8000));
        assert_eq!(code(&"가".repeat(2001)), Err(Code::ContentTooLong));
        assert_eq!(code("a\0b"), Err(Code::InvalidRequest));
    }

    #[test]
    fn a_client_message_id_has_1_to_64_characters() {
        assert!(client_message_id(None).is_ok());
        assert!(client_message_id(Some(&"가".repeat(64))).is_ok());
        assert!(client_message_id(Some("")).is_err());
        assert!(client_message_id(Some(&"a".repeat(65))).is_err());
    }
}
