//! The books under concurrency and sudden death.

use std::time::Duration;

use anc_testkit::simulator::{ChatStream, Step, chat_usage};
use serde_json::json;

use crate::support::{World, chat, eventually, nanos, price_of, slow_chat, slow_chat_every};

#[tokio::test]
async fn a_hundred_streams_never_charge_more_than_the_quota() {
    let world = World::new("20").await;
    // Each answer has 200 output units and costs $0.00306: the quota pays for some thirty.
    let token = world.relay.create_token("small", &["--quota", "0.1"]);
    let streams = (0..100).map(|_| {
        let (client, token) = (world.client.clone(), token.clone());
        tokio::spawn(async move {
            let mut body = chat(true);
            body["messages"] = json!([{"role": "user", "content": "write 150 words"}]);
            let mut events = client.stream("/v1/chat/completions", &token, &body).await.unwrap();
            assert!(events.finish().await, "no stream is cut without a word");
            (events.status.as_u16(), events.is_complete())
        })
    });
    let mut complete = 0;
    for stream in streams.collect::<Vec<_>>() {
        let (status, ended) = stream.await.unwrap();
        assert!(status == 200 || status == 429, "{status}");
        complete += i32::from(ended);
    }
    let shown = world.relay.token("small");
    assert!(complete > 0, "some were served");
    assert!(nanos(&shown["used_quota"]) <= 100_000_000, "{shown}");
    assert_eq!(nanos(&shown["held"]), 0);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_token_stops_exactly_at_its_quota_and_says_so() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &["--quota", "0.0033"]);
    let body = ChatStream::saying(["x"]).usage(chat_usage(100, 0, 200, 0)).body();
    world.upstream.push(Step::json(200, &body));
    // A hundred input units at $3 and two hundred output units at $15 a million: the whole quota.
    let first = world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!(first.status, 200, "{:?}", first.json());
    let refused = world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["error"]["code"], "insufficient_quota");
    assert_eq!(refused.json()["error"]["relay_code"], "token_quota_exhausted");
    assert_eq!(refused.header("x-should-retry"), "false");
    let shown = world.relay.token("ci");
    assert_eq!((&shown["status"], &shown["remaining_quota"]), (&json!("exhausted"), &json!("0")));
}

#[tokio::test]
async fn a_buffered_answer_is_bounded_by_what_is_left() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &["--quota", "0.02"]);
    let mut body = chat(false);
    body["max_tokens"] = json!(100_000);
    let answer = world.client.post("/v1/chat/completions", &token, &body).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json());
    let lowered: u64 = answer.header("x-relay-max-output-lowered").parse().unwrap();
    assert!(lowered < 100_000);
    assert_eq!(world.upstream.requests()[0].json()["max_tokens"], lowered);
    assert!(world.used("ci") <= 20_000_000);
}

#[tokio::test]
async fn l5_with_strict_holds_no_quota_is_exceeded_by_any_text() {
    let world = World::with_settings("20", &[("ANC_INPUT_HOLD", "strict")]).await;
    let token = world.relay.create_token("small", &["--quota", "0.2"]);
    let text = "}{#0x7f;".repeat(40);
    let mut body = chat(false);
    body["messages"] = json!([{"role": "user", "content": text}]);
    // No tokenizer makes more units of a text than it has bytes, and this one makes as many.
    let usage = chat_usage(text.len() as u64, 0, 200, 0);
    let answer = ChatStream::saying(["x"]).usage(usage).body();
    world.upstream.extend((0..100).map(|_| Step::json(200, &answer)));
    let asked: Vec<_> = (0..100)
        .map(|_| {
            let (client, token, body) = (world.client.clone(), token.clone(), body.clone());
            tokio::spawn(async move { client.post("/v1/chat/completions", &token, &body).await })
        })
        .collect();
    let mut served = 0;
    for one in asked {
        served += i128::from(one.await.unwrap().status == 200);
    }
    assert!(served > 0);
    assert_eq!(world.used("small"), served * price_of(320, 200));
    assert!(world.used("small") <= 200_000_000);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn kill_9_in_the_middle_of_fifty_streams_loses_nothing() {
    let mut world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    for number in 0..50 {
        // Some are over before the kill, some are in the middle of it.
        world.upstream.push(slow_chat(if number % 2 == 0 { 5 } else { 500 }));
    }
    let streams: Vec<_> = (0..50)
        .map(|_| {
            let (client, token) = (world.client.clone(), token.clone());
            tokio::spawn(async move {
                let mut events =
                    client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
                let ended = events.finish().await;
                (events.request_id(), ended && events.is_complete())
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    world.relay.kill();
    let mut finished = Vec::new();
    for stream in streams {
        let (request_id, complete) = stream.await.unwrap();
        if complete {
            finished.push(request_id);
        }
    }
    assert!((10..50).contains(&finished.len()), "{} had finished", finished.len());
    world.relay.start_again();
    world.relay.verify().unwrap();
    let shown = world.relay.token("ci");
    assert_eq!(nanos(&shown["held"]), 0, "nothing is left held");
    assert_eq!(shown["requests"], 50, "every stream has its record, finished or interrupted");
    let at_least = price_of(20, 10) * i128::try_from(finished.len()).unwrap();
    assert!(nanos(&shown["used_quota"]) >= at_least, "no finished answer is unbilled");
}

#[tokio::test]
async fn a_client_that_leaves_cancels_its_provider_and_pays_for_what_it_had() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    world.upstream.push(slow_chat_every(1_000, Duration::from_millis(10)));
    let mut events =
        world.client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
    while !events.text().contains("w010") {
        assert!(events.more().await.unwrap());
    }
    drop(events);
    eventually("the provider's stream is cancelled", || {
        world.upstream.requests().first().is_some_and(|request| request.outcome.is_client_gone())
    })
    .await;
    eventually("the charge is there", || world.used("ci") > 0).await;
    assert!(world.used("ci") < price_of(1_000, 300), "not the whole answer is charged");
    assert_eq!(nanos(&world.relay.token("ci")["held"]), 0);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_client_that_leaves_before_the_first_word_pays_for_what_was_read() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let opening = r#"data: {"choices":[{"delta":{"role":"assistant","content":""}}]}"#;
    world.upstream.push(Step::stream([format!("{opening}\n\n")]).stall_at_end());
    let client = world.client.clone();
    let asked =
        tokio::spawn(async move { client.post("/v1/chat/completions", &token, &chat(true)).await });
    eventually("the provider is asked", || !world.upstream.requests().is_empty()).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    asked.abort();
    eventually("the provider's stream is cancelled", || {
        world.upstream.requests().iter().all(|request| request.outcome.is_client_gone())
    })
    .await;
    eventually("the input is charged", || world.used("ci") > 0).await;
    assert!(world.used("ci") < price_of(50, 0), "the input and nothing else");
    assert_eq!(nanos(&world.relay.token("ci")["held"]), 0);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn sigterm_lets_running_streams_finish() {
    let mut world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    world.upstream.push(slow_chat(60));
    let mut events =
        world.client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
    assert!(events.more().await.unwrap());
    let finishing = tokio::spawn(async move {
        events.finish().await;
        events.is_complete()
    });
    let stopped = tokio::task::spawn_blocking(move || {
        assert!(world.relay.stop().success());
        world
    });
    assert!(finishing.await.unwrap(), "the stream was allowed to finish");
    let world = stopped.await.unwrap();
    world.relay.verify().unwrap();
    assert_eq!(world.used("ci"), price_of(20, 120));
}
