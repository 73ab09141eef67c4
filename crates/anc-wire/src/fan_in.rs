//! The events of a stream put together to the answer in one piece: some providers only stream, and a
//! client that asked for one document reads nothing else.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::Protocol;
use crate::sse::{SseSplitter, read_event};

/// The document that a whole stream of events stands for. `None` where the stream is no answer of
/// the protocol, failed, or is not whole.
pub fn events_as_document(protocol: Protocol, events: &Bytes) -> Option<Bytes> {
    let mut splitter = SseSplitter::new();
    let mut frames = VecDeque::new();
    splitter.push(events.clone(), &mut frames);
    let events: Vec<Value> = frames
        .iter()
        .filter_map(|frame| serde_json::from_slice(read_event(frame).data.trim_ascii()).ok())
        .collect();
    let failed = |event: &Value| {
        !event["error"].is_null() || matches!(event["type"].as_str(), Some("error"))
    };
    if events.iter().any(failed) {
        return None;
    }
    let document = match protocol {
        Protocol::OpenAiChat | Protocol::OpenAiCompletions => chat(protocol, events),
        Protocol::AnthropicMessages => messages(events),
        Protocol::OpenAiResponses => responses(events),
        Protocol::Gemini => gemini(events),
        Protocol::OpenAiEmbeddings | Protocol::GeminiEmbeddings => None,
    }?;
    Some(Bytes::from(document.to_string()))
}

/// Strings under these keys name a thing and come once; all others come in pieces.
const NAMES: &[&str] = &["id", "type", "role", "name", "object", "model"];

/// Adds what a piece says to what was said before.
fn add(whole: &mut Map<String, Value>, piece: Map<String, Value>) {
    for (key, value) in piece {
        match (whole.get_mut(&key), value) {
            (Some(_), Value::Null) => {}
            (Some(Value::String(text)), Value::String(more)) if !NAMES.contains(&key.as_str()) => {
                text.push_str(&more);
            }
            (Some(Value::Object(known)), Value::Object(more)) => add(known, more),
            (Some(Value::Array(known)), Value::Array(more)) => add_elements(known, more),
            (_, Value::Array(more)) => {
                let mut elements = Vec::new();
                add_elements(&mut elements, more);
                whole.insert(key, elements.into());
            }
            (_, value) => _ = whole.insert(key, value),
        }
    }
}

/// Elements with an index go on where that index was; others follow.
fn add_elements(whole: &mut Vec<Value>, more: Vec<Value>) {
    for element in more {
        let index = element.get("index").cloned();
        let known = index.and_then(|index| {
            whole.iter_mut().find(|one| one.get("index") == Some(&index))?.as_object_mut()
        });
        match (known, element) {
            (Some(known), Value::Object(more)) => add(known, more),
            (_, element) => whole.push(element),
        }
    }
}

fn chat(protocol: Protocol, events: Vec<Value>) -> Option<Value> {
    let mut whole = Map::new();
    for event in events {
        let Value::Object(mut chunk) = event else { continue };
        // A later report replaces an earlier one; adding would double it.
        if let Some(usage) = chunk.remove("usage").filter(Value::is_object) {
            whole.insert("usage".to_owned(), usage);
        }
        let choices = chunk.remove("choices");
        for (key, value) in chunk {
            whole.entry(key).or_insert(value);
        }
        if let Some(choices) = choices {
            add(&mut whole, Map::from_iter([("choices".to_owned(), choices)]));
        }
    }
    for choice in whole.get_mut("choices")?.as_array_mut()? {
        let choice = choice.as_object_mut()?;
        choice.get("finish_reason")?.as_str()?;
        let Some(mut message) = choice.remove("delta") else { continue };
        for call in message["tool_calls"].as_array_mut().into_iter().flatten() {
            call.as_object_mut()?.remove("index");
        }
        if let Some(message) = message.as_object_mut() {
            message.retain(|key, value| key != "tool_calls" || !value.is_null());
        }
        choice.insert("message".to_owned(), message);
    }
    if protocol == Protocol::OpenAiChat {
        whole.insert("object".to_owned(), "chat.completion".into());
    }
    Some(whole.into())
}

fn messages(events: Vec<Value>) -> Option<Value> {
    let mut message = None;
    let mut blocks: BTreeMap<u64, Map<String, Value>> = BTreeMap::new();
    let mut inputs: BTreeMap<u64, String> = BTreeMap::new();
    let mut over = false;
    for mut event in events {
        let index = event["index"].as_u64().unwrap_or(0);
        match event["type"].as_str()? {
            "message_start" => message = Some(event["message"].take()),
            "content_block_start" => {
                let Value::Object(block) = event["content_block"].take() else { return None };
                blocks.insert(index, block);
            }
            "content_block_delta" => {
                let Value::Object(mut delta) = event["delta"].take() else { return None };
                delta.remove("type");
                if let Some(Value::String(json)) = delta.remove("partial_json") {
                    inputs.entry(index).or_default().push_str(&json);
                }
                if let Some(citation) = delta.remove("citation") {
                    delta.insert("citations".to_owned(), json!([citation]));
                }
                add(blocks.get_mut(&index)?, delta);
            }
            "message_delta" => {
                let message = message.as_mut()?.as_object_mut()?;
                for key in ["delta", "usage"] {
                    let Value::Object(last) = event[key].take() else { continue };
                    let place = if key == "usage" {
                        message.entry("usage").or_insert_with(|| json!({})).as_object_mut()?
                    } else {
                        &mut *message
                    };
                    place.extend(last);
                }
            }
            "message_stop" => over = true,
            _ => {}
        }
    }
    for (index, text) in inputs.into_iter().filter(|(_, text)| !text.is_empty()) {
        blocks.get_mut(&index)?.insert("input".to_owned(), serde_json::from_str(&text).ok()?);
    }
    let mut message = message.filter(|message| over || message["stop_reason"].is_string())?;
    message["content"] = blocks.into_values().map(Value::from).collect();
    Some(message)
}

fn responses(events: Vec<Value>) -> Option<Value> {
    let last = |event: &Value| {
        matches!(event["type"].as_str(), Some("response.completed" | "response.incomplete"))
    };
    let mut whole = events.iter().rev().find(|event| last(event))?.get("response")?.clone();
    // Some servers leave the output out of it, since it went by already.
    if whole["output"].as_array().is_none_or(Vec::is_empty) {
        let items = events.into_iter().filter(|event| event["type"] == "response.output_item.done");
        whole["output"] = items.map(|mut event| event["item"].take()).collect();
    }
    Some(whole)
}

fn gemini(events: Vec<Value>) -> Option<Value> {
    let mut whole = Map::new();
    for event in events {
        let Value::Object(mut chunk) = event else { continue };
        let candidates = chunk.remove("candidates");
        whole.extend(chunk);
        let Some(Value::Array(candidates)) = candidates else { continue };
        // The first candidate's index is often left out, being zero.
        let numbered = candidates.into_iter().map(|mut candidate| {
            if candidate.is_object() && candidate["index"].is_null() {
                candidate["index"] = json!(0);
            }
            candidate
        });
        let numbered: Value = numbered.collect();
        add(&mut whole, Map::from_iter([("candidates".to_owned(), numbered)]));
    }
    let candidates = whole.get("candidates")?.as_array()?;
    candidates.iter().all(|one| one["finishReason"].is_string()).then_some(())?;
    Some(whole.into())
}

#[cfg(test)]
mod tests {
    use anc_domain::Meter;

    use super::*;
    use crate::{document_as_events, meter_document};

    fn put_together(protocol: Protocol, frames: &[Bytes]) -> Option<Value> {
        let document = events_as_document(protocol, &Bytes::from(frames.concat()))?;
        serde_json::from_slice(&document).ok()
    }

    #[test]
    fn a_document_told_as_events_comes_together_again() {
        let chat = json!({"id": "c", "object": "chat.completion", "model": "m", "created": 1,
            "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
                "role": "assistant", "content": "Hello",
                "tool_calls": [{"id": "t", "type": "function",
                    "function": {"name": "f", "arguments": "{\"a\":1}"}}]}}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}});
        let message = json!({"id": "m", "type": "message", "role": "assistant", "model": "m",
            "content": [
                {"type": "thinking", "thinking": "well", "signature": "s"},
                {"type": "text", "text": "Hello"},
                {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}],
            "stop_reason": "tool_use", "stop_sequence": null,
            "usage": {"input_tokens": 9, "output_tokens": 5}});
        let response = json!({"id": "resp_1", "object": "response", "status": "completed",
            "error": null, "model": "m", "output": [{"id": "i", "type": "message",
                "content": [{"type": "output_text", "text": "Hello", "annotations": []}]}],
            "usage": {"input_tokens": 9, "output_tokens": 5, "total_tokens": 14}});
        for (protocol, document) in [
            (Protocol::OpenAiChat, chat),
            (Protocol::AnthropicMessages, message),
            (Protocol::OpenAiResponses, response),
        ] {
            let text = document.to_string();
            let frames = document_as_events(protocol, text.as_bytes(), true).unwrap();
            assert_eq!(put_together(protocol, &frames), Some(document), "{protocol:?}");
            assert_eq!(put_together(protocol, &frames[..1]), None, "{protocol:?}: not whole");
        }
    }

    #[test]
    fn pieces_are_joined_where_they_belong_and_reports_are_not_added() {
        let events = [
            r#"{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"Hel"}},{"index":1,"delta":{"content":"x"}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":"{\"a"}}]}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"lo","tool_calls":[{"index":0,"function":{"arguments":"\":1}"}}]}}],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#,
            r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"},{"index":1,"delta":{},"finish_reason":"length"}]}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":5}}"#,
            "[DONE]",
        ]
        .iter()
        .map(|data| format!("data: {data}\n\n"));
        let events = events.collect::<Vec<_>>().concat();
        let whole = events_as_document(Protocol::OpenAiChat, &Bytes::from(events)).unwrap();
        let observed = meter_document(Protocol::OpenAiChat, &whole).unwrap();
        assert_eq!(observed.reported.unwrap().get(Meter::Output), 5);
        let whole: Value = serde_json::from_slice(&whole).unwrap();
        let [first, second] = [&whole["choices"][0], &whole["choices"][1]];
        assert_eq!(first["message"]["content"], "Hello");
        assert_eq!(first["message"]["tool_calls"][0]["function"]["arguments"], "{\"a\":1}");
        assert_eq!(
            (&second["message"]["content"], &second["finish_reason"]),
            (&json!("x"), &json!("length"))
        );
    }

    #[test]
    fn gemini_parts_follow_each_other() {
        let events = "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hel\"}]}}]}\n\n\
            data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"lo\"}]},\"finishReason\":\"STOP\"}],\
            \"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":5,\"totalTokenCount\":14}}\n\n";
        let events = Bytes::from(events);
        let whole = events_as_document(Protocol::Gemini, &events).unwrap();
        let whole: Value = serde_json::from_slice(&whole).unwrap();
        assert_eq!(
            whole["candidates"][0]["content"]["parts"],
            json!([{"text": "Hel"}, {"text": "lo"}])
        );
        assert_eq!(whole["usageMetadata"]["totalTokenCount"], 14);
    }

    #[test]
    fn a_stream_that_failed_is_no_document() {
        for (protocol, data) in [
            (Protocol::OpenAiChat, r#"{"error":{"message":"x"}}"#),
            (Protocol::AnthropicMessages, r#"{"type":"error","error":{"type":"x"}}"#),
            (Protocol::OpenAiResponses, r#"{"type":"response.failed","response":{}}"#),
            (Protocol::Gemini, r#"{"error":{"code":503}}"#),
            (Protocol::OpenAiEmbeddings, r#"{"data":[]}"#),
        ] {
            let events = Bytes::from(format!("data: {data}\n\n"));
            assert_eq!(events_as_document(protocol, &events), None, "{data}");
        }
    }
}
