//! The protocols on the wire: bytes in, bytes out. No sockets, no money.
//!
//! On a native route a request is scanned once for the few fields that matter and otherwise stays
//! as it is; an answer's events pass as they came, and only those that can carry usage are looked
//! into. Nothing that the relay does not act on is parsed, so nothing of it can be lost.
//!
//! # To add …
//! * a protocol: a variant of [`Protocol`] and a folder with its `request` keys, `stream` roles,
//!   `usage` rules and `error` forms; the compiler then names every place that must choose.
//! * a field of requests that the relay acts on: `scan.rs`, and `edit.rs` where it is changed.
//! * a vendor's way of reporting usage: the `usage` file of its protocol, with a fixture.

mod anthropic;
mod count;
mod edit;
mod error;
mod fan_in;
mod fan_out;
mod fault;
mod gemini;
mod headers;
mod json;
mod listing;
mod meter;
mod openai_chat;
mod openai_embeddings;
mod openai_responses;
mod protocol;
mod references;
mod scan;
mod scan_gemini;
mod scan_tools;
mod session;
mod sse;

pub use count::{InputSize, OutputCount};
pub use edit::RequestEdits;
pub use error::{error_frame, error_response, in_array};
pub use fan_in::events_as_document;
pub use fan_out::{document_as_events, looks_like_events};
pub use fault::ScanError;
pub use gemini::ArrayFraming;
pub use headers::{add_request_id, request_headers, response_headers};
pub use listing::{
    ModelListing, ModelPage, count_tokens_body, gemini_count_body, gemini_model_body,
    gemini_models_body, model_body, models_body, response_count_body,
};
pub use meter::{FrameRole, ModelUse, Observed, Served, StreamMeter, meter_document};
pub use protocol::{Family, Operation, Protocol, keepalive_frame, terminal_frame};
pub use scan::{RequestFacts, scan_request};
pub use scan_gemini::scan_gemini_request;
pub use scan_tools::HostedTools;
pub use session::session_of_headers;
pub use sse::SseSplitter;
