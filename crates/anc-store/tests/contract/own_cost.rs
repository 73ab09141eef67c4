//! What requests cost the operator, beside what they are charged.

use std::time::Duration;

use anc_domain::{ChannelId, NanoUsd, PpmMultiplier, RequestId, UnixMillis};
use anc_ledger::{EndReason, own_cost};
use anc_store::{
    FailedAttempt, MarginBy, MarginItem, MarginOf, MarginQuery, MarginSums, OwnCost, Settlement,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::support::{Bed, NOW, PRICE, Place, assert_books, fresh_store, nanos, units};

const CHANNEL: ChannelId = ChannelId::from_i64(9);
const OTHER: ChannelId = ChannelId::from_i64(11);

/// A request of `input` units through a channel, whose factor may not be known.
async fn spend(bed: &Bed, channel: ChannelId, input: u64, ppm: Option<u32>) -> RequestId {
    let token = bed.token(None).await;
    let hold = bed.hold(token, 1_000).await;
    let id = hold.request_id();
    let settlement = Settlement {
        channel_id: Some(channel),
        cost_multiplier: ppm.map(PpmMultiplier::from_ppm),
        ..Settlement::new(EndReason::Complete, units(input, 0))
    };
    hold.settle(settlement).await.unwrap();
    id
}

/// An attempt that failed after its provider had told of 40 units, and that nothing came of.
async fn fail(bed: &Bed) -> RequestId {
    let token = bed.token(None).await;
    let hold = bed.hold(token, 1_000).await;
    let attempt = FailedAttempt {
        attempt: 1,
        channel_id: OTHER,
        usage: units(40, 0),
        multiplier: PpmMultiplier::from_ppm(500_000),
    };
    let id = hold.request_id();
    hold.note_failed_attempt(attempt);
    hold.note_failed_attempt(attempt);
    drop(hold);
    bed.until_nothing_is_held().await;
    id
}

async fn margins(bed: &Bed, by: MarginBy) -> Vec<MarginItem> {
    let until = UnixMillis::from_millis(bed.store_time()).plus(Duration::from_hours(24));
    let wanted = MarginQuery { by, since: NOW.minus(Duration::from_hours(24)), until };
    bed.store.usage().margins(wanted, 100).await.unwrap()
}

async fn every_margin(bed: &Bed) -> [Vec<MarginItem>; 3] {
    let of = |by| margins(bed, by);
    [of(MarginBy::Model).await, of(MarginBy::Channel).await, of(MarginBy::Account).await]
}

/// Three requests, one of whose cost is not known, and a failed attempt.
async fn bed_with_costs() -> Bed {
    let bed = fresh_store(1_000_000).await;
    spend(&bed, CHANNEL, 100, Some(800_000)).await;
    spend(&bed, CHANNEL, 50, None).await;
    spend(&bed, OTHER, 10, Some(2_000_000)).await;
    fail(&bed).await;
    bed
}

#[test]
fn own_cost_is_recomputed_exactly() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config =
        ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() };
    let requests = prop::collection::vec(
        (0_u64..5_000_000, 0_u64..5_000_000, any::<u32>(), prop::option::of(any::<u32>())),
        1..12,
    );
    TestRunner::new(config)
        .run(&requests, |requests| {
            runtime.block_on(async {
                let bed = fresh_store(i64::MAX / 2).await;
                let token = bed.token(None).await;
                let mut charged = 0;
                for (input, output, tier, ppm) in requests {
                    let mut request = bed.request(token, 1, 1);
                    request.price = PRICE.snapshot(PpmMultiplier::from_ppm(tier));
                    let (id, price) = (request.request_id, request.price.clone());
                    let hold = bed.store.ledger().hold(request).await.unwrap().unwrap();
                    let multiplier = ppm.map(PpmMultiplier::from_ppm);
                    let usage = units(input, output);
                    let settlement = Settlement {
                        cost_multiplier: multiplier,
                        ..Settlement::new(EndReason::Complete, usage)
                    };
                    charged += hold.settle(settlement).await.unwrap().nanos();
                    let row = bed.store.usage().by_request(id).await.unwrap().unwrap();
                    let again = multiplier.map(|multiplier| OwnCost {
                        amount: own_cost(&usage, &price, multiplier).unwrap(),
                        multiplier,
                    });
                    assert_eq!(row.own_cost, again);
                }
                // What it costs the operator moves no balance.
                assert_eq!(bed.balance().await, i64::MAX / 2 - charged);
                assert_books(&bed.store).await;
                bed.store.derive_usage().await.unwrap();
                assert_books(&bed.store).await;
                bed.store.close().await;
            });
            Ok(())
        })
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_margin_is_told_of_requests_whose_cost_is_known() {
    let bed = bed_with_costs().await;
    assert_eq!(bed.balance().await, 1_000_000 - 160);
    let tail = every_margin(&bed).await;
    bed.store.derive_usage().await.unwrap();
    assert_eq!(every_margin(&bed).await, tail);
    assert_books(&bed.store).await;

    let [models, channels, accounts] = tail;
    let all = MarginSums {
        requests: 3,
        charge: nanos(160),
        cost: nanos(80 + 20 + 20),
        failed_cost: nanos(20),
        costed_requests: 2,
        costed_charge: nanos(110),
    };
    assert_eq!(all.margin(), Ok(nanos(-10)));
    assert_eq!(models, [MarginItem { of: MarginOf::Model("sim-gpt".into()), sums: all }]);
    assert_eq!(accounts, [MarginItem { of: MarginOf::Account(bed.account), sums: all }]);
    let told: Vec<_> = channels
        .iter()
        .map(|item| (item.of.clone(), item.sums.charge, item.sums.cost, item.sums.failed_cost))
        .collect();
    assert_eq!(
        told,
        [
            (MarginOf::Channel(Some(CHANNEL)), nanos(150), nanos(80), NanoUsd::ZERO),
            (MarginOf::Channel(Some(OTHER)), nanos(10), nanos(40), nanos(20)),
        ]
    );
    let days = bed.store.usage().margin_days(NOW, NOW.plus(Duration::from_hours(24))).await;
    let days = days.unwrap();
    assert_eq!((days.len(), days[0].sums), (1, all));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_attempt_is_noted_once_and_charged_to_nobody() {
    let bed = fresh_store(1_000).await;
    let id = fail(&bed).await;
    assert_eq!(bed.number("select count(*) from failed_attempt").await, 1);
    assert_eq!(bed.number("select cost from failed_attempt").await, 20);
    assert_eq!(bed.balance().await, 1_000);
    assert!(bed.store.usage().by_request(id).await.unwrap().is_none());
    assert_books(&bed.store).await;
    bed.place.run("update failed_attempt set cost = cost - 1").await.unwrap();
    let checks = bed.store.verify().await.unwrap();
    let wrong: Vec<_> = checks.into_iter().filter(|check| !check.ok).collect();
    assert_eq!((wrong.len(), wrong[0].name), (1, "L7 price"));
    assert!(wrong[0].detail.contains("a failed attempt"), "{}", wrong[0].detail);
}

#[tokio::test(flavor = "multi_thread")]
async fn margins_outlive_the_requests_that_they_are_made_of() {
    let bed = bed_with_costs().await;
    bed.clock.advance(Duration::from_hours(24 * 60));
    spend(&bed, CHANNEL, 1, Some(0)).await;
    bed.store.derive_usage().await.unwrap();
    let before = every_margin(&bed).await;
    let until = UnixMillis::from_millis(bed.store_time()).minus(Duration::from_hours(24));
    let pruned = bed.store.retention().prune_usage(until, 10).await.unwrap();
    assert_eq!(pruned.requests, 3);
    assert_eq!(every_margin(&bed).await, before);
    assert_books(&bed.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_before_costs_were_noted_has_none_and_is_proved() {
    let bed = bed_with_costs().await;
    bed.store.derive_usage().await.unwrap();
    bed.clock.advance(Duration::from_hours(24 * 60));
    spend(&bed, CHANNEL, 1, None).await;
    spend(&bed, CHANNEL, 1, None).await;
    let until = UnixMillis::from_millis(bed.store_time()).minus(Duration::from_hours(24));
    bed.store.derive_usage().await.unwrap();
    bed.store.retention().prune_usage(until, 10).await.unwrap();
    spend(&bed, OTHER, 1, None).await;

    let migration = match bed.place {
        Place::Sqlite(_) => include_str!("../../migrations/sqlite/0023_own_cost.sql"),
        Place::Postgres(_) => include_str!("../../migrations/postgres/0023_own_cost.sql"),
    };
    let (_, backfill) = migration.split_once("insert into usage_channel_hour").unwrap();
    let (backfill, _) = backfill.split_once(';').unwrap();
    let nothing = "set cost = 0, costed_requests = 0, costed_charge = 0";
    let as_before = format!(
        "update usage set cost = null, cost_ppm = null;
         update usage_hourly {nothing};
         update usage_account_hour {nothing};
         update usage_pruned {nothing};
         delete from failed_attempt;
         delete from usage_channel_hour;
         insert into usage_channel_hour {backfill};"
    );
    bed.place.run(&as_before).await.unwrap();
    assert_books(&bed.store).await;
    bed.store.derive_usage().await.unwrap();
    assert_books(&bed.store).await;
    let channels = margins(&bed, MarginBy::Channel).await;
    let told: Vec<_> =
        channels.into_iter().map(|item| (item.of, item.sums.requests, item.sums.cost)).collect();
    let of = |id| MarginOf::Channel(id);
    // Whose requests were pruned is not known any more.
    let zero = NanoUsd::ZERO;
    assert_eq!(
        told,
        [(of(None), 3, zero), (of(Some(CHANNEL)), 2, zero), (of(Some(OTHER)), 1, zero)]
    );
}
