//! A link to set a new password, for an operator to hand over: where no mail is sent, the only way
//! back in.

use anc_domain::UserId;
use anc_store::NewMailCode;
use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::users::note;
use crate::error::{ApiError, ErrorBody};
use crate::one_time_link;
use crate::principal::{Caller, Principal};
use crate::state::ApiState;

/// The only sight of a link.
#[derive(Serialize, ToSchema)]
pub(crate) struct PasswordLink {
    /// The link; where no `public_url` is set, its path alone.
    link: String,
    /// When it stops working.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Makes a link with which a person of a lower role sets a new password: once, within a day. Their
/// second factor stays and is asked for. An earlier link is void.
#[utoipa::path(post, path = "/api/v1/users/{id}/password-link", tag = "users",
    params(("id" = String, Path, description = "The person's id")),
    responses((status = 201, body = PasswordLink), (status = "default", body = ErrorBody)))]
pub(crate) async fn create_password_link(
    State(state): State<ApiState>,
    principal: Principal,
    Caller(address): Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<PasswordLink>), ApiError> {
    principal.operator()?;
    let id: UserId = id.parse().map_err(|_| ApiError::not_found("person"))?;
    let user = state.store().users().by_id(id).await?;
    let user = user.ok_or_else(|| ApiError::not_found("person"))?;
    if !principal.is_above(&user) {
        return Err(ApiError::forbidden("This is for somebody of a higher role than theirs."));
    }
    if user.disabled {
        return Err(ApiError::conflict("A disabled person sets no password. Enable them first."));
    }
    let code = one_time_link::new_code(&*state.shared.entropy);
    let expires_at = state.now().plus(one_time_link::HANDED_OVER);
    let new = NewMailCode { hash: code.hash(), email: user.email.clone(), expires_at };
    state.store().mail_codes().create_reset(new, &user.password_hash).await?;
    let detail = json!({ "email": user.email });
    note(&state, &principal, "user.password_link", &user, &detail, Some(address)).await;
    let public_url = state.shared.settings.public_url.as_ref();
    let link = one_time_link::shown(public_url, "/reset", &format!("code={}", code.expose()));
    let expires_at = expires_at.to_rfc3339();
    Ok((StatusCode::CREATED, Json(PasswordLink { link, expires_at })))
}
