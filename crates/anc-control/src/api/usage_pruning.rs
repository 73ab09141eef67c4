//! Removing old usage rows by an operator's hand.

use std::time::Duration;

use anc_domain::{NanoUsd, UnixMillis};
use anc_store::{AuditNote, USAGE_DAYS_MIN};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json as object;
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody};
use crate::json;
use crate::principal::Principal;
use crate::state::ApiState;

/// Pages of one call: some seconds of work.
const PAGES_MAX: u32 = 50;

/// Which usage to prune.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PruneUsage {
    /// Requests that ended before this time; at least 31 days ago.
    #[schema(format = DateTime)]
    before: String,
    /// Only tell what would go.
    #[serde(default)]
    dry_run: bool,
}

/// What went, or would.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PrunedUsage {
    /// How many requests.
    requests: u64,
    /// What they were charged; told by a dry run alone.
    #[schema(required, value_type = Option<String>)]
    charge: Option<NanoUsd>,
    /// Whether there is more to prune: ask again.
    more: bool,
}

/// Removes the records of requests that ended before a time, oldest first, some ten thousand at
/// once. Balances, used quotas, sums by hour and statements stay what they are.
#[utoipa::path(post, path = "/api/v1/usage/prune", tag = "usage", request_body = PruneUsage,
    responses((status = 200, body = PrunedUsage), (status = "default", body = ErrorBody)))]
pub(crate) async fn prune_usage(
    State(state): State<ApiState>,
    principal: Principal,
    json::Json(body): json::Json<PruneUsage>,
) -> Result<Json<PrunedUsage>, ApiError> {
    principal.operator()?;
    let before = UnixMillis::parse_rfc3339(&body.before)
        .ok_or_else(|| ApiError::field("before", "A time looks like 2027-01-31T18:00:00Z."))?;
    let kept = Duration::from_hours(24 * u64::from(USAGE_DAYS_MIN));
    if before > state.now().minus(kept) {
        let message = format!("Usage is kept for at least {USAGE_DAYS_MIN} days.");
        return Err(ApiError::field("before", message));
    }
    let retention = state.store().retention();
    if body.dry_run {
        let found = retention.prunable(before).await?;
        let (requests, charge) = (found.requests, Some(found.charge));
        return Ok(Json(PrunedUsage { requests, charge, more: false }));
    }
    let pruned = retention.prune_usage(before, PAGES_MAX).await?;
    if pruned.requests > 0 {
        let note = AuditNote {
            actor: principal.actor(),
            action: "usage.prune",
            object: None,
            account: None,
            detail: object!({ "before": before.to_rfc3339(), "requests": pruned.requests })
                .to_string(),
            address: None,
        };
        // It is done whether or not the note can be kept.
        if let Err(error) = state.store().audits().note(note).await {
            tracing::error!(%error, "a pruning could not be noted");
        }
    }
    Ok(Json(PrunedUsage { requests: pruned.requests, charge: None, more: pruned.more }))
}
