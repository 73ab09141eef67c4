//! A provider without a model, and an upstream that does what a test tells it.
//!
//! [`Simulator`] answers OpenAI's, Anthropic's and Gemini's protocols as their vendors would on the wire, with a
//! text that says plainly where it comes from and a usage that it has truly counted. The relay
//! calls it in process as the provider "Simulated"; nothing in it knows the relay.
//! [`ScriptedUpstream`] serves the same answers over loopback HTTP/1.1 until a test pushes a
//! [`Step`]: then it refuses, stalls, cuts, lies or dribbles, and keeps a record of who asked what
//! and who hung up when. `anc-scripted-upstream` is the same as a program.
//!
//! Time is `tokio::time` alone, so that a test can move it.
//!
//! # To add …
//! * a protocol: a file beside `chat.rs` that writes its frames, a variant of `Dialect` in
//!   `question.rs` that reads its requests, a route in `simulator.rs`.
//! * a fault: a function of [`Step`] in `step.rs` (a ready-made one in `ready.rs`) and its key in
//!   `step_json.rs`; faults of the bytes are iterators over frames (`frames.rs`), faults of the
//!   connection live in `connection.rs`.
//! * a sentence of the answer: `answer.rs`.

mod answer;
mod body;
mod chat;
mod completions;
mod connection;
mod count;
mod frames;
mod gemini;
mod messages;
mod pace;
mod question;
mod ready;
mod record;
mod refusal;
mod responses;
mod scripted;
mod serve;
mod simulator;
mod step;
mod step_json;
mod streams;
mod streams_more;

pub use body::SimBody;
pub use count::TextCount;
pub use pace::{LoadShape, Pace};
pub use record::{Outcome, RecordedRequest};
pub use scripted::{ScriptedUpstream, UpstreamOptions};
pub use simulator::Simulator;
pub use step::Step;
pub use streams::{ChatStream, MessagesStream, chat_usage, messages_usage};
pub use streams_more::{GeminiStream, ResponsesStream};
