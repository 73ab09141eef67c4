//! One report of usage → disjoint buckets, and the tools that it does not tell of.

use anc_domain::{Meter, Usage};
use serde_json::Value;

use crate::meter::{CountReader, Report};

/// Reads the `usage` of a response: cached and written input lie inside the input, reasoning inside
/// the output, at every vendor of this protocol.
pub(crate) fn read_usage(report: &Value) -> Report {
    let mut reader = CountReader::default();
    let mut count = |path: &[&str]| reader.count(report, path);
    let input = count(&["input_tokens"]);
    let cached = count(&["input_tokens_details", "cached_tokens"]);
    let written = count(&["input_tokens_details", "cache_write_tokens"]);
    let output = count(&["output_tokens"]);
    let reasoning = count(&["output_tokens_details", "reasoning_tokens"]);
    let total = reader.optional(report, &["total_tokens"]);
    if reader.implausible {
        return Report { usage: None, suspect: true };
    }
    let unwritten = input.checked_sub(cached).and_then(|rest| rest.checked_sub(written));
    let (Some(uncached), Some(text)) = (unwritten, output.checked_sub(reasoning)) else {
        return Report { usage: None, suspect: true };
    };
    let usage = Usage::default()
        .with(Meter::Input, uncached)
        .with(Meter::CachedInput, cached)
        .with(Meter::CacheWriteOther, written)
        .with(Meter::Output, text)
        .with(Meter::Reasoning, reasoning);
    if usage.is_empty() {
        return Report::default();
    }
    Report { usage: Some(usage), suspect: total.is_some_and(|total| total != input + output) }
}

/// Searches of the web among a response's items: they are billed and stand in no usage. Opening a
/// page that was found is no search.
pub(crate) fn is_web_search(item: &Value) -> bool {
    item.get("type").and_then(Value::as_str) == Some("web_search_call")
        && item.pointer("/action/type").and_then(Value::as_str).is_none_or(|kind| kind == "search")
}

/// Searches in files among a response's items, billed in the same way.
pub(crate) fn is_file_search(item: &Value) -> bool {
    item.get("type").and_then(Value::as_str) == Some("file_search_call")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_inside_their_totals_are_counted_once() {
        let report = json!({"input_tokens": 100, "output_tokens": 50, "total_tokens": 150,
            "input_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 20},
            "output_tokens_details": {"reasoning_tokens": 10}});
        let read = read_usage(&report);
        assert!(!read.suspect);
        assert_eq!(
            read.usage.unwrap().counted().collect::<Vec<_>>(),
            [
                (Meter::Input, 50),
                (Meter::CachedInput, 30),
                (Meter::CacheWriteOther, 20),
                (Meter::Output, 40),
                (Meter::Reasoning, 10),
            ]
        );
    }

    #[test]
    fn d2_a_report_that_cannot_be_is_not_taken() {
        for report in [
            json!({"input_tokens": -3}),
            json!({"input_tokens": 3, "input_tokens_details": {"cached_tokens": 4}}),
            json!({"output_tokens": 3, "output_tokens_details": {"reasoning_tokens": 4}}),
            json!({"output_tokens": 1e18}),
        ] {
            assert_eq!(read_usage(&report), Report { usage: None, suspect: true }, "{report}");
        }
        assert!(read_usage(&json!({"input_tokens": 3, "total_tokens": 9})).suspect);
    }

    #[test]
    fn a_search_is_told_from_a_page_that_is_opened() {
        let item = |kind: &str| json!({"type": "web_search_call", "action": {"type": kind}});
        assert!(is_web_search(&item("search")));
        assert!(!is_web_search(&item("open_page")));
        assert!(!is_web_search(&json!({"type": "message"})));
    }
}
