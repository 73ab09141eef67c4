//! Redeeming a code.

use std::net::IpAddr;

use anc_domain::{NanoUsd, RedemptionCode, SecretHash};
use anc_ledger::NotRedeemed;
use anc_store::{Idempotency, Redeemed, RedemptionAsk, StoreError, WORD_OF_ANOTHER};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody};
use crate::idempotency::Once;
use crate::principal::{Caller, Principal};
use crate::state::ApiState;

/// A code that somebody was given.
// Not `Debug`: the code is worth money.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeToRedeem {
    /// The code, in any case of letters, with or without dashes and blanks.
    code: String,
}

/// What a code was worth.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RedemptionDone {
    /// The redemption, as the statement refers to it.
    id: String,
    #[schema(value_type = String)]
    amount: NanoUsd,
    /// The account's new balance.
    #[schema(value_type = String)]
    balance: NanoUsd,
}

/// Redeems a code to the caller's own account. Answered when the money is on the disk. Repeated under
/// the same `Idempotency-Key` it is redeemed once.
#[utoipa::path(post, path = "/api/v1/redemptions", tag = "account", request_body = CodeToRedeem,
    responses((status = 201, body = RedemptionDone), (status = "default", body = ErrorBody)))]
pub(crate) async fn redeem_code(
    State(state): State<ApiState>,
    principal: Principal,
    Caller(address): Caller,
    once: Once<CodeToRedeem>,
) -> Result<(StatusCode, Json<RedemptionDone>), ApiError> {
    let (body, idempotency) = once.claim(&principal);
    let redeemed = redeem(&state, &principal, address, &body.code, idempotency).await;
    let outcome = redeemed.as_ref().map_or_else(|refused| refused.code, |_| "redeemed");
    metrics::counter!("anc_redemptions_total", "outcome" => outcome).increment(1);
    let Redeemed { id, amount, balance } = redeemed?;
    Ok((StatusCode::CREATED, Json(RedemptionDone { id: id.to_string(), amount, balance })))
}

async fn redeem(
    state: &ApiState,
    principal: &Principal,
    address: IpAddr,
    presented: &str,
    idempotency: Option<Idempotency>,
) -> Result<Redeemed, ApiError> {
    let user = principal.user()?;
    let account = principal.account(state, None).await?;
    // Before any look-up, so that it cannot be used to find out about codes.
    if account.suspended {
        return Err(ApiError::account_suspended());
    }
    let code = RedemptionCode::read(presented).map_err(|_| ApiError::code_mistyped())?;
    let store = state.store();
    let guard = &state.shared.redemption_guard;
    let code_id = guard.find(store, &code, account.id, address, state.now()).await?;
    let ask = RedemptionAsk {
        code_id,
        account_id: account.id,
        user_id: user.id,
        word: word_of(state, idempotency),
    };
    match store.redemption_codes().redeem(ask).await {
        Ok(redeemed) => redeemed.map_err(refusal),
        Err(StoreError::Conflict(WORD_OF_ANOTHER)) => Err(ApiError::idempotency_key_reused()),
        Err(failure) => Err(failure.into()),
    }
}

/// What names this request and its repetitions; where its caller gave no word, none will be known.
fn word_of(state: &ApiState, idempotency: Option<Idempotency>) -> SecretHash {
    if let Some(asked) = idempotency {
        return SecretHash::of_parts(&[asked.principal.as_bytes(), b"\n", asked.key.as_bytes()]);
    }
    let mut random = [0_u8; 32];
    state.shared.entropy.fill(&mut random);
    SecretHash::from_bytes(random)
}

/// What may be said to whoever has shown the whole code.
fn refusal(why: NotRedeemed) -> ApiError {
    match why {
        NotRedeemed::AccountSuspended => ApiError::account_suspended(),
        NotRedeemed::UsedByAccount => ApiError::code_redeemed_before(),
        NotRedeemed::Revoked => ApiError::code_revoked(),
        NotRedeemed::Expired => ApiError::code_expired(),
        NotRedeemed::UsedUp => ApiError::code_used_up(),
        NotRedeemed::OutOfRange(_) => {
            ApiError::conflict("The balance would be more than can be counted.")
        }
    }
}
