//! Metering beside an answer: what its provider reports, and what was seen to go out.

use std::sync::Arc;

use anc_domain::{TokenCount, Usage};
use bytes::Bytes;
use serde_json::Value;

use crate::count::OutputCount;
use crate::json::{Malformed, Part, Walker, unescaped};
use crate::sse::read_event;
use crate::{Protocol, anthropic, gemini, openai_chat, openai_embeddings, openai_responses};

/// What an event is, as far as the relay must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameRole {
    /// Something that the model made.
    Content,
    /// Nothing but usage; a client that did not ask for it must not get it.
    UsageOnly,
    /// Anything else: starts, stops, pings, comments, events that are not known.
    Other,
    /// The protocol's last word after a whole answer.
    Terminal,
    /// The provider says that it failed.
    Error,
}

/// What is known of an answer so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// The provider's report in disjoint buckets. `None` where there is none that could be true.
    pub reported: Option<Usage>,
    /// Which parts of the report are whose, as far as models are named in it.
    pub by_model: Arc<Vec<ModelUse>>,
    /// Output units that went by, by our own count.
    pub output_units: TokenCount,
    /// The provider reported something that cannot be, or that contradicts itself.
    pub suspect: bool,
    /// The model gave its reason to stop: the answer is whole, whatever comes after.
    pub finished: bool,
    /// The provider's report in its own words.
    pub raw_usage: Option<Bytes>,
    /// What the provider said of the options that have prices.
    pub served: Served,
    /// The number that the stream's next event has, where its protocol counts them.
    pub next_sequence: Option<u64>,
    /// The answer's own name, where its protocol lets later requests refer to it.
    pub response_id: Option<String>,
    /// The names of its items, which later requests can refer to as well. Shared, since it is looked
    /// at with every event.
    pub items: Arc<Vec<String>>,
}

/// Whether the provider says that it served a request as usual, whatever was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Served {
    /// In its usual tier of service.
    pub usual_tier: bool,
    /// At its usual speed.
    pub usual_speed: bool,
}

impl Served {
    /// Takes the tier that the provider names; the last one counts.
    pub(crate) fn take_tier(&mut self, named: &str) {
        self.usual_tier = matches!(named, "default" | "standard");
    }
}

/// What one model made of an answer that several took part in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelUse {
    /// The provider's name of it.
    pub model: String,
    /// Its part of the whole.
    pub usage: Usage,
}

/// A report, read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) usage: Option<Usage>,
    pub(crate) suspect: bool,
}

/// Counts beside one stream.
#[derive(Debug)]
pub struct StreamMeter {
    state: State,
}

#[derive(Debug)]
enum State {
    OpenAiChat(openai_chat::StreamState),
    OpenAiResponses(Box<openai_responses::StreamState>),
    AnthropicMessages(anthropic::StreamState),
    Gemini(gemini::StreamState),
}

impl StreamMeter {
    /// A meter at the beginning of a stream.
    pub fn new(protocol: Protocol) -> Self {
        let state = match protocol {
            // Embeddings do not stream; what came nevertheless is read like chunks.
            Protocol::OpenAiChat | Protocol::OpenAiEmbeddings => {
                State::OpenAiChat(openai_chat::StreamState::default())
            }
            Protocol::OpenAiCompletions => {
                State::OpenAiChat(openai_chat::StreamState::of_completions())
            }
            Protocol::OpenAiResponses => State::OpenAiResponses(Box::default()),
            Protocol::Gemini | Protocol::GeminiEmbeddings => {
                State::Gemini(gemini::StreamState::default())
            }
            Protocol::AnthropicMessages => {
                State::AnthropicMessages(anthropic::StreamState::default())
            }
        };
        Self { state }
    }

    /// Looks at one event and says what it is.
    pub fn observe(&mut self, frame: &Bytes) -> FrameRole {
        let event = read_event(frame);
        if event.data.is_empty() {
            return FrameRole::Other;
        }
        match &mut self.state {
            State::OpenAiChat(state) => state.observe(&event),
            State::OpenAiResponses(state) => state.observe(&event),
            State::Gemini(state) => state.observe(&event),
            State::AnthropicMessages(state) => state.observe(&event),
        }
    }

    /// What is known after the events so far.
    pub fn observed(&self) -> Observed {
        match &self.state {
            State::OpenAiChat(state) => state.observed(),
            State::OpenAiResponses(state) => state.observed(),
            State::Gemini(state) => state.observed(),
            State::AnthropicMessages(state) => state.observed(),
        }
    }

    /// Output units that went by, by our own count; cheap enough to ask at every event.
    pub fn output_units(&self) -> TokenCount {
        match &self.state {
            State::OpenAiChat(state) => state.output_units(),
            State::OpenAiResponses(state) => state.output_units(),
            State::Gemini(state) => state.output_units(),
            State::AnthropicMessages(state) => state.output_units(),
        }
    }
}

/// Meters an answer that came in one piece; `None` where it is no answer of the protocol, or none
/// that a client could read.
pub fn meter_document(protocol: Protocol, document: &Bytes) -> Option<Observed> {
    std::str::from_utf8(document).ok()?;
    match protocol {
        Protocol::OpenAiChat => openai_chat::meter_document(document),
        Protocol::OpenAiCompletions => openai_chat::meter_completion(document),
        Protocol::OpenAiResponses => openai_responses::meter_document(document),
        Protocol::OpenAiEmbeddings => openai_embeddings::meter_document(document),
        Protocol::Gemini => gemini::meter_document(document),
        Protocol::GeminiEmbeddings => gemini::meter_embeddings(document),
        Protocol::AnthropicMessages => anthropic::meter_document(document),
    }
}

/// Keys whose strings name or frame things; no model is paid for them.
const NOT_OUTPUT: &[&[u8]] = &[
    b"role",
    b"type",
    b"id",
    b"call_id",
    b"tool_use_id",
    b"signature",
    b"thoughtSignature",
    b"encrypted_content",
    b"status",
    b"data",
    b"format",
];

/// Walks over a value and counts its texts as output. Whether there was any is told.
pub(crate) fn count_output(
    walker: &mut Walker<'_>,
    count: &mut OutputCount,
) -> Result<bool, Malformed> {
    let mut counts = true;
    let mut any = false;
    walker.value(&mut |part| match part {
        Part::Key(key) => counts = !NOT_OUTPUT.contains(&key),
        Part::Text(text) if counts && !text.is_empty() => {
            any = true;
            if text.contains(&b'\\') {
                count.add_text(unescaped(text).as_bytes());
            } else {
                count.add_text(text);
            }
        }
        Part::Text(_) => {}
    })?;
    Ok(any)
}

/// Reads counts out of a report and remembers whether one of them cannot be.
#[derive(Debug, Default)]
pub(crate) struct CountReader {
    pub(crate) implausible: bool,
}

impl CountReader {
    /// A count at a path of keys; zero where there is none.
    pub(crate) fn count(&mut self, report: &Value, path: &[&str]) -> TokenCount {
        self.optional(report, path).unwrap_or(0)
    }

    /// A count at a path of keys.
    pub(crate) fn optional(&mut self, report: &Value, path: &[&str]) -> Option<TokenCount> {
        let mut value = report;
        for key in path {
            value = value.get(key)?;
        }
        if value.is_null() {
            return None;
        }
        let count = value.as_u64().or_else(|| whole_float(value));
        if count.is_none_or(|count| count > Usage::PLAUSIBLE_MAX) {
            self.implausible = true;
            return None;
        }
        count
    }
}

/// Some servers write their whole numbers with a fraction of zero.
fn whole_float(value: &Value) -> Option<TokenCount> {
    let text = value.as_f64()?.to_string();
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn d2_a_count_that_cannot_be_is_noticed() {
        for bad in [json!(-1), json!(1.5), json!("7"), json!(1e30), json!(999_999_999_999_u64)] {
            let mut reader = CountReader::default();
            assert_eq!(reader.count(&json!({ "n": bad }), &["n"]), 0);
            assert!(reader.implausible, "{bad}");
        }
        let mut reader = CountReader::default();
        assert_eq!(reader.count(&json!({"a": {"n": 7.0}}), &["a", "n"]), 7);
        assert_eq!(reader.count(&json!({"a": null}), &["a", "n"]), 0);
        assert!(!reader.implausible);
    }
}
