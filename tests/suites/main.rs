//! Maru from outside: real processes, real sockets, and the contract. Suites run on SQLite and on PostgreSQL where
//! something is stored.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod accounts;
mod afterwards;
mod agents;
mod clients;
mod desk;
mod endings;
mod examples;
mod frames;
mod hostile;
mod hours;
mod leaving;
mod life;
mod limits;
mod mail;
mod messages;
mod moves;
mod plans;
mod queue;
mod races;
mod raw;
mod rest;
mod resume;
mod rights;
mod rooms;
mod running;
mod slow;
mod sockjs;
mod storage;
mod unread;
mod ways;
