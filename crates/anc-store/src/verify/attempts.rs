//! What attempts that failed cost the operator, computed again.

use anc_ledger::PriceSnapshot;
use sqlx::FromRow;

use super::book::cost_again;
use super::faults::Faults;
use crate::sql::{Tx, query};
use crate::{StoreError, row};

/// Attempts of one read.
const PAGE: i64 = 10_000;

#[derive(FromRow)]
struct AttemptRow {
    request_id: Vec<u8>,
    attempt: i64,
    units: String,
    price: String,
    cost: i64,
    cost_ppm: i64,
}

impl AttemptRow {
    fn cost_again(&self) -> Option<i64> {
        let usage = row::usage_from_text(&self.units).ok()?;
        let price: PriceSnapshot = serde_json::from_str(&self.price).ok()?;
        cost_again(&usage, &price, Some(self.cost_ppm))
    }
}

/// Attempts whose cost is not what their units and price make.
pub(super) async fn wrong(tx: &mut Tx) -> Result<Faults, StoreError> {
    let mut faults = Faults::default();
    let mut after = (Vec::new(), 0);
    loop {
        let rows: Vec<AttemptRow> = query(
            "select request_id, attempt, units, price, cost, cost_ppm
             from failed_attempt
             where (request_id, attempt) > ($1, $2)
             order by request_id, attempt
             limit $3",
        )
        .bind(after.0.as_slice())
        .bind(after.1)
        .bind(PAGE)
        .fetch_all(&mut *tx)
        .await?;
        let Some(last) = rows.last() else { return Ok(faults) };
        after = (last.request_id.clone(), last.attempt);
        for one in &rows {
            let (again, stored) = (one.cost_again(), one.cost);
            if again != Some(stored) {
                let id = row::hex(&one.request_id);
                faults.note(|| {
                    format!("a failed attempt of {id} has cost {stored}, computed again {again:?}")
                });
            }
        }
    }
}
