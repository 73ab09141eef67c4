//! Several channels for one model: which is tried, with which key, under which name, at what price.

use anc_testkit::simulator::{ScriptedUpstream, Step};
use http::Method;
use serde_json::{Value, json};

use crate::support::{CHAT_MODEL, World, chat, nanos, price_of};

/// Connects another scripted provider by the control API and gives it.
async fn connect(world: &World, more: Value) -> ScriptedUpstream {
    let upstream = ScriptedUpstream::start().await.unwrap();
    let mut body = json!({
        "name": "second", "provider": "openai", "base_url": format!("{}/v1", upstream.base_url()),
        "key": "sk-second", "models": [CHAT_MODEL], "allow_private": true,
    });
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    let made = world.relay.control(&Method::POST, "/channels", &body);
    assert!(made.get("error").is_none(), "{made}");
    upstream
}

fn keys_used(upstream: &ScriptedUpstream) -> Vec<String> {
    let bearer = |headers: &http::HeaderMap| headers["authorization"].to_str().unwrap().to_owned();
    upstream.requests().iter().map(|request| bearer(&request.headers)).collect()
}

#[tokio::test]
async fn the_higher_priority_is_tried_first_and_the_other_takes_over() {
    let world = World::new("20").await;
    let second = connect(&world, json!({"priority": 5})).await;
    let token = world.relay.create_token("ci", &[]);
    let ask = async || world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!(ask().await.status, 200);
    assert_eq!((second.requests().len(), world.upstream.requests().len()), (1, 0));
    for step in [
        Step::unavailable(None),
        Step::reset_before_head(),
        Step::error(402, "billing", "x", "no money"),
        Step::error(403, "permission", "x", "not you"),
    ] {
        // A refused key rests; a change of the channel wakes it.
        world.relay.control(&Method::PUT, "/groups/other", &json!({"multiplier_ppm": 1_000_000}));
        second.push(step);
        let before = world.upstream.requests().len();
        assert_eq!(ask().await.status, 200);
        assert_eq!(world.upstream.requests().len(), before + 1, "the other took over");
    }
    world.relay.control(&Method::PUT, "/groups/other", &json!({"multiplier_ppm": 1_000_000}));
    second.push(Step::json(400, &json!({"error": {"message": "bad temperature"}})));
    let before = world.upstream.requests().len();
    assert_eq!(ask().await.status, 400, "a fault of the request is nobody else's business");
    assert_eq!(world.upstream.requests().len(), before);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_stream_that_fails_before_its_first_content_is_taken_over() {
    let world = World::new("20").await;
    let second = connect(&world, json!({"priority": 5})).await;
    let token = world.relay.create_token("ci", &[]);
    let opening = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
    let error = "data: {\"error\":{\"message\":\"overloaded\"}}\n\n";
    second.push(Step::stream([opening.to_owned(), error.to_owned()]));
    let mut events =
        world.client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
    assert!(events.finish().await && events.is_complete(), "{}", events.text());
    assert!(!events.text().contains("overloaded"));
    assert_eq!(world.upstream.requests().len(), 1);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn what_an_attempt_that_failed_cost_is_the_operators_alone() {
    let world = World::new("20").await;
    let second = connect(&world, json!({"priority": 5, "cost_multiplier_ppm": 500_000})).await;
    world.relay.control(&Method::PUT, "/groups/default", &json!({"multiplier_ppm": 2_000_000}));
    let token = world.relay.create_token("ci", &[]);
    let usage =
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":0}}\n\n";
    let error = "data: {\"error\":{\"message\":\"overloaded\"}}\n\n";
    second.push(Step::stream([usage.to_owned(), error.to_owned()]));
    let mut events =
        world.client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
    assert!(events.finish().await && events.is_complete(), "{}", events.text());
    assert_eq!(world.upstream.requests().len(), 1, "the other took over");

    let get = |path: &str| world.relay.control(&Method::GET, path, &Value::Null);
    let row = &get("/usage?account=all")["items"][0];
    // Sold at twice the price book, bought at it.
    let (charge, cost) = (nanos(&row["charge"]), nanos(&row["own_cost"]["amount"]));
    assert_eq!(charge - cost, nanos(&row["own_cost"]["margin"]));
    assert!((2 * cost - 1..=2 * cost).contains(&charge), "{row}");
    let margins = get("/margins?by=channel");
    let items = margins["items"].as_array().unwrap();
    let second = items.iter().find(|item| item["name"] == "second").unwrap();
    let failed = price_of(1_000, 0) / 2;
    assert_eq!((&second["requests"], nanos(&second["failed_cost"])), (&json!(0), failed));
    assert_eq!(nanos(&margins["total"]["cost"]), cost + failed);
    assert_eq!(nanos(&margins["total"]["charge"]), charge);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_key_that_is_turned_away_rests_and_the_next_one_serves() {
    let world = World::new("20").await;
    let second = connect(&world, json!({"priority": 5, "key": "sk-one\nsk-two\nsk-three"})).await;
    let token = world.relay.create_token("ci", &[]);
    second.push(Step::error(401, "authentication_error", "invalid_api_key", "bad key"));
    for _ in 0..12 {
        let answer = world.client.post("/v1/chat/completions", &token, &chat(false)).await;
        assert_eq!(answer.status, 200, "{:?}", answer.json());
    }
    let used = keys_used(&second);
    assert_eq!(used.len(), 13, "the refused one was repeated with another key");
    let refused = &used[0];
    assert!(!used[1..].contains(refused), "it rests");
    let others: std::collections::BTreeSet<_> = used[1..].iter().collect();
    assert_eq!(others.len(), 2, "the others share the work");
    assert!(world.upstream.requests().is_empty(), "the channel itself is well");
    let listed = world.relay.control(&Method::GET, "/channels", &Value::Null);
    let channel = &listed["items"].as_array().unwrap()[2];
    assert_eq!(channel["keys"], 3);
    assert!(!listed.to_string().contains("sk-two"));
}

#[tokio::test]
async fn a_model_goes_out_under_the_name_that_its_provider_knows() {
    let world = World::new("20").await;
    let map = json!({"public-name": "vendor/model-2026"});
    let second = connect(&world, json!({"models": [], "model_map": map})).await;
    world.relay.set_price("public-name", "3", "15");
    let token = world.relay.create_token("ci", &["--models", "public-*"]);
    let mut body = chat(false);
    body["model"] = "public-name".into();
    let answer = world.client.post("/v1/chat/completions", &token, &body).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json());
    let mut sent = body.clone();
    sent["model"] = "vendor/model-2026".into();
    assert_eq!(second.requests()[0].json(), sent, "nothing but the name is another");
    body["model"] = "vendor/model-2026".into();
    let behind = world.client.post("/v1/chat/completions", &token, &body).await;
    assert_eq!(behind.header("x-relay-error"), "model_not_allowed", "b3: no way round the list");
}

#[tokio::test]
async fn a_group_has_its_own_channels_and_its_own_prices() {
    let world = World::new("20").await;
    world.relay.control(&Method::PUT, "/groups/premium", &json!({"multiplier_ppm": 1_500_000}));
    let second = connect(&world, json!({"group": "premium"})).await;
    let token = world.relay.create_token("dear", &[]);
    let id = world.relay.token("dear")["id"].as_str().unwrap().to_owned();
    let path = format!("/tokens/{id}");
    let none = world.relay.control(&Method::PATCH, &path, &json!({"group": "none"}));
    assert_eq!(none["error"]["field"], "group");
    world.relay.control(&Method::PATCH, &path, &json!({"group": "premium"}));
    let answer = world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!(answer.status, 200);
    assert_eq!((second.requests().len(), world.upstream.requests().len()), (1, 0));
    let usage = &answer.json()["usage"];
    let units = |key: &str| i128::from(usage[key].as_u64().unwrap());
    let cost = price_of(units("prompt_tokens"), units("completion_tokens"));
    assert_eq!(world.used("dear"), cost * 3 / 2);
    let log = world.relay.control(&Method::GET, "/usage", &Value::Null);
    let detail = world.relay.control(
        &Method::GET,
        &format!("/usage/{}", log["items"][0]["request_id"].as_str().unwrap()),
        &Value::Null,
    );
    assert_eq!(
        (&detail["multiplier_ppm"], nanos(&detail["charge"])),
        (&json!(1_500_000), cost * 3 / 2)
    );
    assert_eq!(detail["channel_name"], "second");
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn weight_shares_the_traffic() {
    let world = World::new("20").await;
    let second = connect(&world, json!({"weight": 9})).await;
    let token = world.relay.create_token("ci", &[]);
    for _ in 0..60 {
        assert_eq!(
            world.client.post("/v1/chat/completions", &token, &chat(false)).await.status,
            200
        );
    }
    let (heavy, light) = (second.requests().len(), world.upstream.requests().len());
    assert_eq!(heavy + light, 60);
    assert!(heavy > 35 && light > 0, "{heavy} and {light}");
}

// The socket is asked on this very thread, while the provider answers on another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_can_be_tested_and_asked_for_its_models() {
    let world = World::new("20").await;
    let second = connect(&world, json!({"key": "sk-second-key-of-some-length"})).await;
    let channels = world.relay.control(&Method::GET, "/channels", &Value::Null);
    let all = channels["items"].as_array().unwrap();
    let found = all.iter().find(|one| one["name"] == "second").unwrap();
    let path = format!("/channels/{}", found["id"].as_str().unwrap());
    let test = || world.relay.control(&Method::POST, &format!("{path}/test"), &json!({}));
    let tested = test();
    assert_eq!((&tested["ok"], &tested["status"]), (&json!(true), &json!(200)), "{tested}");
    assert_eq!(tested["model"], CHAT_MODEL);
    assert_eq!(second.requests()[0].target, "/v1/chat/completions");

    second.push(Step::error(401, "auth", "x", "sk-second-key-of-some-length is not one of ours"));
    let tested = test();
    assert_eq!((&tested["ok"], &tested["status"]), (&json!(false), &json!(401)));
    let words = tested["message"].as_str().unwrap();
    assert!(words.contains("is not one of ours") && !words.contains("sk-second"), "{words}");

    let models = world.relay.control(&Method::GET, &format!("{path}/models"), &Value::Null);
    let listed = models["items"].as_array().unwrap();
    assert!(listed.iter().any(|one| one["name"] == "sim-gpt" && one["priced"] == true), "{models}");
    // Asking is the operator's own business: nobody's money moved.
    let usage = world.relay.control(&Method::GET, "/usage?account=all", &Value::Null);
    assert_eq!(usage["items"], json!([]));
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn e1_a_channel_in_a_private_network_is_not_asked_without_the_operators_word() {
    let world = World::new("20").await;
    let upstream = ScriptedUpstream::start().await.unwrap();
    let private = upstream.base_url().replace("http://", "https://");
    let body = json!({ "name": "private", "provider": "openai", "key": "sk-x",
        "base_url": format!("{private}/v1"), "models": [CHAT_MODEL] });
    let made = world.relay.control(&Method::POST, "/channels", &body);
    let path = format!("/channels/{}", made["id"].as_str().unwrap());
    let tested = world.relay.control(&Method::POST, &format!("{path}/test"), &json!({}));
    assert_eq!((&tested["ok"], &tested["status"]), (&json!(false), &Value::Null));
    assert!(tested["message"].as_str().unwrap().contains("private"), "{tested}");
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn operators_see_which_key_rests_why_and_until_when() {
    let world = World::new("20").await;
    let second = connect(
        &world,
        json!({
            "priority": 5, "key": "sk-first-key-of-some-length\nsk-other-key-of-some-length",
        }),
    )
    .await;
    let token = world.relay.create_token("ci", &[]);
    second.push(Step::error(401, "auth", "x", "no"));
    assert_eq!(world.client.post("/v1/chat/completions", &token, &chat(false)).await.status, 200);
    let channels = world.relay.control(&Method::GET, "/channels", &Value::Null);
    let all = channels["items"].as_array().unwrap();
    let keys = &all.iter().find(|one| one["name"] == "second").unwrap()["key_states"];
    let states: Vec<&str> =
        keys.as_array().unwrap().iter().map(|key| key["state"].as_str().unwrap()).collect();
    assert_eq!(states.iter().filter(|state| **state == "resting").count(), 1, "{keys}");
    let resting = keys.as_array().unwrap().iter().find(|key| key["state"] == "resting").unwrap();
    assert_eq!(resting["status"], 401);
    assert!(resting["until"].is_string() && resting["hint"].as_str().unwrap().contains('…'));
}
