//! Asking Stripe. <https://docs.stripe.com/api>

use std::time::Duration;

use anc_store::PaymentRecord;
use anc_upstream::Upstream;
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, StatusCode};
use serde_json::Value;
use url::form_urlencoded;

use super::StripeSettings;
use super::notice::Session;
use crate::probe::{collect, sentence};

/// A person waits for the answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The form of Stripe's answers that is read here; newer ones are not promised to be like it.
const API_VERSION: &str = "2025-03-31.basil";
/// What the payer reads on Stripe's page.
const PRODUCT: &str = "Balance";
/// What is shown of Stripe's own words.
const WORDS_SHOWN_MAX: usize = 300;

/// The way to Stripe.
#[derive(Debug, Clone)]
pub(crate) struct Stripe {
    settings: StripeSettings,
    upstream: Upstream,
}

/// Stripe did not do what it was asked.
#[derive(Debug, Clone)]
pub(crate) struct StripeFailure {
    /// Whether asking again may help: it did not answer, or was busy.
    pub(crate) may_be_repeated: bool,
    /// Whether the amount was the trouble, which is the payer's to change.
    pub(crate) amount: bool,
    /// What happened, with Stripe's own words, for operators and the log.
    pub(crate) operator: String,
}

/// A page where an order is paid.
pub(crate) struct Page {
    pub(crate) id: String,
    pub(crate) url: String,
}

impl Stripe {
    pub(crate) const fn new(settings: StripeSettings, upstream: Upstream) -> Self {
        Self { settings, upstream }
    }

    pub(crate) const fn settings(&self) -> &StripeSettings {
        &self.settings
    }

    /// Makes the page where an order is paid. Asked again for the same order, Stripe gives the same
    /// page.
    pub(crate) async fn begin(&self, order: &PaymentRecord) -> Result<Page, StripeFailure> {
        let id = order.id.to_string();
        let minor = order.minor.to_string();
        let base = self.settings.public_url.as_str().trim_end_matches('/');
        let back = |outcome: &str| format!("{base}/wallet?payment={id}&outcome={outcome}");
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("mode", "payment")
            .append_pair("client_reference_id", &id)
            .append_pair("metadata[order]", &id)
            .append_pair("payment_intent_data[metadata][order]", &id)
            .append_pair("line_items[0][quantity]", "1")
            .append_pair("line_items[0][price_data][currency]", &order.currency)
            .append_pair("line_items[0][price_data][unit_amount]", &minor)
            .append_pair("line_items[0][price_data][product_data][name]", PRODUCT)
            // In the payer's own currency the amount would be another than was ordered.
            .append_pair("adaptive_pricing[enabled]", "false")
            .append_pair("success_url", &back("paid"))
            .append_pair("cancel_url", &back("cancelled"))
            .finish();
        let session = self.ask(Method::POST, "/v1/checkout/sessions", Some((&id, form))).await?;
        match session.url {
            Some(url) => Ok(Page { id: session.id, url }),
            None => Err(StripeFailure::odd("Its answer has no address of a page.")),
        }
    }

    /// How the page of that name stands.
    pub(super) async fn session(&self, name: &str) -> Result<Session, StripeFailure> {
        let plain =
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if !plain {
            return Err(StripeFailure::odd("The page's name is none of Stripe's."));
        }
        self.ask(Method::GET, &format!("/v1/checkout/sessions/{name}"), None).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        form: Option<(&str, String)>,
    ) -> Result<Session, StripeFailure> {
        let request = self.request(method, path, form)?;
        let asked = async {
            let allow_private = self.settings.api.allow_private;
            let answer = self.upstream.dial(request, allow_private).await;
            let (head, body) = answer.map_err(|failure| sentence(&failure))?.into_parts();
            Ok::<_, String>((head.status, collect(body).await?))
        };
        let (status, body) = tokio::time::timeout(TIMEOUT, asked)
            .await
            .unwrap_or_else(|_| Err("It did not answer in time.".to_owned()))
            .map_err(|why| StripeFailure { may_be_repeated: true, ..StripeFailure::odd(&why) })?;
        if !status.is_success() {
            return Err(refused(status, &body));
        }
        serde_json::from_slice(&body)
            .map_err(|error| StripeFailure::odd(&format!("Its answer cannot be read: {error}.")))
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        form: Option<(&str, String)>,
    ) -> Result<Request<Bytes>, StripeFailure> {
        let unusable = || StripeFailure::odd("The key or the address cannot be sent.");
        let uri = self.settings.api.join(path).ok_or_else(unusable)?;
        let bearer = format!("Bearer {}", self.settings.secret_key.expose());
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| unusable())?;
        bearer.set_sensitive(true);
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header(AUTHORIZATION, bearer)
            .header(ACCEPT_ENCODING, "identity")
            .header("stripe-version", API_VERSION);
        let mut body = Bytes::new();
        if let Some((once, form)) = form {
            request = request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header("idempotency-key", once);
            body = form.into();
        }
        request.body(body).map_err(|_| unusable())
    }
}

impl StripeFailure {
    fn odd(why: &str) -> Self {
        Self { may_be_repeated: false, amount: false, operator: why.to_owned() }
    }
}

/// Stripe's errors: <https://docs.stripe.com/api/errors>.
fn refused(status: StatusCode, body: &[u8]) -> StripeFailure {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = &said["error"];
    let code = error["code"].as_str().unwrap_or_default();
    let words: String = error["message"]
        .as_str()
        .unwrap_or("no reason was given")
        .chars()
        .filter(|letter| !letter.is_control())
        .take(WORDS_SHOWN_MAX)
        .collect();
    let busy = matches!(status, StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS);
    StripeFailure {
        may_be_repeated: busy || status.is_server_error(),
        amount: matches!(code, "amount_too_small" | "amount_too_large"),
        operator: format!("Stripe answered {}: {words}", status.as_u16()),
    }
}
