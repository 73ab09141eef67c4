//! Paying in, and what goes back.

use std::time::Duration;

use serde_json::{Value, json};

use crate::payments_support::{BEGINNING, CENT, Till, disputed, refunded};

#[tokio::test]
async fn a_payment_is_begun_at_stripe_and_says_where_to_pay() {
    let till = Till::new().await;
    let terms = &till.owner.get("/account").await.json["payments"];
    assert_eq!(
        *terms,
        json!({ "provider": "stripe", "currency": "usd", "mode": "test", "amount_min": "5",
            "amount_max": "500" })
    );
    let begun = till.owner.post("/payments", &json!({ "amount": "12.34" })).await.json;
    assert_eq!((&begun["state"], &begun["amount"]), (&json!("open"), &json!("12.34")));
    assert!(begun["url"].as_str().unwrap().starts_with("https://checkout.stripe.com/"));
    let id = begun["id"].as_str().unwrap();
    let form = till.stripe.forms().remove(0);
    assert_eq!(form["client_reference_id"], id);
    assert_eq!(form["metadata[order]"], id);
    assert_eq!(form["line_items[0][price_data][unit_amount]"], "1234");
    let back = format!("http://relay.example/wallet?payment={id}&outcome=paid");
    assert_eq!(form["success_url"], back, "from the configuration, whatever the Host header says");

    till.pay(id).await;
    let shown = till.shown(id).await;
    assert_eq!((&shown["state"], &shown["url"]), (&json!("paid"), &Value::Null));
    assert_eq!(till.balance().await, BEGINNING + 1_234 * CENT);
    till.assert_books().await;
}

#[tokio::test]
async fn an_amount_out_of_bounds_or_of_odd_form_is_refused() {
    let till = Till::new().await;
    for amount in ["0", "-5", "4.99", "500.01", "5.001", "1e1", "NaN", "9223372036.9"] {
        let refused = till.owner.post("/payments", &json!({ "amount": amount })).await;
        assert_eq!((refused.status, refused.code()), (400, "invalid_request"), "{amount}");
    }
    let more = json!({ "amount": "5", "account": "acc_0000000000000" });
    assert_eq!(till.owner.post("/payments", &more).await.status, 400);
    assert!(till.stripe.forms().is_empty());
}

#[tokio::test]
async fn a_request_repeated_under_its_word_is_the_same_payment() {
    let till = Till::new().await;
    let body = json!({ "amount": "5" });
    till.stripe.refuse(500, json!({ "error": { "message": "an internal canary" } }));
    let failed = till.owner.post_once("/payments", "w1", &body).await;
    assert_eq!((failed.status, failed.code()), (502, "payment_not_begun"));
    let first = till.owner.post_once("/payments", "w1", &body).await;
    let second = till.owner.post_once("/payments", "w1", &body).await;
    assert_eq!((first.status, second.status), (201, 201), "{}", first.text);
    assert_eq!(first.json, second.json);
    assert_eq!(till.owner.get("/payments").await.json["items"].as_array().unwrap().len(), 1);
    let other = till.owner.post_once("/payments", "w1", &json!({ "amount": "6" })).await;
    assert_eq!((other.status, other.code()), (422, "idempotency_key_reused"));
}

#[tokio::test]
async fn stripes_refusal_is_told_plainly_and_its_words_to_operators_alone() {
    let till = Till::new().await;
    let person = json!({ "email": "a@b.example", "password": "correct horse 2" });
    assert_eq!(till.owner.post("/users", &person).await.status, 201);
    let mut user = till.world.browser("127.0.0.1");
    let signed_in = user.post("/session", &person).await;
    user.keep_cookie(&signed_in);
    let refusal = json!({ "error": { "message": "Invalid API Key provided: sk_test_***kit" } });
    till.stripe.refuse(401, refusal.clone());
    let told = user.post("/payments", &json!({ "amount": "5" })).await;
    assert_eq!((told.status, told.code()), (502, "payment_not_begun"));
    assert!(!told.text.contains("API Key") && !told.text.contains("127.0.0.1"), "{}", told.text);
    till.stripe.refuse(401, refusal);
    let told = till.owner.post("/payments", &json!({ "amount": "5" })).await;
    assert!(told.text.contains("Invalid API Key"), "{}", told.text);
    let listed = till.owner.get("/payments?account=all").await.json;
    let states: Vec<&Value> =
        listed["items"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["failed", "failed"]);

    let own = user.post("/payments", &json!({ "amount": "5" })).await.json;
    let path = format!("/payments/{}", own["id"].as_str().unwrap());
    assert_eq!(user.get(&path).await.status, 200);
    let owners = till.order("5").await;
    assert_eq!(user.get(&format!("/payments/{owners}")).await.code(), "not_found");
    assert_eq!(user.get("/payments?account=all").await.status, 403);
    assert_eq!(user.get("/payments").await.json["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn unfinished_payments_have_a_bound() {
    let till = Till::new().await;
    let begin = async || till.owner.post("/payments", &json!({ "amount": "5" })).await;
    for _ in 0..20 {
        assert_eq!(begin().await.status, 201);
    }
    let refused = begin().await;
    assert_eq!((refused.status, refused.code()), (429, "too_many_payments"));
    let first = till.owner.get("/payments?limit=7").await.json;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = till.owner.get(&format!("/payments?limit=50&cursor={cursor}")).await.json;
    assert_eq!(second["items"].as_array().unwrap().len(), 13);
    assert_eq!(second["next_cursor"], Value::Null);
    till.world.clock.advance(Duration::from_hours(1));
    assert_eq!(begin().await.status, 201);
}

#[tokio::test]
async fn a_slow_payment_is_credited_when_its_money_is_there() {
    let till = Till::new().await;
    let (slow, fails) = (till.order("5").await, till.order("6").await);
    for order in [&slow, &fails] {
        let mut waiting = till.stripe.pay(order);
        waiting["payment_status"] = json!("unpaid");
        let event = till.stripe.event("checkout.session.completed", &waiting);
        assert_eq!(till.tell(&event).await, 200);
        assert_eq!(till.shown(order).await["state"], "pending");
    }
    assert_eq!(till.balance().await, BEGINNING);
    let paid = till.stripe.pay(&slow);
    let event = till.stripe.event("checkout.session.async_payment_succeeded", &paid);
    assert_eq!(till.tell(&event).await, 200);
    let mut failed = till.stripe.pay(&fails);
    failed["payment_status"] = json!("unpaid");
    let event = till.stripe.event("checkout.session.async_payment_failed", &failed);
    assert_eq!(till.tell(&event).await, 200);
    assert_eq!(till.shown(&slow).await["state"], "paid");
    assert_eq!(till.shown(&fails).await["state"], "failed");
    assert_eq!(till.balance().await, BEGINNING + 500 * CENT);
}

#[tokio::test]
async fn a_payment_of_which_nothing_was_heard_is_asked_for() {
    let till = Till::new().await;
    let (paid, left) = (till.order("5").await, till.order("6").await);
    till.stripe.pay(&paid);
    till.stripe.expire(&left);
    till.world.control.look_at_payments().await;
    assert_eq!(till.balance().await, BEGINNING, "not before some minutes");
    till.world.clock.advance(Duration::from_mins(5));
    till.world.control.look_at_payments().await;
    assert_eq!(till.balance().await, BEGINNING + 500 * CENT);
    assert_eq!(till.shown(&left).await["state"], "expired");
    // The notice comes after all.
    till.pay(&paid).await;
    till.world.clock.advance(Duration::from_hours(12));
    till.world.control.look_at_payments().await;
    assert_eq!(till.balance().await, BEGINNING + 500 * CENT);
    till.assert_books().await;
}

#[tokio::test]
async fn h8_refunds_never_take_more_than_was_paid_and_may_leave_a_debt() {
    let till = Till::new().await;
    let order = till.order("10").await;
    let session = till.stripe.pay(&order);
    let tell = async |cents: i64| {
        let event = till.stripe.event("charge.refunded", &refunded(&session, cents));
        assert_eq!(till.tell(&event).await, 200);
        assert_eq!(till.tell(&event).await, 200);
    };
    // Heard before the payment itself.
    tell(300).await;
    assert_eq!(till.balance().await, BEGINNING);
    till.pay(&order).await;
    assert_eq!(till.balance().await, BEGINNING + 700 * CENT);
    tell(300).await;
    tell(200).await;
    assert_eq!(till.balance().await, BEGINNING + 700 * CENT, "sums of refunds only rise");
    let spent = json!({ "account": crate::support::OWNER, "amount": "-27", "reason": "spent" });
    assert_eq!(till.owner.post("/credits", &spent).await.status, 201);
    tell(1_000).await;
    assert_eq!(till.balance().await, -700 * CENT, "what was spent is owed");
    tell(99_999).await;
    assert_eq!(till.balance().await, -700 * CENT);
    let shown = till.shown(&order).await;
    assert_eq!((&shown["state"], &shown["reversed"]), (&json!("refunded"), &json!("10")));
    till.assert_books().await;
}

#[tokio::test]
async fn a_refund_in_another_currency_or_mode_moves_nothing() {
    let till = Till::new().await;
    let order = till.order("10").await;
    let session = till.pay(&order).await["data"]["object"].clone();
    let mut euros = refunded(&session, 500);
    euros["currency"] = json!("eur");
    let event = till.stripe.event("charge.refunded", &euros);
    assert_eq!(till.tell(&event).await, 200);
    assert!(till.shown(&order).await["mismatch"].is_string());
    assert_eq!(till.balance().await, BEGINNING + 1_000 * CENT);
}

/// Every order of the first `count` numbers.
fn orders_of(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for shorter in orders_of(count - 1) {
        for place in 0..=shorter.len() {
            let mut longer = shorter.clone();
            longer.insert(place, count - 1);
            all.push(longer);
        }
    }
    all
}

async fn in_every_order(end: &str, kept: i64, state: &str) {
    let till = Till::new().await;
    let mut due = BEGINNING;
    for sequence in orders_of(4) {
        let order = till.order("10").await;
        let session = till.stripe.pay(&order);
        let notices = [
            till.stripe.event("checkout.session.completed", &session),
            till.stripe.event("charge.refunded", &refunded(&session, 250)),
            till.stripe.event("charge.dispute.created", &disputed(&session, 750, "needs_response")),
            till.stripe.event("charge.dispute.closed", &disputed(&session, 750, end)),
        ];
        for index in &sequence {
            assert_eq!(till.tell(&notices[*index]).await, 200);
        }
        due += kept * CENT;
        assert_eq!(till.balance().await, due, "{sequence:?}");
        assert_eq!(till.shown(&order).await["state"], state, "{sequence:?}");
    }
    till.assert_books().await;
}

#[tokio::test]
async fn h5_notices_in_any_order_end_in_the_same_books_when_a_dispute_is_won() {
    in_every_order("won", 750, "paid").await;
}

#[tokio::test]
async fn h5_notices_in_any_order_end_in_the_same_books_when_a_dispute_is_lost() {
    in_every_order("lost", 0, "disputed").await;
}
