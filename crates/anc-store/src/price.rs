//! The price book: models and what they cost, in versions.

use anc_domain::{Meter, ModelName, PpmMultiplier, Usage};
use anc_ledger::ModelPrice;
use serde::Deserialize;
use sqlx::FromRow;

use crate::StoreError;
use crate::change::Topic;
use crate::database::{Database, WriteTx};
use crate::row;
use crate::sql::query;

/// The book that comes with the program.
const BUILTIN: &str = include_str!("../prices/builtin.json");

/// The provider of a model that only a person has given a price.
const CUSTOM_PROVIDER: &str = "custom";

const BEYOND_RANGE: StoreError = StoreError::Conflict("a price below zero or beyond range");

/// Who set a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceSource {
    /// It came with the program, and follows the program's later versions.
    Builtin,
    /// A person set it; no later version of the program changes it.
    Manual,
}

/// A model and its price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceRecord {
    /// The name that clients ask for.
    pub model: ModelName,
    /// Whose model it is.
    pub provider: String,
    /// The largest input in units for which this price holds.
    pub context: Option<u64>,
    /// The most units that it can answer with.
    pub max_output: Option<u64>,
    /// What it costs now.
    pub price: ModelPrice,
    /// Counts the prices that the model has had.
    pub version: i64,
    /// Who set the price.
    pub source: PriceSource,
}

#[derive(FromRow)]
struct PriceRow {
    model: String,
    provider: String,
    context: Option<i64>,
    max_output: Option<i64>,
    price: String,
    version: i64,
    source: String,
}

const SELECT: &str = "select m.name as model, m.provider, m.context, m.max_output,
        p.price, p.version, p.source
 from model m
 join model_price p on p.model = m.name and p.version = m.price_version";

/// The price book's door.
#[derive(Clone, Copy)]
pub struct Prices<'a> {
    pub(crate) db: &'a Database,
}

impl Prices<'_> {
    /// Every model that has a price, by name.
    pub async fn list(&self) -> Result<Vec<PriceRecord>, StoreError> {
        let rows: Vec<PriceRow> =
            query(format!("{SELECT} order by m.name")).fetch_all(&self.db.readers).await?;
        rows.into_iter().map(PriceRow::into_record).collect()
    }

    /// One model's price.
    pub async fn get(&self, model: &ModelName) -> Result<Option<PriceRecord>, StoreError> {
        let row: Option<PriceRow> = query(format!("{SELECT} where m.name = $1"))
            .bind(model.as_str())
            .fetch_optional(&self.db.readers)
            .await?;
        row.map(PriceRow::into_record).transpose()
    }

    /// Sets a model's price by a person's hand, as a new version. A price below zero, or one at
    /// which a request could cost more than can be stood for, is a conflict.
    pub async fn set(
        &self,
        model: &ModelName,
        price: ModelPrice,
    ) -> Result<PriceRecord, StoreError> {
        if !is_in_range(&price, PpmMultiplier::ONE) {
            return Err(BEYOND_RANGE);
        }
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        query(
            "insert into model (name, provider, price_version, created_at)
             values ($1, $2, 0, $3)
             on conflict (name) do nothing",
        )
        .bind(model.as_str())
        .bind(CUSTOM_PROVIDER)
        .bind(now)
        .execute(&mut tx)
        .await?;
        add_version(&mut tx, model, &price, "manual").await?;
        let row: PriceRow = query(format!("{SELECT} where m.name = $1"))
            .bind(model.as_str())
            .fetch_one(&mut tx)
            .await?;
        tx.change(Topic::Catalog).await?;
        tx.commit().await?;
        row.into_record()
    }
}

/// Whether no meter's price is below zero and the largest plausible usage has a charge.
pub(crate) fn is_in_range(price: &ModelPrice, multiplier: PpmMultiplier) -> bool {
    let largest = Meter::ALL
        .into_iter()
        .fold(Usage::default(), |usage, meter| usage.with(meter, Usage::PLAUSIBLE_MAX));
    price.check().is_ok() && anc_ledger::charge(&largest, &price.snapshot(multiplier)).is_ok()
}

async fn add_version(
    tx: &mut WriteTx,
    model: &ModelName,
    price: &ModelPrice,
    source: &str,
) -> Result<(), StoreError> {
    let now = tx.now.as_millis();
    let text = serde_json::to_string(price).map_err(StoreError::corrupt)?;
    let version: i64 = query(
        "insert into model_price (model, version, source, price, created_at)
         select $1, coalesce(max(version), 0) + 1, $2, $3, $4
         from model_price
         where model = $1
         returning version",
    )
    .bind(model.as_str())
    .bind(source)
    .bind(text)
    .bind(now)
    .fetch_value(&mut *tx)
    .await?;
    query("update model set price_version = $2 where name = $1")
        .bind(model.as_str())
        .bind(version)
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// The setting that keeps the number of the newest book that the database has taken.
const BOOK_TAKEN: &str = "price_book";

#[derive(Deserialize)]
struct Book {
    /// Counts the books: raised with every change of one, so that the newer of two is known.
    number: u32,
    models: Vec<BookEntry>,
}

/// A model in the built-in book. Amounts are decimal strings of USD per million units.
#[derive(Deserialize)]
struct BookEntry {
    model: String,
    provider: String,
    context: Option<i64>,
    max_output: Option<i64>,
    price: ModelPrice,
}

/// Brings the built-in prices up to what comes with this program, where its book is newer than the
/// one that the database has taken: a program of an older version beside a newer one, or after it,
/// changes nothing. A price that a person set stays.
pub(crate) async fn renew_builtin(db: &Database) -> Result<(), StoreError> {
    let book: Book = serde_json::from_str(BUILTIN).map_err(StoreError::corrupt)?;
    let mut tx = db.write().await?;
    if !take_book(&mut tx, book.number).await? {
        return Ok(());
    }
    let mut changed = false;
    for entry in book.models {
        changed |= renew(&mut tx, &entry).await?;
    }
    if changed {
        tx.change(Topic::Catalog).await?;
    }
    tx.commit().await
}

/// Marks the book of that number as taken; false where it is not newer than what was taken. Of
/// nodes that start together one waits for the other's row here, and then finds its book taken.
async fn take_book(tx: &mut WriteTx, number: u32) -> Result<bool, StoreError> {
    let now = tx.now.as_millis();
    let taken: Option<(String,)> = query(
        "insert into setting (key, value, updated_at)
         values ($1, $2, $3)
         on conflict (key) do update
         set value = excluded.value, updated_at = excluded.updated_at
         where cast(setting.value as bigint) < cast(excluded.value as bigint)
         returning value",
    )
    .bind(BOOK_TAKEN)
    .bind(number.to_string())
    .bind(now)
    .fetch_optional(&mut *tx)
    .await?;
    Ok(taken.is_some())
}

async fn renew(tx: &mut WriteTx, entry: &BookEntry) -> Result<bool, StoreError> {
    let model: ModelName = entry.model.parse().map_err(StoreError::corrupt)?;
    let row: Option<PriceRow> = query(format!("{SELECT} where m.name = $1"))
        .bind(&entry.model)
        .fetch_optional(&mut *tx)
        .await?;
    if let Some(row) = row {
        let current = row.into_record()?;
        let is_same = current.price == entry.price
            && current.context.map(row::units_column) == entry.context
            && current.max_output.map(row::units_column) == entry.max_output;
        if current.source == PriceSource::Manual || is_same {
            return Ok(false);
        }
    }
    let now = tx.now.as_millis();
    query(
        "insert into model (name, provider, context, max_output, price_version, created_at)
         values ($1, $2, $3, $4, 0, $5)
         on conflict (name) do update
         set provider = excluded.provider,
             context = excluded.context,
             max_output = excluded.max_output",
    )
    .bind(&entry.model)
    .bind(&entry.provider)
    .bind(entry.context)
    .bind(entry.max_output)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    add_version(tx, &model, &entry.price, "builtin").await?;
    Ok(true)
}

impl PriceRow {
    fn into_record(self) -> Result<PriceRecord, StoreError> {
        Ok(PriceRecord {
            model: self.model.parse().map_err(StoreError::corrupt)?,
            provider: self.provider,
            context: self.context.map(row::count).transpose()?,
            max_output: self.max_output.map(row::count).transpose()?,
            price: serde_json::from_str(&self.price).map_err(StoreError::corrupt)?,
            version: self.version,
            source: match self.source.as_str() {
                "builtin" => PriceSource::Builtin,
                "manual" => PriceSource::Manual,
                _ => return Err(StoreError::corrupt("an unknown source of a price")),
            },
        })
    }
}

/// A multiplier from its column.
pub(crate) fn multiplier(ppm: i64) -> Result<PpmMultiplier, StoreError> {
    u32::try_from(ppm).map(PpmMultiplier::from_ppm).map_err(StoreError::corrupt)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use anc_domain::NanoUsd;

    use super::*;

    #[test]
    fn the_builtin_book_is_sound() {
        let book: Book = serde_json::from_str(BUILTIN).unwrap();
        assert!(book.number >= 1);
        let mut names = HashSet::new();
        for entry in &book.models {
            let name: ModelName = entry.model.parse().unwrap();
            assert!(names.insert(name), "{} stands twice", entry.model);
            assert!(is_in_range(&entry.price, PpmMultiplier::from_ppm(10_000_000)));
            assert!(entry.price.input > NanoUsd::ZERO, "{} is free", entry.model);
            // What makes vectors makes no output that could cost anything.
            let swapped = entry.price.output < entry.price.input;
            assert!(!swapped || entry.model.contains("embedding"), "{}: swapped?", entry.model);
            let providers = ["openai", "anthropic", "gemini", "simulated"];
            assert!(providers.contains(&entry.provider.as_str()), "{}", entry.provider);
        }
        assert!(names.len() >= 40);
    }
}
