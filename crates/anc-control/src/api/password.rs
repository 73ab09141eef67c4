//! One's own password.

use anc_domain::Secret;
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse};
use http::StatusCode;
use http::header::SET_COOKIE;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::audit::note_of_person;
use crate::error::{ApiError, ErrorBody};
use crate::json::Json;
use crate::principal::{Caller, Principal, ShownLately, Visitor};
use crate::session;
use crate::state::ApiState;

/// The password as it is, and as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// Needed by whoever has a password. Whoever has none must have shown who they are within minutes.
    #[serde(default)]
    old_password: Option<String>,
    /// Ten characters or more.
    #[schema(min_length = 10)]
    new_password: String,
}

/// Changes one's password, or sets the first. Every session of the person ends but this one, which gets a new id. Guesses
/// at the old one are slowed down as those at signing in are.
#[utoipa::path(put, path = "/api/v1/password", tag = "session", request_body = PasswordChange,
    responses((status = 204), (status = "default", body = ErrorBody)))]
pub(crate) async fn change_password(
    State(state): State<ApiState>,
    principal: Principal,
    lately: ShownLately,
    Caller(address): Caller,
    Visitor(client): Visitor,
    Json(body): Json<PasswordChange>,
) -> Result<impl IntoResponse, ApiError> {
    let user = principal.user()?;
    let shared = &state.shared;
    if user.has_password() {
        shared.throttle.attempt(&user.email, address, state.now())?;
        let known = Some(user.password_hash.clone());
        let old = Secret::new(body.old_password.unwrap_or_default());
        if !shared.passwords.matches(old, known).await? {
            return Err(ApiError::wrong_password());
        }
        shared.throttle.succeeded(&user.email, address);
    } else {
        lately.check()?;
    }
    let hash = shared.passwords.hash(Secret::new(body.new_password), &*shared.entropy).await;
    let hash = hash.map_err(|mut error| {
        error.field = error.field.map(|_| "new_password");
        error
    })?;
    let changed = state.store().users().change_password(user, &hash).await?;
    // Somebody else has just changed what the session hangs on: it has ended.
    let user = changed.ok_or_else(ApiError::not_signed_in)?;
    note_of_person(&state, &user, "user.change_password", &json!({}), address).await;
    let cookie = session::begin(&state, &user, client).await?;
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(SET_COOKIE, cookie)])))
}
