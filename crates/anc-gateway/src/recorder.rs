//! Remembers whose the answers are that providers keep, beside the requests: many are written in one
//! transaction, and only an answer's last byte waits for it.

use std::time::Duration;

use anc_domain::{TokenCount, Usage};
use anc_store::{Store, StoredResponse};
use anc_wire::Observed;
use tokio::sync::{mpsc, oneshot};

use crate::stored;

/// For how long OpenAI keeps a response
/// (<https://platform.openai.com/docs/guides/conversation-state>).
pub(crate) const KEPT: Duration = Duration::from_hours(30 * 24);
/// Answers written in one transaction.
const AT_ONCE_MAX: usize = 256;
/// Items remembered of one answer; more than any has.
const ITEMS_MAX: usize = 512;

type Entry = (Vec<StoredResponse>, oneshot::Sender<()>);

/// Where answers to be remembered are handed in.
#[derive(Debug, Clone)]
pub(crate) struct Recorder(mpsc::Sender<Entry>);

impl Recorder {
    /// Begins to write, on the runtime that this is called from. `room` is how many may wait: as
    /// many as requests may run, since each has at most one.
    pub(crate) fn start(store: Store, room: usize) -> Self {
        let (sender, receiver) = mpsc::channel(room.max(1));
        tokio::spawn(write(store, receiver));
        Self(sender)
    }
}

async fn write(store: Store, mut waiting: mpsc::Receiver<Entry>) {
    let mut entries = Vec::new();
    while waiting.recv_many(&mut entries, AT_ONCE_MAX).await > 0 {
        let (responses, told): (Vec<_>, Vec<_>) = entries.drain(..).unzip();
        let responses = responses.concat();
        if let Err(error) = store.stored_responses().record(&responses).await {
            // The answers themselves are whole and paid for; going on from them will be refused.
            tracing::error!(%error, responses = responses.len(), "stored responses are not remembered");
        }
        for one in told {
            // Whoever waited may have left.
            one.send(()).ok();
        }
    }
}

/// What is to be remembered of one answer when it is over.
#[derive(Debug)]
pub(crate) struct Keep {
    recorder: Recorder,
    /// Until it is handed in.
    unnamed: Option<StoredResponse>,
    written: Option<oneshot::Receiver<()>>,
}

impl Keep {
    /// Of an answer that has just begun.
    pub(crate) const fn new(recorder: Recorder, unnamed: StoredResponse) -> Self {
        Self { recorder, unnamed: Some(unnamed), written: None }
    }

    /// Hands in the answer and its items, if it was given a name.
    pub(crate) fn hand_in(&mut self, observed: &Observed, used: &Usage) {
        let Some(id) = observed.response_id.as_deref() else { return };
        let Some(response) = self.unnamed.take() else { return };
        let named = |id: &str, units: TokenCount| {
            stored::is_response_id(id).then(|| StoredResponse {
                response_id: id.to_owned(),
                units,
                ..response.clone()
            })
        };
        let output = used.output_total();
        let items = observed.items.get(..ITEMS_MAX).unwrap_or(&observed.items);
        // Together the items are the output; which of them is how long is not known.
        let each = output.div_ceil(items.len().max(1) as u64);
        let whole = named(id, used.input_total().saturating_add(output));
        let all = whole.into_iter().chain(items.iter().filter_map(|item| named(item, each)));
        let (done, written) = oneshot::channel();
        if self.recorder.0.try_send((all.collect(), done)).is_ok() {
            self.written = Some(written);
        } else {
            tracing::error!("a stored response is not remembered: too many wait to be");
        }
    }

    /// Returns when it is written. The answer's last byte waits for this: whoever has read it may go
    /// on from it.
    pub(crate) async fn written(&mut self) {
        if let Some(written) = self.written.take() {
            written.await.ok();
        }
    }
}
