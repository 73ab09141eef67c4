//! The binary as people run it, against a scripted provider on a socket.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod channels;
mod contract;
mod errors;
mod faults;
mod first_walk;
mod management;
mod money;
mod operations;
mod protocol_rules;
mod protocols;
mod revocation;
mod secrets;
mod several_nodes;
mod stored_responses;
mod support;
