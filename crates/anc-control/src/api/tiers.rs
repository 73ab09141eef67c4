//! Tiers: what accounts may do. Operators' data.

use anc_domain::TierId;
use anc_store::{TierNeeded, TierUse};
use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use http::header::HeaderMap;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::audit_note;
use crate::api::tier_body::{NewTier, Tier, TierChange};
use crate::api::tokens::{Versioned, if_match, versioned};
use crate::error::{ApiError, ErrorBody};
use crate::idempotency::{Once, refused};
use crate::json;
use crate::principal::Principal;
use crate::state::ApiState;

/// Every tier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TierList {
    items: Vec<TierInUse>,
}

/// A tier, and how many have it.
#[derive(Debug, Serialize, ToSchema)]
struct TierInUse {
    tier: Tier,
    /// How many accounts are of it.
    accounts: u64,
    /// New accounts are of it; it cannot be deleted.
    standard: bool,
}

/// Lists the tiers, oldest first: the first is that of new accounts.
#[utoipa::path(get, path = "/api/v1/tiers", tag = "accounts",
    responses((status = 200, body = TierList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_tiers(
    State(state): State<ApiState>,
    principal: Principal,
) -> Result<Json<TierList>, ApiError> {
    principal.operator()?;
    let shown = |TierUse { tier, accounts, standard }: TierUse| TierInUse {
        tier: tier.into(),
        accounts,
        standard,
    };
    let items = state.store().tiers().list().await?.into_iter().map(shown).collect();
    Ok(Json(TierList { items }))
}

/// Makes a tier.
#[utoipa::path(post, path = "/api/v1/tiers", tag = "accounts", request_body = NewTier,
    responses((status = 201, body = Tier), (status = "default", body = ErrorBody)))]
pub(crate) async fn create_tier(
    State(state): State<ApiState>,
    principal: Principal,
    once: Once<NewTier>,
) -> Result<(StatusCode, Versioned<Tier>), ApiError> {
    principal.operator()?;
    let (body, idempotency) = once.claim(&principal);
    let terms = body.check(&state).await?;
    let created = state.store().tiers().create(terms, idempotency.as_ref()).await?;
    let record = created.map_err(refused)?;
    let of = (record.id.as_i64(), None);
    let tier = Tier::from(record);
    audit_note::note(&state, &principal, "tier.create", of, &json!({ "tier": tier })).await;
    Ok((StatusCode::CREATED, versioned(tier.version, tier)))
}

/// Changes a tier, for all its accounts. In force for requests that begin afterwards. No token is
/// deleted: tokens beyond a smaller limit keep working, and none can be added.
#[utoipa::path(patch, path = "/api/v1/tiers/{id}", tag = "accounts",
    params(("id" = String, Path, description = "The tier's id")), request_body = TierChange,
    responses((status = 200, body = Tier), (status = "default", body = ErrorBody)))]
pub(crate) async fn update_tier(
    State(state): State<ApiState>,
    principal: Principal,
    Path(id): Path<String>,
    headers: HeaderMap,
    json::Json(body): json::Json<TierChange>,
) -> Result<Versioned<Tier>, ApiError> {
    principal.operator()?;
    let id = tier_id(&id)?;
    let if_version = if_match(&headers)?;
    let edit = body.check(&state).await?;
    let edited = state.store().tiers().update(id, if_version, edit).await?;
    let (before, after) = edited.ok_or_else(no_tier)?;
    let (before, after) = (Tier::from(before), Tier::from(after));
    let changed = audit_note::difference(&before, &after, &["version"]);
    audit_note::note(&state, &principal, "tier.update", (id.as_i64(), None), &changed).await;
    state.in_force().await;
    Ok(versioned(after.version, after))
}

/// Deletes a tier that no account is of.
#[utoipa::path(delete, path = "/api/v1/tiers/{id}", tag = "accounts",
    params(("id" = String, Path, description = "The tier's id")),
    responses((status = 204), (status = "default", body = ErrorBody)))]
pub(crate) async fn delete_tier(
    State(state): State<ApiState>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    principal.operator()?;
    let id = tier_id(&id)?;
    let tiers = state.store().tiers();
    let before = tiers.get(id).await?.ok_or_else(no_tier)?;
    tiers.delete(id).await?.ok_or_else(no_tier)?.map_err(needed)?;
    let detail = json!({ "tier": Tier::from(before) });
    audit_note::note(&state, &principal, "tier.delete", (id.as_i64(), None), &detail).await;
    Ok(StatusCode::NO_CONTENT)
}

fn needed(why: TierNeeded) -> ApiError {
    let message = match why {
        TierNeeded::Standard => "New accounts are of this tier, so it stays.".to_owned(),
        TierNeeded::Accounts(accounts) => {
            format!("{accounts} accounts are of this tier. Give them another one first.")
        }
        TierNeeded::Invitations(open) => {
            format!("{open} open invitations are for this tier. Withdraw them first.")
        }
    };
    ApiError::conflict(message)
}

pub(crate) fn tier_id(text: &str) -> Result<TierId, ApiError> {
    text.parse().map_err(|_| no_tier())
}

fn no_tier() -> ApiError {
    ApiError::not_found("tier")
}
