//! What differs between two prices, price by price.

use std::collections::BTreeMap;

use anc_domain::NanoUsd;
use anc_ledger::ModelPrice;
use serde_json::{Map, Value};

/// A price that becomes more than this many times as much, or as little, is more often a slip than
/// a decision.
const JUMP: i64 = 10;

/// What prices are for, as the book names them, and whose price holds where one is absent.
const METERS: [(&str, Option<&str>); 13] = [
    ("input", None),
    ("cached_input", Some("input")),
    ("cache_write", Some("input")),
    ("cache_write_1h", Some("cache_write")),
    ("input_audio", Some("input")),
    ("input_image", Some("input")),
    ("output", None),
    ("reasoning", Some("output")),
    ("output_audio", Some("output")),
    ("output_image", Some("output")),
    ("web_search", None),
    ("file_search", None),
    ("request", None),
];

/// One price of a model that is another than it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) condition: Condition,
    pub(crate) meter: &'static str,
    /// `None` where there was none, or will be none, of its own.
    pub(crate) before: Option<NanoUsd>,
    pub(crate) after: Option<NanoUsd>,
    /// What is paid in the end becomes more than ten times as much, or less than a tenth.
    pub(crate) is_jump: bool,
}

/// What differs; where there was no price before, everything does.
pub(crate) fn differences(before: Option<&ModelPrice>, after: &ModelPrice) -> Vec<Difference> {
    let is_new = before.is_none();
    let before = before.map(Flattened::of).unwrap_or_default();
    let after = Flattened::of(after);
    let mut conditions: Vec<&Condition> = before.0.iter().map(|(one, _)| one).collect();
    conditions.extend(after.0.iter().map(|(one, _)| one).filter(|one| before.at(one).is_none()));
    let mut found = Vec::new();
    for condition in conditions {
        for (meter, _) in METERS {
            let (was, becomes) = (before.own(condition, meter), after.own(condition, meter));
            if was == becomes {
                continue;
            }
            let paid = (before.paid(condition, meter), after.paid(condition, meter));
            found.push(Difference {
                condition: condition.clone(),
                meter,
                before: was,
                after: becomes,
                is_jump: !is_new && is_jump(paid),
            });
        }
    }
    found
}

fn is_jump((before, after): (NanoUsd, NanoUsd)) -> bool {
    let (least, most) = (before.min(after).nanos(), before.max(after).nanos());
    most > least.saturating_mul(JUMP)
}

/// The conditions of a rule as the book writes them; none for the usual price.
type Condition = Map<String, Value>;

/// A price by condition and by meter.
#[derive(Debug, Default)]
struct Flattened(Vec<(Condition, BTreeMap<&'static str, NanoUsd>)>);

impl Flattened {
    fn of(price: &ModelPrice) -> Self {
        // A price is written as an object, always.
        let mut rates = serde_json::to_value(price).unwrap_or_default();
        let rules = rates.as_object_mut().and_then(|rates| rates.remove("rules"));
        let rules = rules.as_ref().and_then(Value::as_array).into_iter().flatten();
        let mut flattened = Self::default();
        for object in std::iter::once(&rates).chain(rules) {
            flattened.add(object);
        }
        flattened
    }

    fn add(&mut self, object: &Value) {
        let mut condition = Condition::new();
        let mut prices = BTreeMap::new();
        for (key, value) in object.as_object().into_iter().flatten() {
            let meter = METERS.into_iter().find(|(meter, _)| meter == key);
            let price = value.as_str().and_then(|text| text.parse().ok());
            if let (Some((meter, _)), Some(price)) = (meter, price) {
                prices.insert(meter, price);
            } else {
                condition.insert(key.clone(), value.clone());
            }
        }
        // Of two rules with one condition the later has the last word.
        match self.0.iter_mut().find(|(one, _)| *one == condition) {
            Some((_, known)) => known.extend(prices),
            None => self.0.push((condition, prices)),
        }
    }

    fn at(&self, condition: &Condition) -> Option<&BTreeMap<&'static str, NanoUsd>> {
        self.0.iter().find(|(one, _)| one == condition).map(|(_, prices)| prices)
    }

    fn own(&self, condition: &Condition, meter: &str) -> Option<NanoUsd> {
        self.at(condition)?.get(meter).copied()
    }

    /// What is paid under the condition: its rule's price, else the usual one, else what stands in.
    fn paid(&self, condition: &Condition, meter: &str) -> NanoUsd {
        let own = self.own(condition, meter).or_else(|| self.own(&Condition::new(), meter));
        let stands_in = || {
            let (_, base) = METERS.into_iter().find(|(name, _)| *name == meter)?;
            Some(self.paid(condition, base?))
        };
        own.or_else(stands_in).unwrap_or(NanoUsd::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use anc_domain::Meter;
    use anc_ledger::{PriceRule, Rates};

    use super::*;

    fn found(before: &str, after: &str) -> Vec<(String, &'static str, String, String, bool)> {
        let price = |text: &str| serde_json::from_str::<ModelPrice>(text).unwrap();
        let text = |price: Option<NanoUsd>| price.map_or("-".to_owned(), |one| one.to_string());
        differences(Some(&price(before)), &price(after))
            .into_iter()
            .map(|one| {
                let condition = Value::Object(one.condition).to_string();
                (condition, one.meter, text(one.before), text(one.after), one.is_jump)
            })
            .collect()
    }

    #[test]
    fn prices_are_compared_by_condition_and_meter() {
        let before = r#"{"input": "1", "output": "2", "rules": [
            {"input_above": 5, "input": "2"}, {"speed": "fast", "output": "9"}]}"#;
        let after = r#"{"input": "1", "output": "3", "cached_input": "0.1", "rules": [
            {"input_above": 5, "input": "2", "output": "4"}]}"#;
        let long = r#"{"input_above":5}"#.to_owned();
        let fast = r#"{"speed":"fast"}"#.to_owned();
        assert_eq!(
            found(before, after),
            [
                ("{}".into(), "cached_input", "-".into(), "0.1".into(), false),
                ("{}".into(), "output", "2".into(), "3".into(), false),
                (long, "output", "-".into(), "4".into(), false),
                (fast, "output", "9".into(), "-".into(), false),
            ]
        );
        assert!(found(before, before).is_empty());
    }

    #[test]
    fn a_jump_is_told_by_what_is_paid_in_the_end() {
        let jumps = |before: &str, after: &str| {
            found(before, after).into_iter().map(|one| (one.1, one.4)).collect::<Vec<_>>()
        };
        let usual = r#"{"input": "1", "output": "2"}"#;
        assert_eq!(jumps(usual, r#"{"input": "10", "output": "2"}"#), [("input", false)]);
        assert_eq!(jumps(usual, r#"{"input": "10.1", "output": "2"}"#), [("input", true)]);
        assert_eq!(jumps(usual, r#"{"input": "0.09", "output": "2"}"#), [("input", true)]);
        assert_eq!(jumps(usual, r#"{"input": "1", "output": "0"}"#), [("output", true)]);
        // Reading from a cache cost what input does until now.
        let cached = r#"{"input": "1", "output": "2", "cached_input": "0.05"}"#;
        assert_eq!(jumps(usual, cached), [("cached_input", true)]);
        let fast = r#"{"input": "1", "output": "2", "rules": [{"speed": "fast", "output": "21"}]}"#;
        assert_eq!(jumps(usual, fast), [("output", true)]);
    }

    #[test]
    fn every_price_of_the_book_is_compared() {
        let one = NanoUsd::from_dollars(1);
        let rates = Value::Object(
            METERS.iter().map(|(meter, _)| ((*meter).to_owned(), "1".into())).collect(),
        );
        let full: Rates = serde_json::from_value(rates.clone()).unwrap();
        assert!(Meter::ALL.into_iter().all(|meter| full.per_million(meter) == one));
        assert_eq!(serde_json::to_value(full).unwrap(), rates);
        let rule: PriceRule = serde_json::from_value(rates.clone()).unwrap();
        assert_eq!(rule.prices().count(), METERS.len());
    }
}
