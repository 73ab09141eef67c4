//! A new password for somebody who forgot theirs, by a link to their address.

use anc_domain::{Secret, SecretHash};
use anc_store::NewMailCode;
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::registrations::{CodeAndPassword, MailSent};
use crate::api::setup::check_email;
use crate::audit::note_of_person;
use crate::error::{ApiError, ErrorBody};
use crate::json::Json;
use crate::principal::Caller;
use crate::state::ApiState;
use crate::{mail, one_time_link, session};

/// Who forgot their password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forgotten {
    email: String,
}

/// Sends a link to set a new password with. The answer is the same, and as soon, for an address that
/// nobody signs in with.
#[utoipa::path(post, path = "/api/v1/password-resets", tag = "session", request_body = Forgotten,
    responses((status = 202, body = MailSent), (status = "default", body = ErrorBody)))]
pub(crate) async fn ask_reset(
    State(state): State<ApiState>,
    caller: Caller,
    Json(body): Json<Forgotten>,
) -> Result<(StatusCode, axum::Json<MailSent>), ApiError> {
    session::check_connection(&state.shared.settings, caller.0)?;
    if state.mail_way().is_none() {
        return Err(ApiError::mail_not_configured());
    }
    let email = check_email(&body.email)?;
    state.shared.mail_throttle.attempt(&format!("reset {email}"), caller.0, state.now())?;
    let to = email.clone();
    tokio::spawn(async move {
        if let Err(error) = send_link(&state, to).await {
            tracing::error!(code = error.code, "no link to set a password could be sent");
        }
    });
    Ok((StatusCode::ACCEPTED, axum::Json(MailSent { email })))
}

async fn send_link(state: &ApiState, email: String) -> Result<(), ApiError> {
    let Some((way, public_url)) = state.mail_way() else { return Ok(()) };
    let user = state.store().users().by_email(&email).await?;
    let Some(user) = user.filter(|user| !user.disabled) else { return Ok(()) };
    let code = one_time_link::new_code(&*state.shared.entropy);
    let expires_at = state.now().plus(one_time_link::RESET);
    let new = NewMailCode { hash: code.hash(), email: email.clone(), expires_at };
    state.store().mail_codes().create_reset(new, &user.password_hash).await?;
    let link = one_time_link::link(public_url, "/reset", &format!("code={}", code.expose()));
    way.send_unkept(mail::reset(way.language, email, &link)).await;
    Ok(())
}

/// Sets the new password. All sessions of the person end; a second factor stays and is asked for.
#[utoipa::path(post, path = "/api/v1/password-resets/confirm", tag = "session",
    request_body = CodeAndPassword,
    responses((status = 204), (status = "default", body = ErrorBody)))]
pub(crate) async fn confirm_reset(
    State(state): State<ApiState>,
    caller: Caller,
    Json(body): Json<CodeAndPassword>,
) -> Result<StatusCode, ApiError> {
    let shared = &state.shared;
    session::check_connection(&shared.settings, caller.0)?;
    shared.mail_throttle.attempt(&format!("link from {}", caller.0), caller.0, state.now())?;
    let password_hash = shared.passwords.hash(Secret::new(body.password), &*shared.entropy).await?;
    let hash = SecretHash::of(&body.code);
    let id = state.store().mail_codes().reset_password(&hash, &password_hash).await?;
    let id = id.ok_or_else(ApiError::link_not_valid)?;
    shared.mail_throttle.succeeded(&format!("link from {}", caller.0), caller.0);
    if let Some(user) = state.store().users().by_id(id).await? {
        note_of_person(&state, &user, "user.reset_password", &json!({}), caller.0).await;
    }
    Ok(StatusCode::NO_CONTENT)
}
