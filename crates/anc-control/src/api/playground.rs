//! The secret with which a person's playground calls the relay.

use std::time::Duration;

use anc_domain::TokenText;
use anc_store::PlaygroundGrant;
use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::token_history as history;
use crate::api::tokens::{no_token, token_id};
use crate::error::{ApiError, ErrorBody};
use crate::principal::Principal;
use crate::state::ApiState;

/// For how long a playground's secret works: it lives in a page's memory, which asks for another.
const VALID: Duration = Duration::from_mins(10);

/// The only sight of a playground's secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlaygroundSecret {
    /// Presented like the token's own.
    secret: String,
    #[schema(format = DateTime)]
    valid_until: String,
}

/// Gives one of the caller's own tokens a second secret for ten minutes. All that restricts the token
/// holds, its own secret stays as it is, and what is called is the token's usage. A token has at most
/// ten of these at once.
#[utoipa::path(post, path = "/api/v1/tokens/{id}/playground-secret", tag = "tokens",
    params(("id" = String, Path, description = "The token's id")),
    responses((status = 201, body = PlaygroundSecret), (status = "default", body = ErrorBody)))]
pub(crate) async fn create_playground_secret(
    State(state): State<ApiState>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<PlaygroundSecret>), ApiError> {
    // An operator reaches everybody's tokens, and still tries things out at their own cost alone.
    let account = principal.user()?.account_id;
    let id = token_id(&id)?;
    let text = TokenText::generate(&*state.shared.entropy);
    let until = state.now().plus(VALID);
    let secret = (text.secret().hash(), text.hint());
    let given = state.store().tokens().add_playground_secret(id, account, secret, until).await?;
    let token = match given.ok_or_else(no_token)? {
        PlaygroundGrant::Given(token) => token,
        PlaygroundGrant::TooMany(first_ends) => {
            return Err(ApiError::too_many_playgrounds(first_ends.since(state.now())));
        }
    };
    let valid_until = until.to_rfc3339();
    let detail = json!({ "valid_until": valid_until });
    history::note(&state, &principal, &token, "token.playground", &detail).await;
    state.in_force().await;
    let secret = text.secret().expose().to_owned();
    Ok((StatusCode::CREATED, Json(PlaygroundSecret { secret, valid_until })))
}
