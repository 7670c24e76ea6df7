//! The broker over real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod connecting;
mod ending;
mod publishing;
mod resuming;
mod sending;
mod support;
