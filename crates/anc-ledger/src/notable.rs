//! What of money is worth telling people without their asking.

use anc_domain::NanoUsd;

/// Hours of a day and of a week.
const DAY: i64 = 24;
const WEEK: i64 = 7 * DAY;

/// Days before an hour that it is compared with.
const DAYS: i64 = 14;
/// The fewest of them: before, nothing is known to be usual.
const DAYS_MIN: i64 = 5;
/// Weeks before an hour in which the same hour is looked at.
const WEEKS: i64 = 4;

/// How far back [`unusual_hour`] looks, in hours.
pub const NOTABLE_HOURS: i64 = WEEKS * WEEK + 1;

/// The highest of `steps`, in percent, that `used` has come to of `limit`. What rounds to a hundred
/// counts as a hundred: the last nano-dollar can seldom be spent.
pub fn step_reached(used: NanoUsd, limit: NanoUsd, steps: &[u8]) -> Option<u8> {
    if limit <= NanoUsd::ZERO {
        return None;
    }
    let (used, limit) = (i128::from(used.nanos()), i128::from(limit.nanos()));
    let reached = |step: u8| match step {
        100 => used * 1_000 >= limit * 995,
        step => used * 100 >= limit * i128::from(step),
    };
    steps.iter().copied().filter(|step| reached(*step)).max()
}

/// What is usual for an hour, if what was `spent` in it is far beyond that.
///
/// Hours count from 1970. `first` is the first in which anything was ever spent, `history` the sums of
/// hours in which something was; missing ones are zero. Far beyond is all of: at least `least`; more
/// than three times the median of the same hour (or the one before or after) of the last fourteen
/// days; more than 3.5 robust standard deviations (of the median absolute deviation) above it; and
/// more than half above the same hour of any of the last four weeks, so that what happens every week
/// is usual.
pub fn unusual_hour(
    hour: i64,
    spent: NanoUsd,
    first: i64,
    history: &[(i64, NanoUsd)],
    least: NanoUsd,
) -> Option<NanoUsd> {
    let days = (hour.saturating_sub(first) / DAY).min(DAYS);
    if days < DAYS_MIN || spent < least {
        return None;
    }
    let around = |middle: i64| -> i128 {
        let near = history.iter().filter(|(at, _)| at.abs_diff(middle) <= 1);
        near.map(|(_, spent)| i128::from(spent.nanos())).max().unwrap_or(0)
    };
    let x = i128::from(spent.nanos());
    let most_of_weeks = (1..=WEEKS).map(|week| around(hour - week * WEEK)).max().unwrap_or(0);
    if x * 2 <= most_of_weeks * 3 {
        return None;
    }
    let mut samples: Vec<i128> = (1..=days).map(|day| around(hour - day * DAY)).collect();
    let usual = median(&mut samples);
    let mut away: Vec<i128> = samples.iter().map(|sample| (sample - usual).abs()).collect();
    let deviation = median(&mut away);
    // 3.5 × 1.4826, the factor that makes the deviation a standard one.
    let far = (x - usual) * 10_000 > 51_891 * deviation;
    let far = far && x > 3 * usual;
    far.then(|| NanoUsd::from_nanos(i64::try_from(usual).unwrap_or(i64::MAX)))
}

/// The middle one, or the mean of the two in the middle.
fn median(values: &mut [i128]) -> i128 {
    values.sort_unstable();
    let middle = values.len() / 2;
    match (values.get(middle), values.len() % 2) {
        (Some(upper), 0) => {
            let lower = middle.checked_sub(1).and_then(|at| values.get(at)).unwrap_or(upper);
            i128::midpoint(*lower, *upper)
        }
        (Some(one), _) => *one,
        (None, _) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Monday, nine o'clock.
    const MONDAY_9: i64 = 497_116 - 497_116 % WEEK + 4 * DAY + 9;
    const LEAST: NanoUsd = NanoUsd::from_dollars(5);

    fn dollars(dollars: i32) -> NanoUsd {
        NanoUsd::from_dollars(dollars)
    }

    /// An amount for each of the hours before `MONDAY_9`, as many days back.
    fn history(days: i64, spent: impl Fn(i64, i64) -> i32) -> Vec<(i64, NanoUsd)> {
        let hours = (MONDAY_9 - days * DAY)..MONDAY_9;
        hours
            .map(|hour| (hour, dollars(spent((hour / DAY + 3) % 7, hour % DAY))))
            .filter(|(_, spent)| *spent != NanoUsd::ZERO)
            .collect()
    }

    fn judge(spent: i32, days: i64, history: &[(i64, NanoUsd)]) -> Option<NanoUsd> {
        unusual_hour(MONDAY_9, dollars(spent), MONDAY_9 - days * DAY, history, LEAST)
    }

    #[test]
    fn out_of_the_ordinary_needs_history_and_knows_the_week() {
        assert_eq!(((MONDAY_9 / DAY + 3) % 7, MONDAY_9 % DAY), (0, 9));
        let steady = |days| history(days, |_, hour| i32::from((8..18).contains(&hour)) * 2);
        // Not before five days are known.
        assert_eq!(judge(100, 4, &steady(4)), None);
        assert_eq!(judge(100, 5, &steady(5)), Some(dollars(2)));
        assert_eq!(judge(100, 28, &steady(28)), Some(dollars(2)));
        // Three times the usual is not beyond it.
        assert_eq!(judge(6, 28, &steady(28)), None);
        assert_eq!(judge(7, 28, &steady(28)), Some(dollars(2)));

        // Every Monday at nine, and never else: usual from the second time on.
        let weekly = |days| history(days, |day, hour| i32::from(day == 0 && hour == 9) * 100);
        assert_eq!(judge(100, 6, &weekly(6)), Some(NanoUsd::ZERO));
        assert_eq!(judge(100, 8, &weekly(8)), None);
        assert_eq!(judge(140, 28, &weekly(28)), None);
        assert_eq!(judge(160, 28, &weekly(28)), Some(NanoUsd::ZERO));

        // Working days only: Monday is not compared with Sunday.
        let office = history(28, |day, hour| i32::from(day < 5 && (9..17).contains(&hour)) * 40);
        assert_eq!(judge(50, 28, &office), None);
        assert_eq!(judge(200, 28, &office), Some(dollars(40)));
        // An hour earlier than usual is the same time of the day.
        let later = history(28, |_, hour| i32::from(hour == 10) * 40);
        assert_eq!(judge(45, 28, &later), None);
    }

    #[test]
    fn what_is_small_or_varies_widely_is_not_out_of_the_ordinary() {
        assert_eq!(judge(4, 28, &[]), None);
        assert_eq!(judge(5, 28, &[]), Some(NanoUsd::ZERO));
        // The median is 10, the deviation 9: three times the median is not far from it.
        let by_day = [10, 10, 1, 40, 10, 25, 1];
        let wide = history(20, |day, hour| {
            let spent = usize::try_from(day).ok().and_then(|day| by_day.get(day));
            i32::from(hour == 9) * spent.copied().unwrap_or_default()
        });
        assert_eq!(judge(50, 20, &wide), None);
        assert_eq!(judge(60, 20, &wide), Some(dollars(10)));
        let huge = [(MONDAY_9 - DAY, NanoUsd::from_nanos(i64::MAX))];
        assert!(unusual_hour(MONDAY_9, NanoUsd::from_nanos(i64::MAX), 0, &huge, LEAST).is_some());
    }

    #[test]
    fn one_steps_once_over_eighty_and_once_over_a_hundred() {
        let reached =
            |used: &str| step_reached(used.parse().unwrap(), NanoUsd::from_dollars(20), &[80, 100]);
        assert_eq!(reached("15.999999999"), None);
        assert_eq!(reached("16"), Some(80));
        assert_eq!(reached("19.89"), Some(80));
        assert_eq!(reached("19.9"), Some(100));
        assert_eq!(reached("21"), Some(100));
        assert_eq!(step_reached(NanoUsd::ZERO, NanoUsd::ZERO, &[80, 100]), None);
        let most = NanoUsd::from_nanos(i64::MAX);
        assert_eq!(step_reached(most, most, &[80, 100]), Some(100));
    }
}
