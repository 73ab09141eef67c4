//! Honest answers of a given text and usage, to send as they are or to spoil.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::chat::{self, ChatWire};
use crate::messages;

const CREATED: u64 = 1_767_225_600;

/// A Chat Completions usage; `cached` is part of `prompt`, `reasoning` part of `completion`.
pub fn chat_usage(prompt: u64, cached: u64, completion: u64, reasoning: u64) -> Value {
    chat::usage(prompt, cached, completion, reasoning)
}

/// A Messages usage; `input` excludes what was read from a cache and what was written to one (for
/// five minutes, for an hour).
pub fn messages_usage(
    input: u64,
    cache_read: u64,
    (cache_write_5m, cache_write_1h): (u64, u64),
    output: u64,
) -> Value {
    messages::usage(input, cache_read, (cache_write_5m, cache_write_1h), output)
}

/// A Chat Completions answer of pieces of text and a usage, as frames or as one body.
#[derive(Debug, Clone)]
pub struct ChatStream {
    model: String,
    pieces: Vec<String>,
    usages: Vec<Value>,
    finish_reason: String,
}

impl ChatStream {
    /// An answer in these pieces with a usage of 10 in, 5 out.
    pub fn saying<S: Into<String>>(pieces: impl IntoIterator<Item = S>) -> Self {
        Self {
            model: "sim-gpt".to_owned(),
            pieces: pieces.into_iter().map(Into::into).collect(),
            usages: vec![chat::usage(10, 0, 5, 0)],
            finish_reason: "stop".to_owned(),
        }
    }

    /// The model that it says it comes from.
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// What it reports, honest or not.
    #[must_use]
    pub fn usage(self, usage: Value) -> Self {
        self.usages([usage])
    }

    /// Several reports one after the other: none, repeated, shrinking. The last stands in the body.
    #[must_use]
    pub fn usages(mut self, usages: impl IntoIterator<Item = Value>) -> Self {
        self.usages = usages.into_iter().collect();
        self
    }

    /// Why it ends: `stop`, `length` …
    #[must_use]
    pub fn finish_reason(mut self, reason: impl Into<String>) -> Self {
        self.finish_reason = reason.into();
        self
    }

    /// The stream, one event a frame, `[DONE]` last.
    pub fn frames(&self) -> Vec<Bytes> {
        let wire =
            ChatWire::new("chatcmpl-scripted", &self.model, CREATED, !self.usages.is_empty());
        let mut frames = vec![wire.role(0)];
        frames.extend(self.pieces.iter().map(|piece| wire.text(0, piece)));
        frames.push(wire.finish(0, &self.finish_reason));
        frames.extend(self.usages.iter().map(|usage| wire.usage(usage)));
        frames.push(chat::DONE);
        frames
    }

    /// The same answer to a request without a stream.
    pub fn body(&self) -> Value {
        let text = self.pieces.concat();
        let mut body = chat::completion(
            ("chatcmpl-scripted", &self.model, CREATED),
            (&text, 1, &self.finish_reason),
            self.usages.last().unwrap_or(&Value::Null),
        );
        if let (true, Some(body)) = (self.usages.is_empty(), body.as_object_mut()) {
            body.remove("usage");
        }
        body
    }
}

/// A Messages answer of pieces of text and a usage, as frames or as one body.
#[derive(Debug, Clone)]
pub struct MessagesStream {
    model: String,
    pieces: Vec<String>,
    start_usage: Value,
    usages: Vec<Value>,
    stop_reason: String,
}

impl MessagesStream {
    /// An answer in these pieces with a usage of 10 in, 5 out.
    pub fn saying<S: Into<String>>(pieces: impl IntoIterator<Item = S>) -> Self {
        Self {
            model: "sim-claude".to_owned(),
            pieces: pieces.into_iter().map(Into::into).collect(),
            start_usage: messages::usage(10, 0, (0, 0), 1),
            usages: vec![messages::usage(10, 0, (0, 0), 5)],
            stop_reason: "end_turn".to_owned(),
        }
    }

    /// The model that it says it comes from.
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// What it reports, at the start with one unit of output and whole at the end.
    #[must_use]
    pub fn usage(mut self, usage: Value) -> Self {
        self.start_usage = usage.clone();
        if let Some(start) = self.start_usage.as_object_mut() {
            start.insert("output_tokens".to_owned(), json!(1));
        }
        self.usages = vec![usage];
        self
    }

    /// What it reports in `message_start`, honest or not; null for nothing.
    #[must_use]
    pub fn start_usage(mut self, usage: Value) -> Self {
        self.start_usage = usage;
        self
    }

    /// What it reports in `message_delta`s one after the other: none, repeated, shrinking. The last
    /// stands in the body.
    #[must_use]
    pub fn delta_usages(mut self, usages: impl IntoIterator<Item = Value>) -> Self {
        self.usages = usages.into_iter().collect();
        self
    }

    /// Why it ends: `end_turn`, `max_tokens` …
    #[must_use]
    pub fn stop_reason(mut self, reason: impl Into<String>) -> Self {
        self.stop_reason = reason.into();
        self
    }

    /// The stream, one event a frame, `message_stop` last.
    pub fn frames(&self) -> Vec<Bytes> {
        let mut frames = vec![
            messages::start("msg_scripted", &self.model, &self.start_usage),
            messages::block_start(),
            messages::ping(),
        ];
        frames.extend(self.pieces.iter().map(|piece| messages::text(piece)));
        frames.push(messages::block_stop());
        if self.usages.is_empty() {
            frames.push(messages::delta(&self.stop_reason, &Value::Null));
        }
        frames.extend(self.usages.iter().map(|usage| messages::delta(&self.stop_reason, usage)));
        frames.push(messages::stop());
        frames
    }

    /// The same answer to a request without a stream.
    pub fn body(&self) -> Value {
        let content = json!([{"type": "text", "text": self.pieces.concat()}]);
        let mut body = messages::message(
            ("msg_scripted", &self.model),
            &content,
            &Value::from(self.stop_reason.as_str()),
            self.usages.last().unwrap_or(&Value::Null),
        );
        if let (true, Some(body)) = (self.usages.is_empty(), body.as_object_mut()) {
            body.remove("usage");
        }
        body
    }
}
