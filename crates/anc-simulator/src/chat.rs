//! Chat Completions on the wire.
//!
//! <https://platform.openai.com/docs/api-reference/chat/create>: a chunk with the role first, the
//! text, a chunk with the reason of the end, where asked a chunk of usage with no choices, `[DONE]`.

use bytes::Bytes;
use serde_json::{Value, json};

/// Ends every stream of chunks.
pub(crate) const DONE: Bytes = Bytes::from_static(b"data: [DONE]\n\n");

/// Writes the chunks of one stream; what they have in common is written once.
#[derive(Debug, Clone)]
pub(crate) struct ChatWire {
    lead: String,
    tail: &'static str,
}

impl ChatWire {
    /// `with_usage` says that a chunk of usage will come: the others then carry a null.
    pub(crate) fn new(id: &str, model: &str, created: u64, with_usage: bool) -> Self {
        let lead = format!(
            "data: {{\"id\":{},\"object\":\"chat.completion.chunk\",\"created\":{created},\
             \"model\":{},\"service_tier\":\"default\",\"system_fingerprint\":\"fp_simulated\",\
             \"choices\":[",
            Value::from(id),
            Value::from(model),
        );
        Self { lead, tail: if with_usage { "],\"usage\":null}\n\n" } else { "]}\n\n" } }
    }

    pub(crate) fn role(&self, index: u64) -> Bytes {
        self.choice(index, r#"{"role":"assistant","content":"","refusal":null}"#, "null")
    }

    pub(crate) fn text(&self, index: u64, text: &str) -> Bytes {
        self.choice(index, &format!("{{\"content\":{}}}", Value::from(text)), "null")
    }

    pub(crate) fn finish(&self, index: u64, reason: &str) -> Bytes {
        self.choice(index, "{}", &Value::from(reason).to_string())
    }

    pub(crate) fn usage(&self, usage: &Value) -> Bytes {
        format!("{}],\"usage\":{usage}}}\n\n", self.lead).into()
    }

    fn choice(&self, index: u64, delta: &str, finish: &str) -> Bytes {
        let Self { lead, tail } = self;
        format!(
            "{lead}{{\"index\":{index},\"delta\":{delta},\"logprobs\":null,\
             \"finish_reason\":{finish}}}{tail}"
        )
        .into()
    }
}

/// A whole answer with the same text for every choice.
pub(crate) fn completion(
    (id, model, created): (&str, &str, u64),
    (text, choices, finish_reason): (&str, u64, &str),
    usage: &Value,
) -> Value {
    let choices: Vec<Value> = (0..choices)
        .map(|index| {
            json!({
                "index": index,
                "message": {
                    "role": "assistant",
                    "content": text,
                    "refusal": null,
                    "annotations": [],
                },
                "logprobs": null,
                "finish_reason": finish_reason,
            })
        })
        .collect();
    json!({
        "id": id,
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": choices,
        "usage": usage,
        "service_tier": "default",
        "system_fingerprint": "fp_simulated",
    })
}

/// A usage of so many units. The cached ones are part of the prompt, the reasoning ones part of the
/// completion, as the vendor counts.
pub(crate) fn usage(prompt: u64, cached: u64, completion: u64, reasoning: u64) -> Value {
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    })
}
