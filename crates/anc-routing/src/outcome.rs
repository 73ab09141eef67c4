//! What a provider's status says: about the request, or about the channel.

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The provider accepted the request.
    Accepted,
    /// The provider found fault with the request itself; no other channel would think otherwise,
    /// and the client gets to read it.
    RequestRefused,
    /// The channel's account, limits or machine failed; another one may do better. What the
    /// provider said concerns the operator and not the client.
    ChannelFailed,
}

/// Reads an HTTP status. 401, 402 and 403 concern the operator's account; 404 means that the
/// channel lacks the model that it was set up with; redirects are never followed.
pub const fn outcome_of_status(status: u16) -> Outcome {
    match status {
        200..=299 => Outcome::Accepted,
        400 | 405 | 406 | 410 | 411 | 413 | 414 | 415 | 416 | 422 => Outcome::RequestRefused,
        _ => Outcome::ChannelFailed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_the_operators_account_is_never_the_clients() {
        for status in [301, 401, 402, 403, 404, 408, 409, 429, 500, 503, 529] {
            assert_eq!(outcome_of_status(status), Outcome::ChannelFailed, "{status}");
        }
    }

    #[test]
    fn a_fault_of_the_request_is_final() {
        for status in [400, 413, 422] {
            assert_eq!(outcome_of_status(status), Outcome::RequestRefused, "{status}");
        }
        assert_eq!(outcome_of_status(200), Outcome::Accepted);
    }
}
