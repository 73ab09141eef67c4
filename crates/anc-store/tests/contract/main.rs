//! What the store promises, whatever the engine: a second engine joins by its own `fresh_store`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests are tests too")]

mod catalog;
mod crash;
mod feed;
mod holds;
mod model;
mod money;
mod people;
mod secrets;
mod support;
mod tokens;
mod usage;
mod verify;
