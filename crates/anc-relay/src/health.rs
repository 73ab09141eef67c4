//! Whether the process lives, and whether it can serve: for what restarts it and what sends to it.

use std::time::Duration;

use anc_gateway::DataPlane;
use anc_store::Store;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde_json::json;

/// How long the store may take to answer before it counts as gone.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone)]
struct Parts {
    store: Store,
    data_plane: DataPlane,
}

/// `/healthz` and `/readyz`.
pub(crate) fn routes(store: Store, data_plane: DataPlane) -> Router {
    Router::new()
        .route("/healthz", get(async || ([(CACHE_CONTROL, "no-store")], Json(json!({"ok": true})))))
        .route("/readyz", get(ready))
        .with_state(Parts { store, data_plane })
}

async fn ready(State(parts): State<Parts>) -> Response {
    let store = matches!(tokio::time::timeout(STORE_TIMEOUT, parts.store.ping()).await, Ok(Ok(())));
    let feed = parts.data_plane.knows_changes();
    let accepting = !parts.data_plane.is_draining();
    let ok = store && feed && accepting;
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({"ok": ok, "store": store, "change_feed": feed, "accepting": accepting});
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
