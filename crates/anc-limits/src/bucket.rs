//! A bucket that drips: a minute's worth at most, refilled evenly. Whole numbers throughout.

use std::time::Duration;

/// What a unit weighs in the bucket: the refill of a millisecond is then a whole number.
const MILLIS_PER_MINUTE: i128 = 60_000;

/// How much of a minute's limit is left. It may go below zero: what an answer used beyond its
/// estimate is paid off before the next request passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// Units times milliseconds of a minute.
    level: i128,
    limit: u64,
    at_ms: i64,
}

impl Bucket {
    pub(crate) fn full(limit: u64, now_ms: i64) -> Self {
        Self { level: i128::from(limit) * MILLIS_PER_MINUTE, limit, at_ms: now_ms }
    }

    /// Lets time pass. A changed limit keeps what was used.
    pub(crate) fn refill(&mut self, limit: u64, now_ms: i64) {
        let full = |limit: u64| i128::from(limit) * MILLIS_PER_MINUTE;
        if limit != self.limit {
            self.level += full(limit) - full(self.limit);
            self.limit = limit;
        }
        // A clock that goes back refills nothing.
        let passed = i128::from(now_ms.saturating_sub(self.at_ms).max(0));
        self.level = (self.level + passed * i128::from(limit)).min(full(limit));
        self.at_ms = now_ms;
    }

    /// How long until `amount` is there; zero where it is. More than the bucket can ever hold waits
    /// for a full one.
    pub(crate) fn wait_for(&self, amount: u64) -> Duration {
        let wanted = i128::from(amount.min(self.limit)) * MILLIS_PER_MINUTE;
        let missing = wanted - self.level;
        if missing <= 0 {
            return Duration::ZERO;
        }
        let millis = (missing + i128::from(self.limit) - 1) / i128::from(self.limit.max(1));
        Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    pub(crate) fn take(&mut self, amount: i128) {
        self.level -= amount * MILLIS_PER_MINUTE;
    }

    /// Whether nothing is missing, so that the bucket need not be remembered.
    pub(crate) fn is_full(&self) -> bool {
        self.level >= i128::from(self.limit) * MILLIS_PER_MINUTE
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_minutes_worth_passes_at_once_and_the_rest_evenly() {
        let mut bucket = Bucket::full(60, 0);
        bucket.take(60);
        assert_eq!(bucket.wait_for(1), Duration::from_secs(1));
        bucket.refill(60, 1_000);
        assert_eq!(bucket.wait_for(1), Duration::ZERO);
        assert_eq!(bucket.wait_for(2), Duration::from_secs(1));
        bucket.refill(60, 3_600_000);
        assert!(bucket.is_full());
    }

    #[test]
    fn what_can_never_fit_waits_for_a_full_bucket() {
        let mut bucket = Bucket::full(100, 0);
        assert_eq!(bucket.wait_for(1_000), Duration::ZERO);
        bucket.take(1_000);
        assert!(bucket.wait_for(1) > Duration::from_mins(9));
    }

    proptest! {
        #[test]
        fn no_more_passes_than_the_limit_and_what_time_brings(
            steps in prop::collection::vec((0_i64..5_000, 1_u64..20), 1..200),
            limit in 1_u64..120,
        ) {
            let (mut now, mut passed) = (0, 0);
            let mut bucket = Bucket::full(limit, now);
            for (wait, amount) in steps {
                now += wait;
                bucket.refill(limit, now);
                if bucket.wait_for(amount).is_zero() {
                    bucket.take(i128::from(amount));
                    // What is larger than the bucket passes when it is full, and is paid off.
                    passed += amount;
                }
            }
            let brought = i128::from(limit) * i128::from(now) / 60_000;
            prop_assert!(i128::from(passed) <= i128::from(limit) + brought + 20);
        }
    }
}
