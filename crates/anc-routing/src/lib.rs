//! Which channel next: pure decisions about attempts, without I/O, clock or dice.
//!
//! # To add …
//! * a way to choose among equals: a variant of [`Choice`].
//! * a rule of preference (priority, weight, health): a field of [`Candidate`] and its place in the
//!   order of `plan.rs`.
//! * a status that says something about a channel: a row in `outcome.rs`.

mod affinity;
mod outcome;
mod plan;

pub use affinity::Affinity;
pub use outcome::{Outcome, outcome_of_status};
pub use plan::{Candidate, Choice, NoPlan, plan};
