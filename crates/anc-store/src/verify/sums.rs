//! Sums that two ways of counting must agree on.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use anc_domain::Meter;

/// A number of things and the sum of their hashes: equal for equal sets, in whatever order they are
/// read, and for no others that a fault would make.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fingerprint {
    pub(super) count: u64,
    sum: u64,
}

impl Fingerprint {
    pub(super) fn add(&mut self, thing: impl Hash) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(hash_of(thing));
    }
}

fn hash_of(thing: impl Hash) -> u64 {
    // Its keys are fixed: both sides are hashed alike.
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

/// Requests, charge, what is known of their cost, and units by meter, as a row of the hourly sums
/// has them.
pub(super) type Figures = [i64; FIGURES];

/// How many figures a row of the hourly sums has.
pub(super) const FIGURES: usize = 5 + Meter::ALL.len();

/// An hour of a token and model.
#[derive(Hash)]
pub(super) struct HourKey<'a> {
    pub(super) account_id: i64,
    pub(super) token_id: i64,
    pub(super) hour: i64,
    pub(super) model: &'a str,
}

/// What the hourly sums of a token have beyond the rows: nothing, if they are right. Calculated
/// modulo 2⁶⁴, so that no order of adding and taking leaves the range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct HourlyRest {
    figures: Figures,
    /// The figures, each times a number that belongs to its hour, model and account: a charge in the
    /// wrong hour is seen although the sums are right.
    placed: u64,
}

impl HourlyRest {
    pub(super) fn add(&mut self, key: Option<&HourKey<'_>>, figures: &Figures) {
        for (rest, figure) in self.figures.iter_mut().zip(figures) {
            *rest = rest.wrapping_add(*figure);
        }
        self.placed = self.placed.wrapping_add(placed(key, figures));
    }

    pub(super) fn take(&mut self, key: Option<&HourKey<'_>>, figures: &Figures) {
        for (rest, figure) in self.figures.iter_mut().zip(figures) {
            *rest = rest.wrapping_sub(*figure);
        }
        self.placed = self.placed.wrapping_sub(placed(key, figures));
    }

    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Hours from which rows were pruned have no key: there the sums by token must do.
fn placed(key: Option<&HourKey<'_>>, figures: &Figures) -> u64 {
    let Some(key) = key else { return 0 };
    let (place, mut factor) = (hash_of(key), 1_u64);
    figures.iter().fold(0, |sum, figure| {
        // Odd, and another one for each figure.
        factor = factor.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        sum.wrapping_add(figure.cast_unsigned().wrapping_mul(factor).wrapping_mul(place))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(hour: i64) -> HourKey<'static> {
        HourKey { account_id: 1, token_id: 2, hour, model: "m" }
    }

    #[test]
    fn sums_in_the_wrong_hour_are_not_the_same_sums() {
        let mut rest = HourlyRest::default();
        rest.add(Some(&key(5)), &[1; FIGURES]);
        rest.add(Some(&key(6)), &[2; FIGURES]);
        rest.take(Some(&key(6)), &[2; FIGURES]);
        let mut right = rest;
        right.take(Some(&key(5)), &[1; FIGURES]);
        assert!(right.is_nothing());
        rest.take(Some(&key(6)), &[1; FIGURES]);
        assert!(!rest.is_nothing());
    }

    #[test]
    fn a_fingerprint_knows_no_order() {
        let (mut one, mut other) = (Fingerprint::default(), Fingerprint::default());
        for number in 0..10 {
            one.add((number, 1));
            other.add((9 - number, 1));
        }
        assert_eq!(one, other);
        other.add((3, 2));
        one.add((3, 3));
        assert_ne!(one, other);
    }
}
