//! Where Stripe's notices arrive. Nobody signs in here: what counts is the signature alone, and who
//! has none learns nothing.

use std::net::IpAddr;
use std::time::Duration;

use anc_domain::UnixMillis;
use anc_store::{StoreError, TakenIn};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::routing::post;
use http::StatusCode;
use moka::sync::Cache;
use tokio::sync::Semaphore;

use super::{notice, signature};
use crate::principal::Caller;
use crate::state::ApiState;

/// Stripe's largest events have a few kilobytes.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// How long a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Bodies awaited at once: with the bound above, 16 MiB.
const BODIES_MAX: usize = 256;
/// Requests of one address that are refused within a minute before it is not listened to any more.
/// Stripe's own are not refused.
const REFUSED_PER_MINUTE_MAX: u32 = 300;
/// Addresses that are remembered.
const REMEMBERED_MAX: u64 = 10_000;
const STRIPE_SIGNATURE: &str = "stripe-signature";

/// What strangers may cost.
pub(crate) struct HookGuard {
    /// By address: the minute, and what was refused in it.
    refused: Cache<IpAddr, (i64, u32)>,
    bodies: Semaphore,
}

impl HookGuard {
    pub(crate) fn new() -> Self {
        Self { refused: Cache::new(REMEMBERED_MAX), bodies: Semaphore::new(BODIES_MAX) }
    }

    fn refused_within(&self, address: IpAddr, now: UnixMillis) -> u32 {
        let minute = now.as_seconds() / 60;
        self.refused.get(&address).filter(|(known, _)| *known == minute).map_or(0, |(_, n)| n)
    }

    fn note_refused(&self, address: IpAddr, now: UnixMillis) {
        let count = self.refused_within(address, now).saturating_add(1);
        self.refused.insert(address, (now.as_seconds() / 60, count));
    }
}

/// The one path.
pub(crate) fn hooks(state: ApiState) -> Router {
    Router::new().route("/hooks/stripe", post(stripe_hook)).with_state(state)
}

/// Answers with a status and no body. 2xx is said when what follows from the notice is durable; 5xx
/// makes Stripe say it again.
async fn stripe_hook(
    State(state): State<ApiState>,
    Caller(address): Caller,
    request: Request,
) -> StatusCode {
    let Some(stripe) = &state.shared.stripe else { return StatusCode::NOT_FOUND };
    let guard = &state.shared.hook_guard;
    let now = state.now();
    if guard.refused_within(address, now) >= REFUSED_PER_MINUTE_MAX {
        limit_hit("payment_notices_refused");
        return StatusCode::TOO_MANY_REQUESTS;
    }
    let Ok(_place) = guard.bodies.try_acquire() else {
        limit_hit("payment_notices_at_once");
        return StatusCode::SERVICE_UNAVAILABLE;
    };
    let (head, body) = request.into_parts();
    let read = tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, BODY_BYTES_MAX)).await;
    let Ok(Ok(body)) = read else {
        guard.note_refused(address, now);
        return StatusCode::BAD_REQUEST;
    };
    let mut headers = head.headers.get_all(STRIPE_SIGNATURE).iter();
    let signed = match (headers.next().map(|value| value.to_str()), headers.next()) {
        (Some(Ok(header)), None) => {
            let secrets = &stripe.settings().webhook_secrets;
            signature::is_signed(header, &body, secrets, now)
        }
        _ => false,
    };
    if !signed {
        guard.note_refused(address, now);
        tracing::debug!(%address, "a payment notice without a valid signature");
        return StatusCode::BAD_REQUEST;
    }
    take_in(&state, &body).await
}

async fn take_in(state: &ApiState, body: &[u8]) -> StatusCode {
    let notice = match notice::read(body) {
        Ok(Some(notice)) => notice,
        Ok(None) => return StatusCode::OK,
        Err(error) => {
            tracing::warn!(error, "a signed payment notice cannot be read");
            return StatusCode::BAD_REQUEST;
        }
    };
    let event = notice.event.clone().unwrap_or_default().0;
    match state.store().payments().take_in(notice).await {
        Ok(taken) => {
            log(&event, &taken);
            StatusCode::OK
        }
        Err(StoreError::Unavailable(cause)) => {
            tracing::error!(event, %cause, "a payment notice could not be kept; it will come again");
            StatusCode::SERVICE_UNAVAILABLE
        }
        Err(error) => {
            tracing::error!(event, %error, "a payment notice could not be kept");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// What an operator must know of.
pub(super) fn log(event: &str, taken: &TakenIn) {
    match taken {
        TakenIn::Mismatch(order, wrong) => {
            tracing::error!(event, %order, wrong, "Stripe told of something else than was ordered; \
                nothing was credited for it");
        }
        TakenIn::Done(order) => tracing::info!(event, %order, "a payment notice was taken in"),
        TakenIn::NotOurs => tracing::info!(event, "a payment notice concerns no known order"),
        TakenIn::Seen => {}
    }
}

fn limit_hit(limit: &'static str) {
    metrics::counter!("anc_limit_hits_total", "limit" => limit).increment(1);
}
