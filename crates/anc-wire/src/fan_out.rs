//! An answer in one piece, given to a client that asked for a stream: some servers do not stream
//! whatever they are asked, and a client that waits for events takes a document for nothing at all.

use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::{Value as Json, json};

use crate::Protocol;

/// The events of a whole stream that says the same as the document. `None` where it is none of the
/// protocol's.
pub fn fan_out(protocol: Protocol, document: &Bytes, usage_wanted: bool) -> Option<Bytes> {
    let answer: Json = serde_json::from_slice(document).ok()?;
    let text = match protocol {
        Protocol::OpenAiChat => chat(answer, usage_wanted)?,
        Protocol::OpenAiCompletions => completion(answer, usage_wanted)?,
        Protocol::OpenAiResponses => response(&answer)?,
        Protocol::AnthropicMessages => message(answer)?,
        // Each event is a whole answer so far as it goes; this one goes all the way.
        Protocol::Gemini => format!("data: {answer}\r\n\r\n"),
        Protocol::OpenAiEmbeddings | Protocol::GeminiEmbeddings => return None,
    };
    Some(Bytes::from(text))
}

/// One chunk with all that the model made, one with the usage, the last word.
fn chat(mut answer: Json, usage_wanted: bool) -> Option<String> {
    answer["object"] = "chat.completion.chunk".into();
    for choice in answer.get_mut("choices")?.as_array_mut()? {
        let mut delta = choice.get_mut("message")?.take();
        let calls = delta.get_mut("tool_calls").and_then(Json::as_array_mut);
        for (index, call) in calls.into_iter().flatten().enumerate() {
            call["index"] = index.into();
        }
        let choice = choice.as_object_mut()?;
        choice.remove("message");
        choice.insert("delta".to_owned(), delta);
    }
    Some(chunks(answer, usage_wanted))
}

fn completion(answer: Json, usage_wanted: bool) -> Option<String> {
    answer.get("choices")?.as_array()?;
    Some(chunks(answer, usage_wanted))
}

fn chunks(mut chunk: Json, usage_wanted: bool) -> String {
    let usage = chunk.get_mut("usage").map(Json::take).filter(Json::is_object);
    if let Some(members) = chunk.as_object_mut() {
        members.remove("usage");
    }
    let mut text = format!("data: {chunk}\n\n");
    if let Some(usage) = usage.filter(|_| usage_wanted) {
        chunk["choices"] = json!([]);
        chunk["usage"] = usage;
        let _ = write!(text, "data: {chunk}\n\n");
    }
    text.push_str("data: [DONE]\n\n");
    text
}

/// Clients take the items from their own events and the rest from the last one.
fn response(answer: &Json) -> Option<String> {
    let items = answer.get("output")?.as_array()?;
    let mut begun = answer.clone();
    begun["output"] = json!([]);
    begun["status"] = "in_progress".into();
    begun["usage"] = Json::Null;
    let mut events = vec![json!({"type": "response.created", "response": begun})];
    for (index, item) in items.iter().enumerate() {
        for kind in ["response.output_item.added", "response.output_item.done"] {
            events.push(json!({"type": kind, "output_index": index, "item": item}));
        }
    }
    let last = match answer.get("status").and_then(Json::as_str) {
        Some("incomplete") => "response.incomplete",
        Some("failed") => "response.failed",
        _ => "response.completed",
    };
    events.push(json!({"type": last, "response": answer}));
    for (number, event) in events.iter_mut().enumerate() {
        event["sequence_number"] = number.into();
    }
    Some(named(&events))
}

fn message(mut answer: Json) -> Option<String> {
    let blocks = answer.get_mut("content")?.take();
    let mut delta = json!({});
    for key in ["stop_reason", "stop_sequence", "stop_details", "container"] {
        if let Some(value) = answer.get_mut(key) {
            delta[key] = value.take();
        }
    }
    answer["content"] = json!([]);
    let usage = answer.get("usage").cloned().unwrap_or_else(|| json!({}));
    let mut events = vec![json!({"type": "message_start", "message": answer})];
    for (index, mut block) in blocks.as_array()?.iter().cloned().enumerate() {
        let deltas = deltas(&mut block);
        events.push(json!({"type": "content_block_start", "index": index, "content_block": block}));
        events.extend(
            deltas.into_iter().map(
                |delta| json!({"type": "content_block_delta", "index": index, "delta": delta}),
            ),
        );
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    events.push(json!({"type": "message_delta", "delta": delta, "usage": usage}));
    events.push(json!({"type": "message_stop"}));
    Some(named(&events))
}

/// What a block's beginning leaves out. Blocks of other types begin whole.
fn deltas(block: &mut Json) -> Vec<Json> {
    let kind = block.get("type").and_then(Json::as_str).unwrap_or_default().to_owned();
    let mut taken = |key: &str, empty: Json| {
        block.get_mut(key).map_or(Json::Null, |value| std::mem::replace(value, empty))
    };
    let made = match kind.as_str() {
        "text" => vec![("text_delta", "text", taken("text", "".into()))],
        "thinking" => vec![
            ("thinking_delta", "thinking", taken("thinking", "".into())),
            ("signature_delta", "signature", taken("signature", "".into())),
        ],
        "tool_use" | "server_tool_use" => {
            let input = taken("input", json!({})).to_string();
            vec![("input_json_delta", "partial_json", input.into())]
        }
        _ => Vec::new(),
    };
    let delta = |(kind, key, value): (&str, &str, Json)| json!({"type": kind, key: value});
    made.into_iter().filter(|(_, _, value)| !value.is_null()).map(delta).collect()
}

/// Events under their own names.
fn named(events: &[Json]) -> String {
    let mut text = String::new();
    for event in events {
        let name = event.get("type").and_then(Json::as_str).unwrap_or_default();
        let _ = write!(text, "event: {name}\ndata: {event}\n\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FrameRole, SseSplitter, StreamMeter, meter_document};

    fn document(protocol: Protocol) -> Json {
        match protocol {
            Protocol::OpenAiChat => json!({"id": "c", "object": "chat.completion", "choices": [
                {"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant",
                    "content": "Hello there", "tool_calls": [{"id": "t", "type": "function",
                    "function": {"name": "f", "arguments": "{\"a\":1}"}}]}}],
                "usage": {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}}),
            Protocol::OpenAiCompletions => json!({"object": "text_completion", "choices": [
                {"index": 0, "text": "Hello there", "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}}),
            Protocol::OpenAiResponses => json!({"id": "resp_1", "object": "response",
                "status": "completed", "output": [{"id": "msg_1", "type": "message",
                    "content": [{"type": "output_text", "text": "Hello there"}]}],
                "usage": {"input_tokens": 9, "output_tokens": 5, "total_tokens": 14}}),
            Protocol::AnthropicMessages => json!({"type": "message", "model": "m", "content": [
                {"type": "thinking", "thinking": "Hm", "signature": "AAAA"},
                {"type": "text", "text": "Hello there"},
                {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}],
                "stop_reason": "tool_use", "usage": {"input_tokens": 9, "output_tokens": 5}}),
            _ => json!({"candidates": [{"content": {"parts": [{"text": "Hello there"}]},
                "finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 9,
                "candidatesTokenCount": 5, "totalTokenCount": 14}}),
        }
    }

    #[test]
    fn a_document_becomes_a_whole_stream_that_says_and_costs_the_same() {
        for protocol in Protocol::ALL {
            let answer = document(protocol);
            let bytes = Bytes::from(answer.to_string());
            let Some(stream) = fan_out(protocol, &bytes, true) else {
                let embeds = [Protocol::OpenAiEmbeddings, Protocol::GeminiEmbeddings];
                assert!(embeds.contains(&protocol), "{protocol:?}");
                continue;
            };
            let (mut splitter, mut ready) = (SseSplitter::new(), std::collections::VecDeque::new());
            splitter.push(stream.clone(), &mut ready);
            let mut meter = StreamMeter::new(protocol);
            let roles: Vec<FrameRole> = ready.iter().map(|event| meter.observe(event)).collect();
            assert_eq!(roles.last(), Some(&FrameRole::Terminal), "{protocol:?}");
            assert!(meter.observed().finished, "{protocol:?}");
            let whole = meter_document(protocol, &bytes).unwrap();
            assert_eq!(meter.observed().reported, whole.reported, "{protocol:?}");
            let text = String::from_utf8(stream.to_vec()).unwrap();
            assert!(text.contains("Hello there"), "{text}");
        }
        assert!(fan_out(Protocol::OpenAiChat, &Bytes::from_static(b"{}"), true).is_none());
    }

    #[test]
    fn usage_goes_to_whom_it_is_wanted_by() {
        let bytes = Bytes::from(document(Protocol::OpenAiChat).to_string());
        let text = |wanted| fan_out(Protocol::OpenAiChat, &bytes, wanted).unwrap();
        assert!(memchr::memmem::find(&text(true), b"prompt_tokens").is_some());
        assert!(memchr::memmem::find(&text(false), b"prompt_tokens").is_none());
    }

    #[test]
    fn a_tool_is_called_with_its_whole_input() {
        let bytes = Bytes::from(document(Protocol::AnthropicMessages).to_string());
        let stream = fan_out(Protocol::AnthropicMessages, &bytes, true).unwrap();
        let text = String::from_utf8(stream.to_vec()).unwrap();
        assert!(text.contains(r#""partial_json":"{\"a\":1}""#), "{text}");
        assert!(text.contains(r#""input":{}"#), "{text}");
        assert!(text.contains(r#""signature":"AAAA""#), "{text}");
    }
}
