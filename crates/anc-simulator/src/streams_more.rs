//! Honest answers of the later protocols, to send as they are or to spoil.

use bytes::Bytes;
use serde_json::Value;

use crate::gemini::{self, GeminiWire};
use crate::responses::{self, ResponsesWire};

const CREATED: u64 = 1_767_225_600;

/// An answer of Responses in pieces of text, with a usage.
#[derive(Debug, Clone)]
pub struct ResponsesStream {
    id: String,
    pieces: Vec<String>,
    usage: Value,
}

impl ResponsesStream {
    /// An answer in these pieces with a usage of 10 in, 5 out.
    pub fn saying<S: Into<String>>(pieces: impl IntoIterator<Item = S>) -> Self {
        Self {
            id: "resp_scripted".to_owned(),
            pieces: pieces.into_iter().map(Into::into).collect(),
            usage: responses::usage(10, 0, 5, 0),
        }
    }

    /// Under which id it can be referred to.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// What it reports: input, how much of it was cached, output, how much of it was thinking.
    #[must_use]
    pub fn usage(mut self, input: u64, cached: u64, output: u64, reasoning: u64) -> Self {
        self.usage = responses::usage(input, cached, output, reasoning);
        self
    }

    /// The stream, one event a frame, the whole response last.
    pub fn frames(&self) -> Vec<Bytes> {
        let wire = ResponsesWire::new(&self.id, "sim-gpt", CREATED);
        let mut frames = wire.head();
        let numbered = (0_u64..).zip(&self.pieces);
        frames.extend(numbered.map(|(number, piece)| wire.text(number, piece)));
        let count = self.pieces.len() as u64;
        frames.extend(wire.tail(count, &self.pieces.concat(), "completed", &self.usage));
        frames
    }

    /// The same answer to a request without a stream.
    pub fn body(&self) -> Value {
        let wire = ResponsesWire::new(&self.id, "sim-gpt", CREATED);
        wire.whole(&self.pieces.concat(), "completed", &self.usage)
    }
}

/// An answer of Gemini in pieces of text, with a usage.
#[derive(Debug, Clone)]
pub struct GeminiStream {
    pieces: Vec<String>,
    usage: Value,
}

impl GeminiStream {
    /// An answer in these pieces with a usage of 10 in, 5 out.
    pub fn saying<S: Into<String>>(pieces: impl IntoIterator<Item = S>) -> Self {
        Self {
            pieces: pieces.into_iter().map(Into::into).collect(),
            usage: gemini::usage(10, 0, 5, 0),
        }
    }

    /// What it reports: the prompt, how much of it was cached, the candidates, and the thoughts
    /// beside them.
    #[must_use]
    pub fn usage(mut self, prompt: u64, cached: u64, candidates: u64, thoughts: u64) -> Self {
        self.usage = gemini::usage(prompt, cached, candidates, thoughts);
        self
    }

    /// The stream, one event a frame, the one with the reason to end last.
    pub fn frames(&self) -> Vec<Bytes> {
        let wire = GeminiWire::new("sim", "sim-gemini");
        let mut frames: Vec<Bytes> =
            self.pieces.iter().map(|piece| wire.text(piece, &Value::Null)).collect();
        frames.push(wire.last("", "STOP", &self.usage));
        frames
    }

    /// The same answer to a request without a stream.
    pub fn body(&self) -> Value {
        GeminiWire::new("sim", "sim-gemini").document(
            &self.pieces.concat(),
            Some("STOP"),
            &self.usage,
        )
    }
}
