//! A list of prices: planned, then taken over as it was planned, or not at all.

use anc_domain::{ModelName, NanoUsd};
use anc_ledger::ModelPrice;
use anc_store::{ImportStep, PriceEntry, PriceSource, StoreError, VERSION_CONFLICT};

use crate::support::*;

fn entry(model: &str, input: i64) -> PriceEntry {
    PriceEntry {
        model: model.parse().unwrap(),
        provider: Some("openai".to_owned()),
        context: None,
        max_output: Some(1_000),
        price: ModelPrice::flat(NanoUsd::from_nanos(input), NanoUsd::from_nanos(2 * input)),
    }
}

fn name(model: &str) -> ModelName {
    model.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_changes_builtin_and_imported_prices_and_no_manual_one() {
    let bed = fresh_store(0).await;
    let prices = bed.store.prices();
    let manual = ModelPrice::flat(NanoUsd::from_nanos(7), NanoUsd::from_nanos(7));
    prices.set(&name("gpt-5-mini"), &manual, None).await.unwrap();
    let builtin = prices.get(&name("gpt-5")).await.unwrap().unwrap();
    let list = vec![entry("gpt-5", 10), entry("gpt-5-mini", 10), entry("new-model", 10)];

    let plan = prices.plan_import(list.clone()).await.unwrap();
    let steps: Vec<_> = plan.items.iter().map(|one| one.step).collect();
    assert_eq!(steps, [ImportStep::Changed, ImportStep::Kept, ImportStep::Added]);
    assert_eq!(prices.get(&name("gpt-5")).await.unwrap(), Some(builtin.clone()));

    assert_eq!(prices.import(list.clone(), &plan.digest).await.unwrap(), plan);
    let gpt = prices.get(&name("gpt-5")).await.unwrap().unwrap();
    assert_eq!((gpt.source, gpt.version), (PriceSource::Import, 2));
    assert_eq!((gpt.context, gpt.max_output), (builtin.context, Some(1_000)));
    assert_eq!(gpt.price, list[0].price);
    let mini = prices.get(&name("gpt-5-mini")).await.unwrap().unwrap();
    assert_eq!((mini.source, &mini.price), (PriceSource::Manual, &manual));
    let new = prices.get(&name("new-model")).await.unwrap().unwrap();
    assert_eq!((new.source, new.provider.as_str()), (PriceSource::Import, "openai"));

    // Again it changes nothing, and another list changes what a list had set.
    let plan = prices.plan_import(list.clone()).await.unwrap();
    assert!(
        plan.items
            .iter()
            .all(|one| { matches!(one.step, ImportStep::Unchanged | ImportStep::Kept) })
    );
    prices.import(list, &plan.digest).await.unwrap();
    let other = vec![entry("gpt-5", 20)];
    let plan = prices.plan_import(other.clone()).await.unwrap();
    prices.import(other, &plan.digest).await.unwrap();
    assert_eq!(prices.get(&name("gpt-5")).await.unwrap().unwrap().version, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_what_was_planned_is_taken_over() {
    let bed = fresh_store(0).await;
    let prices = bed.store.prices();
    let list = vec![entry("gpt-5", 10), entry("new-model", 10)];
    let plan = prices.plan_import(list.clone()).await.unwrap();
    let conflict = |outcome: Result<_, StoreError>| {
        matches!(outcome, Err(StoreError::Conflict(VERSION_CONFLICT)))
    };
    let other = vec![entry("gpt-5", 10), entry("new-model", 11)];
    assert!(conflict(prices.import(other, &plan.digest).await), "another list");
    assert!(conflict(prices.import(list.clone(), "").await), "no plan");
    let manual = ModelPrice::flat(NanoUsd::from_nanos(7), NanoUsd::from_nanos(7));
    prices.set(&name("gpt-5"), &manual, None).await.unwrap();
    assert!(conflict(prices.import(list, &plan.digest).await), "another book");
    assert_eq!(prices.get(&name("new-model")).await.unwrap(), None);
}
