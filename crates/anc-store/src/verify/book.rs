//! The sums that the rows make, beside those that are stored.

use std::collections::{HashMap, HashSet};

use anc_domain::{AccountId, ApiTokenId, NanoUsd, PpmMultiplier, RequestId, Usage};
use anc_ledger::{Period, PriceSnapshot};
use sqlx::FromRow;

use super::Check;
use super::counters::{Counters, WindowKey};
use super::entries::{CostsRow, figures};
use super::faults::Faults;
use super::sums::{Fingerprint, HourKey};
use crate::StoreError;
use crate::sql::{Pool, query};
use crate::usage::{HOUR_MILLIS, UnitsRow};

/// Rows of one read.
const PAGE: i64 = 2_000;

/// Lines of a look-up of one read.
const LOOKUP_PAGE: i64 = 10_000;

/// What a usage row tells of money.
#[derive(FromRow)]
struct ChargeRow {
    seq: i64,
    request_id: Vec<u8>,
    account_id: i64,
    token_id: i64,
    model: String,
    charge: i64,
    cost: Option<i64>,
    cost_ppm: Option<i64>,
    price: String,
    created_at: i64,
    window_day: Option<i64>,
    window_week: Option<i64>,
    window_month: Option<i64>,
    #[sqlx(flatten)]
    units: UnitsRow,
}

/// What a token's rows sum up to.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    requests: i128,
    charge: i128,
}

/// The look-ups, each as it should be by the rows, or as it is.
#[derive(Debug, Clone, Copy, Default)]
struct Lookups {
    request: Fingerprint,
    token: Fingerprint,
    account: Fingerprint,
}

/// The sums as the rows tell them.
pub(super) struct Book {
    counters: Counters,
    /// By token.
    all: HashMap<i64, Sums>,
    by_account: HashMap<i64, i128>,
    by_window: HashMap<WindowKey, i128>,
    /// Of rows that the look-ups do not contain yet.
    tail_ids: HashSet<Vec<u8>>,
    expected: Lookups,
    found: Lookups,
    last_price: Option<(String, PriceSnapshot)>,
    rows: u64,
    once: Faults,
    sign: Faults,
    price: Faults,
    sums: Faults,
}

impl Book {
    pub(super) fn new(mut counters: Counters) -> Self {
        let sums = std::mem::take(&mut counters.entries.faults);
        let price = std::mem::take(&mut counters.wrong_attempts);
        Self {
            counters,
            all: HashMap::new(),
            by_account: HashMap::new(),
            by_window: HashMap::new(),
            tail_ids: HashSet::new(),
            expected: Lookups::default(),
            found: Lookups::default(),
            last_price: None,
            rows: 0,
            once: Faults::default(),
            sign: Faults::default(),
            price,
            sums,
        }
    }

    /// Reads the rows up to the newest that the counters count.
    pub(super) async fn read_rows(&mut self, readers: &Pool) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
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
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.seq;
            for row in &rows {
                self.add(row);
            }
        }
    }

    /// Reads what the look-ups tell of the rows that they should contain.
    pub(super) async fn read_lookups(&mut self, readers: &Pool) -> Result<(), StoreError> {
        let mark = self.counters.watermark;
        let mut after = Vec::new();
        loop {
            let lines: Vec<(Vec<u8>, i64)> = query(
                "select request_id, seq
                 from usage_lookup
                 where request_id > $1
                 and seq <= $2
                 order by request_id
                 limit $3",
            )
            .bind(after.as_slice())
            .bind(mark)
            .bind(LOOKUP_PAGE)
            .fetch_all(readers)
            .await?;
            let Some((last, _)) = lines.last() else { break };
            after.clone_from(last);
            for (request_id, seq) in &lines {
                self.found.request.add((request_id.as_slice(), *seq));
            }
        }
        self.found.token = read_by(readers, "usage_by_token", "token_id", mark).await?;
        self.found.account = read_by(readers, "usage_by_account", "account_id", mark).await?;
        Ok(())
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

        let sums = self.all.entry(token_id).or_default();
        sums.requests += 1;
        sums.charge += i128::from(charge);
        if seq <= self.counters.watermark {
            self.take_derived(row);
        } else if !self.tail_ids.insert(request_id.clone()) {
            self.once.note(|| format!("{} is settled twice", request_text(request_id)));
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
    }

    /// Takes a row from what its hourly sums must leave nothing of, and expects it in the look-ups.
    fn take_derived(&mut self, row: &ChargeRow) {
        let ChargeRow { seq, token_id, account_id, .. } = *row;
        let hour = row.created_at.div_euclid(HOUR_MILLIS);
        let key = HourKey { account_id, token_id, hour, model: &row.model };
        let key = (hour >= self.counters.whole_from).then_some(&key);
        let costs = CostsRow::of(row.cost, row.charge);
        let figures = figures(1, row.charge, costs, &row.units);
        self.counters.hourly.entry(token_id).or_default().take(key, &figures);
        self.expected.request.add((row.request_id.as_slice(), seq));
        self.expected.token.add((token_id, seq));
        self.expected.account.add((account_id, seq));
    }

    /// The charge and the operator's cost made again from the stored units and the stored price.
    fn check_price(&mut self, row: &ChargeRow) {
        let ChargeRow { seq, charge, .. } = *row;
        if self.last_price.as_ref().is_none_or(|(known, _)| *known != row.price) {
            match serde_json::from_str::<PriceSnapshot>(&row.price) {
                Ok(price) => self.last_price = Some((row.price.clone(), price)),
                Err(error) => {
                    self.price
                        .note(|| format!("the price of usage row {seq} does not read: {error}"));
                    return;
                }
            }
        }
        let Some((_, price)) = &self.last_price else { return };
        let usage = row.units.usage().ok();
        let again = usage.and_then(|usage| anc_ledger::charge(&usage, price).ok());
        let again = again.map(|again| again.total);
        if again != Some(NanoUsd::from_nanos(charge)) {
            self.price
                .note(|| format!("usage row {seq} has charge {charge}, computed again {again:?}"));
        }
        let cost = usage.and_then(|usage| cost_again(&usage, price, row.cost_ppm));
        if cost != row.cost {
            let stored = row.cost;
            self.price
                .note(|| format!("usage row {seq} has cost {stored:?}, computed again {cost:?}"));
        }
    }

    pub(super) fn checks(mut self) -> Vec<Check> {
        let (accounts, tokens) = (self.counters.accounts.len(), self.counters.tokens.len());
        let (books, holds) = (self.books(), self.holds());
        self.compare_sums();
        self.compare_windows();
        self.compare_lookups();
        let counters = &self.counters;
        self.once.note_count(counters.settled_again, "requests are settled twice");
        self.once.note_count(counters.repeated_causes, "causes were posted twice");
        self.once.note_count(
            counters.wrong_payments,
            "payments differ from what the books have of them",
        );
        self.once.note_count(
            counters.wrong_redemptions,
            "redemptions, or their codes, differ from what the books have of them",
        );
        self.sign.note_count(counters.wrong_entries, "ledger entries of the wrong sign");
        self.sign.note_count(counters.real_columns, "columns hold floats");
        let (rows, open) = (self.rows, counters.open_holds.len());
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
                format!("{rows} charges, and what they cost, computed again from units and price"),
            ),
            self.sums.into_check(
                "L8 sums",
                format!(
                    "{tokens} tokens: used, requests, hourly sums and look-ups agree with {rows} \
                     rows, corrections and what was pruned"
                ),
            ),
        ]
    }

    /// Balances against entries and charges, and the balances that entries tell against both.
    fn books(&mut self) -> Faults {
        let mut faults = std::mem::take(&mut self.counters.entries.wrong_balances);
        let entries = &self.counters.entries;
        for (id, charged) in &entries.charged_before_last {
            let summarized = entries.summarized.get(id).copied().unwrap_or(0);
            let charges = self.by_account.get(id).copied().unwrap_or(0) + summarized;
            if *charged > charges {
                let account = AccountId::from_i64(*id);
                faults.note(|| {
                    format!(
                        "the balance after the last entry of {account} tells of {charged} \
                         charged, its rows of {charges}"
                    )
                });
            }
        }
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
        faults.note_count(
            self.counters.foreign_holds,
            "holds of an unknown token or of another account's",
        );
        faults.note_count(self.counters.windowless_holds, "holds of a window without a row");
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
        let entries = &self.counters.entries;
        for id in entries.tokens().filter(|id| !self.counters.tokens.contains_key(&id.as_i64())) {
            self.sums.note(|| format!("corrected or pruned usage of {id}, which is unknown"));
        }
        for (id, token) in &self.counters.tokens {
            let made = self.all.remove(id).unwrap_or_default();
            let (charge, requests) = entries.beside_rows(*id);
            let of = |what: &str| format!("{what} of {}", ApiTokenId::from_i64(*id));
            self.sums.expect_equal(token.used.into(), made.charge + charge, || of("used"));
            let made_requests = made.requests + requests;
            self.sums.expect_equal(token.requests.into(), made_requests, || of("requests"));
            let rest = self.counters.hourly.remove(id).unwrap_or_default();
            if !rest.is_nothing() {
                self.sums.note(|| of("hourly sums"));
            }
        }
        for id in self.counters.hourly.keys() {
            let id = ApiTokenId::from_i64(*id);
            self.sums.note(|| format!("hourly sums of {id}, which is unknown"));
        }
        for id in self.all.keys() {
            let id = ApiTokenId::from_i64(*id);
            self.sums.note(|| format!("usage of {id}, which is unknown"));
        }
        let beyond = self.counters.outcomes_beyond;
        self.sums.expect_equal(beyond.into(), 0, || "requests by their ends".to_owned());
        self.sums.note_count(
            self.counters.wrong_totals,
            "sums by account and hour, by token and day, by channel, or of everybody differ from the hourly sums",
        );
    }

    fn compare_windows(&mut self) {
        let entries = &self.counters.entries;
        for beside in [&entries.corrected_windows, &entries.pruned_windows] {
            for (key, charge) in beside {
                *self.by_window.entry(*key).or_default() += charge;
            }
        }
        for (key, (used, _, _)) in &self.counters.windows {
            let made = self.by_window.remove(key).unwrap_or(0);
            self.sums.expect_equal((*used).into(), made, || {
                format!("used in a {} of {}", key.1, ApiTokenId::from_i64(key.0))
            });
        }
        for (token, period, _) in self.by_window.keys() {
            let id = ApiTokenId::from_i64(*token);
            self.sums.note(|| format!("charges of a {period} of {id}, which has no row"));
        }
    }

    fn compare_lookups(&mut self) {
        let (expected, found) = (self.expected, self.found);
        let differ = |name: &str, expected: Fingerprint, found: Fingerprint| {
            format!(
                "{name} does not agree with the rows: {} lines for {} rows",
                found.count, expected.count
            )
        };
        if expected.request != found.request {
            self.once.note(|| differ("usage_lookup", expected.request, found.request));
        }
        for (name, expected, found) in [
            ("usage_by_token", expected.token, found.token),
            ("usage_by_account", expected.account, found.account),
        ] {
            if expected != found {
                self.sums.note(|| differ(name, expected, found));
            }
        }
    }
}

/// The operator's cost of some usage; `None` where the factor is not known.
pub(super) fn cost_again(usage: &Usage, price: &PriceSnapshot, ppm: Option<i64>) -> Option<i64> {
    let ppm = PpmMultiplier::from_ppm(u32::try_from(ppm?).ok()?);
    anc_ledger::own_cost(usage, price, ppm).ok().map(NanoUsd::nanos)
}

/// The lines of a look-up by `column`, up to `mark`.
async fn read_by(
    readers: &Pool,
    table: &'static str,
    column: &'static str,
    mark: i64,
) -> Result<Fingerprint, StoreError> {
    let mut found = Fingerprint::default();
    let mut after = (i64::MIN, 0);
    loop {
        let lines: Vec<(i64, i64)> = query(format!(
            "select {column}, seq
             from {table}
             where ({column}, seq) > ($1, $2)
             and seq <= $3
             order by {column}, seq
             limit $4"
        ))
        .bind(after.0)
        .bind(after.1)
        .bind(mark)
        .bind(LOOKUP_PAGE)
        .fetch_all(readers)
        .await?;
        let Some(last) = lines.last() else { return Ok(found) };
        after = *last;
        for line in &lines {
            found.add(*line);
        }
    }
}

fn request_text(bytes: &[u8]) -> String {
    crate::row::request_id(bytes)
        .map_or_else(|_| "a request".to_owned(), |id: RequestId| id.to_string())
}
