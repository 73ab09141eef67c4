//! Where one is signed in, and how one signed in.

use anc_domain::{SecretHash, SessionId};
use anc_store::{Client, SessionView, SignInRecord};
use axum::Json;
use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::audit::note_of_person;
use crate::error::{ApiError, ErrorBody};
use crate::principal::{Caller, Principal};
use crate::session::presented_session;
use crate::state::ApiState;

/// A signed-in browser.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionSeen {
    id: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// To the minute.
    #[schema(format = DateTime)]
    last_seen_at: String,
    /// When it ends unless it is used.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Where it was last used from.
    #[schema(required)]
    address: Option<String>,
    /// What the browser calls itself, shortened.
    #[schema(required)]
    user_agent: Option<String>,
    /// Whether it is the one that asks.
    current: bool,
}

/// One's sessions, the one last used first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionsSeen {
    items: Vec<SessionSeen>,
}

/// What ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionsEnded {
    /// How many sessions.
    ended: u64,
}

/// A sign-in, or an attempt.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignInSeen {
    #[schema(format = DateTime)]
    created_at: String,
    /// Whether a session began.
    succeeded: bool,
    /// What was shown last, or was wrong: `password`, `app`, `recovery_code`, `registration`, or
    /// `provider:` and the provider's name in the settings.
    way: String,
    address: String,
    /// What the browser called itself, shortened.
    user_agent: String,
}

/// One's sign-ins, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignInsSeen {
    items: Vec<SignInSeen>,
}

/// Lists one's sessions.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "session",
    responses((status = 200, body = SessionsSeen), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_sessions(
    State(state): State<ApiState>,
    principal: Principal,
    headers: HeaderMap,
) -> Result<Json<SessionsSeen>, ApiError> {
    let id = principal.user()?.id;
    let current = current(&state, &headers)?;
    let sessions = state.store().sessions().list(id, &current).await?;
    Ok(Json(SessionsSeen { items: sessions.into_iter().map(seen).collect() }))
}

/// Ends one of one's sessions.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", tag = "session",
    params(("id" = String, Path, description = "The session's id")),
    responses((status = 204), (status = "default", body = ErrorBody)))]
pub(crate) async fn end_session(
    State(state): State<ApiState>,
    principal: Principal,
    Caller(address): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let user = principal.user()?;
    let nothing = || ApiError::not_found("session");
    let id: SessionId = id.parse().map_err(|_| nothing())?;
    if !state.store().sessions().end(user.id, id).await? {
        return Err(nothing());
    }
    let detail = json!({ "session": id.to_string() });
    note_of_person(&state, user, "session.end", &detail, address).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of one's sessions but the one that asks.
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "session",
    responses((status = 200, body = SessionsEnded), (status = "default", body = ErrorBody)))]
pub(crate) async fn end_other_sessions(
    State(state): State<ApiState>,
    principal: Principal,
    Caller(address): Caller,
    headers: HeaderMap,
) -> Result<Json<SessionsEnded>, ApiError> {
    let user = principal.user()?;
    let current = current(&state, &headers)?;
    let ended = state.store().sessions().end_others(user.id, &current).await?;
    note_of_person(&state, user, "session.end_others", &json!({ "ended": ended }), address).await;
    Ok(Json(SessionsEnded { ended }))
}

/// Lists one's sign-ins and failed attempts: the newest fifty of each.
#[utoipa::path(get, path = "/api/v1/sign-ins", tag = "session",
    responses((status = 200, body = SignInsSeen), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_sign_ins(
    State(state): State<ApiState>,
    principal: Principal,
) -> Result<Json<SignInsSeen>, ApiError> {
    let sign_ins = state.store().sign_ins().list(principal.user()?.id).await?;
    Ok(Json(SignInsSeen { items: sign_ins.into_iter().map(shown).collect() }))
}

fn current(state: &ApiState, headers: &HeaderMap) -> Result<SecretHash, ApiError> {
    let https = state.shared.settings.https();
    presented_session(headers, https).ok_or_else(ApiError::not_signed_in)
}

fn seen(session: SessionView) -> SessionSeen {
    let (address, user_agent) = match session.client {
        Some(Client { address, agent }) => (Some(address), Some(agent)),
        None => (None, None),
    };
    SessionSeen {
        id: session.id.to_string(),
        created_at: session.created_at.to_rfc3339(),
        last_seen_at: session.last_seen_at.to_rfc3339(),
        expires_at: session.expires_at.to_rfc3339(),
        address,
        user_agent,
        current: session.current,
    }
}

fn shown(record: SignInRecord) -> SignInSeen {
    SignInSeen {
        created_at: record.created_at.to_rfc3339(),
        succeeded: record.succeeded,
        way: record.way,
        address: record.client.address,
        user_agent: record.client.agent,
    }
}
