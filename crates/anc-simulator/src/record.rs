//! What the scripted upstream remembers of its requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, request};
use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

/// How a request ended; the times count from its arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It has not ended.
    Running,
    /// The last byte was handed to the connection.
    Answered {
        /// When.
        after: Duration,
    },
    /// The client hung up before it had everything.
    ClientGone {
        /// When that was noticed.
        after: Duration,
    },
    /// The script broke the connection.
    Broken {
        /// When.
        after: Duration,
    },
}

impl Outcome {
    /// Whether the client hung up.
    pub const fn is_client_gone(self) -> bool {
        matches!(self, Self::ClientGone { .. })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Answered { .. } => "answered",
            Self::ClientGone { .. } => "client_gone",
            Self::Broken { .. } => "broken",
        }
    }

    const fn after(self) -> Option<Duration> {
        match self {
            Self::Running => None,
            Self::Answered { after } | Self::ClientGone { after } | Self::Broken { after } => {
                Some(after)
            }
        }
    }
}

/// One request that the scripted upstream got.
#[derive(Debug, Clone)]
pub struct RecordedRequest {
    /// Counts requests from 0, whether or not the earlier ones are still remembered.
    pub number: u64,
    /// The method.
    pub method: Method,
    /// Path and query as they came.
    pub target: String,
    /// The headers as they came. They hold the key that the caller used: print with care.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// How it ended, so far.
    pub outcome: Outcome,
}

impl RecordedRequest {
    /// The body as text; empty where it is none.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header's value; empty where it is absent or no text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// As `GET /__requests` shows it.
    pub(crate) fn to_json(&self) -> Value {
        let mut headers = Map::new();
        for name in self.headers.keys() {
            let values: Vec<_> = self
                .headers
                .get_all(name)
                .iter()
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
                .collect();
            headers.insert(name.as_str().to_owned(), Value::from(values.join(", ")));
        }
        json!({
            "number": self.number,
            "method": self.method.as_str(),
            "path": self.target,
            "headers": headers,
            "body": String::from_utf8_lossy(&self.body),
            "outcome": self.outcome.name(),
            "client_gone": self.outcome.is_client_gone(),
            "after_ms": self.outcome.after().map(|after| u64::try_from(after.as_millis()).ok()),
        })
    }
}

/// The newest requests, shared by all connections.
#[derive(Debug)]
pub(crate) struct Recorder {
    state: Mutex<Recorded>,
    changed: Notify,
    records_max: usize,
}

#[derive(Debug, Default)]
struct Recorded {
    requests: VecDeque<RecordedRequest>,
    next_number: u64,
}

impl Recorder {
    pub(crate) fn new(records_max: usize) -> Self {
        Self { state: Mutex::default(), changed: Notify::new(), records_max }
    }

    fn state(&self) -> MutexGuard<'_, Recorded> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request; the returned guard tells how it ends.
    pub(crate) fn begin(self: &Arc<Self>, head: &request::Parts, body: Bytes) -> Recording {
        let mut state = self.state();
        let number = state.next_number;
        state.next_number += 1;
        if self.records_max > 0 {
            if state.requests.len() >= self.records_max {
                state.requests.pop_front();
            }
            state.requests.push_back(RecordedRequest {
                number,
                method: head.method.clone(),
                target: head.uri.to_string(),
                headers: head.headers.clone(),
                body,
                outcome: Outcome::Running,
            });
        }
        drop(state);
        self.changed.notify_waiters();
        Recording { recorder: Arc::clone(self), number, since: Instant::now(), ended: false }
    }

    pub(crate) fn all(&self) -> Vec<RecordedRequest> {
        self.state().requests.iter().cloned().collect()
    }

    pub(crate) fn count(&self) -> u64 {
        self.state().next_number
    }

    /// Forgets everything; requests that still run end unnoticed. Numbers go on.
    pub(crate) fn clear(&self) {
        self.state().requests.clear();
    }

    /// Returns as soon as `holds` does of what is recorded.
    pub(crate) async fn wait_until(&self, holds: impl Fn(&[RecordedRequest]) -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if holds(&self.all()) {
                return;
            }
            changed.await;
        }
    }

    fn end(&self, number: u64, outcome: Outcome) {
        if let Some(request) =
            self.state().requests.iter_mut().rev().find(|request| request.number == number)
        {
            request.outcome = outcome;
        }
        self.changed.notify_waiters();
    }
}

/// One request while it runs. Dropped without a word it says that the client is gone: nobody else
/// drops a handler or its body half-way.
#[derive(Debug)]
pub(crate) struct Recording {
    recorder: Arc<Recorder>,
    number: u64,
    since: Instant,
    ended: bool,
}

impl Recording {
    pub(crate) fn answered(&mut self) {
        let after = self.since.elapsed();
        self.end(Outcome::Answered { after });
    }

    pub(crate) fn broken(&mut self) {
        let after = self.since.elapsed();
        self.end(Outcome::Broken { after });
    }

    fn end(&mut self, outcome: Outcome) {
        if !std::mem::replace(&mut self.ended, true) {
            self.recorder.end(self.number, outcome);
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let after = self.since.elapsed();
        self.end(Outcome::ClientGone { after });
    }
}
