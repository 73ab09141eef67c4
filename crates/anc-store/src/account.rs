//! Accounts and their tiers.

use anc_domain::{AccountId, NanoUsd, PpmMultiplier, TierId};
use anc_ledger::Zone;
use sqlx::FromRow;

use crate::change::Topic;
use crate::database::Database;
use crate::row;
use crate::sql::query;
use crate::{StoreError, price};

/// What an account may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierRecord {
    /// The tier.
    pub id: TierId,
    /// What people call it.
    pub name: String,
    /// How many API tokens an account may have.
    pub token_limit: u32,
    /// The factor on every price.
    pub multiplier: PpmMultiplier,
}

/// The owner of balance, API tokens and usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRecord {
    /// The account.
    pub id: AccountId,
    /// What people call it.
    pub name: String,
    /// Whether the balance stops requests.
    pub metered: bool,
    /// Whether the operator has suspended it.
    pub suspended: bool,
    /// Whether it has people and all of them are disabled.
    pub people_disabled: bool,
    /// Σ entries − Σ charges.
    pub balance: NanoUsd,
    /// Σ open holds.
    pub held: NanoUsd,
    /// Whose midnights begin its budget windows.
    pub zone: Zone,
    /// Its tier.
    pub tier: TierRecord,
}

impl AccountRecord {
    /// Whether none of its tokens gets a hold.
    pub const fn is_stopped(&self) -> bool {
        self.suspended || self.people_disabled
    }

    /// What is neither spent nor held; below zero where something is owed.
    pub fn available(&self) -> NanoUsd {
        self.balance.checked_sub(self.held).unwrap_or(NanoUsd::from_nanos(i64::MIN))
    }
}

/// Whether an account may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspension {
    /// It may.
    Active,
    /// None of its tokens gets a hold.
    Suspended,
}

#[derive(FromRow)]
pub(crate) struct AccountRow {
    id: i64,
    name: String,
    metered: bool,
    suspended: bool,
    people_disabled: bool,
    balance: i64,
    held: i64,
    time_zone: String,
    tier_id: i64,
    tier_name: String,
    token_limit: i64,
    multiplier_ppm: i64,
}

pub(crate) const SELECT: &str = "select a.id, a.name, a.metered, a.suspended, a.people_disabled,
        a.time_zone, b.balance, b.held, t.id as tier_id, t.name as tier_name, t.token_limit, t.multiplier_ppm
 from account a
 join account_balance b on b.account_id = a.id
 join tier t on t.id = a.tier_id";

/// The accounts' door.
#[derive(Clone, Copy)]
pub struct Accounts<'a> {
    pub(crate) db: &'a Database,
}

impl Accounts<'_> {
    /// One account.
    pub async fn get(&self, id: AccountId) -> Result<Option<AccountRecord>, StoreError> {
        let row: Option<AccountRow> = query(format!("{SELECT} where a.id = $1"))
            .bind(id.as_i64())
            .fetch_optional(&self.db.readers)
            .await?;
        row.map(AccountRow::into_record).transpose()
    }

    /// The account of the person who signs in with `email`.
    pub async fn by_owner_email(&self, email: &str) -> Result<Option<AccountRecord>, StoreError> {
        let row: Option<AccountRow> =
            query(format!("{SELECT} join app_user u on u.account_id = a.id where u.email = $1"))
                .bind(email.to_lowercase())
                .fetch_optional(&self.db.readers)
                .await?;
        row.map(AccountRow::into_record).transpose()
    }

    /// Sets whose midnights begin an account's budget windows, from the next ones on; false if there
    /// is no such account.
    pub async fn set_zone(&self, id: AccountId, zone: &Zone) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let done = query("update account set time_zone = $2 where id = $1")
            .bind(id.as_i64())
            .bind(zone.name())
            .execute(&mut tx)
            .await?;
        if done == 0 {
            return Ok(false);
        }
        tx.change(Topic::Account(id)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Suspends an account or lets it act again; false if there is none.
    pub async fn set_suspended(
        &self,
        id: AccountId,
        suspension: Suspension,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let done = query("update account set suspended = $2 where id = $1")
            .bind(id.as_i64())
            .bind(suspension == Suspension::Suspended)
            .execute(&mut tx)
            .await?;
        if done == 0 {
            return Ok(false);
        }
        tx.change(Topic::Account(id)).await?;
        tx.commit().await?;
        Ok(true)
    }
}

impl AccountRow {
    pub(crate) fn into_record(self) -> Result<AccountRecord, StoreError> {
        Ok(AccountRecord {
            id: AccountId::from_i64(self.id),
            name: self.name,
            metered: self.metered,
            suspended: self.suspended,
            people_disabled: self.people_disabled,
            balance: NanoUsd::from_nanos(self.balance),
            held: NanoUsd::from_nanos(self.held),
            zone: row::zone(&self.time_zone),
            tier: TierRecord {
                id: TierId::from_i64(self.tier_id),
                name: self.tier_name,
                token_limit: token_limit(self.token_limit)?,
                multiplier: price::multiplier(self.multiplier_ppm)?,
            },
        })
    }
}

/// A tier's limit from its column.
pub(crate) fn token_limit(limit: i64) -> Result<u32, StoreError> {
    u32::try_from(row::count(limit)?).map_err(StoreError::corrupt)
}
