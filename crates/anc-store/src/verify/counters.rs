//! What is stored as sums, at one moment.

use std::collections::{BTreeMap, HashMap, HashSet};

use anc_ledger::Period;
use sqlx::FromRow;

use super::attempts;
use super::entries::{CostsRow, Entries, figures};
use super::faults::Faults;
use super::redemptions;
use super::sums::{HourKey, HourlyRest};
use crate::StoreError;
use crate::sql::{Pool, Tx, query};
use crate::usage::{COST_COLUMNS, HOUR_MILLIS, UnitsRow, WATERMARK, meter_columns};

/// Hourly sums of one read.
const PAGE: i64 = 10_000;

/// Movements of payments that count as posted and are no entries, and orders whose movements are not
/// what was paid less what was taken back.
const WRONG_PAYMENTS: &str = "select (
     select count(*)
     from payment_movement m
     join payment_order o on o.id = m.order_id
     where m.posted_at is not null
     and not exists (
         select 1
         from ledger_entry e
         where e.cause = m.cause
         and e.amount = m.amount
         and e.account_id = o.account_id
     )
 ) + (
     select count(*)
     from payment_order o
     where case when o.state = 'paid' then o.amount - o.reversed * (o.amount / o.minor) else 0 end
         <> (
             select cast(coalesce(sum(m.amount), 0) as bigint)
             from payment_movement m
             where m.order_id = o.id
         )
 )";

/// A window by token, period and start.
pub(super) type WindowKey = (i64, &'static str, i64);

pub(super) struct AccountCounters {
    pub(super) balance: i64,
    pub(super) held: i64,
    pub(super) entries: i64,
    pub(super) holds: i64,
}

pub(super) struct TokenCounters {
    pub(super) account_id: i64,
    pub(super) used: i64,
    pub(super) held: i64,
    pub(super) requests: i64,
    pub(super) holds: i64,
}

/// The counters at one moment.
pub(super) struct Counters {
    pub(super) accounts: BTreeMap<i64, AccountCounters>,
    pub(super) tokens: BTreeMap<i64, TokenCounters>,
    /// The hourly sums by token, less what was pruned.
    pub(super) hourly: HashMap<i64, HourlyRest>,
    /// Used, held, and the sum of holds.
    pub(super) windows: BTreeMap<WindowKey, (i64, i64, i64)>,
    pub(super) entries: Entries,
    pub(super) open_holds: HashSet<Vec<u8>>,
    /// Holds of windows that have no row.
    pub(super) windowless_holds: i64,
    /// Holds of a token or account that is unknown, or not the token's.
    pub(super) foreign_holds: i64,
    pub(super) watermark: i64,
    pub(super) newest: i64,
    /// Rows up to there are gone.
    pub(super) pruned_upto: i64,
    /// From that hour on none is.
    pub(super) whole_from: i64,
    /// Requests of the tail that had been settled before.
    pub(super) settled_again: i64,
    pub(super) wrong_entries: i64,
    pub(super) repeated_causes: i64,
    pub(super) wrong_payments: i64,
    pub(super) wrong_redemptions: i64,
    /// Costs of failed attempts that are computed otherwise.
    pub(super) wrong_attempts: Faults,
    /// Requests whose end is counted by hour, less those that the hourly sums count.
    pub(super) outcomes_beyond: i64,
    /// Sums of sums that differ from the hourly sums.
    pub(super) wrong_totals: i64,
    pub(super) real_columns: i64,
}

impl Counters {
    pub(super) async fn read(readers: &Pool) -> Result<Self, StoreError> {
        let mut tx = readers.snapshot().await?;
        if let Pool::Postgres(_) = readers {
            // A proof may take longer than what people wait for.
            query("set local statement_timeout = 0").execute(&mut tx).await?;
        }
        let entries = Entries::read(&mut tx).await?;
        let (pruned_upto, before): (i64, i64) =
            query("select seq, before from usage_pruning where one = 1").fetch_one(&mut tx).await?;
        let whole_from = before.div_euclid(HOUR_MILLIS);
        let mut hourly = hourly(&mut tx, whole_from).await?;
        for (token, (_, figures)) in &entries.pruned {
            hourly.entry(*token).or_default().take(None, figures);
        }
        let mut wrong_totals = 0;
        for wrong in WRONG_TOTALS {
            wrong_totals += number(&mut tx, wrong).await?;
        }
        let counters = Self {
            accounts: accounts(&mut tx).await?,
            tokens: tokens(&mut tx).await?,
            hourly,
            windows: windows(&mut tx).await?,
            entries,
            open_holds: query("select request_id from hold")
                .fetch_all::<(Vec<u8>,)>(&mut tx)
                .await?
                .into_iter()
                .map(|(request_id,)| request_id)
                .collect(),
            windowless_holds: windowless_holds(&mut tx).await?,
            foreign_holds: number(&mut tx, FOREIGN_HOLDS).await?,
            watermark: query("select seq from follower_watermark where name = $1")
                .bind(WATERMARK)
                .fetch_value(&mut tx)
                .await?,
            newest: number(&mut tx, "select coalesce(max(seq), 0) from usage").await?,
            pruned_upto,
            whole_from,
            settled_again: number(&mut tx, SETTLED_AGAIN).await?,
            wrong_entries: number(&mut tx, WRONG_ENTRIES).await?,
            outcomes_beyond: number(&mut tx, OUTCOMES_BEYOND).await?,
            wrong_totals,
            wrong_payments: number(&mut tx, WRONG_PAYMENTS).await?,
            wrong_redemptions: redemptions::wrong(&mut tx).await?,
            wrong_attempts: attempts::wrong(&mut tx).await?,
            repeated_causes: number(
                &mut tx,
                "select count(*) - count(distinct cause) from ledger_entry",
            )
            .await?,
            real_columns: number(&mut tx, float_columns(readers)).await?,
        };
        Ok(counters)
    }
}

const OUTCOMES_BEYOND: &str = "select (
     select cast(coalesce(sum(requests), 0) as bigint)
     from usage_outcome_hourly
     where account_id <> 0
 ) - (
     select cast(coalesce(sum(requests), 0) as bigint) from usage_hourly
 )";

/// What the hourly sums by token come to by account and hour, for everybody, by channel, and by token
/// and day must be in the tables for that; so must the ends of everybody's requests be those of the
/// accounts, and those of all channels, from the hour on from which no row was pruned.
const WRONG_TOTALS: [&str; 7] = [
    "with hours as (
         select account_id, hour, sum(requests) as requests, sum(charge) as charge,
                sum(cost) as cost, sum(costed_requests) as costed_requests,
                sum(costed_charge) as costed_charge
         from usage_hourly
         group by account_id, hour
     ),
     sums as (
         select account_id, hour, sum(requests) as requests, sum(charge) as charge,
                sum(cost) as cost, sum(costed_requests) as costed_requests,
                sum(costed_charge) as costed_charge
         from usage_account_hour
         where account_id <> 0
         group by account_id, hour
     )
     select (
         select count(*)
         from sums s
         left join hours h on h.account_id = s.account_id and h.hour = s.hour
         where h.requests is null
         or h.requests <> s.requests
         or h.charge <> s.charge
         or h.cost <> s.cost
         or h.costed_requests <> s.costed_requests
         or h.costed_charge <> s.costed_charge
     ) + (
         select abs((select count(*) from hours) - (select count(*) from sums))
     )",
    "select count(*)
     from (
         select hour, model,
                sum(case when account_id = 0 then requests else -requests end) as requests,
                sum(case when account_id = 0 then charge else -charge end) as charge,
                sum(case when account_id = 0 then cost else -cost end) as cost,
                sum(case when account_id = 0 then costed_requests else -costed_requests end)
                    as costed_requests,
                sum(case when account_id = 0 then costed_charge else -costed_charge end)
                    as costed_charge
         from usage_account_hour
         group by hour, model
     ) as everybody
     where requests <> 0
     or charge <> 0
     or cost <> 0
     or costed_requests <> 0
     or costed_charge <> 0",
    "with part as (
         select hour, requests, charge, cost, costed_requests, costed_charge
         from usage_channel_hour
         union all
         select hour, -requests, -charge, -cost, -costed_requests, -costed_charge
         from usage_account_hour
         where account_id = 0
     )
     select count(*)
     from (
         select hour, sum(requests) as requests, sum(charge) as charge, sum(cost) as cost,
                sum(costed_requests) as costed_requests, sum(costed_charge) as costed_charge
         from part
         group by hour
     ) as channels
     where requests <> 0
     or charge <> 0
     or cost <> 0
     or costed_requests <> 0
     or costed_charge <> 0",
    "with days as (
         select token_id, hour / 24 as day, sum(requests) as requests, sum(charge) as charge
         from usage_hourly
         group by token_id, hour / 24
     )
     select (
         select count(*)
         from usage_token_day s
         left join days d on d.token_id = s.token_id and d.day = s.day
         where d.requests is null
         or d.requests <> s.requests
         or d.charge <> s.charge
     ) + (
         select abs((select count(*) from days) - (select count(*) from usage_token_day))
     )",
    "select count(*)
     from (
         select hour, end_reason,
                sum(case when account_id = 0 then requests else -requests end) as requests
         from usage_outcome_hourly
         group by hour, end_reason
     ) as everybody
     where requests <> 0",
    "select count(*)
     from (
         select hour, model, sum(requests) as requests
         from (
             select hour, model, requests
             from usage_account_hour
             where account_id = 0
             union all
             select hour, model, -requests
             from usage_channel_outcome
         ) as both_sums
         where hour >= (select before / 3600000 from usage_pruning where one = 1)
         group by hour, model
     ) as differences
     where requests <> 0",
    "select count(*)
     from (
         select hour, end_reason, sum(requests) as requests
         from (
             select hour, end_reason, requests
             from usage_outcome_hourly
             where account_id = 0
             union all
             select hour, end_reason, -requests
             from usage_channel_outcome
         ) as both_sums
         where hour >= (select before / 3600000 from usage_pruning where one = 1)
         group by hour, end_reason
     ) as differences
     where requests <> 0",
];

const FOREIGN_HOLDS: &str = "select count(*)
     from hold h
     where not exists (
         select 1
         from api_token t
         join api_token_spend s on s.token_id = t.id
         join account_balance b on b.account_id = t.account_id
         where t.id = h.token_id
         and t.account_id = h.account_id
     )";

const SETTLED_AGAIN: &str = "select count(*)
     from usage u
     join usage_lookup k on k.request_id = u.request_id
     where u.seq > (select seq from follower_watermark where name = 'usage')
     and k.seq < u.seq";

const WRONG_ENTRIES: &str = "select count(*)
     from ledger_entry
     where amount = 0
     or (kind in ('grant', 'top_up', 'redemption', 'payment') and amount < 0)
     or (kind in ('reversal', 'usage_summary') and amount > 0)";

/// How far rows were pruned by now.
pub(super) async fn pruned_upto(readers: &Pool) -> Result<i64, StoreError> {
    Ok(query("select seq from usage_pruning where one = 1").fetch_value(readers).await?)
}

const fn float_columns(pool: &Pool) -> &'static str {
    match pool {
        Pool::Sqlite(_) => {
            "select count(*)
             from sqlite_schema t
             join pragma_table_info(t.name) c
             where t.type = 'table'
             and c.type = 'REAL'"
        }
        Pool::Postgres(_) => {
            "select count(*)
             from information_schema.columns
             where table_schema = current_schema()
             and table_name not like '\\_%'
             and data_type in ('real', 'double precision', 'numeric')"
        }
    }
}

pub(super) async fn number(tx: &mut Tx, sql: &'static str) -> Result<i64, StoreError> {
    Ok(query(sql).fetch_value(tx).await?)
}

async fn accounts(tx: &mut Tx) -> Result<BTreeMap<i64, AccountCounters>, StoreError> {
    let rows: Vec<(i64, i64, i64, i64, i64)> = query(
        "with entries as (
             select account_id, cast(sum(amount) as bigint) as total
             from ledger_entry
             group by account_id
         ),
         holds as (
             select account_id, cast(sum(amount) as bigint) as total
             from hold
             group by account_id
         )
         select b.account_id, b.balance, b.held, coalesce(e.total, 0), coalesce(h.total, 0)
         from account_balance b
         left join entries e on e.account_id = b.account_id
         left join holds h on h.account_id = b.account_id",
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, balance, held, entries, holds)| {
            let counters = AccountCounters { balance, held, entries, holds };
            (id, counters)
        })
        .collect())
}

async fn tokens(tx: &mut Tx) -> Result<BTreeMap<i64, TokenCounters>, StoreError> {
    let rows: Vec<(i64, i64, i64, i64, i64, i64)> = query(
        "with holds as (
             select token_id, cast(sum(amount) as bigint) as total
             from hold
             group by token_id
         )
         select s.token_id, t.account_id, s.used, s.held, s.requests, coalesce(h.total, 0)
         from api_token_spend s
         join api_token t on t.id = s.token_id
         left join holds h on h.token_id = s.token_id",
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, account_id, used, held, requests, holds)| {
            let counters = TokenCounters { account_id, used, held, requests, holds };
            (id, counters)
        })
        .collect())
}

#[derive(FromRow)]
struct HourlyRow {
    account_id: i64,
    token_id: i64,
    hour: i64,
    model: String,
    requests: i64,
    charge: i64,
    #[sqlx(flatten)]
    costs: CostsRow,
    #[sqlx(flatten)]
    units: UnitsRow,
}

/// Reads the hourly sums page by page. Hours before `whole_from` may have lost rows.
async fn hourly(tx: &mut Tx, whole_from: i64) -> Result<HashMap<i64, HourlyRest>, StoreError> {
    let mut sums: HashMap<i64, HourlyRest> = HashMap::new();
    let columns = meter_columns();
    let mut after = (i64::MIN, 0, 0, String::new());
    loop {
        let rows: Vec<HourlyRow> = query(format!(
            "select account_id, token_id, hour, model, requests, charge, {COST_COLUMNS}, {columns}
             from usage_hourly
             where (account_id, token_id, hour, model) > ($1, $2, $3, $4)
             order by account_id, token_id, hour, model
             limit $5"
        ))
        .bind(after.0)
        .bind(after.1)
        .bind(after.2)
        .bind(after.3)
        .bind(PAGE)
        .fetch_all(&mut *tx)
        .await?;
        let Some(last) = rows.last() else { return Ok(sums) };
        after = (last.account_id, last.token_id, last.hour, last.model.clone());
        for row in &rows {
            let HourlyRow { account_id, token_id, hour, ref model, .. } = *row;
            let key = HourKey { account_id, token_id, hour, model };
            let key = (hour >= whole_from).then_some(&key);
            let figures = figures(row.requests, row.charge, row.costs, &row.units);
            sums.entry(token_id).or_default().add(key, &figures);
        }
    }
}

async fn windows(tx: &mut Tx) -> Result<BTreeMap<WindowKey, (i64, i64, i64)>, StoreError> {
    let mut windows = BTreeMap::new();
    for period in Period::ALL.map(Period::name) {
        let rows: Vec<(i64, i64, i64, i64, i64)> = query(format!(
            "with holds as (
                 select token_id, window_{period} as start, cast(sum(amount) as bigint) as total
                 from hold
                 where window_{period} is not null
                 group by token_id, window_{period}
             )
             select w.token_id, w.start, w.used, w.held, coalesce(h.total, 0)
             from api_token_window w
             left join holds h on h.token_id = w.token_id and h.start = w.start
             where w.period = $1"
        ))
        .bind(period)
        .fetch_all(&mut *tx)
        .await?;
        for (token_id, start, used, held, holds) in rows {
            windows.insert((token_id, period, start), (used, held, holds));
        }
    }
    Ok(windows)
}

async fn windowless_holds(tx: &mut Tx) -> Result<i64, StoreError> {
    let mut holds = 0;
    for period in Period::ALL.map(Period::name) {
        let found: i64 = query(format!(
            "select count(*)
             from hold h
             where h.window_{period} is not null
             and not exists (
                 select 1
                 from api_token_window w
                 where w.token_id = h.token_id
                 and w.period = $1
                 and w.start = h.window_{period}
             )"
        ))
        .bind(period)
        .fetch_value(&mut *tx)
        .await?;
        holds += found;
    }
    Ok(holds)
}
