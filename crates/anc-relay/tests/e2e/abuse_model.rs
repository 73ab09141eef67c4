//! What is asked for, and what it may cost: ABUSE B1 to B5.

use anc_testkit::Answer;
use anc_testkit::simulator::Step;
use http::Method;
use serde_json::{Value, json};

use crate::support::{CHAT_MODEL, MESSAGES_MODEL, World, chat, messages, nanos, price_of};

const CHAT: &str = "/v1/chat/completions";

fn outcome(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.header("x-relay-error"))
}

async fn post_text(world: &World, token: &str, body: &str) -> Answer {
    world.client.post_bytes(CHAT, token, &[], body.to_owned()).await
}

#[tokio::test]
async fn b1_a_model_has_one_name_and_no_look_alike() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let long = "m".repeat(129);
    for name in [
        "",
        " chat-model",
        "chat-model ",
        "chat-model\n",
        "CHAT-MODEL",
        "Chat-model",
        "chat-model\u{200b}",
        "chat-model\u{0}",
        "ch\u{430}t-model",
        "ｃhat-model",
        "ch\u{e1}t-model",
        "cha\u{301}t-model",
        "chat\u{2010}model",
        "chat_model",
        "models/chat-model",
        "*",
        "chat-*",
        "auto",
        long.as_str(),
    ] {
        let mut body = chat(false);
        body["model"] = json!(name);
        let answer = world.client.post(CHAT, &token, &body).await;
        assert_eq!(outcome(&answer), (404, "model_not_found"), "{name:?}");
    }
    for name in [json!(7), json!(null), json!(["chat-model"]), json!({"id": "chat-model"})] {
        let mut body = chat(false);
        body["model"] = name.clone();
        let answer = world.client.post(CHAT, &token, &body).await;
        assert_eq!(outcome(&answer), (400, "invalid_request"), "{name}");
    }
    // In a path a name may be escaped once, as paths are, and not twice.
    let gemini = async |name: &str| {
        let path = format!("/v1beta/models/{name}:generateContent");
        let answer = world.client.post(&path, &token, &json!({"contents": []})).await;
        (answer.status.as_u16(), answer.header("x-relay-error").to_owned())
    };
    let known = (400, "unsupported_by_channel".to_owned());
    assert_eq!(gemini("chat-model").await, known, "the name is known, its protocol is another");
    assert_eq!(gemini("ch%61t-model").await, known);
    for name in ["ch%2561t-model", "chat-model%00", "chat-model%20", "CHAT-MODEL", "%ff"] {
        assert_eq!(gemini(name).await.0, 404, "{name}");
    }
    assert_eq!(world.upstream.requests().len(), 0);
}

#[tokio::test]
async fn b2_what_the_relay_reads_is_what_the_provider_reads() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    for body in [
        r#"{"model":"chat-model","model":"dear"}"#,
        r#"{"model":"dear","model":"chat-model"}"#,
        r#"{"model":"chat-model","\u006dodel":"dear"}"#,
        r#"{"\u006Dodel":"dear","model":"chat-model"}"#,
        r#"{"model":"chat-model","stream":false,"stream":true}"#,
        r#"{"model":"chat-model","max_tokens":1,"max_tokens":100000}"#,
        r#"{"model":"chat-model","n":1,"n":100}"#,
        r#"{"model":"chat-model","service_tier":"auto","service_tier":"priority"}"#,
        r#"{"model":"chat-model","stream":true,"stream_options":{},"stream_options":{}}"#,
    ] {
        let answer = post_text(&world, &token, body).await;
        assert_eq!(outcome(&answer), (400, "invalid_request"), "{body}");
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("twice"), "{body}: {message}");
    }
    // A lenient reader could find `model` in these bytes.
    let overlong = b"{\"mod\xc1\xa5l\":\"dear\",\"model\":\"chat-model\",\"messages\":[]}".to_vec();
    let answer = world.client.post_bytes(CHAT, &token, &[], overlong).await;
    assert_eq!(outcome(&answer), (400, "invalid_request"));
    assert_eq!(world.upstream.requests().len(), 0);

    // Keys of another case are other keys: passed on byte for byte and never acted on.
    let body = r#"{ "Model":"dear", "MODEL":"dear", "model":"chat-model",
        "Max_Tokens":1, "messages":[{"role":"user","content":"h\u0069"}], "x": 1.50, "x": 1e2 }"#;
    assert_eq!(post_text(&world, &token, body).await.status, 200);
    assert_eq!(world.upstream.requests()[0].text(), body);
    assert_eq!(nanos(&world.relay.token("ci")["held"]), 0);
}

#[tokio::test]
async fn b3_a_restriction_binds_the_name_that_the_client_uses() {
    let world = World::new("20").await;
    world.relay.set_price("alias", "3", "15");
    world.relay.set_price("dear-model", "3000", "15000");
    let channel = json!({
        "name": "mapping", "provider": "openai", "key": "sk-mapping", "allow_private": true,
        "base_url": format!("{}/v1", world.upstream.base_url()), "models": ["dear-model"],
        // Two names that point at each other: each is looked up once, so that there is no cycle.
        "model_map": {"alias": "dear-model", "loop-a": "loop-b", "loop-b": "loop-a"},
    });
    let made = world.relay.control(&Method::POST, "/channels", &channel);
    assert!(made.get("error").is_none(), "{made}");
    let token = world.relay.create_token("ci", &["--models", "alias"]);
    let ask = async |model: &str, more: Value| {
        let mut body = chat(false);
        body["model"] = json!(model);
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        world.client.post(CHAT, &token, &body).await
    };
    // The operator's own mapping is the operator's word, at the price of the name that was used.
    let report = json!({"choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"},
        "finish_reason": "stop"}], "model": "dear-model",
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}});
    world.upstream.push(Step::json(200, &report));
    assert_eq!(ask("alias", json!({})).await.status, 200);
    assert_eq!(world.upstream.requests()[0].json()["model"], "dear-model");
    assert_eq!(world.used("ci"), price_of(10, 5));
    // What it points to is another name, and not this token's.
    assert_eq!(outcome(&ask("dear-model", json!({})).await), (404, "model_not_allowed"));
    // No list of other models gets round that.
    for more in [
        json!({"models": ["dear-model"]}),
        json!({"models": "dear-model"}),
        json!({"fallbacks": [{"model": "dear-model"}]}),
        json!({"route": "fallback", "models": ["alias", "dear-model"]}),
    ] {
        let answer = ask("alias", more.clone()).await;
        assert_eq!(outcome(&answer), (400, "invalid_request"), "{more}");
    }
    assert_eq!(world.upstream.requests().len(), 1);

    let looping = world.relay.create_token("loop", &[]);
    world.relay.set_price("loop-a", "3", "15");
    let mut body = chat(false);
    body["model"] = json!("loop-a");
    assert_eq!(world.client.post(CHAT, &looping, &body).await.status, 200);
    assert_eq!(world.upstream.requests()[1].json()["model"], "loop-b");
    world.relay.verify().unwrap();
}

/// Every route that reaches a model, with a body that names `model` where the path does not.
fn routes(model: &str) -> Vec<(String, Value)> {
    let contents = json!([{"role": "user", "parts": [{"text": "hi"}]}]);
    let gemini = |method: &str, body: Value| (format!("/v1beta/models/{model}:{method}"), body);
    let mut routes = vec![
        (CHAT.to_owned(), json!({"model": model, "messages": []})),
        ("/v1/completions".to_owned(), json!({"model": model, "prompt": "x"})),
        ("/v1/responses".to_owned(), json!({"model": model, "input": "x"})),
        ("/v1/embeddings".to_owned(), json!({"model": model, "input": "x"})),
        ("/v1/messages".to_owned(), json!({"model": model, "max_tokens": 9, "messages": []})),
        ("/v1/messages/count_tokens".to_owned(), json!({"model": model, "messages": []})),
        gemini("embedContent", json!({"content": {"parts": [{"text": "x"}]}})),
        gemini("batchEmbedContents", json!({"requests": []})),
    ];
    for method in ["generateContent", "streamGenerateContent", "countTokens"] {
        routes.push(gemini(method, json!({"contents": contents})));
    }
    routes
}

#[tokio::test]
async fn b4_every_route_to_a_model_is_admitted_by_the_same_rules() {
    let world = World::new("20").await;
    let other_model = world.relay.create_token("m", &["--models", "other-*"]);
    let elsewhere = world.relay.create_token("a", &["--ip", "203.0.113.0/24"]);
    let body = json!({"name": "s", "account": anc_testkit::OWNER_EMAIL, "endpoints": ["models"]});
    let scoped = world.relay.control(&Method::POST, "/tokens", &body);
    let scoped = scoped["secret"].as_str().unwrap_or_else(|| panic!("{scoped}"));
    for (path, body) in routes(CHAT_MODEL) {
        for (token, expected) in [
            (other_model.as_str(), (404, "model_not_allowed")),
            (&elsewhere, (403, "ip_not_allowed")),
            (scoped, (403, "scope_denied")),
            ("sk-nobody", (401, "invalid_api_key")),
        ] {
            let answer = world.client.post(&path, token, &body).await;
            assert_eq!(outcome(&answer), expected, "{path}");
        }
    }
    // A model hidden in the body of a path that names another one.
    let open = world.relay.create_token("open", &[]);
    for (method, body) in [
        ("generateContent", json!({"contents": [], "model": "models/dear"})),
        ("batchEmbedContents", json!({"requests": [{"model": "models/dear", "content": {}}]})),
        (
            "countTokens",
            json!({"generateContentRequest": {"model": "models/dear", "contents": []}}),
        ),
    ] {
        let path = format!("/v1beta/models/{CHAT_MODEL}:{method}");
        let answer = world.client.post(&path, &open, &body).await;
        assert_eq!(outcome(&answer), (400, "invalid_request"), "{path}");
    }
    // Paths by which other gateways can be got round are none here.
    for path in [
        "/v1/images/generations",
        "/v1/images/edits",
        "/v1/audio/speech",
        "/v1/audio/transcriptions",
        "/v1/moderations",
        "/v1/batches",
        "/v1/messages/batches",
        "/v1/files",
        "/v1/fine_tuning/jobs",
        "/v1/assistants",
        "/v1/threads/runs",
        "/v1/realtime/sessions",
        "/v1/engines/chat-model/completions",
        "/v1/chat/completions/",
        "/v1//chat/completions",
        "/v1/chat/completions/../../models",
        "/V1/chat/completions",
        "/openai/deployments/chat-model/chat/completions",
        "/v1beta/models/chat-model:predict",
        "/v1beta/cachedContents",
    ] {
        let answer = world.client.post(path, &open, &chat(false)).await;
        assert!(matches!(answer.status.as_u16(), 404 | 405), "{path}: {}", answer.status);
    }
    assert_eq!(world.upstream.requests().len(), 0);
    // The list of models tells a token of its own only.
    let list = world.client.call(Method::GET, "/v1/models", &other_model, &Value::Null).await;
    assert_eq!(list.json()["data"], json!([]));
    let one = format!("/v1/models/{CHAT_MODEL}");
    assert_eq!(world.client.call(Method::GET, &one, &other_model, &Value::Null).await.status, 404);
}

#[tokio::test]
async fn b5_what_raises_the_cost_is_in_the_hold_or_refused() {
    let world = World::new("20").await;
    let token = world.relay.create_token("small", &["--quota", "0.01"]);
    let ask = async |path: &str, base: Value, more: Value| {
        let mut body = base;
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        let answer = world.client.post(path, &token, &body).await;
        (answer.status.as_u16(), answer.header("x-relay-error").to_owned())
    };
    let invalid = (400, "invalid_request".to_owned());
    for more in [
        json!({"n": 0}),
        json!({"n": -1}),
        json!({"n": 129}),
        json!({"n": 1.5}),
        json!({"n": "2"}),
        json!({"max_tokens": -1}),
        json!({"max_tokens": 1e3}),
        json!({"max_completion_tokens": "9"}),
        json!({"service_tier": "priority"}),
        json!({"service_tier": "scale"}),
        json!({"service_tier": ["flex"]}),
        json!({"speed": "fast"}),
        json!({"inference_geo": "us"}),
    ] {
        assert_eq!(ask(CHAT, chat(false), more.clone()).await, invalid, "{more}");
    }
    let completion = json!({"model": CHAT_MODEL, "prompt": "x"});
    for more in [json!({"best_of": 1_000}), json!({"best_of": -1})] {
        assert_eq!(
            ask("/v1/completions", completion.clone(), more.clone()).await,
            invalid,
            "{more}"
        );
    }
    for more in [json!({"speed": "fast"}), json!({"thinking": {"budget_tokens": -1}})] {
        assert_eq!(ask("/v1/messages", messages(false), more.clone()).await, invalid, "{more}");
    }
    assert_eq!(world.upstream.requests().len(), 0);

    // Each of these asks for more than the quota pays for, by another factor. The hold sees it:
    // the bound that goes out is what can be paid, for all the answers together.
    for (path, more, field, answers) in [
        (CHAT, json!({"n": 100, "max_tokens": 200}), "max_tokens", 100),
        (CHAT, json!({"n": 2, "max_completion_tokens": 90_000}), "max_completion_tokens", 2),
        ("/v1/completions", json!({"best_of": 50, "max_tokens": 200}), "max_tokens", 50),
    ] {
        let mut body = if path == CHAT { chat(false) } else { completion.clone() };
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        let before = world.upstream.requests().len();
        let answer = world.client.post(path, &token, &body).await;
        match world.upstream.requests().get(before) {
            Some(sent) => {
                let bound = i128::from(sent.json()[field].as_u64().unwrap());
                assert!(price_of(0, bound * answers) <= 10_000_000, "{more}: {bound}");
            }
            None => assert_eq!(answer.status, 429, "{more}: {:?}", answer.json()),
        }
    }
    let thinking = json!({"model": MESSAGES_MODEL, "max_tokens": 64_000, "stream": true,
        "thinking": {"type": "enabled", "budget_tokens": 60_000}, "messages": []});
    let answer = world.client.post("/v1/messages", &token, &thinking).await;
    assert_eq!(answer.status, 402, "a stream that cannot pay for its thinking does not begin");
    assert!(world.used("small") <= 10_000_000);
    assert_eq!(nanos(&world.relay.token("small")["held"]), 0);
    world.relay.verify().unwrap();
}
