//! Usage rows and their sums. The rows are the charges; sums and look-ups are derived from them by
//! a follower, and readers add what it has not reached yet.

use anc_domain::{
    AccountId, ApiTokenId, ChannelId, Meter, ModelName, NanoUsd, PpmMultiplier, RequestId,
    UnixMillis, Usage,
};
use anc_ledger::{EndReason, PriceSnapshot};
use sqlx::FromRow;

use crate::database::Database;
use crate::sql::query;
use crate::{StoreError, row};

/// Milliseconds in the hour of a rollup row.
pub(crate) const HOUR_MILLIS: i64 = 3_600_000;

/// The units of input that a row of usage or of its sums has, cached ones included.
pub(crate) const INPUT_UNITS: &str = "input + cached_input + cache_write_5m + cache_write_1h + cache_write_other + input_audio \
     + input_image";

/// The units of output, reasoning included.
pub(crate) const OUTPUT_UNITS: &str = "output + reasoning + output_audio + output_image";

/// The columns of a table of sums that tell what its requests cost the operator: the cost, of how
/// many requests it is known, and what those were charged.
pub(crate) const COST_COLUMNS: &str = "cost, costed_requests, costed_charge";

/// The same of some rows of `usage`, summed up.
pub(crate) const COST_SUMS: &str = "cast(coalesce(sum(cost), 0) as bigint) as cost,
    count(cost) as costed_requests,
    cast(coalesce(sum(case when cost is null then 0 else charge end), 0) as bigint)
        as costed_charge";

/// The same of one row of `usage`.
pub(crate) const COST_OF_ROW: &str = "coalesce(cost, 0), case when cost is null then 0 else 1 end,
    case when cost is null then 0 else charge end";

/// The watermark's name.
pub(crate) const WATERMARK: &str = "usage";

/// One request that ended after a provider was called.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageRecord {
    /// Its place in the order of commits.
    pub seq: i64,
    /// The request.
    pub request_id: RequestId,
    /// Who paid.
    pub account_id: AccountId,
    /// With which token.
    pub token_id: ApiTokenId,
    /// The name that the client asked for.
    pub model: ModelName,
    /// Which channel answered.
    pub channel_id: Option<ChannelId>,
    /// The units that were charged.
    pub usage: Usage,
    /// At which price.
    pub price: PriceSnapshot,
    /// What it cost.
    pub charge: NanoUsd,
    /// What it cost the operator; `None` where that is not known.
    pub own_cost: Option<OwnCost>,
    /// What was held when it ended.
    pub held: NanoUsd,
    /// How it ended.
    pub end_reason: EndReason,
    /// The units are our own count.
    pub estimated: bool,
    /// The provider reported what cannot be.
    pub suspect: bool,
    /// The answer was a stream.
    pub stream: bool,
    /// When the hold was taken.
    pub started_at: UnixMillis,
    /// When it was settled.
    pub created_at: UnixMillis,
    /// How long until the first content.
    pub first_token_ms: Option<u32>,
    /// How long in all.
    pub total_ms: Option<u32>,
    /// How many providers were called.
    pub attempts: u32,
    /// What the last of them answered.
    pub upstream_status: Option<u16>,
    /// From where the request came.
    pub client_address: Option<String>,
    /// What program sent it.
    pub client_agent: Option<String>,
    /// The provider's own words about units.
    pub raw_usage: Option<String>,
}

/// What a request cost the operator. It moves no balance and is no business of who is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnCost {
    /// How much.
    pub amount: NanoUsd,
    /// The factor on the price book at which the channel's provider bills.
    pub multiplier: PpmMultiplier,
}

impl OwnCost {
    /// Of `usage` at `price`. `None` where the factor is not known, or makes no amount.
    pub(crate) fn of(
        usage: &Usage,
        price: &PriceSnapshot,
        multiplier: Option<PpmMultiplier>,
    ) -> Option<Self> {
        let multiplier = multiplier?;
        let amount = anc_ledger::own_cost(usage, price, multiplier).ok()?;
        Some(Self { amount, multiplier })
    }

    /// From the columns of a row.
    fn read(cost: Option<i64>, ppm: Option<i64>) -> Result<Option<Self>, StoreError> {
        let Some((cost, ppm)) = cost.zip(ppm) else { return Ok(None) };
        let ppm = u32::try_from(ppm).map_err(StoreError::corrupt)?;
        let multiplier = PpmMultiplier::from_ppm(ppm);
        Ok(Some(Self { amount: NanoUsd::from_nanos(cost), multiplier }))
    }
}

/// Which usage to sum.
#[derive(Debug, Clone, Copy, Default)]
pub struct UsageFilter {
    /// Only this account's.
    pub account: Option<AccountId>,
    /// Only this token's.
    pub token: Option<ApiTokenId>,
    /// Only from the hour on that contains this time.
    pub since: Option<UnixMillis>,
}

/// Sums of usage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UsageTotals {
    /// How many requests.
    pub requests: u64,
    /// What they cost.
    pub charge: NanoUsd,
    /// Their units, by meter in the order of [`Meter::ALL`].
    pub units: [u64; Meter::ALL.len()],
}

/// The usage rows' door.
#[derive(Clone, Copy)]
pub struct UsageView<'a> {
    pub(crate) db: &'a Database,
}

/// `sum(input), sum(cached_input), …` of whole numbers.
pub(crate) fn sums_of_meters() -> String {
    Meter::ALL
        .map(|meter| format!("cast(coalesce(sum({0}), 0) as bigint) as {0}", meter.name()))
        .join(", ")
}

/// The condition of whose rows are meant, with the account as `$1`. One text for both cases would
/// keep SQLite from the index: it plans before it knows the values.
pub(crate) const fn of_account(account: Option<AccountId>) -> &'static str {
    match account {
        Some(_) => "account_id = $1",
        None => "$1 is null",
    }
}

/// Whose rows of `usage_account_hour` and `usage_outcome_hourly` are meant: 0 stands for everybody.
pub(crate) fn account_or_all(account: Option<AccountId>) -> i64 {
    account.map_or(0, AccountId::as_i64)
}

/// The condition of whose rows of `usage` are meant, with [`account_or_all`] as `$1`.
pub(crate) const fn rows_of(account: Option<AccountId>) -> &'static str {
    match account {
        Some(_) => "account_id = $1",
        None => "$1 = 0",
    }
}

/// `input, cached_input, …`
pub(crate) fn meter_columns() -> String {
    Meter::ALL.map(Meter::name).join(", ")
}

impl UsageView<'_> {
    /// The row of one request, as soon as it is settled.
    pub async fn by_request(&self, id: RequestId) -> Result<Option<UsageRecord>, StoreError> {
        // One statement sees one state of the database: the row is either looked up or in the tail.
        let row: Option<UsageRow> = query(
            "select *
             from usage
             where seq = (select seq from usage_lookup where request_id = $1)
             union all
             select *
             from usage
             where seq > (select seq from follower_watermark where name = $2)
             and request_id = $1",
        )
        .bind(id.to_bytes().as_slice())
        .bind(WATERMARK)
        .fetch_optional(&self.db.readers)
        .await?;
        row.map(UsageRow::into_record).transpose()
    }

    /// Sums, the newest requests included.
    pub async fn totals(&self, filter: UsageFilter) -> Result<UsageTotals, StoreError> {
        let (sums, columns) = (sums_of_meters(), meter_columns());
        let whose = of_account(filter.account);
        let row: TotalsRow = query(format!(
            "with part as (
                 select requests, charge, {columns}
                 from usage_hourly
                 where {whose}
                 and ($2 is null or token_id = $2)
                 and hour >= coalesce($3, 0)
                 union all
                 select 1, charge, {columns}
                 from usage
                 where seq > (select seq from follower_watermark where name = $4)
                 and {whose}
                 and ($2 is null or token_id = $2)
                 and ($3 is null or created_at / {HOUR_MILLIS} >= $3)
             )
             select cast(coalesce(sum(requests), 0) as bigint) as requests,
                    cast(coalesce(sum(charge), 0) as bigint) as charge,
                    {sums}
             from part"
        ))
        .bind(filter.account.map(AccountId::as_i64))
        .bind(filter.token.map(ApiTokenId::as_i64))
        .bind(filter.since.map(|since| since.as_millis().div_euclid(HOUR_MILLIS)))
        .bind(WATERMARK)
        .fetch_one(&self.db.readers)
        .await?;
        let mut totals = UsageTotals {
            requests: row::count(row.requests)?,
            charge: NanoUsd::from_nanos(row.charge),
            units: [0; Meter::ALL.len()],
        };
        for (units, meter) in totals.units.iter_mut().zip(Meter::ALL) {
            *units = row::count(row.units.get(meter))?;
        }
        Ok(totals)
    }
}

/// Units by meter, as the columns of a row hold them.
#[derive(FromRow)]
pub(crate) struct UnitsRow {
    input: i64,
    cached_input: i64,
    cache_write_5m: i64,
    cache_write_1h: i64,
    cache_write_other: i64,
    input_audio: i64,
    input_image: i64,
    output: i64,
    reasoning: i64,
    output_audio: i64,
    output_image: i64,
    web_search: i64,
    file_search: i64,
    request: i64,
}

impl UnitsRow {
    pub(crate) const fn get(&self, meter: Meter) -> i64 {
        match meter {
            Meter::Input => self.input,
            Meter::CachedInput => self.cached_input,
            Meter::CacheWrite5m => self.cache_write_5m,
            Meter::CacheWrite1h => self.cache_write_1h,
            Meter::CacheWriteOther => self.cache_write_other,
            Meter::InputAudio => self.input_audio,
            Meter::InputImage => self.input_image,
            Meter::Output => self.output,
            Meter::Reasoning => self.reasoning,
            Meter::OutputAudio => self.output_audio,
            Meter::OutputImage => self.output_image,
            Meter::WebSearch => self.web_search,
            Meter::FileSearch => self.file_search,
            Meter::Request => self.request,
        }
    }

    pub(crate) fn usage(&self) -> Result<Usage, StoreError> {
        let mut usage = Usage::default();
        for meter in Meter::ALL {
            usage.set(meter, row::count(self.get(meter))?).map_err(StoreError::corrupt)?;
        }
        Ok(usage)
    }
}

#[derive(FromRow)]
struct TotalsRow {
    requests: i64,
    charge: i64,
    #[sqlx(flatten)]
    units: UnitsRow,
}

#[derive(FromRow)]
pub(crate) struct UsageRow {
    seq: i64,
    request_id: Vec<u8>,
    account_id: i64,
    token_id: i64,
    model: String,
    channel_id: Option<i64>,
    #[sqlx(flatten)]
    units: UnitsRow,
    price: String,
    charge: i64,
    cost: Option<i64>,
    cost_ppm: Option<i64>,
    held: i64,
    end_reason: String,
    estimated: bool,
    suspect: bool,
    stream: bool,
    started_at: i64,
    created_at: i64,
    first_token_ms: Option<i64>,
    total_ms: Option<i64>,
    attempts: i64,
    upstream_status: Option<i64>,
    client_address: Option<String>,
    client_agent: Option<String>,
    raw_usage: Option<String>,
}

impl UsageRow {
    pub(crate) const fn seq(&self) -> i64 {
        self.seq
    }

    pub(crate) fn into_record(self) -> Result<UsageRecord, StoreError> {
        let small =
            |value: Option<i64>| value.map(u32::try_from).transpose().map_err(StoreError::corrupt);
        let status = self.upstream_status.map(u16::try_from).transpose();
        Ok(UsageRecord {
            seq: self.seq,
            request_id: row::request_id(&self.request_id)?,
            account_id: AccountId::from_i64(self.account_id),
            token_id: ApiTokenId::from_i64(self.token_id),
            model: self.model.parse().map_err(StoreError::corrupt)?,
            channel_id: self.channel_id.map(ChannelId::from_i64),
            usage: self.units.usage()?,
            price: serde_json::from_str(&self.price).map_err(StoreError::corrupt)?,
            charge: NanoUsd::from_nanos(self.charge),
            own_cost: OwnCost::read(self.cost, self.cost_ppm)?,
            held: NanoUsd::from_nanos(self.held),
            end_reason: EndReason::from_name(&self.end_reason)
                .ok_or_else(|| StoreError::corrupt("an unknown end of a request"))?,
            estimated: self.estimated,
            suspect: self.suspect,
            stream: self.stream,
            started_at: UnixMillis::from_millis(self.started_at),
            created_at: UnixMillis::from_millis(self.created_at),
            first_token_ms: small(self.first_token_ms)?,
            total_ms: small(self.total_ms)?,
            attempts: small(Some(self.attempts))?.unwrap_or(0),
            upstream_status: status.map_err(StoreError::corrupt)?,
            client_address: self.client_address,
            client_agent: self.client_agent,
            raw_usage: self.raw_usage,
        })
    }
}
