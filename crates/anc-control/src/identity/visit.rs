//! What is bound to a browser on its way to a provider and back.

use anc_domain::{Entropy, Secret, SecretHash};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::session::random_text;

/// A visit's secrets as the provider is shown them; all follow from what the browser's cookie holds,
/// but for the state.
pub(crate) struct Visit {
    /// What the cookie holds.
    pub(crate) cookie: Secret,
}

impl Visit {
    /// A new one.
    pub(crate) fn new(entropy: &dyn Entropy) -> Self {
        Self { cookie: random_text(entropy) }
    }

    /// The one of a cookie that came back.
    pub(crate) fn of(cookie: &str) -> Self {
        Self { cookie: Secret::new(cookie) }
    }

    /// By which the ID token shows that it was made for this visit.
    pub(crate) fn nonce(&self) -> String {
        self.derived("nonce")
    }

    /// By which the relay shows that it began what it finishes (PKCE, RFC 7636).
    pub(crate) fn verifier(&self) -> Secret {
        Secret::new(self.derived("pkce"))
    }

    /// What the provider is shown of the verifier: its SHA-256.
    pub(crate) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.verifier().hash().as_bytes())
    }

    /// The cookie has 256 random bits, so that what follows from it can be told without telling it.
    fn derived(&self, purpose: &str) -> String {
        let parts: [&[u8]; 4] =
            [b"anc-relay/visit/", purpose.as_bytes(), b"\0", self.cookie.expose().as_bytes()];
        URL_SAFE_NO_PAD.encode(SecretHash::of_parts(&parts).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use anc_domain::FixedEntropy;

    use super::*;

    #[test]
    fn a_visit_shows_the_provider_nothing_that_finishes_it() {
        let visit = Visit::new(&FixedEntropy::new(1));
        let (nonce, verifier, challenge) = (visit.nonce(), visit.verifier(), visit.challenge());
        assert_eq!((nonce.len(), verifier.expose().len(), challenge.len()), (43, 43, 43));
        assert!(nonce != verifier.expose() && challenge != verifier.expose());
        let same = Visit::of(visit.cookie.expose());
        assert_eq!((same.nonce(), same.challenge()), (nonce.clone(), challenge));
        assert_ne!(Visit::new(&FixedEntropy::new(2)).nonce(), nonce);
    }

    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        // RFC 7636, appendix B.
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        let challenge = URL_SAFE_NO_PAD.encode(verifier.hash().as_bytes());
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
