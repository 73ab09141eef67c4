//! Faults of the store under the writer, which need a hand on its own connection.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anc_domain::{
    AccountId, ApiTokenId, ManualClock, Meter, NanoUsd, PpmMultiplier, RequestId, UnixMillis, Usage,
};
use anc_ledger::{EndReason, HoldAsk, ModelPrice, Otherwise};

use super::engine::Engine;
use super::sqlite::SqliteLedger;
use super::writer::spawn;
use super::{HoldRequest, Ledger, Settlement};
use crate::database::Database;
use crate::sql::query;
use crate::{Durability, Location, StoreError, verify};

const NOW: UnixMillis = UnixMillis::from_millis(1_795_000_000_000);

async fn database(path: &Path) -> Database {
    let clock = Arc::new(ManualClock::new(NOW));
    let location = Location::Sqlite(path.to_owned());
    let db = Database::open(&location, Durability::Process, clock).await.unwrap();
    let raw = rusqlite::Connection::open(path).unwrap();
    raw.execute_batch(
        "insert into account (id, name, tier_id, metered, created_at) values (1, 'a', 1, 1, 0);
         insert into account_balance (account_id, balance) values (1, 1000000000);
         insert into ledger_entry (account_id, kind, amount, reason, cause, created_at)
         values (1, 'grant', 1000000000, 'a test', 'a test', 0);
         insert into api_token (id, account_id, hash, hint, name, enabled, models, ip_rules,
             created_at, updated_at)
         values (1, 1, zeroblob(32), 'h', 't', 1, '[]', '[]', 0, 0);
         insert into api_token_spend (token_id) values (1);",
    )
    .unwrap();
    db
}

fn writer_on(db: &Database) -> SqliteLedger {
    SqliteLedger::open(db.file.clone().unwrap(), Durability::Process, NOW).unwrap()
}

fn ledger_of(writer: SqliteLedger) -> Ledger {
    spawn(Engine::Sqlite(writer), Arc::new(ManualClock::new(NOW))).unwrap()
}

fn request(number: u128) -> HoldRequest {
    let amount = NanoUsd::from_nanos(1_000);
    let price = NanoUsd::from_nanos(1_000_000);
    HoldRequest {
        request_id: RequestId::from_bytes(number.to_be_bytes()),
        account_id: AccountId::from_i64(1),
        token_id: ApiTokenId::from_i64(1),
        model: "sim-gpt".parse().unwrap(),
        ask: HoldAsk { full: amount, least: amount, otherwise: Otherwise::Least },
        price: ModelPrice::flat(price, price).snapshot(PpmMultiplier::ONE),
        input_estimate: 1,
        stream: false,
    }
}

async fn held(db: &Database) -> i64 {
    query("select held from account_balance").fetch_value(&db.readers).await.unwrap()
}

/// A writer whose file cannot grow, and a table that can be dropped to make room in it.
async fn full_disk(path: &Path) -> (Database, Ledger) {
    let db = database(path).await;
    let raw = rusqlite::Connection::open(path).unwrap();
    raw.execute_batch(
        "create table ballast (x blob) strict;
         insert into ballast values (zeroblob(4000000));",
    )
    .unwrap();
    let writer = writer_on(&db);
    writer.let_the_file_grow_no_more();
    let ledger = ledger_of(writer);
    (db, ledger)
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_on_a_full_disk_nothing_is_admitted_and_no_settle_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("anc.db");
    let (db, ledger) = full_disk(&path).await;

    let mut open = Vec::new();
    let refusal = loop {
        match ledger.hold(request(open.len() as u128)).await {
            Ok(hold) => open.push(hold.unwrap()),
            Err(error) => break error,
        }
    };
    assert!(matches!(refusal, StoreError::Unavailable(_)), "{refusal}");
    assert_eq!(held(&db).await, 1_000 * i64::try_from(open.len()).unwrap());

    // Too large for the pages that the holds give back.
    let words = "x".repeat(60_000);
    let settlement = || Settlement {
        raw_usage: Some(words.clone()),
        ..Settlement::new(EndReason::Complete, Usage::default().with(Meter::Input, 7))
    };
    let awaited = open.pop().unwrap().settle(settlement());
    let count = open.len().min(30);
    for hold in open.drain(..count) {
        hold.settle_detached(settlement());
    }
    let early = tokio::time::timeout(Duration::from_millis(300), awaited);
    assert!(early.await.is_err(), "acknowledged on a full disk");
    assert!(held(&db).await > 0);

    // Room again: what was kept is written by itself.
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.busy_timeout(Duration::from_secs(5)).unwrap();
    raw.execute_batch("drop table ballast").unwrap();
    drop(open);
    for _ in 0..100 {
        if held(&db).await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(held(&db).await, 0);
    let settled: i64 = query("select count(*) from usage").fetch_value(&db.readers).await.unwrap();
    assert_eq!(settled, i64::try_from(count + 1).unwrap());
    for check in verify::verify(&db.readers).await.unwrap() {
        assert!(check.ok, "{}: {}", check.name, check.detail);
    }
    assert!(ledger.hold(request(999_999)).await.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_while_another_process_keeps_the_file_locked_nothing_is_admitted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("anc.db");
    let db = database(&path).await;
    let writer = writer_on(&db);
    writer.wait_for_locks_at_most(Duration::from_millis(50));
    let ledger = ledger_of(writer);
    let hold = ledger.hold(request(1)).await.unwrap().unwrap();

    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch("begin immediate").unwrap();
    let refused = ledger.hold(request(2)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    let settle =
        hold.settle(Settlement::new(EndReason::Complete, Usage::default().with(Meter::Input, 7)));
    tokio::time::sleep(Duration::from_millis(200)).await;
    raw.execute_batch("rollback").unwrap();
    assert_eq!(settle.await, Ok(NanoUsd::from_nanos(7)));
    assert_eq!(held(&db).await, 0);
}
