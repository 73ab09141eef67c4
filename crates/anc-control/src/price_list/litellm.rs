//! The list that the `LiteLLM` project keeps: a JSON object of models, each an object of figures in
//! dollars for one unit (`model_prices_and_context_window.json`).

use std::collections::BTreeMap;

use anc_domain::{ModelName, NanoUsd};
use anc_ledger::PriceRule;
use anc_store::PriceEntry;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::figure::{FigureFault, of_a_thousand, of_one_unit, whole};
use super::figures::{Choice, Draft, Figures, NoPrice};
use super::hours::{self, Hours};
use super::key::{Condition, Key, Slot};
use super::{ListFault, ListedPrice, PriceList, SkipReason, Skipped, Whose};

/// The vendors that the relay knows: the list's name, ours, and what the list puts before the names
/// of its models. Of two with a model of the same name the former is believed.
const VENDORS: [(&str, &str, &str); 12] = [
    ("openai", "openai", "openai/"),
    ("text-completion-openai", "openai", "text-completion-openai/"),
    ("anthropic", "anthropic", "anthropic/"),
    ("gemini", "gemini", "gemini/"),
    ("deepseek", "deepseek", "deepseek/"),
    ("xai", "xai", "xai/"),
    ("mistral", "mistral", "mistral/"),
    ("dashscope", "qwen", "dashscope/"),
    ("moonshot", "moonshot", "moonshot/"),
    ("cohere_chat", "cohere", "cohere_chat/"),
    ("cohere", "cohere", "cohere/"),
    ("groq", "groq", "groq/"),
];

/// The entry that explains the others.
const SAMPLE: &str = "sample_spec";

/// An entry whose model may yet be another's.
struct Found {
    /// Whose word it is; the lower one is believed.
    rank: usize,
    /// Its name in the list.
    name: String,
    listed: ListedPrice,
}

type Entry<'a> = BTreeMap<String, &'a RawValue>;

/// Reads a list.
pub(crate) fn read(list: &[u8], whose: &Whose) -> Result<PriceList, ListFault> {
    let models: BTreeMap<String, &RawValue> =
        serde_json::from_slice(list).map_err(|error| ListFault::NotAList(error.to_string()))?;
    let mut read = PriceList::default();
    let mut found: BTreeMap<ModelName, Found> = BTreeMap::new();
    let mut seen = Vec::new();
    for (name, model) in models.into_iter().filter(|(name, _)| name != SAMPLE) {
        let Ok(entry) = serde_json::from_str::<Entry<'_>>(model.get()) else {
            read.skip(name, SkipReason::NoPrice, None);
            continue;
        };
        let theirs: Option<String> = text(&entry, "litellm_provider");
        let vendor = theirs.as_deref().and_then(vendor_of);
        seen.extend(theirs.clone());
        if !is_asked_for(whose, theirs.as_deref()) {
            *read.other_providers.entry(theirs.unwrap_or_default()).or_default() += 1;
            continue;
        }
        match text(&entry, "mode").as_deref() {
            None | Some("chat" | "responses" | "completion" | "embedding") => {}
            Some(other) => {
                *read.other_kinds.entry(other.to_owned()).or_default() += 1;
                continue;
            }
        }
        let listed = match read_entry(&name, &entry, theirs.as_deref(), vendor) {
            Ok(listed) => listed,
            Err((reason, key)) => {
                read.skip(name, reason, key);
                continue;
            }
        };
        let rank = vendor.unwrap_or(VENDORS.len());
        let model = listed.entry.model.clone();
        let found_now = Found { rank, name, listed };
        match found.remove(&model) {
            None => {
                found.insert(model, found_now);
            }
            // Of two the vendor's own word is believed, and of one vendor the first.
            Some(other) => {
                let is_same = other.listed.entry.price == found_now.listed.entry.price;
                let takes_over = found_now.rank < other.rank;
                let (kept, left) = if takes_over { (found_now, other) } else { (other, found_now) };
                if !is_same {
                    read.skip(left.name, SkipReason::Twice, None);
                }
                found.insert(model, kept);
            }
        }
    }
    if let Whose::Named(names) = whose {
        let known = |name: &String| seen.iter().any(|theirs| is_named(name, theirs));
        if let Some(unknown) = names.iter().find(|name| !known(name)) {
            return Err(ListFault::NoSuchProvider(unknown.clone()));
        }
    }
    read.entries = found.into_values().map(|one| one.listed).collect();
    Ok(read)
}

fn vendor_of(theirs: &str) -> Option<usize> {
    VENDORS.iter().position(|(name, ..)| *name == theirs)
}

/// Whether `name` is that of a provider of the list, by the list's word or by ours.
fn is_named(name: &str, theirs: &str) -> bool {
    name == theirs || VENDORS.iter().any(|(listed, ours, _)| *listed == theirs && *ours == name)
}

fn is_asked_for(whose: &Whose, theirs: Option<&str>) -> bool {
    match whose {
        Whose::Everybody => true,
        Whose::Known => theirs.is_none_or(|theirs| vendor_of(theirs).is_some()),
        Whose::Named(names) => {
            theirs.is_some_and(|theirs| names.iter().any(|name| is_named(name, theirs)))
        }
    }
}

/// A text of an entry; nothing where it is absent or something else.
fn text(entry: &Entry<'_>, key: &str) -> Option<String> {
    serde_json::from_str(entry.get(key)?.get()).ok()
}

/// A limit of an entry; nothing where it is absent or no number above zero.
fn limit(entry: &Entry<'_>, key: &str) -> Option<u64> {
    whole(entry.get(key)?.get()).ok().filter(|units| *units > 0 && i64::try_from(*units).is_ok())
}

type Fault = (SkipReason, Option<String>);

impl PriceList {
    fn skip(&mut self, name: String, reason: SkipReason, key: Option<String>) {
        self.skipped.push(Skipped { name, reason, key });
    }
}

fn read_entry(
    name: &str,
    entry: &Entry<'_>,
    theirs: Option<&str>,
    vendor: Option<usize>,
) -> Result<ListedPrice, Fault> {
    let known = vendor.and_then(|place| VENDORS.get(place));
    let own = match (known, theirs) {
        (Some((_, _, before)), _) => name.strip_prefix(before),
        (None, Some(theirs)) => name.strip_prefix(theirs).and_then(|rest| rest.strip_prefix('/')),
        (None, None) => None,
    };
    let model: ModelName = own.unwrap_or(name).parse().map_err(|_| (SkipReason::Name, None))?;
    let mut reader = EntryReader::default();
    let mut keys: Vec<_> = entry.iter().collect();
    // What the table of lengths changes must be known before it.
    keys.sort_by_key(|(key, _)| Key::read(key) == Key::Tiers);
    for (key, value) in keys {
        reader.take(key, value.get())?;
    }
    let EntryReader { mut draft, mut not_taken, cached_again, factors } = reader;
    if let Some(again) = cached_again {
        match draft.flat.get(Slot::CachedInput) {
            None => draft.flat.set(Slot::CachedInput, again),
            Some(cached) if cached == again => {}
            Some(_) => not_taken.push("input_cost_per_token_cache_hit".to_owned()),
        }
    }
    // Other providers mean something else by this key.
    if theirs == Some("anthropic") {
        draft.factors = factors;
    }
    if text(entry, "mode").as_deref() == Some("embedding") && draft.flat.get(Slot::Output).is_none()
    {
        draft.flat.set(Slot::Output, NanoUsd::ZERO);
    }
    if !draft.daily.is_empty() && !draft.under.is_empty() {
        draft.daily.clear();
        not_taken.push("off_peak_pricing".to_owned());
    }
    let price = draft.into_price().map_err(|fault| match fault {
        NoPrice::Missing => (SkipReason::NoPrice, None),
        NoPrice::Uneven => (SkipReason::TooPrecise, Some("provider_specific_entry".to_owned())),
    })?;
    if price.rates.input == NanoUsd::ZERO && price.rates.output == NanoUsd::ZERO {
        return Err((SkipReason::Free, None));
    }
    price.check().map_err(|_| (SkipReason::NotAPrice, None))?;
    not_taken.sort_unstable();
    not_taken.dedup();
    let entry = PriceEntry {
        model,
        provider: known.map(|(_, ours, _)| *ours).or(theirs).map(str::to_owned),
        context: limit(entry, "max_input_tokens"),
        max_output: limit(entry, "max_output_tokens"),
        price,
    };
    Ok(ListedPrice { entry, not_taken })
}

#[derive(Default)]
struct EntryReader {
    draft: Draft,
    not_taken: Vec<String>,
    cached_again: Option<NanoUsd>,
    factors: Vec<(Choice, Box<str>)>,
}

/// The object of a search's prices, by how much of what is found is read.
#[derive(Deserialize)]
struct Searches<'a> {
    #[serde(borrow, rename = "search_context_size_low")]
    low: Option<&'a RawValue>,
    #[serde(borrow, rename = "search_context_size_medium")]
    medium: Option<&'a RawValue>,
    #[serde(borrow, rename = "search_context_size_high")]
    high: Option<&'a RawValue>,
}

impl EntryReader {
    fn take(&mut self, key: &str, value: &str) -> Result<(), Fault> {
        if value == "null" {
            return Ok(());
        }
        let price = |read: Result<NanoUsd, FigureFault>| read.map_err(|fault| faulty(fault, key));
        match Key::read(key) {
            Key::Price(slot, condition) => {
                let figures = if condition == Condition::default() {
                    &mut self.draft.flat
                } else {
                    self.draft.under.entry(condition).or_default()
                };
                figures.set(slot, price(of_one_unit(value))?);
            }
            Key::CachedAgain => self.cached_again = Some(price(of_one_unit(value))?),
            Key::Request => self.draft.request = above_zero(price(of_one_unit(value))?),
            Key::FileSearch => self.draft.file_search = above_zero(price(of_a_thousand(value))?),
            Key::WebSearch => self.take_searches(key, value)?,
            Key::Tiers => self.take_tiers(key, value)?,
            Key::OffPeak => self.take_hours(key, value)?,
            Key::Factors => self.take_factors(key, value),
            // A figure of zero says that nothing is charged for it.
            Key::Elsewhere if whole(value) != Ok(0) => self.not_taken.push(key.to_owned()),
            Key::Elsewhere | Key::Nothing => {}
        }
        Ok(())
    }

    /// The relay counts searches and not what they read: where sizes differ, the dearest price is
    /// the one that is never below cost, and the key is told as one that was not taken as it stands.
    fn take_searches(&mut self, key: &str, value: &str) -> Result<(), Fault> {
        let Ok(sizes) = serde_json::from_str::<Searches<'_>>(value) else {
            self.not_taken.push(key.to_owned());
            return Ok(());
        };
        let named = [sizes.low, sizes.medium, sizes.high];
        let mut prices = Vec::new();
        for size in named.into_iter().flatten() {
            prices.push(of_one_unit(size.get()).map_err(|fault| faulty(fault, key))?);
        }
        if prices.iter().any(|price| prices.first() != Some(price)) {
            self.not_taken.push(key.to_owned());
        }
        self.draft.web_search = prices.into_iter().max().and_then(above_zero);
        Ok(())
    }

    /// A table of lengths: each range's prices hold for requests that end in it.
    fn take_tiers(&mut self, key: &str, value: &str) -> Result<(), Fault> {
        let fault = || (SkipReason::Tiers, Some(key.to_owned()));
        let tiers: Vec<Entry<'_>> = serde_json::from_str(value).map_err(|_| fault())?;
        let mut end = 0;
        for (place, tier) in tiers.into_iter().enumerate() {
            let range: Vec<&RawValue> = tier
                .get("range")
                .and_then(|range| serde_json::from_str(range.get()).ok())
                .ok_or_else(fault)?;
            let [from, until] = range.as_slice() else { return Err(fault()) };
            let from = whole(from.get()).map_err(|_| fault())?;
            if from != end {
                return Err(fault());
            }
            end = whole(until.get()).map_err(|_| fault())?;
            let figures = self.figures(&tier, "range")?;
            if figures.get(Slot::Input).is_none() || figures.get(Slot::Output).is_none() {
                return Err(fault());
            }
            if place == 0 {
                let says = |slot| self.draft.flat.get(slot);
                let agrees = |slot| says(slot).is_none() || says(slot) == figures.get(slot);
                if !agrees(Slot::Input) || !agrees(Slot::Output) {
                    return Err(fault());
                }
                for slot in Slot::ALL {
                    if let Some(price) = figures.get(slot) {
                        self.draft.flat.set(slot, price);
                    }
                }
            } else {
                self.draft.add_length(from, figures);
            }
        }
        Ok(())
    }

    fn take_hours(&mut self, key: &str, value: &str) -> Result<(), Fault> {
        let Ok(object) = serde_json::from_str::<Entry<'_>>(value) else {
            self.not_taken.push(key.to_owned());
            return Ok(());
        };
        let windows: Option<Vec<Hours>> =
            object.get("windows").and_then(|windows| serde_json::from_str(windows.get()).ok());
        let figures = self.figures(&object, "windows")?;
        let Some(daily) = windows.as_deref().and_then(hours::every_day) else {
            self.not_taken.push(key.to_owned());
            return Ok(());
        };
        if daily.some_days_have_more || figures.is_empty() {
            self.not_taken.push(key.to_owned());
        }
        if !figures.is_empty() {
            for (from, until) in daily.spans {
                let rule = PriceRule {
                    daily_from: Some(from),
                    daily_until: Some(until),
                    ..PriceRule::default()
                };
                self.draft.daily.push((rule, figures.clone()));
            }
        }
        Ok(())
    }

    fn take_factors(&mut self, key: &str, value: &str) {
        let Ok(object) = serde_json::from_str::<Entry<'_>>(value) else {
            return;
        };
        for (name, factor) in object {
            let choice = match name.as_str() {
                "us" => Choice::GeoUs,
                "fast" => Choice::SpeedFast,
                _ => continue,
            };
            if super::figure::times(NanoUsd::from_dollars(1), factor.get()).is_ok() {
                self.factors.push((choice, factor.get().into()));
            } else {
                self.not_taken.push(key.to_owned());
            }
        }
    }

    /// The usual prices that an object within an entry names, beside a key of another kind.
    fn figures(&mut self, object: &Entry<'_>, beside: &str) -> Result<Figures, Fault> {
        let mut figures = Figures::default();
        for (key, value) in object.iter().filter(|(key, _)| *key != beside) {
            match Key::read(key) {
                Key::Price(slot, condition) if condition == Condition::default() => {
                    let price = of_one_unit(value.get()).map_err(|fault| faulty(fault, key))?;
                    figures.set(slot, price);
                }
                Key::Nothing => {}
                _ => self.not_taken.push(key.clone()),
            }
        }
        Ok(figures)
    }
}

fn above_zero(price: NanoUsd) -> Option<NanoUsd> {
    (price > NanoUsd::ZERO).then_some(price)
}

fn faulty(fault: FigureFault, key: &str) -> Fault {
    let reason = match fault {
        FigureFault::NotAPrice => SkipReason::NotAPrice,
        FigureFault::TooPrecise => SkipReason::TooPrecise,
    };
    (reason, Some(key.to_owned()))
}

#[cfg(test)]
mod tests;
