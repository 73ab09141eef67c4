//! The caller's account.

use anc_domain::NanoUsd;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::payments::PaymentTerms;
use crate::api::setup::Billing;
use crate::api::tier_body::Tier;
use crate::error::{ApiError, ErrorBody};
use crate::principal::Principal;
use crate::state::ApiState;

/// An account's money and tier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Account {
    id: String,
    billing: Billing,
    /// What was paid in less what was charged.
    #[schema(value_type = String)]
    balance: NanoUsd,
    /// Reserved by requests that run.
    #[schema(value_type = String)]
    held: NanoUsd,
    /// What a new request can count on: the balance and the tier's overdraft, less what is held.
    #[schema(value_type = String)]
    available: NanoUsd,
    /// What it may do.
    tier: Tier,
    /// How the account can be paid in; null where it cannot.
    #[schema(required)]
    payments: Option<PaymentTerms>,
}

/// Gives the caller's account.
#[utoipa::path(get, path = "/api/v1/account", tag = "account",
    responses((status = 200, body = Account), (status = "default", body = ErrorBody)))]
pub(crate) async fn get_account(
    State(state): State<ApiState>,
    principal: Principal,
) -> Result<Json<Account>, ApiError> {
    let account = principal.account(&state, None).await?;
    Ok(Json(Account {
        id: account.id.to_string(),
        billing: if account.metered { Billing::Metered } else { Billing::Unmetered },
        balance: account.balance,
        held: account.held,
        available: account.available(),
        tier: account.tier.into(),
        payments: PaymentTerms::of(&state),
    }))
}
