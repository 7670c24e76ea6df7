//! Moments in time, as the database and the wire write them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment: milliseconds since 1970-01-01T00:00:00Z, the form of every time column.
/// On the wire RFC 3339 in UTC with milliseconds: `2026-11-20T05:15:30.123Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// The moment `ms` milliseconds after 1970-01-01T00:00:00Z.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// This moment and `seconds` more; saturates at the ends of the range.
    pub const fn plus_s(self, seconds: u64) -> Self {
        let ms = seconds.saturating_mul(1000);
        Self(self.0.saturating_add_unsigned(ms))
    }

    /// This moment less `seconds`; saturates at the ends of the range.
    pub const fn minus_s(self, seconds: u64) -> Self {
        let ms = seconds.saturating_mul(1000);
        Self(self.0.saturating_sub_unsigned(ms))
    }

    /// Whole seconds from `earlier` to this moment, 0 if `earlier` is later.
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        let ms = self.0.saturating_sub(earlier.0);
        if ms < 0 { 0 } else { ms / 1000 }
    }

    /// Reads RFC 3339 (`2026-11-20T05:15:30Z`, any offset).
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|t| Self(t.as_millisecond()))
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let t = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::MAX);
        write!(f, "{t:.3}")
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_in_utc_with_milliseconds() {
        assert_eq!(Time::from_ms(0).to_string(), "1970-01-01T00:00:00.000Z");
        let t = Time::parse("2026-11-20T14:15:30.123+09:00").unwrap();
        assert_eq!(t.to_string(), "2026-11-20T05:15:30.123Z");
    }
}
