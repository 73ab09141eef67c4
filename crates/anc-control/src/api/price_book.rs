//! The price book as operators read it.

use std::collections::{BTreeMap, HashSet};

use anc_domain::ModelName;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::price_body::Price;
use crate::error::{ApiError, ErrorBody};
use crate::principal::Principal;
use crate::state::ApiState;

/// A model's price that holds now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BookedPrice {
    model: String,
    /// Whose model it is.
    provider: String,
    /// The largest input in units.
    #[schema(required)]
    context: Option<u64>,
    /// The most units of an answer.
    #[schema(required)]
    max_output: Option<u64>,
    price: Price,
    /// Counts the model's prices.
    version: i64,
    /// `builtin`: it came with the program; `import`: with a list; `manual`: a person set it.
    source: &'static str,
    /// Since when it holds.
    #[schema(format = DateTime)]
    valid_from: String,
}

/// A model that channels serve and that has no price, so that requests for it are refused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MissingPrice {
    model: String,
    /// The enabled channels that have it, by name.
    channels: Vec<String>,
}

/// Every price that holds now, and where one is missing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PriceBook {
    items: Vec<BookedPrice>,
    missing: Vec<MissingPrice>,
}

/// Lists the prices that hold now, and the models that channels serve without one.
#[utoipa::path(get, path = "/api/v1/prices", tag = "models",
    responses((status = 200, body = PriceBook), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_prices(
    State(state): State<ApiState>,
    principal: Principal,
) -> Result<Json<PriceBook>, ApiError> {
    principal.operator()?;
    let records = state.store().prices().list().await?;
    let priced: HashSet<&ModelName> = records.iter().map(|record| &record.model).collect();
    let mut missing: BTreeMap<ModelName, Vec<String>> = BTreeMap::new();
    for channel in state.store().channels().list().await?.into_iter().filter(|one| one.enabled) {
        // A mapped name is served, listed or not.
        let mapped = channel.routing.model_map.keys().filter_map(|name| name.parse().ok());
        for model in channel.models.iter().cloned().chain(mapped) {
            if !priced.contains(&model) {
                let channels = missing.entry(model).or_default();
                if channels.last() != Some(&channel.name) {
                    channels.push(channel.name.clone());
                }
            }
        }
    }
    let items: Result<Vec<BookedPrice>, ApiError> = records
        .into_iter()
        .map(|record| {
            Ok(BookedPrice {
                model: record.model.to_string(),
                provider: record.provider,
                context: record.context,
                max_output: record.max_output,
                price: Price::of(&record.price)?,
                version: record.version,
                source: record.source.name(),
                valid_from: record.valid_from.to_rfc3339(),
            })
        })
        .collect();
    let missing = missing
        .into_iter()
        .map(|(model, channels)| MissingPrice { model: model.to_string(), channels })
        .collect();
    Ok(Json(PriceBook { items: items?, missing }))
}
