//! Answers that a provider keeps: only the account that had one made gets at it, and only through
//! the channel and the key that made it. Looking at one, ending one and its input are free.

use anc_domain::{EndpointScope, RelayError, RelayErrorCode as Code};
use anc_routing::{Outcome, outcome_of_status};
use anc_store::StoredResponse;
use anc_wire::Operation;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use hyper::body::Incoming;

use crate::catalog::Channel;
use crate::directory::Caller;
use crate::ingress::Call;
use crate::upstream::{self, ProviderRefusal};
use crate::{Gateway, GatewayBody, admission, error, relay, request_body};

/// The longest name that a stored response can have.
const ID_BYTES_MAX: usize = 256;

/// Stored items that one request may refer to: more than any conversation has.
const REFERENCES_MAX: usize = 2_000;

/// Whether a text can be the name of a stored response. It stands in paths, so it has none of their
/// signs.
pub(crate) fn is_response_id(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:~".contains(&byte);
    let is_step = text.bytes().all(|byte| byte == b'.');
    text.len() <= ID_BYTES_MAX && text.bytes().all(known) && !is_step
}

/// One of the caller's account. For another account's and for none at all the error is the same.
pub(crate) async fn find(
    gateway: &Gateway,
    caller: &Caller,
    id: &str,
) -> Result<StoredResponse, RelayError> {
    let found = find_all(gateway, caller, &[id.to_owned()]).await?;
    found.into_iter().next().ok_or_else(|| error::stored_response_not_found(id))
}

/// Several of the caller's account, all of which there must be.
pub(crate) async fn find_all(
    gateway: &Gateway,
    caller: &Caller,
    ids: &[String],
) -> Result<Vec<StoredResponse>, RelayError> {
    if ids.len() > REFERENCES_MAX {
        return Err(RelayError::new(
            Code::InvalidRequest,
            format!("A request may refer to {REFERENCES_MAX} stored items at most."),
        ));
    }
    if let Some(id) = ids.iter().find(|id| !is_response_id(id)) {
        return Err(error::stored_response_not_found(id));
    }
    let found = gateway.store.stored_responses().find_all(caller.account_id(), ids).await;
    let found = found.map_err(|failure| error::store_down(&failure))?;
    match ids.iter().find(|id| !found.iter().any(|one| one.response_id == **id)) {
        Some(id) => Err(error::stored_response_not_found(id)),
        None => Ok(found),
    }
}

/// `GET /v1/responses/{id}` and `…/input_items`, `DELETE /v1/responses/{id}`,
/// `POST /v1/responses/{id}/cancel`.
pub(crate) async fn stored_response(
    gateway: &Gateway,
    call: Call,
    body: Incoming,
) -> Result<Response<GatewayBody>, RelayError> {
    let caller = gateway.authenticate(&call).await?;
    admission::check_address(&caller, call.client)?;
    admission::check_scope(&caller, EndpointScope::Responses)?;
    if asks_for_stream(call.query.as_deref()) {
        return Err(RelayError::new(
            Code::InvalidRequest,
            "A stored response is given whole here and not as a stream. Leave out `stream`.",
        ));
    }
    let _permits = relay::admit_rate(gateway, &caller, 0)?;
    let (body, _room) = request_body::read_body(gateway, &call.headers, body).await?;
    let id = call.path_response.as_deref().unwrap_or_default();
    let stored = find(gateway, &caller, id).await?;
    admission::check_model(&caller, &stored.model)?;
    admission::check_group(&caller)?;
    let catalog = gateway.catalog.load_full();
    let channel = catalog
        .served(&stored.model)
        .and_then(|model| model.channels.iter().find(|one| one.id == stored.channel_id))
        .filter(|one| one.routing.group == caller.0.group)
        .ok_or_else(|| error::stored_response_not_found(id))?;
    ask(gateway, &call, (channel, &stored), body).await
}

/// Asks the one channel that has it, with the key that made it.
async fn ask(
    gateway: &Gateway,
    call: &Call,
    (channel, stored): (&Channel, &StoredResponse),
    body: Bytes,
) -> Result<Response<GatewayBody>, RelayError> {
    // A key that is no longer there was most often replaced by one of the same upstream account.
    let key = stored.key_digest.and_then(|digest| channel.key_of(digest)).unwrap_or(0);
    let secret = channel.keys.get(key);
    let answer = upstream::send(gateway, channel, secret, call, &stored.model, body)
        .await
        .map_err(|failure| {
            upstream::log_failure(channel, call, &failure);
            error::upstream_failed(&failure)
        })?;
    let (head, body) = answer.into_parts();
    let ends = call.operation == Operation::DeleteStoredResponse;
    match (head.status, outcome_of_status(head.status.as_u16())) {
        (StatusCode::NOT_FOUND, _) => {
            if ends {
                forget(gateway, stored).await?;
            }
            Err(error::stored_response_not_found(&stored.response_id))
        }
        (_, Outcome::Accepted) => {
            let limit = gateway.limits.answer_bytes;
            let collected =
                tokio::time::timeout(gateway.limits.total, upstream::collect(body, limit));
            let bytes = collected
                .await
                .map_err(|_| error::upstream_timeout())?
                .map_err(|_| error::upstream_nonsense())?;
            if ends {
                forget(gateway, stored).await?;
            }
            let mut response = Response::new(GatewayBody::full(bytes));
            *response.status_mut() = head.status;
            *response.headers_mut() = anc_wire::response_headers(&head.headers);
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            anc_wire::add_request_id(response.headers_mut(), call.protocol, call.request_id);
            Ok(response)
        }
        // Something is being made, or was made, that cannot be ended: the request's own fault.
        (StatusCode::CONFLICT, _) | (_, Outcome::RequestRefused) => {
            let body = upstream::collect_at_most(body, gateway.limits.refusal_bytes).await;
            let body = upstream::without_keys(channel, body);
            let refusal = ProviderRefusal { status: head.status, headers: head.headers, body };
            upstream::pass_refusal_on(call, refusal)
        }
        (status, Outcome::ChannelFailed) => {
            let (status, wait) = (status.as_u16(), upstream::retry_after(&head.headers));
            tracing::warn!(channel = %channel.id, request = %call.request_id, status, "a channel failed");
            if secret.is_some() {
                gateway.parked.note(channel.id, key, (status, wait), gateway.clock.now());
            }
            Err(error::upstream_unavailable(wait))
        }
    }
}

async fn forget(gateway: &Gateway, stored: &StoredResponse) -> Result<(), RelayError> {
    let door = gateway.store.stored_responses();
    let gone = door.delete(stored.account_id, &stored.response_id).await;
    gone.map(drop).map_err(|failure| error::store_down(&failure))
}

fn asks_for_stream(query: Option<&str>) -> bool {
    query.is_some_and(|query| query.split('&').any(|pair| pair == "stream=true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_more_than_one_step_of_a_path_is_none() {
        let long = "a".repeat(ID_BYTES_MAX);
        for id in ["resp_1-a", "3f0c:x.y", &long] {
            assert!(is_response_id(id), "{id}");
        }
        let longer = format!("{long}a");
        for id in ["", ".", "..", "a/b", "a%2fb", "a?b", "a b", "ü", &longer] {
            assert!(!is_response_id(id), "{id}");
        }
    }
}
