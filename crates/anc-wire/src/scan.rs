//! One walk over a request for the few fields that the relay acts on.

use std::ops::Range;

use anc_domain::{ModelName, PricedOptions};

use crate::count::InputSize;
use crate::fault::ScanError;
use crate::json::{Kind, Malformed, Part, Value, Walker, unescaped};
use crate::references::read_items;
use crate::scan_tools::{HostedTools, read_tools};
use crate::session::read_session;
use crate::{Family, Protocol};

/// A string that starts so, or stands under the key `data`, is a picture or a document and no text.
const DATA_URL: &[u8] = b"data:";
/// Below this a string under `data` is taken for text.
const PAYLOAD_BYTES_MIN: usize = 1_024;
/// More answers to one question than any provider gives.
const ANSWERS_MAX: u64 = 128;

/// Options that change the price of units, and their values that do not. With another value the
/// request has the price that the book has for it, or is refused rather than sold below its cost.
const PRICED: &[(&str, &[&str])] = &[
    ("service_tier", &["auto", "default", "standard", "standard_only"]),
    ("speed", &["standard"]),
    ("inference_geo", &["global", "not_available"]),
];

/// What the relay needs to know of a request.
#[derive(Debug, Clone)]
pub struct RequestFacts {
    /// The model asked for.
    pub model: ModelName,
    /// Whether the answer is to come as a stream: only where the request says `true`.
    pub stream: bool,
    /// How many answers are asked for; at least one.
    pub answers: u64,
    /// Output units that may go into thinking before the answer, where a budget is given.
    pub thinking_budget: Option<u64>,
    /// How much there is to read for the model.
    pub input: InputSize,
    /// The stored answer that this request goes on from.
    pub previous_response: Option<String>,
    /// Stored items that its input stands for.
    pub references: Vec<String>,
    /// What the client calls the session that the request belongs to.
    pub session: Option<String>,
    /// The provider is to keep the answer, so that later requests can refer to it.
    pub stored: bool,
    /// Options that may have a price of their own.
    pub options: PricedOptions,
    /// Tools that its provider bills by the call.
    pub tools: HostedTools,
    /// It was sent as a chat and has the form of Responses: `input`, and no `messages`.
    pub has_responses_form: bool,
    pub(crate) protocol: Protocol,
    /// Where the model's name stands, quotes included; `None` where it is no part of the body.
    pub(crate) model_span: Option<Range<usize>>,
    pub(crate) output_bounds: Vec<OutputBoundField>,
    /// Where a bound is put that the request lacks, if not into the body itself: an object, and
    /// whether it is empty.
    pub(crate) bound_goes_into: Option<(Range<usize>, bool)>,
    pub(crate) stream_options: StreamOptions,
}

/// A field that bounds the answer's length.
#[derive(Debug, Clone)]
pub(crate) struct OutputBoundField {
    pub(crate) span: Range<usize>,
    pub(crate) units: u64,
}

/// What a chat request says of the usage frame, and where.
#[derive(Debug, Clone, Default)]
pub(crate) struct StreamOptions {
    pub(crate) span: Option<Range<usize>>,
    pub(crate) empty: bool,
    pub(crate) include_usage: Option<Range<usize>>,
    included: bool,
}

impl RequestFacts {
    /// The most output units of one answer, where the request says.
    pub fn max_output(&self) -> Option<u64> {
        self.output_bounds.iter().map(|field| field.units).max()
    }

    /// Whether the caller asked for the usage frame, or gets it without asking.
    pub const fn includes_usage(&self) -> bool {
        match self.protocol {
            Protocol::OpenAiChat | Protocol::OpenAiCompletions => self.stream_options.included,
            _ => true,
        }
    }

    /// Whether the model makes anything that is paid for by the unit.
    pub const fn has_output(&self) -> bool {
        !matches!(self.protocol, Protocol::OpenAiEmbeddings | Protocol::GeminiEmbeddings)
    }
}

/// Walks over a request's body once.
pub fn scan_request(protocol: Protocol, body: &[u8]) -> Result<RequestFacts, ScanError> {
    let mut scan = Scan { protocol, ..Scan::default() };
    let mut walker = Walker::of_document(body)?;
    let mut fault = None;
    walker.object(&mut |walker, key| {
        let key = unescaped(key);
        if let Err(error) = scan.member(walker, body, &key)? {
            fault.get_or_insert(error);
        }
        Ok(())
    })?;
    walker.end()?;
    match fault {
        Some(fault) => Err(fault),
        None => scan.facts(),
    }
}

/// What was found so far.
#[derive(Debug)]
struct Scan {
    protocol: Protocol,
    seen: Vec<&'static str>,
    model: Option<ModelName>,
    stream: bool,
    answers: u64,
    thinking_budget: Option<u64>,
    input: InputSize,
    output_bounds: Vec<OutputBoundField>,
    stream_options: StreamOptions,
    previous_response: Option<String>,
    references: Vec<String>,
    session: Option<String>,
    stored: bool,
    options: PricedOptions,
    tools: HostedTools,
    asks_by: AsksBy,
    model_span: Option<Range<usize>>,
}

/// Under which key the question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AsksBy {
    Neither,
    Input,
    Messages,
}

impl Default for Scan {
    fn default() -> Self {
        Self {
            protocol: Protocol::OpenAiChat,
            seen: Vec::new(),
            model: None,
            stream: false,
            answers: 1,
            thinking_budget: None,
            input: InputSize::default(),
            output_bounds: Vec::new(),
            stream_options: StreamOptions::default(),
            previous_response: None,
            references: Vec::new(),
            session: None,
            // The vendor keeps an answer unless it is told not to.
            stored: true,
            options: PricedOptions::default(),
            tools: HostedTools::default(),
            asks_by: AsksBy::Neither,
            model_span: None,
        }
    }
}

/// The outer result is a fault of the text, the inner one of its meaning.
pub(crate) type Found<T> = Result<Result<T, ScanError>, Malformed>;

impl Scan {
    fn facts(self) -> Result<RequestFacts, ScanError> {
        Ok(RequestFacts {
            model: self.model.ok_or(ScanError::NoModel)?,
            stream: self.stream,
            answers: self.answers,
            thinking_budget: self.thinking_budget,
            input: self.input,
            previous_response: self.previous_response,
            references: self.references,
            session: self.session,
            stored: self.stored && self.protocol == Protocol::OpenAiResponses,
            options: self.options,
            tools: self.tools,
            has_responses_form: self.asks_by == AsksBy::Input
                && self.protocol == Protocol::OpenAiChat,
            protocol: self.protocol,
            model_span: self.model_span,
            output_bounds: self.output_bounds,
            bound_goes_into: None,
            stream_options: self.stream_options,
        })
    }

    fn member(&mut self, walker: &mut Walker<'_>, body: &[u8], key: &str) -> Found<()> {
        let chat = self.protocol == Protocol::OpenAiChat;
        let completions = self.protocol == Protocol::OpenAiCompletions;
        let responses = self.protocol == Protocol::OpenAiResponses;
        match key {
            "messages" => self.asks_by = AsksBy::Messages,
            "input" if self.asks_by == AsksBy::Neither => self.asks_by = AsksBy::Input,
            _ => {}
        }
        match key {
            "model" => self.model(walker, body),
            "stream" => {
                let value = walker.skip()?;
                self.stream = &body[value.span.clone()] == b"true";
                let known = matches!(value.kind, Kind::Bool | Kind::Null);
                Ok(self.once("stream").and(
                    known
                        .then_some(())
                        .ok_or(ScanError::Field { field: "stream", expected: "true or false" }),
                ))
            }
            "max_tokens" if !responses => self.output_bound(walker, body, "max_tokens"),
            "max_completion_tokens" if chat => {
                self.output_bound(walker, body, "max_completion_tokens")
            }
            "max_output_tokens" if responses => {
                self.output_bound(walker, body, "max_output_tokens")
            }
            "n" if chat || completions => self.answers(walker, body, "n"),
            "best_of" if completions => self.answers(walker, body, "best_of"),
            "stream_options" if chat || completions => self.stream_options(walker, body),
            "thinking" if self.protocol == Protocol::AnthropicMessages => {
                self.thinking(walker, body)
            }
            "previous_response_id" if responses => self.previous_response(walker, body),
            "prompt_cache_key" if self.protocol.family() == Family::OpenAi => {
                self.session = read_session(walker, body, None, &mut self.input)?;
                Ok(Ok(()))
            }
            "metadata" if self.protocol == Protocol::AnthropicMessages => {
                self.session = read_session(walker, body, Some("user_id"), &mut self.input)?;
                Ok(Ok(()))
            }
            "input" if responses => {
                read_items(walker, body, &mut self.input, &mut self.references).map(Ok)
            }
            "tools" => read_tools(walker, body, &mut self.input, &mut self.tools).map(Ok),
            "store" if responses => {
                let value = walker.skip()?;
                self.stored = &body[value.span] != b"false";
                Ok(self.once("store"))
            }
            // Their answers come later and elsewhere, so that nobody could meter them here.
            "background" if responses => self.only_false(walker, body, "background"),
            "conversation" if responses => self.only_null(walker, "conversation"),
            // A provider that may choose another model would go round the token's restriction, and
            // its choice would be charged at this model's price.
            "models" => self.only_empty(walker, body, "models"),
            "fallbacks" => self.only_empty(walker, body, "fallbacks"),
            _ => match PRICED.iter().find(|(option, _)| *option == key) {
                Some((option, usual)) => self.option(walker, body, option, usual),
                None => read_text(walker, &mut self.input).map(Ok),
            },
        }
    }

    fn once(&mut self, field: &'static str) -> Result<(), ScanError> {
        if self.seen.contains(&field) {
            return Err(ScanError::Twice(field));
        }
        self.seen.push(field);
        Ok(())
    }

    fn model(&mut self, walker: &mut Walker<'_>, body: &[u8]) -> Found<()> {
        let value = walker.skip()?;
        if let Err(twice) = self.once("model") {
            return Ok(Err(twice));
        }
        let Some(name) = string(body, &value) else {
            return Ok(Err(ScanError::Field { field: "model", expected: "a model's name" }));
        };
        self.model_span = Some(value.span);
        Ok(name.parse().map(|name| self.model = Some(name)).map_err(|_| ScanError::BadModelName))
    }

    fn output_bound(
        &mut self,
        walker: &mut Walker<'_>,
        body: &[u8],
        field: &'static str,
    ) -> Found<()> {
        let value = walker.skip()?;
        Ok(self.once(field).and_then(|()| {
            if let Some(units) = whole_number(body, &value, field)? {
                self.output_bounds.push(OutputBoundField { span: value.span, units });
            }
            Ok(())
        }))
    }

    fn answers(&mut self, walker: &mut Walker<'_>, body: &[u8], field: &'static str) -> Found<()> {
        let value = walker.skip()?;
        Ok(self.once(field).and_then(|()| {
            let count = whole_number(body, &value, field)?.unwrap_or(1);
            if !(1..=ANSWERS_MAX).contains(&count) {
                return Err(ScanError::Field { field, expected: "between 1 and 128" });
            }
            self.answers = self.answers.max(count);
            Ok(())
        }))
    }

    fn previous_response(&mut self, walker: &mut Walker<'_>, body: &[u8]) -> Found<()> {
        let value = walker.skip()?;
        Ok(self.once("previous_response_id").and_then(|()| {
            if value.kind == Kind::Null {
                return Ok(());
            }
            let expected = "the id of a stored response";
            let wrong = ScanError::Field { field: "previous_response_id", expected };
            self.previous_response = Some(string(body, &value).ok_or(wrong)?);
            Ok(())
        }))
    }

    fn only_false(
        &mut self,
        walker: &mut Walker<'_>,
        body: &[u8],
        field: &'static str,
    ) -> Found<()> {
        let value = walker.skip()?;
        let off = value.kind == Kind::Null || &body[value.span] == b"false";
        let on = ScanError::Field { field, expected: "false, since it is not offered here" };
        Ok(self.once(field).and(off.then_some(()).ok_or(on)))
    }

    fn only_null(&mut self, walker: &mut Walker<'_>, field: &'static str) -> Found<()> {
        let value = walker.skip()?;
        let on = ScanError::Field { field, expected: "left out, since it is not offered here" };
        Ok(self.once(field).and((value.kind == Kind::Null).then_some(()).ok_or(on)))
    }

    fn only_empty(
        &mut self,
        walker: &mut Walker<'_>,
        body: &[u8],
        field: &'static str,
    ) -> Found<()> {
        let value = walker.skip()?;
        let empty = value.kind == Kind::Array
            && body[value.span].iter().all(|b| matches!(b, b'[' | b']') || b.is_ascii_whitespace());
        let other = ScanError::Field {
            field,
            expected: "left out: only the one model that the request names can be used",
        };
        let allowed = empty || value.kind == Kind::Null;
        Ok(self.once(field).and(allowed.then_some(()).ok_or(other)))
    }

    fn stream_options(&mut self, walker: &mut Walker<'_>, body: &[u8]) -> Found<()> {
        let mut probe = walker.clone();
        let value = walker.skip()?;
        if let Err(twice) = self.once("stream_options") {
            return Ok(Err(twice));
        }
        let mut options = StreamOptions { empty: true, ..StreamOptions::default() };
        let mut fault = Ok(());
        match value.kind {
            Kind::Null => {}
            Kind::Object => probe.object(&mut |walker, key| {
                options.empty = false;
                let member = walker.skip()?;
                if unescaped(key) == "include_usage" {
                    if options.include_usage.is_some() {
                        fault = Err(ScanError::Twice("stream_options.include_usage"));
                    }
                    options.included = &body[member.span.clone()] == b"true";
                    options.include_usage = Some(member.span);
                }
                Ok(())
            })?,
            _ => {
                fault = Err(ScanError::Field { field: "stream_options", expected: "an object" });
            }
        }
        options.span = Some(value.span);
        self.stream_options = options;
        Ok(fault)
    }

    fn thinking(&mut self, walker: &mut Walker<'_>, body: &[u8]) -> Found<()> {
        let mut probe = walker.clone();
        let value = walker.skip()?;
        if let Err(twice) = self.once("thinking") {
            return Ok(Err(twice));
        }
        if value.kind != Kind::Object {
            return Ok(Ok(()));
        }
        let mut budget = Ok(None);
        let mut seen = false;
        probe.object(&mut |walker, key| {
            let member = walker.skip()?;
            if unescaped(key) == "budget_tokens" {
                budget = if seen {
                    Err(ScanError::Twice("thinking.budget_tokens"))
                } else {
                    whole_number(body, &member, "thinking.budget_tokens")
                };
                seen = true;
            }
            Ok(())
        })?;
        Ok(budget.map(|budget| self.thinking_budget = budget))
    }

    fn option(
        &mut self,
        walker: &mut Walker<'_>,
        body: &[u8],
        field: &'static str,
        usual: &[&str],
    ) -> Found<()> {
        let value = walker.skip()?;
        Ok(self.once(field).and_then(|()| {
            if value.kind == Kind::Null {
                return Ok(());
            }
            let named =
                string(body, &value).ok_or(ScanError::Field { field, expected: "a text" })?;
            if !usual.contains(&named.as_str()) {
                let option = match field {
                    "service_tier" => &mut self.options.service_tier,
                    "speed" => &mut self.options.speed,
                    _ => &mut self.options.inference_geo,
                };
                *option = Some(named.into_boxed_str());
            }
            Ok(())
        }))
    }
}

/// Everything else is for the model to read, as far as the relay can tell.
pub(crate) fn read_text(walker: &mut Walker<'_>, input: &mut InputSize) -> Result<(), Malformed> {
    let mut under_data = false;
    walker.value(&mut |part| match part {
        Part::Key(key) => {
            under_data = key == b"data" || key == b"file_data";
            input.add_text(key);
        }
        Part::Text(text) => {
            let payload = text.starts_with(DATA_URL) || under_data;
            if payload && text.len() >= PAYLOAD_BYTES_MIN {
                input.images += 1;
            } else {
                input.add_text(text);
            }
        }
    })?;
    Ok(())
}

pub(crate) fn string(body: &[u8], value: &Value) -> Option<String> {
    (value.kind == Kind::String)
        .then(|| unescaped(&body[value.span.start + 1..value.span.end - 1]).into_owned())
}

/// A whole number that is not negative; `None` for null.
pub(crate) fn whole_number(
    body: &[u8],
    value: &Value,
    field: &'static str,
) -> Result<Option<u64>, ScanError> {
    let wrong = ScanError::Field { field, expected: "a whole number that is not negative" };
    match value.kind {
        Kind::Null => Ok(None),
        Kind::Number => std::str::from_utf8(&body[value.span.clone()])
            .ok()
            .and_then(|text| text.parse().ok())
            .map(Some)
            .ok_or(wrong),
        _ => Err(wrong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(body: &str) -> Result<RequestFacts, ScanError> {
        scan_request(Protocol::OpenAiChat, body.as_bytes())
    }

    #[test]
    fn the_fields_that_matter_are_found() {
        let facts = chat(
            r#"{"messages":[{"role":"user","content":"hi"}],"stream":true,"model":"gpt-5",
                "n":2,"max_tokens":7,"max_completion_tokens":9,"future":{"model":"x"},
                "stream_options":{"include_usage":true}}"#,
        )
        .unwrap();
        assert_eq!(facts.model.as_str(), "gpt-5");
        assert_eq!((facts.stream, facts.answers, facts.max_output()), (true, 2, Some(9)));
        assert!(facts.includes_usage());
        assert!(facts.input.ascii_bytes > 10);
    }

    #[test]
    fn a_responses_body_on_the_chat_path_is_told() {
        assert!(chat(r#"{"model":"m","input":"hi"}"#).unwrap().has_responses_form);
        assert!(!chat(r#"{"model":"m","input":"hi","messages":[]}"#).unwrap().has_responses_form);
        assert!(!chat(r#"{"model":"m"}"#).unwrap().has_responses_form);
    }

    #[test]
    fn only_true_asks_for_a_stream() {
        assert!(!chat(r#"{"model":"m"}"#).unwrap().stream);
        assert!(!chat(r#"{"model":"m","stream":null}"#).unwrap().stream);
        assert!(chat(r#"{"model":"m","stream":"true"}"#).is_err());
    }

    #[test]
    fn b2_a_field_that_is_given_twice_is_refused() {
        for body in [
            r#"{"model":"cheap","model":"dear"}"#,
            r#"{"model":"cheap","mod\u0065l":"dear"}"#,
            r#"{"model":"m","max_tokens":1,"max_tokens":100000}"#,
            r#"{"model":"m","stream_options":{"include_usage":true,"include_usage":false}}"#,
        ] {
            assert!(matches!(chat(body), Err(ScanError::Twice(_))), "{body}");
        }
    }

    #[test]
    fn b2_text_that_is_not_utf_8_could_hide_a_key() {
        // An overlong `e`: lenient readers take the first key for `model`.
        let body = b"{\"mod\xc1\xa5l\":\"dear\",\"model\":\"cheap\"}";
        let fault = scan_request(Protocol::OpenAiChat, body).unwrap_err();
        assert_eq!(fault, ScanError::Malformed { at: 5, problem: "text is not UTF-8" });
    }

    #[test]
    fn b3_no_request_names_models_beside_its_own() {
        for body in [
            r#"{"model":"m","models":["dear"]}"#,
            r#"{"model":"m","fallbacks":[{"model":"dear"}]}"#,
            r#"{"model":"m","models":"dear"}"#,
        ] {
            assert!(matches!(chat(body), Err(ScanError::Field { .. })), "{body}");
        }
        assert!(chat(r#"{"model":"m","models":[ ],"fallbacks":null}"#).is_ok());
    }

    #[test]
    fn b5_what_raises_the_cost_is_bounded_or_refused() {
        for body in [
            r#"{"model":"m","n":-1}"#,
            r#"{"model":"m","n":0}"#,
            r#"{"model":"m","n":1000000}"#,
            r#"{"model":"m","max_tokens":-5}"#,
            r#"{"model":"m","max_tokens":1.5}"#,
            r#"{"model":"m","max_tokens":"12"}"#,
            r#"{"model":"m","max_tokens":99999999999999999999999}"#,
        ] {
            assert!(matches!(chat(body), Err(ScanError::Field { .. })), "{body}");
        }
        assert!(chat(r#"{"model":"m","service_tier":["flex"]}"#).is_err());
    }

    #[test]
    fn options_that_may_have_a_price_are_told() {
        let of = |body: &str| chat(body).unwrap().options;
        assert_eq!(of(r#"{"model":"m","service_tier":"auto"}"#), PricedOptions::default());
        let asked = of(r#"{"model":"m","service_tier":"priority","inference_geo":"us"}"#);
        assert_eq!(asked.service_tier.as_deref(), Some("priority"));
        assert_eq!((asked.speed, asked.inference_geo.as_deref()), (None, Some("us")));
    }

    #[test]
    fn a_name_that_no_model_has_is_a_missing_model() {
        assert_eq!(chat(r#"{"model":"gpt 4"}"#).unwrap_err(), ScanError::BadModelName);
        assert_eq!(chat(r#"{"messages":[]}"#).unwrap_err(), ScanError::NoModel);
        assert!(matches!(chat("[]"), Err(ScanError::Malformed { .. })));
        assert!(matches!(chat(r#"{"model":7}"#), Err(ScanError::Field { .. })));
    }

    #[test]
    fn a_picture_counts_as_one_and_not_by_its_bytes() {
        let url = format!("data:image/png;base64,{}", "A".repeat(400_000));
        let facts = chat(&format!(
            r#"{{"model":"m","messages":[{{"content":[{{"image_url":{{"url":"{url}"}}}}]}}]}}"#
        ))
        .unwrap();
        assert_eq!(facts.input.images, 1);
        assert!(facts.input.ascii_bytes < 100);
    }

    #[test]
    fn a_thinking_budget_is_read_on_anthropic_routes() {
        let body = br#"{"model":"m","thinking":{"type":"enabled","budget_tokens":2048}}"#;
        let facts = scan_request(Protocol::AnthropicMessages, body).unwrap();
        assert_eq!(facts.thinking_budget, Some(2048));
        let twice = br#"{"model":"m","thinking":{"budget_tokens":1,"budget_tokens":99999}}"#;
        let twice = scan_request(Protocol::AnthropicMessages, twice).unwrap_err();
        assert_eq!(twice, ScanError::Twice("thinking.budget_tokens"));
        assert!(facts.includes_usage());
    }
}
