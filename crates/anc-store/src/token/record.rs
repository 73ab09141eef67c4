//! A token as it is shown: what people set, what it spent, and why it does not work if it does not.

use anc_domain::{
    AccountId, AddressRules, ApiTokenId, ModelPatterns, NanoUsd, SecretHash, TokenHint, UnixMillis,
};
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
    /// Its account is suspended.
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

/// Live tokens; `$1` is now. Why one does not work is told by the same order and comparisons as in
/// the rules of a hold.
pub(super) const SELECT: &str = "select t.id, t.account_id, t.hash, t.hint, t.name, t.enabled,
        t.quota, t.expires_at, t.models, t.ip_rules, t.version, t.created_at,
        s.used, s.held, s.requests, s.last_used_at,
        case
            when not t.enabled then 'disabled'
            when a.suspended then 'account_suspended'
            when t.expires_at <= $1 then 'expired'
            when t.quota <= s.used then 'token_quota_exhausted'
            when a.metered and b.balance <= 0 then 'balance_exhausted'
        end as stopped_by
 from api_token t
 join api_token_spend s on s.token_id = t.id
 join account a on a.id = t.account_id
 join account_balance b on b.account_id = a.id
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
            version: self.version,
            stopped_by,
        };
        Ok((record, row::hash(&self.hash)?))
    }
}
