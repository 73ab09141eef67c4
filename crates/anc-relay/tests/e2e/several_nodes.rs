//! Two relays on one PostgreSQL.

use std::sync::Arc;
use std::time::Duration;

use anc_testkit::simulator::{ChatStream, Step, chat_usage};
use anc_testkit::{Client, OWNER_EMAIL, PgDatabase, Relay};
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::support::{World, chat, eventually, nanos, price_of, slow_chat};

/// Requests in the crowd that three relays serve, and how many of them are under way at once.
const CROWD: usize = 10_000;
const AT_ONCE: usize = 30;

/// A world whose relay is on PostgreSQL, and a second relay beside it.
struct Pair {
    world: World,
    other: Relay,
    other_client: Client,
    database: PgDatabase,
    key: TempDir,
}

impl Pair {
    async fn new(balance: &str) -> Self {
        let database = PgDatabase::create().await;
        let key = tempfile::tempdir().unwrap();
        let key_file = key.path().join("master.key");
        std::fs::write(&key_file, [7; 32]).unwrap();
        let url = database.url();
        let settings =
            [("ANC_DATABASE", url.as_str()), ("ANC_MASTER_KEY_FILE", key_file.to_str().unwrap())];
        let world = World::with_settings(balance, &settings).await;
        let other = Relay::start_with(env!("CARGO_BIN_EXE_anc-relay"), &settings);
        let other_client = other.client();
        Self { world, other, other_client, database, key }
    }

    /// A third relay on the same database.
    fn third(&self) -> Relay {
        let url = self.database.url();
        let key_file = self.key.path().join("master.key");
        let settings =
            [("ANC_DATABASE", url.as_str()), ("ANC_MASTER_KEY_FILE", key_file.to_str().unwrap())];
        Relay::start_with(env!("CARGO_BIN_EXE_anc-relay"), &settings)
    }
}

#[tokio::test]
async fn l11_a_token_disabled_on_one_node_is_refused_on_the_other_within_a_second() {
    let pair = Pair::new("20").await;
    let token = pair.world.relay.create_token("ci", &[]);
    let body = chat(false);
    let served = pair.other_client.post("/v1/chat/completions", &token, &body).await;
    assert_eq!(served.status, 200, "{:?}", served.json());
    pair.world.upstream.push(slow_chat(1_000));
    let mut events =
        pair.other_client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
    assert!(events.more().await.unwrap());

    pair.world.relay.run(&["token", "disable", "ci"], "");
    let disabled = tokio::time::Instant::now();
    assert!(events.finish().await, "the other node's stream ends in its protocol's own form");
    assert!(disabled.elapsed() < Duration::from_secs(1), "{:?}", disabled.elapsed());
    let refused = pair.other_client.post("/v1/chat/completions", &token, &body).await;
    assert_eq!(refused.json()["error"]["code"], "token_disabled");
    pair.world.relay.verify().unwrap();
}

#[tokio::test]
async fn a_tier_edit_is_in_force_within_a_second_on_two_nodes() {
    let pair = Pair::new("20").await;
    let token = pair.world.relay.create_token("ci", &[]);
    let clients = [&pair.world.client, &pair.other_client];
    let said = async |client: &Client| {
        let answer = client.post("/v1/chat/completions", &token, &chat(false)).await;
        (answer.status.as_u16(), answer.header("x-relay-error").to_owned())
    };
    for client in clients {
        assert_eq!(said(client).await.0, 200);
    }
    // By turns, on either node: the one where it was edited knows at once, the other within a second.
    for (models, expected) in
        [("!chat-*", "model_not_allowed"), ("all", ""), ("gpt-*", "model_not_allowed")]
    {
        pair.other.run(&["tier", "set", "Standard", "--models", models], "");
        let edited = tokio::time::Instant::now();
        assert_eq!(said(&pair.other_client).await.1, expected);
        while said(&pair.world.client).await.1 != expected {
            assert!(edited.elapsed() < Duration::from_secs(1), "{models}");
        }
    }
    pair.world.relay.run(&["tier", "set", "Other", "--token-limit", "1"], "");
    pair.world.relay.run(&["account", "set", OWNER_EMAIL, "--tier", "Other"], "");
    let moved = tokio::time::Instant::now();
    assert_eq!(said(&pair.world.client).await.0, 200);
    while said(&pair.other_client).await.0 != 200 {
        assert!(moved.elapsed() < Duration::from_secs(1));
    }
    pair.world.relay.verify().unwrap();
}

#[tokio::test]
async fn l5_a_quota_is_one_quota_on_both_nodes() {
    let pair = Pair::new("20").await;
    // Each answer costs its whole hold: a hundred units of input and two hundred of output.
    let token = pair.world.relay.create_token("small", &["--quota", "0.033"]);
    for _ in 0..300 {
        let answer = ChatStream::saying(["x"]).usage(chat_usage(100, 0, 200, 0)).body();
        pair.world.upstream.push(Step::json(200, &answer));
    }
    let asked = (0..300).map(|number| {
        let client = if number % 2 == 0 { &pair.world.client } else { &pair.other_client };
        let (client, token) = (client.clone(), token.clone());
        tokio::spawn(async move {
            loop {
                let answer = client.post("/v1/chat/completions", &token, &chat(false)).await;
                // What others hold may come back: asked again until it is decided.
                if answer.header("x-relay-error") != "held_by_running_requests" {
                    return answer.status.as_u16();
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
    });
    let mut served = 0;
    for one in asked.collect::<Vec<_>>() {
        served += i128::from(one.await.unwrap() == 200);
    }
    assert_eq!(served, 10);
    assert_eq!(pair.world.used("small"), 10 * price_of(100, 200));
    pair.other.verify().unwrap();
}

/// Asks until it is decided: what others hold may come back. `None` where the relay is gone.
async fn decided(client: &Client, token: &str) -> Option<u16> {
    loop {
        let mut answer = client.stream("/v1/chat/completions", token, &chat(false)).await.ok()?;
        let held = answer.headers.get("x-relay-error").cloned();
        if !answer.finish().await {
            return None;
        }
        if held.is_none_or(|code| code != "held_by_running_requests") {
            return Some(answer.status.as_u16());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The units of input that are held for the tests' question, found out with one request, and what
/// that cost.
async fn probe(world: &World) -> (u64, i128) {
    let token = world.relay.create_token("probe", &[]);
    world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    let rows = world.relay.control(&Method::GET, "/usage?limit=1", &Value::Null);
    let held = nanos(&rows["items"][0]["held"]);
    let input = (held - price_of(0, 200)) / price_of(1, 0);
    (u64::try_from(input).unwrap(), nanos(&rows["items"][0]["charge"]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l5_a_crowd_on_three_nodes_one_of_which_is_killed_spends_what_there_is() {
    // Each answer costs its whole hold, and the money is for 137 of them.
    let pair = Pair::new("1").await;
    let (input, spent) = probe(&pair.world).await;
    let cost = price_of(input.into(), 200);
    let less = format!("-0.{:09}", 1_000_000_000 - spent - 137 * cost);
    let credit = ["credit", "--account", OWNER_EMAIL, "--amount", &less, "--reason", "a test"];
    pair.world.relay.run(&credit, "");
    let answer = ChatStream::saying(["x"]).usage(chat_usage(input, 0, 200, 0)).body();
    let answer = Step::json(200, &answer).before_head(Duration::from_millis(200));
    pair.world.upstream.extend(std::iter::repeat_n(answer, 1_000));
    let token = pair.world.relay.create_token("crowd", &[]);
    let mut third = pair.third();
    let clients = [pair.world.client.clone(), pair.other_client.clone(), third.client()];
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut crowd = JoinSet::new();
    for number in 0..CROWD {
        let (client, token) = (clients[number % clients.len()].clone(), token.clone());
        let room = Arc::clone(&room);
        crowd.spawn(async move {
            let _turn = room.acquire().await;
            decided(&client, &token).await
        });
    }
    while nanos(&pair.world.relay.token("crowd")["used_quota"]) < 20 * cost {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    third.kill();
    let mut served = 0;
    for status in crowd.join_all().await.into_iter().flatten() {
        assert!(status == 200 || status == 429, "{status}");
        served += i128::from(status == 200);
    }
    let shown = pair.world.relay.token("crowd");
    let used = nanos(&shown["used_quota"]);
    assert_eq!(nanos(&shown["held"]), 0);
    // What the killed node had under way is charged its input; and where an answer was paid for and
    // lost with it, the whole.
    let interrupted = i128::from(shown["requests"].as_i64().unwrap()) - served;
    assert!((0..=i128::try_from(AT_ONCE).unwrap()).contains(&interrupted), "{interrupted}");
    assert!(served * cost <= used && used <= 137 * cost, "{served} answers cost {used}");
    assert!(137 * cost - used < cost, "{used} was used, and there was enough for one more");
    pair.world.relay.verify().unwrap();
}

#[tokio::test]
async fn l9_a_node_that_is_killed_leaves_nothing_held_after_a_minute() {
    let mut pair = Pair::new("20").await;
    let token = pair.world.relay.create_token("ci", &[]);
    for _ in 0..10 {
        pair.world.upstream.push(slow_chat(2_000));
    }
    let mut streams = Vec::new();
    for _ in 0..10 {
        let mut events =
            pair.other_client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
        assert!(events.more().await.unwrap());
        streams.push(events);
    }
    assert!(nanos(&pair.world.relay.token("ci")["held"]) > 0);
    // Long enough for the progress to have been recorded.
    tokio::time::sleep(Duration::from_secs(3)).await;
    pair.other.kill();
    let killed = tokio::time::Instant::now();
    while nanos(&pair.world.relay.token("ci")["held"]) > 0 {
        assert!(killed.elapsed() < Duration::from_mins(1), "still held after a minute");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let shown = pair.world.relay.token("ci");
    assert_eq!(shown["requests"], json!(10), "each has its record");
    assert!(nanos(&shown["used_quota"]) > 10 * price_of(5, 0), "input and progress are charged");
    pair.world.relay.verify().unwrap();
    drop(streams);

    pair.other.start_again();
    let client = pair.other.client();
    let served = client.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!(served.status, 200, "{:?}", served.json());
}

#[tokio::test]
async fn what_sqlite_had_postgres_serves_after_a_copy() {
    let mut world = World::new("20").await;
    let token = world.relay.create_token("ci", &["--quota", "5"]);
    assert_eq!(world.client.post("/v1/chat/completions", &token, &chat(false)).await.status, 200);
    eventually("it is charged", || world.used("ci") > 0).await;
    let used = world.used("ci");
    let database = PgDatabase::create().await;
    assert!(world.relay.stop().success());
    let said = world.relay.run(&["copy", "--to", &database.url()], "");
    assert!(said.contains("The copy is whole"), "{said}");

    world.relay.set_environment("ANC_DATABASE", &database.url());
    world.relay.start_again();
    let client = world.relay.client();
    assert_eq!(world.used("ci"), used);
    // The provider's key came along sealed, and the token's hash with it.
    assert_eq!(client.post("/v1/chat/completions", &token, &chat(false)).await.status, 200);
    world.relay.verify().unwrap();
    let status = world.relay.stop();
    assert!(status.success());
    let versions = world.relay.run(&["migrate", "status"], "");
    assert!(versions.lines().skip(1).all(|line| line.ends_with("yes")), "{versions}");
}
