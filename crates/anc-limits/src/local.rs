//! Limits within one process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anc_domain::UnixMillis;

use crate::bucket::Bucket;
use crate::{Limited, Rate, Rates, TooFast};

/// Tokens and accounts remembered before those that used nothing lately are forgotten.
const REMEMBERED_MAX: usize = 100_000;
/// Requests at once come free when one ends; nobody knows when, so this is a guess.
const CONCURRENCY_RETRY: Duration = Duration::from_secs(1);

/// What each limited token and account has used lately. Cheap to clone; clones share it.
#[derive(Debug, Clone, Default)]
pub struct LocalLimits {
    known: Arc<Mutex<HashMap<Limited, Usage>>>,
}

#[derive(Debug, Default)]
struct Usage {
    requests: Option<Bucket>,
    units: Option<Bucket>,
    running: u64,
}

impl Usage {
    fn is_idle(&self) -> bool {
        self.running == 0 && [self.requests, self.units].iter().flatten().all(Bucket::is_full)
    }
}

/// A request that may pass. While it lives it counts as one of those at once.
#[derive(Debug)]
pub struct Permit {
    limits: LocalLimits,
    of: Limited,
    units: u64,
}

impl LocalLimits {
    /// Lets a request with so many expected units pass, or says when it may.
    pub fn admit(
        &self,
        of: Limited,
        rates: Rates,
        units: u64,
        now: UnixMillis,
    ) -> Result<Option<Permit>, TooFast> {
        if rates.is_unlimited() {
            return Ok(None);
        }
        let now_ms = now.as_millis();
        let mut known = self.lock();
        if known.len() >= REMEMBERED_MAX && !known.contains_key(&of) {
            known.retain(|_, usage| !usage.is_idle());
        }
        let usage = known.entry(of).or_default();
        let too_fast = |rate, limit, retry_after| TooFast { of, rate, limit, retry_after };
        if let Some(limit) = rates.concurrency
            && usage.running >= limit
        {
            return Err(too_fast(Rate::Concurrency, limit, CONCURRENCY_RETRY));
        }
        let requests = refilled(&mut usage.requests, rates.requests_per_minute, now_ms);
        if let Some((bucket, limit)) = requests
            && !bucket.wait_for(1).is_zero()
        {
            return Err(too_fast(Rate::Requests, limit, bucket.wait_for(1)));
        }
        let of_units = refilled(&mut usage.units, rates.units_per_minute, now_ms);
        if let Some((bucket, limit)) = of_units
            && !bucket.wait_for(units).is_zero()
        {
            return Err(too_fast(Rate::Units, limit, bucket.wait_for(units)));
        }
        if let Some(bucket) = &mut usage.requests {
            bucket.take(1);
        }
        if let Some(bucket) = &mut usage.units {
            bucket.take(i128::from(units));
        }
        usage.running += 1;
        Ok(Some(Permit { limits: self.clone(), of, units }))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Limited, Usage>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bucket as it is now, with its limit; none where there is no limit any more.
fn refilled(bucket: &mut Option<Bucket>, limit: Option<u64>, now_ms: i64) -> Option<(Bucket, u64)> {
    let Some(limit) = limit else {
        *bucket = None;
        return None;
    };
    let kept = bucket.get_or_insert_with(|| Bucket::full(limit, now_ms));
    kept.refill(limit, now_ms);
    Some((*kept, limit))
}

impl Permit {
    /// Corrects what was expected by what was used.
    pub fn used(&mut self, units: u64) {
        let more = i128::from(units) - i128::from(self.units);
        self.units = units;
        if let Some(bucket) =
            self.limits.lock().get_mut(&self.of).and_then(|usage| usage.units.as_mut())
        {
            bucket.take(more);
        }
    }

    /// Gives the request back: it was not made after all.
    pub fn withdraw(mut self) {
        self.used(0);
        if let Some(bucket) =
            self.limits.lock().get_mut(&self.of).and_then(|usage| usage.requests.as_mut())
        {
            bucket.take(-1);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(usage) = self.limits.lock().get_mut(&self.of) {
            usage.running = usage.running.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use anc_domain::{AccountId, ApiTokenId};

    use super::*;

    const TOKEN: Limited = Limited::ApiToken(ApiTokenId::from_i64(1));

    fn at(ms: i64) -> UnixMillis {
        UnixMillis::from_millis(ms)
    }

    #[test]
    fn each_limit_stops_what_it_is_about_and_says_when() {
        let limits = LocalLimits::default();
        let requests = Rates { requests_per_minute: Some(2), ..Rates::default() };
        for _ in 0..2 {
            assert!(limits.admit(TOKEN, requests, 0, at(0)).is_ok());
        }
        let refused = limits.admit(TOKEN, requests, 0, at(0)).unwrap_err();
        assert_eq!((refused.rate, refused.retry_after), (Rate::Requests, Duration::from_secs(30)));
        assert!(limits.admit(TOKEN, requests, 0, at(30_000)).is_ok());
        // Others of the same number among them.
        assert!(
            limits.admit(Limited::ApiToken(ApiTokenId::from_i64(2)), requests, 0, at(0)).is_ok()
        );
        assert!(limits.admit(Limited::Account(AccountId::from_i64(1)), requests, 0, at(0)).is_ok());
    }

    #[test]
    fn units_are_corrected_by_what_was_used() {
        let limits = LocalLimits::default();
        let rates = Rates { units_per_minute: Some(1_000), ..Rates::default() };
        let mut permit = limits.admit(TOKEN, rates, 100, at(0)).unwrap().unwrap();
        permit.used(1_000);
        let refused = limits.admit(TOKEN, rates, 100, at(0)).unwrap_err();
        assert_eq!((refused.rate, refused.retry_after), (Rate::Units, Duration::from_secs(6)));
        permit.used(10);
        assert!(limits.admit(TOKEN, rates, 100, at(0)).is_ok());
    }

    #[test]
    fn a_place_is_free_again_when_its_request_ends() {
        let limits = LocalLimits::default();
        let rates = Rates { concurrency: Some(1), ..Rates::default() };
        let permit = limits.admit(TOKEN, rates, 0, at(0)).unwrap();
        assert_eq!(limits.admit(TOKEN, rates, 0, at(0)).unwrap_err().rate, Rate::Concurrency);
        drop(permit);
        assert!(limits.admit(TOKEN, rates, 0, at(0)).is_ok());
    }

    #[test]
    fn a_request_that_is_withdrawn_uses_nothing_up() {
        let limits = LocalLimits::default();
        let rates = Rates {
            requests_per_minute: Some(1),
            units_per_minute: Some(100),
            concurrency: Some(1),
        };
        for _ in 0..3 {
            limits.admit(TOKEN, rates, 100, at(0)).unwrap().unwrap().withdraw();
        }
        assert!(limits.admit(TOKEN, rates, 100, at(0)).is_ok());
    }

    #[test]
    fn a_token_without_limits_is_not_remembered() {
        let limits = LocalLimits::default();
        assert!(limits.admit(TOKEN, Rates::default(), 0, at(0)).unwrap().is_none());
        assert!(limits.lock().is_empty());
    }
}
