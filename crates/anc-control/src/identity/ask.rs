//! One question to a provider of identities, bounded in time and size.

use anc_domain::Secret;
use anc_upstream::Upstream;
use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{Request, StatusCode, Uri};
use serde_json::Value;
use url::Url;

use super::{IdentityLimits, ProviderFailure};
use crate::probe::{collect_at_most, sentence};

/// GitHub refuses who does not say what they are.
const AGENT: &str = "anc-relay";

/// What a provider answered.
pub(super) struct Said {
    pub(super) status: StatusCode,
    pub(super) json: Value,
}

/// The way to one provider.
pub(super) struct Asker<'a> {
    pub(super) upstream: &'a Upstream,
    pub(super) limits: &'a IdentityLimits,
    /// Whether it may be at a private address, and be reached by plain http.
    pub(super) allow_private: bool,
}

impl Asker<'_> {
    /// Gets JSON, by an access token where one is needed; an answer that is no success is a failure.
    pub(super) async fn get(
        &self,
        url: &str,
        bearer: Option<&Secret>,
    ) -> Result<Value, ProviderFailure> {
        let request = Request::get(self.checked(url)?);
        let bearer = bearer.map(|bearer| format!("Bearer {}", bearer.expose()));
        let said = self.send(request, bearer, Bytes::new()).await?;
        if !said.status.is_success() {
            let why = format!("{url} answered {}", said.status.as_u16());
            return Err(ProviderFailure::Unreachable(why));
        }
        Ok(said.json)
    }

    /// Posts a form.
    pub(super) async fn post(
        &self,
        url: &str,
        form: String,
        credentials: Option<String>,
    ) -> Result<Said, ProviderFailure> {
        let request = Request::post(self.checked(url)?)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, credentials, form.into()).await
    }

    async fn send(
        &self,
        request: http::request::Builder,
        authorization: Option<String>,
        body: Bytes,
    ) -> Result<Said, ProviderFailure> {
        let unusable = || ProviderFailure::Unreachable("the question cannot be sent".to_owned());
        let mut request = request
            .header(ACCEPT, "application/json")
            .header(ACCEPT_ENCODING, "identity")
            .header(USER_AGENT, AGENT);
        if let Some(text) = authorization {
            let mut value = HeaderValue::from_str(&text).map_err(|_| unusable())?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let request = request.body(body).map_err(|_| unusable())?;
        let asked = async {
            let answer = self.upstream.dial(request, self.allow_private).await;
            let (head, body) = answer.map_err(|failure| sentence(&failure))?.into_parts();
            let body = collect_at_most(body, self.limits.answer_bytes).await?;
            Ok::<_, String>(Said {
                status: head.status,
                json: serde_json::from_slice(&body).unwrap_or_default(),
            })
        };
        tokio::time::timeout(self.limits.answer, asked)
            .await
            .unwrap_or_else(|_| Err("no answer in time".to_owned()))
            .map_err(ProviderFailure::Unreachable)
    }

    fn checked(&self, url: &str) -> Result<Uri, ProviderFailure> {
        let url = check_url(url, self.allow_private)
            .ok_or_else(|| ProviderFailure::Unreachable(format!("{url:?} may not be asked")))?;
        url.as_str()
            .parse()
            .map_err(|_| ProviderFailure::Unreachable("an address cannot be used".to_owned()))
    }
}

/// An address that a provider names, if it may be used: https, or http where the operator has allowed
/// the provider a private network. Where it leads is checked when it is dialled.
pub(super) fn check_url(text: &str, allow_private: bool) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let scheme = url.scheme() == "https" || allow_private && url.scheme() == "http";
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
        && url.port() != Some(0);
    (scheme && bare && url.host().is_some()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e2_a_doubtful_address_is_not_asked() {
        for text in [
            "http://id.example/token",
            "ftp://id.example",
            "file:///etc/passwd",
            "https://user@id.example",
            "https://id.example#x",
            "https://id.example:0",
            "javascript:alert(1)",
            "/token",
            "",
        ] {
            assert!(check_url(text, false).is_none(), "{text}");
        }
        assert!(check_url("https://id.example/token?p=1", false).is_some());
        assert!(check_url("http://10.0.0.1/token", true).is_some());
        assert!(check_url("javascript:alert(1)", true).is_none());
    }
}
