//! What the store promises, on SQLite. The other engine runs the same files: see `postgres.rs`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests are tests too")]

mod budgets;
mod catalog;
mod crash;
mod feed;
mod holds;
mod identities;
mod keys;
mod model;
mod model_run;
mod money;
mod own_cost;
mod payments;
mod people;
mod people_order;
mod price_import;
mod pruning;
mod redemptions;
mod resealing;
mod secrets;
mod seeding;
mod sign_in;
mod statement;
mod stored_responses;
mod support;
mod tiers;
mod tokens;
mod usage;
mod verify;

/// On what the suite runs.
const ON_POSTGRES: bool = false;
