//! Guessing made slow: each failed attempt on an account or from an address doubles the wait.

use std::net::IpAddr;
use std::time::Duration;

use anc_domain::UnixMillis;
use moka::sync::Cache;

use crate::error::ApiError;

/// Attempts that cost nothing: people mistype.
const FREE_ATTEMPTS: u32 = 5;
const WAIT_MAX: Duration = Duration::from_mins(15);
/// Who is remembered; an attacker with more names than this meets the addresses' limit.
const REMEMBERED_MAX: u64 = 10_000;

#[derive(Debug, Clone, Copy, Default)]
struct Attempts {
    failed: u32,
    last: Option<UnixMillis>,
}

/// Counts failed attempts to sign in or to set up, or wrong redemption codes.
pub(crate) struct Throttle {
    attempts: Cache<String, Attempts>,
    free: u32,
    wait_max: Duration,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self::with(FREE_ATTEMPTS, WAIT_MAX)
    }

    /// With so many attempts that cost nothing, and at most that long a wait.
    pub(crate) fn with(free: u32, wait_max: Duration) -> Self {
        Self { attempts: Cache::new(REMEMBERED_MAX), free, wait_max }
    }

    /// Counts an attempt as failed before it is made, so that many at once count too; refuses it
    /// while a wait runs. [`Throttle::succeeded`] takes the count back.
    pub(crate) fn attempt(
        &self,
        name: &str,
        address: IpAddr,
        now: UnixMillis,
    ) -> Result<(), ApiError> {
        self.refuse_while_waiting(name, address, now)?;
        self.failed(name, address, now);
        Ok(())
    }

    /// Refuses an attempt while a wait runs, and counts nothing.
    pub(crate) fn refuse_while_waiting(
        &self,
        name: &str,
        address: IpAddr,
        now: UnixMillis,
    ) -> Result<(), ApiError> {
        for key in keys(name, address) {
            let before = self.attempts.get(&key).unwrap_or_default();
            if let Some(wait) = self.wait(before, now) {
                return Err(ApiError::too_many_attempts(wait));
            }
        }
        Ok(())
    }

    /// Counts an attempt as failed.
    pub(crate) fn failed(&self, name: &str, address: IpAddr, now: UnixMillis) {
        for key in keys(name, address) {
            let mut attempts = self.attempts.get(&key).unwrap_or_default();
            let rested = attempts.last.is_some_and(|last| now.since(last) > self.wait_max);
            attempts.failed = if rested { 1 } else { attempts.failed.saturating_add(1) };
            attempts.last = Some(now);
            self.attempts.insert(key, attempts);
        }
    }

    fn wait(&self, attempts: Attempts, now: UnixMillis) -> Option<Duration> {
        let beyond = attempts.failed.checked_sub(self.free)?;
        let span = Duration::from_secs(1 << beyond.min(16)).min(self.wait_max);
        let left = span.checked_sub(now.since(attempts.last?))?;
        (!left.is_zero()).then_some(left)
    }

    /// The person was right: nothing is held against them, nor against their address.
    pub(crate) fn succeeded(&self, name: &str, address: IpAddr) {
        for key in keys(name, address) {
            self.attempts.invalidate(&key);
        }
    }
}

fn keys(name: &str, address: IpAddr) -> [String; 2] {
    [format!("name {}", name.to_lowercase()), format!("address {address}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn waits_double_and_end() {
        let throttle = Throttle::new();
        let mut now = UnixMillis::from_millis(0);
        for _ in 0..FREE_ATTEMPTS {
            throttle.attempt("a@b.c", HERE, now).unwrap();
        }
        let refused = throttle.attempt("A@B.c", HERE, now).unwrap_err();
        assert_eq!(refused.retry_after, Some(Duration::from_secs(1)));
        now = now.plus(Duration::from_secs(1));
        throttle.attempt("a@b.c", HERE, now).unwrap();
        assert_eq!(
            throttle.attempt("a@b.c", HERE, now).unwrap_err().retry_after,
            Some(Duration::from_secs(2))
        );
    }

    #[test]
    fn success_forgives() {
        let throttle = Throttle::new();
        let now = UnixMillis::from_millis(0);
        for _ in 0..20 {
            throttle.attempt("a@b.c", HERE, now).unwrap();
            throttle.succeeded("a@b.c", HERE);
        }
    }
}
