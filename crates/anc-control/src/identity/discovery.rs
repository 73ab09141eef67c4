//! What an OpenID provider says of itself. <https://openid.net/specs/openid-connect-discovery-1_0.html>

use serde::Deserialize;

use super::ProviderFailure;
use super::ask::{Asker, check_url};
use super::jwk::{self, Key};

/// The parts of the document that the relay acts on.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Discovery {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    #[serde(default)]
    pub(super) userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether it names itself when it sends a browser back (RFC 9207).
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl Discovery {
    /// Asks the provider. Its document must name the very issuer that was configured.
    pub(super) async fn fetch(asker: &Asker<'_>, issuer: &str) -> Result<Self, ProviderFailure> {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let json = asker.get(&url, None).await?;
        let read: Self = serde_json::from_value(json).map_err(|error| {
            ProviderFailure::Unreachable(format!("its description cannot be read: {error}"))
        })?;
        if read.issuer != issuer {
            let why = format!("it calls itself {:?}, and not {issuer:?}", read.issuer);
            return Err(ProviderFailure::Unreachable(why));
        }
        // Browsers are sent there; the others are checked when they are asked.
        if check_url(&read.authorization_endpoint, asker.allow_private).is_none() {
            let why = "its page to sign in has no address that may be used";
            return Err(ProviderFailure::Unreachable(why.to_owned()));
        }
        Ok(read)
    }

    /// The keys with which it signs.
    pub(super) async fn keys(&self, asker: &Asker<'_>) -> Result<Vec<Key>, ProviderFailure> {
        Ok(jwk::keys_of(&asker.get(&self.jwks_uri, None).await?))
    }

    /// Whether the relay shows its secret in a header; else in the form.
    pub(super) fn takes_basic(&self) -> bool {
        // Where nothing is said, it is the one that every provider must take.
        self.token_endpoint_auth_methods_supported
            .as_ref()
            .is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"))
    }
}
