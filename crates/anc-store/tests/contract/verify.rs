//! The proof of the books finds what is wrong, and only that.

use anc_ledger::EndReason;
use anc_store::{Settlement, Store};

use crate::support::{Bed, assert_books, fresh_store, units};

async fn bed_with_history() -> Bed {
    let bed = fresh_store(100_000).await;
    let token = bed.token(None).await;
    for number in 0..10 {
        bed.spend(token, number, number).await;
        if number == 6 {
            bed.store.derive_usage().await.unwrap();
        }
    }
    std::mem::forget(bed.hold(token, 500).await);
    assert_books(&bed.store).await;
    bed
}

/// Damages a copy by `sql` and gives the names of the checks that fail.
async fn found_by(bed: &Bed, sql: &str) -> Vec<&'static str> {
    let copy = bed.path().with_file_name("copy.db");
    let _ = std::fs::remove_file(&copy);
    bed.raw().execute("vacuum into ?1", [copy.to_str().unwrap()]).unwrap();
    let raw = rusqlite::Connection::open(&copy).unwrap();
    raw.execute_batch(sql).unwrap();
    drop(raw);
    let checks = Store::verify_file(&copy).await.unwrap();
    assert_eq!(checks.len(), 6);
    checks.into_iter().filter(|check| !check.ok).map(|check| check.name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_names_the_invariant_that_is_broken() {
    let bed = bed_with_history().await;
    let nothing: [&str; 0] = [];
    assert_eq!(found_by(&bed, "select 1").await, nothing);
    for (sql, found) in [
        ("update account_balance set balance = balance + 1", vec!["L1 books"]),
        ("update account_balance set held = held + 1", vec!["L2 holds"]),
        ("update api_token_spend set held = held - 1", vec!["L2 holds"]),
        ("update hold set amount = amount + 1", vec!["L2 holds"]),
        ("update api_token_spend set used = used + 1", vec!["L8 sums"]),
        ("update api_token_spend set requests = requests + 1", vec!["L8 sums"]),
        ("update usage_hourly set charge = charge + 1", vec!["L8 sums"]),
        ("update usage_hourly set output = output + 1", vec!["L8 sums"]),
        ("update usage set output = output + 1 where seq = 9", vec!["L7 price"]),
        ("update usage set output = output + 1 where seq = 2", vec!["L7 price", "L8 sums"]),
        (
            "update usage set charge = charge + 1 where seq = 9",
            vec!["L1 books", "L7 price", "L8 sums"],
        ),
        ("update usage set price = '{}' where seq = 9", vec!["L7 price"]),
        (
            "update usage set request_id = (select request_id from usage where seq = 9)
             where seq = 10",
            vec!["L4 exactly once"],
        ),
        (
            "update usage set request_id = (select request_id from hold) where seq = 10",
            vec!["L4 exactly once"],
        ),
        ("delete from usage_lookup where seq = 3", vec!["L4 exactly once"]),
        (
            "drop trigger ledger_entry_is_not_changed;
             update ledger_entry set amount = amount - 1",
            vec!["L1 books"],
        ),
        ("create table t (x real)", vec!["L6 sign"]),
    ] {
        assert_eq!(found_by(&bed, sql).await, found, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_holds_at_every_moment_of_a_running_store() {
    let bed = std::sync::Arc::new(fresh_store(100_000_000).await);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let bed = std::sync::Arc::clone(&bed);
        let token = bed.token(None).await;
        tasks.spawn(async move {
            for number in 0..150 {
                let hold = bed.hold(token, 100).await;
                if number % 5 > 0 {
                    let settlement = Settlement::new(EndReason::Complete, units(number, 1));
                    hold.settle(settlement).await.unwrap();
                }
            }
        });
    }
    while !tasks.is_empty() {
        assert_books(&bed.store).await;
        bed.store.derive_usage().await.unwrap();
        while tasks.try_join_next().is_some() {}
    }
    bed.until_nothing_is_held().await;
    assert_books(&bed.store).await;
}
