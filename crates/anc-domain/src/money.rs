//! Money: whole nano-dollars, whose arithmetic can fail and never rounds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Nano-dollars in one dollar.
const NANO_PER_USD: i64 = 1_000_000_000;

/// Fraction digits of a dollar that a nano-dollar can carry.
const FRACTION_DIGITS: usize = 9;

/// An amount of money in nano-USD (10⁻⁹ dollars), negative where something is owed.
///
/// Range: ±9.2 billion dollars. In JSON it is a decimal string of dollars (`"0.00125"`), since a
/// JSON number would pass through a float on its way to a browser.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NanoUsd(i64);

/// Why a text is not an amount, or why a sum has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a plain decimal number of dollars.
    #[error("an amount is a plain decimal number of dollars, such as 12.50")]
    NotDecimal,
    /// More than nine digits after the point.
    #[error("an amount has at most nine digits after the point")]
    TooPrecise,
    /// Beyond what nano-dollars in 64 bits can carry.
    #[error("the amount is out of range")]
    OutOfRange,
}

impl NanoUsd {
    /// No money.
    pub const ZERO: Self = Self(0);
    /// The largest amount that can be stood for.
    pub const MAX: Self = Self(i64::MAX);

    /// An amount from its count of nano-dollars.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// An amount from whole dollars; for constants and tests.
    pub const fn from_dollars(dollars: i32) -> Self {
        Self(dollars as i64 * NANO_PER_USD)
    }

    /// The count of nano-dollars.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The sum, or `OutOfRange`.
    pub const fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        match self.0.checked_add(other.0) {
            Some(nanos) => Ok(Self(nanos)),
            None => Err(MoneyError::OutOfRange),
        }
    }

    /// The difference, or `OutOfRange`.
    pub const fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        match self.0.checked_sub(other.0) {
            Some(nanos) => Ok(Self(nanos)),
            None => Err(MoneyError::OutOfRange),
        }
    }

    /// Below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl fmt::Display for NanoUsd {
    /// Dollars with as many digits after the point as the amount needs: `1.25`, `0.000000001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.unsigned_abs();
        let (dollars, fraction) =
            (nanos / NANO_PER_USD.unsigned_abs(), nanos % NANO_PER_USD.unsigned_abs());
        if fraction == 0 {
            return write!(f, "{sign}{dollars}");
        }
        let digits = format!("{fraction:0FRACTION_DIGITS$}");
        write!(f, "{sign}{dollars}.{}", digits.trim_end_matches('0'))
    }
}

impl fmt::Debug for NanoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${self}")
    }
}

impl FromStr for NanoUsd {
    type Err = MoneyError;

    /// Reads `12`, `12.5`, `-0.000000001`; refuses exponents, signs other than one leading minus,
    /// separators, blanks and a tenth digit after the point.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return Err(MoneyError::NotDecimal);
        }
        if fraction.len() > FRACTION_DIGITS {
            return Err(MoneyError::TooPrecise);
        }
        let padded = format!("{whole}{fraction:0<FRACTION_DIGITS$}");
        let magnitude: i64 = padded.parse().map_err(|_| MoneyError::OutOfRange)?;
        Ok(Self(if negative { -magnitude } else { magnitude }))
    }
}

impl Serialize for NanoUsd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NanoUsd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A factor in parts per million: 1 000 000 leaves a price as it is, 1 200 000 adds a fifth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PpmMultiplier(u32);

impl PpmMultiplier {
    /// The factor one.
    pub const ONE: Self = Self(1_000_000);

    /// A factor from its parts per million.
    pub const fn from_ppm(ppm: u32) -> Self {
        Self(ppm)
    }

    /// The parts per million.
    pub const fn ppm(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_reads_and_prints_the_same_text() {
        for text in ["0", "20", "1.25", "0.000000001", "-3.5", "9223372036.854775807"] {
            assert_eq!(text.parse::<NanoUsd>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn trailing_zeros_do_not_survive() {
        assert_eq!("1.50".parse::<NanoUsd>().unwrap().to_string(), "1.5");
    }

    #[test]
    fn a_hostile_amount_is_refused() {
        for text in [
            "", ".", "1.", ".5", "+1", "--1", "1e3", "1,000", " 1", "1 ", "NaN", "inf", "0x10", "١",
        ] {
            assert_eq!(text.parse::<NanoUsd>(), Err(MoneyError::NotDecimal), "{text:?}");
        }
        assert_eq!("0.0000000001".parse::<NanoUsd>(), Err(MoneyError::TooPrecise));
        for text in ["9223372036.854775808", "99999999999999999999"] {
            assert_eq!(text.parse::<NanoUsd>(), Err(MoneyError::OutOfRange), "{text:?}");
        }
    }

    #[test]
    fn a_sum_out_of_range_is_an_error_not_a_wrap() {
        let one = NanoUsd::from_nanos(1);
        assert_eq!(NanoUsd::MAX.checked_add(one), Err(MoneyError::OutOfRange));
    }
}
