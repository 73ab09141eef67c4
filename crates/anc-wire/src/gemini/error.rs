//! The form of an error in Gemini's protocol.

use std::time::Duration;

use anc_domain::{RelayError, RequestId};
use bytes::Bytes;
use serde_json::{Value, json};

/// What a client is told to wait for where waiting does not help: Gemini CLI gives up and shows the
/// message where it is more than five minutes, and retries for minutes where nothing is said.
const NO_USE_TO_WAIT: Duration = Duration::from_hours(24);

/// Clients tell an error in a stream by its first key, so it is the only one.
pub(crate) fn error_body(error: &RelayError, request_id: RequestId) -> Value {
    let envelope = error.code.envelope();
    let mut details = vec![json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": error.code.code(),
        "domain": "anc-relay",
        "metadata": {"request_id": request_id.to_string()},
    })];
    // Only of an exhausted resource do clients think that it may come back.
    let in_vain =
        envelope.should_retry == Some(false) && envelope.gemini_status == "RESOURCE_EXHAUSTED";
    let in_vain = in_vain.then_some(NO_USE_TO_WAIT);
    if let Some(wait) = error.retry_after.or(in_vain) {
        details.push(json!({
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": format!("{}s", wait.as_secs().max(1)),
        }));
    }
    json!({
        "error": {
            "code": envelope.status,
            "message": error.message,
            "status": envelope.gemini_status,
            "details": details,
        }
    })
}

pub(crate) fn error_frame(error: &RelayError, request_id: RequestId) -> Bytes {
    Bytes::from(format!("data: {}\n\n", error_body(error, request_id)))
}

#[cfg(test)]
mod tests {
    use anc_domain::RelayErrorCode as Code;

    use super::*;

    fn delay(error: &RelayError) -> Value {
        error_body(error, RequestId::from_bytes([0; 16]))["error"]["details"][1]["retryDelay"]
            .clone()
    }

    #[test]
    fn a_client_is_told_for_how_long_to_wait_and_where_waiting_is_in_vain() {
        let exhausted = RelayError::new(Code::TokenQuotaExhausted, "x");
        assert_eq!(delay(&exhausted), "86400s");
        let budget =
            RelayError::new(Code::BudgetExhausted, "x").retry_after(Duration::from_secs(7));
        assert_eq!(delay(&budget), "7s");
        assert_eq!(delay(&RelayError::new(Code::InvalidApiKey, "x")), Value::Null);
    }
}
