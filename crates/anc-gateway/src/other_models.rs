//! Passes that another model made of an answer: an adviser's, or a substitute's for one that was
//! refused. Each is charged at its own model's price and has a usage row of its own, beside that of
//! the answer, so that both rows hold the price by which they can be recomputed.

use std::sync::Arc;

use anc_domain::{Meter, ModelName, NanoUsd, RequestId, Usage};
use anc_ledger::PriceSnapshot;
use anc_store::{OpenHold, Settlement};
use anc_wire::{ModelUse, Observed};

use crate::Gateway;

/// Shorter numbers behind a model's name are versions and no dates.
const DATE_DIGITS_MIN: usize = 6;

/// Whether a provider's name of a model is that of the one that was asked for: the name itself, or
/// one of its dated versions.
fn is_asked_for(asked: &str, named: &str) -> bool {
    let Some(rest) = named.strip_prefix(asked) else { return false };
    let date = rest.strip_prefix(['-', '@']).unwrap_or_default();
    rest.is_empty()
        || (date.len() >= DATE_DIGITS_MIN && date.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Settles what other models than `asked` made of a finished answer, and takes it out of what was
/// observed of the answer itself. `settlement` is the answer's, for all but the usage. What cannot
/// be settled so stays where it was, and is charged at the price of the model that was asked for.
/// Gives the charge.
pub(crate) async fn settle_apart(
    gateway: &Gateway,
    hold: &OpenHold,
    asked: &str,
    observed: &mut Observed,
    settlement: &Settlement,
) -> NanoUsd {
    let uses = std::mem::take(&mut observed.by_model);
    let mut charged = NanoUsd::ZERO;
    for one in uses.iter().filter(|one| !is_asked_for(asked, &one.model)) {
        let Some(apart) = hold_apart(gateway, hold, one).await else { continue };
        let Some(whole) = observed.reported else { break };
        // Before the settle, which is queued by the call itself: whoever settles the rest, should
        // the client leave meanwhile, must not charge this again.
        let counted = observed.output_units;
        observed.reported = Some(without(whole, &one.usage));
        observed.output_units = counted.saturating_sub(one.usage.output_total());
        let own = Settlement { usage: one.usage, raw_usage: None, ..settlement.clone() };
        match apart.settle(own).await {
            Ok(charge) => charged = charged.checked_add(charge).unwrap_or(NanoUsd::MAX),
            Err(error) => {
                tracing::error!(%error, "a pass of another model was not settled apart");
                (observed.reported, observed.output_units) = (Some(whole), counted);
            }
        }
    }
    observed.by_model = Arc::default();
    charged
}

/// A hold for what another model made, if it has a price.
async fn hold_apart(gateway: &Gateway, hold: &OpenHold, one: &ModelUse) -> Option<OpenHold> {
    let model: ModelName = one.model.parse().ok()?;
    let (catalog, now) = (gateway.catalog.load(), gateway.clock.now());
    let dated = catalog.price(&model, now)?;
    let promised = hold.price();
    let price = PriceSnapshot {
        group_multiplier: promised.group_multiplier,
        version: Some(dated.version),
        ..dated.price.snapshot(promised.multiplier)
    };
    let request_id = RequestId::generate(gateway.clock.now(), &*gateway.entropy);
    hold.beside(request_id, model, price).await.ok()?.ok()
}

fn without(whole: Usage, part: &Usage) -> Usage {
    Meter::ALL.into_iter().fold(whole, |rest, meter| {
        rest.with(meter, rest.get(meter).saturating_sub(part.get(meter)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dated_version_of_the_model_is_no_other_model() {
        for named in ["claude-opus-5", "claude-opus-5-20260701", "claude-opus-5@20260701"] {
            assert!(is_asked_for("claude-opus-5", named), "{named}");
        }
        for named in ["claude-opus-5-5", "claude-opus-5-fast", "claude-opus", "claude-sonnet-5"] {
            assert!(!is_asked_for("claude-opus-5", named), "{named}");
        }
    }

    #[test]
    fn a_part_is_taken_out_of_the_whole() {
        let whole = Usage::default().with(Meter::Input, 10).with(Meter::WebSearch, 2);
        let part = Usage::default().with(Meter::Input, 4).with(Meter::Output, 1);
        let rest = Usage::default().with(Meter::Input, 6).with(Meter::WebSearch, 2);
        assert_eq!(without(whole, &part), rest);
    }
}
