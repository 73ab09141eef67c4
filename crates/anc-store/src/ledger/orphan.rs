//! Holds of an earlier life: the process died while their requests ran.

use std::sync::Arc;

use anc_domain::{Meter, RequestId, UnixMillis, Usage};
use anc_ledger::{EndReason, PriceSnapshot};

use super::Settlement;
use super::op::{Op, Progress, SettleOp, Ticket};
use super::sqlite::LedgerDb;
use crate::{StoreError, row};

/// Holds closed in one transaction.
const PAGE: i64 = 500;

struct Orphan {
    request_id: [u8; 16],
    account_id: i64,
    token_id: i64,
    model: String,
    input_estimate: i64,
    price: String,
    stream: bool,
    observed: Option<String>,
}

/// Charges each of them its input and its last recorded progress, marked `interrupted` and
/// `estimated`, and gives back the rest. Gives how many there were.
pub(super) fn close_earlier_holds(db: &LedgerDb, now: UnixMillis) -> Result<usize, StoreError> {
    let (mut closed, mut last) = (0, Vec::new());
    loop {
        let page = read_page(db, &last)?;
        let Some(end) = page.last() else {
            return Ok(closed);
        };
        last = end.request_id.to_vec();
        for orphan in page {
            let request_id = RequestId::from_bytes(orphan.request_id);
            let done = settle_op(orphan).and_then(|op| db.run(&[op], now));
            match done {
                Ok(_) => closed += 1,
                // What is held stays held, for a person to look at; the others go on.
                Err(StoreError::Corrupt(error)) => {
                    tracing::error!(%request_id, error, "could not close a hold of an earlier life");
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn read_page(db: &LedgerDb, after: &[u8]) -> Result<Vec<Orphan>, StoreError> {
    db.transaction(|connection| {
        let mut statement = connection.prepare_cached(
            "select request_id, account_id, token_id, model, input_estimate, price, stream, observed
             from hold
             where node_id <> ?1
             and request_id > ?2
             order by request_id
             limit ?3",
        )?;
        let rows = statement.query_map(rusqlite::params![db.node_id(), after, PAGE], |row| {
            Ok(Orphan {
                request_id: row.get(0)?,
                account_id: row.get(1)?,
                token_id: row.get(2)?,
                model: row.get(3)?,
                input_estimate: row.get(4)?,
                price: row.get(5)?,
                stream: row.get(6)?,
                observed: row.get(7)?,
            })
        })?;
        let orphans: Result<Vec<Orphan>, rusqlite::Error> = rows.collect();
        Ok(orphans?)
    })
}

fn settle_op(orphan: Orphan) -> Result<Op, StoreError> {
    let price: PriceSnapshot = serde_json::from_str(&orphan.price).map_err(StoreError::corrupt)?;
    let usage = usage_to_charge(orphan.input_estimate, orphan.observed.as_deref())?;
    let charge = anc_ledger::charge(&usage, &price).map_err(StoreError::corrupt)?.total;
    let ticket = Ticket {
        request_id: orphan.request_id,
        account_id: orphan.account_id,
        token_id: orphan.token_id,
        model: orphan.model.parse().map_err(StoreError::corrupt)?,
        price,
        price_text: orphan.price.into_boxed_str(),
        stream: orphan.stream,
        progress: Progress::default().into(),
    };
    Ok(Op::Settle(Box::new(SettleOp {
        ticket: Arc::new(ticket),
        settlement: Settlement {
            estimated: true,
            ..Settlement::new(EndReason::Interrupted, usage)
        },
        charge,
        reply: None,
    })))
}

/// What was observed; and the estimate of the input, unless the provider had told the input.
fn usage_to_charge(input_estimate: i64, observed: Option<&str>) -> Result<Usage, StoreError> {
    let observed = observed.map(row::usage_from_text).transpose()?.unwrap_or_default();
    if observed.input_total() > 0 {
        return Ok(observed);
    }
    Ok(observed.with(Meter::Input, row::count(input_estimate)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_input_is_charged_once() {
        let told = usage_to_charge(100, Some(r#"{"cached_input":90,"output":7}"#)).unwrap();
        assert_eq!((told.input_total(), told.output_total()), (90, 7));
        let counted = usage_to_charge(100, Some(r#"{"output":7}"#)).unwrap();
        assert_eq!((counted.input_total(), counted.output_total()), (100, 7));
        assert_eq!(usage_to_charge(100, None).unwrap().input_total(), 100);
    }
}
