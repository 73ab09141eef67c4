//! What a client reads when something is wrong, in the protocol that it called.

use http::Method;
use serde_json::{Value, json};

use crate::support::{CHAT_MODEL, World, chat, messages};

#[tokio::test]
async fn every_refusal_has_the_form_of_the_protocol_that_was_called() {
    let world = World::new("20").await;
    let openai = world.client.post("/v1/chat/completions", "sk-nobody-knows-me", &chat(true)).await;
    assert_eq!(openai.status, 401);
    let error = &openai.json()["error"];
    assert_eq!(error["code"], "invalid_api_key");
    for key in ["message", "type", "param", "code"] {
        assert!(error.get(key).is_some(), "OpenAI's clients expect {key}");
    }
    let anthropic = world.client.post("/v1/messages", "sk-nobody-knows-me", &messages(true)).await;
    assert_eq!(anthropic.json()["type"], "error");
    assert_eq!(anthropic.json()["error"]["type"], "authentication_error");
    assert!(anthropic.header("request-id").starts_with("req_"));
    assert_eq!(anthropic.header("x-relay-error"), "invalid_api_key");
}

#[tokio::test]
async fn f1_malformed_and_unknown_tokens_read_the_same() {
    let world = World::new("20").await;
    let known = world.relay.create_token("ci", &[]);
    let mut near = known.clone();
    near.replace_range(20..21, if &known[20..21] == "a" { "b" } else { "a" });
    let message = async |token: &str| {
        let answer = world.client.post("/v1/chat/completions", token, &chat(false)).await;
        assert_eq!(answer.status, 401);
        answer.json()["error"]["message"].clone()
    };
    let unknown = message("sk-0123456789abcdef0123456789abcdef").await;
    assert_eq!(message(&near).await, unknown);
    assert_eq!(message("x").await, unknown);
}

#[tokio::test]
async fn an_unknown_path_answers_in_json_and_never_with_the_consoles_page() {
    let world = World::new("20").await;
    for path in ["/v1", "/v1/nothing", "/api/v1/nothing", "/api"] {
        let answer = world.client.call(Method::GET, path, "", &Value::Null).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.json()["error"]["code"], "not_found", "{path}: {:?}", answer.body);
    }
    let wrong_method =
        world.client.call(Method::GET, "/v1/chat/completions", "", &Value::Null).await;
    assert_eq!((wrong_method.status.as_u16(), wrong_method.header("allow")), (405, "POST"));
}

#[tokio::test]
async fn a_restricted_token_is_told_what_stopped_it() {
    let world = World::new("20").await;
    let other_model = world.relay.create_token("m", &["--models", "other-*"]);
    let answer = world.client.post("/v1/chat/completions", &other_model, &chat(false)).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["error"]["code"].as_str()),
        (404, Some("model_not_allowed"))
    );

    let other_address = world.relay.create_token("a", &["--ip", "203.0.113.0/24"]);
    let answer = world.client.post("/v1/chat/completions", &other_address, &chat(false)).await;
    let error = answer.json()["error"].clone();
    assert_eq!((answer.status.as_u16(), error["code"].as_str()), (403, Some("ip_not_allowed")));
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("127.0.0.1") && !message.contains("203.0.113"), "{message}");

    let wrong_protocol = world.relay.create_token("p", &[]);
    let mut body = messages(false);
    body["model"] = json!(CHAT_MODEL);
    let answer = world.client.post("/v1/messages", &wrong_protocol, &body).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("x-relay-error")),
        (400, "unsupported_by_channel")
    );
}

#[tokio::test]
async fn a_model_without_a_price_is_refused_rather_than_free() {
    let world = World::new("20").await;
    world.relay.connect("openai", &format!("{}/v1", world.upstream.base_url()), "unpriced-model");
    let token = world.relay.create_token("ci", &[]);
    let mut body = chat(false);
    body["model"] = json!("unpriced-model");
    let answer = world.client.post("/v1/chat/completions", &token, &body).await;
    assert_eq!((answer.status.as_u16(), answer.header("x-relay-error")), (404, "model_unpriced"));
}

#[tokio::test]
async fn an_exhausted_balance_is_a_402_for_anthropic_and_a_429_for_openai() {
    let world = World::new("0").await;
    let token = world.relay.create_token("ci", &[]);
    let openai = world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!(
        (openai.status.as_u16(), openai.header("x-relay-error")),
        (429, "balance_exhausted")
    );
    let anthropic = world.client.post("/v1/messages", &token, &messages(false)).await;
    assert_eq!(anthropic.status, 402);
    assert_eq!(anthropic.json()["error"]["type"], "billing_error");
    world.relay.run(
        &["credit", "--account", anc_testkit::OWNER_EMAIL, "--amount", "1", "--reason", "test"],
        "",
    );
    assert_eq!(world.client.post("/v1/messages", &token, &messages(false)).await.status, 200);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn programs_never_get_the_consoles_page_for_an_error() {
    let world = World::new("0").await;
    for path in ["/api", "/api/v1/nothing", "/api/v2", "/metrics", "/v1"] {
        let answer = world.client.call(Method::GET, path, "", &Value::Null).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["error"]["code"].as_str()),
            (404, Some("not_found")),
            "{path}"
        );
    }
    assert_eq!(
        world.client.call(Method::GET, "/assets/old.js", "", &Value::Null).await.status,
        404
    );
    assert_eq!(world.client.call(Method::GET, "/tokens", "", &Value::Null).await.status, 200);
    // A program that misses the API must not take a page for its answer.
    let missed = world.client.post("/chat/completions", "", &Value::Null).await;
    let code = missed.json()["error"]["code"].clone();
    assert_eq!((missed.status.as_u16(), code.as_str()), (404, Some("not_found")));
}
