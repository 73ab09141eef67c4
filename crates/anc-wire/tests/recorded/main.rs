//! Metering on what providers really sent. The recordings are not part of this repository: they are
//! read from `ANC_RECORDED_DATA`, or from where they usually lie beside it, and their absence is
//! said aloud.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test tells by panicking and printing"
)]

mod buckets;

use std::fs;
use std::path::{Path, PathBuf};

use anc_wire::{FrameRole, Protocol, StreamMeter, meter_document};
use bytes::Bytes;
use serde_json::Value;

/// Folders of providers that speak a protocol of ours.
const CHAT: &[&str] =
    &["alibaba", "deepseek/chat", "groq", "mistral", "moonshotai", "openai/chat", "xai"];
const MESSAGES: &[&str] = &["anthropic"];

fn recordings(folders: &[&str], ending: &str) -> Vec<PathBuf> {
    let root = std::env::var_os("ANC_RECORDED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/recorded"),
        PathBuf::from,
    );
    let mut found = Vec::new();
    for folder in folders {
        let Ok(entries) = fs::read_dir(root.join(folder)) else {
            eprintln!("NOT CHECKED: there are no recordings at {}/{folder}", root.display());
            continue;
        };
        let paths = entries.map(|entry| entry.unwrap().path());
        found.extend(paths.filter(|path| path.to_string_lossy().ends_with(ending)));
    }
    found
}

fn total_of(usage: &Value) -> Option<u64> {
    usage["total_tokens"].as_u64()
}

#[test]
fn every_recorded_chat_stream_is_metered_to_its_vendors_total() {
    for path in recordings(CHAT, ".chunks.txt") {
        let mut meter = StreamMeter::new(Protocol::OpenAiChat);
        let mut total = None;
        for line in fs::read_to_string(&path).unwrap().lines().filter(|line| !line.is_empty()) {
            let chunk: Value = serde_json::from_str(line).unwrap_or_default();
            // Whole chunks of this protocol; some recordings hold other kinds of events.
            if chunk["object"] != "chat.completion.chunk" && chunk.get("choices").is_none() {
                continue;
            }
            total = total_of(&chunk["usage"]).or(total);
            let role = meter.observe(&Bytes::from(format!("data: {line}\n\n")));
            assert_ne!(role, FrameRole::Error, "{}", path.display());
        }
        let observed = meter.observed();
        assert!(!observed.suspect, "{}", path.display());
        if let Some(total) = total {
            let usage = observed.reported.unwrap();
            assert_eq!(usage.input_total() + usage.output_total(), total, "{}", path.display());
        }
    }
}

#[test]
fn every_recorded_chat_answer_is_metered_to_its_vendors_total() {
    for path in recordings(CHAT, ".json") {
        let bytes = Bytes::from(fs::read(&path).unwrap());
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        if document.get("choices").is_none() {
            continue;
        }
        let observed = meter_document(Protocol::OpenAiChat, &bytes).unwrap();
        let usage = observed.reported.unwrap();
        assert!(!observed.suspect, "{}", path.display());
        let total = total_of(&document["usage"]).unwrap();
        assert_eq!(usage.input_total() + usage.output_total(), total, "{}", path.display());
    }
}

#[test]
fn every_recorded_messages_stream_ends_with_a_plausible_report() {
    for path in recordings(MESSAGES, ".chunks.txt") {
        let mut meter = StreamMeter::new(Protocol::AnthropicMessages);
        let text = fs::read_to_string(&path).unwrap();
        for line in text.lines().filter(|line| !line.is_empty()) {
            meter.observe(&Bytes::from(format!("data: {line}\n\n")));
        }
        let observed = meter.observed();
        assert!(!observed.suspect && observed.finished, "{}", path.display());
        assert!(observed.reported.is_some(), "{}", path.display());
    }
}

#[test]
fn every_recorded_messages_answer_is_metered() {
    for path in recordings(MESSAGES, ".json") {
        let bytes = Bytes::from(fs::read(&path).unwrap());
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        let observed = meter_document(Protocol::AnthropicMessages, &bytes).unwrap();
        let usage = observed.reported.unwrap();
        assert!(!observed.suspect, "{}", path.display());
        let reported = &document["usage"];
        let is_simple =
            reported.get("iterations").is_none() && document["stop_reason"] != "refusal";
        if is_simple {
            let count = |key: &str| reported[key].as_u64().unwrap_or(0);
            let input = count("input_tokens")
                + count("cache_creation_input_tokens")
                + count("cache_read_input_tokens");
            assert_eq!(usage.input_total(), input, "{}", path.display());
            assert_eq!(usage.output_total(), count("output_tokens"), "{}", path.display());
        }
    }
}

/// Folders whose events and answers are of Responses, of Completions, of Embeddings, of Gemini.
const RESPONSES: &[&str] = &["openai/responses", "xai/responses", "azure"];
const COMPLETIONS: &[&str] = &["openai/completion"];
const EMBEDDINGS: &[&str] = &["openai/embedding"];
const GEMINI: &[&str] = &["google"];

/// The events of a recorded stream, put back into frames.
fn meter_stream(protocol: Protocol, path: &Path) -> (StreamMeter, Vec<FrameRole>, Vec<Value>) {
    let mut meter = StreamMeter::new(protocol);
    let (mut roles, mut events) = (Vec::new(), Vec::new());
    for line in fs::read_to_string(path).unwrap().lines().filter(|line| !line.is_empty()) {
        roles.push(meter.observe(&Bytes::from(format!("data: {line}\n\n"))));
        events.push(serde_json::from_str(line).unwrap_or_default());
    }
    (meter, roles, events)
}

#[test]
fn every_recorded_responses_stream_is_metered_to_its_vendors_total() {
    for path in recordings(RESPONSES, ".chunks.txt") {
        let (meter, roles, events) = meter_stream(Protocol::OpenAiResponses, &path);
        let observed = meter.observed();
        let last = events.last().unwrap();
        if !matches!(last["type"].as_str(), Some("response.completed" | "response.incomplete")) {
            assert!(!observed.finished, "{}", path.display());
            continue;
        }
        assert_eq!(roles.last(), Some(&FrameRole::Terminal), "{}", path.display());
        assert!(!observed.suspect, "{}", path.display());
        let usage = observed.reported.unwrap();
        let total = total_of(&last["response"]["usage"]).unwrap();
        assert_eq!(usage.input_total() + usage.output_total(), total, "{}", path.display());
    }
}

#[test]
fn every_recorded_responses_answer_is_metered_to_its_vendors_total() {
    for path in recordings(RESPONSES, ".json") {
        let bytes = Bytes::from(fs::read(&path).unwrap());
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        let observed = meter_document(Protocol::OpenAiResponses, &bytes).unwrap();
        assert!(!observed.suspect, "{}", path.display());
        let usage = observed.reported.unwrap();
        let total = total_of(&document["usage"]).unwrap();
        assert_eq!(usage.input_total() + usage.output_total(), total, "{}", path.display());
        assert_eq!(observed.response_id.as_deref(), document["id"].as_str());
    }
}

#[test]
fn every_recorded_completion_is_metered_to_its_vendors_total() {
    for path in recordings(COMPLETIONS, ".chunks.txt") {
        let (meter, roles, events) = meter_stream(Protocol::OpenAiCompletions, &path);
        let observed = meter.observed();
        let total = events.iter().rev().find_map(|event| total_of(&event["usage"])).unwrap();
        let usage = observed.reported.unwrap();
        assert_eq!(usage.input_total() + usage.output_total(), total, "{}", path.display());
        assert!(roles.contains(&FrameRole::Content) && observed.finished);
        assert!(observed.output_units > 0, "{}", path.display());
    }
    for path in recordings(COMPLETIONS, ".json") {
        let bytes = Bytes::from(fs::read(&path).unwrap());
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        let usage = meter_document(Protocol::OpenAiCompletions, &bytes).unwrap().reported.unwrap();
        let total = total_of(&document["usage"]).unwrap();
        assert_eq!(usage.input_total() + usage.output_total(), total, "{}", path.display());
    }
}

#[test]
fn every_recorded_embedding_is_metered_to_its_vendors_total() {
    for path in recordings(EMBEDDINGS, ".json") {
        let bytes = Bytes::from(fs::read(&path).unwrap());
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        let usage = meter_document(Protocol::OpenAiEmbeddings, &bytes).unwrap().reported.unwrap();
        assert_eq!(Some(usage.input_total()), total_of(&document["usage"]), "{}", path.display());
        assert_eq!(usage.output_total(), 0);
    }
}

#[test]
fn every_recorded_gemini_answer_is_metered_to_its_vendors_total() {
    for path in recordings(GEMINI, ".chunks.txt") {
        let (meter, roles, events) = meter_stream(Protocol::Gemini, &path);
        let observed = meter.observed();
        assert_eq!(roles.last(), Some(&FrameRole::Terminal), "{}", path.display());
        assert!(!observed.suspect, "{}", path.display());
        let total = events.last().unwrap()["usageMetadata"]["totalTokenCount"].as_u64();
        let usage = observed.reported.unwrap();
        assert_eq!(Some(usage.input_total() + usage.output_total()), total, "{}", path.display());
    }
    for path in recordings(GEMINI, ".json") {
        let bytes = Bytes::from(fs::read(&path).unwrap());
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        if document.get("candidates").is_none() {
            assert!(meter_document(Protocol::Gemini, &bytes).is_none(), "{}", path.display());
            continue;
        }
        let observed = meter_document(Protocol::Gemini, &bytes).unwrap();
        let total = document["usageMetadata"]["totalTokenCount"].as_u64();
        let usage = observed.reported.unwrap();
        assert_eq!(Some(usage.input_total() + usage.output_total()), total, "{}", path.display());
    }
}
