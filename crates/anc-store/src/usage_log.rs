//! The usage rows as a log: filtered, in pages that do not shift, and summed over time.

use anc_domain::{AccountId, ApiTokenId, ModelName, NanoUsd, RequestId, UnixMillis};
use anc_ledger::EndReason;
use sqlx::FromRow;

use crate::sql::{Query, query};
use crate::usage::{HOUR_MILLIS, UsageRow, WATERMARK, of_account};
use crate::{StoreError, UsageRecord, UsageView, row};

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
    /// A page of the log. Rows of a token or an account are found by a derived look-up, and those
    /// that it does not contain yet in the tail.
    pub async fn log(&self, wanted: &LogQuery) -> Result<LogPage, StoreError> {
        let limit = wanted.limit.clamp(1, PAGE_MAX) as usize;
        let mut rows: Vec<UsageRow> = Vec::new();
        for (mut sql, seq) in self.parts(wanted).await? {
            add_filters(&mut sql, wanted, seq);
            let missing = i64::try_from(limit + 1 - rows.len()).map_err(StoreError::corrupt)?;
            sql.push(&format!(" order by {seq} desc limit ")).push_bind(missing);
            rows.extend(sql.fetch_all::<UsageRow>(&self.db.readers).await?);
            if rows.len() > limit {
                break;
            }
        }
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(UsageRow::seq);
        let items: Result<_, _> = rows.into_iter().map(UsageRow::into_record).collect();
        Ok(LogPage { items: items?, next })
    }

    /// Where the rows are looked for, newest part first, and which column orders each: a look-up's
    /// own, or every row of the account would be sorted for a page.
    async fn parts(&self, wanted: &LogQuery) -> Result<Vec<(Query, &'static str)>, StoreError> {
        if let Some(request) = wanted.request {
            let sql = query(
                "select u.*
                 from usage u
                 where u.seq in (
                     select seq
                     from usage_lookup
                     where request_id = $1
                     union all
                     select seq
                     from usage
                     where seq > (select seq from follower_watermark where name = $2)
                     and request_id = $1
                 )
                 and ($3 is null or u.account_id = $3)
                 and ($4 is null or u.token_id = $4)",
            )
            .bind(request.to_bytes().as_slice())
            .bind(WATERMARK)
            .bind(wanted.account.map(AccountId::as_i64))
            .bind(wanted.token.map(ApiTokenId::as_i64));
            return Ok(vec![(sql, "u.seq")]);
        }
        let (table, column, id) = match (wanted.token, wanted.account) {
            (Some(token), _) => ("usage_by_token", "token_id", token.as_i64()),
            (None, Some(account)) => ("usage_by_account", "account_id", account.as_i64()),
            (None, None) => {
                return Ok(vec![(query("select u.* from usage u where true"), "u.seq")]);
            }
        };
        // One mark for both parts: a row is in one of them, whatever the follower does meanwhile.
        let mark: i64 = query("select seq from follower_watermark where name = $1")
            .bind(WATERMARK)
            .fetch_value(&self.db.readers)
            .await?;
        let tail = format!("select u.* from usage u where u.{column} = $1 and u.seq > $2");
        let known = format!(
            "select u.*
             from {table} k
             join usage u on u.seq = k.seq
             where k.{column} = $1
             and k.seq <= $2"
        );
        Ok([(tail, "u.seq"), (known, "k.seq")]
            .map(|(text, seq)| (query(text).bind(id).bind(mark), seq))
            .into())
    }

    /// Sums by hour or day and model, oldest first, the newest requests included.
    pub async fn series(&self, wanted: SeriesQuery) -> Result<Vec<SeriesPoint>, StoreError> {
        let hours = match wanted.by {
            SeriesBy::Hour => 1,
            SeriesBy::Day => 24,
        };
        let whose = of_account(wanted.account);
        let rows: Vec<PointRow> = query(format!(
            "with part as (
                 select hour, model, requests, charge,
                        input + cached_input + cache_write_5m + cache_write_1h
                            + cache_write_other + input_audio as input,
                        output + reasoning + output_audio as output
                 from usage_hourly
                 where {whose}
                 and ($2 is null or token_id = $2)
                 and hour >= $3
                 and ($5 is null or hour < $5)
                 union all
                 select created_at / {HOUR_MILLIS}, model, 1, charge,
                        input + cached_input + cache_write_5m + cache_write_1h
                            + cache_write_other + input_audio,
                        output + reasoning + output_audio
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
        .bind(wanted.account.map(AccountId::as_i64))
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

fn add_filters(sql: &mut Query, wanted: &LogQuery, seq: &str) {
    // A token of another account is nobody's business.
    if let (Some(_), Some(account)) = (wanted.token, wanted.account) {
        sql.push(" and u.account_id = ").push_bind(account.as_i64());
    }
    if let Some(before) = wanted.before {
        sql.push(&format!(" and {seq} < ")).push_bind(before);
    }
    if let Some(model) = &wanted.model {
        sql.push(" and u.model = ").push_bind(model.as_str());
    }
    if let Some(end) = wanted.end_reason {
        sql.push(" and u.end_reason = ").push_bind(end.name());
    }
    if let Some(stream) = wanted.stream {
        sql.push(" and u.stream = ").push_bind(stream);
    }
    if let Some(least) = wanted.charge_min {
        sql.push(" and u.charge >= ").push_bind(least.nanos());
    }
    if let Some(since) = wanted.since {
        sql.push(" and u.created_at >= ").push_bind(since.as_millis());
    }
    if let Some(until) = wanted.until {
        sql.push(" and u.created_at < ").push_bind(until.as_millis());
    }
}
