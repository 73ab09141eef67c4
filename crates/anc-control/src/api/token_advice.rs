//! What the product itself advises about a token.

use std::time::Duration;

use anc_domain::{NanoUsd, UnixMillis};
use anc_store::{TokenRecord, WindowUse};
use serde::Serialize;
use utoipa::ToSchema;

/// After how long without use a token counts as unused.
const UNUSED_AFTER: Duration = Duration::from_hours(30 * 24);
/// How long before its end a token's expiry is pointed out.
const EXPIRY_SOON: Duration = Duration::from_hours(7 * 24);
/// After how long a secret should be rotated.
const ROTATE_AFTER: Duration = Duration::from_hours(180 * 24);
/// From which part of a quota or budget on it counts as nearly spent: four fifths.
const NEAR: (i64, i64) = (4, 5);

/// A piece of advice. The console has the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Advice {
    /// It was never used, or not for thirty days: delete it.
    Unused,
    /// It expires within a week: extend it, or make a new one.
    ExpiresSoon,
    /// Four fifths of its quota are spent.
    NearQuota,
    /// Four fifths of a budget are spent in its current window.
    NearBudget,
    /// Its secret is older than half a year: rotate it.
    NotRotated,
    /// It can be used from anywhere: restrict its addresses.
    NoIpRestriction,
    /// Nothing bounds what it may spend but the account's balance.
    NoLimit,
}

pub(crate) fn advice_for(
    token: &TokenRecord,
    windows: &[WindowUse],
    now: UnixMillis,
) -> Vec<Advice> {
    let near = |used: NanoUsd, limit: NanoUsd| {
        i128::from(used.nanos()) * i128::from(NEAR.1)
            >= i128::from(limit.nanos()) * i128::from(NEAR.0)
    };
    let last = token.last_used_at.unwrap_or(token.created_at);
    let found = [
        (now.since(last) > UNUSED_AFTER, Advice::Unused),
        (
            token.expires_at.is_some_and(|end| end > now && end.since(now) < EXPIRY_SOON),
            Advice::ExpiresSoon,
        ),
        (token.quota.is_some_and(|quota| near(token.used, quota)), Advice::NearQuota),
        (windows.iter().any(|one| near(one.used, one.limit)), Advice::NearBudget),
        (now.since(token.rotated_at) > ROTATE_AFTER, Advice::NotRotated),
        (token.ip_rules.iter().next().is_none(), Advice::NoIpRestriction),
        (token.quota.is_none() && windows.is_empty(), Advice::NoLimit),
    ];
    found.into_iter().filter(|(holds, _)| *holds).map(|(_, advice)| advice).collect()
}
