//! Paying in by a payment provider.

use std::time::Duration;

use anc_domain::{NanoUsd, PaymentId};
use anc_store::{AuditNote, NewPayment, NotBegun, PaymentRecord, PaymentState, Repeat, StoreError};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::usage::accounts_of;
use crate::error::{ApiError, ErrorBody};
use crate::idempotency::{Once, refused};
use crate::payments::{NANOS_PER_MINOR, Stripe};
use crate::principal::Principal;
use crate::state::ApiState;

const PAGE_DEFAULT: u32 = 50;
/// What is told to an account with too many unfinished payments.
const WAIT: Duration = Duration::from_mins(10);

/// How an account can be paid in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentTerms {
    /// By whom: `stripe`.
    provider: &'static str,
    /// As ISO 4217 has it, in lower case.
    currency: String,
    /// `test`: no real money moves. `live`: it does.
    mode: &'static str,
    /// The least that is paid at once.
    #[schema(value_type = String)]
    amount_min: NanoUsd,
    /// The most.
    #[schema(value_type = String)]
    amount_max: NanoUsd,
}

impl PaymentTerms {
    pub(crate) fn of(state: &ApiState) -> Option<Self> {
        let settings = state.shared.stripe.as_ref()?.settings();
        Some(Self {
            provider: "stripe",
            currency: settings.currency.clone(),
            mode: settings.mode.name(),
            amount_min: settings.amount_min,
            amount_max: settings.amount_max,
        })
    }
}

/// One attempt to pay in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Payment {
    id: String,
    /// Which account is credited.
    account: String,
    #[schema(value_type = String)]
    amount: NanoUsd,
    currency: String,
    /// `test` or `live`.
    mode: &'static str,
    /// `open`: not finished; `pending`: the money is on its way; `paid`; `failed`; `expired`;
    /// `mismatch`: the provider told of something else than was ordered, and nothing was credited;
    /// `refunded`: all of it went back; `disputed`: the payer's bank took money back.
    state: &'static str,
    /// What went back, by refunds and disputes.
    #[schema(value_type = String)]
    reversed: NanoUsd,
    /// Where to pay; null unless the payment is open.
    #[schema(required)]
    url: Option<String>,
    /// What did not fit, for operators.
    #[schema(required)]
    mismatch: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(required, format = DateTime)]
    paid_at: Option<String>,
}

/// Payments, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentList {
    items: Vec<Payment>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// What to pay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentOrder {
    /// Dollars as a decimal string, whole cents, within the account's payment terms.
    #[schema(value_type = String)]
    amount: NanoUsd,
}

/// Which payments.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PaymentParams {
    /// How many at most: 1 to 200, 50 where absent.
    limit: Option<u32>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Whose, by account id or owner's email; for operators. `all`: everybody's.
    account: Option<String>,
}

/// Begins a payment to the caller's own account, and gives where to pay. Repeated under the same
/// `Idempotency-Key` it gives the same payment.
#[utoipa::path(post, path = "/api/v1/payments", tag = "account", request_body = PaymentOrder,
    responses((status = 201, body = Payment), (status = "default", body = ErrorBody)))]
pub(crate) async fn begin_payment(
    State(state): State<ApiState>,
    principal: Principal,
    once: Once<PaymentOrder>,
) -> Result<(StatusCode, Json<Payment>), ApiError> {
    let account_id = principal.user()?.account_id;
    let stripe = state.shared.stripe.as_ref().ok_or_else(ApiError::payments_off)?;
    let (body, idempotency) = once.claim(&principal);
    let minor = check_amount(stripe, body.amount)?;
    let payments = state.store().payments();
    let new = NewPayment {
        account_id,
        amount: body.amount,
        minor,
        currency: stripe.settings().currency.clone(),
        mode: stripe.settings().mode,
    };
    let order = match payments.begin(new, idempotency.as_ref()).await? {
        Ok(order) => {
            let note = AuditNote {
                actor: principal.actor(),
                action: "payment.begin",
                object: Some(order.id.as_i64()),
                account: Some(account_id),
                detail: serde_json::json!({ "amount": order.amount }).to_string(),
                address: None,
            };
            state.store().audits().note(note).await?;
            order
        }
        Err(NotBegun::TooManyOpen) => return Err(ApiError::too_many_payments(WAIT)),
        Err(NotBegun::Repeat(Repeat::Done(ids))) => {
            let id = ids.first().and_then(|id| id.parse().ok()).ok_or_else(ApiError::internal)?;
            payments.get(id, Some(account_id)).await?.ok_or_else(ApiError::internal)?
        }
        Err(NotBegun::Repeat(repeat)) => return Err(refused(repeat)),
    };
    let order = with_page(&state, stripe, &principal, order).await?;
    Ok((StatusCode::CREATED, Json(shown(order, &principal))))
}

/// Lists payments, newest first.
#[utoipa::path(get, path = "/api/v1/payments", tag = "account", params(PaymentParams),
    responses((status = 200, body = PaymentList), (status = "default", body = ErrorBody)))]
pub(crate) async fn list_payments(
    State(state): State<ApiState>,
    principal: Principal,
    query: Result<Query<PaymentParams>, QueryRejection>,
) -> Result<Json<PaymentList>, ApiError> {
    let Query(query) = query.map_err(|rejection| ApiError::invalid(rejection.body_text()))?;
    let account = accounts_of(&state, &principal, query.account.as_deref()).await?;
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    let page = state.store().payments().page(account, limit, query.cursor.as_deref()).await;
    let page = page.map_err(|error| match error {
        StoreError::Conflict(_) => ApiError::field("cursor", "Not a cursor of this list."),
        other => other.into(),
    })?;
    Ok(Json(PaymentList {
        items: page.items.into_iter().map(|order| shown(order, &principal)).collect(),
        next_cursor: page.next_cursor,
    }))
}

/// Gives one payment, as when its payer comes back from the provider's page.
#[utoipa::path(get, path = "/api/v1/payments/{id}", tag = "account",
    params(("id" = String, Path, description = "The payment's id")),
    responses((status = 200, body = Payment), (status = "default", body = ErrorBody)))]
pub(crate) async fn get_payment(
    State(state): State<ApiState>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<Payment>, ApiError> {
    let id: PaymentId = id.parse().map_err(|_| ApiError::not_found("payment"))?;
    let found = state.store().payments().get(id, principal.reach()).await?;
    let order = found.ok_or_else(|| ApiError::not_found("payment"))?;
    Ok(Json(shown(order, &principal)))
}

/// The amount in cents.
fn check_amount(stripe: &Stripe, amount: NanoUsd) -> Result<i64, ApiError> {
    let settings = stripe.settings();
    let (least, most) = (settings.amount_min, settings.amount_max);
    if amount < least || amount > most {
        return Err(ApiError::field("amount", format!("Between ${least} and ${most}.")));
    }
    if amount.nanos() % NANOS_PER_MINOR != 0 {
        return Err(ApiError::field("amount", "Whole cents."));
    }
    Ok(amount.nanos() / NANOS_PER_MINOR)
}

/// The order with the page where it is paid, which is made now unless it was before.
async fn with_page(
    state: &ApiState,
    stripe: &Stripe,
    principal: &Principal,
    order: PaymentRecord,
) -> Result<PaymentRecord, ApiError> {
    if order.session_url.is_some() || order.state != PaymentState::Open {
        return Ok(order);
    }
    let payments = state.store().payments();
    let page = match stripe.begin(&order).await {
        Ok(page) => page,
        Err(failure) => {
            tracing::warn!(order = %order.id, why = failure.operator, "Stripe began no payment");
            if !failure.may_be_repeated {
                payments.not_begun(order.id, PaymentState::Failed).await?;
            }
            if failure.amount {
                return Err(ApiError::field("amount", "Stripe does not take this amount."));
            }
            let why = match failure.may_be_repeated {
                _ if principal.is_operator() => &failure.operator,
                true => "Stripe could not be reached or was busy; try again.",
                false => "Stripe refused it; ask the relay's operator, whose log says why.",
            };
            return Err(ApiError::payment_not_begun(why));
        }
    };
    payments.began(order.id, &page.id, &page.url).await?;
    Ok(PaymentRecord { session_id: Some(page.id), session_url: Some(page.url), ..order })
}

fn shown(order: PaymentRecord, principal: &Principal) -> Payment {
    let open = order.state == PaymentState::Open;
    let state = match order.state {
        PaymentState::Paid if order.disputed > 0 => "disputed",
        PaymentState::Paid if order.reversed == order.amount => "refunded",
        state => state.name(),
    };
    Payment {
        id: order.id.to_string(),
        account: order.account_id.to_string(),
        amount: order.amount,
        currency: order.currency,
        mode: order.mode.name(),
        state,
        reversed: order.reversed,
        url: order.session_url.filter(|_| open),
        mismatch: order.mismatch.filter(|_| principal.is_operator()),
        created_at: order.created_at.to_rfc3339(),
        paid_at: order.paid_at.map(anc_domain::UnixMillis::to_rfc3339),
    }
}
