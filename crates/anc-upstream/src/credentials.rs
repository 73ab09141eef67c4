//! How each vendor wants its key.

use anc_domain::{Dialect, Provider, Secret};
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const X_GOOG_API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");
const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");
/// The version that Anthropic requires a request to name; a client's own choice is kept.
const ANTHROPIC_VERSION_DEFAULT: HeaderValue = HeaderValue::from_static("2023-06-01");

/// Puts a channel's key into the headers of a request to its provider.
pub fn add_credentials(
    headers: &mut HeaderMap,
    provider: Provider,
    key: Option<&Secret>,
) -> Result<(), InvalidHeaderValue> {
    if provider == Provider::Anthropic && !headers.contains_key(ANTHROPIC_VERSION) {
        headers.insert(ANTHROPIC_VERSION, ANTHROPIC_VERSION_DEFAULT);
    }
    let Some(key) = key else { return Ok(()) };
    let (name, mut value) = match provider.dialect() {
        Dialect::OpenAi | Dialect::Every => {
            (AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {}", key.expose()))?)
        }
        Dialect::Anthropic => (X_API_KEY, HeaderValue::from_str(key.expose())?),
        Dialect::Gemini => (X_GOOG_API_KEY, HeaderValue::from_str(key.expose())?),
    };
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}
