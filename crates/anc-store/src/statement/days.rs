//! Requests by day, made of hourly sums.

use std::collections::BTreeMap;

use anc_domain::UnixMillis;
use anc_ledger::{Period, Zone, window};

use super::reading::Reading;
use super::{LAST_HOUR, Range, start_of};
use crate::StoreError;
use crate::usage::HOUR_MILLIS;

/// Hours that a day has at most, where a clock is put back.
const HOURS_MAX: usize = 25;

/// Some whole hours of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) first: i64,
    pub(super) end: i64,
    pub(super) requests: i64,
    pub(super) charge: i64,
}

/// The day that an hour begins in.
pub(super) fn day_of(hour: i64, zone: &Zone) -> Day {
    let (first, end) = window(Period::Day, start_of(hour), zone)
        .map_or((hour, hour + 1), |day| (next_hour(day.start), next_hour(day.end)));
    Day { first, end, requests: 0, charge: 0 }
}

/// The first hour that begins at a time or after it.
const fn next_hour(at: UnixMillis) -> i64 {
    at.as_millis().saturating_add(HOUR_MILLIS - 1).div_euclid(HOUR_MILLIS)
}

/// The newest `limit` days with requests in a range.
pub(super) async fn read(
    reading: &mut Reading,
    range: &Range,
    limit: usize,
) -> Result<Vec<Day>, StoreError> {
    let end = end_of(range, &reading.zone);
    let most = limit * HOURS_MAX;
    let derived = reading.derived_hours(range.first, end, most).await?;
    // If there may be more, the oldest day may lack hours: it is for the next page.
    let from = match derived.last() {
        Some((hour, ..)) if derived.len() == most => day_of(*hour, &reading.zone).end,
        _ => range.first,
    };
    let mut hours: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for (hour, requests, charge) in
        derived.into_iter().chain(reading.tail_hours(range.first, end).await?)
    {
        let sums = hours.entry(hour).or_default();
        *sums = (sums.0 + requests, sums.1 + charge);
    }
    let mut days: Vec<Day> = Vec::new();
    for (hour, (requests, charge)) in hours.range(from..).rev() {
        if let Some(day) = days.last_mut().filter(|day| day.first <= *hour) {
            day.requests += requests;
            day.charge += charge;
            continue;
        }
        let day = day_of(*hour, &reading.zone);
        days.push(Day {
            first: day.first.max(range.first),
            end: day.end.min(range.end),
            requests: *requests,
            charge: *charge,
        });
        if days.len() > limit {
            break;
        }
    }
    Ok(days)
}

/// The hour before which days lie that end before the place where the page before ended.
fn end_of(range: &Range, zone: &Zone) -> i64 {
    let Some(before) = range.before else { return range.end };
    // A day that ends in the very moment is before what was posted in it, and not before itself.
    let last = if before.seq > 0 { before.at } else { before.at.saturating_sub(1) };
    let hour = last.div_euclid(HOUR_MILLIS).clamp(0, LAST_HOUR);
    day_of(hour, zone).first.min(range.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_with_its_first_whole_hour() {
        let hour = |text: &str| {
            UnixMillis::parse_rfc3339(text).unwrap().as_millis().div_euclid(HOUR_MILLIS)
        };
        let zone: Zone = "Asia/Kolkata".parse().unwrap();
        let day = day_of(hour("2027-03-10T18:00:00Z"), &zone);
        assert_eq!(
            (day.first, day.end),
            (hour("2027-03-09T19:00:00Z"), hour("2027-03-10T19:00:00Z"))
        );
        let next = day_of(hour("2027-03-10T19:00:00Z"), &zone);
        assert_eq!(next.first, day.end);
    }
}
