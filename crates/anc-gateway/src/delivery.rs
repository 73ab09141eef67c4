//! Phase 8: the answer goes to the client as it comes, is counted beside it, and is settled before
//! its last byte.
//!
//! A [`Delivery`] owns the hold. Whatever way it ends, the hold ends with it: by a settle that is
//! awaited where there is still somebody to wait for it, and by its `Drop` where the client has
//! left, which drops the body that hyper was writing and everything in it.

use std::collections::VecDeque;
use std::time::Duration;

use anc_domain::{Meter, ModelName, NanoUsd, RelayError, UnixMillis, Usage};
use anc_ledger::{EndReason, Refusal, affordable_output};
use anc_store::{OpenHold, OptionsKept, Settlement};
use anc_wire::{ArrayFraming, Family, FrameRole, Observed, RequestFacts, Served};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Response};

use crate::account::{Plausible, measure};
use crate::events::{EventReader, Frame};
use crate::ingress::Call;
use crate::metrics;
use crate::other_models::settle_apart;
use crate::recorder::Keep;
use crate::relay::{Held, Permits};
use crate::running::{Owner, Running};
use crate::silence::Silence;
use crate::upstream::{Accepted, Content};
use crate::written_body::{CutShort, FrameSink, WrittenBody};
use crate::{Gateway, GatewayBody, error, upstream};

const EVENTS: &str = "text/event-stream; charset=utf-8";
const JSON: &str = "application/json";
const X_RELAY_CHARGE: HeaderName = HeaderName::from_static("x-relay-charge");
const X_RELAY_OUTPUT_LOWERED: HeaderName = HeaderName::from_static("x-relay-max-output-lowered");
const X_RELAY_REMAINING: HeaderName = HeaderName::from_static("x-relay-remaining");
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// How long the end of a stream is waited for behind an event that looked like the last.
const BEHIND_LAST: Duration = Duration::from_secs(2);

/// An accepted answer on its way to the client, and the money held for it.
pub(crate) struct Delivery {
    gateway: Gateway,
    call: Summary,
    /// Counts among the token's requests at once.
    permits: Permits,
    /// What the token could still spend before this request.
    left_before: Option<NanoUsd>,
    /// Present until the answer is settled.
    hold: Option<OpenHold>,
    /// The model as its provider knows it.
    asked: ModelName,
    /// What was observed when it was last looked at: what a `Drop` has to go by.
    observed: Observed,
    /// Output units that the hold pays for.
    covered_units: u64,
    step: NanoUsd,
    input_cost: NanoUsd,
    input_expected: u64,
    input_at_most: u64,
    /// What a report may say and be believed.
    plausible: Plausible,
    /// A stream was asked for.
    wants_stream: bool,
    lowered_output: Option<u64>,
    /// Whether the client asked for the usage frame, or gets none.
    usage_wanted: bool,
    running: Running,
    settlement: Settlement,
    started_at: UnixMillis,
    /// Where the stream goes out as an array.
    array: Option<ArrayFraming>,
    /// Events that went out.
    sent: u64,
    /// What is to be remembered of an answer that its provider keeps.
    keep: Option<Keep>,
}

/// What the end of a request is told by.
#[derive(Debug, Clone, Copy)]
struct Summary {
    request_id: anc_domain::RequestId,
    protocol: anc_wire::Protocol,
}

impl Delivery {
    pub(crate) fn new(
        gateway: &Gateway,
        call: &Call,
        facts: &RequestFacts,
        mut held: Held,
        running: Running,
        accepted: &Accepted,
    ) -> Self {
        let agent = call.headers.get(http::header::USER_AGENT);
        let settlement = Settlement {
            channel_id: Some(accepted.channel.id),
            cost_multiplier: Some(accepted.channel.cost_multiplier),
            upstream_status: Some(accepted.status.as_u16()),
            attempts: accepted.attempt,
            client_address: Some(call.client.address.to_string()),
            client_agent: agent.and_then(|value| value.to_str().ok()).map(str::to_owned),
            ..Settlement::uncharged(EndReason::ClientGone)
        };
        let mut delivery = Self {
            gateway: gateway.clone(),
            call: Summary { request_id: call.request_id, protocol: call.protocol },
            asked: accepted
                .channel
                .upstream_name(&facts.model)
                .unwrap_or_else(|| facts.model.clone()),
            observed: Observed::default(),
            covered_units: 0,
            step: held.bounds.step,
            input_cost: held.bounds.input,
            input_expected: held.input_expected,
            input_at_most: held.input_at_most,
            plausible: held.plausible,
            wants_stream: facts.stream,
            lowered_output: held.lowered_output,
            usage_wanted: facts.includes_usage(),
            running,
            settlement,
            started_at: call.received_at,
            permits: std::mem::take(&mut held.permits),
            left_before: held.open.as_ref().and_then(OpenHold::left_before),
            hold: held.open.take(),
            array: call.as_array.then(ArrayFraming::default),
            sent: 0,
            keep: None,
        };
        delivery.cover();
        delivery
    }

    /// The same for an answer that is remembered.
    pub(crate) fn keeping(mut self, keep: Option<Keep>) -> Self {
        self.keep = keep;
        self
    }

    /// Recomputes how many output units the hold pays for.
    fn cover(&mut self) {
        let Some(hold) = &self.hold else { return };
        let for_output = hold.granted().checked_sub(self.input_cost).unwrap_or_default();
        self.covered_units = affordable_output(for_output, self.input_at_most, hold.price());
    }

    /// Makes sure that what was counted so far is paid for, growing the hold by a step where not.
    async fn afford(&mut self) -> Result<(), Stop> {
        while self.observed.output_units > self.covered_units {
            let Some(hold) = &mut self.hold else { return Ok(()) };
            let grown = hold.grow(self.step).await;
            let own = hold.granted();
            match grown {
                Ok(Ok(())) => self.cover(),
                Ok(Err(refusal)) => {
                    return Err(Stop::refused(refusal, own, self.gateway.clock.now()));
                }
                Err(failure) => return Err(Stop::store_down(error::store_down(&failure))),
            }
        }
        Ok(())
    }

    /// Replaces the hold by the charge, durably. `None` where that happened before.
    async fn settle(&mut self, end: EndReason) -> Result<NanoUsd, RelayError> {
        let mut settlement = self.settlement(end);
        for permit in self.permits.iter_mut().flatten() {
            permit.used(settlement.usage.input_total() + settlement.usage.output_total());
        }
        self.hand_in(&settlement.usage);
        let mut apart = NanoUsd::ZERO;
        if let Some(hold) = &self.hold
            && end == EndReason::Complete
            // A report that is not believed in all is not believed in its parts.
            && !settlement.estimated
            && !self.observed.by_model.is_empty()
        {
            let (gateway, asked, observed) = (&self.gateway, &self.asked, &mut self.observed);
            apart = settle_apart(gateway, hold, asked.as_str(), observed, &settlement).await;
            settlement = self.settlement(end);
        }
        let Some(hold) = self.hold.take() else { return Ok(NanoUsd::ZERO) };
        // The settle is queued by the call itself: a client that leaves while it is awaited
        // changes nothing.
        let protocol = self.call.protocol;
        let settling = hold.settle(settlement.clone());
        let charge = settling.await.map_err(|failure| error::store_down(&failure))?;
        metrics::settled(protocol, &settlement, charge);
        Ok(charge.checked_add(apart).unwrap_or(charge))
    }

    fn settlement(&self, end: EndReason) -> Settlement {
        let measured = measure(&self.observed, end, self.input_expected, self.plausible);
        let total = self.gateway.clock.now().since(self.started_at);
        let per_request = self
            .hold
            .as_ref()
            .is_some_and(|hold| hold.price().request_per_million() > NanoUsd::ZERO);
        let charged = per_request && !measured.usage.is_empty();
        let Served { usual_tier, usual_speed } = self.observed.served;
        Settlement {
            usage: measured.usage.with(Meter::Request, u64::from(charged)),
            kept: OptionsKept { service_tier: !usual_tier, speed: !usual_speed },
            end_reason: end,
            estimated: measured.estimated,
            suspect: measured.suspect,
            total_ms: u32::try_from(total.as_millis()).ok(),
            raw_usage: self
                .observed
                .raw_usage
                .as_deref()
                .map(|text| String::from_utf8_lossy(text).into_owned()),
            ..self.settlement.clone()
        }
    }

    fn note_first_content(&mut self) {
        if self.settlement.first_token_ms.is_none() {
            let span = self.gateway.clock.now().since(self.started_at);
            self.settlement.first_token_ms = u32::try_from(span.as_millis()).ok();
        }
    }

    /// An event in the form in which the stream goes out.
    fn framed(&mut self, frame: Bytes) -> Bytes {
        self.sent += 1;
        match &mut self.array {
            Some(array) => array.element(&frame),
            None => frame,
        }
    }

    /// The last event in that form.
    fn last_framed(&mut self, frame: Bytes) -> Bytes {
        match &mut self.array {
            Some(array) => array.last(&frame),
            None => frame,
        }
    }

    /// Looks at the meter again, for the hold's record of progress and for a `Drop`.
    fn look(&mut self, reader: &EventReader) {
        self.observed = reader.observed();
    }

    /// Hands an answer in that is to be remembered, whichever way it ended: its provider may have
    /// kept what was made of it.
    fn hand_in(&mut self, used: &Usage) {
        if let Some(keep) = &mut self.keep {
            keep.hand_in(&self.observed, used);
        }
    }

    /// Returns when the answer is remembered, where it is to be.
    async fn kept(&mut self) {
        if let Some(keep) = &mut self.keep {
            keep.written().await;
        }
    }
}

impl Drop for Delivery {
    /// The client has left, or the runtime is going down: what was delivered is charged, and the
    /// provider's stream, which is dropped beside this, is cancelled.
    fn drop(&mut self) {
        if self.hold.is_some() {
            let settlement = self.settlement(EndReason::ClientGone);
            self.hand_in(&settlement.usage);
            if let Some(hold) = self.hold.take() {
                let charge = hold.charge_for(&settlement).map(|charge| charge.total);
                metrics::settled(self.call.protocol, &settlement, charge.unwrap_or_default());
                hold.settle_detached(settlement);
            }
        }
    }
}

/// A stream ends here, before its provider ended it.
struct Stop {
    end: EndReason,
    error: RelayError,
}

impl Stop {
    /// No more money for a stream that has `own` of it.
    fn refused(refusal: Refusal, own: NanoUsd, now: UnixMillis) -> Self {
        let end = match refusal {
            Refusal::TokenDisabled | Refusal::AccountSuspended => EndReason::Revoked,
            _ => EndReason::QuotaExhausted,
        };
        let error = match refusal {
            // What is held is this very stream's: waiting for others would not help.
            Refusal::HeldByRunningRequests { of, held } if held <= own => error::spent_by(of),
            other => error::refused(other, now),
        };
        Self { end, error }
    }

    const fn store_down(error: RelayError) -> Self {
        Self { end: EndReason::Interrupted, error }
    }

    fn upstream_cut() -> Self {
        Self { end: EndReason::UpstreamCut, error: error::upstream_cut() }
    }

    fn timed_out() -> Self {
        Self { end: EndReason::Timeout, error: error::upstream_timeout() }
    }

    fn revoked(by: Owner) -> Self {
        let end = match by {
            Owner::Everybody => EndReason::Interrupted,
            _ => EndReason::Revoked,
        };
        Self { end, error: error::revoked(by) }
    }
}

/// A streamed answer: the head now, the events as they come.
pub(crate) fn stream(mut delivery: Delivery, accepted: Accepted) -> Response<GatewayBody> {
    let mut headers = anc_wire::response_headers(&accepted.headers);
    let media = match delivery.array {
        Some(_) => "application/json; charset=utf-8",
        None => EVENTS,
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    add_remaining(&mut headers, delivery.left_before);
    anc_wire::add_request_id(&mut headers, delivery.call.protocol, delivery.call.request_id);
    let body = WrittenBody::new(|sink| async move {
        match accepted.content {
            Content::Events { first, rest } => write_events(delivery, first, rest, sink).await,
            // A document is delivered by `buffered`; the two are told apart by `streams`.
            Content::Document(..) => {
                delivery.settle(EndReason::UpstreamCut).await.ok();
                Err(CutShort)
            }
        }
    });
    let mut response = Response::new(GatewayBody::Written(body));
    *response.status_mut() = accepted.status;
    *response.headers_mut() = headers;
    response
}

/// Writes events until the provider's last one, or until something ends the stream before it.
async fn write_events(
    mut delivery: Delivery,
    first: Vec<Frame>,
    mut reader: Box<EventReader>,
    mut sink: FrameSink,
) -> Result<(), CutShort> {
    let stop = match write_until_last(&mut delivery, first, &mut reader, &mut sink).await {
        Ok(last) => match delivery.settle(EndReason::Complete).await {
            Ok(_) => {
                delivery.kept().await;
                sink.send(delivery.last_framed(last)).await;
                return Ok(());
            }
            Err(error) => Stop::store_down(error),
        },
        Err(stop) => stop,
    };
    // The provider is let go before anything is awaited: nobody reads it any more.
    drop(reader);
    if delivery.settle(stop.end).await.is_err() {
        return Err(CutShort);
    }
    let Summary { protocol, request_id } = delivery.call;
    let Delivery { observed, sent, .. } = &delivery;
    let frame = anc_wire::error_frame(protocol, &stop.error, request_id, observed, *sent);
    sink.send(delivery.last_framed(frame)).await;
    Ok(())
}

/// Forwards events; gives the terminal one, which must wait for the settle.
async fn write_until_last(
    delivery: &mut Delivery,
    first: Vec<Frame>,
    reader: &mut EventReader,
    sink: &mut FrameSink,
) -> Result<Bytes, Stop> {
    let mut first = VecDeque::from(first);
    let mut silence = Silence::new(&delivery.gateway.limits);
    loop {
        let frame = match first.pop_front() {
            Some(frame) => Some(frame),
            None => next_event(delivery, reader, &mut silence, sink).await?,
        };
        delivery.look(reader);
        let Some(frame) = frame else {
            // Some servers end a finished answer without the protocol's last word; it is added.
            return if delivery.observed.finished {
                Ok(anc_wire::terminal_frame(delivery.call.protocol))
            } else {
                Err(Stop::upstream_cut())
            };
        };
        match frame.role {
            FrameRole::Terminal => {
                // In some protocols the last word carries content as well.
                if delivery.observed.output_units > 0 {
                    delivery.note_first_content();
                }
                match behind_last(delivery, reader).await {
                    Some(next) => first.push_back(next),
                    None => return Ok(frame.bytes),
                }
            }
            FrameRole::Error => return Err(Stop::upstream_cut()),
            FrameRole::UsageOnly if !delivery.usage_wanted => continue,
            FrameRole::Content => {
                delivery.note_first_content();
                delivery.afford().await?;
            }
            FrameRole::UsageOnly | FrameRole::Other => {}
        }
        sink.send(delivery.framed(frame.bytes)).await;
    }
}

/// What comes behind an event that looked like the last. Only Gemini has no word for the end: some
/// of its servers give a reason to end with every event, and the stream's own end is what counts.
async fn behind_last(delivery: &mut Delivery, reader: &mut EventReader) -> Option<Frame> {
    if delivery.call.protocol.family() != Family::Gemini {
        return None;
    }
    let next = tokio::time::timeout(BEHIND_LAST, reader.next()).await;
    // A finished answer that breaks off behind its end is finished.
    next.ok()?.ok()?.filter(|frame| frame.role != FrameRole::Error)
}

/// Waits for the next event; meanwhile the client gets signs of life, and everything that can end
/// the stream from this side is looked for.
async fn next_event(
    delivery: &mut Delivery,
    reader: &mut EventReader,
    silence: &mut Silence,
    sink: &mut FrameSink,
) -> Result<Option<Frame>, Stop> {
    loop {
        tokio::select! {
            biased;
            by = delivery.running.revoked() => return Err(Stop::revoked(by)),
            // Before the events: a stream that never pauses must end in time as well.
            () = silence.tick() => {
                delivery.look(reader);
                record_progress(delivery);
                if silence.too_long(delivery.settlement.first_token_ms.is_some()) {
                    return Err(Stop::timed_out());
                }
                if silence.wants_keepalive() {
                    sink.send(anc_wire::keepalive_frame(delivery.call.protocol)).await;
                }
            }
            event = reader.next() => {
                let event = event.map_err(|_| Stop::upstream_cut())?;
                let content = event.as_ref().is_some_and(|it| it.role == FrameRole::Content);
                silence.broken(content || delivery.settlement.first_token_ms.is_some());
                return Ok(event);
            }
        }
    }
}

/// Tells the ledger how far the answer is: what is charged should the relay die.
fn record_progress(delivery: &Delivery) {
    let (input, plausible) = (delivery.input_expected, delivery.plausible);
    let measured = measure(&delivery.observed, EndReason::Interrupted, input, plausible);
    if let Some(hold) = &delivery.hold {
        hold.observe(&measured.usage);
    }
}

/// A buffered answer: collected, metered, settled, and only then sent.
pub(crate) async fn buffered(
    mut delivery: Delivery,
    accepted: Accepted,
) -> Result<Response<GatewayBody>, RelayError> {
    let Content::Document(body) = accepted.content else {
        return Err(error::upstream_nonsense());
    };
    let limit = delivery.gateway.limits.answer_bytes;
    let collected = tokio::select! {
        collected = tokio::time::timeout(delivery.gateway.limits.total, upstream::collect(body, limit)) => collected,
        by = delivery.running.revoked() => {
            delivery.settle(EndReason::Revoked).await?;
            return Err(error::revoked(by));
        }
    };
    let bytes = match collected {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            // Nothing of it reached the client, so nothing is owed.
            delivery.settle_uncharged(EndReason::UpstreamError).await?;
            return Err(error::upstream_nonsense());
        }
        Err(_) => {
            delivery.settle_uncharged(EndReason::Timeout).await?;
            return Err(error::upstream_timeout());
        }
    };
    let protocol = delivery.call.protocol;
    let document = if anc_wire::looks_like_events(&bytes) {
        anc_wire::events_as_document(protocol, &bytes)
    } else {
        Some(bytes)
    };
    let metered = document.and_then(|document| {
        anc_wire::meter_document(protocol, &document).map(|observed| (observed, document))
    });
    let Some((observed, bytes)) = metered else {
        delivery.settle_uncharged(EndReason::UpstreamError).await?;
        return Err(error::upstream_nonsense());
    };
    delivery.observed = observed;
    delivery.note_first_content();
    let charge = delivery.settle(EndReason::Complete).await?;
    delivery.kept().await;
    let mut headers = buffered_headers(&delivery, &accepted.headers, charge);
    let (media, bytes) = delivery.told_as_asked(bytes);
    // Never the provider's own word: a browser must not read an answer as a page.
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    let mut response = Response::new(GatewayBody::full(bytes));
    *response.status_mut() = accepted.status;
    *response.headers_mut() = headers;
    Ok(response)
}

impl Delivery {
    /// A document, or the events of a stream where one was asked for and a document came.
    fn told_as_asked(&mut self, document: Bytes) -> (&'static str, Bytes) {
        let (protocol, with_usage) = (self.call.protocol, self.usage_wanted);
        let events = self
            .wants_stream
            .then(|| anc_wire::document_as_events(protocol, &document, with_usage))
            .flatten();
        let Some(events) = events else { return (JSON, document) };
        if self.array.is_none() {
            return (EVENTS, events.concat().into());
        }
        let mut array: Vec<Bytes> = events.into_iter().map(|event| self.framed(event)).collect();
        array.push(self.last_framed(Bytes::new()));
        (JSON, array.concat().into())
    }

    /// Ends the hold with a record and without a charge. What the provider bills for an answer that
    /// cannot be read is not known.
    async fn settle_uncharged(&mut self, end: EndReason) -> Result<(), RelayError> {
        let (usage, cost_multiplier) = (Usage::default(), None);
        let settlement = Settlement { usage, cost_multiplier, ..self.settlement(end) };
        let Some(hold) = self.hold.take() else { return Ok(()) };
        hold.settle(settlement).await.map(|_| ()).map_err(|failure| error::store_down(&failure))
    }
}

/// What the token can still spend, in dollars; nothing where nothing bounds it. Before this request
/// for a stream, whose charge is not known yet, and after it for a buffered answer.
fn add_remaining(headers: &mut HeaderMap, left: Option<NanoUsd>) {
    if let Some(value) = left.and_then(|left| HeaderValue::from_str(&left.to_string()).ok()) {
        headers.insert(X_RELAY_REMAINING, value);
    }
}

fn buffered_headers(delivery: &Delivery, upstream: &HeaderMap, charge: NanoUsd) -> HeaderMap {
    let mut headers = anc_wire::response_headers(upstream);
    anc_wire::add_request_id(&mut headers, delivery.call.protocol, delivery.call.request_id);
    let mut add = |name: HeaderName, text: String| {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    };
    add(X_RELAY_CHARGE, charge.to_string());
    let left = delivery.left_before.and_then(|left| left.checked_sub(charge).ok());
    add_remaining(&mut headers, left.map(|left| left.max(NanoUsd::ZERO)));
    let mut add = |name: HeaderName, text: String| {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    };
    if let Some(units) = delivery.lowered_output {
        add(X_RELAY_OUTPUT_LOWERED, units.to_string());
    }
    headers
}
