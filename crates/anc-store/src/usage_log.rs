//! The usage rows as a log: filtered, in pages that do not shift, and summed over time.

use anc_domain::{AccountId, ApiTokenId, ModelName, NanoUsd, RequestId, UnixMillis};
use anc_ledger::EndReason;
use sqlx::FromRow;

use crate::sql::query;
use crate::usage::{
    HOUR_MILLIS, INPUT_UNITS, OUTPUT_UNITS, UsageRow, WATERMARK, account_or_all, rows_of,
};
use crate::{StoreError, UsageRecord, UsageView, row};

mod rows;

/// The most rows of one page.
const PAGE_MAX: u32 = 200;

/// Which requests to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct LogQuery {
    /// Only this account's.
    pub account: Option<AccountId>,
    /// Only this token's.
    pub token: Option<ApiTokenId>,
    /// Only of this model.
    pub model: Option<ModelName>,
    /// Only those that ended so.
    pub end_reason: Option<EndReason>,
    /// Only streams, or only buffered answers.
    pub stream: Option<bool>,
    /// Only the one of that id.
    pub request: Option<RequestId>,
    /// Only those that cost at least so much.
    pub charge_min: Option<NanoUsd>,
    /// Only those that ended from then on.
    pub since: Option<UnixMillis>,
    /// Only those that ended before.
    pub until: Option<UnixMillis>,
    /// Only those before this place: where the page before ended.
    pub before: Option<i64>,
    /// How many at most: 1 to 200.
    pub limit: u32,
}

/// A page of the log.
#[derive(Debug, Clone)]
pub struct LogPage {
    /// The requests, newest first.
    pub items: Vec<UsageRecord>,
    /// Where this page ended; `None` if it is the last.
    pub next: Option<i64>,
}

/// By what sums are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeriesBy {
    /// Each hour.
    Hour,
    /// Each day, in universal time.
    Day,
}

/// Which sums.
#[derive(Debug, Clone, Copy)]
pub struct SeriesQuery {
    /// Only this account's.
    pub account: Option<AccountId>,
    /// Only this token's.
    pub token: Option<ApiTokenId>,
    /// From the hour on that contains this time.
    pub since: UnixMillis,
    /// Only before the hour that contains this time.
    pub until: Option<UnixMillis>,
    /// By hour or by day.
    pub by: SeriesBy,
}

/// What one model cost in one hour or day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesPoint {
    /// When the hour or day began.
    pub start: UnixMillis,
    /// The model.
    pub model: String,
    /// How many requests.
    pub requests: u64,
    /// What they cost.
    pub charge: NanoUsd,
    /// Input units, cached ones included.
    pub input: u64,
    /// Output units, reasoning included.
    pub output: u64,
}

/// From where and with which program a token was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientUse {
    /// The address; empty where it is not known.
    pub address: String,
    /// The program's own name for itself.
    pub agent: String,
    /// To the minute.
    pub first_used_at: UnixMillis,
    /// To the minute.
    pub last_used_at: UnixMillis,
    /// How often.
    pub requests: u64,
}

#[derive(FromRow)]
struct PointRow {
    slot: i64,
    model: String,
    requests: i64,
    charge: i64,
    input: i64,
    output: i64,
}

#[derive(FromRow)]
struct ClientRow {
    address: String,
    agent: String,
    first_used_at: i64,
    last_used_at: i64,
    requests: i64,
}

impl UsageView<'_> {
    /// A page of the log.
    pub async fn log(&self, wanted: &LogQuery) -> Result<LogPage, StoreError> {
        let limit = wanted.limit.clamp(1, PAGE_MAX) as usize;
        // One more tells whether another page follows.
        let mut rows = rows::read(self.db, wanted, limit + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(UsageRow::seq);
        let items: Result<_, _> = rows.into_iter().map(UsageRow::into_record).collect();
        Ok(LogPage { items: items?, next })
    }

    /// Whose a token is, deleted or not.
    async fn account_of(&self, token: ApiTokenId) -> Result<Option<AccountId>, StoreError> {
        let found: Option<(i64,)> = query("select account_id from api_token where id = $1")
            .bind(token.as_i64())
            .fetch_optional(&self.db.readers)
            .await?;
        Ok(found.map(|(account,)| AccountId::from_i64(account)))
    }

    /// Sums by hour or day and model, oldest first, the newest requests included.
    pub async fn series(&self, wanted: SeriesQuery) -> Result<Vec<SeriesPoint>, StoreError> {
        let hours = match wanted.by {
            SeriesBy::Hour => 1,
            SeriesBy::Day => 24,
        };
        let account = match (wanted.account, wanted.token) {
            // A token's sums are found by its account.
            (None, Some(token)) => match self.account_of(token).await? {
                Some(account) => Some(account),
                None => return Ok(Vec::new()),
            },
            (account, _) => account,
        };
        let sums = match wanted.token {
            Some(_) => {
                format!(
                    "select hour, model, requests, charge, {INPUT_UNITS} as input,
                            {OUTPUT_UNITS} as output
                     from usage_hourly
                     where account_id = $1
                     and token_id = $2"
                )
            }
            None => "select hour, model, requests, charge, input_units as input,
                            output_units as output
                     from usage_account_hour
                     where account_id = $1
                     and $2 is null"
                .to_owned(),
        };
        let whose = rows_of(account);
        let rows: Vec<PointRow> = query(format!(
            "with part as (
                 {sums}
                 and hour >= $3
                 and ($5 is null or hour < $5)
                 union all
                 select created_at / {HOUR_MILLIS}, model, 1, charge, {INPUT_UNITS},
                        {OUTPUT_UNITS}
                 from usage
                 where seq > (select seq from follower_watermark where name = $4)
                 and {whose}
                 and ($2 is null or token_id = $2)
                 and created_at / {HOUR_MILLIS} >= $3
                 and ($5 is null or created_at / {HOUR_MILLIS} < $5)
             )
             select hour / {hours} as slot, model,
                    cast(sum(requests) as bigint) as requests,
                    cast(sum(charge) as bigint) as charge,
                    cast(sum(input) as bigint) as input,
                    cast(sum(output) as bigint) as output
             from part
             group by hour / {hours}, model
             order by hour / {hours}, model"
        ))
        .bind(account_or_all(account))
        .bind(wanted.token.map(ApiTokenId::as_i64))
        .bind(wanted.since.as_millis().div_euclid(HOUR_MILLIS))
        .bind(WATERMARK)
        .bind(wanted.until.map(|until| until.as_millis().div_euclid(HOUR_MILLIS)))
        .fetch_all(&self.db.readers)
        .await?;
        rows.into_iter()
            .map(|point| {
                Ok(SeriesPoint {
                    start: UnixMillis::from_millis(point.slot * hours * HOUR_MILLIS),
                    model: point.model,
                    requests: row::count(point.requests)?,
                    charge: NanoUsd::from_nanos(point.charge),
                    input: row::count(point.input)?,
                    output: row::count(point.output)?,
                })
            })
            .collect()
    }

    /// From where and with which programs a token was used, latest first. A second behind.
    pub async fn clients(
        &self,
        token: ApiTokenId,
        limit: u32,
    ) -> Result<Vec<ClientUse>, StoreError> {
        let rows: Vec<ClientRow> = query(
            "select address, agent, first_used_at, last_used_at, requests
             from api_token_client
             where token_id = $1
             order by last_used_at desc, requests desc
             limit $2",
        )
        .bind(token.as_i64())
        .bind(i64::from(limit))
        .fetch_all(&self.db.readers)
        .await?;
        rows.into_iter()
            .map(|one| {
                Ok(ClientUse {
                    address: one.address,
                    agent: one.agent,
                    first_used_at: UnixMillis::from_millis(one.first_used_at),
                    last_used_at: UnixMillis::from_millis(one.last_used_at),
                    requests: row::count(one.requests)?,
                })
            })
            .collect()
    }
}
