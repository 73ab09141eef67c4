//! An error of the relay in the form of the protocol that was called.

use std::time::Duration;

use anc_domain::{RateReached, RelayError, RequestId};
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};

use crate::{
    Family, Observed, Protocol, add_request_id, anthropic, gemini, openai_chat, openai_responses,
};

const X_RELAY_ERROR: HeaderName = HeaderName::from_static("x-relay-error");
const X_SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// The whole answer for a request that ends with an error.
pub fn error_response(
    protocol: Protocol,
    error: &RelayError,
    request_id: RequestId,
) -> Response<Bytes> {
    let envelope = error.code.envelope();
    let (status, body) = match protocol.family() {
        Family::OpenAi => (envelope.status, openai_chat::error_body(error)),
        Family::Gemini => (envelope.status, gemini::error_body(error, request_id)),
        Family::Anthropic => (envelope.anthropic_status, anthropic::error_body(error, request_id)),
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
    if let Some(rate) = error.rate {
        add_rate_headers(headers, protocol, rate, error.retry_after.unwrap_or_default());
    }
    if let Some(method) = error.allow {
        headers.insert(ALLOW, HeaderValue::from_static(method));
    }
    add_request_id(headers, protocol, request_id);
    response
}

/// The same as the one element of an array: so Gemini answers who asked for a stream and not for
/// events.
pub fn in_array(response: Response<Bytes>) -> Response<Bytes> {
    response.map(|body| Bytes::from([b"[".as_slice(), &body, b"]"].concat()))
}

/// The limit in the words of the protocol's vendor. Gemini's has none.
fn add_rate_headers(
    headers: &mut HeaderMap,
    protocol: Protocol,
    rate: RateReached,
    retry_after: Duration,
) {
    let (limit, remaining, reset) = match (protocol.family(), rate.counts) {
        (Family::OpenAi, "requests") => (
            "x-ratelimit-limit-requests",
            "x-ratelimit-remaining-requests",
            "x-ratelimit-reset-requests",
        ),
        (Family::OpenAi, _) => {
            ("x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens")
        }
        (Family::Anthropic, "requests") => (
            "anthropic-ratelimit-requests-limit",
            "anthropic-ratelimit-requests-remaining",
            "anthropic-ratelimit-requests-retry-after",
        ),
        (Family::Anthropic, _) => (
            "anthropic-ratelimit-tokens-limit",
            "anthropic-ratelimit-tokens-remaining",
            "anthropic-ratelimit-tokens-retry-after",
        ),
        (Family::Gemini, _) => return,
    };
    let seconds = retry_after.as_secs().max(1);
    let reset_text = match protocol.family() {
        Family::OpenAi => HeaderValue::from_str(&format!("{seconds}s")),
        _ => Ok(HeaderValue::from(seconds)),
    };
    headers.insert(HeaderName::from_static(limit), HeaderValue::from(rate.limit));
    headers.insert(HeaderName::from_static(remaining), HeaderValue::from(0));
    if let Ok(text) = reset_text {
        headers.insert(HeaderName::from_static(reset), text);
    }
}

/// The last event of a stream that ends with an error. `observed` is what is known of the stream,
/// `sent` how many of its events went out.
pub fn error_frame(
    protocol: Protocol,
    error: &RelayError,
    request_id: RequestId,
    observed: &Observed,
    sent: u64,
) -> Bytes {
    match protocol {
        Protocol::OpenAiChat | Protocol::OpenAiCompletions | Protocol::OpenAiEmbeddings => {
            openai_chat::error_frame(error)
        }
        Protocol::OpenAiResponses => {
            openai_responses::error_frame(error, &request_id.to_string(), observed, sent)
        }
        Protocol::AnthropicMessages => anthropic::error_frame(error, request_id),
        Protocol::Gemini | Protocol::GeminiEmbeddings => gemini::error_frame(error, request_id),
    }
}

#[cfg(test)]
mod tests {
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
    fn every_code_is_answered_in_each_familys_form() {
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
            let (answer, body) = answered(Protocol::Gemini, *code);
            assert_eq!(body["error"]["code"], answer.status().as_u16());
            assert_eq!(body["error"]["status"], envelope.gemini_status);
            assert_eq!(body["error"]["details"][0]["reason"], code.code());
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
