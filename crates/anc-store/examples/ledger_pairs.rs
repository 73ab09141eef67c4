//! How many hold+settle pairs the ledger does in a second, and what a pair costs in CPU time.
//!
//! `cargo run --release -p anc-store --example ledger_pairs [seconds] [directory]`
//!
//! Everything that a pair costs in this process is counted: the callers, the writer, the sync of
//! the log and the follower that derives the sums.

#![expect(clippy::unwrap_used, reason = "a measurement, not a part of the relay")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anc_domain::{
    AccountId, ApiTokenId, Clock, Meter, NanoUsd, OsEntropy, PpmMultiplier, RequestId, SystemClock,
    Usage,
};
use anc_ledger::{EndReason, HoldAsk, ModelPrice, Otherwise};
use anc_store::{Durability, HoldRequest, Location, OpenOptions, Settlement, Store};
use tokio::task::JoinSet;

/// Kernel ticks in a second, as `/proc/self/stat` counts CPU time.
const TICKS: u64 = 100;

/// Accounts 1 to this, each with a token of the same number.
const ACCOUNTS: i64 = 1_000;

fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

async fn open(path: &Path) -> Store {
    let options = OpenOptions {
        clock: Arc::new(SystemClock),
        entropy: Arc::new(OsEntropy),
        master_key: [7; 32],
        durability: Durability::Process,
    };
    Store::open(&Location::Sqlite(path.to_owned()), options).await.unwrap()
}

fn fill(path: &Path) {
    let raw = rusqlite::Connection::open(path).unwrap();
    raw.execute_batch("begin").unwrap();
    for id in 1..=ACCOUNTS {
        raw.execute_batch(&format!(
            "insert into account (id, name, tier_id, metered, created_at)
             values ({id}, 'a', 1, 1, 0);
             insert into account_balance (account_id, balance)
             values ({id}, 1000000000000);
             insert into ledger_entry (account_id, kind, amount, reason, cause, created_at)
             values ({id}, 'grant', 1000000000000, 'bench', 'bench:{id}', 0);
             insert into api_token (id, account_id, hash, hint, name, enabled, models, ip_rules,
                 created_at, updated_at)
             values ({id}, {id}, randomblob(32), 'h', 't', 1, '[]', '[]', 0, 0);
             insert into api_token_spend (token_id) values ({id});"
        ))
        .unwrap();
    }
    raw.execute_batch("commit").unwrap();
}

fn request(payer: i64) -> HoldRequest {
    let amount = NanoUsd::from_nanos(1_000_000);
    let price = ModelPrice::flat(NanoUsd::from_dollars(1), NanoUsd::from_dollars(4));
    HoldRequest {
        request_id: RequestId::generate(SystemClock.now(), &OsEntropy),
        account_id: AccountId::from_i64(payer),
        token_id: ApiTokenId::from_i64(payer),
        model: "sim-gpt".parse().unwrap(),
        ask: HoldAsk { full: amount, least: amount, otherwise: Otherwise::Least },
        price: price.snapshot(PpmMultiplier::ONE),
        input_estimate: 100,
        stream: true,
    }
}

async fn pair(store: &Store, payer: i64) {
    let hold = store.ledger().hold(request(payer)).await.unwrap().unwrap();
    let usage = Usage::default().with(Meter::Input, 100).with(Meter::Output, 50);
    let settlement = Settlement {
        total_ms: Some(900),
        raw_usage: Some(r#"{"prompt_tokens":100,"completion_tokens":50}"#.into()),
        ..Settlement::new(EndReason::Complete, usage)
    };
    hold.settle(settlement).await.unwrap();
}

async fn measure(store: &Store, waiting: i64, accounts: i64, span: Duration) {
    let (stop, pairs) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let before = cpu_ticks();
    let mut tasks = JoinSet::new();
    for worker in 0..waiting {
        let (store, stop, pairs) = (store.clone(), Arc::clone(&stop), Arc::clone(&pairs));
        tasks.spawn(async move {
            let mut number = worker;
            while !stop.load(Ordering::Relaxed) {
                pair(&store, 1 + number % accounts).await;
                pairs.fetch_add(1, Ordering::Relaxed);
                number += waiting;
            }
        });
    }
    tokio::time::sleep(span).await;
    stop.store(true, Ordering::Relaxed);
    tasks.join_all().await;
    let pairs = pairs.load(Ordering::Relaxed);
    let micros = (cpu_ticks() - before) * 1_000_000 / TICKS;
    let tenths = micros * 10 / pairs;
    let seconds = u64::try_from(span.as_millis()).unwrap();
    println!(
        "{accounts:>5} accounts {waiting:>4} waiting {:>7} pairs/s {:>4}.{} us CPU a pair",
        pairs * 1_000 / seconds,
        tenths / 10,
        tenths % 10
    );
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(3, |text| text.parse().unwrap());
    let directory = match arguments.next() {
        Some(directory) => tempfile::tempdir_in(directory).unwrap(),
        None => tempfile::tempdir().unwrap(),
    };
    let path = directory.path().join("anc.db");
    let store = open(&path).await;
    fill(&path);
    for accounts in [1, ACCOUNTS] {
        for waiting in [1, 8, 64, 256] {
            measure(&store, waiting, accounts, Duration::from_secs(seconds)).await;
        }
    }
    store.derive_usage().await.unwrap();
    for check in store.verify().await.unwrap() {
        println!("{} {}: {}", if check.ok { "ok  " } else { "FAIL" }, check.name, check.detail);
    }
    store.close().await;
}
