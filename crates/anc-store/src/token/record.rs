//! A token as it is shown: what people set, what it spent, and why it does not work if it does not.

use anc_domain::{
    AccountId, AddressRules, ApiTokenId, EndpointScopes, ModelPatterns, NanoUsd, SecretHash,
    TokenHint, UnixMillis,
};
use anc_ledger::Period;
use sqlx::FromRow;

use super::TokenChanges;
use crate::{StoreError, row};

/// What a token's state is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenStatus {
    /// It works.
    Enabled,
    /// It was switched off, or its account is suspended.
    Disabled,
    /// Its time is over.
    Expired,
    /// Its quota or its account's balance is spent.
    Exhausted,
}

impl TokenStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Enabled, Self::Disabled, Self::Expired, Self::Exhausted];

    /// The stable name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::Exhausted => "exhausted",
        }
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// Why a token does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenStop {
    /// It was switched off.
    Disabled,
    /// Its account is suspended, or has no person who is not disabled.
    AccountSuspended,
    /// Its time is over.
    Expired,
    /// Its quota is spent.
    TokenQuotaExhausted,
    /// Its account's balance is spent.
    BalanceExhausted,
}

impl TokenStop {
    const ALL: [Self; 5] = [
        Self::Disabled,
        Self::AccountSuspended,
        Self::Expired,
        Self::TokenQuotaExhausted,
        Self::BalanceExhausted,
    ];

    /// The stable name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::AccountSuspended => "account_suspended",
            Self::Expired => "expired",
            Self::TokenQuotaExhausted => "token_quota_exhausted",
            Self::BalanceExhausted => "balance_exhausted",
        }
    }

    /// What the state is called.
    pub const fn status(self) -> TokenStatus {
        match self {
            Self::Disabled | Self::AccountSuspended => TokenStatus::Disabled,
            Self::Expired => TokenStatus::Expired,
            Self::TokenQuotaExhausted | Self::BalanceExhausted => TokenStatus::Exhausted,
        }
    }
}

/// A live API token.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenRecord {
    /// The token.
    pub id: ApiTokenId,
    /// Whose it is.
    pub account_id: AccountId,
    /// The user's own name for it.
    pub name: String,
    /// What may be shown of its text.
    pub hint: TokenHint,
    /// Whether it is switched on.
    pub enabled: bool,
    /// The most it may ever consume; `None` is unlimited.
    pub quota: Option<NanoUsd>,
    /// Σ charges.
    pub used: NanoUsd,
    /// Σ open holds.
    pub held: NanoUsd,
    /// How many requests it was used for.
    pub requests: u64,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it stops working; `None` is never.
    pub expires_at: Option<UnixMillis>,
    /// When a request last began with it.
    pub last_used_at: Option<UnixMillis>,
    /// Which models it may use.
    pub models: ModelPatterns,
    /// From where it may be used.
    pub ip_rules: AddressRules,
    /// What else bounds it, and what people say of it.
    pub traits: TokenTraits,
    /// When the secret in use was made.
    pub rotated_at: UnixMillis,
    /// Counts the edits.
    pub version: i64,
    /// Why it does not work; `None` if it does.
    pub stopped_by: Option<TokenStop>,
}

impl TokenRecord {
    /// What its state is called.
    pub fn status(&self) -> TokenStatus {
        self.stopped_by.map_or(TokenStatus::Enabled, TokenStop::status)
    }

    /// What is left of the quota, zero if it is overdrawn; `None` is unlimited.
    pub fn remaining(&self) -> Option<NanoUsd> {
        let left = self.quota?.checked_sub(self.used).unwrap_or_default();
        Some(left.max(NanoUsd::ZERO))
    }

    pub(super) fn apply(&mut self, changes: TokenChanges) {
        self.traits.apply(&changes);
        if let Some(name) = changes.name {
            self.name = name;
        }
        if let Some(expires_at) = changes.expires_at {
            self.expires_at = expires_at;
        }
        if let Some(quota) = changes.quota {
            self.quota = quota;
        }
        if let Some(models) = changes.models {
            self.models = models;
        }
        if let Some(ip_rules) = changes.ip_rules {
            self.ip_rules = ip_rules;
        }
        if let Some(enabled) = changes.enabled {
            self.enabled = enabled;
        }
    }
}

/// What bounds a token beside quota, expiry, models and addresses, and what people say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenTraits {
    /// The most that may be consumed in each period, by [`Period::index`]; `None` is unlimited.
    pub budgets: [Option<NanoUsd>; Period::ALL.len()],
    /// How fast and how wide it may be used.
    pub rates: TokenRates,
    /// Which endpoints it may call.
    pub scopes: EndpointScopes,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// What people want to remember of it.
    pub note: String,
    /// Through which set of channels its requests go.
    pub group: String,
}

impl Default for TokenTraits {
    fn default() -> Self {
        Self {
            budgets: Default::default(),
            rates: TokenRates::default(),
            scopes: EndpointScopes::default(),
            tags: Vec::new(),
            note: String::new(),
            group: crate::DEFAULT_GROUP.to_owned(),
        }
    }
}

impl TokenTraits {
    fn apply(&mut self, changes: &TokenChanges) {
        for (budget, change) in self.budgets.iter_mut().zip(changes.budgets) {
            if let Some(limit) = change {
                *budget = limit;
            }
        }
        let rates = &mut self.rates;
        for (rate, change) in [
            (&mut rates.requests_per_minute, changes.requests_per_minute),
            (&mut rates.units_per_minute, changes.units_per_minute),
            (&mut rates.concurrency, changes.concurrency),
        ] {
            if let Some(limit) = change {
                *rate = limit;
            }
        }
        if let Some(scopes) = &changes.scopes {
            self.scopes = scopes.clone();
        }
        if let Some(tags) = &changes.tags {
            self.tags.clone_from(tags);
        }
        if let Some(group) = &changes.group {
            self.group.clone_from(group);
        }
        if let Some(note) = &changes.note {
            self.note.clone_from(note);
        }
    }
}

/// How fast and how wide a token may be used; `None` is unlimited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenRates {
    /// Requests a minute.
    pub requests_per_minute: Option<u64>,
    /// Input and output units a minute.
    pub units_per_minute: Option<u64>,
    /// Requests at once.
    pub concurrency: Option<u64>,
}

/// The columns of [`TokenTraits`].
#[derive(FromRow)]
pub(super) struct TraitsRow {
    budget_day: Option<i64>,
    budget_week: Option<i64>,
    budget_month: Option<i64>,
    #[sqlx(flatten)]
    rates: RatesRow,
    scopes: String,
    tags: String,
    note: String,
    channel_group: String,
}

/// The columns of [`TokenRates`].
#[derive(FromRow)]
pub(super) struct RatesRow {
    requests_per_minute: Option<i64>,
    units_per_minute: Option<i64>,
    concurrency: Option<i64>,
}

impl RatesRow {
    pub(super) fn rates(&self) -> Result<TokenRates, StoreError> {
        let count = |value: Option<i64>| value.map(row::count).transpose();
        Ok(TokenRates {
            requests_per_minute: count(self.requests_per_minute)?,
            units_per_minute: count(self.units_per_minute)?,
            concurrency: count(self.concurrency)?,
        })
    }
}

impl TraitsRow {
    fn traits(self) -> Result<TokenTraits, StoreError> {
        Ok(TokenTraits {
            budgets: [self.budget_day, self.budget_week, self.budget_month]
                .map(|limit| limit.map(NanoUsd::from_nanos)),
            rates: self.rates.rates()?,
            scopes: EndpointScopes::new(row::list(&self.scopes)?),
            tags: row::list(&self.tags)?,
            note: self.note,
            group: self.channel_group,
        })
    }
}

/// Live tokens; `$1` is now. Why one does not work is told by the same order and comparisons as in
/// the rules of a hold.
pub(super) const SELECT: &str = "select t.id, t.account_id, t.hash, t.hint, t.name, t.enabled,
        t.quota, t.expires_at, t.models, t.ip_rules, t.version, t.created_at,
        t.budget_day, t.budget_week, t.budget_month, t.requests_per_minute, t.units_per_minute,
        t.concurrency, t.scopes, t.tags, t.note, t.channel_group,
        t.rotated_at,
        s.used, s.held, s.requests, s.last_used_at,
        case
            when not t.enabled then 'disabled'
            when a.suspended or a.people_disabled then 'account_suspended'
            when t.expires_at <= $1 then 'expired'
            when t.quota <= s.used then 'token_quota_exhausted'
            when a.metered and b.balance <= -r.overdraft then 'balance_exhausted'
        end as stopped_by
 from api_token t
 join api_token_spend s on s.token_id = t.id
 join account a on a.id = t.account_id
 join account_balance b on b.account_id = a.id
 join tier r on r.id = a.tier_id
 where t.deleted_at is null";

#[derive(FromRow)]
pub(super) struct TokenRow {
    pub(super) id: i64,
    account_id: i64,
    hash: Vec<u8>,
    hint: String,
    pub(super) name: String,
    enabled: bool,
    quota: Option<i64>,
    pub(super) expires_at: Option<i64>,
    models: String,
    ip_rules: String,
    version: i64,
    #[sqlx(flatten)]
    traits: TraitsRow,
    rotated_at: Option<i64>,
    pub(super) created_at: i64,
    pub(super) used: i64,
    held: i64,
    requests: i64,
    last_used_at: Option<i64>,
    stopped_by: Option<String>,
}

impl TokenRow {
    pub(super) fn into_record(self) -> Result<(TokenRecord, SecretHash), StoreError> {
        let stopped_by = self
            .stopped_by
            .map(|name| {
                TokenStop::ALL
                    .into_iter()
                    .find(|stop| stop.name() == name)
                    .ok_or_else(|| StoreError::corrupt("an unknown state of a token"))
            })
            .transpose()?;
        let record = TokenRecord {
            id: ApiTokenId::from_i64(self.id),
            account_id: AccountId::from_i64(self.account_id),
            name: self.name,
            hint: TokenHint::from_stored(self.hint),
            enabled: self.enabled,
            quota: self.quota.map(NanoUsd::from_nanos),
            used: NanoUsd::from_nanos(self.used),
            held: NanoUsd::from_nanos(self.held),
            requests: row::count(self.requests)?,
            created_at: UnixMillis::from_millis(self.created_at),
            expires_at: row::time(self.expires_at),
            last_used_at: row::time(self.last_used_at),
            models: ModelPatterns::new(row::list(&self.models)?),
            ip_rules: AddressRules::new(row::list(&self.ip_rules)?),
            traits: self.traits.traits()?,
            rotated_at: UnixMillis::from_millis(self.rotated_at.unwrap_or(self.created_at)),
            version: self.version,
            stopped_by,
        };
        Ok((record, row::hash(&self.hash)?))
    }
}
