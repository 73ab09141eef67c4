//! What belongs together goes the same way, without anything being remembered: weighted rendezvous
//! hashing. Each candidate has a score for each session; the highest wins, and where that one is
//! gone the next, so that no other session moves.

/// What a request belongs to, such as a session, as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Affinity(u64);

impl Affinity {
    /// From a hash of whatever names the session.
    pub const fn from_hash(hash: u64) -> Self {
        Self(hash)
    }

    /// The same session as seen among other candidates, such as the keys of one channel: its
    /// choice there says nothing about its choice here.
    #[must_use]
    pub const fn within(self, place: u64) -> Self {
        Self(mixed(self.0 ^ mixed(place)))
    }

    /// How near a candidate is. Over all sessions each candidate is the nearest of as many as its
    /// weight says (Schindelhauer and Schomaker, "Weighted distributed hash tables", 2005).
    pub fn score(self, candidate: u64, weight: u64) -> f64 {
        let hash = mixed(self.0.wrapping_add(mixed(candidate)));
        // Half a step from either end, so that the logarithm is neither zero nor infinite.
        let upper = u32::try_from(hash >> 32).unwrap_or(u32::MAX);
        let between_0_and_1 = (f64::from(upper) + 0.5) / 4_294_967_296.0;
        let weight = u32::try_from(weight.max(1)).unwrap_or(u32::MAX);
        f64::from(weight) / -between_0_and_1.ln()
    }
}

/// The finalizer of `SplitMix64`: every bit of the outcome depends on every bit of the input.
const fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_a_positive_number_whatever_is_hashed() {
        for hash in [0, 1, u64::MAX, u64::MAX << 32] {
            for weight in [0, 1, u64::MAX] {
                let score = Affinity::from_hash(hash).score(hash, weight);
                assert!(score.is_finite() && score > 0.0, "{hash} {weight}: {score}");
            }
        }
    }

    #[test]
    fn the_choice_in_one_place_says_nothing_about_that_in_another() {
        let nearer = |affinity: Affinity| affinity.score(1, 1) > affinity.score(2, 1);
        let same = (0..1_000)
            .map(Affinity::from_hash)
            .filter(|one| nearer(*one) == nearer(one.within(7)))
            .count();
        assert!((400..600).contains(&same), "{same}");
    }
}
