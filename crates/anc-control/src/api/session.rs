//! Signing in and out.

use anc_domain::Secret;
use anc_store::{Client, UserRecord};
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody};
use crate::json::Json;
use crate::principal::{Caller, Principal, Visitor};
use crate::sign_in::{self, Way};
use crate::state::ApiState;
use crate::{second_factor, session};

/// An email address and its password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    email: String,
    password: String,
}

/// The password was right, or the provider has sent who they are; a code is to come.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecondStepNeeded {
    /// Always true.
    second_step: bool,
    /// Until when it is waited for.
    #[schema(format = DateTime)]
    expires_at: String,
}

impl SecondStepNeeded {
    /// For a sign-in that has just begun to wait.
    pub(crate) fn now(state: &ApiState) -> Self {
        let expires_at = state.now().plus(second_factor::PENDING).to_rfc3339();
        Self { second_step: true, expires_at }
    }
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Session {
    user: SessionUser,
    account: SessionAccount,
    /// The address that the relay sees the caller come from.
    client_address: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct SessionUser {
    id: String,
    email: String,
    #[schema(inline)]
    role: RoleName,
    /// Whether a code is asked for when they sign in.
    second_factor: bool,
    /// Whether they have a password; else they sign in by a provider of identities.
    has_password: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct SessionAccount {
    id: String,
    name: String,
}

/// What a person may do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RoleName {
    Owner,
    Admin,
    User,
}

/// The session's description for its own person.
pub(crate) async fn describe(
    state: &ApiState,
    user: &UserRecord,
    caller: Caller,
) -> Result<Session, ApiError> {
    let account = state.store().accounts().get(user.account_id).await?;
    let account = account.ok_or_else(ApiError::internal)?;
    Ok(Session {
        user: SessionUser {
            id: user.id.to_string(),
            email: user.email.clone(),
            role: match user.role {
                anc_store::Role::Owner => RoleName::Owner,
                anc_store::Role::Admin => RoleName::Admin,
                anc_store::Role::User => RoleName::User,
            },
            second_factor: state.store().factors().is_confirmed(user.id).await?,
            has_password: user.has_password(),
        },
        account: SessionAccount { id: account.id.to_string(), name: account.name },
        client_address: caller.0.to_string(),
    })
}

/// Tells who is signed in.
#[utoipa::path(get, path = "/api/v1/session", tag = "session",
    responses((status = 200, body = Session), (status = "default", body = ErrorBody)))]
pub(crate) async fn get_session(
    State(state): State<ApiState>,
    principal: Principal,
    caller: Caller,
) -> Result<axum::Json<Session>, ApiError> {
    Ok(axum::Json(describe(&state, principal.user()?, caller).await?))
}

/// Signs in. A wrong password and an unknown address are answered alike and as slowly. Whoever has
/// a second factor gets no session yet, but a cookie for the second step.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = SignIn,
    responses((status = 200, body = Session), (status = 202, body = SecondStepNeeded),
        (status = "default", body = ErrorBody)))]
pub(crate) async fn sign_in(
    State(state): State<ApiState>,
    caller: Caller,
    Visitor(client): Visitor,
    Json(body): Json<SignIn>,
) -> Result<Response, ApiError> {
    let shared = &state.shared;
    session::check_connection(&shared.settings, caller.0)?;
    shared.throttle.attempt(&body.email, caller.0, state.now())?;
    let user = state.store().users().by_email(&body.email).await?;
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let right = shared.passwords.matches(Secret::new(body.password), hash).await?;
    if let Some(user) = user.as_ref().filter(|user| !right || user.disabled) {
        sign_in::failed(&state, user.id, Way::Password, client.clone());
    }
    let user = user.filter(|user| right && !user.disabled);
    let user = user.ok_or_else(ApiError::wrong_credentials)?;
    shared.throttle.succeeded(&body.email, caller.0);
    if state.store().factors().is_confirmed(user.id).await? {
        let cookie = second_factor::begin(&state, &user).await?;
        let body = axum::Json(SecondStepNeeded::now(&state));
        return Ok(
            (StatusCode::ACCEPTED, AppendHeaders([(SET_COOKIE, cookie)]), body).into_response()
        );
    }
    let cookie = session::begin(&state, &user, client.clone()).await?;
    sign_in::succeeded(&state, user.id, Way::Password, client).await;
    let session = describe(&state, &user, caller).await?;
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), axum::Json(session)).into_response())
}

/// The answer that begins the first session of somebody who has just registered.
pub(crate) async fn registered(
    state: &ApiState,
    user: &UserRecord,
    caller: Caller,
    client: Client,
) -> Result<Response, ApiError> {
    let cookie = session::begin(state, user, client.clone()).await?;
    sign_in::succeeded(state, user.id, Way::Registration, client).await;
    let session = describe(state, user, caller).await?;
    let headers = AppendHeaders([(SET_COOKIE, cookie)]);
    Ok((StatusCode::CREATED, headers, axum::Json(session)).into_response())
}

/// Signs out: the session ends here, not only in the browser.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session",
    responses((status = 204), (status = "default", body = ErrorBody)))]
pub(crate) async fn sign_out(
    State(state): State<ApiState>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let https = state.shared.settings.https();
    if let Some(hash) = session::presented_session(&headers, https) {
        state.store().sessions().delete(&hash).await?;
    }
    let cookie = session::end_cookie(&state)?;
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(SET_COOKIE, cookie)])))
}
