//! The body of a provider's answer, from the network or from within.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;

use crate::unpack::Unpacked;

/// What a provider sends after its head. Dropping it cancels the request.
#[derive(Debug)]
pub enum UpstreamBody {
    /// From the network.
    Network(Incoming),
    /// From a provider inside the binary.
    InProcess(UnsyncBoxBody<Bytes, std::io::Error>),
    /// From the network, compressed though nobody asked for that.
    Unpacked(Box<Unpacked>),
    /// One whose beginning was looked at.
    Begun(Option<Bytes>, Box<UpstreamBody>),
}

impl UpstreamBody {
    /// The first bytes of the body, and the body with them still in it. Empty where there are none.
    pub async fn peeked(mut self) -> std::io::Result<(Bytes, Self)> {
        while let Some(frame) = self.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            if !data.is_empty() {
                return Ok((data.clone(), Self::Begun(Some(data), Box::new(self))));
            }
        }
        Ok((Bytes::new(), self))
    }
}

impl Body for UpstreamBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        match self.get_mut() {
            Self::Network(body) => {
                Pin::new(body).poll_frame(context).map_err(std::io::Error::other)
            }
            Self::InProcess(body) => Pin::new(body).poll_frame(context),
            Self::Unpacked(body) => Pin::new(body.as_mut()).poll_frame(context),
            Self::Begun(beginning, rest) => match beginning.take() {
                Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
                None => Pin::new(rest.as_mut()).poll_frame(context),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Network(body) => body.is_end_stream(),
            Self::InProcess(body) => body.is_end_stream(),
            Self::Unpacked(body) => body.is_end_stream(),
            Self::Begun(beginning, rest) => beginning.is_none() && rest.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Network(body) => body.size_hint(),
            Self::InProcess(body) => body.size_hint(),
            Self::Unpacked(body) => body.size_hint(),
            Self::Begun(..) => SizeHint::default(),
        }
    }
}
