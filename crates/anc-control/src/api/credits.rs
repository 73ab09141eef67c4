//! Money in and out of an account, by an operator's hand.

use anc_domain::{NanoUsd, RequestId};
use anc_store::{AuditNote, Credit, EntryKind, StoreError};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::api::accounts;
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
    /// What it is; where absent, a grant above zero and an adjustment below.
    kind: Option<CreditKind>,
    /// Why, for the books.
    reason: String,
    /// A word of the caller's that makes repeating the request harmless.
    #[serde(default)]
    cause: Option<String>,
}

/// What an operator's entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CreditKind {
    /// Money that the operator received. Above zero.
    TopUp,
    /// A gift. Above zero.
    Grant,
    /// What puts something right, up or down.
    Adjustment,
    /// A top-up that is taken back. Below zero.
    Reversal,
}

impl CreditKind {
    /// The kind of an amount whose kind was not named.
    const fn of(amount: NanoUsd) -> Self {
        if amount.is_negative() { Self::Adjustment } else { Self::Grant }
    }

    /// The entry's kind, if it may have this amount.
    fn entry(self, amount: NanoUsd) -> Result<EntryKind, ApiError> {
        let (kind, fits) = match self {
            Self::TopUp => (EntryKind::TopUp, !amount.is_negative()),
            Self::Grant => (EntryKind::Grant, !amount.is_negative()),
            Self::Adjustment => (EntryKind::Adjustment, true),
            Self::Reversal => (EntryKind::Reversal, amount.is_negative()),
        };
        let message = "A top-up and a grant are above zero, and a reversal is below.";
        if fits { Ok(kind) } else { Err(ApiError::field("kind", message)) }
    }
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
    principal.above_all(&accounts::find(&state, account.id).await?.people)?;
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
    let kind = body.kind.unwrap_or(CreditKind::of(body.amount)).entry(body.amount)?;
    let detail = json!({
        "amount": body.amount, "kind": kind.name(), "reason": reason, "cause": cause,
    });
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
    let note = AuditNote {
        actor: principal.actor(),
        action: "account.credit",
        object: Some(account.id.as_i64()),
        account: Some(account.id),
        detail: detail.to_string(),
        address: None,
    };
    // The money has moved whether or not the note can be kept.
    if let Err(error) = state.store().audits().note(note).await {
        tracing::error!(%error, "a credit could not be noted");
    }
    Ok((StatusCode::CREATED, Json(CreditPosted { balance })))
}
