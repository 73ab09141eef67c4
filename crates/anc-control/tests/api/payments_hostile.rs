//! What strangers, gateways and bad luck send to where payments are told of.

use anc_testkit::{ScriptedStripe, signature};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::payments_support::{BEGINNING, CENT, Till, deliver};

const HOSTILE: i64 = 5_000;
/// Delivered at the same time.
const AT_ONCE: i64 = 25;

/// The bytes and header of one hostile notice about a page that was honestly paid, and whether it is
/// refused outright: a notice that is Stripe's own, about something else, is heard and moves nothing.
fn hostile(number: i64, now: i64, paid: &Value, other: &Value) -> (Vec<u8>, Option<String>, bool) {
    let event = |kind: &str, object: Value| {
        json!({ "id": format!("evt_hostile_{number}"), "object": "event", "type": kind,
            "livemode": false, "data": { "object": object } })
    };
    let completed = "checkout.session.completed";
    let changed = |key: &str, value: Value| {
        let mut session = paid.clone();
        session[key] = value;
        event(completed, session)
    };
    let honest = event(completed, paid.clone()).to_string().into_bytes();
    let sign = |secret: &str, at: i64, body: &[u8]| Some(signature(secret, at, body));
    let ours = ScriptedStripe::WEBHOOK_SECRET;
    let about = |event: Value| {
        let body = event.to_string().into_bytes();
        let header = sign(ours, now, &body);
        (body, header, false)
    };
    match number % 20 {
        0 => (honest.clone(), sign("whsec_guessed", now, &honest), true),
        1 => (honest, None, true),
        2 => (honest.clone(), sign("", now, &honest), true),
        3 => (honest.clone(), sign(ours, now - 301, &honest), true),
        4 => (honest.clone(), sign(ours, now + 301, &honest), true),
        5 => {
            // Signed, and one byte of it changed.
            let header = sign(ours, now, &honest);
            let mut body = honest;
            body.push(b' ');
            (body, header, true)
        }
        6 => {
            let body = vec![b' '; 64 * 1024 + 1];
            let header = sign(ours, now, &body);
            (body, header, true)
        }
        7 => {
            let body = br#"{"id":"evt_x","type":"checkout.session.completed","livemode":"#.to_vec();
            let header = sign(ours, now, &body);
            (body, header, true)
        }
        8 => {
            (honest.clone(), sign(ours, now, &honest).map(|text| text.replace("v1=", "v0=")), true)
        }
        9 => about(changed("amount_total", json!(1_000_000))),
        10 => about(changed("currency", json!("jpy"))),
        11 => about({
            let mut event = changed("livemode", json!(true));
            event["livemode"] = json!(true);
            event
        }),
        12 => about(changed("livemode", json!(true))),
        // Another order's page, with this order's name on it.
        13 => about({
            let mut session = other.clone();
            session["client_reference_id"] = paid["client_reference_id"].clone();
            session["metadata"] = paid["metadata"].clone();
            event(completed, session)
        }),
        14 => about(changed("client_reference_id", other["client_reference_id"].clone())),
        15 => about({
            let mut session = paid.clone();
            session["client_reference_id"] = json!("pay_0000000000000");
            session["metadata"] = json!({ "order": "pay_0000000000000" });
            event(completed, session)
        }),
        16 => about(changed("payment_status", json!("unpaid"))),
        17 => about(changed("payment_status", json!("no_payment_required"))),
        18 => about(changed("payment_intent", Value::Null)),
        _ => about(event("invoice.paid", paid.clone())),
    }
}

async fn hostile_notices_credit_nothing_and_honest_ones_once(till: &Till) {
    let mut orders = Vec::new();
    for dollars in ["5", "6.01", "7", "499.99"] {
        orders.push(till.order(dollars).await);
    }
    let paid: Vec<Value> = orders.iter().map(|order| till.stripe.pay(order)).collect();
    let due: i64 =
        paid.iter().map(|session| session["amount_total"].as_i64().unwrap() * CENT).sum();
    let attack = async |from: i64, to: i64| {
        for first in (from..to).step_by(usize::try_from(AT_ONCE).unwrap()) {
            let one = async |number: i64| {
                let of = usize::try_from(number).unwrap() % paid.len();
                let other = &paid[(of + 1) % paid.len()];
                let (body, header, refused) = hostile(number, till.seconds(), &paid[of], other);
                // Each from a few addresses, so that none is turned away for its number.
                let address = format!("10.1.{}.{}", number % 7, number / 100 % 250);
                let status = deliver(&till.owner, &address, body, header.as_deref()).await;
                assert_eq!(status, if refused { 400 } else { 200 }, "{number}");
            };
            join_all((first..first + AT_ONCE).map(one)).await;
        }
    };
    attack(0, HOSTILE - 1_000).await;
    assert_eq!(till.balance().await, BEGINNING);
    let marked = till.shown(&orders[0]).await;
    assert_eq!(marked["state"], "mismatch", "{marked}");
    assert!(marked["mismatch"].is_string());

    // Each twice by the same name, and once by another, all at once.
    let mut honest = Vec::new();
    for session in &paid {
        let event = till.stripe.event("checkout.session.completed", session);
        let late = till.stripe.event("checkout.session.async_payment_succeeded", session);
        honest.extend([event.clone(), late, event]);
    }
    for status in join_all(honest.iter().rev().map(|event| till.tell(event))).await {
        assert_eq!(status, 200);
    }
    assert_eq!(till.balance().await, BEGINNING + due);
    attack(HOSTILE - 1_000, HOSTILE).await;
    for event in &honest {
        assert_eq!(till.tell(event).await, 200);
    }
    assert_eq!(till.balance().await, BEGINNING + due);
    for order in &orders {
        assert_eq!(till.shown(order).await["state"], "paid");
    }
    till.assert_books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h5_five_thousand_hostile_notices_credit_nothing_and_honest_ones_once_on_sqlite() {
    let till = Till::new().await;
    hostile_notices_credit_nothing_and_honest_ones_once(&till).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h5_five_thousand_hostile_notices_credit_nothing_and_honest_ones_once_on_postgres() {
    let till = Till::on_postgres().await;
    hostile_notices_credit_nothing_and_honest_ones_once(&till).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h5_two_nodes_that_hear_the_same_at_once_credit_once() {
    let till = Till::on_postgres().await;
    let other = till.other_node().await;
    let there = other.browser("127.0.0.1");
    for number in 0..10 {
        let order = till.order("5").await;
        let session = till.stripe.pay(&order);
        let event = till.stripe.event("checkout.session.completed", &session);
        let body = event.to_string();
        let header = signature(ScriptedStripe::WEBHOOK_SECRET, till.seconds(), body.as_bytes());
        let at = async |browser| deliver(browser, "203.0.113.9", body.clone(), Some(&header)).await;
        let (a, b, c, d) = tokio::join!(at(&till.owner), at(&there), at(&till.owner), at(&there));
        assert_eq!([a, b, c, d], [200; 4]);
        assert_eq!(till.balance().await, BEGINNING + (number + 1) * 500 * CENT);
    }
    till.assert_books().await;
}

#[tokio::test]
async fn h5_an_address_that_guesses_is_not_listened_to_for_a_minute() {
    let till = Till::new().await;
    let order = till.order("5").await;
    let session = till.stripe.pay(&order);
    for _ in 0..300 {
        assert_eq!(deliver(&till.owner, "198.51.100.1", "{}", Some("t=1,v1=00")).await, 400);
    }
    assert_eq!(deliver(&till.owner, "198.51.100.1", "{}", Some("t=1,v1=00")).await, 429);
    let event = till.stripe.event("checkout.session.completed", &session);
    assert_eq!(till.tell(&event).await, 200, "others are");
    till.world.clock.advance(std::time::Duration::from_mins(1));
    assert_eq!(deliver(&till.owner, "198.51.100.1", "{}", Some("t=1,v1=00")).await, 400);
    assert_eq!(till.balance().await, BEGINNING + 500 * CENT);
}

#[tokio::test]
async fn where_no_payments_are_taken_nothing_is_heard() {
    let (_world, owner) = crate::support::World::with_owner().await;
    let now = 1_800_000_000;
    let header = signature(ScriptedStripe::WEBHOOK_SECRET, now, b"{}");
    assert_eq!(deliver(&owner, "203.0.113.7", "{}", Some(&header)).await, 404);
    let refused = owner.post("/payments", &json!({ "amount": "5" })).await;
    assert_eq!((refused.status, refused.code()), (409, "payments_off"));
    assert_eq!(owner.get("/account").await.json["payments"], Value::Null);
}

#[tokio::test]
async fn h5_a_notice_that_cannot_be_kept_makes_stripe_come_again() {
    let till = Till::new().await;
    let order = till.order("5").await;
    let event = till.stripe.event("checkout.session.completed", &till.stripe.pay(&order));
    till.world.store.close().await;
    assert_eq!(till.tell(&event).await, 503);
}
