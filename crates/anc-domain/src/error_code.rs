//! The errors that a client program may see: one stable code for each cause, in one table.
//!
//! Only the envelope differs by protocol, and `anc-wire` writes it. Why Anthropic routes answer 402
//! where the others answer 429: OpenAI's clients stop at once on 429 with `insufficient_quota` but
//! retry a 402, while Anthropic's show a 402 `billing_error` verbatim, once.

use std::borrow::Cow;
use std::time::Duration;

/// How one protocol words an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    /// The HTTP status on OpenAI and Gemini routes.
    pub status: u16,
    /// The HTTP status on Anthropic routes.
    pub anthropic_status: u16,
    /// `error.type` of the OpenAI protocol.
    pub openai_type: &'static str,
    /// `error.code` of the OpenAI protocol, where its clients match on a word other than ours.
    pub openai_code: Option<&'static str>,
    /// `error.type` of the Anthropic protocol.
    pub anthropic_type: &'static str,
    /// `error.status` of the Gemini protocol.
    pub gemini_status: &'static str,
    /// Whether a client that repeats the same request may fare better; sent as `x-should-retry`
    /// where clients would guess wrong.
    pub should_retry: Option<bool>,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:literal / $anthropic_status:literal,
       $openai:literal $(as $openai_code:literal)?, $anthropic:literal, $gemini:literal
       $(, retry $retry:literal)?;)*) => {
        /// A cause of refusal or failure. Codes are part of the interface and are never reworded.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum RelayErrorCode {
            $($(#[$doc])* $variant,)*
        }

        impl RelayErrorCode {
            /// Every code, in the table's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Status and words in each protocol.
            #[allow(unused_mut, unused_assignments, reason = "most rows leave the optional words out")]
            pub const fn envelope(self) -> Envelope {
                match self { $(Self::$variant => {
                    let mut openai_code = None;
                    let mut should_retry = None;
                    $(openai_code = Some($openai_code);)?
                    $(should_retry = Some($retry);)?
                    Envelope {
                        status: $status,
                        anthropic_status: $anthropic_status,
                        openai_type: $openai,
                        openai_code,
                        anthropic_type: $anthropic,
                        gemini_status: $gemini,
                        should_retry,
                    }
                })* }
            }
        }
    };
}

codes! {
    /// No token, or one that is malformed or unknown: which of these is not told.
    InvalidApiKey = "invalid_api_key", 401 / 401, "invalid_request_error", "authentication_error", "UNAUTHENTICATED", retry false;
    /// The token was switched off or deleted.
    TokenDisabled = "token_disabled", 401 / 401, "invalid_request_error", "authentication_error", "UNAUTHENTICATED", retry false;
    /// The token's expiration time has passed.
    TokenExpired = "token_expired", 401 / 401, "invalid_request_error", "authentication_error", "UNAUTHENTICATED", retry false;
    /// The account was suspended by the operator.
    AccountSuspended = "account_suspended", 403 / 403, "permission_error", "permission_error", "PERMISSION_DENIED";
    /// The token has an IP restriction and the request came from elsewhere.
    IpNotAllowed = "ip_not_allowed", 403 / 403, "permission_error", "permission_error", "PERMISSION_DENIED";
    /// The token may not call this kind of endpoint.
    ScopeDenied = "scope_denied", 403 / 403, "permission_error", "permission_error", "PERMISSION_DENIED";
    /// The token may not use this model.
    ModelNotAllowed = "model_not_allowed", 404 / 404, "invalid_request_error", "not_found_error", "NOT_FOUND";
    /// No channel serves a model of this name.
    ModelNotFound = "model_not_found", 404 / 404, "invalid_request_error", "not_found_error", "NOT_FOUND";
    /// A channel serves the model, but the operator has set no price for it.
    ModelUnpriced = "model_unpriced", 404 / 404, "invalid_request_error", "not_found_error", "NOT_FOUND";
    /// The account's balance does not cover the request.
    BalanceExhausted = "balance_exhausted", 429 / 402, "insufficient_quota" as "insufficient_quota", "billing_error", "RESOURCE_EXHAUSTED", retry false;
    /// The token's own quota does not cover the request.
    TokenQuotaExhausted = "token_quota_exhausted", 429 / 402, "insufficient_quota" as "insufficient_quota", "billing_error", "RESOURCE_EXHAUSTED", retry false;
    /// A periodic budget of the token does not cover the request.
    BudgetExhausted = "budget_exhausted", 429 / 429, "insufficient_quota" as "insufficient_quota", "billing_error", "RESOURCE_EXHAUSTED", retry false;
    /// There is money enough, but requests that still run hold it.
    HeldByRunningRequests = "held_by_running_requests", 429 / 429, "rate_limit_error", "rate_limit_error", "RESOURCE_EXHAUSTED";
    /// More requests at once than a limit of the relay allows.
    RateLimitExceeded = "rate_limit_exceeded", 429 / 429, "rate_limit_error", "rate_limit_error", "RESOURCE_EXHAUSTED";
    /// The body is larger than the relay takes.
    RequestTooLarge = "request_too_large", 413 / 413, "invalid_request_error", "request_too_large", "INVALID_ARGUMENT";
    /// The body is not what the protocol says, or lacks its model.
    InvalidRequest = "invalid_request", 400 / 400, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT";
    /// The model's channels speak another protocol.
    UnsupportedByChannel = "unsupported_by_channel", 400 / 400, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT";
    /// No such path.
    NotFound = "not_found", 404 / 404, "invalid_request_error", "not_found_error", "NOT_FOUND";
    /// The path takes another method.
    MethodNotAllowed = "method_not_allowed", 405 / 405, "invalid_request_error", "not_found_error", "NOT_FOUND";
    /// Somebody ended the request in the console while it ran.
    RequestEnded = "request_ended", 409 / 409, "invalid_request_error", "invalid_request_error", "ABORTED", retry false;
    /// A WebSocket was asked for where there is none: the same is served over plain requests.
    UpgradeRequired = "websocket_not_supported", 426 / 426, "invalid_request_error", "invalid_request_error", "FAILED_PRECONDITION";
    /// Every channel failed, or none is able.
    UpstreamUnavailable = "upstream_unavailable", 503 / 529, "server_error", "overloaded_error", "UNAVAILABLE";
    /// The provider answered what its protocol does not allow.
    UpstreamError = "upstream_error", 502 / 502, "server_error", "api_error", "INTERNAL";
    /// The provider took longer than the relay waits.
    UpstreamTimeout = "upstream_timeout", 504 / 504, "server_error", "timeout_error", "DEADLINE_EXCEEDED";
    /// The relay itself cannot take the request now.
    RelayUnavailable = "relay_unavailable", 503 / 503, "server_error", "api_error", "UNAVAILABLE";
}

/// An error for a client program: what the caller may read. What the log needs is logged where the
/// failure is handled, never carried in here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayError {
    /// The cause.
    pub code: RelayErrorCode,
    /// What happened, why, and what to do, for a person.
    pub message: Cow<'static, str>,
    /// After how long a repetition may fare better.
    pub retry_after: Option<Duration>,
    /// The method that the path takes, for `allow`.
    pub allow: Option<&'static str>,
    /// The rate that was reached, for the protocol's own headers.
    pub rate: Option<RateReached>,
}

/// A rate limit that stopped a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateReached {
    /// What is counted: `requests` or `tokens`, in the vendors' word for units.
    pub counts: &'static str,
    /// How much of it a minute.
    pub limit: u64,
}

impl RelayError {
    /// An error with its sentence.
    pub fn new(code: RelayErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), retry_after: None, allow: None, rate: None }
    }

    /// The same error with a time after which to try again.
    #[must_use]
    pub const fn retry_after(mut self, span: Duration) -> Self {
        self.retry_after = Some(span);
        self
    }

    /// The same error with the rate that was reached.
    #[must_use]
    pub const fn rate(mut self, rate: RateReached) -> Self {
        self.rate = Some(rate);
        self
    }

    /// The same error with the method that the path takes.
    #[must_use]
    pub const fn allow(mut self, method: &'static str) -> Self {
        self.allow = Some(method);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_distinct() {
        let mut codes: Vec<_> = RelayErrorCode::ALL.iter().map(|code| code.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), RelayErrorCode::ALL.len());
    }

    #[test]
    fn running_out_of_money_is_never_a_403() {
        for code in [RelayErrorCode::BalanceExhausted, RelayErrorCode::TokenQuotaExhausted] {
            let envelope = code.envelope();
            assert_eq!((envelope.status, envelope.anthropic_status), (429, 402));
            assert_eq!(envelope.openai_code, Some("insufficient_quota"));
            assert_eq!(envelope.should_retry, Some(false));
        }
    }
}
