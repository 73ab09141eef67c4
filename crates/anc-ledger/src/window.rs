//! Windows of periodic budgets: computed from the time and the account's time zone, never reset.
//!
//! A window is known by its start, which is part of its row's key. A charge lands in the windows
//! that were current when its hold was taken, so a change of the time zone takes effect with the
//! windows of later requests.

use std::fmt;
use std::str::FromStr;

use anc_domain::UnixMillis;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, civil};

/// How often a budget begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// At midnight.
    Day,
    /// On Mondays at midnight.
    Week,
    /// On the first of a month at midnight.
    Month,
}

impl Period {
    /// Every period, shortest first.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// The stable name in the database and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The period of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.name() == name)
    }

    /// Its place in [`Period::ALL`].
    pub const fn index(self) -> usize {
        match self {
            Self::Day => 0,
            Self::Week => 1,
            Self::Month => 2,
        }
    }
}

/// A time zone by its IANA name, such as `Europe/Berlin`.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

/// No time zone has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time zone such as Europe/Berlin or UTC")]
pub struct UnknownZone;

impl Zone {
    /// Universal time.
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), rules: TimeZone::UTC }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        let rules = TimeZone::get(name).map_err(|_| UnknownZone)?;
        Ok(Self { name: name.to_owned(), rules })
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Zone").field(&self.name).finish()
    }
}

/// From when until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first millisecond.
    pub start: UnixMillis,
    /// The first millisecond after it.
    pub end: UnixMillis,
}

/// The window of `period` that `now` lies in; `None` outside of the years that calendars know.
pub fn window(period: Period, now: UnixMillis, zone: &Zone) -> Option<Window> {
    let moment = Timestamp::from_millisecond(now.as_millis()).ok()?;
    let today = moment.to_zoned(zone.rules.clone()).date();
    let (first, next) = match period {
        Period::Day => (today, today.tomorrow().ok()?),
        Period::Week => {
            let behind = today.weekday().to_monday_zero_offset();
            let monday = today.checked_sub(i64::from(behind).days()).ok()?;
            (monday, monday.checked_add(7.days()).ok()?)
        }
        Period::Month => {
            let first = today.first_of_month();
            (first, first.checked_add(1.month()).ok()?)
        }
    };
    Some(Window { start: midnight(first, zone)?, end: midnight(next, zone)? })
}

/// A day's first moment; where a clock change skips midnight, what comes after it.
fn midnight(day: civil::Date, zone: &Zone) -> Option<UnixMillis> {
    let start = day.to_zoned(zone.rules.clone()).ok()?;
    Some(UnixMillis::from_millis(start.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> UnixMillis {
        UnixMillis::parse_rfc3339(text).unwrap()
    }

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    #[test]
    fn a_window_begins_at_the_zones_own_midnight() {
        let now = at("2026-11-24T17:30:00Z");
        let expect = |period, name: &str, start: &str, end: &str| {
            let window = window(period, now, &zone(name)).unwrap();
            assert_eq!((window.start, window.end), (at(start), at(end)), "{period:?} {name}");
        };
        expect(Period::Day, "UTC", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z");
        expect(Period::Day, "Asia/Shanghai", "2026-11-24T16:00:00Z", "2026-11-25T16:00:00Z");
        expect(Period::Week, "UTC", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z");
        expect(Period::Month, "UTC", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z");
        expect(Period::Month, "America/New_York", "2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z");
    }

    #[test]
    fn a_day_of_a_clock_change_is_a_window_all_the_same() {
        let berlin = zone("Europe/Berlin");
        let window = window(Period::Day, at("2026-10-25T12:00:00Z"), &berlin).unwrap();
        assert_eq!(window.end.since(window.start).as_secs(), 25 * 3_600);
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        for name in ["", "Mars/Olympus", "../../etc/passwd", "UTC+99"] {
            assert!(name.parse::<Zone>().is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn windows_meet_without_gap_or_overlap(
            seconds in 0_i64..4_000_000_000,
            name in prop::sample::select(vec!["UTC", "Europe/Berlin", "Asia/Kolkata", "America/Sao_Paulo", "Pacific/Apia"]),
            period in prop::sample::select(Period::ALL.to_vec()),
        ) {
            let now = UnixMillis::from_millis(seconds * 1_000);
            let zone = zone(name);
            let this = window(period, now, &zone).unwrap();
            prop_assert!(this.start <= now && now < this.end);
            let next = window(period, this.end, &zone).unwrap();
            prop_assert_eq!(next.start, this.end);
            let last = UnixMillis::from_millis(this.end.as_millis() - 1);
            prop_assert_eq!(window(period, last, &zone).unwrap(), this);
        }
    }
}
