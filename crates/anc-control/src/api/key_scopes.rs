//! What a management key must be given to call an operation. What is not in the table is for people
//! alone.

use anc_domain::KeyScope;
use http::Method;

/// What an operation asks of a management key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Any key will do: the operation tells what every person may know.
    AnyKey,
    /// That scope.
    Scope(KeyScope),
    /// A person with a session.
    Person,
}

/// By method and path as the router has them.
pub(crate) fn need_of(method: &Method, path: &str) -> Need {
    use KeyScope::{
        ChannelsRead, ChannelsWrite, CreditsWrite, PricesWrite, TokensRead, TokensWrite, UsageRead,
    };

    let Some(path) = path.strip_prefix("/api/v1") else { return Need::Person };
    let scope = match (method.as_str(), path) {
        ("GET", "/account" | "/models" | "/model-health" | "/groups")
        | ("POST", "/address-check") => {
            return Need::AnyKey;
        }
        ("GET", "/tokens" | "/tokens/{id}" | "/tokens/{id}/detail") => TokensRead,
        ("POST", "/tokens" | "/tokens/batch" | "/tokens/bulk" | "/tokens/{id}/rotate")
        | ("PATCH" | "DELETE", "/tokens/{id}")
        | ("DELETE", "/running-requests/{request_id}") => TokensWrite,
        (
            "GET",
            "/usage"
            | "/usage.csv"
            | "/usage/{request_id}"
            | "/usage-series"
            | "/dashboard"
            | "/margins"
            | "/margins.csv"
            | "/overview"
            | "/running-requests"
            | "/statement"
            | "/statement.csv"
            | "/alerts",
        ) => UsageRead,
        ("GET", "/channels" | "/providers") => ChannelsRead,
        ("POST", "/channels" | "/channels/{id}/test")
        | ("PATCH" | "DELETE", "/channels/{id}")
        | ("GET", "/channels/{id}/models")
        | ("PUT", "/groups/{name}") => ChannelsWrite,
        ("PUT", "/prices/{model}")
        | ("GET", "/prices" | "/prices/{model}/versions")
        | ("POST", "/price-imports" | "/price-imports/preview")
        | ("DELETE", "/prices/{model}/versions/{version}") => PricesWrite,
        (
            "POST",
            "/credits"
            | "/ledger/verify"
            | "/redemption-codes"
            | "/redemption-codes/{id}/revoke"
            | "/redemption-batches/{id}/revoke",
        )
        | ("GET", "/redemption-codes" | "/redemption-codes/{id}") => CreditsWrite,
        _ => return Need::Person,
    };
    Need::Scope(scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Operations that no management key may call, and those that ask nobody who they are.
    const FOR_PEOPLE: [(&str, &str); 49] = [
        ("POST", "/api/v1/redemptions"),
        ("GET", "/api/v1/users/{id}"),
        ("PATCH", "/api/v1/users/{id}"),
        ("POST", "/api/v1/users/{id}/password-link"),
        ("GET", "/api/v1/sessions"),
        ("DELETE", "/api/v1/sessions"),
        ("DELETE", "/api/v1/sessions/{id}"),
        ("GET", "/api/v1/sign-ins"),
        ("PUT", "/api/v1/password"),
        ("GET", "/api/v1/audit"),
        ("GET", "/api/v1/settings"),
        ("POST", "/api/v1/usage/prune"),
        ("POST", "/api/v1/tokens/{id}/playground-secret"),
        ("GET", "/api/v1/session"),
        ("GET", "/api/v1/users"),
        ("POST", "/api/v1/users"),
        ("GET", "/api/v1/management-keys"),
        ("POST", "/api/v1/management-keys"),
        ("DELETE", "/api/v1/management-keys/{id}"),
        ("GET", "/api/v1/payments"),
        ("POST", "/api/v1/payments"),
        ("GET", "/api/v1/payments/{id}"),
        ("POST", "/api/v1/session/step-up"),
        ("POST", "/api/v1/session/step-up/provider"),
        ("GET", "/api/v1/identities"),
        ("POST", "/api/v1/identities"),
        ("DELETE", "/api/v1/identities/{id}"),
        ("GET", "/api/v1/factors"),
        ("POST", "/api/v1/factors/totp"),
        ("POST", "/api/v1/factors/totp/confirm"),
        ("DELETE", "/api/v1/factors/totp"),
        ("POST", "/api/v1/factors/recovery-codes"),
        ("GET", "/api/v1/invitations"),
        ("POST", "/api/v1/invitations"),
        ("DELETE", "/api/v1/invitations/{id}"),
        ("DELETE", "/api/v1/users/{id}/factors"),
        ("POST", "/api/v1/alerts/seen"),
        ("GET", "/api/v1/alert-preferences"),
        ("PUT", "/api/v1/alert-preferences"),
        ("PUT", "/api/v1/webhook"),
        ("DELETE", "/api/v1/webhook"),
        ("POST", "/api/v1/webhook/test"),
        ("GET", "/api/v1/accounts"),
        ("GET", "/api/v1/accounts/{id}"),
        ("PATCH", "/api/v1/accounts/{id}"),
        ("GET", "/api/v1/tiers"),
        ("POST", "/api/v1/tiers"),
        ("PATCH", "/api/v1/tiers/{id}"),
        ("DELETE", "/api/v1/tiers/{id}"),
    ];
    const FOR_EVERYBODY: [(&str, &str); 12] = [
        ("GET", "/api/v1/instance"),
        ("GET", "/api/v1/openapi.json"),
        ("POST", "/api/v1/setup"),
        ("POST", "/api/v1/session"),
        ("DELETE", "/api/v1/session"),
        ("POST", "/api/v1/session/second-step"),
        ("POST", "/api/v1/provider-sign-ins"),
        ("POST", "/api/v1/provider-sign-ins/finish"),
        ("POST", "/api/v1/registrations"),
        ("POST", "/api/v1/registrations/confirm"),
        ("POST", "/api/v1/password-resets"),
        ("POST", "/api/v1/password-resets/confirm"),
    ];

    #[test]
    fn every_operation_says_what_it_asks_of_a_key() {
        let document = serde_json::to_value(crate::openapi()).unwrap();
        let mut undecided = Vec::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys() {
                let method = method.to_uppercase();
                let listed = [&FOR_PEOPLE[..], &FOR_EVERYBODY[..]]
                    .concat()
                    .contains(&(method.as_str(), path.as_str()));
                let need = need_of(&method.parse().unwrap(), path);
                if (need == Need::Person) != listed {
                    undecided.push(format!("{method} {path}"));
                }
            }
        }
        assert!(undecided.is_empty(), "{undecided:?}");
    }
}
