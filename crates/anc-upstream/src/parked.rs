//! Keys that their provider turned away, and until when they rest. In this process's memory: what a
//! provider thinks of a key is found out again soon enough. The data plane notes and asks; the
//! control plane shows it to operators.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anc_domain::{ChannelId, UnixMillis};

/// How long a key rests that is refused, or whose account is out of money: a person must act.
const REFUSED: Duration = Duration::from_mins(10);
/// How long a key rests that came too often, where the provider does not say.
const TOO_OFTEN: Duration = Duration::from_secs(15);
/// No word of a provider lets a key rest for longer.
const REST_MAX: Duration = Duration::from_hours(1);

/// Why a key rests, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// Until when.
    pub until: UnixMillis,
    /// The HTTP status with which its provider turned it away.
    pub status: u16,
}

/// Which keys rest. Cheap to clone; clones share it.
#[derive(Debug, Clone, Default)]
pub struct ParkedKeys {
    rests: Arc<Mutex<HashMap<(ChannelId, usize), Rest>>>,
}

impl ParkedKeys {
    /// Lets a key rest as its provider's refusal demands. False where the status says nothing
    /// about the key.
    pub fn note(
        &self,
        channel: ChannelId,
        key: usize,
        (status, retry_after): (u16, Option<Duration>),
        now: UnixMillis,
    ) -> bool {
        let rest = match status {
            401..=403 => REFUSED,
            429 => retry_after.unwrap_or(TOO_OFTEN).min(REST_MAX),
            _ => return false,
        };
        self.rests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert((channel, key), Rest { until: now.plus(rest), status });
        true
    }

    /// Forgets what is known of all keys: channels were changed.
    pub fn forget_all(&self) {
        self.rests.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The keys of a channel that do not rest.
    pub fn awake(&self, channel: ChannelId, keys: usize, now: UnixMillis) -> Vec<usize> {
        (0..keys).filter(|key| self.rest_of(channel, *key, now).is_none()).collect()
    }

    /// Why and until when a key rests; `None` where it does not.
    pub fn rest_of(&self, channel: ChannelId, key: usize, now: UnixMillis) -> Option<Rest> {
        let rests = self.rests.lock().unwrap_or_else(PoisonError::into_inner);
        rests.get(&(channel, key)).copied().filter(|rest| rest.until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_rests_for_as_long_as_its_refusal_demands() {
        let parked = ParkedKeys::default();
        let (channel, now) = (ChannelId::from_i64(1), UnixMillis::from_millis(0));
        assert!(parked.note(channel, 0, (401, None), now));
        assert!(parked.note(channel, 1, (429, Some(Duration::from_secs(7))), now));
        assert!(!parked.note(channel, 2, (503, None), now));
        assert_eq!(parked.awake(channel, 3, now), [2]);
        assert_eq!(parked.rest_of(channel, 0, now).map(|rest| rest.status), Some(401));
        assert_eq!(parked.awake(channel, 3, now.plus(Duration::from_secs(7))), [1, 2]);
        assert_eq!(parked.awake(channel, 3, now.plus(REFUSED)), [0, 1, 2]);
        parked.forget_all();
        assert_eq!(parked.awake(channel, 3, now), [0, 1, 2]);
    }
}
