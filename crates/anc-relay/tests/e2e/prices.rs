//! Prices with rules: what a request was promised, what it is charged, and why.

use anc_testkit::simulator::{ChatStream, Step, chat_usage};
use http::Method;
use serde_json::{Value, json};

use crate::support::{CHAT_MODEL, World, chat, nanos};

const PATH: &str = "/v1/chat/completions";

/// A world whose chat model has that price.
async fn world(price: &Value) -> (World, String) {
    let world = World::new("20").await;
    let set = world.relay.control(&Method::PUT, &format!("/prices/{CHAT_MODEL}"), price);
    assert_eq!(set["price"], *price, "{set}");
    let token = world.relay.create_token("ci", &[]);
    (world, token)
}

fn answer(tier: Option<&str>, prompt: u64, completion: u64) -> Step {
    let mut body = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": CHAT_MODEL,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"},
            "finish_reason": "stop"}],
        "usage": chat_usage(prompt, 0, completion, 0),
    });
    if let Some(tier) = tier {
        body["service_tier"] = tier.into();
    }
    Step::json(200, &body)
}

/// The newest request of the log, with its arithmetic.
fn newest(world: &World) -> Value {
    let log = world.relay.control(&Method::GET, "/usage", &Value::Null);
    let id = log["items"][0]["request_id"].as_str().unwrap().to_owned();
    world.relay.control(&Method::GET, &format!("/usage/{id}"), &Value::Null)
}

#[tokio::test]
async fn an_option_is_sold_at_its_own_price_and_as_usual_where_it_was_not_kept() {
    let (world, token) = world(&json!({"input": "1", "output": "2", "rules": [
        {"service_tier": "priority", "input": "2", "output": "4"}]}))
    .await;
    let mut body = chat(false);
    body["service_tier"] = "priority".into();
    for (served, charge, met) in [
        (Some("priority"), 1_000 * 2_000 + 500 * 4_000, 1),
        // Providers without a word of it did what they were asked.
        (None, 1_000 * 2_000 + 500 * 4_000, 1),
        (Some("default"), 1_000 * 1_000 + 500 * 2_000, 0),
    ] {
        world.upstream.push(answer(served, 1_000, 500));
        let answered = world.client.post(PATH, &token, &body).await;
        assert_eq!(answered.status, 200, "{}", answered.json());
        let sent = world.upstream.requests().pop().unwrap().json();
        assert_eq!(sent["service_tier"], "priority", "the option goes out as it came");
        let detail = newest(&world);
        assert_eq!(nanos(&detail["charge"]), charge, "{served:?}: {detail}");
        assert_eq!(detail["price_rules"].as_array().unwrap().len(), met, "{detail}");
        assert!(detail["price_version"].as_i64().unwrap() >= 2, "{detail}");
    }
    // Nobody pays for a tier that was not asked for.
    world.upstream.push(answer(Some("priority"), 1_000, 500));
    assert_eq!(world.client.post(PATH, &token, &chat(false)).await.status, 200);
    assert_eq!(nanos(&newest(&world)["charge"]), 1_000 * 1_000 + 500 * 2_000);

    body["service_tier"] = "scale".into();
    let refused = world.client.post(PATH, &token, &body).await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("x-relay-error")),
        (400, "invalid_request")
    );
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_streamed_option_that_was_not_kept_costs_what_is_usual() {
    let (world, token) = world(&json!({"input": "1", "output": "2", "rules": [
        {"service_tier": "priority", "output": "4"}]}))
    .await;
    let frames = ChatStream::saying(["Hello ", "world"]).usage(chat_usage(10, 0, 4, 0)).frames();
    let usual = frames.iter().map(|frame| {
        let text = String::from_utf8_lossy(frame.as_ref()).into_owned();
        text.replacen("{\"id\"", "{\"service_tier\":\"default\",\"id\"", 1)
    });
    world.upstream.push(Step::stream(usual.collect::<Vec<_>>()));
    let mut body = chat(true);
    body["service_tier"] = "priority".into();
    let streamed = world.client.post(PATH, &token, &body).await;
    let text = String::from_utf8_lossy(&streamed.body);
    assert!(text.contains("\"service_tier\":\"default\""), "{text}");
    assert_eq!(nanos(&newest(&world)["charge"]), 10 * 1_000 + 4 * 2_000);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_long_request_has_the_price_of_its_length_and_a_request_its_own_fee() {
    let (world, token) = world(&json!({"input": "1", "output": "2", "request": "1000", "rules": [
        {"input_above": 1_000, "part": "above", "input": "3"},
        {"input_above": 5_000, "input": "4", "output": "8"}]}))
    .await;
    let fee = 1_000_000;
    for (prompt, charge, lines) in [
        (1_000, 1_000 * 1_000 + 10 * 2_000 + fee, 3),
        (1_500, 1_000 * 1_000 + 500 * 3_000 + 10 * 2_000 + fee, 4),
        (6_000, 6_000 * 4_000 + 10 * 8_000 + fee, 4),
    ] {
        world.upstream.push(answer(None, prompt, 10));
        assert_eq!(world.client.post(PATH, &token, &chat(false)).await.status, 200);
        let detail = newest(&world);
        assert_eq!(nanos(&detail["charge"]), charge, "{prompt}: {detail}");
        assert_eq!(detail["lines"].as_array().unwrap().len(), lines, "{detail}");
    }
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_price_holds_from_its_time_on() {
    let (world, token) = world(&json!({"input": "1", "output": "2"})).await;
    let from = anc_domain::UnixMillis::from_millis(
        anc_domain::Clock::now(&anc_domain::SystemClock).as_millis() + 2_000,
    );
    let path = format!("/prices/{CHAT_MODEL}?valid_from={}", from.to_rfc3339());
    let set = world.relay.control(&Method::PUT, &path, &json!({"input": "5", "output": "5"}));
    assert_eq!(set["state"], "upcoming", "{set}");
    let charge = async || {
        world.upstream.push(answer(None, 10, 10));
        assert_eq!(world.client.post(PATH, &token, &chat(false)).await.status, 200);
        nanos(&newest(&world)["charge"])
    };
    assert_eq!(charge().await, 30_000);
    for _ in 0..100 {
        if charge().await == 100_000 {
            world.relay.verify().unwrap();
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    unreachable!("the price never came into force");
}
