//! Holds whose process died while their requests ran: on SQLite an earlier life of this one, on
//! PostgreSQL any node whose heartbeat has stopped.

use std::sync::Arc;
use std::time::Duration;

use anc_domain::{Meter, UnixMillis, Usage};
use anc_ledger::{EndReason, PriceSnapshot};

use super::Settlement;
use super::engine::Engine;
use super::op::{Op, Progress, SettleOp, Ticket};
use crate::{StoreError, row};

/// Holds that are closed in one transaction, and in one turn of a writer that has others to serve.
const PAGE: i64 = 500;

/// A hold whose process is gone.
#[derive(sqlx::FromRow)]
pub(super) struct Orphan {
    pub(super) request_id: Vec<u8>,
    pub(super) account_id: i64,
    pub(super) token_id: i64,
    pub(super) model: String,
    pub(super) input_estimate: i64,
    pub(super) price: String,
    pub(super) stream: bool,
    pub(super) observed: Option<String>,
}

/// A round through the holds of nodes that are gone, page by page.
#[derive(Default)]
pub(super) struct Round {
    /// The last request that was looked at.
    after: Vec<u8>,
    /// How many holds were closed.
    pub(super) closed: usize,
    /// Nodes whose heartbeat is older are gone.
    silent_for: Duration,
}

impl Round {
    pub(super) fn new(silent_for: Duration) -> Self {
        Self { silent_for, ..Self::default() }
    }

    /// Charges each hold of a page its input and its last recorded progress, marked `interrupted`
    /// and `estimated`, and gives back the rest. True while there may be more.
    pub(super) fn close_page(
        &mut self,
        engine: &mut Engine,
        now: UnixMillis,
    ) -> Result<bool, StoreError> {
        let page = engine.orphans(&self.after, PAGE, self.silent_for)?;
        let Some(end) = page.last() else {
            return Ok(false);
        };
        self.after.clone_from(&end.request_id);
        let mut ops = Vec::with_capacity(page.len());
        for orphan in page {
            let request_id = row::hex(&orphan.request_id);
            match settle_op(orphan) {
                Ok(op) => ops.push(op),
                Err(error) => stays_open(&request_id, &error),
            }
        }
        self.close(engine, &ops, now)?;
        Ok(true)
    }

    /// All in one transaction; where one of them cannot be closed, by halves.
    fn close(
        &mut self,
        engine: &mut Engine,
        ops: &[Op],
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        match (ops, engine.run(ops, now)) {
            (_, Ok(_)) => self.closed += ops.len(),
            ([Op::Settle(only)], Err(error @ StoreError::Corrupt(_))) => {
                stays_open(&row::hex(&only.ticket.request_id), &error);
            }
            ([_, ..], Err(StoreError::Corrupt(_))) if ops.len() > 1 => {
                let (one, other) = ops.split_at(ops.len() / 2);
                self.close(engine, one, now)?;
                self.close(engine, other, now)?;
            }
            (_, Err(error)) => return Err(error),
        }
        Ok(())
    }
}

/// What is held stays held, for a person to look at; the others go on.
fn stays_open(request_id: &str, error: &StoreError) {
    metrics::counter!("anc_ledger_refused_total", "operation" => "orphan").increment(1);
    tracing::error!(request_id, %error, "could not close a hold of a node that is gone");
}

/// A whole round at once: for a start, which serves nobody yet. Gives how many were closed.
pub(super) fn close_orphans(
    engine: &mut Engine,
    now: UnixMillis,
    silent_for: Duration,
) -> Result<usize, StoreError> {
    let mut round = Round::new(silent_for);
    while round.close_page(engine, now)? {}
    Ok(round.closed)
}

fn settle_op(orphan: Orphan) -> Result<Op, StoreError> {
    let price: PriceSnapshot = serde_json::from_str(&orphan.price).map_err(StoreError::corrupt)?;
    let usage = usage_to_charge(orphan.input_estimate, orphan.observed.as_deref())?;
    let charge = anc_ledger::charge(&usage, &price).map_err(StoreError::corrupt)?.total;
    let ticket = Ticket {
        request_id: row::request_id(&orphan.request_id)?.to_bytes(),
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
        price_text: None,
        // Which channel had answered went with the process.
        own_cost: None,
        for_gone_node: true,
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
