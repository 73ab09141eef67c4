//! API tokens: what people edit of them. What they spend is the ledger writer's.

mod page;
mod record;

use anc_domain::{
    AccountId, AddressRules, ApiTokenId, Entropy, ModelPatterns, NanoUsd, PpmMultiplier,
    SecretHash, TokenHint, UnixMillis,
};
use sqlx::{AssertSqlSafe, FromRow, SqliteConnection};

pub use page::{TokenPage, TokenQuery, TokenSort};
pub use record::{TokenRecord, TokenStatus, TokenStop};

use crate::StoreError;
use crate::account::token_limit;
use crate::change::Topic;
use crate::database::Database;
use crate::{price, row};
use record::{SELECT, TokenRow};

/// What a new token is made of.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Whose it is.
    pub account_id: AccountId,
    /// The user's own name for it.
    pub name: String,
    /// The hash of its text.
    pub hash: SecretHash,
    /// What may be shown of its text.
    pub hint: TokenHint,
    /// The most it may ever consume; `None` is unlimited.
    pub quota: Option<NanoUsd>,
    /// When it stops working; `None` is never.
    pub expires_at: Option<UnixMillis>,
    /// Which models it may use.
    pub models: ModelPatterns,
    /// From where it may be used.
    pub ip_rules: AddressRules,
    /// Whether it is switched on.
    pub enabled: bool,
}

/// The account has as many tokens as its tier allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLimitReached {
    /// The tier's name.
    pub tier: String,
    /// How many it allows.
    pub limit: u32,
    /// How many there are.
    pub used: u32,
}

/// What is to be changed; `None` stays as it is.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are the record's")]
pub struct TokenChanges {
    pub name: Option<String>,
    pub expires_at: Option<Option<UnixMillis>>,
    pub quota: Option<Option<NanoUsd>>,
    pub models: Option<ModelPatterns>,
    pub ip_rules: Option<AddressRules>,
    pub enabled: Option<bool>,
}

/// What the relay's directory knows of a presented credential. Money is not part of it: that is
/// asked again where it counts, in the transaction of the hold.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Credential {
    /// The token.
    pub token_id: ApiTokenId,
    /// Whose it is.
    pub account_id: AccountId,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Whether it was deleted.
    pub deleted: bool,
    /// When it stops working; `None` is never.
    pub expires_at: Option<UnixMillis>,
    /// Which models it may use.
    pub models: ModelPatterns,
    /// From where it may be used.
    pub ip_rules: AddressRules,
    /// Whether the operator has suspended the account.
    pub account_suspended: bool,
    /// Whether the balance stops requests.
    pub metered: bool,
    /// The factor of the account's tier on every price.
    pub multiplier: PpmMultiplier,
}

#[derive(FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct CredentialRow {
    id: i64,
    account_id: i64,
    enabled: bool,
    deleted: bool,
    expires_at: Option<i64>,
    models: String,
    ip_rules: String,
    suspended: bool,
    metered: bool,
    multiplier_ppm: i64,
}

/// The tokens' door.
#[derive(Clone, Copy)]
pub struct Tokens<'a> {
    pub(crate) db: &'a Database,
    pub(crate) entropy: &'a dyn Entropy,
}

impl Tokens<'_> {
    /// Makes a token, unless the account has as many as its tier allows: counted and inserted in
    /// one transaction. A text that is known already, or an account that is not, is a conflict.
    pub async fn create(
        &self,
        new: NewToken,
    ) -> Result<Result<TokenRecord, TokenLimitReached>, StoreError> {
        let mut tx = self.db.write().await?;
        if let Some(reached) = limit_reached(&mut tx, new.account_id).await? {
            return Ok(Err(reached));
        }
        let (now, id) = (tx.now, ApiTokenId::generate(tx.now, self.entropy));
        sqlx::query(
            "insert into api_token (id, account_id, hash, hint, name, enabled, quota, expires_at,
                 models, ip_rules, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
        )
        .bind(id.as_i64())
        .bind(new.account_id.as_i64())
        .bind(new.hash.as_bytes().as_slice())
        .bind(new.hint.as_str())
        .bind(&new.name)
        .bind(new.enabled)
        .bind(new.quota.map(NanoUsd::nanos))
        .bind(row::millis(new.expires_at))
        .bind(row::list_text(new.models.iter()))
        .bind(row::list_text(new.ip_rules.iter()))
        .bind(now.as_millis())
        .execute(&mut *tx)
        .await
        .map_err(|error| StoreError::conflict_on(error, "the token's text is known already"))?;
        sqlx::query("insert into api_token_spend (token_id) values ($1)")
            .bind(id.as_i64())
            .execute(&mut *tx)
            .await?;
        // Somebody may have tried the text before it was a token's: such copies are to be dropped.
        tx.change(Topic::Token { id, hash: new.hash }).await?;
        let record = fetch(&mut tx, id, Some(new.account_id), now).await?;
        tx.commit().await?;
        record
            .map(|(record, _)| Ok(record))
            .ok_or_else(|| StoreError::corrupt("a new token is gone"))
    }

    /// One live token, of `account` if that is given.
    pub async fn get(
        &self,
        id: ApiTokenId,
        account: Option<AccountId>,
    ) -> Result<Option<TokenRecord>, StoreError> {
        let mut connection = self.db.readers.acquire().await?;
        let found = fetch(&mut connection, id, account, self.db.now()).await?;
        Ok(found.map(|(record, _)| record))
    }

    /// Changes a live token and counts its version up; `None` if there is none of that account.
    pub async fn update(
        &self,
        id: ApiTokenId,
        account: Option<AccountId>,
        changes: TokenChanges,
    ) -> Result<Option<TokenRecord>, StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now;
        let Some((mut record, hash)) = fetch(&mut tx, id, account, now).await? else {
            return Ok(None);
        };
        record.apply(changes);
        sqlx::query(
            "update api_token
             set name = $2, enabled = $3, quota = $4, expires_at = $5, models = $6, ip_rules = $7,
                 version = version + 1, updated_at = $8
             where id = $1",
        )
        .bind(id.as_i64())
        .bind(&record.name)
        .bind(record.enabled)
        .bind(record.quota.map(NanoUsd::nanos))
        .bind(row::millis(record.expires_at))
        .bind(row::list_text(record.models.iter()))
        .bind(row::list_text(record.ip_rules.iter()))
        .bind(now.as_millis())
        .execute(&mut *tx)
        .await?;
        tx.change(Topic::Token { id, hash }).await?;
        let changed = fetch(&mut tx, id, account, now).await?;
        tx.commit().await?;
        Ok(changed.map(|(record, _)| record))
    }

    /// Deletes a token for good; what it spent stays. False if there is none of that account.
    pub async fn delete(
        &self,
        id: ApiTokenId,
        account: Option<AccountId>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let now = tx.now;
        let Some((_, hash)) = fetch(&mut tx, id, account, now).await? else {
            return Ok(false);
        };
        sqlx::query(
            "update api_token
             set deleted_at = $2, updated_at = $2, version = version + 1
             where id = $1",
        )
        .bind(id.as_i64())
        .bind(now.as_millis())
        .execute(&mut *tx)
        .await?;
        tx.change(Topic::Token { id, hash }).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// How many live tokens an account has.
    pub async fn count(&self, account: AccountId) -> Result<u32, StoreError> {
        let mut connection = self.db.readers.acquire().await?;
        count_live(&mut connection, account).await
    }

    /// What a presented text's hash stands for, deleted tokens included.
    pub async fn credential(&self, hash: &SecretHash) -> Result<Option<Credential>, StoreError> {
        let row: Option<CredentialRow> = sqlx::query_as(
            "select t.id, t.account_id, t.enabled, t.deleted_at is not null as deleted,
                    t.expires_at, t.models, t.ip_rules, a.suspended, a.metered, r.multiplier_ppm
             from api_token t
             join account a on a.id = t.account_id
             join tier r on r.id = a.tier_id
             where t.hash = $1",
        )
        .bind(hash.as_bytes().as_slice())
        .fetch_optional(&self.db.readers)
        .await?;
        row.map(CredentialRow::into_credential).transpose()
    }
}

async fn limit_reached(
    connection: &mut SqliteConnection,
    account: AccountId,
) -> Result<Option<TokenLimitReached>, StoreError> {
    let tier: Option<(String, i64)> = sqlx::query_as(
        "select t.name, t.token_limit
         from account a
         join tier t on t.id = a.tier_id
         where a.id = $1",
    )
    .bind(account.as_i64())
    .fetch_optional(&mut *connection)
    .await?;
    let (tier, limit) = tier.ok_or(StoreError::Conflict("the account does not exist"))?;
    let (limit, used) = (token_limit(limit)?, count_live(connection, account).await?);
    Ok((used >= limit).then_some(TokenLimitReached { tier, limit, used }))
}

async fn count_live(
    connection: &mut SqliteConnection,
    account: AccountId,
) -> Result<u32, StoreError> {
    let count: i64 = sqlx::query_scalar(
        "select count(*)
         from api_token
         where account_id = $1
         and deleted_at is null",
    )
    .bind(account.as_i64())
    .fetch_one(connection)
    .await?;
    token_limit(count)
}

/// One live token and the hash of its text.
async fn fetch(
    connection: &mut SqliteConnection,
    id: ApiTokenId,
    account: Option<AccountId>,
    now: UnixMillis,
) -> Result<Option<(TokenRecord, SecretHash)>, StoreError> {
    let row: Option<TokenRow> = sqlx::query_as(AssertSqlSafe(format!(
        "{SELECT} and t.id = $2 and ($3 is null or t.account_id = $3)"
    )))
    .bind(now.as_millis())
    .bind(id.as_i64())
    .bind(account.map(AccountId::as_i64))
    .fetch_optional(connection)
    .await?;
    row.map(TokenRow::into_record).transpose()
}

impl CredentialRow {
    fn into_credential(self) -> Result<Credential, StoreError> {
        Ok(Credential {
            token_id: ApiTokenId::from_i64(self.id),
            account_id: AccountId::from_i64(self.account_id),
            enabled: self.enabled,
            deleted: self.deleted,
            expires_at: row::time(self.expires_at),
            models: ModelPatterns::new(row::list(&self.models)?),
            ip_rules: AddressRules::new(row::list(&self.ip_rules)?),
            account_suspended: self.suspended,
            metered: self.metered,
            multiplier: price::multiplier(self.multiplier_ppm)?,
        })
    }
}
