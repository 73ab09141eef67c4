//! The chunks of a stream, and the answer in one piece.

use bytes::Bytes;
use serde_json::Value as Json;

use crate::count::OutputCount;
use crate::json::{Kind, Malformed, Value, Walker};
use crate::meter::{FrameRole, Observed, Report, Served, count_output};
use crate::openai_chat::usage::read_usage;
use crate::sse::Event;

/// What was seen of a stream so far.
#[derive(Debug, Default)]
pub(crate) struct StreamState {
    /// Whose chunks they are: the model's words stand under another key in each.
    made: Made,
    output: OutputCount,
    finished: bool,
    report: Report,
    served: Served,
    raw_usage: Option<Bytes>,
}

/// Under which key the model's words stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Made {
    /// Chat: a message.
    #[default]
    Message,
    /// The older way: a text.
    Text,
}

impl Made {
    const fn in_chunks(self) -> &'static str {
        match self {
            Self::Message => "delta",
            Self::Text => "text",
        }
    }

    const fn in_documents(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Text => "text",
        }
    }
}

/// What one chunk, or one whole answer, has in it.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each tells of one key; none excludes another")]
struct Chunk {
    content: bool,
    choices: bool,
    finished: bool,
    error: bool,
    usage: Option<std::ops::Range<usize>>,
    tier: Option<std::ops::Range<usize>>,
}

impl StreamState {
    /// For the chunks of Completions.
    pub(crate) fn of_completions() -> Self {
        Self { made: Made::Text, ..Self::default() }
    }

    pub(crate) fn observe(&mut self, event: &Event<'_>) -> FrameRole {
        let data = event.data.trim_ascii();
        if data == b"[DONE]" {
            return FrameRole::Terminal;
        }
        // What is no JSON is none of the relay's business.
        let Ok(chunk) = read(data, self.made.in_chunks(), &mut self.output) else {
            return FrameRole::Other;
        };
        if chunk.error || event.name == Some(b"error") {
            return FrameRole::Error;
        }
        self.finished |= chunk.finished;
        self.take_tier(chunk.tier, data);
        let reports = chunk.usage.is_some();
        if let Some(span) = chunk.usage {
            self.take_report(&data[span]);
        }
        match (chunk.content, chunk.choices) {
            (true, _) => FrameRole::Content,
            (false, false) if reports => FrameRole::UsageOnly,
            (false, _) => FrameRole::Other,
        }
    }

    fn take_tier(&mut self, tier: Option<std::ops::Range<usize>>, text: &[u8]) {
        if let Some(named) = tier.and_then(|span| serde_json::from_slice::<&str>(&text[span]).ok())
        {
            self.served.take_tier(named);
        }
    }

    /// The last report counts: those that come more than once are cumulative.
    fn take_report(&mut self, text: &[u8]) {
        let Ok(json) = serde_json::from_slice::<Json>(text) else { return };
        let report = read_usage(&json);
        if report != Report::default() {
            self.report = report;
            self.raw_usage = Some(Bytes::copy_from_slice(text));
        }
    }

    pub(crate) fn output_units(&self) -> u64 {
        self.output.units()
    }

    pub(crate) fn observed(&self) -> Observed {
        Observed {
            reported: self.report.usage,
            output_units: self.output.units(),
            suspect: self.report.suspect,
            finished: self.finished,
            served: self.served,
            raw_usage: self.raw_usage.clone(),
            ..Observed::default()
        }
    }
}

pub(crate) fn meter_document(document: &Bytes) -> Option<Observed> {
    meter_made(Made::Message, document)
}

/// Meters an answer of Completions.
pub(crate) fn meter_completion(document: &Bytes) -> Option<Observed> {
    meter_made(Made::Text, document)
}

fn meter_made(made: Made, document: &Bytes) -> Option<Observed> {
    let mut state = StreamState { made, finished: true, ..StreamState::default() };
    let chunk = read(document, made.in_documents(), &mut state.output).ok()?;
    if chunk.error || !chunk.choices {
        return None;
    }
    state.take_tier(chunk.tier, document);
    if let Some(span) = chunk.usage {
        state.take_report(&document[span]);
    }
    Some(state.observed())
}

/// Walks over a chunk once; `made` is the key under which the model's words stand.
fn read(text: &[u8], made: &str, output: &mut OutputCount) -> Result<Chunk, Malformed> {
    let mut chunk = Chunk::default();
    let mut repeated = None;
    let mut walker = Walker::new(text);
    walker.object(&mut |walker, key| {
        match key {
            b"choices" => choices(walker, made, output, &mut chunk)?,
            b"usage" => {
                let value = walker.skip()?;
                note_usage(value, &mut chunk);
            }
            b"error" => chunk.error = walker.skip()?.kind != Kind::Null,
            b"service_tier" => {
                let value = walker.skip()?;
                chunk.tier = (value.kind == Kind::String).then_some(value.span);
            }
            b"x_groq" => repeated = usage_in(walker)?,
            _ => _ = walker.skip()?,
        }
        Ok(())
    })?;
    walker.end()?;
    // It says the same as the report itself, where there is one.
    chunk.usage = chunk.usage.or(repeated);
    Ok(chunk)
}

/// The report in a vendor's own object.
fn usage_in(walker: &mut Walker<'_>) -> Result<Option<std::ops::Range<usize>>, Malformed> {
    let mut usage = None;
    if !walker.is_at(b'{') {
        walker.skip()?;
        return Ok(None);
    }
    walker.object(&mut |walker, key| {
        let value = walker.skip()?;
        if key == b"usage" && value.kind == Kind::Object {
            usage = Some(value.span);
        }
        Ok(())
    })?;
    Ok(usage)
}

fn choices(
    walker: &mut Walker<'_>,
    made: &str,
    output: &mut OutputCount,
    chunk: &mut Chunk,
) -> Result<(), Malformed> {
    if !walker.is_at(b'[') {
        return walker.skip().map(|_| ());
    }
    walker.array(&mut |walker| {
        chunk.choices = true;
        if !walker.is_at(b'{') {
            return walker.skip().map(|_| ());
        }
        walker.object(&mut |walker, key| {
            if key == made.as_bytes() {
                chunk.content |= count_output(walker, output)?;
            } else {
                let value = walker.skip()?;
                match key {
                    b"finish_reason" => chunk.finished |= value.kind == Kind::String,
                    // One vendor puts its report here.
                    b"usage" => note_usage(value, chunk),
                    _ => {}
                }
            }
            Ok(())
        })
    })
}

fn note_usage(value: Value, chunk: &mut Chunk) {
    if value.kind == Kind::Object {
        chunk.usage = Some(value.span);
    }
}

#[cfg(test)]
mod tests {
    use anc_domain::Meter;

    use super::*;
    use crate::FrameRole::{Content, Other, Terminal, UsageOnly};
    use crate::{Protocol, StreamMeter};

    fn meter(frames: &[&str]) -> (Vec<FrameRole>, Observed) {
        let mut meter = StreamMeter::new(Protocol::OpenAiChat);
        let roles = frames
            .iter()
            .map(|data| meter.observe(&Bytes::from(format!("data: {data}\n\n"))))
            .collect();
        (roles, meter.observed())
    }

    #[test]
    fn each_chunk_has_its_role() {
        let (roles, observed) = meter(&[
            r#"{"choices":[],"prompt_filter_results":[]}"#,
            r#"{"choices":[{"delta":{"role":"assistant","content":""}}],"usage":null}"#,
            r#"{"choices":[{"delta":{"content":"Hello there"}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":1}"}}]}}]}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14}}"#,
            "[DONE]",
        ]);
        assert_eq!(roles, [Other, Other, Content, Content, Other, UsageOnly, Terminal]);
        assert!(observed.finished);
        assert_eq!(observed.reported.unwrap().get(Meter::Input), 9);
        assert!((4..8).contains(&observed.output_units), "{}", observed.output_units);
        assert!(observed.raw_usage.unwrap().starts_with(b"{\"prompt_tokens\""));
    }

    #[test]
    fn an_error_in_the_stream_is_told() {
        let (roles, _) = meter(&[r#"{"error":{"message":"overloaded"}}"#, r#"{"error":null}"#]);
        assert_eq!(roles, [FrameRole::Error, FrameRole::Other]);
    }

    #[test]
    fn usage_inside_a_choice_is_found_and_repeated_usage_counts_once() {
        let (_, observed) = meter(&[
            r#"{"choices":[{"delta":{"content":"a"},"usage":{"prompt_tokens":9,"completion_tokens":1}}]}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":9,"completion_tokens":2}}],"x_groq":{"usage":{"prompt_tokens":9,"completion_tokens":2}}}"#,
        ]);
        let usage = observed.reported.unwrap();
        assert_eq!((usage.input_total(), usage.output_total()), (9, 2));
    }

    #[test]
    fn usage_in_a_vendors_own_object_counts_where_there_is_no_other() {
        let (roles, observed) = meter(&[
            r#"{"choices":[{"delta":{"content":"a"}}],"x_groq":{"id":"req_1"}}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"req_1","usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}}"#,
        ]);
        assert_eq!(roles, [Content, Other]);
        let usage = observed.reported.unwrap();
        assert_eq!((usage.input_total(), usage.output_total()), (9, 2));
    }

    #[test]
    fn what_is_no_chunk_passes_unread() {
        let (roles, observed) = meter(&["not json", "7", "{\"choices\":{}}"]);
        assert_eq!(roles, [FrameRole::Other; 3]);
        assert_eq!(observed, Observed::default());
    }

    #[test]
    fn a_document_is_metered_or_is_no_answer() {
        let answer = Bytes::from_static(
            br#"{"choices":[{"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],
                "usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#,
        );
        let observed = meter_document(&answer).unwrap();
        assert_eq!(observed.reported.unwrap().output_total(), 2);
        assert!(observed.output_units > 0);
        for text in ["<html>", "{}", r#"{"error":{"message":"x"}}"#, "[]"] {
            assert!(meter_document(&Bytes::from_static(text.as_bytes())).is_none(), "{text}");
        }
    }
}
