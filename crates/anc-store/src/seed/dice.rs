//! Chance that is the same for the same beginning.

/// Numbers by splitmix64, <https://prng.di.unimi.it/splitmix64.c>.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; zero where that is zero.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    /// One of `count` things, of which the first are by far the most frequent: a fraction x of them
    /// has the cube root of x of all.
    pub(super) fn first_of(&mut self, count: u64) -> u64 {
        const BITS: u32 = 21;
        let part = u128::from(self.next() >> (64 - BITS));
        u64::try_from((u128::from(count) * part * part * part) >> (3 * BITS)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_the_most_frequent_and_the_last_come_too() {
        let mut dice = Dice::new(1);
        let all: Vec<u64> = (0..10_000).map(|_| dice.first_of(1_000)).collect();
        let first = all.iter().filter(|one| **one == 0).count();
        assert!((800..1_200).contains(&first), "a tenth of all: {first}");
        assert!(all.iter().any(|one| *one > 900) && all.iter().all(|one| *one < 1_000));
    }
}
