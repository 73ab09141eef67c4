//! The first page's figures.

use std::time::Duration;

use anc_domain::{Meter, NanoUsd, PpmMultiplier, RequestId, Usage};
use anc_ledger::{EndReason, HoldAsk, ModelPrice, Otherwise};
use anc_store::{HoldRequest, Settlement};
use serde_json::json;

use crate::support::{Browser, World};

/// A request that cost a dollar.
async fn spend(world: &World, owner: &Browser, token: &str, number: u128, end: EndReason) {
    let account = owner.get("/account").await.json["id"].as_str().unwrap().parse().unwrap();
    let dollar = NanoUsd::from_nanos(1_000_000_000);
    let hold = world
        .store
        .ledger()
        .hold(HoldRequest {
            request_id: RequestId::from_bytes(number.to_be_bytes()),
            account_id: account,
            token_id: token.parse().unwrap(),
            model: "sim-gpt".parse().unwrap(),
            ask: HoldAsk { full: dollar, least: dollar, otherwise: Otherwise::Least },
            price: ModelPrice::flat(dollar, dollar).snapshot(PpmMultiplier::ONE),
            input_estimate: 10,
            stream: true,
        })
        .await
        .unwrap()
        .unwrap();
    let usage = Usage::default().with(Meter::Input, 1_000_000);
    let settlement = Settlement { first_token_ms: Some(250), ..Settlement::new(end, usage) };
    hold.settle(settlement).await.unwrap();
}

#[tokio::test]
async fn the_dashboard_compares_a_period_with_the_one_before() {
    let (world, owner) = World::with_owner().await;
    let empty = owner.get("/dashboard").await;
    assert_eq!(empty.status, 200, "{}", empty.text);
    assert_eq!(empty.json["now"]["requests"], 0);
    assert_eq!(empty.json["lasts_days"], json!(null));

    let made = owner.post("/tokens", &json!({"name": "a", "quota": "10"})).await.json;
    let token = made["token"]["id"].as_str().unwrap();
    spend(&world, &owner, token, 1, EndReason::Complete).await;
    world.clock.advance(Duration::from_hours(6));
    spend(&world, &owner, token, 2, EndReason::Complete).await;
    spend(&world, &owner, token, 3, EndReason::UpstreamError).await;

    let hours = owner.get("/dashboard?by=hour&last=4").await.json;
    assert_eq!(
        hours["now"],
        json!({"requests": 2, "failed": 1, "charge": "2", "first_token_ms": 250})
    );
    assert_eq!(hours["before"]["requests"], 1);
    // Seventeen dollars are left, and three went in the last seven days.
    assert_eq!(hours["lasts_days"], 17 * 7 / 3);
    assert_eq!(hours["tokens"][0]["token_name"], "a");
    assert_eq!(hours["ends"].as_array().unwrap().len(), 2);
    assert_eq!(hours["week"][0]["requests"], 2);
    for query in ["last=0", "by=week", "by=hour&last=400", "what=1"] {
        assert_eq!(owner.get(&format!("/dashboard?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn the_dashboard_advises_what_is_most_urgent_first() {
    let (world, owner) = World::with_owner().await;
    owner.post("/tokens", &json!({"name": "unbounded"})).await;
    let made = owner.post("/tokens", &json!({"name": "near", "quota": "1.1"})).await.json;
    let token = made["token"]["id"].as_str().unwrap();
    spend(&world, &owner, token, 1, EndReason::Complete).await;
    let advice = owner.get("/dashboard").await.json["advice"].clone();
    let told: Vec<_> = advice
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["token_name"].as_str().unwrap(), one["advice"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("near", "near_quota"), ("unbounded", "no_limit")]);
}

#[tokio::test]
async fn a_series_ends_where_it_is_asked_to() {
    let (world, owner) = World::with_owner().await;
    let made = owner.post("/tokens", &json!({"name": "a"})).await.json;
    let token = made["token"]["id"].as_str().unwrap();
    spend(&world, &owner, token, 1, EndReason::Complete).await;
    let hours = async |until: &str| {
        owner.get(&format!("/usage-series?by=hour&last=24&until={until}")).await.json
    };
    // The clock stands at 2027-01-15T08:00:00Z.
    let day = hours("2027-01-16T00:00:00Z").await;
    assert_eq!(day["since"], "2027-01-15T00:00:00Z");
    assert_eq!(day["points"][0]["start"], "2027-01-15T08:00:00Z");
    assert_eq!(hours("2027-01-15T08:30:00Z").await["points"], json!([]));
    assert_eq!(hours("noon").await["error"]["field"], "until");
}
