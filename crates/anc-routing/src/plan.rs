//! Candidates → attempts in order.

use anc_domain::ChannelId;

/// A channel that has the wanted model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The channel.
    pub channel: ChannelId,
    /// Whether it speaks the protocol that the client called.
    pub speaks_protocol: bool,
    /// Higher ones are tried first.
    pub priority: i64,
    /// Among those of one priority, its share of first attempts. At least one.
    pub weight: u64,
    /// It has failed lately in a way that will not pass at once; a last resort.
    pub parked: bool,
}

/// Why no attempt can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPlan {
    /// No channel has the model.
    NoChannel,
    /// Channels have it, but none speaks the protocol that was called.
    OtherProtocol,
}

/// The channels to try, first to last, at most `attempts_max` of them: by priority, and within one
/// priority by chance according to weight, so that what fails over is spread as well. Parked ones
/// come last.
///
/// `dice` gives a number below the one that it is given.
pub fn plan(
    candidates: &[Candidate],
    attempts_max: usize,
    dice: &mut dyn FnMut(u64) -> u64,
) -> Result<Vec<ChannelId>, NoPlan> {
    if candidates.is_empty() {
        return Err(NoPlan::NoChannel);
    }
    let mut waiting: Vec<Candidate> =
        candidates.iter().copied().filter(|one| one.speaks_protocol).collect();
    if waiting.is_empty() {
        return Err(NoPlan::OtherProtocol);
    }
    // Ties go by id, so that the same dice give the same order.
    waiting.sort_by_key(|one| (one.parked, std::cmp::Reverse(one.priority), one.channel));
    let mut attempts = Vec::with_capacity(attempts_max.min(waiting.len()));
    while attempts.len() < attempts_max && !waiting.is_empty() {
        let rank = |one: &Candidate| (one.parked, one.priority);
        let first = rank(&waiting[0]);
        let equals = waiting.iter().take_while(|one| rank(one) == first).count();
        let chosen = draw(&waiting[..equals], dice);
        attempts.push(waiting.remove(chosen).channel);
    }
    Ok(attempts)
}

/// One of several, by weight.
fn draw(equals: &[Candidate], dice: &mut dyn FnMut(u64) -> u64) -> usize {
    let total: u64 = equals.iter().map(|one| one.weight.max(1)).sum();
    if equals.len() < 2 {
        return 0;
    }
    let mut left = dice(total);
    for (place, one) in equals.iter().enumerate() {
        let weight = one.weight.max(1);
        if left < weight {
            return place;
        }
        left -= weight;
    }
    equals.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(id: i64, priority: i64, weight: u64) -> Candidate {
        let channel = ChannelId::from_i64(id);
        Candidate { channel, speaks_protocol: true, priority, weight, parked: false }
    }

    fn ids(attempts: Vec<ChannelId>) -> Vec<i64> {
        attempts.into_iter().map(ChannelId::as_i64).collect()
    }

    #[test]
    fn priority_comes_before_weight_and_parked_ones_come_last() {
        let parked = Candidate { parked: true, ..candidate(1, 9, 100) };
        let candidates = [candidate(2, 1, 1), candidate(3, 5, 1), parked];
        let attempts = plan(&candidates, 9, &mut |_| 0).unwrap();
        assert_eq!(ids(attempts), [3, 2, 1]);
    }

    #[test]
    fn within_one_priority_the_dice_decide_by_weight() {
        let candidates = [candidate(1, 0, 1), candidate(2, 0, 3)];
        let first = |number: u64| ids(plan(&candidates, 1, &mut |_| number).unwrap())[0];
        assert_eq!([first(0), first(1), first(2), first(3)], [1, 2, 2, 2]);
    }

    #[test]
    fn each_channel_is_tried_once_and_no_more_than_allowed() {
        let candidates: Vec<_> = (1..=5).map(|id| candidate(id, 0, 1)).collect();
        let mut all = ids(plan(&candidates, 9, &mut |below| below - 1).unwrap());
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3, 4, 5]);
        assert_eq!(plan(&candidates, 3, &mut |_| 0).unwrap().len(), 3);
    }

    #[test]
    fn a_channel_of_another_protocol_is_no_attempt() {
        let other = Candidate { speaks_protocol: false, ..candidate(1, 0, 1) };
        assert_eq!(plan(&[other], 3, &mut |_| 0), Err(NoPlan::OtherProtocol));
        assert_eq!(plan(&[], 3, &mut |_| 0), Err(NoPlan::NoChannel));
    }
}
