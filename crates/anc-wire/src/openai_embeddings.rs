//! OpenAI's Embeddings: vectors, and the input that they cost.

use bytes::Bytes;
use serde_json::Value as Json;

use crate::json::{Kind, Walker};
use crate::meter::{Observed, Report};
use crate::openai_chat::read_usage;

pub(crate) fn meter_document(document: &Bytes) -> Option<Observed> {
    let (mut usage, mut vectors) = (None, false);
    let mut walker = Walker::new(document);
    walker
        .object(&mut |walker, key| {
            let value = walker.skip()?;
            match key {
                b"data" => vectors = value.kind == Kind::Array,
                b"usage" if value.kind == Kind::Object => usage = Some(value.span),
                _ => {}
            }
            Ok(())
        })
        .and_then(|()| walker.end())
        .ok()?;
    if !vectors {
        return None;
    }
    let raw_usage = usage.map(|span| document.slice(span));
    let report = raw_usage
        .as_ref()
        .and_then(|text| serde_json::from_slice::<Json>(text).ok())
        .map_or_else(Report::default, |json| read_usage(&with_prompt(json)));
    Some(Observed {
        reported: report.usage,
        suspect: report.suspect,
        finished: true,
        raw_usage,
        ..Observed::default()
    })
}

/// Some vendors tell the total alone: all of it is input.
fn with_prompt(mut report: Json) -> Json {
    let total = report.get("total_tokens").cloned();
    if let (Some(total), None) = (total, report.get("prompt_tokens")) {
        report["prompt_tokens"] = total;
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_alone_is_all_input() {
        let answer = Bytes::from_static(br#"{"data":[],"usage":{"total_tokens":7}}"#);
        let observed = meter_document(&answer).unwrap();
        assert_eq!(observed.reported.unwrap().input_total(), 7);
        assert!(!observed.suspect);
    }

    #[test]
    fn a_document_is_metered_or_is_no_answer() {
        let answer = Bytes::from_static(
            br#"{"object":"list","data":[{"embedding":[0.1]}],
                "usage":{"prompt_tokens":8,"total_tokens":8}}"#,
        );
        let observed = meter_document(&answer).unwrap();
        let usage = observed.reported.unwrap();
        assert_eq!((usage.input_total(), usage.output_total()), (8, 0));
        assert!(!observed.suspect);
        assert!(meter_document(&Bytes::from_static(b"{\"error\":{}}")).is_none());
    }
}
