//! Whether an agent takes sessions.

use serde::{Deserialize, Serialize};

/// What an agent says of the own readiness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Availability {
    #[default]
    Available,
    /// Takes sessions, but rather not now: others go first.
    Busy,
    /// Takes none, and is given none.
    Away,
}

impl Availability {
    const ALL: [Self; 3] = [Self::Available, Self::Busy, Self::Away];

    /// As the database writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "AVAILABLE",
            Self::Busy => "BUSY",
            Self::Away => "AWAY",
        }
    }

    /// The availability with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.as_str() == name)
    }

    /// Whether a session may be taken now.
    pub const fn takes_sessions(self) -> bool {
        !matches!(self, Self::Away)
    }
}
