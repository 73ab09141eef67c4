//! Who a credential belongs to: a bounded cache in front of the store, told of every change.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anc_domain::{AccountId, ApiTokenId, SecretHash, TierId};
use anc_store::{Credential, Store, StoreError};
use moka::sync::Cache;

use crate::limits::Limits;

/// Looks credentials up by their hash. Cheap to clone; clones share the cache.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    known: Cache<SecretHash, Arc<Credential>>,
    unknown: Cache<SecretHash, ()>,
    /// Counts invalidations, so that a look-up which was overtaken by one is not kept.
    epoch: Arc<AtomicU64>,
}

impl Directory {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            known: Cache::builder()
                .max_capacity(limits.directory_entries)
                .support_invalidation_closures()
                .build(),
            unknown: Cache::new(limits.directory_unknown_entries),
            epoch: Arc::default(),
        }
    }

    /// The token of that hash, if there is one; no I/O where it was seen before.
    pub(crate) async fn find(
        &self,
        store: &Store,
        hash: SecretHash,
    ) -> Result<Option<Arc<Credential>>, StoreError> {
        if let Some(credential) = self.known.get(&hash) {
            return Ok(Some(credential));
        }
        if self.unknown.contains_key(&hash) {
            return Ok(None);
        }
        let epoch = self.epoch.load(Ordering::Acquire);
        let found = store.tokens().credential(&hash).await?.map(Arc::new);
        match &found {
            Some(credential) => self.known.insert(hash, Arc::clone(credential)),
            None => self.unknown.insert(hash, ()),
        }
        // A change that came between reading and keeping would otherwise be forgotten for good.
        if self.epoch.load(Ordering::Acquire) != epoch {
            self.known.invalidate(&hash);
            self.unknown.invalidate(&hash);
        }
        Ok(found)
    }

    /// Forgets one token.
    pub(crate) fn forget_token(&self, hash: &SecretHash) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.known.invalidate(hash);
        self.unknown.invalidate(hash);
    }

    /// Forgets every token of an account.
    pub(crate) fn forget_account(&self, account: AccountId) {
        self.forget_if(move |credential| credential.account_id == account);
    }

    /// Forgets every token of a tier's accounts.
    pub(crate) fn forget_tier(&self, tier: TierId) {
        self.forget_if(move |credential| credential.tier.id == tier);
    }

    fn forget_if(&self, concerns: impl Fn(&Credential) -> bool + Send + Sync + 'static) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        let outcome = self.known.invalidate_entries_if(move |_, credential| concerns(credential));
        if outcome.is_err() {
            self.known.invalidate_all();
        }
    }

    /// Forgets everything: the feed was interrupted.
    pub(crate) fn forget_all(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.known.invalidate_all();
        self.unknown.invalidate_all();
    }
}

/// A caller whose credential was found and may work.
#[derive(Debug, Clone)]
pub(crate) struct Caller(pub(crate) Arc<Credential>);

impl Caller {
    pub(crate) fn token_id(&self) -> ApiTokenId {
        self.0.token_id
    }

    pub(crate) fn account_id(&self) -> AccountId {
        self.0.account_id
    }
}
