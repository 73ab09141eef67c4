//! Money in and out of an account, by an operator's hand.

use anc_domain::{NanoUsd, RequestId};
use anc_store::{Credit, EntryKind, StoreError};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody};
use crate::idempotency::Once;
use crate::principal::Principal;
use crate::state::ApiState;

const REASON_CHARS_MAX: usize = 200;

/// An amount for an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCredit {
    /// The account's id, or its owner's email address.
    account: String,
    /// Dollars as a decimal string; negative takes away.
    #[schema(value_type = String)]
    amount: NanoUsd,
    /// Why, for the books.
    reason: String,
    /// A word of the caller's that makes repeating the request harmless.
    #[serde(default)]
    cause: Option<String>,
}

/// The account's new balance.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreditPosted {
    #[schema(value_type = String)]
    balance: NanoUsd,
}

/// Posts an amount to an account. Answered when it is on the disk.
#[utoipa::path(post, path = "/api/v1/credits", tag = "account", request_body = NewCredit,
    responses((status = 201, body = CreditPosted), (status = "default", body = ErrorBody)))]
pub(crate) async fn create_credit(
    State(state): State<ApiState>,
    principal: Principal,
    once: Once<NewCredit>,
) -> Result<(StatusCode, Json<CreditPosted>), ApiError> {
    principal.operator()?;
    let (body, idempotency) = once.claim(&principal);
    let account = principal.account(&state, Some(&body.account)).await?;
    let reason = body.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
        return Err(ApiError::field("reason", "Give a reason of at most 200 characters."));
    }
    if body.amount == NanoUsd::ZERO {
        return Err(ApiError::field("amount", "An amount is not zero."));
    }
    let cause = match (body.cause, &idempotency) {
        (Some(word), _) if (1..=REASON_CHARS_MAX).contains(&word.len()) => {
            format!("operator:{word}")
        }
        (Some(_), _) => return Err(ApiError::field("cause", "A cause has 1 to 200 characters.")),
        (None, Some(asked)) => format!("{}:{}", asked.principal, asked.key),
        (None, None) => {
            format!("operator:{}", RequestId::generate(state.now(), &*state.shared.entropy))
        }
    };
    let kind = if body.amount.is_negative() { EntryKind::Adjustment } else { EntryKind::Grant };
    let credit = Credit {
        account_id: account.id,
        amount: body.amount,
        kind,
        reason: reason.to_owned(),
        cause,
    };
    let balance = match state.store().ledger().credit(credit).await {
        // The books know the word: the same entry again changes nothing, another one is refused.
        Err(StoreError::Conflict(_)) if idempotency.is_some() => {
            return Err(ApiError::idempotency_key_reused());
        }
        posted => posted?,
    };
    Ok((StatusCode::CREATED, Json(CreditPosted { balance })))
}
