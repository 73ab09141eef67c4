//! The price that one request was promised.

use anc_domain::{Meter, NanoUsd, PpmMultiplier, TokenCount};
use serde::{Deserialize, Serialize};

use super::{ModelPrice, Part, PriceRule, Rates};

/// The price and multiplier that one request was promised. Its price has those rules alone that
/// were in force for the request, so that the length of its input decides the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceSnapshot {
    /// The model's prices at that time.
    pub price: ModelPrice,
    /// The factor on every price at that time: the tier's and the group's.
    pub multiplier: PpmMultiplier,
    /// Of that the group's part, where it is not one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_multiplier: Option<PpmMultiplier>,
    /// Which version of the model's price it is, where that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
}

impl PriceSnapshot {
    /// The prices for the unit of input at `position` of a request with `input` units in all, and
    /// for everything beside its input.
    pub(crate) fn rates(&self, input: TokenCount, position: TokenCount) -> Rates {
        let mut rates = self.price.rates;
        for rule in self.price.rules.iter().filter(|rule| rule.reaches(input, position)) {
            rule.apply(&mut rates);
        }
        rates
    }

    /// From which units of input on another price holds for those behind them, in order; the first
    /// is 0.
    pub(crate) fn steps(&self, input: TokenCount) -> Vec<TokenCount> {
        let above = self.price.rules.iter().filter(|rule| rule.part == Part::Above);
        let mut steps: Vec<TokenCount> =
            above.filter_map(|rule| rule.input_above).filter(|above| *above < input).collect();
        steps.push(0);
        steps.sort_unstable();
        steps.dedup();
        steps
    }

    /// The rules that a request with `input` units met.
    pub fn met(&self, input: TokenCount) -> impl Iterator<Item = &PriceRule> {
        self.price.rules.iter().filter(move |rule| rule.reaches(input, input))
    }

    /// What one request costs beside its units, for a million of them, at most.
    pub fn request_per_million(&self) -> NanoUsd {
        self.dearest_per_million(Meter::Request)
    }

    /// The dearest price of one meter, however long the request is.
    pub(crate) fn dearest_per_million(&self, meter: Meter) -> NanoUsd {
        self.dearest(TokenCount::MAX, |one| one == meter)
    }

    /// The dearest price at which a unit of input can come to be charged, where there are no more
    /// than `input`.
    pub fn dearest_input_per_million(&self, input: TokenCount) -> NanoUsd {
        self.dearest(input, Meter::is_input)
    }

    /// The dearest price at which a unit of output can come to be charged behind no more than
    /// `input` units of input.
    pub fn dearest_output_per_million(&self, input: TokenCount) -> NanoUsd {
        self.dearest(input, Meter::is_output)
    }

    fn dearest(&self, input: TokenCount, belongs: impl Fn(Meter) -> bool + Copy) -> NanoUsd {
        // A rule of length is met by one unit more than its threshold; each can be met alone or
        // with those below it.
        let thresholds = self.price.rules.iter().filter_map(|rule| rule.input_above);
        let lengths = thresholds.filter(|above| *above < input).map(|above| above + 1);
        lengths
            .chain([0])
            .flat_map(|length| {
                let positions = self.steps(length);
                positions.into_iter().map(move |position| self.rates(length, position))
            })
            .flat_map(|rates| {
                let meters = Meter::ALL.into_iter().filter(move |meter| belongs(*meter));
                meters.map(move |meter| rates.per_million(meter))
            })
            .max()
            .unwrap_or(NanoUsd::ZERO)
    }

    /// The same promise for a request that its provider served in another way than was asked for: as
    /// usual. Rules for the options that were not kept are gone.
    #[must_use]
    pub fn without_options(&self, tier: bool, speed: bool) -> Self {
        let mut kept = self.clone();
        kept.price
            .rules
            .retain(|rule| !(tier && rule.service_tier.is_some() || speed && rule.speed.is_some()));
        kept
    }
}

impl PriceRule {
    fn reaches(&self, input: TokenCount, position: TokenCount) -> bool {
        self.input_above.is_none_or(|above| match self.part {
            Part::Whole => input > above,
            Part::Above => input > above && position >= above,
        })
    }
}
