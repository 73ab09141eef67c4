//! How fast answers come.

use std::time::Duration;

/// The speed of an honest answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pace {
    /// Without any wait: for tests and benchmarks.
    Instant,
    /// As a hosted model of middling speed: a quarter of a second to the first word, then about
    /// fifty units a second.
    #[default]
    Lifelike,
    /// At a speed of one's own.
    Custom {
        /// Until the first word.
        first: Duration,
        /// For each unit after it.
        unit: Duration,
    },
}

impl Pace {
    pub(crate) const fn first(self) -> Duration {
        match self {
            Self::Instant => Duration::ZERO,
            Self::Lifelike => Duration::from_millis(250),
            Self::Custom { first, .. } => first,
        }
    }

    /// The time that so many units take.
    pub(crate) fn units(self, units: u64) -> Duration {
        let unit = match self {
            Self::Instant => Duration::ZERO,
            Self::Lifelike => Duration::from_millis(20),
            Self::Custom { unit, .. } => unit,
        };
        unit.saturating_mul(u32::try_from(units).unwrap_or(u32::MAX))
    }
}

/// What every stream looks like in a benchmark: so many frames of text, one each interval, all the
/// same bytes, so that sending one costs next to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadShape {
    /// Frames of text in a stream.
    pub frames: u32,
    /// The wait before each.
    pub interval: Duration,
}
