use serde::Deserialize;

/// Why a text is not the object that was expected.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// JSON of another kind, or none.
    #[error("not a JSON object")]
    NoObject,
    /// A member is missing, or of another type than its own.
    #[error(transparent)]
    Members(#[from] serde_json::Error),
}

/// Reads a JSON object (RFC 8259, 4). A struct's own deserializer also takes an array, for the members in their order.
///
/// # Errors
/// It is no object, or its members are not those of `T`.
pub fn object<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, ObjectError> {
    if text.trim_ascii_start().first() != Some(&b'{') {
        return Err(ObjectError::NoObject);
    }
    Ok(serde_json::from_slice(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Point {
        x: u8,
    }

    #[test]
    fn an_array_of_the_members_is_no_object() {
        assert_eq!(object::<Point>(b" {\"x\": 7}").unwrap().x, 7);
        assert!(matches!(object::<Point>(b"[7]"), Err(ObjectError::NoObject)));
        assert!(matches!(object::<Point>(b"{\"y\": 7}"), Err(ObjectError::Members(_))));
    }
}
