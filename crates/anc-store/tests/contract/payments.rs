//! Payments where a process dies between two steps.

use anc_domain::{PaymentId, SecretHash};
use anc_store::{
    Idempotency, NewPayment, NotBegun, PaymentFact, PaymentMode, PaymentNotice, Repeat,
    SessionFact, SessionOutcome, TakenIn,
};

use crate::support::{Bed, assert_books, fresh_store, nanos};

const CENT: i64 = 10_000_000;

async fn order(bed: &Bed) -> PaymentId {
    let order = bed.store.payments().begin(five_dollars(bed), None).await.unwrap().unwrap();
    bed.store.payments().began(order.id, "cs_1", "https://x.example").await.unwrap();
    order.id
}

fn five_dollars(bed: &Bed) -> NewPayment {
    NewPayment {
        account_id: bed.account,
        amount: nanos(500 * CENT),
        minor: 500,
        currency: "usd".into(),
        mode: PaymentMode::Test,
    }
}

fn paid(order: PaymentId, event: &str) -> PaymentNotice {
    PaymentNotice {
        event: Some((event.into(), "checkout.session.completed".into())),
        mode: PaymentMode::Test,
        fact: PaymentFact::Session(SessionFact {
            order,
            session_id: "cs_1".into(),
            minor: Some(500),
            currency: Some("usd".into()),
            payment_intent: Some("pi_1".into()),
            outcome: SessionOutcome::Paid,
            contradiction: None,
        }),
    }
}

/// What the first of the two transactions leaves when the process dies after it.
async fn die_before_the_credit(bed: &Bed, order: PaymentId) {
    let id = order.as_i64();
    for sql in [
        format!(
            "update payment_order
             set state = 'paid', paid_at = 1, payment_intent = 'pi_1', ask_at = null
             where id = {id}"
        ),
        format!(
            "insert into payment_movement (order_id, number, amount, cause, created_at)
             values ({id}, 1, {}, 'payment:{order}', 1)",
            500 * CENT
        ),
        format!(
            "insert into payment_event (id, kind, order_id, created_at)
             values ('evt_1', 'checkout.session.completed', {id}, 1)"
        ),
    ] {
        bed.place.run(&sql).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h5_a_death_before_the_credit_is_made_good_by_the_next_notice_once() {
    let bed = fresh_store(0).await;
    let order = order(&bed).await;
    die_before_the_credit(&bed, order).await;
    let payments = bed.store.payments();
    for _ in 0..3 {
        assert_eq!(payments.take_in(paid(order, "evt_1")).await, Ok(TakenIn::Seen));
    }
    assert_eq!(bed.balance().await, 500 * CENT);
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h5_a_death_before_the_credit_is_made_good_by_the_next_look_once() {
    let bed = fresh_store(0).await;
    let order = order(&bed).await;
    die_before_the_credit(&bed, order).await;
    let payments = bed.store.payments();
    assert_eq!(payments.post(None).await, Ok(1));
    assert_eq!(payments.post(None).await, Ok(0));
    // A death after the credit and before its mark.
    bed.place.run("update payment_movement set posted_at = null").await.unwrap();
    assert_eq!(payments.post(None).await, Ok(1));
    assert_eq!(bed.balance().await, 500 * CENT);
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h8_the_schema_itself_refuses_to_take_back_more_than_was_paid() {
    let bed = fresh_store(0).await;
    let order = order(&bed).await;
    bed.store.payments().take_in(paid(order, "evt_1")).await.unwrap();
    for sql in [
        "update payment_order set reversed = 501",
        "update payment_order set reversed = -1",
        "update payment_order set state = 'open', paid_at = null, reversed = 1",
    ] {
        assert!(bed.place.run(sql).await.is_err(), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h5_a_payment_is_one_orders_alone() {
    let bed = fresh_store(0).await;
    let first = order(&bed).await;
    let second = bed.store.payments().begin(five_dollars(&bed), None).await.unwrap().unwrap().id;
    let payments = bed.store.payments();
    assert_eq!(payments.take_in(paid(first, "evt_1")).await, Ok(TakenIn::Done(first)));
    let again = payments.take_in(paid(second, "evt_2")).await.unwrap();
    assert!(matches!(again, TakenIn::Mismatch(id, _) if id == second), "{again:?}");
    assert_eq!(bed.balance().await, 500 * CENT);
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_makes_one_order() {
    let bed = fresh_store(0).await;
    let asked = Idempotency {
        principal: "usr_1".into(),
        key: "w".into(),
        request: SecretHash::of("POST /payments"),
    };
    let payments = bed.store.payments();
    let made = payments.begin(five_dollars(&bed), Some(&asked)).await.unwrap().unwrap();
    let again = payments.begin(five_dollars(&bed), Some(&asked)).await.unwrap();
    let done = NotBegun::Repeat(Repeat::Done(vec![made.id.to_string()]));
    assert_eq!(again, Err(done));
    let other = Idempotency { request: SecretHash::of("other"), ..asked };
    let refused = payments.begin(five_dollars(&bed), Some(&other)).await.unwrap();
    assert_eq!(refused, Err(NotBegun::Repeat(Repeat::OtherRequest)));
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_finds_a_payment_that_differs_from_the_books() {
    for (damage, ok) in [
        ("select 1", true),
        ("update payment_movement set amount = amount + 1", false),
        ("update payment_movement set cause = 'payment:of nobody'", false),
        ("update payment_order set reversed = 1", false),
        ("update payment_order set amount = amount * 2", false),
    ] {
        let bed = fresh_store(0).await;
        let order = order(&bed).await;
        bed.store.payments().take_in(paid(order, "evt_1")).await.unwrap();
        bed.place.run(damage).await.unwrap();
        let checks = bed.store.verify().await.unwrap();
        let once = checks.iter().find(|check| check.name == "L4 exactly once").unwrap();
        assert_eq!(once.ok, ok, "{damage}: {}", once.detail);
    }
}
