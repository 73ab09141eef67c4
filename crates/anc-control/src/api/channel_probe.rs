//! Asking a channel's provider: does it answer, and which models has it.

use anc_domain::{ModelName, Provider};
use anc_store::ChannelRecord;
use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::channels::{channel_id, no_channel};
use crate::error::{ApiError, ErrorBody};
use crate::json;
use crate::principal::Principal;
use crate::probe::{Question, model_names, words_of};
use crate::state::ApiState;

/// What to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChannelTest {
    /// Null: the first model that the channel serves.
    #[serde(default)]
    model: Option<String>,
}

/// How it went.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelTested {
    ok: bool,
    /// The model that was asked; null where the channel has none, and its list of models was asked
    /// for instead.
    #[schema(required)]
    model: Option<String>,
    /// The provider's HTTP status; null where there was no answer.
    #[schema(required)]
    status: Option<u16>,
    /// From the question to the whole answer, in milliseconds.
    latency_ms: i64,
    /// What the provider said, or why there was no answer.
    message: String,
}

/// The models that a provider says it has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderModels {
    items: Vec<ProviderModel>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ProviderModel {
    name: String,
    /// Whether the price book has it: without a price it is not relayed.
    priced: bool,
}

/// Sends the smallest possible request to the provider. The provider may charge its usual price for
/// it; nobody's balance moves.
#[utoipa::path(post, path = "/api/v1/channels/{id}/test", tag = "channels",
    params(("id" = String, Path, description = "The channel's id")), request_body = ChannelTest,
    responses((status = 200, body = ChannelTested), (status = "default", body = ErrorBody)))]
pub(crate) async fn test_channel(
    State(state): State<ApiState>,
    principal: Principal,
    Path(id): Path<String>,
    json::Json(body): json::Json<ChannelTest>,
) -> Result<Json<ChannelTested>, ApiError> {
    principal.operator()?;
    let (channel, provider) = find(&state, &id).await?;
    let named = body.model.as_deref().map(str::parse::<ModelName>).transpose();
    let named = named.map_err(|error| ApiError::field("model", error.to_string()))?;
    let model = match named {
        Some(model) => Some(model.to_string()),
        None => first_model(&state, &channel).await?,
    };
    let question = match &model {
        Some(model) => {
            let upstream_name = channel.routing.model_map.get(model).unwrap_or(model);
            Question::smallest(&channel, provider, upstream_name)
        }
        None => Question::models(provider),
    };
    let began = state.now();
    let answer = state.shared.providers.ask(&channel, &question, began).await;
    let latency_ms = i64::try_from(state.now().since(began).as_millis()).unwrap_or(i64::MAX);
    let (ok, status, message) = match &answer {
        Ok(answer) if answer.status.is_success() => {
            (true, Some(answer.status.as_u16()), String::new())
        }
        Ok(answer) => (false, Some(answer.status.as_u16()), words_of(answer, &channel)),
        Err(why) => (false, None, why.clone()),
    };
    Ok(Json(ChannelTested { ok, model, status, latency_ms, message }))
}

/// Asks the provider which models it has.
#[utoipa::path(get, path = "/api/v1/channels/{id}/models", tag = "channels",
    params(("id" = String, Path, description = "The channel's id")),
    responses((status = 200, body = ProviderModels), (status = "default", body = ErrorBody)))]
pub(crate) async fn fetch_models(
    State(state): State<ApiState>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<ProviderModels>, ApiError> {
    principal.operator()?;
    let (channel, provider) = find(&state, &id).await?;
    let asked =
        state.shared.providers.ask(&channel, &Question::models(provider), state.now()).await;
    let answer = asked.map_err(|why| ApiError::provider_failed(&why))?;
    if !answer.status.is_success() {
        let said = format!("It answered {}. {}", answer.status, words_of(&answer, &channel));
        return Err(ApiError::provider_failed(&said));
    }
    let prices = state.store().prices().list().await?;
    let priced = |name: &str| prices.iter().any(|price| price.model.as_str() == name);
    let items = model_names(&answer.json)
        .into_iter()
        .map(|name| ProviderModel { priced: priced(&name), name })
        .collect();
    Ok(Json(ProviderModels { items }))
}

async fn find(state: &ApiState, id: &str) -> Result<(ChannelRecord, Provider), ApiError> {
    let channel = state.store().channels().get(channel_id(id)?).await?.ok_or_else(no_channel)?;
    let provider = Provider::from_name(&channel.provider).ok_or_else(ApiError::internal)?;
    Ok((channel, provider))
}

/// The first model of a channel's list, or of the price book where it serves all of its provider.
async fn first_model(
    state: &ApiState,
    channel: &ChannelRecord,
) -> Result<Option<String>, ApiError> {
    if let Some(first) = channel.models.first() {
        return Ok(Some(first.to_string()));
    }
    if let Some(first) = channel.routing.model_map.keys().next() {
        return Ok(Some(first.clone()));
    }
    let prices = state.store().prices().list().await?;
    let of_provider = prices.into_iter().find(|price| price.provider == channel.provider);
    Ok(of_provider.map(|price| price.model.to_string()))
}
