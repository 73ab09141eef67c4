//! Checking the books.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody};
use crate::principal::Principal;
use crate::state::ApiState;

/// The outcome of all checks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LedgerReport {
    /// Whether every check holds.
    ok: bool,
    checks: Vec<LedgerCheck>,
}

#[derive(Debug, Serialize, ToSchema)]
struct LedgerCheck {
    name: &'static str,
    ok: bool,
    detail: String,
}

/// Checks the books: every balance against its entries, every sum against its parts.
#[utoipa::path(post, path = "/api/v1/ledger/verify", tag = "ledger",
    responses((status = 200, body = LedgerReport), (status = "default", body = ErrorBody)))]
pub(crate) async fn verify_ledger(
    State(state): State<ApiState>,
    principal: Principal,
) -> Result<Json<LedgerReport>, ApiError> {
    principal.operator()?;
    let checks: Vec<LedgerCheck> = state
        .store()
        .verify()
        .await?
        .into_iter()
        .map(|check| LedgerCheck { name: check.name, ok: check.ok, detail: check.detail })
        .collect();
    Ok(Json(LedgerReport { ok: checks.iter().all(|check| check.ok), checks }))
}
