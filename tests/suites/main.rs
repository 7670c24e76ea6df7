//! Maru from outside: real processes, real sockets, and the contract. Suites run on SQLite and on PostgreSQL where
//! something is stored.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod desk;
mod leaving;
mod life;
