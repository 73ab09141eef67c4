//! From what was observed of an answer to what is charged for it.

use anc_domain::{Meter, Usage};
use anc_ledger::EndReason;
use anc_wire::Observed;

/// What a request used, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measured {
    pub(crate) usage: Usage,
    /// Our own count stands where the provider's would.
    pub(crate) estimated: bool,
    /// The provider reported something that cannot be.
    pub(crate) suspect: bool,
}

/// The most units that a provider's report may name and be believed. Beyond it our own count stands:
/// one wrong figure must not empty an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plausible {
    input: u64,
    output: u64,
}

/// How far a report may go beyond what was asked for: providers think, search and try again.
const BEYOND: u64 = 4;
/// A context window for models whose own is not known. What providers add to a request (results of
/// searches, earlier answers) fits into the window in each of their passes.
const CONTEXT_USUAL: u64 = 1_000_000;

/// More searches of either kind than a model makes for one answer.
const SEARCHES_MAX: u64 = 1_000;

impl Plausible {
    /// For a request of at most `input` units to a model with that context, whose answers may have
    /// `output` units in all, or `output_usual` where the provider does not keep to that.
    pub(crate) fn new(input: u64, context: Option<u64>, output: u64, output_usual: u64) -> Self {
        Self {
            input: input.saturating_add(context.unwrap_or(CONTEXT_USUAL)).saturating_mul(BEYOND),
            output: output.saturating_mul(BEYOND).max(output_usual),
        }
    }

    /// A provider's report, if it can be believed.
    pub(crate) fn believed(self, observed: &Observed) -> Option<Usage> {
        observed.reported.filter(|reported| self.covers(reported, observed.output_units))
    }

    fn covers(self, reported: &Usage, output_seen: u64) -> bool {
        reported.get(Meter::WebSearch).max(reported.get(Meter::FileSearch)) <= SEARCHES_MAX
            && reported.input_total() <= self.input
            && reported.output_total() <= self.output.max(output_seen.saturating_mul(BEYOND))
    }
}

/// What an answer that ended so is charged for.
///
/// A complete answer: the provider's report. One that broke off: its input, and what was delivered
/// of the output, by the provider's count or ours, whichever is more, since reports in the middle
/// of a stream lag behind it. Without a plausible report: our own count.
pub(crate) fn measure(
    observed: &Observed,
    end: EndReason,
    input_estimate: u64,
    plausible: Plausible,
) -> Measured {
    let reported = plausible.believed(observed);
    let suspect = observed.suspect || reported.is_none() && observed.reported.is_some();
    let counted = Usage::default()
        .with(Meter::Input, input_estimate)
        .with(Meter::Output, observed.output_units);
    match reported {
        None => Measured { usage: counted, estimated: true, suspect },
        Some(reported) if end == EndReason::Complete => {
            Measured { usage: reported, estimated: false, suspect }
        }
        Some(reported) => {
            let missing = observed.output_units.saturating_sub(reported.output_total());
            let output = reported.get(Meter::Output).saturating_add(missing);
            let mut usage = reported.with(Meter::Output, output);
            if usage.input_total() == 0 {
                usage = usage.with(Meter::Input, input_estimate);
            }
            Measured { usage, estimated: missing > 0 || reported.input_total() == 0, suspect }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Plausible = Plausible { input: u64::MAX, output: u64::MAX };

    fn observed(reported: Option<Usage>, output_units: u64, suspect: bool) -> Observed {
        Observed { reported, output_units, suspect, ..Observed::default() }
    }

    fn reported(input: u64, output: u64) -> Usage {
        Usage::default().with(Meter::Input, input).with(Meter::Output, output)
    }

    #[test]
    fn a_complete_answer_is_charged_as_its_provider_reported() {
        let seen = observed(Some(reported(10, 20)), 999, false);
        let measured = measure(&seen, EndReason::Complete, 50, WIDE);
        assert_eq!(measured.usage, reported(10, 20));
        assert!(!measured.estimated);
    }

    #[test]
    fn an_answer_without_a_report_is_charged_by_our_count_and_marked() {
        let measured = measure(&observed(None, 7, false), EndReason::Complete, 50, WIDE);
        assert_eq!((measured.usage, measured.estimated), (reported(50, 7), true));
    }

    #[test]
    fn a_cut_answer_is_charged_for_its_input_and_what_was_delivered() {
        let seen = observed(Some(reported(10, 1)), 30, false);
        let measured = measure(&seen, EndReason::ClientGone, 50, WIDE);
        assert_eq!((measured.usage, measured.estimated), (reported(10, 30), true));
    }

    #[test]
    fn d2_an_implausible_report_is_not_believed() {
        let seen = observed(None, 30, true);
        let measured = measure(&seen, EndReason::Complete, 50, WIDE);
        assert_eq!(measured.usage, reported(50, 30));
        assert!(measured.suspect && measured.estimated);
    }

    #[test]
    fn d2_a_report_far_beyond_the_request_is_not_believed() {
        let plausible = Plausible::new(100, Some(8_000), 200, 1_000);
        let charged = |input, output, seen| {
            let seen = observed(Some(reported(input, output)), seen, false);
            measure(&seen, EndReason::Complete, 50, plausible)
        };
        for (input, output, seen) in [(32_400, 1_000, 0), (10, 1_000, 5), (10, 1_200, 300)] {
            assert_eq!(charged(input, output, seen).usage, reported(input, output));
        }
        let searches = reported(10, 5).with(Meter::WebSearch, 1_001);
        let seen = observed(Some(searches), 5, false);
        assert_eq!(measure(&seen, EndReason::Complete, 50, plausible).usage, reported(50, 5));
        for (input, output, seen) in [(32_401, 5, 5), (10, 1_001, 5)] {
            let measured = charged(input, output, seen);
            assert_eq!(measured.usage, reported(50, seen));
            assert!(measured.suspect && measured.estimated);
        }
    }
}
