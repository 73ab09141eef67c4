//! A database that is filled in bulk is one that was used, and lists find in it what is there.

use std::collections::HashMap;
use std::time::Duration;

use anc_domain::{ApiTokenId, ChannelId, FixedEntropy, NanoUsd, PpmMultiplier};
use anc_ledger::EndReason;
use anc_store::{
    DigestQuery, LogQuery, Seed, SeedModel, Store, StoreError, TokenQuery, UsageFilter, UsageRecord,
};

use crate::support::{Bed, MASTER_KEY, NOW, PRICE, assert_books, fresh_store, open};

/// How many days the history has.
const DAYS: u32 = 40;

/// A store that was seeded, its owner's account with it.
pub(crate) async fn seeded(tokens: u64, usage: u64) -> Bed {
    let bed = fresh_store(1_000).await;
    bed.store.close().await;
    seed(&bed, tokens, usage).await.unwrap();
    let store = open(&bed.place.location(), &bed.clock, MASTER_KEY).await.unwrap();
    Bed { store, ..bed }
}

async fn seed(bed: &Bed, tokens: u64, usage: u64) -> Result<(), StoreError> {
    let models = ["model-a", "model-b", "model-c", "model-rare"];
    let seed = Seed {
        tokens,
        usage,
        days: DAYS,
        accounts: vec![bed.account],
        channel: ChannelId::from_i64(7),
        cost_multiplier: PpmMultiplier::from_ppm(700_000),
        models: models
            .map(|model| SeedModel {
                model: model.parse().unwrap(),
                price: PRICE.snapshot(PpmMultiplier::ONE),
            })
            .into(),
        now: NOW,
        entropy: &FixedEntropy::new(5),
    };
    Store::seed(&bed.place.location(), &seed).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_of_a_seeded_database_hold_and_go_on() {
    let bed = seeded(500, 3_000).await;
    assert_books(&bed.store).await;
    let everybody = bed.store.usage().totals(UsageFilter::default()).await.unwrap();
    assert_eq!(everybody.requests, 3_000);
    let page = bed.store.tokens().page(TokenQuery { limit: 1, ..TokenQuery::default() }).await;
    assert_eq!(page.unwrap().total, 500);

    let token = bed.token(None).await;
    bed.spend(token, 3, 4).await;
    bed.store.derive_usage().await.unwrap();
    assert_books(&bed.store).await;
    let newest = LogQuery { limit: 1, ..LogQuery::default() };
    assert_eq!(bed.store.usage().log(&newest).await.unwrap().items[0].token_id, token);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_used_is_not_seeded() {
    let bed = fresh_store(1_000).await;
    let token = bed.token(None).await;
    bed.spend(token, 3, 4).await;
    bed.store.close().await;
    assert!(matches!(seed(&bed, 10, 10).await, Err(StoreError::Conflict(_))));
    let store = open(&bed.place.location(), &bed.clock, MASTER_KEY).await.unwrap();
    assert_books(&store).await;
    assert_eq!(store.usage().totals(UsageFilter::default()).await.unwrap().requests, 1);
}

/// Every page of a list.
async fn all_pages(store: &Store, wanted: &LogQuery) -> Vec<UsageRecord> {
    let mut wanted = LogQuery { limit: 37, ..wanted.clone() };
    let mut rows = Vec::new();
    loop {
        let page = store.usage().log(&wanted).await.unwrap();
        rows.extend(page.items);
        match page.next {
            Some(next) => wanted.before = Some(next),
            None => return rows,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrow_list_of_requests_has_what_a_look_at_every_row_finds() {
    let bed = seeded(300, 2_500).await;
    // Some that are derived since, and some that are not yet.
    let token = bed.token(None).await;
    for number in 0..6 {
        bed.spend(token, number, 1).await;
        if number == 3 {
            bed.store.derive_usage().await.unwrap();
        }
    }
    let everything = all_pages(&bed.store, &LogQuery::default()).await;
    assert_eq!(everything.len(), 2_506);
    let mut charges: Vec<NanoUsd> = everything.iter().map(|row| row.charge).collect();
    charges.sort_unstable();
    let busiest = everything[everything.len() / 2].token_id;
    let day = Duration::from_hours(24);

    let model = |name: &str| Some(name.parse().unwrap());
    let plain = LogQuery::default();
    let narrow = [
        LogQuery { model: model("model-a"), ..plain.clone() },
        LogQuery { model: model("sim-gpt"), ..plain.clone() },
        LogQuery { model: model("unheard-of"), ..plain.clone() },
        LogQuery { end_reason: Some(EndReason::Timeout), ..plain.clone() },
        LogQuery { end_reason: Some(EndReason::Complete), stream: Some(false), ..plain.clone() },
        LogQuery {
            end_reason: Some(EndReason::ClientGone),
            model: model("model-a"),
            ..plain.clone()
        },
        LogQuery {
            end_reason: Some(EndReason::ClientGone),
            charge_min: Some(charges[2_400]),
            ..plain.clone()
        },
        LogQuery {
            end_reason: Some(EndReason::ClientGone),
            since: Some(NOW.minus(day * 30)),
            until: Some(NOW.minus(day * 3)),
            ..plain.clone()
        },
        LogQuery { stream: Some(false), ..plain.clone() },
        LogQuery { charge_min: Some(charges[2_490]), ..plain.clone() },
        LogQuery { since: Some(NOW.minus(day * 3)), ..plain.clone() },
        LogQuery { until: Some(NOW.minus(day * 39)), ..plain.clone() },
        LogQuery {
            since: Some(NOW.minus(day * 20)),
            until: Some(NOW.minus(day * 2)),
            model: model("model-b"),
            stream: Some(true),
            ..plain.clone()
        },
    ];
    for one in narrow {
        let own = LogQuery { account: Some(bed.account), ..one.clone() };
        let of_token = LogQuery { token: Some(busiest), ..one.clone() };
        let of_own_token = LogQuery { token: Some(token), ..own.clone() };
        for wanted in [one, own, of_token, of_own_token] {
            let expected: Vec<i64> = everything
                .iter()
                .filter(|row| {
                    wanted.account.is_none_or(|account| account == row.account_id)
                        && wanted.token.is_none_or(|token| token == row.token_id)
                        && wanted.model.as_ref().is_none_or(|model| *model == row.model)
                        && wanted.end_reason.is_none_or(|end| end == row.end_reason)
                        && wanted.stream.is_none_or(|stream| stream == row.stream)
                        && wanted.charge_min.is_none_or(|least| row.charge >= least)
                        && wanted.since.is_none_or(|since| row.created_at >= since)
                        && wanted.until.is_none_or(|until| row.created_at < until)
                })
                .map(|row| row.seq)
                .collect();
            let found: Vec<i64> =
                all_pages(&bed.store, &wanted).await.iter().map(|row| row.seq).collect();
            assert_eq!(found, expected, "{wanted:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dearest_tokens_are_those_that_a_sum_over_every_row_finds() {
    let bed = seeded(2_000, 4_000).await;
    let token = bed.token(None).await;
    bed.spend(token, 10_000_000, 1).await;
    let everything = all_pages(&bed.store, &LogQuery::default()).await;
    for account in [None, Some(bed.account)] {
        for hours in [1, 5, 24, 24 * 7 + 3, 24 * 30] {
            let since = NOW.minus(Duration::from_hours(hours));
            let since_hour = since.as_millis() / 3_600_000;
            let mut sums: HashMap<ApiTokenId, (i64, u64)> = HashMap::new();
            for row in &everything {
                let is_meant = account.is_none_or(|account| account == row.account_id);
                if is_meant && row.created_at.as_millis() / 3_600_000 >= since_hour {
                    let sum = sums.entry(row.token_id).or_default();
                    *sum = (sum.0 + row.charge.nanos(), sum.1 + 1);
                }
            }
            let mut expected: Vec<(i64, u64)> = sums.into_values().collect();
            expected.sort_unstable_by_key(|(charge, requests)| (-charge, u64::MAX - requests));
            expected.truncate(8);
            let wanted = DigestQuery { account, since, before: since };
            let digest = bed.store.usage().digest(wanted).await.unwrap();
            let found: Vec<(i64, u64)> =
                digest.tokens.iter().map(|sum| (sum.charge.nanos(), sum.requests)).collect();
            assert_eq!(found, expected, "{account:?}, {hours} hours");
        }
    }
}
