//! Anthropic Messages on the wire.
//!
//! <https://docs.anthropic.com/en/docs/build-with-claude/streaming>: every event has its `event:`
//! line, without which the clients read nothing; usage comes at the start and, cumulative, at the
//! end.

use bytes::Bytes;
use serde_json::{Value, json};

/// Writes one event.
pub(crate) fn event(name: &str, data: &Value) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}

pub(crate) fn start(id: &str, model: &str, usage: &Value) -> Bytes {
    let message = message((id, model), &json!([]), &Value::Null, usage);
    event("message_start", &json!({"type": "message_start", "message": message}))
}

pub(crate) fn block_start() -> Bytes {
    event(
        "content_block_start",
        &json!({
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "text", "text": ""},
        }),
    )
}

pub(crate) fn ping() -> Bytes {
    event("ping", &json!({"type": "ping"}))
}

pub(crate) fn text(text: &str) -> Bytes {
    format!(
        "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\
         \"delta\":{{\"type\":\"text_delta\",\"text\":{}}}}}\n\n",
        Value::from(text)
    )
    .into()
}

pub(crate) fn block_stop() -> Bytes {
    event("content_block_stop", &json!({"type": "content_block_stop", "index": 0}))
}

pub(crate) fn delta(stop_reason: &str, usage: &Value) -> Bytes {
    event(
        "message_delta",
        &json!({
            "type": "message_delta",
            "delta": {"stop_reason": stop_reason, "stop_sequence": null},
            "usage": usage,
        }),
    )
}

pub(crate) fn stop() -> Bytes {
    event("message_stop", &json!({"type": "message_stop"}))
}

/// A whole message.
pub(crate) fn message(
    (id, model): (&str, &str),
    content: &Value,
    stop_reason: &Value,
    usage: &Value,
) -> Value {
    json!({
        "id": id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": null,
        "usage": usage,
    })
}

/// A usage of so many units; input excludes both caches, as the vendor counts.
pub(crate) fn usage(
    input: u64,
    cache_read: u64,
    (write_5m, write_1h): (u64, u64),
    output: u64,
) -> Value {
    json!({
        "input_tokens": input,
        "cache_creation_input_tokens": write_5m + write_1h,
        "cache_read_input_tokens": cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": write_5m,
            "ephemeral_1h_input_tokens": write_1h,
        },
        "output_tokens": output,
        "service_tier": "standard",
    })
}
