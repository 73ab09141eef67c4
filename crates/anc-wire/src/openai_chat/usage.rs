//! One report of usage → disjoint buckets.

use anc_domain::{Meter, Usage, UsageError};
use serde_json::Value;

use crate::meter::{CountReader, Report};

/// Reads a `usage` object. Within it the parts lie inside their totals, with one exception: a
/// vendor that reports thinking beside the completion shows it by a total that holds both.
pub(crate) fn read_usage(report: &Value) -> Report {
    let mut reader = CountReader::default();
    let mut count = |path: &[&str]| reader.count(report, path);

    let (hit, miss) = (count(&["prompt_cache_hit_tokens"]), count(&["prompt_cache_miss_tokens"]));
    let prompt = match report.get("prompt_tokens") {
        Some(_) => count(&["prompt_tokens"]),
        None => hit + miss,
    };
    let cached = [
        count(&["prompt_tokens_details", "cached_tokens"]),
        hit,
        count(&["cached_tokens"]),
        // Relays before us write Anthropic's word, and mean a part of the prompt by it.
        Some(count(&["cache_read_input_tokens"])).filter(|read| *read <= prompt).unwrap_or(0),
    ];
    let cached = cached.into_iter().max().unwrap_or(0);
    let written = count(&["prompt_tokens_details", "cache_write_tokens"]);
    let audio_in = count(&["prompt_tokens_details", "audio_tokens"]);

    let completion = count(&["completion_tokens"]);
    let reasoning =
        [count(&["completion_tokens_details", "reasoning_tokens"]), count(&["reasoning_tokens"])];
    let reasoning = reasoning.into_iter().max().unwrap_or(0);
    let audio_out = count(&["completion_tokens_details", "audio_tokens"]);
    let total = reader.optional(report, &["total_tokens"]);

    if reader.implausible {
        return Report { usage: None, suspect: true };
    }
    let beside =
        reasoning > completion || (reasoning > 0 && total == Some(prompt + completion + reasoning));
    let output_total = if beside { completion + reasoning } else { completion };
    let parts = Parts { prompt, cached, written, audio_in, output_total, reasoning, audio_out };
    match parts.buckets() {
        Ok(usage) if usage.is_empty() => Report::default(),
        Ok(usage) => Report {
            usage: Some(usage),
            suspect: total.is_some_and(|t| t != prompt + output_total),
        },
        Err(_) => Report { usage: None, suspect: true },
    }
}

struct Parts {
    prompt: u64,
    cached: u64,
    written: u64,
    audio_in: u64,
    output_total: u64,
    reasoning: u64,
    audio_out: u64,
}

impl Parts {
    fn buckets(&self) -> Result<Usage, UsageError> {
        let rest = |whole: u64, part: u64, meter| {
            whole.checked_sub(part).ok_or(UsageError::PartExceedsWhole(meter))
        };
        let uncached = rest(self.prompt, self.cached, Meter::CachedInput)?;
        let unwritten = rest(uncached, self.written, Meter::CacheWriteOther)?;
        // Sound may have been cached as well; then it counts as cached.
        let audio_in = self.audio_in.min(unwritten);
        let unthought = rest(self.output_total, self.reasoning, Meter::Reasoning)?;
        let text_out = rest(unthought, self.audio_out, Meter::OutputAudio)?;
        let mut usage = Usage::default();
        usage.set(Meter::Input, unwritten - audio_in)?;
        usage.set(Meter::CachedInput, self.cached)?;
        usage.set(Meter::CacheWriteOther, self.written)?;
        usage.set(Meter::InputAudio, audio_in)?;
        usage.set(Meter::Output, text_out)?;
        usage.set(Meter::Reasoning, self.reasoning)?;
        usage.set(Meter::OutputAudio, self.audio_out)?;
        Ok(usage)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn buckets(report: &Value) -> Vec<(Meter, u64)> {
        let read = read_usage(report);
        assert!(!read.suspect, "{report}");
        read.usage.unwrap().counted().collect()
    }

    #[test]
    fn parts_inside_their_totals_are_counted_once() {
        let report = json!({"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
            "prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 20, "audio_tokens": 5},
            "completion_tokens_details": {"reasoning_tokens": 10, "audio_tokens": 4,
                "rejected_prediction_tokens": 3}});
        assert_eq!(
            buckets(&report),
            [
                (Meter::Input, 45),
                (Meter::CachedInput, 30),
                (Meter::CacheWriteOther, 20),
                (Meter::InputAudio, 5),
                (Meter::Output, 36),
                (Meter::Reasoning, 10),
                (Meter::OutputAudio, 4),
            ]
        );
    }

    #[test]
    fn thinking_beside_the_completion_is_told_by_the_total() {
        let report = json!({"prompt_tokens": 12, "completion_tokens": 1, "total_tokens": 303,
            "completion_tokens_details": {"reasoning_tokens": 290}});
        assert_eq!(
            buckets(&report),
            [(Meter::Input, 12), (Meter::Output, 1), (Meter::Reasoning, 290)]
        );
        let small = json!({"prompt_tokens": 10, "completion_tokens": 9, "total_tokens": 22,
            "completion_tokens_details": {"reasoning_tokens": 3}});
        assert_eq!(
            buckets(&small),
            [(Meter::Input, 10), (Meter::Output, 9), (Meter::Reasoning, 3)]
        );
    }

    #[test]
    fn every_vendors_word_for_cached_input_is_known() {
        for report in [
            json!({"prompt_tokens": 9, "prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 5,
                "prompt_tokens_details": {"cached_tokens": 4}}),
            json!({"prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 5}),
            json!({"prompt_tokens": 9, "cached_tokens": 4}),
            json!({"prompt_tokens": 9, "cache_read_input_tokens": 4}),
        ] {
            assert_eq!(buckets(&report), [(Meter::Input, 5), (Meter::CachedInput, 4)]);
        }
    }

    #[test]
    fn d2_a_report_that_cannot_be_is_not_taken() {
        for report in [
            json!({"prompt_tokens": -3, "completion_tokens": 1}),
            json!({"prompt_tokens": 3, "completion_tokens": 1e18}),
            json!({"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}),
        ] {
            assert_eq!(read_usage(&report), Report { usage: None, suspect: true }, "{report}");
        }
    }

    #[test]
    fn a_total_that_does_not_add_up_is_noticed_and_the_parts_stand() {
        let read =
            read_usage(&json!({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 9}));
        assert!(read.suspect);
        assert_eq!(read.usage.unwrap().output_total(), 4);
    }

    #[test]
    fn nothing_but_zeros_is_no_report() {
        assert_eq!(
            read_usage(&json!({"prompt_tokens": 0, "completion_tokens": 0})),
            Report::default()
        );
    }
}
