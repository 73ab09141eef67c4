//! What a request asks for, read the way its vendor would.

use serde_json::Value;

use crate::count::TextCount;
use crate::refusal::Refusal;

/// The most answers to one chat request that the vendor allows.
const CHOICES_MAX: u64 = 128;

/// Whose words a request and its answer are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `OpenAI` Chat Completions.
    Chat,
    /// Anthropic Messages.
    Messages,
    /// `OpenAI` Completions.
    Completions,
    /// `OpenAI` Responses.
    Responses,
    /// `OpenAI` Embeddings.
    Embeddings,
    /// Gemini, whose model stands in the path.
    Gemini,
}

/// The few parts of a request that the simulator acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) model: String,
    /// Only the literal `true` asks for a stream.
    pub(crate) stream: bool,
    pub(crate) include_usage: bool,
    pub(crate) output_max: Option<u64>,
    pub(crate) choices: u64,
    /// Units of every text in the request, tools and system text included.
    pub(crate) input_units: u64,
    pub(crate) last_user_text: String,
}

impl Question {
    /// Reads a request for an answer.
    pub(crate) fn read(dialect: Dialect, body: &[u8]) -> Result<Self, Refusal> {
        if !matches!(dialect, Dialect::Chat | Dialect::Messages) {
            return Self::read_prompt(dialect, None, body);
        }
        let question = Self::read_for_count(dialect, body)?;
        match (dialect, question.output_max) {
            (Dialect::Messages, None) => Err(Refusal::missing(dialect, "max_tokens")),
            (_, Some(0)) => Err(Refusal::invalid("max_tokens", "must be at least 1")),
            _ => Ok(question),
        }
    }

    /// Reads a request that only wants its units counted, which needs no limit of output.
    pub(crate) fn read_for_count(dialect: Dialect, body: &[u8]) -> Result<Self, Refusal> {
        let request: Value = serde_json::from_slice(body).map_err(|_| {
            Refusal::bad_request("we could not parse the JSON body of your request")
        })?;
        let model = match request.get("model") {
            Some(Value::String(model)) if !model.is_empty() => model.clone(),
            Some(Value::Null) | None => return Err(Refusal::missing(dialect, "model")),
            Some(_) => return Err(Refusal::invalid("model", "must be a model's name")),
        };
        let messages = match request.get("messages") {
            Some(Value::Array(messages)) if !messages.is_empty() => messages,
            Some(Value::Null) | None => return Err(Refusal::missing(dialect, "messages")),
            Some(_) => {
                return Err(Refusal::invalid("messages", "must be a list of at least one message"));
            }
        };
        let choices = whole_number(&request, "n")?.unwrap_or(1);
        if !(1..=CHOICES_MAX).contains(&choices) {
            return Err(Refusal::invalid("n", "must be between 1 and 128"));
        }
        Ok(Self {
            model,
            stream: request.get("stream") == Some(&Value::Bool(true)),
            include_usage: request.pointer("/stream_options/include_usage")
                == Some(&Value::Bool(true)),
            output_max: match whole_number(&request, "max_completion_tokens")? {
                Some(limit) => Some(limit),
                None => whole_number(&request, "max_tokens")?,
            },
            choices,
            input_units: input_units(&request, messages),
            last_user_text: last_user_text(messages),
        })
    }
}

/// Where the later protocols keep what there is to read.
const PROMPT_KEYS: [&str; 8] = [
    "input",
    "prompt",
    "contents",
    "content",
    "requests",
    "instructions",
    "systemInstruction",
    "generateContentRequest",
];

impl Question {
    /// Reads a request whose texts stand in one of several places; `model` is that of the path.
    pub(crate) fn read_prompt(
        dialect: Dialect,
        model: Option<&str>,
        body: &[u8],
    ) -> Result<Self, Refusal> {
        let request: Value = serde_json::from_slice(body).map_err(|_| {
            Refusal::bad_request("we could not parse the JSON body of your request")
        })?;
        let model = match (model, request.get("model")) {
            (Some(model), _) => model.to_owned(),
            (None, Some(Value::String(model))) if !model.is_empty() => model.clone(),
            _ => return Err(Refusal::missing(dialect, "model")),
        };
        let mut count = TextCount::default();
        let mut last = String::new();
        for key in PROMPT_KEYS {
            if let Some(value) = request.get(key) {
                every_text(value, &mut |text| {
                    count.add(text);
                    if key != "instructions" && key != "systemInstruction" {
                        text.clone_into(&mut last);
                    }
                });
            }
        }
        let config = request.get("generationConfig").unwrap_or(&Value::Null);
        let output_max = match dialect {
            Dialect::Responses => whole_number(&request, "max_output_tokens")?,
            Dialect::Gemini => whole_number(config, "maxOutputTokens")?,
            _ => whole_number(&request, "max_tokens")?,
        };
        let listed = ["input", "requests"].iter().find_map(|key| request.get(key)?.as_array());
        let choices = match dialect {
            Dialect::Embeddings | Dialect::Gemini => listed.map_or(1, |list| list.len() as u64),
            _ => whole_number(&request, "n")?.unwrap_or(1),
        };
        Ok(Self {
            model,
            stream: request.get("stream") == Some(&Value::Bool(true)),
            include_usage: request.pointer("/stream_options/include_usage")
                == Some(&Value::Bool(true)),
            output_max,
            choices: choices.clamp(1, CHOICES_MAX),
            input_units: count.units(),
            last_user_text: last,
        })
    }
}

/// Every text that is somebody's words: bare, in lists, or under the keys that hold words.
fn every_text(value: &Value, visit: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(items) => items.iter().for_each(|item| every_text(item, visit)),
        Value::Object(members) => {
            for key in ["text", "content", "contents", "parts", "arguments", "output"] {
                if let Some(inner) = members.get(key) {
                    every_text(inner, visit);
                }
            }
        }
        _ => {}
    }
}

fn whole_number(request: &Value, field: &'static str) -> Result<Option<u64>, Refusal> {
    match request.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_u64()
            .map(Some)
            .ok_or_else(|| Refusal::invalid(field, "must be a whole number that is not negative")),
    }
}

fn input_units(request: &Value, messages: &[Value]) -> u64 {
    let mut count = TextCount::default();
    if let Some(system) = request.get("system") {
        add_texts(&mut count, system);
    }
    for message in messages {
        for field in ["content", "tool_calls"] {
            if let Some(texts) = message.get(field) {
                add_texts(&mut count, texts);
            }
        }
    }
    if let Some(tools) = request.get("tools").and_then(Value::as_array) {
        for tool in tools {
            count.add(&tool.to_string());
        }
    }
    count.units()
}

/// Adds the texts of a message's content: a text, or parts that hold texts. Pictures, sounds and
/// files count nothing.
fn add_texts(count: &mut TextCount, content: &Value) {
    match content {
        Value::String(text) => count.add(text),
        Value::Array(parts) => {
            for part in parts {
                for field in ["text", "thinking", "content", "name", "arguments", "function"] {
                    if let Some(inner) = part.get(field) {
                        add_texts(count, inner);
                    }
                }
                if let Some(input) = part.get("input").filter(|input| input.is_object()) {
                    count.add(&input.to_string());
                }
            }
        }
        Value::Object(function) => {
            for field in ["name", "arguments"] {
                if let Some(Value::String(text)) = function.get(field) {
                    count.add(text);
                }
            }
        }
        _ => {}
    }
}

fn last_user_text(messages: &[Value]) -> String {
    let of_user = messages
        .iter()
        .rev()
        .find(|message| message.get("role").and_then(Value::as_str) == Some("user"));
    match of_user.and_then(|message| message.get("content")) {
        Some(Value::String(text)) => text.clone(),
        // Clients put their own notes in the first parts; what the person wrote comes last.
        Some(Value::Array(parts)) => parts
            .iter()
            .rev()
            .find_map(|part| part.get("text").and_then(Value::as_str))
            .unwrap_or_default()
            .to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(dialect: Dialect, request: &Value) -> Result<Question, Refusal> {
        Question::read(dialect, request.to_string().as_bytes())
    }

    #[test]
    fn every_text_of_a_request_is_counted() {
        let question = read(
            Dialect::Messages,
            &json!({"model": "m", "max_tokens": 9, "system": [{"type": "text", "text": "abcd"}],
                "messages": [{"role": "user", "content": [
                    {"type": "tool_result", "content": [{"type": "text", "text": "efgh"}]},
                    {"type": "image", "source": {"data": "AAAAAAAAAAAAAAAA"}},
                    {"type": "text", "text": "日本"}]}]}),
        )
        .unwrap();
        assert_eq!((question.input_units, question.last_user_text.as_str()), (4, "日本"));
    }

    #[test]
    fn a_stream_is_asked_for_by_the_literal_true_only() {
        for (stream, expected) in [(json!(true), true), (json!("true"), false), (json!(1), false)] {
            let request = json!({"model": "m", "stream": stream,
                "messages": [{"role": "user", "content": "hi"}]});
            assert_eq!(read(Dialect::Chat, &request).unwrap().stream, expected);
        }
    }

    #[test]
    fn what_a_vendor_requires_is_required() {
        let messages = json!([{"role": "user", "content": "hi"}]);
        assert!(read(Dialect::Chat, &json!({"messages": messages})).is_err());
        assert!(read(Dialect::Chat, &json!({"model": "m"})).is_err());
        assert!(read(Dialect::Chat, &json!({"model": "m", "messages": []})).is_err());
        assert!(read(Dialect::Chat, &json!({"model": "m", "messages": messages, "n": 0})).is_err());
        assert!(read(Dialect::Messages, &json!({"model": "m", "messages": messages})).is_err());
        assert!(Question::read(Dialect::Chat, b"{").is_err());
    }
}
