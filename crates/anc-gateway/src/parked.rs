//! Keys that their provider turned away, and until when they rest. In this process's memory: what a
//! provider thinks of a key is found out again soon enough.

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

/// Which keys rest. Cheap to clone; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct ParkedKeys {
    until: Arc<Mutex<HashMap<(ChannelId, usize), UnixMillis>>>,
}

impl ParkedKeys {
    /// Lets a key rest as its provider's refusal demands. False where the status says nothing
    /// about the key.
    pub(crate) fn note(
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
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.insert((channel, key), now.plus(rest));
        true
    }

    /// Forgets what is known of all keys: channels were changed.
    pub(crate) fn forget_all(&self) {
        self.until.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The keys of a channel that do not rest.
    pub(crate) fn awake(&self, channel: ChannelId, keys: usize, now: UnixMillis) -> Vec<usize> {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        (0..keys)
            .filter(|key| until.get(&(channel, *key)).is_none_or(|until| *until <= now))
            .collect()
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
        assert_eq!(parked.awake(channel, 3, now.plus(Duration::from_secs(7))), [1, 2]);
        assert_eq!(parked.awake(channel, 3, now.plus(REFUSED)), [0, 1, 2]);
        parked.forget_all();
        assert_eq!(parked.awake(channel, 3, now), [0, 1, 2]);
    }
}
