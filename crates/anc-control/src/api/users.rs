//! People who sign in, each with an account of their own.

use anc_domain::{NanoUsd, Secret, UnixMillis, UserId};
use anc_store::{
    AuditNote, ChangedUser, NO_PASSWORD, NewUser, NotChanged, PeopleQuery, PersonRecord, Role,
    UserChanges, UserRecord,
};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::api::setup::{Billing, check_email};
use crate::error::{ApiError, ErrorBody};
use crate::idempotency::{Once, refused};
use crate::principal::{Caller, Principal};
use crate::state::ApiState;
use crate::{audit, json};

const PAGE_DEFAULT: u32 = 50;
const PAGE_MAX: u32 = 200;
const SEARCH_BYTES_MAX: usize = 256;
const NAME_CHARS_MAX: usize = 64;

/// A person who signs in, beside their account.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct User {
    id: String,
    email: String,
    /// What operators call them; may be empty.
    name: String,
    #[schema(inline)]
    role: RoleName,
    disabled: bool,
    /// Whether a code is asked for when they sign in.
    second_factor: bool,
    /// Whether the caller may change them: their role is below the caller's.
    may_change: bool,
    /// When they last did something in a browser, to the minute.
    #[schema(required, format = DateTime)]
    last_seen_at: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    /// Their own account.
    account: String,
    account_name: String,
    /// The tier's name.
    tier: String,
    billing: Billing,
    /// Whether an operator has suspended the account.
    suspended: bool,
    #[schema(value_type = String)]
    balance: NanoUsd,
    /// Reserved by requests that run.
    #[schema(value_type = String)]
    held: NanoUsd,
    /// What the account was charged in the last thirty days.
    #[schema(value_type = String)]
    spent_30_days: NanoUsd,
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

impl From<RoleName> for Role {
    fn from(role: RoleName) -> Self {
        match role {
            RoleName::User => Self::User,
            RoleName::Admin => Self::Admin,
            RoleName::Owner => Self::Owner,
        }
    }
}

/// Which people to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PeopleFilter {
    /// Only those whose address, name or account's name contains this.
    search: Option<String>,
    /// Only those of this role.
    #[param(inline)]
    role: Option<RoleName>,
    /// Only those who are, or are not, disabled.
    #[param(inline)]
    state: Option<PersonState>,
    /// How many at most, 1 to 200.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum PersonState {
    Enabled,
    Disabled,
}

/// A page of people.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserList {
    items: Vec<User>,
    #[schema(required)]
    next_cursor: Option<String>,
    /// How many the query finds on all pages.
    total: u64,
}

/// What is to be changed of a person; what is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserChange {
    /// What operators call them; empty is no name.
    #[serde(default)]
    #[schema(max_length = 64)]
    name: Option<String>,
    /// One below the caller's own; an owner gives any. All sessions of the person end.
    #[serde(default)]
    #[schema(inline)]
    role: Option<RoleName>,
    /// Disabled people do not sign in, and their sessions end. The tokens of an account whose every
    /// person is disabled stop at once, and work again when one is enabled.
    #[serde(default)]
    disabled: Option<bool>,
}

/// A person to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPerson {
    email: String,
    /// Ten characters or more. Where absent they have none: they sign in by a provider that has made
    /// sure of their address, or set one by a link.
    #[serde(default)]
    #[schema(min_length = 10)]
    password: Option<String>,
    /// `user` where absent. Only the owner appoints an `admin`; there is one `owner`.
    #[serde(default)]
    #[schema(inline)]
    role: Option<RoleName>,
    /// Metered where absent.
    #[serde(default)]
    billing: Option<Billing>,
}

/// Lists people who sign in, oldest first; for operators.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", params(PeopleFilter),
    responses((status = 200, body = UserList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_users(
    State(state): State<ApiState>,
    principal: Principal,
    query: Result<Query<PeopleFilter>, QueryRejection>,
) -> Result<Json<UserList>, ApiError> {
    principal.operator()?;
    let Query(query) = query.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(ApiError::field("limit", format!("A page has 1 to {PAGE_MAX} people.")));
    }
    let wanted = PeopleQuery {
        search: query.search.map(check_search).transpose()?,
        role: query.role.map(Role::from),
        disabled: query.state.map(|state| state == PersonState::Disabled),
        limit,
        cursor: query.cursor,
    };
    let page = state.store().users().page(&wanted).await?;
    let items = page.items.into_iter().map(|one| shown(one, &principal)).collect();
    Ok(Json(UserList { items, next_cursor: page.next_cursor, total: page.total }))
}

/// Gives one person; for operators.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users",
    params(("id" = String, Path, description = "The person's id")),
    responses((status = 200, body = User), (status = "default", body = ErrorBody)))]
pub(crate) async fn get_user(
    State(state): State<ApiState>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<User>, ApiError> {
    principal.operator()?;
    let id: UserId = id.parse().map_err(|_| ApiError::not_found("person"))?;
    one(&state, &principal, id).await
}

/// Adds a person with an account of their own, of the standard tier and with nothing in it.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = NewPerson,
    responses((status = 201, body = User), (status = "default", body = ErrorBody)))]
pub(crate) async fn create_user(
    State(state): State<ApiState>,
    principal: Principal,
    Caller(address): Caller,
    once: Once<NewPerson>,
) -> Result<(StatusCode, Json<User>), ApiError> {
    principal.operator()?;
    let (body, idempotency) = once.claim(&principal);
    let role = match body.role.unwrap_or(RoleName::User) {
        RoleName::Owner => {
            let message = "Add an admin, and make them an owner once they have signed in.";
            return Err(ApiError::field("role", message));
        }
        role => Role::from(role),
    };
    if !principal.rank().may_give(role) {
        return Err(ApiError::forbidden("Only the owner appoints admins."));
    }
    let shared = &state.shared;
    let password_hash = match body.password {
        Some(text) => shared.passwords.hash(Secret::new(text), &*shared.entropy).await?,
        None => Secret::new(NO_PASSWORD),
    };
    let new = NewUser {
        email: check_email(&body.email)?,
        password_hash,
        role,
        metered: !matches!(body.billing, Some(Billing::Unmetered)),
    };
    let created = state.store().users().create(new, idempotency.as_ref()).await?;
    let user = created.map_err(refused)?;
    let detail = json!({ "email": user.email, "role": user.role.name() });
    note(&state, &principal, "user.create", &user, &detail, Some(address)).await;
    Ok((StatusCode::CREATED, one(&state, &principal, user.id).await?))
}

/// Changes a person whose role is below one's own; for operators.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "users", request_body = UserChange,
    params(("id" = String, Path, description = "The person's id")),
    responses((status = 200, body = User), (status = "default", body = ErrorBody)))]
pub(crate) async fn update_user(
    State(state): State<ApiState>,
    principal: Principal,
    Caller(address): Caller,
    Path(id): Path<String>,
    json::Json(body): json::Json<UserChange>,
) -> Result<Json<User>, ApiError> {
    principal.operator()?;
    let id: UserId = id.parse().map_err(|_| ApiError::not_found("person"))?;
    let changes = UserChanges {
        name: body.name.as_deref().map(check_name).transpose()?,
        role: body.role.map(Role::from),
        disabled: body.disabled,
    };
    let changed = state.store().users().change(principal.person(), id, changes).await?;
    let changed = changed.map_err(not_changed)?;
    state.in_force().await;
    let detail = difference(&changed);
    if detail != json!({}) {
        note(&state, &principal, "user.update", &changed.after, &detail, Some(address)).await;
    }
    one(&state, &principal, id).await
}

async fn one(state: &ApiState, principal: &Principal, id: UserId) -> Result<Json<User>, ApiError> {
    let person = state.store().users().person(id).await?;
    let person = person.ok_or_else(|| ApiError::not_found("person"))?;
    Ok(Json(shown(person, principal)))
}

/// Keeps a note of what an operator did to a person.
pub(crate) async fn note(
    state: &ApiState,
    principal: &Principal,
    action: &'static str,
    user: &UserRecord,
    detail: &Value,
    address: Option<std::net::IpAddr>,
) {
    let note = AuditNote {
        actor: principal.actor(),
        action,
        object: Some(user.id.as_i64()),
        account: Some(user.account_id),
        detail: detail.to_string(),
        address: address.map(|address| address.to_canonical().to_string()),
    };
    audit::keep(state, note).await;
}

/// Each field that differs, before and after.
fn difference(changed: &ChangedUser) -> Value {
    let fields = |user: &UserRecord| {
        [
            ("name", json!(user.name)),
            ("role", json!(user.role.name())),
            ("disabled", json!(user.disabled)),
        ]
    };
    let differing: Map<String, Value> = fields(&changed.before)
        .into_iter()
        .zip(fields(&changed.after))
        .filter(|(before, after)| before != after)
        .map(|((field, before), (_, after))| (field.to_owned(), json!([before, after])))
        .collect();
    Value::Object(differing)
}

/// Why the order of roles refuses a change.
fn not_changed(refusal: NotChanged) -> ApiError {
    match refusal {
        NotChanged::Unknown => ApiError::not_found("person"),
        NotChanged::Oneself => {
            ApiError::forbidden("Nobody changes their own role or state. Ask somebody above you.")
        }
        NotChanged::NotBelow => {
            ApiError::forbidden("This is for somebody of a higher role than theirs.")
        }
        NotChanged::NotTheirsToGive => ApiError::forbidden(
            "A role is given by somebody above it. Only the owner appoints admins.",
        ),
        NotChanged::LastOwner => ApiError::conflict(
            "The last owner stays what they are. Make somebody else an owner first.",
        ),
    }
}

fn check_search(text: String) -> Result<String, ApiError> {
    // PostgreSQL has no text with a NUL.
    if text.len() > SEARCH_BYTES_MAX || text.contains('\0') {
        return Err(ApiError::field("search", "Nobody is called so."));
    }
    Ok(text)
}

fn check_name(name: &str) -> Result<String, ApiError> {
    let name = name.trim();
    if name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        let message = format!("A name has at most {NAME_CHARS_MAX} plain characters.");
        return Err(ApiError::field("name", message));
    }
    Ok(name.to_owned())
}

fn shown(person: PersonRecord, principal: &Principal) -> User {
    let PersonRecord { user, account, second_factor, spent } = person;
    User {
        may_change: principal.person() != Some(user.id) && principal.is_above(&user),
        id: user.id.to_string(),
        email: user.email,
        name: user.name,
        role: user.role.into(),
        disabled: user.disabled,
        second_factor,
        last_seen_at: user.last_seen_at.map(UnixMillis::to_rfc3339),
        created_at: user.created_at.to_rfc3339(),
        account: account.id.to_string(),
        account_name: account.name,
        tier: account.tier.terms.name,
        billing: if account.metered { Billing::Metered } else { Billing::Unmetered },
        suspended: account.suspended,
        balance: account.balance,
        held: account.held,
        spent_30_days: spent,
    }
}
