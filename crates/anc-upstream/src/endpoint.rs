//! Where a channel's requests go.

use anc_domain::{Dialect, Provider};
use http::Uri;
use url::Url;

/// A checked base URL of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    base: Url,
    /// Whether loopback and private addresses may be dialled.
    pub allow_private: bool,
}

/// Why a base URL cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Not an absolute http or https URL with a host.
    #[error("a base URL looks like https://api.example.com/v1")]
    Malformed,
    /// A name and password, a query, a fragment or port 0.
    #[error("a base URL has no user name, no query, no fragment and a port other than 0")]
    Superfluous,
    /// Plain http without the owner's word that the network is private.
    #[error(
        "plain http needs \"allow private addresses\": the key would cross the network unencrypted"
    )]
    PlainHttp,
}

impl Endpoint {
    /// Checks a base URL. The address behind its name is checked each time that it is dialled, not
    /// here, since names can change what they stand for.
    pub fn new(base_url: &str, allow_private: bool) -> Result<Self, BaseUrlError> {
        let base = Url::parse(base_url).map_err(|_| BaseUrlError::Malformed)?;
        if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
            return Err(BaseUrlError::Malformed);
        }
        let bare = base.username().is_empty()
            && base.password().is_none()
            && base.query().is_none()
            && base.fragment().is_none()
            && base.port() != Some(0);
        if !bare {
            return Err(BaseUrlError::Superfluous);
        }
        if base.scheme() == "http" && !allow_private {
            return Err(BaseUrlError::PlainHttp);
        }
        Ok(Self { base, allow_private })
    }

    /// The URL of a path below the base, as it is written.
    pub fn join(&self, path: &str) -> Option<Uri> {
        let base = self.base.as_str().trim_end_matches('/');
        format!("{base}{path}").parse().ok()
    }

    /// The URL of one of the provider's paths, given as the vendor documents it (`/v1/messages`).
    /// `query` is passed on as the client wrote it.
    pub fn uri(&self, provider: Provider, path: &str, query: Option<&str>) -> Option<Uri> {
        let base = self.base.as_str().trim_end_matches('/');
        // OpenAI's SDKs count the version to the base URL, Anthropic's do not; both spellings of
        // either are understood.
        let path = match provider.dialect() {
            Dialect::OpenAi => path.strip_prefix("/v1").unwrap_or(path),
            Dialect::Anthropic if base.ends_with("/v1") => path.strip_prefix("/v1").unwrap_or(path),
            Dialect::Gemini if base.ends_with("/v1beta") => {
                path.strip_prefix("/v1beta").unwrap_or(path)
            }
            Dialect::Anthropic | Dialect::Gemini | Dialect::Every => path,
        };
        let query = query.map(|text| format!("?{text}")).unwrap_or_default();
        format!("{base}{path}{query}").parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e2_a_doubtful_base_url_is_refused() {
        let cases = [
            ("", BaseUrlError::Malformed),
            ("api.openai.com/v1", BaseUrlError::Malformed),
            ("ftp://example.com", BaseUrlError::Malformed),
            ("https://a@b.example", BaseUrlError::Superfluous),
            ("https://a.example/#@b", BaseUrlError::Superfluous),
            ("https://a.example/?x=1", BaseUrlError::Superfluous),
            ("https://a.example:0/", BaseUrlError::Superfluous),
            ("http://a.example/", BaseUrlError::PlainHttp),
        ];
        for (text, error) in cases {
            assert_eq!(Endpoint::new(text, false), Err(error), "{text}");
        }
        assert!(Endpoint::new("http://127.0.0.1:8000/v1", true).is_ok());
    }

    #[test]
    fn a_path_is_joined_as_each_vendor_means_it() {
        let join = |base: &str, provider, path| {
            Endpoint::new(base, true).unwrap().uri(provider, path, None).unwrap().to_string()
        };
        let openai = "https://api.openai.com/v1/chat/completions";
        assert_eq!(
            join("https://api.openai.com/v1", Provider::OpenAi, "/v1/chat/completions"),
            openai
        );
        assert_eq!(
            join("https://api.openai.com/v1/", Provider::OpenAi, "/v1/chat/completions"),
            openai
        );
        let anthropic = "https://api.anthropic.com/v1/messages";
        assert_eq!(
            join("https://api.anthropic.com", Provider::Anthropic, "/v1/messages"),
            anthropic
        );
        assert_eq!(
            join("https://api.anthropic.com/v1", Provider::Anthropic, "/v1/messages"),
            anthropic
        );
    }
}
