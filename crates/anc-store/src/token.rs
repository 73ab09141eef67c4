//! API tokens: what people edit of them. What they spend is the ledger writer's.

mod credential;
mod page;
mod playground;
mod record;
mod rotate;
mod window;

use anc_domain::{
    AccountId, AddressRules, ApiTokenId, EndpointScopes, Entropy, ModelPatterns, NanoUsd,
    SecretHash, TokenHint, UnixMillis,
};
use anc_ledger::Period;

pub use credential::{CallerTier, Credential};
pub use page::{TokenPage, TokenQuery, TokenSort};
pub use playground::{PLAYGROUND_SECRETS_MAX, PlaygroundGrant};
pub use record::{TokenRates, TokenRecord, TokenStatus, TokenStop, TokenTraits};
pub use rotate::OldSecret;
pub use window::WindowUse;

use crate::change::Topic;
use crate::database::{Database, WriteTx};
use crate::idempotency::{self, Idempotency, Repeat};
use crate::sql::{On, query};
use crate::tier::small_count;
use crate::{StoreError, row};
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
    /// Budgets, rates, scopes, tags, note.
    pub traits: TokenTraits,
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

/// Why tokens were not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotCreated {
    /// The tier allows no more.
    Limit(TokenLimitReached),
    /// The same request was made before, or its word belongs to another.
    Repeat(Repeat),
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
    /// By [`Period::index`].
    pub budgets: [Option<Option<NanoUsd>>; Period::ALL.len()],
    pub requests_per_minute: Option<Option<u64>>,
    pub units_per_minute: Option<Option<u64>>,
    pub concurrency: Option<Option<u64>>,
    pub scopes: Option<EndpointScopes>,
    pub tags: Option<Vec<String>>,
    pub note: Option<String>,
    pub group: Option<String>,
    /// The version that the changes were made on; another one is a conflict.
    pub if_version: Option<i64>,
}

/// Why an edit of another version is refused.
pub const VERSION_CONFLICT: &str = "it was changed meanwhile";

/// How many names one statement reads.
pub(crate) const NAMES_OF_ONE_READ: usize = 200;

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
        let created = self.create_in(&mut tx, new).await?;
        if created.is_ok() {
            tx.commit().await?;
        }
        Ok(created)
    }

    async fn create_in(
        &self,
        tx: &mut WriteTx,
        new: NewToken,
    ) -> Result<Result<TokenRecord, TokenLimitReached>, StoreError> {
        if let Some(reached) = limit_reached(tx, new.account_id, 1).await? {
            return Ok(Err(reached));
        }
        let (now, id) = (tx.now, ApiTokenId::generate(tx.now, self.entropy));
        query(
            "insert into api_token (id, account_id, hash, hint, name, enabled, quota, expires_at,
                 models, ip_rules, created_at, updated_at, budget_day, budget_week, budget_month,
                 requests_per_minute, units_per_minute, concurrency, scopes, tags, note,
                 channel_group)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13, $14, $15, $16,
                 $17, $18, $19, $20, $21)",
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
        .bind_traits(&new.traits)
        .execute(&mut *tx)
        .await
        .map_err(|error| StoreError::conflict_on(error, "the token's text is known already"))?;
        query("insert into api_token_spend (token_id) values ($1)")
            .bind(id.as_i64())
            .execute(&mut *tx)
            .await?;
        // Somebody may have tried the text before it was a token's: such copies are to be dropped.
        tx.change(Topic::Token { id, hash: new.hash }).await?;
        let record = fetch(&mut *tx, id, Some(new.account_id), now).await?;
        record
            .map(|(record, _)| Ok(record))
            .ok_or_else(|| StoreError::corrupt("a new token is gone"))
    }

    /// Makes several tokens, or none where the account's tier allows fewer or the same request
    /// made some before.
    pub async fn create_all(
        &self,
        new: Vec<NewToken>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Result<Vec<TokenRecord>, NotCreated>, StoreError> {
        let mut tx = self.db.write().await?;
        if let Some(repeat) = idempotency::repeated(&mut tx, idempotency).await? {
            return Ok(Err(NotCreated::Repeat(repeat)));
        }
        // All or none, and the figures are those of before.
        if let Some(account) = new.first().map(|one| one.account_id)
            && let Some(reached) = limit_reached(&mut tx, account, new.len()).await?
        {
            return Ok(Err(NotCreated::Limit(reached)));
        }
        let mut records = Vec::with_capacity(new.len());
        for one in new {
            match self.create_in(&mut tx, one).await? {
                Ok(record) => records.push(record),
                Err(reached) => return Ok(Err(NotCreated::Limit(reached))),
            }
        }
        let made: Vec<String> = records.iter().map(|record| record.id.to_string()).collect();
        idempotency::remember(&mut tx, idempotency, &made).await?;
        tx.commit().await?;
        Ok(Ok(records))
    }

    /// One live token, of `account` if that is given.
    pub async fn get(
        &self,
        id: ApiTokenId,
        account: Option<AccountId>,
    ) -> Result<Option<TokenRecord>, StoreError> {
        let found = fetch(&self.db.readers, id, account, self.db.now()).await?;
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
        if changes.if_version.is_some_and(|version| version != record.version) {
            return Err(StoreError::Conflict(VERSION_CONFLICT));
        }
        record.apply(changes);
        query(
            "update api_token
             set name = $2, enabled = $3, quota = $4, expires_at = $5, models = $6, ip_rules = $7,
                 version = version + 1, updated_at = $8, budget_day = $9, budget_week = $10,
                 budget_month = $11, requests_per_minute = $12, units_per_minute = $13,
                 concurrency = $14, scopes = $15, tags = $16, note = $17, channel_group = $18
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
        .bind_traits(&record.traits)
        .execute(&mut tx)
        .await?;
        rotate::tell_of_all_secrets(&mut tx, id, hash).await?;
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
        query(
            "update api_token
             set deleted_at = $2, updated_at = $2, version = version + 1
             where id = $1",
        )
        .bind(id.as_i64())
        .bind(now.as_millis())
        .execute(&mut tx)
        .await?;
        rotate::tell_of_all_secrets(&mut tx, id, hash).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The names of some tokens, deleted ones included: of one account, or of all.
    pub async fn names(
        &self,
        tokens: &[ApiTokenId],
        account: Option<AccountId>,
    ) -> Result<Vec<(ApiTokenId, String)>, StoreError> {
        let mut names = Vec::with_capacity(tokens.len());
        for some in tokens.chunks(NAMES_OF_ONE_READ) {
            let mut sql =
                query("select id, name from api_token where ($1 is null or account_id = $1)")
                    .bind(account.map(AccountId::as_i64));
            for (index, token) in some.iter().enumerate() {
                sql.push(if index == 0 { " and id in (" } else { ", " }).push_bind(token.as_i64());
            }
            sql.push(")");
            let rows: Vec<(i64, String)> = sql.fetch_all(&self.db.readers).await?;
            names.extend(rows.into_iter().map(|(id, name)| (ApiTokenId::from_i64(id), name)));
        }
        Ok(names)
    }

    /// How many live tokens an account has.
    pub async fn count(&self, account: AccountId) -> Result<u32, StoreError> {
        count_live(&self.db.readers, account).await
    }
}

trait BindTraits {
    fn bind_traits(self, traits: &TokenTraits) -> Self;
}

impl BindTraits for crate::sql::Query {
    /// In the order of the columns.
    fn bind_traits(self, traits: &TokenTraits) -> Self {
        let [day, week, month] = traits.budgets.map(|limit| limit.map(NanoUsd::nanos));
        let rates = &traits.rates;
        self.bind(day)
            .bind(week)
            .bind(month)
            .bind(rates.requests_per_minute.map(row::units_column))
            .bind(rates.units_per_minute.map(row::units_column))
            .bind(rates.concurrency.map(row::units_column))
            .bind(row::list_text(traits.scopes.iter()))
            .bind(row::list_text(traits.tags.iter()))
            .bind(&traits.note)
            .bind(&traits.group)
    }
}

async fn limit_reached(
    tx: &mut WriteTx,
    account: AccountId,
    more: usize,
) -> Result<Option<TokenLimitReached>, StoreError> {
    let tier: Option<(String, i64)> = query(
        "select t.name, t.token_limit
         from account a
         join tier t on t.id = a.tier_id
         where a.id = $1",
    )
    .bind(account.as_i64())
    .fetch_optional(&mut *tx)
    .await?;
    let (tier, limit) = tier.ok_or(StoreError::Conflict("the account does not exist"))?;
    let (limit, used) = (small_count(limit)?, count_live(tx, account).await?);
    let room = usize::try_from(limit.saturating_sub(used)).unwrap_or(0);
    Ok((more > room).then_some(TokenLimitReached { tier, limit, used }))
}

async fn count_live<'a>(on: impl Into<On<'a>>, account: AccountId) -> Result<u32, StoreError> {
    let count: i64 = query(
        "select count(*)
         from api_token
         where account_id = $1
         and deleted_at is null",
    )
    .bind(account.as_i64())
    .fetch_value(on)
    .await?;
    small_count(count)
}

/// One live token and the hash of its text.
async fn fetch<'a>(
    on: impl Into<On<'a>>,
    id: ApiTokenId,
    account: Option<AccountId>,
    now: UnixMillis,
) -> Result<Option<(TokenRecord, SecretHash)>, StoreError> {
    let row: Option<TokenRow> =
        query(format!("{SELECT} and t.id = $2 and ($3 is null or t.account_id = $3)"))
            .bind(now.as_millis())
            .bind(id.as_i64())
            .bind(account.map(AccountId::as_i64))
            .fetch_optional(on)
            .await?;
    row.map(TokenRow::into_record).transpose()
}
