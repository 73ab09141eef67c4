//! What providers send that they should not: ABUSE D1, D3 to D6, and packed replies of C5.

use std::time::Duration;

use anc_testkit::packed;
use anc_testkit::simulator::{
    ChatStream, GeminiStream, MessagesStream, ResponsesStream, ScriptedUpstream, Step, chat_usage,
};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{CHAT_MODEL, World, chat, eventually, messages, nanos, price_of};

const CHAT: &str = "/v1/chat/completions";

fn hello() -> ChatStream {
    ChatStream::saying(["Hel", "lo"]).usage(chat_usage(10, 0, 5, 0))
}

fn responses(stream: bool) -> Value {
    json!({"model": CHAT_MODEL, "input": "Say something", "stream": stream, "store": false})
}

#[tokio::test]
async fn d1_nonsense_is_a_typed_error_and_costs_nothing() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let body = hello().body().to_string();
    let mut invalid = body.clone().into_bytes();
    let place = body.find("Hel").unwrap();
    invalid[place] = 0xff;
    let json_type = |step: Step| step.header("content-type", "application/json");
    for (number, step) in [
        Step::html(200),
        json_type(Step::respond(200, "<html><script>alert(1)</script>")),
        json_type(Step::respond(200, body[..body.len() / 2].to_owned())),
        json_type(Step::respond(200, invalid)),
        json_type(Step::respond(200, format!("{body}{body}"))),
        json_type(Step::respond(200, "")),
        json_type(Step::respond(200, "null")),
        json_type(Step::respond(204, "")),
        Step::json(200, &json!({"error": {"message": "overloaded"}})),
        Step::json(200, &json!({"choices": []})),
        Step::json(200, &hello().body()).cut_after(40),
        Step::json(200, &hello().body()).reset_after(40),
        Step::json(200, &hello().body()).end_after(40),
        Step::stream(hello().frames().into_iter().take(3)),
        Step::chat_error_in_band(hello().frames().into_iter().take(3)),
    ]
    .into_iter()
    .enumerate()
    {
        world.upstream.push(step);
        let answer = world.client.post(CHAT, &token, &chat(false)).await;
        let seen = (answer.status.as_u16(), answer.header("x-relay-error"));
        assert_eq!(seen, (502, "upstream_error"), "{number}: {:?}", answer.body);
        assert_eq!(answer.header("content-type"), "application/json");
        assert!(!String::from_utf8_lossy(&answer.body).contains("<script>"));
    }
    for step in [
        Step::html(200),
        Step::stream(["not events at all".to_owned()]),
        Step::stream([format!("data: {}", "x".repeat(100_000))]),
        Step::json(200, &json!({"error": {"message": "overloaded"}})).content_type(None),
        Step::stream(Vec::<Bytes>::new()),
    ] {
        world.upstream.push(step);
        let answer = world.client.post(CHAT, &token, &chat(true)).await;
        let seen = (answer.status.as_u16(), answer.header("x-relay-error"));
        assert_eq!(seen, (502, "upstream_error"), "{:?}", answer.body);
    }
    let shown = world.relay.token("ci");
    assert_eq!(world.used("ci"), 0, "{shown}");
    assert_eq!(nanos(&shown["held"]), 0);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn d1_a_wrong_content_type_does_not_spoil_a_good_answer() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    for content_type in [None, Some("text/html"), Some("application/octet-stream")] {
        world.upstream.push(Step::json(200, &hello().body()).content_type(content_type));
        let answer = world.client.post(CHAT, &token, &chat(false)).await;
        assert_eq!(answer.status, 200, "{content_type:?}");
        assert_eq!(answer.header("content-type"), "application/json", "{content_type:?}");
        assert_eq!(answer.json(), hello().body());
    }
    for content_type in [None, Some("application/json"), Some("text/html")] {
        world.upstream.push(Step::stream(hello().frames()).content_type(content_type));
        let mut events = world.client.stream(CHAT, &token, &chat(true)).await.unwrap();
        assert!(events.finish().await && events.is_complete(), "{content_type:?}");
        assert!(events.headers["content-type"].to_str().unwrap().starts_with("text/event-stream"));
    }
    assert_eq!(world.used("ci"), price_of(10, 5) * 6);
}

#[tokio::test]
async fn d1_a_document_where_a_stream_was_asked_for_becomes_one() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let messages_body = MessagesStream::saying(["Hel", "lo"]).body();
    let responses_body = ResponsesStream::saying(["Hel", "lo"]).body();
    for (path, request, document, last) in [
        (CHAT, chat(true), hello().body(), "data: [DONE]"),
        ("/v1/messages", messages(true), messages_body, "event: message_stop"),
        ("/v1/responses", responses(true), responses_body, "event: response.completed"),
    ] {
        let before = world.used("ci");
        world.upstream.push(Step::json(200, &document));
        let mut events = world.client.stream(path, &token, &request).await.unwrap();
        assert_eq!(events.headers["content-type"], "text/event-stream; charset=utf-8", "{path}");
        assert!(events.finish().await);
        assert!(
            events.text().contains("Hello") && events.text().contains(last),
            "{}",
            events.text()
        );
        assert_eq!(world.used("ci") - before, price_of(10, 5), "{path}");
    }
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn d1_a_stream_where_a_document_was_asked_for_becomes_one() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let said = ["Hel", "lo"];
    for (path, request, frames, text) in [
        (CHAT, chat(false), hello().frames(), "/choices/0/message/content"),
        ("/v1/messages", messages(false), MessagesStream::saying(said).frames(), "/content/0/text"),
        (
            "/v1/responses",
            responses(false),
            ResponsesStream::saying(said).frames(),
            "/output/0/content/0/text",
        ),
    ] {
        let before = world.used("ci");
        world.upstream.push(Step::stream(frames));
        let answer = world.client.post(path, &token, &request).await;
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
        assert_eq!(answer.json().pointer(text), Some(&json!("Hello")), "{path}: {}", answer.json());
        assert_eq!(world.used("ci") - before, price_of(10, 5), "{path}");
    }
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn d1_gemini_is_told_as_it_was_asked_in_its_three_forms() {
    let world = World::new("20").await;
    world.relay.connect("gemini", &world.upstream.base_url(), "gemini-model");
    world.relay.set_price("gemini-model", "3", "15");
    let token = world.relay.create_token("ci", &[]);
    let said = || GeminiStream::saying(["Hel", "lo"]).usage(10, 0, 5, 0);
    let question = json!({"contents": [{"role": "user", "parts": [{"text": "Say something"}]}]});
    let ask = async |method: &str, step: Step| {
        world.upstream.push(step);
        let path = format!("/v1beta/models/gemini-model:{method}");
        let answer = world.client.post(&path, &token, &question).await;
        assert_eq!(answer.status, 200, "{method}: {:?}", answer.body);
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        (answer.header("content-type").to_owned(), text)
    };
    let document = || Step::json(200, &said().body());
    let (media, text) = ask("streamGenerateContent?alt=sse", document()).await;
    assert_eq!(media, "text/event-stream; charset=utf-8");
    assert!(text.starts_with("data: {") && text.ends_with("}\n\n"), "{text}");
    let (media, text) = ask("streamGenerateContent", document()).await;
    assert_eq!(media, "application/json");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json!([said().body()]));
    let (media, text) = ask("generateContent", Step::stream(said().frames())).await;
    assert_eq!(media, "application/json");
    let answer: Value = serde_json::from_str(&text).unwrap();
    let parts = answer["candidates"][0]["content"]["parts"].as_array().unwrap();
    let whole: String = parts.iter().filter_map(|part| part["text"].as_str()).collect();
    assert_eq!(whole, "Hello", "{text}");
    assert_eq!(world.used("ci"), price_of(10, 5) * 3);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn d1_an_error_before_the_first_content_is_taken_over_by_another_channel() {
    let world = World::new("20").await;
    world.relay.connect("openai", &format!("{}/v1", world.upstream.base_url()), CHAT_MODEL);
    world.relay.connect("anthropic", &world.upstream.base_url(), crate::support::MESSAGES_MODEL);
    let token = world.relay.create_token("ci", &[]);
    let failed = json!({"type": "response.failed", "sequence_number": 1, "response": {
        "id": "resp_1", "status": "failed", "output": [],
        "error": {"code": "server_error", "message": "overloaded-canary"}}});
    let failed = format!("event: response.failed\ndata: {failed}\n\n");
    let opening = MessagesStream::saying(["x"]).frames().into_iter().take(3);
    for (path, request, step) in [
        (CHAT, chat(true), Step::chat_error_in_band(hello().frames().into_iter().take(1))),
        (CHAT, chat(true), Step::stream([hello().frames()[0].clone()]).cut_at_end()),
        ("/v1/messages", messages(true), Step::messages_error_in_band(opening)),
        ("/v1/responses", responses(true), Step::stream([failed])),
    ] {
        let before = world.upstream.requests().len();
        world.upstream.push(step);
        let mut events = world.client.stream(path, &token, &request).await.unwrap();
        assert!(events.finish().await, "{path}");
        let text = events.text();
        let failed =
            ["overloaded", "Overloaded", "server_error"].iter().any(|it| text.contains(it));
        assert!(!failed, "{path}: {text}");
        assert_eq!(world.upstream.requests().len(), before + 2, "{path}");
    }
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn d1_events_of_any_size_and_any_cut_pass_as_they_came() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let wide = || ChatStream::saying(["世界", "né", "\u{1f600}"]).usage(chat_usage(10, 0, 5, 0));
    let whole = wide().frames().concat();
    for (what, step, crlf) in [
        ("byte by byte", Step::stream(wide().frames()).byte_by_byte(), false),
        ("within characters", Step::stream(wide().frames()).splitting_characters(), false),
        ("CRLF", Step::stream(wide().frames()).crlf(), true),
        ("CRLF in sevens", Step::stream(wide().frames()).crlf().in_writes_of(7), true),
    ] {
        world.upstream.push(step);
        let mut body = chat(true);
        body["stream_options"] = json!({"include_usage": true});
        let mut events = world.client.stream(CHAT, &token, &body).await.unwrap();
        assert!(events.finish().await, "{what}");
        let seen =
            if crlf { events.text().replace("\r\n", "\n") } else { events.text().to_owned() };
        assert_eq!(seen.as_bytes(), whole, "{what}");
        assert!(!crlf || events.text().contains("\r\n"), "{what}");
    }
    // Ten megabytes in one line, and ten megabytes that never end a line.
    let frames = hello().frames();
    let step = Step::long_line(frames[..2].to_vec(), 10 << 20, frames[2..].to_vec());
    world.upstream.push(step);
    let mut events = world.client.stream(CHAT, &token, &chat(true)).await.unwrap();
    assert!(events.finish().await && events.is_complete());
    assert!(events.text().len() > 10 << 20);
    let bytes = frames[..2].concat().len() as u64;
    world.upstream.push(
        Step::long_line(frames[..2].to_vec(), 10 << 20, Vec::new()).end_after(bytes + (10 << 20)),
    );
    let mut events = world.client.stream(CHAT, &token, &chat(true)).await.unwrap();
    events.finish().await;
    assert!(!events.is_complete());
    assert_eq!(nanos(&world.relay.token("ci")["held"]), 0);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn c5_a_reply_that_comes_packed_is_unpacked_within_the_same_bounds() {
    let settings = [("ANC_LIMITS__ANSWER_BYTES", "1000000")];
    let world = World::with_settings("20", &settings).await;
    let token = world.relay.create_token("ci", &[]);
    for encoding in ["gzip", "br", "zstd"] {
        let pack = async |bytes: &[u8]| {
            Step::respond(200, packed(encoding, bytes).await)
                .header("content-encoding", encoding)
                .header("content-type", "application/json")
        };
        let before = world.used("ci");
        world.upstream.push(pack(hello().body().to_string().as_bytes()).await);
        let answer = world.client.post(CHAT, &token, &chat(false)).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, hello().body()), "{encoding}");
        assert_eq!(answer.header("content-encoding"), "");
        world.upstream.push(
            pack(&hello().frames().concat()).await.header("content-type", "text/event-stream"),
        );
        let mut events = world.client.stream(CHAT, &token, &chat(true)).await.unwrap();
        assert!(events.finish().await && events.is_complete(), "{encoding}");
        assert_eq!(world.used("ci") - before, price_of(10, 5) * 2, "{encoding}");
        for bomb in [vec![b' '; 200 << 20], vec![b' '; 900_000]] {
            world.upstream.push(pack(&bomb).await);
            let answer = world.client.post(CHAT, &token, &chat(false)).await;
            assert_eq!(answer.header("x-relay-error"), "upstream_error", "{encoding}");
        }
    }
    // Each event packed by itself arrives when it was sent.
    let mut members = Vec::new();
    for frame in hello().frames() {
        members.push(packed("gzip", &frame).await);
    }
    let step = Step::stream(members).every(Duration::from_millis(300));
    world.upstream.push(step.header("content-encoding", "gzip"));
    let began = Instant::now();
    let mut events = world.client.stream(CHAT, &token, &chat(true)).await.unwrap();
    while !events.text().contains("Hel") {
        assert!(events.more().await.unwrap());
    }
    assert!(began.elapsed() < Duration::from_millis(1_200), "{:?}", began.elapsed());
    assert!(events.finish().await && events.is_complete());
    // Two packings on top of each other are not undone.
    let twice = packed("gzip", &packed("gzip", b"{}").await).await;
    world.upstream.push(Step::respond(200, twice).header("content-encoding", "gzip, gzip"));
    let answer = world.client.post(CHAT, &token, &chat(false)).await;
    assert_eq!(answer.header("x-relay-error"), "upstream_unavailable");
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn d4_a_redirect_is_not_followed_and_the_key_goes_nowhere_else() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let elsewhere = ScriptedUpstream::start().await.unwrap();
    for status in [301, 302, 303, 307, 308, 300, 304] {
        for (path, body) in [
            (CHAT, chat(false)),
            (CHAT, chat(true)),
            ("/v1/messages", messages(false)),
            ("/v1/messages/count_tokens", messages(false)),
        ] {
            let to = format!("{}{path}", elsewhere.base_url());
            world.upstream.push(Step::respond(status, "").header("location", &to));
            let answer = world.client.post(path, &token, &body).await;
            if path.ends_with("count_tokens") {
                // Counting falls back on our own count.
                assert_eq!(answer.header("x-relay-estimated"), "true", "{status}");
            } else {
                assert_eq!(
                    answer.header("x-relay-error"),
                    "upstream_unavailable",
                    "{status} {path}"
                );
            }
            assert_eq!(answer.header("location"), "", "{status}");
        }
    }
    assert_eq!(elsewhere.request_count(), 0);
    assert_eq!(world.used("ci"), 0);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn d5_a_key_that_its_provider_repeats_stays_here() {
    let world = World::with_settings("20", &[("ANC_LOG_LEVEL", "debug")]).await;
    let token = world.relay.create_token("ci", &[]);
    let key = "sk-upstream-canary-9xQ2";
    let refusal =
        |status: u16| Step::error(status, "invalid_request_error", "x", &format!("bad key {key}"));
    let echo = json!({"error": {"message": key, "type": "x", "param": key, "code": key}});
    let zipped = packed("gzip", echo.to_string().as_bytes()).await;
    let in_band = format!("data: {echo}\n\n");
    for (path, body, step) in [
        (CHAT, chat(false), refusal(400)),
        (CHAT, chat(false), refusal(401)),
        (CHAT, chat(false), refusal(500)),
        (CHAT, chat(false), Step::json(422, &echo)),
        (CHAT, chat(false), Step::json(200, &echo)),
        (CHAT, chat(false), Step::respond(400, zipped).header("content-encoding", "gzip")),
        (CHAT, chat(false), refusal(400).header("x-key", key).header("set-cookie", key)),
        (CHAT, chat(true), Step::stream([in_band.clone()])),
        (
            CHAT,
            chat(true),
            Step::stream(hello().frames().into_iter().take(2).chain([in_band.into()])),
        ),
        ("/v1/messages", messages(false), refusal(400)),
        ("/v1/messages/count_tokens", messages(false), refusal(400)),
    ] {
        world.upstream.push(step);
        let answer = world.client.post(path, &token, &body).await;
        let all = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.body));
        assert!(!all.contains("canary"), "{path}: {all}");
    }
    assert!(!world.relay.log().contains("canary"));
    eventually("the last one is settled", || nanos(&world.relay.token("ci")["held"]) == 0).await;
}

#[tokio::test]
async fn d6_scripts_in_answers_are_text_and_nothing_runs_them() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let script = "<script>alert(1)</script><img src=x onerror=alert(1)>";
    let said = || ChatStream::saying([script]).usage(chat_usage(10, 0, 5, 0));
    // In an answer: the text as it is, and never as a page.
    world.upstream.push(Step::json(200, &said().body()).content_type(Some("text/html")));
    let answer = world.client.post(CHAT, &token, &chat(false)).await;
    assert_eq!(answer.json()["choices"][0]["message"]["content"], script);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    world.upstream.push(Step::stream(said().frames()).content_type(Some("text/html")));
    let events = world.client.stream(CHAT, &token, &chat(true)).await.unwrap();
    assert_eq!(events.headers["content-type"], "text/event-stream; charset=utf-8");
    assert_eq!(events.headers["x-content-type-options"], "nosniff");
    // In a refusal: the provider's words if they are its protocol's, and no page.
    let page = Step::respond(400, script).header("content-type", "text/html");
    world.upstream.push(page);
    let answer = world.client.post(CHAT, &token, &chat(false)).await;
    assert_eq!((answer.status.as_u16(), answer.header("x-relay-error")), (400, "invalid_request"));
    assert!(!String::from_utf8_lossy(&answer.body).contains("<script>"), "{:?}", answer.body);
    let error = json!({"error": {"message": script, "type": "x", "param": null, "code": null}});
    world.upstream.push(Step::json(400, &error).content_type(Some("text/html")));
    let answer = world.client.post(CHAT, &token, &chat(false)).await;
    assert_eq!(answer.json(), error);
    assert_eq!(answer.header("content-type"), "application/json");
    // In what the relay repeats of a request.
    let mut body = chat(false);
    body["model"] = json!(script);
    let answer = world.client.post(CHAT, &token, &body).await;
    assert_eq!(answer.header("content-type"), "application/json");
    let answer = world.client.post(&format!("/v1/%3Cscript%3E{CHAT}"), &token, &body).await;
    assert_eq!(answer.header("content-type"), "application/json");
    // The console, which shows names and notes, runs nothing that is not its own.
    let page = world.client.call(Method::GET, "/", "", &Value::Null).await;
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("script-src 'self'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
}
