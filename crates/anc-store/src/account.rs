//! Accounts and their tiers.

mod page;

use anc_domain::{AccountId, NanoUsd, TierId};
use anc_ledger::Zone;
use sqlx::FromRow;

pub use page::{AccountPage, AccountQuery, AccountSort, AccountUse, Person};

use crate::change::Topic;
use crate::database::Database;
use crate::sql::{On, query};
use crate::tier::{self, TierRecord, TierRow};
use crate::token::{NAMES_OF_ONE_READ, VERSION_CONFLICT};
use crate::{StoreError, row};

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
    /// Why, in the operator's words.
    pub suspended_reason: Option<String>,
    /// Σ entries − Σ charges.
    pub balance: NanoUsd,
    /// Σ open holds.
    pub held: NanoUsd,
    /// Whose midnights begin its budget windows.
    pub zone: Zone,
    /// Its tier.
    pub tier: TierRecord,
    /// Counts the edits.
    pub version: i64,
}

impl AccountRecord {
    /// Whether none of its tokens gets a hold.
    pub const fn is_stopped(&self) -> bool {
        self.suspended || self.people_disabled
    }

    /// What is neither spent nor held, the tier's overdraft included; below zero where more is owed
    /// than the tier lends.
    pub fn available(&self) -> NanoUsd {
        let free = self.balance.checked_sub(self.held);
        let free = free.unwrap_or(NanoUsd::from_nanos(i64::MIN));
        free.checked_add(self.tier.terms.overdraft).unwrap_or(NanoUsd::MAX)
    }

    /// What can be spent in all, held or not; zero where nothing can. What an account is not bound
    /// by is its own matter: see [`AccountRecord::metered`].
    pub fn spendable(&self) -> NanoUsd {
        let sum = self.balance.checked_add(self.tier.terms.overdraft);
        sum.unwrap_or(NanoUsd::MAX).max(NanoUsd::ZERO)
    }
}

/// Why an account cannot be given a tier.
pub const NO_TIER: &str = "no tier of this id";

/// What operators change of an account; `None` stays as it is.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are the record's")]
pub struct AccountChanges {
    pub name: Option<String>,
    pub tier: Option<TierId>,
    pub metered: Option<bool>,
    /// With the reason, or `None` to let it act again.
    pub suspended: Option<Option<String>>,
    pub zone: Option<Zone>,
    /// The version that the changes were made on; another one is a conflict.
    pub if_version: Option<i64>,
}

impl AccountChanges {
    /// A suspension for a reason, or without one its end.
    pub fn suspended(reason: Option<&str>) -> Self {
        Self { suspended: Some(reason.map(str::to_owned)), ..Self::default() }
    }
}

#[derive(FromRow)]
pub(crate) struct AccountRow {
    id: i64,
    name: String,
    metered: bool,
    suspended: bool,
    people_disabled: bool,
    suspended_reason: Option<String>,
    balance: i64,
    held: i64,
    time_zone: String,
    version: i64,
    #[sqlx(flatten)]
    tier: TierRow,
}

/// Accounts with their money and their tier, and what `more` names beside.
pub(crate) fn select(more: &str) -> String {
    format!(
        "select a.id, a.name, a.metered, a.suspended, a.people_disabled,
                 a.suspended_reason, a.time_zone, a.version,
                b.balance, b.held, {}{more}
         from account a
         join account_balance b on b.account_id = a.id
         join tier r on r.id = a.tier_id",
        tier::COLUMNS
    )
}

/// The accounts' door.
#[derive(Clone, Copy)]
pub struct Accounts<'a> {
    pub(crate) db: &'a Database,
}

impl Accounts<'_> {
    /// One account.
    pub async fn get(&self, id: AccountId) -> Result<Option<AccountRecord>, StoreError> {
        fetch(&self.db.readers, id).await
    }

    /// The names of some accounts.
    pub async fn names(
        &self,
        accounts: &[AccountId],
    ) -> Result<Vec<(AccountId, String)>, StoreError> {
        let mut names = Vec::with_capacity(accounts.len());
        for some in accounts.chunks(NAMES_OF_ONE_READ) {
            let mut sql = query("select id, name from account where id in (");
            for (index, account) in some.iter().enumerate() {
                sql.push(if index == 0 { "" } else { ", " }).push_bind(account.as_i64());
            }
            sql.push(")");
            let rows: Vec<(i64, String)> = sql.fetch_all(&self.db.readers).await?;
            names.extend(rows.into_iter().map(|(id, name)| (AccountId::from_i64(id), name)));
        }
        Ok(names)
    }

    /// The account of the person who signs in with `email`.
    pub async fn by_owner_email(&self, email: &str) -> Result<Option<AccountRecord>, StoreError> {
        let sql =
            format!("{} join app_user u on u.account_id = a.id where u.email = $1", select(""));
        let row: Option<AccountRow> =
            query(sql).bind(email.to_lowercase()).fetch_optional(&self.db.readers).await?;
        row.map(AccountRow::into_record).transpose()
    }

    /// Changes an account and gives it as it was and as it is; `None` if there is none. In force
    /// for every request that begins afterwards; a suspension ends those that run. A tier that there
    /// is not is a conflict, and so is another version than that of the changes.
    pub async fn update(
        &self,
        id: AccountId,
        changes: AccountChanges,
    ) -> Result<Option<(AccountRecord, AccountRecord)>, StoreError> {
        let mut tx = self.db.write().await?;
        let Some(before) = fetch(&mut tx, id).await? else { return Ok(None) };
        if changes.if_version.is_some_and(|version| version != before.version) {
            return Err(StoreError::Conflict(VERSION_CONFLICT));
        }
        let tier_id = changes.tier.unwrap_or(before.tier.id);
        let known: bool = query("select exists (select 1 from tier where id = $1)")
            .bind(tier_id.as_i64())
            .fetch_value(&mut tx)
            .await?;
        if !known {
            return Err(StoreError::Conflict(NO_TIER));
        }
        let (suspended, reason) = match changes.suspended {
            Some(reason) => (reason.is_some(), reason),
            None => (before.suspended, before.suspended_reason.clone()),
        };
        query(
            "update account
             set name = $2, tier_id = $3, metered = $4, suspended = $5, suspended_reason = $6,
                 time_zone = $7, version = version + 1
             where id = $1",
        )
        .bind(id.as_i64())
        .bind(changes.name.as_ref().unwrap_or(&before.name))
        .bind(tier_id.as_i64())
        .bind(changes.metered.unwrap_or(before.metered))
        .bind(suspended)
        .bind(reason)
        .bind(changes.zone.as_ref().unwrap_or(&before.zone).name())
        .execute(&mut tx)
        .await?;
        tx.change(Topic::Account(id)).await?;
        let after = fetch(&mut tx, id).await?;
        tx.commit().await?;
        Ok(after.map(|after| (before, after)))
    }
}

async fn fetch<'a>(
    on: impl Into<On<'a>>,
    id: AccountId,
) -> Result<Option<AccountRecord>, StoreError> {
    let row: Option<AccountRow> = query(format!("{} where a.id = $1", select("")))
        .bind(id.as_i64())
        .fetch_optional(on)
        .await?;
    row.map(AccountRow::into_record).transpose()
}

impl AccountRow {
    pub(crate) fn into_record(self) -> Result<AccountRecord, StoreError> {
        Ok(AccountRecord {
            id: AccountId::from_i64(self.id),
            name: self.name,
            metered: self.metered,
            suspended: self.suspended,
            people_disabled: self.people_disabled,
            suspended_reason: self.suspended_reason,
            balance: NanoUsd::from_nanos(self.balance),
            held: NanoUsd::from_nanos(self.held),
            zone: row::zone(&self.time_zone),
            tier: self.tier.into_record()?,
            version: self.version,
        })
    }
}
