//! Maru: one server for the conversations of an organisation. ARCHITECTURE.md is the map.

pub mod adapters;
pub mod app;
pub mod backup;
pub mod cli;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod features;
pub mod health;
pub mod hours;
pub mod http;
pub mod limits;
pub mod migrations;
pub mod network;
pub mod observe;
pub mod pages;
pub mod problem;
pub mod request;
pub mod routes;
pub mod secrets;
pub mod serve;
pub mod sockets;
pub mod storage;
pub mod tcp;
#[cfg(test)]
mod testing;
pub mod texts;
pub mod time;
