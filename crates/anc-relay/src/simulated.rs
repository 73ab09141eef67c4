//! The Simulated provider, called in process.

use std::io;
use std::sync::Arc;

use anc_domain::Clock;
use anc_simulator::{Pace, Simulator};
use anc_upstream::{InProcessProvider, UpstreamBody};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;

/// The provider inside the binary, at a lifelike pace.
#[derive(Debug)]
pub(crate) struct Simulated(Simulator);

impl Simulated {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let seconds = move || u64::try_from(clock.now().as_seconds()).unwrap_or_default();
        Self(Simulator::new(Pace::Lifelike).with_clock(seconds))
    }
}

impl InProcessProvider for Simulated {
    fn call(&self, request: Request<Bytes>) -> Response<UpstreamBody> {
        let (head, body) = request.into_parts();
        self.0
            .answer(&head, &body)
            .map(|body| UpstreamBody::InProcess(body.map_err(io::Error::other).boxed_unsync()))
    }
}
