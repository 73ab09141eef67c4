//! The form of an error in Anthropic's protocol.

use anc_domain::{RelayError, RequestId};
use bytes::Bytes;
use serde_json::{Value, json};

pub(crate) fn error_body(error: &RelayError, request_id: RequestId) -> Value {
    json!({
        "type": "error",
        "error": {
            "type": error.code.envelope().anthropic_type,
            "message": error.message,
            "relay_code": error.code.code(),
        },
        "request_id": request_id.to_string(),
    })
}

/// In a stream an error is an event of its own, after which the stream ends without `message_stop`.
pub(crate) fn error_frame(error: &RelayError, request_id: RequestId) -> Bytes {
    Bytes::from(format!("event: error\ndata: {}\n\n", error_body(error, request_id)))
}
