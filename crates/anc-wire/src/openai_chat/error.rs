//! The form of an error in OpenAI's protocol.

use anc_domain::RelayError;
use bytes::Bytes;
use serde_json::{Value, json};

/// `code` is the word that clients match on; where that is not ours, ours stands beside it.
pub(crate) fn error_body(error: &RelayError) -> Value {
    let envelope = error.code.envelope();
    json!({
        "error": {
            "message": error.message,
            "type": envelope.openai_type,
            "param": null,
            "code": envelope.openai_code.unwrap_or(error.code.code()),
            "relay_code": error.code.code(),
        }
    })
}

/// In a stream an error is a chunk of its own, after which the stream ends without `[DONE]`.
pub(crate) fn error_frame(error: &RelayError) -> Bytes {
    Bytes::from(format!("data: {}\n\n", error_body(error)))
}
