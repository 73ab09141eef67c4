//! What the proof found wrong.

use super::Check;

/// The first of a kind of fault, and how many there are.
#[derive(Default)]
pub(super) struct Faults {
    first: Option<String>,
    count: u64,
}

impl Faults {
    pub(super) fn note(&mut self, fault: impl FnOnce() -> String) {
        self.count += 1;
        self.first.get_or_insert_with(fault);
    }

    /// Notes `count` faults of one kind, where there are any.
    pub(super) fn note_count(&mut self, count: i64, of: &str) {
        if count > 0 {
            self.note(|| format!("{count} {of}"));
        }
    }

    pub(super) fn expect_equal(&mut self, stored: i128, made: i128, of: impl FnOnce() -> String) {
        if stored != made {
            self.note(|| format!("{}: stored {stored}, made from rows {made}", of()));
        }
    }

    pub(super) fn into_check(self, name: &'static str, compared: String) -> Check {
        let ok = self.first.is_none();
        let detail = match self.first {
            None => compared,
            Some(first) => format!("{} faults; the first: {first}", self.count),
        };
        Check { name, ok, detail }
    }
}
