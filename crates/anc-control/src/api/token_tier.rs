//! What an account's tier asks of a token that is made or changed.

use std::time::Duration;

use anc_domain::UnixMillis;
use anc_store::{DEFAULT_GROUP, TierTerms, TokenChanges, TokenRecord};

use crate::api::channels::check_group;
use crate::api::token_body::check_end;
use crate::error::ApiError;
use crate::state::ApiState;

fn days(days: u32) -> Duration {
    Duration::from_hours(24 * u64::from(days))
}

/// When a new token expires: as asked for, or where nothing was asked, as the tier says.
pub(crate) fn end_of_new(
    tier: &TierTerms,
    asked: Option<&Option<String>>,
    now: UnixMillis,
) -> Result<Option<UnixMillis>, ApiError> {
    let Some(asked) = asked else {
        let default = tier.expiry_days_default.or(tier.expiry_days_max);
        return Ok(default.map(|default| now.plus(days(default))));
    };
    let end = check_end(asked.as_deref(), now)?;
    within_tier(tier, end, now)?;
    Ok(end)
}

/// The tier's latest expiry. Its last day counts whole, so that a calendar's day is not refused for
/// its hours.
fn within_tier(tier: &TierTerms, end: Option<UnixMillis>, now: UnixMillis) -> Result<(), ApiError> {
    let Some(max) = tier.expiry_days_max else { return Ok(()) };
    if end.is_some_and(|end| end < now.plus(days(max + 1))) {
        return Ok(());
    }
    let message = format!("Under the tier {} an API token expires within {max} days.", tier.name);
    Err(ApiError::field("expires_at", message))
}

/// Through which group a new token's requests go.
pub(crate) async fn group_of_new(
    state: &ApiState,
    tier: &TierTerms,
    asked: Option<&str>,
) -> Result<String, ApiError> {
    match asked {
        Some(group) => {
            check_group(state, group).await?;
            group_within_tier(tier, group)?;
            Ok(group.to_owned())
        }
        None if tier.allows_group(DEFAULT_GROUP) => Ok(DEFAULT_GROUP.to_owned()),
        None => Ok(tier.groups.first().map_or(DEFAULT_GROUP, String::as_str).to_owned()),
    }
}

fn group_within_tier(tier: &TierTerms, group: &str) -> Result<(), ApiError> {
    if tier.allows_group(group) {
        return Ok(());
    }
    let message = format!("The tier {} does not allow the group {group}.", tier.name);
    Err(ApiError::field("group", message))
}

/// What the tier of a token's account asks of a change. What stays as it is stays allowed: a tier
/// that became smaller takes nothing away.
pub(crate) async fn check_change(
    state: &ApiState,
    token: &TokenRecord,
    changes: &TokenChanges,
) -> Result<(), ApiError> {
    let group = changes.group.as_deref().filter(|group| *group != token.traits.group);
    let end = changes.expires_at.filter(|end| *end != token.expires_at);
    if group.is_none() && end.is_none() {
        return Ok(());
    }
    let account = state.store().accounts().get(token.account_id).await?;
    let tier = account.ok_or_else(ApiError::internal)?.tier.terms;
    if let Some(group) = group {
        check_group(state, group).await?;
        group_within_tier(&tier, group)?;
    }
    end.map_or(Ok(()), |end| within_tier(&tier, end, state.now()))
}
