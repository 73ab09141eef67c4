//! Models and what they cost.

use std::collections::{BTreeMap, BTreeSet};

use anc_domain::ModelName;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::price_body::{Price, PriceVersion};
use crate::error::{ApiError, ErrorBody};
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
    /// Which of its prices that is, counted from 1.
    price_version: Option<i64>,
    /// Prices whose time has not come, the next one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    upcoming_prices: Vec<PriceVersion>,
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
            price: Some(Price::of(&record.price)?),
            price_version: Some(record.version),
            upcoming_prices: Vec::new(),
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
                price_version: None,
                upcoming_prices: Vec::new(),
            });
            model.available = true;
        }
    }
    for version in state.store().prices().upcoming().await? {
        if let Some(model) = models.get_mut(&version.model) {
            model.upcoming_prices.push(PriceVersion::of(&version, state.now(), None)?);
        }
    }
    if let Some(tier) = principal.tier(&state).await? {
        models.retain(|name, _| tier.models.allow(name));
    }
    Ok(Json(ModelList { items: models.into_values().collect() }))
}
