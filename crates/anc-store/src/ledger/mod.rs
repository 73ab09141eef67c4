//! The ledger: the only thing that moves balances.
//!
//! Requests hand operations to one writer thread, which takes whatever is queued and runs one
//! transaction: it reads the touched accounts and tokens, decides each operation in the order of
//! arrival with the pure functions of `anc-ledger`, writes back what changed, commits, and answers
//! all who wait. No balance is kept anywhere between two transactions.
//!
//! * `guard.rs`: what a request holds in its hands.
//! * `op.rs`: what goes to the writer and what comes back.
//! * `writer.rs`: the thread: batches, retries, answers.
//! * `attempt.rs`: attempts that failed and cost the operator all the same.
//! * `batch.rs`: what a batch reads, decides and writes, whatever the engine.
//! * `engine.rs`, `sqlite.rs`, `postgres.rs`: one batch as one transaction of either engine.
//! * `orphan.rs`: holds of processes that are gone.
//! * `follower.rs`: sums and look-ups derived from the usage rows.
//! * `prune.rs`: old usage rows go, their sums stay.
//! * `redeem.rs`: uses of redemption codes.

mod attempt;
mod batch;
mod engine;
mod follower;
mod guard;
mod op;
mod orphan;
mod postgres;
mod prune;
mod redeem;
mod sqlite;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use anc_domain::{
    AccountId, ApiTokenId, ModelName, NanoUsd, RedemptionId, RequestId, TokenCount, UnixMillis,
};
use anc_ledger::{HoldAsk, NotRedeemed, PriceSnapshot, Refusal};
use tokio::sync::oneshot;

pub use attempt::FailedAttempt;
pub use guard::{OpenHold, OptionsKept, Settlement};
pub use redeem::{Redeemed, RedemptionAsk, WORD_OF_ANOTHER};

pub(crate) use follower::{catch_up, derivations, follow_usage};
pub(crate) use writer::{WriterOptions, WriterTarget, start};

use crate::StoreError;
use op::{CreditOp, HoldOp, Op, PruneOp, Ticket};
use prune::PrunedPage;
use redeem::RedeemOp;

/// Holds that may wait for the writer at once. At the slowest disk that is still served this is
/// some seconds of work; a client is better told to come back.
const QUEUED_HOLDS_MAX: usize = 32_768;

/// How long the writer may take to end: longer than one transaction may take on either engine.
const CLOSE_MAX: Duration = Duration::from_mins(1);

/// What a request asks to be held.
#[derive(Debug, Clone)]
pub struct HoldRequest {
    /// The request; the key that makes its settle happen once.
    pub request_id: RequestId,
    /// Who pays.
    pub account_id: AccountId,
    /// With which token.
    pub token_id: ApiTokenId,
    /// The name that the client asked for.
    pub model: ModelName,
    /// How much.
    pub ask: HoldAsk,
    /// The price that it is promised.
    pub price: PriceSnapshot,
    /// Units of input, charged if the relay dies before the provider told better.
    pub input_estimate: TokenCount,
    /// The answer is a stream.
    pub stream: bool,
}

/// What moves a balance beside charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A gift, such as the starting balance. Above zero.
    Grant,
    /// An operator's correction, up or down.
    Adjustment,
    /// What a settle that came late differs from the charge that was made for it, up or down. Only
    /// the writer posts it.
    Correction,
    /// Money that an operator received and puts in. Above zero.
    TopUp,
    /// What a redemption code was worth. Above zero. Only [`crate::RedemptionCodes::redeem`] posts
    /// it.
    Redemption,
    /// What came in by a payment provider. Above zero.
    Payment,
    /// A payment or top-up that was taken back. Below zero.
    Reversal,
    /// Charges whose usage rows were pruned, as one sum. Below zero. Only the pruning posts it.
    UsageSummary,
}

impl EntryKind {
    /// The stable name in the database and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Adjustment => "adjustment",
            Self::Correction => "correction",
            Self::TopUp => "top_up",
            Self::Redemption => "redemption",
            Self::Payment => "payment",
            Self::Reversal => "reversal",
            Self::UsageSummary => "usage_summary",
        }
    }

    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Grant,
        Self::Adjustment,
        Self::Correction,
        Self::TopUp,
        Self::Redemption,
        Self::Payment,
        Self::Reversal,
        Self::UsageSummary,
    ];

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether somebody else than the ledger itself may post `amount` as an entry of this kind.
    fn may_be_posted(self, amount: NanoUsd) -> bool {
        match self {
            Self::Grant | Self::TopUp | Self::Payment => amount > NanoUsd::ZERO,
            Self::Reversal => amount < NanoUsd::ZERO,
            Self::Adjustment => amount != NanoUsd::ZERO,
            Self::Correction | Self::Redemption | Self::UsageSummary => false,
        }
    }
}

/// Money that comes in, or goes out by an operator's hand.
#[derive(Debug, Clone)]
pub struct Credit {
    /// Whose balance.
    pub account_id: AccountId,
    /// How much; not zero.
    pub amount: NanoUsd,
    /// What it is.
    pub kind: EntryKind,
    /// Why, in a person's words.
    pub reason: String,
    /// What brought it about. The same cause is posted once, however often it is asked for.
    pub cause: String,
}

/// The ledger's door. Cheap to clone; every clone reaches the same writer.
#[derive(Clone)]
pub struct Ledger {
    queue: mpsc::Sender<Op>,
    queued_holds: Arc<AtomicUsize>,
}

impl Ledger {
    /// Asks for a hold. The inner error is the rules' refusal; the outer one means that nothing
    /// could be decided, and so that nothing is admitted.
    ///
    /// If the caller goes away while it waits, the hold is released by itself.
    pub async fn hold(
        &self,
        request: HoldRequest,
    ) -> Result<Result<OpenHold, Refusal>, StoreError> {
        // A charge that cannot be computed could never be settled.
        if !request.price.price.is_chargeable(request.price.multiplier) {
            return Ok(Err(Refusal::OutOfRange));
        }
        if self.queued_holds.fetch_add(1, Ordering::Relaxed) >= QUEUED_HOLDS_MAX {
            self.queued_holds.fetch_sub(1, Ordering::Relaxed);
            metrics::counter!("anc_limit_hits_total", "limit" => "queued_holds").increment(1);
            return Err(StoreError::unavailable("too many requests wait for a hold"));
        }
        let (reply, answer) = oneshot::channel();
        let op = HoldOp {
            ask: request.ask,
            input_estimate: request.input_estimate,
            ticket: Arc::new(Ticket::new(request)?),
            ledger: self.clone(),
            reply,
        };
        self.send(Op::Hold(Box::new(op)))?;
        answer.await.map_err(|_| writer_is_gone())?
    }

    /// Posts a credit and gives the new balance, when it is on the disk. Asked again with the same
    /// cause, account and amount it changes nothing; with another account or amount it is a
    /// conflict.
    pub async fn credit(&self, credit: Credit) -> Result<NanoUsd, StoreError> {
        if !credit.kind.may_be_posted(credit.amount) {
            return Err(StoreError::Conflict("an entry of this kind and sign"));
        }
        let (reply, answer) = oneshot::channel();
        self.send(Op::Credit(Box::new(CreditOp { credit, reply })))?;
        answer.await.map_err(|_| writer_is_gone())?
    }

    /// Redeems a code and answers when it is on the disk. Asked again under the same word it
    /// changes nothing; under that word for another code it is a conflict.
    pub(crate) async fn redeem(
        &self,
        id: RedemptionId,
        ask: RedemptionAsk,
    ) -> Result<Result<Redeemed, NotRedeemed>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Op::Redeem(Box::new(RedeemOp { id, ask, reply })))?;
        answer.await.map_err(|_| writer_is_gone())?
    }

    /// Prunes a page of the usage rows that ended before a time.
    pub(crate) async fn prune(&self, before: UnixMillis) -> Result<PrunedPage, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Op::Prune(Box::new(PruneOp { before, reply })))?;
        answer.await.map_err(|_| writer_is_gone())?
    }

    /// Returns when everything queued before is done and the writer has ended, or after a minute.
    pub(crate) async fn close(&self) {
        let (reply, answer) = oneshot::channel();
        if self.send(Op::Close(reply)).is_err() {
            return;
        }
        match tokio::time::timeout(CLOSE_MAX, answer).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => {
                tracing::error!("the ledger writer ended before it had done what was queued");
            }
            Err(_) => tracing::error!("the ledger writer did not end in time"),
        }
    }

    fn send(&self, op: Op) -> Result<(), StoreError> {
        self.queue.send(op).map_err(|_| writer_is_gone())
    }
}

fn writer_is_gone() -> StoreError {
    StoreError::unavailable("the ledger writer has ended")
}
