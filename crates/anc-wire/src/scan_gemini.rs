//! One walk over a Gemini request. The model stands in the path; the body must not name another.

use std::ops::Range;

use anc_domain::{ModelName, PricedOptions};

use crate::count::InputSize;
use crate::fault::ScanError;
use crate::json::{Kind, Value, Walker, unescaped};
use crate::scan::{Found, OutputBoundField, RequestFacts, read_text, string, whole_number};
use crate::scan_tools::{HostedTools, read_tools};
use crate::{Operation, Protocol};

/// Google's servers read both spellings of a key; so that nobody can give two values, so do we.
const GENERATION_CONFIG: [&str; 2] = ["generationConfig", "generation_config"];
const MAX_OUTPUT: [&str; 2] = ["maxOutputTokens", "max_output_tokens"];
const CANDIDATES: [&str; 2] = ["candidateCount", "candidate_count"];
const THINKING: [&str; 2] = ["thinkingConfig", "thinking_config"];
const THINKING_BUDGET: [&str; 2] = ["thinkingBudget", "thinking_budget"];
/// More candidates than the vendor gives.
const CANDIDATES_MAX: u64 = 8;

const OTHER_MODEL: ScanError =
    ScanError::Field { field: "model", expected: "the model of the path, or left out" };

#[derive(Debug)]
struct Scan<'a> {
    model: &'a ModelName,
    input: InputSize,
    config: Option<Range<usize>>,
    config_is_empty: bool,
    bound: Option<OutputBoundField>,
    candidates: u64,
    thinking_budget: Option<u64>,
    tools: HostedTools,
}

/// Walks over a request's body once.
pub fn scan_gemini_request(
    operation: Operation,
    model: &ModelName,
    body: &[u8],
) -> Result<RequestFacts, ScanError> {
    let mut scan = Scan {
        model,
        input: InputSize::default(),
        config: None,
        config_is_empty: true,
        bound: None,
        candidates: 1,
        thinking_budget: None,
        tools: HostedTools::default(),
    };
    let mut walker = Walker::of_document(body)?;
    let mut fault = None;
    walker.object(&mut |walker, key| {
        let key = unescaped(key);
        let found = match &*key {
            key if GENERATION_CONFIG.contains(&key) => scan.config(walker, body)?,
            "model" => scan.model(walker, body)?,
            "tools" => read_tools(walker, body, &mut scan.input, &mut scan.tools).map(Ok)?,
            // Contents to embed, each with the model's name, and a request to be counted.
            "requests" => scan.requests(walker, body)?,
            "generateContentRequest" | "generate_content_request" => scan.nested(walker, body)?,
            _ => read_text(walker, &mut scan.input).map(Ok)?,
        };
        if let Err(error) = found {
            fault.get_or_insert(error);
        }
        Ok(())
    })?;
    walker.end()?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    let embeds = matches!(operation, Operation::EmbedContent | Operation::BatchEmbedContents);
    Ok(RequestFacts {
        model: model.clone(),
        stream: operation == Operation::StreamGenerateContent,
        answers: scan.candidates,
        thinking_budget: scan.thinking_budget,
        input: scan.input,
        previous_response: None,
        references: Vec::new(),
        session: None,
        stored: false,
        options: PricedOptions::default(),
        tools: scan.tools,
        has_responses_form: false,
        protocol: if embeds { Protocol::GeminiEmbeddings } else { Protocol::Gemini },
        model_span: None,
        output_bounds: scan.bound.into_iter().collect(),
        bound_goes_into: scan.config.map(|span| (span, scan.config_is_empty)),
        stream_options: crate::scan::StreamOptions::default(),
    })
}

impl Scan<'_> {
    fn model(&self, walker: &mut Walker<'_>, body: &[u8]) -> Found<()> {
        let value = walker.skip()?;
        Ok(self.same_model(body, &value))
    }

    fn same_model(&self, body: &[u8], value: &Value) -> Result<(), ScanError> {
        let named = string(body, value).ok_or(OTHER_MODEL)?;
        let named = named.strip_prefix("models/").unwrap_or(&named);
        if named == self.model.as_str() { Ok(()) } else { Err(OTHER_MODEL) }
    }

    fn requests(&mut self, walker: &mut Walker<'_>, body: &[u8]) -> Found<()> {
        if !walker.is_at(b'[') {
            walker.skip()?;
            return Ok(Err(ScanError::Field { field: "requests", expected: "a list" }));
        }
        let mut fault = Ok(());
        walker.array(&mut |walker| {
            let found = self.nested(walker, body)?;
            if fault.is_ok() {
                fault = found;
            }
            Ok(())
        })?;
        Ok(fault)
    }

    fn nested(&mut self, walker: &mut Walker<'_>, body: &[u8]) -> Found<()> {
        if !walker.is_at(b'{') {
            walker.skip()?;
            return Ok(Err(ScanError::Field { field: "requests", expected: "objects" }));
        }
        let mut fault = Ok(());
        walker.object(&mut |walker, key| {
            if unescaped(key) == "model" {
                let found = self.model(walker, body)?;
                if fault.is_ok() {
                    fault = found;
                }
                return Ok(());
            }
            read_text(walker, &mut self.input)
        })?;
        Ok(fault)
    }

    fn config(&mut self, walker: &mut Walker<'_>, body: &[u8]) -> Found<()> {
        let mut probe = walker.clone();
        let value = walker.skip()?;
        if self.config.replace(value.span.clone()).is_some() {
            return Ok(Err(ScanError::Twice("generationConfig")));
        }
        if value.kind != Kind::Object {
            let wrong = ScanError::Field { field: "generationConfig", expected: "an object" };
            return Ok(Err(wrong));
        }
        let mut fault = Ok(());
        probe.object(&mut |walker, key| {
            self.config_is_empty = false;
            let key = unescaped(key);
            let found = self.config_member(walker, body, &key)?;
            if fault.is_ok() {
                fault = found;
            }
            Ok(())
        })?;
        Ok(fault)
    }

    fn config_member(&mut self, walker: &mut Walker<'_>, body: &[u8], key: &str) -> Found<()> {
        let mut probe = walker.clone();
        let value = walker.skip()?;
        if MAX_OUTPUT.contains(&key) {
            return Ok(whole_number(body, &value, "maxOutputTokens").and_then(|units| {
                let field = units.map(|units| OutputBoundField { span: value.span, units });
                match self.bound.replace(field.unwrap_or(OutputBoundField { span: 0..0, units: 0 }))
                {
                    Some(_) => Err(ScanError::Twice("maxOutputTokens")),
                    None if units.is_none() => {
                        self.bound = None;
                        Ok(())
                    }
                    None => Ok(()),
                }
            }));
        }
        if CANDIDATES.contains(&key) {
            return Ok(whole_number(body, &value, "candidateCount").and_then(|count| {
                self.candidates = count.unwrap_or(1);
                let known = (1..=CANDIDATES_MAX).contains(&self.candidates);
                known.then_some(()).ok_or(ScanError::Field {
                    field: "candidateCount",
                    expected: "between 1 and 8",
                })
            }));
        }
        if THINKING.contains(&key) && value.kind == Kind::Object {
            probe.object(&mut |walker, key| {
                let member = walker.skip()?;
                if THINKING_BUDGET.contains(&&*unescaped(key)) {
                    // A budget below zero leaves it to the model.
                    self.thinking_budget =
                        whole_number(body, &member, "thinkingBudget").ok().flatten();
                }
                Ok(())
            })?;
        }
        Ok(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(operation: Operation, body: &str) -> Result<RequestFacts, ScanError> {
        scan_gemini_request(operation, &"gemini-2.5-flash".parse().unwrap(), body.as_bytes())
    }

    #[test]
    fn the_fields_that_matter_are_found() {
        let facts = scan(
            Operation::StreamGenerateContent,
            r#"{"contents":[{"role":"user","parts":[{"text":"hello there"}]}],
                "generationConfig":{"maxOutputTokens":77,"candidateCount":2,
                "thinkingConfig":{"thinkingBudget":1024}}}"#,
        )
        .unwrap();
        assert!(facts.stream);
        assert_eq!(
            (facts.max_output(), facts.answers, facts.thinking_budget),
            (Some(77), 2, Some(1_024))
        );
        assert!(facts.input.units_expected() > 2);
        let snake =
            scan(Operation::GenerateContent, r#"{"generation_config":{"max_output_tokens":5}}"#);
        assert_eq!(snake.unwrap().max_output(), Some(5));
    }

    #[test]
    fn b2_b4_no_second_value_and_no_second_model() {
        for body in [
            r#"{"generationConfig":{},"generation_config":{}}"#,
            r#"{"generationConfig":{"maxOutputTokens":1,"max_output_tokens":9}}"#,
            r#"{"model":"models/gemini-2.5-pro"}"#,
            r#"{"requests":[{"model":"models/gemini-2.5-pro","content":{}}]}"#,
            r#"{"generateContentRequest":{"model":"models/gemini-2.5-pro"}}"#,
            r#"{"generationConfig":{"candidateCount":99}}"#,
        ] {
            assert!(scan(Operation::GenerateContent, body).is_err(), "{body}");
        }
        let same = r#"{"requests":[{"model":"models/gemini-2.5-flash","content":{"parts":[{"text":"hello"}]}}]}"#;
        let facts = scan(Operation::BatchEmbedContents, same).unwrap();
        assert!(!facts.has_output() && facts.input.units_expected() > 0);
    }
}
