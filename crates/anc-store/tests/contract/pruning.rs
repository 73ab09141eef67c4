//! Old usage rows go; what they summed up to stays, and can still be proved.

use std::time::Duration;

use anc_domain::{ApiTokenId, RequestId, UnixMillis};
use anc_ledger::EndReason;
use anc_store::{Settlement, UsageFilter};

use crate::support::{Bed, assert_books, fresh_store, nanos, units};

const DAY: Duration = Duration::from_hours(24);

/// Ten days with a request each hour of a token with a quota and budgets; all sums are derived.
async fn ten_days() -> (Bed, ApiTokenId) {
    let bed = fresh_store(1_000_000).await;
    let mut new = bed.new_token("with limits");
    new.quota = Some(nanos(500_000));
    new.traits.budgets = [Some(nanos(100_000)), Some(nanos(200_000)), Some(nanos(400_000))];
    let (token, _) = bed.token_of(new).await;
    for number in 0..240 {
        bed.spend(token, number, 1).await;
        bed.clock.advance(Duration::from_hours(1));
    }
    bed.store.derive_usage().await.unwrap();
    (bed, token)
}

fn ago(bed: &Bed, span: Duration) -> UnixMillis {
    UnixMillis::from_millis(bed.store_time()).minus(span)
}

async fn rows(bed: &Bed) -> i64 {
    bed.number("select count(*) from usage").await
}

#[tokio::test(flavor = "multi_thread")]
async fn l1_l8_pruning_moves_no_balance_and_no_sum() {
    let (bed, token) = ten_days().await;
    let told = async || {
        let record = bed.store.tokens().get(token, None).await.unwrap().unwrap();
        let totals = bed.store.usage().totals(UsageFilter::default()).await.unwrap();
        let windows = bed.number("select cast(sum(used) as bigint) from api_token_window").await;
        (bed.balance().await, record.used, record.requests, totals, windows)
    };
    let before = told().await;
    let oldest = RequestId::from_bytes(1_u128.to_be_bytes());
    assert!(bed.store.usage().by_request(oldest).await.unwrap().is_some());

    let until = ago(&bed, 4 * DAY);
    let prunable = bed.store.retention().prunable(until).await.unwrap();
    let pruned = bed.store.retention().prune_usage(until, 10).await.unwrap();
    assert_eq!((pruned.requests, pruned.more), (prunable.requests, false));
    assert_eq!((rows(&bed).await, pruned.requests), (96, 144));
    assert_eq!(told().await, before);
    assert!(bed.store.usage().by_request(oldest).await.unwrap().is_none());
    let summary = "select -cast(sum(amount) as bigint) from ledger_entry
                   where kind = 'usage_summary'";
    assert_eq!(nanos(bed.number(summary).await), prunable.charge);
    for table in ["usage_lookup", "usage_by_token", "usage_by_account"] {
        assert_eq!(bed.number(&format!("select count(*) from {table}")).await, 96);
    }
    assert_books(&bed.store).await;

    // Nothing is pruned twice; what comes later goes on.
    assert_eq!(bed.store.retention().prune_usage(until, 10).await.unwrap().requests, 0);
    bed.spend(token, 5, 5).await;
    assert_books(&bed.store).await;
    let next = bed.store.retention().prune_usage(ago(&bed, 2 * DAY), 10).await.unwrap();
    assert_eq!(next.requests, 48);
    bed.store.derive_usage().await.unwrap();
    assert_books(&bed.store).await;
    let store = bed.start_again().await;
    assert_books(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_derived_yet_and_the_newest_row_are_not_pruned() {
    let bed = fresh_store(1_000).await;
    let token = bed.token(None).await;
    bed.spend(token, 1, 0).await;
    bed.spend(token, 2, 0).await;
    bed.store.derive_usage().await.unwrap();
    let late = bed.spend(token, 3, 0).await;
    // By hand: the follower comes by every second.
    let back = "update follower_watermark set seq = 1;
        delete from usage_lookup where seq > 1;
        delete from usage_by_token where seq > 1;
        delete from usage_by_account where seq > 1;";
    bed.place.run(back).await.unwrap();
    bed.clock.advance(90 * DAY);
    bed.store.retention().prune_usage(ago(&bed, DAY), 10).await.unwrap();
    assert!(rows(&bed).await >= 1, "numbers of rows would be given twice");
    for _ in 0..100 {
        bed.store.retention().prune_usage(ago(&bed, DAY), 10).await.unwrap();
        if rows(&bed).await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(rows(&bed).await, 1);
    assert!(bed.store.usage().by_request(late).await.unwrap().is_some());
    bed.spend(token, 4, 0).await;
    bed.store.derive_usage().await.unwrap();
    assert_eq!(bed.balance().await, 990);
}

#[tokio::test(flavor = "multi_thread")]
async fn l8_a_late_correction_is_proved_before_and_after_its_row_is_pruned() {
    let bed = fresh_store(10_000).await;
    let mut new = bed.new_token("with limits");
    new.quota = Some(nanos(5_000));
    new.traits.budgets[0] = Some(nanos(2_000));
    let (token, _) = bed.token_of(new).await;
    let hold = bed.hold(token, 1_000).await;
    // Another process takes this one for gone.
    let store = bed.start_again().await;
    assert_eq!(bed.balance().await, 9_990);
    let settlement = Settlement::new(EndReason::Complete, units(100, 200));
    assert_eq!(hold.settle(settlement).await, Ok(nanos(500)));
    let used = async || {
        let record = store.tokens().get(token, None).await.unwrap().unwrap();
        let window = bed.number("select used from api_token_window").await;
        (bed.balance().await, record.used.nanos(), window)
    };
    assert_eq!(used().await, (9_500, 500, 500));
    assert_books(&store).await;

    bed.spend(token, 0, 0).await;
    store.derive_usage().await.unwrap();
    bed.clock.advance(60 * DAY);
    let pruned = store.retention().prune_usage(ago(&bed, DAY), 10).await.unwrap();
    assert_eq!((pruned.requests, rows(&bed).await), (1, 1));
    assert_eq!(used().await, (9_500, 500, 500));
    assert_books(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_what_is_pruned_while_requests_go_on_is_pruned_once() {
    let (bed, token) = ten_days().await;
    let bed = std::sync::Arc::new(bed);
    let until = ago(&bed, DAY);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..6_u64 {
        let bed = std::sync::Arc::clone(&bed);
        tasks.spawn(async move {
            if number % 2 == 0 {
                return bed.store.retention().prune_usage(until, 10).await.unwrap().requests;
            }
            for _ in 0..20 {
                bed.spend(token, number, 1).await;
            }
            0
        });
    }
    let pruned: u64 = tasks.join_all().await.into_iter().sum();
    assert_eq!(pruned, 216);
    bed.store.derive_usage().await.unwrap();
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_everybody_saw_and_sessions_that_ended_go() {
    let bed = fresh_store(0).await;
    for name in ["a", "b", "c"] {
        bed.token_of(bed.new_token(name)).await;
    }
    bed.clock.advance(8 * DAY);
    let latest = bed.store.changes().latest();
    bed.store.retention().prune_rest(None, None).await.unwrap();
    assert_eq!(bed.number("select count(*) from change").await, 1);
    assert_eq!(bed.number("select max(seq) from change").await, latest);
    bed.token_of(bed.new_token("d")).await;
    assert!(bed.store.changes().latest() > latest);
}
