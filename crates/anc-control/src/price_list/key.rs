//! The keys of a list under which figures stand.

/// Where a figure belongs in a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slot {
    Input,
    Output,
    CachedInput,
    CacheWrite,
    CacheWrite1h,
    InputAudio,
    InputImage,
    Reasoning,
    OutputAudio,
    OutputImage,
}

impl Slot {
    pub(super) const ALL: [Self; 10] = [
        Self::Input,
        Self::Output,
        Self::CachedInput,
        Self::CacheWrite,
        Self::CacheWrite1h,
        Self::InputAudio,
        Self::InputImage,
        Self::Reasoning,
        Self::OutputAudio,
        Self::OutputImage,
    ];

    /// Whose price holds where this one has none, as `Rates` says.
    pub(super) const fn falls_back_to(self) -> Option<Self> {
        match self {
            Self::Input | Self::Output => None,
            Self::CacheWrite1h => Some(Self::CacheWrite),
            Self::CachedInput | Self::CacheWrite | Self::InputAudio | Self::InputImage => {
                Some(Self::Input)
            }
            Self::Reasoning | Self::OutputAudio | Self::OutputImage => Some(Self::Output),
        }
    }
}

/// Under which condition a figure holds. In the order in which rules are tried: tiers of service
/// first, then lengths, then both together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Condition {
    /// How many of the two below are named, a length counting more than a tier.
    rank: u8,
    pub(super) input_above: Option<u64>,
    pub(super) tier: Option<&'static str>,
}

impl Condition {
    pub(super) const fn new(input_above: Option<u64>, tier: Option<&'static str>) -> Self {
        let rank = match (input_above, tier) {
            (None, None) => 0,
            (None, Some(_)) => 1,
            (Some(_), None) => 2,
            (Some(_), Some(_)) => 3,
        };
        Self { rank, input_above, tier }
    }
}

/// What a key of a list tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// What one unit costs.
    Price(Slot, Condition),
    /// What a cached unit costs, said a second time.
    CachedAgain,
    /// What a request costs.
    Request,
    /// What searches cost, by how much of each is read.
    WebSearch,
    /// What a thousand searches in files cost.
    FileSearch,
    /// Prices by length, as a table.
    Tiers,
    /// Prices by time of the day.
    OffPeak,
    /// Factors for options.
    Factors,
    /// A price that our book has no place for.
    Elsewhere,
    /// A price of batches, which the relay does not sell, or none at all.
    Nothing,
}

const SLOTS: [(&str, Slot); 9] = [
    ("input_cost_per_token", Slot::Input),
    ("output_cost_per_token", Slot::Output),
    ("cache_read_input_token_cost", Slot::CachedInput),
    ("cache_creation_input_token_cost", Slot::CacheWrite),
    ("input_cost_per_audio_token", Slot::InputAudio),
    ("input_cost_per_image_token", Slot::InputImage),
    ("output_cost_per_reasoning_token", Slot::Reasoning),
    ("output_cost_per_audio_token", Slot::OutputAudio),
    ("output_cost_per_image_token", Slot::OutputImage),
];

/// Tiers of service that a request can ask for by name.
const TIERS: [&str; 2] = ["priority", "flex"];

/// Marks of keys that tell a price, whatever else they say.
const PRICE_WORDS: [&str; 4] = ["cost", "pric", "uplift", "free_requests"];

impl Key {
    pub(super) fn read(key: &str) -> Self {
        match key {
            "input_cost_per_token_cache_hit" => Self::CachedAgain,
            "input_cost_per_request" => Self::Request,
            "search_context_cost_per_query" => Self::WebSearch,
            "file_search_cost_per_1k_calls" => Self::FileSearch,
            "tiered_pricing" => Self::Tiers,
            "off_peak_pricing" => Self::OffPeak,
            "provider_specific_entry" => Self::Factors,
            _ if key.ends_with("_batches") => Self::Nothing,
            _ => SLOTS
                .into_iter()
                .find_map(|(base, slot)| place(slot, key.strip_prefix(base)?))
                .unwrap_or_else(|| {
                    let tells = PRICE_WORDS.into_iter().any(|word| key.contains(word));
                    if tells { Self::Elsewhere } else { Self::Nothing }
                }),
        }
    }
}

/// What stands behind the base of a key: `_above_1hr`, `_above_272k_tokens`, `_priority`.
fn place(mut slot: Slot, mut rest: &str) -> Option<Key> {
    if slot == Slot::CacheWrite
        && let Some(behind) = rest.strip_prefix("_above_1hr")
    {
        (slot, rest) = (Slot::CacheWrite1h, behind);
    }
    let mut input_above = None;
    if let Some(behind) = rest.strip_prefix("_above_") {
        let (thousands, behind) = behind.split_once("k_tokens")?;
        input_above = Some(thousands.parse::<u64>().ok()?.checked_mul(1_000)?);
        rest = behind;
    }
    let tier = match rest.strip_prefix('_') {
        Some(name) => Some(TIERS.into_iter().find(|tier| *tier == name)?),
        None if rest.is_empty() => None,
        None => return None,
    };
    Some(Key::Price(slot, Condition::new(input_above, tier)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_what_is_priced_and_when() {
        let at = Condition::new;
        for (key, slot, condition) in [
            ("input_cost_per_token", Slot::Input, at(None, None)),
            ("output_cost_per_token_flex", Slot::Output, at(None, Some("flex"))),
            ("cache_creation_input_token_cost_above_1hr", Slot::CacheWrite1h, at(None, None)),
            (
                "cache_creation_input_token_cost_above_1hr_above_100k_tokens",
                Slot::CacheWrite1h,
                at(Some(100_000), None),
            ),
            (
                "cache_read_input_token_cost_above_272k_tokens_priority",
                Slot::CachedInput,
                at(Some(272_000), Some("priority")),
            ),
        ] {
            assert_eq!(Key::read(key), Key::Price(slot, condition), "{key}");
        }
    }

    #[test]
    fn what_has_no_place_is_told_from_what_is_no_price() {
        for key in [
            "cache_creation_input_token_cost_above_12hr",
            "input_cost_per_token_ultrafast",
            "input_cost_per_token_above_272k_tokens_decisions",
            "output_cost_per_image",
            "input_cost_per_character",
            "google_maps_grounding_cost_per_query",
            "regional_processing_uplift_multiplier_eu",
            "search_free_requests",
            "input_cost_per_token_above_k_tokens",
        ] {
            assert_eq!(Key::read(key), Key::Elsewhere, "{key}");
        }
        for key in ["mode", "max_input_tokens", "input_cost_per_token_above_200k_tokens_batches"] {
            assert_eq!(Key::read(key), Key::Nothing, "{key}");
        }
    }

    #[test]
    fn lengths_are_tried_after_tiers_and_both_together_last() {
        let mut conditions = [
            Condition::new(Some(200_000), Some("flex")),
            Condition::new(Some(400_000), None),
            Condition::new(Some(200_000), None),
            Condition::new(None, Some("flex")),
        ];
        conditions.sort_unstable();
        let order = conditions.map(|one| (one.input_above, one.tier));
        assert_eq!(
            order,
            [
                (None, Some("flex")),
                (Some(200_000), None),
                (Some(400_000), None),
                (Some(200_000), Some("flex")),
            ]
        );
    }
}
