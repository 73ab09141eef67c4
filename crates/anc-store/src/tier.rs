//! Tiers: what their accounts may do. Operators' data.

use anc_domain::{Entropy, ModelPatterns, NanoUsd, PpmMultiplier, TierId};
use sqlx::FromRow;

use crate::change::Topic;
use crate::database::Database;
use crate::idempotency::{self, Idempotency, Repeat};
use crate::sql::{On, Query, query};
use crate::token::{TokenRates, VERSION_CONFLICT};
use crate::{StoreError, price, row};

const NAME_TAKEN: &str = "a tier of this name";

/// What a tier's accounts may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierTerms {
    /// What people call it.
    pub name: String,
    /// How many API tokens an account may have. Tokens beyond it keep working.
    pub token_limit: u32,
    /// The factor on every price.
    pub multiplier: PpmMultiplier,
    /// How far below zero a balance may be spent. Zero or more.
    pub overdraft: NanoUsd,
    /// Which models may be used.
    pub models: ModelPatterns,
    /// Through which groups of channels; empty: all of them.
    pub groups: Vec<String>,
    /// How fast and how wide all tokens of an account may be used together.
    pub rates: TokenRates,
    /// In how many days a new token expires that names no end; `None` is never.
    pub expiry_days_default: Option<u32>,
    /// In how many days a token expires at the latest; `None` is never. At least the default.
    pub expiry_days_max: Option<u32>,
}

impl TierTerms {
    /// Whether tokens may use a group of channels.
    pub fn allows_group(&self, group: &str) -> bool {
        allows_group(&self.groups, group)
    }
}

/// Whether a list of groups, of which an empty one has all, has `group`.
pub(crate) fn allows_group(groups: &[String], group: &str) -> bool {
    groups.is_empty() || groups.iter().any(|one| one == group)
}

/// A tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierRecord {
    /// The tier.
    pub id: TierId,
    /// What it says.
    pub terms: TierTerms,
    /// Counts the edits.
    pub version: i64,
}

/// A tier, and how many have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierUse {
    /// The tier.
    pub tier: TierRecord,
    /// How many accounts are of it.
    pub accounts: u64,
    /// Whether new accounts are of it, so that it stays.
    pub standard: bool,
}

/// Why a tier cannot be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TierNeeded {
    /// New accounts are of it.
    Standard,
    /// So many accounts are of it.
    Accounts(u64),
    /// So many invitations that are still to be used are for it.
    Invitations(u64),
}

/// The columns of [`TierTerms`] and the version; see [`columns`].
#[derive(FromRow)]
pub(crate) struct TierRow {
    tier_id: i64,
    tier_name: String,
    token_limit: i64,
    multiplier_ppm: i64,
    overdraft: i64,
    tier_models: String,
    tier_groups: String,
    tier_requests_per_minute: Option<i64>,
    tier_units_per_minute: Option<i64>,
    tier_concurrency: Option<i64>,
    expiry_days_default: Option<i64>,
    expiry_days_max: Option<i64>,
    tier_version: i64,
}

/// What a [`TierRow`] reads, of the tier `r`.
pub(crate) const COLUMNS: &str = "r.id as tier_id, r.name as tier_name, r.token_limit,
        r.multiplier_ppm, r.overdraft, r.models as tier_models, r.channel_groups as tier_groups,
        r.requests_per_minute as tier_requests_per_minute,
        r.units_per_minute as tier_units_per_minute, r.concurrency as tier_concurrency,
        r.expiry_days_default, r.expiry_days_max, r.version as tier_version";

/// The tiers' door.
#[derive(Clone, Copy)]
pub struct Tiers<'a> {
    pub(crate) db: &'a Database,
    pub(crate) entropy: &'a dyn Entropy,
}

impl Tiers<'_> {
    /// Every tier, oldest first: the first is that of new accounts.
    pub async fn list(&self) -> Result<Vec<TierUse>, StoreError> {
        let rows: Vec<TierRow> = query(format!("select {COLUMNS} from tier r order by r.id"))
            .fetch_all(&self.db.readers)
            .await?;
        let counts: Vec<(i64, i64)> =
            query("select tier_id, count(*) from account group by tier_id")
                .fetch_all(&self.db.readers)
                .await?;
        let standard = rows.first().map(|row| row.tier_id);
        rows.into_iter()
            .map(|row| {
                let known = counts.iter().find(|(tier, _)| *tier == row.tier_id);
                Ok(TierUse {
                    standard: standard == Some(row.tier_id),
                    accounts: row::count(known.map_or(0, |(_, accounts)| *accounts))?,
                    tier: row.into_record()?,
                })
            })
            .collect()
    }

    /// One tier.
    pub async fn get(&self, id: TierId) -> Result<Option<TierRecord>, StoreError> {
        fetch(&self.db.readers, id).await
    }

    /// Makes a tier, unless the same request made one before. A name that there is already is a
    /// conflict.
    pub async fn create(
        &self,
        terms: TierTerms,
        idempotency: Option<&Idempotency>,
    ) -> Result<Result<TierRecord, Repeat>, StoreError> {
        let mut tx = self.db.write().await?;
        if let Some(repeat) = idempotency::repeated(&mut tx, idempotency).await? {
            return Ok(Err(repeat));
        }
        let id = TierId::generate(tx.now, self.entropy);
        let sql = query(
            "insert into tier (id, name, token_limit, multiplier_ppm, overdraft, models,
                 channel_groups, requests_per_minute, units_per_minute, concurrency,
                 expiry_days_default, expiry_days_max, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        );
        bind_terms(sql.bind(id.as_i64()), &terms)
            .bind(tx.now.as_millis())
            .execute(&mut tx)
            .await
            .map_err(|error| StoreError::conflict_on(error, NAME_TAKEN))?;
        idempotency::remember(&mut tx, idempotency, &[id.to_string()]).await?;
        tx.commit().await?;
        Ok(Ok(TierRecord { id, terms, version: 1 }))
    }

    /// Changes what a tier says, for all its accounts, and gives it as it was and as it is; `None`
    /// if there is none. No token is touched: those that the tier no longer allows to be made keep
    /// working. A version other than `if_version` is a conflict, a name that there is already too.
    pub async fn update<E: From<StoreError>>(
        &self,
        id: TierId,
        if_version: Option<i64>,
        edit: impl FnOnce(&mut TierTerms) -> Result<(), E>,
    ) -> Result<Option<(TierRecord, TierRecord)>, E> {
        let mut tx = self.db.write().await?;
        let Some(before) = fetch(&mut tx, id).await? else { return Ok(None) };
        if if_version.is_some_and(|version| version != before.version) {
            return Err(StoreError::Conflict(VERSION_CONFLICT).into());
        }
        let mut after = before.clone();
        edit(&mut after.terms)?;
        after.version += 1;
        let sql = query(
            "update tier
             set name = $2, token_limit = $3, multiplier_ppm = $4, overdraft = $5, models = $6,
                 channel_groups = $7, requests_per_minute = $8, units_per_minute = $9,
                 concurrency = $10, expiry_days_default = $11, expiry_days_max = $12, version = $13
             where id = $1",
        );
        bind_terms(sql.bind(id.as_i64()), &after.terms)
            .bind(after.version)
            .execute(&mut tx)
            .await
            .map_err(|error| StoreError::conflict_on(error, NAME_TAKEN))?;
        tx.change(Topic::Tier(id)).await?;
        tx.commit().await?;
        Ok(Some((before, after)))
    }

    /// Deletes a tier that nobody needs; `None` if there is none.
    pub async fn delete(&self, id: TierId) -> Result<Option<Result<(), TierNeeded>>, StoreError> {
        let mut tx = self.db.write().await?;
        let standard: Option<i64> =
            query("select cast(min(id) as bigint) from tier").fetch_value(&mut tx).await?;
        if standard == Some(id.as_i64()) {
            return Ok(Some(Err(TierNeeded::Standard)));
        }
        let accounts: i64 = query("select count(*) from account where tier_id = $1")
            .bind(id.as_i64())
            .fetch_value(&mut tx)
            .await?;
        if accounts > 0 {
            return Ok(Some(Err(TierNeeded::Accounts(row::count(accounts)?))));
        }
        let now = tx.now.as_millis();
        let invitations: i64 = query(
            "select count(*)
             from invitation
             where tier_id = $1
             and used_at is null
             and withdrawn_at is null
             and expires_at > $2",
        )
        .bind(id.as_i64())
        .bind(now)
        .fetch_value(&mut tx)
        .await?;
        if invitations > 0 {
            return Ok(Some(Err(TierNeeded::Invitations(row::count(invitations)?))));
        }
        // What is over keeps no tier in being.
        query("update invitation set tier_id = null where tier_id = $1")
            .bind(id.as_i64())
            .execute(&mut tx)
            .await?;
        let done =
            query("delete from tier where id = $1").bind(id.as_i64()).execute(&mut tx).await?;
        tx.commit().await?;
        Ok((done > 0).then_some(Ok(())))
    }
}

/// In the order of the columns after the id.
fn bind_terms(sql: Query, terms: &TierTerms) -> Query {
    let rates = terms.rates;
    sql.bind(&terms.name)
        .bind(i64::from(terms.token_limit))
        .bind(i64::from(terms.multiplier.ppm()))
        .bind(terms.overdraft.nanos())
        .bind(row::list_text(terms.models.iter()))
        .bind(row::list_text(terms.groups.iter()))
        .bind(rates.requests_per_minute.map(row::units_column))
        .bind(rates.units_per_minute.map(row::units_column))
        .bind(rates.concurrency.map(row::units_column))
        .bind(terms.expiry_days_default.map(i64::from))
        .bind(terms.expiry_days_max.map(i64::from))
}

async fn fetch<'a>(on: impl Into<On<'a>>, id: TierId) -> Result<Option<TierRecord>, StoreError> {
    let row: Option<TierRow> = query(format!("select {COLUMNS} from tier r where r.id = $1"))
        .bind(id.as_i64())
        .fetch_optional(on)
        .await?;
    row.map(TierRow::into_record).transpose()
}

impl TierRow {
    pub(crate) fn into_record(self) -> Result<TierRecord, StoreError> {
        let rate = |value: Option<i64>| value.map(row::count).transpose();
        let days = |value: Option<i64>| value.map(small_count).transpose();
        Ok(TierRecord {
            id: TierId::from_i64(self.tier_id),
            version: self.tier_version,
            terms: TierTerms {
                name: self.tier_name,
                token_limit: small_count(self.token_limit)?,
                multiplier: price::multiplier(self.multiplier_ppm)?,
                overdraft: NanoUsd::from_nanos(self.overdraft),
                models: ModelPatterns::new(row::list(&self.tier_models)?),
                groups: row::list(&self.tier_groups)?,
                rates: TokenRates {
                    requests_per_minute: rate(self.tier_requests_per_minute)?,
                    units_per_minute: rate(self.tier_units_per_minute)?,
                    concurrency: rate(self.tier_concurrency)?,
                },
                expiry_days_default: days(self.expiry_days_default)?,
                expiry_days_max: days(self.expiry_days_max)?,
            },
        })
    }
}

/// A count of tokens or days from its column.
pub(crate) fn small_count(value: i64) -> Result<u32, StoreError> {
    u32::try_from(row::count(value)?).map_err(StoreError::corrupt)
}
