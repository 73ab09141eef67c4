//! Accepting connections, and the worker threads that serve them.
//!
//! Each worker is one thread with a runtime, upstream connections and timers of its own, so that a
//! relayed frame never crosses threads. One acceptor hands each connection to the worker that has
//! the fewest: that is even with few connections too, where the kernel's own spreading over
//! several listeners is not, and works on every system alike.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anc_domain::TrustedProxies;
use http::Request;
use http::header::{CONNECTION, HeaderValue};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

use crate::config::ListenerLimits;
use crate::places::{Place, Places};
use crate::planes::Planes;
use crate::request_guard::RequestGuard;
use crate::stall_guard::StallGuard;

/// Headers of a request, at most.
const HEADERS_MAX: usize = 100;
/// The head of a request in bytes.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// What one connection buffers in each direction: a head of a request must fit, and a slow client
/// pins no more of its answer.
const BUFFER_BYTES: usize = 64 << 10;
/// How long the acceptor waits when the system has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often the end of the worker threads is looked for.
const FINISH_POLL: Duration = Duration::from_millis(10);

/// A connection on its way to its worker.
struct Arrival {
    stream: std::net::TcpStream,
    peer: SocketAddr,
    place: Place,
}

/// A worker thread, as the acceptor sees it.
struct Worker {
    queue: mpsc::UnboundedSender<Arrival>,
    connections: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

/// The threads that serve connections.
pub(crate) struct Workers {
    threads: Vec<Worker>,
    places: Places,
    stop: watch::Sender<bool>,
}

impl Workers {
    /// Starts `count` workers; `planes` is called on each worker's thread, within its runtime.
    pub(crate) fn start(
        count: usize,
        limits: ListenerLimits,
        proxies: Arc<TrustedProxies>,
        planes: impl Fn() -> Planes + Clone + Send + 'static,
    ) -> io::Result<Self> {
        let (stop, stopping) = watch::channel(false);
        let workers = (0..count)
            .map(|number| start_worker(number, limits, planes.clone(), stopping.clone()))
            .collect::<io::Result<Vec<Worker>>>()?;
        Ok(Self { threads: workers, places: Places::new(limits, proxies), stop })
    }

    /// Accepts until told to stop.
    pub(crate) async fn accept(
        &self,
        listener: TcpListener,
        mut stopping: watch::Receiver<bool>,
    ) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            };
            match accepted {
                Ok((stream, peer)) => self.hand_over(stream, peer),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn hand_over(&self, stream: TcpStream, peer: SocketAddr) {
        let place = match self.places.take(peer.ip()) {
            Ok(place) => place,
            Err(why) => return self.places.turn_away(stream, why),
        };
        let load = |worker: &&Worker| worker.connections.load(Ordering::Relaxed);
        let Some(worker) = self.threads.iter().min_by_key(load) else { return };
        // The stream leaves this thread's runtime here and joins the worker's there.
        let Ok(stream) = stream.into_std() else { return };
        worker.connections.fetch_add(1, Ordering::Relaxed);
        if worker.queue.send(Arrival { stream, peer, place }).is_err() {
            worker.connections.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Lets every connection end after its current answer and waits for the threads, but not
    /// longer than `limit`: a client that never closes must not keep the process alive.
    pub(crate) fn finish_within(self, limit: Duration) {
        self.stop.send_replace(true);
        let threads: Vec<JoinHandle<()>> =
            self.threads.into_iter().map(|worker| worker.thread).collect();
        let rounds = limit.as_millis() / FINISH_POLL.as_millis();
        for _ in 0..rounds {
            if threads.iter().all(JoinHandle::is_finished) {
                return;
            }
            std::thread::sleep(FINISH_POLL);
        }
        tracing::warn!("connections were still open at the end");
    }
}

fn start_worker(
    number: usize,
    limits: ListenerLimits,
    planes: impl Fn() -> Planes + Send + 'static,
    stopping: watch::Receiver<bool>,
) -> io::Result<Worker> {
    let (queue, connections_in) = mpsc::unbounded_channel();
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let thread = std::thread::Builder::new().name(format!("worker-{number}")).spawn(move || {
        runtime.block_on(serve(connections_in, counter, limits, planes, stopping));
    })?;
    Ok(Worker { queue, connections, thread })
}

/// One worker's life: a task for each connection, until the queue closes and they are done.
async fn serve(
    mut queue: mpsc::UnboundedReceiver<Arrival>,
    counter: Arc<AtomicUsize>,
    limits: ListenerLimits,
    planes: impl Fn() -> Planes,
    stopping: watch::Receiver<bool>,
) {
    let planes = planes();
    let mut tasks = tokio::task::JoinSet::new();
    while let Some(Arrival { stream, peer, place }) = queue.recv().await {
        let (planes, counter, stopping) = (planes.clone(), Arc::clone(&counter), stopping.clone());
        tasks.spawn(async move {
            if let Err(error) = serve_connection(stream, peer, planes, limits, stopping).await {
                tracing::debug!(%error, "a connection ended early");
            }
            counter.fetch_sub(1, Ordering::Relaxed);
            drop(place);
        });
        while tasks.try_join_next().is_some() {}
    }
    while tasks.join_next().await.is_some() {}
}

async fn serve_connection(
    stream: std::net::TcpStream,
    peer: SocketAddr,
    planes: Planes,
    limits: ListenerLimits,
    mut stopping: watch::Receiver<bool>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::from_std(stream)?;
    stream.set_nodelay(true)?;
    let guarded = RequestGuard::new(StallGuard::new(stream, limits.write_stall), limits.head);
    let body_under_way = guarded.body_under_way();
    let service = service_fn(move |request: Request<Incoming>| {
        let (planes, body_under_way) = (planes.clone(), body_under_way.clone());
        async move {
            let mut answer = planes.answer(request, peer.ip()).await;
            if body_under_way.is_true() {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, std::convert::Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle)
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(guarded), service);
    tokio::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return Ok(ended?),
        _ = stopping.wait_for(|stop| *stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    Ok(connection.await?)
}
