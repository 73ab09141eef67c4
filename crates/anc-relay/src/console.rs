//! The console's files, embedded, and what answers where no other route does.

use anc_control::security_headers;
use axum::Router;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use http::header::ALLOW;
use http::{Method, StatusCode};
use memory_serve::CacheControl;
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
            let reads = matches!(*request.method(), Method::GET | Method::HEAD);
            let mut response: Response = if reads {
                next.run(request).await
            } else {
                // A program that missed its path must not take a page for an answer.
                (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")]).into_response()
            };
            for (name, value) in security_headers(https) {
                response.headers_mut().insert(name, value);
            }
            response
        }))
}
