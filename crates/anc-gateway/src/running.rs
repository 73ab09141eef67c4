//! The requests that run now, so that disabling a token can end its streams.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anc_domain::{AccountId, ApiTokenId, RequestId};
use tokio::sync::watch;

/// Whose requests are to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// One token's.
    ApiToken(ApiTokenId),
    /// All of an account's.
    Account(AccountId),
    /// One request.
    Request(RequestId),
    /// Every request: the relay stops.
    Everybody,
}

/// All running requests of this process.
#[derive(Debug, Clone)]
pub(crate) struct RunningRequests {
    entries: Arc<Mutex<HashMap<RequestId, Entry>>>,
    most: usize,
}

#[derive(Debug)]
struct Entry {
    token_id: ApiTokenId,
    account_id: AccountId,
    /// Why it is to end, once it is.
    revoked: watch::Sender<Option<Owner>>,
}

/// One request's place among the running; given up when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    entries: Arc<Mutex<HashMap<RequestId, Entry>>>,
    request_id: RequestId,
    revoked: watch::Receiver<Option<Owner>>,
}

impl RunningRequests {
    pub(crate) fn new(most: usize) -> Self {
        Self { entries: Arc::default(), most }
    }

    /// Enters a request; `None` where the relay runs as many as it may.
    pub(crate) fn enter(
        &self,
        request_id: RequestId,
        token_id: ApiTokenId,
        account_id: AccountId,
    ) -> Option<Running> {
        let (revoke, revoked) = watch::channel(None);
        let entry = Entry { token_id, account_id, revoked: revoke };
        let mut entries = lock(&self.entries);
        if entries.len() >= self.most {
            return None;
        }
        entries.insert(request_id, entry);
        Some(Running { entries: Arc::clone(&self.entries), request_id, revoked })
    }

    /// Ends the requests of an owner: their streams stop in-band at once.
    pub(crate) fn revoke(&self, owner: Owner) {
        for (id, entry) in lock(&self.entries).iter() {
            let concerned = match owner {
                Owner::Request(one) => *id == one,
                Owner::Everybody => true,
                Owner::ApiToken(id) => entry.token_id == id,
                Owner::Account(id) => entry.account_id == id,
            };
            if concerned {
                entry.revoked.send_replace(Some(owner));
            }
        }
    }

    /// How many run.
    pub(crate) fn count(&self) -> usize {
        lock(&self.entries).len()
    }
}

impl Running {
    /// Waits until the request is to end, and says on whose account.
    pub(crate) async fn revoked(&self) -> Owner {
        let mut revoked = self.revoked.clone();
        match revoked.wait_for(Option::is_some).await.map(|owner| *owner) {
            Ok(Some(owner)) => owner,
            // The entry lives as long as this value does, so that its sender is never gone.
            _ => std::future::pending().await,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        lock(&self.entries).remove(&self.request_id);
    }
}

fn lock(entries: &Mutex<HashMap<RequestId, Entry>>) -> MutexGuard<'_, HashMap<RequestId, Entry>> {
    entries.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(number: u8) -> RequestId {
        RequestId::from_bytes([number; 16])
    }

    #[tokio::test]
    async fn revoking_a_token_ends_its_requests_and_no_others() {
        let running = RunningRequests::new(10);
        let account = AccountId::from_i64(1);
        let ours = running.enter(request(1), ApiTokenId::from_i64(1), account).unwrap();
        let other = running.enter(request(2), ApiTokenId::from_i64(2), account).unwrap();
        running.revoke(Owner::ApiToken(ApiTokenId::from_i64(1)));
        assert_eq!(ours.revoked().await, Owner::ApiToken(ApiTokenId::from_i64(1)));
        assert!(other.revoked.borrow().is_none());
        running.revoke(Owner::Request(request(2)));
        assert_eq!(other.revoked().await, Owner::Request(request(2)));
    }

    #[test]
    fn a_place_is_given_up_when_the_request_ends() {
        let running = RunningRequests::new(1);
        let (token, account) = (ApiTokenId::from_i64(1), AccountId::from_i64(1));
        let first = running.enter(request(1), token, account).unwrap();
        assert!(running.enter(request(2), token, account).is_none());
        drop(first);
        assert!(running.enter(request(2), token, account).is_some());
        assert_eq!(running.count(), 0);
    }
}
