//! The price book.

use anc_domain::ModelName;
use anc_store::StoreError;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::api::audit_note;
use crate::api::price_body::{Price, PriceVersion};
use crate::api::tokens::check_time;
use crate::error::{ApiError, ErrorBody};
use crate::json;
use crate::principal::Principal;
use crate::state::ApiState;

/// From when on a price is to hold.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PriceTime {
    /// The time from which it holds; absent: now.
    valid_from: Option<String>,
}

/// Every price of a model, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PriceVersionList {
    items: Vec<PriceVersion>,
}

fn model_name(text: &str) -> Result<ModelName, ApiError> {
    text.parse().map_err(|_| ApiError::field("model", "No model has such a name."))
}

/// Sets a model's price from now or from a later time on, in the place of the whole price before it.
/// What was charged before keeps the price of its time.
#[utoipa::path(put, path = "/api/v1/prices/{model}", tag = "models",
    params(("model" = String, Path, description = "The model's name"), PriceTime),
    request_body = Price,
    responses((status = 200, body = PriceVersion), (status = "default", body = ErrorBody)))]
pub(crate) async fn set_price(
    State(state): State<ApiState>,
    principal: Principal,
    Path(model): Path<String>,
    time: Result<Query<PriceTime>, QueryRejection>,
    json::Json(body): json::Json<Price>,
) -> Result<Json<PriceVersion>, ApiError> {
    principal.operator()?;
    let Query(time) = time.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let name = model_name(&model)?;
    let price = body.check()?;
    let from = check_time("valid_from", time.valid_from.as_deref())?;
    if from.is_some_and(|from| from < state.now()) {
        return Err(ApiError::field(
            "valid_from",
            "A price holds from now or from a later time on: what was charged stays as it is.",
        ));
    }
    let prices = state.store().prices();
    let before = prices.get(&name).await?.map(|record| Price::of(&record.price)).transpose()?;
    let set = prices.set(&name, &price, from).await.map_err(|failure| match failure {
        StoreError::Conflict(_) => {
            ApiError::field("model", "The model has had too many prices for another one.")
        }
        other => other.into(),
    })?;
    let version = set.version;
    let shown = PriceVersion::of(&set, state.now(), Some(version))?;
    let detail = json!({ "model": name.as_str(), "before": before, "after": shown });
    audit_note::note(&state, &principal, "price.set", (None::<i64>, None), &detail).await;
    state.in_force().await;
    Ok(Json(shown))
}

/// Lists the prices that a model has had, has and will have.
#[utoipa::path(get, path = "/api/v1/prices/{model}/versions", tag = "models",
    params(("model" = String, Path, description = "The model's name")),
    responses((status = 200, body = PriceVersionList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_price_versions(
    State(state): State<ApiState>,
    principal: Principal,
    Path(model): Path<String>,
) -> Result<Json<PriceVersionList>, ApiError> {
    principal.operator()?;
    let name = model_name(&model)?;
    let versions = state.store().prices().versions(&name).await?;
    if versions.is_empty() {
        return Err(ApiError::not_found("model"));
    }
    let current = state.store().prices().get(&name).await?.map(|record| record.version);
    let now = state.now();
    let items: Result<Vec<PriceVersion>, ApiError> =
        versions.iter().map(|one| PriceVersion::of(one, now, current)).collect();
    Ok(Json(PriceVersionList { items: items? }))
}

/// Takes back a price whose time has not come.
#[utoipa::path(delete, path = "/api/v1/prices/{model}/versions/{version}", tag = "models",
    params(("model" = String, Path, description = "The model's name"),
        ("version" = i64, Path, description = "The price's number")),
    responses((status = 204), (status = "default", body = ErrorBody)))]
pub(crate) async fn withdraw_price(
    State(state): State<ApiState>,
    principal: Principal,
    Path((model, version)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    principal.operator()?;
    let name = model_name(&model)?;
    let version: i64 = version.parse().map_err(|_| ApiError::not_found("upcoming price"))?;
    if !state.store().prices().withdraw(&name, version).await? {
        return Err(ApiError::not_found("upcoming price"));
    }
    let detail = json!({ "model": name.as_str(), "version": version });
    audit_note::note(&state, &principal, "price.withdraw", (None::<i64>, None), &detail).await;
    state.in_force().await;
    Ok(StatusCode::NO_CONTENT)
}
