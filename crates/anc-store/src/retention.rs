//! What is kept for a while only: usage rows, and what control writes leave behind.

use anc_domain::{NanoUsd, UnixMillis};

use crate::database::Database;
use crate::ledger::Ledger;
use crate::sql::query;
use crate::usage::{HOUR_MILLIS, WATERMARK};
use crate::{StoreError, row};

/// The fewest days that usage rows are kept where they are not kept for ever: longer than any
/// request runs, and long enough for disputes about the last month.
pub const USAGE_DAYS_MIN: u32 = 31;

/// Changes are for those who follow them within moments; a week is for those who look into what was.
const CHANGES_KEPT_MILLIS: i64 = 7 * 24 * HOUR_MILLIS;

/// What was sent, for those who look into why it did not arrive.
const OUTBOX_KEPT_MILLIS: i64 = 30 * 24 * HOUR_MILLIS;

/// Rows of one transaction.
const PAGE: i64 = 2_000;

/// What is, or would be, pruned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prunable {
    /// Usage rows.
    pub requests: u64,
    /// What they were charged.
    pub charge: NanoUsd,
}

/// What was pruned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Usage rows.
    pub requests: u64,
    /// Whether there may be more to prune.
    pub more: bool,
}

/// Retention's door.
#[derive(Clone, Copy)]
pub struct Retention<'a> {
    pub(crate) db: &'a Database,
    pub(crate) ledger: &'a Ledger,
}

impl Retention<'_> {
    /// What [`Retention::prune_usage`] would remove.
    pub async fn prunable(&self, before: UnixMillis) -> Result<Prunable, StoreError> {
        // Rows go from the oldest on, up to the first that stays.
        let (requests, charge): (i64, i64) = query(
            "select count(*), cast(coalesce(sum(charge), 0) as bigint)
             from usage
             where seq <= (select seq from follower_watermark where name = $1)
             and seq < (select max(seq) from usage)
             and seq < coalesce(
                 (select seq from usage where created_at >= $2 order by seq limit 1),
                 9223372036854775807
             )",
        )
        .bind(WATERMARK)
        .bind(whole_hour(before).as_millis())
        .fetch_one(&self.db.readers)
        .await?;
        Ok(Prunable { requests: row::count(requests)?, charge: NanoUsd::from_nanos(charge) })
    }

    /// Removes usage rows of requests that ended before the hour of `before`, at most `pages` pages
    /// of a thousand, each in a transaction of the ledger writer. Balances, used quotas and sums stay
    /// what they are.
    pub async fn prune_usage(&self, before: UnixMillis, pages: u32) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned { requests: 0, more: true };
        for _ in 0..pages {
            let page = self.ledger.prune(whole_hour(before)).await?;
            if page.rows == 0 {
                return Ok(Pruned { more: false, ..pruned });
            }
            pruned.requests += page.rows;
            metrics::counter!("anc_pruned_rows_total", "table" => "usage").increment(page.rows);
        }
        Ok(pruned)
    }

    /// Removes changes that everybody has seen, sessions and repeatable answers that are over, and
    /// audit notes and sign-ins from before `audit_before` and `sign_ins_before`, where there are
    /// such times.
    pub async fn prune_rest(
        &self,
        audit_before: Option<UnixMillis>,
        sign_ins_before: Option<UnixMillis>,
    ) -> Result<(), StoreError> {
        let now = self.db.now().as_millis();
        // The newest change stays: the feed goes on from it.
        self.prune_table(
            "change",
            "delete from change
             where seq in (
                 select seq
                 from change
                 where created_at < $1
                 and seq < (select max(seq) from change)
                 order by seq
                 limit $2
             )",
            now - CHANGES_KEPT_MILLIS,
        )
        .await?;
        self.prune_table(
            "session",
            "delete from session
             where hash in (select hash from session where expires_at <= $1 limit $2)",
            now,
        )
        .await?;
        self.prune_table(
            "outbox",
            "delete from outbox
             where seq in (
                 select seq
                 from outbox
                 where created_at < $1
                 and next_try_at is null
                 order by created_at
                 limit $2
             )",
            now - OUTBOX_KEPT_MILLIS,
        )
        .await?;
        if let Some(before) = sign_ins_before {
            self.prune_table(
                "sign_in",
                "delete from sign_in
                 where seq in (
                     select seq
                     from sign_in
                     where created_at < $1
                     order by seq
                     limit $2
                 )",
                before.as_millis(),
            )
            .await?;
        }
        if let Some(before) = audit_before {
            self.prune_table(
                "audit",
                "delete from audit
                 where seq in (
                     select seq
                     from audit
                     where created_at < $1
                     order by seq
                     limit $2
                 )",
                before.as_millis(),
            )
            .await?;
        }
        Ok(())
    }

    async fn prune_table(
        &self,
        table: &'static str,
        delete: &'static str,
        before: i64,
    ) -> Result<(), StoreError> {
        loop {
            let mut tx = self.db.write().await?;
            let gone = query(delete).bind(before).bind(PAGE).execute(&mut tx).await?;
            tx.commit().await?;
            metrics::counter!("anc_pruned_rows_total", "table" => table).increment(gone);
            if gone < PAGE.unsigned_abs() {
                return Ok(());
            }
        }
    }
}

/// The beginning of the hour: hourly sums of an hour are of all its rows, or of none that is left.
const fn whole_hour(at: UnixMillis) -> UnixMillis {
    UnixMillis::from_millis(at.as_millis().div_euclid(HOUR_MILLIS).saturating_mul(HOUR_MILLIS))
}
