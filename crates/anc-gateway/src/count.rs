//! `POST /v1/messages/count_tokens`, Gemini's `countTokens` and `POST /v1/responses/input_tokens`:
//! always answered and never charged.
//!
//! Claude Code asks for many counts at once, and where it gets none it sends real, billed requests
//! instead. So the provider is asked first, and where it does not answer, our own estimate does.

use anc_domain::{ModelName, RelayError};
use anc_routing::{Outcome, outcome_of_status, plan};
use anc_wire::{Family, RequestEdits, RequestFacts};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use hyper::body::Incoming;

use crate::admission::{self, Admitted};
use crate::affinity::Bond;
use crate::ingress::Call;
use crate::upstream::KeyChoice;
use crate::{Gateway, GatewayBody, request_body, upstream};

/// Says that the count is ours and not the provider's.
const X_RELAY_ESTIMATED: HeaderName = HeaderName::from_static("x-relay-estimated");

/// Counts the input units of a request.
pub(crate) async fn count_tokens(
    gateway: &Gateway,
    call: Call,
    body: Incoming,
) -> Result<Response<GatewayBody>, RelayError> {
    let caller = gateway.authenticate(&call).await?;
    let (body, _room) = request_body::read_body(gateway, &call.headers, body).await?;
    let facts = call.scan(&body)?;
    let catalog = gateway.catalog.load_full();
    let mut admitted =
        admission::authorize(caller, facts.model.clone(), &facts.options, &call, &catalog)?;
    // What the request goes on from is counted as well, so it must be the caller's own.
    let bond = Bond::of(gateway, &call, &facts, &mut admitted).await?;
    match ask_provider(gateway, &call, (&admitted, bond), &facts, body).await {
        Some(response) => Ok(response),
        None => Ok(estimate(&call, facts.input.units_expected().saturating_add(bond.reads_again))),
    }
}

/// The provider's own count, or its refusal of the request. One channel only: a count is not worth
/// a second attempt.
async fn ask_provider(
    gateway: &Gateway,
    call: &Call,
    (admitted, bond): (&Admitted, Bond),
    facts: &RequestFacts,
    body: Bytes,
) -> Option<Response<GatewayBody>> {
    let candidates = upstream::candidates(gateway, call, &admitted.channels);
    let mut dice = |below| upstream::dice(gateway, below);
    let first = *plan(&candidates, 1, bond.choice(&mut dice)).ok()?.first()?;
    let channel = admitted.channels.iter().find(|one| one.id == first)?;
    let name = channel.upstream_name(&admitted.model);
    let edits =
        RequestEdits { model: name.as_ref().map(ModelName::as_str), ..RequestEdits::default() };
    let body = facts.edit(&body, edits);
    let model = name.as_ref().unwrap_or(&admitted.model);
    let key = match bond.keys {
        KeyChoice::Only(digest) => channel.key_of(digest).and_then(|key| channel.keys.get(key)),
        _ => None,
    };
    let key = key.or_else(|| channel.keys.first());
    let answer = upstream::send(gateway, channel, key, call, model, body).await.ok()?;
    let (head, body) = answer.into_parts();
    if outcome_of_status(head.status.as_u16()) == Outcome::ChannelFailed {
        return None;
    }
    let body = upstream::collect(body, gateway.limits.refusal_bytes).await.ok()?;
    let body = upstream::without_keys(channel, body);
    serde_json::from_slice::<&serde_json::value::RawValue>(&body).ok()?;
    let mut response = answer_of(call, body);
    *response.status_mut() = head.status;
    Some(response)
}

fn estimate(call: &Call, units: u64) -> Response<GatewayBody> {
    let body = match call.protocol.family() {
        Family::Gemini => anc_wire::gemini_count_body(units),
        Family::Anthropic => anc_wire::count_tokens_body(units),
        Family::OpenAi => anc_wire::response_count_body(units),
    };
    let mut response = answer_of(call, body);
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(X_RELAY_ESTIMATED, HeaderValue::from_static("true"));
    response
}

fn answer_of(call: &Call, body: Bytes) -> Response<GatewayBody> {
    let mut response = Response::new(GatewayBody::full(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    anc_wire::add_request_id(headers, call.protocol, call.request_id);
    response
}
