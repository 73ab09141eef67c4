//! A period of usage at a glance, and beside it the period before.

use anc_domain::{AccountId, ApiTokenId, NanoUsd, UnixMillis};
use anc_ledger::EndReason;

use crate::sql::query;
use crate::usage::{HOUR_MILLIS, INPUT_UNITS, OUTPUT_UNITS, WATERMARK, account_or_all, rows_of};
use crate::{StoreError, UsageView, row};

mod dearest;

/// Where the spans end by which times to the first content are counted, in milliseconds. Migration
/// 0012 has them too: another set of spans needs the table to be derived anew.
const SPAN_ENDS: [i64; 19] = [
    100, 150, 200, 300, 400, 500, 700, 1_000, 1_500, 2_000, 3_000, 4_000, 5_000, 7_000, 10_000,
    15_000, 20_000, 30_000, 60_000,
];

/// Where the last span ends: nothing is waited for longer.
const SPAN_END_LAST: i64 = 3_600_000;

/// The first hour of 1970 was the fourth day of a week that begins on Monday.
const HOURS_BEFORE_1970: i64 = 3 * 24;
const HOURS_OF_WEEK: i64 = 7 * 24;

/// The most tokens that are told apart.
const TOKENS_MAX: i64 = 8;

/// Which period.
#[derive(Debug, Clone, Copy)]
pub struct DigestQuery {
    /// Only this account's.
    pub account: Option<AccountId>,
    /// Where the period begins: with the hour that contains this time. It lasts until now.
    pub since: UnixMillis,
    /// Where the period before begins, which lasts until `since`.
    pub before: UnixMillis,
}

/// A period of usage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digest {
    /// The period.
    pub now: PeriodSums,
    /// The one before.
    pub before: PeriodSums,
    /// The tokens of the period that cost most, the dearest first.
    pub tokens: Vec<TokenSum>,
    /// The hours of the week in which anything was called.
    pub week: Vec<WeekHourSum>,
    /// How the period's requests ended, the most frequent first.
    pub ends: Vec<(EndReason, u64)>,
}

/// What a period came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PeriodSums {
    /// How many requests.
    pub requests: u64,
    /// How many of them a provider or the relay failed.
    pub failed: u64,
    /// What they cost.
    pub charge: NanoUsd,
    /// Their units of input, cached ones included.
    pub input_units: u64,
    /// Their units of output, reasoning included.
    pub output_units: u64,
    /// The median time to the first content in milliseconds, estimated from counts by spans of time.
    pub first_token_ms: Option<u64>,
}

/// What a token came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenSum {
    /// The token.
    pub token: ApiTokenId,
    /// How many requests.
    pub requests: u64,
    /// What they cost.
    pub charge: NanoUsd,
}

/// What one hour of the week came to, over all weeks of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekHourSum {
    /// Hours since Monday, in universal time.
    pub hour: u64,
    /// How many requests.
    pub requests: u64,
    /// What they cost.
    pub charge: NanoUsd,
}

/// Requests by the span of time in which their first content came.
type Waits = Vec<(i64, u64)>;

/// The span of a row of `usage`, by its end.
pub(crate) fn span_of_row() -> String {
    let spans = SPAN_ENDS.map(|end| format!("when first_token_ms < {end} then {end} ")).concat();
    format!("case {spans}when first_token_ms is null then 0 else {SPAN_END_LAST} end")
}

/// Hourly sums from `$2` on, with those of the tail.
fn hourly_part(account: Option<AccountId>) -> String {
    let whose = rows_of(account);
    format!(
        "with part as (
             select hour, requests, charge, input_units, output_units
             from usage_account_hour
             where account_id = $1
             and hour >= $2
             union all
             select created_at / {HOUR_MILLIS}, 1, charge, {INPUT_UNITS}, {OUTPUT_UNITS}
             from usage
             where seq > (select seq from follower_watermark where name = $3)
             and {whose}
             and created_at / {HOUR_MILLIS} >= $2
         )"
    )
}

pub(crate) const fn hour_of(time: UnixMillis) -> i64 {
    time.as_millis().div_euclid(HOUR_MILLIS)
}

impl UsageView<'_> {
    /// A period at a glance, the newest requests included.
    pub async fn digest(&self, wanted: DigestQuery) -> Result<Digest, StoreError> {
        let mut digest = self.periods(wanted).await?;
        digest.tokens = self.dearest_tokens(wanted).await?;
        digest.week = self.week_hours(wanted).await?;
        Ok(digest)
    }

    /// The same without tokens and hours of the week.
    pub async fn periods(&self, wanted: DigestQuery) -> Result<Digest, StoreError> {
        let mut digest = Digest::default();
        self.add_charges(wanted, &mut digest).await?;
        self.add_outcomes(wanted, &mut digest).await?;
        Ok(digest)
    }

    /// What an account was charged from an hour on, the newest requests included.
    pub async fn charged_since(
        &self,
        account: AccountId,
        since: UnixMillis,
    ) -> Result<NanoUsd, StoreError> {
        let charged = query(format!(
            "{}
             select cast(coalesce(sum(charge), 0) as bigint)
             from part",
            hourly_part(Some(account))
        ))
        .bind(account.as_i64())
        .bind(hour_of(since))
        .bind(WATERMARK)
        .fetch_value(&self.db.readers)
        .await?;
        Ok(NanoUsd::from_nanos(charged))
    }

    async fn add_charges(
        &self,
        wanted: DigestQuery,
        digest: &mut Digest,
    ) -> Result<(), StoreError> {
        let rows: Vec<(i64, i64, i64, i64, i64)> = query(format!(
            "{}
             select cast(case when hour >= $4 then 1 else 0 end as bigint) as is_now,
                    cast(sum(requests) as bigint), cast(sum(charge) as bigint),
                    cast(sum(input_units) as bigint), cast(sum(output_units) as bigint)
             from part
             group by 1",
            hourly_part(wanted.account)
        ))
        .bind(account_or_all(wanted.account))
        .bind(hour_of(wanted.before))
        .bind(WATERMARK)
        .bind(hour_of(wanted.since))
        .fetch_all(&self.db.readers)
        .await?;
        for (is_now, requests, charge, input, output) in rows {
            let period = if is_now == 1 { &mut digest.now } else { &mut digest.before };
            period.requests = row::count(requests)?;
            period.charge = NanoUsd::from_nanos(charge);
            period.input_units = row::count(input)?;
            period.output_units = row::count(output)?;
        }
        Ok(())
    }

    async fn add_outcomes(
        &self,
        wanted: DigestQuery,
        digest: &mut Digest,
    ) -> Result<(), StoreError> {
        let whose = rows_of(wanted.account);
        let span = span_of_row();
        let rows: Vec<(i64, String, i64, i64)> = query(format!(
            "with part as (
                 select hour, end_reason, first_token_ms_to as span, requests
                 from usage_outcome_hourly
                 where account_id = $1
                 and hour >= $2
                 union all
                 select created_at / {HOUR_MILLIS}, end_reason, {span}, 1
                 from usage
                 where seq > (select seq from follower_watermark where name = $3)
                 and {whose}
                 and created_at / {HOUR_MILLIS} >= $2
             )
             select cast(case when hour >= $4 then 1 else 0 end as bigint) as is_now,
                    end_reason, span, cast(sum(requests) as bigint)
             from part
             group by 1, end_reason, span
             order by span"
        ))
        .bind(account_or_all(wanted.account))
        .bind(hour_of(wanted.before))
        .bind(WATERMARK)
        .bind(hour_of(wanted.since))
        .fetch_all(&self.db.readers)
        .await?;
        let (mut waits_now, mut waits_before) = (Waits::new(), Waits::new());
        for (is_now, end, span, requests) in rows {
            let end = EndReason::from_name(&end)
                .ok_or_else(|| StoreError::corrupt("an unknown end of a request"))?;
            let requests = row::count(requests)?;
            let (period, waits) = if is_now == 1 {
                match digest.ends.iter_mut().find(|(known, _)| *known == end) {
                    Some((_, sum)) => *sum += requests,
                    None => digest.ends.push((end, requests)),
                }
                (&mut digest.now, &mut waits_now)
            } else {
                (&mut digest.before, &mut waits_before)
            };
            if end.is_failure() {
                period.failed += requests;
            }
            match waits.last_mut() {
                _ if span == 0 => {}
                Some((last, sum)) if *last == span => *sum += requests,
                _ => waits.push((span, requests)),
            }
        }
        digest.ends.sort_by_key(|(_, requests)| std::cmp::Reverse(*requests));
        digest.now.first_token_ms = median(&waits_now);
        digest.before.first_token_ms = median(&waits_before);
        Ok(())
    }

    async fn dearest_tokens(&self, wanted: DigestQuery) -> Result<Vec<TokenSum>, StoreError> {
        dearest::dearest(&self.db.readers, wanted.account, hour_of(wanted.since))
            .await?
            .into_iter()
            .map(|(token, requests, charge)| {
                Ok(TokenSum {
                    token: ApiTokenId::from_i64(token),
                    requests: row::count(requests)?,
                    charge: NanoUsd::from_nanos(charge),
                })
            })
            .collect()
    }

    async fn week_hours(&self, wanted: DigestQuery) -> Result<Vec<WeekHourSum>, StoreError> {
        let rows: Vec<(i64, i64, i64)> = query(format!(
            "{}
             select (hour + {HOURS_BEFORE_1970}) % {HOURS_OF_WEEK} as week_hour,
                    cast(sum(requests) as bigint), cast(sum(charge) as bigint)
             from part
             group by 1
             order by 1",
            hourly_part(wanted.account)
        ))
        .bind(account_or_all(wanted.account))
        .bind(hour_of(wanted.since))
        .bind(WATERMARK)
        .fetch_all(&self.db.readers)
        .await?;
        rows.into_iter()
            .map(|(hour, requests, charge)| {
                Ok(WeekHourSum {
                    hour: row::count(hour)?,
                    requests: row::count(requests)?,
                    charge: NanoUsd::from_nanos(charge),
                })
            })
            .collect()
    }
}

/// The middle of what was counted by spans, shortest first: within its span, as far as half of all
/// reaches into it. The last span has no middle.
fn median(waits: &Waits) -> Option<u64> {
    let all: u64 = waits.iter().map(|(_, requests)| requests).sum();
    let mut passed = 0;
    for &(end, requests) in waits {
        if (passed + requests) * 2 >= all && requests > 0 {
            let start = SPAN_ENDS.iter().rev().find(|known| **known < end).copied().unwrap_or(0);
            let width = if end == SPAN_END_LAST { 0 } else { u64::try_from(end - start).ok()? };
            let reached = all.saturating_sub(2 * passed);
            return Some(u64::try_from(start).ok()? + width * reached / (2 * requests));
        }
        passed += requests;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_within_its_span() {
        assert_eq!(median(&Vec::new()), None);
        assert_eq!(median(&vec![(300, 1)]), Some(250));
        // Ten of a hundred lie before the span; forty of its eighty reach the middle.
        assert_eq!(median(&vec![(200, 10), (300, 80), (60_000, 10)]), Some(250));
        assert_eq!(median(&vec![(3_600_000, 1)]), Some(60_000));
    }
}
