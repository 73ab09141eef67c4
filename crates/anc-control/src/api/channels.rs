//! Connections to providers.

use std::collections::BTreeMap;

use anc_domain::{ChannelId, ModelName, PpmMultiplier, Provider, Secret};
use anc_store::{ChannelChanges, ChannelRecord, ChannelRouting};
use anc_upstream::Endpoint;
use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api::audit_note;
use crate::api::token_body::check_name;
use crate::error::{ApiError, ErrorBody};
use crate::idempotency::{Once, refused};
use crate::json::{Json as JsonBody, present};
use crate::principal::{Principal, ShownLately};
use crate::probe::keys_of;
use crate::state::ApiState;

const MODELS_MAX: usize = 500;
const KEY_BYTES_MAX: usize = 4_096;
/// Keys of one channel.
const KEYS_MAX: usize = 100;
const PRIORITY_MAX: i64 = 1_000;
const WEIGHT_MAX: u32 = 1_000;
/// What a provider may bill, by parts per million of the price book.
const COST_PPM_MAX: u32 = 100_000_000;

/// A connection to a provider. Its key is never shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Channel {
    id: String,
    name: String,
    provider: ProviderId,
    /// Null: the provider's usual address.
    #[schema(required)]
    base_url: Option<String>,
    /// Empty: all that the price book has of the provider.
    models: Vec<String>,
    enabled: bool,
    /// It may lie in a private network.
    allow_private: bool,
    /// What may be shown of the key; of several, of the first.
    #[schema(required)]
    key_hint: Option<String>,
    /// How many keys it has.
    keys: usize,
    /// Each of them, as this node sees it.
    key_states: Vec<KeyState>,
    /// Higher ones are tried first.
    priority: i64,
    /// Among those of one priority, its share of first attempts.
    weight: u32,
    /// The set of channels that it belongs to.
    group: String,
    /// Names that clients ask for, to names that the provider knows.
    model_map: BTreeMap<String, String>,
    /// What its provider bills the operator, by parts per million of the price book; 0: nothing.
    cost_multiplier_ppm: u32,
    #[schema(format = DateTime)]
    created_at: String,
}

/// Whether a key is used, or rests because its provider turned it away.
#[derive(Debug, Serialize, ToSchema)]
struct KeyState {
    /// What may be shown of it.
    #[schema(required)]
    hint: Option<String>,
    #[schema(inline)]
    state: KeyStateName,
    /// Why it rests: the provider's HTTP status.
    #[schema(required)]
    status: Option<u16>,
    /// Until when it rests.
    #[schema(required, format = DateTime)]
    until: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum KeyStateName {
    Ready,
    Resting,
}

/// A vendor and its protocol.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ProviderId {
    OpenAi,
    Anthropic,
    Gemini,
    DeepSeek,
    Xai,
    Mistral,
    Qwen,
    Moonshot,
    Cohere,
    Groq,
    Simulated,
}

impl From<ProviderId> for Provider {
    fn from(id: ProviderId) -> Self {
        match id {
            ProviderId::OpenAi => Self::OpenAi,
            ProviderId::Anthropic => Self::Anthropic,
            ProviderId::Gemini => Self::Gemini,
            ProviderId::DeepSeek => Self::DeepSeek,
            ProviderId::Xai => Self::Xai,
            ProviderId::Mistral => Self::Mistral,
            ProviderId::Qwen => Self::Qwen,
            ProviderId::Moonshot => Self::Moonshot,
            ProviderId::Cohere => Self::Cohere,
            ProviderId::Groq => Self::Groq,
            ProviderId::Simulated => Self::Simulated,
        }
    }
}

impl From<Provider> for ProviderId {
    fn from(provider: Provider) -> Self {
        match provider {
            Provider::OpenAi => Self::OpenAi,
            Provider::Anthropic => Self::Anthropic,
            Provider::Gemini => Self::Gemini,
            Provider::DeepSeek => Self::DeepSeek,
            Provider::Xai => Self::Xai,
            Provider::Mistral => Self::Mistral,
            Provider::Qwen => Self::Qwen,
            Provider::Moonshot => Self::Moonshot,
            Provider::Cohere => Self::Cohere,
            Provider::Groq => Self::Groq,
            Provider::Simulated => Self::Simulated,
        }
    }
}

/// Every connection.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelList {
    items: Vec<Channel>,
}

/// A provider to connect to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderOffer {
    id: ProviderId,
    name: &'static str,
    #[schema(required)]
    default_base_url: Option<&'static str>,
    needs_key: bool,
    /// Models of the price book.
    models: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderList {
    items: Vec<ProviderOffer>,
}

/// A connection to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewChannel {
    name: String,
    provider: ProviderId,
    #[serde(default)]
    base_url: Option<String>,
    /// The provider's key; several, one a line. Kept sealed.
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    models: Vec<String>,
    /// Allow an address in a private network, or on the relay's own machine.
    #[serde(default)]
    allow_private: bool,
    #[serde(default)]
    priority: Option<i64>,
    #[serde(default)]
    weight: Option<u32>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    model_map: Option<BTreeMap<String, String>>,
    /// What its provider bills the operator, by parts per million of the price book; a million where
    /// absent.
    #[serde(default)]
    cost_multiplier_ppm: Option<u32>,
}

/// What is to be changed of a connection; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChannelChange {
    #[serde(default)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    base_url: Option<Option<String>>,
    /// A new key; null takes the key away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    key: Option<Option<String>>,
    #[serde(default)]
    models: Option<Vec<String>>,
    #[serde(default)]
    allow_private: Option<bool>,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    priority: Option<i64>,
    #[serde(default)]
    weight: Option<u32>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    model_map: Option<BTreeMap<String, String>>,
    #[serde(default)]
    cost_multiplier_ppm: Option<u32>,
}

/// Changes of when a channel is tried, checked and applied.
async fn routed(
    state: &ApiState,
    mut routing: ChannelRouting,
    (priority, weight): (Option<i64>, Option<u32>),
    group: Option<String>,
    model_map: Option<BTreeMap<String, String>>,
) -> Result<ChannelRouting, ApiError> {
    routing.priority = priority.unwrap_or(routing.priority).clamp(-PRIORITY_MAX, PRIORITY_MAX);
    if let Some(weight) = weight {
        if !(1..=WEIGHT_MAX).contains(&weight) {
            return Err(ApiError::field("weight", format!("Between 1 and {WEIGHT_MAX}.")));
        }
        routing.weight = weight;
    }
    if let Some(group) = group {
        check_group(state, &group).await?;
        routing.group = group;
    }
    if let Some(map) = model_map {
        for name in map.iter().flat_map(|(from, to)| [from, to]) {
            name.parse::<ModelName>()
                .map_err(|error| ApiError::field("model_map", error.to_string()))?;
        }
        routing.model_map = map;
    }
    Ok(routing)
}

/// A group that there is.
pub(crate) async fn check_group(state: &ApiState, name: &str) -> Result<(), ApiError> {
    let groups = state.store().groups().list().await?;
    if groups.iter().any(|group| group.name == name) {
        return Ok(());
    }
    Err(ApiError::field("group", "There is no such group of channels."))
}

/// Lists the connections.
#[utoipa::path(get, path = "/api/v1/channels", tag = "channels",
    responses((status = 200, body = ChannelList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_channels(
    State(state): State<ApiState>,
    principal: Principal,
) -> Result<Json<ChannelList>, ApiError> {
    principal.operator()?;
    let records = state.store().channels().list().await?;
    let items: Result<Vec<Channel>, ApiError> =
        records.into_iter().map(|record| shown(&state, record)).collect();
    Ok(Json(ChannelList { items: items? }))
}

/// Connects a provider. In force when answered.
#[utoipa::path(post, path = "/api/v1/channels", tag = "channels", request_body = NewChannel,
    responses((status = 201, body = Channel), (status = "default", body = ErrorBody)))]
pub(crate) async fn create_channel(
    State(state): State<ApiState>,
    principal: Principal,
    once: Once<NewChannel>,
) -> Result<(StatusCode, Json<Channel>), ApiError> {
    principal.operator()?;
    let (body, idempotency) = once.claim(&principal);
    let provider = Provider::from(body.provider);
    let key = body.key.filter(|key| !key.is_empty()).map(|key| check_key(&key)).transpose()?;
    // A server of one's own, such as Ollama, may ask for none.
    if key.is_none() && provider.needs_key() && !body.allow_private {
        return Err(ApiError::field("key", "This provider needs a key."));
    }
    let base_url = check_base_url(provider, body.base_url, body.allow_private)?;
    let new = anc_store::NewChannel {
        name: check_name(&body.name)?,
        provider: provider.name().to_owned(),
        base_url,
        models: check_models(&body.models)?,
        enabled: true,
        allow_private: body.allow_private,
        key,
        routing: routed(
            &state,
            ChannelRouting::default(),
            (body.priority, body.weight),
            body.group,
            body.model_map,
        )
        .await?,
        cost_multiplier: check_cost(body.cost_multiplier_ppm)?.unwrap_or(PpmMultiplier::ONE),
    };
    let created = state.store().channels().create(new, idempotency.as_ref()).await?;
    let record = created.map_err(refused)?;
    state.in_force().await;
    let id = record.id.as_i64();
    let channel = shown(&state, record)?;
    audit_note::note(&state, &principal, "channel.create", (id, None), &noted(&channel)).await;
    Ok((StatusCode::CREATED, Json(channel)))
}

/// Changes a connection. In force when answered.
#[utoipa::path(patch, path = "/api/v1/channels/{id}", tag = "channels",
    params(("id" = String, Path, description = "The channel's id")), request_body = ChannelChange,
    responses((status = 200, body = Channel), (status = "default", body = ErrorBody)))]
pub(crate) async fn update_channel(
    State(state): State<ApiState>,
    principal: Principal,
    shown_lately: ShownLately,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<ChannelChange>,
) -> Result<Json<Channel>, ApiError> {
    principal.operator()?;
    let id = channel_id(&id)?;
    let before = state.store().channels().get(id).await?.ok_or_else(no_channel)?;
    let provider = Provider::from_name(&before.provider).ok_or_else(ApiError::internal)?;
    let allow_private = body.allow_private.unwrap_or(before.allow_private);
    let base_url = body.base_url.unwrap_or_else(|| before.base_url.clone());
    let base_url = check_base_url(provider, base_url, allow_private)?;
    if body.key.is_some() || base_url != before.base_url {
        // Elsewhere the keys that are there would be told to whoever listens.
        shown_lately.check()?;
    }
    let routing = routed(
        &state,
        before.routing.clone(),
        (body.priority, body.weight),
        body.group,
        body.model_map,
    )
    .await?;
    let has_new_key = body.key.is_some();
    let changes = ChannelChanges {
        routing: Some(routing),
        name: body.name.as_deref().map(check_name).transpose()?,
        base_url: (base_url != before.base_url).then_some(base_url),
        models: body.models.as_deref().map(check_models).transpose()?,
        enabled: body.enabled,
        allow_private: body.allow_private,
        key: body.key.map(|key| key.map(|key| check_key(&key)).transpose()).transpose()?,
        cost_multiplier: check_cost(body.cost_multiplier_ppm)?,
    };
    let record = state.store().channels().update(id, changes).await?.ok_or_else(no_channel)?;
    state.in_force().await;
    let (before, channel) = (shown(&state, before)?, shown(&state, record)?);
    let mut changed = audit_note::difference(&before, &channel, &["key_states"]);
    if has_new_key {
        // The keys may look alike from outside.
        changed["new_keys"] = true.into();
    }
    audit_note::note(&state, &principal, "channel.update", (id.as_i64(), None), &changed).await;
    Ok(Json(channel))
}

/// Ends a connection and forgets its key.
#[utoipa::path(delete, path = "/api/v1/channels/{id}", tag = "channels",
    params(("id" = String, Path, description = "The channel's id")),
    responses((status = 204), (status = "default", body = ErrorBody)))]
pub(crate) async fn delete_channel(
    State(state): State<ApiState>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    principal.operator()?;
    let id = channel_id(&id)?;
    let before = state.store().channels().get(id).await?;
    if !state.store().channels().delete(id).await? {
        return Err(no_channel());
    }
    state.in_force().await;
    let name = before.map(|record| record.name);
    let detail = json!({ "name": name });
    audit_note::note(&state, &principal, "channel.delete", (id.as_i64(), None), &detail).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the providers that can be connected.
#[utoipa::path(get, path = "/api/v1/providers", tag = "channels",
    responses((status = 200, body = ProviderList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_providers(
    State(state): State<ApiState>,
    _principal: Principal,
) -> Result<Json<ProviderList>, ApiError> {
    let prices = state.store().prices().list().await?;
    let offer = |provider: Provider| ProviderOffer {
        id: provider.into(),
        name: provider.display_name(),
        default_base_url: provider.default_base_url(),
        needs_key: provider.needs_key(),
        models: prices
            .iter()
            .filter(|record| record.provider == provider.name())
            .map(|record| record.model.to_string())
            .collect(),
    };
    Ok(Json(ProviderList { items: Provider::ALL.into_iter().map(offer).collect() }))
}

/// A channel for the audit log, which keeps no states.
fn noted(channel: &Channel) -> Value {
    let mut noted = serde_json::to_value(channel).unwrap_or_default();
    if let Some(fields) = noted.as_object_mut() {
        fields.remove("key_states");
    }
    noted
}

fn shown(state: &ApiState, record: ChannelRecord) -> Result<Channel, ApiError> {
    let provider = Provider::from_name(&record.provider).ok_or_else(ApiError::internal)?;
    let rests = state.shared.providers.rests(&record, state.now());
    let key_states: Vec<KeyState> = keys_of(&record)
        .iter()
        .zip(rests)
        .map(|(key, rest)| KeyState {
            hint: anc_store::key_hint(key),
            state: if rest.is_some() { KeyStateName::Resting } else { KeyStateName::Ready },
            status: rest.map(|rest| rest.status),
            until: rest.map(|rest| rest.until.to_rfc3339()),
        })
        .collect();
    Ok(Channel {
        id: record.id.to_string(),
        name: record.name,
        provider: provider.into(),
        base_url: record.base_url,
        models: record.models.iter().map(ToString::to_string).collect(),
        enabled: record.enabled,
        allow_private: record.allow_private,
        key_hint: record.key_hint,
        keys: key_states.len(),
        key_states,
        priority: record.routing.priority,
        weight: record.routing.weight,
        group: record.routing.group,
        model_map: record.routing.model_map,
        cost_multiplier_ppm: record.cost_multiplier.ppm(),
        created_at: record.created_at.to_rfc3339(),
    })
}

fn check_base_url(
    provider: Provider,
    base_url: Option<String>,
    allow_private: bool,
) -> Result<Option<String>, ApiError> {
    // The provider inside the binary is not dialled.
    if provider == Provider::Simulated {
        return Ok(None);
    }
    let Some(text) = base_url.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    let text = text.trim();
    // The relay adds the path itself; a whole one is the commonest mistake.
    let endings = ["/chat/completions", "/completions", "/responses", "/messages", "/embeddings"];
    if let Some(base) = endings.iter().find_map(|ending| text.strip_suffix(ending)) {
        let message = format!("Give the address without the endpoint's path: {base}");
        return Err(ApiError::field("base_url", message));
    }
    Endpoint::new(text, allow_private)
        .map_err(|error| ApiError::field("base_url", format!("This cannot be used: {error}.")))?;
    Ok(Some(text.to_owned()))
}

fn check_cost(ppm: Option<u32>) -> Result<Option<PpmMultiplier>, ApiError> {
    if ppm.is_some_and(|ppm| ppm > COST_PPM_MAX) {
        let message = format!("At most {COST_PPM_MAX}, a hundred times the price book.");
        return Err(ApiError::field("cost_multiplier_ppm", message));
    }
    Ok(ppm.map(PpmMultiplier::from_ppm))
}

fn check_models(names: &[String]) -> Result<Vec<ModelName>, ApiError> {
    if names.len() > MODELS_MAX {
        let message = format!("At most {MODELS_MAX} models are allowed.");
        return Err(ApiError::field("models", message));
    }
    let names: Result<Vec<ModelName>, _> = names.iter().map(|name| name.trim().parse()).collect();
    names.map_err(|error: anc_domain::ModelNameError| ApiError::field("models", error.to_string()))
}

fn check_key(key: &str) -> Result<Secret, ApiError> {
    let keys: Vec<&str> = key.lines().map(str::trim).filter(|key| !key.is_empty()).collect();
    let word = |key: &&str| key.len() <= KEY_BYTES_MAX && key.bytes().all(|b| b.is_ascii_graphic());
    if (1..=KEYS_MAX).contains(&keys.len()) && keys.iter().all(word) {
        return Ok(Secret::new(keys.join("\n")));
    }
    Err(ApiError::field("key", "A key is one word of plain ASCII characters; several, one a line."))
}

pub(crate) fn channel_id(text: &str) -> Result<ChannelId, ApiError> {
    text.parse().map_err(|_| no_channel())
}

pub(crate) fn no_channel() -> ApiError {
    ApiError::not_found("channel")
}
