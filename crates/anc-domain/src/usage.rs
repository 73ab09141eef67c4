//! Measured units of a request, in buckets that do not overlap.

use serde::{Deserialize, Serialize};

/// An LLM's units (what vendors call tokens). In code the bare word "token" never means this.
pub type TokenCount = u64;

/// What is counted. The buckets are disjoint, whatever the vendor's own convention: an input unit
/// that was read from a cache is `CachedInput` and not also `Input`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meter {
    /// Input that was neither read from nor written to a cache.
    Input,
    /// Input read from the provider's cache.
    CachedInput,
    /// Input written to a cache that lives five minutes (Anthropic's default).
    #[serde(rename = "cache_write_5m")]
    CacheWrite5m,
    /// Input written to a cache that lives one hour (Anthropic).
    #[serde(rename = "cache_write_1h")]
    CacheWrite1h,
    /// Input written to a cache of another lifetime (OpenAI).
    CacheWriteOther,
    /// Input given as sound.
    InputAudio,
    /// Input given as pictures.
    InputImage,
    /// Output but for what has a bucket of its own below.
    Output,
    /// Output spent on thinking.
    Reasoning,
    /// Output given as sound.
    OutputAudio,
    /// Output given as pictures.
    OutputImage,
    /// Searches of the web that the provider made for the request.
    WebSearch,
    /// Searches in files that the provider made for the request.
    FileSearch,
    /// The request itself, where its model's price has one for it.
    Request,
}

impl Meter {
    /// Every meter, in the order of the buckets.
    pub const ALL: [Self; 14] = [
        Self::Input,
        Self::CachedInput,
        Self::CacheWrite5m,
        Self::CacheWrite1h,
        Self::CacheWriteOther,
        Self::InputAudio,
        Self::InputImage,
        Self::Output,
        Self::Reasoning,
        Self::OutputAudio,
        Self::OutputImage,
        Self::WebSearch,
        Self::FileSearch,
        Self::Request,
    ];

    /// The meter's name in JSON, in the database and in the price book.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::CachedInput => "cached_input",
            Self::CacheWrite5m => "cache_write_5m",
            Self::CacheWrite1h => "cache_write_1h",
            Self::CacheWriteOther => "cache_write_other",
            Self::InputAudio => "input_audio",
            Self::InputImage => "input_image",
            Self::Output => "output",
            Self::Reasoning => "reasoning",
            Self::OutputAudio => "output_audio",
            Self::OutputImage => "output_image",
            Self::WebSearch => "web_search",
            Self::FileSearch => "file_search",
            Self::Request => "request",
        }
    }

    /// Whether the units are part of what the model was given.
    pub const fn is_input(self) -> bool {
        matches!(
            self,
            Self::Input
                | Self::CachedInput
                | Self::CacheWrite5m
                | Self::CacheWrite1h
                | Self::CacheWriteOther
                | Self::InputAudio
                | Self::InputImage
        )
    }

    /// Whether the units are part of what the model made.
    pub const fn is_output(self) -> bool {
        matches!(self, Self::Output | Self::Reasoning | Self::OutputAudio | Self::OutputImage)
    }
}

/// A provider reported something that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// A count that is negative, not a whole number, or beyond any request.
    #[error("implausible count of {}", .0.name())]
    Implausible(Meter),
    /// A part is larger than the whole that it is part of.
    #[error("the count of {} is larger than its total", .0.name())]
    PartExceedsWhole(Meter),
}

/// The units of one request by meter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    units: [TokenCount; Meter::ALL.len()],
}

impl Usage {
    /// No single request can have more units than this in one bucket: fifty times the largest
    /// context on the market. A larger report is taken for a fault of the provider.
    pub const PLAUSIBLE_MAX: TokenCount = 100_000_000;

    /// The units of one meter.
    pub const fn get(&self, meter: Meter) -> TokenCount {
        self.units[meter as usize]
    }

    /// Sets the units of one meter; fails where no request could have so many.
    pub const fn set(&mut self, meter: Meter, units: TokenCount) -> Result<(), UsageError> {
        if units > Self::PLAUSIBLE_MAX {
            return Err(UsageError::Implausible(meter));
        }
        self.units[meter as usize] = units;
        Ok(())
    }

    /// The same usage with one meter at `units`, cut at [`Usage::PLAUSIBLE_MAX`]: for our own counts.
    #[must_use]
    pub fn with(mut self, meter: Meter, units: TokenCount) -> Self {
        self.units[meter as usize] = units.min(Self::PLAUSIBLE_MAX);
        self
    }

    /// All units that the model was given.
    pub fn input_total(&self) -> TokenCount {
        self.total_where(Meter::is_input)
    }

    /// All units that the model made.
    pub fn output_total(&self) -> TokenCount {
        self.total_where(Meter::is_output)
    }

    /// Nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.units.iter().all(|units| *units == 0)
    }

    /// The meters that counted something, in order.
    pub fn counted(&self) -> impl Iterator<Item = (Meter, TokenCount)> + '_ {
        Meter::ALL.into_iter().map(|meter| (meter, self.get(meter))).filter(|(_, units)| *units > 0)
    }

    fn total_where(&self, belongs: impl Fn(Meter) -> bool) -> TokenCount {
        Meter::ALL.into_iter().filter(|meter| belongs(*meter)).map(|meter| self.get(meter)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_meter_stands_at_its_own_place() {
        for (place, meter) in Meter::ALL.into_iter().enumerate() {
            assert_eq!(meter as usize, place);
            assert_eq!(serde_json::to_value(meter).unwrap(), meter.name());
        }
    }

    #[test]
    fn totals_count_each_unit_once() {
        let usage = Usage::default()
            .with(Meter::Input, 10)
            .with(Meter::CachedInput, 5)
            .with(Meter::Output, 3)
            .with(Meter::Reasoning, 4)
            .with(Meter::WebSearch, 9);
        assert_eq!((usage.input_total(), usage.output_total()), (15, 7));
    }

    #[test]
    fn an_absurd_count_is_refused() {
        let mut usage = Usage::default();
        assert_eq!(
            usage.set(Meter::Output, 1_000_000_000_000_000_000),
            Err(UsageError::Implausible(Meter::Output))
        );
    }
}
