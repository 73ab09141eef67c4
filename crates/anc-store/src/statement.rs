//! What moved an account's balance, newest first: every entry by itself, and requests summed by day.
//!
//! Days are the account's own, made of whole hours: where its midnight lies within an hour of
//! universal time, the day begins with the next one. So the sums come from the hourly sums and the
//! tail that they do not contain yet, and no usage row is read twice. A range is widened to whole
//! hours for the same reason.
//!
//! An entry tells the balance that there was when it was posted; a day's requests count as if they
//! had been charged at its end. Whatever the range: its opening balance and all its lines make its
//! closing balance. Entries that took over the charges of pruned rows are no lines of their own: the
//! hourly sums still tell those.

mod days;
mod reading;

use std::fmt;
use std::str::FromStr;

use anc_domain::{AccountId, NanoUsd, RequestId, UnixMillis};

use crate::cursor::FOREIGN_CURSOR;
use crate::database::Database;
use crate::usage::HOUR_MILLIS;
use crate::{EntryKind, StoreError};
use days::{Day, day_of};
use reading::{EntryRow, Reading};

/// The most lines of one page.
const PAGE_MAX: u32 = 200;

/// The hour after every other.
const LAST_HOUR: i64 = i64::MAX / HOUR_MILLIS;

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// The requests of a day.
    Usage,
    /// An entry of the ledger.
    Entry(EntryKind),
}

/// Which lines.
#[derive(Debug, Clone)]
pub struct StatementQuery {
    /// Whose.
    pub account: AccountId,
    /// Only from the hour on that contains this time.
    pub since: Option<UnixMillis>,
    /// Only before the hour that begins at or after this time.
    pub until: Option<UnixMillis>,
    /// Only of this kind. Balances are of all.
    pub kind: Option<LineKind>,
    /// Only those before this place: where the page before ended.
    pub before: Option<LinePlace>,
    /// How many at most: 1 to 200.
    pub limit: u32,
}

/// The place of a line: later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinePlace {
    at: i64,
    /// The entry's number; zero for a day, which ends before what is posted in that moment.
    seq: i64,
}

/// The requests of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayOfUsage {
    /// They ended from then on …
    pub since: UnixMillis,
    /// … and before then.
    pub until: UnixMillis,
    /// How many.
    pub requests: u64,
    /// Whether each can still be looked at; older rows were pruned.
    pub has_rows: bool,
}

/// One movement of the balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// What it is.
    pub kind: LineKind,
    /// When it was posted; of a day its end.
    pub at: UnixMillis,
    /// By how much the balance moved.
    pub amount: NanoUsd,
    /// The balance after it.
    pub balance: NanoUsd,
    /// Why, in a person's words.
    pub reason: Option<String>,
    /// What it refers to: a request, a code's hint, a payment.
    pub reference: Option<String>,
    /// The requests, where it is about those.
    pub usage: Option<DayOfUsage>,
    place: LinePlace,
}

/// A page of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementPage {
    /// The lines, newest first.
    pub lines: Vec<StatementLine>,
    /// Where this page ended; `None` if it is the last.
    pub next: Option<LinePlace>,
    /// Where the range begins: the hour of what was asked for; `None` is the account's beginning.
    pub since: Option<UnixMillis>,
    /// Where it ends; `None` is not yet.
    pub until: Option<UnixMillis>,
    /// The balance before the range.
    pub opening: NanoUsd,
    /// The balance after it.
    pub closing: NanoUsd,
}

/// Statements' door.
#[derive(Clone, Copy)]
pub struct Statements<'a> {
    pub(crate) db: &'a Database,
}

impl LineKind {
    /// The stable name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Entry(kind) => kind.name(),
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        if name == Self::Usage.name() {
            return Some(Self::Usage);
        }
        EntryKind::from_name(name).filter(|kind| *kind != EntryKind::UsageSummary).map(Self::Entry)
    }
}

impl fmt::Display for LinePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at, self.seq)
    }
}

impl FromStr for LinePlace {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let parts = text.split_once('-').and_then(|(at, seq)| {
            let (at, seq): (i64, i64) = (at.parse().ok()?, seq.parse().ok()?);
            (at >= 0 && seq >= 0).then_some(Self { at, seq })
        });
        parts.ok_or(StoreError::Conflict(FOREIGN_CURSOR))
    }
}

impl Statements<'_> {
    /// A page of an account's statement, all of it as at one moment.
    pub async fn page(&self, wanted: &StatementQuery) -> Result<StatementPage, StoreError> {
        let mut reading = Reading::begin(&self.db.readers, wanted.account).await?;
        let first =
            wanted.since.map_or(0, |since| since.as_millis().div_euclid(HOUR_MILLIS).max(0));
        let end = wanted.until.map_or(LAST_HOUR, |until| {
            until.as_millis().saturating_add(HOUR_MILLIS - 1).div_euclid(HOUR_MILLIS)
        });
        let limit = wanted.limit.clamp(1, PAGE_MAX) as usize;
        let range = Range { first, end: end.clamp(first, LAST_HOUR), before: wanted.before };

        let (mut days, mut entries) = (Vec::new(), Vec::new());
        if matches!(wanted.kind, None | Some(LineKind::Usage)) {
            days = days::read(&mut reading, &range, limit + 1).await?;
        }
        if wanted.kind != Some(LineKind::Usage) {
            let kind = match wanted.kind {
                Some(LineKind::Entry(kind)) => Some(kind),
                _ => None,
            };
            entries = reading.entries(&range, kind, limit + 1).await?;
        }
        let mut lines: Vec<Unbalanced> = days
            .into_iter()
            .map(Unbalanced::Day)
            .chain(entries.into_iter().map(Unbalanced::Entry))
            .collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.place()));
        let more = lines.len() > limit;
        lines.truncate(limit);
        let lines = balanced(&mut reading, lines).await?;
        Ok(StatementPage {
            next: lines.last().filter(|_| more).map(|line| line.place),
            lines,
            since: wanted.since.map(|_| start_of(range.first)),
            until: wanted.until.map(|_| start_of(range.end)),
            opening: reading.balance_at(range.first).await?,
            closing: reading.balance_at(range.end).await?,
        })
    }
}

/// Which hours, and before which line.
struct Range {
    first: i64,
    end: i64,
    before: Option<LinePlace>,
}

/// A line whose balance is still to be told.
enum Unbalanced {
    Day(Day),
    Entry(EntryRow),
}

impl Unbalanced {
    fn place(&self) -> LinePlace {
        match self {
            Self::Day(day) => LinePlace { at: start_of(day.end).as_millis(), seq: 0 },
            Self::Entry(entry) => entry.place(),
        }
    }
}

const fn start_of(hour: i64) -> UnixMillis {
    UnixMillis::from_millis(hour.saturating_mul(HOUR_MILLIS))
}

/// Tells the balance after each line: of a day by what moved since, of an entry by its own word or,
/// where it is too old to have one, as if the day's requests had followed it.
async fn balanced(
    reading: &mut Reading,
    lines: Vec<Unbalanced>,
) -> Result<Vec<StatementLine>, StoreError> {
    let hour_of = |line: &Unbalanced, reading: &Reading| match line {
        Unbalanced::Day(day) => Some(day.end),
        Unbalanced::Entry(entry) if entry.balance_after.is_some() => None,
        Unbalanced::Entry(entry) => Some(day_of(entry.hour(), &reading.zone).first),
    };
    let hours: Vec<i64> = lines.iter().filter_map(|line| hour_of(line, reading)).collect();
    let balances = reading.balances_at(&hours).await?;
    let balance_at = |hour: i64| balances.get(&hour).copied().unwrap_or_default();
    let mut told = Vec::with_capacity(lines.len());
    for line in lines {
        let place = line.place();
        told.push(match line {
            Unbalanced::Day(day) => StatementLine {
                kind: LineKind::Usage,
                at: start_of(day.end),
                amount: NanoUsd::from_nanos(-day.charge),
                balance: NanoUsd::from_nanos(balance_at(day.end)),
                reason: None,
                reference: None,
                usage: Some(DayOfUsage {
                    since: start_of(day.first),
                    until: start_of(day.end),
                    requests: crate::row::count(day.requests)?,
                    has_rows: start_of(day.first).as_millis() >= reading.pruned_before,
                }),
                place,
            },
            Unbalanced::Entry(entry) => {
                let balance = if let Some(balance) = entry.balance_after {
                    balance
                } else {
                    let first = day_of(entry.hour(), &reading.zone).first;
                    balance_at(first) + reading.entries_between(first, place).await?
                };
                StatementLine {
                    kind: LineKind::Entry(entry.kind()?),
                    at: UnixMillis::from_millis(place.at),
                    amount: NanoUsd::from_nanos(entry.amount),
                    balance: NanoUsd::from_nanos(balance),
                    reference: reference(&entry.cause),
                    reason: Some(entry.reason).filter(|reason| !reason.is_empty()),
                    usage: None,
                    place,
                }
            }
        });
    }
    Ok(told)
}

/// What a cause tells the account's owner: a request's id, a redemption, a payment. An operator's
/// own words are not theirs.
fn reference(cause: &str) -> Option<String> {
    let (kind, rest) = cause.split_once(':')?;
    match kind {
        "correction" => {
            let id = u128::from_str_radix(rest, 16).ok()?;
            Some(RequestId::from_bytes(id.to_be_bytes()).to_string())
        }
        "redemption" | "payment" | "reversal" => Some(rest.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_and_nothing_else_is_one() {
        let place = LinePlace { at: 1_795_000_000_000, seq: 7 };
        assert_eq!(place.to_string().parse(), Ok(place));
        for text in ["", "1", "1-", "-1", "-1-2", "1-2-3", "9223372036854775808-1", "a-b"] {
            assert!(text.parse::<LinePlace>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_operators_words_are_no_reference() {
        assert_eq!(reference("operator:see ticket 4"), None);
        assert_eq!(reference("payment:pi_1").as_deref(), Some("pi_1"));
        let id = RequestId::from_bytes([7; 16]);
        let cause = format!("correction:{}", crate::row::hex(&[7; 16]));
        assert_eq!(reference(&cause), Some(id.to_string()));
    }
}
