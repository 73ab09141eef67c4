//! What clients of each protocol count on beside the answers themselves: shapes of lists and errors,
//! headers, endings, and what they send that no documentation has.

use anc_testkit::simulator::{ChatStream, ResponsesStream, Step};
use http::Method;
use serde_json::{Value, json};

use crate::support::{CHAT_MODEL, MESSAGES_MODEL, World, chat, messages, nanos, price_of};

const GEMINI_MODEL: &str = "gemini-model";

async fn world() -> (World, String) {
    let world = World::new("20").await;
    world.relay.connect("gemini", &world.upstream.base_url(), GEMINI_MODEL);
    world.relay.set_price(GEMINI_MODEL, "3", "15");
    let token = world.relay.create_token("ci", &[]);
    (world, token)
}

fn gemini() -> Value {
    json!({"contents": [{"role": "user", "parts": [{"text": "Say something"}]}]})
}

fn gemini_stream(query: &str) -> String {
    format!("/v1beta/models/{GEMINI_MODEL}:streamGenerateContent{query}")
}

fn responses() -> Value {
    json!({"model": CHAT_MODEL, "input": "Say something", "stream": true})
}

/// The data of the last event.
fn last_event(text: &str) -> Value {
    let data = text.lines().rev().find_map(|line| line.strip_prefix("data: ")).unwrap();
    serde_json::from_str(data).unwrap()
}

#[tokio::test]
async fn what_claude_code_asks_first_is_answered() {
    let (world, token) = world().await;
    let probe = world.client.call_with(Method::HEAD, "/", &[], &Value::Null).await;
    assert!(probe.status.is_success(), "{}", probe.status);
    for stream in [false, true] {
        let path = "/v1/messages?beta=true";
        let answer = world.client.post(path, &token, &messages(stream)).await;
        assert_eq!(answer.status, 200);
    }
    let mut unsaid = messages(false);
    unsaid.as_object_mut().unwrap().remove("stream");
    let answer = world.client.post("/v1/messages?beta=true", &token, &unsaid).await;
    assert_eq!(answer.header("content-type"), "application/json");
    let count = world.client.post("/v1/messages/count_tokens?beta=true", &token, &unsaid).await;
    assert_eq!(count.status, 200);
    let asked = world.upstream.requests();
    assert!(asked.iter().all(|request| request.target.ends_with("?beta=true")), "{asked:?}");
}

#[tokio::test]
async fn the_list_of_models_has_anthropics_shape_whatever_the_credentials_header() {
    let (world, token) = world().await;
    let bearer = format!("Bearer {token}");
    for credential in [("authorization", &*bearer), ("x-api-key", &*token)] {
        let get = async |query: &str| {
            let headers = [credential, ("anthropic-version", "2023-06-01")];
            let path = format!("/v1/models{query}");
            world.client.call_with(Method::GET, &path, &headers, &Value::Null).await.json()
        };
        let all = get("?limit=1000").await;
        assert_eq!(all["has_more"], false);
        let ids: Vec<&str> =
            all["data"].as_array().unwrap().iter().filter_map(|one| one["id"].as_str()).collect();
        assert!(ids.contains(&CHAT_MODEL) && ids.contains(&MESSAGES_MODEL), "{ids:?}");
        assert_eq!(
            (&all["first_id"], &all["last_id"]),
            (&json!(ids[0]), &json!(ids[ids.len() - 1]))
        );
        for key in ["type", "display_name", "created_at"] {
            assert!(all["data"][0][key].is_string(), "{key}");
        }
        let mut paged = Vec::new();
        let mut query = "?limit=1".to_owned();
        loop {
            let page = get(&query).await;
            paged.extend(page["data"][0]["id"].as_str().map(str::to_owned));
            if page["has_more"] != true {
                break;
            }
            query = format!("?limit=1&after_id={}", page["last_id"].as_str().unwrap());
        }
        assert_eq!(paged, ids, "page by page it is the same list");
        assert_eq!(get("?limit=x").await["type"], "error");
    }
    let plain = world.client.call(Method::GET, "/v1/models?limit=1", &token, &Value::Null).await;
    assert!(plain.json()["data"].as_array().unwrap().len() > 1, "OpenAI's list has no pages");
}

#[tokio::test]
async fn a_gemini_stream_that_is_no_event_stream_has_its_errors_in_an_array() {
    let (world, token) = world().await;
    let refuse = || Step::json(400, &json!({"error": {"code": 400, "message": "bad part"}}));
    for (query, in_array) in [("", true), ("?alt=json", true), ("?alt=sse", false)] {
        let path = gemini_stream(query);
        world.upstream.push(refuse());
        for (token, status) in [("sk-none", 401), (&*token, 400)] {
            let answer = world.client.post(&path, token, &gemini()).await;
            let body = answer.json();
            let error = if in_array { &body[0]["error"] } else { &body["error"] };
            assert_eq!(
                (answer.status.as_u16(), &error["code"]),
                (status, &json!(status)),
                "{body}"
            );
        }
    }
    let whole = format!("/v1beta/models/{GEMINI_MODEL}:generateContent");
    assert_eq!(world.client.post(&whole, "sk-none", &gemini()).await.json()["error"]["code"], 401);
}

#[tokio::test]
async fn a_gemini_server_that_ends_with_every_event_is_heard_to_its_end() {
    let (world, token) = world().await;
    let event = |text: &str, output: u64| {
        let event = json!({"candidates": [{"content": {"parts": [{"text": text}]},
            "finishReason": "STOP", "index": 0}], "usageMetadata": {"promptTokenCount": 9,
            "candidatesTokenCount": output, "totalTokenCount": 9 + output}});
        format!("data: {event}\r\n\r\n")
    };
    let events = [event("Hel", 1), event("lo ", 2), event("there", 3)];
    world.upstream.push(Step::stream(events.clone()));
    let mut sse = world.client.stream(&gemini_stream("?alt=sse"), &token, &gemini()).await.unwrap();
    assert!(sse.finish().await);
    assert_eq!(sse.text(), events.concat(), "byte for byte");
    assert_eq!(world.used("ci"), price_of(9, 3), "the last report counts");
    world.upstream.push(Step::stream(events));
    let array = world.client.post(&gemini_stream(""), &token, &gemini()).await;
    assert_eq!(array.json().as_array().unwrap().len(), 3);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_failed_response_goes_on_from_its_own_id_and_numbers() {
    let (world, token) = world().await;
    let frames = ResponsesStream::saying(["Hel", "lo"]).id("resp_broken").frames();
    let kept = 6;
    let last: Value = last_event(std::str::from_utf8(&frames[kept - 1]).unwrap());
    let with_comments = frames
        .iter()
        .take(kept)
        .flat_map(|frame| [": upstream is alive\n\n".into(), frame.clone()]);
    world.upstream.push(Step::stream(with_comments));
    let mut events = world.client.stream("/v1/responses", &token, &responses()).await.unwrap();
    assert!(events.finish().await);
    let failed = last_event(events.text());
    assert_eq!(failed["type"], "response.failed");
    assert_eq!(failed["response"]["id"], "resp_broken");
    let next = last["sequence_number"].as_u64().unwrap() + 1;
    assert_eq!(failed["sequence_number"], next);
}

#[tokio::test]
async fn a_response_that_fails_by_the_requests_own_fault_says_so_and_is_free() {
    let (world, token) = world().await;
    let failed = |code: &str| {
        let event = json!({"type": "response.failed", "sequence_number": 1, "response": {
            "id": "resp_1", "object": "response", "status": "failed", "usage": null,
            "error": {"code": code, "message": "Your input exceeds the context window."}}});
        format!("event: response.failed\ndata: {event}\n\n")
    };
    let too_long = failed("context_length_exceeded");
    world.upstream.push(Step::stream([too_long.clone()]));
    let mut events = world.client.stream("/v1/responses", &token, &responses()).await.unwrap();
    assert!(events.finish().await);
    assert_eq!(events.text(), too_long, "the provider's own words");
    assert_eq!(world.used("ci"), 0);
    world.upstream.push(Step::stream([failed("insufficient_quota")]));
    let ours = world.client.post("/v1/responses", &token, &responses()).await;
    assert_eq!(ours.header("x-relay-error"), "upstream_unavailable", "the operator's own trouble");
    assert_eq!(world.used("ci"), 0);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_stream_is_a_stream_whatever_it_is_called() {
    let (world, token) = world().await;
    let frames = ChatStream::saying(["Hel", "lo"]).frames();
    for name in [None, Some("application/json"), Some("text/plain")] {
        world.upstream.push(Step::stream(frames.clone()).content_type(name));
        let mut events =
            world.client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
        assert!(events.finish().await && events.is_complete(), "{name:?}: {}", events.text());
        let called = events.headers["content-type"].to_str().unwrap();
        assert_eq!(called, "text/event-stream; charset=utf-8");
    }
    assert_eq!(nanos(&world.relay.token("ci")["held"]), 0);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_responses_body_on_the_path_of_chats_is_answered_as_it_asks() {
    let (world, token) = world().await;
    let answer = ResponsesStream::saying(["Hello"]).usage(100, 0, 7, 3);
    world.upstream.push(Step::json(200, &answer.body()).for_path("/v1/responses"));
    let body = json!({"model": CHAT_MODEL, "input": "Say something", "max_output_tokens": 50});
    let whole = world.client.post("/v1/chat/completions", &token, &body).await;
    assert_eq!((whole.status.as_u16(), whole.json()), (200, answer.body()));
    assert_eq!(world.used("ci"), price_of(100, 7));
    world.upstream.push(Step::stream(answer.frames()).for_path("/v1/responses"));
    let mut body = body;
    body["stream"] = true.into();
    let mut events = world.client.stream("/v1/chat/completions", &token, &body).await.unwrap();
    assert!(events.finish().await && events.text().contains("response.completed"));
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn every_answer_has_its_id_and_every_paid_one_what_is_left() {
    let (world, token) = world().await;
    let limited = world.relay.create_token("limited", &["--quota", "1"]);
    let whole = world.client.post("/v1/chat/completions", &limited, &chat(false)).await;
    let charge = nanos(&json!(whole.header("x-relay-charge")));
    assert!(charge > 0);
    assert_eq!(nanos(&json!(whole.header("x-relay-remaining"))), 1_000_000_000 - charge);
    let events = world.client.stream("/v1/chat/completions", &limited, &chat(true)).await.unwrap();
    let left = events.headers["x-relay-remaining"].to_str().unwrap();
    assert_eq!(nanos(&json!(left)), 1_000_000_000 - charge, "before it, since it is not over");
    for (path, token) in [
        ("/v1/chat/completions", &*token),
        ("/v1/chat/completions", "sk-none"),
        ("/v1/nothing", &*token),
        ("/v1/models", &*token),
        ("/v1/messages", "sk-none"),
        ("/v1/messages/count_tokens", &*token),
        ("/v1beta/nothing", &*token),
    ] {
        let answer = world.client.post(path, token, &chat(false)).await;
        assert!(answer.header("x-request-id").starts_with("req_"), "{path}: {:?}", answer.headers);
        if path.starts_with("/v1/messages") {
            assert_eq!(answer.header("request-id"), answer.header("x-request-id"), "{path}");
        }
    }
}

#[tokio::test]
async fn each_pass_of_an_answer_is_charged_at_its_own_models_price() {
    let (world, token) = world().await;
    world.relay.set_price("dear-model", "30", "150");
    let usage = json!({"input_tokens": 2_414, "output_tokens": 3_200, "iterations": [
        {"type": "message", "input_tokens": 1_051, "output_tokens": 35},
        {"type": "advisor_message", "model": "dear-model", "input_tokens": 2_728, "output_tokens": 874},
        {"type": "advisor_message", "model": "unknown-model", "input_tokens": 7, "output_tokens": 1},
        {"type": "message", "model": format!("{MESSAGES_MODEL}-20260101"), "input_tokens": 1_363,
            "output_tokens": 3_165}]});
    let answer = json!({"id": "msg_1", "type": "message", "role": "assistant",
        "model": MESSAGES_MODEL, "content": [{"type": "text", "text": "Hello"}],
        "stop_reason": "end_turn", "stop_sequence": null, "usage": usage});
    let own = price_of(1_051 + 1_363 + 7, 35 + 3_165 + 1);
    let both = own + 10 * price_of(2_728, 874);
    world.upstream.push(Step::json(200, &answer));
    let whole = world.client.post("/v1/messages", &token, &messages(false)).await;
    assert_eq!(nanos(&json!(whole.header("x-relay-charge"))), both);
    assert_eq!(world.used("ci"), both);

    // A substitute for a pass that was refused before any output: the refused one is free.
    let delta = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {
        "input_tokens": 412, "output_tokens": 264, "iterations": [
            {"type": "message", "model": MESSAGES_MODEL, "input_tokens": 408, "output_tokens": 0},
            {"type": "fallback_message", "model": "dear-model", "input_tokens": 412,
                "output_tokens": 264}]}});
    let event = |name: &str, data: Value| format!("event: {name}\ndata: {data}\n\n");
    world.upstream.push(Step::stream([
        event(
            "message_start",
            json!({"type": "message_start", "message": {"type": "message",
            "model": MESSAGES_MODEL, "usage": {"input_tokens": 408, "output_tokens": 1}}}),
        ),
        event(
            "content_block_delta",
            json!({"type": "content_block_delta", "index": 0,
            "delta": {"type": "text_delta", "text": "Hello"}}),
        ),
        event("message_delta", delta),
        event("message_stop", json!({"type": "message_stop"})),
    ]));
    let mut events = world.client.stream("/v1/messages", &token, &messages(true)).await.unwrap();
    assert!(events.finish().await && events.is_complete());
    assert_eq!(world.used("ci"), both + 10 * price_of(412, 264));
    assert_eq!(nanos(&world.relay.token("ci")["held"]), 0);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn f7_pages_of_other_origins_may_call_the_relay_only_where_the_operator_says_so() {
    let ask = [
        ("origin", "https://chat.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization, x-stainless-lang, anthropic-version"),
    ];
    let path = "/v1/chat/completions";
    let closed = World::new("20").await;
    let refused = closed.client.call_with(Method::OPTIONS, path, &ask, &Value::Null).await;
    assert_eq!((refused.status.as_u16(), refused.header("access-control-allow-origin")), (405, ""));

    let open = World::with_settings("20", &[("ANC_CORS", "true")]).await;
    let allowed = open.client.call_with(Method::OPTIONS, path, &ask, &Value::Null).await;
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-origin"), "*");
    assert_eq!(allowed.header("access-control-allow-headers"), ask[2].1);
    let token = open.relay.create_token("ci", &[]);
    for (token, status) in [(&*token, 200), ("sk-none", 401)] {
        let answer = open.client.post(path, token, &chat(false)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("access-control-allow-origin")),
            (status, "*")
        );
        assert!(!answer.headers.contains_key("access-control-allow-credentials"));
    }
    for path in ["/api/v1/tokens", "/"] {
        let control = open.client.call_with(Method::OPTIONS, path, &ask, &Value::Null).await;
        assert_eq!(control.header("access-control-allow-origin"), "", "{path}");
    }
}
