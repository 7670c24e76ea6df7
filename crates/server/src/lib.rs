//! Maru: one server for the conversations of an organisation. ARCHITECTURE.md is the map.

pub mod adapters;
pub mod config;
pub mod features;
pub mod limits;
pub mod migrations;
pub mod network;
pub mod problem;
pub mod texts;
pub mod time;
