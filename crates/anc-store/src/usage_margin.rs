//! What requests brought in and what they cost the operator, by day and by what they went to.
//!
//! A margin is told of requests whose cost is known: what those were charged, less their cost. Rows
//! from before costs were noted have none, nor have those that a provider gave no answer to.

use anc_domain::{AccountId, ChannelId, MoneyError, NanoUsd, UnixMillis};
use sqlx::FromRow;

use crate::sql::query;
use crate::usage::{COST_COLUMNS, COST_OF_ROW, HOUR_MILLIS, WATERMARK};
use crate::{StoreError, UsageView, row};

const HOURS_OF_DAY: i64 = 24;

/// By what sums are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarginBy {
    /// The model that clients asked for.
    Model,
    /// The channel that answered.
    Channel,
    /// The account that was charged.
    Account,
}

/// Which sums.
#[derive(Debug, Clone, Copy)]
pub struct MarginQuery {
    /// By what.
    pub by: MarginBy,
    /// From the hour on that contains this time.
    pub since: UnixMillis,
    /// Only before the hour that contains this time.
    pub until: UnixMillis,
}

/// What some requests brought in and cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MarginSums {
    /// How many requests.
    pub requests: u64,
    /// What they were charged.
    pub charge: NanoUsd,
    /// What those cost whose cost is known, and the attempts that failed.
    pub cost: NanoUsd,
    /// The part of the cost that attempts had which failed and nobody was charged for.
    pub failed_cost: NanoUsd,
    /// Of how many requests the cost is known.
    pub costed_requests: u64,
    /// What those were charged.
    pub costed_charge: NanoUsd,
}

impl MarginSums {
    /// What is left of the charges whose cost is known; below zero where they did not cover it.
    pub const fn margin(&self) -> Result<NanoUsd, MoneyError> {
        self.costed_charge.checked_sub(self.cost)
    }
}

/// To what requests went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarginOf {
    /// To a model.
    Model(String),
    /// To a channel; `None` where none answered, or the record of it was pruned.
    Channel(Option<ChannelId>),
    /// For an account.
    Account(AccountId),
}

/// The sums of one model, channel or account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarginItem {
    /// Of which.
    pub of: MarginOf,
    /// What they came to.
    pub sums: MarginSums,
}

/// The sums of one day of universal time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarginDay {
    /// When it began.
    pub start: UnixMillis,
    /// What it came to.
    pub sums: MarginSums,
}

#[derive(FromRow)]
struct SumsRow {
    requests: i64,
    charge: i64,
    cost: i64,
    costed_requests: i64,
    costed_charge: i64,
    failed_cost: i64,
}

#[derive(FromRow)]
struct ItemRow {
    subject: String,
    #[sqlx(flatten)]
    sums: SumsRow,
}

#[derive(FromRow)]
struct DayRow {
    day: i64,
    #[sqlx(flatten)]
    sums: SumsRow,
}

const SUMS: &str = "cast(sum(requests) as bigint) as requests,
     cast(sum(charge) as bigint) as charge,
     cast(sum(cost) as bigint) as cost,
     cast(sum(costed_requests) as bigint) as costed_requests,
     cast(sum(costed_charge) as bigint) as costed_charge,
     cast(sum(failed_cost) as bigint) as failed_cost";

impl MarginBy {
    /// The table of sums, whose rows of it, and the subject in them, in a row of usage and of a
    /// failed attempt.
    const fn source(self) -> [&'static str; 5] {
        let channel = "cast(channel_id as text)";
        let account = "cast(account_id as text)";
        match self {
            Self::Model => ["usage_account_hour", "account_id = 0", "model", "model", "model"],
            Self::Account => ["usage_account_hour", "account_id <> 0", account, account, account],
            Self::Channel => [
                "usage_channel_hour",
                "channel_id >= 0",
                channel,
                "cast(coalesce(channel_id, 0) as text)",
                channel,
            ],
        }
    }

    /// Sums by hour from `$1` on and before `$2`, those of the tail beyond the watermark `$3`, and
    /// failed attempts.
    fn part(self) -> String {
        let [table, whose, of_sums, of_row, of_attempt] = self.source();
        format!(
            "with part as (
                 select hour, {of_sums} as subject, requests, charge, {COST_COLUMNS},
                        0 as failed_cost
                 from {table}
                 where {whose}
                 and hour >= $1
                 and hour < $2
                 union all
                 select created_at / {HOUR_MILLIS}, {of_row}, 1, charge, {COST_OF_ROW}, 0
                 from usage
                 where seq > (select seq from follower_watermark where name = $3)
                 and created_at / {HOUR_MILLIS} >= $1
                 and created_at / {HOUR_MILLIS} < $2
                 union all
                 select created_at / {HOUR_MILLIS}, {of_attempt}, 0, 0, cost, 0, 0, cost
                 from failed_attempt
                 where created_at >= $1 * {HOUR_MILLIS}
                 and created_at < $2 * {HOUR_MILLIS}
             )"
        )
    }

    fn of(self, subject: String) -> Result<MarginOf, StoreError> {
        let number = || subject.parse::<i64>().map_err(StoreError::corrupt);
        Ok(match self {
            Self::Model => MarginOf::Model(subject),
            Self::Channel => {
                let id = number()?;
                MarginOf::Channel((id != 0).then(|| ChannelId::from_i64(id)))
            }
            Self::Account => MarginOf::Account(AccountId::from_i64(number()?)),
        })
    }
}

const fn hour_of(time: UnixMillis) -> i64 {
    time.as_millis().div_euclid(HOUR_MILLIS)
}

impl SumsRow {
    fn sums(&self) -> Result<MarginSums, StoreError> {
        Ok(MarginSums {
            requests: row::count(self.requests)?,
            charge: NanoUsd::from_nanos(self.charge),
            cost: NanoUsd::from_nanos(self.cost),
            failed_cost: NanoUsd::from_nanos(self.failed_cost),
            costed_requests: row::count(self.costed_requests)?,
            costed_charge: NanoUsd::from_nanos(self.costed_charge),
        })
    }
}

impl UsageView<'_> {
    /// The models, channels or accounts that were charged most, at most `limit`; the newest requests
    /// included.
    pub async fn margins(
        &self,
        wanted: MarginQuery,
        limit: u32,
    ) -> Result<Vec<MarginItem>, StoreError> {
        let rows: Vec<ItemRow> = query(format!(
            "{}
             select subject, {SUMS}
             from part
             group by subject
             order by sum(charge) desc, sum(cost) desc, subject
             limit $4",
            wanted.by.part()
        ))
        .bind(hour_of(wanted.since))
        .bind(hour_of(wanted.until))
        .bind(WATERMARK)
        .bind(i64::from(limit))
        .fetch_all(&self.db.readers)
        .await?;
        rows.into_iter()
            .map(|item| Ok(MarginItem { sums: item.sums.sums()?, of: wanted.by.of(item.subject)? }))
            .collect()
    }

    /// What everything came to by day of universal time, oldest first; days without a request are
    /// left out.
    pub async fn margin_days(
        &self,
        since: UnixMillis,
        until: UnixMillis,
    ) -> Result<Vec<MarginDay>, StoreError> {
        let rows: Vec<DayRow> = query(format!(
            "{}
             select hour / {HOURS_OF_DAY} as day, {SUMS}
             from part
             group by hour / {HOURS_OF_DAY}
             order by hour / {HOURS_OF_DAY}",
            MarginBy::Channel.part()
        ))
        .bind(hour_of(since))
        .bind(hour_of(until))
        .bind(WATERMARK)
        .fetch_all(&self.db.readers)
        .await?;
        rows.into_iter()
            .map(|one| {
                let start = UnixMillis::from_millis(one.day * HOURS_OF_DAY * HOUR_MILLIS);
                Ok(MarginDay { start, sums: one.sums.sums()? })
            })
            .collect()
    }
}
