//! Candidates → attempts in order.

use anc_domain::ChannelId;

use crate::affinity::Affinity;

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

/// How it is chosen among equals.
pub enum Choice<'d> {
    /// By chance. The dice give a number below the one that they are given.
    Dice(&'d mut dyn FnMut(u64) -> u64),
    /// Always the same for what belongs together.
    Affinity(Affinity),
}

/// The channels to try, first to last, at most `attempts_max` of them: by priority, and within one
/// priority by chance or by affinity, according to weight, so that what fails over is spread as
/// well. Parked ones come last.
pub fn plan(
    candidates: &[Candidate],
    attempts_max: usize,
    mut choice: Choice<'_>,
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
        let chosen = match &mut choice {
            Choice::Dice(dice) => draw(&waiting[..equals], *dice),
            Choice::Affinity(affinity) => preferred(&waiting[..equals], *affinity),
        };
        attempts.push(waiting.remove(chosen).channel);
    }
    Ok(attempts)
}

/// The one of several that is nearest to what the request belongs to.
fn preferred(equals: &[Candidate], affinity: Affinity) -> usize {
    let score = |one: &Candidate| affinity.score(one.channel.as_i64().cast_unsigned(), one.weight);
    let places = 0..equals.len();
    places.max_by(|a, b| score(&equals[*a]).total_cmp(&score(&equals[*b]))).unwrap_or(0)
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
        let attempts = plan(&candidates, 9, Choice::Dice(&mut |_| 0)).unwrap();
        assert_eq!(ids(attempts), [3, 2, 1]);
    }

    #[test]
    fn within_one_priority_the_dice_decide_by_weight() {
        let candidates = [candidate(1, 0, 1), candidate(2, 0, 3)];
        let first =
            |number: u64| ids(plan(&candidates, 1, Choice::Dice(&mut |_| number)).unwrap())[0];
        assert_eq!([first(0), first(1), first(2), first(3)], [1, 2, 2, 2]);
    }

    #[test]
    fn each_channel_is_tried_once_and_no_more_than_allowed() {
        let candidates: Vec<_> = (1..=5).map(|id| candidate(id, 0, 1)).collect();
        let mut all = ids(plan(&candidates, 9, Choice::Dice(&mut |below| below - 1)).unwrap());
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3, 4, 5]);
        assert_eq!(plan(&candidates, 3, Choice::Dice(&mut |_| 0)).unwrap().len(), 3);
    }

    #[test]
    fn one_session_stays_on_one_channel_for_as_long_as_it_is_able() {
        let candidates: Vec<_> = (1..=4).map(|id| candidate(id, 0, 1)).collect();
        for session in 0..200 {
            let by = |candidates: &[Candidate]| {
                ids(plan(candidates, 9, Choice::Affinity(Affinity::from_hash(session))).unwrap())
            };
            let order = by(&candidates);
            assert_eq!(by(&candidates), order);
            // The first is gone: the second takes over, and nothing else moves.
            let without: Vec<_> =
                candidates.iter().copied().filter(|one| one.channel.as_i64() != order[0]).collect();
            assert_eq!(by(&without), order[1..]);
            // It rests: it is the last resort, and has its sessions back afterwards.
            let resting: Vec<_> = candidates
                .iter()
                .map(|one| Candidate { parked: one.channel.as_i64() == order[0], ..*one })
                .collect();
            assert_eq!(by(&resting), [&order[1..], &order[..1]].concat());
        }
    }

    #[test]
    fn sessions_are_spread_by_weight_and_priority_comes_first() {
        let candidates = [candidate(1, 0, 1), candidate(2, 0, 3), candidate(3, -1, 100)];
        let first = |session| {
            let affinity = Affinity::from_hash(session);
            ids(plan(&candidates, 1, Choice::Affinity(affinity)).unwrap())[0]
        };
        let counts = (0..4_000).map(first).fold([0; 4], |mut counts, id| {
            counts[usize::try_from(id).unwrap()] += 1;
            counts
        });
        assert_eq!(counts[3], 0);
        assert!((850..1_150).contains(&counts[1]), "{counts:?}");
    }

    #[test]
    fn a_channel_of_another_protocol_is_no_attempt() {
        let other = Candidate { speaks_protocol: false, ..candidate(1, 0, 1) };
        assert_eq!(plan(&[other], 3, Choice::Dice(&mut |_| 0)), Err(NoPlan::OtherProtocol));
        assert_eq!(plan(&[], 3, Choice::Dice(&mut |_| 0)), Err(NoPlan::NoChannel));
    }
}
