//! The sums of one account, as at one moment.

use std::collections::{BTreeMap, HashMap};

use anc_domain::{AccountId, NanoUsd};
use anc_ledger::Zone;
use sqlx::FromRow;

use super::{LAST_HOUR, LinePlace, Range, start_of};
use crate::sql::{Pool, Tx, query};
use crate::usage::{HOUR_MILLIS, WATERMARK};
use crate::{EntryKind, StoreError, row};

/// What is read in one snapshot.
pub(super) struct Reading {
    tx: Tx,
    account: i64,
    pub(super) zone: Zone,
    balance: i64,
    /// Rows beyond are not in the hourly sums.
    mark: i64,
    /// Milliseconds since 1970; rows before are gone.
    pub(super) pruned_before: i64,
}

#[derive(Debug, FromRow)]
pub(super) struct EntryRow {
    seq: i64,
    kind: String,
    pub(super) amount: i64,
    pub(super) reason: String,
    pub(super) cause: String,
    created_at: i64,
    pub(super) balance_after: Option<i64>,
}

impl EntryRow {
    pub(super) const fn place(&self) -> LinePlace {
        LinePlace { at: self.created_at, seq: self.seq }
    }

    pub(super) const fn hour(&self) -> i64 {
        self.created_at.div_euclid(HOUR_MILLIS)
    }

    pub(super) fn kind(&self) -> Result<EntryKind, StoreError> {
        EntryKind::from_name(&self.kind)
            .ok_or_else(|| StoreError::corrupt("an unknown kind of a ledger entry"))
    }
}

impl Reading {
    pub(super) async fn begin(readers: &Pool, account: AccountId) -> Result<Self, StoreError> {
        let mut tx = readers.snapshot().await?;
        let found: Option<(i64, String, i64, i64)> = query(
            "select b.balance, a.time_zone,
                    (select seq from follower_watermark where name = $2),
                    (select case when seq > 0 then before else 0 end from usage_pruning)
             from account_balance b
             join account a on a.id = b.account_id
             where b.account_id = $1",
        )
        .bind(account.as_i64())
        .bind(WATERMARK)
        .fetch_optional(&mut tx)
        .await?;
        let (balance, zone, mark, pruned_before) =
            found.ok_or(StoreError::Conflict("the account does not exist"))?;
        let (account, zone) = (account.as_i64(), row::zone(&zone));
        Ok(Self { tx, account, zone, balance, mark, pruned_before })
    }

    /// Entries, newest first, but for those that took over charges of pruned rows.
    pub(super) async fn entries(
        &mut self,
        range: &Range,
        kind: Option<EntryKind>,
        limit: usize,
    ) -> Result<Vec<EntryRow>, StoreError> {
        let mut sql = query(
            "select seq, kind, amount, reason, cause, created_at, balance_after
             from ledger_entry
             where account_id = $1
             and created_at >= $2
             and created_at < $3
             and kind <> 'usage_summary'",
        )
        .bind(self.account)
        .bind(start_of(range.first).as_millis())
        .bind(start_of(range.end).as_millis());
        if let Some(kind) = kind {
            sql.push(" and kind = ").push_bind(kind.name());
        }
        if let Some(before) = range.before {
            sql.push(" and (created_at, seq) < (").push_bind(before.at);
            sql.push(", ").push_bind(before.seq).push(")");
        }
        let limit = i64::try_from(limit).map_err(StoreError::corrupt)?;
        sql.push(" order by created_at desc, seq desc limit ").push_bind(limit);
        Ok(sql.fetch_all(&mut self.tx).await?)
    }

    /// What entries moved from an hour on, up to and with the one at a place.
    pub(super) async fn entries_between(
        &mut self,
        first: i64,
        last: LinePlace,
    ) -> Result<i64, StoreError> {
        let moved = query(
            "select cast(coalesce(sum(amount), 0) as bigint)
             from ledger_entry
             where account_id = $1
             and created_at >= $2
             and (created_at, seq) <= ($3, $4)
             and kind <> 'usage_summary'",
        )
        .bind(self.account)
        .bind(start_of(first).as_millis())
        .bind(last.at)
        .bind(last.seq)
        .fetch_value(&mut self.tx)
        .await?;
        Ok(moved)
    }

    /// Requests and charges by hour, newest first, as the hourly sums have them.
    pub(super) async fn derived_hours(
        &mut self,
        first: i64,
        end: i64,
        limit: usize,
    ) -> Result<Vec<(i64, i64, i64)>, StoreError> {
        let rows = query(
            "select hour, cast(sum(requests) as bigint), cast(sum(charge) as bigint)
             from usage_account_hour
             where account_id = $1
             and hour >= $2
             and hour < $3
             group by hour
             order by hour desc
             limit $4",
        )
        .bind(self.account)
        .bind(first)
        .bind(end)
        .bind(i64::try_from(limit).map_err(StoreError::corrupt)?)
        .fetch_all(&mut self.tx)
        .await?;
        Ok(rows)
    }

    /// The same of the rows that the hourly sums do not contain yet.
    pub(super) async fn tail_hours(
        &mut self,
        first: i64,
        end: i64,
    ) -> Result<Vec<(i64, i64, i64)>, StoreError> {
        let rows = query(format!(
            "select created_at / {HOUR_MILLIS}, count(*), cast(sum(charge) as bigint)
             from usage
             where seq > $1
             and account_id = $2
             and created_at / {HOUR_MILLIS} >= $3
             and created_at / {HOUR_MILLIS} < $4
             group by created_at / {HOUR_MILLIS}"
        ))
        .bind(self.mark)
        .bind(self.account)
        .bind(first)
        .bind(end)
        .fetch_all(&mut self.tx)
        .await?;
        Ok(rows)
    }

    /// The balance when an hour began.
    pub(super) async fn balance_at(&mut self, hour: i64) -> Result<NanoUsd, StoreError> {
        let balances = self.balances_at(&[hour]).await?;
        Ok(NanoUsd::from_nanos(balances.get(&hour).copied().unwrap_or_default()))
    }

    /// The balances when some hours began.
    pub(super) async fn balances_at(
        &mut self,
        hours: &[i64],
    ) -> Result<HashMap<i64, i64>, StoreError> {
        let (Some(lowest), Some(highest)) = (hours.iter().min(), hours.iter().max()) else {
            return Ok(HashMap::new());
        };
        let mut balance = self.balance - self.moved(*highest, LAST_HOUR).await?;
        let moved = self.moved_by_hour(*lowest, *highest).await?;
        let mut wanted = hours.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let (mut balances, mut behind) = (HashMap::new(), *highest);
        for hour in wanted.into_iter().rev() {
            balance -= moved.range(hour..behind).map(|(_, moved)| moved).sum::<i64>();
            balances.insert(hour, balance);
            behind = hour;
        }
        Ok(balances)
    }

    /// By how much the balance moved from one hour on and before another.
    async fn moved(&mut self, first: i64, end: i64) -> Result<i64, StoreError> {
        if first >= end {
            return Ok(0);
        }
        let entries: i64 = query(
            "select cast(coalesce(sum(amount), 0) as bigint)
             from ledger_entry
             where account_id = $1
             and created_at >= $2
             and created_at < $3
             and kind <> 'usage_summary'",
        )
        .bind(self.account)
        .bind(start_of(first).as_millis())
        .bind(start_of(end).as_millis())
        .fetch_value(&mut self.tx)
        .await?;
        let charges: i64 = query(
            "select cast(coalesce(sum(charge), 0) as bigint)
             from usage_account_hour
             where account_id = $1
             and hour >= $2
             and hour < $3",
        )
        .bind(self.account)
        .bind(first)
        .bind(end)
        .fetch_value(&mut self.tx)
        .await?;
        let tail = self.tail_hours(first, end).await?;
        Ok(entries - charges - tail.into_iter().map(|(_, _, charge)| charge).sum::<i64>())
    }

    /// The same by hour.
    async fn moved_by_hour(
        &mut self,
        first: i64,
        end: i64,
    ) -> Result<BTreeMap<i64, i64>, StoreError> {
        if first >= end {
            return Ok(BTreeMap::new());
        }
        let mut moved: BTreeMap<i64, i64> = BTreeMap::new();
        let entries: Vec<(i64, i64)> = query(format!(
            "select created_at / {HOUR_MILLIS}, cast(sum(amount) as bigint)
             from ledger_entry
             where account_id = $1
             and created_at >= $2
             and created_at < $3
             and kind <> 'usage_summary'
             group by created_at / {HOUR_MILLIS}"
        ))
        .bind(self.account)
        .bind(start_of(first).as_millis())
        .bind(start_of(end).as_millis())
        .fetch_all(&mut self.tx)
        .await?;
        for (hour, amount) in entries {
            *moved.entry(hour).or_default() += amount;
        }
        // As many as there are hours at most.
        let all = usize::try_from(end - first).map_err(StoreError::corrupt)?;
        let derived = self.derived_hours(first, end, all).await?;
        for (hour, _, charge) in derived.into_iter().chain(self.tail_hours(first, end).await?) {
            *moved.entry(hour).or_default() -= charge;
        }
        Ok(moved)
    }
}
