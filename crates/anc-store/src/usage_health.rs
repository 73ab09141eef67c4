//! How channels and models do, hour by hour, and who spends most: what operators look at.

use std::collections::BTreeMap;

use anc_domain::{AccountId, ChannelId, ModelName, NanoUsd, UnixMillis};
use anc_ledger::EndReason;

use crate::sql::query;
use crate::usage::{HOUR_MILLIS, WATERMARK};
use crate::usage_digest::hour_of;
use crate::{StoreError, UsageView, row};

/// The most accounts that are told apart.
const ACCOUNTS_MAX: i64 = 8;

/// What an account came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountSum {
    /// The account.
    pub account: AccountId,
    /// How many requests.
    pub requests: u64,
    /// What they cost.
    pub charge: NanoUsd,
}

/// How the requests of an hour ended that one channel answered last, for one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthHour {
    /// Where the hour begins.
    pub start: UnixMillis,
    /// The channel that was called last.
    pub channel: ChannelId,
    /// The name that the clients asked for.
    pub model: ModelName,
    /// What came of them.
    pub outcome: Outcome,
}

/// Requests, and how many of them a provider or the relay failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// All.
    pub requests: u64,
    /// The failed ones among them.
    pub failed: u64,
}

impl Outcome {
    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.failed += other.failed;
    }
}

impl UsageView<'_> {
    /// The accounts that cost most from an hour on, the dearest first, the newest requests included.
    pub async fn dearest_accounts(&self, since: UnixMillis) -> Result<Vec<AccountSum>, StoreError> {
        let rows: Vec<(i64, i64, i64)> = query(format!(
            "with part as (
                 select account_id, requests, charge
                 from usage_account_hour
                 where hour >= $1
                 and account_id <> 0
                 union all
                 select account_id, 1, charge
                 from usage
                 where seq > (select seq from follower_watermark where name = $2)
                 and created_at / {HOUR_MILLIS} >= $1
             )
             select account_id, cast(sum(requests) as bigint), cast(sum(charge) as bigint)
             from part
             group by account_id
             order by 3 desc, 2 desc, account_id
             limit $3"
        ))
        .bind(hour_of(since))
        .bind(WATERMARK)
        .bind(ACCOUNTS_MAX)
        .fetch_all(&self.db.readers)
        .await?;
        rows.into_iter()
            .map(|(account, requests, charge)| {
                Ok(AccountSum {
                    account: AccountId::from_i64(account),
                    requests: row::count(requests)?,
                    charge: NanoUsd::from_nanos(charge),
                })
            })
            .collect()
    }

    /// How requests ended from an hour on, by hour, channel and model, the newest requests included.
    /// What no channel was called for is left out; a request that another channel took over counts
    /// with that one.
    pub async fn health(&self, since: UnixMillis) -> Result<Vec<HealthHour>, StoreError> {
        let rows: Vec<(i64, i64, String, String, i64)> = query(format!(
            "with part as (
                 select hour, channel_id, model, end_reason, requests
                 from usage_channel_outcome
                 where hour >= $1
                 and channel_id <> 0
                 union all
                 select created_at / {HOUR_MILLIS}, channel_id, model, end_reason, 1
                 from usage
                 where seq > (select seq from follower_watermark where name = $2)
                 and created_at / {HOUR_MILLIS} >= $1
                 and channel_id is not null
             )
             select hour, channel_id, model, end_reason, cast(sum(requests) as bigint)
             from part
             group by hour, channel_id, model, end_reason"
        ))
        .bind(hour_of(since))
        .bind(WATERMARK)
        .fetch_all(&self.db.readers)
        .await?;
        let mut hours: BTreeMap<(i64, i64, String), Outcome> = BTreeMap::new();
        for (hour, channel, model, end, requests) in rows {
            let end = EndReason::from_name(&end)
                .ok_or_else(|| StoreError::corrupt("an unknown end of a request"))?;
            let requests = row::count(requests)?;
            let failed = if end.is_failure() { requests } else { 0 };
            hours.entry((hour, channel, model)).or_default().add(Outcome { requests, failed });
        }
        hours
            .into_iter()
            .map(|((hour, channel, model), outcome)| {
                Ok(HealthHour {
                    start: UnixMillis::from_millis(hour * HOUR_MILLIS),
                    channel: ChannelId::from_i64(channel),
                    model: model.parse().map_err(StoreError::corrupt)?,
                    outcome,
                })
            })
            .collect()
    }
}
