//! The events of a stream, and the answer in one piece.

use std::sync::Arc;

use anc_domain::{Meter, Usage};
use bytes::Bytes;
use serde_json::Value as Json;

use crate::count::OutputCount;
use crate::json::{Kind, Malformed, Walker, unescaped};
use crate::meter::{FrameRole, Observed, Report, Served, count_output};
use crate::openai_responses::usage::{is_file_search, is_web_search, read_usage};
use crate::sse::Event;

/// What was seen of a stream so far.
#[derive(Debug, Default)]
pub(crate) struct StreamState {
    output: OutputCount,
    /// The current item came in pieces, so that its whole text at its end is known already.
    in_pieces: bool,
    searches: u64,
    /// Searches in files.
    file_searches: u64,
    served: Served,
    finished: bool,
    report: Report,
    raw_usage: Option<Bytes>,
    response_id: Option<String>,
    next_sequence: Option<u64>,
    items: Arc<Vec<String>>,
}

/// What an event says of itself.
#[derive(Debug, Default)]
struct Label {
    kind: Option<String>,
    sequence: Option<u64>,
}

/// Whether a failed response failed by the request's own fault: no other channel would think
/// otherwise, and its client acts on the code. All others concern the provider or the operator's
/// account there.
fn is_requests_fault(code: &str) -> bool {
    matches!(
        code,
        "context_length_exceeded" | "invalid_prompt" | "string_above_max_length" | "content_filter"
    ) || code.contains("image")
        || code.ends_with("_policy")
}

impl StreamState {
    pub(crate) fn observe(&mut self, event: &Event<'_>) -> FrameRole {
        let data = event.data.trim_ascii();
        if data == b"[DONE]" {
            // Some servers add it after the last event.
            return FrameRole::Other;
        }
        let Ok(label) = label_of(data) else { return FrameRole::Other };
        if let Some(sequence) = label.sequence {
            self.next_sequence = sequence.checked_add(1);
        }
        let kind = label.kind.as_deref().or_else(|| std::str::from_utf8(event.name?).ok());
        match kind.unwrap_or_default() {
            "response.completed" | "response.incomplete" => {
                if let Ok(json) = serde_json::from_slice::<Json>(data) {
                    self.take_response(json.get("response").unwrap_or(&Json::Null));
                }
                self.finished = true;
                FrameRole::Terminal
            }
            "response.failed" => self.take_failure(data),
            "error" => FrameRole::Error,
            "response.created" => {
                if let Ok(json) = serde_json::from_slice::<Json>(data) {
                    self.take_id(json.get("response").unwrap_or(&Json::Null));
                }
                FrameRole::Other
            }
            "response.output_item.done" => {
                self.take_item(data);
                FrameRole::Content
            }
            kind if kind.rsplit('.').next() == Some("delta") => {
                let _ = count_member(data, b"delta", &mut self.output);
                self.in_pieces = true;
                FrameRole::Content
            }
            _ => FrameRole::Other,
        }
    }

    /// An item that is whole. Some servers send no pieces before it.
    fn take_item(&mut self, data: &[u8]) {
        if !self.in_pieces {
            let _ = count_member(data, b"item", &mut self.output);
        }
        self.in_pieces = false;
        let Ok(event) = serde_json::from_slice::<Json>(data) else { return };
        let Some(item) = event.get("item") else { return };
        self.searches += u64::from(is_web_search(item));
        self.file_searches += u64::from(is_file_search(item));
        self.name_item(item);
    }

    /// A failure may report what it cost.
    fn take_failure(&mut self, data: &[u8]) -> FrameRole {
        let Ok(event) = serde_json::from_slice::<Json>(data) else { return FrameRole::Error };
        let response = event.get("response").unwrap_or(&Json::Null);
        self.take_response(response);
        let code = response.pointer("/error/code").and_then(Json::as_str);
        if !code.is_some_and(is_requests_fault) {
            return FrameRole::Error;
        }
        self.finished = true;
        if self.report == Report::default() && self.output.units() == 0 {
            // Refused before anything was read or made.
            self.report = Report { usage: Some(Usage::default()), suspect: false };
        }
        FrameRole::Terminal
    }

    fn name_item(&mut self, item: &Json) {
        let id = item.get("id").and_then(Json::as_str);
        if let Some(id) = id.filter(|id| !self.items.iter().any(|known| known == id)) {
            Arc::make_mut(&mut self.items).push(id.to_owned());
        }
    }

    fn take_id(&mut self, response: &Json) {
        if let Some(id) = response.get("id").and_then(Json::as_str) {
            self.response_id = Some(id.to_owned());
        }
    }

    fn take_response(&mut self, response: &Json) {
        self.take_id(response);
        if let Some(usage) = response.get("usage").filter(|usage| usage.is_object()) {
            self.report = read_usage(usage);
            self.raw_usage = Some(Bytes::from(usage.to_string()));
        }
        let items = response.get("output").and_then(Json::as_array);
        for item in items.into_iter().flatten() {
            self.name_item(item);
        }
        let count = |is: fn(&Json) -> bool| {
            items.map_or(0, |items| items.iter().filter(|one| is(one)).count() as u64)
        };
        self.searches = self.searches.max(count(is_web_search));
        self.file_searches = self.file_searches.max(count(is_file_search));
        if let Some(tier) = response.get("service_tier").and_then(Json::as_str) {
            self.served.take_tier(tier);
        }
    }

    pub(crate) fn output_units(&self) -> u64 {
        self.output.units()
    }

    pub(crate) fn observed(&self) -> Observed {
        Observed {
            reported: self.report.usage.map(|usage| {
                let usage = usage.with(Meter::WebSearch, self.searches);
                usage.with(Meter::FileSearch, self.file_searches)
            }),
            served: self.served,
            output_units: self.output.units(),
            suspect: self.report.suspect,
            finished: self.finished,
            raw_usage: self.raw_usage.clone(),
            response_id: self.response_id.clone(),
            next_sequence: self.next_sequence,
            items: Arc::clone(&self.items),
            ..Observed::default()
        }
    }
}

pub(crate) fn meter_document(document: &Bytes) -> Option<Observed> {
    let mut state = StreamState { finished: true, ..StreamState::default() };
    let json: Json = serde_json::from_slice(document).ok()?;
    let object = json.get("object").and_then(Json::as_str);
    if !matches!(object, Some("response" | "response.compaction")) {
        return None;
    }
    let _ = count_member(document, b"output", &mut state.output);
    state.take_response(&json);
    Some(state.observed())
}

/// An event's type and number.
fn label_of(data: &[u8]) -> Result<Label, Malformed> {
    let mut label = Label::default();
    let mut walker = Walker::new(data);
    walker.object(&mut |walker, key| {
        let value = walker.skip()?;
        match (key, value.kind) {
            (b"type", Kind::String) => {
                let text = &data[value.span.start + 1..value.span.end - 1];
                label.kind = Some(unescaped(text).into_owned());
            }
            (b"sequence_number", Kind::Number) => {
                let text = std::str::from_utf8(&data[value.span]).ok();
                label.sequence = text.and_then(|text| text.parse().ok());
            }
            _ => {}
        }
        Ok(())
    })?;
    walker.end()?;
    Ok(label)
}

/// Counts the texts under one key.
fn count_member(data: &[u8], wanted: &[u8], output: &mut OutputCount) -> Result<(), Malformed> {
    Walker::new(data).object(&mut |walker, key| {
        if key == wanted {
            count_output(walker, output)?;
        } else {
            walker.skip()?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FrameRole::{Content, Other, Terminal};
    use crate::{Protocol, StreamMeter};

    fn meter(frames: &[&str]) -> (Vec<FrameRole>, Observed) {
        let mut meter = StreamMeter::new(Protocol::OpenAiResponses);
        let roles = frames
            .iter()
            .map(|data| data.replace('\n', ""))
            .map(|data| meter.observe(&Bytes::from(format!("data: {data}\n\n"))))
            .collect();
        (roles, meter.observed())
    }

    #[test]
    fn each_event_has_its_role() {
        let (roles, observed) = meter(&[
            r#"{"type":"response.created","response":{"id":"resp_1"}}"#,
            r#"{"type":"response.output_item.added","item":{"type":"message"}}"#,
            r#"{"type":"response.output_text.delta","delta":"Hello there"}"#,
            r#"{"type":"response.output_item.done","item":{"id":"msg_1","type":"message","content":[{"text":"Hello there"}]}}"#,
            r#"{"type":"response.output_item.done","item":{"type":"web_search_call","action":{"type":"search"}}}"#,
            r#"{"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[],
                "usage":{"input_tokens":9,"output_tokens":5,"total_tokens":14}}}"#,
        ]);
        assert_eq!(roles, [Other, Other, Content, Content, Content, Terminal]);
        let usage = observed.reported.unwrap();
        assert_eq!((usage.input_total(), usage.output_total()), (9, 5));
        assert_eq!(usage.get(Meter::WebSearch), 1);
        assert!((3..6).contains(&observed.output_units), "{}", observed.output_units);
        assert_eq!(observed.response_id.as_deref(), Some("resp_1"));
        assert_eq!(*observed.items, ["msg_1"]);
    }

    #[test]
    fn an_item_without_pieces_is_counted_whole() {
        let (_, observed) = meter(&[
            r#"{"type":"response.output_item.done","item":{"type":"function_call","arguments":"{\"city\":\"Rome\"}"}}"#,
        ]);
        assert!(observed.output_units > 3);
    }

    #[test]
    fn a_failure_by_the_requests_own_fault_is_the_answer() {
        let failed = |code: &str, usage: &str| {
            format!(
                r#"{{"type":"response.failed","sequence_number":7,"response":{{"id":"resp_1",
                    "status":"failed","error":{{"code":"{code}","message":"x"}},"usage":{usage}}}}}"#
            )
        };
        for code in ["context_length_exceeded", "invalid_image_format", "cyber_policy"] {
            let (roles, observed) = meter(&[&failed(code, "null")]);
            assert_eq!(roles, [Terminal], "{code}");
            assert!(observed.finished && observed.reported.unwrap().is_empty(), "{code}: free");
        }
        for code in ["server_error", "rate_limit_exceeded", "insufficient_quota", "new_word"] {
            let usage = r#"{"input_tokens":3,"output_tokens":2,"total_tokens":5}"#;
            let (roles, observed) = meter(&[&failed(code, usage)]);
            assert_eq!(roles, [FrameRole::Error], "{code}");
            assert!(!observed.finished);
            assert_eq!(observed.reported.unwrap().output_total(), 2, "what it reports is known");
            assert_eq!(observed.next_sequence, Some(8));
        }
    }

    #[test]
    fn a_failure_is_told_by_either_event() {
        let (roles, _) = meter(&[
            r#"{"type":"response.failed","response":{"status":"failed"}}"#,
            r#"{"type":"error","message":"overloaded"}"#,
        ]);
        assert_eq!(roles, [FrameRole::Error, FrameRole::Error]);
    }

    #[test]
    fn a_document_is_metered_or_is_no_answer() {
        let answer = Bytes::from_static(
            br#"{"id":"resp_2","object":"response","status":"completed",
                "output":[{"type":"message","content":[{"type":"output_text","text":"Hello"}]}],
                "usage":{"input_tokens":3,"output_tokens":2,"total_tokens":5}}"#,
        );
        let observed = meter_document(&answer).unwrap();
        assert_eq!(observed.reported.unwrap().output_total(), 2);
        assert!(observed.output_units > 0);
        for text in ["<html>", "{}", r#"{"error":{"message":"x"}}"#, "[]"] {
            assert!(meter_document(&Bytes::from_static(text.as_bytes())).is_none(), "{text}");
        }
    }
}
