//! The ledger's connection, whichever engine it is to.

use std::time::Duration;

use anc_domain::{UnixMillis, Usage};

use super::op::{Op, Verdict};
use super::orphan::Orphan;
use super::postgres::PgLedger;
use super::prune::PrunedPage;
use super::sqlite::SqliteLedger;
use crate::StoreError;

/// The writer's own connection.
pub(super) enum Engine {
    Sqlite(SqliteLedger),
    Postgres(PgLedger),
}

impl Engine {
    /// Runs every operation in one transaction: all of them or, where it fails, none. Where it is
    /// `Unavailable` it may be that a commit was done and its answer lost; each operation may
    /// therefore be asked for again. `Corrupt` means that one of them cannot be done.
    pub(super) fn run(&mut self, ops: &[Op], now: UnixMillis) -> Result<Vec<Verdict>, StoreError> {
        match self {
            Self::Sqlite(ledger) => ledger.run(ops, now),
            Self::Postgres(ledger) => ledger.run(ops, now),
        }
    }

    /// Prunes a page of the usage rows that ended before a time, in one transaction.
    pub(super) fn prune(
        &mut self,
        before: UnixMillis,
        now: UnixMillis,
    ) -> Result<PrunedPage, StoreError> {
        match self {
            Self::Sqlite(ledger) => ledger.prune(before, now),
            Self::Postgres(ledger) => ledger.prune(before, now),
        }
    }

    /// Writes what was seen of running answers.
    pub(super) fn write_progress(
        &mut self,
        progress: &[([u8; 16], Usage)],
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(ledger) => ledger.write_progress(progress),
            Self::Postgres(ledger) => ledger.write_progress(progress),
        }
    }

    /// Holds whose process is gone, in order of their requests, after `after`.
    pub(super) fn orphans(
        &mut self,
        after: &[u8],
        limit: i64,
        silent_for: Duration,
    ) -> Result<Vec<Orphan>, StoreError> {
        match self {
            // Nobody else can have the file.
            Self::Sqlite(ledger) => ledger.orphans(after, limit),
            Self::Postgres(ledger) => ledger.orphans(after, limit, silent_for),
        }
    }

    /// Says that this node lives, where others would want to know.
    pub(super) fn beat(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(ledger) => ledger.beat(),
        }
    }

    /// Whether other nodes write the same database.
    pub(super) const fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Ends in order.
    pub(super) fn close(self) {
        match self {
            Self::Sqlite(ledger) => ledger.close(),
            Self::Postgres(ledger) => ledger.close(),
        }
    }
}
