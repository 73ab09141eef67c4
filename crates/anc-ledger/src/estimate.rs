//! From what a request asks to what is held for it.

use anc_domain::{MoneyError, NanoUsd, TokenCount, Usage};

use crate::charge::cost_of;
use crate::{HoldAsk, Otherwise, PriceSnapshot};

/// How far the output of a request can go, and by how much a stream's hold grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputBound {
    /// The most units that the answer can have: the smallest of what the request, the model and
    /// the operator allow, times the number of answers asked for.
    pub most: TokenCount,
    /// The units that a stream must be able to pay for to begin or to go on.
    pub step: TokenCount,
}

/// The parts from which a hold, its growth and a lowered bound are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldBounds {
    /// What the request asks to be held.
    pub ask: HoldAsk,
    /// What its input can cost at worst.
    pub input: NanoUsd,
    /// What one step of output can cost at worst.
    pub step: NanoUsd,
    /// What the calls of hosted tools can cost.
    pub calls: NanoUsd,
}

impl HoldBounds {
    /// What of a granted hold is for output: without the money for calls, unless hardly any would
    /// be left.
    pub fn for_output(&self, granted: NanoUsd) -> NanoUsd {
        let left = granted.checked_sub(self.input).unwrap_or_default();
        let without = left.checked_sub(self.calls).unwrap_or_default();
        if without < self.step { left } else { without }
    }
}

/// What calls of tools can cost, each kind at its dearest price.
fn cost_of_calls(calls: &Usage, price: &PriceSnapshot) -> Result<NanoUsd, MoneyError> {
    calls.counted().try_fold(NanoUsd::ZERO, |sum, (meter, times)| {
        sum.checked_add(cost_of(times, price.dearest_per_million(meter), price.multiplier)?)
    })
}

/// What to hold for a request of `input` units: the input at the dearest rate that its meters can
/// have at that length, the output bound at the dearest rate of its own, the request itself, and
/// `calls` of tools that the provider bills. A stream may begin without money for these: it is not
/// known whether there will be any.
pub fn hold_bounds(
    input: TokenCount,
    calls: &Usage,
    output: OutputBound,
    otherwise: Otherwise,
    price: &PriceSnapshot,
) -> Result<HoldBounds, MoneyError> {
    let dearest_output = price.dearest_output_per_million(input);
    let dearest_input = price.dearest_input_per_million(input);
    let request = cost_of(1, price.request_per_million(), price.multiplier)?;
    let input = cost_of(input, dearest_input, price.multiplier)?.checked_add(request)?;
    let most = cost_of(output.most, dearest_output, price.multiplier)?;
    let step = cost_of(output.step.min(output.most), dearest_output, price.multiplier)?;
    let calls = cost_of_calls(calls, price)?;
    let (full, least) = (input.checked_add(most)?.checked_add(calls)?, input.checked_add(step)?);
    let ask = HoldAsk { full, least, otherwise };
    Ok(HoldBounds { ask, input, step, calls })
}

/// How many units of output `money` pays for at the dearest rate that they can have behind `input`
/// units; the bound that a unary answer is lowered to where its full hold does not fit.
pub fn affordable_output(money: NanoUsd, input: TokenCount, price: &PriceSnapshot) -> TokenCount {
    let per_million = i128::from(price.dearest_output_per_million(input).nanos());
    let rate = per_million * i128::from(price.multiplier.ppm());
    if rate == 0 {
        return TokenCount::MAX;
    }
    // Rounded down here since a charge is rounded up: what this allows is always paid for.
    let units = i128::from(money.nanos().max(0)) * 1_000_000 * 1_000_000 / rate;
    TokenCount::try_from(units).unwrap_or(TokenCount::MAX)
}

#[cfg(test)]
mod tests {
    use anc_domain::{Meter, PpmMultiplier};
    use proptest::prelude::*;

    use super::*;
    use crate::{ModelPrice, Part, PriceRule, Rates, charge};

    proptest! {
        #[test]
        fn a_full_hold_covers_every_charge_within_its_bounds(
            input in 0_u64..1_000_000, cached in 0_u64..1_000_000, output in 0_u64..200_000,
            reasoning in 0_u64..200_000, ppm in 0_u32..5_000_000,
            prices in prop::array::uniform4(0_i64..1_000_000_000_000),
            above in 0_u64..2_000_000, part in prop_oneof![Just(Part::Whole), Just(Part::Above)],
        ) {
            let [base, out, read, write] = prices.map(NanoUsd::from_nanos);
            let rates = Rates {
                cached_input: Some(read),
                cache_write: Some(write),
                request: Some(write),
                web_search: Some(read),
                ..Rates::flat(base, out)
            };
            let long = PriceRule {
                input_above: Some(above),
                part,
                input: Some(write),
                output: (part == Part::Whole).then_some(read),
                ..PriceRule::default()
            };
            let model = ModelPrice { rates, rules: vec![long] };
            let price = model.snapshot(PpmMultiplier::from_ppm(ppm));
            let calls = Usage::default().with(Meter::WebSearch, 3);
            let bound = OutputBound { most: output + reasoning, step: 256 };
            let bounds = hold_bounds(input + cached, &calls, bound, Otherwise::Least, &price).unwrap();
            let usage = Usage::default()
                .with(Meter::Input, input)
                .with(Meter::CachedInput, cached)
                .with(Meter::Output, output)
                .with(Meter::Reasoning, reasoning)
                .with(Meter::WebSearch, 3)
                .with(Meter::Request, 1);
            prop_assert!(charge(&usage, &price).unwrap().total <= bounds.ask.full);
            prop_assert!(bounds.ask.least <= bounds.ask.full);
        }

        #[test]
        fn what_is_affordable_is_paid_for(
            money in 0_i64..1_000_000_000_000, out in 1_i64..1_000_000_000_000, ppm in 1_u32..5_000_000,
        ) {
            let price = ModelPrice::flat(NanoUsd::ZERO, NanoUsd::from_nanos(out))
                .snapshot(PpmMultiplier::from_ppm(ppm));
            let units = affordable_output(NanoUsd::from_nanos(money), 0, &price);
            let cost = cost_of(units, price.dearest_output_per_million(0), price.multiplier).unwrap();
            prop_assert!(cost.nanos() <= money);
        }
    }

    #[test]
    fn an_answer_shorter_than_a_step_is_held_whole() {
        let price =
            ModelPrice::flat(NanoUsd::ZERO, NanoUsd::from_dollars(1)).snapshot(PpmMultiplier::ONE);
        let bounds = hold_bounds(
            0,
            &Usage::default(),
            OutputBound { most: 10, step: 256 },
            Otherwise::Least,
            &price,
        )
        .unwrap();
        assert_eq!(bounds.ask.full, bounds.ask.least);
    }
}
