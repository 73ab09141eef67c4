//! How fast and how wide an API token may be used, and all tokens of an account together: requests a
//! minute, units a minute, requests at once. In this process; several nodes count each for itself.
//!
//! # To add …
//! * a kind of rate: a field of [`Rates`], a bucket in `local.rs`, a variant of [`Rate`].
//! * a place where several nodes count together: a module beside `local.rs` with the same verdicts.

mod bucket;
mod local;

pub use local::{LocalLimits, Permit};

use std::time::Duration;

use anc_domain::{AccountId, ApiTokenId};

/// The limits of a token or an account; `None` is unlimited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Requests a minute.
    pub requests_per_minute: Option<u64>,
    /// Input and output units a minute.
    pub units_per_minute: Option<u64>,
    /// Requests at once.
    pub concurrency: Option<u64>,
}

impl Rates {
    /// Whether nothing is limited.
    pub const fn is_unlimited(&self) -> bool {
        self.requests_per_minute.is_none()
            && self.units_per_minute.is_none()
            && self.concurrency.is_none()
    }
}

/// Whose limit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limited {
    /// An API token, by its own rates.
    ApiToken(ApiTokenId),
    /// An account, by its tier's.
    Account(AccountId),
}

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// Requests a minute.
    Requests,
    /// Units a minute.
    Units,
    /// Requests at once.
    Concurrency,
}

/// A request that comes too soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooFast {
    /// Whose limit.
    pub of: Limited,
    /// Which limit.
    pub rate: Rate,
    /// How much it allows.
    pub limit: u64,
    /// When the same request would pass, if nothing else comes in between.
    pub retry_after: Duration,
}
