//! Which channel next: pure decisions about attempts, without I/O, clock or dice.
//!
//! # To add …
//! * a rule of preference (priority, weight, health): a field of [`Candidate`] and its place in the
//!   order of `plan.rs`.
//! * a status that says something about a channel: a row in `outcome.rs`.

mod outcome;
mod plan;

pub use outcome::{Outcome, outcome_of_status};
pub use plan::{Candidate, NoPlan, plan};
