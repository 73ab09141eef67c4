//! One port, two planes: a request's path decides which of them answers.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use anc_control::PeerAddress;
use anc_domain::TrustedProxies;
use anc_gateway::{Gateway, GatewayBody};
use axum::Router;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::runtime::Handle;
use tower::ServiceExt as _;

use crate::cors;

/// What a worker needs to answer a request of either plane.
#[derive(Clone)]
pub(crate) struct Planes {
    pub(crate) gateway: Gateway,
    /// The control API and the console's files.
    pub(crate) control: Router,
    /// The control plane's own threads, so that its work never delays a relayed frame.
    pub(crate) control_runtime: Handle,
    pub(crate) trusted_proxies: Arc<TrustedProxies>,
    /// Whether web pages of other origins may call the relay.
    pub(crate) cors: bool,
}

impl Planes {
    /// Answers one request that came from `peer`.
    pub(crate) async fn answer(
        self,
        mut request: Request<Incoming>,
        peer: IpAddr,
    ) -> Response<PlaneBody> {
        let client = self.trusted_proxies.client(peer, forwarded_for(request.headers()));
        if Gateway::owns(request.uri().path()) {
            // Boxed, since the connection keeps the room of what it once waited for: a stream would
            // hold on to the state of its whole admission. Infallible: an error is an answer.
            if let Some(response) = self.cors.then(|| cors::preflight(&request)).flatten() {
                return response.map(PlaneBody::Gateway);
            }
            let Ok(mut response) = Box::pin(self.gateway.handle(request, client)).await;
            if self.cors {
                cors::open(response.headers_mut());
            }
            return response.map(PlaneBody::Gateway);
        }
        request.extensions_mut().insert(PeerAddress(client.address));
        let control = self.control;
        let answer =
            self.control_runtime.spawn(control.oneshot(request.map(axum::body::Body::new)));
        match answer.await {
            Ok(Ok(response)) => response.map(PlaneBody::Control),
            // The task was dropped: the process is stopping.
            Err(_) => {
                let mut response = Response::new(PlaneBody::Control(axum::body::Body::empty()));
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                response
            }
        }
    }
}

fn forwarded_for(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all("x-forwarded-for").iter().map(http::HeaderValue::as_bytes)
}

/// The body of an answer of either plane.
pub(crate) enum PlaneBody {
    Gateway(GatewayBody),
    Control(axum::body::Body),
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl Body for PlaneBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Gateway(body) => Pin::new(body).poll_frame(context).map_err(Into::into),
            Self::Control(body) => Pin::new(body).poll_frame(context).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Gateway(body) => body.is_end_stream(),
            Self::Control(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Gateway(body) => body.size_hint(),
            Self::Control(body) => body.size_hint(),
        }
    }
}
