//! Prices in requests and answers.

use anc_domain::{NanoUsd, UnixMillis};
use anc_ledger::{ModelPrice, PriceRule};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;

/// What a model costs: dollars per million units, as decimal strings, and what replaces them under
/// conditions.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Price {
    #[schema(value_type = String)]
    input: NanoUsd,
    #[schema(value_type = String)]
    output: NanoUsd,
    /// Input read from a cache; absent: as `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    cached_input: Option<NanoUsd>,
    /// Input written to a cache; absent: as `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    cache_write: Option<NanoUsd>,
    /// Input written to a cache that lives an hour; absent: as `cache_write`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    cache_write_1h: Option<NanoUsd>,
    /// Input given as sound; absent: as `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    input_audio: Option<NanoUsd>,
    /// Input given as pictures; absent: as `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    input_image: Option<NanoUsd>,
    /// Output spent on thinking; absent: as `output`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    reasoning: Option<NanoUsd>,
    /// Output given as sound; absent: as `output`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    output_audio: Option<NanoUsd>,
    /// Output given as pictures; absent: as `output`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    output_image: Option<NanoUsd>,
    /// Searches of the web, a million of them; absent: free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    web_search: Option<NanoUsd>,
    /// Searches in files, a million of them; absent: free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    file_search: Option<NanoUsd>,
    /// Requests, a million of them, beside their units; absent: free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    request: Option<NanoUsd>,
    /// Tried in order; each whose conditions all hold replaces the prices that it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<PriceRuleBody>,
}

/// Conditions of a price.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub(crate) struct PriceConditions {
    /// The request has more input units than this, cached ones included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    input_above: Option<u64>,
    /// `whole`: the whole request has the rule's prices; `above`: the input beyond that length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PricePart>)]
    part: Option<PricePart>,
    /// The request asks for this tier of service, and gets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service_tier: Option<String>,
    /// It asks for this speed, and gets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    speed: Option<String>,
    /// It asks to be served there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inference_geo: Option<String>,
    /// It begins at this time of the day (UTC, `16:30`) or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    daily_from: Option<String>,
    /// It begins before this time of the day (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    daily_until: Option<String>,
}

/// What of a long request has a rule's prices.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PricePart {
    Whole,
    Above,
}

/// Conditions, and the prices that hold where all of them do: dollars per million units.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriceRuleBody {
    /// The request has more input units than this, cached ones included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    input_above: Option<u64>,
    /// `whole`: the whole request has the rule's prices; `above`: the input beyond that length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PricePart>)]
    part: Option<PricePart>,
    /// The request asks for this tier of service, and gets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service_tier: Option<String>,
    /// It asks for this speed, and gets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    speed: Option<String>,
    /// It asks to be served there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inference_geo: Option<String>,
    /// It begins at this time of the day (UTC, `16:30`) or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    daily_from: Option<String>,
    /// It begins before this time of the day (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    daily_until: Option<String>,
    /// Input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    input: Option<NanoUsd>,
    /// Output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    output: Option<NanoUsd>,
    /// Input read from a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    cached_input: Option<NanoUsd>,
    /// Input written to a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    cache_write: Option<NanoUsd>,
    /// Input written to a cache that lives an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    cache_write_1h: Option<NanoUsd>,
    /// Input given as sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    input_audio: Option<NanoUsd>,
    /// Input given as pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    input_image: Option<NanoUsd>,
    /// Output spent on thinking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    reasoning: Option<NanoUsd>,
    /// Output given as sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    output_audio: Option<NanoUsd>,
    /// Output given as pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    output_image: Option<NanoUsd>,
    /// Searches of the web, a million of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    web_search: Option<NanoUsd>,
    /// Searches in files, a million of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    file_search: Option<NanoUsd>,
    /// Requests, a million of them, beside their units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    request: Option<NanoUsd>,
}

/// One of the prices that a model has had, has or will have.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PriceVersion {
    /// Counts the model's prices.
    version: i64,
    /// `builtin`: it came with the program; `import`: with a list; `manual`: a person set it.
    source: &'static str,
    /// `upcoming`, `current` or `past`.
    state: &'static str,
    price: Price,
    /// When it was set.
    created_at: String,
    /// From when on it holds, until another one's time comes.
    valid_from: String,
}

impl Price {
    pub(crate) fn of(price: &ModelPrice) -> Result<Self, ApiError> {
        // Both have the same words for the same things: a test holds them together.
        let same = serde_json::to_value(price).and_then(serde_json::from_value);
        same.map_err(|_| ApiError::internal())
    }

    /// The price for the book, if it can stand there.
    pub(crate) fn check(&self) -> Result<ModelPrice, ApiError> {
        let same = serde_json::to_value(self).and_then(serde_json::from_value::<ModelPrice>);
        let price = same.map_err(|error| ApiError::field("rules", sentence(error)))?;
        price.check().map_err(|fault| match fault {
            anc_ledger::PriceFault::BeyondRange => ApiError::field(
                "input",
                "A price is zero dollars or more, and not beyond all reason.",
            ),
            other => ApiError::field("rules", sentence(other)),
        })?;
        Ok(price)
    }
}

fn sentence(fault: impl std::fmt::Display) -> String {
    let mut text = fault.to_string();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text.push('.');
    text
}

impl PriceConditions {
    /// Those of a rule.
    pub(crate) fn of(rule: &PriceRule) -> Result<Self, ApiError> {
        serde_json::to_value(rule)
            .and_then(serde_json::from_value)
            .map_err(|_| ApiError::internal())
    }
}

impl PriceVersion {
    /// `current` is the version in force, where another than an upcoming one can be meant.
    pub(crate) fn of(
        version: &anc_store::PriceVersion,
        now: UnixMillis,
        current: Option<i64>,
    ) -> Result<Self, ApiError> {
        let state = if version.valid_from > now {
            "upcoming"
        } else if current == Some(version.version) {
            "current"
        } else {
            "past"
        };
        Ok(Self {
            version: version.version,
            source: version.source.name(),
            state,
            price: Price::of(&version.price)?,
            created_at: version.created_at.to_rfc3339(),
            valid_from: version.valid_from.to_rfc3339(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_price_and_condition_of_the_book_has_its_place() {
        let mut rule = json!({"input_above": 7, "part": "above", "service_tier": "priority",
            "speed": "fast", "inference_geo": "us", "daily_from": "16:30", "daily_until": "00:30"});
        let mut price = json!({});
        for key in serde_json::to_value(every_price()).unwrap().as_object().unwrap().keys() {
            price[key] = "1.5".into();
            rule[key] = "2".into();
        }
        price["rules"] = json!([rule]);
        let book: ModelPrice = serde_json::from_value(price.clone()).unwrap();
        let shown = serde_json::to_value(Price::of(&book).unwrap()).unwrap();
        assert_eq!(shown, price);
        let body: Price = serde_json::from_value(price).unwrap();
        let again: ModelPrice =
            serde_json::from_value(serde_json::to_value(&body).unwrap()).unwrap();
        assert_eq!(again, book);
    }

    fn every_price() -> anc_ledger::Rates {
        let all = Some(NanoUsd::from_nanos(1));
        anc_ledger::Rates {
            cached_input: all,
            cache_write: all,
            cache_write_1h: all,
            input_audio: all,
            input_image: all,
            reasoning: all,
            output_audio: all,
            output_image: all,
            web_search: all,
            file_search: all,
            request: all,
            ..anc_ledger::Rates::flat(NanoUsd::ZERO, NanoUsd::ZERO)
        }
    }

    #[test]
    fn a_rule_with_a_word_that_is_not_known_is_refused() {
        for rule in [
            json!({"input_above": 1, "input": "1", "colour": "red"}),
            json!({"daily_from": "25:00", "daily_until": "01:00", "input": "1"}),
            json!({"input": "1"}),
        ] {
            let body = json!({"input": "1", "output": "1", "rules": [rule]});
            let refused = serde_json::from_value::<Price>(body.clone())
                .map_err(|_| ())
                .and_then(|price| price.check().map_err(|_| ()));
            assert_eq!(refused, Err(()), "{body}");
        }
    }
}
