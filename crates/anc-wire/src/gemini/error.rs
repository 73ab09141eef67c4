//! The form of an error in Gemini's protocol.

use anc_domain::{RelayError, RequestId};
use bytes::Bytes;
use serde_json::{Value, json};

/// Clients tell an error in a stream by its first key, so it is the only one.
pub(crate) fn error_body(error: &RelayError, request_id: RequestId) -> Value {
    let envelope = error.code.envelope();
    json!({
        "error": {
            "code": envelope.status,
            "message": error.message,
            "status": envelope.gemini_status,
            "details": [{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": error.code.code(),
                "domain": "anc-relay",
                "metadata": {"request_id": request_id.to_string()},
            }],
        }
    })
}

pub(crate) fn error_frame(error: &RelayError, request_id: RequestId) -> Bytes {
    Bytes::from(format!("data: {}\n\n", error_body(error, request_id)))
}
