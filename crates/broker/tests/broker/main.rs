//! The broker over real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod behind;
mod connecting;
mod counting;
mod economy;
mod ending;
mod publishing;
mod raw;
mod registry;
mod resuming;
mod revoking;
mod rules;
mod sending;
mod sockjs;
mod sockjs_bounds;
mod support;
mod tcp;
