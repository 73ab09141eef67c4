//! A provider's event stream, read event by event and metered on the way.

use std::collections::VecDeque;

use anc_upstream::UpstreamBody;
use anc_wire::{FrameRole, Observed, Protocol, SseSplitter, StreamMeter};
use bytes::Bytes;
use http_body_util::BodyExt as _;

/// One event as it came, and what it is.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) bytes: Bytes,
    pub(crate) role: FrameRole,
}

/// The stream broke, or ended in the middle of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

/// Reads events and counts beside them.
#[derive(Debug)]
pub(crate) struct EventReader {
    body: UpstreamBody,
    splitter: SseSplitter,
    meter: StreamMeter,
    ready: VecDeque<Bytes>,
}

impl EventReader {
    pub(crate) fn new(protocol: Protocol, body: UpstreamBody) -> Self {
        let meter = StreamMeter::new(protocol);
        Self { body, splitter: SseSplitter::new(), meter, ready: VecDeque::new() }
    }

    /// The next event; `None` where the stream ended between two. Cancel-safe: an event is given
    /// out once it is whole, and what is half read stays for the next call.
    pub(crate) async fn next(&mut self) -> Result<Option<Frame>, Broken> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                let role = self.meter.observe(&bytes);
                return Ok(Some(Frame { bytes, role }));
            }
            match self.body.frame().await {
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else { continue };
                    self.splitter.push(data, &mut self.ready);
                }
                Some(Err(_)) => return Err(Broken),
                None => {
                    return if self.splitter.is_between_events() { Ok(None) } else { Err(Broken) };
                }
            }
        }
    }

    /// What was counted and reported so far.
    pub(crate) fn observed(&self) -> Observed {
        self.meter.observed()
    }
}
