//! What a session opens only within minutes of its person having shown password or second factor: a
//! browser left open, or a stolen cookie, must not be enough.

use http::Method;

/// Whether an operation asks a person to have shown anew who they are. A management key has its
/// scopes, and the command line the file system.
///
/// Beside these, a change of a channel asks for it where it gives new provider keys, or another address
/// to send them to.
pub(crate) fn needs_step_up(method: &Method, path: &str) -> bool {
    let Some(path) = path.strip_prefix("/api/v1") else { return false };
    matches!(
        (method.as_str(), path),
        (
            "POST",
            "/factors/totp"
                | "/factors/totp/confirm"
                | "/factors/recovery-codes"
                | "/identities"
                | "/management-keys"
                | "/tokens/{id}/rotate"
                | "/channels"
                | "/redemption-codes"
                | "/usage/prune"
                | "/users"
                | "/users/{id}/password-link"
        ) | ("PUT", "/webhook")
            | ("PATCH", "/users/{id}")
            | ("DELETE", "/factors/totp" | "/identities/{id}" | "/users/{id}/factors")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operation that changes something and asks for no step-up, for its own reason.
    const OPEN: [(&str, &str); 48] = [
        // Nobody is signed in, or the operation is itself the showing of who one is.
        ("POST", "/setup"),
        ("POST", "/session"),
        ("POST", "/session/second-step"),
        ("POST", "/session/step-up"),
        ("POST", "/session/step-up/provider"),
        ("POST", "/provider-sign-ins"),
        // It connects a provider only where that was begun after a step-up.
        ("POST", "/provider-sign-ins/finish"),
        ("DELETE", "/session"),
        // It asks for the old password itself, or, where there is none, for a step-up.
        ("PUT", "/password"),
        // They open nothing.
        ("DELETE", "/sessions"),
        ("DELETE", "/sessions/{id}"),
        ("POST", "/registrations"),
        ("POST", "/registrations/confirm"),
        ("POST", "/password-resets"),
        ("POST", "/password-resets/confirm"),
        // What is given away is bounded by a quota or can be taken back.
        ("POST", "/invitations"),
        ("DELETE", "/invitations/{id}"),
        ("DELETE", "/management-keys/{id}"),
        ("POST", "/tokens"),
        // Ten minutes of what the token may; a session could make a token with more.
        ("POST", "/tokens/{id}/playground-secret"),
        ("POST", "/tokens/batch"),
        ("POST", "/tokens/bulk"),
        ("PATCH", "/tokens/{id}"),
        ("DELETE", "/tokens/{id}"),
        ("DELETE", "/running-requests/{request_id}"),
        // Money comes in by it.
        ("POST", "/payments"),
        ("POST", "/redemptions"),
        // Money is kept from being given out.
        ("POST", "/redemption-codes/{id}/revoke"),
        ("POST", "/redemption-batches/{id}/revoke"),
        // Running the relay must not wait for a password; new keys and addresses do.
        ("PATCH", "/channels/{id}"),
        ("DELETE", "/channels/{id}"),
        ("POST", "/channels/{id}/test"),
        ("PUT", "/groups/{name}"),
        ("PUT", "/prices/{model}"),
        ("POST", "/price-imports"),
        ("DELETE", "/prices/{model}/versions/{version}"),
        ("POST", "/credits"),
        // Being told less can be seen and undone; where to is asked for anew.
        ("POST", "/alerts/seen"),
        ("PUT", "/alert-preferences"),
        ("DELETE", "/webhook"),
        ("POST", "/webhook/test"),
        // An account must be stopped at once; what else it is given can be taken back.
        ("PATCH", "/accounts/{id}"),
        ("POST", "/tiers"),
        ("PATCH", "/tiers/{id}"),
        ("DELETE", "/tiers/{id}"),
        // These change nothing.
        ("POST", "/price-imports/preview"),
        ("POST", "/ledger/verify"),
        ("POST", "/address-check"),
    ];

    #[test]
    fn every_change_says_whether_it_needs_a_step_up() {
        let document = serde_json::to_value(crate::openapi()).unwrap();
        let mut undecided = Vec::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys() {
                let method = method.to_uppercase();
                let short = path.trim_start_matches("/api/v1");
                let needed = needs_step_up(&method.parse().unwrap(), path);
                let open = method == "GET" || OPEN.contains(&(method.as_str(), short));
                if needed == open {
                    undecided.push(format!("{method} {path}"));
                }
            }
        }
        assert!(undecided.is_empty(), "{undecided:?}");
    }
}
