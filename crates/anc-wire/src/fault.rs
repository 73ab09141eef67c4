//! What can be wrong with a request, and what its caller reads.

use anc_domain::{RelayError, RelayErrorCode as Code};

use crate::json::Malformed;

/// A request that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// Not JSON, or nested too deep.
    #[error("the body is not valid JSON: {problem} at byte {at}")]
    Malformed {
        /// The offset of the fault.
        at: usize,
        /// What is wrong there.
        problem: &'static str,
    },
    /// There is no `model`.
    #[error("the body has no `model`")]
    NoModel,
    /// No model can have this name.
    #[error("no model has such a name")]
    BadModelName,
    /// A field has a value that it cannot have.
    #[error("`{field}` must be {expected}")]
    Field {
        /// The field's name.
        field: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// Two fields of one name, of which relay and provider could each read another.
    #[error("`{0}` is given twice")]
    Twice(&'static str),
}

impl From<Malformed> for ScanError {
    fn from(fault: Malformed) -> Self {
        Self::Malformed { at: fault.at, problem: fault.problem }
    }
}

impl ScanError {
    /// The error for the caller.
    pub fn into_error(self) -> RelayError {
        match self {
            Self::BadModelName => RelayError::new(
                Code::ModelNotFound,
                "There is no model of that name. GET /v1/models lists those that this API token \
                 may use.",
            ),
            other => {
                RelayError::new(Code::InvalidRequest, format!("The request was refused: {other}."))
            }
        }
    }
}
