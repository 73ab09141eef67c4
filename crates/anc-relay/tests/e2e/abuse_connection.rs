//! Connections and heads that are not what they should be: ABUSE C3, C4, C6 to C9.

use std::time::Duration;

use anc_testkit::simulator::{ChatStream, Step, chat_usage};
use anc_testkit::{RawConnection, Relay};
use http::Method;
use serde_json::json;
use tokio::time::Instant;

use crate::figures::Figures;
use crate::support::{World, chat, eventually, nanos, price_of};

const CHAT: &str = "/v1/chat/completions";
const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";

async fn open(world: &World) -> RawConnection {
    RawConnection::open(world.relay.base_url()).await
}

/// The relay's memory in KiB.
fn memory(relay: &Relay) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", relay.process_id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn c3_a_head_or_body_that_trickles_in_is_cut_off() {
    let figures = Figures::somewhere();
    let settings = [
        figures.setting(),
        ("ANC_LIMITS__REQUEST_HEAD_SECONDS", "1"),
        ("ANC_LIMITS__CONNECTION_IDLE_SECONDS", "3"),
        ("ANC_LIMITS__REQUEST_BODY_IDLE_SECONDS", "1"),
    ];
    let world = World::with_settings("20", &settings).await;
    let token = world.relay.create_token("ci", &[]);

    // A head of which something comes all the time, and never the end.
    let mut connection = open(&world).await;
    let began = Instant::now();
    connection.send("GET /healthz HTTP/1.1\r\n").await;
    while connection.send("x: y\r\n").await && began.elapsed() < Duration::from_secs(10) {
        if connection.closes_within(Duration::from_millis(100)).await {
            break;
        }
    }
    let took = began.elapsed();
    assert!((900..2_900).contains(&took.as_millis()), "{took:?}");
    assert_eq!(figures.limit_hits("request_head_seconds").await, 1);

    // A connection that rests is not in a head: it may do so for longer, and then goes too.
    let mut connection = open(&world).await;
    connection.send(HEALTH).await;
    assert!(connection.until("\r\n\r\n").await.starts_with("HTTP/1.1 200 "));
    assert!(!connection.closes_within(Duration::from_millis(1_500)).await);
    assert!(connection.closes_within(Duration::from_secs(4)).await);

    // A body byte by byte: never silent, and still too slow on the whole.
    let head = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-length: 100000\r\n\r\n"
    );
    let mut connection = open(&world).await;
    connection.send(&head).await;
    let began = Instant::now();
    while connection.send(" ").await && began.elapsed() < Duration::from_secs(10) {
        if connection.closes_within(Duration::from_millis(100)).await {
            break;
        }
    }
    let took = began.elapsed();
    assert!((900..4_000).contains(&took.as_millis()), "{took:?}");
    assert_eq!(figures.limit_hits("request_body_idle_seconds").await, 1);

    // A slow body at an honest pace is served.
    let body = chat(false).to_string();
    let mut connection = open(&world).await;
    connection.send(head.replace("100000", &body.len().to_string())).await;
    for piece in body.as_bytes().chunks(body.len() / 4 + 1) {
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(connection.send(piece).await);
    }
    assert!(connection.until("\r\n\r\n").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn c4_a_head_is_bounded_and_nobody_else_notices_a_bomb() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let bomb = |headers: &str| format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
    let many =
        |count: usize| (0..count).map(|n| format!("x-{n}: y\r\n")).collect::<Vec<_>>().concat();
    let long = |bytes: usize| format!("x: {}\r\n", "y".repeat(bytes));
    let mut other = world.client.stream(CHAT, &token, &chat(true)).await.unwrap();
    for (what, headers, status) in [
        ("some headers", many(90), 200),
        ("many headers", many(101), 431),
        ("ten thousand headers", many(10_000), 431),
        ("a long value", long(30 << 10), 200),
        ("a longer value", long(33 << 10), 431),
        ("a value of a mebibyte", long(1 << 20), 431),
    ] {
        let mut connection = open(&world).await;
        connection.send(bomb(&headers)).await;
        let answer = connection.until("\r\n\r\n").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{what}: {answer}");
        if status != 200 {
            assert!(connection.closes_within(Duration::from_secs(3)).await, "{what}");
        }
    }
    let mut connection = open(&world).await;
    connection.send(format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(80 << 10))).await;
    let answer = connection.rest().await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    // HTTP/2 and its bombs are not spoken, neither with prior knowledge nor by an upgrade.
    let mut connection = open(&world).await;
    connection.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    let answer = connection.rest().await;
    assert!(!answer.contains(" 101 ") && !answer.contains(" 200 "), "{answer}");
    let mut connection = open(&world).await;
    connection.send(bomb("connection: upgrade, http2-settings\r\nupgrade: h2c\r\n")).await;
    assert!(connection.until("\r\n\r\n").await.starts_with("HTTP/1.1 200 "));
    assert!(other.finish().await && other.is_complete(), "the stream beside it went on");
}

#[tokio::test]
async fn c6_a_request_that_has_two_readings_is_refused_and_the_connection_closed() {
    let figures = Figures::somewhere();
    let world = World::with_settings("20", &[figures.setting()]).await;
    let token = world.relay.create_token("ci", &[]);
    let body = chat(false).to_string();
    let hidden = format!("GET /v1/models HTTP/1.1\r\nhost: x\r\nx-api-key: {token}\r\n\r\n");
    let length = format!("content-length: {}", body.len());
    let cases = [
        format!("{length}\r\ntransfer-encoding: chunked"),
        format!("transfer-encoding: chunked\r\n{length}"),
        format!("{length}\r\ncontent-length: 0"),
        format!("{length}\r\n{length}"),
        format!("{length}, {}", body.len()),
        format!("content-length: +{}", body.len()),
        format!("content-length: 0x{:x}", body.len()),
        format!("content-length : {}", body.len()),
        format!("content-length\t: {}", body.len()),
        "content-length: -1".to_owned(),
        "content-length: 99999999999999999999".to_owned(),
        "transfer-encoding: chunked, identity".to_owned(),
        "transfer-encoding: identity, chunked".to_owned(),
        "transfer-encoding: gzip, chunked".to_owned(),
        "transfer-encoding: xchunked".to_owned(),
        "transfer-encoding: \"chunked\"".to_owned(),
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked".to_owned(),
        "transfer-encoding : chunked".to_owned(),
        "transfer-encoding\r\n : chunked".to_owned(),
        format!("{length}\r\nx: y\r\n folded: z"),
        format!("{length}\r\nx: y\nx-smuggled: z"),
        format!("{length}\r\nx: y\rx-smuggled: z"),
        format!("{length}\r\nx: y\0z"),
        format!("{length}\r\nx y: z"),
        format!("{length}\r\n: nameless"),
        format!("{length}\r\nno colon"),
    ];
    for headers in &cases {
        let mut connection = open(&world).await;
        let head = format!(
            "POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n{headers}\r\n\r\n"
        );
        connection.send(format!("{head}{body}{hidden}")).await;
        let answer = connection.rest().await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{headers:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{headers:?}: {answer}");
    }
    for line in [
        format!("POST {CHAT} HTTP/1.1\nhost: x\nauthorization: Bearer {token}\n{length}\n\n"),
        format!("POST {CHAT} HTTP/1.1 \r\nhost: x\r\n\r\n"),
        format!("POST  {CHAT} HTTP/1.1\r\nhost: x\r\n\r\n"),
        format!("POST {CHAT} HTTP/1.7\r\nhost: x\r\n\r\n"),
        format!("POST {CHAT}\r\nhost: x\r\n\r\n"),
    ] {
        let mut connection = open(&world).await;
        connection.send(format!("{line}{body}{hidden}")).await;
        let answer = connection.rest().await;
        assert_eq!(answer.matches("HTTP/1.1 2").count(), 0, "{line:?}: {answer}");
    }
    assert_eq!(world.upstream.requests().len(), 0);
    assert!(figures.value("anc_ambiguous_heads_total ").await > 20);

    // Chunks are read, and end the connection: what follows them is no request.
    let mut connection = open(&world).await;
    let head = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n{hidden}",
        body.len()
    );
    connection.send(head).await;
    let answer = connection.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    // Outbound the framing is ours.
    let sent = world.upstream.requests()[0].clone();
    assert_eq!(sent.text(), body);
    assert_eq!(sent.header("transfer-encoding"), "");
    assert_eq!(sent.header("content-length"), body.len().to_string());

    // Two honest requests on one connection are two requests.
    let mut connection = open(&world).await;
    connection.send(format!("{HEALTH}\r\n{HEALTH}")).await;
    let mut answers = String::new();
    while answers.matches("HTTP/1.1 200 ").count() < 2 {
        answers.push_str(&connection.until("HTTP/1.1 200 ").await);
    }
}

#[tokio::test]
async fn c7_only_what_concerns_the_provider_is_passed_on_to_it() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let bearer = format!("Bearer {token}");
    let ends_here = [
        ("x-api-key", "sk-caller"),
        ("api-key", "sk-caller"),
        ("x-goog-api-key", "sk-caller"),
        ("proxy-authorization", "Basic caller"),
        ("helicone-auth", "Bearer caller"),
        ("ocp-apim-subscription-key", "caller"),
        ("cookie", "session=caller"),
        ("openai-organization", "org-caller"),
        ("openai-project", "proj-caller"),
        ("x-goog-user-project", "caller"),
        ("x-portkey-api-key", "caller"),
        ("x-portkey-provider", "caller"),
        ("x-litellm-api-key", "caller"),
        ("x-amz-security-token", "caller"),
        ("cf-aig-authorization", "caller"),
        ("x-forwarded-for", "10.0.0.1"),
        ("x-forwarded-host", "caller"),
        ("forwarded", "for=10.0.0.1"),
        ("x-real-ip", "10.0.0.1"),
        ("true-client-ip", "10.0.0.1"),
        ("x-original-url", "/v1/files"),
        ("x-http-method-override", "DELETE"),
        ("via", "1.1 caller"),
        ("te", "trailers"),
        ("trailer", "x"),
        ("keep-alive", "timeout=5"),
        ("connection", "keep-alive, x-of-this-hop"),
        ("x-of-this-hop", "caller"),
        ("expect", "200-ok"),
        ("origin", "https://caller.example"),
        ("referer", "https://caller.example"),
        ("x-relay-anything", "caller"),
    ];
    let passes = [
        ("anthropic-beta", "a-2026,b-2026"),
        ("openai-beta", "assistants=v2"),
        ("x-stainless-retry-count", "2"),
        ("user-agent", "test/1"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("x-session-id", "s-1"),
        ("x-anything-new", "kept"),
    ];
    let mut headers = vec![("authorization", bearer.as_str())];
    headers.extend(ends_here.iter().filter(|(name, _)| *name != "expect").copied());
    headers.extend(passes);
    let path = format!("{CHAT}?key=sk-caller&%6bey=sk-caller&beta=true");
    let answer = world.client.call_with(Method::POST, &path, &headers, &chat(false)).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json());
    let sent = world.upstream.requests()[0].clone();
    assert_eq!(sent.header("authorization"), "Bearer sk-upstream-canary-9xQ2");
    assert_eq!(sent.header("host"), world.upstream.address().to_string());
    assert_eq!(sent.header("accept-encoding"), "identity");
    assert_eq!(sent.target, format!("{CHAT}?beta=true"));
    for (name, _) in ends_here.iter().filter(|(name, _)| *name != "host") {
        assert_eq!(sent.header(name), "", "{name}");
    }
    for (name, value) in passes {
        assert_eq!(sent.header(name), value, "{name}");
    }
    let all = format!("{:?} {}", sent.headers, sent.target);
    for secret in [token.as_str(), "sk-caller", "caller.example", "10.0.0.1"] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    // A line end in a value cannot make a header of its own: it ends the value, or the request.
    let body = chat(false).to_string();
    let mut connection = open(&world).await;
    connection
        .send(format!(
            "POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             x-title: a\rx-api-key: sk-caller\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await;
    assert!(connection.rest().await.starts_with("HTTP/1.1 400 "));
    // Nor can an operator's key.
    let channel = json!({"name": "k", "provider": "openai", "key": "sk-a\r\nx-evil: 1",
        "base_url": format!("{}/v1", world.upstream.base_url()), "allow_private": true,
        "models": ["evil-model"]});
    world.relay.control(&Method::POST, "/channels", &channel);
    world.relay.set_price("evil-model", "3", "15");
    let mut body = chat(false);
    body["model"] = json!("evil-model");
    world.client.post(CHAT, &token, &body).await;
    assert!(world.upstream.requests().iter().all(|it| it.header("x-evil").is_empty()));
}

/// A long answer in large pieces: more than sockets and buffers take.
fn flood() -> Step {
    let piece = "x".repeat(60_000);
    let stream = ChatStream::saying(vec![piece; 1_000]).usage(chat_usage(10, 0, 15_000_000, 0));
    Step::stream(stream.frames())
}

#[tokio::test]
async fn c8_a_client_that_does_not_read_holds_nothing_for_long() {
    let figures = Figures::somewhere();
    let settings = [figures.setting(), ("ANC_LIMITS__WRITE_STALL_SECONDS", "1")];
    let world = World::with_settings("2000", &settings).await;
    let token = world.relay.create_token("ci", &[]);
    let ask = async || {
        world.upstream.push(flood());
        let body = chat(true).to_string();
        let mut connection = open(&world).await;
        connection
            .send(format!(
                "POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
                 content-length: {}\r\n\r\n{body}",
                body.len()
            ))
            .await;
        connection
    };
    let before = memory(&world.relay);
    let mut silent = ask().await;
    let mut slow = ask().await;
    silent.some(1).await;
    let gone = || {
        let requests = world.upstream.requests();
        requests.iter().filter(|request| request.outcome.is_client_gone()).count()
    };
    // One byte a second is reading, and yet nothing that a window of 64 KiB notices.
    for _ in 0..4 {
        slow.some(1).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    eventually("both streams are cancelled at the provider", || gone() == 2).await;
    assert_eq!(figures.limit_hits("write_stall_seconds").await, 2);
    eventually("both are settled", || world.relay.token("ci")["requests"] == 2).await;
    let shown = world.relay.token("ci");
    assert_eq!(nanos(&shown["held"]), 0);
    let most = price_of(100, 15_000_000);
    assert!((1..most / 2).contains(&world.used("ci")), "what went out is charged: {shown}");
    let grown = memory(&world.relay).saturating_sub(before);
    assert!(grown < 30 << 10, "{grown} KiB");
    world.relay.verify().unwrap();
}

#[tokio::test]
async fn c9_connections_are_bounded_in_all_and_from_each_address() {
    let figures = Figures::somewhere();
    let settings = [
        figures.setting(),
        ("ANC_LIMITS__CONNECTIONS_PER_ADDRESS", "20"),
        ("ANC_LIMITS__CONNECTIONS", "25"),
    ];
    let world = World::with_settings("20", &settings).await;
    let before = memory(&world.relay);
    let mut idle = Vec::new();
    for _ in 0..20 {
        idle.push(open(&world).await);
    }
    let mut refused = open(&world).await;
    refused.send(HEALTH).await;
    let answer = refused.rest().await;
    assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
    assert!(answer.contains("retry-after: ") && answer.contains("rate_limit_exceeded"), "{answer}");
    assert_eq!(figures.limit_hits("connections_per_address").await, 1);
    // A hundred more that nobody tells anything do no harm.
    let mut flood = Vec::new();
    for _ in 0..200 {
        flood.push(open(&world).await);
    }
    // One that leaves makes room for another.
    drop(flood);
    drop(idle.pop());
    let mut served = open(&world).await;
    for _ in 0..50 {
        served.send(HEALTH).await;
        if String::from_utf8_lossy(&served.some(4_096).await).starts_with("HTTP/1.1 200 ") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        served = open(&world).await;
    }
    served.send(HEALTH).await;
    assert!(served.until("\r\n\r\n").await.contains("HTTP/1.1 200 "));
    let grown = memory(&world.relay).saturating_sub(before);
    assert!(grown < 20 << 10, "{grown} KiB for idle connections");
}

#[tokio::test]
async fn c9_the_relay_has_a_bound_that_proxies_share_and_a_token_its_own() {
    let settings = [
        ("ANC_TRUSTED_PROXIES", r#"["127.0.0.1"]"#),
        ("ANC_LIMITS__CONNECTIONS_PER_ADDRESS", "2"),
        ("ANC_LIMITS__CONNECTIONS", "12"),
    ];
    let world = World::with_settings("20", &settings).await;
    let body = json!({"name": "ci", "account": anc_testkit::OWNER_EMAIL,
        "rates": {"concurrency": 3}});
    let made = world.relay.control(&Method::POST, "/tokens", &body);
    let token = made["secret"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    let mut running = Vec::new();
    for _ in 0..3 {
        world.upstream.push(crate::support::slow_chat(500));
        let mut events = world.client.stream(CHAT, &token, &chat(true)).await.unwrap();
        assert!(events.more().await.unwrap(), "a proxy's connections have no bound of their own");
        running.push(events);
    }
    let answer = world.client.post(CHAT, &token, &chat(false)).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("x-relay-error")),
        (429, "rate_limit_exceeded")
    );
    assert!(!answer.header("retry-after").is_empty());

    let mut idle: Vec<RawConnection> = Vec::new();
    let mut turned_away = String::new();
    for _ in 0..12 {
        let mut connection = open(&world).await;
        connection.send(HEALTH).await;
        let beginning = connection.until("\r\n\r\n").await;
        if !beginning.starts_with("HTTP/1.1 200 ") {
            turned_away = beginning;
            break;
        }
        idle.push(connection);
    }
    assert!(turned_away.starts_with("HTTP/1.1 503 "), "{turned_away}");
    assert!(turned_away.contains("retry-after: "), "{turned_away}");
    // Those that are served are served on.
    for events in &mut running {
        assert!(events.more().await.unwrap());
    }
}
