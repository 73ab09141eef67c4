//! The protocols beside chat and messages: each native, each metered, each with its own endings.

use std::time::Duration;

use anc_testkit::simulator::{GeminiStream, ResponsesStream, Step};
use http::Method;
use serde_json::{Value, json};

use crate::support::{CHAT_MODEL, World, nanos, price_of};

const GEMINI_MODEL: &str = "gemini-model";

/// A world with a Gemini channel beside the others.
async fn world() -> (World, String) {
    let world = World::new("20").await;
    world.relay.connect("gemini", &world.upstream.base_url(), GEMINI_MODEL);
    world.relay.set_price(GEMINI_MODEL, "3", "15");
    let token = world.relay.create_token("ci", &[]);
    (world, token)
}

fn responses(stream: bool) -> Value {
    json!({"model": CHAT_MODEL, "input": "Say something", "max_output_tokens": 200, "stream": stream})
}

fn gemini() -> Value {
    json!({
        "contents": [{"role": "user", "parts": [{"text": "Say something"}]}],
        "generationConfig": {"maxOutputTokens": 200},
    })
}

fn gemini_path(method: &str) -> String {
    format!("/v1beta/models/{GEMINI_MODEL}:{method}")
}

#[tokio::test]
async fn responses_are_relayed_and_charged_to_the_unit() {
    let (world, token) = world().await;
    let answer = ResponsesStream::saying(["Hel", "lo"]).usage(100, 0, 7, 3);
    world.upstream.push(Step::json(200, &answer.body()));
    let whole = world.client.post("/v1/responses", &token, &responses(false)).await;
    assert_eq!((whole.status.as_u16(), whole.json()), (200, answer.body()));
    assert_eq!(world.used("ci"), price_of(100, 7));

    world.upstream.push(Step::stream(answer.frames()));
    let mut events = world.client.stream("/v1/responses", &token, &responses(true)).await.unwrap();
    assert!(events.finish().await);
    let sent: Vec<u8> = answer.frames().concat();
    assert_eq!(events.text().as_bytes(), sent, "byte for byte");
    assert_eq!(world.used("ci"), 2 * price_of(100, 7));
    let forwarded = world.upstream.requests()[1].json();
    assert_eq!(forwarded, responses(true), "the client's own bytes");
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_responses_stream_that_breaks_ends_with_response_failed() {
    let (world, token) = world().await;
    let frames = ResponsesStream::saying(["Hel", "lo"]).frames();
    let bytes: u64 = frames.iter().map(|frame| frame.len() as u64).sum();
    for step in [
        Step::stream(frames.clone()).cut_after(bytes / 2),
        Step::stream(frames.clone()).reset_after(bytes / 2),
        Step::stream(frames.clone()).end_after(bytes / 2),
        Step::stream(frames.into_iter().take(6)),
    ] {
        world.upstream.push(step);
        let mut events =
            world.client.stream("/v1/responses", &token, &responses(true)).await.unwrap();
        assert!(events.finish().await);
        assert!(events.text().contains("event: response.failed\n"), "{}", events.text());
        assert!(!events.text().contains("response.completed"));
        assert!(events.text().contains(r#""code":"upstream_error""#));
    }
    assert_eq!(nanos(&world.relay.token("ci")["held"]), 0);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_web_socket_is_declined_so_that_clients_go_on_at_once() {
    let (world, token) = world().await;
    let plain = world.client.call(Method::GET, "/v1/responses", &token, &Value::Null).await;
    assert_eq!((plain.status.as_u16(), plain.header("allow")), (405, "POST"));
    let headers = [("connection", "Upgrade"), ("upgrade", "websocket")];
    let upgrade =
        world.client.call_with(Method::GET, "/v1/responses", &headers, &Value::Null).await;
    assert_eq!(upgrade.status, 426);
    assert_eq!(upgrade.json()["error"]["relay_code"], "websocket_not_supported");
}

#[tokio::test]
async fn what_cannot_be_metered_is_refused_before_it_costs_anything() {
    let (world, token) = world().await;
    for (field, value) in
        [("background", json!(true)), ("conversation", json!("conv_1")), ("model", json!("x y"))]
    {
        let mut body = responses(false);
        body[field] = value;
        let answer = world.client.post("/v1/responses", &token, &body).await;
        assert!([400, 404].contains(&answer.status.as_u16()), "{field}: {:?}", answer.json());
    }
    assert!(world.upstream.requests().is_empty());
}

#[tokio::test]
async fn completions_are_relayed_and_the_usage_frame_is_the_clients_choice() {
    let (world, token) = world().await;
    let body = |stream: bool| json!({"model": CHAT_MODEL, "prompt": "Say something", "max_tokens": 50, "stream": stream});
    let whole = world.client.post("/v1/completions", &token, &body(false)).await;
    assert_eq!(whole.json()["object"], "text_completion", "{:?}", whole.json());
    let usage = &whole.json()["usage"];
    let cost = |usage: &Value| {
        price_of(
            usage["prompt_tokens"].as_u64().unwrap().into(),
            usage["completion_tokens"].as_u64().unwrap().into(),
        )
    };
    assert_eq!(world.used("ci"), cost(usage));
    let mut events = world.client.stream("/v1/completions", &token, &body(true)).await.unwrap();
    assert!(events.finish().await && events.is_complete());
    assert!(!events.text().contains("prompt_tokens"), "nobody asked for it");
    assert_eq!(world.used("ci"), 2 * cost(usage), "it was metered all the same");
}

#[tokio::test]
async fn embeddings_cost_their_input() {
    let (world, token) = world().await;
    let body = json!({"model": CHAT_MODEL, "input": ["hello there", "you"]});
    let answer = world.client.post("/v1/embeddings", &token, &body).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json());
    assert_eq!(answer.json()["data"].as_array().unwrap().len(), 2);
    let units = answer.json()["usage"]["prompt_tokens"].as_u64().unwrap();
    assert_eq!(world.used("ci"), price_of(units.into(), 0));
    assert_eq!(nanos(&world.relay.token("ci")["held"]), 0);
}

#[tokio::test]
async fn gemini_is_relayed_and_charged_to_the_unit() {
    let (world, token) = world().await;
    let answer = GeminiStream::saying(["Hel", "lo"]).usage(100, 0, 5, 2);
    world.upstream.push(Step::json(200, &answer.body()));
    let whole = world.client.post(&gemini_path("generateContent"), &token, &gemini()).await;
    assert_eq!((whole.status.as_u16(), whole.json()), (200, answer.body()));
    assert_eq!(world.used("ci"), price_of(100, 7), "thoughts are output");

    world.upstream.push(Step::stream(answer.frames()));
    let path = gemini_path("streamGenerateContent?alt=sse");
    let mut events = world.client.stream(&path, &token, &gemini()).await.unwrap();
    assert!(events.finish().await);
    assert_eq!(events.text().as_bytes(), answer.frames().concat(), "byte for byte");
    assert_eq!(world.used("ci"), 2 * price_of(100, 7));

    world.upstream.push(Step::stream(answer.frames()));
    let path = gemini_path("streamGenerateContent");
    let mut array = world.client.stream(&path, &token, &gemini()).await.unwrap();
    assert!(array.finish().await);
    let elements: Value = serde_json::from_str(array.text()).unwrap();
    assert_eq!(elements.as_array().unwrap().len(), 3);
    let asked: Vec<String> =
        world.upstream.requests().iter().map(|request| request.target.clone()).collect();
    assert!(asked[1].ends_with("alt=sse") && asked[2].ends_with("alt=sse"), "{asked:?}");
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_gemini_stream_that_breaks_ends_with_an_error_and_never_politely() {
    let (world, token) = world().await;
    let frames = GeminiStream::saying(["Hel", "lo"]).frames();
    let path = gemini_path("streamGenerateContent?alt=sse");
    for step in [
        Step::stream(frames.clone().into_iter().take(2)),
        Step::stream(frames.clone()).cut_after(frames[0].len() as u64 + 9),
    ] {
        world.upstream.push(step);
        let mut events = world.client.stream(&path, &token, &gemini()).await.unwrap();
        assert!(events.finish().await);
        let last = events.text().trim_end().rsplit("data: ").next().unwrap();
        assert!(last.starts_with(r#"{"error":{"#), "the clients look at the first key: {last}");
        let error: Value = serde_json::from_str(last).unwrap();
        assert_eq!(error["error"]["status"], "INTERNAL");
    }
    world.upstream.push(Step::stream(frames.into_iter().take(2)));
    let path = gemini_path("streamGenerateContent");
    let mut array = world.client.stream(&path, &token, &gemini()).await.unwrap();
    assert!(array.finish().await);
    let elements: Value = serde_json::from_str(array.text()).unwrap();
    assert_eq!(elements[2]["error"]["status"], "INTERNAL");
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn geminis_other_methods_and_lists_are_answered() {
    let (world, token) = world().await;
    let counted = world.client.post(&gemini_path("countTokens"), &token, &gemini()).await;
    assert!(counted.json()["totalTokens"].as_u64().unwrap() > 0, "{:?}", counted.json());
    assert_eq!(world.used("ci"), 0, "counting is free");
    let content = json!({"content": {"parts": [{"text": "hello there"}]}});
    let vector = world.client.post(&gemini_path("embedContent"), &token, &content).await;
    assert!(vector.json()["embedding"]["values"].is_array(), "{:?}", vector.json());
    let model = format!("models/{GEMINI_MODEL}");
    let batch = json!({"requests": [{"model": model, "content": content["content"]}]});
    let vectors = world.client.post(&gemini_path("batchEmbedContents"), &token, &batch).await;
    assert_eq!(vectors.json()["embeddings"].as_array().unwrap().len(), 1);
    assert!(world.used("ci") > 0);

    let get = async |path: &str| world.client.call(Method::GET, path, &token, &Value::Null).await;
    let list = get("/v1beta/models?pageSize=1").await.json();
    assert_eq!(list["models"].as_array().unwrap().len(), 1);
    let next =
        format!("/v1beta/models?pageSize=1&pageToken={}", list["nextPageToken"].as_str().unwrap());
    assert_ne!(get(&next).await.json()["models"][0]["name"], list["models"][0]["name"]);
    let one = get(&format!("/v1beta/models/{GEMINI_MODEL}")).await.json();
    assert_eq!(one["name"], model.as_str());
    assert_eq!(get(&format!("/v1/models/{CHAT_MODEL}")).await.json()["id"], CHAT_MODEL);
    assert_eq!(get("/v1/models/nothing").await.status, 404);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn errors_come_in_the_form_of_the_protocol_that_was_called() {
    let (world, token) = world().await;
    let refused = world.client.post(&gemini_path("generateContent"), "sk-none", &gemini()).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json()["error"]["status"], "UNAUTHENTICATED");
    assert_eq!(refused.json()["error"]["details"][0]["reason"], "invalid_api_key");
    for path in ["/v1beta/nothing", &gemini_path("fly")] {
        let nothing = world.client.post(path, &token, &gemini()).await;
        assert_eq!(
            (nothing.status.as_u16(), nothing.json()["error"]["code"].as_u64()),
            (404, Some(404))
        );
    }
    let wrong =
        world.client.call(Method::GET, &gemini_path("generateContent"), &token, &Value::Null).await;
    assert_eq!((wrong.status.as_u16(), wrong.header("allow")), (405, "POST"));
    let poor = world.relay.create_token("poor", &["--quota", "0.000001"]);
    let broke = world.client.post(&gemini_path("generateContent"), &poor, &gemini()).await;
    assert_eq!(broke.status, 429);
    assert_eq!(broke.json()["error"]["status"], "RESOURCE_EXHAUSTED");
    let broke = world.client.post("/v1/responses", &poor, &responses(true)).await;
    assert_eq!(broke.json()["error"]["code"], "insufficient_quota");
    let other = world.client.post("/v1/messages", &token, &json!({"model": GEMINI_MODEL, "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]})).await;
    assert_eq!(other.json()["error"]["type"], "invalid_request_error", "{:?}", other.json());
}

#[tokio::test]
async fn b4_every_route_checks_the_model_that_its_path_or_body_names() {
    let (world, _) = world().await;
    let token = world.relay.create_token("narrow", &["--models", "something-else"]);
    let bodies = [
        ("/v1/chat/completions".to_owned(), json!({"model": CHAT_MODEL, "messages": []})),
        ("/v1/responses".to_owned(), responses(false)),
        ("/v1/completions".to_owned(), json!({"model": CHAT_MODEL, "prompt": "x"})),
        ("/v1/embeddings".to_owned(), json!({"model": CHAT_MODEL, "input": "x"})),
        (gemini_path("generateContent"), gemini()),
        (gemini_path("streamGenerateContent"), gemini()),
        (gemini_path("countTokens"), gemini()),
        (gemini_path("embedContent"), json!({"content": {"parts": [{"text": "x"}]}})),
        (gemini_path("batchEmbedContents"), json!({"requests": []})),
    ];
    for (path, body) in bodies {
        let answer = world.client.post(&path, &token, &body).await;
        assert_eq!(answer.header("x-relay-error"), "model_not_allowed", "{path}");
    }
    assert!(world.upstream.requests().is_empty(), "no provider was asked");
}

#[tokio::test]
async fn each_protocol_is_kept_alive_in_its_own_way() {
    let world = World::with_settings(
        "20",
        &[("ANC_LIMITS__KEEPALIVE_SECONDS", "1"), ("ANC_LIMITS__FIRST_CONTENT_GRACE_SECONDS", "1")],
    )
    .await;
    world.relay.connect("gemini", &world.upstream.base_url(), GEMINI_MODEL);
    world.relay.set_price(GEMINI_MODEL, "3", "15");
    let token = world.relay.create_token("ci", &[]);
    let pause = Duration::from_millis(2_500);
    let frames = GeminiStream::saying(["Hel", "lo"]).frames();
    world.upstream.push(Step::stream(frames).every(pause));
    let path = gemini_path("streamGenerateContent?alt=sse");
    let mut events = world.client.stream(&path, &token, &gemini()).await.unwrap();
    assert!(events.finish().await);
    assert!(!events.text().lines().any(|line| line.starts_with(':')), "no comments");
    assert!(
        events.text().starts_with('\n') || events.text().contains("\n\n\n"),
        "blank lines: {:?}",
        events.text()
    );
    let frames = ResponsesStream::saying(["Hel", "lo"]).frames();
    world.upstream.push(
        Step::stream(frames.into_iter().take(6).collect::<Vec<_>>())
            .every(Duration::from_millis(1_500)),
    );
    let mut events = world.client.stream("/v1/responses", &token, &responses(true)).await.unwrap();
    assert!(events.finish().await);
    assert!(events.text().contains(": keepalive\n\n"), "{}", events.text());
}
