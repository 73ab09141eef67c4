//! Whom each operation is open to. A new operation needs its line here.

use http::Method;

/// Who may carry an operation out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// Anybody, signed in or not.
    Everybody,
    /// Everybody who has shown who they are, on what is theirs.
    SignedIn,
    /// The user whose thing it is, and operators.
    UserAndOperators,
    /// The user whose thing it is and nobody else.
    UserAlone,
    /// Admins and the owner.
    Operators,
    /// The owner.
    #[expect(dead_code, reason = "no operation is the owner's alone yet")]
    Owner,
}

/// What a management key needs for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// It is for people alone.
    People,
    /// Any key will do.
    Any,
    /// That scope.
    Named(&'static str),
}

/// One operation.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) who: Who,
    pub(crate) scope: Scope,
    /// JSON with which it is carried out.
    pub(crate) body: &'static str,
    /// What it answers those who may; empty is a success.
    pub(crate) gives: &'static [u16],
}

impl Row {
    pub(crate) fn is(&self, method: &Method, path: &str) -> bool {
        self.method == method.as_str() && self.path == path
    }

    const fn gives(self, gives: &'static [u16]) -> Self {
        Self { gives, ..self }
    }
}

const fn row(
    method: &'static str,
    path: &'static str,
    who: Who,
    scope: Scope,
    body: &'static str,
) -> Row {
    Row { method, path, who, scope, body, gives: &[] }
}

const TOKENS_READ: Scope = Scope::Named("tokens:read");
const TOKENS_WRITE: Scope = Scope::Named("tokens:write");
const USAGE_READ: Scope = Scope::Named("usage:read");
const CHANNELS_READ: Scope = Scope::Named("channels:read");
const CHANNELS_WRITE: Scope = Scope::Named("channels:write");
const PRICES_WRITE: Scope = Scope::Named("prices:write");
const CREDITS_WRITE: Scope = Scope::Named("credits:write");

use Scope::{Any, People};
use Who::{Everybody, Operators, SignedIn, UserAlone, UserAndOperators};

const NO_CODE: &str = r#"{"code": "0000", "password": "correct horse battery"}"#;
const SAME_PASSWORD: &str =
    r#"{"old_password": "correct horse battery", "new_password": "correct horse battery"}"#;
const NO_PROVIDER: &str = r#"{"provider": "nobody"}"#;
const NO_VISIT: &str = r#"{"provider": "nobody", "code": "x", "state": "x"}"#;
const NEW_TOKEN: &str = r#"{"name": "made"}"#;
const NEW_TOKENS: &str = r#"{"token": {"name": "made"}, "count": 2}"#;
const NO_TOKENS: &str = r#"{"ids": ["tok_00000000000000000000000000"], "action": "disable"}"#;

/// Every operation.
pub(crate) const ROWS: &[Row] = &[
    row("GET", "/instance", Everybody, Any, "null"),
    row("GET", "/openapi.json", Everybody, Any, "null"),
    row("POST", "/setup", Everybody, Any, SET_UP).gives(&[409]),
    row("POST", "/session", Everybody, Any, r#"{"email": "a@b.c", "password": "x"}"#)
        .gives(&[401, 429]),
    row("POST", "/session/second-step", Everybody, Any, r#"{"code": "1"}"#).gives(&[401, 429]),
    row("DELETE", "/session", Everybody, Any, "null"),
    row("POST", "/registrations", Everybody, Any, r#"{"email": "a@b.c"}"#).gives(&[403]),
    row("POST", "/registrations/confirm", Everybody, Any, NO_CODE).gives(&[403, 429]),
    row("POST", "/password-resets", Everybody, Any, r#"{"email": "a@b.c"}"#).gives(&[409]),
    row("POST", "/password-resets/confirm", Everybody, Any, NO_CODE).gives(&[403, 429]),
    row("GET", "/session", SignedIn, People, "null"),
    // Those before have guessed from the same address.
    row("POST", "/session/step-up", SignedIn, People, r#"{"password": "correct horse battery"}"#)
        .gives(&[200, 429]),
    row("POST", "/session/step-up/provider", SignedIn, People, NO_PROVIDER).gives(&[404]),
    row("POST", "/provider-sign-ins", Everybody, Any, NO_PROVIDER).gives(&[404, 429]),
    row("POST", "/provider-sign-ins/finish", Everybody, Any, NO_VISIT).gives(&[401]),
    row("GET", "/identities", SignedIn, People, "null"),
    row("POST", "/identities", SignedIn, People, NO_PROVIDER).gives(&[404]),
    row("DELETE", "/identities/{id}", UserAlone, People, "null"),
    row("PUT", "/password", SignedIn, People, SAME_PASSWORD).gives(&[204, 400, 429]),
    row("GET", "/sessions", SignedIn, People, "null"),
    row("DELETE", "/sessions", SignedIn, People, "null"),
    row("DELETE", "/sessions/{id}", UserAlone, People, "null"),
    row("GET", "/sign-ins", SignedIn, People, "null"),
    row("GET", "/factors", SignedIn, People, "null"),
    row("POST", "/factors/totp", SignedIn, People, "{}"),
    row("POST", "/factors/totp/confirm", SignedIn, People, r#"{"code": "000000"}"#).gives(&[401]),
    row("DELETE", "/factors/totp", SignedIn, People, "null").gives(&[404]),
    row("POST", "/factors/recovery-codes", SignedIn, People, "{}").gives(&[409]),
    row("GET", "/management-keys", SignedIn, People, "null"),
    row("POST", "/management-keys", SignedIn, People, NEW_KEY),
    row("DELETE", "/management-keys/{id}", UserAlone, People, "null"),
    row("GET", "/account", SignedIn, Any, "null"),
    row("GET", "/models", SignedIn, Any, "null"),
    row("GET", "/groups", SignedIn, Any, "null"),
    row("GET", "/model-health", SignedIn, Any, "null"),
    row("POST", "/address-check", SignedIn, Any, r#"{"ip_rules": []}"#),
    row("GET", "/tokens", SignedIn, TOKENS_READ, "null"),
    row("POST", "/tokens", SignedIn, TOKENS_WRITE, NEW_TOKEN),
    row("POST", "/tokens/batch", SignedIn, TOKENS_WRITE, NEW_TOKENS),
    row("POST", "/tokens/bulk", SignedIn, TOKENS_WRITE, NO_TOKENS),
    row("GET", "/tokens/{id}", UserAndOperators, TOKENS_READ, "null"),
    row("GET", "/tokens/{id}/detail", UserAndOperators, TOKENS_READ, "null"),
    row("PATCH", "/tokens/{id}", UserAndOperators, TOKENS_WRITE, r#"{"enabled": false}"#),
    row("DELETE", "/tokens/{id}", UserAndOperators, TOKENS_WRITE, "null"),
    row("POST", "/tokens/{id}/rotate", UserAndOperators, TOKENS_WRITE, r#"{"overlap": "now"}"#),
    row("POST", "/tokens/{id}/playground-secret", UserAlone, People, "null"),
    row("GET", "/usage", SignedIn, USAGE_READ, "null"),
    row("GET", "/usage.csv", SignedIn, USAGE_READ, "null"),
    row("GET", "/usage/{request_id}", UserAndOperators, USAGE_READ, "null"),
    row("GET", "/usage-series", SignedIn, USAGE_READ, "null"),
    row("GET", "/dashboard", SignedIn, USAGE_READ, "null"),
    row("GET", "/margins", Operators, USAGE_READ, "null"),
    row("GET", "/margins.csv", Operators, USAGE_READ, "null"),
    row("GET", "/overview", Operators, USAGE_READ, "null"),
    row("GET", "/statement", SignedIn, USAGE_READ, "null"),
    row("GET", "/statement.csv", SignedIn, USAGE_READ, "null"),
    row("GET", "/running-requests", SignedIn, USAGE_READ, "null"),
    row("DELETE", "/running-requests/{request_id}", UserAndOperators, TOKENS_WRITE, "null"),
    row("GET", "/alerts", SignedIn, USAGE_READ, "null"),
    row("POST", "/alerts/seen", SignedIn, People, r#"{"upto": "none"}"#).gives(&[400]),
    row("GET", "/alert-preferences", SignedIn, People, "null"),
    row("PUT", "/alert-preferences", SignedIn, People, "{}"),
    row("PUT", "/webhook", SignedIn, People, r#"{"url": "https://hooks.example.com/anc"}"#),
    row("DELETE", "/webhook", SignedIn, People, "null").gives(&[204, 404]),
    row("POST", "/webhook/test", SignedIn, People, "null").gives(&[200, 404]),
    row("GET", "/payments", SignedIn, People, "null"),
    row("POST", "/payments", SignedIn, People, r#"{"amount": "5"}"#).gives(&[400, 404, 409]),
    row("GET", "/payments/{id}", UserAndOperators, People, "null"),
    row("GET", "/channels", Operators, CHANNELS_READ, "null"),
    row("GET", "/providers", SignedIn, CHANNELS_READ, "null"),
    row("POST", "/channels", Operators, CHANNELS_WRITE, NEW_CHANNEL),
    row("PATCH", "/channels/{id}", Operators, CHANNELS_WRITE, r#"{"enabled": false}"#),
    row("DELETE", "/channels/{id}", Operators, CHANNELS_WRITE, "null"),
    row("POST", "/channels/{id}/test", Operators, CHANNELS_WRITE, "{}"),
    row("GET", "/channels/{id}/models", Operators, CHANNELS_WRITE, "null").gives(&[502]),
    row("PUT", "/groups/{name}", Operators, CHANNELS_WRITE, r#"{"multiplier_ppm": 1000000}"#),
    row("PUT", "/prices/{model}", Operators, PRICES_WRITE, r#"{"input": "1", "output": "2"}"#),
    row("GET", "/prices/{model}/versions", Operators, PRICES_WRITE, "null"),
    row("DELETE", "/prices/{model}/versions/{version}", Operators, PRICES_WRITE, "null"),
    row("GET", "/prices", Operators, PRICES_WRITE, "null"),
    row("POST", "/price-imports/preview", Operators, PRICES_WRITE, "{}").gives(&[400]),
    row("POST", "/price-imports", Operators, PRICES_WRITE, "{}").gives(&[400]),
    row("POST", "/credits", Operators, CREDITS_WRITE, CREDIT),
    row("POST", "/redemption-codes", Operators, CREDITS_WRITE, r#"{"count": 1, "amount": "1"}"#),
    row("GET", "/redemption-codes", Operators, CREDITS_WRITE, "null"),
    row("GET", "/redemption-codes/{id}", Operators, CREDITS_WRITE, "null"),
    row("POST", "/redemption-codes/{id}/revoke", Operators, CREDITS_WRITE, "null"),
    row("POST", "/redemption-batches/{id}/revoke", Operators, CREDITS_WRITE, "null"),
    row("POST", "/redemptions", SignedIn, People, r#"{"code": "none"}"#).gives(&[400]),
    row("POST", "/ledger/verify", Operators, CREDITS_WRITE, "{}"),
    row("POST", "/usage/prune", Operators, People, r#"{"before": "2020-01-01T00:00:00Z"}"#),
    row("GET", "/tiers", Operators, People, "null"),
    row("POST", "/tiers", Operators, People, r#"{"name": "made", "token_limit": 5}"#)
        .gives(&[201, 409]),
    row("PATCH", "/tiers/{id}", Operators, People, r#"{"token_limit": 5}"#),
    row("DELETE", "/tiers/{id}", Operators, People, "null"),
    row("GET", "/accounts", Operators, People, "null"),
    row("GET", "/accounts/{id}", Operators, People, "null"),
    row("PATCH", "/accounts/{id}", Operators, People, r#"{"name": "canary-of-the-user"}"#),
    row("GET", "/invitations", Operators, People, "null"),
    row("POST", "/invitations", Operators, People, r#"{"email": "new@example.com"}"#),
    row("DELETE", "/invitations/{id}", Operators, People, "null"),
    row("GET", "/users", Operators, People, "null"),
    row("POST", "/users", Operators, People, NEW_USER).gives(&[409]),
    row("GET", "/users/{id}", Operators, People, "null"),
    row("PATCH", "/users/{id}", Operators, People, r#"{"disabled": true}"#),
    row("POST", "/users/{id}/password-link", Operators, People, "null"),
    row("GET", "/audit", Operators, People, "null"),
    row("GET", "/settings", Operators, People, "null"),
    row("DELETE", "/users/{id}/factors", Operators, People, "null").gives(&[404]),
];

const SET_UP: &str = r#"{"code": "0", "email": "a@b.c", "password": "correct horse battery",
    "billing": "metered", "starting_balance": "0"}"#;
const NEW_KEY: &str = r#"{"name": "made", "scopes": ["tokens:read"]}"#;
const NEW_CHANNEL: &str = r#"{"name": "made", "provider": "openai", "key": "sk-none"}"#;
const CREDIT: &str =
    r#"{"account": "canary-of-the-user@example.com", "amount": "1", "reason": "matrix"}"#;
const NEW_USER: &str = r#"{"email": "other@example.com", "password": "correct horse battery",
    "role": "user"}"#;
