//! What providers report of an answer, true or not: ABUSE D2.

use anc_testkit::Answer;
use anc_testkit::simulator::{ChatStream, MessagesStream, Step, chat_usage, messages_usage};
use http::Method;
use serde_json::{Value, json};

use crate::support::{World, chat, messages, price_of};

const CHAT: &str = "/v1/chat/completions";

/// The record of the newest request: what was charged, and how sure that is.
fn newest(world: &World) -> Value {
    world.relay.control(&Method::GET, "/usage?limit=1", &Value::Null)["items"][0].clone()
}

fn saying(usage: Option<Value>) -> ChatStream {
    ChatStream::saying(["Hel", "lo"]).usages(usage)
}

async fn streamed(world: &World, token: &str, stream: ChatStream) -> i128 {
    let before = world.used("ci");
    world.upstream.push(Step::stream(stream.frames()));
    let mut events = world.client.stream(CHAT, token, &chat(true)).await.unwrap();
    assert!(events.finish().await && events.is_complete(), "{}", events.text());
    world.used("ci") - before
}

async fn buffered(world: &World, token: &str, stream: ChatStream) -> i128 {
    let before = world.used("ci");
    world.upstream.push(Step::json(200, &stream.body()));
    let answer: Answer = world.client.post(CHAT, token, &chat(false)).await;
    assert_eq!(answer.status, 200);
    world.used("ci") - before
}

#[tokio::test]
async fn d2_a_report_that_cannot_be_gives_way_to_our_own_count() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let own_count = 1..price_of(100, 100);
    for usage in [
        json!({"prompt_tokens": -5, "completion_tokens": 5, "total_tokens": 0}),
        json!({"prompt_tokens": 10, "completion_tokens": -5, "total_tokens": 5}),
        json!({"prompt_tokens": 10, "completion_tokens": 1_000_000_000_000_000_000_u64}),
        json!({"prompt_tokens": u64::MAX, "completion_tokens": 5}),
        json!({"prompt_tokens": 1e300, "completion_tokens": 5}),
        json!({"prompt_tokens": "many", "completion_tokens": 3.5}),
        json!({"prompt_tokens": 10, "completion_tokens": [5]}),
        json!({"prompt_tokens": 10, "completion_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": 4_000}}),
        // Figures that some request could have, and this one cannot: two units of text, two
        // hundred asked for.
        json!({"prompt_tokens": 10, "completion_tokens": 1_000_000, "total_tokens": 1_000_010}),
        json!({"prompt_tokens": 50_000_000, "completion_tokens": 5, "total_tokens": 50_000_005}),
    ] {
        for stream in [true, false] {
            let said = saying(Some(usage.clone()));
            let charged = if stream {
                streamed(&world, &token, said).await
            } else {
                buffered(&world, &token, said).await
            };
            assert!(own_count.contains(&charged), "{usage}: {charged}");
            let record = newest(&world);
            assert_eq!(
                (&record["suspect"], &record["estimated"]),
                (&json!(true), &json!(true)),
                "{usage}"
            );
        }
    }
    // None at all is no lie, and no reason to give the answer away.
    for usage in [None, Some(Value::Null), Some(json!({}))] {
        let charged = streamed(&world, &token, saying(usage.clone())).await;
        assert!(own_count.contains(&charged), "{usage:?}: {charged}");
        let record = newest(&world);
        assert_eq!(
            (&record["suspect"], &record["estimated"]),
            (&json!(false), &json!(true)),
            "{usage:?}"
        );
    }
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn d2_reports_that_come_more_than_once_count_once() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let reports = |outputs: &[u64]| {
        let usages = outputs.iter().map(|output| chat_usage(10, 0, *output, 0));
        ChatStream::saying(["Hel", "lo"]).usages(usages.collect::<Vec<_>>())
    };
    for (outputs, charged) in [
        (&[5, 5, 5][..], 5),
        // Cumulative: the last is the sum already.
        (&[1, 3, 5], 5),
        // Shrinking or wavering: the last word is the provider's word.
        (&[9, 7, 5], 5),
        (&[5, 900, 5], 5),
    ] {
        let seen = streamed(&world, &token, reports(outputs)).await;
        assert_eq!(seen, price_of(10, charged), "{outputs:?}");
    }
    // A good report is not undone by a senseless one after it, nor by an empty one.
    let senseless = ChatStream::saying(["Hel", "lo"])
        .usages([chat_usage(10, 0, 5, 0), json!({"completion_tokens": -1})]);
    let charged = streamed(&world, &token, senseless).await;
    assert!((1..price_of(100, 100)).contains(&charged), "{charged}");
    let empty = ChatStream::saying(["Hel", "lo"]).usages([chat_usage(10, 0, 5, 0), json!({})]);
    assert_eq!(streamed(&world, &token, empty).await, price_of(10, 5));
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn d2_the_other_vendors_reports_are_held_to_the_same() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let ask = async |stream: MessagesStream| {
        let before = world.used("ci");
        world.upstream.push(Step::stream(stream.frames()));
        let mut events =
            world.client.stream("/v1/messages", &token, &messages(true)).await.unwrap();
        assert!(events.finish().await && events.is_complete(), "{}", events.text());
        (world.used("ci") - before, newest(&world)["suspect"] == json!(true))
    };
    let hello = || MessagesStream::saying(["Hel", "lo"]);
    let usage = |input, output| messages_usage(input, 0, (0, 0), output);
    // The last report of a field counts; a zero in a later one does not repeat it.
    for (stream, charged) in [
        (hello().usage(usage(10, 5)), price_of(10, 5)),
        (
            hello().start_usage(usage(10, 1)).delta_usages([usage(10, 3), usage(10, 5)]),
            price_of(10, 5),
        ),
        (
            hello().start_usage(usage(10, 1)).delta_usages([json!({"output_tokens": 5})]),
            price_of(10, 5),
        ),
        (hello().start_usage(usage(10, 9)).delta_usages([usage(0, 5)]), price_of(10, 5)),
    ] {
        assert_eq!(ask(stream).await, (charged, false));
    }
    for stream in [
        hello().start_usage(usage(10, 1)).delta_usages([json!({"output_tokens": -5})]),
        hello().usage(json!({"input_tokens": 10, "output_tokens": 2_000_000})),
        hello().usage(json!({"input_tokens": 10, "output_tokens": 5,
            "cache_read_input_tokens": 90_000_000})),
    ] {
        let (charged, suspect) = ask(stream).await;
        assert!(suspect && (1..price_of(100, 100)).contains(&charged), "{charged} {suspect}");
    }
    let (charged, _) = ask(hello().start_usage(Value::Null).delta_usages([])).await;
    assert!((1..price_of(100, 100)).contains(&charged), "{charged}");
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn d2_no_report_empties_an_account() {
    let world = World::new("1").await;
    let token = world.relay.create_token("ci", &[]);
    // Far beyond the balance, and within what a large request could have.
    let absurd = json!({"prompt_tokens": 10, "completion_tokens": 90_000_000,
        "total_tokens": 90_000_010});
    assert!(streamed(&world, &token, saying(Some(absurd.clone()))).await < price_of(100, 100));
    assert!(buffered(&world, &token, saying(Some(absurd))).await < price_of(100, 100));
    let charged = streamed(&world, &token, saying(Some(chat_usage(10, 0, 5, 0)))).await;
    assert_eq!(charged, price_of(10, 5), "the account still works");
    world.relay.verify().unwrap();
}
