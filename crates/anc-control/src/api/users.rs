//! People who sign in, each with an account of their own.

use anc_domain::Secret;
use anc_store::{NewUser, Role, UserRecord};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::setup::{Billing, check_email};
use crate::error::{ApiError, ErrorBody};
use crate::idempotency::{Once, refused};
use crate::principal::Principal;
use crate::state::ApiState;

/// A person who signs in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct User {
    id: String,
    email: String,
    #[schema(inline)]
    role: RoleName,
    /// Their own account.
    account: String,
    disabled: bool,
    #[schema(format = DateTime)]
    created_at: String,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum RoleName {
    User,
    Admin,
    Owner,
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        match role {
            Role::User => Self::User,
            Role::Admin => Self::Admin,
            Role::Owner => Self::Owner,
        }
    }
}

/// Everybody who signs in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserList {
    items: Vec<User>,
}

/// A person to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPerson {
    email: String,
    /// Ten characters or more.
    #[schema(min_length = 10)]
    password: String,
    /// `user` where absent. Only the owner appoints an `admin`; there is one `owner`.
    #[serde(default)]
    #[schema(inline)]
    role: Option<RoleName>,
    /// Metered where absent.
    #[serde(default)]
    billing: Option<Billing>,
}

/// Lists everybody who signs in, oldest first.
#[utoipa::path(get, path = "/api/v1/users", tag = "users",
    responses((status = 200, body = UserList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_users(
    State(state): State<ApiState>,
    principal: Principal,
) -> Result<Json<UserList>, ApiError> {
    principal.operator()?;
    let records = state.store().users().list().await?;
    Ok(Json(UserList { items: records.into_iter().map(shown).collect() }))
}

/// Adds a person with an account of their own, of the standard tier and with nothing in it.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = NewPerson,
    responses((status = 201, body = User), (status = "default", body = ErrorBody)))]
pub(crate) async fn create_user(
    State(state): State<ApiState>,
    principal: Principal,
    once: Once<NewPerson>,
) -> Result<(StatusCode, Json<User>), ApiError> {
    principal.operator()?;
    let (body, idempotency) = once.claim(&principal);
    let role = match body.role.unwrap_or(RoleName::User) {
        RoleName::User => Role::User,
        RoleName::Admin if principal.is_owner() => Role::Admin,
        RoleName::Admin => return Err(ApiError::forbidden("Only the owner appoints admins.")),
        RoleName::Owner => return Err(ApiError::field("role", "There is one owner.")),
    };
    let shared = &state.shared;
    let new = NewUser {
        email: check_email(&body.email)?,
        password_hash: shared.passwords.hash(Secret::new(body.password), &*shared.entropy).await?,
        role,
        metered: !matches!(body.billing, Some(Billing::Unmetered)),
    };
    let created = state.store().users().create(new, idempotency.as_ref()).await?;
    Ok((StatusCode::CREATED, Json(shown(created.map_err(refused)?))))
}

fn shown(record: UserRecord) -> User {
    User {
        id: record.id.to_string(),
        email: record.email,
        role: record.role.into(),
        account: record.account_id.to_string(),
        disabled: record.disabled,
        created_at: record.created_at.to_rfc3339(),
    }
}
