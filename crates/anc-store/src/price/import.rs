//! Taking a list of prices over: first what would become of it, then that and nothing else.

use std::collections::HashMap;
use std::fmt::Write as _;

use anc_domain::ModelName;
use anc_ledger::ModelPrice;
use sha2::{Digest as _, Sha256};

use super::{CUSTOM_PROVIDER, PriceRecord, PriceRow, PriceSource, Prices, SELECT, add_version};
use crate::change::Topic;
use crate::database::WriteTx;
use crate::sql::{On, query};
use crate::token::VERSION_CONFLICT;
use crate::{StoreError, row};

/// A model and its price as a list has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceEntry {
    /// The name that clients ask for.
    pub model: ModelName,
    /// Whose model it is; `None` leaves it as it is.
    pub provider: Option<String>,
    /// The most units that it can be given; `None` leaves it as it is.
    pub context: Option<u64>,
    /// The most units that it can answer with; `None` leaves it as it is.
    pub max_output: Option<u64>,
    /// What it costs.
    pub price: ModelPrice,
}

/// What becomes of an entry of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportStep {
    /// The model had no price.
    Added,
    /// It had another one, or other limits.
    Changed,
    /// A person set its price, which stays.
    Kept,
    /// It is so already.
    Unchanged,
}

/// An entry and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedPrice {
    /// What the list says.
    pub entry: PriceEntry,
    /// What the book says.
    pub before: Option<PriceRecord>,
    /// What becomes of it.
    pub step: ImportStep,
}

/// What becomes of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportPlan {
    /// Entry by entry.
    pub items: Vec<PlannedPrice>,
    /// Stands for the list and for the book that it was compared with.
    pub digest: String,
}

impl Prices<'_> {
    /// What would become of a list now. Changes nothing.
    pub async fn plan_import(&self, entries: Vec<PriceEntry>) -> Result<ImportPlan, StoreError> {
        Ok(plan(current(self.db.now().as_millis(), &self.db.readers).await?, entries))
    }

    /// Takes a list over, all of it in one transaction, as it was planned: where the book or the list
    /// is another than that of `digest`, nothing is done and [`VERSION_CONFLICT`] told. Prices that
    /// people set stay.
    pub async fn import(
        &self,
        entries: Vec<PriceEntry>,
        digest: &str,
    ) -> Result<ImportPlan, StoreError> {
        let mut tx = self.db.write().await?;
        let plan = plan(current(tx.now.as_millis(), &mut tx).await?, entries);
        if plan.digest != digest {
            return Err(StoreError::Conflict(VERSION_CONFLICT));
        }
        let mut changed = false;
        for planned in &plan.items {
            changed |= carry_out(&mut tx, planned).await?;
        }
        if changed {
            tx.change(Topic::Catalog).await?;
        }
        tx.commit().await?;
        Ok(plan)
    }
}

async fn current(
    now: i64,
    on: impl Into<On<'_>>,
) -> Result<HashMap<ModelName, PriceRecord>, StoreError> {
    let rows: Vec<PriceRow> = query(SELECT).bind(now).fetch_all(on).await?;
    rows.into_iter()
        .map(|row| row.into_record().map(|record| (record.model.clone(), record)))
        .collect()
}

fn plan(mut current: HashMap<ModelName, PriceRecord>, entries: Vec<PriceEntry>) -> ImportPlan {
    let mut digest = Sha256::new();
    let items = entries
        .into_iter()
        .map(|entry| {
            let before = current.remove(&entry.model);
            let step = before.as_ref().map_or(ImportStep::Added, |before| step(before, &entry));
            digest.update(format!("{entry:?} {before:?} {step:?}\n"));
            PlannedPrice { entry, before, step }
        })
        .collect();
    let mut text = String::new();
    for byte in digest.finalize() {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    ImportPlan { items, digest: text }
}

fn step(before: &PriceRecord, entry: &PriceEntry) -> ImportStep {
    let stays = |told: Option<u64>, known: Option<u64>| told.is_none() || told == known;
    let is_same = before.price == entry.price
        && stays(entry.context, before.context)
        && stays(entry.max_output, before.max_output)
        && entry.provider.as_ref().is_none_or(|provider| *provider == before.provider);
    match before.source {
        _ if is_same => ImportStep::Unchanged,
        PriceSource::Manual => ImportStep::Kept,
        PriceSource::Builtin | PriceSource::Import => ImportStep::Changed,
    }
}

/// Writes an entry where it changes something, and says whether it does.
async fn carry_out(tx: &mut WriteTx, planned: &PlannedPrice) -> Result<bool, StoreError> {
    if !matches!(planned.step, ImportStep::Added | ImportStep::Changed) {
        return Ok(false);
    }
    let PriceEntry { model, provider, context, max_output, price } = &planned.entry;
    if price.check().is_err() {
        return Err(super::NO_PRICE);
    }
    let now = tx.now;
    let known = planned.before.as_ref().map(|before| before.provider.as_str());
    query(
        "insert into model (name, provider, context, max_output, created_at)
         values ($1, $2, $3, $4, $5)
         on conflict (name) do update
         set provider = excluded.provider,
             context = coalesce(excluded.context, model.context),
             max_output = coalesce(excluded.max_output, model.max_output)",
    )
    .bind(model.as_str())
    .bind(provider.as_deref().or(known).unwrap_or(CUSTOM_PROVIDER))
    .bind(context.map(row::units_column))
    .bind(max_output.map(row::units_column))
    .bind(now.as_millis())
    .execute(&mut *tx)
    .await?;
    add_version(tx, model, price, PriceSource::Import, now).await?;
    Ok(true)
}
