//! Management keys: credentials of programs for this API.

use anc_domain::{KeyScope, ManagementKeyId, TokenText};
use anc_store::{AuditNote, ManagementKeyRecord, NewManagementKey};
use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::api::token_body::{check_end, check_name};
use crate::error::{ApiError, ErrorBody};
use crate::idempotency::{Once, refused};
use crate::principal::{Caller, Principal};
use crate::state::ApiState;

/// Keys of one person.
const KEYS_MAX: usize = 50;

/// A management key. Its secret was shown once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ManagementKey {
    id: String,
    name: String,
    /// The beginning and end of the secret, for recognition.
    hint: String,
    /// What it may do, within what its person may do.
    scopes: Vec<&'static str>,
    #[schema(format = DateTime)]
    created_at: String,
    /// Null: never.
    #[schema(required, format = DateTime)]
    expires_at: Option<String>,
    /// To the minute; null: never used.
    #[schema(required, format = DateTime)]
    last_used_at: Option<String>,
}

/// One's management keys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ManagementKeyList {
    items: Vec<ManagementKey>,
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKey {
    name: String,
    /// At least one of `tokens:read`, `tokens:write`, `usage:read`, and for operators
    /// `channels:read`, `channels:write`, `prices:write`, `credits:write`.
    scopes: Vec<String>,
    /// Null: never.
    #[serde(default)]
    expires_at: Option<String>,
}

/// A new key, and the only sight of its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedKey {
    key: ManagementKey,
    /// `mk-` and 48 characters, for `Authorization: Bearer`.
    secret: String,
}

/// Lists one's own management keys, newest first.
#[utoipa::path(get, path = "/api/v1/management-keys", tag = "management keys",
    responses((status = 200, body = ManagementKeyList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_keys(
    State(state): State<ApiState>,
    principal: Principal,
) -> Result<Json<ManagementKeyList>, ApiError> {
    let user = principal.user()?;
    let records = state.store().management_keys().list(user.id).await?;
    Ok(Json(ManagementKeyList { items: records.into_iter().map(shown).collect() }))
}

/// Makes a key that acts for the caller within the given scopes. Its secret is in this answer and
/// nowhere else, ever.
#[utoipa::path(post, path = "/api/v1/management-keys", tag = "management keys",
    request_body = NewKey,
    responses((status = 201, body = CreatedKey), (status = "default", body = ErrorBody)))]
pub(crate) async fn create_key(
    State(state): State<ApiState>,
    principal: Principal,
    Caller(address): Caller,
    once: Once<NewKey>,
) -> Result<(StatusCode, Json<CreatedKey>), ApiError> {
    let (body, idempotency) = once.claim(&principal);
    let user = principal.user()?;
    let keys = state.store().management_keys();
    if keys.list(user.id).await?.len() >= KEYS_MAX {
        let message = format!("There are {KEYS_MAX} management keys already. Delete one first.");
        return Err(ApiError::conflict(message));
    }
    let text = TokenText::generate_management(&*state.shared.entropy);
    let new = NewManagementKey {
        user_id: user.id,
        name: check_name(&body.name)?,
        hash: text.secret().hash(),
        hint: text.hint(),
        scopes: check_scopes(&body.scopes, &principal)?,
        expires_at: check_end(body.expires_at.as_deref(), state.now())?,
    };
    let record = keys.create(new, idempotency.as_ref()).await?.map_err(refused)?;
    let detail = json!({ "name": record.name, "scopes": names(&record.scopes) });
    note(&state, &principal, "management_key.create", record.id, &detail, address).await;
    let secret = text.secret().expose().to_owned();
    Ok((StatusCode::CREATED, Json(CreatedKey { key: shown(record), secret })))
}

/// Deletes one of one's own keys for good.
#[utoipa::path(delete, path = "/api/v1/management-keys/{id}", tag = "management keys",
    params(("id" = String, Path, description = "The key's id")),
    responses((status = 204), (status = "default", body = ErrorBody)))]
pub(crate) async fn delete_key(
    State(state): State<ApiState>,
    principal: Principal,
    Caller(address): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let no_key = || ApiError::not_found("management key");
    let id: ManagementKeyId = id.parse().map_err(|_| no_key())?;
    if !state.store().management_keys().delete(id, principal.user()?.id).await? {
        return Err(no_key());
    }
    note(&state, &principal, "management_key.delete", id, &json!({}), address).await;
    Ok(StatusCode::NO_CONTENT)
}

fn check_scopes(texts: &[String], principal: &Principal) -> Result<Vec<KeyScope>, ApiError> {
    let mut scopes = Vec::new();
    for text in texts {
        let scope: KeyScope = text
            .parse()
            .map_err(|error| ApiError::field("scopes", format!("{text:?} is {error}.")))?;
        if scope.is_for_operators() && !principal.is_operator() {
            let message = format!("Only the relay's operators can give a key {scope}.");
            return Err(ApiError::field("scopes", message));
        }
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    if scopes.is_empty() {
        return Err(ApiError::field("scopes", "Give the key at least one scope."));
    }
    Ok(scopes)
}

fn names(scopes: &[KeyScope]) -> Vec<&'static str> {
    scopes.iter().map(|scope| scope.name()).collect()
}

fn shown(record: ManagementKeyRecord) -> ManagementKey {
    ManagementKey {
        id: record.id.to_string(),
        name: record.name,
        hint: record.hint.to_string(),
        scopes: names(&record.scopes),
        created_at: record.created_at.to_rfc3339(),
        expires_at: record.expires_at.map(anc_domain::UnixMillis::to_rfc3339),
        last_used_at: record.last_used_at.map(anc_domain::UnixMillis::to_rfc3339),
    }
}

/// Keeps a note of a change, which is done whether or not the note can be kept.
async fn note(
    state: &ApiState,
    principal: &Principal,
    action: &'static str,
    id: ManagementKeyId,
    detail: &serde_json::Value,
    address: std::net::IpAddr,
) {
    let note = AuditNote {
        actor: principal.actor(),
        action,
        object: Some(id.as_i64()),
        account: principal.user().ok().map(|user| user.account_id),
        detail: detail.to_string(),
        address: Some(address.to_canonical().to_string()),
    };
    if let Err(error) = state.store().audits().note(note).await {
        tracing::error!(%error, action, key = %id, "a change could not be noted");
    }
}
