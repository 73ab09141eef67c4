//! An error of the relay in the form of the protocol that was called.

use anc_domain::{RelayError, RequestId};
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};

use crate::{Protocol, add_request_id, anthropic, openai_chat};

const X_RELAY_ERROR: HeaderName = HeaderName::from_static("x-relay-error");
const X_SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// The whole answer for a request that ends with an error.
pub fn error_response(
    protocol: Protocol,
    error: &RelayError,
    request_id: RequestId,
) -> Response<Bytes> {
    let envelope = error.code.envelope();
    let (status, body) = match protocol {
        Protocol::OpenAiChat => (envelope.status, openai_chat::error_body(error)),
        Protocol::AnthropicMessages => {
            (envelope.anthropic_status, anthropic::error_body(error, request_id))
        }
    };
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_RELAY_ERROR, HeaderValue::from_static(error.code.code()));
    if let Some(retry) = envelope.should_retry {
        let text = if retry { "true" } else { "false" };
        headers.insert(X_SHOULD_RETRY, HeaderValue::from_static(text));
    }
    if let Some(span) = error.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(span.as_secs().max(1)));
    }
    if let Some(method) = error.allow {
        headers.insert(ALLOW, HeaderValue::from_static(method));
    }
    add_request_id(headers, protocol, request_id);
    response
}

/// The last event of a stream that ends with an error.
pub fn error_frame(protocol: Protocol, error: &RelayError, request_id: RequestId) -> Bytes {
    match protocol {
        Protocol::OpenAiChat => openai_chat::error_frame(error),
        Protocol::AnthropicMessages => anthropic::error_frame(error, request_id),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use anc_domain::RelayErrorCode as Code;
    use serde_json::Value;

    use super::*;

    fn answered(protocol: Protocol, code: Code) -> (Response<Bytes>, Value) {
        let error = RelayError::new(code, "Words.");
        let answer = error_response(protocol, &error, RequestId::from_bytes([7; 16]));
        let body = serde_json::from_slice(answer.body()).unwrap();
        (answer, body)
    }

    #[test]
    fn every_code_is_answered_in_both_protocols_forms() {
        for code in Code::ALL {
            let envelope = code.envelope();
            let (answer, body) = answered(Protocol::OpenAiChat, *code);
            assert_eq!(answer.status().as_u16(), envelope.status);
            assert_eq!(body["error"]["type"], envelope.openai_type);
            assert_eq!(body["error"]["relay_code"], code.code());
            assert!(body["error"].as_object().unwrap().contains_key("param"));
            assert_eq!(answer.headers()["x-relay-error"], code.code());
            assert!(answer.headers().contains_key("x-request-id"));
            let (answer, body) = answered(Protocol::AnthropicMessages, *code);
            assert_eq!(answer.status().as_u16(), envelope.anthropic_status);
            assert_eq!(
                (&body["type"], &body["error"]["type"]),
                (&"error".into(), &envelope.anthropic_type.into())
            );
            assert_eq!(answer.headers()["request-id"].to_str().unwrap(), body["request_id"]);
        }
    }

    #[test]
    fn where_openai_clients_match_on_a_word_they_get_it() {
        let (answer, body) = answered(Protocol::OpenAiChat, Code::TokenQuotaExhausted);
        assert_eq!(body["error"]["code"], "insufficient_quota");
        assert_eq!(answer.headers()["x-should-retry"], "false");
    }

    #[test]
    fn a_time_to_try_again_is_at_least_a_second() {
        let error =
            RelayError::new(Code::RelayUnavailable, "x").retry_after(Duration::from_millis(5));
        let answer = error_response(Protocol::OpenAiChat, &error, RequestId::from_bytes([0; 16]));
        assert_eq!(answer.headers()["retry-after"], "1");
    }
}
