//! Movements to the ledger. A cause is posted once, so that this may be done any number of times.

use anc_domain::{AccountId, NanoUsd, PaymentId};
use sqlx::FromRow;

use super::Payments;
use crate::StoreError;
use crate::ledger::{Credit, EntryKind};
use crate::sql::query;

/// Movements posted at one go; more wait for the next.
const POSTED_MAX: i64 = 500;

#[derive(FromRow)]
struct MovementRow {
    order_id: i64,
    number: i64,
    amount: i64,
    cause: String,
    account_id: i64,
}

impl Payments<'_> {
    /// Posts the movements that are still to be posted, of one order or of all, and gives how many
    /// there were. One that cannot be posted keeps none of the others back.
    pub async fn post(&self, order: Option<PaymentId>) -> Result<u64, StoreError> {
        let mut sql = query(
            "select m.order_id, m.number, m.amount, m.cause, o.account_id
             from payment_movement m
             join payment_order o on o.id = m.order_id
             where m.posted_at is null",
        );
        if let Some(order) = order {
            sql.push(" and m.order_id = ").push_bind(order.as_i64());
        }
        sql.push(" order by m.order_id, m.number limit ").push_bind(POSTED_MAX);
        let rows: Vec<MovementRow> = sql.fetch_all(&self.db.readers).await?;
        let (mut posted, mut failure) = (0, None);
        for row in rows {
            match self.post_one(&row).await {
                Ok(()) => posted += 1,
                Err(error) => {
                    let order = PaymentId::from_i64(row.order_id);
                    tracing::error!(%order, %error, "a payment's movement could not be posted");
                    failure = Some(error);
                }
            }
        }
        failure.map_or(Ok(posted), Err)
    }

    async fn post_one(&self, row: &MovementRow) -> Result<(), StoreError> {
        let order = PaymentId::from_i64(row.order_id);
        let amount = NanoUsd::from_nanos(row.amount);
        let (kind, reason) = match (amount.is_negative(), row.number) {
            (true, _) => (EntryKind::Reversal, format!("refund or dispute of payment {order}")),
            (false, 1) => (EntryKind::Payment, format!("payment {order}")),
            (false, _) => (EntryKind::Payment, format!("dispute of payment {order} was won")),
        };
        let credit = Credit {
            account_id: AccountId::from_i64(row.account_id),
            amount,
            kind,
            reason,
            cause: row.cause.clone(),
        };
        self.ledger.credit(credit).await?;
        let mut tx = self.db.write().await?;
        let now = tx.now.as_millis();
        query(
            "update payment_movement
             set posted_at = $3
             where order_id = $1
             and number = $2
             and posted_at is null",
        )
        .bind(row.order_id)
        .bind(row.number)
        .bind(now)
        .execute(&mut tx)
        .await?;
        tx.commit().await
    }
}
