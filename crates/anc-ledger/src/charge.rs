//! Usage × price × multiplier, rounded once, up.

use anc_domain::{Meter, MoneyError, NanoUsd, PpmMultiplier, TokenCount, Usage};
use serde::Serialize;

use crate::PriceSnapshot;

/// Prices are per million units, multipliers per million parts.
const UNITS_PER_PRICE: i128 = 1_000_000;
const PPM: i128 = 1_000_000;

/// One line of a charge's arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ChargeLine {
    /// What was counted.
    pub meter: Meter,
    /// How many units.
    pub units: TokenCount,
    /// What a million of them cost, before the multiplier.
    pub per_million: NanoUsd,
}

/// What a request costs, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Charge {
    /// The sum of the lines times the multiplier, rounded up to a whole nano-dollar.
    pub total: NanoUsd,
    /// One line for each meter that counted something.
    pub lines: Vec<ChargeLine>,
    /// The factor on the sum of the lines.
    pub multiplier: PpmMultiplier,
}

/// The charge for `usage` at `price`.
///
/// The sum is exact in 128 bits and rounded once at its end, up, so that no way of splitting a
/// request makes it cheaper by more than a nano-dollar. Fails only where the result is beyond
/// [`NanoUsd`], which no plausible usage at a legal price reaches.
pub fn charge(usage: &Usage, price: &PriceSnapshot) -> Result<Charge, MoneyError> {
    let lines: Vec<ChargeLine> = usage
        .counted()
        .map(|(meter, units)| ChargeLine {
            meter,
            units,
            per_million: price.price.per_million(meter),
        })
        .collect();
    let mut sum: i128 = 0;
    for line in &lines {
        let cost = i128::from(line.units) * i128::from(line.per_million.nanos());
        sum = sum.checked_add(cost).ok_or(MoneyError::OutOfRange)?;
    }
    let total = round_up(sum, price.multiplier)?;
    Ok(Charge { total, lines, multiplier: price.multiplier })
}

/// The cost of `units` at one price per million: for bounds, by the same arithmetic as a charge.
pub(crate) fn cost_of(
    units: TokenCount,
    per_million: NanoUsd,
    multiplier: PpmMultiplier,
) -> Result<NanoUsd, MoneyError> {
    let cost = i128::from(units) * i128::from(per_million.nanos());
    round_up(cost, multiplier)
}

/// The one place where money is divided.
fn round_up(sum: i128, multiplier: PpmMultiplier) -> Result<NanoUsd, MoneyError> {
    let scaled = sum.checked_mul(i128::from(multiplier.ppm())).ok_or(MoneyError::OutOfRange)?;
    let divisor = UNITS_PER_PRICE * PPM;
    let rounded = scaled.div_euclid(divisor) + i128::from(scaled.rem_euclid(divisor) != 0);
    i64::try_from(rounded).map(NanoUsd::from_nanos).map_err(|_| MoneyError::OutOfRange)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ModelPrice;

    fn snapshot(input: i64, output: i64, ppm: u32) -> PriceSnapshot {
        ModelPrice::flat(NanoUsd::from_nanos(input), NanoUsd::from_nanos(output))
            .snapshot(PpmMultiplier::from_ppm(ppm))
    }

    #[test]
    fn a_charge_is_units_times_price() {
        // 1 000 in at $3 and 500 out at $15 a million: $0.0105.
        let usage = Usage::default().with(Meter::Input, 1_000).with(Meter::Output, 500);
        let price = snapshot(3_000_000_000, 15_000_000_000, 1_000_000);
        assert_eq!(charge(&usage, &price).unwrap().total.to_string(), "0.0105");
    }

    #[test]
    fn a_fraction_of_a_nano_dollar_is_rounded_up_once() {
        let price = snapshot(1, 1, 1_000_000);
        let usage = Usage::default().with(Meter::Input, 1).with(Meter::Output, 1);
        // Two millionths of a nano-dollar: one nano-dollar, not two.
        assert_eq!(charge(&usage, &price).unwrap().total.nanos(), 1);
    }

    #[test]
    fn nothing_used_costs_nothing() {
        let price = snapshot(i64::MAX, i64::MAX, u32::MAX);
        assert_eq!(charge(&Usage::default(), &price).unwrap().total, NanoUsd::ZERO);
    }

    #[test]
    fn a_charge_beyond_64_bits_is_an_error() {
        let price = snapshot(i64::MAX, 0, u32::MAX);
        let usage = Usage::default().with(Meter::Input, Usage::PLAUSIBLE_MAX);
        assert_eq!(charge(&usage, &price), Err(MoneyError::OutOfRange));
    }

    proptest! {
        #[test]
        fn l6_no_charge_is_negative_and_more_units_never_cost_less(
            input in 0_u64..10_000_000, more in 0_u64..1_000, output in 0_u64..10_000_000,
            input_price in 0_i64..1_000_000_000_000, output_price in 0_i64..1_000_000_000_000,
            ppm in 0_u32..10_000_000,
        ) {
            let price = snapshot(input_price, output_price, ppm);
            let usage = Usage::default().with(Meter::Input, input).with(Meter::Output, output);
            let dearer = usage.with(Meter::Input, input + more);
            let total = charge(&usage, &price).unwrap().total;
            prop_assert!(total >= NanoUsd::ZERO);
            prop_assert!(charge(&dearer, &price).unwrap().total >= total);
        }

        #[test]
        fn splitting_a_request_is_cheaper_by_less_than_a_nano_dollar(
            units in 1_u64..1_000_000, part in 0_u64..1_000_000, price in 0_i64..1_000_000_000_000,
        ) {
            let part = part.min(units);
            let whole = snapshot(price, 0, 1_000_000);
            let cost = |n| charge(&Usage::default().with(Meter::Input, n), &whole).unwrap().total;
            let split = cost(part).nanos() + cost(units - part).nanos();
            prop_assert!(split >= cost(units).nanos());
        }
    }
}
