//! A tier in JSON: as it is shown, and as it is asked for.

use std::collections::BTreeSet;

use anc_domain::{NanoUsd, PpmMultiplier};
use anc_store::{TierRecord, TierTerms};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::channels::check_group;
use crate::api::token_body::{RateChanges, Rates, check_amount, check_models, check_name};
use crate::error::ApiError;
use crate::json::present;
use crate::state::ApiState;

const TOKEN_LIMIT_MAX: u32 = 1_000_000;
const GROUPS_MAX: usize = 100;
const EXPIRY_DAYS_MAX: u32 = 3_650;
/// A million dollars: more is a slip of the hand.
const OVERDRAFT_MAX: NanoUsd = NanoUsd::from_nanos(1_000_000_000_000_000);

/// What an account may do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tier {
    id: String,
    name: String,
    /// How many API tokens the account may have. Tokens beyond it keep working.
    token_limit: u32,
    /// The factor on every price, in parts per million.
    multiplier_ppm: u32,
    /// How far below zero the balance may be spent, in dollars.
    #[schema(value_type = String)]
    overdraft: NanoUsd,
    /// Names or patterns; empty: every model.
    models: Vec<String>,
    /// Through which groups of channels; empty: all of them.
    groups: Vec<String>,
    /// Of all tokens of the account together.
    rates: Rates,
    /// In how many days a new token expires that names no end; null: never.
    #[schema(required)]
    expiry_days_default: Option<u32>,
    /// In how many days a token expires at the latest; null: never.
    #[schema(required)]
    expiry_days_max: Option<u32>,
    /// Counts the edits.
    pub(crate) version: i64,
}

impl From<TierRecord> for Tier {
    fn from(TierRecord { id, terms, version }: TierRecord) -> Self {
        Self {
            id: id.to_string(),
            name: terms.name,
            token_limit: terms.token_limit,
            multiplier_ppm: terms.multiplier.ppm(),
            overdraft: terms.overdraft,
            models: terms.models.iter().map(ToString::to_string).collect(),
            groups: terms.groups,
            rates: terms.rates.into(),
            expiry_days_default: terms.expiry_days_default,
            expiry_days_max: terms.expiry_days_max,
            version,
        }
    }
}

/// A tier to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTier {
    /// For people; 1 to 64 characters.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    /// How many API tokens an account may have.
    token_limit: u32,
    /// The factor on every price, in parts per million; absent: one.
    #[serde(default = "one")]
    multiplier_ppm: u32,
    /// How far below zero a balance may be spent, in dollars; absent: not at all.
    #[serde(default)]
    overdraft: Option<String>,
    /// Names or patterns; empty: every model.
    #[serde(default)]
    models: Vec<String>,
    /// Through which groups of channels; empty: all of them.
    #[serde(default)]
    groups: Vec<String>,
    /// Of all tokens of an account together.
    #[serde(default)]
    rates: Rates,
    /// In how many days a new token expires that names no end; null or absent: as the next field
    /// says.
    #[serde(default)]
    expiry_days_default: Option<u32>,
    /// In how many days a token expires at the latest; null or absent: never.
    #[serde(default)]
    expiry_days_max: Option<u32>,
}

const fn one() -> u32 {
    PpmMultiplier::ONE.ppm()
}

/// What is to be changed of a tier; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TierChange {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    token_limit: Option<u32>,
    #[serde(default)]
    multiplier_ppm: Option<u32>,
    #[serde(default)]
    overdraft: Option<String>,
    #[serde(default)]
    models: Option<Vec<String>>,
    #[serde(default)]
    groups: Option<Vec<String>>,
    #[serde(default)]
    rates: RateChanges,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u32>)]
    expiry_days_default: Option<Option<u32>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u32>)]
    expiry_days_max: Option<Option<u32>>,
}

impl NewTier {
    /// The same in checked types.
    pub(crate) async fn check(self, state: &ApiState) -> Result<TierTerms, ApiError> {
        let terms = TierTerms {
            name: check_name(&self.name)?,
            token_limit: check_token_limit(self.token_limit)?,
            multiplier: PpmMultiplier::from_ppm(self.multiplier_ppm),
            overdraft: check_overdraft(self.overdraft.as_deref())?,
            models: check_models(&self.models)?,
            groups: check_groups(state, self.groups).await?,
            rates: self.rates.check()?,
            expiry_days_default: self.expiry_days_default,
            expiry_days_max: self.expiry_days_max,
        };
        check_expiry(&terms)?;
        Ok(terms)
    }
}

impl TierChange {
    /// Checks what can be checked by itself, and gives the edit of a tier's terms.
    pub(crate) async fn check(
        self,
        state: &ApiState,
    ) -> Result<impl FnOnce(&mut TierTerms) -> Result<(), ApiError>, ApiError> {
        let name = self.name.as_deref().map(check_name).transpose()?;
        let token_limit = self.token_limit.map(check_token_limit).transpose()?;
        let overdraft = self.overdraft.map(|text| check_overdraft(Some(&text))).transpose()?;
        let models = self.models.as_deref().map(check_models).transpose()?;
        let groups = match self.groups {
            Some(groups) => Some(check_groups(state, groups).await?),
            None => None,
        };
        self.rates.check()?;
        let (multiplier, rates) = (self.multiplier_ppm.map(PpmMultiplier::from_ppm), self.rates);
        let (default, max) = (self.expiry_days_default, self.expiry_days_max);
        Ok(move |terms: &mut TierTerms| {
            set(&mut terms.name, name);
            set(&mut terms.token_limit, token_limit);
            set(&mut terms.multiplier, multiplier);
            set(&mut terms.overdraft, overdraft);
            set(&mut terms.models, models);
            set(&mut terms.groups, groups);
            set(&mut terms.rates.requests_per_minute, rates.requests_per_minute);
            set(&mut terms.rates.units_per_minute, rates.units_per_minute);
            set(&mut terms.rates.concurrency, rates.concurrency);
            set(&mut terms.expiry_days_default, default);
            set(&mut terms.expiry_days_max, max);
            check_expiry(terms)
        })
    }
}

fn set<T>(field: &mut T, change: Option<T>) {
    if let Some(value) = change {
        *field = value;
    }
}

fn check_token_limit(limit: u32) -> Result<u32, ApiError> {
    if limit <= TOKEN_LIMIT_MAX {
        return Ok(limit);
    }
    let message = format!("An account has at most {TOKEN_LIMIT_MAX} API tokens.");
    Err(ApiError::field("token_limit", message))
}

fn check_overdraft(text: Option<&str>) -> Result<NanoUsd, ApiError> {
    let amount = check_amount("overdraft", text)?.unwrap_or_default();
    if amount <= OVERDRAFT_MAX {
        return Ok(amount);
    }
    let message = format!("An overdraft is at most ${OVERDRAFT_MAX}.");
    Err(ApiError::field("overdraft", message))
}

/// Groups that there are, each named once.
async fn check_groups(state: &ApiState, names: Vec<String>) -> Result<Vec<String>, ApiError> {
    if names.len() > GROUPS_MAX {
        let message = format!("At most {GROUPS_MAX} groups are allowed.");
        return Err(ApiError::field("groups", message));
    }
    for name in &names {
        check_group(state, name).await.map_err(|error| match error.field {
            Some(_) => ApiError::field("groups", format!("There is no group named {name}.")),
            None => error,
        })?;
    }
    Ok(names.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
}

fn check_expiry(terms: &TierTerms) -> Result<(), ApiError> {
    let within = |days: Option<u32>| days.is_none_or(|days| (1..=EXPIRY_DAYS_MAX).contains(&days));
    let message = format!("A number of days is 1 to {EXPIRY_DAYS_MAX}.");
    if !within(terms.expiry_days_max) {
        return Err(ApiError::field("expiry_days_max", message));
    }
    if !within(terms.expiry_days_default) {
        return Err(ApiError::field("expiry_days_default", message));
    }
    match (terms.expiry_days_default, terms.expiry_days_max) {
        (Some(default), Some(max)) if default > max => Err(ApiError::field(
            "expiry_days_default",
            "The default expiry is not later than the latest one.",
        )),
        _ => Ok(()),
    }
}
