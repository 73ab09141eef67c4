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
async fn i4_a_foreign_master_key_is_refused_at_the_start() {
    let bed = fresh_store(0).await;
    bed.store.close().await;
    let foreign = open(&bed.place.location(), &bed.clock, [8; 32]).await;
    assert!(matches!(foreign, Err(StoreError::Corrupt(_))));
    bed.start_again().await;
}
