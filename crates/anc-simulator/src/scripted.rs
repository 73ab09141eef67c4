//! The upstream of tests: honest until it is told otherwise.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode, request};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::body::{BodyEnd, SimBody};
use crate::connection::{BreakableStream, Line};
use crate::pace::Pace;
use crate::record::{RecordedRequest, Recorder, Recording};
use crate::serve::{accept_all, serve_connection};
use crate::simulator::Simulator;
use crate::step::{Source, Start, Step};
use crate::step_json::read_steps;

/// How a scripted upstream is set up.
#[derive(Debug, Clone)]
pub struct UpstreamOptions {
    /// Who answers where no step does.
    pub simulator: Simulator,
    /// How many of the newest requests are remembered; 0 for none, as a benchmark wants it.
    pub records_max: usize,
}

impl Default for UpstreamOptions {
    fn default() -> Self {
        Self { simulator: Simulator::new(Pace::Instant), records_max: 4096 }
    }
}

/// A server on loopback that answers as the next [`Step`] says, or honestly where there is none.
/// Dropping it closes its port and every connection.
///
/// Steps are taken in order by requests of any path but for `HEAD`; a step with
/// [`Step::for_path`] waits for a request of its path. Over HTTP the same is at `POST /__script`,
/// `GET /__requests` and `POST /__reset`.
#[derive(Debug)]
pub struct ScriptedUpstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    simulator: Simulator,
    script: Mutex<VecDeque<Step>>,
    recorder: Arc<Recorder>,
}

impl ScriptedUpstream {
    /// Starts on a free port of 127.0.0.1, at [`Pace::Instant`].
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        Self::start_on(listener, UpstreamOptions::default())
    }

    /// Starts on a listener of one's own.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start_on(listener: TcpListener, options: UpstreamOptions) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            simulator: options.simulator,
            script: Mutex::default(),
            recorder: Arc::new(Recorder::new(options.records_max)),
        });
        let of_connections = Arc::clone(&shared);
        let serving = tokio::spawn(async move {
            accept_all(&listener, |socket| {
                let line = Arc::new(Line::default());
                let socket = BreakableStream::new(socket, Arc::clone(&line));
                let shared = Arc::clone(&of_connections);
                async move {
                    let answer = |request| answer(&shared, &line, request);
                    serve_connection(socket, answer).await;
                }
            })
            .await;
        });
        Ok(Self { address, shared, serving })
    }

    /// A base URL on loopback at which nobody listens: connections are refused.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn refusing_base_url() -> io::Result<String> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        Ok(format!("http://{}", listener.local_addr()?))
    }

    /// `http://127.0.0.1:PORT`, to which a client appends `/v1/…`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds a step to the end of the script.
    pub fn push(&self, step: Step) {
        self.shared.script().push_back(step);
    }

    /// Adds several.
    pub fn extend(&self, steps: impl IntoIterator<Item = Step>) {
        self.shared.script().extend(steps);
    }

    /// Steps that no request has taken yet.
    pub fn steps_left(&self) -> usize {
        self.shared.script().len()
    }

    /// What was asked so far, oldest first.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.recorder.all()
    }

    /// How many requests there were, remembered or not.
    pub fn request_count(&self) -> u64 {
        self.shared.recorder.count()
    }

    /// Forgets the script and the requests.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Returns once `holds` does of the recorded requests; give it a timeout.
    pub async fn wait_until(&self, holds: impl Fn(&[RecordedRequest]) -> bool) {
        self.shared.recorder.wait_until(holds).await;
    }

    /// Returns once so many requests have come in.
    pub async fn wait_for_requests(&self, count: usize) {
        self.wait_until(|requests| requests.len() >= count).await;
    }

    /// Returns once the client of some request has hung up, with that request.
    pub async fn wait_for_hang_up(&self) -> Option<RecordedRequest> {
        let gone = |request: &RecordedRequest| request.outcome.is_client_gone();
        self.wait_until(|requests| requests.iter().any(gone)).await;
        self.requests().into_iter().find(gone)
    }

    /// Serves until it fails, which it does not while its runtime lives.
    pub async fn serve_for_ever(&mut self) {
        // The only error is that of a task that was cancelled or that panicked: the end, too.
        let _ = (&mut self.serving).await;
    }
}

impl Drop for ScriptedUpstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Shared {
    fn script(&self) -> MutexGuard<'_, VecDeque<Step>> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reset(&self) {
        self.script().clear();
        self.recorder.clear();
    }

    fn take_step(&self, head: &request::Parts) -> Step {
        if head.method == Method::HEAD {
            return Step::honest();
        }
        let path = head.uri.path();
        let takes =
            |step: &Step| step.path.as_deref().is_none_or(|prefix| path.starts_with(prefix));
        let mut script = self.script();
        let at = script.iter().position(takes);
        at.and_then(|at| script.remove(at)).unwrap_or_else(Step::honest)
    }
}

async fn answer(
    shared: &Shared,
    line: &Arc<Line>,
    request: Request<Incoming>,
) -> Result<Response<ServedBody>, io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    if head.uri.path().starts_with("/__") {
        return Ok(control(shared, &head, &body).map(|body| ServedBody::new(body, line, None)));
    }
    let step = shared.take_step(&head);
    let mut recording = shared.recorder.begin(&head, body.clone());
    if !step.before_head.is_zero() {
        tokio::time::sleep(step.before_head).await;
    }
    match step.start {
        Start::Answer => {}
        Start::ResetAfter(bytes) => {
            recording.broken();
            line.reset_after(bytes);
        }
        Start::Stall => std::future::pending().await,
        Start::Reset => {
            recording.broken();
            line.reset_at_end();
            return Err(io::ErrorKind::ConnectionReset.into());
        }
    }
    let response = step.written().unwrap_or_else(|| match step.source {
        Source::Honest(Some(pace)) => shared.simulator.clone().with_pace(pace).answer(&head, &body),
        _ => shared.simulator.answer(&head, &body),
    });
    Ok(step.spoil(response).map(|body| ServedBody::new(body, line, Some(recording))))
}

/// The paths by which tests in other languages write the script and read the record.
fn control(shared: &Shared, head: &request::Parts, body: &Bytes) -> Response<SimBody> {
    let (status, answer) = match (head.uri.path(), &head.method) {
        ("/__script", &Method::POST) => match read_steps(body) {
            Ok(steps) => {
                let mut script = shared.script();
                script.extend(steps);
                (StatusCode::OK, json!({"steps": script.len()}))
            }
            Err(error) => (StatusCode::BAD_REQUEST, json!({"error": error})),
        },
        ("/__reset", &Method::POST) => {
            shared.reset();
            (StatusCode::OK, json!({}))
        }
        ("/__requests", &Method::GET) => {
            let requests = shared.recorder.all();
            let requests: Vec<Value> = requests.iter().map(RecordedRequest::to_json).collect();
            (StatusCode::OK, Value::from(requests))
        }
        (path, _) => (StatusCode::NOT_FOUND, json!({"error": format!("nothing at {path}")})),
    };
    let body = SimBody::whole(std::time::Duration::ZERO, Bytes::from(answer.to_string()));
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A body on its way to a client: one write a frame, and a note of how it ends.
struct ServedBody {
    body: SimBody,
    line: Arc<Line>,
    recording: Option<Recording>,
    /// Whether each frame waits until the one before it is written. A whole body goes out together
    /// with its head.
    by_frame: bool,
}

impl ServedBody {
    fn new(body: SimBody, line: &Arc<Line>, recording: Option<Recording>) -> Self {
        let by_frame = body.size_hint().exact().is_none() || body.end() != BodyEnd::Clean;
        let mut served = Self { body, line: Arc::clone(line), recording, by_frame };
        if by_frame {
            served.line.handed_over();
        }
        served.note_end();
        served
    }

    fn note_end(&mut self) {
        if self.body.is_end_stream()
            && let Some(mut recording) = self.recording.take()
        {
            recording.answered();
        }
    }
}

impl Body for ServedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        if this.by_frame {
            ready!(this.line.poll_flushed(context));
        }
        let resets = this.body.end() == BodyEnd::Reset;
        let frame = ready!(Pin::new(&mut this.body).poll_frame(context));
        match &frame {
            Some(Ok(_)) => {
                if this.by_frame {
                    this.line.handed_over();
                }
                this.note_end();
            }
            Some(Err(_)) => {
                if resets {
                    this.line.reset_at_end();
                }
                if let Some(mut recording) = this.recording.take() {
                    recording.broken();
                }
            }
            None => this.note_end(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
