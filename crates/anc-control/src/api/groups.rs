//! Sets of channels, each with a factor on every price.

use anc_domain::PpmMultiplier;
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::api::audit_note;
use crate::api::token_body::check_name;
use crate::error::{ApiError, ErrorBody};
use crate::json;
use crate::principal::Principal;
use crate::state::ApiState;

/// A set of channels.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Group {
    name: String,
    /// The factor on every price, in parts per million.
    multiplier_ppm: u32,
}

/// Every group.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupList {
    items: Vec<Group>,
}

/// What a group costs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupChange {
    /// The factor on every price, in parts per million; a million is one.
    multiplier_ppm: u32,
}

/// Lists the groups of channels that a token may be bound to: those that the caller's tier allows,
/// and all of them to operators.
#[utoipa::path(get, path = "/api/v1/groups", tag = "channels",
    responses((status = 200, body = GroupList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_groups(
    State(state): State<ApiState>,
    principal: Principal,
) -> Result<Json<GroupList>, ApiError> {
    let groups = state.store().groups().list().await?;
    let tier = principal.tier(&state).await?;
    let items = groups
        .into_iter()
        .filter(|group| tier.as_ref().is_none_or(|tier| tier.allows_group(&group.name)))
        .map(|group| Group { name: group.name, multiplier_ppm: group.multiplier.ppm() })
        .collect();
    Ok(Json(GroupList { items }))
}

/// Makes a group, or changes its factor. In force for requests that begin afterwards.
#[utoipa::path(put, path = "/api/v1/groups/{name}", tag = "channels",
    params(("name" = String, Path, description = "The group's name")),
    request_body = GroupChange,
    responses((status = 200, body = Group), (status = "default", body = ErrorBody)))]
pub(crate) async fn set_group(
    State(state): State<ApiState>,
    principal: Principal,
    Path(name): Path<String>,
    json::Json(body): json::Json<GroupChange>,
) -> Result<Json<Group>, ApiError> {
    principal.operator()?;
    let name = check_name(&name)?;
    let multiplier = PpmMultiplier::from_ppm(body.multiplier_ppm);
    let known = state.store().groups().list().await?.into_iter().find(|one| one.name == name);
    let before = known.map(|group| group.multiplier.ppm());
    state.store().groups().set(&name, multiplier).await?;
    state.in_force().await;
    let detail = json!({ "name": name, "multiplier_ppm": [before, body.multiplier_ppm] });
    audit_note::note(&state, &principal, "group.set", (None::<i64>, None), &detail).await;
    Ok(Json(Group { name, multiplier_ppm: body.multiplier_ppm }))
}
