//! Old usage rows go, and what they summed up to stays: one transaction for a page of them.
//!
//! Rows go from the oldest on, so that all that is gone lies up to one place in the order of
//! commits. For each account an entry takes over its charges, so that no balance moves; for tokens
//! and budget windows the sums are added to a table of what was pruned, which `verify` adds to the
//! rows that are left. Hourly sums stay, look-ups go with their rows.
//!
//! A row stays while the follower has not derived it, and the newest row of all stays: the file's
//! numbers go on from it.

use super::follower::added;
use crate::usage::{COST_COLUMNS, COST_SUMS, meter_columns, sums_of_meters};

/// Rows of one transaction: requests wait for it.
pub(super) const PAGE: i64 = 1_000;

/// What one page did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PrunedPage {
    /// How many rows went. None: there is nothing left to prune.
    pub(crate) rows: u64,
}

/// The last of the page's rows, and how many they are, by the page's length and the time from which
/// on rows stay. The page ends before the first row that stays, so nothing is searched for.
pub(super) const PAGE_END: &str = "with page as (
         select seq, created_at
         from usage
         where seq <= (select seq from follower_watermark where name = 'usage')
         and seq < (select max(seq) from usage)
         order by seq
         limit $1
     )
     select cast(coalesce(max(seq), 0) as bigint), count(*)
     from page
     where seq < coalesce(
         (select min(seq) from page where created_at >= $2), 9223372036854775807
     )";

/// Makes those who prune at once wait for each other; nobody else takes it. On PostgreSQL.
pub(super) const LOCK_PRUNING: &str = "select seq from usage_pruning where one = 1 for update";

/// The locks of the accounts up to `$1`, in the order in which the writers of all nodes take them.
pub(super) const LOCK_ACCOUNTS: &str = "select account_id
     from account_balance
     where account_id in (select account_id from usage where seq <= $1)
     order by account_id
     for update";

/// The charges of `$1` and all before as one entry for each account, at the time `$2`.
pub(super) const POST_SUMMARIES: &str = "insert into ledger_entry
         (account_id, kind, amount, reason, cause, created_at, balance_after)
     select u.account_id, 'usage_summary', -cast(sum(u.charge) as bigint),
            'requests whose records were removed',
            'usage_summary:' || cast(u.account_id as text) || ':' || cast(max(u.seq) as text),
            cast($2 as bigint), b.balance
     from usage u
     join account_balance b on b.account_id = u.account_id
     where u.seq <= $1
     group by u.account_id, b.balance
     having sum(u.charge) > 0";

/// Where the pruning is: up to `$1`, and from `$2` on nothing.
pub(super) const MOVE_ON: &str = "update usage_pruning
     set seq = $1,
         before = case when before > $2 then before else $2 end
     where one = 1";

/// What is done for the rows up to `$1`, in order, beside the entries.
pub(super) fn steps() -> Vec<String> {
    let (columns, sums) = (meter_columns(), sums_of_meters());
    let added = added("usage_pruned", &format!("requests, charge, {columns}, {COST_COLUMNS}"));
    let mut steps = vec![format!(
        "insert into usage_pruned (token_id, account_id, requests, charge, {columns},
             {COST_COLUMNS})
         select token_id, account_id, count(*), cast(sum(charge) as bigint), {sums}, {COST_SUMS}
         from usage
         where seq <= $1
         group by token_id, account_id
         on conflict (token_id) do update
         set {added}"
    )];
    steps.extend(["day", "week", "month"].map(|period| {
        format!(
            "insert into usage_pruned_window (token_id, period, start, charge)
             select token_id, '{period}', window_{period}, cast(sum(charge) as bigint)
             from usage
             where seq <= $1
             and window_{period} is not null
             group by token_id, window_{period}
             on conflict (token_id, period, start) do update
             set charge = usage_pruned_window.charge + excluded.charge"
        )
    }));
    steps.extend(
        [
            "update charge_correction
             set pruned = true
             where request_id in (select request_id from usage where seq <= $1)",
            "delete from usage_lookup
             where request_id in (select request_id from usage where seq <= $1)
             and seq <= $1",
            "delete from usage_by_token
             where (token_id, seq) in (select token_id, seq from usage where seq <= $1)",
            "delete from usage_by_account
             where (account_id, seq) in (select account_id, seq from usage where seq <= $1)",
            "delete from usage where seq <= $1",
        ]
        .map(str::to_owned),
    );
    steps
}
