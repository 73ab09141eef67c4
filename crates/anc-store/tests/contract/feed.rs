//! The change feed.

use std::time::Duration;

use anc_store::{AccountChanges, TokenChanges, Topic};

use crate::support::fresh_store;

const SOON: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn every_write_of_the_control_plane_is_told_in_order() {
    let bed = fresh_store(0).await;
    let changes = bed.store.changes();
    let before = changes.latest();
    let (id, hash) = bed.token_of(bed.new_token("one")).await;
    let token = Topic::Token { id, hash };
    bed.store.tokens().update(id, None, TokenChanges::default()).await.unwrap();
    let suspension = AccountChanges::suspended(Some("a test"));
    bed.store.accounts().update(bed.account, suspension).await.unwrap();
    bed.store.prices().set(&"gpt-5".parse().unwrap(), &crate::support::PRICE, None).await.unwrap();
    bed.store.tokens().delete(id, None).await.unwrap();

    let told = changes.after(before, 100).await.unwrap();
    let topics: Vec<_> = told.iter().map(|change| change.topic).collect();
    let account = Topic::Account(bed.account);
    assert_eq!(topics, [token, token, account, Topic::Catalog, token]);
    assert!(told.is_sorted_by_key(|change| change.seq));
    assert_eq!(changes.latest(), told.last().unwrap().seq);
    assert_eq!(changes.after(before, 2).await.unwrap(), told[..2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn l11_a_writer_can_wait_until_every_follower_has_applied_its_change() {
    let bed = fresh_store(0).await;
    let changes = bed.store.changes();
    assert!(changes.wait_applied(changes.latest(), SOON).await);

    let mut follower = changes.follow("a test");
    let slow = changes.follow("a slow test");
    let (id, hash) = bed.token_of(bed.new_token("one")).await;
    let told = follower.next().await.unwrap();
    assert_eq!(told[0].topic, Topic::Token { id, hash });
    assert!(!changes.wait_applied(changes.latest(), Duration::from_millis(20)).await);
    follower.applied(follower.position());
    assert!(!changes.wait_applied(changes.latest(), Duration::from_millis(20)).await);
    // One that is gone keeps nobody waiting.
    drop(slow);
    assert!(changes.wait_applied(changes.latest(), SOON).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_wakes_at_the_commit_and_may_be_cancelled() {
    let bed = fresh_store(0).await;
    let mut follower = bed.store.changes().follow("a test");
    let none = tokio::time::timeout(Duration::from_millis(20), follower.next()).await;
    assert!(none.is_err());
    bed.token_of(bed.new_token("one")).await;
    bed.token_of(bed.new_token("two")).await;
    let told = tokio::time::timeout(SOON, follower.next()).await.unwrap().unwrap();
    assert_eq!(told.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_tells_nobody() {
    let bed = fresh_store(0).await;
    let new = bed.new_token("one");
    bed.token_of(new.clone()).await;
    let before = bed.store.changes().latest();
    assert!(bed.store.tokens().create(new).await.is_err());
    assert_eq!(bed.store.changes().latest(), before);
    assert!(bed.store.changes().after(before, 9).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn l11_what_could_not_be_applied_is_given_again() {
    let bed = fresh_store(0).await;
    let mut follower = bed.store.changes().follow("a test");
    bed.token(None).await;
    bed.token(None).await;
    let first = follower.next().await.unwrap();
    follower.applied(first[0].seq);
    follower.give_again();
    let again = follower.next().await.unwrap();
    assert!(again[0].seq > first[0].seq, "what was applied is not given again");
    assert_eq!(again.last().map(|change| change.seq), Some(bed.store.changes().latest()));
}
