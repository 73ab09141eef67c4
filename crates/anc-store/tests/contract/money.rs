//! Credits, and what spending leaves on accounts and tokens.

use std::sync::Arc;

use anc_domain::AccountId;
use anc_ledger::EndReason;
use anc_store::{Credit, EntryKind, Settlement, StoreError, TokenChanges, TokenStatus};
use tokio::task::JoinSet;

use crate::support::{Bed, assert_books, fresh_store, nanos, units};

fn credit(bed: &Bed, amount: i64, kind: EntryKind, cause: &str) -> Credit {
    Credit {
        account_id: bed.account,
        amount: nanos(amount),
        kind,
        reason: "a test".into(),
        cause: cause.into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h2_one_cause_is_posted_once_however_many_ask_at_once() {
    let bed = Arc::new(fresh_store(100).await);
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let ledger = bed.store.ledger();
        let credit = credit(&bed, 30, EntryKind::Adjustment, "code:1");
        tasks.spawn(async move { ledger.credit(credit).await });
    }
    for balance in tasks.join_all().await {
        assert_eq!(balance, Ok(nanos(130)));
    }
    let other = credit(&bed, 31, EntryKind::Adjustment, "code:1");
    let refused = bed.store.ledger().credit(other).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))));
    assert_eq!(bed.balance().await, 130);
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l6_an_entry_has_the_sign_of_its_kind() {
    let bed = fresh_store(100).await;
    let ledger = bed.store.ledger();
    for (amount, kind) in [
        (0, EntryKind::Adjustment),
        (0, EntryKind::Grant),
        (-1, EntryKind::Grant),
        (-1, EntryKind::TopUp),
        (-1, EntryKind::Payment),
        (1, EntryKind::Reversal),
        // The ledger's own.
        (1, EntryKind::Correction),
        (1, EntryKind::Redemption),
        (-1, EntryKind::UsageSummary),
    ] {
        let refused = ledger.credit(credit(&bed, amount, kind, "x")).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{amount}");
    }
    let down = credit(&bed, -40, EntryKind::Adjustment, "y");
    assert_eq!(ledger.credit(down).await, Ok(nanos(60)));
    for (amount, kind, cause) in [
        (14, EntryKind::TopUp, "top-up"),
        (7, EntryKind::Payment, "payment"),
        (-21, EntryKind::Reversal, "back"),
    ] {
        ledger.credit(credit(&bed, amount, kind, cause)).await.unwrap();
    }
    assert_eq!(bed.balance().await, 60);
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credit_to_nobody_or_out_of_range_is_refused_and_harms_no_other() {
    let bed = fresh_store(100).await;
    let ledger = bed.store.ledger();
    let nobody = Credit {
        account_id: AccountId::from_i64(1),
        ..credit(&bed, 5, EntryKind::Grant, "nobody")
    };
    let too_much = credit(&bed, i64::MAX, EntryKind::Grant, "too much");
    let fine = credit(&bed, 5, EntryKind::Grant, "fine");
    let (nobody, too_much, fine) =
        tokio::join!(ledger.credit(nobody), ledger.credit(too_much), ledger.credit(fine));
    assert!(matches!(nobody, Err(StoreError::Conflict(_))));
    assert!(matches!(too_much, Err(StoreError::Conflict(_))));
    assert_eq!(fine, Ok(nanos(105)));
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_append_only_in_the_file_itself() {
    let bed = fresh_store(100).await;
    for sql in ["update ledger_entry set amount = 1", "delete from ledger_entry"] {
        assert!(bed.place.run(sql).await.is_err(), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_delivered_is_owed_also_beyond_the_hold() {
    let bed = fresh_store(100).await;
    let token = bed.token(Some(100)).await;
    let hold = bed.hold(token, 50).await;
    let settlement = Settlement::new(EndReason::Complete, units(150, 0));
    assert_eq!(hold.settle(settlement).await, Ok(nanos(150)));
    assert_eq!(bed.balance().await, -50);
    let record = bed.store.tokens().get(token, None).await.unwrap().unwrap();
    assert_eq!((record.used, record.remaining()), (nanos(150), Some(nanos(0))));
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exhausted_token_works_again_at_once_after_an_edit_or_a_credit() {
    let bed = fresh_store(100).await;
    let token = bed.token(Some(60)).await;
    bed.spend(token, 60, 0).await;
    let tokens = bed.store.tokens();
    let record = tokens.get(token, None).await.unwrap().unwrap();
    assert_eq!(record.status(), TokenStatus::Exhausted);
    assert_eq!(record.stopped_by.unwrap().name(), "token_quota_exhausted");

    let more = TokenChanges { quota: Some(Some(nanos(1_000))), ..TokenChanges::default() };
    let record = tokens.update(token, None, more).await.unwrap().unwrap();
    assert_eq!(record.status(), TokenStatus::Enabled);
    bed.spend(token, 40, 0).await;
    let record = tokens.get(token, None).await.unwrap().unwrap();
    assert_eq!(record.stopped_by.unwrap().name(), "balance_exhausted");

    let top_up = credit(&bed, 10, EntryKind::Grant, "top-up");
    bed.store.ledger().credit(top_up).await.unwrap();
    bed.spend(token, 1, 0).await;
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h4_an_edit_while_requests_run_loses_neither_the_edit_nor_the_spending() {
    let bed = Arc::new(fresh_store(1_000_000).await);
    let token = bed.token(None).await;
    let spender = Arc::clone(&bed);
    let spending = tokio::spawn(async move {
        for _ in 0..100 {
            spender.spend(token, 1, 0).await;
        }
    });
    for number in 0..50 {
        let changes =
            TokenChanges { name: Some(format!("edit {number}")), ..TokenChanges::default() };
        bed.store.tokens().update(token, None, changes).await.unwrap().unwrap();
    }
    spending.await.unwrap();
    let record = bed.store.tokens().get(token, None).await.unwrap().unwrap();
    assert_eq!((record.used, record.requests), (nanos(100), 100));
    assert_eq!((record.name.as_str(), record.version), ("edit 49", 51));
    assert_books(&bed.store).await;
}
