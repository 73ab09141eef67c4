//! Candidates → attempts in order.

use anc_domain::ChannelId;

/// A channel that has the wanted model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The channel.
    pub channel: ChannelId,
    /// Whether it speaks the protocol that the client called.
    pub speaks_protocol: bool,
}

/// Why no attempt can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPlan {
    /// No channel has the model.
    NoChannel,
    /// Channels have it, but none speaks the protocol that was called.
    OtherProtocol,
}

/// The channels to try, first to last, at most `attempts_max` of them: the oldest first, so that a
/// channel added later is a reserve and moves nobody's traffic.
pub fn plan(candidates: &[Candidate], attempts_max: usize) -> Result<Vec<ChannelId>, NoPlan> {
    if candidates.is_empty() {
        return Err(NoPlan::NoChannel);
    }
    let mut attempts: Vec<ChannelId> =
        candidates.iter().filter(|one| one.speaks_protocol).map(|one| one.channel).collect();
    attempts.sort_unstable();
    attempts.truncate(attempts_max);
    if attempts.is_empty() { Err(NoPlan::OtherProtocol) } else { Ok(attempts) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(id: i64, speaks_protocol: bool) -> Candidate {
        Candidate { channel: ChannelId::from_i64(id), speaks_protocol }
    }

    #[test]
    fn the_oldest_channel_comes_first() {
        let attempts = plan(&[candidate(9, true), candidate(2, true), candidate(5, true)], 2);
        assert_eq!(attempts, Ok(vec![ChannelId::from_i64(2), ChannelId::from_i64(5)]));
    }

    #[test]
    fn a_channel_of_another_protocol_is_no_attempt() {
        assert_eq!(plan(&[candidate(1, false)], 3), Err(NoPlan::OtherProtocol));
        assert_eq!(plan(&[], 3), Err(NoPlan::NoChannel));
    }
}
