//! What surrounds every request: its id, the defence against other sites' pages, the form of
//! errors.

use anc_domain::RequestId;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN,
};
use http::{HeaderMap, Method};
use url::Url;

use crate::error::ApiError;
use crate::headers::security_headers;
use crate::state::ApiState;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A header that a foreign page cannot send without being asked for permission, which nobody gives.
const X_ANC_CONSOLE: HeaderName = HeaderName::from_static("x-anc-console");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Lets a request through that comes from the console or the command line, and dresses its answer.
pub(crate) async fn frame(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let id = RequestId::generate(state.now(), &*state.shared.entropy).to_string();
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let public_url = state.shared.settings.public_url.as_ref();
    // A browser sends cookies by itself, but nobody's `authorization`.
    let by_key = request.headers().contains_key(AUTHORIZATION);
    let trusted = state.local || by_key || is_ours(request.headers(), public_url);
    let mut response = if changes && !trusted {
        ApiError::forbidden(
            "The request did not come from the console's own pages. Programs send `x-anc-console: \
             1`.",
        )
        .into_response()
    } else {
        next.run(request).await
    };
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        tracing::debug!(request = id, code = error.code, "refused");
        // A body of these types can always be written.
        let body = serde_json::to_vec(&error.body(id.clone())).unwrap_or_default();
        *response.body_mut() = Body::from(body);
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().remove(http::header::CONTENT_LENGTH);
        response.headers_mut().insert(CONTENT_TYPE, json);
    }
    let headers = response.headers_mut();
    headers.extend(security_headers(state.shared.settings.https()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(X_REQUEST_ID, value);
    }
    response
}

/// Whether a request that changes something comes from a page of this origin, or from a program.
fn is_ours(headers: &HeaderMap, public_url: Option<&Url>) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let same_site = text(&SEC_FETCH_SITE).is_none_or(|site| matches!(site, "same-origin" | "none"));
    let same_origin = text(&ORIGIN).is_none_or(|origin| match public_url {
        Some(url) if url.origin().ascii_serialization() == origin => true,
        // Reached directly, as on the machine itself: then the origin is the host that was called.
        _ => origin.strip_prefix("http://").is_some_and(|host| text(&HOST) == Some(host)),
    });
    headers.contains_key(X_ANC_CONSOLE) && same_site && same_origin
}

/// A path where programs look and nothing is.
pub(crate) async fn nothing_here() -> ApiError {
    ApiError::not_found("path")
}

/// A path that takes another method.
pub(crate) async fn wrong_method() -> ApiError {
    ApiError::method_not_allowed()
}
