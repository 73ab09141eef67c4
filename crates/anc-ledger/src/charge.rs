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
    /// One line for each meter that counted something, or several where its units have several
    /// prices.
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
    let lines = lines(usage, price);
    let mut sum: i128 = 0;
    for line in &lines {
        let cost = i128::from(line.units) * i128::from(line.per_million.nanos());
        sum = sum.checked_add(cost).ok_or(MoneyError::OutOfRange)?;
    }
    let total = round_up(sum, price.multiplier)?;
    Ok(Charge { total, lines, multiplier: price.multiplier })
}

/// Units × price, meter by meter; a meter whose units have several prices has a line for each.
fn lines(usage: &Usage, price: &PriceSnapshot) -> Vec<ChargeLine> {
    let input = usage.input_total();
    let steps = price.steps(input);
    if let [_] = steps.as_slice() {
        let rates = price.rates(input, 0);
        let line =
            |(meter, units)| ChargeLine { meter, units, per_million: rates.per_million(meter) };
        return usage.counted().map(line).collect();
    }
    let ends = steps.iter().skip(1).copied().chain([TokenCount::MAX]);
    let spans: Vec<_> =
        steps.iter().zip(ends).map(|(start, end)| (end, price.rates(input, *start))).collect();
    let mut lines = Vec::new();
    let mut position = 0;
    for meter in INPUT_ORDER {
        let mut left = usage.get(meter);
        for (end, rates) in &spans {
            let units = left.min(end.saturating_sub(position));
            if units > 0 {
                lines.push(ChargeLine { meter, units, per_million: rates.per_million(meter) });
            }
            (position, left) = (position + units, left - units);
        }
    }
    let rates = price.rates(input, 0);
    let others = usage.counted().filter(|(meter, _)| !meter.is_input());
    lines.extend(others.map(|(meter, units)| {
        let per_million = rates.per_million(meter);
        ChargeLine { meter, units, per_million }
    }));
    lines
}

/// In which order input lies before a threshold: a cache holds the beginning of a request, and what
/// is written to one follows what was read from it.
const INPUT_ORDER: [Meter; 7] = [
    Meter::CachedInput,
    Meter::CacheWrite5m,
    Meter::CacheWrite1h,
    Meter::CacheWriteOther,
    Meter::InputAudio,
    Meter::InputImage,
    Meter::Input,
];

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

    fn priced(text: &str) -> PriceSnapshot {
        let price: ModelPrice = serde_json::from_str(text).unwrap();
        price.check().unwrap();
        price.snapshot(PpmMultiplier::ONE)
    }

    #[test]
    fn every_kind_of_input_has_its_place() {
        let mut inputs: Vec<Meter> =
            Meter::ALL.into_iter().filter(|meter| meter.is_input()).collect();
        let mut order = INPUT_ORDER.to_vec();
        inputs.sort_unstable();
        order.sort_unstable();
        assert_eq!(inputs, order);
    }

    #[test]
    fn beyond_its_threshold_the_whole_request_has_the_other_price() {
        let price = priced(
            r#"{"input":"2","output":"10","cached_input":"0.2",
                "rules":[{"input_above":200000,"input":"4","output":"15"}]}"#,
        );
        let total = |input, cached| {
            let usage = Usage::default()
                .with(Meter::Input, input)
                .with(Meter::CachedInput, cached)
                .with(Meter::Output, 1_000);
            charge(&usage, &price).unwrap().total.to_string()
        };
        assert_eq!(total(200_000, 0), "0.41");
        // One unit more, and input and output cost more; what the rule does not name stays.
        assert_eq!(total(200_001, 0), "0.815004");
        assert_eq!(total(1, 200_000), "0.055004");
    }

    #[test]
    fn above_a_threshold_the_input_beyond_it_has_the_other_price() {
        let price = priced(
            r#"{"input":"1","output":"10","cached_input":"0.5",
                "rules":[{"input_above":1000,"part":"above","input":"2","cached_input":"1"},
                         {"input_above":3000,"part":"above","input":"3"}]}"#,
        );
        let usage = Usage::default()
            .with(Meter::CachedInput, 1_500)
            .with(Meter::Input, 2_500)
            .with(Meter::Output, 7);
        let lines: Vec<_> = charge(&usage, &price)
            .unwrap()
            .lines
            .iter()
            .map(|line| (line.meter, line.units, line.per_million.to_string()))
            .collect();
        assert_eq!(
            lines,
            [
                (Meter::CachedInput, 1_000, "0.5".to_owned()),
                (Meter::CachedInput, 500, "1".to_owned()),
                (Meter::Input, 1_500, "2".to_owned()),
                (Meter::Input, 1_000, "3".to_owned()),
                (Meter::Output, 7, "10".to_owned()),
            ]
        );
    }

    proptest! {
        #[test]
        fn no_unit_is_lost_between_the_parts_of_a_price(
            units in prop::array::uniform4(0_u64..5_000),
            thresholds in prop::array::uniform3(0_u64..12_000),
        ) {
            let rules: Vec<String> = thresholds
                .iter()
                .map(|above| format!(r#"{{"input_above":{above},"part":"above","input":"3"}}"#))
                .collect();
            let price = priced(&format!(r#"{{"input":"1","output":"1","rules":[{}]}}"#, rules.join(",")));
            let meters = [Meter::Input, Meter::CachedInput, Meter::CacheWrite1h, Meter::Output];
            let usage = meters.into_iter().zip(units).fold(Usage::default(), |usage, (meter, units)| {
                usage.with(meter, units)
            });
            let charge = charge(&usage, &price).unwrap();
            for meter in Meter::ALL {
                let counted: u64 =
                    charge.lines.iter().filter(|line| line.meter == meter).map(|line| line.units).sum();
                prop_assert_eq!(counted, usage.get(meter));
            }
            // From the least threshold on, each unit of input costs two more.
            let input = usage.input_total();
            let beyond = input.saturating_sub(thresholds.into_iter().min().unwrap_or(0));
            let expected = input + usage.get(Meter::Output) + 2 * beyond;
            prop_assert_eq!(u64::try_from(charge.total.nanos()).unwrap(), expected * 1_000);
        }

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
