//! Where webhooks are posted to, on loopback.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A post as it came.
#[derive(Debug, Clone)]
pub struct Posted {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Posted {
    /// A header's text; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A server that keeps what is posted to it. Dropping it closes its port.
#[derive(Debug)]
pub struct HookReceiver {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    posted: Vec<Posted>,
    /// What it answers next instead of 204.
    answers: VecDeque<u16>,
}

impl HookReceiver {
    /// Starts on a free port of 127.0.0.1.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        let serving = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                    let state = Arc::clone(&state);
                    async move {
                        let (head, body) = request.into_parts();
                        let body = body.collect().await?.to_bytes();
                        let status = {
                            let mut state = lock(&state);
                            state.posted.push(Posted { headers: head.headers, body });
                            state.answers.pop_front().unwrap_or(204)
                        };
                        let mut answer = Response::new(Full::<Bytes>::default());
                        *answer.status_mut() = status.try_into().expect("a status");
                        let elsewhere = http::HeaderValue::from_static("http://127.0.0.1:1/");
                        if status == 302 {
                            answer.headers_mut().insert("location", elsewhere);
                        }
                        Ok::<_, hyper::Error>(answer)
                    }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), service));
            }
        });
        Self { address, state, serving }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}/hook?key=1", self.address)
    }

    /// The next post is answered so.
    pub fn answer(&self, status: u16) {
        lock(&self.state).answers.push_back(status);
    }

    /// What came so far.
    pub fn posted(&self) -> Vec<Posted> {
        lock(&self.state).posted.clone()
    }
}

impl Drop for HookReceiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
