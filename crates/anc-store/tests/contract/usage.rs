//! Usage rows and their sums.

use std::time::Duration;

use anc_domain::{ChannelId, Meter};
use anc_ledger::EndReason;
use anc_store::{Digest, DigestQuery, Settlement, UsageFilter};

use crate::support::{NOW, assert_books, fresh_store, nanos, units};

#[tokio::test(flavor = "multi_thread")]
async fn a_settled_request_is_found_at_once_and_after_the_follower_came_by() {
    let bed = fresh_store(1_000).await;
    let token = bed.token(None).await;
    let hold = bed.hold(token, 500).await;
    let id = hold.request_id();
    bed.clock.advance(Duration::from_millis(250));
    let settlement = Settlement {
        estimated: true,
        channel_id: Some(ChannelId::from_i64(9)),
        upstream_status: Some(200),
        first_token_ms: Some(80),
        total_ms: Some(250),
        attempts: 2,
        client_address: Some("203.0.113.7".into()),
        client_agent: Some("curl/8".into()),
        raw_usage: Some(r#"{"prompt_tokens":10}"#.into()),
        ..Settlement::new(EndReason::ClientGone, units(10, 20).with(Meter::WebSearch, 1))
    };
    assert_eq!(hold.settle(settlement.clone()).await, Ok(nanos(50)));
    let tail = bed.store.usage().by_request(id).await.unwrap().unwrap();
    bed.store.derive_usage().await.unwrap();
    let derived = bed.store.usage().by_request(id).await.unwrap().unwrap();
    assert_eq!(tail, derived);

    assert_eq!((tail.usage, tail.charge, tail.held), (settlement.usage, nanos(50), nanos(500)));
    assert_eq!((tail.account_id, tail.token_id), (bed.account, token));
    assert_eq!(
        (tail.end_reason, tail.estimated, tail.suspect),
        (EndReason::ClientGone, true, false)
    );
    assert_eq!((tail.started_at, tail.created_at), (NOW, NOW.plus(Duration::from_millis(250))));
    assert_eq!((tail.first_token_ms, tail.total_ms, tail.attempts), (Some(80), Some(250), 2));
    assert_eq!((tail.channel_id, tail.upstream_status), (settlement.channel_id, Some(200)));
    assert_eq!(tail.client_address, settlement.client_address);
    assert_eq!(tail.raw_usage, settlement.raw_usage);
    assert!(bed.store.usage().by_request(bed.request_id()).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn l8_sums_are_the_same_before_while_and_after_they_are_derived() {
    let bed = fresh_store(1_000_000).await;
    let (one, two) = (bed.token(None).await, bed.token(None).await);
    let hour = Duration::from_hours(1);
    for number in 0..30 {
        bed.clock.advance(hour / 4);
        bed.spend(if number % 3 == 0 { one } else { two }, number, 1).await;
        if number == 11 {
            bed.store.derive_usage().await.unwrap();
            bed.store.derive_usage().await.unwrap();
        }
    }
    let filter = UsageFilter { account: Some(bed.account), ..UsageFilter::default() };
    let tail = bed.store.usage().totals(filter).await.unwrap();
    assert_books(&bed.store).await;
    bed.store.derive_usage().await.unwrap();
    assert_books(&bed.store).await;
    let derived = bed.store.usage().totals(filter).await.unwrap();
    assert_eq!(tail, derived);
    assert_eq!((tail.requests, tail.charge), (30, nanos(435 + 60)));
    assert_eq!(tail.units[Meter::Input as usize], 435);

    let of_one = UsageFilter { token: Some(one), ..UsageFilter::default() };
    assert_eq!(bed.store.usage().totals(of_one).await.unwrap().requests, 10);
    let since = UsageFilter { since: Some(NOW.plus(hour * 100)), ..UsageFilter::default() };
    assert_eq!(bed.store.usage().totals(since).await.unwrap().requests, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_token_keeps_what_it_spent() {
    let bed = fresh_store(1_000).await;
    let token = bed.token(None).await;
    bed.spend(token, 5, 0).await;
    let running = bed.hold(token, 100).await;
    bed.store.tokens().delete(token, None).await.unwrap();
    running.settle(Settlement::new(EndReason::Revoked, units(7, 0))).await.unwrap();
    let filter = UsageFilter { token: Some(token), ..UsageFilter::default() };
    assert_eq!(bed.store.usage().totals(filter).await.unwrap().charge, nanos(12));
    assert_eq!(bed.balance().await, 988);
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_is_the_same_before_while_and_after_it_is_derived() {
    let bed = fresh_store(1_000_000).await;
    let (one, two) = (bed.token(None).await, bed.token(None).await);
    let day = Duration::from_hours(24);
    for (number, (token, end, wait)) in [
        (one, EndReason::Complete, Some(90)),
        (one, EndReason::UpstreamError, None),
        (two, EndReason::Complete, Some(800)),
        (one, EndReason::ClientGone, Some(850)),
        (two, EndReason::Timeout, Some(70_000)),
    ]
    .into_iter()
    .enumerate()
    {
        let settlement = Settlement { first_token_ms: wait, ..Settlement::new(end, units(10, 0)) };
        bed.hold(token, 100).await.settle(settlement).await.unwrap();
        if number == 1 {
            bed.clock.advance(day);
        }
        if number == 3 {
            bed.store.derive_usage().await.unwrap();
        }
    }
    let wanted = DigestQuery { account: Some(bed.account), since: NOW.plus(day), before: NOW };
    let half = bed.store.usage().digest(wanted).await.unwrap();
    bed.store.derive_usage().await.unwrap();
    assert_eq!(bed.store.usage().digest(wanted).await.unwrap(), half);
    assert_books(&bed.store).await;

    assert_eq!((half.before.requests, half.before.failed), (2, 1));
    assert_eq!(half.before.first_token_ms, Some(50));
    assert_eq!((half.now.requests, half.now.failed, half.now.charge), (3, 1, nanos(30)));
    assert_eq!(half.now.first_token_ms, Some(925), "three of four quarters of 700 to 1000 ms");
    let tokens: Vec<_> = half.tokens.iter().map(|sum| (sum.token, sum.charge)).collect();
    assert_eq!(tokens, [(two, nanos(20)), (one, nanos(10))]);
    assert_eq!(half.week.len(), 1);
    assert_eq!((half.week[0].requests, half.week[0].charge), (3, nanos(30)));
    assert_eq!(half.ends.iter().map(|(_, requests)| requests).sum::<u64>(), 3);
    let stranger = DigestQuery { account: Some(anc_domain::AccountId::from_i64(1)), ..wanted };
    assert_eq!(bed.store.usage().digest(stranger).await.unwrap(), Digest::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_of_channels_is_the_same_before_while_and_after_it_is_derived() {
    let bed = fresh_store(1_000_000).await;
    let token = bed.token(None).await;
    let channel = anc_domain::ChannelId::from_i64(77);
    let hour = Duration::from_hours(1);
    for (number, (end, channel_id)) in [
        (EndReason::Complete, Some(channel)),
        (EndReason::UpstreamError, None),
        (EndReason::Timeout, Some(channel)),
        (EndReason::ClientGone, Some(channel)),
    ]
    .into_iter()
    .enumerate()
    {
        let settlement = Settlement { channel_id, ..Settlement::new(end, units(10, 0)) };
        bed.hold(token, 100).await.settle(settlement).await.unwrap();
        if number == 1 {
            bed.clock.advance(hour);
        }
        if number == 2 {
            bed.store.derive_usage().await.unwrap();
        }
    }
    let half = bed.store.usage().health(NOW).await.unwrap();
    let dearest = bed.store.usage().dearest_accounts(NOW).await.unwrap();
    assert_books(&bed.store).await;
    bed.store.derive_usage().await.unwrap();
    assert_books(&bed.store).await;
    assert_eq!(bed.store.usage().health(NOW).await.unwrap(), half);
    assert_eq!(bed.store.usage().dearest_accounts(NOW).await.unwrap(), dearest);

    let outcomes: Vec<_> =
        half.iter().map(|one| (one.channel, one.outcome.requests, one.outcome.failed)).collect();
    assert_eq!(outcomes, [(channel, 1, 0), (channel, 2, 1)]);
    assert_eq!(dearest.len(), 1);
    assert_eq!((dearest[0].account, dearest[0].charge), (bed.account, nanos(40)));
    assert_eq!(bed.store.usage().health(NOW.plus(hour)).await.unwrap().len(), 1);
    let names = bed.store.accounts().owners(&[bed.account]).await.unwrap();
    assert_eq!(names.len(), 1);
}
