//! The process dies: nothing is lost, nothing stays held.

use std::time::Duration;

use anc_domain::Meter;
use anc_ledger::EndReason;
use anc_store::{Settlement, StoreError};

use crate::support::{assert_books, fresh_store, nanos, open, units};

#[tokio::test(flavor = "multi_thread")]
async fn l9_holds_of_a_dead_process_are_closed_before_the_next_one_serves() {
    let bed = fresh_store(10_000).await;
    let token = bed.token(Some(5_000)).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let hold = bed.hold(token, 1_000).await;
        ids.push(hold.request_id());
        std::mem::forget(hold);
    }
    assert_eq!(bed.held().await, 3_000);

    let store = bed.start_again().await;
    let account = store.accounts().get(bed.account).await.unwrap().unwrap();
    // Ten units of input each, by the estimate.
    assert_eq!((account.held, account.balance), (nanos(0), nanos(9_970)));
    let record = store.tokens().get(token, None).await.unwrap().unwrap();
    assert_eq!((record.held, record.used, record.requests), (nanos(0), nanos(30), 3));
    for id in ids {
        let row = store.usage().by_request(id).await.unwrap().unwrap();
        assert_eq!((row.end_reason, row.estimated), (EndReason::Interrupted, true));
        assert_eq!((row.charge, row.held), (nanos(10), nanos(1_000)));
    }
    assert_books(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l9_the_last_recorded_progress_is_charged() {
    let bed = fresh_store(10_000).await;
    let token = bed.token(None).await;
    let hold = bed.hold(token, 1_000).await;
    hold.observe(&units(0, 1));
    hold.observe(&units(0, 7));
    let recorded = "select count(*) from hold where observed = '{\"output\":7}'";
    for _ in 0..60 {
        if bed.number(recorded).await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(bed.number(recorded).await, 1);
    // Too late to be recorded.
    hold.observe(&units(0, 9));
    let id = hold.request_id();
    std::mem::forget(hold);

    let store = bed.start_again().await;
    let row = store.usage().by_request(id).await.unwrap().unwrap();
    assert_eq!((row.usage.get(Meter::Input), row.usage.get(Meter::Output)), (10, 7));
    assert_eq!(row.charge, nanos(24));
    assert_books(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_does_what_is_queued_and_the_next_start_finds_all_of_it() {
    let bed = fresh_store(10_000).await;
    let token = bed.token(None).await;
    for _ in 0..50 {
        let hold = bed.hold(token, 10).await;
        hold.settle_detached(Settlement::new(EndReason::Complete, units(1, 1)));
    }
    bed.store.close().await;
    let refused = bed.store.ledger().hold(bed.request(token, 1, 1)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    assert!(bed.store.ping().await.is_err());

    let store = bed.start_again().await;
    let account = store.accounts().get(bed.account).await.unwrap().unwrap();
    assert_eq!((account.held, account.balance), (nanos(0), nanos(9_850)));
    assert_books(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_go_on_from_where_they_were_after_a_crash() {
    let bed = fresh_store(10_000).await;
    let token = bed.token(None).await;
    bed.spend(token, 1, 1).await;
    bed.store.derive_usage().await.unwrap();
    bed.spend(token, 1, 1).await;
    let store = bed.start_again().await;
    store.derive_usage().await.unwrap();
    assert_eq!(bed.number("select cast(sum(requests) as bigint) from usage_hourly").await, 2);
    assert_books(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l9_three_thousand_holds_of_a_dead_process_keep_the_next_one_for_less_than_five_seconds() {
    let bed = std::sync::Arc::new(fresh_store(1_000_000_000).await);
    let token = bed.token(None).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..3_000 {
        let bed = std::sync::Arc::clone(&bed);
        tasks.spawn(async move { std::mem::forget(bed.hold(token, 1_000).await) });
    }
    while tasks.join_next().await.is_some() {}
    assert_eq!(bed.held().await, 3_000_000);

    let store = tokio::time::timeout(Duration::from_secs(5), bed.start_again()).await.unwrap();
    let account = store.accounts().get(bed.account).await.unwrap().unwrap();
    assert_eq!((account.held, account.balance), (nanos(0), nanos(1_000_000_000 - 30_000)));
    assert_books(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_what_the_database_refuses_for_good_fails_alone() {
    let bed = fresh_store(100_000).await;
    let token = bed.token(None).await;
    let mut settles = Vec::new();
    let mut holds = Vec::new();
    for _ in 0..20 {
        holds.push(bed.hold(token, 1_000).await);
    }
    for (number, hold) in holds.into_iter().enumerate() {
        let mut settlement = Settlement::new(EndReason::Complete, units(1, 1));
        // PostgreSQL has no such text.
        settlement.client_agent = (number == 7).then(|| "an\0agent".to_owned());
        settles.push(hold.settle(settlement));
    }
    for (number, settle) in settles.into_iter().enumerate() {
        let settled = settle.await;
        if number == 7 && crate::ON_POSTGRES {
            assert!(matches!(settled, Err(StoreError::Corrupt(_))), "{settled:?}");
        } else {
            assert_eq!(settled, Ok(nanos(3)));
        }
    }
    bed.spend(token, 1, 1).await;
    assert_books(&bed.store).await;
    // What stayed held is closed by the next start, as of a process that died.
    let store = bed.start_again().await;
    assert_eq!(store.accounts().get(bed.account).await.unwrap().unwrap().held, nanos(0));
    assert_books(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn i4_a_foreign_master_key_is_refused_at_the_start() {
    let bed = fresh_store(0).await;
    bed.store.close().await;
    let foreign = open(&bed.place.location(), &bed.clock, [8; 32]).await;
    assert!(matches!(foreign, Err(StoreError::Corrupt(_))));
    bed.start_again().await;
}
