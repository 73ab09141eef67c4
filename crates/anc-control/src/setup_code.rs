//! The code in the one-time set-up link. Whoever sees the relay's output at its start may make
//! themselves its owner, once.

use anc_domain::{Entropy, Secret, SecretHash};
use anc_store::{Store, StoreError};

use crate::session::hex;

const SETTING: &str = "setup_code_hash";
const CODE_BYTES: usize = 16;

pub(crate) async fn issue(
    store: &Store,
    entropy: &dyn Entropy,
) -> Result<Option<Secret>, StoreError> {
    if !store.users().needs_setup().await? {
        return Ok(None);
    }
    let mut bytes = [0; CODE_BYTES];
    entropy.fill(&mut bytes);
    let code = Secret::new(hex(&bytes));
    store.settings().set(SETTING, &hex(code.hash().as_bytes())).await?;
    Ok(Some(code))
}

pub(crate) async fn matches(store: &Store, code: &str) -> Result<bool, StoreError> {
    let stored = store.settings().get(SETTING).await?;
    let presented = hex(SecretHash::of(code).as_bytes());
    // Hashes are compared, so the time that this takes tells nothing of the code.
    Ok(stored.is_some_and(|stored| stored == presented))
}

pub(crate) async fn forget(store: &Store) -> Result<(), StoreError> {
    store.settings().delete(SETTING).await
}
