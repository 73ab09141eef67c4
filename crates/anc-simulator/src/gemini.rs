//! Gemini's content on the wire.
//!
//! <https://ai.google.dev/api/generate-content>: every event is an answer of its own; the last one
//! has a reason to end. Usage stands in each and counts up.

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use crate::body::SimBody;
use crate::frames::TimedFrame;
use crate::question::Question;
use crate::simulator::{Simulator, json_response, stream_response};

/// How long a vector is: long enough to look like one.
const DIMENSIONS: u32 = 8;

/// Writes the events of one stream.
#[derive(Debug, Clone)]
pub(crate) struct GeminiWire {
    id: String,
    model: String,
}

impl GeminiWire {
    pub(crate) fn new(id: &str, model: &str) -> Self {
        Self { id: id.to_owned(), model: model.to_owned() }
    }

    /// A piece of text.
    pub(crate) fn text(&self, text: &str, usage: &Value) -> Bytes {
        event(&self.document(text, None, usage))
    }

    /// The last event.
    pub(crate) fn last(&self, text: &str, reason: &str, usage: &Value) -> Bytes {
        event(&self.document(text, Some(reason), usage))
    }

    /// An answer, in one piece or as one of the pieces.
    pub(crate) fn document(&self, text: &str, reason: Option<&str>, usage: &Value) -> Value {
        let mut candidate =
            json!({"content": {"parts": [{"text": text}], "role": "model"}, "index": 0});
        if let Some(reason) = reason {
            candidate["finishReason"] = reason.into();
        }
        let mut document = json!({
            "candidates": [candidate],
            "modelVersion": self.model,
            "responseId": self.id,
        });
        if !usage.is_null() {
            document["usageMetadata"] = usage.clone();
        }
        document
    }
}

fn event(document: &Value) -> Bytes {
    format!("data: {document}\r\n\r\n").into()
}

/// A usage of so many units; the cached ones are part of the prompt, thoughts stand beside.
pub(crate) fn usage(prompt: u64, cached: u64, candidates: u64, thoughts: u64) -> Value {
    let mut usage = json!({
        "promptTokenCount": prompt,
        "candidatesTokenCount": candidates,
        "totalTokenCount": prompt + candidates + thoughts,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}],
    });
    if cached > 0 {
        usage["cachedContentTokenCount"] = cached.into();
    }
    if thoughts > 0 {
        usage["thoughtsTokenCount"] = thoughts.into();
    }
    usage
}

impl Simulator {
    pub(crate) fn gemini(&self, question: &Question) -> Response<SimBody> {
        let wire = GeminiWire::new(&self.next_id("sim"), &question.model);
        let spoken = self.speak(question);
        let reason = if spoken.cut { "MAX_TOKENS" } else { "STOP" };
        let input = question.input_units;
        let whole = usage(input, 0, spoken.units, 0);
        if !question.stream {
            return self.unary(&wire.document(&spoken.text, Some(reason), &whole), spoken.units);
        }
        let last = TimedFrame::now(wire.last("", reason, &whole));
        let so_far = usage(input, 0, 1.min(spoken.units), 0);
        let text = self.text_frames(spoken.text, 1, move |_, text| wire.text(text, &so_far));
        stream_response(Box::new(text.chain(std::iter::once(last))))
    }

    /// One vector, or one for each of several contents.
    pub(crate) fn gemini_embeddings(question: &Question, batch: bool) -> Response<SimBody> {
        let vector = json!({ "values": vector(question.input_units) });
        json_response(&if batch {
            json!({ "embeddings": vec![vector; usize::try_from(question.choices).unwrap_or(1)] })
        } else {
            json!({ "embedding": vector })
        })
    }

    /// The vectors of OpenAI's Embeddings.
    pub(crate) fn embeddings(question: &Question) -> Response<SimBody> {
        let data: Vec<Value> = (0..question.choices)
            .map(|index| {
                let vector = vector(question.input_units);
                json!({"object": "embedding", "index": index, "embedding": vector})
            })
            .collect();
        json_response(&json!({
            "object": "list",
            "data": data,
            "model": question.model,
            "usage": {
                "prompt_tokens": question.input_units,
                "total_tokens": question.input_units,
            },
        }))
    }
}

fn vector(seed: u64) -> Vec<f64> {
    (0..DIMENSIONS)
        .map(|place| f64::from(place) / 10.0 + f64::from(u32::try_from(seed % 7).unwrap_or(0)))
        .collect()
}
