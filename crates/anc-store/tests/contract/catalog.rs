//! Channels and prices.

use std::time::Duration;

use anc_domain::{Meter, ModelName, PpmMultiplier, PricedOptions, Secret, Usage};
use anc_ledger::{EndReason, ModelPrice};
use anc_store::{
    ChannelChanges, ChannelRouting, HoldRequest, NewChannel, OptionsKept, PriceSource, Settlement,
    StoreError,
};

use crate::support::{Bed, fresh_store, nanos};

fn new_channel(key: Option<&str>) -> NewChannel {
    NewChannel {
        name: "OpenAI".into(),
        provider: "openai".into(),
        base_url: Some("https://api.openai.com/v1".into()),
        models: vec!["gpt-5".parse().unwrap()],
        enabled: true,
        allow_private: false,
        key: key.map(Secret::new),
        routing: ChannelRouting::default(),
        cost_multiplier: PpmMultiplier::ONE,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_reads_back_with_its_key() {
    let bed = fresh_store(0).await;
    let key = "sk-upstream-abcdefghijkl-9xQ2";
    let made = bed.store.channels().create(new_channel(Some(key)), None).await.unwrap().unwrap();
    let read = bed.store.channels().get(made.id).await.unwrap().unwrap();
    assert_eq!(read.key.as_ref().map(Secret::expose), Some(key));
    assert_eq!(read.key_hint.as_deref(), Some("sk-…9xQ2"));
    assert_eq!(
        (&read.name, &read.models, &read.base_url),
        (&made.name, &made.models, &made.base_url)
    );

    let changes =
        ChannelChanges { enabled: Some(false), base_url: Some(None), ..ChannelChanges::default() };
    let changed = bed.store.channels().update(made.id, changes).await.unwrap().unwrap();
    assert_eq!((changed.enabled, changed.base_url), (false, None));
    assert_eq!(changed.key.as_ref().map(Secret::expose), Some(key));

    let changes =
        ChannelChanges { key: Some(Some(Secret::new("short"))), ..ChannelChanges::default() };
    bed.store.channels().update(made.id, changes).await.unwrap();
    let read = bed.store.channels().get(made.id).await.unwrap().unwrap();
    assert_eq!((read.key.unwrap().expose(), read.key_hint), ("short", None));

    assert!(bed.store.channels().delete(made.id).await.unwrap());
    assert!(!bed.store.channels().delete(made.id).await.unwrap());
    assert!(bed.store.channels().list().await.unwrap().is_empty());
    assert_eq!(bed.number("select count(*) from channel where key_sealed is not null").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn i5_a_sealed_key_that_is_moved_to_another_row_does_not_open() {
    let bed = fresh_store(0).await;
    let one =
        bed.store.channels().create(new_channel(Some("sk-one")), None).await.unwrap().unwrap();
    let two =
        bed.store.channels().create(new_channel(Some("sk-two")), None).await.unwrap().unwrap();
    let sql = format!(
        "update channel
         set key_sealed = (select key_sealed from channel where id = {})
         where id = {}",
        one.id.as_i64(),
        two.id.as_i64()
    );
    bed.place.run(&sql).await.unwrap();
    assert!(bed.store.channels().get(one.id).await.is_ok());
    let moved = bed.store.channels().get(two.id).await;
    assert!(matches!(moved, Err(StoreError::Corrupt(_))));
}

async fn set_back_to_builtin(bed: &Bed, model: &str, input: &str) {
    let sql = format!(
        "update model_price
         set price = '{{\"input\":\"{input}\",\"output\":\"1\"}}'
         where model = '{model}'"
    );
    bed.place.run(&sql).await.unwrap();
}

/// As if the newest book that the database has taken were that one.
async fn set_book_taken(bed: &Bed, number: u32) {
    let sql = format!("update setting set value = '{number}' where key = 'price_book'");
    bed.place.run(&sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_a_person_set_survives_and_a_builtin_one_is_renewed() {
    let bed = fresh_store(0).await;
    let (gpt, sim): (ModelName, ModelName) = ("gpt-5".parse().unwrap(), "sim-gpt".parse().unwrap());
    let prices = bed.store.prices();
    let builtin = prices.get(&gpt).await.unwrap().unwrap();
    assert_eq!((builtin.source, builtin.version), (PriceSource::Builtin, 1));
    assert_eq!(builtin.price.rates.input.to_string(), "1.25");
    assert_eq!(builtin.provider, "openai");

    let manual = ModelPrice::flat(nanos(3_000_000_000), nanos(0));
    let set = prices.set(&gpt, &manual, None).await.unwrap();
    assert_eq!((set.source, set.version, &set.price), (PriceSource::Manual, 2, &manual));
    let set = prices.get(&gpt).await.unwrap().unwrap();
    assert_eq!((set.version, &set.price), (2, &manual));
    assert_eq!((set.context, set.provider.as_str()), (builtin.context, "openai"));
    let simulated = prices.get(&sim).await.unwrap().unwrap();
    bed.store.close().await;

    set_back_to_builtin(&bed, "sim-gpt", "99").await;
    set_book_taken(&bed, 0).await;
    let store = bed.start_again().await;
    assert_eq!(store.prices().get(&gpt).await.unwrap().unwrap(), set);
    let renewed = store.prices().get(&sim).await.unwrap().unwrap();
    assert_eq!((renewed.price, renewed.version), (simulated.price, 2));
    assert!(store.prices().list().await.unwrap().len() >= 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_whose_book_is_not_newer_changes_no_price() {
    let bed = fresh_store(0).await;
    let sim: ModelName = "sim-gpt".parse().unwrap();
    bed.store.close().await;
    // What a newer program has written there, as this older one finds it.
    set_back_to_builtin(&bed, "sim-gpt", "99").await;
    set_book_taken(&bed, u32::MAX).await;
    let store = bed.start_again().await;
    let found = store.prices().get(&sim).await.unwrap().unwrap();
    assert_eq!((found.price.rates.input.to_string().as_str(), found.version), ("99", 1));
    let taken = store.settings().get("price_book").await.unwrap();
    assert_eq!(taken, Some(u32::MAX.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_of_zero_is_legal_and_a_negative_or_absurd_one_is_not() {
    let bed = fresh_store(0).await;
    let local: ModelName = "local/llama".parse().unwrap();
    let prices = bed.store.prices();
    let free = ModelPrice::flat(nanos(0), nanos(0));
    prices.set(&local, &free, None).await.unwrap();
    assert_eq!(prices.get(&local).await.unwrap().unwrap().provider, "custom");
    for (input, output) in [(-1, 0), (0, -1), (i64::MAX, 0)] {
        let refused =
            prices.set(&local, &ModelPrice::flat(nanos(input), nanos(output)), None).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))));
    }
    assert_eq!(prices.get(&local).await.unwrap().unwrap().price, free);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_holds_from_its_time_on_and_can_be_taken_back_before() {
    let bed = fresh_store(0).await;
    let gpt: ModelName = "gpt-5".parse().unwrap();
    let prices = bed.store.prices();
    let at = |day: u64| crate::support::NOW.plus(Duration::from_hours(24 * day));
    let (tomorrow, later) = (at(1), at(30));
    let flat = |dollars: i64| ModelPrice::flat(nanos(dollars * 1_000_000_000), nanos(0));
    prices.set(&gpt, &flat(2), Some(tomorrow)).await.unwrap();
    let taken_back = prices.set(&gpt, &flat(3), Some(later)).await.unwrap();
    // Set today, and yet tomorrow's price is to hold tomorrow.
    prices.set(&gpt, &flat(4), None).await.unwrap();
    let upcoming: Vec<i64> =
        prices.upcoming().await.unwrap().iter().map(|one| one.version).collect();
    assert_eq!(upcoming, [2, 3]);
    let now = prices.get(&gpt).await.unwrap().unwrap();
    assert_eq!((now.version, &now.price), (4, &flat(4)));

    assert!(prices.withdraw(&gpt, taken_back.version).await.unwrap());
    assert!(!prices.withdraw(&gpt, taken_back.version).await.unwrap());
    assert!(!prices.withdraw(&gpt, now.version).await.unwrap(), "it holds already");
    bed.clock.advance(Duration::from_hours(24));
    let tomorrows = prices.get(&gpt).await.unwrap().unwrap();
    assert_eq!((tomorrows.version, &tomorrows.price), (2, &flat(2)));
    assert_eq!(prices.upcoming().await.unwrap(), []);
    assert_eq!(prices.versions(&gpt).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_not_served_as_asked_costs_what_is_usual() {
    let bed = fresh_store(1_000_000_000).await;
    let price: ModelPrice = serde_json::from_str(
        r#"{"input":"1","output":"2","rules":[{"service_tier":"priority","output":"4"},
            {"service_tier":"flex","output":"1"}]}"#,
    )
    .unwrap();
    let usage = Usage::default().with(Meter::Output, 1_000);
    let mut charges = Vec::new();
    let token = bed.token(None).await;
    for (tier, kept) in [("priority", true), ("priority", false), ("flex", true), ("flex", false)] {
        let options = PricedOptions { service_tier: Some(tier.into()), ..PricedOptions::default() };
        let promised =
            price.snapshot_for(&options, crate::support::NOW, PpmMultiplier::ONE).unwrap();
        let request = HoldRequest { price: promised, ..bed.request(token, 1, 1) };
        let id = request.request_id;
        let hold = bed.store.ledger().hold(request).await.unwrap().unwrap();
        let kept = OptionsKept { service_tier: kept, speed: true };
        let settlement = Settlement { kept, ..Settlement::new(EndReason::Complete, usage) };
        let charge = hold.settle(settlement).await.unwrap();
        let row = bed.store.usage().by_request(id).await.unwrap().unwrap();
        // The row alone tells why.
        assert_eq!(anc_ledger::charge(&row.usage, &row.price).unwrap().total, charge);
        assert_eq!(row.charge, charge);
        charges.push(charge.to_string());
    }
    // Whoever asked for a cheaper tier pays no more for getting the usual one.
    assert_eq!(charges, ["0.004", "0.002", "0.001", "0.001"]);
}
