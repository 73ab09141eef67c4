//! Providers that take their time, or fail in a storm: ABUSE D3, and the faults that come with it.

use std::time::Duration;

use anc_testkit::simulator::{ChatStream, Step, chat_usage};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::figures::Figures;
use crate::support::{CHAT_MODEL, World, chat, eventually, nanos, price_of};

const CHAT: &str = "/v1/chat/completions";

fn hello() -> ChatStream {
    ChatStream::saying(["Hel", "lo"]).usage(chat_usage(10, 0, 5, 0))
}

fn newest(world: &World) -> Value {
    world.relay.control(&Method::GET, "/usage?limit=1", &Value::Null)["items"][0].clone()
}

/// An event with a word in it.
fn word() -> Bytes {
    let chunk = json!({"choices": [{"index": 0, "delta": {"content": "word "}}]});
    Bytes::from(format!("data: {chunk}\n\n"))
}

#[tokio::test]
async fn d3_no_stream_lasts_for_ever() {
    let figures = Figures::somewhere();
    let settings = [
        figures.setting(),
        ("ANC_LIMITS__FIRST_CONTENT_GRACE_SECONDS", "1"),
        ("ANC_LIMITS__FIRST_CONTENT_SECONDS", "2"),
        ("ANC_LIMITS__IDLE_SECONDS", "2"),
        ("ANC_LIMITS__TOTAL_SECONDS", "4"),
    ];
    let world = World::with_settings("20", &settings).await;
    let token = world.relay.create_token("ci", &[]);
    let role = hello().frames()[0].clone();
    let beats = Duration::from_millis(50);
    let many = Bytes::from(word().repeat(200));
    let cases = [
        ("heartbeats alone", Step::heartbeats([], beats), false),
        ("heartbeats after the role", Step::heartbeats([role.clone()], beats), false),
        ("roles alone", Step::endless([], role, beats), false),
        ("heartbeats after content", Step::heartbeats([word()], beats), true),
        ("silence after content", Step::stream([word()]).stall_at_end(), true),
        ("a drip", Step::endless([], word(), Duration::from_millis(300)), true),
        ("a flood", Step::endless([], many, Duration::from_millis(1)), true),
    ];
    // All at once: each has its own time, and none has to wait for another.
    let asked = cases.into_iter().map(|(what, step, content)| {
        world.upstream.push(step);
        let (client, token) = (world.client.clone(), token.clone());
        tokio::spawn(async move {
            let began = Instant::now();
            let mut body = chat(true);
            body["max_tokens"] = json!(1_000_000);
            let mut events = client.stream(CHAT, &token, &body).await.unwrap();
            let ended = tokio::time::timeout(Duration::from_secs(20), events.finish()).await;
            assert!(ended.is_ok(), "{what} did not end");
            (what, content, began.elapsed(), events)
        })
    });
    for one in asked.collect::<Vec<_>>() {
        let (what, _, took, events) = one.await.unwrap();
        assert!(took < Duration::from_secs(12), "{what}: {took:?}");
        assert!(!events.is_complete(), "{what} looks whole");
        let end = events.text().lines().rev().find(|line| line.starts_with("data:")).unwrap();
        assert!(end.contains("upstream_timeout") || end.contains("balance"), "{what}: {end}");
    }
    eventually("all are settled", || nanos(&world.relay.token("ci")["held"]) == 0).await;
    let log = world.relay.control(&Method::GET, "/usage?end_reason=timeout", &Value::Null);
    assert!(log["items"].as_array().unwrap().len() >= 6, "{log}");
    eventually("none is asked of the provider any more", || {
        world.upstream.requests().iter().all(|request| request.outcome.is_client_gone())
    })
    .await;
    assert!(figures.limit_hits("answer_time").await >= 6);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn d3_an_endless_answer_ends_with_the_money_that_was_set_for_it() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &["--quota", "0.02"]);
    world.upstream.push(Step::endless(
        [],
        Bytes::from(word().repeat(20)),
        Duration::from_millis(1),
    ));
    let mut body = chat(true);
    body["max_tokens"] = json!(1_000_000);
    let mut events = world.client.stream(CHAT, &token, &body).await.unwrap();
    assert!(events.finish().await, "it ends in its protocol's own form");
    let end = events.text().lines().rev().find(|line| line.starts_with("data:")).unwrap();
    assert!(end.contains("token_quota_exhausted") && !events.is_complete(), "{end}");
    assert!(world.used("ci") <= 20_000_000);
    assert_eq!(newest(&world)["end_reason"], "quota_exhausted");
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn d3_a_stall_in_any_phase_ends_in_time() {
    let settings = [
        ("ANC_LIMITS__ANSWER_HEAD_SECONDS", "1"),
        ("ANC_LIMITS__FIRST_CONTENT_GRACE_SECONDS", "1"),
        ("ANC_LIMITS__FIRST_CONTENT_SECONDS", "2"),
        ("ANC_LIMITS__IDLE_SECONDS", "2"),
        ("ANC_LIMITS__TOTAL_SECONDS", "2"),
    ];
    let world = World::with_settings("20", &settings).await;
    let token = world.relay.create_token("ci", &[]);
    let document = || Step::json(200, &hello().body());
    let stream = || Step::stream(hello().frames());
    for (what, streams, step) in [
        ("before the head", false, Step::stall_before_head()),
        ("before the head of a stream", true, Step::stall_before_head()),
        ("after the head", false, document().stall_after(0)),
        ("in a document", false, document().stall_after(40)),
        ("after the head of a stream", true, stream().stall_after(0)),
        ("in the first event", true, stream().stall_after(20)),
        (
            "in the last word",
            true,
            stream().stall_after(hello().frames().concat().len() as u64 - 4),
        ),
    ] {
        world.upstream.push(step);
        let mut events = world.client.stream(CHAT, &token, &chat(streams)).await.unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(8), events.finish()).await;
        assert!(ended.is_ok(), "{what}");
        assert!(events.text().contains("upstream_timeout"), "{what}: {}", events.text());
        assert!(!events.is_complete(), "{what}");
    }
    assert_eq!(nanos(&world.relay.token("ci")["held"]), 0);
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn d1_a_storm_of_failures_costs_nothing_and_names_its_end() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let document = || Step::json(200, &hello().body());
    for (what, step, code, wait) in [
        ("429", Step::too_many_requests(None), "upstream_unavailable", ""),
        ("429 with a time", Step::too_many_requests(Some(9)), "upstream_unavailable", "9"),
        ("503", Step::unavailable(None), "upstream_unavailable", ""),
        ("503 with a time", Step::unavailable(Some(9)), "upstream_unavailable", "9"),
        ("529", Step::overloaded(None), "upstream_unavailable", ""),
        ("529 with a time", Step::overloaded(Some(9)), "upstream_unavailable", "9"),
        ("reset before the head", Step::reset_before_head(), "upstream_unavailable", ""),
        ("reset within the head", document().reset_within_head(10), "upstream_unavailable", ""),
        ("reset after the head", document().reset_after(0), "upstream_error", ""),
        ("reset after some bytes", document().reset_after(30), "upstream_error", ""),
        ("a page of a proxy", Step::html(502), "upstream_unavailable", ""),
    ] {
        world.upstream.extend(std::iter::repeat_n(step, 10));
        let storm = (0..10).map(|_| {
            let (client, token) = (world.client.clone(), token.clone());
            tokio::spawn(async move { client.post(CHAT, &token, &chat(false)).await })
        });
        for one in storm.collect::<Vec<_>>() {
            let answer = one.await.unwrap();
            assert_eq!(answer.header("x-relay-error"), code, "{what}");
            assert_eq!(answer.header("retry-after"), wait, "{what}");
        }
        assert_eq!(world.upstream.steps_left(), 0, "{what}");
    }
    let refusing = anc_testkit::simulator::ScriptedUpstream::refusing_base_url().await.unwrap();
    world.relay.connect("openai", &format!("{refusing}/v1"), "lonely-model");
    world.relay.set_price("lonely-model", "3", "15");
    let mut body = chat(false);
    body["model"] = json!("lonely-model");
    let answer = world.client.post(CHAT, &token, &body).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("x-relay-error")),
        (503, "upstream_unavailable")
    );
    assert_eq!((world.used("ci"), nanos(&world.relay.token("ci")["held"])), (0, 0));
    assert_eq!(world.client.post(CHAT, &token, &chat(false)).await.status, 200, "{CHAT_MODEL}");
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn d3_a_client_may_leave_at_any_moment() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let settled = |count: usize| world.relay.token("ci")["requests"] == json!(count);
    let leave = async |step: Step, after: Duration| {
        let before = world.upstream.requests().len();
        world.upstream.push(step);
        let (client, token) = (world.client.clone(), token.clone());
        let asked = tokio::spawn(async move {
            let mut events = client.stream(CHAT, &token, &chat(true)).await.unwrap();
            events.finish().await;
        });
        eventually("it is asked", || world.upstream.requests().len() > before).await;
        tokio::time::sleep(after).await;
        asked.abort();
        eventually("the provider is let go", || {
            world.upstream.requests()[before].outcome.is_client_gone()
        })
        .await;
    };
    // Before the head nobody owes anything.
    leave(Step::stall_before_head(), Duration::from_millis(200)).await;
    eventually("nothing is held", || nanos(&world.relay.token("ci")["held"]) == 0).await;
    assert_eq!(world.used("ci"), 0);
    // In the middle: what went out.
    leave(Step::endless([], word(), Duration::from_millis(20)), Duration::from_millis(500)).await;
    eventually("it is settled", || settled(1)).await;
    let middle = world.used("ci");
    assert!((1..price_of(100, 100)).contains(&middle), "{middle}");
    // Just before the end, when all content and the report are there: the report.
    let most = hello().frames().concat().len() as u64 - b"data: [DONE]\n\n".len() as u64;
    leave(Step::stream(hello().frames()).stall_after(most), Duration::from_millis(500)).await;
    eventually("it is settled", || settled(2)).await;
    assert_eq!(world.used("ci") - middle, price_of(10, 5));
    assert_eq!(newest(&world)["end_reason"], "client_gone");
    world.relay.verify().unwrap();
}
