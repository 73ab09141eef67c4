//! The proof of the books (ABUSE.md L1, L2, L4, L6, L7, L8), on a live or copied database.
//!
//! One transaction reads the counters and how far the usage rows go. Rows are never changed and
//! come in the order of commits, so those up to there are what the counters count; they, and the
//! look-ups derived from them, are then read in pages, each a short read of its own, since a long
//! one keeps the log from being folded in. What is kept in memory grows with tokens and accounts,
//! not with rows: rows are compared by sums, and look-ups by a fingerprint (`sums.rs`).
//!
//! * `counters.rs`: what is stored as sums, at one moment.
//! * `entries.rs`: entries, corrections, and what was pruned.
//! * `redemptions.rs`: uses of codes.
//! * `attempts.rs`: what failed attempts cost.
//! * `book.rs`: the same sums made again from the rows.
//! * `faults.rs`: what was found.

mod attempts;
mod book;
mod counters;
mod entries;
mod faults;
mod redemptions;
mod sums;

use crate::sql::Pool;
use crate::{Location, StoreError, database};
use book::Book;
use counters::Counters;

/// How often it begins anew when rows were pruned under it.
const TRIES_MAX: u32 = 10;

/// What one invariant's check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The invariant.
    pub name: &'static str,
    /// Whether it holds.
    pub ok: bool,
    /// What was compared, or the first fault and how many there are.
    pub detail: String,
}

pub(crate) async fn verify_at(location: &Location) -> Result<Vec<Check>, StoreError> {
    let readers = database::readers(location).await?;
    let checks = verify(&readers).await;
    readers.close().await;
    checks
}

pub(crate) async fn verify(readers: &Pool) -> Result<Vec<Check>, StoreError> {
    for _ in 0..TRIES_MAX {
        let counters = Counters::read(readers).await?;
        let pruned_upto = counters.pruned_upto;
        let mut book = Book::new(counters);
        book.read_rows(readers).await?;
        book.read_lookups(readers).await?;
        if counters::pruned_upto(readers).await? == pruned_upto {
            return Ok(book.checks());
        }
    }
    Err(StoreError::unavailable("usage is being pruned; prove the books when that is done"))
}
