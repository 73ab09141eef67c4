//! How many hold+settle pairs the ledger does in a second, and what a pair costs in CPU time: beside
//! plain transactions on the same engine, and on a database that has millions of usage rows beside an
//! empty one.
//!
//! `ledger_pairs SECONDS ROUNDS PLACE...`, where a place is `NAME=DIRECTORY` for SQLite or
//! `NAME=DIRECTORY@postgres://…`; a directory that has a master key is one that `anc-relay seed`
//! filled. The first place is what the others are compared with. Every measurement lasts so many
//! seconds; all of them are repeated in rounds, so that what else the machine does meets all alike,
//! and the medians are printed. Fails where the books do not hold.
//!
//! Everything that a pair costs is counted: the callers, the writer, the sync of the log, the
//! follower that derives the sums, and of PostgreSQL the server's own processes.

#![expect(clippy::unwrap_used, reason = "a measurement, not a part of the relay")]

mod place;
mod plain;
mod usage;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anc_domain::{
    AccountId, ApiTokenId, Clock, Meter, NanoUsd, OsEntropy, PpmMultiplier, RequestId, SystemClock,
    Usage,
};
use anc_ledger::{EndReason, HoldAsk, ModelPrice, Otherwise};
use anc_store::{HoldRequest, Settlement, Store};
use tokio::task::JoinSet;

use place::{ACCOUNTS, Place};
use plain::Plain;
use usage::{Cost, Spent, shown};

/// How many requests wait at the same time.
const WAITING: [i64; 4] = [1, 8, 64, 256];

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

/// Pairs of `waiting` callers over some accounts, and the sums that follow from them.
async fn pairs(store: &Store, waiting: i64, accounts: i64, span: Duration) -> Cost {
    store.derive_usage().await.unwrap();
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let before = Spent::now();
    let mut tasks = JoinSet::new();
    for worker in 0..waiting {
        let (store, stop, done) = (store.clone(), Arc::clone(&stop), Arc::clone(&done));
        tasks.spawn(async move {
            let mut number = worker;
            while !stop.load(Ordering::Relaxed) {
                pair(&store, 1 + number % accounts).await;
                done.fetch_add(1, Ordering::Relaxed);
                number += waiting;
            }
        });
    }
    tokio::time::sleep(span).await;
    let in_time = done.load(Ordering::Relaxed);
    stop.store(true, Ordering::Relaxed);
    tasks.join_all().await;
    store.derive_usage().await.unwrap();
    before.until_now(in_time, done.load(Ordering::Relaxed), span)
}

/// The middle of each figure over the rounds.
fn median(rounds: &[Cost]) -> Cost {
    let middle = |figure: fn(&Cost) -> u64| {
        let mut all: Vec<u64> = rounds.iter().map(figure).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or(0)
    };
    Cost {
        a_second: middle(|cost| cost.a_second),
        nanos: middle(|cost| cost.nanos),
        server_nanos: middle(|cost| cost.server_nanos),
    }
}

fn print(accounts: i64, waiting: i64, what: &str, cost: Cost, other: Cost) {
    println!(
        "| {accounts} | {waiting} | {what} | {} | {} | {} | {} |",
        cost.a_second,
        shown(cost.nanos, 1_000),
        shown(cost.server_nanos, 1_000),
        shown(cost.all_nanos() * 100, other.all_nanos().max(1) * 100),
    );
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = || arguments.next().unwrap().parse::<u64>().unwrap();
    let (span, rounds) = (Duration::from_secs(number()), number());
    let mut places = Vec::new();
    for text in arguments {
        places.push(Place::open(&text).await);
    }
    let plain = Plain::make(&places.first().unwrap().location).await;

    println!("| accounts | waiting | what | a second | CPU µs | server's CPU µs | ratio |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for accounts in [1, ACCOUNTS] {
        for waiting in WAITING {
            let mut costs = vec![Vec::new(); places.len() + 1];
            for _ in 0..rounds {
                costs[0].push(plain.measure(waiting, accounts, span).await);
                for (place, costs) in places.iter().zip(costs.iter_mut().skip(1)) {
                    costs.push(pairs(&place.store, waiting, accounts, span).await);
                }
            }
            let costs: Vec<Cost> = costs.iter().map(|rounds| median(rounds)).collect();
            print(accounts, waiting, "a plain transaction", costs[0], costs[0]);
            for (index, place) in places.iter().enumerate() {
                // The ledger beside plain transactions; other places beside the first.
                let other = costs[usize::from(index > 0)];
                print(accounts, waiting, &place.name, costs[index + 1], other);
            }
        }
    }
    let mut good = true;
    for place in places {
        for check in place.store.verify().await.unwrap() {
            good &= check.ok;
            if !check.ok {
                println!("{}: FAIL {}: {}", place.name, check.name, check.detail);
            }
        }
        place.store.close().await;
    }
    println!("{}", if good { "the books hold" } else { "the books do not hold" });
    std::process::exit(i32::from(!good));
}
