//! The broker over real sockets.

mod connecting;
mod ending;
mod publishing;
mod resuming;
mod sending;
mod support;
