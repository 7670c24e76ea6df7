//! Connections, subscriptions and fan-out, blind to payloads.
//!
//! Owns the state of each connection's protocol, its bounded send queue, the hub that encodes a publication once for all
//! who want the same bytes, resuming without hole or double, heart-beats, receipts, transactions and the ways to end a
//! connection. It knows no feature, no database, no JSON: who may do what, and what a body means, is asked of an [`App`].
//! Bytes come and go through `transport`: WebSocket, SockJS, or a plain stream such as TCP.

mod app;
mod broker;
pub mod code;
mod connection;
mod dialect;
mod driver;
mod hub;
mod limits;
mod metric;
mod negotiation;
mod outbox;
mod queue;
mod recent;
mod registry;
mod subscription;
mod transactions;
mod transport;
mod upgrade;

pub use app::{
    Accepted, App, BoxFuture, Cause, Close, Completion, Grant, Publication, ReceiptHeaders, Refusal, RefusedAt,
    SendFrame, Topic, UserId,
};
pub use broker::{Broker, Counts, Raw};
pub use connection::{Connection, SubscriptionInfo};
pub use dialect::Dialect;
pub use limits::{ConnectionsPerUserPolicy, Limits};
pub use transport::sockjs;
pub use upgrade::{NoHandshake, Upgrade};
