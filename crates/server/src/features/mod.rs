//! What Maru can do, a folder a feature.

pub mod accounts;
pub mod messages;
pub mod support;
