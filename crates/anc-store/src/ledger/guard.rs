//! What a request holds in its hands: money reserved for it.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anc_domain::{
    AccountId, ApiTokenId, ChannelId, ModelName, MoneyError, NanoUsd, PpmMultiplier, RequestId,
    Usage,
};
use anc_ledger::{Charge, EndReason, HoldAsk, Otherwise, PriceSnapshot, Refusal};
use tokio::sync::oneshot;

use super::attempt::{FailedAttempt, FailedAttemptOp};
use super::op::{Granted, GrowOp, Op, SettleOp, Ticket};
use super::{HoldRequest, Ledger, writer_is_gone};
use crate::{OwnCost, StoreError};

/// How long a settle is waited for. Beyond it the caller is told that the store is in trouble,
/// while the writer goes on trying.
const SETTLE_WAIT: Duration = Duration::from_secs(10);

/// How a request ended and what it used. The charge is not part of it: it is computed from the
/// usage at the price of the hold, so that no row can tell another sum than its units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// The units to be charged.
    pub usage: Usage,
    /// What the provider said of the options that the request asked for at a price of their own.
    pub kept: OptionsKept,
    /// How it ended.
    pub end_reason: EndReason,
    /// The units are our own count.
    pub estimated: bool,
    /// The provider reported what cannot be.
    pub suspect: bool,
    /// Which channel answered.
    pub channel_id: Option<ChannelId>,
    /// The factor on the price book at which its provider bills the operator for the units; `None`
    /// where it is not known for how many it does.
    pub cost_multiplier: Option<PpmMultiplier>,
    /// What the last provider answered.
    pub upstream_status: Option<u16>,
    /// How long until the first content.
    pub first_token_ms: Option<u32>,
    /// How long in all.
    pub total_ms: Option<u32>,
    /// How many providers were called.
    pub attempts: u32,
    /// From where the request came.
    pub client_address: Option<String>,
    /// What program sent it.
    pub client_agent: Option<String>,
    /// The provider's own words about units; never any content.
    pub raw_usage: Option<String>,
}

impl Settlement {
    /// An end with the units that it is charged for, and nothing else known.
    pub const fn new(end_reason: EndReason, usage: Usage) -> Self {
        Self {
            usage,
            kept: OptionsKept::ALL,
            end_reason,
            estimated: false,
            suspect: false,
            channel_id: None,
            cost_multiplier: None,
            upstream_status: None,
            first_token_ms: None,
            total_ms: None,
            attempts: 1,
            client_address: None,
            client_agent: None,
            raw_usage: None,
        }
    }

    /// An end that costs nothing and yet leaves a row: a provider was called.
    pub fn uncharged(end_reason: EndReason) -> Self {
        Self::new(end_reason, Usage::default())
    }
}

/// Which options with a price of their own the provider kept to. Where it served a request as usual
/// instead, the request costs what is usual, if that is less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionsKept {
    /// The tier of service.
    pub service_tier: bool,
    /// The speed.
    pub speed: bool,
}

impl OptionsKept {
    /// As asked for, or nothing was.
    pub const ALL: Self = Self { service_tier: true, speed: true };
}

/// An open hold. Settle it; dropped without that it is released whole, as if the request had never
/// been. Neither dropping nor settling ever blocks.
#[must_use = "a hold that is dropped is released"]
pub struct OpenHold {
    ticket: Arc<Ticket>,
    granted: NanoUsd,
    left: Option<NanoUsd>,
    ledger: Ledger,
    ended: bool,
}

impl OpenHold {
    pub(super) const fn new(ticket: Arc<Ticket>, granted: Granted, ledger: Ledger) -> Self {
        Self { ticket, granted: granted.amount, left: granted.left, ledger, ended: false }
    }

    /// The request that it is for.
    pub fn request_id(&self) -> RequestId {
        RequestId::from_bytes(self.ticket.request_id)
    }

    /// A hold of nothing beside this one, for a part of the same request that another model made: its
    /// charge has a usage row of its own, with its own model and price.
    pub async fn beside(
        &self,
        request_id: RequestId,
        model: ModelName,
        price: PriceSnapshot,
    ) -> Result<Result<Self, Refusal>, StoreError> {
        let zero = NanoUsd::ZERO;
        let request = HoldRequest {
            request_id,
            account_id: AccountId::from_i64(self.ticket.account_id),
            token_id: ApiTokenId::from_i64(self.ticket.token_id),
            model,
            ask: HoldAsk { full: zero, least: zero, otherwise: Otherwise::Least },
            price,
            input_estimate: 0,
            stream: self.ticket.stream,
        };
        self.ledger.hold(request).await
    }

    /// The price that the request was promised.
    pub fn price(&self) -> &PriceSnapshot {
        &self.ticket.price
    }

    /// How much is held: the full amount, or the least and what it has grown by.
    pub const fn granted(&self) -> NanoUsd {
        self.granted
    }

    /// What the token could still spend before this request: the least of its quota, its budgets
    /// and its account's balance; `None` where nothing bounds it.
    pub const fn left_before(&self) -> Option<NanoUsd> {
        self.left
    }

    /// What a settlement will be charged, and why: the arithmetic of [`OpenHold::settle`].
    pub fn charge_for(&self, settlement: &Settlement) -> Result<Charge, MoneyError> {
        let usual = self.usual_price(settlement);
        anc_ledger::charge(&settlement.usage, usual.as_ref().unwrap_or(&self.ticket.price))
    }

    /// What is usual, where the provider did not keep to what was asked for and that costs less:
    /// nobody pays more than the promise that the hold was made for.
    fn usual_price(&self, settlement: &Settlement) -> Option<PriceSnapshot> {
        let (kept, promised) = (settlement.kept, &self.ticket.price);
        if kept == OptionsKept::ALL || promised.price.rules.is_empty() {
            return None;
        }
        let usual = promised.without_options(!kept.service_tier, !kept.speed);
        let total = |price| anc_ledger::charge(&settlement.usage, price).map(|charge| charge.total);
        match (total(&usual), total(promised)) {
            (Ok(without), Ok(with)) if without < with => Some(usual),
            _ => None,
        }
    }

    /// Holds more. Refused like a new hold, but for the token's expiry.
    pub async fn grow(&mut self, by: NanoUsd) -> Result<Result<(), Refusal>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let ticket = Arc::clone(&self.ticket);
        self.ledger.send(Op::Grow(Box::new(GrowOp { ticket, by, reply })))?;
        let result = answer.await.map_err(|_| writer_is_gone())??;
        if result.is_ok() {
            self.granted = self.granted.checked_add(by).unwrap_or(NanoUsd::MAX);
        }
        Ok(result)
    }

    /// Notes what has been seen so far, to be charged if the relay dies. Written every couple of
    /// seconds while it changes; cheap enough to call for each frame that tells usage.
    pub fn observe(&self, usage: &Usage) {
        let mut progress = self.ticket.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.observed.as_ref() == Some(usage) {
            return;
        }
        let first = progress.observed.replace(*usage).is_none();
        progress.changed = true;
        drop(progress);
        if first {
            let _ = self.ledger.send(Op::Watch(Arc::clone(&self.ticket)));
        }
    }

    /// Notes what the operator's provider bills for an attempt that failed. Nobody is charged for it.
    pub fn note_failed_attempt(&self, attempt: FailedAttempt) {
        let ticket = Arc::clone(&self.ticket);
        let Some(op) = FailedAttemptOp::new(ticket, attempt) else { return };
        let _ = self.ledger.send(Op::FailedAttempt(Box::new(op)));
    }

    /// Replaces the hold by its charge, exactly once, and gives the charge.
    ///
    /// The settle is queued when this is *called*; the future is ready when it is durable, and may
    /// be dropped without harm. After ten seconds of trouble with the store the future fails, while
    /// the writer goes on trying as long as the process lives.
    #[must_use = "only the future tells when the settle is durable; or call settle_detached"]
    pub fn settle(
        self,
        settlement: Settlement,
    ) -> impl Future<Output = Result<NanoUsd, StoreError>> + Send + use<> {
        let (reply, answer) = oneshot::channel();
        let queued = self.end(settlement, Some(reply));
        async move {
            let charge = queued?;
            match tokio::time::timeout(SETTLE_WAIT, answer).await {
                Ok(answered) => answered.map_err(|_| writer_is_gone())?.map(|()| charge),
                Err(_) => Err(StoreError::unavailable("the settle is not durable yet")),
            }
        }
    }

    /// [`OpenHold::settle`] for places that cannot wait.
    pub fn settle_detached(self, settlement: Settlement) {
        let request_id = self.request_id();
        if let Err(error) = self.end(settlement, None) {
            tracing::error!(%request_id, %error, "could not queue a settle");
        }
    }

    fn end(
        mut self,
        settlement: Settlement,
        reply: Option<oneshot::Sender<Result<(), StoreError>>>,
    ) -> Result<NanoUsd, StoreError> {
        // Whatever comes of it, this is not a request that never was.
        self.ended = true;
        // A hold is refused where the largest usage has no charge, so this does not fail.
        let usual = self.usual_price(&settlement);
        let price = usual.as_ref().unwrap_or(&self.ticket.price);
        let charge =
            anc_ledger::charge(&settlement.usage, price).map_err(StoreError::corrupt)?.total;
        let own_cost = OwnCost::of(&settlement.usage, price, settlement.cost_multiplier);
        let price_text = usual.as_ref().map(serde_json::to_string).transpose();
        let price_text = price_text.map_err(StoreError::corrupt)?.map(String::into_boxed_str);
        let op = SettleOp {
            ticket: Arc::clone(&self.ticket),
            settlement,
            charge,
            price_text,
            own_cost,
            for_gone_node: false,
            reply,
        };
        self.ledger.send(Op::Settle(Box::new(op)))?;
        Ok(charge)
    }
}

impl Drop for OpenHold {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.ledger.send(Op::Release(Arc::clone(&self.ticket)));
        }
    }
}

impl fmt::Debug for OpenHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenHold")
            .field("request_id", &self.request_id())
            .field("granted", &self.granted)
            .finish_non_exhaustive()
    }
}
