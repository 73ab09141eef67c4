//! What a request costs the operator, beside what it is charged.

use anc_domain::{MoneyError, NanoUsd, PpmMultiplier, Usage};

use crate::{PriceSnapshot, charge};

/// The cost of `usage` to the operator whose provider bills `multiplier` times the price book.
///
/// The arithmetic is that of [`charge`], rounded once, up; the multiplier of the channel stands
/// where that of tier and group did. Fails only where the result is beyond [`NanoUsd`].
pub fn own_cost(
    usage: &Usage,
    price: &PriceSnapshot,
    multiplier: PpmMultiplier,
) -> Result<NanoUsd, MoneyError> {
    Ok(charge(usage, &PriceSnapshot { multiplier, ..price.clone() })?.total)
}

#[cfg(test)]
mod tests {
    use anc_domain::Meter;
    use proptest::prelude::*;

    use super::*;
    use crate::ModelPrice;

    fn snapshot(input: i64, output: i64, ppm: u32) -> PriceSnapshot {
        ModelPrice::flat(NanoUsd::from_nanos(input), NanoUsd::from_nanos(output))
            .snapshot(PpmMultiplier::from_ppm(ppm))
    }

    #[test]
    fn a_discount_of_the_provider_is_the_operators() {
        // 1 000 in at $3 a million, sold at twice that and bought for four fifths.
        let usage = Usage::default().with(Meter::Input, 1_000);
        let price = snapshot(3_000_000_000, 0, 2_000_000);
        let cost = |ppm| own_cost(&usage, &price, PpmMultiplier::from_ppm(ppm)).unwrap();
        assert_eq!(charge(&usage, &price).unwrap().total.to_string(), "0.006");
        assert_eq!(cost(800_000).to_string(), "0.0024");
        assert_eq!(cost(0), NanoUsd::ZERO);
    }

    #[test]
    fn a_cost_beyond_64_bits_is_an_error() {
        let usage = Usage::default().with(Meter::Input, Usage::PLAUSIBLE_MAX);
        let price = snapshot(i64::MAX, 0, 0);
        let most = PpmMultiplier::from_ppm(u32::MAX);
        assert_eq!(own_cost(&usage, &price, most), Err(MoneyError::OutOfRange));
    }

    proptest! {
        #[test]
        fn the_multiplier_of_the_tier_does_not_move_the_cost(
            input in 0_u64..10_000_000, output in 0_u64..10_000_000,
            price in 0_i64..1_000_000_000_000, tier in 0_u32..10_000_000,
            ppm in 0_u32..10_000_000,
        ) {
            let usage = Usage::default().with(Meter::Input, input).with(Meter::Output, output);
            let multiplier = PpmMultiplier::from_ppm(ppm);
            let cost = own_cost(&usage, &snapshot(price, price, tier), multiplier);
            let charged = charge(&usage, &snapshot(price, price, ppm)).map(|charge| charge.total);
            prop_assert_eq!(cost, charged);
        }
    }
}
