//! The second step of signing in, and showing anew who one is.

use anc_domain::Secret;
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse};
use http::HeaderMap;
use http::header::SET_COOKIE;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::session::{Session, describe};
use crate::error::{ApiError, ErrorBody};
use crate::json::Json;
use crate::principal::{Caller, Principal, Visitor};
use crate::session::CookieKind;
use crate::sign_in::{self, Way};
use crate::state::ApiState;
use crate::{second_factor, session};

/// A code of the authenticator app, or a recovery code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecondStep {
    code: String,
}

/// What shows who one is: one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepUp {
    #[serde(default)]
    password: Option<String>,
    /// A code of the authenticator app, or a recovery code.
    #[serde(default)]
    code: Option<String>,
}

/// Finishes a sign-in that owes a second factor, in the browser that began it.
#[utoipa::path(post, path = "/api/v1/session/second-step", tag = "session",
    request_body = SecondStep,
    responses((status = 200, body = Session), (status = "default", body = ErrorBody)))]
pub(crate) async fn second_step(
    State(state): State<ApiState>,
    caller: Caller,
    Visitor(client): Visitor,
    headers: HeaderMap,
    Json(body): Json<SecondStep>,
) -> Result<impl IntoResponse, ApiError> {
    session::check_connection(&state.shared.settings, caller.0)?;
    let (user, pending) = second_factor::pending(&state, &headers).await?;
    let Some(way) = second_factor::check(&state, user.id, &body.code, caller.0).await? else {
        sign_in::failed(&state, user.id, Way::App, client);
        return Err(ApiError::wrong_code());
    };
    if !state.store().pending_sign_ins().delete(&pending).await? {
        return Err(ApiError::sign_in_expired());
    }
    let begun = session::begin(&state, &user, client.clone()).await?;
    sign_in::succeeded(&state, user.id, way, client).await;
    let done = session::forget(&state, CookieKind::Pending)?;
    let session = describe(&state, &user, caller).await?;
    Ok((AppendHeaders([(SET_COOKIE, begun), (SET_COOKIE, done)]), axum::Json(session)))
}

/// Shows anew who one is, for what asks for that; the session gets a new id.
#[utoipa::path(post, path = "/api/v1/session/step-up", tag = "session", request_body = StepUp,
    responses((status = 200, body = Session), (status = "default", body = ErrorBody)))]
pub(crate) async fn step_up(
    State(state): State<ApiState>,
    principal: Principal,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<StepUp>,
) -> Result<impl IntoResponse, ApiError> {
    let user = principal.user()?;
    let shared = &state.shared;
    match (body.password, body.code) {
        (Some(password), None) => {
            shared.throttle.attempt(&user.email, caller.0, state.now())?;
            let hash = Some(user.password_hash.clone());
            if !shared.passwords.matches(Secret::new(password), hash).await? {
                return Err(ApiError::wrong_credentials());
            }
            shared.throttle.succeeded(&user.email, caller.0);
        }
        (None, Some(code)) => {
            let way = second_factor::check(&state, user.id, &code, caller.0).await?;
            way.ok_or_else(ApiError::wrong_code)?;
        }
        _ => return Err(ApiError::invalid("Give the password or a code.")),
    }
    let old = session::presented_session(&headers, shared.settings.https())
        .ok_or_else(ApiError::not_signed_in)?;
    let cookie = session::step_up(&state, &old).await?;
    let session = describe(&state, user, caller).await?;
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), axum::Json(session)))
}
