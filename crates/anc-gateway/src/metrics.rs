//! What the data plane counts. Labels come from small fixed sets; nothing that a client chose, and
//! nothing secret, is ever one.

use anc_domain::{ChannelId, NanoUsd};
use anc_ledger::EndReason;
use anc_store::Settlement;
use anc_wire::Protocol;
use metrics::{counter, gauge, histogram};

/// A request was answered: how, by the stable code of what stopped it.
pub(crate) fn answered(protocol: Protocol, outcome: &'static str) {
    counter!("anc_requests_total", "protocol" => protocol.name(), "outcome" => outcome)
        .increment(1);
}

/// A request that had a hold has ended.
pub(crate) fn settled(protocol: Protocol, settlement: &Settlement, charge: NanoUsd) {
    let protocol = protocol.name();
    let end = settlement.end_reason.name();
    counter!("anc_settled_total", "protocol" => protocol, "end_reason" => end).increment(1);
    let (input, output) = (settlement.usage.input_total(), settlement.usage.output_total());
    counter!("anc_units_total", "direction" => "input").increment(input);
    counter!("anc_units_total", "direction" => "output").increment(output);
    counter!("anc_charged_nano_usd_total").increment(u64::try_from(charge.nanos()).unwrap_or(0));
    if let Some(ms) = settlement.first_token_ms {
        histogram!("anc_first_content_seconds", "protocol" => protocol)
            .record(f64::from(ms) / 1_000.0);
    }
    if let Some(ms) = settlement.total_ms {
        histogram!("anc_request_seconds", "protocol" => protocol).record(f64::from(ms) / 1_000.0);
    }
    if settlement.suspect {
        counter!("anc_suspect_usage_total").increment(1);
    }
    if settlement.end_reason == EndReason::Timeout {
        limit_hit("answer_time");
    }
}

/// A channel was tried.
pub(crate) fn attempted(channel: ChannelId, outcome: &'static str) {
    counter!("anc_attempts_total", "channel" => channel.to_string(), "outcome" => outcome)
        .increment(1);
}

/// How many requests run.
#[expect(clippy::cast_precision_loss, reason = "no relay runs that many requests")]
pub(crate) fn running(count: usize) {
    gauge!("anc_requests_running").set(count as f64);
}

/// The change feed can be read, or cannot.
pub(crate) fn feed_is_stale(stale: bool) {
    gauge!("anc_feed_stale").set(if stale { 1.0 } else { 0.0 });
}

/// A limit of the configuration stopped something.
pub(crate) fn limit_hit(limit: &'static str) {
    counter!("anc_limit_hits_total", "limit" => limit).increment(1);
}
