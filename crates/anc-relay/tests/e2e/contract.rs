//! What a token promises beside its quota: rotation, budgets, rates, endpoints, and what it can be
//! asked about itself.

use std::time::Duration;

use anc_testkit::simulator::{ChatStream, Step, chat_usage};
use http::Method;
use serde_json::{Value, json};

use crate::support::{World, chat, eventually, messages, nanos, price_of, slow_chat};

/// A token made through the control API on the command line's socket.
pub(crate) fn token_with(world: &World, name: &str, body: &Value) -> String {
    let secret = world.relay.create_token(name, &[]);
    let id = world.relay.token(name)["id"].as_str().unwrap().to_owned();
    let edited = world.relay.control(&Method::PATCH, &format!("/tokens/{id}"), body);
    assert!(edited.get("error").is_none(), "{edited}");
    secret
}

#[tokio::test]
async fn a_rotated_secret_goes_on_for_as_long_as_was_chosen() {
    let world = World::new("20").await;
    let old = world.relay.create_token("ci", &[]);
    assert_eq!(world.client.post("/v1/chat/completions", &old, &chat(false)).await.status, 200);
    let id = world.relay.token("ci")["id"].as_str().unwrap().to_owned();
    let path = format!("/tokens/{id}/rotate");
    let rotate = |overlap: &str| {
        let rotated = world.relay.control(&Method::POST, &path, &json!({ "overlap": overlap }));
        rotated["secret"].as_str().unwrap().to_owned()
    };
    let second = rotate("1h");
    for secret in [&old, &second] {
        let answer = world.client.post("/v1/chat/completions", secret, &chat(false)).await;
        assert_eq!(answer.status, 200);
    }
    let third = rotate("now");
    let status = async |secret: &str| {
        world.client.post("/v1/chat/completions", secret, &chat(false)).await.status.as_u16()
    };
    assert_eq!((status(&second).await, status(&third).await), (401, 200));
    assert_eq!(status(&old).await, 401, "after a leak no old secret may go on");
    assert_eq!(world.relay.token("ci")["requests"], 4, "one history");
}

#[tokio::test]
async fn an_exhausted_budget_says_when_it_begins_anew() {
    let world = World::new("20").await;
    let token = token_with(&world, "ci", &json!({"budgets": {"day": "0.0033"}}));
    let body = ChatStream::saying(["x"]).usage(chat_usage(100, 0, 200, 0)).body();
    world.upstream.push(Step::json(200, &body));
    assert_eq!(world.client.post("/v1/chat/completions", &token, &chat(false)).await.status, 200);
    let refused = world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("x-relay-error")),
        (429, "budget_exhausted")
    );
    assert_eq!(refused.json()["error"]["code"], "insufficient_quota");
    assert_eq!(refused.header("x-should-retry"), "false");
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=86_400).contains(&seconds), "{seconds}");
    let refused = world.client.post("/v1/messages", &token, &messages(false)).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["error"]["type"]),
        (429, &json!("billing_error"))
    );
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn rates_hold_and_tell_when_to_come_back() {
    let world = World::new("20").await;
    let token = token_with(&world, "slow", &json!({"rates": {"requests_per_minute": 2}}));
    for _ in 0..2 {
        assert_eq!(
            world.client.post("/v1/chat/completions", &token, &chat(false)).await.status,
            200
        );
    }
    let refused = world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("x-relay-error")),
        (429, "rate_limit_exceeded")
    );
    assert_eq!(refused.json()["error"]["code"], "rate_limit_exceeded");
    assert_eq!(refused.header("x-ratelimit-limit-requests"), "2");
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((25..=30).contains(&seconds), "{seconds}");
    let refused = world.client.post("/v1/messages", &token, &messages(false)).await;
    assert_eq!(refused.header("anthropic-ratelimit-requests-limit"), "2");

    let single = token_with(&world, "single", &json!({"rates": {"concurrency": 1}}));
    world.upstream.push(slow_chat(1_000));
    let mut events =
        world.client.stream("/v1/chat/completions", &single, &chat(true)).await.unwrap();
    assert!(events.more().await.unwrap());
    let beside = world.client.post("/v1/chat/completions", &single, &chat(false)).await;
    assert_eq!(beside.header("x-relay-error"), "rate_limit_exceeded");
    drop(events);
    let mut served = false;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        served |=
            world.client.post("/v1/chat/completions", &single, &chat(false)).await.status == 200;
        if served {
            break;
        }
    }
    assert!(served, "the place is free again");
    assert!(world.relay.token("slow")["held"] == "0");
}

#[tokio::test]
async fn a_token_calls_the_endpoints_it_may_and_no_others() {
    let world = World::new("20").await;
    let token = token_with(&world, "narrow", &json!({"endpoints": ["messages"]}));
    assert_eq!(world.client.post("/v1/messages", &token, &messages(false)).await.status, 200);
    let refused = world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!((refused.status.as_u16(), refused.header("x-relay-error")), (403, "scope_denied"));
    let list = world.client.call(Method::GET, "/v1/models", &token, &Value::Null).await;
    assert_eq!(list.header("x-relay-error"), "scope_denied");
}

#[tokio::test]
async fn a_token_can_be_asked_about_itself() {
    let world = World::new("20").await;
    let token = token_with(&world, "ci", &json!({"quota": "5", "budgets": {"month": "2"}}));
    let body = ChatStream::saying(["x"]).usage(chat_usage(100, 0, 200, 0)).body();
    world.upstream.push(Step::json(200, &body));
    let answer = world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!(
        nanos(&json!(answer.header("x-relay-remaining"))),
        2_000_000_000 - price_of(100, 200)
    );
    let get = async |path: &str| world.client.call(Method::GET, path, &token, &Value::Null).await;
    let shown = get("/v1/token").await.json();
    assert_eq!((&shown["name"], &shown["status"]), (&json!("ci"), &json!("enabled")));
    assert_eq!((&shown["quota"], &shown["used_quota"]), (&json!("5"), &json!("0.0033")));
    assert_eq!(
        (&shown["remaining"], &shown["budgets"]["month"]["used"]),
        (&json!("1.9967"), &json!("0.0033"))
    );
    assert!(!shown.to_string().contains(&token));
    for lead in ["/v1", ""] {
        let limit = get(&format!("{lead}/dashboard/billing/subscription")).await.json();
        assert_eq!(limit["hard_limit_usd"], 5, "{limit}");
        let used =
            get(&format!("{lead}/dashboard/billing/usage?start_date=2026-01-01")).await.json();
        assert_eq!(used["total_usage"], 0.33, "{used}");
    }
    let stranger = world.client.call(Method::GET, "/v1/token", "sk-none", &Value::Null).await;
    assert_eq!(stranger.status, 401);
    let mut events =
        world.client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
    assert_eq!(events.headers["x-relay-remaining"], "1.9967");
    assert!(events.finish().await);
}

#[tokio::test]
async fn a_running_request_is_listed_and_can_be_ended() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    world.upstream.push(slow_chat(1_000));
    let mut events =
        world.client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
    assert!(events.more().await.unwrap());
    let listed = world.relay.control(&Method::GET, "/running-requests", &Value::Null);
    let id = listed["items"][0]["request_id"].as_str().unwrap().to_owned();
    assert_eq!(
        (id.as_str(), &listed["items"][0]["token_name"]),
        (events.request_id().as_str(), &json!("ci"))
    );
    world.relay.control(&Method::DELETE, &format!("/running-requests/{id}"), &Value::Null);
    let asked = tokio::time::Instant::now();
    assert!(events.finish().await, "it ends in its protocol's own form");
    assert!(asked.elapsed() < Duration::from_secs(1));
    assert!(events.text().contains("request_ended") && !events.is_complete());
    let detail = world.relay.control(&Method::GET, &format!("/usage/{id}"), &Value::Null);
    assert_eq!(detail["end_reason"], "revoked", "{detail}");
    assert!(!detail["lines"].as_array().unwrap().is_empty());
    eventually("nothing runs", || {
        let listed = world.relay.control(&Method::GET, "/running-requests", &Value::Null);
        listed["items"] == json!([])
    })
    .await;
    let log = world.relay.control(&Method::GET, "/usage?end_reason=revoked", &Value::Null);
    assert_eq!(log["items"][0]["request_id"], id.as_str());
    world.relay.verify().unwrap();
}
