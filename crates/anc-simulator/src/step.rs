//! One answer of the scripted upstream, honest or not.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, InvalidHeaderName, InvalidHeaderValue, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::Value;

use crate::body::{BodyEnd, SimBody};
use crate::frames::{Frames, Slicing, TimedFrame, limited, sliced, spaced, with_crlf};
use crate::pace::Pace;

/// What the scripted upstream does with one request: how it starts, what it sends, what is done to
/// those bytes on the way, and how they end.
///
/// ```
/// use std::time::Duration;
/// use anc_simulator::{ChatStream, Step};
///
/// let cut_in_the_middle = Step::stream(ChatStream::saying(["Hel", "lo"]).frames())
///     .every(Duration::from_millis(20))
///     .cut_after(300);
/// let busy = Step::too_many_requests(Some(2)).for_path("/v1/messages");
/// ```
#[derive(Debug, Clone)]
pub struct Step {
    pub(crate) path: Option<String>,
    pub(crate) start: Start,
    pub(crate) before_head: Duration,
    pub(crate) source: Source,
    status: Option<StatusCode>,
    headers: HeaderMap,
    removed_headers: Vec<HeaderName>,
    every: Duration,
    crlf: bool,
    slicing: Option<Slicing>,
    end_after: Option<u64>,
    end: BodyEnd,
}

/// What happens before anything is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Answer,
    Reset,
    Stall,
    /// The connection is reset after so many bytes, head and body counted together.
    ResetAfter(usize),
}

/// What is sent before the step spoils it.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// The simulator's answer to the request, at a pace of its own where one is given.
    Honest(Option<Pace>),
    /// A body with its length.
    Whole(Bytes),
    /// Frames without a length, then one that is repeated for ever.
    Frames(Vec<TimedFrame>, Option<TimedFrame>),
}

impl Step {
    /// What would be answered without a script: to be spoiled, or to stand between other steps.
    pub fn honest() -> Self {
        Self::of(Source::Honest(None))
    }

    /// The same at a pace of its own.
    pub fn honest_at(pace: Pace) -> Self {
        Self::of(Source::Honest(Some(pace)))
    }

    /// A whole body as it stands, without a content type.
    ///
    /// # Panics
    /// When there is no such status.
    pub fn respond(status: u16, body: impl Into<Bytes>) -> Self {
        Self::of(Source::Whole(body.into())).status(status)
    }

    /// A whole JSON body.
    ///
    /// # Panics
    /// When there is no such status.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::respond(status, body.to_string()).header("content-type", "application/json")
    }

    /// A stream of server-sent events, one write a frame.
    pub fn stream<F: Into<Bytes>>(frames: impl IntoIterator<Item = F>) -> Self {
        Self::timed_stream(frames.into_iter().map(|frame| (Duration::ZERO, frame)))
    }

    /// The same with a wait before each frame.
    pub fn timed_stream<F: Into<Bytes>>(frames: impl IntoIterator<Item = (Duration, F)>) -> Self {
        let frames =
            frames.into_iter().map(|(after, bytes)| TimedFrame { after, bytes: bytes.into() });
        Self::of(Source::Frames(frames.collect(), None))
            .header("content-type", "text/event-stream; charset=utf-8")
    }

    /// The connection is reset instead of an answer.
    pub fn reset_before_head() -> Self {
        Self { start: Start::Reset, ..Self::honest() }
    }

    /// The request is read and never answered.
    pub fn stall_before_head() -> Self {
        Self { start: Start::Stall, ..Self::honest() }
    }

    fn of(source: Source) -> Self {
        Self {
            path: None,
            start: Start::Answer,
            before_head: Duration::ZERO,
            source,
            status: None,
            headers: HeaderMap::new(),
            removed_headers: Vec::new(),
            every: Duration::ZERO,
            crlf: false,
            slicing: None,
            end_after: None,
            end: BodyEnd::Clean,
        }
    }
}

/// What can be done to any step.
impl Step {
    /// Only a request whose path begins so takes this step; others pass it by.
    #[must_use]
    pub fn for_path(mut self, prefix: impl Into<String>) -> Self {
        self.path = Some(prefix.into());
        self
    }

    /// Another status, whatever the body.
    ///
    /// # Panics
    /// When there is no such status.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a script is test code, and this is its typing error")]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(StatusCode::from_u16(status).expect("a status from 100 to 999"));
        self
    }

    /// Sets a header.
    ///
    /// # Panics
    /// When the name or the value cannot stand in a head.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a script is test code, and this is its typing error")]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.try_header(name, value).expect("a header's name and value")
    }

    pub(crate) fn try_header(mut self, name: &str, value: &str) -> Result<Self, BadHeader> {
        let name = HeaderName::try_from(name).map_err(BadHeader::Name)?;
        self.headers.insert(name, HeaderValue::try_from(value).map_err(BadHeader::Value)?);
        Ok(self)
    }

    /// Lies about what the body is, or says nothing with `None`.
    #[must_use]
    pub fn content_type(mut self, content_type: Option<&'static str>) -> Self {
        if let Some(text) = content_type {
            self.headers.insert(CONTENT_TYPE, HeaderValue::from_static(text));
        } else {
            self.headers.remove(CONTENT_TYPE);
            self.removed_headers.push(CONTENT_TYPE);
        }
        self
    }

    /// Waits before the head.
    #[must_use]
    pub fn before_head(mut self, wait: Duration) -> Self {
        self.before_head = wait;
        self
    }

    /// Waits at least so long before each frame.
    #[must_use]
    pub fn every(mut self, wait: Duration) -> Self {
        self.every = wait;
        self
    }

    /// Ends lines with CRLF.
    #[must_use]
    pub fn crlf(mut self) -> Self {
        self.crlf = true;
        self
    }

    /// Sends the body in writes of so many bytes.
    #[must_use]
    pub fn in_writes_of(mut self, bytes: usize) -> Self {
        self.slicing = Some(Slicing::Every(bytes));
        self
    }

    /// Sends the body byte by byte.
    #[must_use]
    pub fn byte_by_byte(self) -> Self {
        self.in_writes_of(1)
    }

    /// Ends a write within every character of more than one byte.
    #[must_use]
    pub fn splitting_characters(mut self) -> Self {
        self.slicing = Some(Slicing::InsideCharacters);
        self
    }

    /// Closes the connection after so many bytes of the body, in the middle of it. With 0 the head
    /// is all that is sent.
    #[must_use]
    pub fn cut_after(self, bytes: u64) -> Self {
        self.ending(bytes, BodyEnd::Cut)
    }

    /// Resets the connection after so many bytes of the body.
    #[must_use]
    pub fn reset_after(self, bytes: u64) -> Self {
        self.ending(bytes, BodyEnd::Reset)
    }

    /// Falls silent after so many bytes of the body, the connection left open.
    #[must_use]
    pub fn stall_after(self, bytes: u64) -> Self {
        self.ending(bytes, BodyEnd::Stall)
    }

    /// Ends the body after so many bytes as if that were all: what HTTP sees is whole.
    #[must_use]
    pub fn end_after(self, bytes: u64) -> Self {
        self.ending(bytes, BodyEnd::Clean)
    }

    /// Closes the connection after the whole of the body, without the body's end.
    #[must_use]
    pub fn cut_at_end(self) -> Self {
        self.ending(u64::MAX, BodyEnd::Cut)
    }

    /// Falls silent after the whole of the body, the connection left open.
    #[must_use]
    pub fn stall_at_end(self) -> Self {
        self.ending(u64::MAX, BodyEnd::Stall)
    }

    /// Resets the connection after so many bytes of head and body together: within the head, if
    /// there are few enough.
    #[must_use]
    pub fn reset_within_head(mut self, bytes: usize) -> Self {
        self.start = Start::ResetAfter(bytes);
        self
    }

    fn ending(mut self, bytes: u64, end: BodyEnd) -> Self {
        self.end_after = Some(bytes);
        self.end = end;
        self
    }

    pub(crate) fn retry_after(mut self, seconds: Option<u32>) -> Self {
        if let Some(seconds) = seconds {
            self.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        self
    }
}

/// What the server needs of it.
impl Step {
    /// The step's own answer; `None` where the simulator is to be asked.
    pub(crate) fn written(&self) -> Option<Response<SimBody>> {
        match &self.source {
            Source::Honest(_) => None,
            Source::Whole(bytes) => {
                Some(Response::new(SimBody::whole(Duration::ZERO, bytes.clone())))
            }
            Source::Frames(frames, repeated) => {
                let beats = repeated.clone().into_iter().flat_map(std::iter::repeat);
                let frames: Frames = Box::new(frames.clone().into_iter().chain(beats));
                Some(Response::new(SimBody::stream(frames, BodyEnd::Clean)))
            }
        }
    }

    /// Does to the answer what the step says.
    pub(crate) fn spoil(self, response: Response<SimBody>) -> Response<SimBody> {
        let (mut head, mut body) = response.into_parts();
        head.status = self.status.unwrap_or(head.status);
        for name in self.removed_headers {
            head.headers.remove(name);
        }
        head.headers.extend(self.headers);
        if self.crlf {
            body = body.map_frames(with_crlf).of_unknown_length();
        }
        if let Some(bytes_max) = self.end_after {
            body = body.map_frames(|frames| limited(frames, bytes_max)).with_end(self.end);
            if self.end == BodyEnd::Clean {
                body = body.no_longer_than(bytes_max);
            }
        }
        if !self.every.is_zero() {
            body = body.map_frames(|frames| spaced(frames, self.every));
        }
        if let Some(slicing) = self.slicing {
            body = body.map_frames(|frames| sliced(frames, slicing));
        }
        Response::from_parts(head, body)
    }
}

/// A header that cannot be sent.
#[derive(Debug)]
pub(crate) enum BadHeader {
    Name(InvalidHeaderName),
    Value(InvalidHeaderValue),
}

impl std::fmt::Display for BadHeader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(error) => error.fmt(f),
            Self::Value(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BadHeader {}
