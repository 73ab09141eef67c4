//! Posting alerts to where an account's people want them, signed.

use std::time::Duration;

use anc_domain::{Entropy, Secret, UnixMillis};
use anc_store::AlertRecord;
use anc_upstream::UpstreamFailure;
use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use http::Request;
use http::header::{CONTENT_TYPE, USER_AGENT};
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use super::AlertDetail;
use crate::session::hex;
use crate::state::ApiState;

/// How long a receiver may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// 256 bits, in hexadecimal.
const SECRET_BYTES: usize = 32;
/// Longer addresses are a mistake.
const URL_BYTES_MAX: usize = 2_048;

/// A new secret to sign with.
pub(crate) fn new_secret(entropy: &dyn Entropy) -> Secret {
    let mut bytes = [0; SECRET_BYTES];
    entropy.fill(&mut bytes);
    Secret::new(format!("whsec_{}", hex(&bytes)))
}

/// Where to post, if one may. Which addresses its name stands for is checked at each post, when it is
/// dialled. The error is a sentence for people.
pub(crate) fn check_url(text: &str, private: bool) -> Result<String, &'static str> {
    let url = Url::parse(text.trim()).map_err(|_| "Not a URL such as https://example.com/hook.")?;
    let scheme = url.scheme() == "https" || (private && url.scheme() == "http");
    if !scheme {
        return Err("It must begin with https://.");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("It must hold no user name or password.");
    }
    if url.fragment().is_some() {
        return Err("It must have no part behind a #.");
    }
    let text = String::from(url);
    if text.len() > URL_BYTES_MAX {
        return Err("It is too long.");
    }
    Ok(text)
}

/// What is posted of an alert.
pub(super) fn body_of(alert: &AlertRecord, public_url: Option<&Url>) -> Value {
    let base = public_url.map(|url| url.as_str().trim_end_matches('/'));
    json!({
        "id": alert.id,
        "kind": alert.kind.name(),
        "created_at": alert.created_at.to_rfc3339(),
        "account": alert.account,
        "token": alert.token,
        "channel": alert.channel,
        "detail": AlertDetail::from_text(&alert.detail),
        "url": base.map(|base| format!("{base}/alerts")),
    })
}

/// `t=<seconds>,v1=<HMAC-SHA256 of seconds, a point and the body, in hexadecimal>`.
fn signature(secret: &Secret, now: UnixMillis, body: &[u8]) -> Option<String> {
    let seconds = now.as_seconds();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    Some(format!("t={seconds},v1={}", hex(&mac.finalize().into_bytes())))
}

/// How a post went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// Whether the receiver took it.
    pub(crate) taken: bool,
    /// What it answered.
    pub(crate) status: Option<u16>,
    /// Why it was not taken, in words for the account's people.
    pub(crate) failure: Option<String>,
}

impl Delivery {
    fn failed(why: impl Into<String>) -> Self {
        Self { taken: false, status: None, failure: Some(why.into()) }
    }
}

/// Posts one body. `id` is the same however often it is tried.
pub(super) async fn post(
    state: &ApiState,
    (url, secret): (&str, &Secret),
    id: &str,
    body: &Value,
) -> Delivery {
    let private = state.shared.settings.alerts.private_webhooks;
    // The rules may be others than when it was set.
    if let Err(why) = check_url(url, private) {
        return Delivery::failed(why);
    }
    let body = body.to_string();
    let Some(signature) = signature(secret, state.now(), body.as_bytes()) else {
        return Delivery::failed("It could not be signed.");
    };
    let request = Request::post(url)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("anc-relay/", env!("CARGO_PKG_VERSION")))
        .header("x-anc-alert-id", id)
        .header("x-anc-signature", signature)
        .body(Bytes::from(body));
    let Ok(request) = request else { return Delivery::failed("The URL cannot be called.") };
    let asked = state.shared.providers.upstream.dial(request, private);
    match tokio::time::timeout(TIMEOUT, asked).await {
        Err(_) | Ok(Err(UpstreamFailure::TimedOut)) => {
            Delivery::failed(format!("It did not answer within {} seconds.", TIMEOUT.as_secs()))
        }
        Ok(Err(UpstreamFailure::AddressRefused)) => {
            Delivery::failed("Its address is in a private network.")
        }
        // What a network says of an address that one may not know is not passed on.
        Ok(Err(UpstreamFailure::Connect(_))) => Delivery::failed("It could not be connected to."),
        Ok(Err(UpstreamFailure::Broken(_))) => {
            Delivery::failed("The connection broke before an answer.")
        }
        Ok(Ok(answer)) => {
            let status = answer.status();
            let more = if status.is_redirection() { "; redirects are not followed" } else { "" };
            let failure =
                (!status.is_success()).then(|| format!("It answered {}{more}.", status.as_u16()));
            Delivery { taken: status.is_success(), status: Some(status.as_u16()), failure }
        }
    }
}

/// Posts something that is no alert, to try it.
pub(crate) async fn post_test(state: &ApiState, url: &str, secret: &Secret) -> Delivery {
    let id = format!("test_{}", state.now().as_millis());
    let body = json!({
        "id": id,
        "kind": "test",
        "created_at": state.now().to_rfc3339(),
        "account": null,
        "token": null,
        "channel": null,
        "detail": {},
        "url": null,
    });
    post(state, (url, secret), &id, &body).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_https_without_credentials() {
        assert!(check_url("https://example.com/hook?x=1", false).is_ok());
        for bad in [
            "",
            "example.com",
            "http://example.com",
            "ftp://example.com",
            "file:///etc/passwd",
            "https://me:hush@example.com",
            "https://example.com/#x",
            "https:///",
            &format!("https://example.com/{}", "x".repeat(3_000)),
        ] {
            assert!(check_url(bad, false).is_err(), "{bad}");
        }
        assert!(check_url("http://127.0.0.1:9/", true).is_ok());
    }

    #[test]
    fn the_signature_is_what_the_documentation_says() {
        // printf '%s' '1700000000.{"a":1}' | openssl dgst -sha256 -hmac whsec_x
        let now = UnixMillis::from_millis(1_700_000_000_999);
        let signed = signature(&Secret::new("whsec_x"), now, br#"{"a":1}"#).unwrap();
        assert_eq!(
            signed,
            "t=1700000000,v1=b3438763ab46d9634b9844c8722818eaf523f803db1327484c6067462a5fd6d1"
        );
    }
}
