//! Settings of payments that make sense together.

use std::fs;

use anc_control::StripeSettings;
use anc_domain::{NanoUsd, Secret};
use anc_store::PaymentMode;
use anc_upstream::Endpoint;
use url::{Host, Url};

use super::checked::wrong;
use super::raw::{ConfigError, RawStripe};

/// Nano-dollars in a cent.
const NANOS_PER_CENT: i64 = 10_000_000;
/// The most that Stripe takes at once in US dollars: eight digits of cents.
const AMOUNT_MAX: NanoUsd = NanoUsd::from_dollars(999_999);

/// `None` where there is no secret key. What is half set stops the start: money that arrives must find
/// a relay that can tell whose notice it is.
pub(super) fn check_stripe(
    raw: RawStripe,
    public_url: Option<&Url>,
) -> Result<Option<StripeSettings>, ConfigError> {
    let key = secret(
        "payments.stripe.secret_key",
        ("payments.stripe.secret_key_file", &raw.secret_key_file),
        &raw.secret_key,
    )?;
    let hook = secret(
        "payments.stripe.webhook_secret",
        ("payments.stripe.webhook_secret_file", &raw.webhook_secret_file),
        &raw.webhook_secret,
    )?;
    if key.is_empty() && hook.is_empty() {
        return Ok(None);
    }
    if key.is_empty() {
        return Err(wrong(
            "payments.stripe.secret_key",
            "there is a webhook secret but no secret key; set it, or remove the webhook secret",
        ));
    }
    let webhook_secrets = check_webhook_secrets(&hook)?;
    let mode = check_mode(&raw.mode, &key)?;
    if raw.currency != "usd" {
        return Err(wrong("payments.stripe.currency", "\"usd\": balances are in US dollars"));
    }
    let amount_min = check_amount("payments.stripe.amount_min", &raw.amount_min)?;
    let amount_max = check_amount("payments.stripe.amount_max", &raw.amount_max)?;
    if amount_min > amount_max {
        return Err(wrong("payments.stripe.amount_max", "is less than amount_min"));
    }
    let public_url = public_url.cloned().ok_or_else(|| {
        wrong(
            "public_url",
            "payments need it: Stripe sends payers back to it, and its notices to it",
        )
    })?;
    Ok(Some(StripeSettings {
        secret_key: Secret::new(key),
        webhook_secrets,
        mode,
        currency: raw.currency,
        amount_min,
        amount_max,
        api: check_api(&raw.api_url)?,
        public_url,
    }))
}

/// A secret from its setting or from a file, without the blanks around it.
pub(super) fn secret(
    key: &'static str,
    (file_key, file): (&'static str, &str),
    text: &str,
) -> Result<String, ConfigError> {
    match (text.trim(), file) {
        (text, "") => Ok(text.to_owned()),
        ("", file) => fs::read_to_string(file)
            .map(|text| text.trim().to_owned())
            .map_err(|error| wrong(file_key, format!("{file} cannot be read: {error}"))),
        _ => Err(wrong(key, format!("set either this or {file_key}"))),
    }
}

/// The secrets themselves are not repeated in what is said of them.
fn check_webhook_secrets(text: &str) -> Result<Vec<Secret>, ConfigError> {
    let key = "payments.stripe.webhook_secret";
    let secrets: Vec<Secret> = text
        .split([',', ' ', '\n'])
        .map(str::trim)
        .filter(|one| !one.is_empty())
        .map(Secret::new)
        .collect();
    if secrets.is_empty() {
        return Err(wrong(
            key,
            "there is a secret key but no webhook secret, so that anybody could forge notices of \
             payments. In Stripe's dashboard, under Developers > Webhooks, add an endpoint for \
             https://YOUR-RELAY/hooks/stripe and set its signing secret (whsec_…) here",
        ));
    }
    if secrets.iter().any(|one| one.expose().strip_prefix("whsec_").is_none_or(str::is_empty)) {
        return Err(wrong(key, "a signing secret begins with whsec_"));
    }
    Ok(secrets)
}

fn check_mode(text: &str, key: &str) -> Result<PaymentMode, ConfigError> {
    let mode = PaymentMode::from_name(text)
        .ok_or_else(|| wrong("payments.stripe.mode", "either \"test\" or \"live\""))?;
    let of_key = [PaymentMode::Test, PaymentMode::Live].into_iter().find(|mode| {
        let rest = key.strip_prefix("sk_").or_else(|| key.strip_prefix("rk_"));
        rest.and_then(|rest| rest.strip_prefix(mode.name()))
            .and_then(|rest| rest.strip_prefix('_'))
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic()))
    });
    match of_key {
        Some(of_key) if of_key == mode => Ok(mode),
        Some(of_key) => Err(wrong(
            "payments.stripe.mode",
            format!("is {}, but the secret key is for {}", mode.name(), of_key.name()),
        )),
        None => Err(wrong(
            "payments.stripe.secret_key",
            "a secret key begins with sk_test_, sk_live_, rk_test_ or rk_live_",
        )),
    }
}

fn check_amount(key: &'static str, text: &str) -> Result<NanoUsd, ConfigError> {
    let amount: NanoUsd =
        text.parse().map_err(|error: anc_domain::MoneyError| wrong(key, error.to_string()))?;
    if amount <= NanoUsd::ZERO || amount > AMOUNT_MAX || amount.nanos() % NANOS_PER_CENT != 0 {
        return Err(wrong(key, format!("above zero, at most ${AMOUNT_MAX}, in whole cents")));
    }
    Ok(amount)
}

/// Plain http goes to this machine alone. Which addresses a name may stand for is checked when it is
/// dialled.
fn check_api(text: &str) -> Result<Endpoint, ConfigError> {
    let key = "payments.stripe.api_url";
    let url = Url::parse(text).map_err(|error| wrong(key, error.to_string()))?;
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    };
    let plain = url.scheme() == "http";
    if plain && !loopback {
        return Err(wrong(key, "plain http is for this machine alone, by its address"));
    }
    Endpoint::new(text, plain).map_err(|error| wrong(key, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw() -> RawStripe {
        RawStripe {
            secret_key: "sk_test_x".into(),
            secret_key_file: String::new(),
            webhook_secret: "whsec_x".into(),
            webhook_secret_file: String::new(),
            mode: "test".into(),
            currency: "usd".into(),
            amount_min: "5".into(),
            amount_max: "500".into(),
            api_url: "https://api.stripe.com".into(),
        }
    }

    fn check(change: impl FnOnce(&mut RawStripe)) -> Result<Option<StripeSettings>, String> {
        let mut raw = raw();
        change(&mut raw);
        let url: Url = "https://relay.example.com".parse().unwrap();
        check_stripe(raw, Some(&url)).map_err(|error| error.to_string())
    }

    #[test]
    fn h5_a_secret_key_without_a_webhook_secret_is_refused_and_says_what_to_do() {
        for empty in ["", "  ", ",", "\n"] {
            let error = check(|raw| raw.webhook_secret = empty.into()).unwrap_err();
            assert!(error.contains("payments.stripe.webhook_secret"), "{error}");
            assert!(error.contains("/hooks/stripe") && error.contains("whsec_"), "{error}");
        }
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("hook");
        fs::write(&file, "\n").unwrap();
        let empty_file = check(|raw| {
            raw.webhook_secret = String::new();
            raw.webhook_secret_file = file.display().to_string();
        });
        assert!(empty_file.is_err());
    }

    #[test]
    fn e1_what_makes_no_sense_together_is_refused() {
        type Change = fn(&mut RawStripe);
        let cases: [(&str, Change); 13] = [
            ("webhook secret but no", |raw| raw.secret_key.clear()),
            ("whsec_", |raw| raw.webhook_secret = "x".into()),
            ("whsec_", |raw| raw.webhook_secret = "whsec_".into()),
            ("is live, but", |raw| raw.mode = "live".into()),
            ("is test, but", |raw| raw.secret_key = "rk_live_x".into()),
            ("begins with sk_test_", |raw| raw.secret_key = "pk_test_x".into()),
            ("either", |raw| raw.mode = "sandbox".into()),
            ("US dollars", |raw| raw.currency = "eur".into()),
            ("whole cents", |raw| raw.amount_min = "0.001".into()),
            ("whole cents", |raw| raw.amount_min = "0".into()),
            ("less than", |raw| raw.amount_max = "1".into()),
            ("this machine", |raw| raw.api_url = "http://api.stripe.com".into()),
            ("this machine", |raw| raw.api_url = "http://localhost:1".into()),
        ];
        for (said, change) in cases {
            let error = check(change).unwrap_err();
            assert!(error.contains(said), "{said}: {error}");
            assert!(!error.contains("sk_test_x") && !error.contains("whsec_x"), "{error}");
        }
        assert!(check_stripe(raw(), None).is_err(), "without a public address");
    }

    #[test]
    fn what_is_whole_is_taken_also_from_files() {
        let settings = check(|_| {}).unwrap().unwrap();
        assert!(!settings.api.allow_private);
        assert!(check(|raw| raw.api_url = "http://127.0.0.1:9".into()).is_ok());
        let two = check(|raw| raw.webhook_secret = "whsec_a, whsec_b".into()).unwrap().unwrap();
        assert_eq!(two.webhook_secrets.len(), 2);
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("key");
        fs::write(&file, "sk_test_file\n").unwrap();
        let both = check(|raw| raw.secret_key_file = file.display().to_string());
        assert!(both.is_err(), "the key twice");
        let from_file = check(|raw| {
            raw.secret_key.clear();
            raw.secret_key_file = file.display().to_string();
        });
        assert_eq!(from_file.unwrap().unwrap().secret_key.expose(), "sk_test_file");
        let neither = check(|raw| {
            raw.secret_key.clear();
            raw.webhook_secret.clear();
        });
        assert!(neither.unwrap().is_none());
    }
}
