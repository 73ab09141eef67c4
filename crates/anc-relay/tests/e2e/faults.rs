//! What providers do wrong, and what becomes of it: for the client and for the books.

use anc_testkit::simulator::{ChatStream, MessagesStream, Step, chat_usage, messages_usage};
use serde_json::json;

use crate::support::{World, chat, messages, nanos, price_of};

fn hello() -> ChatStream {
    ChatStream::saying(["Hel", "lo"]).usage(chat_usage(10, 0, 5, 0))
}

#[tokio::test]
async fn a_provider_that_fails_before_it_accepts_costs_nothing() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let steps = [
        (Step::reset_before_head(), 503, "upstream_unavailable"),
        (Step::unavailable(Some(7)), 503, "upstream_unavailable"),
        (Step::too_many_requests(Some(7)), 503, "upstream_unavailable"),
        (
            Step::error(401, "authentication_error", "invalid_api_key", "bad key"),
            503,
            "upstream_unavailable",
        ),
        (Step::html(200), 502, "upstream_error"),
        (Step::json(200, &json!({"nonsense": true})), 502, "upstream_error"),
    ];
    for (number, (step, status, code)) in steps.into_iter().enumerate() {
        world.upstream.push(step);
        let answer = world.client.post("/v1/chat/completions", &token, &chat(false)).await;
        let seen = (answer.status.as_u16(), answer.header("x-relay-error"));
        assert_eq!(seen, (status, code), "step {number}: {:?}", answer.json());
        if number == 1 {
            assert_eq!(answer.header("retry-after"), "7");
        }
    }
    assert_eq!(world.used("ci"), 0);
    assert_eq!(nanos(&world.relay.token("ci")["held"]), 0);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_providers_word_on_the_request_itself_reaches_the_client() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let error = json!({"error": {"message": "temperature is out of range", "type": "invalid_request_error", "param": "temperature", "code": null}});
    world.upstream.push(Step::json(400, &error));
    let answer = world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (400, error));
    assert_eq!(world.used("ci"), 0);
}

#[tokio::test]
async fn no_cut_stream_looks_complete() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let bytes: u64 = hello().frames().iter().map(|frame| frame.len() as u64).sum();
    let last = b"data: [DONE]\n\n".len() as u64;
    for step in [
        Step::stream(hello().frames()).cut_after(bytes / 2),
        Step::stream(hello().frames()).reset_after(bytes / 2),
        Step::stream(hello().frames()).end_after(bytes / 2),
        Step::chat_error_in_band(hello().frames().into_iter().take(2)),
    ] {
        world.upstream.push(step);
        let mut events =
            world.client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
        let polite = events.finish().await;
        assert!(!events.is_complete());
        assert!(!polite || events.text().contains("\"error\""), "{}", events.text());
    }
    // A finished answer whose last word is missing gets it.
    world.upstream.push(Step::stream(hello().frames()).end_after(bytes - last));
    let mut events =
        world.client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
    assert!(events.finish().await);
    assert!(events.is_complete(), "{}", events.text());
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn an_anthropic_stream_that_breaks_says_so_with_an_error_event() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let stream = MessagesStream::saying(["Hel", "lo"]).usage(messages_usage(10, 0, (0, 0), 5));
    let bytes: u64 = stream.frames().iter().map(|frame| frame.len() as u64).sum();
    world.upstream.push(Step::stream(stream.frames()).cut_after(bytes - 60));
    let mut events = world.client.stream("/v1/messages", &token, &messages(true)).await.unwrap();
    events.finish().await;
    assert!(events.text().contains("event: error\n"), "{}", events.text());
    assert!(world.used("ci") > 0, "what was delivered is charged");
}

#[tokio::test]
async fn a_stream_that_fails_before_its_content_is_tried_elsewhere() {
    let world = World::new("20").await;
    world.relay.connect("openai", &format!("{}/v1", world.upstream.base_url()), "chat-model");
    let token = world.relay.create_token("ci", &[]);
    for step in [Step::chat_error_in_band([]), Step::stream(hello().frames())] {
        world.upstream.push(step);
    }
    let mut events =
        world.client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
    assert!(events.finish().await);
    assert!(events.is_complete(), "{}", events.text());
    assert_eq!(world.upstream.requests().len(), 2);
    assert_eq!(world.used("ci"), price_of(10, 5), "the failed attempt costs nothing");
}
