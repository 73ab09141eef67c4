//! The system's account of CPU time, and what one unit of work costs by it.

use std::time::Duration;

/// Nanoseconds of a kernel tick, of which a second has a hundred in `/proc/PID/stat`.
const TICK_NANOS: u64 = 10_000_000;

/// CPU time that this process and the PostgreSQL server have used so far, in ticks.
pub(crate) struct Spent {
    own: u64,
    server: u64,
}

/// What a unit of work costs.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// How many are done in a second.
    pub(crate) a_second: u64,
    /// CPU time of this process.
    pub(crate) nanos: u64,
    /// CPU time of the database server, which SQLite has none of.
    pub(crate) server_nanos: u64,
}

impl Cost {
    pub(crate) const fn all_nanos(self) -> u64 {
        self.nanos + self.server_nanos
    }
}

impl Spent {
    pub(crate) fn now() -> Self {
        let own = std::process::id().to_string();
        let server = std::env::var("ANC_TEST_POSTGRES_PID").ok();
        Self {
            own: fields(&own).map_or(0, |all| used(&all)),
            server: server.map_or(0, |pid| family(&pid)),
        }
    }

    /// What each of `done` units cost, of which `in_time` were done within the span.
    pub(crate) fn until_now(&self, in_time: u64, done: u64, span: Duration) -> Cost {
        let now = Self::now();
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1);
        let each = |ticks: u64| ticks * TICK_NANOS / done.max(1);
        Cost {
            a_second: in_time * 1_000 / millis,
            nanos: each(now.own - self.own),
            // A process of the server's that ended is counted once its parent has noticed.
            server_nanos: each(now.server.saturating_sub(self.server)),
        }
    }
}

/// The numbers of `/proc/PID/stat` after the name: parent at 1, CPU time at 11 and 12, that of
/// children that ended at 13 and 14.
fn fields(pid: &str) -> Option<Vec<u64>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    Some(after_name.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect())
}

fn used(fields: &[u64]) -> u64 {
    fields.iter().skip(11).take(2).sum()
}

/// A process and its children, those that ended as well.
fn family(pid: &str) -> u64 {
    let Some(parent) = fields(pid) else { return 0 };
    let ended: u64 = parent.iter().skip(13).take(2).sum();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let running: u64 = children
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(fields)
        .map(|child| used(&child))
        .sum();
    used(&parent) + ended + running
}

/// A quotient with its first decimals.
pub(crate) fn shown(number: u64, unit: u64) -> String {
    let hundredths = number * 100 / unit;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
