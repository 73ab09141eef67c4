//! What a tier says holds on every route, from its edit on.

use anc_testkit::OWNER_EMAIL;
use anc_testkit::simulator::{ResponsesStream, Step};
use http::Method;
use serde_json::{Value, json};

use crate::contract::token_with;
use crate::support::{CHAT_MODEL, MESSAGES_MODEL, World, chat, nanos, price_of, slow_chat};

const GEMINI_MODEL: &str = "gemini-model";

fn set(world: &World, tier: &str, more: &[&str]) {
    let mut arguments = vec!["tier", "set", tier];
    arguments.extend(more);
    world.relay.run(&arguments, "");
}

#[tokio::test]
async fn a_model_outside_the_tier_is_refused_everywhere() {
    let world = World::new("20").await;
    world.relay.connect("gemini", &world.upstream.base_url(), GEMINI_MODEL);
    world.relay.set_price(GEMINI_MODEL, "3", "15");
    let token = world.relay.create_token("ci", &[]);
    let answer = ResponsesStream::saying(["Hel", "lo"]).id("resp_a").usage(100, 0, 7, 3);
    world.upstream.push(Step::json(200, &answer.body()));
    let stored = json!({"model": CHAT_MODEL, "input": "Say something"});
    assert_eq!(world.client.post("/v1/responses", &token, &stored).await.status, 200);
    let asked = world.upstream.requests().len();
    let used = world.used("ci");
    set(&world, "Standard", &["--models", "!chat-model,!messages-model,!gemini-model"]);

    let said = json!([{"role": "user", "content": "x"}]);
    let gemini = json!({"contents": [{"role": "user", "parts": [{"text": "x"}]}]});
    let embed = json!({"model": format!("models/{GEMINI_MODEL}"),
        "content": {"parts": [{"text": "x"}]}});
    let of_chat = |key: &str, value: Value| json!({"model": CHAT_MODEL, key: value});
    let count = json!({"model": MESSAGES_MODEL, "messages": said});
    let of_messages = json!({"model": MESSAGES_MODEL, "messages": said, "max_tokens": 9});
    let path = |method: &str| format!("/v1beta/models/{GEMINI_MODEL}:{method}");
    let routes = [
        ("/v1/chat/completions".to_owned(), of_chat("messages", said.clone())),
        ("/v1/completions".to_owned(), of_chat("prompt", "x".into())),
        ("/v1/embeddings".to_owned(), of_chat("input", "x".into())),
        ("/v1/responses".to_owned(), of_chat("input", "x".into())),
        ("/v1/responses/compact".to_owned(), of_chat("input", "x".into())),
        ("/v1/responses/input_tokens".to_owned(), of_chat("input", "x".into())),
        ("/v1/messages".to_owned(), of_messages),
        ("/v1/messages/count_tokens".to_owned(), count),
        (path("generateContent"), gemini.clone()),
        (path("streamGenerateContent"), gemini.clone()),
        (path("countTokens"), gemini),
        (path("embedContent"), embed.clone()),
        (path("batchEmbedContents"), json!({ "requests": [embed] })),
        ("/v1/responses/resp_a/cancel".to_owned(), Value::Null),
    ];
    for (path, body) in routes {
        let refused = world.client.post(&path, &token, &body).await;
        let said = String::from_utf8_lossy(&refused.body).into_owned();
        assert_eq!(refused.header("x-relay-error"), "model_not_allowed", "{path}: {said}");
        assert_eq!(refused.status, 404, "{path}");
        assert!(said.contains("tier Standard"), "{path} says why: {said}");
    }
    for (method, below) in [(Method::GET, ""), (Method::GET, "/input_items"), (Method::DELETE, "")]
    {
        let path = format!("/v1/responses/resp_a{below}");
        let refused = world.client.call(method, &path, &token, &Value::Null).await;
        assert_eq!(refused.header("x-relay-error"), "model_not_allowed", "{path}");
    }
    for path in ["/v1/models", "/v1beta/models"] {
        let list = world.client.call(Method::GET, path, &token, &Value::Null).await;
        let list = String::from_utf8_lossy(&list.body).into_owned();
        for model in [CHAT_MODEL, MESSAGES_MODEL, GEMINI_MODEL] {
            assert!(!list.contains(model), "{path} lists {model}");
        }
    }
    let one = format!("/v1/models/{CHAT_MODEL}");
    assert_eq!(world.client.call(Method::GET, &one, &token, &Value::Null).await.status, 404);
    assert_eq!(world.upstream.requests().len(), asked, "no provider was asked");
    assert_eq!(world.used("ci"), used);

    set(&world, "Standard", &["--models", "all"]);
    assert_eq!(world.client.post("/v1/chat/completions", &token, &chat(false)).await.status, 200);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_group_outside_the_tier_is_refused_until_it_is_allowed_again() {
    let world = World::new("20").await;
    world.relay.control(&Method::PUT, "/groups/fast", &json!({"multiplier_ppm": 2_000_000}));
    let token = token_with(&world, "ci", &json!({"group": "default"}));
    let asked = async || world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    set(&world, "Standard", &["--groups", "fast"]);
    let refused = asked().await;
    assert_eq!(refused.header("x-relay-error"), "model_not_allowed", "{:?}", refused.json());
    assert!(refused.json()["error"]["message"].as_str().unwrap().contains("group of channels"));
    let list = world.client.call(Method::GET, "/v1/models", &token, &Value::Null).await;
    assert_eq!(list.json()["data"], json!([]));
    set(&world, "Standard", &["--groups", "all"]);
    assert_eq!(asked().await.status, 200);
}

#[tokio::test]
async fn an_account_is_held_to_its_tiers_rates_over_all_its_tokens() {
    let world = World::new("20").await;
    let (one, other) = (world.relay.create_token("a", &[]), world.relay.create_token("b", &[]));
    set(&world, "Standard", &["--requests-per-minute", "2"]);
    let asked =
        async |token: &str| world.client.post("/v1/chat/completions", token, &chat(false)).await;
    assert_eq!(
        (asked(&one).await.status, asked(&other).await.status),
        (200.try_into().unwrap(), 200.try_into().unwrap())
    );
    let refused = asked(&one).await;
    assert_eq!(refused.header("x-relay-error"), "rate_limit_exceeded");
    assert!(!refused.header("retry-after").is_empty());
    assert!(refused.json()["error"]["message"].as_str().unwrap().contains("tier Standard"));
    set(&world, "Standard", &["--requests-per-minute", "0"]);
    assert_eq!(asked(&one).await.status, 200);
}

#[tokio::test]
async fn an_overdraft_pays_until_it_is_used_up() {
    let world = World::new("0.001").await;
    set(&world, "Standard", &["--overdraft", "0.01"]);
    let token = world.relay.create_token("ci", &[]);
    let mut answered = 0;
    let refused = loop {
        let answer = world.client.post("/v1/chat/completions", &token, &chat(false)).await;
        if answer.status != 200 {
            break answer;
        }
        answered += 1;
    };
    assert!(answered > 1, "the balance alone does not pay for two");
    assert_eq!(refused.header("x-relay-error"), "balance_exhausted", "{:?}", refused.json());
    let account =
        world.relay.control(&Method::GET, &format!("/accounts/{OWNER_EMAIL}"), &Value::Null);
    let balance = nanos(&account["balance"]);
    assert!((-10_000_000..0).contains(&balance), "{balance}");
    assert!(refused.json()["error"]["message"].as_str().unwrap().contains("may fall to -$0.01"));
    assert!(price_of(1, 0) > 0);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_suspended_accounts_streams_end_within_a_second() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    world.upstream.push(slow_chat(1_000));
    let mut events =
        world.client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
    assert!(events.more().await.unwrap());
    world.relay.run(&["account", "set", OWNER_EMAIL, "--suspend", "unpaid"], "");
    let suspended = tokio::time::Instant::now();
    assert!(events.finish().await, "it ends in its protocol's own form");
    assert!(suspended.elapsed() < std::time::Duration::from_secs(1), "{:?}", suspended.elapsed());
    assert!(events.text().contains("account_suspended") && !events.is_complete());
    let refused = world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!(refused.header("x-relay-error"), "account_suspended");
    assert!(!refused.json().to_string().contains("unpaid"), "the reason is the operator's");
    assert!(world.used("ci") > 0, "what was delivered is charged");
    let listed = world.relay.run(&["account", "list"], "");
    assert!(listed.contains("suspended"), "{listed}");
    world.relay.run(&["account", "set", OWNER_EMAIL, "--resume"], "");
    assert_eq!(world.client.post("/v1/chat/completions", &token, &chat(false)).await.status, 200);
    world.relay.verify().unwrap();
}
