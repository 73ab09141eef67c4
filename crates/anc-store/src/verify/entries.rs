//! What moved balances beside charges: entries one by one, late corrections, and the sums of what
//! was pruned.

use std::collections::HashMap;

use anc_domain::{AccountId, ApiTokenId, Meter};
use anc_ledger::Period;
use sqlx::FromRow;

use super::counters::{WindowKey, number};
use super::faults::Faults;
use super::sums::{FIGURES, Figures};
use crate::sql::{Tx, query};
use crate::usage::{COST_COLUMNS, UnitsRow, WATERMARK, meter_columns};
use crate::{EntryKind, StoreError, row};

/// Entries of one read.
const PAGE: i64 = 10_000;

/// What is to be proved of entries, and what they and the other tables add to the sums of rows.
#[derive(Default)]
pub(super) struct Entries {
    pub(super) faults: Faults,
    /// Balances that do not follow.
    pub(super) wrong_balances: Faults,
    /// By account: charges before its last entry that knows its balance, by that entry's word.
    pub(super) charged_before_last: HashMap<i64, i128>,
    /// By account: charges that entries have taken over from pruned rows.
    pub(super) summarized: HashMap<i64, i128>,
    /// By token: what late corrections added to its charges.
    pub(super) corrected: HashMap<i64, i128>,
    /// The same by window.
    pub(super) corrected_windows: HashMap<WindowKey, i128>,
    /// By token: its account, and what its pruned rows summed up to.
    pub(super) pruned: HashMap<i64, (i64, Figures)>,
    /// The charges of them by window.
    pub(super) pruned_windows: HashMap<WindowKey, i128>,
}

#[derive(FromRow)]
struct EntryRow {
    seq: i64,
    account_id: i64,
    kind: String,
    amount: i64,
    cause: String,
    balance_after: Option<i64>,
}

#[derive(FromRow)]
struct CorrectionRow {
    request_id: Vec<u8>,
    account_id: i64,
    token_id: i64,
    amount: i64,
    window_day: Option<i64>,
    window_week: Option<i64>,
    window_month: Option<i64>,
}

#[derive(FromRow)]
struct PrunedRow {
    token_id: i64,
    account_id: i64,
    requests: i64,
    charge: i64,
    #[sqlx(flatten)]
    costs: CostsRow,
    #[sqlx(flatten)]
    units: UnitsRow,
}

/// How far an account's entries have been read.
#[derive(Default)]
struct Reading {
    /// Entries but those that took over charges.
    sum: i128,
    /// Charges before the last entry that knows its balance.
    charged: i128,
}

impl Entries {
    pub(super) async fn read(tx: &mut Tx) -> Result<Self, StoreError> {
        let mut entries = Self::default();
        let mut corrections = entries.read_entries(tx).await?;
        entries.read_corrections(tx, &mut corrections).await?;
        for cause in corrections.keys() {
            entries.faults.note(|| format!("the entry of cause {cause} has no correction"));
        }
        entries.read_pruned(tx).await?;
        Ok(entries)
    }

    /// Proves that every balance follows from what was before it; gives account and amount of the
    /// corrections, by cause.
    async fn read_entries(
        &mut self,
        tx: &mut Tx,
    ) -> Result<HashMap<String, (i64, i64)>, StoreError> {
        let (mut corrections, mut readings) = (HashMap::new(), HashMap::<i64, Reading>::new());
        let mut after = 0;
        loop {
            let rows: Vec<EntryRow> = query(
                "select seq, account_id, kind, amount, cause, balance_after
                 from ledger_entry
                 where seq > $1
                 order by seq
                 limit $2",
            )
            .bind(after)
            .bind(PAGE)
            .fetch_all(&mut *tx)
            .await?;
            let Some(last) = rows.last() else { break };
            after = last.seq;
            for entry in rows {
                let reading = readings.entry(entry.account_id).or_default();
                self.follow(&entry, reading);
                if entry.kind == EntryKind::Correction.name() {
                    corrections.insert(entry.cause, (entry.account_id, entry.amount));
                }
            }
        }
        self.charged_before_last =
            readings.into_iter().map(|(account, reading)| (account, reading.charged)).collect();
        Ok(corrections)
    }

    /// What an entry's balance lacks to the sum of entries are the charges before it: they only
    /// grow. An entry that took over charges of pruned rows moved no balance.
    fn follow(&mut self, entry: &EntryRow, reading: &mut Reading) {
        if entry.kind == EntryKind::UsageSummary.name() {
            *self.summarized.entry(entry.account_id).or_default() -= i128::from(entry.amount);
        } else {
            reading.sum += i128::from(entry.amount);
        }
        let Some(balance) = entry.balance_after else { return };
        let charged = reading.sum - i128::from(balance);
        if charged < reading.charged {
            let of = AccountId::from_i64(entry.account_id);
            let seq = entry.seq;
            self.wrong_balances.note(|| {
                format!("balance {balance} after entry {seq} of {of} is more than what was left")
            });
        }
        reading.charged = charged;
    }

    async fn read_corrections(
        &mut self,
        tx: &mut Tx,
        posted: &mut HashMap<String, (i64, i64)>,
    ) -> Result<(), StoreError> {
        let rows: Vec<CorrectionRow> = query(
            "select request_id, account_id, token_id, amount, window_day, window_week,
                    window_month
             from charge_correction",
        )
        .fetch_all(&mut *tx)
        .await?;
        for one in rows {
            let id = row::hex(&one.request_id);
            let entry = posted.remove(&format!("correction:{id}"));
            if entry != Some((one.account_id, -one.amount)) {
                self.faults.note(|| format!("the correction of {id} differs from its entry"));
            }
            let amount = i128::from(one.amount);
            *self.corrected.entry(one.token_id).or_default() += amount;
            let starts = [one.window_day, one.window_week, one.window_month];
            for (period, start) in Period::ALL.into_iter().zip(starts) {
                if let Some(start) = start {
                    let key = (one.token_id, period.name(), start);
                    *self.corrected_windows.entry(key).or_default() += amount;
                }
            }
        }
        let without = query(
            "select count(*)
             from charge_correction c
             where not c.pruned
             and not exists (select 1 from usage_lookup k where k.request_id = c.request_id)
             and not exists (
                 select 1
                 from usage u
                 where u.seq > (select seq from follower_watermark where name = $1)
                 and u.request_id = c.request_id
             )",
        )
        .bind(WATERMARK)
        .fetch_value(&mut *tx)
        .await?;
        self.faults.note_count(without, "corrections of requests without a usage row");
        Ok(())
    }

    async fn read_pruned(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        let columns = meter_columns();
        let rows: Vec<PrunedRow> = query(format!(
            "select token_id, account_id, requests, charge, {COST_COLUMNS}, {columns}
             from usage_pruned"
        ))
        .fetch_all(&mut *tx)
        .await?;
        let mut charges: HashMap<i64, i128> = HashMap::new();
        for one in rows {
            *charges.entry(one.account_id).or_default() += i128::from(one.charge);
            let figures = figures(one.requests, one.charge, one.costs, &one.units);
            self.pruned.insert(one.token_id, (one.account_id, figures));
        }
        for (account, charge) in &charges {
            let entries = self.summarized.get(account).copied().unwrap_or(0);
            self.faults.expect_equal(entries, *charge, || {
                format!("entries for pruned charges of {}", AccountId::from_i64(*account))
            });
        }
        for account in self.summarized.keys().filter(|account| !charges.contains_key(account)) {
            let id = AccountId::from_i64(*account);
            self.faults.note(|| format!("entries for pruned charges of {id}, which has none"));
        }
        for period in Period::ALL.map(Period::name) {
            let rows: Vec<(i64, i64, i64)> = query(
                "select token_id, start, charge
                 from usage_pruned_window
                 where period = $1",
            )
            .bind(period)
            .fetch_all(&mut *tx)
            .await?;
            for (token, start, charge) in rows {
                self.pruned_windows.insert((token, period, start), charge.into());
            }
        }
        let unknown = number(
            tx,
            "select count(*)
             from usage_pruned p
             where not exists (
                 select 1
                 from api_token t
                 where t.id = p.token_id
                 and t.account_id = p.account_id
             )",
        )
        .await?;
        self.faults.note_count(unknown, "tokens with pruned usage are of another account");
        Ok(())
    }

    /// What a token's charges and requests are beside its rows.
    pub(super) fn beside_rows(&self, token: i64) -> (i128, i128) {
        let corrected = self.corrected.get(&token).copied().unwrap_or(0);
        let [requests, charge, ..] =
            self.pruned.get(&token).map_or([0; FIGURES], |(_, figures)| *figures);
        (i128::from(charge) + corrected, requests.into())
    }

    /// Tokens that have charges beside their rows.
    pub(super) fn tokens(&self) -> impl Iterator<Item = ApiTokenId> {
        self.corrected.keys().chain(self.pruned.keys()).map(|id| ApiTokenId::from_i64(*id))
    }
}

/// What is known of the cost of some requests to the operator.
#[derive(Clone, Copy, FromRow)]
pub(super) struct CostsRow {
    cost: i64,
    costed_requests: i64,
    costed_charge: i64,
}

impl CostsRow {
    /// Of one request.
    pub(super) const fn of(cost: Option<i64>, charge: i64) -> Self {
        match cost {
            Some(cost) => Self { cost, costed_requests: 1, costed_charge: charge },
            None => Self { cost: 0, costed_requests: 0, costed_charge: 0 },
        }
    }
}

/// Requests, charge, cost and units in one row.
pub(super) fn figures(requests: i64, charge: i64, costs: CostsRow, units: &UnitsRow) -> Figures {
    let CostsRow { cost, costed_requests, costed_charge } = costs;
    let money = [requests, charge, cost, costed_requests, costed_charge];
    let units = Meter::ALL.map(|meter| units.get(meter));
    let mut figures = [0; FIGURES];
    for (figure, known) in figures.iter_mut().zip(money.into_iter().chain(units)) {
        *figure = known;
    }
    figures
}
