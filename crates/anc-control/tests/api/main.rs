//! The control API as browsers and programs meet it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod abuse;
mod access;
mod alerts;
mod alerts_sending;
mod alerts_support;
mod amounts;
mod contract;
mod dashboard;
mod factors;
mod keys;
mod matrix;
mod matrix_rows;
mod overview;
mod own_cost;
mod payments;
mod payments_hostile;
mod payments_support;
mod people;
mod price_imports;
mod providers;
mod providers_hostile;
mod providers_support;
mod redemptions;
mod registration;
mod step_up;
mod support;
mod things;
mod tiers;
