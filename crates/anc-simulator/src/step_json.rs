//! Steps as JSON, for tests that are not in Rust: the body of `POST /__script`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::pace::Pace;
use crate::step::Step;
use crate::streams::{ChatStream, MessagesStream};

/// A step as it is written. One of the sources, then any of the changes; with no source the answer
/// is the honest one.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own in the script")]
struct StepText {
    // Sources.
    body: Option<String>,
    json: Option<Value>,
    frames: Option<Vec<FrameText>>,
    chat: Option<SayText>,
    messages: Option<SayText>,
    reset_before_head: bool,
    stall_before_head: bool,
    pace: Option<PaceText>,
    // Changes.
    path: Option<String>,
    status: Option<u16>,
    headers: BTreeMap<String, String>,
    before_head_ms: u64,
    every_ms: u64,
    crlf: bool,
    write_bytes: Option<usize>,
    split_characters: bool,
    cut_after: Option<u64>,
    reset_after: Option<u64>,
    end_after: Option<u64>,
    stall_after: Option<u64>,
    cut_at_end: bool,
    stall_at_end: bool,
    reset_within_head: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum FrameText {
    Now(String),
    Timed { after_ms: u64, text: String },
}

/// An answer of a vendor's shape: its text in pieces, and what it reports.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SayText {
    pieces: Vec<String>,
    model: Option<String>,
    usage: Option<Value>,
    /// Several reports one after the other; an empty list for none.
    usages: Option<Vec<Value>>,
    /// What `message_start` reports, where it differs.
    start_usage: Option<Value>,
    /// A stream unless false.
    #[serde(default = "yes")]
    stream: bool,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PaceText {
    Instant,
    Lifelike,
}

const fn yes() -> bool {
    true
}

/// Reads a list of steps; the error is a sentence for whoever wrote them.
pub(crate) fn read_steps(text: &[u8]) -> Result<Vec<Step>, String> {
    let steps: Vec<StepText> = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    steps
        .into_iter()
        .enumerate()
        .map(|(at, step)| step.read().map_err(|error| format!("step {at}: {error}")))
        .collect()
}

impl StepText {
    fn read(mut self) -> Result<Step, String> {
        let mut step = self.source()?;
        if let Some(status) = self.status {
            if !(200..=999).contains(&status) {
                return Err(format!("no final status {status}"));
            }
            step = step.status(status);
        }
        for (name, value) in &self.headers {
            step = step.try_header(name, value).map_err(|error| error.to_string())?;
        }
        if let Some(path) = self.path.take() {
            step = step.for_path(path);
        }
        Ok(self.change(step))
    }

    fn source(&mut self) -> Result<Step, String> {
        let sources = [
            self.body.take().map(|body| Step::respond(200, body)),
            self.json.take().map(|body| Step::json(200, &body)),
            self.frames.take().map(|frames| Step::timed_stream(frames.into_iter().map(Into::into))),
            self.chat.take().map(SayText::chat),
            self.messages.take().map(SayText::messages),
            self.reset_before_head.then(Step::reset_before_head),
            self.stall_before_head.then(Step::stall_before_head),
            self.pace.map(|pace| Step::honest_at(pace.into())),
        ];
        let mut given = sources.into_iter().flatten();
        let step = given.next().unwrap_or_else(Step::honest);
        match given.next() {
            Some(_) => Err("more than one source".to_owned()),
            None => Ok(step),
        }
    }

    fn change(self, mut step: Step) -> Step {
        step = step
            .before_head(Duration::from_millis(self.before_head_ms))
            .every(Duration::from_millis(self.every_ms));
        if self.crlf {
            step = step.crlf();
        }
        if let Some(bytes) = self.write_bytes {
            step = step.in_writes_of(bytes);
        }
        if self.split_characters {
            step = step.splitting_characters();
        }
        if let Some(bytes) = self.cut_after {
            step = step.cut_after(bytes);
        }
        if let Some(bytes) = self.reset_after {
            step = step.reset_after(bytes);
        }
        if let Some(bytes) = self.end_after {
            step = step.end_after(bytes);
        }
        if let Some(bytes) = self.stall_after {
            step = step.stall_after(bytes);
        }
        if self.cut_at_end {
            step = step.cut_at_end();
        }
        if self.stall_at_end {
            step = step.stall_at_end();
        }
        if let Some(bytes) = self.reset_within_head {
            step = step.reset_within_head(bytes);
        }
        step
    }
}

impl SayText {
    fn chat(self) -> Step {
        let mut answer = ChatStream::saying(self.pieces);
        if let Some(model) = self.model {
            answer = answer.model(model);
        }
        if let Some(usages) = self.usages.or_else(|| self.usage.map(|usage| vec![usage])) {
            answer = answer.usages(usages);
        }
        if self.stream { Step::stream(answer.frames()) } else { Step::json(200, &answer.body()) }
    }

    fn messages(self) -> Step {
        let mut answer = MessagesStream::saying(self.pieces);
        if let Some(model) = self.model {
            answer = answer.model(model);
        }
        if let Some(usage) = self.usage {
            answer = answer.usage(usage);
        }
        if let Some(usages) = self.usages {
            answer = answer.delta_usages(usages);
        }
        if let Some(usage) = self.start_usage {
            answer = answer.start_usage(usage);
        }
        if self.stream { Step::stream(answer.frames()) } else { Step::json(200, &answer.body()) }
    }
}

impl From<FrameText> for (Duration, String) {
    fn from(frame: FrameText) -> Self {
        match frame {
            FrameText::Now(text) => (Duration::ZERO, text),
            FrameText::Timed { after_ms, text } => (Duration::from_millis(after_ms), text),
        }
    }
}

impl From<PaceText> for Pace {
    fn from(pace: PaceText) -> Self {
        match pace {
            PaceText::Instant => Self::Instant,
            PaceText::Lifelike => Self::Lifelike,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_a_step_is_read() {
        let steps = read_steps(
            br#"[{}, {"status": 429, "json": {"a": 1}, "headers": {"retry-after": "1"}},
                {"frames": ["data: a\n\n", {"after_ms": 5, "text": "data: b\n\n"}], "cut_after": 9},
                {"chat": {"pieces": ["a"], "usages": []}, "path": "/v1/chat", "every_ms": 3},
                {"messages": {"pieces": ["a"], "stream": false}, "before_head_ms": 5},
                {"pace": "lifelike", "write_bytes": 1}, {"stall_before_head": true}]"#,
        );
        assert_eq!(steps.unwrap().len(), 7);
    }

    #[test]
    fn a_mistyped_step_is_refused_with_its_place() {
        for (text, word) in [
            (r#"[{"boddy": "x"}]"#, "boddy"),
            (r#"[{}, {"body": "x", "json": 1}]"#, "step 1"),
            (r#"[{"status": 99}]"#, "99"),
            (r#"[{"headers": {"a b": "c"}}]"#, "step 0"),
        ] {
            assert!(read_steps(text.as_bytes()).unwrap_err().contains(word), "{text}");
        }
    }
}
