//! The providers that one signs in by.

use anc_domain::IdentityId;
use anc_store::{Disconnected, IdentityRecord, ProviderPurpose};
use axum::extract::{Path, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::StatusCode;
use http::header::SET_COOKIE;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::provider_sign_ins::{ProviderAddress, ProviderChoice, begin};
use crate::audit::note_of_person;
use crate::error::{ApiError, ErrorBody};
use crate::json::Json;
use crate::principal::{Caller, Principal, Visitor};
use crate::session;
use crate::state::ApiState;

/// A provider that one signs in by.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Identity {
    id: String,
    /// The provider's name in the settings; null where it is not there any more, so that it lets
    /// nobody in.
    #[schema(required)]
    provider: Option<String>,
    /// What people call it; its address where it is not in the settings any more.
    name: String,
    /// How the provider named the person when they last came.
    label: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(required, format = DateTime)]
    last_used_at: Option<String>,
}

/// The providers that one signs in by, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdentityList {
    items: Vec<Identity>,
}

/// Lists the providers that one signs in by.
#[utoipa::path(get, path = "/api/v1/identities", tag = "session",
    responses((status = 200, body = IdentityList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_identities(
    State(state): State<ApiState>,
    principal: Principal,
) -> Result<axum::Json<IdentityList>, ApiError> {
    let records = state.store().identities().list(principal.user()?.id).await?;
    let items = records.into_iter().map(|record| shown(&state, record)).collect();
    Ok(axum::Json(IdentityList { items }))
}

/// Begins to connect a provider: the browser is to be sent to the address, and is signed in by the
/// provider too once it is back.
#[utoipa::path(post, path = "/api/v1/identities", tag = "session",
    request_body = ProviderChoice,
    responses((status = 200, body = ProviderAddress), (status = "default", body = ErrorBody)))]
pub(crate) async fn connect_identity(
    State(state): State<ApiState>,
    principal: Principal,
    Json(body): Json<ProviderChoice>,
) -> Result<Response, ApiError> {
    begin(&state, &body.provider, ProviderPurpose::Connect(principal.user()?.id)).await
}

/// Disconnects a provider, unless it is one's last way in. Every session of the person ends but this
/// one, which gets a new id.
#[utoipa::path(delete, path = "/api/v1/identities/{id}", tag = "session",
    params(("id" = String, Path, description = "The identity's id")),
    responses((status = 204), (status = "default", body = ErrorBody)))]
pub(crate) async fn disconnect_identity(
    State(state): State<ApiState>,
    principal: Principal,
    Caller(address): Caller,
    Visitor(client): Visitor,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    let user = principal.user()?;
    let nothing = || ApiError::not_found("connected service");
    let id: IdentityId = id.parse().map_err(|_| nothing())?;
    let usable: Vec<&str> = state.shared.ways.all().map(|way| way.provider.issuer()).collect();
    let identities = state.store().identities();
    let known = identities.list(user.id).await?.into_iter().find(|one| one.id == id);
    match identities.disconnect(user.id, id, &usable).await? {
        Disconnected::Done => {}
        Disconnected::Unknown => return Err(nothing()),
        Disconnected::LastWay => return Err(ApiError::last_way_in()),
    }
    let detail = json!({ "provider": known.as_ref().map(|one| &one.issuer),
        "as": known.as_ref().map(|one| &one.label) });
    note_of_person(&state, user, "identity.disconnect", &detail, address).await;
    let cookie = session::begin_anew(&state, user.id, client).await?;
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(SET_COOKIE, cookie)])))
}

fn shown(state: &ApiState, record: IdentityRecord) -> Identity {
    let way = state.shared.ways.of_issuer(&record.issuer);
    Identity {
        id: record.id.to_string(),
        provider: way.map(|way| way.provider.id.clone()),
        name: way.map_or(record.issuer, |way| way.provider.name.clone()),
        label: record.label,
        created_at: record.created_at.to_rfc3339(),
        last_used_at: record.last_used_at.map(anc_domain::UnixMillis::to_rfc3339),
    }
}
