//! HTTP/1.1 over loopback.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::simulator::Simulator;

/// How long a client may take to send its head.
const HEAD_TIMEOUT: Duration = Duration::from_mins(1);
/// How long accepting rests after a failure: it is out of file descriptors, most likely.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

impl Simulator {
    /// Serves the simulator until the returned future is dropped; then every connection ends.
    pub async fn serve(&self, listener: TcpListener) {
        accept_all(&listener, |socket| {
            let simulator = self.clone();
            async move {
                let answer =
                    |request| async { Ok::<_, io::Error>(simulator.handle(request).await) };
                serve_connection(socket, answer).await;
            }
        })
        .await;
    }
}

/// Runs `connection` for each socket that comes in.
pub(crate) async fn accept_all<F>(listener: &TcpListener, connection: impl Fn(TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => {
                    // Only a little more delay where it fails.
                    let _ = socket.set_nodelay(true);
                    connections.spawn(connection(socket));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection to its end. How it ends is the client's business, or the script's.
pub(crate) async fn serve_connection<S, A, F, B>(socket: S, answer: A)
where
    S: AsyncRead + AsyncWrite + Unpin,
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Result<Response<B>, io::Error>>,
    B: Body<Data = Bytes, Error = io::Error> + 'static,
{
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(socket), service_fn(answer))
        .await;
}
