//! Upstream accounts of providers, their keys sealed.

use std::collections::BTreeMap;

use anc_domain::{ChannelId, Entropy, ModelName, PpmMultiplier, Secret, UnixMillis};
use sqlx::FromRow;

use crate::change::Topic;
use crate::database::Database;
use crate::idempotency::{self, Idempotency, Repeat};
use crate::row;
use crate::seal::{CHANNEL_KEY, Place, Sealer};
use crate::sql::query;
use crate::{DEFAULT_GROUP, StoreError};

/// The shortest key of which a hint may be shown: eight characters of it must not matter.
const HINTED_KEY_CHARS_MIN: usize = 20;

/// One configured upstream account of a provider.
#[derive(Debug, Clone)]
pub struct ChannelRecord {
    /// The channel.
    pub id: ChannelId,
    /// What people call it.
    pub name: String,
    /// Its vendor and protocol family: `openai`, `anthropic`, `simulated`.
    pub provider: String,
    /// Where it is; `None` is the provider's usual address.
    pub base_url: Option<String>,
    /// What it serves; what none means is the provider's matter.
    pub models: Vec<ModelName>,
    /// Whether it is used.
    pub enabled: bool,
    /// Whether it may lie in a private network.
    pub allow_private: bool,
    /// The key, opened; of several, one a line.
    pub key: Option<Secret>,
    /// What may be shown of the key.
    pub key_hint: Option<String>,
    /// When it is tried, and under which names.
    pub routing: ChannelRouting,
    /// The factor on the price book at which its provider bills the operator.
    pub cost_multiplier: PpmMultiplier,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it was last edited.
    pub updated_at: UnixMillis,
}

/// When a channel is tried, and under which names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRouting {
    /// Higher ones are tried first.
    pub priority: i64,
    /// Among those of one priority, its share of first attempts. At least one.
    pub weight: u32,
    /// The set of channels that it belongs to.
    pub group: String,
    /// Names that clients ask for, to names that the provider knows.
    pub model_map: BTreeMap<String, String>,
}

impl Default for ChannelRouting {
    fn default() -> Self {
        Self { priority: 0, weight: 1, group: DEFAULT_GROUP.to_owned(), model_map: BTreeMap::new() }
    }
}

/// What a new channel is made of; see [`ChannelRecord`].
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are the record's")]
pub struct NewChannel {
    pub name: String,
    pub provider: String,
    pub base_url: Option<String>,
    pub models: Vec<ModelName>,
    pub enabled: bool,
    pub allow_private: bool,
    pub key: Option<Secret>,
    pub routing: ChannelRouting,
    pub cost_multiplier: PpmMultiplier,
}

/// What is to be changed; `None` stays as it is.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are the record's")]
pub struct ChannelChanges {
    pub name: Option<String>,
    pub base_url: Option<Option<String>>,
    pub models: Option<Vec<ModelName>>,
    pub enabled: Option<bool>,
    pub allow_private: Option<bool>,
    pub key: Option<Option<Secret>>,
    pub routing: Option<ChannelRouting>,
    pub cost_multiplier: Option<PpmMultiplier>,
}

#[derive(FromRow)]
struct ChannelRow {
    id: i64,
    name: String,
    provider: String,
    base_url: Option<String>,
    models: String,
    enabled: bool,
    allow_private: bool,
    key_sealed: Option<Vec<u8>>,
    key_hint: Option<String>,
    priority: i64,
    weight: i64,
    group_name: String,
    model_map: String,
    cost_ppm: i64,
    created_at: i64,
    updated_at: i64,
}

const SELECT: &str = "select id, name, provider, base_url, models, enabled, allow_private,
        key_sealed, key_hint, priority, weight, group_name, model_map, cost_ppm, created_at,
        updated_at
 from channel
 where deleted_at is null";

/// The channels' door.
#[derive(Clone, Copy)]
pub struct Channels<'a> {
    pub(crate) db: &'a Database,
    pub(crate) sealer: &'a Sealer,
    pub(crate) entropy: &'a dyn Entropy,
}

impl Channels<'_> {
    /// Every channel, oldest first.
    pub async fn list(&self) -> Result<Vec<ChannelRecord>, StoreError> {
        let rows: Vec<ChannelRow> =
            query(format!("{SELECT} order by created_at, id")).fetch_all(&self.db.readers).await?;
        rows.into_iter().map(|row| self.record(row)).collect()
    }

    /// One channel.
    pub async fn get(&self, id: ChannelId) -> Result<Option<ChannelRecord>, StoreError> {
        let row: Option<ChannelRow> = query(format!("{SELECT} and id = $1"))
            .bind(id.as_i64())
            .fetch_optional(&self.db.readers)
            .await?;
        row.map(|row| self.record(row)).transpose()
    }

    /// The names of channels, deleted ones included.
    pub async fn names(&self) -> Result<Vec<(ChannelId, String)>, StoreError> {
        let rows: Vec<(i64, String)> =
            query("select id, name from channel").fetch_all(&self.db.readers).await?;
        Ok(rows.into_iter().map(|(id, name)| (ChannelId::from_i64(id), name)).collect())
    }

    /// Makes a channel, unless the same request made one before.
    pub async fn create(
        &self,
        new: NewChannel,
        idempotency: Option<&Idempotency>,
    ) -> Result<Result<ChannelRecord, Repeat>, StoreError> {
        let mut tx = self.db.write().await?;
        if let Some(repeat) = idempotency::repeated(&mut tx, idempotency).await? {
            return Ok(Err(repeat));
        }
        let record = ChannelRecord {
            id: ChannelId::generate(tx.now, self.entropy),
            name: new.name,
            provider: new.provider,
            base_url: new.base_url,
            models: new.models,
            enabled: new.enabled,
            allow_private: new.allow_private,
            key_hint: new.key.as_ref().and_then(key_hint),
            key: new.key,
            routing: new.routing,
            cost_multiplier: new.cost_multiplier,
            created_at: tx.now,
            updated_at: tx.now,
        };
        query(
            "insert into channel (id, name, provider, base_url, models, enabled, allow_private,
                 key_sealed, key_hint, created_at, updated_at, priority, weight, group_name,
                 model_map, cost_ppm)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        )
        .bind(record.id.as_i64())
        .bind(&record.name)
        .bind(&record.provider)
        .bind(&record.base_url)
        .bind(row::list_text(record.models.iter()))
        .bind(record.enabled)
        .bind(record.allow_private)
        .bind(self.sealed(&record)?)
        .bind(&record.key_hint)
        .bind(record.created_at.as_millis())
        .bind(record.updated_at.as_millis())
        .bind(record.routing.priority)
        .bind(i64::from(record.routing.weight))
        .bind(&record.routing.group)
        .bind(map_text(&record.routing)?)
        .bind(i64::from(record.cost_multiplier.ppm()))
        .execute(&mut tx)
        .await?;
        tx.change(Topic::Catalog).await?;
        idempotency::remember(&mut tx, idempotency, &[record.id.to_string()]).await?;
        tx.commit().await?;
        Ok(Ok(record))
    }

    /// Changes a channel; `None` if there is none.
    pub async fn update(
        &self,
        id: ChannelId,
        changes: ChannelChanges,
    ) -> Result<Option<ChannelRecord>, StoreError> {
        let mut tx = self.db.write().await?;
        let row: Option<ChannelRow> = query(format!("{SELECT} and id = $1"))
            .bind(id.as_i64())
            .fetch_optional(&mut tx)
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let mut record = self.record(row)?;
        record.apply(changes);
        record.updated_at = tx.now;
        query(
            "update channel
             set name = $2, base_url = $3, models = $4, enabled = $5, allow_private = $6,
                 key_sealed = $7, key_hint = $8, updated_at = $9, priority = $10, weight = $11,
                 group_name = $12, model_map = $13, cost_ppm = $14
             where id = $1",
        )
        .bind(id.as_i64())
        .bind(&record.name)
        .bind(&record.base_url)
        .bind(row::list_text(record.models.iter()))
        .bind(record.enabled)
        .bind(record.allow_private)
        .bind(self.sealed(&record)?)
        .bind(&record.key_hint)
        .bind(record.updated_at.as_millis())
        .bind(record.routing.priority)
        .bind(i64::from(record.routing.weight))
        .bind(&record.routing.group)
        .bind(map_text(&record.routing)?)
        .bind(i64::from(record.cost_multiplier.ppm()))
        .execute(&mut tx)
        .await?;
        tx.change(Topic::Catalog).await?;
        tx.commit().await?;
        Ok(Some(record))
    }

    /// Deletes a channel and its key; its name stays for the usage rows that tell of it. False if
    /// there is none.
    pub async fn delete(&self, id: ChannelId) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        let done = query(
            "update channel
             set deleted_at = $2, enabled = false, key_sealed = null, key_hint = null
             where id = $1
             and deleted_at is null",
        )
        .bind(id.as_i64())
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

    fn sealed(&self, record: &ChannelRecord) -> Result<Option<Vec<u8>>, StoreError> {
        record
            .key
            .as_ref()
            .map(|key| self.sealer.seal(place(record.id), key, self.entropy))
            .transpose()
    }

    fn record(&self, row: ChannelRow) -> Result<ChannelRecord, StoreError> {
        let id = ChannelId::from_i64(row.id);
        let key = row.key_sealed.map(|sealed| self.sealer.open(place(id), &sealed)).transpose()?;
        Ok(ChannelRecord {
            id,
            name: row.name,
            provider: row.provider,
            base_url: row.base_url,
            models: row::list(&row.models)?,
            enabled: row.enabled,
            allow_private: row.allow_private,
            key,
            key_hint: row.key_hint,
            routing: ChannelRouting {
                priority: row.priority,
                weight: u32::try_from(row.weight).map_err(StoreError::corrupt)?,
                group: row.group_name,
                model_map: serde_json::from_str(&row.model_map).map_err(StoreError::corrupt)?,
            },
            cost_multiplier: PpmMultiplier::from_ppm(
                u32::try_from(row.cost_ppm).map_err(StoreError::corrupt)?,
            ),
            created_at: UnixMillis::from_millis(row.created_at),
            updated_at: UnixMillis::from_millis(row.updated_at),
        })
    }
}

impl ChannelRecord {
    fn apply(&mut self, changes: ChannelChanges) {
        if let Some(name) = changes.name {
            self.name = name;
        }
        if let Some(base_url) = changes.base_url {
            self.base_url = base_url;
        }
        if let Some(models) = changes.models {
            self.models = models;
        }
        if let Some(enabled) = changes.enabled {
            self.enabled = enabled;
        }
        if let Some(allow_private) = changes.allow_private {
            self.allow_private = allow_private;
        }
        if let Some(routing) = changes.routing {
            self.routing = routing;
        }
        if let Some(cost_multiplier) = changes.cost_multiplier {
            self.cost_multiplier = cost_multiplier;
        }
        if let Some(key) = changes.key {
            self.key_hint = key.as_ref().and_then(key_hint);
            self.key = key;
        }
    }
}

fn map_text(routing: &ChannelRouting) -> Result<String, StoreError> {
    serde_json::to_string(&routing.model_map).map_err(StoreError::corrupt)
}

const fn place(id: ChannelId) -> Place {
    CHANNEL_KEY.place(id.as_i64())
}

/// What may be shown of a provider's key: the first and last characters of a long one, `sk-…9xQ2`,
/// and nothing of a short one; of several, those of the first.
pub fn key_hint(key: &Secret) -> Option<String> {
    let letters: Vec<char> = key.expose().lines().next()?.chars().collect();
    if letters.len() < HINTED_KEY_CHARS_MIN {
        return None;
    }
    let head: String = letters.iter().take(3).collect();
    let tail: String = letters.iter().skip(letters.len() - 4).collect();
    Some(format!("{head}…{tail}"))
}
