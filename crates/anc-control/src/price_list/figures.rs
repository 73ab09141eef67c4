//! What one entry of a list says, put together as a price of our book.

use std::collections::BTreeMap;

use anc_domain::NanoUsd;
use anc_ledger::{ModelPrice, PriceRule, Rates};

use super::figure::times;
use super::key::{Condition, Slot};

/// Prices by what they are for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Figures(BTreeMap<Slot, NanoUsd>);

impl Figures {
    pub(super) fn get(&self, slot: Slot) -> Option<NanoUsd> {
        self.0.get(&slot).copied()
    }

    pub(super) fn set(&mut self, slot: Slot, price: NanoUsd) {
        self.0.insert(slot, price);
    }

    fn unset(&mut self, slot: Slot) {
        self.0.remove(&slot);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its own price, or that of what it falls back to.
    fn effective(&self, slot: Slot) -> Option<NanoUsd> {
        self.get(slot).or_else(|| self.effective(slot.falls_back_to()?))
    }

    /// The same prices, each put through `change`; nothing where one cannot be.
    fn changed<E>(&self, change: impl Fn(NanoUsd) -> Result<NanoUsd, E>) -> Result<Self, E> {
        let changed = self.0.iter().map(|(slot, price)| Ok((*slot, change(*price)?)));
        Ok(Self(changed.collect::<Result<_, E>>()?))
    }

    /// Lists say the usual prices again under names of their own. What a price would fall back to
    /// anyhow says nothing, and would hide a rule that changes the usual one. That writing to a
    /// cache costs nothing means that it costs what input does.
    fn without_echoes(mut self) -> Self {
        if self.get(Slot::CacheWrite) == Some(NanoUsd::ZERO) {
            self.0.remove(&Slot::CacheWrite);
        }
        // From what falls back furthest on: the short cache's price must stand while the long one's
        // is compared.
        for slot in Slot::ALL.into_iter().rev() {
            let Some(base) = slot.falls_back_to() else { continue };
            if self.get(slot).is_some() && self.get(slot) == self.effective(base) {
                self.0.remove(&slot);
            }
        }
        self
    }

    /// It names both the price and what it falls back to, as one; or not the price at all.
    fn only_echoes(&self, slot: Slot) -> bool {
        let base = slot.falls_back_to().and_then(|base| self.get(base));
        self.get(slot).is_none() || self.get(slot) == base
    }

    fn put_into(&self, rule: &mut PriceRule) {
        rule.input = self.get(Slot::Input);
        rule.output = self.get(Slot::Output);
        rule.cached_input = self.get(Slot::CachedInput);
        rule.cache_write = self.get(Slot::CacheWrite);
        rule.cache_write_1h = self.get(Slot::CacheWrite1h);
        rule.input_audio = self.get(Slot::InputAudio);
        rule.input_image = self.get(Slot::InputImage);
        rule.reasoning = self.get(Slot::Reasoning);
        rule.output_audio = self.get(Slot::OutputAudio);
        rule.output_image = self.get(Slot::OutputImage);
    }
}

/// An option of a request that multiplies every price of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// Served in the United States.
    GeoUs,
    /// Served faster.
    SpeedFast,
}

impl Choice {
    fn put_into(self, rule: &mut PriceRule) {
        match self {
            Self::GeoUs => rule.inference_geo = Some("us".into()),
            Self::SpeedFast => rule.speed = Some("fast".into()),
        }
    }
}

/// Everything that an entry says of prices.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub(super) flat: Figures,
    pub(super) under: BTreeMap<Condition, Figures>,
    /// Spans of the day with prices of their own.
    pub(super) daily: Vec<(PriceRule, Figures)>,
    pub(super) factors: Vec<(Choice, Box<str>)>,
    pub(super) web_search: Option<NanoUsd>,
    pub(super) file_search: Option<NanoUsd>,
    pub(super) request: Option<NanoUsd>,
}

impl Draft {
    /// Takes prices by length: beyond `above` the whole request has these, and what they do not name
    /// costs what they name in its place.
    pub(super) fn add_length(&mut self, above: u64, mut figures: Figures) {
        for slot in Slot::ALL {
            if self.flat.get(slot).is_some()
                && let Some(price) = figures.effective(slot)
            {
                figures.set(slot, price);
            }
        }
        self.under.insert(Condition::new(Some(above), None), figures);
    }

    /// The price; `Err` where factors do not come out even, or where there is no price of input or
    /// output.
    pub(super) fn into_price(self) -> Result<ModelPrice, NoPrice> {
        let flat = self.flat.without_echoes();
        let (Some(input), Some(output)) = (flat.get(Slot::Input), flat.get(Slot::Output)) else {
            return Err(NoPrice::Missing);
        };
        let rates = Rates {
            cached_input: flat.get(Slot::CachedInput),
            cache_write: flat.get(Slot::CacheWrite),
            cache_write_1h: flat.get(Slot::CacheWrite1h),
            input_audio: flat.get(Slot::InputAudio),
            input_image: flat.get(Slot::InputImage),
            reasoning: flat.get(Slot::Reasoning),
            output_audio: flat.get(Slot::OutputAudio),
            output_image: flat.get(Slot::OutputImage),
            web_search: self.web_search,
            file_search: self.file_search,
            request: self.request,
            ..Rates::flat(input, output)
        };
        let mut plain: Vec<(PriceRule, Figures)> = Vec::new();
        for (condition, figures) in self.under {
            let rule = PriceRule {
                input_above: condition.input_above,
                service_tier: condition.tier.map(Box::from),
                ..PriceRule::default()
            };
            plain.push((rule, figures));
        }
        plain.extend(self.daily);
        for slot in Slot::ALL {
            let echoes = slot.falls_back_to().is_some()
                && flat.get(slot).is_none()
                && plain.iter().all(|(_, figures)| figures.only_echoes(slot));
            if echoes {
                for (_, figures) in &mut plain {
                    figures.unset(slot);
                }
            }
        }
        plain.retain(|(_, figures)| !figures.is_empty());
        let mut rules = plain.clone();
        for (choices, factors) in subsets(&self.factors) {
            let scaled = |figures: &Figures| {
                figures
                    .changed(|price| factors.iter().try_fold(price, |price, one| times(price, one)))
            };
            let usual = (PriceRule::default(), flat.clone());
            for (mut rule, figures) in std::iter::once(usual).chain(plain.iter().cloned()) {
                for choice in &choices {
                    choice.put_into(&mut rule);
                }
                rules.push((rule, scaled(&figures).map_err(|_| NoPrice::Uneven)?));
            }
        }
        let rules = rules
            .into_iter()
            .map(|(mut rule, figures)| {
                figures.put_into(&mut rule);
                rule
            })
            .collect();
        Ok(ModelPrice { rates, rules })
    }
}

/// Why an entry comes to no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoPrice {
    /// It has none for input or for output.
    Missing,
    /// A price times a factor is no whole number of nano-dollars.
    Uneven,
}

/// Every choice of at least one of the options, small ones first, with the factors that it brings.
fn subsets(factors: &[(Choice, Box<str>)]) -> Vec<(Vec<Choice>, Vec<Box<str>>)> {
    let mut sets: Vec<_> = (1_usize..1 << factors.len())
        .map(|bits| {
            let chosen = factors.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1);
            chosen.map(|(_, (option, factor))| (*option, factor.clone())).unzip()
        })
        .collect();
    sets.sort_by_key(|(options, _): &(Vec<_>, Vec<_>)| options.len());
    sets
}
