//! What the control API refuses, and how it says so.

use std::time::Duration;

use anc_store::{FOREIGN_CURSOR, StoreError, TokenLimitReached, VERSION_CONFLICT};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{HeaderValue, RETRY_AFTER};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::identity::{IdentityProvider, ProviderFailure};

/// A refusal. The answer's body is written where the request's id is known, in `frame.rs`.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The field of the body that is at fault.
    pub(crate) field: Option<&'static str>,
    pub(crate) details: Option<Value>,
    pub(crate) retry_after: Option<Duration>,
}

/// The body of every refusal.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    pub(crate) error: ErrorContent,
}

/// What went wrong, why, and what to do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorContent {
    /// The stable code.
    pub(crate) code: &'static str,
    /// A sentence for people.
    pub(crate) message: String,
    /// The request's id, as in `x-request-id`.
    pub(crate) request_id: String,
    /// The field of the body that is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<&'static str>,
    /// Figures that belong to the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) details: Option<Value>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, code, message, field: None, details: None, retry_after: None }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", message)
    }

    pub(crate) fn field(field: &'static str, message: impl Into<String>) -> Self {
        Self { field: Some(field), ..Self::invalid(message) }
    }

    pub(crate) fn not_signed_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_signed_in", "Sign in to go on.")
    }

    pub(crate) fn wrong_credentials() -> Self {
        let message = "This email address and password do not belong together.";
        Self::new(StatusCode::UNAUTHORIZED, "wrong_credentials", message)
    }

    pub(crate) fn wrong_password() -> Self {
        let message = "This is not your present password.";
        let refused = Self::new(StatusCode::UNAUTHORIZED, "wrong_credentials", message);
        Self { field: Some("old_password"), ..refused }
    }

    pub(crate) fn wrong_code() -> Self {
        let message = "This code is not right, or was used before. Wait for the app's next one, or \
                       use a recovery code.";
        Self::new(StatusCode::UNAUTHORIZED, "wrong_code", message)
    }

    pub(crate) fn sign_in_expired() -> Self {
        let message = "This sign-in has waited too long for its second step. Begin it again.";
        Self::new(StatusCode::UNAUTHORIZED, "sign_in_expired", message)
    }

    pub(crate) fn step_up_required() -> Self {
        let message = "Show your password or a code again (POST /api/v1/session/step-up), then \
                       repeat the request.";
        Self::new(StatusCode::FORBIDDEN, "step_up_required", message)
    }

    pub(crate) fn link_not_valid() -> Self {
        let message = "This link is not valid any more. Ask for a new one.";
        Self::new(StatusCode::FORBIDDEN, "link_not_valid", message)
    }

    pub(crate) fn sign_up_closed() -> Self {
        let message = "This relay takes no registrations. Ask its operator for an account or an \
                       invitation.";
        Self::new(StatusCode::FORBIDDEN, "sign_up_closed", message)
    }

    /// A visit at a provider of identities that came to nothing: what people are told, and in the log why.
    pub(crate) fn visit_failed(failure: &ProviderFailure, provider: &IdentityProvider) -> Self {
        let IdentityProvider { id, name, .. } = provider;
        match failure {
            ProviderFailure::Unreachable(why) => {
                tracing::warn!(provider = id, why, "a provider of identities could not be asked");
                let message = format!("{name} could not be asked who you are. Try again.");
                Self::new(StatusCode::BAD_GATEWAY, "identity_provider_failed", message)
            }
            ProviderFailure::Refused(why) => {
                tracing::warn!(provider = id, why, "a sign-in by a provider was not believed");
                let message = format!("What {name} said is not to be believed. Begin again.");
                Self::new(StatusCode::UNAUTHORIZED, "identity_refused", message)
            }
        }
    }

    pub(crate) fn email_not_verified() -> Self {
        let message = "The service has not made sure that your email address is yours. Verify it \
                       there, or sign in with your password and connect the service on your \
                       Profile page.";
        Self::new(StatusCode::FORBIDDEN, "email_not_verified", message)
    }

    pub(crate) fn email_domain_not_allowed() -> Self {
        let message = "This relay does not let people of your address's domain in by this service.";
        Self::new(StatusCode::FORBIDDEN, "email_domain_not_allowed", message)
    }

    pub(crate) fn person_disabled() -> Self {
        let message = "You may not sign in at the moment. Ask the relay's operator.";
        Self::new(StatusCode::FORBIDDEN, "person_disabled", message)
    }

    pub(crate) fn connect_first(service: &str) -> Self {
        let message = format!(
            "Somebody signs in with this address already. If it is you, sign in as you do, and \
             connect {service} on your Profile page."
        );
        Self::new(StatusCode::CONFLICT, "connect_first", message)
    }

    pub(crate) fn identity_taken() -> Self {
        let message =
            "This account of the service is connected already, to you or to somebody else.";
        Self::new(StatusCode::CONFLICT, "identity_taken", message)
    }

    pub(crate) fn last_way_in() -> Self {
        let message = "Without it you could not sign in any more. Set a password or connect another \
                       service first.";
        Self::new(StatusCode::CONFLICT, "last_way_in", message)
    }

    pub(crate) fn not_your_identity() -> Self {
        let message = "This is not an account that you sign in by here.";
        Self::new(StatusCode::FORBIDDEN, "not_your_identity", message)
    }

    pub(crate) fn not_shown_anew() -> Self {
        let message =
            "The service did not ask you anew who you are. Sign out there, and try again.";
        Self::new(StatusCode::FORBIDDEN, "not_shown_anew", message)
    }

    pub(crate) fn mail_not_configured() -> Self {
        let message = "This relay sends no mail, so a forgotten password cannot be replaced.";
        Self::new(StatusCode::CONFLICT, "mail_not_configured", message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no such {what}."))
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "The path takes another method; see `allow`.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    pub(crate) fn precondition_failed() -> Self {
        let message =
            "It was changed by somebody else meanwhile. Load it again and repeat the edit.";
        Self::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", message)
    }

    pub(crate) fn already_created(ids: &[String]) -> Self {
        let message = format!(
            "This request was carried out before, under the same Idempotency-Key, and made {}. A \
             secret cannot be shown again.",
            ids.join(", ")
        );
        Self {
            details: Some(json!({ "ids": ids })),
            ..Self::new(StatusCode::CONFLICT, "already_created", message)
        }
    }

    pub(crate) fn idempotency_key_reused() -> Self {
        let message = "This Idempotency-Key was used for another request. Choose a new one.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", message)
    }

    pub(crate) fn invalid_management_key() -> Self {
        let message = "The management key is not one that works. Create one on the Profile page.";
        Self::new(StatusCode::UNAUTHORIZED, "invalid_management_key", message)
    }

    pub(crate) fn key_scope_missing(scope: &str) -> Self {
        let message = format!("This management key was not given {scope}.");
        Self::new(StatusCode::FORBIDDEN, "key_scope_missing", message)
    }

    pub(crate) fn provider_failed(why: &str) -> Self {
        let message = format!("The provider could not be asked. {why}");
        Self::new(StatusCode::BAD_GATEWAY, "provider_failed", message)
    }

    pub(crate) fn payments_off() -> Self {
        let message = "This relay takes no payments. Ask its operator for money on the account.";
        Self::new(StatusCode::CONFLICT, "payments_off", message)
    }

    pub(crate) fn payment_not_begun(why: &str) -> Self {
        let message = format!("The payment could not be begun, and nothing was paid. {why}");
        Self::new(StatusCode::BAD_GATEWAY, "payment_not_begun", message)
    }

    pub(crate) fn too_many_payments(wait: Duration) -> Self {
        let message = "The account has many payments that nobody finished. Finish one, or try \
                       again later.";
        Self {
            retry_after: Some(wait),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_payments", message)
        }
    }

    pub(crate) fn code_mistyped() -> Self {
        let message = "This is not how a redemption code looks: a character is missing or wrong. \
                       Compare it with what you were given.";
        Self { field: Some("code"), ..Self::new(StatusCode::BAD_REQUEST, "code_mistyped", message) }
    }

    pub(crate) fn code_unknown() -> Self {
        let message = "There is no such redemption code here. Compare it with what you were given.";
        Self { field: Some("code"), ..Self::new(StatusCode::NOT_FOUND, "code_unknown", message) }
    }

    pub(crate) fn code_redeemed_before() -> Self {
        let message = "This account has redeemed this code before; its statement shows when.";
        Self {
            field: Some("code"),
            ..Self::new(StatusCode::CONFLICT, "code_redeemed_before", message)
        }
    }

    pub(crate) fn code_used_up() -> Self {
        let message = "This code was redeemed as often as it may be. Ask whoever gave it to you.";
        Self { field: Some("code"), ..Self::new(StatusCode::CONFLICT, "code_used_up", message) }
    }

    pub(crate) fn code_expired() -> Self {
        let message = "This code has expired. Ask whoever gave it to you for another.";
        Self { field: Some("code"), ..Self::new(StatusCode::CONFLICT, "code_expired", message) }
    }

    pub(crate) fn code_revoked() -> Self {
        let message = "This code was taken back. Ask whoever gave it to you.";
        Self { field: Some("code"), ..Self::new(StatusCode::CONFLICT, "code_revoked", message) }
    }

    pub(crate) fn account_suspended() -> Self {
        let message = "The account is suspended. Ask the relay's operator.";
        Self::new(StatusCode::FORBIDDEN, "account_suspended", message)
    }

    pub(crate) fn too_many_playgrounds(wait: Duration) -> Self {
        let message = "The token is used by many playgrounds at once. Choose another, or try again \
                       in some minutes.";
        Self {
            retry_after: Some(wait),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_playgrounds", message)
        }
    }

    pub(crate) fn setup_done() -> Self {
        let message = "The relay has an owner already. Sign in instead.";
        Self::new(StatusCode::CONFLICT, "setup_done", message)
    }

    pub(crate) fn setup_code_wrong() -> Self {
        let message = "The set-up link is not valid any more. Use the one that the relay printed at \
                       its last start.";
        Self::new(StatusCode::FORBIDDEN, "setup_code_wrong", message)
    }

    pub(crate) fn token_limit(reached: &TokenLimitReached) -> Self {
        let TokenLimitReached { tier, limit, used } = reached;
        let message = format!(
            "The account has {used} of the {limit} API tokens that its tier {tier} allows. Delete \
             one that is no longer used, or ask the operator for a larger tier."
        );
        Self {
            details: Some(json!({ "tier": tier, "limit": limit, "used": used })),
            ..Self::new(StatusCode::CONFLICT, "token_limit_reached", message)
        }
    }

    pub(crate) fn price_list_too_large(bytes: usize) -> Self {
        let message = format!(
            "The list broke off, or has more than {bytes} bytes; limits.price_list_bytes says how \
             many one may have."
        );
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", message)
    }

    pub(crate) fn too_large() -> Self {
        let message = "The body is larger than the control API takes.";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", message)
    }

    pub(crate) fn too_many_attempts(wait: Duration) -> Self {
        let seconds = wait.as_secs().max(1);
        let message = format!("There were too many attempts. Try again in {seconds} seconds.");
        Self {
            retry_after: Some(Duration::from_secs(seconds)),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", message)
        }
    }

    pub(crate) fn insecure_connection() -> Self {
        let message = "Signing in over plain HTTP is allowed from the relay's own machine only. \
                       Reach it over HTTPS and set public_url, or set insecure_http.";
        Self::new(StatusCode::FORBIDDEN, "insecure_connection", message)
    }

    pub(crate) fn internal() -> Self {
        let message = "The relay failed. The log has more under the request's id.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// The answer's body, with the id of the request that it belongs to.
    pub(crate) fn body(&self, request_id: String) -> ErrorBody {
        ErrorBody {
            error: ErrorContent {
                code: self.code,
                message: self.message.clone(),
                request_id,
                field: self.field,
                details: self.details.clone(),
            },
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(failure: StoreError) -> Self {
        match failure {
            StoreError::Conflict(FOREIGN_CURSOR) => {
                Self::field("cursor", "Not a cursor of this list.")
            }
            StoreError::Conflict(VERSION_CONFLICT) => Self::precondition_failed(),
            StoreError::Conflict(rule) => Self::conflict(format!("There is already {rule}.")),
            StoreError::Unavailable(cause) => {
                tracing::error!(%cause, "the store is unavailable");
                let message = "The relay cannot reach its database at the moment. Nothing was \
                               changed; try again.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "service_unavailable", message)
            }
            StoreError::Corrupt(cause) => {
                tracing::error!(%cause, "the store is corrupt");
                Self::internal()
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs()));
        }
        response.extensions_mut().insert(self);
        response
    }
}
