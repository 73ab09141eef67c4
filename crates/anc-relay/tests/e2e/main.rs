//! The binary as people run it, against a scripted provider on a socket.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod abuse_address;
mod abuse_body;
mod abuse_connection;
mod abuse_model;
mod abuse_provider;
mod abuse_time;
mod abuse_usage;
mod channels;
mod contract;
mod errors;
mod faults;
mod figures;
mod first_walk;
mod journal;
mod kill_rounds;
mod mail;
mod management;
mod money;
mod operations;
mod payments;
mod prices;
mod protocol_rules;
mod protocols;
mod providers;
mod redemptions;
mod revocation;
mod secrets;
mod several_nodes;
mod store_faults;
mod stored_responses;
mod support;
mod tiers;
