//! The list's entries as ours.

use serde_json::{Value, json};

use super::*;

fn read_all(list: &Value) -> PriceList {
    read(list.to_string().as_bytes(), &Whose::Known).unwrap()
}

/// The one entry of a list, as the book writes it.
fn price(entry: &Value) -> (Value, Vec<String>) {
    let list = read_all(&json!({ "m": entry }));
    assert!(list.skipped.is_empty(), "{:?}", list.skipped);
    let [listed] = list.entries.as_slice() else { unreachable!("{list:?}") };
    (serde_json::to_value(&listed.entry.price).unwrap(), listed.not_taken.clone())
}

fn skipped(entry: &Value) -> (SkipReason, Option<String>) {
    let list = read_all(&json!({ "m": entry }));
    assert!(list.entries.is_empty(), "{entry}: {list:?}");
    (list.skipped[0].reason, list.skipped[0].key.clone())
}

#[test]
fn prices_by_unit_become_prices_by_the_million() {
    let entry = json!({
        "litellm_provider": "anthropic", "mode": "chat", "max_input_tokens": 200_000,
        "max_output_tokens": "not told", "input_cost_per_token": 3e-6,
        "output_cost_per_token": 1.5e-5, "cache_read_input_token_cost": 3e-7,
        "cache_creation_input_token_cost": 3.75e-6,
        "cache_creation_input_token_cost_above_1hr": 6e-6,
        "search_context_cost_per_query": {"search_context_size_low": 0.01,
            "search_context_size_medium": 0.01, "search_context_size_high": 0.01},
        "input_cost_per_token_batches": 1.5e-6, "supports_vision": true});
    let (price, not_taken) = price(&entry);
    assert_eq!(
        price,
        json!({"input": "3", "output": "15", "cached_input": "0.3", "cache_write": "3.75",
            "cache_write_1h": "6", "web_search": "10000"})
    );
    assert!(not_taken.is_empty());
    let list = read_all(&json!({ "anthropic/m": entry }));
    let entry = &list.entries[0].entry;
    assert_eq!(entry.model.as_str(), "m");
    assert_eq!(entry.provider.as_deref(), Some("anthropic"));
    assert_eq!((entry.context, entry.max_output), (Some(200_000), None));
}

#[test]
fn tiers_lengths_and_both_together_become_rules_in_that_order() {
    let (price, not_taken) = price(&json!({
        "litellm_provider": "openai", "input_cost_per_token": 2e-6, "output_cost_per_token": 1e-5,
        "input_cost_per_token_above_272k_tokens": 4e-6,
        "output_cost_per_token_above_272k_tokens": 1.5e-5,
        "input_cost_per_token_priority": 4e-6, "output_cost_per_token_priority": 2e-5,
        "input_cost_per_token_above_272k_tokens_priority": 8e-6,
        "output_cost_per_token_above_272k_tokens_priority": 3e-5,
        "input_cost_per_token_ultrafast": 1.2e-5, "code_interpreter_cost_per_session": 0.0}));
    assert_eq!(
        price,
        json!({"input": "2", "output": "10", "rules": [
            {"service_tier": "priority", "input": "4", "output": "20"},
            {"input_above": 272_000, "input": "4", "output": "15"},
            {"input_above": 272_000, "service_tier": "priority", "input": "8", "output": "30"}]})
    );
    assert_eq!(not_taken, ["input_cost_per_token_ultrafast"]);
}

#[test]
fn factors_multiply_every_price_of_a_unit_and_each_other() {
    let entry = json!({
        "litellm_provider": "anthropic", "input_cost_per_token": 1e-7,
        "output_cost_per_token": 5e-7, "input_cost_per_token_above_100k_tokens": 5e-7,
        "output_cost_per_token_above_100k_tokens": 2.5e-6,
        "provider_specific_entry": {"us": 1.1, "fast": 2}});
    let (price, _) = price(&entry);
    assert_eq!(
        price["rules"],
        json!([
            {"input_above": 100_000, "input": "0.5", "output": "2.5"},
            {"speed": "fast", "input": "0.2", "output": "1"},
            {"input_above": 100_000, "speed": "fast", "input": "1", "output": "5"},
            {"inference_geo": "us", "input": "0.11", "output": "0.55"},
            {"input_above": 100_000, "inference_geo": "us", "input": "0.55", "output": "2.75"},
            {"speed": "fast", "inference_geo": "us", "input": "0.22", "output": "1.1"},
            {"input_above": 100_000, "speed": "fast", "inference_geo": "us", "input": "1.1",
                "output": "5.5"}])
    );
}

#[test]
fn a_table_of_lengths_names_in_each_rule_what_the_usual_price_names() {
    let tier = |from: f64, until: f64, prices: Value| {
        let mut tier = prices;
        tier["range"] = json!([from, until]);
        tier
    };
    let (price, _) = price(&json!({"litellm_provider": "dashscope", "tiered_pricing": [
        tier(0.0, 256_000.0, json!({"input_cost_per_token": 4e-7, "output_cost_per_token": 1.2e-6,
            "output_cost_per_reasoning_token": 4e-6})),
        tier(256_000.0, 1e6, json!({"input_cost_per_token": 1.2e-6,
            "output_cost_per_token": 3.6e-6}))]}));
    assert_eq!(
        price,
        json!({"input": "0.4", "output": "1.2", "reasoning": "4", "rules": [
            {"input_above": 256_000, "input": "1.2", "output": "3.6", "reasoning": "3.6"}]})
    );
    let gap = json!({"tiered_pricing": [
        tier(0.0, 1e3, json!({"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6})),
        tier(2e3, 3e3, json!({"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6}))]});
    assert_eq!(skipped(&gap), (SkipReason::Tiers, Some("tiered_pricing".to_owned())));
}

#[test]
fn hours_become_rules_and_what_only_some_days_have_is_told() {
    let (price, not_taken) = price(&json!({
        "litellm_provider": "deepseek", "input_cost_per_token": 3e-7,
        "output_cost_per_token": 1.2e-6, "cache_creation_input_token_cost": 0.0,
        "cache_read_input_token_cost": 6e-9, "input_cost_per_token_cache_hit": 6e-9,
        "off_peak_pricing": {"input_cost_per_token": 1.5e-7, "output_cost_per_token": 6e-7,
            "windows": [{"hours_utc": "16:30-00:30", "weekdays": [1, 2, 3, 4, 5]},
                        {"hours_utc": "00:00-00:00", "weekdays": [6, 7]}]}}));
    assert_eq!(
        price,
        json!({"input": "0.3", "output": "1.2", "cached_input": "0.006", "rules": [
            {"daily_from": "16:30", "daily_until": "00:30", "input": "0.15", "output": "0.6"}]})
    );
    assert_eq!(not_taken, ["off_peak_pricing"]);
}

#[test]
fn the_usual_price_under_another_name_says_nothing() {
    let (price, _) = price(&json!({
        "litellm_provider": "gemini", "input_cost_per_token": 3e-7, "output_cost_per_token": 2.5e-6,
        "output_cost_per_reasoning_token": 2.5e-6, "input_cost_per_image_token": 3e-7,
        "input_cost_per_audio_token": 1e-6, "output_cost_per_token_priority": 4.5e-6}));
    assert_eq!(
        price,
        json!({"input": "0.3", "output": "2.5", "input_audio": "1",
            "rules": [{"service_tier": "priority", "output": "4.5"}]})
    );
}

#[test]
fn searches_of_several_sizes_cost_the_dearest_and_that_is_told() {
    let (price, not_taken) = price(&json!({
        "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6,
        "search_context_cost_per_query": {"search_context_size_low": 0.005,
            "search_context_size_medium": 0.008, "search_context_size_high": 0.014}}));
    assert_eq!(price["web_search"], "14000");
    assert_eq!(not_taken, ["search_context_cost_per_query"]);
}

#[test]
fn what_cannot_be_said_exactly_is_left_out_with_its_reason() {
    let key = |key: &str| Some(key.to_owned());
    for (entry, reason) in [
        (json!({"input_cost_per_token": 1e-6}), (SkipReason::NoPrice, None)),
        (json!({"input_cost_per_second": 1e-6}), (SkipReason::NoPrice, None)),
        (json!("text"), (SkipReason::NoPrice, None)),
        (
            json!({"input_cost_per_token": 0.0, "output_cost_per_token": 0}),
            (SkipReason::Free, None),
        ),
        (
            json!({"input_cost_per_token": -1e-6, "output_cost_per_token": 1e-6}),
            (SkipReason::NotAPrice, key("input_cost_per_token")),
        ),
        (
            json!({"input_cost_per_token": "1e-6", "output_cost_per_token": 1e-6}),
            (SkipReason::NotAPrice, key("input_cost_per_token")),
        ),
        (
            json!({"input_cost_per_token": 1e-6, "output_cost_per_token": 1.000_000_000_1e-6}),
            (SkipReason::TooPrecise, key("output_cost_per_token")),
        ),
    ] {
        assert_eq!(skipped(&entry), reason, "{entry}");
    }
    let list = read_all(&json!({"no name": {"input_cost_per_token": 1e-6,
        "output_cost_per_token": 1e-6}}));
    assert_eq!(list.skipped[0].reason, SkipReason::Name);
}

#[test]
fn other_kinds_and_other_providers_are_counted_and_named_ones_are_taken() {
    let chat = |provider: &str, input: f64| {
        json!({"litellm_provider": provider, "mode": "chat", "input_cost_per_token": input,
            "output_cost_per_token": 1e-6})
    };
    let list = json!({
        "sample_spec": {"mode": "one of: chat"},
        "azure/gpt": chat("azure", 2e-6),
        "gpt": chat("openai", 1e-6),
        "dall-e": {"litellm_provider": "openai", "mode": "image_generation"},
        "groq/openai/oss": chat("groq", 1e-6),
        "mine": {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6},
    });
    let names = |list: &PriceList| {
        list.entries.iter().map(|one| one.entry.model.to_string()).collect::<Vec<_>>()
    };
    let known = read_all(&list);
    assert_eq!(names(&known), ["gpt", "mine", "openai/oss"]);
    assert_eq!(known.other_kinds.get("image_generation"), Some(&1));
    assert_eq!(known.other_providers.get("azure"), Some(&1));
    let text = list.to_string();
    let named = |names: &[&str]| {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        read(text.as_bytes(), &Whose::Named(names))
    };
    assert_eq!(names(&named(&["azure"]).unwrap()), ["gpt"]);
    let nobody = ListFault::NoSuchProvider("nobody".to_owned());
    assert_eq!(named(&["groq", "nobody"]).unwrap_err(), nobody);
    // The vendor's own word on a model goes before another's.
    let all = read(text.as_bytes(), &Whose::Everybody).unwrap();
    let gpt = all.entries.iter().find(|one| one.entry.model.as_str() == "gpt").unwrap();
    assert_eq!(gpt.entry.price.rates.input.to_string(), "1");
    assert_eq!(all.skipped[0].reason, SkipReason::Twice);
}

#[test]
fn what_is_no_list_is_refused() {
    for text in ["", "[]", "7", "{\"m\":", "\u{feff}{}"] {
        let fault = read(text.as_bytes(), &Whose::Known).unwrap_err();
        assert!(matches!(fault, ListFault::NotAList(_)), "{text:?}");
    }
}

/// The list as its project publishes it. It is not part of this repository: it lies beside the
/// recordings that `ANC_RECORDED_DATA` names, and its absence is said aloud.
#[expect(clippy::print_stderr, reason = "a test that checks nothing says so")]
fn published() -> Option<Vec<u8>> {
    let recorded = std::env::var_os("ANC_RECORDED_DATA").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/recorded"),
        std::path::PathBuf::from,
    );
    let path = recorded.join("../litellm-model-prices.json");
    let list = std::fs::read(&path).ok();
    if list.is_none() {
        eprintln!("NOT CHECKED: there is no price list at {}", path.display());
    }
    list
}

#[test]
fn the_published_list_is_read_and_every_entry_accounted_for() {
    let Some(list) = published() else { return };
    let read_as = |whose| read(&list, &whose).unwrap();
    let (known, all) = (read_as(Whose::Known), read_as(Whose::Everybody));
    let raw: BTreeMap<String, &RawValue> = serde_json::from_slice(&list).unwrap();
    let sum = |counts: &BTreeMap<String, u64>| counts.values().sum::<u64>();
    assert!(known.entries.len() > 200 && all.entries.len() > 2_000);
    assert!(sum(&known.other_providers) > 3_000 && sum(&all.other_providers) == 0);
    // Entries of one name and price are one.
    let told = all.entries.len() + all.skipped.len();
    assert!(told as u64 + sum(&all.other_kinds) < raw.len() as u64);
    for one in &all.entries {
        assert_eq!(one.entry.price.check(), Ok(()), "{}", one.entry.model);
    }
}
