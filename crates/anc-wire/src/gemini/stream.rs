//! The events of a stream, and the answer in one piece: the same document either way.

use std::collections::BTreeSet;

use anc_domain::Meter;
use bytes::Bytes;
use serde_json::Value as Json;

use crate::count::OutputCount;
use crate::gemini::usage::read_usage;
use crate::json::{Kind, Malformed, Walker};
use crate::meter::{FrameRole, Observed, Report, count_output};
use crate::sse::Event;

/// What was seen of a stream so far.
#[derive(Debug, Default)]
pub(crate) struct StreamState {
    output: OutputCount,
    /// Places of the candidates that were seen, and of those that have ended.
    begun: BTreeSet<u64>,
    ended: BTreeSet<u64>,
    /// Searches of the web that were made for it.
    searches: u64,
    /// The prompt was refused: there will be no candidate.
    blocked: bool,
    report: Report,
    raw_usage: Option<Bytes>,
}

/// What one event has in it.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each tells of one key; none excludes another")]
struct Chunk {
    content: bool,
    candidates: bool,
    blocked: bool,
    error: bool,
    usage: Option<std::ops::Range<usize>>,
}

impl StreamState {
    pub(crate) fn observe(&mut self, event: &Event<'_>) -> FrameRole {
        let data = event.data.trim_ascii();
        let Ok(chunk) = self.read(data) else { return FrameRole::Other };
        if chunk.error {
            return FrameRole::Error;
        }
        if let Some(span) = chunk.usage {
            self.take_report(&data[span]);
        }
        if self.finished() {
            FrameRole::Terminal
        } else if chunk.content {
            FrameRole::Content
        } else {
            FrameRole::Other
        }
    }

    /// Whether every candidate that began has ended.
    fn finished(&self) -> bool {
        self.blocked || (!self.ended.is_empty() && self.begun.is_subset(&self.ended))
    }

    /// Reports are cumulative; early ones may have nothing in them.
    fn take_report(&mut self, text: &[u8]) {
        let Ok(json) = serde_json::from_slice::<Json>(text) else { return };
        let report = read_usage(&json);
        if report != Report::default() {
            self.report = report;
            self.raw_usage = Some(Bytes::copy_from_slice(text));
        }
    }

    /// Walks over an event once, counting what the model made.
    fn read(&mut self, data: &[u8]) -> Result<Chunk, Malformed> {
        let mut chunk = Chunk::default();
        let mut walker = Walker::new(data);
        walker.object(&mut |walker, key| {
            match key {
                b"candidates" => self.candidates(walker, data, &mut chunk)?,
                b"usageMetadata" => {
                    let value = walker.skip()?;
                    if value.kind == Kind::Object {
                        chunk.usage = Some(value.span);
                    }
                }
                b"promptFeedback" => {
                    let value = walker.skip()?;
                    chunk.blocked |= is_block(&data[value.span]);
                }
                b"error" => chunk.error = walker.skip()?.kind != Kind::Null,
                _ => _ = walker.skip()?,
            }
            Ok(())
        })?;
        walker.end()?;
        self.blocked |= chunk.blocked && !chunk.candidates;
        Ok(chunk)
    }

    fn candidates(
        &mut self,
        walker: &mut Walker<'_>,
        data: &[u8],
        chunk: &mut Chunk,
    ) -> Result<(), Malformed> {
        if !walker.is_at(b'[') {
            return walker.skip().map(|_| ());
        }
        walker.array(&mut |walker| {
            chunk.candidates = true;
            if !walker.is_at(b'{') {
                return walker.skip().map(|_| ());
            }
            // The place stands behind the content, so both are kept until the object's end.
            let (mut place, mut ended) = (0, false);
            walker.object(&mut |walker, key| {
                if key == b"content" {
                    chunk.content |= count_output(walker, &mut self.output)?;
                    return Ok(());
                }
                let value = walker.skip()?;
                match key {
                    b"groundingMetadata" => {
                        self.searches = self.searches.max(searches(&data[value.span]));
                    }
                    b"finishReason" => ended |= value.kind == Kind::String,
                    b"index" => {
                        let text = std::str::from_utf8(&data[value.span]).ok();
                        place = text.and_then(|text| text.parse().ok()).unwrap_or(0);
                    }
                    _ => {}
                }
                Ok(())
            })?;
            self.begun.insert(place);
            if ended {
                self.ended.insert(place);
            }
            Ok(())
        })
    }

    pub(crate) fn output_units(&self) -> u64 {
        self.output.units()
    }

    pub(crate) fn observed(&self) -> Observed {
        Observed {
            reported: self.report.usage.map(|usage| usage.with(Meter::WebSearch, self.searches)),
            output_units: self.output.units(),
            suspect: self.report.suspect,
            finished: self.finished(),
            raw_usage: self.raw_usage.clone(),
            ..Observed::default()
        }
    }
}

/// Each event repeats what was searched for so far.
fn searches(grounding: &[u8]) -> u64 {
    let queries = serde_json::from_slice::<Json>(grounding)
        .ok()
        .and_then(|grounding| Some(grounding.get("webSearchQueries")?.as_array()?.len()));
    queries.unwrap_or(0) as u64
}

fn is_block(feedback: &[u8]) -> bool {
    serde_json::from_slice::<Json>(feedback)
        .is_ok_and(|feedback| feedback.get("blockReason").is_some())
}

pub(crate) fn meter_document(document: &Bytes) -> Option<Observed> {
    let mut state = StreamState::default();
    let chunk = state.read(document).ok()?;
    if chunk.error || !(chunk.candidates || chunk.blocked || chunk.usage.is_some()) {
        return None;
    }
    if let Some(span) = chunk.usage {
        state.take_report(&document[span]);
    }
    Some(Observed { finished: true, ..state.observed() })
}

/// Meters vectors, of one content or of several. Most answers report nothing.
pub(crate) fn meter_embeddings(document: &Bytes) -> Option<Observed> {
    let mut usage = None;
    let mut vectors = false;
    let mut walker = Walker::new(document);
    walker
        .object(&mut |walker, key| {
            let value = walker.skip()?;
            match key {
                b"embedding" | b"embeddings" => vectors = value.kind != Kind::Null,
                b"usageMetadata" => usage = Some(value.span),
                _ => {}
            }
            Ok(())
        })
        .and_then(|()| walker.end())
        .ok()?;
    let mut state = StreamState::default();
    if let Some(span) = usage {
        state.take_report(&document[span]);
    }
    vectors.then(|| Observed { finished: true, ..state.observed() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FrameRole::{Content, Other, Terminal};
    use crate::{Protocol, StreamMeter};

    fn meter(frames: &[&str]) -> (Vec<FrameRole>, Observed) {
        let mut meter = StreamMeter::new(Protocol::Gemini);
        let roles = frames
            .iter()
            .map(|data| data.replace('\n', ""))
            .map(|data| meter.observe(&Bytes::from(format!("data: {data}\r\n\r\n"))))
            .collect();
        (roles, meter.observed())
    }

    #[test]
    fn each_event_has_its_role_and_the_last_report_counts() {
        let (roles, observed) = meter(&[
            r#"{"usageMetadata":{"trafficType":"ON_DEMAND"}}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":"Hello there"}],"role":"model"},"index":0}],
                "usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":2,"totalTokenCount":11}}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"AAAAAAAAAAAA"}]},
                "finishReason":"STOP","index":0}],
                "usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":3,"totalTokenCount":12}}"#,
        ]);
        assert_eq!(roles, [Other, Content, Terminal]);
        assert!(observed.finished);
        let usage = observed.reported.unwrap();
        assert_eq!((usage.input_total(), usage.output_total()), (9, 3));
        assert!((2..5).contains(&observed.output_units), "{}", observed.output_units);
    }

    #[test]
    fn of_several_candidates_the_last_to_end_ends_the_stream() {
        let (roles, _) = meter(&[
            r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"index":0},{"content":{"parts":[{"text":"b"}]},"index":1}]}"#,
            r#"{"candidates":[{"finishReason":"STOP","index":1}]}"#,
            r#"{"candidates":[{"finishReason":"STOP","index":0}]}"#,
        ]);
        assert_eq!(roles, [Content, Other, Terminal]);
    }

    #[test]
    fn a_blocked_prompt_and_an_error_end_the_stream() {
        let (roles, _) = meter(&[r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#]);
        assert_eq!(roles, [Terminal]);
        let (roles, _) = meter(&[r#"{"error":{"code":503,"status":"UNAVAILABLE"}}"#]);
        assert_eq!(roles, [FrameRole::Error]);
    }

    #[test]
    fn a_document_is_metered_or_is_no_answer() {
        let answer = Bytes::from_static(
            br#"{"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}],
                "usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"totalTokenCount":5}}"#,
        );
        assert_eq!(meter_document(&answer).unwrap().reported.unwrap().output_total(), 2);
        for text in ["<html>", "{}", r#"{"error":{"message":"x"}}"#, "[]"] {
            assert!(meter_document(&Bytes::from_static(text.as_bytes())).is_none(), "{text}");
        }
        let vectors = Bytes::from_static(br#"{"embedding":{"values":[0.1,0.2]}}"#);
        let observed = meter_embeddings(&vectors).unwrap();
        assert_eq!((observed.reported, observed.output_units), (None, 0));
        assert!(meter_embeddings(&Bytes::from_static(b"{}")).is_none());
    }
}
