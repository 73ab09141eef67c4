//! The few changes that a request may need, made in its own bytes.

use bytes::{BufMut as _, Bytes, BytesMut};

use crate::{Protocol, RequestFacts};

/// What is to be changed in a request. Nothing, most often.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestEdits<'a> {
    /// Another name for the model: the one that its provider knows.
    pub model: Option<&'a str>,
    /// A lower bound of output units than the request's own, or one where it has none.
    pub max_output: Option<u64>,
    /// Ask the provider for the usage frame.
    pub include_usage: bool,
}

impl RequestFacts {
    /// The body that these facts were read from, with the edits made. Every byte that no edit
    /// concerns stays as it is.
    pub fn edit(&self, body: &Bytes, edits: RequestEdits<'_>) -> Bytes {
        let mut changes: Vec<(std::ops::Range<usize>, String)> = Vec::new();
        let mut added = String::new();
        if let Some(units) = edits.max_output {
            for field in &self.output_bounds {
                changes.push((field.span.clone(), units.to_string()));
            }
            if self.output_bounds.is_empty() {
                match (bound_field(self.protocol), &self.bound_goes_into) {
                    (Some(field), None) => added = format!("\"{field}\":{units},"),
                    (None, Some((whole, empty))) => {
                        let start = whole.start + 1;
                        let comma = if *empty { "" } else { "," };
                        changes.push((start..start, format!("\"maxOutputTokens\":{units}{comma}")));
                    }
                    (None, None) if self.has_output() => {
                        added = format!("\"generationConfig\":{{\"maxOutputTokens\":{units}}},");
                    }
                    _ => {}
                }
            }
        }
        if let (Some(name), Some(span)) = (edits.model, &self.model_span) {
            // A model's name needs no escapes.
            changes.push((span.clone(), format!("\"{name}\"")));
        }
        let has_options =
            matches!(self.protocol, Protocol::OpenAiChat | Protocol::OpenAiCompletions);
        if edits.include_usage && has_options {
            let options = &self.stream_options;
            match (&options.include_usage, &options.span) {
                (Some(value), _) => changes.push((value.clone(), "true".to_owned())),
                (None, Some(whole)) if options.empty => {
                    changes.push((whole.clone(), r#"{"include_usage":true}"#.to_owned()));
                }
                (None, Some(whole)) => {
                    let start = whole.start + 1;
                    changes.push((start..start, r#""include_usage":true,"#.to_owned()));
                }
                (None, None) => added.push_str(r#""stream_options":{"include_usage":true},"#),
            }
        }
        if !added.is_empty() {
            let start = body.iter().position(|byte| *byte == b'{').map_or(0, |place| place + 1);
            if body[start..].trim_ascii_start().starts_with(b"}") {
                // There is nothing that the comma would part it from.
                added.pop();
            }
            changes.push((start..start, added));
        }
        applied(body, changes)
    }
}

/// The field of the body itself that bounds an answer.
const fn bound_field(protocol: Protocol) -> Option<&'static str> {
    match protocol {
        Protocol::OpenAiChat => Some("max_completion_tokens"),
        Protocol::OpenAiCompletions | Protocol::AnthropicMessages => Some("max_tokens"),
        Protocol::OpenAiResponses => Some("max_output_tokens"),
        Protocol::OpenAiEmbeddings | Protocol::Gemini | Protocol::GeminiEmbeddings => None,
    }
}

fn applied(body: &Bytes, mut changes: Vec<(std::ops::Range<usize>, String)>) -> Bytes {
    if changes.is_empty() {
        return body.clone();
    }
    changes.sort_by_key(|(span, _)| span.start);
    let grown: usize = changes.iter().map(|(_, text)| text.len()).sum();
    let mut edited = BytesMut::with_capacity(body.len() + grown);
    let mut from = 0;
    for (span, text) in changes {
        edited.put_slice(&body[from..span.start]);
        edited.put_slice(text.as_bytes());
        from = span.end;
    }
    edited.put_slice(&body[from..]);
    edited.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan_request;

    fn edited(protocol: Protocol, body: &'static str, edits: RequestEdits<'_>) -> String {
        let body = Bytes::from_static(body.as_bytes());
        let facts = scan_request(protocol, &body).unwrap();
        String::from_utf8(facts.edit(&body, edits).to_vec()).unwrap()
    }

    const USAGE: RequestEdits<'_> =
        RequestEdits { model: None, max_output: None, include_usage: true };
    const LOWER: RequestEdits<'_> =
        RequestEdits { model: None, max_output: Some(5), include_usage: false };

    #[test]
    fn without_edits_the_bytes_are_the_clients_own() {
        let body = " {\"b\" : 1.50, \"model\":\"m\" ,\"a\":\"\\u0041\"} ";
        assert_eq!(edited(Protocol::OpenAiChat, body, RequestEdits::default()), body);
    }

    #[test]
    fn usage_is_asked_for_wherever_the_options_stand() {
        for (before, after) in [
            (r#" {"model":"m"}"#, r#" {"stream_options":{"include_usage":true},"model":"m"}"#),
            (
                r#"{"stream_options": {} ,"model":"m"}"#,
                r#"{"stream_options": {"include_usage":true} ,"model":"m"}"#,
            ),
            (
                r#"{"stream_options":null,"model":"m"}"#,
                r#"{"stream_options":{"include_usage":true},"model":"m"}"#,
            ),
            (
                r#"{"model":"m","stream_options":{"include_usage":false,"x":1}}"#,
                r#"{"model":"m","stream_options":{"include_usage":true,"x":1}}"#,
            ),
            (
                r#"{"model":"m","stream_options":{"x":1}}"#,
                r#"{"model":"m","stream_options":{"include_usage":true,"x":1}}"#,
            ),
        ] {
            assert_eq!(edited(Protocol::OpenAiChat, before, USAGE), after);
        }
    }

    #[test]
    fn a_gemini_bound_goes_where_the_vendor_reads_it() {
        let model = "gemini-2.5-flash".parse().unwrap();
        for (before, after) in [
            (r#"{"contents":[]}"#, r#"{"generationConfig":{"maxOutputTokens":5},"contents":[]}"#),
            (r"{}", r#"{"generationConfig":{"maxOutputTokens":5}}"#),
            (r#"{"generationConfig":{}}"#, r#"{"generationConfig":{"maxOutputTokens":5}}"#),
            (
                r#"{"generationConfig":{"topK":1}}"#,
                r#"{"generationConfig":{"maxOutputTokens":5,"topK":1}}"#,
            ),
            (
                r#"{"generationConfig":{"maxOutputTokens":90}}"#,
                r#"{"generationConfig":{"maxOutputTokens":5}}"#,
            ),
        ] {
            let body = Bytes::from_static(before.as_bytes());
            let operation = crate::Operation::GenerateContent;
            let facts = crate::scan_gemini_request(operation, &model, &body).unwrap();
            assert_eq!(facts.edit(&body, LOWER), after);
        }
    }

    #[test]
    fn a_model_is_renamed_in_place() {
        let edits = RequestEdits { model: Some("gpt-5-2026"), ..RequestEdits::default() };
        let body = r#"{"a":1, "model" : "gpt\u002d5","b":{"model":"x"}}"#;
        assert_eq!(
            edited(Protocol::OpenAiChat, body, edits),
            r#"{"a":1, "model" : "gpt-5-2026","b":{"model":"x"}}"#
        );
    }

    #[test]
    fn a_bound_is_lowered_in_place_or_added() {
        assert_eq!(
            edited(Protocol::OpenAiChat, r#"{"model":"m","max_tokens": 90 }"#, LOWER),
            r#"{"model":"m","max_tokens": 5 }"#
        );
        assert_eq!(
            edited(Protocol::OpenAiChat, r#"{"model":"m"}"#, LOWER),
            r#"{"max_completion_tokens":5,"model":"m"}"#
        );
        assert_eq!(
            edited(Protocol::AnthropicMessages, r#"{"model":"m"}"#, LOWER),
            r#"{"max_tokens":5,"model":"m"}"#
        );
    }
}
