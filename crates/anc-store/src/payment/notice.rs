//! Taking in what the provider says, each notice once.

use anc_domain::PaymentId;

use super::{PaymentMode, PaymentRecord, PaymentRow, PaymentState, Payments, SELECT};
use crate::StoreError;
use crate::database::WriteTx;
use crate::sql::query;

/// Something that the provider says, by a notice or as an answer.
#[derive(Debug, Clone)]
pub struct PaymentNotice {
    /// The notice's own name and kind; `None` for the answer to a question, which may be the same
    /// any number of times.
    pub event: Option<(String, String)>,
    /// Whether it speaks of real money.
    pub mode: PaymentMode,
    /// What it says.
    pub fact: PaymentFact,
}

/// What is said.
#[derive(Debug, Clone)]
pub enum PaymentFact {
    /// How the page stands at which an order is paid.
    Session(SessionFact),
    /// That money of a payment goes back.
    Claim(Claim),
}

/// How the page stands at which an order is paid.
#[derive(Debug, Clone)]
pub struct SessionFact {
    /// The order that it names.
    pub order: PaymentId,
    /// The page's name.
    pub session_id: String,
    /// What was to be paid, in the smallest unit.
    pub minor: Option<i64>,
    /// In which currency.
    pub currency: Option<String>,
    /// The provider's name for the payment.
    pub payment_intent: Option<String>,
    /// What became of it.
    pub outcome: SessionOutcome,
    /// Where the notice contradicts itself.
    pub contradiction: Option<&'static str>,
}

/// What became of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionOutcome {
    /// Nothing yet.
    Open,
    /// The payer has finished, and the money is on its way.
    Pending,
    /// The money is there.
    Paid,
    /// It will not come.
    Failed,
    /// The payer took too long.
    Expired,
}

/// Money of a payment that goes back.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The charge's or the dispute's name.
    pub id: String,
    /// Why it goes back.
    pub kind: ClaimKind,
    /// The payment.
    pub payment_intent: String,
    /// How much in all, in the smallest unit.
    pub minor: i64,
    /// In which currency.
    pub currency: String,
    /// Whether that is decided for good.
    pub closed: bool,
}

/// Why money goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimKind {
    /// The operator refunded it; all refunds of one charge.
    Refund,
    /// The payer's bank took it.
    Dispute,
}

impl ClaimKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Refund => "refund",
            Self::Dispute => "dispute",
        }
    }
}

/// What became of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakenIn {
    /// It was heard before.
    Seen,
    /// It concerns no order that is known; a claim is kept in case that one will be.
    NotOurs,
    /// It is known now.
    Done(PaymentId),
    /// It said something else than what was ordered, and moved nothing.
    Mismatch(PaymentId, String),
}

impl Payments<'_> {
    /// Takes a notice in and posts what follows from it. When this returns, all of it is durable;
    /// after an error it is to be asked again.
    pub async fn take_in(&self, notice: PaymentNotice) -> Result<TakenIn, StoreError> {
        let (taken, order) = self.keep(notice).await?;
        let posted = match order {
            Some(order) => self.post(Some(order)).await?,
            None => 0,
        };
        if posted == 0 {
            // What is posted is on the disk, and with it what was written before.
            self.db.on_disk().await?;
        }
        Ok(taken)
    }

    async fn keep(
        &self,
        notice: PaymentNotice,
    ) -> Result<(TakenIn, Option<PaymentId>), StoreError> {
        let mut tx = self.db.write().await?;
        if let Some((event, _)) = &notice.event {
            let seen: Option<(Option<i64>,)> =
                query("select order_id from payment_event where id = $1")
                    .bind(event)
                    .fetch_optional(&mut tx)
                    .await?;
            if let Some((order,)) = seen {
                return Ok((TakenIn::Seen, order.map(PaymentId::from_i64)));
            }
        }
        let (taken, order) = match notice.fact {
            PaymentFact::Session(fact) => session(&mut tx, &fact, notice.mode).await?,
            PaymentFact::Claim(claim) => claimed(&mut tx, &claim, notice.mode).await?,
        };
        if let Some((event, kind)) = notice.event {
            let now = tx.now.as_millis();
            query(
                "insert into payment_event (id, kind, order_id, created_at)
                 values ($1, $2, $3, $4)",
            )
            .bind(event)
            .bind(kind)
            .bind(order.map(PaymentId::as_i64))
            .bind(now)
            .execute(&mut tx)
            .await?;
        }
        tx.commit().await?;
        Ok((taken, order))
    }
}

/// The order of a condition on one of its names.
async fn order_where(
    tx: &mut WriteTx,
    condition: &'static str,
    value: impl Into<crate::sql::Arg>,
) -> Result<Option<PaymentRecord>, StoreError> {
    let row: Option<PaymentRow> =
        query(format!("{SELECT} where {condition}")).bind(value).fetch_optional(&mut *tx).await?;
    row.map(PaymentRow::into_record).transpose()
}

async fn session(
    tx: &mut WriteTx,
    fact: &SessionFact,
    mode: PaymentMode,
) -> Result<(TakenIn, Option<PaymentId>), StoreError> {
    let Some(order) = order_where(tx, "id = $1", fact.order.as_i64()).await? else {
        return Ok((TakenIn::NotOurs, None));
    };
    let mut wrong = contradiction(&order, fact, mode);
    for (condition, name) in [
        ("session_id = $1", Some(&fact.session_id)),
        ("payment_intent = $1", fact.payment_intent.as_ref()),
    ] {
        let Some(name) = name else { continue };
        let named = order_where(tx, condition, name).await?;
        if named.is_some_and(|named| named.id != order.id) {
            wrong = wrong.or_else(|| Some("it is paid at another order's page".to_owned()));
        }
    }
    if let Some(wrong) = wrong {
        mark_mismatch(tx, &order, &wrong).await?;
        return Ok((TakenIn::Mismatch(order.id, wrong), Some(order.id)));
    }
    let state = state_after(order.state, fact.outcome);
    let paid_now = state == PaymentState::Paid && order.state != PaymentState::Paid;
    let now = tx.now.as_millis();
    let ended = matches!(state, PaymentState::Paid | PaymentState::Failed | PaymentState::Expired);
    query(
        "update payment_order
         set state = $2,
             session_id = coalesce(session_id, $3),
             payment_intent = coalesce(payment_intent, $4),
             paid_at = coalesce(paid_at, $5),
             ask_at = case when $6 then null else ask_at end
         where id = $1",
    )
    .bind(order.id.as_i64())
    .bind(state.name())
    .bind(&fact.session_id)
    .bind(&fact.payment_intent)
    .bind(paid_now.then_some(now))
    .bind(ended)
    .execute(&mut *tx)
    .await?;
    if paid_now {
        add_movement(tx, &order, order.amount.nanos()).await?;
    }
    take_back(tx, order.id).await?;
    Ok((TakenIn::Done(order.id), Some(order.id)))
}

/// Where a notice says something else than what was ordered.
fn contradiction(order: &PaymentRecord, fact: &SessionFact, mode: PaymentMode) -> Option<String> {
    if let Some(wrong) = fact.contradiction {
        return Some(wrong.to_owned());
    }
    if mode != order.mode {
        return Some(format!("its mode is {}", mode.name()));
    }
    if fact.minor != Some(order.minor) {
        return Some(format!("its amount is {:?} of the smallest unit", fact.minor));
    }
    if fact.currency.as_deref() != Some(order.currency.as_str()) {
        return Some(format!("its currency is {:?}", fact.currency));
    }
    if order.session_id.as_ref().is_some_and(|known| *known != fact.session_id) {
        return Some("it is paid at another page".to_owned());
    }
    let other = |known: &String| fact.payment_intent.as_ref().is_some_and(|named| named != known);
    order
        .payment_intent
        .as_ref()
        .is_some_and(other)
        .then(|| "it is another payment than the one before".to_owned())
}

/// Paid is for good; a page that ended takes no more from a state that lies before its end.
const fn state_after(state: PaymentState, outcome: SessionOutcome) -> PaymentState {
    match (state, outcome) {
        (PaymentState::Paid, _) | (_, SessionOutcome::Paid) => PaymentState::Paid,
        (_, SessionOutcome::Failed) => PaymentState::Failed,
        (_, SessionOutcome::Expired) => PaymentState::Expired,
        (PaymentState::Open, SessionOutcome::Pending) => PaymentState::Pending,
        (state, SessionOutcome::Pending | SessionOutcome::Open) => state,
    }
}

async fn mark_mismatch(
    tx: &mut WriteTx,
    order: &PaymentRecord,
    wrong: &str,
) -> Result<(), StoreError> {
    query(
        "update payment_order
         set mismatch = $2,
             state = case when state in ('open', 'pending') then 'mismatch' else state end
         where id = $1",
    )
    .bind(order.id.as_i64())
    .bind(wrong)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

async fn claimed(
    tx: &mut WriteTx,
    claim: &Claim,
    mode: PaymentMode,
) -> Result<(TakenIn, Option<PaymentId>), StoreError> {
    let now = tx.now.as_millis();
    // Refunds only add up. A dispute that is decided is over, whatever is heard of it after that.
    query(
        "insert into payment_claim (id, kind, payment_intent, minor, currency, mode, closed,
             created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (id) do update
         set minor = case
                 when excluded.closed or excluded.minor > payment_claim.minor then excluded.minor
                 else payment_claim.minor
             end,
             closed = excluded.closed
         where not payment_claim.closed",
    )
    .bind(&claim.id)
    .bind(claim.kind.name())
    .bind(&claim.payment_intent)
    .bind(claim.minor)
    .bind(&claim.currency)
    .bind(mode.name())
    .bind(claim.closed)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let found = order_where(tx, "payment_intent = $1", &claim.payment_intent).await?;
    let Some(order) = found else { return Ok((TakenIn::NotOurs, None)) };
    if mode != order.mode || claim.currency != order.currency {
        let wrong = format!("{} {} is of another mode or currency", claim.kind.name(), claim.id);
        mark_mismatch(tx, &order, &wrong).await?;
        return Ok((TakenIn::Mismatch(order.id, wrong), Some(order.id)));
    }
    take_back(tx, order.id).await?;
    Ok((TakenIn::Done(order.id), Some(order.id)))
}

/// Brings what is taken back from the account to what the provider took back of the payment, and
/// never beyond the payment. Before the order is paid there is nothing to take back.
async fn take_back(tx: &mut WriteTx, id: PaymentId) -> Result<(), StoreError> {
    let Some(order) = order_where(tx, "id = $1", id.as_i64()).await? else { return Ok(()) };
    let (PaymentState::Paid, Some(payment_intent)) = (order.state, &order.payment_intent) else {
        return Ok(());
    };
    let (refunded, disputed): (i64, i64) = query(
        "select cast(coalesce(sum(case when kind = 'refund' then minor else 0 end), 0) as bigint),
                cast(coalesce(sum(case when kind = 'dispute' then minor else 0 end), 0) as bigint)
         from payment_claim
         where payment_intent = $1
         and currency = $2
         and mode = $3",
    )
    .bind(payment_intent)
    .bind(&order.currency)
    .bind(order.mode.name())
    .fetch_one(&mut *tx)
    .await?;
    let claimed = refunded.saturating_add(disputed);
    if claimed > order.minor {
        tracing::warn!(order = %id, claimed, paid = order.minor,
            "more of a payment was taken back than was paid: the account bears the payment alone");
    }
    let reversed = claimed.clamp(0, order.minor);
    query(
        "update payment_order
         set refunded = $2, disputed = $3, reversed = $4
         where id = $1",
    )
    .bind(id.as_i64())
    .bind(refunded)
    .bind(disputed)
    .bind(reversed)
    .execute(&mut *tx)
    .await?;
    let owed = reversed.saturating_mul(order.nanos_per_minor());
    let difference = order.reversed.nanos().saturating_sub(owed);
    if difference != 0 {
        add_movement(tx, &order, difference).await?;
    }
    Ok(())
}

/// The next movement of an order, to be posted.
async fn add_movement(
    tx: &mut WriteTx,
    order: &PaymentRecord,
    amount: i64,
) -> Result<(), StoreError> {
    let last: i64 =
        query("select coalesce(max(number), 0) from payment_movement where order_id = $1")
            .bind(order.id.as_i64())
            .fetch_value(&mut *tx)
            .await?;
    let cause = match last {
        0 => format!("payment:{}", order.id),
        _ => format!("payment:{}:{}", order.id, last + 1),
    };
    let now = tx.now.as_millis();
    query(
        "insert into payment_movement (order_id, number, amount, cause, created_at)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(order.id.as_i64())
    .bind(last + 1)
    .bind(amount)
    .bind(cause)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_paid_stays_paid_whatever_is_heard_later() {
        let heard = [
            SessionOutcome::Open,
            SessionOutcome::Pending,
            SessionOutcome::Failed,
            SessionOutcome::Expired,
        ];
        for outcome in heard {
            assert_eq!(state_after(PaymentState::Paid, outcome), PaymentState::Paid);
            let later = state_after(state_after(PaymentState::Open, outcome), SessionOutcome::Paid);
            assert_eq!(later, PaymentState::Paid);
        }
        let ended = state_after(PaymentState::Failed, SessionOutcome::Pending);
        assert_eq!(ended, PaymentState::Failed);
    }
}
