//! Calls of the relay from web pages of other origins: allowed where the operator says so, for every
//! origin and without credentials of the browser. The control API has none of it.

use anc_gateway::GatewayBody;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::{Method, Request, Response, StatusCode};

const ANY: HeaderValue = HeaderValue::from_static("*");
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, DELETE");
/// What pages may read of an answer, beside the few headers that browsers show anyway.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "x-request-id, request-id, retry-after, retry-after-ms, x-should-retry, x-relay-error, \
     x-relay-charge, x-relay-remaining, x-relay-max-output-lowered, x-relay-estimated",
);
/// For how long a browser need not ask again.
const SECONDS: HeaderValue = HeaderValue::from_static("86400");

/// The answer to a browser that asks whether it may call. Which headers a call has is for the relay
/// to judge when it comes, so all that are asked for are allowed.
pub(crate) fn preflight<B>(request: &Request<B>) -> Option<Response<GatewayBody>> {
    let headers = request.headers();
    let asks = request.method() == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if !asks {
        return None;
    }
    let mut response = Response::new(GatewayBody::Full(None));
    *response.status_mut() = StatusCode::NO_CONTENT;
    let answer = response.headers_mut();
    answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
    answer.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    answer.insert(ACCESS_CONTROL_MAX_AGE, SECONDS);
    answer.insert(VARY, HeaderValue::from_static("access-control-request-headers"));
    if let Some(names) =
        headers.get(ACCESS_CONTROL_REQUEST_HEADERS).filter(|names| are_names(names))
    {
        answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    Some(response)
}

/// Whether it is a list of header names and nothing else.
fn are_names(list: &HeaderValue) -> bool {
    list.to_str().is_ok_and(|list| {
        list.split(',').all(|name| HeaderName::from_bytes(name.trim().as_bytes()).is_ok())
    })
}

/// Lets pages of every origin read an answer.
pub(crate) fn open(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[(&str, &str)]) -> Request<()> {
        let request = Request::builder().method(Method::OPTIONS).uri("/v1/chat/completions");
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap()
    }

    #[test]
    fn what_is_no_question_of_a_browser_is_not_answered_here() {
        assert!(preflight(&asked(&[])).is_none());
        assert!(preflight(&asked(&[("origin", "https://a.example")])).is_none());
    }

    #[test]
    fn f7_every_origin_is_allowed_and_none_with_credentials() {
        let names = "authorization, x-stainless-os, anthropic-dangerous-direct-browser-access";
        let request = asked(&[
            ("origin", "null"),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", names),
        ]);
        let response = preflight(&request).unwrap();
        assert_eq!(response.status(), 204);
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        assert_eq!(response.headers()["access-control-allow-headers"], names);
        assert!(!response.headers().contains_key("access-control-allow-credentials"));
        let odd = asked(&[
            ("origin", "null"),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "a b"),
        ]);
        let response = preflight(&odd).unwrap();
        assert!(!response.headers().contains_key("access-control-allow-headers"));
    }
}
