//! Phase 7: the attempts, one after the other.
//!
//! An attempt ends with an accepted answer, with a refusal of the request that is the client's to
//! read, or with the failure of a channel, after which the next one is tried. A streamed answer
//! counts as accepted only when its first content is there: until then nothing was sent to the
//! client, and another channel may still answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anc_domain::{ChannelId, RelayError};
use anc_routing::{Outcome, outcome_of_status};
use anc_upstream::{UpstreamBody, UpstreamFailure, add_credentials};
use anc_wire::{FrameRole, RequestFacts};
use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt as _;

use crate::catalog::Channel;
use crate::events::{EventReader, Frame};
use crate::ingress::Call;
use crate::{Gateway, GatewayBody, error};

/// What the attempts need to know.
pub(crate) struct Attempts<'a> {
    pub(crate) gateway: &'a Gateway,
    pub(crate) call: &'a Call,
    pub(crate) channels: &'a [Arc<Channel>],
    pub(crate) facts: &'a RequestFacts,
    /// Set when a provider begins to answer.
    pub(crate) taken_up: &'a AtomicBool,
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
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// What one attempt came to.
enum Attempt {
    Done(Answer),
    ChannelFailed(RelayError),
}

impl Attempts<'_> {
    /// Tries the channels in order. The last failure is the one that the client hears of.
    pub(crate) async fn run(&self, order: &[ChannelId], body: Bytes) -> Result<Answer, RelayError> {
        let mut last = error::upstream_unavailable(None);
        for (number, id) in (1_u32..).zip(order) {
            let Some(channel) = self.channels.iter().find(|one| one.id == *id) else { continue };
            match self.attempt(channel, number, body.clone()).await {
                Attempt::Done(answer) => return Ok(answer),
                Attempt::ChannelFailed(failure) => last = failure,
            }
        }
        Err(last)
    }

    async fn attempt(&self, channel: &Arc<Channel>, number: u32, body: Bytes) -> Attempt {
        let answer = match send(self.gateway, channel, self.call, body).await {
            Ok(answer) => answer,
            Err(failure) => {
                log_failure(channel, self.call, &failure);
                return Attempt::ChannelFailed(error::upstream_failed(&failure));
            }
        };
        let (head, body) = answer.into_parts();
        match outcome_of_status(head.status.as_u16()) {
            Outcome::Accepted => {
                self.taken_up.store(true, Ordering::Relaxed);
                self.accept(channel, number, head, body).await
            }
            Outcome::RequestRefused => {
                let body = collect_at_most(body, self.gateway.limits.refusal_bytes).await;
                let body = without_key(body, channel);
                let refusal = ProviderRefusal { status: head.status, headers: head.headers, body };
                Attempt::Done(Answer::Refused(refusal))
            }
            Outcome::ChannelFailed => {
                let status = head.status.as_u16();
                tracing::warn!(channel = %channel.id, request = %self.call.request_id, status, "a channel failed");
                Attempt::ChannelFailed(error::upstream_unavailable(retry_after(&head.headers)))
            }
        }
    }

    /// Takes an answer with a good status: a document as it is, a stream once it has content.
    async fn accept(
        &self,
        channel: &Arc<Channel>,
        number: u32,
        head: http::response::Parts,
        body: UpstreamBody,
    ) -> Attempt {
        let accepted = |content| {
            Attempt::Done(Answer::Accepted(Box::new(Accepted {
                channel: Arc::clone(channel),
                status: head.status,
                headers: head.headers.clone(),
                content,
                attempt: number,
            })))
        };
        if !is_event_stream(&head.headers) {
            return accepted(Content::Document(body));
        }
        if !self.facts.stream {
            tracing::warn!(channel = %channel.id, request = %self.call.request_id, "a stream was sent that nobody asked for");
            return Attempt::ChannelFailed(error::upstream_nonsense());
        }
        let mut reader = EventReader::new(self.call.protocol, body);
        match self.first_content(&mut reader).await {
            Ok(first) => accepted(Content::Events { first, rest: Box::new(reader) }),
            Err(failure) => {
                let code = failure.code.code();
                tracing::warn!(channel = %channel.id, request = %self.call.request_id, code, "a stream failed before its first content");
                Attempt::ChannelFailed(failure)
            }
        }
    }

    /// Reads until the first content, or for as long as the client may be left without a head.
    async fn first_content(&self, reader: &mut EventReader) -> Result<Vec<Frame>, RelayError> {
        let mut first = Vec::new();
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
            first.push(frame);
            match role {
                FrameRole::Error => return Err(error::upstream_unavailable(None)),
                FrameRole::Content | FrameRole::Terminal => return Ok(first),
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
    call: &Call,
    body: Bytes,
) -> Result<Response<UpstreamBody>, UpstreamFailure> {
    let unusable = || UpstreamFailure::Connect("the channel's settings make no request".into());
    let path = call.operation.path();
    let uri = match &channel.endpoint {
        Some(endpoint) => endpoint.uri(channel.provider, path, call.query.as_deref()),
        None => path.parse().ok(),
    };
    let mut request =
        Request::post(uri.ok_or_else(unusable)?).body(body).map_err(|_| unusable())?;
    let headers = request.headers_mut();
    *headers = anc_wire::request_headers(&call.headers);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // Usage is read from the answer as it passes, so it has to pass uncompressed.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    add_credentials(headers, channel.provider, channel.key.as_ref()).map_err(|_| unusable())?;
    match &channel.endpoint {
        Some(endpoint) => gateway.upstream.dial(request, endpoint.allow_private).await,
        None => Ok(gateway.upstream.call_in_process(request)),
    }
}

/// The provider's own words on the request, for the client.
pub(crate) fn pass_refusal_on(call: &Call, refusal: ProviderRefusal) -> Response<GatewayBody> {
    let mut response = Response::new(GatewayBody::full(refusal.body));
    *response.status_mut() = refusal.status;
    *response.headers_mut() = anc_wire::response_headers(&refusal.headers);
    anc_wire::add_request_id(response.headers_mut(), call.protocol, call.request_id);
    response
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().starts_with("text/event-stream"))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn log_failure(channel: &Channel, call: &Call, failure: &UpstreamFailure) {
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
fn without_key(body: Bytes, channel: &Channel) -> Bytes {
    let Some(key) = &channel.key else { return body };
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
