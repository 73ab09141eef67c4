//! Two relays on one PostgreSQL.

use std::time::Duration;

use anc_testkit::simulator::{ChatStream, Step, chat_usage};
use anc_testkit::{Client, PgDatabase, Relay};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{World, chat, eventually, nanos, price_of, slow_chat};

/// A world whose relay is on PostgreSQL, and a second relay beside it.
struct Pair {
    world: World,
    other: Relay,
    other_client: Client,
    _database: PgDatabase,
    _key: TempDir,
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
        Self { world, other, other_client, _database: database, _key: key }
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
