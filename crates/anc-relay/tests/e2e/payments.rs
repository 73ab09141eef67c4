//! Paying in, on the relay as it runs, from a Stripe on loopback.

use std::process::Command;

use anc_domain::{Clock as _, SystemClock};
use anc_testkit::{OWNER_EMAIL, OWNER_PASSWORD, ScriptedStripe, signature};
use http::Method;
use serde_json::{Value, json};

use crate::support::{World, chat, nanos};

/// What a person's requests carry.
async fn signed_in(world: &World) -> String {
    let console = [("x-anc-console", "1")];
    let credentials = json!({ "email": OWNER_EMAIL, "password": OWNER_PASSWORD });
    let session =
        world.client.call_with(Method::POST, "/api/v1/session", &console, &credentials).await;
    session.header("set-cookie").split(';').next().unwrap().to_owned()
}

async fn tell(world: &World, secret: &str, event: &Value) -> u16 {
    let body = event.to_string();
    let header = signature(secret, SystemClock.now().as_seconds(), body.as_bytes());
    let headers = [("stripe-signature", header.as_str())];
    world.client.call_with(Method::POST, "/hooks/stripe", &headers, event).await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exhausted_token_works_at_once_after_a_payment() {
    let stripe = ScriptedStripe::start().await;
    let settings = [
        ("ANC_PUBLIC_URL", "http://relay.example"),
        ("ANC_PAYMENTS__STRIPE__SECRET_KEY", ScriptedStripe::SECRET_KEY),
        ("ANC_PAYMENTS__STRIPE__WEBHOOK_SECRET", ScriptedStripe::WEBHOOK_SECRET),
        ("ANC_PAYMENTS__STRIPE__API_URL", &stripe.base_url()),
        ("ANC_PAYMENTS__STRIPE__AMOUNT_MIN", "2.50"),
    ];
    let world = World::with_settings("0", &settings).await;
    let token = world.relay.create_token("ci", &[]);
    let ask = async || world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!(ask().await.header("x-relay-error"), "balance_exhausted");

    let cookie = signed_in(&world).await;
    let headers = [("x-anc-console", "1"), ("cookie", cookie.as_str()), ("host", "evil.example")];
    let body = json!({ "amount": "2.50" });
    let begun = world.client.call_with(Method::POST, "/api/v1/payments", &headers, &body).await;
    assert_eq!(begun.status, 201, "{:?}", begun.json());
    let order = begun.json()["id"].as_str().unwrap().to_owned();
    assert!(stripe.forms()[0]["success_url"].starts_with("http://relay.example/"));

    let paid = stripe.event("checkout.session.completed", &stripe.pay(&order));
    assert_eq!(tell(&world, "whsec_guessed", &paid).await, 400);
    assert_eq!(ask().await.header("x-relay-error"), "balance_exhausted");
    assert_eq!(tell(&world, ScriptedStripe::WEBHOOK_SECRET, &paid).await, 200);
    assert_eq!(ask().await.status, 200);
    assert_eq!(tell(&world, ScriptedStripe::WEBHOOK_SECRET, &paid).await, 200);

    let path = format!("/payments/{order}");
    let shown = world.relay.control(&Method::GET, &path, &Value::Null);
    assert_eq!((&shown["state"], nanos(&shown["amount"])), (&json!("paid"), 2_500_000_000));
    world.relay.verify().unwrap();
    let log = world.relay.log();
    for secret in [ScriptedStripe::SECRET_KEY, ScriptedStripe::WEBHOOK_SECRET] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn h5_stripe_without_a_webhook_secret_does_not_start_and_says_why() {
    let data = tempfile::tempdir().unwrap();
    for secret in [None, Some(""), Some(" ")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_anc-relay"));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--public-url", "https://r.example"])
            .arg("--data")
            .arg(data.path())
            .env("ANC_PAYMENTS__STRIPE__SECRET_KEY", "sk_test_canary");
        if let Some(secret) = secret {
            command.env("ANC_PAYMENTS__STRIPE__WEBHOOK_SECRET", secret);
        }
        let output = command.output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success());
        assert!(error.contains("payments.stripe.webhook_secret"), "{error}");
        assert!(error.contains("/hooks/stripe") && !error.contains("canary"), "{error}");
    }
}
