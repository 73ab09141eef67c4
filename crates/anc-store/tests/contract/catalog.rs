//! Channels and prices.

use anc_domain::{ModelName, Secret};
use anc_ledger::ModelPrice;
use anc_store::{ChannelChanges, ChannelRouting, NewChannel, PriceSource, StoreError};

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
    assert_eq!(builtin.price.input.to_string(), "1.25");
    assert_eq!(builtin.provider, "openai");

    let manual = ModelPrice::flat(nanos(3_000_000_000), nanos(0));
    let set = prices.set(&gpt, manual).await.unwrap();
    assert_eq!((set.source, set.version, set.price), (PriceSource::Manual, 2, manual));
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
    assert_eq!((found.price.input.to_string().as_str(), found.version), ("99", 1));
    let taken = store.settings().get("price_book").await.unwrap();
    assert_eq!(taken, Some(u32::MAX.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_of_zero_is_legal_and_a_negative_or_absurd_one_is_not() {
    let bed = fresh_store(0).await;
    let local: ModelName = "local/llama".parse().unwrap();
    let prices = bed.store.prices();
    let free = ModelPrice::flat(nanos(0), nanos(0));
    assert_eq!(prices.set(&local, free).await.unwrap().provider, "custom");
    for (input, output) in [(-1, 0), (0, -1), (i64::MAX, 0)] {
        let refused = prices.set(&local, ModelPrice::flat(nanos(input), nanos(output))).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))));
    }
    assert_eq!(prices.get(&local).await.unwrap().unwrap().price, free);
}
