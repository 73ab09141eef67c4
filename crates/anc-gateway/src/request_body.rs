//! Phase 3: the body, within its limits. Authentication comes before it, so that a stranger cannot
//! make the relay hold megabytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anc_domain::{RelayError, RelayErrorCode as Code};
use anc_upstream::{ContentEncoding, ExpandsTooFar, Unpacked};
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body::Body;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::limits::Limits;
use crate::{Gateway, error, metrics};

/// What a body may have without counting: small requests are taken however much room large ones
/// have taken.
const SMALL_BYTES: usize = 64 << 10;

/// The bytes of all large bodies in memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct BodyRoom(Arc<AtomicUsize>);

/// A body's share of them. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct RoomTaken {
    room: BodyRoom,
    bytes: usize,
}

impl BodyRoom {
    fn enter(&self) -> RoomTaken {
        RoomTaken { room: self.clone(), bytes: 0 }
    }
}

impl RoomTaken {
    /// Makes room for a body of so many bytes in all; false where there is none.
    fn grow(&mut self, length: usize, room_max: usize) -> bool {
        if length <= SMALL_BYTES {
            return true;
        }
        let more = length - self.bytes;
        let before = self.room.0.fetch_add(more, Ordering::Relaxed);
        self.bytes = length;
        before + more <= room_max
    }
}

impl Drop for RoomTaken {
    fn drop(&mut self) {
        self.room.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Reads a request's body, unpacked where it came compressed. The limit counts what comes out. The
/// room that it takes must be kept for as long as the body.
pub(crate) async fn read_body(
    gateway: &Gateway,
    headers: &HeaderMap,
    body: Incoming,
) -> Result<(Bytes, RoomTaken), RelayError> {
    let limits = &gateway.limits;
    let mut room = gateway.bodies.enter();
    let encoding = ContentEncoding::of(headers)
        .map_err(|unknown| refused(format!("The relay does not take this body: {unknown}.")))?;
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limits.request_body_bytes) {
        return Err(too_large(limits));
    }
    let bytes = match encoding {
        None => collect(body, announced.unwrap_or(0), &mut room, limits).await,
        Some(encoding) => collect(Unpacked::new(encoding, body), 0, &mut room, limits).await,
    }?;
    Ok((bytes, room))
}

/// Collects a body that is no longer than it may be and does not come slower than it may.
async fn collect<B>(
    mut body: B,
    announced: usize,
    room: &mut RoomTaken,
    limits: &Limits,
) -> Result<Bytes, RelayError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::error::Error + 'static,
{
    let began = Instant::now();
    let mut collected = BytesMut::new();
    let mut whole: Option<Bytes> = None;
    loop {
        let length = whole.as_ref().map_or(collected.len(), Bytes::len);
        let wait = patience(length, began.elapsed(), limits);
        let frame = tokio::time::timeout(wait, body.frame()).await.map_err(|_| {
            metrics::limit_hit("request_body_idle_seconds");
            refused("The body did not arrive in time.")
        })?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| broken(&error, limits))?;
        let Ok(data) = frame.into_data() else { continue };
        if length + data.len() > limits.request_body_bytes {
            return Err(too_large(limits));
        }
        if !room.grow(length + data.len(), limits.request_bodies_bytes) {
            metrics::limit_hit("request_bodies_bytes");
            return Err(error::relay_unavailable("The relay holds as many requests as it may."));
        }
        // Most bodies come in one frame, which then is the body, uncopied.
        if collected.is_empty() && whole.is_none() {
            whole = Some(data);
        } else {
            if let Some(first) = whole.take() {
                collected.reserve(announced.min(limits.request_body_bytes));
                collected.extend_from_slice(&first);
            }
            collected.extend_from_slice(&data);
        }
    }
    Ok(whole.unwrap_or_else(|| collected.freeze()))
}

/// For how long the next piece may be awaited: not longer than a client may be silent, and not
/// beyond the time that what has come gives it at the slowest pace.
fn patience(length: usize, elapsed: Duration, limits: &Limits) -> Duration {
    let pace = limits.request_body_bytes_per_second.max(1);
    let earned = Duration::from_millis((length as u64).saturating_mul(1_000) / pace);
    (limits.request_body_idle + earned).saturating_sub(elapsed).min(limits.request_body_idle)
}

fn broken(error: &(dyn std::error::Error + 'static), limits: &Limits) -> RelayError {
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    if inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<ExpandsTooFar>) {
        return too_large(limits);
    }
    refused("The body broke off before its end, or is not packed as its content-encoding says.")
}

fn too_large(limits: &Limits) -> RelayError {
    metrics::limit_hit("request_body_bytes");
    RelayError::new(
        Code::RequestTooLarge,
        format!(
            "The body is larger than the {} bytes allowed, or unpacks to more than its size \
             explains.",
            limits.request_body_bytes
        ),
    )
}

fn refused(message: impl Into<std::borrow::Cow<'static, str>>) -> RelayError {
    RelayError::new(Code::InvalidRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c1_large_bodies_share_a_bound_and_small_ones_pass() {
        let room = BodyRoom::default();
        let mut first = room.enter();
        assert!(first.grow(100_000, 250_000) && first.grow(200_000, 250_000));
        let mut second = room.enter();
        assert!(second.grow(SMALL_BYTES, 250_000));
        assert!(!second.grow(100_000, 250_000));
        drop((first, second));
        assert!(room.enter().grow(250_000, 250_000));
    }

    #[test]
    fn c3_a_body_that_trickles_runs_out_of_time() {
        let limits = Limits::default();
        let seconds = Duration::from_secs;
        assert_eq!(patience(0, seconds(0), &limits), seconds(30));
        // A byte every twenty seconds is not silence, and still no body.
        assert_eq!(patience(2, seconds(40), &limits), Duration::ZERO);
        // Four kibibytes a second may go on for as long as they need.
        assert_eq!(patience(400 << 10, seconds(100), &limits), seconds(30));
    }
}
