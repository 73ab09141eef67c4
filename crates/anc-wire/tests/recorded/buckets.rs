//! Every recording against its vendor's documented rule, bucket by bucket: who reads the rule here
//! reads the vendor's words and not ours.

use std::fs;
use std::path::Path;

use anc_domain::{Meter, Usage};
use anc_wire::{Observed, Protocol, StreamMeter, meter_document};
use bytes::Bytes;
use serde_json::Value;

use crate::{CHAT, COMPLETIONS, EMBEDDINGS, GEMINI, MESSAGES, RESPONSES, recordings};

/// A count somewhere in a report; zero where there is none.
fn at(report: &Value, pointer: &str) -> u64 {
    report.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

fn usage(buckets: &[(Meter, u64)]) -> Usage {
    buckets.iter().fold(Usage::default(), |usage, (meter, units)| {
        usage.with(*meter, usage.get(*meter) + units)
    })
}

/// Chat, Completions and Embeddings: parts lie inside, and the output is what the total has beside
/// the prompt, since one vendor reports its reasoning beside the completion.
fn chat(report: &Value) -> Usage {
    let prompt = at(report, "/prompt_tokens");
    let total = report["total_tokens"].as_u64();
    let output = total.map_or(at(report, "/completion_tokens"), |total| total - prompt);
    let cached = at(report, "/prompt_tokens_details/cached_tokens")
        .max(at(report, "/prompt_cache_hit_tokens"))
        .max(at(report, "/cached_tokens"));
    let written = at(report, "/prompt_tokens_details/cache_write_tokens");
    let heard = at(report, "/prompt_tokens_details/audio_tokens");
    let spoken = at(report, "/completion_tokens_details/audio_tokens");
    let reasoning = at(report, "/completion_tokens_details/reasoning_tokens")
        .max(at(report, "/reasoning_tokens"));
    usage(&[
        (Meter::Input, prompt - cached - written - heard),
        (Meter::CachedInput, cached),
        (Meter::CacheWriteOther, written),
        (Meter::InputAudio, heard),
        (Meter::Output, output - reasoning - spoken),
        (Meter::Reasoning, reasoning),
        (Meter::OutputAudio, spoken),
    ])
}

/// Responses: inclusive at every vendor; searches are items and stand in no report.
fn responses(response: &Value) -> Usage {
    let report = &response["usage"];
    let cached = at(report, "/input_tokens_details/cached_tokens");
    let written = at(report, "/input_tokens_details/cache_write_tokens");
    let reasoning = at(report, "/output_tokens_details/reasoning_tokens");
    let items = || response["output"].as_array().into_iter().flatten();
    let in_files = items().filter(|item| item["type"] == "file_search_call");
    let searches = items().filter(|item| {
        item["type"] == "web_search_call"
            && (item["action"]["type"].is_null() || item["action"]["type"] == "search")
    });
    usage(&[
        (Meter::Input, at(report, "/input_tokens") - cached - written),
        (Meter::CachedInput, cached),
        (Meter::CacheWriteOther, written),
        (Meter::Output, at(report, "/output_tokens") - reasoning),
        (Meter::Reasoning, reasoning),
        (Meter::WebSearch, searches.count() as u64),
        (Meter::FileSearch, in_files.count() as u64),
    ])
}

/// Messages: the cache buckets lie beside the input; passes, where they are listed, are the bill; a
/// refusal before any output is free.
fn messages(report: &Value, free: bool) -> Usage {
    if free {
        return Usage::default();
    }
    let passes = report["iterations"].as_array().filter(|passes| !passes.is_empty());
    let one = [report.clone()];
    let passes = passes.map_or(one.as_slice(), Vec::as_slice);
    let mut buckets = vec![(Meter::WebSearch, at(report, "/server_tool_use/web_search_requests"))];
    for (place, pass) in passes.iter().enumerate() {
        if at(pass, "/output_tokens") == 0 && place + 1 < passes.len() {
            continue;
        }
        let hour = at(pass, "/cache_creation/ephemeral_1h_input_tokens");
        let thinking = at(pass, "/output_tokens_details/thinking_tokens");
        buckets.extend([
            (Meter::Input, at(pass, "/input_tokens")),
            (Meter::CachedInput, at(pass, "/cache_read_input_tokens")),
            (Meter::CacheWrite5m, at(pass, "/cache_creation_input_tokens") - hour),
            (Meter::CacheWrite1h, hour),
            (Meter::Output, at(pass, "/output_tokens") - thinking),
            (Meter::Reasoning, thinking),
        ]);
    }
    usage(&buckets)
}

/// Gemini: cached input lies inside the prompt, thoughts and what tools brought in beside.
fn gemini(report: &Value, searches: u64) -> Usage {
    let cached = at(report, "/cachedContentTokenCount");
    let tools = at(report, "/toolUsePromptTokenCount");
    usage(&[
        (Meter::Input, at(report, "/promptTokenCount") - cached + tools),
        (Meter::CachedInput, cached),
        (Meter::Output, at(report, "/candidatesTokenCount")),
        (Meter::Reasoning, at(report, "/thoughtsTokenCount")),
        (Meter::WebSearch, searches),
    ])
}

fn events_of(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_str(line).unwrap_or_default()).collect()
}

fn metered(protocol: Protocol, events: &[Value]) -> Observed {
    let mut meter = StreamMeter::new(protocol);
    for event in events {
        meter.observe(&Bytes::from(format!("data: {event}\n\n")));
    }
    meter.observed()
}

fn document(path: &Path) -> (Value, Bytes) {
    let bytes = Bytes::from(fs::read(path).unwrap());
    (serde_json::from_slice(&bytes).unwrap(), bytes)
}

fn assert_metered(path: &Path, observed: &Observed, expected: Usage) {
    let reported = observed.reported.unwrap_or_default();
    let (seen, rule): (Vec<_>, Vec<_>) =
        (reported.counted().collect(), expected.counted().collect());
    assert_eq!(seen, rule, "{}", path.display());
    assert!(!observed.suspect, "{}", path.display());
}

/// The last report among chunks, wherever a vendor puts it.
fn last_report(events: &[Value]) -> Option<Value> {
    let of = |event: &Value| {
        [&event["usage"], &event["choices"][0]["usage"], &event["x_groq"]["usage"]]
            .into_iter()
            .find(|report| report.is_object())
            .cloned()
    };
    events.iter().rev().find_map(of)
}

#[test]
fn every_chat_recording_has_the_buckets_of_its_vendors_rule() {
    for (folders, protocol) in [
        (CHAT, Protocol::OpenAiChat),
        (COMPLETIONS, Protocol::OpenAiCompletions),
        (EMBEDDINGS, Protocol::OpenAiEmbeddings),
    ] {
        for path in recordings(folders, ".chunks.txt") {
            let events = events_of(&path);
            let Some(report) = last_report(&events) else { continue };
            assert_metered(&path, &metered(protocol, &events), chat(&report));
        }
        for path in recordings(folders, ".json") {
            let (answer, bytes) = document(&path);
            let Some(observed) = meter_document(protocol, &bytes) else { continue };
            assert_metered(&path, &observed, chat(&answer["usage"]));
        }
    }
}

#[test]
fn every_responses_recording_has_the_buckets_of_its_vendors_rule() {
    for path in recordings(RESPONSES, ".chunks.txt") {
        let events = events_of(&path);
        let whole = |kind: &Value| kind == "response.completed" || kind == "response.incomplete";
        let Some(last) = events.last().filter(|event| whole(&event["type"])) else { continue };
        let observed = metered(Protocol::OpenAiResponses, &events);
        assert_metered(&path, &observed, responses(&last["response"]));
        assert_eq!(observed.response_id.as_deref(), last["response"]["id"].as_str());
    }
    for path in recordings(RESPONSES, ".json") {
        let (answer, bytes) = document(&path);
        let Some(observed) = meter_document(Protocol::OpenAiResponses, &bytes) else { continue };
        assert_metered(&path, &observed, responses(&answer));
    }
}

#[test]
fn every_messages_recording_has_the_buckets_of_its_vendors_rule() {
    for path in recordings(MESSAGES, ".chunks.txt") {
        let events = events_of(&path);
        // Later reports are cumulative; what they do not repeat, or repeat as nothing, stands.
        let mut report = Value::Object(serde_json::Map::new());
        for event in &events {
            for usage in [&event["message"]["usage"], &event["usage"]] {
                merge(&mut report, usage);
            }
        }
        let delta = events.iter().any(|event| event["type"] == "content_block_delta");
        let refused = events.iter().any(|event| event["delta"]["stop_reason"] == "refusal");
        let expected = messages(&report, refused && !delta);
        assert_metered(&path, &metered(Protocol::AnthropicMessages, &events), expected);
    }
    for path in recordings(MESSAGES, ".json") {
        let (answer, bytes) = document(&path);
        let Some(observed) = meter_document(Protocol::AnthropicMessages, &bytes) else { continue };
        let said = answer["content"].as_array().is_some_and(|blocks| !blocks.is_empty());
        let free = answer["stop_reason"] == "refusal" && !said;
        assert_metered(&path, &observed, messages(&answer["usage"], free));
    }
}

fn merge(into: &mut Value, from: &Value) {
    for (key, value) in from.as_object().into_iter().flatten() {
        if value.is_object() {
            if !into[key].is_object() {
                into[key] = Value::Object(serde_json::Map::new());
            }
            merge(&mut into[key], value);
        } else if !value.is_null() && value.as_u64() != Some(0) {
            into[key] = value.clone();
        }
    }
}

#[test]
fn every_gemini_recording_has_the_buckets_of_its_vendors_rule() {
    let searches = |answer: &Value| {
        let queries = &answer["candidates"][0]["groundingMetadata"]["webSearchQueries"];
        queries.as_array().map_or(0, Vec::len) as u64
    };
    for path in recordings(GEMINI, ".chunks.txt") {
        let events = events_of(&path);
        let report =
            events.iter().rev().find(|event| at(event, "/usageMetadata/totalTokenCount") > 0);
        let most = events.iter().map(searches).max().unwrap_or(0);
        let expected = gemini(&report.unwrap()["usageMetadata"], most);
        assert_metered(&path, &metered(Protocol::Gemini, &events), expected);
    }
    for path in recordings(GEMINI, ".json") {
        let (answer, bytes) = document(&path);
        let Some(observed) = meter_document(Protocol::Gemini, &bytes) else { continue };
        assert_metered(&path, &observed, gemini(&answer["usageMetadata"], searches(&answer)));
    }
}
