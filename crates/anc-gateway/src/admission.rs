//! Phases 2 and 4: who calls, and whether it may have what it asks for.

use std::sync::Arc;

use anc_domain::{
    ClientAddress, Clock, EndpointScope, ModelName, PpmMultiplier, PricedOptions, RelayError,
    RelayErrorCode as Code, Secret, TokenText,
};
use anc_ledger::{ModelPrice, PriceSnapshot};
use anc_store::Store;
use anc_wire::Protocol;

use crate::catalog::{Catalog, Channel};
use crate::directory::{Caller, Directory};
use crate::error;
use crate::ingress::Call;

/// Phase 2: the presented secret → the caller. A token that works in principle; its money is asked
/// when it is held.
pub(crate) async fn authenticate(
    directory: &Directory,
    store: &Store,
    clock: &dyn Clock,
    credential: Option<&Secret>,
) -> Result<Caller, RelayError> {
    let presented = credential.ok_or_else(error::invalid_api_key)?;
    TokenText::classify(presented.expose()).map_err(|_| error::invalid_api_key())?;
    let found = directory
        .find(store, presented.hash())
        .await
        .map_err(|failure| error::store_down(&failure))?
        .ok_or_else(error::invalid_api_key)?;
    if found.deleted {
        return Err(error::invalid_api_key());
    }
    if !found.enabled {
        return Err(error::token_disabled());
    }
    // A secret that was rotated away is as good as none when its time is over.
    if found.secret_valid_until.is_some_and(|end| end <= clock.now()) {
        return Err(error::invalid_api_key());
    }
    if found.expires_at.is_some_and(|end| end <= clock.now()) {
        return Err(error::token_expired());
    }
    if found.account_suspended {
        return Err(error::account_suspended());
    }
    Ok(Caller(found))
}

/// The token's IP restriction. The message names the address seen, never the list.
pub(crate) fn check_address(caller: &Caller, client: ClientAddress) -> Result<(), RelayError> {
    if caller.0.ip_rules.allow_client(client) {
        return Ok(());
    }
    Err(RelayError::new(
        Code::IpNotAllowed,
        format!(
            "This API token may not be used from {}. Its IP restriction can be changed on the \
             Tokens page of the console.",
            client.address
        ),
    ))
}

/// The token's endpoint scopes.
pub(crate) fn check_scope(caller: &Caller, scope: EndpointScope) -> Result<(), RelayError> {
    if caller.0.scopes.allow(scope) { Ok(()) } else { Err(error::scope_denied(scope)) }
}

/// Whether the token and its account's tier allow a model.
pub(crate) fn may_use(caller: &Caller, model: &ModelName) -> bool {
    caller.0.models.allow(model) && caller.0.tier.models.allow(model)
}

/// The model restrictions of the token and of its account's tier.
pub(crate) fn check_model(caller: &Caller, model: &ModelName) -> Result<(), RelayError> {
    if may_use(caller, model) {
        return Ok(());
    }
    let message = if caller.0.models.allow(model) {
        format!(
            "The account's tier {} has no model {model}. Use another model, or ask the operator of \
             this relay for another tier.",
            caller.0.tier.name
        )
    } else {
        format!(
            "This API token may not use the model {model}. Its model restriction can be changed \
             on the Tokens page of the console."
        )
    };
    Err(RelayError::new(Code::ModelNotAllowed, message))
}

/// The groups of channels that the account's tier allows. A token keeps the one that it was given
/// when it was allowed, and works again when that is allowed again.
pub(crate) fn check_group(caller: &Caller) -> Result<(), RelayError> {
    let (group, tier) = (&caller.0.group, &caller.0.tier);
    if tier.allows_group(group) {
        return Ok(());
    }
    Err(RelayError::new(
        Code::ModelNotAllowed,
        format!(
            "The account's tier {} does not allow the group of channels {group}. Give this API \
             token another group on the Tokens page of the console.",
            tier.name
        ),
    ))
}

/// The tier of service that costs less than the usual one.
const CHEAPER_TIER: &str = "flex";

/// A caller who may use a model at a price. Only [`authorize`] makes one.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) caller: Caller,
    pub(crate) model: ModelName,
    pub(crate) price: PriceSnapshot,
    pub(crate) max_output: Option<u64>,
    pub(crate) context: Option<u64>,
    pub(crate) channels: Vec<Arc<Channel>>,
}

/// The kind of endpoint that a protocol's answers come from.
const fn scope_of(protocol: Protocol) -> EndpointScope {
    match protocol {
        Protocol::OpenAiChat => EndpointScope::Chat,
        Protocol::OpenAiCompletions => EndpointScope::Completions,
        Protocol::OpenAiResponses => EndpointScope::Responses,
        Protocol::OpenAiEmbeddings | Protocol::GeminiEmbeddings => EndpointScope::Embeddings,
        Protocol::AnthropicMessages => EndpointScope::Messages,
        Protocol::Gemini => EndpointScope::Gemini,
    }
}

/// The options whose prices are asked for. A cheaper tier of service without a price of its own
/// costs what is usual: its provider may serve it so, or as usual.
fn as_priced(options: &PricedOptions, price: &ModelPrice) -> PricedOptions {
    let priced = price.rules.iter().any(|rule| rule.service_tier == options.service_tier);
    let cheaper = options.service_tier.as_deref() == Some(CHEAPER_TIER);
    let service_tier = options.service_tier.clone().filter(|_| priced || !cheaper);
    PricedOptions { service_tier, ..options.clone() }
}

/// Phase 4: caller × model × address × endpoint → admitted.
pub(crate) fn authorize(
    caller: Caller,
    model: ModelName,
    options: &PricedOptions,
    call: &Call,
    catalog: &Catalog,
) -> Result<Admitted, RelayError> {
    check_address(&caller, call.client)?;
    check_scope(&caller, scope_of(call.protocol))?;
    check_model(&caller, &model)?;
    check_group(&caller)?;
    let served = catalog.served(&model).ok_or_else(|| error::model_not_found(model.as_str()))?;
    let priced = served.price_at(call.received_at).ok_or_else(|| error::model_unpriced(&model))?;
    let group = &caller.0.group;
    let channels: Vec<Arc<Channel>> =
        served.channels.iter().filter(|one| one.routing.group == *group).cloned().collect();
    if channels.is_empty() {
        return Err(error::model_not_found(model.as_str()));
    }
    let of_group = catalog.group_multiplier(group);
    let multiplier = anc_ledger::combined(caller.0.multiplier, of_group);
    let promised = priced
        .price
        .snapshot_for(&as_priced(options, &priced.price), call.received_at, multiplier)
        .map_err(error::unpriced_option)?;
    Ok(Admitted {
        price: PriceSnapshot {
            group_multiplier: (of_group != PpmMultiplier::ONE).then_some(of_group),
            version: Some(priced.version),
            ..promised
        },
        max_output: served.max_output,
        context: served.context,
        channels,
        caller,
        model,
    })
}
