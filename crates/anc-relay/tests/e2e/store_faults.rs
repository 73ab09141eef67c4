//! The store fails under load: nobody is admitted for free, no money route says that it did what it
//! did not, and all goes on by itself.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anc_testkit::{OWNER_EMAIL, PgDatabase, PgServer};

use crate::journal::{compare, load, usage_rows};
use crate::kill_rounds::unhurried;
use crate::support::{World, chat, eventually, nanos, price_of, slow_chat};

const CHAT: &str = "/v1/chat/completions";

/// How large a file the relay may write from now on.
fn file_size_limit(world: &World, limit: &str) {
    let process = world.relay.process_id().to_string();
    let done = Command::new("prlimit")
        .args(["--pid", &process, &format!("--fsize={limit}:unlimited")])
        .status();
    assert!(done.unwrap().success(), "prlimit is part of util-linux");
}

/// What the relay says while its store cannot be written, and that it means it.
async fn refuses(world: &World, token: &str) {
    let answer = world.client.post(CHAT, token, &chat(false)).await;
    assert_eq!(answer.status, 503, "{:?}", answer.json());
    assert_eq!(answer.header("x-relay-error"), "relay_unavailable");
    let credit = ["credit", "--account", OWNER_EMAIL, "--amount", "5", "--reason", "a test"];
    assert!(!world.relay.command(&credit, "").status.success(), "no money came in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l3_l12_a_disk_that_takes_no_more_admits_nobody_and_loses_nothing() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    world.upstream.push(slow_chat(50));
    let mut running = world.client.stream(CHAT, &token, &chat(true)).await.unwrap();
    assert!(running.more().await.unwrap());
    let asked = world.upstream.request_count();

    file_size_limit(&world, "0");
    refuses(&world, &token).await;
    assert_eq!(world.upstream.request_count(), asked, "no provider was asked");
    // The answer that runs is delivered but for its last word, which waits for its charge.
    while !running.text().contains("w049") {
        assert!(running.more().await.unwrap());
    }
    let finishing = tokio::spawn(async move {
        running.finish().await;
        running.is_complete()
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!finishing.is_finished(), "an answer was finished that is not charged");

    file_size_limit(&world, "unlimited");
    assert!(finishing.await.unwrap(), "it ends once it can be charged");
    assert_eq!(world.used("ci"), price_of(20, 100));
    let served = world.client.post(CHAT, &token, &chat(false)).await;
    assert_eq!(served.status, 200, "{:?}", served.json());
    eventually("nothing stays held", || nanos(&world.relay.token("ci")["held"]) == 0).await;
    world.relay.verify().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l12_a_database_that_may_only_be_read_admits_nobody() {
    let database = PgDatabase::create().await;
    let world = World::with_settings("20", &[("ANC_DATABASE", &database.url())]).await;
    let token = world.relay.create_token("ci", &[]);
    let read_only = |word: &str| {
        let name = database.url().rsplit_once('/').unwrap().1.to_owned();
        format!("alter database {name} set default_transaction_read_only = {word}")
    };
    database.on_server(&read_only("on")).await;
    database.cut_connections().await;
    refuses(&world, &token).await;
    database.on_server(&read_only("off")).await;
    database.cut_connections().await;
    let mut served = false;
    for _ in 0..100 {
        served = world.client.post(CHAT, &token, &chat(false)).await.status == 200;
        if served {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(served, "it came back by itself");
    eventually("nothing stays held", || nanos(&world.relay.token("ci")["held"]) == 0).await;
    world.relay.verify().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l3_l4_l12_postgres_restarted_under_load_loses_and_repeats_nothing() {
    let server = PgServer::start();
    let world = World::at(unhurried().await, "20", &[("ANC_DATABASE", &server.url("postgres"))]);
    let tokens = [world.relay.create_token("ci", &[])];
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let clients = load(&world.client, &tokens, &stop, &count);
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        server.restart();
    }
    let restarted = count.load(Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(count.load(Ordering::Relaxed) > restarted, "it goes on by itself");
    stop.store(true, Ordering::Relaxed);
    let journal = clients.join_all().await.into_iter().flatten().collect();
    let held = || nanos(&world.relay.token("ci")["held"]);
    eventually("nothing stays held", || held() == 0).await;
    compare(&journal, &usage_rows(&world.relay), world.upstream.request_count());
    world.relay.verify().unwrap();
}
