//! One client for each worker thread, with its own pools of connections.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::connect::{AddressRefused, CheckedConnector};
use crate::unpack::{ContentEncoding, Unpacked};
use crate::{UpstreamBody, UpstreamFailure};

/// Idle connections kept to one host by one worker.
const IDLE_PER_HOST_MAX: usize = 256;
/// For how long an idle connection is kept; shorter than the usual servers close theirs.
const IDLE_TIMEOUT: Duration = Duration::from_secs(55);

/// A provider that lives inside the binary and is called instead of dialled.
pub trait InProcessProvider: Send + Sync {
    /// Answers one request; dropping the answer's body cancels it.
    fn call(&self, request: Request<Bytes>) -> Response<UpstreamBody>;
}

/// How long a provider may take.
#[derive(Debug, Clone, Copy)]
pub struct UpstreamTimeouts {
    /// To resolve the name and connect.
    pub connect: Duration,
    /// From sending the request to the head of the answer.
    pub head: Duration,
}

/// Sends requests to providers. Cheap to clone; clones share their connections, which belong to the
/// runtime that opened them: make one for each worker.
#[derive(Clone)]
pub struct Upstream {
    public_only: HttpClient,
    any_address: HttpClient,
    in_process: Arc<dyn InProcessProvider>,
    timeouts: UpstreamTimeouts,
}

type HttpClient = Client<HttpsConnector<CheckedConnector>, Full<Bytes>>;

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream").field("timeouts", &self.timeouts).finish_non_exhaustive()
    }
}

impl Upstream {
    /// A client with empty pools.
    pub fn new(timeouts: UpstreamTimeouts, in_process: Arc<dyn InProcessProvider>) -> Self {
        Self {
            public_only: http_client(timeouts.connect, false),
            any_address: http_client(timeouts.connect, true),
            in_process,
            timeouts,
        }
    }

    /// Sends a request over the network and waits for the head of its answer. Redirects are not
    /// followed: the key must reach no other host. Dropping the future cancels the request.
    pub async fn dial(
        &self,
        request: Request<Bytes>,
        allow_private: bool,
    ) -> Result<Response<UpstreamBody>, UpstreamFailure> {
        let client = if allow_private { &self.any_address } else { &self.public_only };
        let answer =
            tokio::time::timeout(self.timeouts.head, client.request(request.map(Full::new)))
                .await
                .map_err(|_| UpstreamFailure::TimedOut)?;
        answer.map_err(classify).and_then(unpacked)
    }

    /// Calls the provider inside the binary.
    pub fn call_in_process(&self, request: Request<Bytes>) -> Response<UpstreamBody> {
        self.in_process.call(request)
    }
}

/// Some servers and the proxies before them compress what they were asked to send as it is.
fn unpacked(answer: Response<Incoming>) -> Result<Response<UpstreamBody>, UpstreamFailure> {
    let (mut head, body) = answer.into_parts();
    let encoding = ContentEncoding::of(&head.headers)
        .map_err(|unknown| UpstreamFailure::Broken(unknown.into()))?;
    let body = match encoding {
        None => UpstreamBody::Network(body),
        Some(encoding) => {
            head.headers.remove(CONTENT_ENCODING);
            head.headers.remove(CONTENT_LENGTH);
            UpstreamBody::Unpacked(Box::new(Unpacked::new(encoding, body)))
        }
    };
    Ok(Response::from_parts(head, body))
}

fn http_client(connect_timeout: Duration, allow_private: bool) -> HttpClient {
    let roots = HttpsConnectorBuilder::new().with_webpki_roots();
    let connector = roots
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(CheckedConnector { allow_private, timeout: connect_timeout });
    Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .http2_keep_alive_interval(Duration::from_secs(30))
        .http2_keep_alive_while_idle(false)
        .build(connector)
}

fn classify(error: hyper_util::client::legacy::Error) -> UpstreamFailure {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(here) = cause {
        let inner = here.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if inner.is_some_and(<dyn Error + Send + Sync>::is::<AddressRefused>) {
            return UpstreamFailure::AddressRefused;
        }
        cause = here.source();
    }
    if error.is_connect() {
        UpstreamFailure::Connect(error.into())
    } else {
        UpstreamFailure::Broken(error.into())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    struct Nobody;

    impl InProcessProvider for Nobody {
        fn call(&self, _: Request<Bytes>) -> Response<UpstreamBody> {
            unreachable!("no test calls it")
        }
    }

    fn upstream() -> Upstream {
        let timeouts =
            UpstreamTimeouts { connect: Duration::from_secs(5), head: Duration::from_secs(5) };
        Upstream::new(timeouts, Arc::new(Nobody))
    }

    async fn one_answer(answer: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer).await.unwrap();
        });
        url
    }

    fn get(url: &str) -> Request<Bytes> {
        Request::get(url).body(Bytes::new()).unwrap()
    }

    #[tokio::test]
    async fn e1_a_loopback_address_is_refused_unless_the_channel_allows_it() {
        let url = one_answer(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        let refused = upstream().dial(get(&url), false).await;
        assert!(matches!(refused, Err(UpstreamFailure::AddressRefused)), "{refused:?}");
        assert_eq!(upstream().dial(get(&url), true).await.unwrap().status(), 204);
    }

    #[tokio::test]
    async fn e2_a_name_that_resolves_to_loopback_is_refused_when_dialled() {
        let url = one_answer(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        let by_name = url.replace("127.0.0.1", "localhost");
        let refused = upstream().dial(get(&by_name), false).await;
        assert!(matches!(refused, Err(UpstreamFailure::AddressRefused)), "{refused:?}");
    }

    #[tokio::test]
    async fn d4_a_redirect_is_not_followed() {
        let url = one_answer(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\r\n").await;
        assert_eq!(upstream().dial(get(&url), true).await.unwrap().status(), 302);
    }

    #[tokio::test]
    async fn a_refused_connection_is_a_failure_to_connect() {
        let failure = upstream().dial(get("http://127.0.0.1:1/"), true).await;
        assert!(matches!(failure, Err(UpstreamFailure::Connect(_))), "{failure:?}");
    }

    #[tokio::test]
    async fn a_connection_closed_without_an_answer_is_broken() {
        let url = one_answer(b"").await;
        let failure = upstream().dial(get(&url), true).await;
        assert!(matches!(failure, Err(UpstreamFailure::Broken(_))), "{failure:?}");
    }
}
