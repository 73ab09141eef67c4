//! The control API as browsers and programs meet it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod contract;
mod dashboard;
mod keys;
mod payments;
mod payments_hostile;
mod payments_support;
mod support;
mod things;
