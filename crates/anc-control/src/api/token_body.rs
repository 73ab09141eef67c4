//! An API token in JSON: as it is shown, and as it is asked for.

use anc_domain::{
    AddressRule, AddressRules, EndpointScope, EndpointScopes, ModelPattern, ModelPatterns, NanoUsd,
    UnixMillis,
};
use anc_ledger::Period;
use anc_store::{TokenChanges, TokenRates, TokenRecord, TokenStatus, TokenStop, TokenTraits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::json::present;

const NAME_CHARS_MAX: usize = 64;
const RULES_MAX: usize = 200;
const TAGS_MAX: usize = 20;
const NOTE_CHARS_MAX: usize = 2_000;
const RATE_MAX: u64 = 1_000_000_000;

/// An API token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Token {
    id: String,
    account_id: String,
    name: String,
    /// What may be shown of its secret.
    hint: String,
    enabled: bool,
    status: StatusName,
    /// Why it does not work, where it was not switched off.
    #[schema(inline)]
    status_reason: Option<StatusReason>,
    /// The most that it may ever spend, in dollars; null: as much as its account has.
    #[schema(value_type = Option<String>, required)]
    quota: Option<NanoUsd>,
    #[schema(value_type = String)]
    used_quota: NanoUsd,
    #[schema(value_type = Option<String>, required)]
    remaining_quota: Option<NanoUsd>,
    /// Reserved by requests that run.
    #[schema(value_type = String)]
    held: NanoUsd,
    #[schema(format = DateTime)]
    created_at: String,
    /// Null: never.
    #[schema(format = DateTime, required)]
    expires_at: Option<String>,
    #[schema(format = DateTime, required)]
    last_used_at: Option<String>,
    requests: u64,
    models: Vec<String>,
    ip_rules: Vec<String>,
    budgets: Budgets,
    rates: Rates,
    /// Which kinds of endpoints it may call; empty: all.
    endpoints: Vec<String>,
    tags: Vec<String>,
    note: String,
    /// Through which group of channels its requests go.
    group: String,
    /// When its secret was made.
    #[schema(format = DateTime)]
    rotated_at: String,
    /// Counts the edits.
    pub(crate) version: i64,
}

/// The most that may be spent in each period, in dollars; null: no budget. Windows begin at midnight
/// of the account's time zone, weeks on Mondays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Budgets {
    day: Option<String>,
    week: Option<String>,
    month: Option<String>,
}

/// How fast and how wide it may be used; null: unlimited.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rates {
    requests_per_minute: Option<u64>,
    /// Input and output units.
    units_per_minute: Option<u64>,
    /// Requests at once.
    concurrency: Option<u64>,
}

/// Budgets to be changed: what is absent stays, null ends one.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BudgetChanges {
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    day: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    week: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    month: Option<Option<String>>,
}

/// Rates to be changed: what is absent stays, null ends one.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RateChanges {
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u64>)]
    pub(crate) requests_per_minute: Option<Option<u64>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u64>)]
    pub(crate) units_per_minute: Option<Option<u64>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<u64>)]
    pub(crate) concurrency: Option<Option<u64>>,
}

impl BudgetChanges {
    fn check(&self) -> Result<[Option<Option<NanoUsd>>; Period::ALL.len()], ApiError> {
        let check = |change: &Option<Option<String>>| {
            let limit = change.as_ref().map(Option::as_deref);
            limit.map(|limit| check_amount("budgets", limit)).transpose()
        };
        Ok([check(&self.day)?, check(&self.week)?, check(&self.month)?])
    }
}

impl RateChanges {
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        let rates = [self.requests_per_minute, self.units_per_minute, self.concurrency];
        if rates.into_iter().flatten().flatten().any(|limit| !(1..=RATE_MAX).contains(&limit)) {
            return Err(ApiError::field("rates", "A rate is at least 1."));
        }
        Ok(())
    }
}

impl Budgets {
    fn check(&self) -> Result<[Option<NanoUsd>; Period::ALL.len()], ApiError> {
        let check = |limit: &Option<String>| check_amount("budgets", limit.as_deref());
        Ok([check(&self.day)?, check(&self.week)?, check(&self.month)?])
    }
}

impl Rates {
    pub(crate) fn check(self) -> Result<TokenRates, ApiError> {
        let Self { requests_per_minute, units_per_minute, concurrency } = self;
        let rates = [requests_per_minute, units_per_minute, concurrency];
        if rates.into_iter().flatten().any(|limit| !(1..=RATE_MAX).contains(&limit)) {
            return Err(ApiError::field("rates", "A rate is at least 1."));
        }
        Ok(TokenRates { requests_per_minute, units_per_minute, concurrency })
    }
}

/// What a token's state is called.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StatusName {
    Enabled,
    Disabled,
    Expired,
    Exhausted,
}

/// Why a token does not work.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StatusReason {
    TokenQuotaExhausted,
    BalanceExhausted,
    Expired,
    AccountSuspended,
}

impl From<TokenStatus> for StatusName {
    fn from(status: TokenStatus) -> Self {
        match status {
            TokenStatus::Enabled => Self::Enabled,
            TokenStatus::Disabled => Self::Disabled,
            TokenStatus::Expired => Self::Expired,
            TokenStatus::Exhausted => Self::Exhausted,
        }
    }
}

impl From<StatusName> for TokenStatus {
    fn from(status: StatusName) -> Self {
        match status {
            StatusName::Enabled => Self::Enabled,
            StatusName::Disabled => Self::Disabled,
            StatusName::Expired => Self::Expired,
            StatusName::Exhausted => Self::Exhausted,
        }
    }
}

const fn reason(stop: TokenStop) -> Option<StatusReason> {
    match stop {
        TokenStop::Disabled => None,
        TokenStop::AccountSuspended => Some(StatusReason::AccountSuspended),
        TokenStop::Expired => Some(StatusReason::Expired),
        TokenStop::TokenQuotaExhausted => Some(StatusReason::TokenQuotaExhausted),
        TokenStop::BalanceExhausted => Some(StatusReason::BalanceExhausted),
    }
}

impl From<TokenRecord> for Token {
    fn from(record: TokenRecord) -> Self {
        Self {
            status: record.status().into(),
            status_reason: record.stopped_by.and_then(reason),
            remaining_quota: record.remaining(),
            id: record.id.to_string(),
            account_id: record.account_id.to_string(),
            name: record.name,
            hint: record.hint.to_string(),
            enabled: record.enabled,
            quota: record.quota,
            used_quota: record.used,
            held: record.held,
            created_at: record.created_at.to_rfc3339(),
            expires_at: record.expires_at.map(UnixMillis::to_rfc3339),
            last_used_at: record.last_used_at.map(UnixMillis::to_rfc3339),
            requests: record.requests,
            models: record.models.iter().map(ToString::to_string).collect(),
            ip_rules: record.ip_rules.iter().map(ToString::to_string).collect(),
            budgets: budgets(&record.traits),
            rates: record.traits.rates.into(),
            endpoints: record.traits.scopes.iter().map(ToString::to_string).collect(),
            tags: record.traits.tags,
            note: record.traits.note,
            group: record.traits.group,
            rotated_at: record.rotated_at.to_rfc3339(),
            version: record.version,
        }
    }
}

impl From<TokenRates> for Rates {
    fn from(rates: TokenRates) -> Self {
        let TokenRates { requests_per_minute, units_per_minute, concurrency } = rates;
        Self { requests_per_minute, units_per_minute, concurrency }
    }
}

fn budgets(traits: &TokenTraits) -> Budgets {
    let [day, week, month] = traits.budgets.map(|limit| limit.map(|limit| limit.to_string()));
    Budgets { day, week, month }
}

/// A token to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// For people; 1 to 64 characters.
    #[schema(min_length = 1, max_length = 64)]
    pub(crate) name: String,
    /// Null: never. Absent: as the account's tier says.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) expires_at: Option<Option<String>>,
    /// Dollars as a decimal string; null or absent: no quota of its own.
    #[serde(default)]
    pub(crate) quota: Option<String>,
    /// Names or patterns; empty: every model.
    #[serde(default)]
    pub(crate) models: Vec<String>,
    /// Addresses or ranges; empty: from anywhere.
    #[serde(default)]
    pub(crate) ip_rules: Vec<String>,
    #[serde(default)]
    pub(crate) budgets: Budgets,
    #[serde(default)]
    pub(crate) rates: Rates,
    /// Kinds of endpoints; empty: all.
    #[serde(default)]
    pub(crate) endpoints: Vec<String>,
    /// Words to find it by.
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    #[serde(default)]
    pub(crate) note: String,
    /// Through which group of channels its requests go; absent: the default one, or where the
    /// account's tier does not allow it, the first that it does.
    #[serde(default)]
    pub(crate) group: Option<String>,
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    /// Whose, by account id or owner's email; for operators. Absent: the caller's own.
    #[serde(default)]
    pub(crate) account: Option<String>,
}

const fn yes() -> bool {
    true
}

/// What is to be changed of a token; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenChange {
    #[serde(default)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) expires_at: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    quota: Option<Option<String>>,
    #[serde(default)]
    models: Option<Vec<String>>,
    #[serde(default)]
    ip_rules: Option<Vec<String>>,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    budgets: BudgetChanges,
    #[serde(default)]
    rates: RateChanges,
    #[serde(default)]
    endpoints: Option<Vec<String>>,
    #[serde(default)]
    tags: Option<Vec<String>>,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    pub(crate) group: Option<String>,
}

impl NewToken {
    /// What bounds it beside quota, expiry, models and addresses.
    pub(crate) fn traits(&self, group: String) -> Result<TokenTraits, ApiError> {
        Ok(TokenTraits {
            budgets: self.budgets.check()?,
            rates: self.rates.check()?,
            scopes: check_endpoints(&self.endpoints)?,
            tags: check_tags(&self.tags)?,
            note: check_note(&self.note)?,
            group,
        })
    }
}

impl TokenChange {
    /// The same in checked types.
    pub(crate) fn check(
        self,
        now: UnixMillis,
        if_version: Option<i64>,
    ) -> Result<TokenChanges, ApiError> {
        self.rates.check()?;
        Ok(TokenChanges {
            budgets: self.budgets.check()?,
            requests_per_minute: self.rates.requests_per_minute,
            units_per_minute: self.rates.units_per_minute,
            concurrency: self.rates.concurrency,
            scopes: self.endpoints.as_deref().map(check_endpoints).transpose()?,
            tags: self.tags.as_deref().map(check_tags).transpose()?,
            note: self.note.as_deref().map(check_note).transpose()?,
            group: self.group,
            if_version,
            name: self.name.as_deref().map(check_name).transpose()?,
            expires_at: self.expires_at.map(|end| check_end(end.as_deref(), now)).transpose()?,
            quota: self.quota.map(|quota| check_quota(quota.as_deref())).transpose()?,
            models: self.models.as_deref().map(check_models).transpose()?,
            ip_rules: self.ip_rules.as_deref().map(check_addresses).transpose()?,
            enabled: self.enabled,
        })
    }
}

pub(crate) fn check_name(name: &str) -> Result<String, ApiError> {
    let name = name.trim();
    let fits = (1..=NAME_CHARS_MAX).contains(&name.chars().count());
    if fits && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(ApiError::field("name", "A name has 1 to 64 characters."))
}

pub(crate) fn check_end(
    end: Option<&str>,
    now: UnixMillis,
) -> Result<Option<UnixMillis>, ApiError> {
    let Some(text) = end else { return Ok(None) };
    let end = UnixMillis::parse_rfc3339(text)
        .ok_or_else(|| ApiError::field("expires_at", "A time looks like 2027-01-31T18:00:00Z."))?;
    if end <= now {
        return Err(ApiError::field("expires_at", "A token expires in the future."));
    }
    Ok(Some(end))
}

pub(crate) fn check_quota(quota: Option<&str>) -> Result<Option<NanoUsd>, ApiError> {
    check_amount("quota", quota)
}

pub(crate) fn check_amount(
    field: &'static str,
    amount: Option<&str>,
) -> Result<Option<NanoUsd>, ApiError> {
    let Some(text) = amount else { return Ok(None) };
    match text.parse::<NanoUsd>() {
        Ok(amount) if !amount.is_negative() => Ok(Some(amount)),
        _ => Err(ApiError::field(
            field,
            "An amount is zero dollars or more, with at most nine decimals.",
        )),
    }
}

pub(crate) fn check_endpoints(texts: &[String]) -> Result<EndpointScopes, ApiError> {
    let scopes: Result<Vec<EndpointScope>, _> = texts.iter().map(|text| text.parse()).collect();
    scopes.map(EndpointScopes::new).map_err(|_| {
        let known = EndpointScope::ALL.map(EndpointScope::name).join(", ");
        ApiError::field("endpoints", format!("An endpoint is one of {known}."))
    })
}

fn check_tags(texts: &[String]) -> Result<Vec<String>, ApiError> {
    if texts.len() > TAGS_MAX {
        return Err(ApiError::field("tags", format!("At most {TAGS_MAX} tags are allowed.")));
    }
    texts
        .iter()
        .map(|tag| {
            check_name(tag).map_err(|_| ApiError::field("tags", "A tag has 1 to 64 characters."))
        })
        .collect()
}

fn check_note(note: &str) -> Result<String, ApiError> {
    if note.chars().count() > NOTE_CHARS_MAX {
        return Err(ApiError::field(
            "note",
            format!("A note has at most {NOTE_CHARS_MAX} characters."),
        ));
    }
    Ok(note.to_owned())
}

pub(crate) fn check_models(texts: &[String]) -> Result<ModelPatterns, ApiError> {
    check_count("models", texts)?;
    let patterns: Result<Vec<ModelPattern>, _> = texts.iter().map(|text| text.parse()).collect();
    patterns.map(ModelPatterns::new).map_err(|error| ApiError::field("models", error.to_string()))
}

pub(crate) fn check_addresses(texts: &[String]) -> Result<AddressRules, ApiError> {
    check_count("ip_rules", texts)?;
    let rules: Result<Vec<AddressRule>, _> = texts.iter().map(|text| text.parse()).collect();
    rules.map(AddressRules::new).map_err(|error| ApiError::field("ip_rules", error.to_string()))
}

fn check_count(field: &'static str, texts: &[String]) -> Result<(), ApiError> {
    if texts.len() <= RULES_MAX {
        return Ok(());
    }
    Err(ApiError::field(field, format!("At most {RULES_MAX} entries are allowed.")))
}
