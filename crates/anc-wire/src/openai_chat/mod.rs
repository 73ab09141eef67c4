//! OpenAI's Chat Completions, and the many servers that speak it with an accent.

mod error;
mod stream;
mod usage;

pub(crate) use error::{error_body, error_frame};
pub(crate) use stream::{StreamState, meter_completion, meter_document};
pub(crate) use usage::read_usage;
