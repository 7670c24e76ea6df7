//! Connections to what lies outside the program. No word of a feature stands here.

pub mod clock;
pub mod database;
pub mod smtp;
