//! Reports of usage, put together over a stream → disjoint buckets.

use anc_domain::{Meter, TokenCount, Usage, UsageError};
use serde_json::Value;

use crate::meter::{CountReader, ModelUse, Report, Served};

/// What one pass of a model used. Input excludes both cache buckets, by the vendor's convention.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Pass {
    input: TokenCount,
    cache_read: TokenCount,
    cache_write: TokenCount,
    cache_write_5m: TokenCount,
    cache_write_1h: TokenCount,
    output: TokenCount,
    thinking: TokenCount,
}

/// A pass in the list of passes, and the model that made it, where that is said.
#[derive(Debug)]
struct Iteration {
    model: Option<String>,
    pass: Pass,
}

/// The reports of one answer. Each field keeps the last value that was more than nothing: later
/// reports are cumulative, and a zero in one of them says only that it does not repeat the field.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    top: Pass,
    web_searches: TokenCount,
    served: Served,
    iterations: Vec<Iteration>,
    implausible: bool,
    any: bool,
}

impl Reports {
    /// Takes a `usage` object.
    pub(crate) fn take(&mut self, report: &Value) {
        let mut reader = CountReader::default();
        let latest = read_pass(report, &mut reader);
        self.top.merge(latest);
        let searches = reader.count(report, &["server_tool_use", "web_search_requests"]);
        keep_last(&mut self.web_searches, searches);
        if let Some(tier) = report.get("service_tier").and_then(Value::as_str) {
            self.served.take_tier(tier);
        }
        if let Some(speed) = report.get("speed").and_then(Value::as_str) {
            self.served.usual_speed = speed == "standard";
        }
        if let Some(iterations) = report.get("iterations").and_then(Value::as_array) {
            let read = |pass: &Value| Iteration {
                model: pass.get("model").and_then(Value::as_str).map(str::to_owned),
                pass: read_pass(pass, &mut reader),
            };
            self.iterations = iterations.iter().map(read).collect();
        }
        self.implausible |= reader.implausible;
        self.any = true;
    }

    /// The buckets. Where passes are listed they are the bill, since the top level leaves some of
    /// them out; a pass that was refused before any output and followed by another is free.
    pub(crate) fn report(&self) -> Report {
        if self.implausible {
            return Report { usage: None, suspect: true };
        }
        if !self.any {
            return Report::default();
        }
        let mut usage = Usage::default();
        let summed = if self.iterations.is_empty() {
            self.top.add_to(&mut usage)
        } else {
            self.billed().try_for_each(|one| one.pass.add_to(&mut usage))
        };
        if !self.iterations.is_empty() {
            self.split_like_the_top(&mut usage);
        }
        let summed = summed.and_then(|()| usage.set(Meter::WebSearch, self.web_searches));
        match summed {
            Ok(()) if usage.is_empty() => Report::default(),
            Ok(()) => Report { usage: Some(usage), suspect: false },
            Err(_) => Report { usage: None, suspect: true },
        }
    }
}

impl Reports {
    fn billed(&self) -> impl Iterator<Item = &Iteration> {
        let last = self.iterations.len().saturating_sub(1);
        let passes = self.iterations.iter().enumerate();
        let billed = passes.filter(move |(place, one)| one.pass.output > 0 || *place == last);
        billed.map(|(_, one)| one)
    }

    /// What was said of the options that have prices.
    pub(crate) const fn served(&self) -> Served {
        self.served
    }

    /// What each model made that is named in the list of passes.
    pub(crate) fn by_model(&self) -> Vec<ModelUse> {
        let mut uses: Vec<ModelUse> = Vec::new();
        for Iteration { model, pass } in self.billed() {
            let Some(model) = model else { continue };
            let known = uses.iter().position(|one| one.model == *model);
            let place = known.unwrap_or_else(|| {
                uses.push(ModelUse { model: model.clone(), usage: Usage::default() });
                uses.len() - 1
            });
            if let Some(one) = uses.get_mut(place) {
                // A report that cannot be is not taken as a whole.
                pass.add_to(&mut one.usage).ok();
            }
        }
        uses
    }

    /// Passes may leave out what the top level tells of all: how long cache writes live, and how
    /// much of the output was thinking.
    fn split_like_the_top(&self, usage: &mut Usage) {
        let told =
            |of: fn(&Pass) -> TokenCount| self.iterations.iter().any(|one| of(&one.pass) > 0);
        let splits = [
            (
                told(|pass| pass.cache_write_5m + pass.cache_write_1h),
                self.top.cache_write_1h,
                Meter::CacheWrite5m,
                Meter::CacheWrite1h,
            ),
            (told(|pass| pass.thinking), self.top.thinking, Meter::Output, Meter::Reasoning),
        ];
        for (told, part, from, to) in splits {
            if !told {
                let part = part.min(usage.get(from));
                *usage = usage.with(from, usage.get(from) - part).with(to, usage.get(to) + part);
            }
        }
    }
}

fn read_pass(report: &Value, reader: &mut CountReader) -> Pass {
    let mut count = |path: &[&str]| reader.count(report, path);
    Pass {
        input: count(&["input_tokens"]),
        cache_read: count(&["cache_read_input_tokens"]),
        cache_write: count(&["cache_creation_input_tokens"]),
        cache_write_5m: count(&["cache_creation", "ephemeral_5m_input_tokens"]),
        cache_write_1h: count(&["cache_creation", "ephemeral_1h_input_tokens"]),
        output: count(&["output_tokens"]),
        thinking: count(&["output_tokens_details", "thinking_tokens"]),
    }
}

fn keep_last(kept: &mut TokenCount, latest: TokenCount) {
    if latest > 0 {
        *kept = latest;
    }
}

impl Pass {
    fn merge(&mut self, latest: Self) {
        keep_last(&mut self.input, latest.input);
        keep_last(&mut self.cache_read, latest.cache_read);
        keep_last(&mut self.cache_write, latest.cache_write);
        keep_last(&mut self.cache_write_5m, latest.cache_write_5m);
        keep_last(&mut self.cache_write_1h, latest.cache_write_1h);
        keep_last(&mut self.output, latest.output);
        keep_last(&mut self.thinking, latest.thinking);
    }

    /// Cache writes that are not split by lifetime have the default one.
    fn add_to(&self, usage: &mut Usage) -> Result<(), UsageError> {
        let long = self.cache_write_1h;
        let short = self.cache_write.saturating_sub(long).max(self.cache_write_5m);
        let text = self
            .output
            .checked_sub(self.thinking)
            .ok_or(UsageError::PartExceedsWhole(Meter::Reasoning))?;
        for (meter, units) in [
            (Meter::Input, self.input),
            (Meter::CachedInput, self.cache_read),
            (Meter::CacheWrite5m, short),
            (Meter::CacheWrite1h, long),
            (Meter::Output, text),
            (Meter::Reasoning, self.thinking),
        ] {
            usage.set(meter, usage.get(meter) + units)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn buckets(reports: &[Value]) -> Vec<(Meter, u64)> {
        let mut taken = Reports::default();
        for report in reports {
            taken.take(report);
        }
        let report = taken.report();
        assert!(!report.suspect);
        report.usage.unwrap().counted().collect()
    }

    #[test]
    fn start_and_delta_are_never_added() {
        let start =
            json!({"input_tokens": 12, "cache_creation_input_tokens": 0, "output_tokens": 1});
        let delta = json!({"input_tokens": 12, "output_tokens": 30});
        assert_eq!(buckets(&[start.clone(), delta]), [(Meter::Input, 12), (Meter::Output, 30)]);
        let bare = json!({"output_tokens": 30});
        assert_eq!(buckets(&[start, bare]), [(Meter::Input, 12), (Meter::Output, 30)]);
    }

    #[test]
    fn cache_writes_keep_their_lifetimes() {
        let start = json!({"input_tokens": 6, "cache_read_input_tokens": 40,
            "cache_creation_input_tokens": 100,
            "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 60}});
        let delta = json!({"cache_creation_input_tokens": 100, "output_tokens": 5});
        assert_eq!(
            buckets(&[start, delta]),
            [
                (Meter::Input, 6),
                (Meter::CachedInput, 40),
                (Meter::CacheWrite5m, 40),
                (Meter::CacheWrite1h, 60),
                (Meter::Output, 5),
            ]
        );
        let unsplit = json!({"cache_creation_input_tokens": 7,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}});
        assert_eq!(buckets(&[unsplit]), [(Meter::CacheWrite5m, 7)]);
    }

    #[test]
    fn passes_that_the_top_level_leaves_out_are_counted() {
        let report = json!({"input_tokens": 612, "output_tokens": 2819, "iterations": [
            {"type": "compaction", "input_tokens": 60_385, "output_tokens": 522},
            {"type": "message", "input_tokens": 612, "output_tokens": 2819}]});
        assert_eq!(buckets(&[report]), [(Meter::Input, 60_997), (Meter::Output, 3_341)]);
    }

    #[test]
    fn what_passes_leave_out_is_split_as_the_top_level_tells() {
        let start = json!({"input_tokens": 4, "cache_creation_input_tokens": 900,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 900}});
        let delta = json!({"output_tokens": 50, "output_tokens_details": {"thinking_tokens": 20},
            "iterations": [
                {"type": "message", "input_tokens": 4, "cache_creation_input_tokens": 900,
                    "output_tokens": 40},
                {"type": "message", "input_tokens": 5, "output_tokens": 10}]});
        assert_eq!(
            buckets(&[start, delta]),
            [
                (Meter::Input, 9),
                (Meter::CacheWrite1h, 900),
                (Meter::Output, 30),
                (Meter::Reasoning, 20)
            ]
        );
    }

    #[test]
    fn what_each_named_model_made_is_told() {
        let mut taken = Reports::default();
        taken.take(&json!({"iterations": [
            {"type": "message", "input_tokens": 1_051, "output_tokens": 35},
            {"type": "advisor_message", "model": "dear", "input_tokens": 2_728, "output_tokens": 874},
            {"type": "message", "model": "cheap", "input_tokens": 5, "output_tokens": 0},
            {"type": "advisor_message", "model": "dear", "input_tokens": 2, "output_tokens": 1}]}));
        let uses = taken.by_model();
        assert_eq!(uses.len(), 1, "a pass refused before any output is free");
        assert_eq!(uses[0].model, "dear");
        assert_eq!((uses[0].usage.input_total(), uses[0].usage.output_total()), (2_730, 875));
    }

    #[test]
    fn a_pass_refused_before_any_output_is_free() {
        let report = json!({"input_tokens": 412, "output_tokens": 264, "iterations": [
            {"type": "message", "input_tokens": 408, "output_tokens": 0},
            {"type": "fallback_message", "input_tokens": 412, "output_tokens": 264}]});
        assert_eq!(buckets(&[report]), [(Meter::Input, 412), (Meter::Output, 264)]);
    }

    #[test]
    fn thinking_and_searches_have_buckets_of_their_own() {
        let report = json!({"input_tokens": 51, "output_tokens": 1699,
            "output_tokens_details": {"thinking_tokens": 139},
            "server_tool_use": {"web_search_requests": 2}});
        assert_eq!(
            buckets(&[report]),
            [
                (Meter::Input, 51),
                (Meter::Output, 1_560),
                (Meter::Reasoning, 139),
                (Meter::WebSearch, 2)
            ]
        );
    }

    #[test]
    fn d2_a_report_that_cannot_be_is_not_taken() {
        let mut reports = Reports::default();
        reports.take(&json!({"input_tokens": 3, "output_tokens": -4}));
        assert_eq!(reports.report(), Report { usage: None, suspect: true });
    }
}
