//! Leave to register, given by operators.

use std::time::Duration;

use anc_domain::{InvitationId, UnixMillis};
use anc_store::{AuditNote, InvitationRecord, NewInvitation};
use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::api::setup::check_email;
use crate::error::{ApiError, ErrorBody};
use crate::principal::{Caller, Principal};
use crate::state::ApiState;
use crate::{audit, json, one_time_link};

const DAYS: u32 = 7;
const DAYS_MAX: u32 = 90;
/// Invitations that are listed.
const LISTED_MAX: i64 = 200;

/// An invitation. Its link was shown once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Invitation {
    id: String,
    /// The only address that may use it; null: whoever has the link.
    #[schema(required)]
    email: Option<String>,
    #[schema(inline)]
    state: InvitationState,
    /// Who gave it.
    created_by: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum InvitationState {
    Open,
    Used,
    Withdrawn,
    Expired,
}

/// Invitations, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationList {
    items: Vec<Invitation>,
}

/// An invitation to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationToMake {
    /// The only address that may use it. It then needs no link by mail to register.
    #[serde(default)]
    email: Option<String>,
    /// How many days it works: 7 where absent, 90 at most.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 90)]
    days: Option<u32>,
}

/// A new invitation, and the only sight of its link.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedInvitation {
    invitation: Invitation,
    /// The link; where no `public_url` is set, its path alone.
    link: String,
}

/// Lists the newest invitations; for operators.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "users",
    responses((status = 200, body = InvitationList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_invitations(
    State(state): State<ApiState>,
    principal: Principal,
) -> Result<Json<InvitationList>, ApiError> {
    principal.operator()?;
    let now = state.now();
    let records = state.store().invitations().list(LISTED_MAX).await?;
    Ok(Json(InvitationList { items: records.into_iter().map(|one| shown(one, now)).collect() }))
}

/// Invites somebody to register, once. They become a user of the standard tier.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "users",
    request_body = InvitationToMake,
    responses((status = 201, body = CreatedInvitation), (status = "default", body = ErrorBody)))]
pub(crate) async fn create_invitation(
    State(state): State<ApiState>,
    principal: Principal,
    Caller(address): Caller,
    json::Json(body): json::Json<InvitationToMake>,
) -> Result<(StatusCode, Json<CreatedInvitation>), ApiError> {
    principal.operator()?;
    let days = body.days.unwrap_or(DAYS);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(ApiError::field("days", format!("Give 1 to {DAYS_MAX} days.")));
    }
    let code = one_time_link::new_code(&*state.shared.entropy);
    let new = NewInvitation {
        hash: code.hash(),
        email: body.email.as_deref().map(check_email).transpose()?,
        tier_id: None,
        created_by: principal.actor().to_owned(),
        expires_at: state.now().plus(Duration::from_hours(24 * u64::from(days))),
    };
    let record = state.store().invitations().create(new).await?;
    let detail = json!({ "email": record.email, "days": days });
    note(&state, &principal, "invitation.create", record.id, &detail, address).await;
    let link = link(&state, code.expose(), record.email.as_deref());
    let invitation = shown(record, state.now());
    Ok((StatusCode::CREATED, Json(CreatedInvitation { invitation, link })))
}

/// Takes an invitation back that was not used.
#[utoipa::path(delete, path = "/api/v1/invitations/{id}", tag = "users",
    params(("id" = String, Path, description = "The invitation's id")),
    responses((status = 204), (status = "default", body = ErrorBody)))]
pub(crate) async fn withdraw_invitation(
    State(state): State<ApiState>,
    principal: Principal,
    Caller(address): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    principal.operator()?;
    let nothing = || ApiError::not_found("open invitation");
    let id: InvitationId = id.parse().map_err(|_| nothing())?;
    if !state.store().invitations().withdraw(id).await? {
        return Err(nothing());
    }
    note(&state, &principal, "invitation.withdraw", id, &json!({}), address).await;
    Ok(StatusCode::NO_CONTENT)
}

/// The address behind the code is for the form alone; the store decides who may use it.
fn link(state: &ApiState, code: &str, email: Option<&str>) -> String {
    let mut behind = url::form_urlencoded::Serializer::new(String::new());
    behind.append_pair("invitation", code);
    if let Some(email) = email {
        behind.append_pair("email", email);
    }
    let behind = behind.finish();
    one_time_link::shown(state.shared.settings.public_url.as_ref(), "/register", &behind)
}

fn shown(record: InvitationRecord, now: UnixMillis) -> Invitation {
    let state = match (record.used_at, record.withdrawn_at) {
        (Some(_), _) => InvitationState::Used,
        (None, Some(_)) => InvitationState::Withdrawn,
        (None, None) if record.is_open(now) => InvitationState::Open,
        (None, None) => InvitationState::Expired,
    };
    Invitation {
        id: record.id.to_string(),
        email: record.email,
        state,
        created_by: record.created_by,
        created_at: record.created_at.to_rfc3339(),
        expires_at: record.expires_at.to_rfc3339(),
    }
}

async fn note(
    state: &ApiState,
    principal: &Principal,
    action: &'static str,
    id: InvitationId,
    detail: &serde_json::Value,
    address: std::net::IpAddr,
) {
    let note = AuditNote {
        actor: principal.actor(),
        action,
        object: Some(id.as_i64()),
        account: None,
        detail: detail.to_string(),
        address: Some(address.to_canonical().to_string()),
    };
    audit::keep(state, note).await;
}
