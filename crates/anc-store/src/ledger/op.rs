//! What goes to the writer, and what comes back.

use std::sync::{Arc, Mutex};

use anc_domain::{NanoUsd, TokenCount, UnixMillis, Usage};
use anc_ledger::{HoldAsk, PriceSnapshot, Refusal};
use tokio::sync::oneshot;

use super::attempt::FailedAttemptOp;
use super::prune::PrunedPage;
use super::redeem::{RedeemOp, Redemption};
use super::{Credit, HoldRequest, Ledger, OpenHold, Settlement};
use crate::{OwnCost, StoreError};

/// What one hold is about; shared by its guard and its operations.
pub(super) struct Ticket {
    pub(super) request_id: [u8; 16],
    pub(super) account_id: i64,
    pub(super) token_id: i64,
    pub(super) model: anc_domain::ModelName,
    pub(super) price: PriceSnapshot,
    pub(super) price_text: Box<str>,
    pub(super) stream: bool,
    pub(super) progress: Mutex<Progress>,
}

/// What has been seen of a running answer.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) observed: Option<Usage>,
    /// Whether the database does not know it yet.
    pub(super) changed: bool,
}

impl Ticket {
    pub(super) fn new(request: HoldRequest) -> Result<Self, StoreError> {
        let price_text = serde_json::to_string(&request.price).map_err(StoreError::corrupt)?;
        Ok(Self {
            request_id: request.request_id.to_bytes(),
            account_id: request.account_id.as_i64(),
            token_id: request.token_id.as_i64(),
            model: request.model,
            price: request.price,
            price_text: price_text.into_boxed_str(),
            stream: request.stream,
            progress: Mutex::default(),
        })
    }
}

pub(super) type HoldReply = oneshot::Sender<Result<Result<OpenHold, Refusal>, StoreError>>;

pub(super) struct HoldOp {
    pub(super) ticket: Arc<Ticket>,
    pub(super) ask: HoldAsk,
    pub(super) input_estimate: TokenCount,
    /// For the guard. The writer has no sender of its own: when all are gone it ends.
    pub(super) ledger: Ledger,
    pub(super) reply: HoldReply,
}

pub(super) struct GrowOp {
    pub(super) ticket: Arc<Ticket>,
    pub(super) by: NanoUsd,
    pub(super) reply: oneshot::Sender<Result<Result<(), Refusal>, StoreError>>,
}

pub(super) struct SettleOp {
    pub(super) ticket: Arc<Ticket>,
    pub(super) settlement: Settlement,
    pub(super) charge: NanoUsd,
    /// The price of the charge, where it is not that of the hold.
    pub(super) price_text: Option<Box<str>>,
    pub(super) own_cost: Option<OwnCost>,
    /// It closes what a node that is gone had held, by what another read of it.
    pub(super) for_gone_node: bool,
    pub(super) reply: Option<oneshot::Sender<Result<(), StoreError>>>,
}

pub(super) struct CreditOp {
    pub(super) credit: Credit,
    pub(super) reply: oneshot::Sender<Result<NanoUsd, StoreError>>,
}

/// A page of usage rows to prune: those that ended before a time.
pub(super) struct PruneOp {
    pub(super) before: UnixMillis,
    pub(super) reply: oneshot::Sender<Result<PrunedPage, StoreError>>,
}

/// An operation of the ledger.
pub(super) enum Op {
    Hold(Box<HoldOp>),
    Grow(Box<GrowOp>),
    Settle(Box<SettleOp>),
    Release(Arc<Ticket>),
    FailedAttempt(Box<FailedAttemptOp>),
    Credit(Box<CreditOp>),
    Redeem(Box<RedeemOp>),
    /// Has a transaction of its own.
    Prune(Box<PruneOp>),
    /// The hold's progress is to be written now and then from here on.
    Watch(Arc<Ticket>),
    Close(oneshot::Sender<()>),
}

/// A hold that was granted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Granted {
    pub(super) amount: NanoUsd,
    /// What the token could still spend before this request; `None` where nothing bounds it.
    pub(super) left: Option<NanoUsd>,
}

/// What a committed batch decided about one operation.
pub(super) enum Verdict {
    Held(Result<Granted, Refusal>),
    Grown(Result<(), Refusal>),
    Credited(Result<NanoUsd, StoreError>),
    Redeemed(Result<Redemption, StoreError>),
    Done,
}

impl Op {
    /// What a metric calls it.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Hold(_) => "hold",
            Self::Grow(_) => "grow",
            Self::Settle(_) => "settle",
            Self::Release(_) => "release",
            Self::FailedAttempt(_) => "failed_attempt",
            Self::Credit(_) => "credit",
            Self::Redeem(_) => "redeem",
            Self::Prune(_) => "prune",
            Self::Watch(_) | Self::Close(_) => "other",
        }
    }

    /// Whether it tells what has happened, such as that a hold ends: it is never given up while the
    /// process lives.
    pub(super) const fn is_a_fact(&self) -> bool {
        matches!(self, Self::Settle(_) | Self::Release(_) | Self::FailedAttempt(_))
    }

    /// Whether money comes in by it: such an operation waits for the disk.
    pub(super) const fn brings_money(&self) -> bool {
        matches!(self, Self::Credit(_) | Self::Redeem(_))
    }

    /// Nobody waits for the answer any more, so that it need not be done.
    pub(super) fn is_abandoned(&self) -> bool {
        matches!(self, Self::Hold(hold) if hold.reply.is_closed())
    }

    /// Answers what a committed batch decided.
    pub(super) fn answer(self, verdict: Verdict) {
        match (self, verdict) {
            (Self::Hold(hold), Verdict::Held(result)) => {
                let HoldOp { ticket, ledger, reply, .. } = *hold;
                // If the caller is gone the guard comes back, and its drop releases the hold.
                let _ =
                    reply.send(Ok(result.map(|granted| OpenHold::new(ticket, granted, ledger))));
            }
            (Self::Grow(grow), Verdict::Grown(result)) => {
                let _ = grow.reply.send(Ok(result));
            }
            (Self::Credit(credit), Verdict::Credited(result)) => {
                let _ = credit.reply.send(result);
            }
            (Self::Redeem(redeem), Verdict::Redeemed(result)) => {
                let _ = redeem.reply.send(result);
            }
            (Self::Settle(settle), Verdict::Done) => {
                if let Some(reply) = settle.reply {
                    let _ = reply.send(Ok(()));
                }
            }
            (Self::Release(_) | Self::FailedAttempt(_) | Self::Watch(_) | Self::Close(_), _) => {}
            (op, _) => op.fail(&StoreError::corrupt("a verdict of another operation")),
        }
    }

    /// Answers that nothing was done.
    pub(super) fn fail(self, error: &StoreError) {
        match self {
            Self::Hold(hold) => {
                let _ = hold.reply.send(Err(error.clone()));
            }
            Self::Grow(grow) => {
                let _ = grow.reply.send(Err(error.clone()));
            }
            Self::Credit(credit) => {
                let _ = credit.reply.send(Err(error.clone()));
            }
            Self::Redeem(redeem) => {
                let _ = redeem.reply.send(Err(error.clone()));
            }
            Self::Settle(settle) => {
                if let Some(reply) = settle.reply {
                    let _ = reply.send(Err(error.clone()));
                }
            }
            Self::Prune(prune) => {
                let _ = prune.reply.send(Err(error.clone()));
            }
            Self::Release(_) | Self::FailedAttempt(_) | Self::Watch(_) | Self::Close(_) => {}
        }
    }
}
