//! What Maru can do, a folder a feature.

pub mod accounts;
