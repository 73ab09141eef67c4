//! Every limit of the data plane, each with its reason. The values come from the configuration;
//! `config.default.toml` says the same to operators.

use std::time::Duration;

/// How much input a hold covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputHold {
    /// A cautious count, which some text may exceed by a little; what it then costs is owed all the
    /// same.
    Cautious,
    /// A bound that no text exceeds: holds are larger, and nothing is ever owed beyond them.
    Strict,
}

/// How much, how long and how often, at most.
#[derive(Debug, Clone)]
pub struct Limits {
    /// A request's body in bytes. Pictures travel inside as base64, so it is not small.
    pub request_body_bytes: usize,
    /// All large bodies in memory together, in bytes: what is beyond a request's first 64 KiB.
    pub request_bodies_bytes: usize,
    /// For how long a client may send nothing while its body is awaited.
    pub request_body_idle: Duration,
    /// How slowly a body may arrive in the end: once the time above is used up, a client that was
    /// slower than this on the whole is cut off.
    pub request_body_bytes_per_second: u64,
    /// A buffered answer of a provider in bytes.
    pub answer_bytes: usize,
    /// A provider's refusal that is passed on or logged, in bytes.
    pub refusal_bytes: usize,
    /// Channels tried for one request.
    pub attempts: usize,
    /// Requests that run at the same time; each may pin some memory.
    pub running_requests: usize,
    /// How much input a hold covers.
    pub input_hold: InputHold,
    /// Output units that a request may have where neither it nor its model says.
    pub output_units_default: u64,
    /// Output units that a stream must be able to pay for in advance to begin or to go on.
    pub output_step_units: u64,
    /// Calls of each hosted tool that are held for where a request offers it and bounds it no further.
    pub tool_calls_held: u64,
    /// How long an answer's head may be held back for the first sign of content. After it the head
    /// goes out, since clients take long silence for a dead server.
    pub first_content_grace: Duration,
    /// For how long a provider may say nothing before its first content, and after it.
    pub first_content: Duration,
    /// For how long a provider may say nothing between two events.
    pub idle: Duration,
    /// After how much silence the client is sent a sign of life.
    pub keepalive: Duration,
    /// How long one answer may take in all.
    pub total: Duration,
    /// Tokens kept in the directory's cache.
    pub directory_entries: u64,
    /// Unknown credentials remembered, so that repeating one costs no look-up.
    pub directory_unknown_entries: u64,
    /// For how long the store's change feed may be unreadable before requests are refused.
    pub feed_stale: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_body_bytes: 32 << 20,
            request_bodies_bytes: 1 << 30,
            request_body_idle: Duration::from_secs(30),
            request_body_bytes_per_second: 1_024,
            answer_bytes: 64 << 20,
            refusal_bytes: 64 << 10,
            attempts: 3,
            running_requests: 20_000,
            input_hold: InputHold::Cautious,
            output_units_default: 32_768,
            output_step_units: 512,
            tool_calls_held: 8,
            first_content_grace: Duration::from_secs(10),
            first_content: Duration::from_mins(10),
            idle: Duration::from_mins(5),
            keepalive: Duration::from_secs(12),
            total: Duration::from_mins(30),
            directory_entries: 100_000,
            directory_unknown_entries: 10_000,
            feed_stale: Duration::from_secs(10),
        }
    }
}
