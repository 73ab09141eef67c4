//! The price book: models and what they cost, in versions.

mod import;

use anc_domain::{ModelName, PpmMultiplier, UnixMillis};
use anc_ledger::ModelPrice;
use serde::Deserialize;
use sqlx::FromRow;

use crate::StoreError;
use crate::change::Topic;
use crate::database::{Database, WriteTx};
use crate::row;
use crate::sql::query;

pub use import::{ImportPlan, ImportStep, PlannedPrice, PriceEntry};

/// The book that comes with the program: its number and the simulated provider's models.
const BUILTIN: &str = include_str!("../prices/builtin.json");

/// The rest of it, by vendor.
const BUILTIN_VENDORS: [&str; 10] = [
    include_str!("../prices/openai.json"),
    include_str!("../prices/anthropic.json"),
    include_str!("../prices/gemini.json"),
    include_str!("../prices/deepseek.json"),
    include_str!("../prices/xai.json"),
    include_str!("../prices/mistral.json"),
    include_str!("../prices/qwen.json"),
    include_str!("../prices/moonshot.json"),
    include_str!("../prices/cohere.json"),
    include_str!("../prices/groq.json"),
];

/// The provider of a model that only a person has given a price.
pub const CUSTOM_PROVIDER: &str = "custom";

const NO_PRICE: StoreError = StoreError::Conflict("a price below zero or beyond range");
const TOO_MANY: StoreError = StoreError::Conflict("a model has too many versions of its price");

/// Versions of one model's price: several a day for years.
const VERSIONS_MAX: i64 = 10_000;

/// Who set a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceSource {
    /// It came with the program, and follows the program's later versions.
    Builtin,
    /// It came from a list that a person imported; another list changes it, the program does not.
    Import,
    /// A person set it; no later version of the program changes it, and no list.
    Manual,
}

impl PriceSource {
    /// Its name in the database and in the control API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::Import => "import",
            Self::Manual => "manual",
        }
    }

    fn from_name(name: &str) -> Result<Self, StoreError> {
        [Self::Builtin, Self::Import, Self::Manual]
            .into_iter()
            .find(|source| source.name() == name)
            .ok_or_else(|| StoreError::corrupt("an unknown source of a price"))
    }
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
    /// Since when it holds.
    pub valid_from: UnixMillis,
}

/// One of the prices that a model has had, has, or will have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceVersion {
    /// The model.
    pub model: ModelName,
    /// Counts the prices of the model.
    pub version: i64,
    /// Who set it.
    pub source: PriceSource,
    /// What it is.
    pub price: ModelPrice,
    /// When it was set.
    pub created_at: UnixMillis,
    /// From when on it holds, until another version's time comes.
    pub valid_from: UnixMillis,
}

#[derive(FromRow)]
struct VersionRow {
    model: String,
    version: i64,
    source: String,
    price: String,
    created_at: i64,
    valid_from: i64,
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
    valid_from: i64,
}

/// The price that each model has at the time `$1`.
const SELECT: &str = "select m.name as model, m.provider, m.context, m.max_output,
        p.price, p.version, p.source, p.valid_from
 from model m
 join model_price p on p.model = m.name and p.version = (
     select v.version
     from model_price v
     where v.model = m.name and v.valid_from <= $1
     order by v.valid_from desc, v.version desc
     limit 1)";

const SELECT_VERSIONS: &str = "select model, version, source, price, created_at, valid_from
 from model_price";

/// The price book's door.
#[derive(Clone, Copy)]
pub struct Prices<'a> {
    pub(crate) db: &'a Database,
}

impl Prices<'_> {
    /// Every model that has a price now, by name.
    pub async fn list(&self) -> Result<Vec<PriceRecord>, StoreError> {
        let rows: Vec<PriceRow> = query(format!("{SELECT} order by m.name"))
            .bind(self.db.now().as_millis())
            .fetch_all(&self.db.readers)
            .await?;
        rows.into_iter().map(PriceRow::into_record).collect()
    }

    /// One model's price now.
    pub async fn get(&self, model: &ModelName) -> Result<Option<PriceRecord>, StoreError> {
        let row: Option<PriceRow> = query(format!("{SELECT} where m.name = $2"))
            .bind(self.db.now().as_millis())
            .bind(model.as_str())
            .fetch_optional(&self.db.readers)
            .await?;
        row.map(PriceRow::into_record).transpose()
    }

    /// The prices whose time has not come, of all models, the next one first.
    pub async fn upcoming(&self) -> Result<Vec<PriceVersion>, StoreError> {
        let rows: Vec<VersionRow> =
            query(format!("{SELECT_VERSIONS} where valid_from > $1 order by valid_from, version"))
                .bind(self.db.now().as_millis())
                .fetch_all(&self.db.readers)
                .await?;
        rows.into_iter().map(VersionRow::into_version).collect()
    }

    /// Every price that a model has had, has and will have, the newest first.
    pub async fn versions(&self, model: &ModelName) -> Result<Vec<PriceVersion>, StoreError> {
        let rows: Vec<VersionRow> =
            query(format!("{SELECT_VERSIONS} where model = $1 order by version desc"))
                .bind(model.as_str())
                .fetch_all(&self.db.readers)
                .await?;
        rows.into_iter().map(VersionRow::into_version).collect()
    }

    /// Sets a model's price by a person's hand, as a new version that holds from now on, or from a
    /// later time. A price that [`ModelPrice::check`] finds fault with is a conflict.
    pub async fn set(
        &self,
        model: &ModelName,
        price: &ModelPrice,
        from: Option<UnixMillis>,
    ) -> Result<PriceVersion, StoreError> {
        if price.check().is_err() {
            return Err(NO_PRICE);
        }
        let mut tx = self.db.write().await?;
        let now = tx.now;
        query(
            "insert into model (name, provider, created_at)
             values ($1, $2, $3)
             on conflict (name) do nothing",
        )
        .bind(model.as_str())
        .bind(CUSTOM_PROVIDER)
        .bind(now.as_millis())
        .execute(&mut tx)
        .await?;
        let from = from.map_or(now, |from| from.max(now));
        let set = add_version(&mut tx, model, price, PriceSource::Manual, from).await?;
        tx.change(Topic::Catalog).await?;
        tx.commit().await?;
        Ok(set)
    }

    /// Takes back a version whose time has not come. False where there is no such one.
    pub async fn withdraw(&self, model: &ModelName, version: i64) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        let done = query(
            "delete from model_price
             where model = $1 and version = $2 and valid_from > $3",
        )
        .bind(model.as_str())
        .bind(version)
        .bind(now)
        .execute(&mut tx)
        .await?;
        if done == 0 {
            return Ok(false);
        }
        tx.change(Topic::Catalog).await?;
        tx.commit().await?;
        Ok(true)
    }
}

async fn add_version(
    tx: &mut WriteTx,
    model: &ModelName,
    price: &ModelPrice,
    source: PriceSource,
    valid_from: UnixMillis,
) -> Result<PriceVersion, StoreError> {
    let now = tx.now;
    let text = serde_json::to_string(price).map_err(StoreError::corrupt)?;
    let version: i64 = query(
        "insert into model_price (model, version, source, price, created_at, valid_from)
         select $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5
         from model_price
         where model = $1
         returning version",
    )
    .bind(model.as_str())
    .bind(source.name())
    .bind(text)
    .bind(now.as_millis())
    .bind(valid_from.as_millis())
    .fetch_value(&mut *tx)
    .await?;
    if version > VERSIONS_MAX {
        return Err(TOO_MANY);
    }
    let (model, price) = (model.clone(), price.clone());
    Ok(PriceVersion { model, version, source, price, created_at: now, valid_from })
}

/// The setting that keeps the number of the newest book that the database has taken.
const BOOK_TAKEN: &str = "price_book";

#[derive(Deserialize)]
struct Book {
    /// Counts the books: raised with every change of one, so that the newer of two is known.
    number: u32,
    models: Vec<BookEntry>,
}

/// The models of one vendor in the built-in book.
#[derive(Deserialize)]
struct BookPart {
    models: Vec<BookEntry>,
}

impl Book {
    fn builtin() -> Result<Self, serde_json::Error> {
        let mut book: Self = serde_json::from_str(BUILTIN)?;
        for text in BUILTIN_VENDORS {
            let part: BookPart = serde_json::from_str(text)?;
            book.models.extend(part.models);
        }
        Ok(book)
    }
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
    let book = Book::builtin().map_err(StoreError::corrupt)?;
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
    let now = tx.now;
    let row: Option<PriceRow> = query(format!("{SELECT} where m.name = $2"))
        .bind(now.as_millis())
        .bind(&entry.model)
        .fetch_optional(&mut *tx)
        .await?;
    if let Some(row) = row {
        let current = row.into_record()?;
        let is_same = current.price == entry.price
            && current.context.map(row::units_column) == entry.context
            && current.max_output.map(row::units_column) == entry.max_output;
        if current.source != PriceSource::Builtin || is_same {
            return Ok(false);
        }
    }
    query(
        "insert into model (name, provider, context, max_output, created_at)
         values ($1, $2, $3, $4, $5)
         on conflict (name) do update
         set provider = excluded.provider,
             context = excluded.context,
             max_output = excluded.max_output",
    )
    .bind(&entry.model)
    .bind(&entry.provider)
    .bind(entry.context)
    .bind(entry.max_output)
    .bind(now.as_millis())
    .execute(&mut *tx)
    .await?;
    add_version(tx, &model, &entry.price, PriceSource::Builtin, now).await?;
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
            source: PriceSource::from_name(&self.source)?,
            valid_from: UnixMillis::from_millis(self.valid_from),
        })
    }
}

impl VersionRow {
    fn into_version(self) -> Result<PriceVersion, StoreError> {
        Ok(PriceVersion {
            model: self.model.parse().map_err(StoreError::corrupt)?,
            version: self.version,
            source: PriceSource::from_name(&self.source)?,
            price: serde_json::from_str(&self.price).map_err(StoreError::corrupt)?,
            created_at: UnixMillis::from_millis(self.created_at),
            valid_from: UnixMillis::from_millis(self.valid_from),
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

    use anc_domain::{NanoUsd, Provider};

    use super::*;

    #[test]
    fn the_builtin_book_is_sound() {
        let book = Book::builtin().unwrap();
        assert!(book.number >= 1);
        let mut names = HashSet::new();
        let mut providers = HashSet::new();
        for entry in &book.models {
            let name: ModelName = entry.model.parse().unwrap();
            assert!(names.insert(name), "{} stands twice", entry.model);
            assert_eq!(entry.price.check(), Ok(()), "{}", entry.model);
            assert!(entry.price.is_chargeable(PpmMultiplier::from_ppm(10_000_000)));
            assert!(entry.price.rates.input > NanoUsd::ZERO, "{} is free", entry.model);
            // What makes vectors makes no output that could cost anything.
            let swapped = entry.price.rates.output < entry.price.rates.input;
            assert!(!swapped || entry.model.contains("embed"), "{}: swapped?", entry.model);
            let provider = Provider::from_name(&entry.provider);
            assert!(provider.is_some(), "{}", entry.provider);
            providers.extend(provider);
        }
        assert!(names.len() >= 200);
        assert_eq!(providers.len(), Provider::ALL.len(), "each has models");
    }

    #[test]
    fn no_rule_of_the_builtin_book_is_written_in_vain() {
        for text in BUILTIN_VENDORS.into_iter().chain([BUILTIN]) {
            let book: serde_json::Value = serde_json::from_str(text).unwrap();
            for entry in book["models"].as_array().unwrap() {
                let price: ModelPrice = serde_json::from_value(entry["price"].clone()).unwrap();
                assert_eq!(serde_json::to_value(&price).unwrap(), entry["price"]);
            }
        }
    }
}
