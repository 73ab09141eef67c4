//! Hours of the day at which a list has other prices.

use anc_ledger::TimeOfDay;
use serde::Deserialize;

const MINUTES: usize = 24 * 60;
const WEEK: [u8; 7] = [1, 2, 3, 4, 5, 6, 7];

/// Hours on some days of the week; Monday is 1.
#[derive(Debug, Deserialize)]
pub(super) struct Hours {
    hours_utc: OneOrMany,
    #[serde(default)]
    weekdays: Option<Vec<u8>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Spans of the day, from and until; and whether some days have more than these.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Daily {
    pub(super) spans: Vec<(TimeOfDay, TimeOfDay)>,
    pub(super) some_days_have_more: bool,
}

/// The minutes that are in the hours on every day of the week, since a rule of the book knows no
/// weekdays. `None` where the hours cannot be read, or are the whole day.
pub(super) fn every_day(windows: &[Hours]) -> Option<Daily> {
    let mut days = [[false; MINUTES]; WEEK.len()];
    for window in windows {
        let spans = match &window.hours_utc {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many.as_slice(),
        };
        let named = window.weekdays.as_deref().unwrap_or(&WEEK);
        for day in named {
            let day = days.get_mut(usize::from(*day).checked_sub(1)?)?;
            for span in spans {
                mark(day, span)?;
            }
        }
    }
    let mut common = [true; MINUTES];
    for day in &days {
        common.iter_mut().zip(day).for_each(|(all, one)| *all &= one);
    }
    if common.iter().all(|in_hours| *in_hours) {
        return None;
    }
    let some_days_have_more = days.iter().any(|day| day != &common);
    Some(Daily { spans: spans_of(&common)?, some_days_have_more })
}

fn mark(day: &mut [bool; MINUTES], span: &str) -> Option<()> {
    let (from, until) = span.split_once('-')?;
    let (from, until) = (minute(from)?, minute(until)?);
    if from < until {
        day.get_mut(from..until)?.fill(true);
    } else {
        day.get_mut(from..)?.fill(true);
        day.get_mut(..until)?.fill(true);
    }
    Some(())
}

fn minute(text: &str) -> Option<usize> {
    let text = text.trim();
    let _: TimeOfDay = text.parse().ok()?;
    let (hours, minutes) = text.split_once(':')?;
    Some(hours.parse::<usize>().ok()? * 60 + minutes.parse::<usize>().ok()?)
}

/// Begins behind a minute that is in no span, so that one beyond midnight stays whole.
fn spans_of(day: &[bool; MINUTES]) -> Option<Vec<(TimeOfDay, TimeOfDay)>> {
    let first = day.iter().position(|in_hours| !in_hours)?;
    let mut spans = Vec::new();
    let mut begun = None;
    for step in 1..=MINUTES {
        let at = (first + step) % MINUTES;
        let in_hours = *day.get(at)?;
        match begun {
            None if in_hours => begun = Some(at),
            Some(from) if !in_hours => {
                spans.push((time(from)?, time(at)?));
                begun = None;
            }
            _ => {}
        }
    }
    Some(spans)
}

fn time(minute: usize) -> Option<TimeOfDay> {
    format!("{:02}:{:02}", minute / 60, minute % 60).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daily(text: &str) -> Option<(Vec<String>, bool)> {
        let windows: Vec<Hours> = serde_json::from_str(text).unwrap();
        let daily = every_day(&windows)?;
        let spans = daily.spans.iter().map(|(from, until)| format!("{from}-{until}"));
        Some((spans.collect(), daily.some_days_have_more))
    }

    #[test]
    fn hours_that_every_day_has_are_kept_and_whole_beyond_midnight() {
        let working = r#"{"hours_utc": ["00:00-01:00", "04:00-06:00", "10:00-00:00"],
            "weekdays": [1, 2, 3, 4, 5]}"#;
        let weekend = r#"{"hours_utc": "00:00-00:00", "weekdays": [6, 7]}"#;
        let spans = vec!["04:00-06:00".to_owned(), "10:00-01:00".to_owned()];
        assert_eq!(daily(&format!("[{working}, {weekend}]")), Some((spans, true)));
        let night = vec!["16:30-00:30".to_owned()];
        assert_eq!(daily(r#"[{"hours_utc": "16:30-00:30"}]"#), Some((night, false)));
    }

    #[test]
    fn hours_that_are_none_come_to_nothing() {
        for text in [
            r#"[{"hours_utc": "00:00-00:00"}]"#,
            r#"[{"hours_utc": "noon"}]"#,
            r#"[{"hours_utc": "10:00-25:00"}]"#,
            r#"[{"hours_utc": "10:00-11:00", "weekdays": [0]}]"#,
        ] {
            assert_eq!(daily(text), None, "{text}");
        }
        let some = daily(r#"[{"hours_utc": "10:00-11:00", "weekdays": [6]}]"#);
        assert_eq!(some, Some((vec![], true)));
    }
}
