//! `GET /v1/models` and `GET /v1beta/models`, and one of them: what this API token may use, in the
//! shape that the caller's protocol expects.

use std::borrow::Cow;

use anc_domain::{
    EndpointScope, ModelName, NanoUsd, RelayError, RelayErrorCode as Code, UnixMillis,
};
use anc_wire::{Family, ModelListing, ModelPage};
use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};

use crate::admission;
use crate::catalog::{Catalog, Model};
use crate::directory::Caller;
use crate::ingress::Call;
use crate::{Gateway, GatewayBody, error};

/// Models of one page of Gemini's list, where the caller does not say, and at most.
const GEMINI_PAGE: usize = 50;
const GEMINI_PAGE_MAX: usize = 1_000;
/// Models of one page of Anthropic's list, at most. Where its caller does not say, all come: not
/// every client goes on to the next page.
const PAGE_MAX: usize = 1_000;

/// Lists the models that have a channel and a price and are not withheld from this token.
pub(crate) async fn list_models(
    gateway: &Gateway,
    call: &Call,
) -> Result<Response<GatewayBody>, RelayError> {
    let caller = gateway.authenticate(call).await?;
    admission::check_address(&caller, call.client)?;
    admission::check_scope(&caller, EndpointScope::Models)?;
    let catalog = gateway.catalog.load();
    let listings = listings(&catalog, &caller, call.received_at);
    let body = match call.protocol.family() {
        Family::Gemini => {
            let number = |key: &str| query_number(call.query.as_deref(), key);
            let size = number("pageSize")?.unwrap_or(GEMINI_PAGE).clamp(1, GEMINI_PAGE_MAX);
            anc_wire::gemini_models_body(&listings, number("pageToken")?.unwrap_or(0), size)
        }
        Family::OpenAi => anc_wire::models_body(&listings, ModelPage::default()),
        Family::Anthropic => {
            let text = |key: &str| query_text(call.query.as_deref(), key);
            let limit = query_number(call.query.as_deref(), "limit")?;
            let (after, before) = (text("after_id"), text("before_id"));
            let page = ModelPage {
                limit: limit.map(|limit| limit.clamp(1, PAGE_MAX)),
                after: after.as_deref(),
                before: before.as_deref(),
            };
            anc_wire::models_body(&listings, page)
        }
    };
    Ok(answer(call, body))
}

/// One of them, by its name.
pub(crate) async fn get_model(
    gateway: &Gateway,
    call: &Call,
) -> Result<Response<GatewayBody>, RelayError> {
    let caller = gateway.authenticate(call).await?;
    admission::check_address(&caller, call.client)?;
    admission::check_scope(&caller, EndpointScope::Models)?;
    let catalog = gateway.catalog.load();
    let name = call.path_model.as_ref().map(ModelName::as_str).unwrap_or_default();
    let listings = listings(&catalog, &caller, call.received_at);
    let listing = listings
        .iter()
        .find(|listing| listing.id == name)
        .ok_or_else(|| error::model_not_found(name))?;
    let body = match call.protocol.family() {
        Family::Gemini => anc_wire::gemini_model_body(listing),
        Family::OpenAi | Family::Anthropic => anc_wire::model_body(listing),
    };
    Ok(answer(call, body))
}

fn listings<'a>(catalog: &'a Catalog, caller: &Caller, now: UnixMillis) -> Vec<ModelListing<'a>> {
    if admission::check_group(caller).is_err() {
        return Vec::new();
    }
    catalog
        .usable(now)
        .filter(|(name, _)| admission::may_use(caller, name))
        .map(|(name, model)| ModelListing {
            id: name.as_str(),
            owned_by: &model.provider,
            context: model.context,
            max_output: model.max_output,
            embeds: embeds(model, now),
        })
        .collect()
}

/// A model whose output costs nothing makes none that is paid for: it makes vectors.
fn embeds(model: &Model, now: UnixMillis) -> bool {
    model.price_at(now).is_some_and(|dated| {
        let rates = &dated.price.rates;
        rates.output == NanoUsd::ZERO && rates.input > NanoUsd::ZERO
    })
}

fn query_text<'q>(query: Option<&'q str>, key: &str) -> Option<Cow<'q, str>> {
    let mut pairs = query?.split('&');
    let value = pairs.find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))?;
    let text = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
    (!text.is_empty()).then_some(text)
}

fn query_number(query: Option<&str>, key: &str) -> Result<Option<usize>, RelayError> {
    let Some(text) = query_text(query, key) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        RelayError::new(Code::InvalidRequest, format!("`{key}` must be what the list gave."))
    })
}

fn answer(call: &Call, body: Bytes) -> Response<GatewayBody> {
    let mut response = Response::new(GatewayBody::full(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    anc_wire::add_request_id(headers, call.protocol, call.request_id);
    response
}
