//! Responses on the wire.
//!
//! <https://platform.openai.com/docs/api-reference/responses-streaming>: the response as it begins,
//! an item with a part, the part's text, part and item once more when they are done, the response
//! whole with its usage.

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use crate::body::SimBody;
use crate::frames::TimedFrame;
use crate::question::Question;
use crate::simulator::{Simulator, stream_response};

/// Writes the events of one response, numbered.
#[derive(Debug, Clone)]
pub(crate) struct ResponsesWire {
    id: String,
    model: String,
    created: u64,
}

impl ResponsesWire {
    pub(crate) fn new(id: &str, model: &str, created: u64) -> Self {
        Self { id: id.to_owned(), model: model.to_owned(), created }
    }

    /// The events before the text.
    pub(crate) fn head(&self) -> Vec<Bytes> {
        let begun = self.response("in_progress", &json!([]), &Value::Null);
        vec![
            event("response.created", 0, json!({"response": begun})),
            event("response.in_progress", 1, json!({"response": begun})),
            event(
                "response.output_item.added",
                2,
                json!({"output_index": 0, "item": self.item("in_progress", &json!([]))}),
            ),
            event(
                "response.content_part.added",
                3,
                json!({"item_id": self.item_id(), "output_index": 0, "content_index": 0,
                    "part": part("")}),
            ),
        ]
    }

    pub(crate) fn text(&self, number: u64, text: &str) -> Bytes {
        event(
            "response.output_text.delta",
            4 + number,
            json!({"item_id": self.item_id(), "output_index": 0, "content_index": 0,
                "delta": text, "logprobs": []}),
        )
    }

    /// The events after `pieces` pieces of text.
    pub(crate) fn tail(&self, pieces: u64, text: &str, status: &str, usage: &Value) -> Vec<Bytes> {
        let place = json!({"item_id": self.item_id(), "output_index": 0, "content_index": 0});
        let with = |key: &str, value: Value| {
            let mut body = place.clone();
            body[key] = value;
            body
        };
        let item = self.item("completed", &json!([part(text)]));
        let last =
            if status == "incomplete" { "response.incomplete" } else { "response.completed" };
        vec![
            event("response.output_text.done", 4 + pieces, with("text", text.into())),
            event("response.content_part.done", 5 + pieces, with("part", part(text))),
            event(
                "response.output_item.done",
                6 + pieces,
                json!({"output_index": 0, "item": item.clone()}),
            ),
            event(
                last,
                7 + pieces,
                json!({"response": self.response(status, &json!([item]), usage)}),
            ),
        ]
    }

    /// The answer in one piece.
    pub(crate) fn whole(&self, text: &str, status: &str, usage: &Value) -> Value {
        let item = self.item("completed", &json!([part(text)]));
        self.response(status, &json!([item]), usage)
    }

    fn item_id(&self) -> String {
        self.id.replacen("resp_", "msg_", 1)
    }

    fn item(&self, status: &str, content: &Value) -> Value {
        json!({"id": self.item_id(), "type": "message", "role": "assistant", "status": status,
            "content": content})
    }

    fn response(&self, status: &str, output: &Value, usage: &Value) -> Value {
        let incomplete = (status == "incomplete").then(|| json!({"reason": "max_output_tokens"}));
        json!({
            "id": self.id,
            "object": "response",
            "created_at": self.created,
            "status": status,
            "error": null,
            "incomplete_details": incomplete,
            "model": self.model,
            "output": output,
            "parallel_tool_calls": true,
            "tool_choice": "auto",
            "tools": [],
            "usage": usage,
        })
    }
}

fn part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

fn event(kind: &str, number: u64, mut body: Value) -> Bytes {
    body["type"] = kind.into();
    body["sequence_number"] = number.into();
    format!("event: {kind}\ndata: {body}\n\n").into()
}

/// A usage of so many units; the cached ones are part of the input, the reasoning ones of the output.
pub(crate) fn usage(input: u64, cached: u64, output: u64, reasoning: u64) -> Value {
    json!({
        "input_tokens": input,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": input + output,
    })
}

impl Simulator {
    pub(crate) fn responses(&self, question: &Question) -> Response<SimBody> {
        let wire =
            ResponsesWire::new(&self.next_id("resp_sim"), &question.model, self.unix_seconds());
        let spoken = self.speak(question);
        let status = if spoken.cut { "incomplete" } else { "completed" };
        let usage = usage(question.input_units, 0, spoken.units, 0);
        if !question.stream {
            return self.unary(&wire.whole(&spoken.text, status, &usage), spoken.units);
        }
        let pieces = crate::answer::pieces(spoken.text.clone()).count() as u64;
        let tail = wire.tail(pieces, &spoken.text, status, &usage);
        let head = wire.head().into_iter().map(TimedFrame::now);
        let mut number = 0..;
        let text = self.text_frames(spoken.text, 1, move |_, text| {
            wire.text(number.next().unwrap_or_default(), text)
        });
        stream_response(Box::new(head.chain(text).chain(tail.into_iter().map(TimedFrame::now))))
    }
}
