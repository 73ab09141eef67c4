//! The writer thread: takes what is queued, commits it in batches, answers, and never gives up the
//! end of a hold.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use anc_domain::{Clock, Usage};
use tokio::sync::oneshot;
// Spans are measured by the monotonic clock; nothing of it is stored or decides about money.
use tokio::time::Instant;

use super::Ledger;
use super::engine::Engine;
use super::op::{Op, PruneOp, Ticket};
use super::orphan::{self, Round};
use super::postgres::PgLedger;
use super::sqlite::SqliteLedger;

use crate::database::SqliteFile;
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

/// How often a node that shares its database says that it lives, and looks after those that do not.
const BEAT_INTERVAL: Duration = Duration::from_secs(5);

/// A node whose heartbeat is older than this is gone.
const NODE_GONE_AFTER: Duration = Duration::from_secs(20);

/// What a node that starts, and has not watched the others, takes for gone.
const LONG_GONE_AFTER: Duration = Duration::from_mins(10);

/// Ends of holds that are kept while the database is away. Nothing is admitted meanwhile, so these
/// are of requests that ran; the holds of those beyond stay open, and the next start closes them.
const KEPT_MAX: usize = 65_536;

/// How long the writer goes on with what is queued once it is told to end.
const FINISH_MAX: Duration = Duration::from_secs(10);

/// Where the writer writes.
pub(crate) enum WriterTarget {
    Sqlite(SqliteFile),
    Postgres(String),
}

/// What the writer needs.
pub(crate) struct WriterOptions {
    pub(crate) target: WriterTarget,
    pub(crate) durability: Durability,
    pub(crate) clock: Arc<dyn Clock>,
}

struct Writer {
    engine: Engine,
    queue: Receiver<Op>,
    queued_holds: Arc<AtomicUsize>,
    clock: Arc<dyn Clock>,
    /// Ends of holds that could not be written yet.
    kept: VecDeque<Op>,
    retry_at: Option<Instant>,
    backoff: Duration,
    watched: HashMap<[u8; 16], Weak<Ticket>>,
    progress_at: Option<Instant>,
    /// Where the database is shared.
    beat_at: Option<Instant>,
    /// Since when every heartbeat of this node was written.
    beating_since: Option<Instant>,
    /// The round through other nodes' holds that goes on with the next turn.
    round: Option<Round>,
    /// Pages that are to be pruned, each behind what is queued.
    pruning: VecDeque<PruneOp>,
    last_batch: usize,
}

/// Opens the writer's connection, closes the holds of processes that are gone, and starts the
/// thread. It ends when every door and guard is gone, or when it is closed. Blocks; gives how many
/// holds were closed.
pub(crate) fn start(options: WriterOptions) -> Result<(Ledger, usize), StoreError> {
    let now = options.clock.now();
    let mut engine = match options.target {
        WriterTarget::Sqlite(file) => {
            Engine::Sqlite(SqliteLedger::open(file, options.durability, now)?)
        }
        WriterTarget::Postgres(url) => {
            Engine::Postgres(PgLedger::open(&url, options.durability, now)?)
        }
    };
    // Where a file is, nobody else can live; where a server is, it may just have come back, and its
    // other nodes may not have been able to say that they live.
    let silent_for = if engine.is_shared() { LONG_GONE_AFTER } else { Duration::ZERO };
    let closed = orphan::close_orphans(&mut engine, now, silent_for)?;
    Ok((spawn(engine, options.clock)?, closed))
}

/// Starts the thread on a connection.
pub(super) fn spawn(engine: Engine, clock: Arc<dyn Clock>) -> Result<Ledger, StoreError> {
    let (sender, queue) = mpsc::channel();
    let queued_holds = Arc::new(AtomicUsize::new(0));
    let beat_at = engine.is_shared().then(|| Instant::now() + BEAT_INTERVAL);
    let writer = Writer {
        engine,
        queue,
        queued_holds: Arc::clone(&queued_holds),
        clock,
        kept: VecDeque::new(),
        retry_at: None,
        backoff: RETRY_FIRST,
        watched: HashMap::new(),
        progress_at: None,
        beat_at,
        beating_since: None,
        round: None,
        pruning: VecDeque::new(),
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
            if is_due(self.beat_at) {
                self.beat();
            }
            self.close_some_orphans();
            self.prune_a_page();
        }
    }

    fn wait(&self) -> Woken {
        let due = [self.retry_at, self.progress_at, self.beat_at].into_iter().flatten().min();
        // A round goes on at once, behind what is queued.
        let more = self.round.is_some() || !self.pruning.is_empty();
        let due = if more { Some(Instant::now()) } else { due };
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
            Op::Prune(prune) => self.pruning.push_back(*prune),
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

    /// Commits a batch and answers it. If one of its operations cannot be done, it is halved until
    /// that one fails alone; if the store cannot be written, ends of holds are kept.
    fn commit(&mut self, batch: Vec<Op>) {
        if batch.is_empty() {
            return;
        }
        let begun = Instant::now();
        let outcome = self.engine.run(&batch, self.clock.now());
        metrics::histogram!("anc_ledger_commit_seconds").record(begun.elapsed().as_secs_f64());
        metrics::histogram!("anc_ledger_batch")
            .record(u32::try_from(batch.len()).unwrap_or(u32::MAX));
        match outcome {
            Ok(verdicts) => {
                for (op, verdict) in batch.into_iter().zip(verdicts) {
                    op.answer(verdict);
                }
            }
            Err(StoreError::Corrupt(_)) if batch.len() > 1 => {
                let mut first = batch;
                let second = first.split_off(first.len() / 2);
                self.commit(first);
                self.commit(second);
            }
            Err(error) => self.refuse(batch, &error),
        }
    }

    fn refuse(&mut self, batch: Vec<Op>, error: &StoreError) {
        tracing::error!(%error, operations = batch.len(), "the ledger could not be written");
        let may_be_tried_again = matches!(error, StoreError::Unavailable(_));
        for op in batch {
            if !may_be_tried_again {
                metrics::counter!("anc_ledger_refused_total", "operation" => op.name())
                    .increment(1);
                op.fail(error);
                continue;
            }
            if op.is_a_fact() {
                self.keep(op, error);
                continue;
            }
            if let Op::Hold(hold) = &op {
                // It may have been committed and the answer lost: nothing may stay held for it.
                self.keep(Op::Release(Arc::clone(&hold.ticket)), error);
            }
            op.fail(error);
        }
        metrics::gauge!("anc_ledger_kept").set(u32::try_from(self.kept.len()).unwrap_or(u32::MAX));
        if !self.kept.is_empty() && self.retry_at.is_none() {
            self.retry_at = Some(Instant::now() + self.backoff);
        }
    }

    fn keep(&mut self, op: Op, error: &StoreError) {
        if self.kept.len() < KEPT_MAX {
            self.kept.push_back(op);
            return;
        }
        metrics::counter!("anc_limit_hits_total", "limit" => "kept_settles").increment(1);
        op.fail(error);
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
            if let Err(error) = self.engine.write_progress(page) {
                // The next change is written again.
                tracing::warn!(%error, "could not write the progress of running requests");
            }
        }
        self.progress_at = (!self.watched.is_empty()).then(|| Instant::now() + PROGRESS_INTERVAL);
    }

    /// Says that this node lives, and closes what nodes that do not have left.
    fn beat(&mut self) {
        let beaten = self.engine.beat();
        self.beating_since =
            beaten.is_ok().then(|| self.beating_since.unwrap_or_else(Instant::now));
        // While this node could not say that it lives, the others could not either.
        let watched = self.beating_since.is_some_and(|since| since.elapsed() > NODE_GONE_AFTER);
        let silent_for = if watched { NODE_GONE_AFTER } else { LONG_GONE_AFTER };
        match beaten {
            Ok(()) => {
                self.round.get_or_insert_with(|| Round::new(silent_for));
            }
            Err(error) => tracing::warn!(%error, "could not say that this node lives"),
        }
        self.beat_at = Some(Instant::now() + BEAT_INTERVAL);
    }

    /// A page of other nodes' holds: requests of this node wait for one transaction at most.
    fn close_some_orphans(&mut self) {
        let Some(round) = &mut self.round else { return };
        match round.close_page(&mut self.engine, self.clock.now()) {
            Ok(true) => return,
            Ok(false) if round.closed > 0 => {
                tracing::warn!(holds = round.closed, "closed requests of a node that is gone");
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "could not look after other nodes' requests"),
        }
        self.round = None;
    }

    fn prune_a_page(&mut self) {
        let Some(PruneOp { before, reply }) = self.pruning.pop_front() else { return };
        if reply.is_closed() {
            return;
        }
        let begun = Instant::now();
        let pruned = self.engine.prune(before, self.clock.now());
        metrics::histogram!("anc_ledger_prune_seconds").record(begun.elapsed().as_secs_f64());
        let _ = reply.send(pruned);
    }

    /// Does what is still queued and says that it is done.
    fn finish(mut self, closing: Vec<oneshot::Sender<()>>) {
        let mut more_closing = Vec::new();
        let since = Instant::now();
        loop {
            let mut batch = Vec::new();
            self.drain(&mut batch, &mut more_closing);
            // Who goes on asking after the end was asked for does not put it off for ever.
            if batch.is_empty() || since.elapsed() > FINISH_MAX {
                for op in batch {
                    op.fail(&StoreError::unavailable("the store is closing"));
                }
                break;
            }
            self.commit(batch);
        }
        while !self.kept.is_empty() && since.elapsed() < FINISH_MAX {
            let before = self.kept.len();
            self.retry();
            if self.kept.len() == before {
                break;
            }
        }
        if !self.kept.is_empty() {
            tracing::error!(
                holds = self.kept.len(),
                "ended with holds that could not be settled; the next start closes them"
            );
        }
        self.engine.close();
        for reply in closing.into_iter().chain(more_closing) {
            let _ = reply.send(());
        }
    }
}

fn is_due(at: Option<Instant>) -> bool {
    at.is_some_and(|at| at <= Instant::now())
}
