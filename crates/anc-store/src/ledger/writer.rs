//! The writer thread: takes what is queued, commits it in batches, answers, and never gives up the
//! end of a hold.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use anc_domain::{Clock, Usage};
use tokio::sync::{Mutex, oneshot};
// Spans are measured by the monotonic clock; nothing of it is stored or decides about money.
use tokio::time::Instant;

use super::op::{Op, Ticket, Verdict};
use super::sqlite::LedgerDb;
use super::{Ledger, orphan};
use crate::sync::LogSync;
use crate::{Durability, StoreError};

/// Operations of one transaction. More would keep the first of them waiting for the last.
const BATCH_MAX: usize = 1_024;

/// How long a batch waits for company while there is load. A lone request never waits.
const COMPANY_WAIT: Duration = Duration::from_micros(200);

/// How long after its change the progress of a running answer is written.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(2);

/// How long the end of a hold waits before it is tried again, at first and at most.
const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(2);

/// What the writer needs.
pub(crate) struct WriterOptions {
    pub(crate) path: PathBuf,
    pub(crate) durability: Durability,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) gate: Arc<Mutex<()>>,
    pub(crate) log: Arc<LogSync>,
}

struct Writer {
    db: LedgerDb,
    queue: Receiver<Op>,
    queued_holds: Arc<AtomicUsize>,
    clock: Arc<dyn Clock>,
    gate: Arc<Mutex<()>>,
    log: Arc<LogSync>,
    /// Each commit waits for the disk by itself.
    commits_wait: bool,
    /// Ends of holds that could not be written yet.
    kept: VecDeque<Op>,
    retry_at: Option<Instant>,
    backoff: Duration,
    watched: HashMap<[u8; 16], Weak<Ticket>>,
    progress_at: Option<Instant>,
    last_batch: usize,
}

/// Opens the writer's connection, closes the holds of earlier lives, and starts the thread. It
/// ends when every door and guard is gone, or when it is closed. Blocks; gives how many holds
/// were closed.
pub(crate) fn start(options: WriterOptions) -> Result<(Ledger, usize), StoreError> {
    let now = options.clock.now();
    let db = LedgerDb::open(&options.path, options.durability, now)?;
    let closed = orphan::close_earlier_holds(&db, now)?;
    Ok((spawn(db, options)?, closed))
}

/// Starts the thread on a connection.
pub(super) fn spawn(db: LedgerDb, options: WriterOptions) -> Result<Ledger, StoreError> {
    let (sender, queue) = mpsc::channel();
    let queued_holds = Arc::new(AtomicUsize::new(0));
    let writer = Writer {
        db,
        queue,
        queued_holds: Arc::clone(&queued_holds),
        clock: options.clock,
        gate: options.gate,
        log: options.log,
        commits_wait: matches!(options.durability, Durability::Power),
        kept: VecDeque::new(),
        retry_at: None,
        backoff: RETRY_FIRST,
        watched: HashMap::new(),
        progress_at: None,
        last_batch: 0,
    };
    thread::Builder::new()
        .name("anc-ledger".into())
        .spawn(move || writer.run())
        .map_err(StoreError::unavailable)?;
    Ok(Ledger { queue: sender, queued_holds })
}

/// What woke the writer.
enum Woken {
    Op(Op),
    Time,
    /// Nobody is left to ask for anything.
    End,
}

impl Writer {
    fn run(mut self) {
        loop {
            let mut closing = Vec::new();
            let ended = match self.wait() {
                Woken::Op(first) => {
                    let batch = self.gather(first, &mut closing);
                    self.commit(batch);
                    !closing.is_empty()
                }
                Woken::Time => false,
                Woken::End => true,
            };
            if ended {
                self.finish(closing);
                return;
            }
            if is_due(self.retry_at) {
                self.retry();
            }
            if is_due(self.progress_at) {
                self.write_progress();
            }
        }
    }

    fn wait(&self) -> Woken {
        let due = match (self.retry_at, self.progress_at) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let Some(due) = due else {
            return self.queue.recv().map_or(Woken::End, Woken::Op);
        };
        match self.queue.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(op) => Woken::Op(op),
            Err(RecvTimeoutError::Timeout) => Woken::Time,
            // Nobody is left to ask for more, but what is kept is still owed.
            Err(RecvTimeoutError::Disconnected) if self.kept.is_empty() => Woken::End,
            Err(RecvTimeoutError::Disconnected) => {
                thread::sleep(due.saturating_duration_since(Instant::now()));
                Woken::Time
            }
        }
    }

    /// The first operation and those that are queued behind it.
    fn gather(&mut self, first: Op, closing: &mut Vec<oneshot::Sender<()>>) -> Vec<Op> {
        let mut batch = Vec::with_capacity(self.last_batch + 1);
        self.take(first, &mut batch, closing);
        self.drain(&mut batch, closing);
        if self.last_batch > 1 && batch.len() < self.last_batch && closing.is_empty() {
            thread::sleep(COMPANY_WAIT);
            self.drain(&mut batch, closing);
        }
        self.last_batch = batch.len();
        batch
    }

    fn drain(&mut self, batch: &mut Vec<Op>, closing: &mut Vec<oneshot::Sender<()>>) {
        while batch.len() < BATCH_MAX
            && let Ok(op) = self.queue.try_recv()
        {
            self.take(op, batch, closing);
        }
    }

    fn take(&mut self, op: Op, batch: &mut Vec<Op>, closing: &mut Vec<oneshot::Sender<()>>) {
        match op {
            Op::Close(reply) => closing.push(reply),
            Op::Watch(ticket) => {
                self.watched.insert(ticket.request_id, Arc::downgrade(&ticket));
                self.progress_at.get_or_insert_with(|| Instant::now() + PROGRESS_INTERVAL);
            }
            op => {
                if matches!(op, Op::Hold(_)) {
                    self.queued_holds.fetch_sub(1, Ordering::Relaxed);
                }
                if !op.is_abandoned() {
                    batch.push(op);
                }
            }
        }
    }

    /// Commits a batch and answers it. If one of its operations cannot be done, the others are
    /// done one by one; if the store cannot be written, ends of holds are kept.
    fn commit(&mut self, batch: Vec<Op>) {
        if batch.is_empty() {
            return;
        }
        match self.run_batch(&batch) {
            Ok(verdicts) => {
                for (op, verdict) in batch.into_iter().zip(verdicts) {
                    op.answer(verdict);
                }
            }
            Err(StoreError::Corrupt(_)) if batch.len() > 1 => {
                for op in batch {
                    self.commit(vec![op]);
                }
            }
            Err(error) => self.refuse(batch, &error),
        }
    }

    fn run_batch(&self, batch: &[Op]) -> Result<Vec<Verdict>, StoreError> {
        let gate = self.gate.blocking_lock();
        let mut verdicts = self.db.run(batch, self.clock.now())?;
        drop(gate);
        self.log.committed();
        let has_credit = batch.iter().any(|op| matches!(op, Op::Credit(_)));
        if has_credit
            && !self.commits_wait
            && let Err(error) = self.log.sync()
        {
            tracing::error!(%error, "a credit is committed but not known to be on the disk");
            for verdict in &mut verdicts {
                if let Verdict::Credited(result) = verdict {
                    *result = Err(StoreError::unavailable(&error));
                }
            }
        }
        Ok(verdicts)
    }

    fn refuse(&mut self, batch: Vec<Op>, error: &StoreError) {
        tracing::error!(%error, operations = batch.len(), "the ledger could not be written");
        let may_be_tried_again = matches!(error, StoreError::Unavailable(_));
        for op in batch {
            if may_be_tried_again && op.ends_a_hold() {
                self.kept.push_back(op);
            } else {
                op.fail(error);
            }
        }
        if !self.kept.is_empty() && self.retry_at.is_none() {
            self.retry_at = Some(Instant::now() + self.backoff);
        }
    }

    fn retry(&mut self) {
        self.retry_at = None;
        let before = self.kept.len();
        let again: Vec<Op> = self.kept.drain(..before.min(BATCH_MAX)).collect();
        self.backoff = (self.backoff * 2).min(RETRY_MAX);
        self.commit(again);
        if self.kept.len() < before {
            // It can be written again: the rest follows at once.
            self.backoff = RETRY_FIRST;
            self.retry_at = (!self.kept.is_empty()).then(Instant::now);
        }
    }

    fn write_progress(&mut self) {
        let mut changed: Vec<([u8; 16], Usage)> = Vec::new();
        self.watched.retain(|request_id, ticket| {
            let Some(ticket) = ticket.upgrade() else {
                return false;
            };
            let mut progress = ticket.progress.lock().unwrap_or_else(PoisonError::into_inner);
            if std::mem::take(&mut progress.changed)
                && let Some(observed) = progress.observed
            {
                changed.push((*request_id, observed));
            }
            true
        });
        for page in changed.chunks(BATCH_MAX) {
            let gate = self.gate.blocking_lock();
            if let Err(error) = self.db.write_progress(page) {
                // The next change is written again.
                tracing::warn!(%error, "could not write the progress of running requests");
            }
            drop(gate);
            self.log.committed();
        }
        self.progress_at = (!self.watched.is_empty()).then(|| Instant::now() + PROGRESS_INTERVAL);
    }

    /// Does what is still queued and says that it is done.
    fn finish(mut self, closing: Vec<oneshot::Sender<()>>) {
        let mut batch = Vec::new();
        let mut more_closing = Vec::new();
        while let Ok(op) = self.queue.try_recv() {
            self.take(op, &mut batch, &mut more_closing);
        }
        self.commit(batch);
        while !self.kept.is_empty() {
            let before = self.kept.len();
            self.retry();
            if self.kept.len() == before {
                tracing::error!(
                    holds = before,
                    "ended with holds that could not be settled; the next start closes them"
                );
                break;
            }
        }
        if let Err(error) = self.log.sync() {
            tracing::error!(%error, "could not sync the database's log");
        }
        let Self { db, .. } = self;
        drop(db);
        for reply in closing.into_iter().chain(more_closing) {
            let _ = reply.send(());
        }
    }
}

fn is_due(at: Option<Instant>) -> bool {
    at.is_some_and(|at| at <= Instant::now())
}
