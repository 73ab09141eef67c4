//! One's second factor.

use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse};
use http::StatusCode;
use http::header::SET_COOKIE;
use qrcode::QrCode;
use qrcode::render::svg;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::audit::note_of_person;
use crate::error::{ApiError, ErrorBody};
use crate::json::Json;
use crate::principal::{Caller, Principal, Visitor};
use crate::state::ApiState;
use crate::{second_factor, session, totp};

/// What authenticator apps list the entry under.
const ISSUER: &str = "ANC Relay";
const QR_PIXELS: u32 = 200;

/// One's second factor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Factors {
    /// Whether a code of an authenticator app is asked for when one signs in.
    totp: bool,
    /// How many recovery codes are left.
    recovery_codes_left: i64,
}

/// What an authenticator app is given. Nothing is asked for before a code has confirmed it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProposedTotp {
    /// For typing it in.
    secret: String,
    /// What the picture says.
    uri: String,
    /// The picture for the app's camera, as SVG.
    qr_svg: String,
}

/// A code of the app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmTotp {
    code: String,
}

/// The only sight of the recovery codes, of which each works once.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

/// Tells whether one has a second factor.
#[utoipa::path(get, path = "/api/v1/factors", tag = "session",
    responses((status = 200, body = Factors), (status = "default", body = ErrorBody)))]
pub(crate) async fn get_factors(
    State(state): State<ApiState>,
    principal: Principal,
) -> Result<axum::Json<Factors>, ApiError> {
    let id = principal.user()?.id;
    let factors = state.store().factors();
    Ok(axum::Json(Factors {
        totp: factors.is_confirmed(id).await?,
        recovery_codes_left: factors.recovery_codes_left(id).await?,
    }))
}

/// Proposes a secret for an authenticator app. It is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/factors/totp", tag = "session",
    responses((status = 201, body = ProposedTotp), (status = "default", body = ErrorBody)))]
pub(crate) async fn propose_totp(
    State(state): State<ApiState>,
    principal: Principal,
) -> Result<(StatusCode, axum::Json<ProposedTotp>), ApiError> {
    let user = principal.user()?;
    let seed = totp::new_seed(&*state.shared.entropy);
    if !state.store().factors().propose(user.id, &seed).await? {
        return Err(ApiError::conflict("There is an authenticator app already. Remove it first."));
    }
    let uri = totp::uri(ISSUER, &user.email, &seed);
    let qr_svg = QrCode::new(uri.as_bytes())
        .map_err(|_| ApiError::internal())?
        .render::<svg::Color>()
        .min_dimensions(QR_PIXELS, QR_PIXELS)
        .build();
    let secret = seed.expose().to_owned();
    Ok((StatusCode::CREATED, axum::Json(ProposedTotp { secret, uri, qr_svg })))
}

/// Puts the proposed app in force. Every session of the person ends but this one, which gets a new
/// id.
#[utoipa::path(post, path = "/api/v1/factors/totp/confirm", tag = "session",
    request_body = ConfirmTotp,
    responses((status = 200, body = RecoveryCodes), (status = "default", body = ErrorBody)))]
pub(crate) async fn confirm_totp(
    State(state): State<ApiState>,
    principal: Principal,
    Caller(address): Caller,
    Visitor(client): Visitor,
    Json(body): Json<ConfirmTotp>,
) -> Result<impl IntoResponse, ApiError> {
    let user = principal.user()?;
    let factors = state.store().factors();
    let nothing = || ApiError::conflict("There is no authenticator app to confirm.");
    let factor = factors.get(user.id).await?.filter(|factor| !factor.confirmed);
    let factor = factor.ok_or_else(nothing)?;
    let step = totp::matching_step(&factor.seed, body.code.trim(), state.now());
    let step = step.ok_or_else(ApiError::wrong_code)?;
    let (recovery_codes, hashes) = second_factor::recovery_codes(&state);
    if !factors.confirm(user.id, step, &hashes).await? {
        return Err(nothing());
    }
    note_of_person(&state, user, "factor.enable", &json!({ "kind": "totp" }), address).await;
    let cookie = session::begin_anew(&state, user.id, client).await?;
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), axum::Json(RecoveryCodes { recovery_codes })))
}

/// Takes the authenticator app and the recovery codes away. Every session of the person ends but
/// this one, which gets a new id.
#[utoipa::path(delete, path = "/api/v1/factors/totp", tag = "session",
    responses((status = 204), (status = "default", body = ErrorBody)))]
pub(crate) async fn remove_totp(
    State(state): State<ApiState>,
    principal: Principal,
    Caller(address): Caller,
    Visitor(client): Visitor,
) -> Result<impl IntoResponse, ApiError> {
    let user = principal.user()?;
    if !state.store().factors().remove(user.id).await? {
        return Err(ApiError::not_found("authenticator app"));
    }
    note_of_person(&state, user, "factor.disable", &json!({ "kind": "totp" }), address).await;
    let cookie = session::begin_anew(&state, user.id, client).await?;
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(SET_COOKIE, cookie)])))
}

/// Makes new recovery codes; the old ones work no more.
#[utoipa::path(post, path = "/api/v1/factors/recovery-codes", tag = "session",
    responses((status = 201, body = RecoveryCodes), (status = "default", body = ErrorBody)))]
pub(crate) async fn new_recovery_codes(
    State(state): State<ApiState>,
    principal: Principal,
    Caller(address): Caller,
) -> Result<(StatusCode, axum::Json<RecoveryCodes>), ApiError> {
    let user = principal.user()?;
    let (recovery_codes, hashes) = second_factor::recovery_codes(&state);
    if !state.store().factors().replace_recovery_codes(user.id, &hashes).await? {
        return Err(ApiError::conflict("Recovery codes come with an authenticator app. Add one."));
    }
    note_of_person(&state, user, "factor.recovery_codes", &json!({}), address).await;
    Ok((StatusCode::CREATED, axum::Json(RecoveryCodes { recovery_codes })))
}
