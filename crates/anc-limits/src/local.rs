//! Limits within one process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anc_domain::{ApiTokenId, UnixMillis};

use crate::bucket::Bucket;
use crate::{Rate, Rates, TooFast};

/// Tokens remembered before those that used nothing lately are forgotten.
const REMEMBERED_MAX: usize = 100_000;
/// Requests at once come free when one ends; nobody knows when, so this is a guess.
const CONCURRENCY_RETRY: Duration = Duration::from_secs(1);

/// What each limited token has used lately. Cheap to clone; clones share it.
#[derive(Debug, Clone, Default)]
pub struct LocalLimits {
    tokens: Arc<Mutex<HashMap<ApiTokenId, Usage>>>,
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
    token: ApiTokenId,
    units: u64,
}

impl LocalLimits {
    /// Lets a request with so many expected units pass, or says when it may.
    pub fn admit(
        &self,
        token: ApiTokenId,
        rates: Rates,
        units: u64,
        now: UnixMillis,
    ) -> Result<Option<Permit>, TooFast> {
        if rates.is_unlimited() {
            return Ok(None);
        }
        let now_ms = now.as_millis();
        let mut tokens = self.lock();
        if tokens.len() >= REMEMBERED_MAX && !tokens.contains_key(&token) {
            tokens.retain(|_, usage| !usage.is_idle());
        }
        let usage = tokens.entry(token).or_default();
        let too_fast = |rate, limit, retry_after| TooFast { rate, limit, retry_after };
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
        Ok(Some(Permit { limits: self.clone(), token, units }))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ApiTokenId, Usage>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
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
            self.limits.lock().get_mut(&self.token).and_then(|usage| usage.units.as_mut())
        {
            bucket.take(more);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(usage) = self.limits.lock().get_mut(&self.token) {
            usage.running = usage.running.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: ApiTokenId = ApiTokenId::from_i64(1);

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
        assert!(limits.admit(ApiTokenId::from_i64(2), requests, 0, at(0)).is_ok());
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
    fn a_token_without_limits_is_not_remembered() {
        let limits = LocalLimits::default();
        assert!(limits.admit(TOKEN, Rates::default(), 0, at(0)).unwrap().is_none());
        assert!(limits.lock().is_empty());
    }
}
