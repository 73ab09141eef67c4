//! The life of one relayed request, from its first byte to its last.
//!
//! [`relay`] is the whole of it: every early return, every retry and every refusal is in this
//! function or in the phase that it names. Each phase takes the value of the one before, so that
//! none can be skipped.

use std::sync::{Arc, Mutex, PoisonError};

use anc_domain::{Meter, RelayError, RequestId, Usage};
use anc_ledger::{EndReason, HoldBounds, Otherwise, OutputBound, hold_bounds};
use anc_limits::{Limited, Permit, Rates};
use anc_routing::plan;
use anc_store::{FailedAttempt, HoldRequest, OpenHold, Settlement, StoredResponse, TokenRates};
use anc_wire::{Observed, Operation, RequestEdits, RequestFacts};
use http::Response;
use hyper::body::Incoming;

use crate::account::Plausible;
use crate::admission::{self, Admitted};
use crate::affinity::Bond;
use crate::catalog::Channel;
use crate::delivery::{self, Delivery};
use crate::directory::Caller;
use crate::ingress::Call;
use crate::limits::InputHold;
use crate::metrics;
use crate::recorder::{self, Keep};
use crate::request_body;
use crate::running::Running;
use crate::upstream::{self, Accepted, Answer, Attempts};
use crate::{Gateway, GatewayBody, error};

/// Relays one request. An error is answered in the caller's protocol by [`Gateway::handle`].
pub(crate) async fn relay(
    gateway: &Gateway,
    mut call: Call,
    body: Incoming,
) -> Result<Response<GatewayBody>, RelayError> {
    // 2 authenticate: before the body, so that a stranger cannot make the relay hold megabytes.
    let caller = gateway.authenticate(&call).await?;

    // 3 read: one scan for the few fields that matter; the rest stays as it is.
    let (body, _room) = request_body::read_body(gateway, &call.headers, body).await?;
    let facts = call.read(&body)?;

    // 4 authorize.
    let catalog = gateway.catalog.load_full();
    let mut admitted =
        admission::authorize(caller, facts.model.clone(), &facts.options, &call, &catalog)?;
    let bond = Bond::of(gateway, &call, &facts, &mut admitted).await?;
    let input = Input::of(gateway.limits.input_hold, &facts, &bond, admitted.context);
    let permits = admit_rate(gateway, &admitted.caller, input.expected)?;

    // 5 hold: from here on money is reserved, and every way out settles or releases it.
    let running = enter(gateway, call.request_id, &admitted)?;
    let mut held = hold(gateway, &call, (&facts, input), &admitted, permits).await?;

    // 6 plan.
    let order = plan(
        &upstream::candidates(gateway, &call, &admitted.channels),
        gateway.limits.attempts,
        bond.choice(&mut |below| upstream::dice(gateway, below)),
    )
    .map_err(|reason| error::no_plan(reason, &admitted.model))?;

    // 7 dispatch: attempt after attempt until one provider accepts, or finds fault with the request.
    let edits = held.edits(&facts);
    let attempts = Attempts {
        gateway,
        call: &call,
        channels: &admitted.channels,
        facts: &facts,
        edits,
        held: &held,
        keys: bond.keys,
    };
    let answer = tokio::select! {
        answer = attempts.run(&order, &body) => answer,
        by = running.revoked() => return Err(error::revoked(by)),
    };
    let accepted = match answer {
        Ok(Answer::Accepted(accepted)) => *accepted,
        Ok(Answer::Refused(refusal)) => {
            held.release();
            return upstream::pass_refusal_on(&call, refusal);
        }
        Err(failure) => {
            held.release();
            return Err(failure);
        }
    };

    // 8 deliver: frame by frame; then settle; then the last byte.
    let keep = keep(gateway, &call, &facts, &admitted, &accepted);
    let delivery = Delivery::new(gateway, &call, &facts, held, running, &accepted).keeping(keep);
    if accepted.streams() {
        Ok(delivery::stream(delivery, accepted))
    } else {
        delivery::buffered(delivery, accepted).await
    }
}

/// How much the model reads for a request: its own, and what it goes on from.
#[derive(Debug, Clone, Copy)]
struct Input {
    at_most: u64,
    expected: u64,
}

impl Input {
    fn of(hold: InputHold, facts: &RequestFacts, bond: &Bond, context: Option<u64>) -> Self {
        let own = match hold {
            InputHold::Cautious => facts.input.units_at_most(),
            InputHold::Strict => facts.input.units_bound(context),
        };
        let with = |own: u64| own.saturating_add(bond.reads_again);
        Self { at_most: with(own), expected: with(facts.input.units_expected()) }
    }
}

/// Leave to make a request now: the token's and its account's, where either is limited.
pub(crate) type Permits = [Option<Permit>; 2];

/// The rates of the token, and of its account by the tier: whether the request may be made now. What
/// one of them refuses uses up nothing of the other.
pub(crate) fn admit_rate(
    gateway: &Gateway,
    caller: &Caller,
    units: u64,
) -> Result<Permits, RelayError> {
    let now = gateway.clock.now();
    let admit = |of: Limited, rates: TokenRates, metric: &'static str| {
        let TokenRates { requests_per_minute, units_per_minute, concurrency } = rates;
        let rates = Rates { requests_per_minute, units_per_minute, concurrency };
        gateway.rates.admit(of, rates, units, now).map_err(|reached| {
            metrics::limit_hit(metric);
            error::too_fast(reached, &caller.0.tier.name)
        })
    };
    let by_token = admit(Limited::ApiToken(caller.token_id()), caller.0.rates, "token_rate")?;
    let of_account = Limited::Account(caller.account_id());
    match admit(of_account, caller.0.tier.rates, "account_rate") {
        Ok(by_account) => Ok([by_token, by_account]),
        Err(refusal) => {
            by_token.into_iter().for_each(Permit::withdraw);
            Err(refusal)
        }
    }
}

/// What is to be remembered of the answer, where its provider keeps it.
fn keep(
    gateway: &Gateway,
    call: &Call,
    facts: &RequestFacts,
    admitted: &Admitted,
    accepted: &Accepted,
) -> Option<Keep> {
    // A shortened conversation is given and not kept.
    (facts.stored && call.operation == Operation::Responses).then(|| {
        let channel = &accepted.channel;
        let key_digest = accepted.key.and_then(|key| channel.key_digests.get(key)).copied();
        let unnamed = StoredResponse {
            account_id: admitted.caller.account_id(),
            response_id: String::new(),
            channel_id: channel.id,
            key_digest,
            model: facts.model.clone(),
            units: 0,
            expires_at: gateway.clock.now().plus(recorder::KEPT),
        };
        Keep::new(gateway.recorder.clone(), unnamed)
    })
}

fn enter(
    gateway: &Gateway,
    request_id: RequestId,
    admitted: &Admitted,
) -> Result<Running, RelayError> {
    gateway
        .running
        .enter(request_id, admitted.caller.token_id(), admitted.caller.account_id())
        .ok_or_else(|| {
            metrics::limit_hit("running_requests");
            error::relay_unavailable("The relay runs as many requests as it may.")
        })
}

/// Money reserved for a request, and what it pays for. Dropped before there is an answer, it is
/// given back, less the input where a provider had taken the request up: the client has left, or
/// was sent away.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) open: Option<OpenHold>,
    /// The channel whose provider began to answer.
    taken_up: Mutex<Option<Arc<Channel>>>,
    pub(crate) input_expected: u64,
    pub(crate) plausible: Plausible,
    /// Count among the requests at once of the token and its account.
    pub(crate) permits: Permits,
    pub(crate) bounds: HoldBounds,
    /// The most input units that the hold pays for.
    pub(crate) input_at_most: u64,
    /// The units that one answer may have where a buffered answer's bound had to be lowered.
    pub(crate) lowered_output: Option<u64>,
}

/// Phase 5: the worst case against account and token, in the ledger's one transaction.
async fn hold(
    gateway: &Gateway,
    call: &Call,
    (facts, input): (&RequestFacts, Input),
    admitted: &Admitted,
    permits: Permits,
) -> Result<Held, RelayError> {
    let per_answer = [facts.max_output(), admitted.max_output]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(gateway.limits.output_units_default);
    let answers = facts.answers.max(1);
    // An answer must get past its thinking to be of any use.
    let step = gateway.limits.output_step_units.max(facts.thinking_budget.map_or(0, |b| b + 1));
    let bound = if facts.has_output() {
        OutputBound { most: per_answer.saturating_mul(answers), step: step.saturating_mul(answers) }
    } else {
        OutputBound { most: 0, step: 0 }
    };
    let otherwise = if facts.stream { Otherwise::Least } else { Otherwise::AllThatIsFree };
    let offered = |times: u64| times.min(gateway.limits.tool_calls_held);
    let calls = Usage::default()
        .with(Meter::WebSearch, offered(facts.tools.web_searches))
        .with(Meter::FileSearch, offered(facts.tools.file_searches));
    let mut bounds = hold_bounds(input.at_most, &calls, bound, otherwise, &admitted.price)
        .map_err(|_| error::refused(anc_ledger::Refusal::OutOfRange, call.received_at))?;
    if call.operation == Operation::CompactResponse {
        // Its provider takes no bound that could be lowered.
        bounds.ask.least = bounds.ask.full;
    }
    let request = HoldRequest {
        request_id: call.request_id,
        account_id: admitted.caller.account_id(),
        token_id: admitted.caller.token_id(),
        model: admitted.model.clone(),
        ask: bounds.ask,
        price: admitted.price.clone(),
        input_estimate: input.expected,
        stream: facts.stream,
    };
    let open = gateway
        .ledger
        .hold(request)
        .await
        .map_err(|failure| error::store_down(&failure))?
        .map_err(|refusal| error::refused(refusal, call.received_at))?;
    let lowered_output = (!facts.stream && open.granted() < bounds.ask.full).then(|| {
        let left = bounds.for_output(open.granted());
        anc_ledger::affordable_output(left, input.at_most, &admitted.price) / answers
    });
    let plausible = Plausible::new(
        input.at_most,
        admitted.context,
        bound.most,
        gateway.limits.output_units_default,
    );
    let (open, taken_up) = (Some(open), Mutex::default());
    let (input_expected, input_at_most) = (input.expected, input.at_most);
    Ok(Held {
        open,
        taken_up,
        input_expected,
        plausible,
        permits,
        bounds,
        input_at_most,
        lowered_output,
    })
}

impl Drop for Held {
    fn drop(&mut self) {
        let taken_up = self.taken_up.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((open, channel)) = self.open.take().zip(taken_up) {
            let usage = Usage::default().with(Meter::Input, self.input_expected);
            open.settle_detached(Settlement {
                estimated: true,
                channel_id: Some(channel.id),
                cost_multiplier: Some(channel.cost_multiplier),
                ..Settlement::new(EndReason::ClientGone, usage)
            });
        }
    }
}

impl Held {
    /// A channel's provider begins to answer.
    pub(crate) fn taken_up_by(&self, channel: &Arc<Channel>) {
        let channel = Some(Arc::clone(channel));
        *self.taken_up.lock().unwrap_or_else(PoisonError::into_inner) = channel;
    }

    /// The attempt `number` has failed. What its provider told that it bills is the operator's cost.
    pub(crate) fn failed_at(&self, channel: &Channel, number: usize, observed: &Observed) {
        let Some(usage) = self.plausible.believed(observed) else { return };
        if let Some(open) = &self.open {
            open.note_failed_attempt(FailedAttempt {
                attempt: u32::try_from(number).unwrap_or(u32::MAX),
                channel_id: channel.id,
                usage,
                multiplier: channel.cost_multiplier,
            });
        }
    }

    /// Gives the money back: no provider is owed anything.
    fn release(&mut self) {
        drop(self.open.take());
    }

    /// What has to be changed of the client's own bytes, whichever channel they go to.
    fn edits(&self, facts: &RequestFacts) -> RequestEdits<'static> {
        RequestEdits {
            model: None,
            max_output: self.lowered_output,
            include_usage: facts.stream && !facts.includes_usage(),
        }
    }
}
