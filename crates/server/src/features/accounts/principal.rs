//! Who acts: what a checked token, ticket or cookie says of its bearer.

use crate::time::Time;

/// What a person or a program may be. ADMIN may what AGENT may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    /// Customers and guests.
    Member,
    Agent,
    Student,
    Professor,
    Admin,
    /// Another back end.
    Service,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [
        Self::Member,
        Self::Agent,
        Self::Student,
        Self::Professor,
        Self::Admin,
        Self::Service,
    ];

    /// As tokens and the database write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "MEMBER",
            Self::Agent => "AGENT",
            Self::Student => "STUDENT",
            Self::Professor => "PROFESSOR",
            Self::Admin => "ADMIN",
            Self::Service => "SERVICE",
        }
    }

    /// The role of a name in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str().eq_ignore_ascii_case(name))
    }
}

/// A person or program whose log-in has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// `memberId`, `senderId`, JWT `uid`.
    pub member_id: i64,
    /// `userCode`, JWT `sub`.
    pub user_code: String,
    pub name: String,
    pub roles: Vec<Role>,
    /// The log-in this comes from; `None` for a token that no log-in made.
    pub login_id: Option<i64>,
    /// When the token or cookie ends.
    pub expires_at: Time,
}

impl Principal {
    /// Whether the person has this very role.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// AGENT or ADMIN.
    pub fn is_agent(&self) -> bool {
        self.has(Role::Agent) || self.is_admin()
    }

    /// ADMIN.
    pub fn is_admin(&self) -> bool {
        self.has(Role::Admin)
    }
}
