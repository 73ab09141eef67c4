//! Which headers go on, and which end here.

use anc_domain::RequestId;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, header};

use crate::{Family, Protocol};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// Headers of a request that concern the caller's connection, credentials or place, or that choose
/// among what belongs to the operator's account. All others are the provider's to read.
const NOT_FORWARDED: &[&str] = &[
    "accept-encoding",
    "api-key",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "helicone-auth",
    "host",
    "keep-alive",
    "ocp-apim-subscription-key",
    "openai-organization",
    "openai-project",
    "origin",
    "referer",
    "request-id",
    "te",
    "trailer",
    "transfer-encoding",
    "true-client-ip",
    "upgrade",
    "via",
    "x-api-key",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-goog-api-key",
    "x-goog-user-project",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-forwarded-for",
    "x-original-url",
    "x-real-ip",
    "x-request-id",
    "x-rewrite-url",
];
const NOT_FORWARDED_PREFIXES: &[&str] = &[
    "cf-",
    "fastly-",
    "proxy-",
    "sec-",
    "x-amz",
    "x-anc-",
    "x-forwarded-",
    "x-goog-iam-",
    // Two gateways that choose provider, key and account by such headers.
    "x-litellm-",
    "x-portkey-",
    "x-relay-",
];

/// Headers of an answer that its caller may see. Others could name the operator's account or the
/// provider's machines.
const PASSED_BACK: &[&str] = &[
    "content-type",
    "openai-processing-ms",
    "openai-version",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
];

/// The headers of a request to a provider, without its credential.
pub fn request_headers(client: &HeaderMap) -> HeaderMap {
    let per_hop: Vec<String> = client
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let mut forwarded = HeaderMap::with_capacity(client.len());
    for (name, value) in client {
        let text = name.as_str();
        let ends_here = NOT_FORWARDED.binary_search(&text).is_ok()
            || NOT_FORWARDED_PREFIXES.iter().any(|prefix| text.starts_with(prefix))
            || per_hop.iter().any(|hop| hop == text);
        if !ends_here {
            forwarded.append(name.clone(), value.clone());
        }
    }
    forwarded
}

/// The headers of a provider's answer that its caller may see.
pub fn response_headers(upstream: &HeaderMap) -> HeaderMap {
    let mut passed = HeaderMap::new();
    for name in PASSED_BACK {
        if let Some(value) = upstream.get(*name) {
            passed.insert(HeaderName::from_static(name), value.clone());
        }
    }
    passed
}

/// Puts the request's id where clients of the protocol look for it.
pub fn add_request_id(headers: &mut HeaderMap, protocol: Protocol, request_id: RequestId) {
    let Ok(value) = HeaderValue::from_str(&request_id.to_string()) else { return };
    if protocol.family() == Family::Anthropic {
        headers.insert(REQUEST_ID, value.clone());
    }
    headers.insert(X_REQUEST_ID, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order_for_its_search() {
        assert!(NOT_FORWARDED.is_sorted());
    }

    #[test]
    fn d4_no_credential_and_no_address_goes_on() {
        let mut client = HeaderMap::new();
        for name in [
            "authorization",
            "x-api-key",
            "api-key",
            "x-goog-api-key",
            "cookie",
            "x-forwarded-for",
            "host",
            "connection",
            "x-hop",
            "content-length",
            "openai-organization",
        ] {
            client.insert(HeaderName::from_static(name), HeaderValue::from_static("x-hop"));
        }
        client.insert("anthropic-beta", HeaderValue::from_static("a,b"));
        client.insert("x-session-id", HeaderValue::from_static("s"));
        let forwarded = request_headers(&client);
        let names: Vec<&str> = forwarded.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["anthropic-beta", "x-session-id"]);
    }

    #[test]
    fn an_answer_shows_nothing_of_the_operators_account() {
        let mut upstream = HeaderMap::new();
        for name in ["openai-organization", "set-cookie", "x-request-id", "server", "retry-after"] {
            upstream.insert(HeaderName::from_static(name), HeaderValue::from_static("1"));
        }
        let passed = response_headers(&upstream);
        assert_eq!(passed.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["retry-after"]);
    }
}
