//! Errors in the shapes of the two vendors.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::json;

use crate::body::SimBody;
use crate::question::Dialect;

/// Why a request gets no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    message: String,
    /// `OpenAI` names the field at fault and a code; Anthropic has neither.
    param: Option<&'static str>,
    code: Option<&'static str>,
    allowed: Option<&'static str>,
}

impl Refusal {
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, message, None)
    }

    pub(crate) fn invalid(field: &'static str, what: &str) -> Self {
        let refusal = Self::bad_request(format!("{field}: {what}"));
        Self { param: Some(field), code: Some("invalid_value"), ..refusal }
    }

    pub(crate) fn missing(dialect: Dialect, field: &'static str) -> Self {
        let refusal = Self::bad_request(match dialect {
            Dialect::Messages => format!("{field}: Field required"),
            _ => format!("Missing required parameter: '{field}'."),
        });
        Self { param: Some(field), code: Some("missing_required_parameter"), ..refusal }
    }

    pub(crate) fn not_found(path: &str) -> Self {
        let message = format!("the simulated provider serves nothing at {path}");
        Self::of(StatusCode::NOT_FOUND, message, Some("not_found"))
    }

    pub(crate) fn method(allowed: &'static str) -> Self {
        let message = format!("this path answers to {allowed} only");
        let refusal = Self::of(StatusCode::METHOD_NOT_ALLOWED, message, Some("method_not_allowed"));
        Self { allowed: Some(allowed), ..refusal }
    }

    pub(crate) fn too_large() -> Self {
        Self::of(StatusCode::PAYLOAD_TOO_LARGE, "the body of the request is too large", None)
    }

    fn of(status: StatusCode, message: impl Into<String>, code: Option<&'static str>) -> Self {
        Self { status, message: message.into(), param: None, code, allowed: None }
    }

    /// The methods to name beside the error, where the method was at fault.
    pub(crate) const fn allowed(&self) -> Option<&'static str> {
        self.allowed
    }

    pub(crate) fn into_response(self, dialect: Dialect, request_id: &str) -> Response<SimBody> {
        let body = match dialect {
            Dialect::Gemini => json!({"error": {
                "code": self.status.as_u16(),
                "message": self.message,
                "status": "INVALID_ARGUMENT",
            }}),
            Dialect::Messages => json!({
                "type": "error",
                "error": {"type": messages_type(self.status), "message": self.message},
                "request_id": request_id,
            }),
            _ => json!({"error": {
                "message": self.message,
                "type": "invalid_request_error",
                "param": self.param,
                "code": self.code,
            }}),
        };
        let body = SimBody::whole(std::time::Duration::ZERO, Bytes::from(body.to_string()));
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        response
    }
}

fn messages_type(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "not_found_error",
        StatusCode::PAYLOAD_TOO_LARGE => "request_too_large",
        _ => "invalid_request_error",
    }
}
