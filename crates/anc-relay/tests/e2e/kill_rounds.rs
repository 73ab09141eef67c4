//! Sudden death again and again under mixed load: what the clients have, against what the books
//! say and what the provider was asked.
//!
//! `ANC_SOAK_ROUNDS` says how often; `make soak` sets it.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anc_testkit::simulator::{Pace, ScriptedUpstream, Simulator, UpstreamOptions};
use anc_testkit::{PgDatabase, Relay};
use http::Method;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::journal::{Journal, Seen, compare, dice, load, usage_rows};
use crate::support::{World, nanos};

/// The longest that a restart may take until the relay answers.
const RESTART_MAX: Duration = Duration::from_secs(5);

fn rounds() -> u64 {
    std::env::var("ANC_SOAK_ROUNDS").map_or(10, |text| text.parse().unwrap())
}

/// A provider whose answers take a while.
pub(crate) async fn unhurried() -> ScriptedUpstream {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let pace = Pace::Custom { first: Duration::from_millis(20), unit: Duration::from_millis(5) };
    let options = UpstreamOptions { simulator: Simulator::new(pace), records_max: 0 };
    ScriptedUpstream::start_on(listener, options).unwrap()
}

async fn die_often(settings: &[(&str, &str)]) {
    let upstream = unhurried().await;
    let mut world = World::at(upstream, "20", settings);
    let tokens = [
        world.relay.create_token("free", &[]),
        world.relay.create_token("bounded", &["--quota", "2"]),
        world.relay.create_token("small", &["--quota", "0.02"]),
    ];
    let mut journal = Journal::new();
    let count = Arc::new(AtomicU64::new(0));
    for round in 0..rounds() {
        let stop = Arc::new(AtomicBool::new(false));
        let clients = load(&world.relay.client(), &tokens, &stop, &count);
        tokio::time::sleep(Duration::from_millis(200 + dice(1_300))).await;
        world.relay.kill();
        stop.store(true, Ordering::Relaxed);
        for seen in clients.join_all().await {
            journal.extend(seen);
        }
        let killed = Instant::now();
        world.relay.start_again();
        let ready = world.relay.client().call(Method::GET, "/readyz", "", &Value::Null).await;
        assert_eq!(ready.status, 200, "round {round}");
        assert!(killed.elapsed() < RESTART_MAX, "round {round}: {:?}", killed.elapsed());
        world.relay.verify().unwrap();
        compare(&journal, &usage_rows(&world.relay), world.upstream.request_count());
    }
    let ends: HashSet<std::mem::Discriminant<Seen>> =
        journal.values().map(std::mem::discriminant).collect();
    assert_eq!(ends.len(), 3, "answers were completed, cut and refused");
    assert!(nanos(&world.relay.token("small")["used_quota"]) <= 20_000_000);
    // What the last death left is closed as well.
    let closed = Instant::now();
    while tokens_held(&world.relay) > 0 {
        assert!(closed.elapsed() < Duration::from_mins(1), "still held after a minute");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    world.relay.verify().unwrap();
    compare(&journal, &usage_rows(&world.relay), world.upstream.request_count());
}

fn tokens_held(relay: &Relay) -> i128 {
    ["free", "bounded", "small"].iter().map(|name| nanos(&relay.token(name)["held"])).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l3_l4_every_answer_is_charged_once_however_often_the_relay_is_killed() {
    die_often(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l3_l4_every_answer_is_charged_once_on_postgres_too() {
    let database = PgDatabase::create().await;
    let key = tempfile::tempdir().unwrap();
    let key_file = key.path().join("master.key");
    std::fs::write(&key_file, [7; 32]).unwrap();
    let url = database.url();
    die_often(&[("ANC_DATABASE", &url), ("ANC_MASTER_KEY_FILE", key_file.to_str().unwrap())]).await;
}
