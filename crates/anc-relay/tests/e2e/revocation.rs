//! Disabling a token: at once, also for what runs.

use std::time::Duration;

use anc_testkit::simulator::Step;

use crate::support::{World, chat, eventually, nanos, slow_chat};

#[tokio::test]
async fn l11_a_disabled_token_is_refused_and_its_stream_ends_within_a_second() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    world.upstream.push(slow_chat(1_000));
    let mut events =
        world.client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
    assert!(events.more().await.unwrap());
    world.relay.run(&["token", "disable", "ci"], "");
    let disabled = tokio::time::Instant::now();
    let refused = world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()["error"]["code"].as_str()),
        (401, Some("token_disabled"))
    );
    assert!(events.finish().await, "the stream ends in its protocol's own form");
    assert!(disabled.elapsed() < Duration::from_secs(1), "{:?}", disabled.elapsed());
    assert!(events.text().contains("token_disabled"));
    assert!(!events.is_complete());
    world.relay.run(&["token", "enable", "ci"], "");
    assert_eq!(world.client.post("/v1/chat/completions", &token, &chat(false)).await.status, 200);
    assert_eq!(nanos(&world.relay.token("ci")["held"]), 0);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn g3_a_disabled_person_s_tokens_stop_within_a_second() {
    const EMAIL: &str = "a@b.example";
    let world = World::new("20").await;
    let relay = &world.relay;
    relay.run(
        &["user", "add", "--email", EMAIL, "--password-stdin", "--unmetered"],
        "correct horse",
    );
    let token = relay.create_token_of(EMAIL, "ci", &[]);
    world.upstream.push(slow_chat(1_000));
    let mut events =
        world.client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
    assert!(events.more().await.unwrap());
    relay.run(&["user", "set", "--email", EMAIL, "--disable"], "");
    let disabled = tokio::time::Instant::now();
    let refused = world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()["error"]["code"].as_str()),
        (403, Some("account_suspended"))
    );
    assert!(events.finish().await, "the stream ends in its protocol's own form");
    assert!(disabled.elapsed() < Duration::from_secs(1), "{:?}", disabled.elapsed());
    assert!(events.text().contains("account_suspended"));
    relay.run(&["user", "set", "--email", EMAIL, "--enable"], "");
    assert_eq!(world.client.post("/v1/chat/completions", &token, &chat(false)).await.status, 200);
    relay.verify().unwrap();
}

#[tokio::test]
async fn a_deleted_token_never_works_again_and_its_usage_stays() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    assert_eq!(world.client.post("/v1/chat/completions", &token, &chat(false)).await.status, 200);
    world.relay.run(&["token", "delete", "ci"], "");
    let refused = world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!(refused.json()["error"]["code"], "invalid_api_key");
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_disabled_tokens_request_that_waits_for_its_provider_ends_too() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    world.upstream.push(Step::stall_before_head());
    let client = world.client.clone();
    let waiting =
        tokio::spawn(async move { client.post("/v1/chat/completions", &token, &chat(true)).await });
    eventually("the provider is asked", || !world.upstream.requests().is_empty()).await;
    world.relay.run(&["token", "disable", "ci"], "");
    let ended = tokio::time::timeout(Duration::from_secs(1), waiting).await.unwrap().unwrap();
    assert_eq!((ended.status.as_u16(), ended.header("x-relay-error")), (401, "token_disabled"));
    eventually("the provider is let go", || {
        world.upstream.requests().iter().all(|request| request.outcome.is_client_gone())
    })
    .await;
    assert_eq!(nanos(&world.relay.token("ci")["held"]), 0);
}
