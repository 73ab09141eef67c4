//! ANC Relay: a self-hosted relay for LLM APIs. This crate is the one binary: it reads the
//! configuration, wires the pieces and serves both planes and the embedded console.

mod cli;
mod config;
mod console;
mod cors;
mod data_dir;
mod health;
mod listener;
mod logging;
mod metrics;
mod places;
mod planes;
mod request_guard;
mod retention;
mod serve;
mod simulated;
mod stall_guard;
mod wiring;

use std::process::ExitCode;

/// Less memory and time a request than the system's allocator under many small, short-lived ones.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main()
}
