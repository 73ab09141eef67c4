//! Answers that providers keep: whose they are and where they lie.

use std::time::Duration;

use anc_domain::{AccountId, ChannelId, PpmMultiplier};
use anc_store::{ChannelRouting, NewChannel, StoredResponse};

use crate::support::{Bed, NOW, fresh_store};

const DAY: Duration = Duration::from_hours(24);

async fn channel(bed: &Bed) -> ChannelId {
    let new = NewChannel {
        name: "OpenAI".into(),
        provider: "openai".into(),
        base_url: None,
        models: Vec::new(),
        enabled: true,
        allow_private: false,
        key: None,
        routing: ChannelRouting::default(),
        cost_multiplier: PpmMultiplier::ONE,
    };
    bed.store.channels().create(new, None).await.unwrap().unwrap().id
}

/// A second account beside the owner's.
async fn other_account(bed: &Bed) -> AccountId {
    bed.place
        .run(
            "insert into account (id, name, tier_id, metered, created_at)
             select 77, 'other', tier_id, metered, created_at from account limit 1;
             insert into account_balance (account_id) values (77)",
        )
        .await
        .unwrap();
    AccountId::from_i64(77)
}

fn stored(account_id: AccountId, channel_id: ChannelId, key_digest: Option<u64>) -> StoredResponse {
    StoredResponse {
        account_id,
        response_id: "resp_1".into(),
        channel_id,
        key_digest,
        model: "gpt-5".parse().unwrap(),
        units: 1_234,
        expires_at: NOW.plus(DAY),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_response_reads_back_for_the_account_that_made_it_alone() {
    let bed = fresh_store(0).await;
    let (channel, other) = (channel(&bed).await, other_account(&bed).await);
    let ours = stored(bed.account, channel, Some(u64::MAX - 3));
    let door = bed.store.stored_responses();
    door.record(std::slice::from_ref(&ours)).await.unwrap();
    assert_eq!(door.find(bed.account, "resp_1").await.unwrap(), Some(ours.clone()));
    assert_eq!(door.find(other, "resp_1").await.unwrap(), None);
    assert_eq!(door.find(bed.account, "resp_2").await.unwrap(), None);

    // A name that another provider gives as well is another answer of another account.
    let theirs = stored(other, channel, None);
    door.record(std::slice::from_ref(&theirs)).await.unwrap();
    assert_eq!(door.find(bed.account, "resp_1").await.unwrap(), Some(ours));
    assert_eq!(door.find(other, "resp_1").await.unwrap(), Some(theirs));

    let names = ["resp_0".to_owned(), "resp_1".to_owned()];
    let all = door.find_all(bed.account, &names).await.unwrap();
    assert_eq!(all.len(), 1);
    assert!(door.find_all(bed.account, &[]).await.unwrap().is_empty());

    assert!(!door.delete(other, "resp_2").await.unwrap());
    assert!(door.delete(other, "resp_1").await.unwrap());
    assert_eq!(door.find(other, "resp_1").await.unwrap(), None);
    assert!(door.find(bed.account, "resp_1").await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_response_is_forgotten_when_its_time_is_over() {
    let bed = fresh_store(0).await;
    let channel = channel(&bed).await;
    let door = bed.store.stored_responses();
    door.record(&[stored(bed.account, channel, None)]).await.unwrap();
    bed.clock.advance(DAY);
    assert_eq!(door.find(bed.account, "resp_1").await.unwrap(), None);
    assert_eq!(bed.number("select count(*) from stored_response").await, 1);
    let later = StoredResponse {
        response_id: "resp_2".into(),
        expires_at: NOW.plus(2 * DAY),
        ..stored(bed.account, channel, None)
    };
    door.record(&[later]).await.unwrap();
    assert_eq!(bed.number("select count(*) from stored_response").await, 1);
    assert!(door.find(bed.account, "resp_2").await.unwrap().is_some());
}
