//! What operators see of everybody's usage, and how channels and models do.

use std::time::Duration;

use anc_domain::{Meter, NanoUsd, PpmMultiplier, RequestId, Usage};
use anc_ledger::{EndReason, HoldAsk, ModelPrice, Otherwise};
use anc_store::{HoldRequest, Settlement};
use serde_json::{Value, json};

use crate::support::{Browser, OWNER, PASSWORD, World};

const USER: &str = "ada@example.com";

/// A relay with a channel and a user who has a token.
struct Scene {
    world: World,
    owner: Browser,
    channel: String,
    account: String,
    token: String,
    requests: u128,
}

impl Scene {
    async fn new() -> Self {
        let (world, owner) = World::with_owner().await;
        let channel = json!({ "name": "sim", "provider": "simulated" });
        let channel = text(&owner.post("/channels", &channel).await.json, "/id");
        let person = json!({ "email": USER, "password": PASSWORD });
        assert_eq!(owner.post("/users", &person).await.status, 201);
        let credit = json!({ "account": USER, "amount": "50", "reason": "test" });
        assert_eq!(owner.post("/credits", &credit).await.status, 201);
        let account = text(&owner.get(&format!("/accounts/{USER}")).await.json, "/id");
        let token = json!({ "name": "adas", "account": USER });
        let token = text(&owner.post("/tokens", &token).await.json, "/token/id");
        Self { world, owner, channel, account, token, requests: 0 }
    }

    /// A request that cost a dollar.
    async fn call(&mut self, end: EndReason) {
        self.requests += 1;
        let dollar = NanoUsd::from_dollars(1);
        let ask = HoldAsk { full: dollar, least: dollar, otherwise: Otherwise::Least };
        let hold = HoldRequest {
            request_id: RequestId::from_bytes(self.requests.to_be_bytes()),
            account_id: self.account.parse().unwrap(),
            token_id: self.token.parse().unwrap(),
            model: "sim-gpt".parse().unwrap(),
            ask,
            price: ModelPrice::flat(dollar, dollar).snapshot(PpmMultiplier::ONE),
            input_estimate: 10,
            stream: true,
        };
        let hold = self.world.store.ledger().hold(hold).await.unwrap().unwrap();
        let usage = Usage::default().with(Meter::Input, 1_000_000);
        let channel_id = Some(self.channel.parse().unwrap());
        let settlement =
            Settlement { channel_id, first_token_ms: Some(250), ..Settlement::new(end, usage) };
        hold.settle(settlement).await.unwrap();
    }
}

/// Somebody's browser; sessions end while a test moves the clock.
async fn signed_in(world: &World, email: &str) -> Browser {
    let mut browser = world.browser("127.0.0.1");
    let signed_in =
        browser.post("/session", &json!({ "email": email, "password": PASSWORD })).await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.text);
    browser.keep_cookie(&signed_in);
    browser
}

fn text(json: &Value, pointer: &str) -> String {
    json.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_overview_is_of_everybody_and_compares_with_the_period_before() {
    let mut scene = Scene::new().await;
    scene.call(EndReason::Complete).await;
    scene.world.clock.advance(Duration::from_hours(26));
    scene.call(EndReason::Complete).await;
    scene.world.clock.advance(Duration::from_hours(1));
    scene.call(EndReason::UpstreamError).await;
    let owner = signed_in(&scene.world, OWNER).await;
    let day = owner.get("/overview").await.json;
    assert_eq!(
        day["now"],
        json!({"requests": 2, "failed": 1, "charge": "2", "input_units": 2_000_000,
               "output_units": 0, "first_token_ms": 250})
    );
    assert_eq!(day["before"]["requests"], 1);
    assert_eq!(
        day["accounts"],
        json!([{"account_id": scene.account, "account_name": USER, "requests": 2, "charge": "2"}])
    );
    assert_eq!(day["ends"].as_array().unwrap().len(), 2);
    let channel = &day["channels"][0];
    assert_eq!((&channel["requests"], &channel["failed"]), (&json!(2), &json!(1)));
    assert_eq!((&channel["enabled"], &channel["keys_resting"]), (&json!(true), &json!(0)));
    let slots = channel["slots"].as_array().unwrap();
    assert_eq!(slots.len(), 24);
    assert_eq!(
        slots[22..],
        [json!({"requests": 1, "failed": 0}), json!({"requests": 1, "failed": 1})]
    );

    for (period, slots, hours) in [("7d", 28, 6), ("30d", 30, 24)] {
        let wide = owner.get(&format!("/overview?period={period}")).await.json;
        assert_eq!(wide["now"]["requests"], 3, "{period}");
        assert_eq!(wide["slot_hours"], hours);
        assert_eq!(wide["channels"][0]["slots"].as_array().unwrap().len(), slots, "{period}");
        assert_eq!(wide["channels"][0]["requests"], 3, "{period}");
    }
    assert_eq!(owner.get("/overview?period=1y").await.status, 400);

    // What is derived says the same.
    scene.world.store.derive_usage().await.unwrap();
    assert_eq!(owner.get("/overview").await.json, day);
}

#[tokio::test]
async fn users_learn_how_models_do_and_not_how_much_they_are_used() {
    let mut scene = Scene::new().await;
    scene.call(EndReason::Complete).await;
    scene.world.clock.advance(Duration::from_hours(2));
    for _ in 0..2 {
        scene.call(EndReason::Complete).await;
    }
    scene.call(EndReason::Timeout).await;
    let user = signed_in(&scene.world, USER).await;
    let health = user.get("/model-health").await.json;
    let mut hours = vec![json!("none"); 24];
    (hours[21], hours[23]) = (json!("good"), json!("bad"));
    assert_eq!(
        health["items"],
        json!([{"model": "sim-gpt", "success_percent": 75, "hours": hours}])
    );

    // What happens on channels that a person may not use is not theirs to know.
    let owner = signed_in(&scene.world, OWNER).await;
    let group = json!({ "multiplier_ppm": 1_000_000 });
    assert_eq!(owner.put("/groups/inner", &group).await.status, 200);
    let channel = format!("/channels/{}", scene.channel);
    let moved = owner.patch(&channel, &json!({ "group": "inner" })).await;
    assert_eq!(moved.status, 200, "{}", moved.text);
    let tiers = owner.get("/tiers").await.json;
    let tier = format!("/tiers/{}", text(&tiers, "/items/0/tier/id"));
    assert_eq!(owner.patch(&tier, &json!({ "groups": ["default"] })).await.status, 200);
    assert_eq!(user.get("/model-health").await.json["items"], json!([]));
    assert_eq!(owner.get("/model-health").await.json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn operators_see_whose_a_call_is_and_users_do_not_learn_it() {
    let mut scene = Scene::new().await;
    scene.call(EndReason::Complete).await;
    let of_user = scene.owner.get("/usage?account=all").await.json;
    assert_eq!(of_user["items"][0]["account_name"], USER);
    let user = signed_in(&scene.world, USER).await;
    let own = user.get("/usage").await.json;
    assert_eq!(own["items"][0]["token_name"], "adas");
    assert_eq!(own["items"][0]["account_name"], json!(null));
    assert_eq!(user.get("/usage?account=all").await.status, 403);
}
