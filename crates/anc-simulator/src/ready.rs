//! Steps that most tests want: the errors and the lies that upstreams are known for.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use crate::frames::TimedFrame;
use crate::step::{Source, Step};

impl Step {
    /// 429 in the protocol's shape, with `retry-after` in seconds where given.
    pub fn too_many_requests(retry_after: Option<u32>) -> Self {
        Self::error(429, "rate_limit_error", "rate_limit_exceeded", "too many requests")
            .retry_after(retry_after)
    }

    /// 503 with `retry-after` in seconds where given.
    pub fn unavailable(retry_after: Option<u32>) -> Self {
        Self::error(503, "api_error", "service_unavailable", "the service is unavailable")
            .retry_after(retry_after)
    }

    /// 529, Anthropic's "overloaded", with `retry-after` in seconds where given.
    pub fn overloaded(retry_after: Option<u32>) -> Self {
        Self::error(529, "overloaded_error", "overloaded", "Overloaded").retry_after(retry_after)
    }

    /// An error whose body both vendors' clients understand.
    ///
    /// # Panics
    /// When there is no such status.
    pub fn error(status: u16, kind: &str, code: &str, message: &str) -> Self {
        Self::json(
            status,
            &json!({
                "type": "error",
                "error": {"type": kind, "code": code, "param": null, "message": message},
                "request_id": "req_scripted",
            }),
        )
    }

    /// A proxy's page where JSON or events are expected, with status 200 or one of an error.
    ///
    /// # Panics
    /// When there is no such status.
    pub fn html(status: u16) -> Self {
        let page = "<!DOCTYPE html><html><head><title>Sign in</title></head>\
                    <body><h1>Please sign in to the network</h1></body></html>\n";
        Self::respond(status, page).header("content-type", "text/html; charset=utf-8")
    }

    /// A Chat Completions error inside a stream that began with status 200, after `frames`.
    pub fn chat_error_in_band(frames: impl IntoIterator<Item = Bytes>) -> Self {
        let error = json!({"error": {"message": "the server had an error", "type": "server_error",
            "param": null, "code": "server_error"}});
        Self::stream(frames.into_iter().chain([Bytes::from(format!("data: {error}\n\n"))]))
    }

    /// A Messages error inside a stream that began with status 200, after `frames`.
    pub fn messages_error_in_band(frames: impl IntoIterator<Item = Bytes>) -> Self {
        let error = json!({"type": "error",
            "error": {"type": "overloaded_error", "message": "Overloaded"}});
        let event = Bytes::from(format!("event: error\ndata: {error}\n\n"));
        Self::stream(frames.into_iter().chain([event]))
    }

    /// `frames`, then a comment every `interval` (no less than a millisecond) for ever.
    pub fn heartbeats(frames: impl IntoIterator<Item = Bytes>, interval: Duration) -> Self {
        Self::endless(frames, Bytes::from_static(b": heartbeat\n\n"), interval)
    }

    /// `frames`, then `frame` every `interval` (no less than a millisecond) for ever.
    pub fn endless(
        frames: impl IntoIterator<Item = Bytes>,
        frame: Bytes,
        interval: Duration,
    ) -> Self {
        let beat = TimedFrame { after: interval.max(Duration::from_millis(1)), bytes: frame };
        let mut step = Self::stream(frames);
        if let Source::Frames(_, repeated) = &mut step.source {
            *repeated = Some(beat);
        }
        step
    }

    /// An event that is one line of so many bytes, between `before` and `after`: a comment is
    /// allowed to be that long, and a picture is.
    pub fn long_line(
        before: impl IntoIterator<Item = Bytes>,
        bytes: usize,
        after: impl IntoIterator<Item = Bytes>,
    ) -> Self {
        const FRAME_BYTES: usize = 64 * 1024;
        let line = Bytes::from(vec![b'x'; FRAME_BYTES]);
        let whole = std::iter::repeat_n(line.clone(), bytes / FRAME_BYTES);
        let rest = line.slice(..bytes % FRAME_BYTES);
        Self::stream(
            before
                .into_iter()
                .chain([Bytes::from_static(b": ")])
                .chain(whole)
                .chain([rest, Bytes::from_static(b"\n\n")])
                .chain(after),
        )
    }
}
