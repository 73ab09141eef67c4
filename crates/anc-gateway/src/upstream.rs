//! Phase 7: the attempts, one after the other.
//!
//! An attempt ends with an accepted answer, with a refusal of the request that is the client's to
//! read, or with the failure of a channel, after which the next one is tried. A streamed answer
//! counts as accepted only when its first content is there: until then nothing was sent to the
//! client, and another channel may still answer.

use std::sync::Arc;
use std::time::Duration;

use anc_domain::{ChannelId, ModelName, RelayError, Secret};
use anc_routing::{Affinity, Candidate, Outcome, outcome_of_status};
use anc_upstream::{UpstreamBody, UpstreamFailure, add_credentials};
use anc_wire::{FrameRole, RequestEdits, RequestFacts};
use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt as _;

use crate::catalog::Channel;
use crate::events::{EventReader, Frame};
use crate::ingress::Call;
use crate::relay::Held;
use crate::{Gateway, GatewayBody, error, metrics};

/// What is held back of a stream that has no content yet, in bytes.
const HELD_BACK_BYTES_MAX: usize = 256 << 10;

/// What the attempts need to know.
pub(crate) struct Attempts<'a> {
    pub(crate) gateway: &'a Gateway,
    pub(crate) call: &'a Call,
    pub(crate) channels: &'a [Arc<Channel>],
    pub(crate) facts: &'a RequestFacts,
    /// What has to be changed of the body, whichever channel it goes to.
    pub(crate) edits: RequestEdits<'static>,
    /// Is told of providers that begin to answer, and of those that fail after all.
    pub(crate) held: &'a Held,
    /// What decides among the keys of a channel.
    pub(crate) keys: KeyChoice,
}

/// What decides among the keys of a channel.
#[derive(Debug, Clone, Copy)]
pub(crate) enum KeyChoice {
    /// Chance.
    Any,
    /// What the request belongs to.
    Affinity(Affinity),
    /// The key that made what the request refers to. Where the channel has it no more, any: a new
    /// key is most often one of the same upstream account.
    Only(u64),
}

/// How the attempts ended.
pub(crate) enum Answer {
    /// A provider answers.
    Accepted(Box<Accepted>),
    /// A provider found fault with the request itself.
    Refused(ProviderRefusal),
}

/// A provider's answer that has begun.
pub(crate) struct Accepted {
    pub(crate) channel: Arc<Channel>,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) content: Content,
    /// Which attempt it was, from one.
    pub(crate) attempt: u32,
    /// The key that it was asked with.
    pub(crate) key: Option<usize>,
}

/// The body of an answer.
pub(crate) enum Content {
    /// Events, the first of them already read.
    Events { first: Vec<Frame>, rest: Box<EventReader> },
    /// One document.
    Document(UpstreamBody),
}

impl Accepted {
    pub(crate) fn streams(&self) -> bool {
        matches!(self.content, Content::Events { .. })
    }
}

/// A provider's own words on what is wrong with the request.
pub(crate) struct ProviderRefusal {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The channels of a model as candidates: those whose every key rests are a last resort.
pub(crate) fn candidates(
    gateway: &Gateway,
    call: &Call,
    channels: &[Arc<Channel>],
) -> Vec<Candidate> {
    let now = gateway.clock.now();
    channels
        .iter()
        .map(|channel| Candidate {
            channel: channel.id,
            speaks_protocol: channel.speaks(call.protocol),
            priority: channel.routing.priority,
            weight: channel.routing.weight.into(),
            parked: !channel.keys.is_empty()
                && gateway.parked.awake(channel.id, channel.keys.len(), now).is_empty(),
        })
        .collect()
}

/// A number below `below`, by chance.
pub(crate) fn dice(gateway: &Gateway, below: u64) -> u64 {
    let mut bytes = [0; 8];
    gateway.entropy.fill(&mut bytes);
    u64::from_le_bytes(bytes).checked_rem(below).unwrap_or(0)
}

/// What one attempt came to.
enum Attempt {
    Done(Answer),
    ChannelFailed(RelayError),
    /// The provider turned this key away; another one of the channel may do.
    KeyFailed(RelayError),
}

impl Attempts<'_> {
    /// Tries the channels in order. The last failure is the one that the client hears of.
    pub(crate) async fn run(
        &self,
        order: &[ChannelId],
        body: &Bytes,
    ) -> Result<Answer, RelayError> {
        let mut last = error::upstream_unavailable(None);
        let mut number = 0;
        for id in order {
            let Some(channel) = self.channels.iter().find(|one| one.id == *id) else { continue };
            for key in self.keys_in_order(channel) {
                number += 1;
                if number > self.gateway.limits.attempts {
                    return Err(last);
                }
                match self.attempt(channel, key, number, body).await {
                    Attempt::Done(answer) => return Ok(answer),
                    Attempt::KeyFailed(failure) => last = failure,
                    Attempt::ChannelFailed(failure) => {
                        last = failure;
                        break;
                    }
                }
            }
        }
        Err(last)
    }

    /// The keys to try of a channel: those that do not rest, beginning anywhere, so that each gets
    /// its share; where all rest, one of them. `None` where the provider needs none.
    fn keys_in_order(&self, channel: &Channel) -> Vec<Option<usize>> {
        let count = channel.keys.len();
        if count == 0 {
            return vec![None];
        }
        if let KeyChoice::Only(digest) = self.keys
            && let Some(key) = channel.key_of(digest)
        {
            return vec![Some(key)];
        }
        let now = self.gateway.clock.now();
        let mut awake = self.gateway.parked.awake(channel.id, count, now);
        let all_rest = awake.is_empty();
        if all_rest {
            awake = (0..count).collect();
        }
        match self.keys {
            KeyChoice::Affinity(affinity) => {
                let within = affinity.within(channel.id.as_i64().cast_unsigned());
                let score = |key: usize| {
                    channel.key_digests.get(key).map_or(0.0, |digest| within.score(*digest, 1))
                };
                awake.sort_by(|a, b| score(*b).total_cmp(&score(*a)));
            }
            KeyChoice::Any | KeyChoice::Only(_) => {
                let first = usize::try_from(dice(self.gateway, awake.len() as u64)).unwrap_or(0);
                let first = first.min(awake.len() - 1);
                awake.rotate_left(first);
            }
        }
        if all_rest {
            awake.truncate(1);
        }
        awake.into_iter().map(Some).collect()
    }

    async fn attempt(
        &self,
        channel: &Arc<Channel>,
        key: Option<usize>,
        number: usize,
        body: &Bytes,
    ) -> Attempt {
        let name = channel.upstream_name(&self.facts.model);
        let edits = RequestEdits { model: name.as_ref().map(ModelName::as_str), ..self.edits };
        let body = self.facts.edit(body, edits);
        let model = name.as_ref().unwrap_or(&self.facts.model);
        let secret = key.and_then(|key| channel.keys.get(key));
        let answer = match send(self.gateway, channel, secret, self.call, model, body).await {
            Ok(answer) => answer,
            Err(failure) => {
                metrics::attempted(channel.id, "unreachable");
                log_failure(channel, self.call, &failure);
                return Attempt::ChannelFailed(error::upstream_failed(&failure));
            }
        };
        let (head, body) = answer.into_parts();
        match outcome_of_status(head.status.as_u16()) {
            Outcome::Accepted => {
                metrics::attempted(channel.id, "accepted");
                self.held.taken_up_by(channel);
                self.accept(channel, (number, key), head, body).await
            }
            Outcome::RequestRefused => {
                metrics::attempted(channel.id, "refused");
                let body = collect_at_most(body, self.gateway.limits.refusal_bytes).await;
                let body = without_keys(channel, body);
                let refusal = ProviderRefusal { status: head.status, headers: head.headers, body };
                Attempt::Done(Answer::Refused(refusal))
            }
            Outcome::ChannelFailed => {
                metrics::attempted(channel.id, "failed");
                let status = head.status.as_u16();
                tracing::warn!(channel = %channel.id, request = %self.call.request_id, status, "a channel failed");
                let wait = retry_after(&head.headers);
                let failure = error::upstream_unavailable(wait);
                let now = self.gateway.clock.now();
                let parked = key.is_some_and(|key| {
                    self.gateway.parked.note(channel.id, key, (status, wait), now)
                });
                if parked { Attempt::KeyFailed(failure) } else { Attempt::ChannelFailed(failure) }
            }
        }
    }

    /// Takes an answer with a good status: a document as it is, a stream once it has content.
    async fn accept(
        &self,
        channel: &Arc<Channel>,
        (number, key): (usize, Option<usize>),
        head: http::response::Parts,
        body: UpstreamBody,
    ) -> Attempt {
        let accepted = |content| {
            Attempt::Done(Answer::Accepted(Box::new(Accepted {
                channel: Arc::clone(channel),
                status: head.status,
                headers: head.headers.clone(),
                content,
                attempt: u32::try_from(number).unwrap_or(u32::MAX),
                key,
            })))
        };
        let (events, body) = match self.tell_events(&head.headers, body).await {
            Ok(told) => told,
            Err(failure) => return Attempt::ChannelFailed(failure),
        };
        if !events {
            return accepted(Content::Document(body));
        }
        if !self.facts.stream {
            // Nobody asked for a stream; it is put together when it is whole.
            return accepted(Content::Document(body));
        }
        let mut reader = EventReader::new(self.call.protocol, body);
        match self.first_content(&mut reader).await {
            Ok(first) => accepted(Content::Events { first, rest: Box::new(reader) }),
            Err(failure) => {
                self.held.failed_at(channel, number, &reader.observed());
                let code = failure.code.code();
                tracing::warn!(channel = %channel.id, request = %self.call.request_id, code, "a stream failed before its first content");
                Attempt::ChannelFailed(failure)
            }
        }
    }

    /// Whether a body is events. Where a stream was asked for and the content type says otherwise,
    /// the body itself is asked: some servers leave the type out, or name a wrong one.
    async fn tell_events(
        &self,
        headers: &HeaderMap,
        body: UpstreamBody,
    ) -> Result<(bool, UpstreamBody), RelayError> {
        if is_event_stream(headers) || !self.facts.stream {
            return Ok((is_event_stream(headers), body));
        }
        let (beginning, body) =
            tokio::time::timeout(self.gateway.limits.first_content, body.peeked())
                .await
                .map_err(|_| error::upstream_timeout())?
                .map_err(|_| error::upstream_cut())?;
        Ok((anc_wire::looks_like_events(&beginning), body))
    }

    /// Reads until the first content, or for as long as the client may be left without a head.
    async fn first_content(&self, reader: &mut EventReader) -> Result<Vec<Frame>, RelayError> {
        let mut first = Vec::new();
        let mut room = HELD_BACK_BYTES_MAX;
        let grace = tokio::time::sleep(self.gateway.limits.first_content_grace);
        tokio::pin!(grace);
        loop {
            let frame = tokio::select! {
                frame = reader.next() => frame,
                () = &mut grace => return Ok(first),
            };
            let frame = frame.map_err(|_| error::upstream_cut())?;
            let Some(frame) = frame else { return Err(error::upstream_nonsense()) };
            let role = frame.role;
            room = room.saturating_sub(frame.bytes.len());
            first.push(frame);
            match role {
                FrameRole::Error => return Err(error::upstream_unavailable(None)),
                FrameRole::Content | FrameRole::Terminal => return Ok(first),
                FrameRole::UsageOnly | FrameRole::Other if room == 0 => return Ok(first),
                FrameRole::UsageOnly | FrameRole::Other => {}
            }
        }
    }
}

/// Sends a request to a channel, with the client's own headers but for those that concern the
/// connection, and the channel's credential.
pub(crate) async fn send(
    gateway: &Gateway,
    channel: &Channel,
    key: Option<&Secret>,
    call: &Call,
    model: &ModelName,
    body: Bytes,
) -> Result<Response<UpstreamBody>, UpstreamFailure> {
    let unusable = || UpstreamFailure::Connect("the channel's settings make no request".into());
    let path = call.operation.path(call.path_response.as_deref().unwrap_or(model.as_str()));
    let uri = match &channel.endpoint {
        Some(endpoint) => endpoint.uri(channel.provider, &path, call.query.as_deref()),
        None => path.parse().ok(),
    };
    let request = Request::builder().method(call.method.clone()).uri(uri.ok_or_else(unusable)?);
    let mut request = request.body(body).map_err(|_| unusable())?;
    let headers = request.headers_mut();
    *headers = anc_wire::request_headers(&call.headers);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // Usage is read from the answer as it passes, so it has to pass uncompressed.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    add_credentials(headers, channel.provider, key).map_err(|_| unusable())?;
    match &channel.endpoint {
        Some(endpoint) => gateway.upstream.dial(request, endpoint.allow_private).await,
        None => Ok(gateway.upstream.call_in_process(request)),
    }
}

/// The provider's own words on the request, for the client. Words that are not JSON (a page of some
/// proxy, or half an answer) are none of its protocol's, and a page must not reach a browser.
pub(crate) fn pass_refusal_on(
    call: &Call,
    refusal: ProviderRefusal,
) -> Result<Response<GatewayBody>, RelayError> {
    if serde_json::from_slice::<&serde_json::value::RawValue>(&refusal.body).is_err() {
        return Err(error::refused_without_words(refusal.status.as_u16()));
    }
    let mut response = Response::new(refusal.body);
    *response.status_mut() = refusal.status;
    let headers = response.headers_mut();
    *headers = anc_wire::response_headers(&refusal.headers);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    anc_wire::add_request_id(headers, call.protocol, call.request_id);
    let response = if call.as_array { anc_wire::in_array(response) } else { response };
    Ok(response.map(GatewayBody::full))
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().starts_with("text/event-stream"))
}

pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

pub(crate) fn log_failure(channel: &Channel, call: &Call, failure: &UpstreamFailure) {
    let cause = std::error::Error::source(failure).map(ToString::to_string);
    tracing::warn!(channel = %channel.id, request = %call.request_id, %failure, cause, "a channel failed");
}

/// A body that must be had whole: it is larger than the limit, or broke off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotWhole;

/// Collects a whole body.
pub(crate) async fn collect(mut body: UpstreamBody, limit: usize) -> Result<Bytes, NotWhole> {
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| NotWhole)?.into_data() else { continue };
        if collected.len() + data.len() > limit {
            metrics::limit_hit("answer_bytes");
            return Err(NotWhole);
        }
        collected.extend_from_slice(&data);
    }
    Ok(collected.freeze())
}

/// Collects a body up to a limit; what is beyond it, or after a break, is left out.
pub(crate) async fn collect_at_most(mut body: UpstreamBody, limit: usize) -> Bytes {
    let mut collected = BytesMut::new();
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else { continue };
        let room = limit.saturating_sub(collected.len());
        collected.extend_from_slice(&data[..data.len().min(room)]);
        if collected.len() >= limit {
            break;
        }
    }
    collected.freeze()
}

/// Some providers repeat the key that they refuse.
pub(crate) fn without_keys(channel: &Channel, body: Bytes) -> Bytes {
    channel.keys.iter().fold(body, without_key)
}

fn without_key(body: Bytes, key: &Secret) -> Bytes {
    let key = key.expose().as_bytes();
    let mut places = memchr::memmem::find_iter(&body, key).peekable();
    if key.is_empty() || places.peek().is_none() {
        return body;
    }
    let mut cleaned = BytesMut::new();
    let mut from = 0;
    for place in places {
        cleaned.extend_from_slice(&body[from..place]);
        cleaned.extend_from_slice(b"[removed]");
        from = place + key.len();
    }
    cleaned.extend_from_slice(&body[from..]);
    cleaned.freeze()
}
