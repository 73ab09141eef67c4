//! Removes what is past its time, now and then, while the relay runs. Every node does; what several
//! do at once is done once.

use std::sync::Arc;
use std::time::Duration;

use anc_domain::{Clock, UnixMillis};
use anc_store::{Store, StoreError};

/// How often it looks.
const INTERVAL: Duration = Duration::from_hours(1);

/// How long after the start it looks first: a start has other things to do.
const FIRST: Duration = Duration::from_mins(2);

/// What is done at once, and the pause behind it: requests come first.
const PAGES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);

/// For how many days something is kept; `None` is for ever.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_field_names, reason = "the settings are called so")]
pub(crate) struct Retention {
    pub(crate) usage_days: Option<u32>,
    pub(crate) audit_days: Option<u32>,
    pub(crate) sign_in_days: Option<u32>,
}

/// Goes on until it is dropped.
pub(crate) async fn keep_to(retention: Retention, store: Store, clock: Arc<dyn Clock>) {
    tokio::time::sleep(FIRST).await;
    loop {
        if let Err(error) = look(retention, &store, &*clock).await {
            tracing::warn!(%error, "could not remove what is past its time");
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

async fn look(retention: Retention, store: &Store, clock: &dyn Clock) -> Result<(), StoreError> {
    let before = |days: Option<u32>| -> Option<UnixMillis> {
        Some(clock.now().minus(Duration::from_hours(24 * u64::from(days?))))
    };
    if let Some(before) = before(retention.usage_days) {
        let mut requests = 0;
        loop {
            let pruned = store.retention().prune_usage(before, PAGES).await?;
            requests += pruned.requests;
            if !pruned.more {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        if requests > 0 {
            tracing::info!(requests, "removed the records of old requests");
        }
    }
    let (audit, sign_ins) = (before(retention.audit_days), before(retention.sign_in_days));
    store.retention().prune_rest(audit, sign_ins).await
}
