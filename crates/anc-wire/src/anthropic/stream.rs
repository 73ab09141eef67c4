//! The events of a stream, and the answer in one piece.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value as Json;

use crate::anthropic::usage::Reports;
use crate::count::OutputCount;
use crate::json::{Kind, Malformed, Walker, unescaped};
use crate::meter::{FrameRole, ModelUse, Observed, Report, count_output};
use crate::sse::Event;

/// What was seen of a stream so far.
#[derive(Debug, Default)]
pub(crate) struct StreamState {
    output: OutputCount,
    content: bool,
    finished: bool,
    refused: bool,
    reports: Reports,
    raw_usage: Option<Bytes>,
    by_model: Arc<Vec<ModelUse>>,
}

impl StreamState {
    pub(crate) fn observe(&mut self, event: &Event<'_>) -> FrameRole {
        let data = event.data.trim_ascii();
        let Ok(kind) = self.read(data) else {
            // What is no JSON is none of the relay's business, unless it calls itself an error.
            return if event.name == Some(b"error") { FrameRole::Error } else { FrameRole::Other };
        };
        let kind = kind.as_deref().or_else(|| std::str::from_utf8(event.name?).ok());
        match kind {
            Some("content_block_delta") => FrameRole::Content,
            Some("content_block_start") if self.content => FrameRole::Content,
            Some("message_start" | "message_delta") => {
                self.take_report(data);
                FrameRole::Other
            }
            Some("message_stop") => FrameRole::Terminal,
            Some("error") => FrameRole::Error,
            _ => FrameRole::Other,
        }
    }

    /// Walks over an event once, counting what the model made; gives its type.
    fn read(&mut self, data: &[u8]) -> Result<Option<String>, Malformed> {
        let (mut kind, mut delta) = (None, None);
        let mut content = false;
        let mut walker = Walker::new(data);
        let output = &mut self.output;
        walker.object(&mut |walker, key| {
            match key {
                b"type" => {
                    let value = walker.skip()?;
                    if value.kind == Kind::String {
                        let text = &data[value.span.start + 1..value.span.end - 1];
                        kind = Some(unescaped(text).into_owned());
                    }
                }
                b"content_block" => content |= count_output(walker, output)?,
                b"delta" => delta = Some(walker.skip()?.span),
                _ => _ = walker.skip()?,
            }
            Ok(())
        })?;
        // `message_delta` has a `delta` too; its strings are reasons. The type may stand behind it.
        if let Some(span) = delta.filter(|_| kind.as_deref() != Some("message_delta")) {
            content |= count_output(&mut Walker::new(&data[span]), output)?;
        }
        walker.end()?;
        self.content |= content;
        Ok(kind)
    }

    /// Two events of a stream carry usage; they are read whole.
    fn take_report(&mut self, data: &[u8]) {
        let Ok(json) = serde_json::from_slice::<Json>(data) else { return };
        let message = json.get("message").unwrap_or(&json);
        let delta = json.get("delta").unwrap_or(message);
        self.note(message.get("usage"), delta.get("stop_reason"));
    }

    fn note(&mut self, usage: Option<&Json>, stop_reason: Option<&Json>) {
        if let Some(reason) = stop_reason.and_then(Json::as_str) {
            self.finished = true;
            self.refused |= reason == "refusal";
        }
        if let Some(usage) = usage.filter(|usage| usage.is_object()) {
            self.reports.take(usage);
            self.by_model = Arc::new(self.reports.by_model());
            self.raw_usage = Some(Bytes::from(usage.to_string()));
        }
    }

    pub(crate) fn output_units(&self) -> u64 {
        self.output.units()
    }

    pub(crate) fn observed(&self) -> Observed {
        // The vendor does not bill a refusal that comes before any output.
        let free = self.refused && !self.content;
        let report = if free {
            Report { usage: Some(anc_domain::Usage::default()), suspect: false }
        } else {
            self.reports.report()
        };
        Observed {
            reported: report.usage,
            output_units: self.output.units(),
            suspect: report.suspect,
            finished: self.finished,
            raw_usage: self.raw_usage.clone(),
            by_model: Arc::clone(&self.by_model),
            served: self.reports.served(),
            ..Observed::default()
        }
    }
}

pub(crate) fn meter_document(document: &Bytes) -> Option<Observed> {
    let mut state = StreamState::default();
    let (mut kind, mut usage, mut stop_reason) = (None, None, None);
    let mut walker = Walker::new(document);
    walker
        .object(&mut |walker, key| {
            if key == b"content" {
                state.content |= count_output(walker, &mut state.output)?;
                return Ok(());
            }
            let value = walker.skip()?;
            let slot = match key {
                b"type" => &mut kind,
                b"usage" => &mut usage,
                b"stop_reason" => &mut stop_reason,
                _ => return Ok(()),
            };
            *slot = serde_json::from_slice::<Json>(&document[value.span]).ok();
            Ok(())
        })
        .and_then(|()| walker.end())
        .ok()?;
    if kind.as_ref().and_then(Json::as_str) != Some("message") {
        return None;
    }
    state.note(usage.as_ref(), stop_reason.as_ref());
    state.finished = true;
    Some(state.observed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FrameRole::{Content, Other, Terminal};
    use crate::{Protocol, StreamMeter};

    fn meter(frames: &[&str]) -> (Vec<FrameRole>, Observed) {
        let mut meter = StreamMeter::new(Protocol::AnthropicMessages);
        let roles = frames
            .iter()
            .map(|data| meter.observe(&Bytes::from(format!("event: x\ndata: {data}\n\n"))))
            .collect();
        (roles, meter.observed())
    }

    const START: &str =
        r#"{"type":"message_start","message":{"usage":{"input_tokens":12,"output_tokens":1}}}"#;

    #[test]
    fn each_event_has_its_role() {
        let (roles, observed) = meter(&[
            START,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            r#"{"type":"ping"}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello there"}}"#,
            r#"{"type":"content_block_stop","index":0}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":30}}"#,
            r#"{"type":"message_stop"}"#,
        ]);
        assert_eq!(roles, [Other, Other, Other, Content, Other, Other, Terminal]);
        assert!(observed.finished);
        let usage = observed.reported.unwrap();
        assert_eq!((usage.input_total(), usage.output_total()), (12, 30));
        assert_eq!(observed.output_units, 3);
    }

    #[test]
    fn an_error_in_the_stream_is_told() {
        let (roles, _) = meter(&[r#"{"type":"error","error":{"type":"overloaded_error"}}"#]);
        assert_eq!(roles, [FrameRole::Error]);
    }

    #[test]
    fn a_refusal_before_any_output_is_free() {
        let delta = r#"{"type":"message_delta","delta":{"stop_reason":"refusal"},"usage":{"input_tokens":12,"output_tokens":5}}"#;
        let (_, observed) = meter(&[START, delta]);
        assert!(observed.reported.unwrap().is_empty());
        let reasons = r#"{"delta":{"stop_details":{"explanation":"It may not be answered."},
            "stop_reason":"refusal"},"type":"message_delta","usage":{"output_tokens":5}}"#;
        let (_, observed) = meter(&[START, &reasons.replace('\n', "")]);
        assert!(observed.reported.unwrap().is_empty(), "whatever order the keys have");
        let text = r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"I"}}"#;
        let (_, observed) = meter(&[START, text, delta]);
        assert_eq!(observed.reported.unwrap().output_total(), 5);
    }

    #[test]
    fn a_document_is_metered_or_is_no_answer() {
        let answer = Bytes::from_static(
            br#"{"type":"message","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn",
                "usage":{"input_tokens":3,"output_tokens":2}}"#,
        );
        assert_eq!(meter_document(&answer).unwrap().reported.unwrap().output_total(), 2);
        for text in ["{}", "<html>", r#"{"type":"error","error":{}}"#] {
            assert!(meter_document(&Bytes::from_static(text.as_bytes())).is_none(), "{text}");
        }
    }
}
