//! Figures of a list, taken from their text: no float ever stands between it and a price.

use anc_domain::NanoUsd;

/// Powers of ten that 128 bits carry.
const POWER_MAX: i32 = 38;

/// Dollars for one unit, as nano-dollars for a million of them: ×10⁶ units, ×10⁹ nano-dollars.
const OF_ONE_UNIT: i32 = 15;
/// Dollars for a thousand units, as nano-dollars for a million.
const OF_A_THOUSAND: i32 = 12;

/// Why a text is no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FigureFault {
    /// Not a number as JSON has them, or one below zero or beyond all reason.
    NotAPrice,
    /// It has more digits than nano-dollars can carry.
    TooPrecise,
}

/// The price of a million units from the JSON number that one unit costs in dollars.
pub(super) fn of_one_unit(text: &str) -> Result<NanoUsd, FigureFault> {
    Ok(NanoUsd::from_nanos(scaled(text, OF_ONE_UNIT)?))
}

/// The price of a million units from what a thousand cost.
pub(super) fn of_a_thousand(text: &str) -> Result<NanoUsd, FigureFault> {
    Ok(NanoUsd::from_nanos(scaled(text, OF_A_THOUSAND)?))
}

/// A whole number, however it is written: `256000`, `256000.0`, `2.56e5`.
pub(super) fn whole(text: &str) -> Result<u64, FigureFault> {
    u64::try_from(scaled(text, 0)?).map_err(|_| FigureFault::NotAPrice)
}

/// A price times a factor such as `1.1`, where the product is a whole number of nano-dollars.
pub(super) fn times(price: NanoUsd, factor: &str) -> Result<NanoUsd, FigureFault> {
    const PLACES: i32 = 6;
    let millionths = scaled(factor, PLACES)?;
    let product = i128::from(price.nanos()) * i128::from(millionths);
    let one = 10_i128.pow(PLACES.unsigned_abs());
    if product % one != 0 {
        return Err(FigureFault::TooPrecise);
    }
    let nanos = i64::try_from(product / one).map_err(|_| FigureFault::NotAPrice)?;
    Ok(NanoUsd::from_nanos(nanos))
}

/// The number times ten to the power, which must be whole and at least zero.
fn scaled(text: &str, power: i32) -> Result<i64, FigureFault> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            (mantissa, exponent.parse::<i32>().map_err(|_| FigureFault::NotAPrice)?)
        }
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FigureFault::NotAPrice);
    }
    let digits = digits.trim_start_matches('0');
    let figure = digits.trim_end_matches('0');
    if figure.is_empty() {
        return Ok(0);
    }
    let places = |text: &str| i32::try_from(text.len()).map_err(|_| FigureFault::NotAPrice);
    let shift = exponent
        .checked_add(power)
        .and_then(|shift| shift.checked_sub(places(fraction).ok()?))
        .and_then(|shift| shift.checked_add(places(digits).ok()? - places(figure).ok()?))
        .ok_or(FigureFault::NotAPrice)?;
    if shift < 0 {
        return Err(FigureFault::TooPrecise);
    }
    if shift > POWER_MAX {
        return Err(FigureFault::NotAPrice);
    }
    let figure: i128 = figure.parse().map_err(|_| FigureFault::NotAPrice)?;
    figure
        .checked_mul(10_i128.pow(shift.unsigned_abs()))
        .and_then(|nanos| i64::try_from(nanos).ok())
        .ok_or(FigureFault::NotAPrice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_read_digit_by_digit() {
        for (text, dollars) in [
            ("1.5e-07", "0.15"),
            ("1.25E-6", "1.25"),
            ("0.0000025", "2.5"),
            ("3.75e-05", "37.5"),
            ("6e-09", "0.006"),
            ("0.0", "0"),
            ("0e400", "0"),
            ("1e-15", "0.000000001"),
            ("0.01", "10000"),
            ("100e-8", "1"),
        ] {
            assert_eq!(of_one_unit(text).unwrap().to_string(), dollars, "{text}");
        }
        assert_eq!(of_a_thousand("2.5").unwrap().to_string(), "2500");
        assert_eq!(whole("256000.0"), Ok(256_000));
    }

    #[test]
    fn what_would_have_to_be_rounded_is_not_taken() {
        for text in ["1e-16", "1.0499999999999998e-06", "0.00000000000000012"] {
            assert_eq!(of_one_unit(text), Err(FigureFault::TooPrecise), "{text}");
        }
        assert_eq!(whole("2.5"), Err(FigureFault::TooPrecise));
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for text in [
            "-1e-6",
            "\"1e-6\"",
            "null",
            "true",
            "",
            ".5",
            "1e",
            "1e+-3",
            "NaN",
            "1e999999999999",
            "1e30",
            "99999999999999999999999999999999999999999e-3",
            "1 ",
        ] {
            assert_eq!(of_one_unit(text), Err(FigureFault::NotAPrice), "{text:?}");
        }
    }

    #[test]
    fn a_factor_is_exact_or_nothing() {
        let price = NanoUsd::from_nanos(250_000_000);
        assert_eq!(times(price, "1.1"), Ok(NanoUsd::from_nanos(275_000_000)));
        assert_eq!(times(price, "2.0"), Ok(NanoUsd::from_nanos(500_000_000)));
        assert_eq!(times(NanoUsd::from_nanos(1), "1.1"), Err(FigureFault::TooPrecise));
    }
}
