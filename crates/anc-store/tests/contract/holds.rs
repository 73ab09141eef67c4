//! Holds: what is admitted, and how each of them ends.

use std::sync::Arc;

use anc_domain::{PpmMultiplier, UnixMillis};
use anc_ledger::{EndReason, HoldAsk, Otherwise, Refusal};
use anc_store::{AccountChanges, Settlement, StoreError, TokenChanges};
use tokio::task::JoinSet;

use crate::support::{Bed, NOW, assert_books, fresh_store, nanos, units};

/// Asks for `asked` holds of `amount` at once and keeps those that were granted.
async fn ask_at_once(bed: &Arc<Bed>, asked: usize, amount: i64, quota: Option<i64>) -> usize {
    let token = bed.token(quota).await;
    let mut tasks = JoinSet::new();
    for _ in 0..asked {
        let request = bed.request(token, amount, amount);
        let ledger = bed.store.ledger();
        tasks.spawn(async move { ledger.hold(request).await.unwrap() });
    }
    let granted: Vec<_> = tasks.join_all().await.into_iter().filter_map(Result::ok).collect();
    let count = granted.len();
    assert_eq!(bed.held().await, amount * i64::try_from(count).unwrap());
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_ten_thousand_requests_at_once_for_the_money_of_137_admit_137() {
    let bed = Arc::new(fresh_store(137_000).await);
    assert_eq!(ask_at_once(&bed, 10_000, 1_000, None).await, 137);
    bed.until_nothing_is_held().await;
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_a_tokens_quota_is_never_exceeded_by_requests_at_once() {
    let bed = Arc::new(fresh_store(1_000_000_000).await);
    assert_eq!(ask_at_once(&bed, 2_000, 1_000, Some(7_999)).await, 7);
    bed.until_nothing_is_held().await;
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_tells_what_stopped_it() {
    let bed = fresh_store(1_000).await;
    let token = bed.token(Some(500)).await;
    let ledger = bed.store.ledger();
    let refused = ledger.hold(bed.request(token, 600, 600)).await.unwrap();
    assert!(matches!(refused, Err(Refusal::TokenQuotaExhausted { .. })));

    let rich = bed.token(None).await;
    let refused = ledger.hold(bed.request(rich, 1_001, 1_001)).await.unwrap();
    assert!(matches!(refused, Err(Refusal::BalanceExhausted { .. })));

    let open = bed.hold(rich, 900).await;
    let refused = ledger.hold(bed.request(rich, 200, 200)).await.unwrap();
    assert!(matches!(refused, Err(Refusal::HeldByRunningRequests { .. })));
    drop(open);
}

#[tokio::test(flavor = "multi_thread")]
async fn l11_a_disabled_deleted_expired_or_suspended_one_never_gets_a_hold() {
    let bed = fresh_store(1_000).await;
    let (ledger, tokens) = (bed.store.ledger(), bed.store.tokens());

    let disabled = bed.token(None).await;
    let off = TokenChanges { enabled: Some(false), ..TokenChanges::default() };
    tokens.update(disabled, None, off).await.unwrap().unwrap();
    let refused = ledger.hold(bed.request(disabled, 1, 1)).await.unwrap();
    assert_eq!(refused.unwrap_err(), Refusal::TokenDisabled);

    let deleted = bed.token(None).await;
    let mut running = bed.hold(deleted, 1).await;
    assert!(tokens.delete(deleted, None).await.unwrap());
    let refused = ledger.hold(bed.request(deleted, 1, 1)).await.unwrap();
    assert_eq!(refused.unwrap_err(), Refusal::TokenDisabled);
    assert_eq!(running.grow(nanos(1)).await.unwrap(), Err(Refusal::TokenDisabled));

    let mut new = bed.new_token("expired");
    new.expires_at = Some(NOW);
    let (expired, _) = bed.token_of(new).await;
    let refused = ledger.hold(bed.request(expired, 1, 1)).await.unwrap();
    assert_eq!(refused.unwrap_err(), Refusal::TokenExpired);

    let token = bed.token(None).await;
    let accounts = bed.store.accounts();
    accounts.update(bed.account, AccountChanges::suspended(Some("a test"))).await.unwrap();
    let refused = ledger.hold(bed.request(token, 1, 1)).await.unwrap();
    assert_eq!(refused.unwrap_err(), Refusal::AccountSuspended);
    accounts.update(bed.account, AccountChanges::suspended(None)).await.unwrap();
    assert!(ledger.hold(bed.request(token, 1, 1)).await.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_granted_the_least_and_grows_until_the_money_ends() {
    let bed = fresh_store(1_000).await;
    let token = bed.token(None).await;
    let request = bed.request(token, 5_000, 300);
    let mut hold = bed.store.ledger().hold(request).await.unwrap().unwrap();
    assert_eq!(hold.granted(), nanos(300));
    assert_eq!(hold.grow(nanos(700)).await.unwrap(), Ok(()));
    assert_eq!(hold.granted(), nanos(1_000));
    assert!(hold.grow(nanos(1)).await.unwrap().is_err());
    let settlement = Settlement::new(EndReason::QuotaExhausted, units(0, 500));
    assert_eq!(hold.settle(settlement).await, Ok(nanos(1_000)));
    assert_eq!((bed.balance().await, bed.held().await), (0, 0));
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buffered_answer_is_granted_all_that_is_free() {
    let bed = fresh_store(1_000).await;
    let token = bed.token(Some(800)).await;
    let mut request = bed.request(token, 5_000, 300);
    request.ask = HoldAsk { otherwise: Otherwise::AllThatIsFree, ..request.ask };
    let hold = bed.store.ledger().hold(request).await.unwrap().unwrap();
    assert_eq!(hold.granted(), nanos(800));
}

#[tokio::test(flavor = "multi_thread")]
async fn l3_a_settle_that_returned_is_in_the_file() {
    let bed = fresh_store(1_000).await;
    let token = bed.token(None).await;
    bed.spend(token, 10, 20).await;
    // Another connection, as another process would see it.
    assert_eq!(bed.number("select cast(sum(charge) as bigint) from usage").await, 50);
    assert_eq!(bed.number("select balance from account_balance").await, 950);
    assert_eq!(bed.number("select count(*) from hold").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_a_hold_that_is_dropped_is_released_and_leaves_no_row() {
    let bed = fresh_store(1_000).await;
    let token = bed.token(None).await;
    drop(bed.hold(token, 400).await);
    bed.until_nothing_is_held().await;
    assert_eq!(bed.balance().await, 1_000);
    assert_eq!(bed.number("select count(*) from usage").await, 0);
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_a_caller_that_leaves_while_it_waits_keeps_nothing_held() {
    let bed = Arc::new(fresh_store(1_000_000).await);
    let token = bed.token(None).await;
    let mut tasks = JoinSet::new();
    for number in 0..500_u64 {
        let request = bed.request(token, 100, 100);
        let ledger = bed.store.ledger();
        tasks.spawn(async move {
            let wait = std::time::Duration::from_micros(number * 20);
            let _ = tokio::time::timeout(wait, ledger.hold(request)).await;
        });
    }
    tasks.join_all().await;
    bed.until_nothing_is_held().await;
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_a_settle_is_done_though_nobody_waits_for_it() {
    let bed = fresh_store(1_000).await;
    let token = bed.token(None).await;
    let hold = bed.hold(token, 100).await;
    drop(hold.settle(Settlement::new(EndReason::ClientGone, units(10, 0))));
    let hold = bed.hold(token, 100).await;
    hold.settle_detached(Settlement::new(EndReason::ClientGone, units(10, 0)));
    bed.until_nothing_is_held().await;
    assert_eq!(bed.balance().await, 980);
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_the_same_request_cannot_be_held_twice_and_harms_no_other() {
    let bed = fresh_store(1_000).await;
    let token = bed.token(None).await;
    let request = bed.request(token, 100, 100);
    let ledger = bed.store.ledger();
    let first = ledger.hold(request.clone()).await.unwrap().unwrap();
    let other = bed.request(token, 100, 100);
    let (twice, beside) = tokio::join!(ledger.hold(request), ledger.hold(other));
    assert!(matches!(twice, Err(StoreError::Corrupt(_))));
    let beside = beside.unwrap().unwrap();
    assert_eq!(bed.held().await, 200);
    drop((first, beside));
    bed.until_nothing_is_held().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_costs_nothing_leaves_a_row() {
    let bed = fresh_store(1_000).await;
    let token = bed.token(None).await;
    let hold = bed.hold(token, 100).await;
    let settlement = Settlement {
        upstream_status: Some(500),
        ..Settlement::uncharged(EndReason::UpstreamError)
    };
    assert_eq!(hold.settle(settlement).await, Ok(nanos(0)));
    assert_eq!((bed.balance().await, bed.held().await), (1_000, 0));
    let record = bed.store.tokens().get(token, None).await.unwrap().unwrap();
    assert_eq!(record.requests, 1);
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l6_a_price_at_which_a_charge_could_leave_the_range_gets_no_hold() {
    let bed = fresh_store(1_000).await;
    let token = bed.token(None).await;
    let mut request = bed.request(token, 1, 1);
    request.price.multiplier = PpmMultiplier::from_ppm(u32::MAX);
    request.price.price.rates.input = nanos(i64::MAX);
    let refused = bed.store.ledger().hold(request).await.unwrap();
    assert_eq!(refused.unwrap_err(), Refusal::OutOfRange);

    let mut request = bed.request(token, 1, 1);
    request.price.price.rates.output = nanos(-1);
    let refused = bed.store.ledger().hold(request).await.unwrap();
    assert_eq!(refused.unwrap_err(), Refusal::OutOfRange);
}

#[tokio::test(flavor = "multi_thread")]
async fn h7_a_clock_that_jumps_back_does_not_harm_the_books() {
    let bed = fresh_store(1_000).await;
    let token = bed.token(None).await;
    bed.spend(token, 1, 1).await;
    bed.clock.set(UnixMillis::from_millis(NOW.as_millis() - 315_360_000_000));
    bed.spend(token, 1, 1).await;
    assert_eq!(bed.balance().await, 994);
    assert_books(&bed.store).await;
}
