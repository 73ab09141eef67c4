//! Models and what they cost.

use std::collections::{BTreeMap, BTreeSet};

use anc_domain::{ModelName, NanoUsd};
use anc_ledger::ModelPrice;
use anc_store::StoreError;
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody};
use crate::json;
use crate::principal::Principal;
use crate::state::ApiState;

/// A model.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Model {
    id: String,
    /// Whose it is.
    provider: String,
    /// Some enabled channel serves it.
    available: bool,
    /// The most units that fit into a request at this price.
    context: Option<u64>,
    /// The most units of an answer.
    max_output: Option<u64>,
    /// Null: requests for it are refused until it has one.
    price: Option<Price>,
}

/// Dollars per million units, as decimal strings.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Price {
    #[schema(value_type = String)]
    input: NanoUsd,
    #[schema(value_type = String)]
    output: NanoUsd,
    /// Input read from a cache; absent: as `input`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    cached_input: Option<NanoUsd>,
    /// Input written to a cache; absent: as `input`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    cache_write: Option<NanoUsd>,
    /// Input written to a cache that lives an hour; absent: as `cache_write`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    cache_write_1h: Option<NanoUsd>,
    /// Output spent on thinking; absent: as `output`. When set, absent leaves it as it is.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    reasoning: Option<NanoUsd>,
}

impl From<ModelPrice> for Price {
    fn from(price: ModelPrice) -> Self {
        Self {
            input: price.input,
            output: price.output,
            cached_input: price.cached_input,
            cache_write: price.cache_write,
            cache_write_1h: price.cache_write_1h,
            reasoning: price.reasoning,
        }
    }
}

/// Every model that is served or has a price.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelList {
    items: Vec<Model>,
}

/// Lists the models: those that the caller's tier has, and all of them to operators.
#[utoipa::path(get, path = "/api/v1/models", tag = "models",
    responses((status = 200, body = ModelList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_models(
    State(state): State<ApiState>,
    principal: Principal,
) -> Result<Json<ModelList>, ApiError> {
    let mut models: BTreeMap<ModelName, Model> = BTreeMap::new();
    for record in state.store().prices().list().await? {
        let model = Model {
            id: record.model.to_string(),
            provider: record.provider,
            available: false,
            context: record.context,
            max_output: record.max_output,
            price: Some(record.price.into()),
        };
        models.insert(record.model, model);
    }
    for channel in state.store().channels().list().await?.into_iter().filter(|one| one.enabled) {
        // A channel without a list serves all that the price book has of its provider.
        if channel.models.is_empty() {
            models
                .values_mut()
                .filter(|model| model.provider == channel.provider)
                .for_each(|model| model.available = true);
        }
        let named: BTreeSet<ModelName> = channel.models.into_iter().collect();
        for name in named {
            let id = name.to_string();
            let model = models.entry(name).or_insert_with(|| Model {
                id,
                provider: channel.provider.clone(),
                available: true,
                context: None,
                max_output: None,
                price: None,
            });
            model.available = true;
        }
    }
    if let Some(tier) = principal.tier(&state).await? {
        models.retain(|name, _| tier.models.allow(name));
    }
    Ok(Json(ModelList { items: models.into_values().collect() }))
}

/// Sets a model's price from now on. What was charged before keeps the price of its time.
#[utoipa::path(put, path = "/api/v1/prices/{model}", tag = "models",
    params(("model" = String, Path, description = "The model's name")), request_body = Price,
    responses((status = 200, body = Price), (status = "default", body = ErrorBody)))]
pub(crate) async fn set_price(
    State(state): State<ApiState>,
    principal: Principal,
    Path(model): Path<String>,
    json::Json(body): json::Json<Price>,
) -> Result<Json<Price>, ApiError> {
    principal.operator()?;
    let name: ModelName =
        model.parse().map_err(|_| ApiError::field("model", "No model has such a name."))?;
    // What this form does not show, such as the price of sound, stays as it is.
    let known = state.store().prices().get(&name).await?;
    let before = known.map_or_else(|| ModelPrice::flat(body.input, body.output), |one| one.price);
    let price = ModelPrice {
        input: body.input,
        output: body.output,
        cached_input: body.cached_input,
        cache_write: body.cache_write,
        cache_write_1h: body.cache_write_1h,
        reasoning: body.reasoning.or(before.reasoning),
        ..before
    };
    let set = state.store().prices().set(&name, price).await.map_err(|failure| match failure {
        StoreError::Conflict(_) => {
            ApiError::field("input", "A price is zero dollars or more, and not beyond all reason.")
        }
        other => other.into(),
    })?;
    state.in_force().await;
    Ok(Json(set.price.into()))
}
