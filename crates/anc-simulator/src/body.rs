//! The body of a simulated answer.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::frames::{Frames, TimedFrame};

/// What comes after the last frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyEnd {
    /// The end that HTTP knows: the reader sees a whole body.
    Clean,
    /// The connection closes in the middle of the body.
    Cut,
    /// The connection is reset in the middle of the body.
    Reset,
    /// Nothing, for ever.
    Stall,
}

/// Bytes that come when they are due and only as fast as they are taken. Nothing runs beside it:
/// dropping it is all it takes to stop the answer.
pub struct SimBody {
    frames: Frames,
    next: Option<TimedFrame>,
    /// When the frame before `next` was due; waits count from there so that they do not add up to
    /// more than their sum.
    last_due: Option<Instant>,
    waiting: bool,
    timer: Option<Pin<Box<Sleep>>>,
    end: BodyEnd,
    length: Option<u64>,
}

impl SimBody {
    /// A body of unknown length.
    pub(crate) fn stream(mut frames: Frames, end: BodyEnd) -> Self {
        let next = frames.next();
        Self { frames, next, last_due: None, waiting: false, timer: None, end, length: None }
    }

    /// The same with its length announced, whether or not it will keep to it.
    pub(crate) fn announcing(mut self, length: u64) -> Self {
        self.length = Some(length);
        self
    }

    /// A whole body, sent `after` the head.
    pub(crate) fn whole(after: std::time::Duration, bytes: Bytes) -> Self {
        let length = bytes.len() as u64;
        let frame = (!bytes.is_empty()).then_some(TimedFrame { after, bytes });
        Self::stream(Box::new(frame.into_iter()), BodyEnd::Clean).announcing(length)
    }

    /// The same with its length not announced.
    pub(crate) fn of_unknown_length(mut self) -> Self {
        self.length = None;
        self
    }

    /// The same with a smaller length announced, if one is.
    pub(crate) fn no_longer_than(mut self, length_max: u64) -> Self {
        self.length = self.length.map(|length| length.min(length_max));
        self
    }

    pub(crate) const fn end(&self) -> BodyEnd {
        self.end
    }

    pub(crate) fn with_end(mut self, end: BodyEnd) -> Self {
        self.end = end;
        self
    }

    /// The same body with its frames changed on the way.
    pub(crate) fn map_frames(mut self, change: impl FnOnce(Frames) -> Frames) -> Self {
        let first = self.next.take();
        let mut frames = change(Box::new(first.into_iter().chain(self.frames)));
        self.next = frames.next();
        self.frames = frames;
        self
    }

    fn poll_due(&mut self, after: std::time::Duration, context: &mut Context<'_>) -> Poll<()> {
        if after.is_zero() {
            return Poll::Ready(());
        }
        if !self.waiting {
            let due = self.last_due.unwrap_or_else(Instant::now) + after;
            match &mut self.timer {
                Some(timer) => timer.as_mut().reset(due),
                None => self.timer = Some(Box::pin(sleep_until(due))),
            }
            self.last_due = Some(due);
            self.waiting = true;
        }
        if let Some(timer) = &mut self.timer {
            ready!(timer.as_mut().poll(context));
        }
        self.waiting = false;
        Poll::Ready(())
    }
}

impl Body for SimBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        if let Some(after) = this.next.as_ref().map(|frame| frame.after) {
            ready!(this.poll_due(after, context));
        }
        match this.next.take() {
            Some(frame) => {
                this.next = this.frames.next();
                Poll::Ready(Some(Ok(Frame::data(frame.bytes))))
            }
            None => match this.end {
                BodyEnd::Clean => Poll::Ready(None),
                BodyEnd::Stall => Poll::Pending,
                BodyEnd::Cut | BodyEnd::Reset => {
                    this.end = BodyEnd::Clean;
                    let cut = io::Error::new(io::ErrorKind::ConnectionReset, "upstream cut short");
                    Poll::Ready(Some(Err(cut)))
                }
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.next.is_none() && self.end == BodyEnd::Clean
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl fmt::Debug for SimBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimBody")
            .field("end", &self.end)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}
