//! Headers that tell browsers to run and load nothing but the console's own.

use http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";
/// Two years, as browsers' preload lists ask for.
const HTTPS_ONLY: &str = "max-age=63072000";

/// The headers for every answer to a browser; `https` where the relay is reached over HTTPS.
pub fn security_headers(https: bool) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ]
    .into_iter()
    .chain(https.then_some((STRICT_TRANSPORT_SECURITY, HTTPS_ONLY)))
    .map(|(name, value)| (name, HeaderValue::from_static(value)))
}
