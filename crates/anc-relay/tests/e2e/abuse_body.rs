//! Bodies that want too much of their reader: ABUSE C1, C2, C5.

use std::time::Duration;

use anc_testkit::simulator::{ChatStream, Step};
use anc_testkit::{RawConnection, packed};
use http::Method;
use serde_json::json;
use tokio::time::Instant;

use crate::figures::Figures;
use crate::support::{World, chat, nanos};

const CHAT: &str = "/v1/chat/completions";

fn head(token: &str, framing: &str) -> String {
    format!(
        "POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\n{framing}\r\n\r\n"
    )
}

#[tokio::test]
async fn c1_a_body_is_bounded_while_it_comes_and_not_read_from_strangers() {
    let figures = Figures::somewhere();
    let settings = [
        figures.setting(),
        ("ANC_LIMITS__REQUEST_BODY_BYTES", "10000"),
        ("ANC_LIMITS__REQUEST_BODY_IDLE_SECONDS", "1"),
    ];
    let world = World::with_settings("20", &settings).await;
    let token = world.relay.create_token("ci", &[]);
    let open = async || RawConnection::open(world.relay.base_url()).await;
    let gigabyte = format!("content-length: {}", 1 << 30);

    // What is announced is believed, and refused before any of it came.
    let mut connection = open().await;
    connection.send(head(&token, &gigabyte)).await;
    assert!(connection.until("request_too_large").await.starts_with("HTTP/1.1 413 "));
    assert!(connection.closes_within(Duration::from_secs(3)).await, "its body is not awaited");

    // A stranger reads that it is one, whatever it announces.
    let mut connection = open().await;
    connection.send(head("sk-nobody", &gigabyte)).await;
    assert!(connection.until("invalid_api_key").await.starts_with("HTTP/1.1 401 "));

    // Chunks announce nothing: they are counted as they come, and the sender is stopped.
    let mut connection = open().await;
    connection.send(head(&token, "transfer-encoding: chunked")).await;
    let chunk = format!("{:x}\r\n{}\r\n", 4_096, "x".repeat(4_096));
    let mut sent = 0;
    while sent < 10_000 && connection.send(&chunk).await {
        sent += 1;
    }
    assert!(connection.rest().await.contains("request_too_large"));
    assert!(sent < 10_000, "the sender was stopped");
    assert_eq!(figures.limit_hits("request_body_bytes").await, 2);

    // More than was announced is the next request, and no request at all.
    let body = chat(false).to_string();
    let mut connection = open().await;
    connection
        .send(head(&token, &format!("content-length: {}", body.len())) + &body + "surplus\r\n\r\n")
        .await;
    let answer = connection.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("HTTP/1.1 400 "), "{answer}");

    // Less than was announced is no body: neither when the client waits nor when it leaves.
    let short = format!("content-length: {}", body.len() + 10);
    let mut connection = open().await;
    connection.send(head(&token, &short) + &body).await;
    assert!(connection.rest().await.contains("did not arrive in time"));
    let before = world.upstream.requests().len();
    let mut connection = open().await;
    connection.send(head(&token, &short) + &body).await;
    drop(connection);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(world.upstream.requests().len(), before);
    assert_eq!(nanos(&world.relay.token("ci")["held"]), 0);

    // The routes before the sign-in take little.
    let sign_in = json!({"email": "a@example.com", "password": "x".repeat(70_000)});
    let own = [("x-anc-console", "1")];
    let answer = world.client.call_with(Method::POST, "/api/v1/session", &own, &sign_in).await;
    assert_eq!(answer.status, 413, "{:?}", answer.json());
}

#[tokio::test]
async fn c1_large_bodies_share_one_bound_and_small_requests_pass_beside_them() {
    let figures = Figures::somewhere();
    let settings = [figures.setting(), ("ANC_LIMITS__REQUEST_BODIES_BYTES", "3000000")];
    let world = World::with_settings("20", &settings).await;
    let token = world.relay.create_token("ci", &[]);
    let half = " ".repeat(1_000_000);
    let mut uploads = Vec::new();
    for _ in 0..3 {
        let mut connection = RawConnection::open(world.relay.base_url()).await;
        assert!(connection.send(head(&token, "content-length: 2000000") + &half).await);
        uploads.push(connection);
    }
    let mut large = chat(false);
    large["messages"][0]["content"] = json!("x".repeat(500_000));
    let ask = async |body: &serde_json::Value| {
        let answer = world.client.post(CHAT, &token, body).await;
        (answer.status.as_u16(), answer.header("x-relay-error").to_owned())
    };
    let full = (503, "relay_unavailable".to_owned());
    // The bytes that were sent may still be on their way through the sockets; asked too soon, the
    // last of them would find no room instead.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(ask(&large).await, full);
    assert_eq!(ask(&chat(false)).await.0, 200, "a small request needs no room");
    assert!(figures.limit_hits("request_bodies_bytes").await >= 1);
    drop(uploads);
    for _ in 0..50 {
        if ask(&large).await.0 == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(ask(&large).await.0, 200, "the room is given back");
}

#[tokio::test]
async fn c2_hostile_json_is_refused_without_effort() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let with = |member: &str| format!(r#"{{"model":"chat-model","messages":[],{member}}}"#);
    let post = async |body: Vec<u8>| {
        let answer = world.client.post_bytes(CHAT, &token, &[], body).await;
        (answer.status.as_u16(), answer.header("x-relay-error").to_owned())
    };
    let refused = (400, "invalid_request".to_owned());
    let nested = |open: &str, close: &str, depth: usize| {
        with(&format!("\"x\":{}1{}", open.repeat(depth), close.repeat(depth)))
    };
    for body in [
        nested("[", "]", 100_000),
        nested("{\"a\":", "}", 100_000),
        nested("[", "]", 64),
        "[".repeat(1 << 20),
        with("\"x\":NaN"),
        with("\"x\":Infinity"),
        with("\"x\":01"),
        with("\"x\":+1"),
        with("\"x\":.5"),
        with("\"x\":'a'"),
        with("\"x\":\"\u{1}\""),
        with("\"x\":\"\\ud8\""),
        with("\"x\":1,"),
        with("/* x */ \"x\":1"),
        with("\"max_tokens\":1e999"),
        with("\"max_tokens\":170141183460469231731687303715884105728"),
        format!("\u{feff}{}", with("\"x\":1")),
        format!("{} {}", with("\"x\":1"), with("\"x\":1")),
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
    ] {
        let shown: String = body.chars().take(80).collect();
        assert_eq!(post(body.into_bytes()).await, refused, "{shown}");
    }
    for bytes in [&b"{\"model\":\"chat-model\",\"x\":\"\xff\"}"[..], b"\xff\xfe{\0}\0", b"\0"] {
        assert_eq!(post(bytes.to_vec()).await, refused, "{bytes:?}");
    }
    assert_eq!(world.upstream.requests().len(), 0);

    // What is JSON by its grammar and concerns the relay nowhere passes as it is: it is the
    // provider's to read.
    for member in
        ["\"seed\":170141183460469231731687303715884105728", "\"x\":1e999", "\"user\":\"\\ud800\""]
    {
        let answer = ChatStream::saying(["x"]).body();
        world.upstream.push(Step::json(200, &answer));
        assert_eq!(post(with(member).into_bytes()).await.0, 200, "{member}");
        assert_eq!(world.upstream.requests().last().unwrap().text(), with(member));
    }
    let deep = nested("[", "]", 63);
    world.upstream.push(Step::json(200, &ChatStream::saying(["x"]).body()));
    assert_eq!(post(deep.into_bytes()).await.0, 200);
}

#[tokio::test]
async fn c2_reading_takes_time_by_size_and_by_nothing_else() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let with = |member: &str| format!(r#"{{"model":"no-such-model","messages":[],{member}}}"#);
    let keys =
        (0..1_000_000).map(|number| format!("\"k{number}\":0,")).collect::<Vec<_>>().concat();
    for (what, body) in [
        ("a million keys", with(&format!("{keys}\"x\":0"))),
        ("a long string", with(&format!("\"x\":\"{}\"", "x".repeat(10 << 20)))),
        ("many escapes", with(&format!("\"x\":\"{}\"", "\\\"".repeat(5 << 20)))),
        ("wide text", with(&format!("\"x\":\"{}\"", "\u{4e16}".repeat(3 << 20)))),
        ("a long list", with(&format!("\"x\":[{}0]", "0,".repeat(5 << 20)))),
    ] {
        let mebibytes = u32::try_from((body.len() >> 20) + 1).unwrap();
        let began = Instant::now();
        let answer = world.client.post_bytes(CHAT, &token, &[], body).await;
        let took = began.elapsed();
        assert_eq!(answer.header("x-relay-error"), "model_not_found", "{what}");
        // 50 ms a mebibyte in a release; a test's build is some ten times slower, and its machine
        // has other things to do.
        let limit = Duration::from_millis(if cfg!(debug_assertions) { 500 } else { 50 });
        assert!(took < limit * mebibytes, "{what}: {took:?} for {mebibytes} MiB");
    }
}

#[tokio::test]
async fn c5_a_packed_body_counts_by_what_comes_out_of_it() {
    let figures = Figures::somewhere();
    let settings = [figures.setting(), ("ANC_LIMITS__REQUEST_BODY_BYTES", "1000000")];
    let world = World::with_settings("20", &settings).await;
    let token = world.relay.create_token("ci", &[]);
    let post = async |encoding: &str, body: Vec<u8>| {
        let headers = [("content-encoding", encoding)];
        let answer = world.client.post_bytes(CHAT, &token, &headers, body).await;
        (answer.status.as_u16(), answer.header("x-relay-error").to_owned())
    };
    let too_large = (413, "request_too_large".to_owned());
    let refused = (400, "invalid_request".to_owned());
    let plain = chat(false).to_string();
    for encoding in ["gzip", "br", "zstd"] {
        let body = packed(encoding, plain.as_bytes()).await;
        assert_eq!(post(encoding, body.clone()).await.0, 200, "{encoding}");
        let sent = world.upstream.requests().last().unwrap().clone();
        assert_eq!(sent.text(), plain, "{encoding}");
        assert_eq!(sent.header("content-encoding"), "");
        assert_eq!(sent.header("content-length"), plain.len().to_string());
        assert_eq!(post(&encoding.to_uppercase(), body.clone()).await.0, 200);

        // Half of it, or something behind it that is neither more of it nor nothing.
        assert_eq!(post(encoding, body[..body.len() - 5].to_vec()).await, refused, "{encoding}");
        assert_eq!(post(encoding, plain.clone().into_bytes()).await, refused, "{encoding}");

        // Beyond the limit when unpacked, in the ratio of honest text and of a bomb.
        let mut long = chat(false);
        long["messages"][0]["content"] =
            json!((0..300_000).map(|number| number.to_string()).collect::<Vec<_>>().join(" "));
        let long = packed(encoding, long.to_string().as_bytes()).await;
        assert!(long.len() < 1_000_000, "{encoding}: packed it fits");
        assert_eq!(post(encoding, long).await, too_large, "{encoding}");
        let bomb = packed(encoding, &vec![b' '; 256 << 20]).await;
        let began = Instant::now();
        assert_eq!(post(encoding, bomb).await, too_large, "{encoding}");
        assert!(began.elapsed() < Duration::from_secs(2), "{encoding}: {:?}", began.elapsed());
        // Within the limit, and still a hundred times what went in.
        let dense = packed(encoding, &vec![b' '; 900_000]).await;
        assert_eq!(post(encoding, dense).await, too_large, "{encoding}");
    }
    let twice = packed("gzip", &packed("gzip", plain.as_bytes()).await).await;
    for encoding in ["gzip, gzip", "gzip, br", "deflate", "compress", "aws-chunked", "*"] {
        assert_eq!(post(encoding, twice.clone()).await, refused, "{encoding}");
    }
    // Packed once more than is said is no JSON.
    assert_eq!(post("gzip", twice).await, refused);
    let both = [("content-encoding", "gzip"), ("content-encoding", "gzip")];
    let body = packed("gzip", plain.as_bytes()).await;
    let answer = world.client.post_bytes(CHAT, &token, &both, body.clone()).await;
    assert_eq!(answer.status, 400);
    // A stranger's body is not unpacked.
    let bearer = world.client.post_bytes(CHAT, "sk-nobody", &[("content-encoding", "gzip")], body);
    assert_eq!(bearer.await.status, 401);
    assert_eq!(figures.limit_hits("request_body_bytes").await, 9);
    assert_eq!(nanos(&world.relay.token("ci")["held"]), 0);
}
