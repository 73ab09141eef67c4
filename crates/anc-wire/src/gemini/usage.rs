//! One report of usage → disjoint buckets.

use anc_domain::{Meter, Usage};
use serde_json::Value;

use crate::meter::{CountReader, Report};

/// Reads a `usageMetadata` object. Cached input lies inside the prompt; thoughts and what tools
/// brought in lie outside of everything else, which the total shows.
pub(crate) fn read_usage(report: &Value) -> Report {
    let mut reader = CountReader::default();
    let mut count = |path: &[&str]| reader.count(report, path);
    let prompt = count(&["promptTokenCount"]);
    let cached = count(&["cachedContentTokenCount"]);
    let tools = count(&["toolUsePromptTokenCount"]);
    let candidates = count(&["candidatesTokenCount"]);
    let thoughts = count(&["thoughtsTokenCount"]);
    let total = reader.optional(report, &["totalTokenCount"]);
    let mut of = |list: &str, kind: &str| modality(&mut reader, report, list, kind);
    let (audio_in, audio_out) =
        (of("promptTokensDetails", "AUDIO"), of("candidatesTokensDetails", "AUDIO"));
    let audio_cached = of("cacheTokensDetails", "AUDIO");
    let image_in = of("promptTokensDetails", "IMAGE");
    let image_cached = of("cacheTokensDetails", "IMAGE");
    let image_out = of("candidatesTokensDetails", "IMAGE");
    if reader.implausible {
        return Report { usage: None, suspect: true };
    }
    let Some(uncached) = prompt.checked_sub(cached) else {
        return Report { usage: None, suspect: true };
    };
    // Sound and pictures may have been cached as well; then they count as cached.
    let audio_in = audio_in.saturating_sub(audio_cached).min(uncached);
    let image_in = image_in.saturating_sub(image_cached).min(uncached - audio_in);
    let audio_out = audio_out.min(candidates);
    let image_out = image_out.min(candidates - audio_out);
    let usage = Usage::default()
        .with(Meter::Input, uncached - audio_in - image_in + tools)
        .with(Meter::CachedInput, cached)
        .with(Meter::InputAudio, audio_in)
        .with(Meter::InputImage, image_in)
        .with(Meter::Output, candidates - audio_out - image_out)
        .with(Meter::OutputAudio, audio_out)
        .with(Meter::OutputImage, image_out)
        .with(Meter::Reasoning, thoughts);
    if usage.is_empty() {
        return Report::default();
    }
    let sum = prompt + tools + candidates + thoughts;
    Report { usage: Some(usage), suspect: total.is_some_and(|total| total != sum) }
}

/// Units of one kind in a list by modality.
fn modality(reader: &mut CountReader, report: &Value, list: &str, kind: &str) -> u64 {
    let parts = report.get(list).and_then(Value::as_array);
    let of_kind = parts
        .into_iter()
        .flatten()
        .filter(|part| part.get("modality").and_then(Value::as_str) == Some(kind));
    of_kind.map(|part| reader.count(part, &["tokenCount"])).sum()
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
    fn thoughts_and_tools_stand_beside_the_rest() {
        let report = json!({"promptTokenCount": 249, "toolUsePromptTokenCount": 10,
            "cachedContentTokenCount": 100, "candidatesTokenCount": 58, "thoughtsTokenCount": 183,
            "totalTokenCount": 500});
        assert_eq!(
            buckets(&report),
            [
                (Meter::Input, 159),
                (Meter::CachedInput, 100),
                (Meter::Output, 58),
                (Meter::Reasoning, 183),
            ]
        );
    }

    #[test]
    fn sound_has_a_bucket_of_its_own() {
        let report = json!({"promptTokenCount": 30, "candidatesTokenCount": 9, "totalTokenCount": 39,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 10},
                {"modality": "AUDIO", "tokenCount": 20}]});
        assert_eq!(
            buckets(&report),
            [(Meter::Input, 10), (Meter::InputAudio, 20), (Meter::Output, 9)]
        );
    }

    #[test]
    fn pictures_have_buckets_of_their_own() {
        let report = json!({"promptTokenCount": 268, "candidatesTokenCount": 1_300,
            "totalTokenCount": 1_568,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 10},
                {"modality": "IMAGE", "tokenCount": 258}],
            "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1_290}]});
        assert_eq!(
            buckets(&report),
            [
                (Meter::Input, 10),
                (Meter::InputImage, 258),
                (Meter::Output, 10),
                (Meter::OutputImage, 1_290),
            ]
        );
    }

    #[test]
    fn cached_sound_counts_as_cached_and_what_was_not_cached_as_sound() {
        let report = json!({"promptTokenCount": 100, "cachedContentTokenCount": 50,
            "candidatesTokenCount": 9, "totalTokenCount": 109,
            "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 80},
                {"modality": "TEXT", "tokenCount": 20}],
            "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 40},
                {"modality": "TEXT", "tokenCount": 10}]});
        assert_eq!(
            buckets(&report),
            [
                (Meter::Input, 10),
                (Meter::CachedInput, 50),
                (Meter::InputAudio, 40),
                (Meter::Output, 9)
            ]
        );
    }

    #[test]
    fn d2_a_report_that_cannot_be_is_not_taken() {
        for report in [
            json!({"promptTokenCount": -1}),
            json!({"promptTokenCount": 3, "cachedContentTokenCount": 4}),
            json!({"candidatesTokenCount": 1e18}),
        ] {
            assert_eq!(read_usage(&report), Report { usage: None, suspect: true }, "{report}");
        }
        assert!(read_usage(&json!({"promptTokenCount": 3, "totalTokenCount": 9})).suspect);
        assert_eq!(read_usage(&json!({"trafficType": "ON_DEMAND"})), Report::default());
    }
}
