//! What a model costs.

mod rule;
mod snapshot;

use anc_domain::{Meter, NanoUsd, PpmMultiplier, PricedOptions, UnixMillis, Usage};
use serde::{Deserialize, Serialize};

pub use rule::{NoTimeOfDay, Part, PriceRule, RuleFault, TimeOfDay};
pub use snapshot::PriceSnapshot;

/// More rules than a vendor's price of one model has.
pub const RULES_MAX: usize = 32;

/// What a model costs: its prices, and the rules that replace some of them under conditions. The
/// rules are tried in order, and each that holds replaces the prices that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelPrice {
    /// The prices where no rule holds.
    #[serde(flatten)]
    pub rates: Rates,
    /// What replaces them, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<PriceRule>,
}

/// The prices of one model in nano-USD per million units of each meter. Input and output must have
/// a price (zero is one); the others fall back to the nearest dearer or equal one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
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
    /// A million units of pictures given; where absent, the input price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_image: Option<NanoUsd>,
    /// A million output units spent on thinking; where absent, the output price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<NanoUsd>,
    /// A million units of sound made; where absent, the output price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_audio: Option<NanoUsd>,
    /// A million units of pictures made; where absent, the output price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_image: Option<NanoUsd>,
    /// A million web searches; where absent, none is charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_search: Option<NanoUsd>,
    /// A million searches in files; where absent, none is charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_search: Option<NanoUsd>,
    /// A million requests, whatever their units; where absent, none is charged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<NanoUsd>,
}

/// Two factors as one, rounded up to a whole part per million.
pub fn combined(one: PpmMultiplier, other: PpmMultiplier) -> PpmMultiplier {
    let product = u64::from(one.ppm()) * u64::from(other.ppm());
    let ppm = product.div_ceil(u64::from(PpmMultiplier::ONE.ppm()));
    PpmMultiplier::from_ppm(u32::try_from(ppm).unwrap_or(u32::MAX))
}

impl Rates {
    /// Prices of nothing but input and output.
    pub const fn flat(input: NanoUsd, output: NanoUsd) -> Self {
        Self {
            input,
            output,
            cached_input: None,
            cache_write: None,
            cache_write_1h: None,
            input_audio: None,
            input_image: None,
            reasoning: None,
            output_audio: None,
            output_image: None,
            web_search: None,
            file_search: None,
            request: None,
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
            Meter::InputImage => self.input_image.unwrap_or(self.input),
            Meter::Output => self.output,
            Meter::Reasoning => self.reasoning.unwrap_or(self.output),
            Meter::OutputAudio => self.output_audio.unwrap_or(self.output),
            Meter::OutputImage => self.output_image.unwrap_or(self.output),
            Meter::WebSearch => self.web_search.unwrap_or(NanoUsd::ZERO),
            Meter::FileSearch => self.file_search.unwrap_or(NanoUsd::ZERO),
            Meter::Request => self.request.unwrap_or(NanoUsd::ZERO),
        }
    }
}

/// Why a price cannot stand in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PriceFault {
    /// One of its prices is negative, or so high that a charge would be beyond [`NanoUsd`].
    #[error("a price is zero dollars or more, and not beyond all reason")]
    BeyondRange,
    /// One of its rules is none.
    #[error("rule {number}: {fault}")]
    Rule {
        /// Which of them, from 1.
        number: usize,
        /// What is wrong with it.
        fault: RuleFault,
    },
    /// It has more than [`RULES_MAX`] rules.
    #[error("a price has at most 32 rules")]
    TooManyRules,
}

/// An option that the request names and no rule of the price knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnpricedOption(pub &'static str);

impl ModelPrice {
    /// A price with nothing but input and output.
    pub const fn flat(input: NanoUsd, output: NanoUsd) -> Self {
        Self { rates: Rates::flat(input, output), rules: Vec::new() }
    }

    /// Whether it can stand in the book: no price is below zero, since a negative one would pay
    /// people for calling, and none is beyond [`ModelPrice::is_chargeable`].
    pub fn check(&self) -> Result<(), PriceFault> {
        if self.rules.len() > RULES_MAX {
            return Err(PriceFault::TooManyRules);
        }
        for (place, rule) in self.rules.iter().enumerate() {
            rule.check().map_err(|fault| PriceFault::Rule { number: place + 1, fault })?;
        }
        if self.is_chargeable(PpmMultiplier::ONE) { Ok(()) } else { Err(PriceFault::BeyondRange) }
    }

    /// Whether no price is below zero and the largest plausible usage has a charge.
    pub fn is_chargeable(&self, multiplier: PpmMultiplier) -> bool {
        let named = self.rules.iter().flat_map(PriceRule::prices);
        let plain = Meter::ALL.into_iter().map(|meter| self.rates.per_million(meter));
        let mut prices = plain.chain(named);
        let Some(dearest) = prices.try_fold(NanoUsd::ZERO, |dearest: NanoUsd, price| {
            (!price.is_negative()).then(|| dearest.max(price))
        }) else {
            return false;
        };
        let units = Usage::PLAUSIBLE_MAX * Meter::ALL.len() as u64;
        crate::charge::cost_of(units, dearest, multiplier).is_ok()
    }

    /// What is kept with a hold and a usage row, so that its charge can be computed again whatever
    /// happens to the price book: for a request that names no option and begins at any time of the
    /// day. Rules that would need one are left out.
    pub fn snapshot(&self, multiplier: PpmMultiplier) -> PriceSnapshot {
        let rules = self.rules.iter().filter(|rule| {
            rule.service_tier.is_none()
                && rule.speed.is_none()
                && rule.inference_geo.is_none()
                && rule.daily_from.is_none()
        });
        let price = Self { rates: self.rates, rules: rules.cloned().collect() };
        PriceSnapshot { price, multiplier, group_multiplier: None, version: None }
    }

    /// The same for a request with these options that begins now. Fails where an option is priced by
    /// no rule: the request would be sold at a price that is not its own.
    pub fn snapshot_for(
        &self,
        options: &PricedOptions,
        now: UnixMillis,
        multiplier: PpmMultiplier,
    ) -> Result<PriceSnapshot, UnpricedOption> {
        let priced = |named: &Option<Box<str>>, by: fn(&PriceRule) -> &Option<Box<str>>| {
            named.is_none() || self.rules.iter().any(|rule| by(rule) == named)
        };
        if !priced(&options.service_tier, |rule| &rule.service_tier) {
            return Err(UnpricedOption("service_tier"));
        }
        if !priced(&options.speed, |rule| &rule.speed) {
            return Err(UnpricedOption("speed"));
        }
        if !priced(&options.inference_geo, |rule| &rule.inference_geo) {
            return Err(UnpricedOption("inference_geo"));
        }
        let rules = self.rules.iter().filter(|rule| rule.is_in_force(options, now));
        let price = Self { rates: self.rates, rules: rules.cloned().collect() };
        Ok(PriceSnapshot { price, multiplier, group_multiplier: None, version: None })
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
        let rates = Rates { reasoning: Some(NanoUsd::from_nanos(4_000_000)), ..flat.rates };
        let own = ModelPrice { rates, rules: Vec::new() };
        let total = |price: &ModelPrice| {
            charge(&usage, &price.snapshot(PpmMultiplier::ONE)).unwrap().total.nanos()
        };
        assert_eq!((total(&flat), total(&own)), (3_000, 9_000));
        let snapshot = own.snapshot(PpmMultiplier::ONE);
        assert_eq!(snapshot.dearest_output_per_million(0).nanos(), 4_000_000);
    }

    #[test]
    fn an_old_snapshot_reads_recomputes_and_is_written_as_it_was() {
        let old: PriceSnapshot = serde_json::from_str(OLD).unwrap();
        let usage = Usage::default().with(Meter::Input, 1_000).with(Meter::Reasoning, 500);
        assert_eq!(charge(&usage, &old).unwrap().total.to_string(), "0.0105");
        assert_eq!(serde_json::to_string(&old).unwrap(), OLD);
    }

    fn price(text: &str) -> ModelPrice {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn rules_are_tried_in_order_and_each_that_holds_replaces_what_it_names() {
        let price = price(
            r#"{"input":"2","output":"8","cached_input":"0.5","rules":[
                {"input_above":1000,"input":"4"},
                {"service_tier":"priority","input":"6","output":"20"},
                {"service_tier":"priority","input_above":1000,"output":"30"},
                {"daily_from":"16:30","daily_until":"00:30","output":"5"}]}"#,
        );
        price.check().unwrap();
        let options =
            PricedOptions { service_tier: Some("priority".into()), ..PricedOptions::default() };
        let (noon, evening) = (12 * 3_600_000, 17 * 3_600_000);
        let of = |options: &PricedOptions, at: i64, units: u64| {
            let snapshot = price
                .snapshot_for(options, UnixMillis::from_millis(at), PpmMultiplier::ONE)
                .unwrap();
            let rates = snapshot.rates(units, 0);
            (rates.input.to_string(), rates.output.to_string(), snapshot.met(units).count())
        };
        let plain = PricedOptions::default();
        assert_eq!(of(&plain, noon, 1_000), ("2".into(), "8".into(), 0));
        assert_eq!(of(&plain, noon, 1_001), ("4".into(), "8".into(), 1));
        assert_eq!(of(&options, noon, 1_000), ("6".into(), "20".into(), 1));
        assert_eq!(of(&options, noon, 1_001), ("6".into(), "30".into(), 3));
        assert_eq!(of(&options, evening, 1_001), ("6".into(), "5".into(), 4));
        let promised = price
            .snapshot_for(&options, UnixMillis::from_millis(noon), PpmMultiplier::ONE)
            .unwrap();
        let as_usual = promised.without_options(true, false);
        assert_eq!(as_usual.rates(1_001, 0).output.to_string(), "8");
    }

    #[test]
    fn an_option_without_a_price_is_not_sold() {
        let price = price(r#"{"input":"2","output":"8","rules":[{"speed":"fast","input":"6"}]}"#);
        let asks = |tier: Option<&str>, speed: Option<&str>, geo: Option<&str>| {
            let own = |text: Option<&str>| text.map(Box::from);
            let options = PricedOptions {
                service_tier: own(tier),
                speed: own(speed),
                inference_geo: own(geo),
            };
            price.snapshot_for(&options, UnixMillis::from_millis(0), PpmMultiplier::ONE).map(|_| ())
        };
        assert_eq!(asks(None, Some("fast"), None), Ok(()));
        assert_eq!(asks(Some("priority"), None, None), Err(UnpricedOption("service_tier")));
        assert_eq!(asks(None, Some("faster"), None), Err(UnpricedOption("speed")));
        assert_eq!(asks(None, None, Some("us")), Err(UnpricedOption("inference_geo")));
    }

    #[test]
    fn what_cannot_be_charged_is_no_price() {
        for text in [
            r#"{"input":"-1","output":"1"}"#,
            r#"{"input":"1","output":"1","rules":[{"input_above":1,"input":"-1"}]}"#,
            r#"{"input":"9000000000","output":"1"}"#,
        ] {
            assert_eq!(price(text).check(), Err(PriceFault::BeyondRange), "{text}");
        }
        let rule = r#"{"input_above":1,"input":"1"}"#;
        let many = format!(r#"{{"input":"1","output":"1","rules":[{}]}}"#, [rule; 33].join(","));
        assert_eq!(price(&many).check(), Err(PriceFault::TooManyRules));
        let fault = PriceFault::Rule { number: 1, fault: RuleFault::NoPrice };
        let text = r#"{"input":"1","output":"1","rules":[{"input_above":1}]}"#;
        assert_eq!(price(text).check(), Err(fault));
    }
}
