//! Google's Gemini: each event of a stream is a whole answer so far as it goes, and the last of
//! them is told by its reason to end.

mod array;
mod error;
mod stream;
mod usage;

pub use array::ArrayFraming;
pub(crate) use error::{error_body, error_frame};
pub(crate) use stream::{StreamState, meter_document, meter_embeddings};
