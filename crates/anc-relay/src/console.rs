//! The console's files, embedded, and what answers where no other route does.

use anc_control::security_headers;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use axum::{Json, Router};
use http::{Method, StatusCode};
use memory_serve::CacheControl;
use serde_json::json;
use url::Url;

/// Serves the console under every path that no API owns: its own router finds the page.
pub(crate) fn routes(public_url: Option<&Url>) -> Router {
    let https = public_url.is_some_and(|url| url.scheme() == "https");
    memory_serve::load!()
        .index_file(Some("/index.html"))
        .fallback(Some("/index.html"))
        .fallback_status(StatusCode::OK)
        .html_cache_control(CacheControl::NoCache)
        .cache_control(CacheControl::Long)
        .into_router()
        // A page that is older than this binary asks for files that are gone; it must not get HTML.
        .route("/assets/{*rest}", any(|| async { StatusCode::NOT_FOUND }))
        .layer(middleware::from_fn(move |request: axum::extract::Request, next: Next| async move {
            // A page is looked at. Whoever sends something here is a program that missed its API,
            // and would take a page with status 200 for its answer.
            let looks = matches!(*request.method(), Method::GET | Method::HEAD);
            let mut response: Response =
                if looks { next.run(request).await } else { nothing_takes_this() };
            for (name, value) in security_headers(https) {
                response.headers_mut().insert(name, value);
            }
            response
        }))
}

fn nothing_takes_this() -> Response {
    let message = "There is no API at this path. The relay's is below /v1 and /v1beta, the \
                   console's below /api/v1.";
    let body = json!({ "error": { "code": "not_found", "message": message } });
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}
