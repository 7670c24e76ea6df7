//! What the black-box suites stand on: real `maru` processes, a real PostgreSQL, and clients that speak to them over
//! sockets as anybody else's would. Knows the contract and nothing of the server's inside but its tables.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

pub mod checker;
mod database;
mod people;
mod raw;
mod relay;
mod rest;
mod server;
mod smtp;
mod stomp;
mod wait;
mod ways;

pub use database::{Db, Storage};
pub use ground::postgres::plans as postgres_plans;
pub use ground::process::{free_port, workspace};
use ground::{postgres, process};
pub use people::{Person, sign};
pub use raw::{Raw, RawConnect};
pub use relay::Relay;
pub use rest::{Answer, Rest};
pub use server::{Maru, Output, SECRET};
pub use smtp::{Smtp, mail_settings};
pub use stomp::{Closed, Connect, Entry, ErrorFrame, Feed, Receipt, Refused, Stomp, Subscribed};
pub use wait::{DEADLINE, until};
pub use ways::Way;
