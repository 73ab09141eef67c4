//! Completions on the wire: chunks as in chat, with a text where chat has a message.

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use crate::body::SimBody;
use crate::chat;
use crate::frames::TimedFrame;
use crate::question::Question;
use crate::simulator::{Simulator, stream_response};

/// Writes the chunks of one stream.
#[derive(Debug, Clone)]
pub(crate) struct CompletionsWire {
    id: String,
    model: String,
    created: u64,
}

impl CompletionsWire {
    pub(crate) fn new(id: &str, model: &str, created: u64) -> Self {
        Self { id: id.to_owned(), model: model.to_owned(), created }
    }

    pub(crate) fn text(&self, index: u64, text: &str, finish: Option<&str>) -> Bytes {
        chunk(&self.document(&[choice(index, text, finish)], &Value::Null))
    }

    pub(crate) fn usage(&self, usage: &Value) -> Bytes {
        chunk(&self.document(&[], usage))
    }

    pub(crate) fn document(&self, choices: &[Value], usage: &Value) -> Value {
        json!({
            "id": self.id,
            "object": "text_completion",
            "created": self.created,
            "model": self.model,
            "choices": choices,
            "usage": usage,
        })
    }
}

pub(crate) fn choice(index: u64, text: &str, finish: Option<&str>) -> Value {
    json!({"text": text, "index": index, "logprobs": null, "finish_reason": finish})
}

fn chunk(document: &Value) -> Bytes {
    format!("data: {document}\n\n").into()
}

impl Simulator {
    pub(crate) fn completions(&self, question: &Question) -> Response<SimBody> {
        let wire =
            CompletionsWire::new(&self.next_id("cmpl-sim"), &question.model, self.unix_seconds());
        let spoken = self.speak(question);
        let finish = if spoken.cut { "length" } else { "stop" };
        let choices = question.choices;
        let usage = chat::usage(question.input_units, 0, spoken.units * choices, 0);
        if !question.stream {
            let made: Vec<Value> =
                (0..choices).map(|index| choice(index, &spoken.text, Some(finish))).collect();
            return self.unary(&wire.document(&made, &usage), spoken.units);
        }
        let mut tail: Vec<TimedFrame> =
            (0..choices).map(|index| TimedFrame::now(wire.text(index, "", Some(finish)))).collect();
        if question.include_usage {
            tail.push(TimedFrame::now(wire.usage(&usage)));
        }
        tail.push(TimedFrame::now(chat::DONE));
        let text =
            self.text_frames(spoken.text, choices, move |index, text| wire.text(index, text, None));
        stream_response(Box::new(text.chain(tail)))
    }
}
