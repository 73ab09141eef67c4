//! The binary as people run it, against a scripted provider on a socket.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod errors;
mod faults;
mod first_walk;
mod money;
mod revocation;
mod secrets;
mod support;
