//! The first walk: an answer, metered and charged.

use anc_testkit::Relay;
use anc_testkit::simulator::{ChatStream, MessagesStream, Step, chat_usage, messages_usage};
use serde_json::{Value, json};

use crate::support::{CHAT_MODEL, MESSAGES_MODEL, World, chat, messages, nanos, price_of};

#[tokio::test]
async fn a_buffered_answer_is_passed_on_unchanged_and_charged() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &["--quota", "5"]);
    let body = ChatStream::saying(["Hello"]).usage(chat_usage(100, 0, 50, 0)).body();
    world.upstream.push(Step::json(200, &body));
    let answer = world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), body);
    assert_eq!(nanos(&json!(answer.header("x-relay-charge"))), price_of(100, 50));
    assert_eq!(world.used("ci"), price_of(100, 50));
    assert_eq!(
        nanos(&world.relay.token("ci")["remaining_quota"]),
        5_000_000_000 - price_of(100, 50)
    );
    assert!(answer.header("x-request-id").starts_with("req_"));
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_streamed_answer_is_charged_before_its_last_byte() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let stream = ChatStream::saying(["Hel", "lo"]).usage(chat_usage(100, 40, 50, 10));
    world.upstream.push(Step::stream(stream.frames()));
    let mut events =
        world.client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
    while !events.is_complete() {
        assert!(events.more().await.unwrap());
    }
    // 40 of the input came from the cache, which has no price of its own here.
    assert_eq!(world.used("ci"), price_of(100, 50));
    assert!(!events.text().contains("\"choices\":[]"), "the client asked for no usage frame");
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn the_usage_frame_reaches_a_client_that_asked_for_it() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let stream = ChatStream::saying(["Hi"]).usage(chat_usage(7, 0, 3, 0));
    let sent: String =
        stream.frames().iter().map(|frame| String::from_utf8_lossy(frame).into_owned()).collect();
    world.upstream.push(Step::stream(stream.frames()));
    let mut body = chat(true);
    body["stream_options"] = json!({"include_usage": true});
    let mut events = world.client.stream("/v1/chat/completions", &token, &body).await.unwrap();
    assert!(events.finish().await);
    assert_eq!(events.text(), sent, "every byte as the provider sent it");
}

#[tokio::test]
async fn an_anthropic_stream_is_passed_on_byte_by_byte_and_charged() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let stream =
        MessagesStream::saying(["Grüße, ", "世界"]).usage(messages_usage(30, 0, (0, 0), 12));
    let sent: String =
        stream.frames().iter().map(|frame| String::from_utf8_lossy(frame).into_owned()).collect();
    world.upstream.push(Step::stream(stream.frames()).splitting_characters());
    let mut events = world.client.stream("/v1/messages", &token, &messages(true)).await.unwrap();
    assert!(events.finish().await);
    assert_eq!(events.text(), sent);
    assert_eq!(world.used("ci"), price_of(30, 12));
}

#[tokio::test]
async fn l13_what_the_relay_does_not_act_on_reaches_the_provider_unchanged() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let mut body = messages(false);
    body["metadata"] = json!({"user_id": "{\"session\": 1}"});
    body["unknown_field"] = json!([1.50, 1e3, "ä\u{2028}"]);
    world.client.post("/v1/messages?beta=true", &token, &body).await;
    let seen = world.upstream.requests();
    assert_eq!(seen[0].text(), body.to_string());
    assert_eq!(seen[0].target, "/v1/messages?beta=true");
    assert_eq!(seen[0].header("x-api-key"), "sk-upstream-canary-9xQ2");
    assert!(!seen[0].header("authorization").contains(&token));
}

#[tokio::test]
async fn both_vendors_find_the_models_that_the_token_may_use() {
    let world = World::new("20").await;
    let all = world.relay.create_token("all", &[]);
    let one = world.relay.create_token("one", &["--models", "chat-*"]);
    let list = |answer: &Value| -> Vec<String> {
        let data = answer["data"].as_array().unwrap();
        data.iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect()
    };
    let get = async |token: &str| {
        world
            .client
            .call(http::Method::GET, "/v1/models?limit=1000", token, &Value::Null)
            .await
            .json()
    };
    assert_eq!(list(&get(&all).await), [CHAT_MODEL, MESSAGES_MODEL]);
    assert_eq!(list(&get(&one).await), [CHAT_MODEL]);
    assert_eq!(get(&all).await["has_more"], false);
}

#[tokio::test]
async fn counting_is_always_answered_and_never_charged() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let mut body = messages(false);
    body.as_object_mut().unwrap().remove("max_tokens");
    let native = world.client.post("/v1/messages/count_tokens?beta=true", &token, &body).await;
    assert!(native.json()["input_tokens"].as_u64().unwrap() > 0);
    assert_eq!(native.header("x-relay-estimated"), "");
    world.upstream.push(Step::unavailable(None));
    let own = world.client.post("/v1/messages/count_tokens", &token, &body).await;
    assert!(own.json()["input_tokens"].as_u64().unwrap() > 0);
    assert_eq!(own.header("x-relay-estimated"), "true");
    assert_eq!(world.used("ci"), 0);
}

#[tokio::test]
async fn the_simulated_provider_answers_without_any_key() {
    let relay = Relay::start(env!("CARGO_BIN_EXE_anc-relay"));
    relay.set_up("1");
    relay.run(&["channel", "add", "--name", "Try", "--provider", "simulated"], "");
    let token = relay.create_token("ci", &[]);
    let body = json!({
        "model": "sim-gpt", "max_tokens": 30,
        "messages": [{"role": "user", "content": "Hello"}],
    });
    let answer = relay.client().post("/v1/chat/completions", &token, &body).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json());
    assert!(answer.json().to_string().contains("Simulated"));
    assert!(nanos(&relay.token("ci")["used_quota"]) > 0);
    relay.verify().unwrap();
}

#[tokio::test]
async fn a_second_start_finds_everything_as_it_was() {
    let mut world = World::new("20").await;
    let token = world.relay.create_token("ci", &["--quota", "5"]);
    world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    let before = world.relay.token("ci");
    let refused = world.relay.command(&["serve", "--listen", "127.0.0.1:0"], "");
    assert!(!refused.status.success(), "a second server on the same data must refuse");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("another ANC Relay is running"));
    assert!(world.relay.stop().success());
    // The command line works without a server too.
    assert_eq!(world.relay.token("ci"), before);
    world.relay.start_again();
    assert_eq!(world.relay.setup_link(), None, "set-up is done");
    assert_eq!(world.relay.token("ci"), before);
    let again = world.relay.client().post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!(again.status, 200);
}
