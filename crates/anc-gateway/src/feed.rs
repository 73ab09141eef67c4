//! How this process learns of changes: the store's change feed, followed from its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anc_store::{Change, Follower, Store, StoreError, Topic};
use anc_upstream::ParkedKeys;
use arc_swap::ArcSwap;
// A span, measured by the monotonic clock: a reading that fails may take seconds to do so.
use tokio::time::Instant;

use crate::catalog::Catalog;
use crate::directory::Directory;
use crate::metrics;
use crate::running::{Owner, RunningRequests};

/// After a failed reading the feed is tried again soon: a token disabled meanwhile must not wait.
const RETRY: Duration = Duration::from_millis(100);

/// What follows the feed and applies it.
pub(crate) struct Feed {
    pub(crate) store: Store,
    pub(crate) directory: Directory,
    pub(crate) catalog: Arc<ArcSwap<Catalog>>,
    pub(crate) running: RunningRequests,
    pub(crate) parked: ParkedKeys,
    /// Raised while the feed cannot be read for longer than is safe: the relay then refuses rather
    /// than guesses.
    pub(crate) stale: Arc<AtomicBool>,
    pub(crate) stale_after: Duration,
}

impl Feed {
    /// Follows until the task is dropped.
    pub(crate) async fn run(self, mut follower: Follower) {
        let mut failing_since = None;
        loop {
            let outcome = match follower.next().await {
                Ok(changes) => {
                    let applied = self.apply(&follower, &changes).await;
                    if applied.is_err() {
                        follower.give_again();
                    }
                    applied
                }
                Err(error) => Err(error),
            };
            match outcome {
                Ok(()) => {
                    metrics::feed_is_stale(false);
                    if self.stale.swap(false, Ordering::AcqRel) {
                        self.directory.forget_all();
                    }
                    failing_since = None;
                }
                Err(error) => {
                    let since = *failing_since.get_or_insert_with(Instant::now);
                    let too_long = since.elapsed() >= self.stale_after;
                    metrics::feed_is_stale(too_long);
                    if too_long && !self.stale.swap(true, Ordering::AcqRel) {
                        tracing::error!(%error, "the change feed cannot be read; refusing requests");
                    }
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    /// Applies changes in order and says how far it is. A disabled token is forgotten first and its
    /// running requests are ended second: in the other order one could slip in between.
    async fn apply(&self, follower: &Follower, changes: &[Change]) -> Result<(), StoreError> {
        if changes.iter().any(|change| matches!(change.topic, Topic::Catalog)) {
            self.catalog.store(Arc::new(Catalog::load(&self.store).await?));
            // A key may be another one now, or its account topped up.
            self.parked.forget_all();
        }
        for change in changes {
            match &change.topic {
                Topic::Token { id, hash } => {
                    self.directory.forget_token(hash);
                    if self.no_longer_works(hash).await? {
                        self.running.revoke(Owner::ApiToken(*id));
                    }
                }
                Topic::Account(id) => {
                    self.directory.forget_account(*id);
                    if self.store.accounts().get(*id).await?.is_none_or(|one| one.is_stopped()) {
                        self.running.revoke(Owner::Account(*id));
                    }
                }
                // What runs was admitted by the tier as it was, and may finish.
                Topic::Tier(id) => self.directory.forget_tier(*id),
                Topic::Request(id) => self.running.revoke(Owner::Request(*id)),
                Topic::Catalog => {}
            }
            follower.applied(change.seq);
        }
        Ok(())
    }

    /// Renaming a token ends nothing; disabling or deleting it does. Expiry lets streams finish.
    async fn no_longer_works(&self, hash: &anc_domain::SecretHash) -> Result<bool, StoreError> {
        let credential = self.store.tokens().credential(hash).await?;
        Ok(credential.is_none_or(|one| !one.enabled || one.deleted))
    }
}
