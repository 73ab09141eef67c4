//! Dialling: the name is resolved, the addresses are checked, and a checked one is connected to.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::Service;

use crate::address::is_public;

/// Said by the connector when it refuses every address, so that the client can tell it from a
/// network's failure.
#[derive(Debug, thiserror::Error)]
#[error("every address of the host is private")]
pub(crate) struct AddressRefused;

/// Opens TCP connections for the HTTP client. Host and SNI stay those of the URL; only what they
/// resolve to is checked, and exactly the checked address is used, so that a name which changes
/// its answer between check and use gains nothing.
#[derive(Debug, Clone)]
pub(crate) struct CheckedConnector {
    pub(crate) allow_private: bool,
    pub(crate) timeout: Duration,
}

impl Service<Uri> for CheckedConnector {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Self { allow_private, timeout } = *self;
        Box::pin(async move {
            tokio::time::timeout(timeout, connect(&uri, allow_private))
                .await
                .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
                .map(TokioIo::new)
        })
    }
}

async fn connect(uri: &Uri, allow_private: bool) -> io::Result<TcpStream> {
    let host = uri.host().ok_or(io::ErrorKind::InvalidInput)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let default_port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let port = uri.port_u16().unwrap_or(default_port);
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    let allowed = addresses.into_iter().filter(|to| allow_private || is_public(to.ip()));
    let mut last_error = io::Error::other(AddressRefused);
    for address in allowed {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last_error = error,
        }
    }
    Err(last_error)
}
