//! What is stored as sums, and the same sums made again from the rows.

use std::collections::{BTreeMap, HashMap, HashSet};

use anc_domain::{AccountId, ApiTokenId, Meter, NanoUsd, RequestId};
use anc_ledger::{Period, PriceSnapshot};
use sqlx::FromRow;

use super::Check;
use crate::StoreError;
use crate::sql::{Pool, Tx, query};
use crate::usage::{UnitsRow, WATERMARK, sums_of_meters};

/// Rows of one read.
const PAGE: i64 = 2_000;

/// Requests, charges and units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    requests: i128,
    charge: i128,
    units: [i128; Meter::ALL.len()],
}

struct AccountCounters {
    balance: i64,
    held: i64,
    entries: i64,
    holds: i64,
}

struct TokenCounters {
    account_id: i64,
    used: i64,
    held: i64,
    requests: i64,
    holds: i64,
}

/// The counters at one moment.
pub(super) struct Counters {
    accounts: BTreeMap<i64, AccountCounters>,
    tokens: BTreeMap<i64, TokenCounters>,
    rollup: HashMap<i64, Sums>,
    /// Used, held, and the sum of holds, by token, period and start.
    windows: BTreeMap<WindowKey, (i64, i64, i64)>,
    open_holds: HashSet<Vec<u8>>,
    looked_up: i64,
    /// Requests whose end is counted by hour.
    outcomes: i64,
    watermark: i64,
    newest: i64,
    wrong_entries: i64,
    repeated_causes: i64,
    real_columns: i64,
}

impl Counters {
    pub(super) async fn read(readers: &Pool) -> Result<Self, StoreError> {
        let mut tx = readers.snapshot().await?;
        let counters = Self {
            accounts: accounts(&mut tx).await?,
            tokens: tokens(&mut tx).await?,
            rollup: rollup(&mut tx).await?,
            windows: windows(&mut tx).await?,
            open_holds: query("select request_id from hold")
                .fetch_all::<(Vec<u8>,)>(&mut tx)
                .await?
                .into_iter()
                .map(|(request_id,)| request_id)
                .collect(),
            looked_up: number(&mut tx, "select count(*) from usage_lookup").await?,
            outcomes: number(
                &mut tx,
                "select cast(coalesce(sum(requests), 0) as bigint) from usage_outcome_hourly",
            )
            .await?,
            watermark: query("select seq from follower_watermark where name = $1")
                .bind(WATERMARK)
                .fetch_value(&mut tx)
                .await?,
            newest: number(&mut tx, "select coalesce(max(seq), 0) from usage").await?,
            wrong_entries: number(
                &mut tx,
                "select count(*)
                 from ledger_entry
                 where amount = 0
                 or (kind in ('grant', 'top_up', 'redemption', 'payment') and amount < 0)
                 or (kind in ('reversal', 'usage_summary') and amount > 0)",
            )
            .await?,
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

async fn number(tx: &mut Tx, sql: &'static str) -> Result<i64, StoreError> {
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

async fn rollup(tx: &mut Tx) -> Result<HashMap<i64, Sums>, StoreError> {
    let sums = sums_of_meters();
    let rows: Vec<RollupRow> = query(format!(
        "select token_id, cast(sum(requests) as bigint) as requests,
                cast(sum(charge) as bigint) as charge, {sums}
         from usage_hourly
         group by token_id"
    ))
    .fetch_all(tx)
    .await?;
    let sums_of = |row: &RollupRow| Sums {
        requests: row.requests.into(),
        charge: row.charge.into(),
        units: Meter::ALL.map(|meter| row.units.get(meter).into()),
    };
    Ok(rows.iter().map(|row| (row.token_id, sums_of(row))).collect())
}

/// A window by token, period and start.
type WindowKey = (i64, &'static str, i64);

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

#[derive(FromRow)]
struct RollupRow {
    token_id: i64,
    requests: i64,
    charge: i64,
    #[sqlx(flatten)]
    units: UnitsRow,
}

/// What a usage row tells of money.
#[derive(FromRow)]
struct ChargeRow {
    seq: i64,
    request_id: Vec<u8>,
    account_id: i64,
    token_id: i64,
    charge: i64,
    price: String,
    window_day: Option<i64>,
    window_week: Option<i64>,
    window_month: Option<i64>,
    #[sqlx(flatten)]
    units: UnitsRow,
}

/// The first of a kind of fault, and how many there are.
#[derive(Default)]
struct Faults {
    first: Option<String>,
    count: u64,
}

impl Faults {
    fn note(&mut self, fault: impl FnOnce() -> String) {
        self.count += 1;
        self.first.get_or_insert_with(fault);
    }

    fn expect_equal(&mut self, stored: i128, made: i128, of: impl FnOnce() -> String) {
        if stored != made {
            self.note(|| format!("{}: stored {stored}, made from rows {made}", of()));
        }
    }

    fn into_check(self, name: &'static str, compared: String) -> Check {
        let ok = self.first.is_none();
        let detail = match self.first {
            None => compared,
            Some(first) => format!("{} faults; the first: {first}", self.count),
        };
        Check { name, ok, detail }
    }
}

/// The sums as the rows tell them.
pub(super) struct Book<'a> {
    counters: &'a Counters,
    /// By token.
    all: HashMap<i64, Sums>,
    /// By token, of the rows that the rollup contains.
    derived: HashMap<i64, Sums>,
    by_account: HashMap<i64, i128>,
    by_window: HashMap<WindowKey, i128>,
    tail_ids: HashSet<Vec<u8>>,
    last_price: Option<(String, PriceSnapshot)>,
    rows: u64,
    once: Faults,
    sign: Faults,
    price: Faults,
    sums: Faults,
}

impl<'a> Book<'a> {
    pub(super) fn new(counters: &'a Counters) -> Self {
        Self {
            counters,
            all: HashMap::new(),
            derived: HashMap::new(),
            by_account: HashMap::new(),
            by_window: HashMap::new(),
            tail_ids: HashSet::new(),
            last_price: None,
            rows: 0,
            once: Faults::default(),
            sign: Faults::default(),
            price: Faults::default(),
            sums: Faults::default(),
        }
    }

    /// Adds the rows after `after`; gives the last of them, or `None` when there are no more.
    pub(super) async fn add_page(
        &mut self,
        readers: &Pool,
        after: i64,
    ) -> Result<Option<i64>, StoreError> {
        let rows: Vec<ChargeRow> = query(
            "select *
             from usage
             where seq > $1
             and seq <= $2
             order by seq
             limit $3",
        )
        .bind(after)
        .bind(self.counters.newest)
        .bind(PAGE)
        .fetch_all(readers)
        .await?;
        let mut last = None;
        for row in &rows {
            self.add(row);
            last = Some(row.seq);
        }
        Ok(last)
    }

    fn add(&mut self, row: &ChargeRow) {
        let ChargeRow { seq, charge, token_id, account_id, .. } = *row;
        let request_id = &row.request_id;
        self.rows += 1;
        if charge < 0 {
            self.sign.note(|| format!("usage row {seq} has charge {charge}"));
        }
        self.check_price(row);
        if self.counters.open_holds.contains(request_id) {
            self.once.note(|| format!("{} is held and settled", request_text(request_id)));
        }

        let is_derived = seq <= self.counters.watermark;
        let maps = [Some(&mut self.all), is_derived.then_some(&mut self.derived)];
        for map in maps.into_iter().flatten() {
            let sums = map.entry(token_id).or_default();
            sums.requests += 1;
            sums.charge += i128::from(charge);
            for (units, meter) in sums.units.iter_mut().zip(Meter::ALL) {
                *units += i128::from(row.units.get(meter));
            }
        }
        *self.by_account.entry(account_id).or_default() += i128::from(charge);
        for (period, start) in
            Period::ALL.into_iter().zip([row.window_day, row.window_week, row.window_month])
        {
            if let Some(start) = start {
                let key = (token_id, period.name(), start);
                *self.by_window.entry(key).or_default() += i128::from(charge);
            }
        }
        let owner = self.counters.tokens.get(&token_id).map(|token| token.account_id);
        if owner != Some(account_id) {
            self.sums.note(|| format!("usage row {seq} is of a token of another account"));
        }
        if !is_derived && !self.tail_ids.insert(request_id.clone()) {
            self.once.note(|| format!("{} is settled twice", request_text(request_id)));
        }
    }

    /// The charge made again from the stored units and the stored price.
    fn check_price(&mut self, row: &ChargeRow) {
        let ChargeRow { seq, charge, .. } = *row;
        let price = match &self.last_price {
            Some((known, price)) if *known == row.price => *price,
            _ => match serde_json::from_str::<PriceSnapshot>(&row.price) {
                Ok(price) => {
                    self.last_price = Some((row.price.clone(), price));
                    price
                }
                Err(error) => {
                    self.price
                        .note(|| format!("the price of usage row {seq} does not read: {error}"));
                    return;
                }
            },
        };
        let again = row
            .units
            .usage()
            .ok()
            .and_then(|usage| anc_ledger::charge(&usage, &price).ok())
            .map(|again| again.total);
        if again != Some(NanoUsd::from_nanos(charge)) {
            self.price
                .note(|| format!("usage row {seq} has charge {charge}, computed again {again:?}"));
        }
    }

    pub(super) fn checks(mut self) -> Vec<Check> {
        let (accounts, tokens) = (self.counters.accounts.len(), self.counters.tokens.len());
        let (books, holds) = (self.books(), self.holds());
        self.compare_sums();
        self.check_once();
        if self.counters.wrong_entries > 0 {
            let count = self.counters.wrong_entries;
            self.sign.note(|| format!("{count} ledger entries of the wrong sign"));
        }
        if self.counters.real_columns > 0 {
            let count = self.counters.real_columns;
            self.sign.note(|| format!("{count} columns hold floats"));
        }
        let (rows, open) = (self.rows, self.counters.open_holds.len());
        vec![
            books.into_check(
                "L1 books",
                format!("{accounts} accounts: balance = entries - charges"),
            ),
            holds.into_check(
                "L2 holds",
                format!(
                    "{accounts} accounts, {tokens} tokens, {open} open holds: held = sum of holds"
                ),
            ),
            self.once.into_check(
                "L4 exactly once",
                format!("{rows} settled and {open} open holds, no request twice"),
            ),
            self.sign.into_check(
                "L6 sign",
                format!("{rows} charges and every entry of its sign, no floats"),
            ),
            self.price.into_check(
                "L7 price",
                format!("{rows} charges computed again from units and price"),
            ),
            self.sums.into_check(
                "L8 sums",
                format!("{tokens} tokens: used, requests and hourly sums agree with {rows} rows"),
            ),
        ]
    }

    fn books(&mut self) -> Faults {
        let mut faults = Faults::default();
        for (id, account) in &self.counters.accounts {
            let charges = self.by_account.remove(id).unwrap_or(0);
            let made = i128::from(account.entries) - charges;
            faults.expect_equal(account.balance.into(), made, || {
                format!("balance of {}", AccountId::from_i64(*id))
            });
        }
        for id in self.by_account.keys() {
            faults.note(|| format!("charges of {}, which is unknown", AccountId::from_i64(*id)));
        }
        faults
    }

    fn holds(&self) -> Faults {
        let mut faults = Faults::default();
        for (id, account) in &self.counters.accounts {
            faults.expect_equal(account.held.into(), account.holds.into(), || {
                format!("held of {}", AccountId::from_i64(*id))
            });
        }
        for (id, token) in &self.counters.tokens {
            faults.expect_equal(token.held.into(), token.holds.into(), || {
                format!("held of {}", ApiTokenId::from_i64(*id))
            });
        }
        for ((token, period, _), (_, held, holds)) in &self.counters.windows {
            faults.expect_equal((*held).into(), (*holds).into(), || {
                format!("held of a {period} of {}", ApiTokenId::from_i64(*token))
            });
        }
        faults
    }

    fn compare_sums(&mut self) {
        let derived: i128 = self.derived.values().map(|sums| sums.requests).sum();
        self.sums.expect_equal(self.counters.outcomes.into(), derived, || {
            "requests by their ends".to_owned()
        });
        for (id, token) in &self.counters.tokens {
            let made = self.all.remove(id).unwrap_or_default();
            let of = |what: &str| format!("{what} of {}", ApiTokenId::from_i64(*id));
            self.sums.expect_equal(token.used.into(), made.charge, || of("used"));
            self.sums.expect_equal(token.requests.into(), made.requests, || of("requests"));
            let derived = self.derived.remove(id).unwrap_or_default();
            let rollup = self.counters.rollup.get(id).copied().unwrap_or_default();
            if derived != rollup {
                self.sums.note(|| of("hourly sums"));
            }
        }
        for (key, (used, _, _)) in &self.counters.windows {
            let made = self.by_window.remove(key).unwrap_or(0);
            self.sums.expect_equal((*used).into(), made, || {
                format!("used in a {} of {}", key.1, ApiTokenId::from_i64(key.0))
            });
        }
        if let Some((token, period, _)) = self.by_window.keys().next() {
            let id = ApiTokenId::from_i64(*token);
            self.sums.note(|| format!("charges of a {period} of {id}, which has no row"));
        }
        if let Some(id) = self.all.keys().next() {
            let id = ApiTokenId::from_i64(*id);
            self.sums.note(|| format!("usage of {id}, which is unknown"));
        }
    }

    fn check_once(&mut self) {
        let derived = self.rows - self.tail_ids.len() as u64;
        self.once.expect_equal(self.counters.looked_up.into(), derived.into(), || {
            "requests in the look-up".to_owned()
        });
        if self.counters.repeated_causes > 0 {
            let count = self.counters.repeated_causes;
            self.once.note(|| format!("{count} causes were posted twice"));
        }
    }
}

fn request_text(bytes: &[u8]) -> String {
    crate::row::request_id(bytes)
        .map_or_else(|_| "a request".to_owned(), |id: RequestId| id.to_string())
}
