//! Support: a customer and an agent, with a queue, grace periods and history.

pub mod rules;
