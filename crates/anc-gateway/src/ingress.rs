//! Phases 1 and 3: what is called, by which credential, with which body.

use anc_domain::{
    ClientAddress, RelayError, RelayErrorCode as Code, RequestId, Secret, UnixMillis,
};
use anc_wire::{Operation, Protocol};
use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, Method, request};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use crate::limits::Limits;

/// A request as it came in, nothing of it believed yet.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) request_id: RequestId,
    pub(crate) received_at: UnixMillis,
    pub(crate) protocol: Protocol,
    pub(crate) operation: Operation,
    pub(crate) client: ClientAddress,
    pub(crate) headers: HeaderMap,
    /// The query without credentials, to be passed on.
    pub(crate) query: Option<String>,
    pub(crate) credential: Option<Secret>,
}

/// The protocol of a path, also where nothing answers there: its errors must have the right form.
pub(crate) fn protocol_of(path: &str, headers: &HeaderMap) -> Protocol {
    let anthropic = path.starts_with("/v1/messages") || headers.contains_key("anthropic-version");
    if anthropic { Protocol::AnthropicMessages } else { Protocol::OpenAiChat }
}

/// Phase 1: the path and method decide the operation, the headers the credential.
pub(crate) fn receive(
    request_id: RequestId,
    received_at: UnixMillis,
    parts: request::Parts,
    client: ClientAddress,
) -> Result<Call, RelayError> {
    let path = parts.uri.path();
    let (operation, method) = match path {
        "/v1/chat/completions" => (Operation::ChatCompletions, Method::POST),
        "/v1/messages" => (Operation::Messages, Method::POST),
        "/v1/messages/count_tokens" => (Operation::CountTokens, Method::POST),
        "/v1/models" => (Operation::ListModels, Method::GET),
        _ => return Err(unknown_path(path)),
    };
    if parts.method != method {
        let allowed = if method == Method::POST { "POST" } else { "GET" };
        return Err(RelayError::new(
            Code::MethodNotAllowed,
            format!("{path} takes {allowed} requests only."),
        )
        .allow(allowed));
    }
    Ok(Call {
        request_id,
        received_at,
        protocol: protocol_of(path, &parts.headers),
        operation,
        client,
        credential: credential(
            &parts.headers,
            parts.uri.query(),
            protocol_of(path, &parts.headers),
        ),
        query: query_without_credentials(parts.uri.query()),
        headers: parts.headers,
    })
}

fn unknown_path(path: &str) -> RelayError {
    let shown: String = path.chars().take(128).collect();
    RelayError::new(
        Code::NotFound,
        format!(
            "There is nothing at {shown}. The relay serves /v1/chat/completions, /v1/messages, \
             /v1/messages/count_tokens and /v1/models."
        ),
    )
}

/// The presented credential: where two differ, the one native to the path counts.
fn credential(headers: &HeaderMap, query: Option<&str>, protocol: Protocol) -> Option<Secret> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, credential)| credential.trim());
    let api_key = text("x-api-key");
    let (native, other) = match protocol {
        Protocol::AnthropicMessages => (api_key, bearer),
        Protocol::OpenAiChat => (bearer, api_key),
    };
    if let (Some(one), Some(two)) = (native, other)
        && one != two
    {
        tracing::info!("two different credentials were presented; the path's own counts");
    }
    native
        .or(other)
        .or_else(|| text("api-key"))
        .or_else(|| text("x-goog-api-key"))
        .or_else(|| query.and_then(query_key))
        .filter(|text| !text.is_empty())
        .map(Secret::new)
}

fn query_key(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("key="))
}

fn query_without_credentials(query: Option<&str>) -> Option<String> {
    let kept: Vec<&str> = query?.split('&').filter(|pair| !pair.starts_with("key=")).collect();
    let kept = kept.join("&");
    (!kept.is_empty()).then_some(kept)
}

/// Phase 3: the body, within its limits. Authentication comes before it, so that a stranger cannot
/// make the relay hold megabytes.
pub(crate) async fn read_body(
    headers: &HeaderMap,
    mut body: Incoming,
    limits: &Limits,
) -> Result<Bytes, RelayError> {
    if headers.get(CONTENT_ENCODING).is_some_and(|value| value != "identity") {
        return Err(RelayError::new(
            Code::InvalidRequest,
            "The relay takes request bodies without content-encoding only.",
        ));
    }
    let too_large = || {
        RelayError::new(
            Code::RequestTooLarge,
            format!("The body is larger than the {} bytes allowed.", limits.request_body_bytes),
        )
    };
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limits.request_body_bytes) {
        return Err(too_large());
    }
    let mut collected = BytesMut::new();
    let mut whole: Option<Bytes> = None;
    while let Some(frame) = tokio::time::timeout(limits.request_body_idle, body.frame())
        .await
        .map_err(|_| unreadable("The body did not arrive in time."))?
    {
        let frame = frame.map_err(|_| unreadable("The body broke off before its end."))?;
        let Ok(data) = frame.into_data() else { continue };
        if whole.as_ref().map_or(collected.len(), Bytes::len) + data.len()
            > limits.request_body_bytes
        {
            return Err(too_large());
        }
        // Most bodies come in one frame, which then is the body, uncopied.
        if collected.is_empty() && whole.is_none() {
            whole = Some(data);
        } else {
            if let Some(first) = whole.take() {
                collected.reserve(announced.unwrap_or(0).min(limits.request_body_bytes));
                collected.extend_from_slice(&first);
            }
            collected.extend_from_slice(&data);
        }
    }
    Ok(whole.unwrap_or_else(|| collected.freeze()))
}

fn unreadable(message: &'static str) -> RelayError {
    RelayError::new(Code::InvalidRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
            })
            .collect()
    }

    fn presented(
        pairs: &[(&'static str, &'static str)],
        query: Option<&str>,
        protocol: Protocol,
    ) -> Option<String> {
        credential(&headers(pairs), query, protocol).map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn a_credential_is_found_wherever_clients_put_it() {
        for pair in [
            ("authorization", "Bearer sk-a"),
            ("authorization", "bearer sk-a"),
            ("x-api-key", "sk-a"),
            ("api-key", "sk-a"),
            ("x-goog-api-key", "sk-a"),
        ] {
            assert_eq!(presented(&[pair], None, Protocol::OpenAiChat).as_deref(), Some("sk-a"));
        }
        let by_query = presented(&[], Some("beta=true&key=sk-a"), Protocol::OpenAiChat);
        assert_eq!(by_query.as_deref(), Some("sk-a"));
        assert_eq!(presented(&[("authorization", "Basic x")], None, Protocol::OpenAiChat), None);
    }

    #[test]
    fn of_two_credentials_the_paths_own_counts() {
        let both = [("authorization", "Bearer sk-b"), ("x-api-key", "sk-x")];
        let anthropic = presented(&both, None, Protocol::AnthropicMessages);
        assert_eq!(anthropic.as_deref(), Some("sk-x"));
        assert_eq!(presented(&both, None, Protocol::OpenAiChat).as_deref(), Some("sk-b"));
    }

    #[test]
    fn a_credential_in_the_query_is_not_passed_on() {
        assert_eq!(
            query_without_credentials(Some("key=sk-a&beta=true")).as_deref(),
            Some("beta=true")
        );
        assert_eq!(query_without_credentials(Some("key=sk-a")), None);
    }
}
