//! The proof of the books (ABUSE.md L1, L2, L4, L6, L7, L8), on a live or copied database.
//!
//! One short transaction reads the counters and how far the usage rows go. Rows are never changed
//! and come in the order of commits, so those up to there are what the counters count; they are
//! then read in pages, each a short read of its own, since a long one keeps the log from being
//! folded in.

mod book;

use crate::sql::Pool;
use crate::{Location, StoreError, database};
use book::{Book, Counters};

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
    let counters = Counters::read(readers).await?;
    let mut book = Book::new(&counters);
    let mut after = 0;
    while let Some(last) = book.add_page(readers, after).await? {
        after = last;
    }
    Ok(book.checks())
}
