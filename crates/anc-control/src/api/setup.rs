//! Setting the instance up, once.

use anc_domain::{NanoUsd, Secret};
use anc_store::NewOwner;
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse};
use http::StatusCode;
use http::header::SET_COOKIE;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::session::{Session, describe};
use crate::error::{ApiError, ErrorBody};
use crate::json::Json;
use crate::principal::{Caller, Visitor};
use crate::sign_in::{self, Way};
use crate::state::ApiState;
use crate::{session, setup_code};

/// The longest email address that mail servers take.
const EMAIL_BYTES_MAX: usize = 254;

/// Whether a balance stops requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Billing {
    /// Requests need a balance.
    Metered,
    /// Requests are counted and priced, and never refused for the balance.
    Unmetered,
}

/// The owner, and how their account is billed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Setup {
    /// The code of the set-up link. The command line needs none.
    #[serde(default)]
    code: Option<String>,
    email: String,
    /// Ten characters or more.
    #[schema(min_length = 10)]
    password: String,
    billing: Billing,
    /// Dollars as a decimal string, for metered billing.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    starting_balance: Option<NanoUsd>,
}

/// Creates the owner. Happens once; the link's code is worthless afterwards.
#[utoipa::path(post, path = "/api/v1/setup", tag = "instance", request_body = Setup,
    responses((status = 201, body = Session), (status = "default", body = ErrorBody)))]
pub(crate) async fn set_up(
    State(state): State<ApiState>,
    caller: Caller,
    Visitor(client): Visitor,
    Json(body): Json<Setup>,
) -> Result<impl IntoResponse, ApiError> {
    if !state.store().users().needs_setup().await? {
        return Err(ApiError::setup_done());
    }
    if !state.local {
        session::check_connection(&state.shared.settings, caller.0)?;
        state.shared.throttle.attempt("setup", caller.0, state.now())?;
        if !setup_code::matches(state.store(), body.code.as_deref().unwrap_or_default()).await? {
            return Err(ApiError::setup_code_wrong());
        }
        state.shared.throttle.succeeded("setup", caller.0);
    }
    let email = check_email(&body.email)?;
    let starting_balance = match body.billing {
        Billing::Metered => body.starting_balance.unwrap_or_default(),
        Billing::Unmetered => NanoUsd::ZERO,
    };
    if starting_balance.is_negative() {
        return Err(ApiError::field("starting_balance", "A starting balance is zero or more."));
    }
    let shared = &state.shared;
    let password_hash = shared.passwords.hash(Secret::new(body.password), &*shared.entropy).await?;
    let owner = NewOwner {
        email,
        password_hash,
        metered: body.billing == Billing::Metered,
        starting_balance,
    };
    let created = state.store().users().create_owner(owner).await?;
    let user = created.map_err(|_| ApiError::setup_done())?;
    setup_code::forget(state.store()).await?;
    let session = describe(&state, &user, caller).await?;
    let cookie = if state.local {
        None
    } else {
        let cookie = session::begin(&state, &user, client.clone()).await?;
        sign_in::succeeded(&state, user.id, Way::Registration, client).await;
        Some(cookie)
    };
    let headers = AppendHeaders(cookie.map(|cookie| (SET_COOKIE, cookie)));
    Ok((StatusCode::CREATED, headers, axum::Json(session)))
}

/// The least that every address has; whether mail arrives, only mail can tell.
pub(crate) fn check_email(typed: &str) -> Result<String, ApiError> {
    let email = typed.trim().to_lowercase();
    let plain = email.chars().all(|one| !one.is_whitespace() && !one.is_control());
    let whole = email.rsplit_once('@').is_some_and(|(name, at)| !name.is_empty() && !at.is_empty());
    if plain && whole && email.len() <= EMAIL_BYTES_MAX {
        return Ok(email);
    }
    Err(ApiError::field("email", "This is not an email address."))
}
