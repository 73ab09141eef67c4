//! From the causes inside to what a client may read. Sentences are for people: what happened, how
//! much is left, what to do.

use std::time::Duration;

use anc_domain::{
    EndpointScope, ModelName, NanoUsd, RateReached, RelayError, RelayErrorCode as Code, UnixMillis,
};
use anc_ledger::{Holder, Period, Refusal, UnpricedOption};
use anc_limits::{Limited, Rate, TooFast};
use anc_routing::NoPlan;
use anc_store::StoreError;
use anc_upstream::UpstreamFailure;

use crate::running::Owner;

/// Running requests usually end within seconds; sooner there is nothing to gain.
const HELD_RETRY_AFTER: Duration = Duration::from_secs(2);
/// A store that is down is looked at again by people and programs within seconds.
const UNAVAILABLE_RETRY_AFTER: Duration = Duration::from_secs(5);

/// No token, or none that is valid. One sentence for every cause, so that it tells nothing.
pub(crate) fn invalid_api_key() -> RelayError {
    RelayError::new(
        Code::InvalidApiKey,
        "The API token is missing or not valid. Send it as `Authorization: Bearer sk-…` or \
         `x-api-key`; create one on the Tokens page of the console.",
    )
}

/// Why no money was held.
pub(crate) fn refused(refusal: Refusal, now: UnixMillis) -> RelayError {
    match refusal {
        Refusal::TokenDisabled => token_disabled(),
        Refusal::TokenExpired => token_expired(),
        Refusal::AccountSuspended => account_suspended(),
        Refusal::TokenQuotaExhausted { quota, used, least } => RelayError::new(
            Code::TokenQuotaExhausted,
            format!(
                "This API token has used ${used} of its quota of ${quota}; the request needs at \
                 least ${least}. Raise the token's quota on the Tokens page of the console."
            ),
        ),
        Refusal::BalanceExhausted { balance, overdraft, least } => {
            let lent = if overdraft > NanoUsd::ZERO {
                format!(" and may fall to -${overdraft}")
            } else {
                String::new()
            };
            RelayError::new(
                Code::BalanceExhausted,
                format!(
                    "The account's balance is ${balance}{lent}; the request needs at least \
                     ${least}. Top the account up, or ask its operator to."
                ),
            )
        }
        Refusal::BudgetExhausted { period, limit, used, ends_at } => {
            budget_exhausted(period, limit, used, ends_at, now)
        }
        Refusal::HeldByRunningRequests { of, held } => held_by_running(of, held),
        Refusal::OutOfRange => RelayError::new(
            Code::InvalidRequest,
            "The request could cost more than the relay can account for. Ask for less output.",
        ),
    }
}

const fn adjective(period: Period) -> &'static str {
    match period {
        Period::Day => "daily",
        Period::Week => "weekly",
        Period::Month => "monthly",
    }
}

fn budget_exhausted(
    period: Period,
    limit: NanoUsd,
    used: NanoUsd,
    ends_at: UnixMillis,
    now: UnixMillis,
) -> RelayError {
    let message = format!(
        "This API token has used ${used} of its {} budget of ${limit}. The budget begins anew at \
         {}. It can be raised on the Tokens page of the console.",
        adjective(period),
        ends_at.to_rfc3339(),
    );
    let wait = ends_at.since(now);
    // A second that has begun counts whole: asked again on the second, it must pass.
    let wait = Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
    RelayError::new(Code::BudgetExhausted, message).retry_after(wait)
}

/// The token may not call this kind of endpoint.
pub(crate) fn scope_denied(scope: EndpointScope) -> RelayError {
    RelayError::new(
        Code::ScopeDenied,
        format!(
            "This API token may not call the endpoint {scope}. Its endpoints can be changed on the \
             Tokens page of the console."
        ),
    )
}

/// A request that comes too soon, or beside too many others.
pub(crate) fn too_fast(reached: TooFast, tier: &str) -> RelayError {
    let TooFast { of, rate, limit, retry_after } = reached;
    let (what, counts) = match rate {
        Rate::Requests => (format!("{limit} requests a minute"), Some("requests")),
        Rate::Units => (format!("{limit} input and output units a minute"), Some("tokens")),
        Rate::Concurrency => (format!("{limit} requests at once"), None),
    };
    let seconds = retry_after.as_millis().div_ceil(1_000).max(1);
    let message = match of {
        Limited::ApiToken(_) => format!(
            "This API token may make {what}. Try again in {seconds} s, or raise the limit on the \
             Tokens page of the console."
        ),
        Limited::Account(_) => format!(
            "All API tokens of an account of the tier {tier} may make {what} together. Try again in \
             {seconds} s, or ask the operator of this relay for another tier."
        ),
    };
    let whole =
        Duration::from_secs(u64::try_from(retry_after.as_millis().div_ceil(1_000)).unwrap_or(60));
    let error = RelayError::new(Code::RateLimitExceeded, message).retry_after(whole);
    match counts {
        Some(counts) => error.rate(RateReached { counts, limit }),
        None => error,
    }
}

fn held_by_running(of: Holder, held: NanoUsd) -> RelayError {
    let whose = match of {
        Holder::ApiToken => "this API token's quota",
        Holder::Account => "the account's balance",
        Holder::Budget(_) => "this API token's budget",
    };
    let message = format!(
        "Requests that are still running hold ${held} of {whose}, and what is left does not cover \
         this one. Try again when they have ended, or ask for less output."
    );
    RelayError::new(Code::HeldByRunningRequests, message).retry_after(HELD_RETRY_AFTER)
}

/// An answer has cost all that was left while it came.
pub(crate) fn spent_by(of: Holder) -> RelayError {
    let (code, what, remedy) = match of {
        Holder::ApiToken => (
            Code::TokenQuotaExhausted,
            "this API token's quota",
            "Raise the quota on the Tokens page of the console.",
        ),
        Holder::Account => (
            Code::BalanceExhausted,
            "the account's balance",
            "Top the account up, or ask its operator to.",
        ),
        Holder::Budget(_) => (
            Code::BudgetExhausted,
            "this API token's budget",
            "It can be raised on the Tokens page of the console.",
        ),
    };
    let message = format!("What was left of {what} does not pay for more of this answer. {remedy}");
    RelayError::new(code, message)
}

pub(crate) fn token_disabled() -> RelayError {
    RelayError::new(
        Code::TokenDisabled,
        "This API token is disabled. Enable it on the Tokens page of the console, or use another.",
    )
}

/// The request was ended while it ran.
pub(crate) fn revoked(by: Owner) -> RelayError {
    match by {
        Owner::ApiToken(_) => token_disabled(),
        Owner::Account(_) => account_suspended(),
        Owner::Everybody => relay_unavailable("The relay is stopping. Send the request again."),
        Owner::Request(_) => RelayError::new(
            Code::RequestEnded,
            "This request was ended by hand in the console. What was delivered is charged.",
        ),
    }
}

pub(crate) fn token_expired() -> RelayError {
    RelayError::new(
        Code::TokenExpired,
        "This API token has expired. Extend it on the Tokens page of the console, or create another.",
    )
}

pub(crate) fn account_suspended() -> RelayError {
    RelayError::new(
        Code::AccountSuspended,
        "The account that this API token belongs to is suspended. Ask the operator of this relay.",
    )
}

/// The store does not answer; nothing is let through unaccounted.
pub(crate) fn store_down(error: &StoreError) -> RelayError {
    tracing::error!(%error, "the store refused an operation");
    relay_unavailable("The relay cannot reach its books at the moment, so it takes no requests.")
}

pub(crate) fn relay_unavailable(message: &'static str) -> RelayError {
    RelayError::new(Code::RelayUnavailable, message).retry_after(UNAVAILABLE_RETRY_AFTER)
}

/// No channel can be tried.
pub(crate) fn no_plan(reason: NoPlan, model: &ModelName) -> RelayError {
    match reason {
        NoPlan::NoChannel => model_not_found(model.as_str()),
        NoPlan::OtherProtocol => RelayError::new(
            Code::UnsupportedByChannel,
            format!(
                "The model {model} is served here, but not through this protocol. Call it through \
                 its vendor's own endpoint, or choose another model."
            ),
        ),
    }
}

pub(crate) fn model_not_found(model: &str) -> RelayError {
    // The name comes from the client and goes back to it alone; it is cut so that nobody can have
    // the relay repeat a novel.
    let shown: String = model.chars().filter(|c| !c.is_control()).take(128).collect();
    RelayError::new(
        Code::ModelNotFound,
        format!("There is no model named {shown:?} here. `GET /v1/models` lists those there are."),
    )
}

/// There is no such stored response, or it is another account's: the text is the same, so that it
/// tells nothing.
pub(crate) fn stored_response_not_found(id: &str) -> RelayError {
    let shown: String = id.chars().filter(|c| !c.is_control()).take(64).collect();
    RelayError::new(
        Code::NotFound,
        format!(
            "There is no stored response, or item of one, named {shown:?} that this API token could \
             use. It was never stored, was deleted, is older than 30 days, or its channel is gone."
        ),
    )
}

pub(crate) fn model_unpriced(model: &ModelName) -> RelayError {
    RelayError::new(
        Code::ModelUnpriced,
        format!(
            "The model {model} has no price, so it cannot be charged for. Ask the operator of this \
             relay to set one."
        ),
    )
}

/// An option that would cost something else, which the price book does not have.
pub(crate) fn unpriced_option(UnpricedOption(field): UnpricedOption) -> RelayError {
    RelayError::new(
        Code::InvalidRequest,
        format!(
            "The request was refused: this value of `{field}` is not offered here, since it has a \
             price of its own that the price book does not have; leave it out."
        ),
    )
}

/// A provider gave no answer.
pub(crate) fn upstream_failed(failure: &UpstreamFailure) -> RelayError {
    match failure {
        UpstreamFailure::TimedOut => upstream_timeout(),
        UpstreamFailure::Connect(_)
        | UpstreamFailure::AddressRefused
        | UpstreamFailure::Broken(_) => upstream_unavailable(None),
    }
}

pub(crate) fn upstream_timeout() -> RelayError {
    RelayError::new(
        Code::UpstreamTimeout,
        "The model's provider did not answer in time. Try again, or choose another model.",
    )
}

pub(crate) fn upstream_unavailable(retry_after: Option<Duration>) -> RelayError {
    let error = RelayError::new(
        Code::UpstreamUnavailable,
        "The model's provider cannot take the request at the moment. Try again shortly.",
    );
    match retry_after {
        Some(span) => error.retry_after(span),
        None => error,
    }
}

/// The provider found fault with the request and did not say what, or not in its protocol's words.
pub(crate) fn refused_without_words(status: u16) -> RelayError {
    let code = if status == 413 { Code::RequestTooLarge } else { Code::InvalidRequest };
    RelayError::new(
        code,
        format!("The model's provider refused the request (status {status}) and gave no reason."),
    )
}

pub(crate) fn upstream_nonsense() -> RelayError {
    RelayError::new(
        Code::UpstreamError,
        "The model's provider gave an answer that its protocol does not allow. Try again.",
    )
}

/// The provider's stream broke after it had begun.
pub(crate) fn upstream_cut() -> RelayError {
    RelayError::new(
        Code::UpstreamError,
        "The model's provider broke off in the middle of its answer. What was delivered is charged.",
    )
}
