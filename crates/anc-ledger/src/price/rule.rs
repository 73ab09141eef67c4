//! Under which conditions a model costs something else.

use std::fmt;
use std::str::FromStr;

use anc_domain::{NanoUsd, PricedOptions, TokenCount, UnixMillis};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Rates;

const MINUTES_A_DAY: u16 = 24 * 60;
const MILLIS_A_MINUTE: i64 = 60_000;
/// Longer values of an option are none that a provider has.
const OPTION_BYTES_MAX: usize = 64;

/// Conditions, and the prices that stand in for the model's where all of them hold. A rule has at
/// least one condition and at least one price.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceRule {
    /// The request has more input units than this, cached ones included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_above: Option<TokenCount>,
    /// What of such a request has the rule's prices.
    #[serde(default, skip_serializing_if = "Part::is_whole")]
    pub part: Part,
    /// The request was served in this tier of its provider: `priority`, `flex`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<Box<str>>,
    /// It was served at this speed: `fast`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<Box<str>>,
    /// It was served in this part of the world: `us`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inference_geo: Option<Box<str>>,
    /// It began at this time of the day (UTC) or later; always together with `daily_until`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_from: Option<TimeOfDay>,
    /// It began before this time of the day (UTC); earlier than `daily_from` where the span goes
    /// beyond midnight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_until: Option<TimeOfDay>,
    /// The price of input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<NanoUsd>,
    /// The price of output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<NanoUsd>,
    /// The price of input read from a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<NanoUsd>,
    /// The price of input written to a short cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<NanoUsd>,
    /// The price of input written to a cache of one hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<NanoUsd>,
    /// The price of sound given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_audio: Option<NanoUsd>,
    /// The price of pictures given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_image: Option<NanoUsd>,
    /// The price of thinking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<NanoUsd>,
    /// The price of sound made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_audio: Option<NanoUsd>,
    /// The price of pictures made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_image: Option<NanoUsd>,
    /// The price of searches of the web.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_search: Option<NanoUsd>,
    /// The price of searches in files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_search: Option<NanoUsd>,
    /// The price of the request itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<NanoUsd>,
}

/// What of a request that is longer than a rule's threshold has the rule's prices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// All of it, its output too.
    #[default]
    Whole,
    /// The input beyond the threshold. What was read from a cache comes first in a request, then
    /// what was written to one, then the rest.
    Above,
}

impl Part {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    const fn is_whole(&self) -> bool {
        matches!(self, Self::Whole)
    }
}

/// A minute of the day in UTC, written `16:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// The minute that a moment lies in.
    pub fn of(moment: UnixMillis) -> Self {
        let minute =
            moment.as_millis().div_euclid(MILLIS_A_MINUTE).rem_euclid(MINUTES_A_DAY.into());
        Self(u16::try_from(minute).unwrap_or(0))
    }
}

/// A text that is no time of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time of the day is written like 16:30")]
pub struct NoTimeOfDay;

impl FromStr for TimeOfDay {
    type Err = NoTimeOfDay;

    fn from_str(text: &str) -> Result<Self, NoTimeOfDay> {
        let two = |digits: &str| {
            let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<u16>().ok()).flatten().ok_or(NoTimeOfDay)
        };
        let (hour, minute) = text.split_once(':').ok_or(NoTimeOfDay)?;
        let (hour, minute) = (two(hour)?, two(minute)?);
        if hour < 24 && minute < 60 { Ok(Self(hour * 60 + minute)) } else { Err(NoTimeOfDay) }
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Why a rule is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RuleFault {
    /// It would hold always.
    #[error("a rule needs a condition")]
    NoCondition,
    /// It changes nothing.
    #[error("a rule needs a price")]
    NoPrice,
    /// `daily_from` without `daily_until`, the other way round, or an empty span.
    #[error("daily_from and daily_until stand together and differ")]
    HalfSpan,
    /// `part: above` without a threshold, or with prices of other things than input.
    #[error("part `above` needs input_above, and prices of input alone")]
    NotOfInput,
    /// An option's value that no provider has.
    #[error("an option's value has 1 to 64 letters, digits, `-`, `_` or `.`")]
    BadOption,
}

impl PriceRule {
    /// Whether the rule can stand in a price book.
    pub fn check(&self) -> Result<(), RuleFault> {
        let options = [&self.service_tier, &self.speed, &self.inference_geo];
        let conditions = self.input_above.is_some()
            || self.daily_from.is_some()
            || self.daily_until.is_some()
            || options.iter().any(|option| option.is_some());
        if !conditions {
            return Err(RuleFault::NoCondition);
        }
        if self.daily_from.is_some() != self.daily_until.is_some()
            || (self.daily_from.is_some() && self.daily_from == self.daily_until)
        {
            return Err(RuleFault::HalfSpan);
        }
        if options.into_iter().flatten().any(|value| !is_option(value)) {
            return Err(RuleFault::BadOption);
        }
        if self.prices().next().is_none() {
            return Err(RuleFault::NoPrice);
        }
        let others = [
            self.output,
            self.reasoning,
            self.output_audio,
            self.output_image,
            self.web_search,
            self.file_search,
            self.request,
        ];
        if self.part == Part::Above
            && (self.input_above.is_none() || others.iter().any(Option::is_some))
        {
            return Err(RuleFault::NotOfInput);
        }
        Ok(())
    }

    /// The prices that it names.
    pub fn prices(&self) -> impl Iterator<Item = NanoUsd> {
        [
            self.input,
            self.output,
            self.cached_input,
            self.cache_write,
            self.cache_write_1h,
            self.input_audio,
            self.input_image,
            self.reasoning,
            self.output_audio,
            self.output_image,
            self.web_search,
            self.file_search,
            self.request,
        ]
        .into_iter()
        .flatten()
    }

    /// Whether all but the length of the input speaks for the rule.
    pub(super) fn is_in_force(&self, options: &PricedOptions, now: UnixMillis) -> bool {
        let asked = |by_rule: &Option<Box<str>>, by_request: &Option<Box<str>>| {
            by_rule.is_none() || by_rule == by_request
        };
        let in_span = match (self.daily_from, self.daily_until) {
            (Some(from), Some(until)) => {
                let at = TimeOfDay::of(now);
                if from < until { from <= at && at < until } else { from <= at || at < until }
            }
            _ => true,
        };
        in_span
            && asked(&self.service_tier, &options.service_tier)
            && asked(&self.speed, &options.speed)
            && asked(&self.inference_geo, &options.inference_geo)
    }

    /// Puts its prices in the place of others.
    pub(super) fn apply(&self, rates: &mut Rates) {
        rates.input = self.input.unwrap_or(rates.input);
        rates.output = self.output.unwrap_or(rates.output);
        let replace = |price: &mut Option<NanoUsd>, by: Option<NanoUsd>| *price = by.or(*price);
        replace(&mut rates.cached_input, self.cached_input);
        replace(&mut rates.cache_write, self.cache_write);
        replace(&mut rates.cache_write_1h, self.cache_write_1h);
        replace(&mut rates.input_audio, self.input_audio);
        replace(&mut rates.input_image, self.input_image);
        replace(&mut rates.reasoning, self.reasoning);
        replace(&mut rates.output_audio, self.output_audio);
        replace(&mut rates.output_image, self.output_image);
        replace(&mut rates.web_search, self.web_search);
        replace(&mut rates.file_search, self.file_search);
        replace(&mut rates.request, self.request);
    }
}

fn is_option(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=OPTION_BYTES_MAX).contains(&value.len()) && value.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> PriceRule {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_rule_needs_a_condition_and_a_price() {
        for (text, fault) in [
            (r#"{"input":"1"}"#, RuleFault::NoCondition),
            (r#"{"input_above":5}"#, RuleFault::NoPrice),
            (r#"{"daily_from":"01:00","input":"1"}"#, RuleFault::HalfSpan),
            (r#"{"daily_from":"01:00","daily_until":"01:00","input":"1"}"#, RuleFault::HalfSpan),
            (r#"{"input_above":5,"part":"above","output":"1"}"#, RuleFault::NotOfInput),
            (r#"{"speed":"fast","part":"above","input":"1"}"#, RuleFault::NotOfInput),
            (r#"{"speed":"very fast","input":"1"}"#, RuleFault::BadOption),
            (r#"{"service_tier":"","input":"1"}"#, RuleFault::BadOption),
        ] {
            assert_eq!(rule(text).check(), Err(fault), "{text}");
        }
        let sound = r#"{"input_above":200000,"part":"above","input":"6"}"#;
        assert_eq!(rule(sound).check(), Ok(()));
        assert_eq!(serde_json::to_string(&rule(sound)).unwrap(), sound);
    }

    #[test]
    fn a_span_of_the_day_may_go_beyond_midnight() {
        let at = |hour: i64, minute: i64| UnixMillis::from_millis((hour * 60 + minute) * 60_000);
        let night = rule(r#"{"daily_from":"16:30","daily_until":"00:30","input":"1"}"#);
        let options = PricedOptions::default();
        for (now, holds) in [
            (at(16, 29), false),
            (at(16, 30), true),
            (at(23, 59), true),
            (at(24, 29), true),
            (at(24, 30), false),
            (at(36, 0), false),
        ] {
            assert_eq!(night.is_in_force(&options, now), holds, "{now:?}");
        }
    }

    #[test]
    fn what_is_no_time_of_the_day_is_refused() {
        for text in ["24:00", "1:30", "12:60", "12:5", "noon", "12:30:00", "+1:30"] {
            assert_eq!(text.parse::<TimeOfDay>(), Err(NoTimeOfDay), "{text}");
        }
        assert_eq!("09:05".parse::<TimeOfDay>().unwrap().to_string(), "09:05");
    }
}
