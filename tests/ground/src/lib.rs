//! What unit tests and black-box suites both stand on: processes and folders that end with the run, and a PostgreSQL.
//! Knows nothing of Maru.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

pub mod postgres;
pub mod process;
