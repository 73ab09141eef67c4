//! Answers that a provider keeps belong to the account, the channel and the key that made them, and
//! what belongs to one session goes one way.

use anc_testkit::simulator::{ResponsesStream, ScriptedUpstream, Step};
use anc_testkit::{Answer, Events};
use http::Method;
use serde_json::{Value, json};

use crate::contract::token_with;
use crate::support::{CHAT_MODEL, MESSAGES_MODEL, World, messages, nanos, price_of};

const STRANGER: &str = "stranger@example.com";

/// A world in which the scripted provider is the first of two equal channels, the other of which has
/// two keys.
async fn world() -> (World, ScriptedUpstream, String) {
    let world = World::new("20").await;
    let second = ScriptedUpstream::start().await.unwrap();
    let base_url = format!("{}/v1", second.base_url());
    let body = json!({"name": "second", "provider": "openai", "base_url": base_url,
        "key": "sk-one\nsk-two", "models": [CHAT_MODEL], "allow_private": true});
    let made = world.relay.control(&Method::POST, "/channels", &body);
    assert!(made.get("error").is_none(), "{made}");
    let token = world.relay.create_token("ci", &[]);
    (world, second, token)
}

fn ask(more: &Value) -> Value {
    let mut body = json!({"model": CHAT_MODEL, "input": "Say something", "max_output_tokens": 200});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

fn answer(id: &str) -> ResponsesStream {
    ResponsesStream::saying(["Hel", "lo"]).id(id).usage(100, 0, 7, 3)
}

/// Makes a stored response with the second provider, and gives the key that it was asked with.
async fn made(world: &World, second: &ScriptedUpstream, token: &str, id: &str) -> String {
    loop {
        let before = second.requests().len();
        if second.steps_left() == 0 {
            second.push(Step::json(200, &answer(id).body()));
        }
        let made = world.client.post("/v1/responses", token, &ask(&json!({}))).await;
        assert_eq!(made.status, 200, "{:?}", made.json());
        if second.requests().len() > before {
            return key_of(second, before);
        }
    }
}

fn key_of(upstream: &ScriptedUpstream, request: usize) -> String {
    upstream.requests()[request].header("authorization").to_owned()
}

async fn call(world: &World, method: Method, path: &str, token: &str) -> Answer {
    world.client.call(method, path, token, &Value::Null).await
}

#[tokio::test]
async fn a_stored_response_is_reached_through_the_channel_and_key_that_made_it() {
    let (world, second, token) = world().await;
    let key = made(&world, &second, &token, "resp_a").await;
    let used = world.used("ci");
    let before = (second.requests().len(), world.upstream.requests().len());
    for round in 0..6 {
        second.push(Step::json(200, &answer("resp_a").body()));
        let got = call(&world, Method::GET, "/v1/responses/resp_a?include%5B%5D=x", &token).await;
        assert_eq!((got.status.as_u16(), got.json()), (200, answer("resp_a").body()));
        assert!(!got.header("x-request-id").is_empty());
        let asked = &second.requests()[before.0 + round];
        assert_eq!(asked.target, "/v1/responses/resp_a?include%5B%5D=x");
        assert_eq!((asked.method.as_str(), asked.header("authorization")), ("GET", &*key));
    }
    second.push(Step::json(200, &json!({"object": "list", "data": []})));
    let items = call(&world, Method::GET, "/v1/responses/resp_a/input_items?limit=2", &token).await;
    assert_eq!(items.json()["object"], "list");
    second.push(Step::json(400, &json!({"error": {"message": "not in the background"}})));
    let cancelled = call(&world, Method::POST, "/v1/responses/resp_a/cancel", &token).await;
    assert_eq!(cancelled.status, 400, "the provider's own words");
    assert_eq!(cancelled.json()["error"]["message"], "not in the background");
    assert_eq!(world.used("ci"), used, "all of it is free");
    assert_eq!(world.upstream.requests().len(), before.1, "no other channel was asked");

    second.push(Step::json(200, &json!({"id": "resp_a", "deleted": true})));
    let deleted = call(&world, Method::DELETE, "/v1/responses/resp_a", &token).await;
    assert_eq!(deleted.json()["deleted"], true);
    let asked = second.requests().len();
    let gone = call(&world, Method::GET, "/v1/responses/resp_a", &token).await;
    assert_eq!((gone.status.as_u16(), second.requests().len()), (404, asked));
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn b4_another_accounts_response_and_none_at_all_are_told_in_the_same_words() {
    let (world, second, token) = world().await;
    made(&world, &second, &token, "resp_a").await;
    world.relay.add_account(STRANGER).await;
    let stranger = world.relay.create_token_of(STRANGER, "theirs", &[]);
    let asked = (second.requests().len(), world.upstream.requests().len());
    let said = |answer: &Answer, id: &str| {
        assert_eq!(answer.status, 404);
        assert_eq!(answer.header("x-relay-error"), "not_found");
        let error = answer.json()["error"].clone();
        assert_eq!(error["type"], "invalid_request_error");
        error["message"].as_str().unwrap().replace(id, "ID")
    };
    for (method, below) in [
        (Method::GET, ""),
        (Method::DELETE, ""),
        (Method::GET, "/input_items"),
        (Method::POST, "/cancel"),
    ] {
        let of = async |id: &str, token: &str| {
            let path = format!("/v1/responses/{id}{below}");
            said(&call(&world, method.clone(), &path, token).await, id)
        };
        let theirs = of("resp_a", &stranger).await;
        assert_eq!(theirs, of("resp_b", &stranger).await, "{method} {below}");
        assert_eq!(theirs, of("resp_b", &token).await, "{method} {below}");
    }
    for path in ["/v1/responses", "/v1/responses/compact", "/v1/responses/input_tokens"] {
        let of = async |id: &str, token: &str| {
            let body = ask(&json!({"previous_response_id": id}));
            said(&world.client.post(path, token, &body).await, id)
        };
        assert_eq!(of("resp_a", &stranger).await, of("resp_b", &stranger).await, "{path}");
        assert_eq!(of("resp_b", &token).await, of("../a", &token).await, "{path}");
    }
    assert_eq!((second.requests().len(), world.upstream.requests().len()), asked, "nobody asked");
    second.push(Step::json(200, &answer("resp_a").body()));
    let still = call(&world, Method::GET, "/v1/responses/resp_a", &token).await;
    assert_eq!(still.status, 200, "a stranger deletes nothing");
    assert_eq!(nanos(&world.relay.token("theirs")["used_quota"]), 0);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_request_that_goes_on_from_a_response_goes_where_that_one_is() {
    let (world, second, token) = world().await;
    let key = made(&world, &second, &token, "resp_a").await;
    let before = (second.requests().len(), world.upstream.requests().len());
    let more = ask(&json!({"previous_response_id": "resp_a", "store": false}));
    for _ in 0..6 {
        let answer = world.client.post("/v1/responses", &token, &more).await;
        assert_eq!(answer.status, 200, "{:?}", answer.json());
    }
    let requests = second.requests();
    assert_eq!(requests.len(), before.0 + 6);
    assert!(requests[before.0..].iter().all(|one| one.header("authorization") == key));
    assert_eq!(requests[before.0].json(), more, "the client's own bytes");
    // It fails: no other channel can go on from it, and none is asked.
    second.push(Step::unavailable(None));
    let failed = world.client.post("/v1/responses", &token, &more).await;
    assert_eq!(failed.status, 503, "{:?}", failed.json());
    assert_eq!(world.upstream.requests().len(), before.1);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn b4_an_item_that_an_input_stands_for_is_its_accounts_own() {
    let (world, second, token) = world().await;
    let key = made(&world, &second, &token, "resp_a").await;
    let item = answer("resp_a").body()["output"][0]["id"].as_str().unwrap().to_owned();
    world.relay.add_account(STRANGER).await;
    let stranger = world.relay.create_token_of(STRANGER, "theirs", &[]);
    let before = (second.requests().len(), world.upstream.requests().len());
    let references = [json!({"type": "item_reference", "id": item}), json!({"id": item})];
    for (round, reference) in references.iter().enumerate() {
        let body = ask(&json!({"store": false, "input": [reference,
            {"role": "user", "content": "And now?"}]}));
        for path in ["/v1/responses", "/v1/chat/completions", "/v1/responses/input_tokens"] {
            let refused = world.client.post(path, &stranger, &body).await;
            assert_eq!(refused.header("x-relay-error"), "not_found", "{path}");
        }
        assert_eq!(second.requests().len(), before.0 + 4 * round, "nobody was asked");
        for _ in 0..4 {
            let mine = world.client.post("/v1/responses", &token, &body).await;
            assert_eq!(mine.status, 200, "{:?}", mine.json());
        }
        let requests = second.requests();
        assert_eq!(requests.len(), before.0 + 4 * (round + 1), "it went where the item is");
        assert!(requests[before.0..].iter().all(|one| one.header("authorization") == key));
    }
    assert_eq!(world.upstream.requests().len(), before.1);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn what_a_request_goes_on_from_is_held_for_as_well() {
    let (world, second, _) = world().await;
    let whole = world.relay.create_token("whole", &[]);
    let long = ResponsesStream::saying(["x"]).id("resp_long").usage(1_000_000, 0, 10, 0);
    let made = loop {
        if second.steps_left() == 0 {
            second.push(Step::json(200, &long.body()));
        }
        let answer = world.client.post("/v1/responses", &whole, &ask(&json!({}))).await;
        if answer.json()["id"] == "resp_long" {
            break answer;
        }
    };
    assert_eq!(made.header("x-relay-charge"), "3.00015");
    // A million units at $3: more than this token has, though its own words are few.
    let poor = world.relay.create_token("poor", &["--quota", "2"]);
    let more = ask(&json!({"previous_response_id": "resp_long"}));
    let refused = world.client.post("/v1/responses", &poor, &more).await;
    assert_eq!(refused.header("x-relay-error"), "token_quota_exhausted", "{:?}", refused.json());
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_streamed_response_can_be_gone_on_from_when_its_last_byte_is_read() {
    let (world, second, token) = world().await;
    for round in 0..8 {
        let id = format!("resp_{round}");
        for upstream in [&second, &world.upstream] {
            upstream.reset();
            upstream.push(Step::stream(answer(&id).frames()));
        }
        let body = ask(&json!({"stream": true}));
        let mut events: Events = world.client.stream("/v1/responses", &token, &body).await.unwrap();
        assert!(events.finish().await && events.text().contains("response.completed"));
        for upstream in [&second, &world.upstream] {
            upstream.reset();
        }
        let body = ask(&json!({"previous_response_id": id}));
        let next = world.client.post("/v1/responses", &token, &body).await;
        assert_eq!(next.status, 200, "{:?}", next.json());
    }
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn what_is_not_to_be_stored_is_not_remembered() {
    let (world, second, token) = world().await;
    for upstream in [&second, &world.upstream] {
        upstream.push(Step::json(200, &answer("resp_a").body()));
    }
    let body = ask(&json!({"store": false}));
    assert_eq!(world.client.post("/v1/responses", &token, &body).await.status, 200);
    let got = call(&world, Method::GET, "/v1/responses/resp_a", &token).await;
    assert_eq!(got.header("x-relay-error"), "not_found");
}

#[tokio::test]
async fn stored_responses_ask_for_the_same_rights_as_every_other_call() {
    let (world, second, token) = world().await;
    made(&world, &second, &token, "resp_a").await;
    let asked = second.requests().len();
    for (rights, code) in [
        (json!({"ip_rules": ["203.0.113.7"]}), "ip_not_allowed"),
        (json!({"endpoints": ["chat"]}), "scope_denied"),
        (json!({"models": ["other"]}), "model_not_allowed"),
    ] {
        let narrow = token_with(&world, code, &rights);
        let got = call(&world, Method::GET, "/v1/responses/resp_a", &narrow).await;
        assert_eq!(got.header("x-relay-error"), code);
    }
    let nobody = call(&world, Method::GET, "/v1/responses/resp_a", "sk-none").await;
    assert_eq!((nobody.status.as_u16(), nobody.header("x-relay-error")), (401, "invalid_api_key"));
    let stream = call(&world, Method::GET, "/v1/responses/resp_a?stream=true", &token).await;
    assert_eq!(stream.header("x-relay-error"), "invalid_request");
    let put = call(&world, Method::PUT, "/v1/responses/resp_a", &token).await;
    assert_eq!((put.status.as_u16(), put.header("allow")), (405, "GET, DELETE"));
    assert_eq!(second.requests().len(), asked);
}

#[tokio::test]
async fn a_compaction_is_charged_like_an_answer_and_a_count_is_free() {
    let (world, second, token) = world().await;
    let compacted = json!({"id": "resp_c", "object": "response.compaction", "created_at": 1,
        "output": [{"type": "compaction", "id": "cmp_1", "encrypted_content": "AAAA"}],
        "usage": {"input_tokens": 139, "output_tokens": 438, "total_tokens": 577}});
    for upstream in [&second, &world.upstream] {
        upstream.push(Step::json(200, &compacted).for_path("/v1/responses/compact"));
        let count = json!({"object": "response.input_tokens", "input_tokens": 11});
        upstream.push(Step::json(200, &count).for_path("/v1/responses/input_tokens"));
    }
    let body = json!({"model": CHAT_MODEL, "input": "Say something"});
    let answer = world.client.post("/v1/responses/compact", &token, &body).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, compacted));
    assert_eq!(world.used("ci"), price_of(139, 438));
    let counted = world.client.post("/v1/responses/input_tokens", &token, &body).await;
    assert_eq!(counted.json()["input_tokens"], 11);
    let unknown = call(&world, Method::GET, "/v1/responses/resp_c", &token).await;
    assert_eq!(unknown.status, 404, "a compaction is not stored");
    // Its bound cannot be lowered, so that one which might not be paid for is refused.
    let poor = world.relay.create_token("poor", &["--quota", "0.1"]);
    let refused = world.client.post("/v1/responses/compact", &poor, &body).await;
    assert_eq!(refused.header("x-relay-error"), "token_quota_exhausted", "{:?}", refused.json());
    assert_eq!(world.used("ci"), price_of(139, 438));
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn one_session_stays_on_one_channel_and_key_as_long_as_they_are_able() {
    let (world, second, token) = world().await;
    // So many that each of the three ways is some session's, whatever ids the channels have: the
    // rarest is a quarter's.
    let sessions: Vec<String> = (0..60).map(|number| format!("session-{number}")).collect();
    let mut ways = Vec::new();
    for session in &sessions {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..3 {
            second.reset();
            world.upstream.reset();
            let body = ask(&json!({"store": false, "prompt_cache_key": session}));
            assert_eq!(world.client.post("/v1/responses", &token, &body).await.status, 200);
            let both = [&second, &world.upstream];
            let (channel, upstream) =
                both.iter().enumerate().find(|(_, one)| !one.requests().is_empty()).unwrap();
            seen.insert((channel, key_of(upstream, 0)));
        }
        assert_eq!(seen.len(), 1, "{session}: {seen:?}");
        ways.extend(seen);
    }
    ways.sort();
    ways.dedup();
    assert_eq!(ways.len(), 3, "and all sessions together use both channels and all keys: {ways:?}");

    // By a header it is the same, and a channel that fails hands its sessions over.
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", &*bearer), ("session-id", "session-0")];
    let body = ask(&json!({"store": false}));
    for _ in 0..4 {
        for upstream in [&second, &world.upstream] {
            upstream.reset();
            upstream.push(Step::unavailable(None));
        }
        world.upstream.push(Step::json(200, &answer("resp_x").body()));
        second.push(Step::json(200, &answer("resp_x").body()));
        // The first answers 503, the other one as well; the client hears of it once.
        let refused = world.client.call_with(Method::POST, "/v1/responses", &headers, &body).await;
        assert_eq!(refused.status, 503);
        assert_eq!((second.requests().len(), world.upstream.requests().len()), (1, 1));
    }
    world.upstream.reset();
    // Messages name their session in their metadata.
    let mut body = messages(false);
    body["metadata"] = json!({"user_id": "{\"session_id\":\"s\"}"});
    let answer = world.client.post("/v1/messages", &token, &body).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["model"].as_str()),
        (200, Some(MESSAGES_MODEL))
    );
}
