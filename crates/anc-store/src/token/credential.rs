//! What the data plane knows of a presented credential.

use anc_domain::{
    AccountId, AddressRules, ApiTokenId, EndpointScopes, ModelPatterns, PpmMultiplier, SecretHash,
    TierId, UnixMillis,
};
use sqlx::FromRow;

use super::Tokens;
use super::record::{RatesRow, TokenRates};
use crate::sql::query;
use crate::tier::{self, TierRow, allows_group};
use crate::{StoreError, row};

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
    /// Which endpoints it may call.
    pub scopes: EndpointScopes,
    /// How fast and how wide it may be used.
    pub rates: TokenRates,
    /// Through which set of channels its requests go.
    pub group: String,
    /// Until when this secret works, where it was rotated away or is a playground's.
    pub secret_valid_until: Option<UnixMillis>,
    /// Whether the account is stopped: suspended, or all its people disabled.
    pub account_suspended: bool,
    /// Whether the balance stops requests.
    pub metered: bool,
    /// The factor of the account's tier on every price.
    pub multiplier: PpmMultiplier,
    /// What else the account's tier says.
    pub tier: CallerTier,
}

/// What a tier says of a request.
#[derive(Debug, Clone)]
pub struct CallerTier {
    /// The tier.
    pub id: TierId,
    /// What people call it.
    pub name: String,
    /// Which models may be used.
    pub models: ModelPatterns,
    /// Through which groups of channels; empty: all of them.
    pub groups: Vec<String>,
    /// How fast and how wide all tokens of the account may be used together.
    pub rates: TokenRates,
}

impl CallerTier {
    /// Whether requests may go through a group of channels.
    pub fn allows_group(&self, group: &str) -> bool {
        allows_group(&self.groups, group)
    }
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
    scopes: String,
    #[sqlx(flatten)]
    rates: RatesRow,
    channel_group: String,
    valid_until: Option<i64>,
    suspended: bool,
    metered: bool,
    #[sqlx(flatten)]
    tier: TierRow,
}

impl Tokens<'_> {
    /// What a presented text's hash stands for, deleted tokens included.
    pub async fn credential(&self, hash: &SecretHash) -> Result<Option<Credential>, StoreError> {
        let row: Option<CredentialRow> = query(format!(
            "with secret as (
                 select id as token_id, cast(null as bigint) as valid_until
                 from api_token
                 where hash = $1
                 union all
                 select token_id, valid_until
                 from api_token_timed_secret
                 where hash = $1
             )
             select t.id, t.account_id, t.enabled, t.deleted_at is not null as deleted,
                    t.expires_at, t.models, t.ip_rules, t.scopes, t.requests_per_minute,
                    t.units_per_minute, t.concurrency, t.channel_group, secret.valid_until,
                    (a.suspended or a.people_disabled) as suspended, a.metered, {}
             from secret
             join api_token t on t.id = secret.token_id
             join account a on a.id = t.account_id
             join tier r on r.id = a.tier_id",
            tier::COLUMNS
        ))
        .bind(hash.as_bytes().as_slice())
        .fetch_optional(&self.db.readers)
        .await?;
        row.map(CredentialRow::into_credential).transpose()
    }
}

impl CredentialRow {
    fn into_credential(self) -> Result<Credential, StoreError> {
        let tier = self.tier.into_record()?;
        Ok(Credential {
            token_id: ApiTokenId::from_i64(self.id),
            account_id: AccountId::from_i64(self.account_id),
            enabled: self.enabled,
            deleted: self.deleted,
            expires_at: row::time(self.expires_at),
            models: ModelPatterns::new(row::list(&self.models)?),
            ip_rules: AddressRules::new(row::list(&self.ip_rules)?),
            scopes: EndpointScopes::new(row::list(&self.scopes)?),
            rates: self.rates.rates()?,
            group: self.channel_group,
            secret_valid_until: row::time(self.valid_until),
            account_suspended: self.suspended,
            metered: self.metered,
            multiplier: tier.terms.multiplier,
            tier: CallerTier {
                id: tier.id,
                name: tier.terms.name,
                models: tier.terms.models,
                groups: tier.terms.groups,
                rates: tier.terms.rates,
            },
        })
    }
}
