//! An answer in one piece, told as the events that its protocol would have streamed: some providers
//! answer so where a stream was asked for, and the clients of a stream read nothing else.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::Protocol;

/// Whether a body begins like server-sent events, whatever its content type says.
pub fn looks_like_events(beginning: &[u8]) -> bool {
    let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning).trim_ascii_start();
    [b"data:".as_slice(), b"event:", b"id:", b"retry:", b":"].iter().any(|it| text.starts_with(it))
}

/// The events of a whole answer, the protocol's last word among them. `None` where it is no answer,
/// or none that can be streamed. `with_usage` is whether a chat client gets the usage frame.
pub fn document_as_events(
    protocol: Protocol,
    document: &[u8],
    with_usage: bool,
) -> Option<Vec<Bytes>> {
    let answer: Value = serde_json::from_slice(document).ok()?;
    match protocol {
        Protocol::OpenAiChat | Protocol::OpenAiCompletions => chat(protocol, answer, with_usage),
        Protocol::OpenAiResponses => responses(&answer),
        Protocol::AnthropicMessages => messages(answer),
        Protocol::Gemini => Some(vec![unnamed(&answer)]),
        Protocol::OpenAiEmbeddings | Protocol::GeminiEmbeddings => None,
    }
}

fn unnamed(data: &Value) -> Bytes {
    Bytes::from(format!("data: {data}\n\n"))
}

fn named(data: &Value) -> Bytes {
    let name = data["type"].as_str().unwrap_or_default();
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

/// What was made comes first, why it ended after it, then the usage.
fn chat(protocol: Protocol, mut answer: Value, with_usage: bool) -> Option<Vec<Bytes>> {
    let members = answer.as_object_mut()?;
    let choices = members.remove("choices")?;
    let usage = members.remove("usage");
    if protocol == Protocol::OpenAiChat {
        members.insert("object".to_owned(), "chat.completion.chunk".into());
    }
    let chunk = |choices: Value| {
        let mut chunk = answer.clone();
        chunk["choices"] = choices;
        chunk
    };
    let (mut made, mut ends) = (Vec::new(), Vec::new());
    for choice in choices.as_array()? {
        let mut part = choice.clone();
        let members = part.as_object_mut()?;
        let reason = members.insert("finish_reason".to_owned(), Value::Null);
        let mut end = json!({"index": members.get("index"), "finish_reason": reason});
        if let Some(mut message) = members.remove("message") {
            number(message.get_mut("tool_calls"));
            members.insert("delta".to_owned(), message);
            end["delta"] = json!({});
        } else {
            end["text"] = json!("");
        }
        made.push(part);
        ends.push(end);
    }
    let mut frames = vec![unnamed(&chunk(made.into())), unnamed(&chunk(ends.into()))];
    if let Some(usage) = usage.filter(|usage| with_usage && usage.is_object()) {
        let mut last = chunk(json!([]));
        last["usage"] = usage;
        frames.push(unnamed(&last));
    }
    frames.push(crate::terminal_frame(protocol));
    Some(frames)
}

/// In a stream each tool call says which one it is.
fn number(calls: Option<&mut Value>) {
    let calls = calls.and_then(Value::as_array_mut).into_iter().flatten();
    for (index, call) in calls.enumerate() {
        if let Some(call) = call.as_object_mut() {
            call.insert("index".to_owned(), index.into());
        }
    }
}

fn messages(mut answer: Value) -> Option<Vec<Bytes>> {
    let members = answer.as_object_mut()?;
    let content = members.insert("content".to_owned(), json!([]))?;
    let reason = members.insert("stop_reason".to_owned(), Value::Null)?;
    let sequence = members.insert("stop_sequence".to_owned(), Value::Null);
    let usage = members.get("usage").cloned().unwrap_or_default();
    let mut frames = vec![named(&json!({"type": "message_start", "message": answer}))];
    for (index, block) in content.as_array()?.iter().enumerate() {
        let (start, deltas) = block_in_parts(block);
        frames.push(named(
            &json!({"type": "content_block_start", "index": index, "content_block": start}),
        ));
        frames.extend(deltas.into_iter().map(|delta| {
            named(&json!({"type": "content_block_delta", "index": index, "delta": delta}))
        }));
        frames.push(named(&json!({"type": "content_block_stop", "index": index})));
    }
    frames.push(named(&json!({
        "type": "message_delta",
        "delta": {"stop_reason": reason, "stop_sequence": sequence},
        "usage": usage,
    })));
    frames.push(crate::terminal_frame(Protocol::AnthropicMessages));
    Some(frames)
}

/// A block as its stream begins it, and what fills it. Kinds that do not come in parts begin whole.
fn block_in_parts(block: &Value) -> (Value, Vec<Value>) {
    let mut start = block.clone();
    let mut take = |key: &str, empty: Value| {
        start.as_object_mut().and_then(|start| start.insert(key.to_owned(), empty))
    };
    let deltas = match block["type"].as_str() {
        Some("text") => vec![json!({"type": "text_delta", "text": take("text", json!(""))})],
        Some("thinking") => {
            let thinking = take("thinking", json!(""));
            let signature = take("signature", json!(""));
            vec![
                json!({"type": "thinking_delta", "thinking": thinking}),
                json!({"type": "signature_delta", "signature": signature}),
            ]
        }
        Some("tool_use" | "server_tool_use") => {
            let input = take("input", json!({})).unwrap_or_else(|| json!({}));
            vec![json!({"type": "input_json_delta", "partial_json": input.to_string()})]
        }
        _ => Vec::new(),
    };
    (start, deltas)
}

fn responses(answer: &Value) -> Option<Vec<Bytes>> {
    let items = answer["output"].as_array()?;
    let mut begun = answer.clone();
    begun["status"] = json!("in_progress");
    begun["output"] = json!([]);
    let mut events = vec![json!({"type": "response.created", "response": begun})];
    for (index, item) in items.iter().enumerate() {
        let mut start = item.clone();
        let parts = item["content"].as_array().filter(|_| item["type"] == "message");
        if parts.is_some() {
            start["content"] = json!([]);
        }
        let at = |kind: &str| json!({"type": kind, "output_index": index});
        let with = |mut event: Value, more: &[(&str, &Value)]| {
            for (key, value) in more {
                event[*key] = (*value).clone();
            }
            event
        };
        events.push(with(at("response.output_item.added"), &[("item", &start)]));
        for (number, part) in parts.into_iter().flatten().enumerate() {
            let place = [("item_id", &item["id"]), ("content_index", &json!(number))];
            let of_part = |kind: &str, more: &[(&str, &Value)]| with(with(at(kind), &place), more);
            let mut empty = part.clone();
            let text = &part["text"];
            if text.is_string() {
                empty["text"] = json!("");
            }
            events.push(of_part("response.content_part.added", &[("part", &empty)]));
            if text.is_string() {
                let none = json!([]);
                let delta = [("delta", text), ("logprobs", &none)];
                events.push(of_part("response.output_text.delta", &delta));
                let done = [("text", text), ("logprobs", &none)];
                events.push(of_part("response.output_text.done", &done));
            }
            events.push(of_part("response.content_part.done", &[("part", part)]));
        }
        events.push(with(at("response.output_item.done"), &[("item", item)]));
    }
    let last = match answer["status"].as_str() {
        Some("incomplete") => "response.incomplete",
        Some("failed") => "response.failed",
        _ => "response.completed",
    };
    events.push(json!({"type": last, "response": answer}));
    let numbered = events.into_iter().enumerate().map(|(number, mut event)| {
        event["sequence_number"] = number.into();
        named(&event)
    });
    Some(numbered.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FrameRole, Observed, StreamMeter, meter_document};

    /// What the protocol's own meter makes of the events, and the role of the last.
    fn streamed(protocol: Protocol, document: &Value) -> (Observed, Option<FrameRole>) {
        let mut meter = StreamMeter::new(protocol);
        let frames = document_as_events(protocol, document.to_string().as_bytes(), true).unwrap();
        let last = frames.iter().map(|frame| meter.observe(frame)).last();
        (meter.observed(), last)
    }

    #[test]
    fn the_events_say_what_the_document_says() {
        let chat = json!({"id": "c", "object": "chat.completion", "model": "m",
            "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
                "role": "assistant", "content": "Hello there",
                "tool_calls": [{"id": "t", "type": "function",
                    "function": {"name": "f", "arguments": "{\"a\":1}"}}]}}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}});
        let completion = json!({"id": "c", "object": "text_completion", "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", "text": "Hello there"}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}});
        let message = json!({"id": "m", "type": "message", "role": "assistant", "model": "m",
            "content": [
                {"type": "thinking", "thinking": "well", "signature": "s"},
                {"type": "text", "text": "Hello there"},
                {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}],
            "stop_reason": "tool_use", "stop_sequence": null,
            "usage": {"input_tokens": 9, "output_tokens": 5}});
        let response = json!({"id": "resp_1", "object": "response", "status": "completed",
            "model": "m", "output": [{"id": "i", "type": "message", "role": "assistant",
                "content": [{"type": "output_text", "text": "Hello there", "annotations": []}]}],
            "usage": {"input_tokens": 9, "output_tokens": 5, "total_tokens": 14}});
        let gemini = json!({"candidates": [{"content": {"parts": [{"text": "Hello there"}]},
                "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 5,
                "totalTokenCount": 14}});
        for (protocol, document) in [
            (Protocol::OpenAiChat, chat),
            (Protocol::OpenAiCompletions, completion),
            (Protocol::AnthropicMessages, message),
            (Protocol::OpenAiResponses, response),
            (Protocol::Gemini, gemini),
        ] {
            let whole = meter_document(protocol, &Bytes::from(document.to_string())).unwrap();
            let (events, last) = streamed(protocol, &document);
            assert_eq!(events.reported, whole.reported, "{protocol:?}");
            assert!(events.finished, "{protocol:?}");
            // A tool's input is text in a stream and members in a document: counted so or so.
            assert!(events.output_units >= whole.output_units, "{protocol:?}");
            if protocol != Protocol::Gemini {
                assert_eq!(last, Some(FrameRole::Terminal), "{protocol:?}");
            }
        }
    }

    #[test]
    fn a_chat_client_gets_the_usage_frame_only_where_it_asked() {
        let document =
            br#"{"choices":[{"index":0,"message":{"content":"x"},"finish_reason":"stop"}],
            "usage":{"prompt_tokens":1,"completion_tokens":1}}"#;
        let events = document_as_events(Protocol::OpenAiChat, document, false).unwrap();
        assert!(events.iter().all(|event| !event.windows(5).any(|piece| piece == b"usage")));
    }

    #[test]
    fn events_are_told_from_a_document() {
        for text in ["data: {}\n\n", "event: a\n", ": hello\n\n", "\u{feff}data:1", "\n\ndata: 1"] {
            assert!(looks_like_events(text.as_bytes()), "{text:?}");
        }
        for text in ["{\"data\":1}", "<html>", "", "[1]"] {
            assert!(!looks_like_events(text.as_bytes()), "{text:?}");
        }
    }
}
