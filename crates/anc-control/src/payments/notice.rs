//! From Stripe's words to the store's. Only the few fields that are acted on are read; what they are
//! held against is the store's matter.

use anc_domain::PaymentId;
use anc_store::{
    Claim, ClaimKind, PaymentFact, PaymentMode, PaymentNotice, SessionFact, SessionOutcome,
};
use serde::Deserialize;
use serde_json::Value;

/// The longest name that Stripe gives anything.
const NAME_CHARS_MAX: usize = 255;

/// An event as Stripe sends it: <https://docs.stripe.com/api/events/object>.
#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    livemode: bool,
    data: EventData,
}

#[derive(Deserialize)]
struct EventData {
    object: Value,
}

/// A page where something is paid: <https://docs.stripe.com/api/checkout/sessions/object>.
#[derive(Deserialize)]
pub(super) struct Session {
    pub(super) id: String,
    #[serde(default)]
    pub(super) url: Option<String>,
    #[serde(default)]
    client_reference_id: Option<String>,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    amount_total: Option<i64>,
    #[serde(default)]
    currency: Option<String>,
    #[serde(default)]
    payment_status: String,
    #[serde(default)]
    status: Option<String>,
    /// A name, or the thing itself where that was asked for.
    #[serde(default)]
    payment_intent: Value,
    livemode: bool,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    order: Option<String>,
}

/// <https://docs.stripe.com/api/charges/object>
#[derive(Deserialize)]
struct Charge {
    id: String,
    amount_refunded: i64,
    currency: String,
    #[serde(default)]
    payment_intent: Value,
}

/// <https://docs.stripe.com/api/disputes/object>
#[derive(Deserialize)]
struct Dispute {
    id: String,
    amount: i64,
    currency: String,
    status: String,
    #[serde(default)]
    payment_intent: Value,
}

/// What an event says; `None` where it concerns nothing that the relay acts on. The error is for the
/// log: a body that is signed and cannot be read.
pub(super) fn read(body: &[u8]) -> Result<Option<PaymentNotice>, String> {
    let event: Event = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if !is_name(&event.id) {
        return Err("the event has no name".to_owned());
    }
    let fact = match event.kind.as_str() {
        "checkout.session.completed"
        | "checkout.session.async_payment_succeeded"
        | "checkout.session.async_payment_failed"
        | "checkout.session.expired" => {
            let session: Session = object(event.data.object)?;
            session_fact(session, Some(&event.kind), event.livemode).map(PaymentFact::Session)
        }
        "charge.refunded" => refund(object(event.data.object)?),
        "charge.dispute.created"
        | "charge.dispute.updated"
        | "charge.dispute.funds_withdrawn"
        | "charge.dispute.funds_reinstated"
        | "charge.dispute.closed" => dispute(object(event.data.object)?),
        _ => None,
    };
    let (id, kind, mode) = (event.id, event.kind, mode_of(event.livemode));
    Ok(fact.map(|fact| PaymentNotice { event: Some((id, kind)), mode, fact }))
}

/// What Stripe answers when it is asked about a page.
pub(super) fn answered(session: Session) -> Option<PaymentNotice> {
    let livemode = session.livemode;
    let fact = session_fact(session, None, livemode)?;
    let (mode, fact) = (mode_of(livemode), PaymentFact::Session(fact));
    Some(PaymentNotice { event: None, mode, fact })
}

fn object<T: for<'de> Deserialize<'de>>(object: Value) -> Result<T, String> {
    serde_json::from_value(object).map_err(|error| error.to_string())
}

const fn mode_of(livemode: bool) -> PaymentMode {
    if livemode { PaymentMode::Live } else { PaymentMode::Test }
}

fn is_name(text: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The name of a thing that Stripe gives by name or whole.
fn name_of(value: &Value) -> Option<String> {
    let name = value.as_str().or_else(|| value["id"].as_str())?;
    is_name(name).then(|| name.to_owned())
}

/// `None` for a page that names no order: one of the operator's other wares.
fn session_fact(session: Session, kind: Option<&str>, livemode: bool) -> Option<SessionFact> {
    let named = session.metadata.as_ref().and_then(|metadata| metadata.order.as_deref());
    let referred = session.client_reference_id.as_deref();
    let order: PaymentId = named.or(referred)?.parse().ok()?;
    let outcome = outcome_of(&session, kind);
    let contradiction = if named != referred {
        Some("it names two orders")
    } else if session.livemode != livemode {
        Some("it is of both modes")
    } else if !is_name(&session.id) {
        Some("its page has no name")
    } else if outcome.is_none() {
        Some("its payment status does not fit its kind")
    } else {
        None
    };
    Some(SessionFact {
        order,
        minor: session.amount_total,
        currency: session.currency,
        payment_intent: name_of(&session.payment_intent),
        outcome: outcome.unwrap_or(SessionOutcome::Open),
        contradiction,
        session_id: session.id,
    })
}

fn outcome_of(session: &Session, kind: Option<&str>) -> Option<SessionOutcome> {
    let paid = session.payment_status == "paid";
    match (kind, session.payment_status.as_str(), session.status.as_deref()) {
        (Some("checkout.session.async_payment_failed"), "unpaid", _) => {
            Some(SessionOutcome::Failed)
        }
        (Some("checkout.session.expired"), "unpaid", _) | (None, "unpaid", Some("expired")) => {
            Some(SessionOutcome::Expired)
        }
        (Some("checkout.session.completed"), "unpaid", _) | (None, "unpaid", Some("complete")) => {
            Some(SessionOutcome::Pending)
        }
        (
            Some("checkout.session.completed" | "checkout.session.async_payment_succeeded") | None,
            _,
            _,
        ) if paid => Some(SessionOutcome::Paid),
        (None, "unpaid", Some("open")) => Some(SessionOutcome::Open),
        _ => None,
    }
    // Without its name the payment could never be taken back.
    .filter(|outcome| {
        *outcome != SessionOutcome::Paid || name_of(&session.payment_intent).is_some()
    })
}

fn is_sound(claim: &Claim) -> bool {
    is_name(&claim.id) && claim.minor >= 0
}

fn refund(charge: Charge) -> Option<PaymentFact> {
    let payment_intent = name_of(&charge.payment_intent)?;
    let claim = Claim {
        id: charge.id,
        kind: ClaimKind::Refund,
        payment_intent,
        minor: charge.amount_refunded,
        currency: charge.currency,
        closed: false,
    };
    is_sound(&claim).then_some(PaymentFact::Claim(claim))
}

/// An inquiry (`warning_…`) takes no money yet; what is lost is gone, what ends otherwise is not.
fn dispute(dispute: Dispute) -> Option<PaymentFact> {
    let payment_intent = name_of(&dispute.payment_intent)?;
    let (minor, closed) = match dispute.status.as_str() {
        "lost" => (dispute.amount, true),
        "needs_response" | "under_review" => (dispute.amount, false),
        "warning_needs_response" | "warning_under_review" => (0, false),
        // Won, withdrawn, or prevented by a refund, which is told of by itself.
        _ => (0, true),
    };
    let claim = Claim {
        id: dispute.id,
        kind: ClaimKind::Dispute,
        payment_intent,
        minor,
        currency: dispute.currency,
        closed,
    };
    is_sound(&claim).then_some(PaymentFact::Claim(claim))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, object: &Value) -> Option<PaymentNotice> {
        let event = json!({ "id": "evt_1", "object": "event", "type": kind, "livemode": false,
            "data": { "object": object } });
        read(event.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn what_is_none_of_ours_is_passed_over() {
        let session = json!({ "id": "cs_1", "livemode": false, "payment_status": "paid",
            "metadata": {}, "client_reference_id": "cart-7" });
        assert!(event("checkout.session.completed", &session).is_none());
        assert!(event("customer.created", &json!({ "id": "cus_1" })).is_none());
        let charge = json!({ "id": "ch_1", "amount_refunded": 5, "currency": "usd" });
        assert!(event("charge.refunded", &charge).is_none());
    }

    #[test]
    fn a_dispute_takes_money_while_it_is_open_or_lost() {
        let claim = |status: &str| {
            let dispute = json!({ "id": "dp_1", "amount": 500, "currency": "usd",
                "status": status, "payment_intent": "pi_1" });
            match event("charge.dispute.closed", &dispute).unwrap().fact {
                PaymentFact::Claim(claim) => (claim.minor, claim.closed),
                PaymentFact::Session(_) => unreachable!("a dispute is a claim"),
            }
        };
        assert_eq!(claim("needs_response"), (500, false));
        assert_eq!(claim("lost"), (500, true));
        assert_eq!(claim("won"), (0, true));
        assert_eq!(claim("warning_needs_response"), (0, false));
        assert_eq!(claim("warning_closed"), (0, true));
    }
}
