//! OpenAI's Responses: events that have names, and an answer that is made of items.

mod stream;
mod usage;

use anc_domain::RelayError;
use bytes::Bytes;
use serde_json::json;

use crate::Observed;

pub(crate) use stream::{StreamState, meter_document};

/// In a stream an error is a failed response. Clients act on its code, so it is the word that they
/// match on, with ours beside it.
pub(crate) fn error_frame(
    error: &RelayError,
    request_id: &str,
    observed: &Observed,
    sent: u64,
) -> Bytes {
    // The response that was begun is the one that fails, by the next number of its events.
    let id = observed.response_id.clone().unwrap_or_else(|| format!("resp_{request_id}"));
    let sequence = observed.next_sequence.unwrap_or(sent);
    let envelope = error.code.envelope();
    let event = json!({
        "type": "response.failed",
        "sequence_number": sequence,
        "response": {
            "id": id,
            "object": "response",
            "status": "failed",
            "output": [],
            "error": {
                "code": envelope.openai_code.unwrap_or(error.code.code()),
                "message": error.message,
                "relay_code": error.code.code(),
            },
        },
    });
    Bytes::from(format!("event: response.failed\ndata: {event}\n\n"))
}
