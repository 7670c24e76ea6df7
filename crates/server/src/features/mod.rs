//! What Maru can do, a folder a feature.

pub mod accounts;
pub mod codes;
pub mod mail;
pub mod messages;
pub mod rooms;
pub mod support;
