//! Accounts, log-ins and tokens: who somebody is. What a person may do to a conversation is the conversation's own rule.

mod principal;

pub use principal::{Principal, Role};
