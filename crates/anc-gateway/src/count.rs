//! `POST /v1/messages/count_tokens`: always answered and never charged.
//!
//! Claude Code asks for many counts at once, and where it gets none it sends real, billed requests
//! instead. So the provider is asked first, and where it does not answer, our own estimate does.

use anc_domain::RelayError;
use anc_routing::{Candidate, Outcome, outcome_of_status, plan};
use anc_wire::{RequestFacts, ScanError};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use hyper::body::Incoming;

use crate::admission::{self, Admitted};
use crate::ingress::{self, Call};
use crate::{Gateway, GatewayBody, upstream};

/// Says that the count is ours and not the provider's.
const X_RELAY_ESTIMATED: HeaderName = HeaderName::from_static("x-relay-estimated");

/// Counts the input units of a Messages request.
pub(crate) async fn count_tokens(
    gateway: &Gateway,
    call: Call,
    body: Incoming,
) -> Result<Response<GatewayBody>, RelayError> {
    let caller = gateway.authenticate(&call).await?;
    let body = ingress::read_body(&call.headers, body, &gateway.limits).await?;
    let facts = anc_wire::scan_request(call.protocol, &body).map_err(ScanError::into_error)?;
    let catalog = gateway.catalog.load_full();
    let admitted = admission::authorize(caller, facts.model.clone(), call.client, &catalog)?;
    match ask_provider(gateway, &call, &admitted, body).await {
        Some(response) => Ok(response),
        None => Ok(estimate(&call, &facts)),
    }
}

/// The provider's own count, or its refusal of the request. One channel only: a count is not worth
/// a second attempt.
async fn ask_provider(
    gateway: &Gateway,
    call: &Call,
    admitted: &Admitted,
    body: Bytes,
) -> Option<Response<GatewayBody>> {
    let candidates: Vec<Candidate> = admitted
        .channels
        .iter()
        .map(|channel| Candidate {
            channel: channel.id,
            speaks_protocol: channel.speaks(call.protocol),
        })
        .collect();
    let first = *plan(&candidates, 1).ok()?.first()?;
    let channel = admitted.channels.iter().find(|one| one.id == first)?;
    let answer = upstream::send(gateway, channel, call, body).await.ok()?;
    let (head, body) = answer.into_parts();
    if outcome_of_status(head.status.as_u16()) == Outcome::ChannelFailed {
        return None;
    }
    let body = upstream::collect(body, gateway.limits.refusal_bytes).await.ok()?;
    let mut response = answer_of(call, body);
    *response.status_mut() = head.status;
    Some(response)
}

fn estimate(call: &Call, facts: &RequestFacts) -> Response<GatewayBody> {
    let mut response = answer_of(call, anc_wire::count_tokens_body(facts.input.units_expected()));
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
