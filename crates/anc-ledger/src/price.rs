//! What a model costs.

use anc_domain::{Meter, MoneyError, NanoUsd, PpmMultiplier};
use serde::{Deserialize, Serialize};

/// The prices of one model in nano-USD per million units of each meter. Input and output must have
/// a price (zero is one); the others fall back to the nearest dearer or equal one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelPrice {
    /// A million input units.
    pub input: NanoUsd,
    /// A million output units.
    pub output: NanoUsd,
    /// A million input units read from a cache; where absent, the input price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<NanoUsd>,
    /// A million input units written to a short cache; where absent, the input price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<NanoUsd>,
    /// A million input units written to a cache of one hour; where absent, the short cache's price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<NanoUsd>,
    /// A million units of sound given; where absent, the input price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_audio: Option<NanoUsd>,
    /// A million output units spent on thinking; where absent, the output price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<NanoUsd>,
    /// A million units of sound made; where absent, the output price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_audio: Option<NanoUsd>,
    /// A million web searches; where absent, none is charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_search: Option<NanoUsd>,
}

/// Two factors as one, rounded up to a whole part per million.
pub fn combined(one: PpmMultiplier, other: PpmMultiplier) -> PpmMultiplier {
    let product = u64::from(one.ppm()) * u64::from(other.ppm());
    let ppm = product.div_ceil(u64::from(PpmMultiplier::ONE.ppm()));
    PpmMultiplier::from_ppm(u32::try_from(ppm).unwrap_or(u32::MAX))
}

impl ModelPrice {
    /// A price with nothing but input and output.
    pub const fn flat(input: NanoUsd, output: NanoUsd) -> Self {
        Self {
            input,
            output,
            cached_input: None,
            cache_write: None,
            cache_write_1h: None,
            input_audio: None,
            reasoning: None,
            output_audio: None,
            web_search: None,
        }
    }

    /// The price of a million units of `meter`, fallbacks applied.
    pub fn per_million(&self, meter: Meter) -> NanoUsd {
        let cache_write = self.cache_write.unwrap_or(self.input);
        match meter {
            Meter::Input => self.input,
            Meter::CachedInput => self.cached_input.unwrap_or(self.input),
            Meter::CacheWrite5m | Meter::CacheWriteOther => cache_write,
            Meter::CacheWrite1h => self.cache_write_1h.unwrap_or(cache_write),
            Meter::InputAudio => self.input_audio.unwrap_or(self.input),
            Meter::Output => self.output,
            Meter::Reasoning => self.reasoning.unwrap_or(self.output),
            Meter::OutputAudio => self.output_audio.unwrap_or(self.output),
            Meter::WebSearch => self.web_search.unwrap_or(NanoUsd::ZERO),
        }
    }

    /// No price is below zero: a negative one would pay people for calling.
    pub fn check(&self) -> Result<(), MoneyError> {
        let negative = Meter::ALL.into_iter().any(|meter| self.per_million(meter).is_negative());
        if negative { Err(MoneyError::OutOfRange) } else { Ok(()) }
    }

    /// What is kept with a hold and a usage row, so that its charge can be computed again whatever
    /// happens to the price book.
    pub fn snapshot(&self, multiplier: PpmMultiplier) -> PriceSnapshot {
        PriceSnapshot { price: *self, multiplier }
    }
}

/// The price and multiplier that one request was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceSnapshot {
    /// The model's prices at that time.
    pub price: ModelPrice,
    /// The factor of the account's tier at that time.
    pub multiplier: PpmMultiplier,
}

impl PriceSnapshot {
    /// The dearest price at which a unit of input can come to be charged.
    pub fn dearest_input_per_million(&self) -> NanoUsd {
        self.dearest(Meter::is_input)
    }

    /// The dearest price at which a unit of output can come to be charged.
    pub fn dearest_output_per_million(&self) -> NanoUsd {
        self.dearest(Meter::is_output)
    }

    fn dearest(&self, belongs: impl Fn(Meter) -> bool) -> NanoUsd {
        Meter::ALL
            .into_iter()
            .filter(|meter| belongs(*meter))
            .map(|meter| self.price.per_million(meter))
            .max()
            .unwrap_or(NanoUsd::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use anc_domain::Usage;

    use super::*;
    use crate::charge;

    /// As rows have it that were written before thinking could have a price of its own.
    const OLD: &str =
        r#"{"price":{"input":"3","output":"15","cached_input":"0.3"},"multiplier":1000000}"#;

    #[test]
    fn thinking_costs_its_own_price_and_else_that_of_output() {
        let usage = Usage::default().with(Meter::Output, 1_000).with(Meter::Reasoning, 2_000);
        let flat = ModelPrice::flat(NanoUsd::ZERO, NanoUsd::from_nanos(1_000_000));
        let own = ModelPrice { reasoning: Some(NanoUsd::from_nanos(4_000_000)), ..flat };
        let total = |price: ModelPrice| {
            charge(&usage, &price.snapshot(PpmMultiplier::ONE)).unwrap().total.nanos()
        };
        assert_eq!((total(flat), total(own)), (3_000, 9_000));
        let snapshot = own.snapshot(PpmMultiplier::ONE);
        assert_eq!(snapshot.dearest_output_per_million().nanos(), 4_000_000);
    }

    #[test]
    fn an_old_snapshot_reads_recomputes_and_is_written_as_it_was() {
        let old: PriceSnapshot = serde_json::from_str(OLD).unwrap();
        let usage = Usage::default().with(Meter::Input, 1_000).with(Meter::Reasoning, 500);
        assert_eq!(charge(&usage, &old).unwrap().total.to_string(), "0.0105");
        assert_eq!(serde_json::to_string(&old).unwrap(), OLD);
    }
}
