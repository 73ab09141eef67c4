//! Changing the master key.

use anc_domain::{OsEntropy, PpmMultiplier, Secret};
use anc_store::{ChannelRouting, NewChannel, Store, StoreError};

use crate::support::{Bed, EMAIL, MASTER_KEY, fresh_store, open};

const NEW_KEY: [u8; 32] = [9; 32];
const PROVIDERS_KEY: &str = "sk-upstream-canary-0123456789abcdef";
const SEED: &str = "JBSWY3DPEHPK3PXP";

async fn with_secrets() -> Bed {
    let bed = fresh_store(0).await;
    let channel = NewChannel {
        name: "one".into(),
        provider: "openai".into(),
        base_url: None,
        models: Vec::new(),
        enabled: true,
        allow_private: false,
        key: Some(Secret::new(PROVIDERS_KEY)),
        routing: ChannelRouting::default(),
        cost_multiplier: PpmMultiplier::ONE,
    };
    bed.store.channels().create(channel, None).await.unwrap().unwrap();
    let user = bed.store.users().by_email(EMAIL).await.unwrap().unwrap();
    assert!(bed.store.factors().propose(user.id, &Secret::new(SEED)).await.unwrap());
    bed
}

async fn assert_opens(store: &Store) {
    let channels = store.channels().list().await.unwrap();
    assert_eq!(channels[0].key.as_ref().unwrap().expose(), PROVIDERS_KEY);
    let user = store.users().by_email(EMAIL).await.unwrap().unwrap();
    let factor = store.factors().get(user.id).await.unwrap().unwrap();
    assert_eq!(factor.seed.expose(), SEED);
}

#[tokio::test(flavor = "multi_thread")]
async fn i4_a_new_master_key_opens_what_the_old_one_sealed_and_the_old_one_nothing() {
    let bed = with_secrets().await;
    bed.store.close().await;
    let location = bed.place.location();
    let done = Store::reseal(&location, &MASTER_KEY, &NEW_KEY, &OsEntropy).await.unwrap();
    assert!(done.is_some_and(|secrets| secrets >= 2));
    // Interrupted before the new key had its place, the command is run again.
    let again = Store::reseal(&location, &MASTER_KEY, &NEW_KEY, &OsEntropy).await.unwrap();
    assert_eq!(again, None);
    let old = open(&location, &bed.clock, MASTER_KEY).await;
    assert!(matches!(old, Err(StoreError::Corrupt(_))));
    assert_opens(&open(&location, &bed.clock, NEW_KEY).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_key_reseals_nothing() {
    let bed = with_secrets().await;
    bed.store.close().await;
    let location = bed.place.location();
    let refused = Store::reseal(&location, &[1; 32], &NEW_KEY, &OsEntropy).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))));
    assert_opens(&bed.start_again().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_resealed_under_a_relay_that_serves() {
    let bed = with_secrets().await;
    // On SQLite the lock of the data directory sees to it.
    if crate::ON_POSTGRES {
        let location = bed.place.location();
        let refused = Store::reseal(&location, &MASTER_KEY, &NEW_KEY, &OsEntropy).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    }
    assert_opens(&bed.store).await;
}
