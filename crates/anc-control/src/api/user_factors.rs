//! A way back for somebody who lost their authenticator app and their recovery codes.

use anc_domain::UserId;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::json;

use anc_store::AuditNote;

use crate::audit;
use crate::error::{ApiError, ErrorBody};
use crate::principal::{Caller, Principal};
use crate::state::ApiState;

/// Takes somebody's second factor away and ends all their sessions. Operators do it for those below
/// them, the command line for everybody: the owner's way back is the machine itself.
#[utoipa::path(delete, path = "/api/v1/users/{id}/factors", tag = "users",
    params(("id" = String, Path, description = "The person's id")),
    responses((status = 204), (status = "default", body = ErrorBody)))]
pub(crate) async fn remove_user_factors(
    State(state): State<ApiState>,
    principal: Principal,
    Caller(address): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    principal.operator()?;
    let id: UserId = id.parse().map_err(|_| ApiError::not_found("person"))?;
    let user = state.store().users().by_id(id).await?;
    let user = user.ok_or_else(|| ApiError::not_found("person"))?;
    if !principal.is_above(&user) {
        return Err(ApiError::forbidden("This is for somebody of a higher role than theirs."));
    }
    if !state.store().factors().remove(user.id).await? {
        return Err(ApiError::not_found("second factor"));
    }
    let note = AuditNote {
        actor: principal.actor(),
        action: "factor.remove",
        object: Some(user.id.as_i64()),
        account: Some(user.account_id),
        detail: json!({ "email": user.email }).to_string(),
        address: Some(address.to_canonical().to_string()),
    };
    audit::keep(&state, note).await;
    Ok(StatusCode::NO_CONTENT)
}
