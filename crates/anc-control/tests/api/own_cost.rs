//! What requests cost the operator: for operators, and for nobody else.

use anc_domain::{ChannelId, Meter, NanoUsd, PpmMultiplier, RequestId, Usage};
use anc_ledger::{EndReason, HoldAsk, ModelPrice, Otherwise};
use anc_store::{FailedAttempt, HoldRequest, Settlement};
use http::Method;
use serde_json::json;

use crate::support::{Browser, PASSWORD, World};

const USER: &str = "user@example.com";

/// The cost of the user's one request, of which no user may hear: a third of a dollar.
const COST: &str = "0.333333";
const MARGIN: &str = "0.666667";
const PPM: u32 = 333_333;

/// A person whose request was charged a dollar, after an attempt that failed.
async fn user_who_spent(world: &World, owner: &Browser) -> (Browser, RequestId) {
    let body = json!({ "email": USER, "password": PASSWORD, "role": "user" });
    assert_eq!(owner.post("/users", &body).await.status, 201);
    let credit = json!({ "account": USER, "amount": "5", "kind": "top_up", "reason": "bank",
        "cause": "tx-1" });
    assert_eq!(owner.post("/credits", &credit).await.status / 100, 2);
    let mut user = world.browser("127.0.0.1");
    let answer = user.post("/session", &json!({ "email": USER, "password": PASSWORD })).await;
    user.keep_cookie(&answer);

    let body = json!({ "name": "cheap", "provider": "simulated", "cost_multiplier_ppm": PPM });
    let made = owner.post("/channels", &body).await;
    assert_eq!((made.status, &made.json["cost_multiplier_ppm"]), (201, &json!(PPM)));
    let channel: ChannelId = made.json["id"].as_str().unwrap().parse().unwrap();

    let token = user.post("/tokens", &json!({ "name": "a", "quota": "10" })).await.json;
    let account = user.get("/account").await.json["id"].as_str().unwrap().to_owned();
    let dollar = NanoUsd::from_nanos(1_000_000_000);
    let request_id = RequestId::from_bytes(1_u128.to_be_bytes());
    let request = HoldRequest {
        request_id,
        account_id: account.parse().unwrap(),
        token_id: token["token"]["id"].as_str().unwrap().parse().unwrap(),
        model: "sim-gpt".parse().unwrap(),
        ask: HoldAsk { full: dollar, least: dollar, otherwise: Otherwise::Least },
        price: ModelPrice::flat(dollar, dollar).snapshot(PpmMultiplier::ONE),
        input_estimate: 10,
        stream: true,
    };
    let hold = world.store.ledger().hold(request).await.unwrap().unwrap();
    let multiplier = PpmMultiplier::from_ppm(PPM);
    hold.note_failed_attempt(FailedAttempt {
        attempt: 1,
        channel_id: channel,
        usage: Usage::default().with(Meter::Input, 1_000),
        multiplier,
    });
    let usage = Usage::default().with(Meter::Input, 1_000_000);
    let settlement = Settlement {
        channel_id: Some(channel),
        cost_multiplier: Some(multiplier),
        ..Settlement::new(EndReason::Complete, usage)
    };
    hold.settle(settlement).await.unwrap();
    (user, request_id)
}

#[tokio::test]
async fn a_user_never_sees_what_the_operator_pays() {
    let (world, owner) = World::with_owner().await;
    let (user, request) = user_who_spent(&world, &owner).await;
    let key = json!({ "name": "k", "scopes": ["usage:read", "tokens:read"] });
    let key = user.post("/management-keys", &key).await.json["secret"].as_str().unwrap().to_owned();
    let document = owner.get("/openapi.json").await.json;
    let mut asked = 0;
    for derived in [false, true] {
        if derived {
            world.store.derive_usage().await.unwrap();
        }
        for (path, operations) in document["paths"].as_object().unwrap() {
            if operations.get("get").is_none() || path.contains("{id}") {
                continue;
            }
            let path = path.strip_prefix("/api/v1").unwrap();
            if path == "/openapi.json" {
                continue;
            }
            asked += 1;
            let path = path.replace("{request_id}", &request.to_string());
            let by_key = user.with_key(&key, Method::GET, &path, &json!(null)).await;
            for answer in [user.get(&path).await, by_key] {
                for word in [COST, MARGIN, "own_cost", "333333", "margin_ppm"] {
                    assert!(!answer.text.contains(word), "{path} tells {word}: {}", answer.text);
                }
            }
        }
    }
    assert!(asked > 40, "{asked}");
    for path in ["/margins", "/margins.csv", "/channels"] {
        assert_eq!(user.get(path).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn operators_see_cost_and_margin_of_a_request_and_of_all() {
    let (world, owner) = World::with_owner().await;
    let (_, request) = user_who_spent(&world, &owner).await;
    let own = json!({ "amount": COST, "multiplier_ppm": PPM, "margin": MARGIN });
    assert_eq!(owner.get(&format!("/usage/{request}")).await.json["own_cost"], own);
    let list = owner.get("/usage?account=all").await.json;
    assert_eq!(list["items"][0]["own_cost"], own);
    let table = owner.get("/usage.csv?account=all").await.text;
    assert!(table.lines().next().unwrap().ends_with(",client_agent,own_cost,margin"), "{table}");
    assert!(table.contains(&format!(",{COST},{MARGIN}\r\n")), "{table}");

    let sums = json!({ "requests": 1, "charge": "1", "cost": "0.333666333",
        "failed_cost": "0.000333333", "costed_requests": 1, "costed_charge": "1",
        "margin": "0.666333667", "margin_ppm": 666_333 });
    let mut of_model = sums.clone();
    (of_model["id"], of_model["name"]) = (json!("sim-gpt"), json!("sim-gpt"));
    let report = owner.get("/margins").await;
    assert_eq!(report.status, 200, "{}", report.text);
    assert_eq!((&report.json["total"], &report.json["items"]), (&sums, &json!([of_model])));
    assert_eq!(report.json["days"].as_array().unwrap().len(), 1);
    let channels = owner.get("/margins?by=channel&last=1").await.json;
    assert_eq!(channels["items"][0]["name"], "cheap");
    let accounts = owner.get("/margins.csv?by=account&last=2").await.text;
    let rows: Vec<&str> = accounts.lines().collect();
    assert_eq!(rows.len(), 2, "{accounts}");
    assert!(rows[1].ends_with(",1,1,0.333666333,0.000333333,1,1,0.666333667"), "{accounts}");
    for query in ["by=colour", "last=0", "last=401", "what=1"] {
        assert_eq!(owner.get(&format!("/margins?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn a_change_of_a_channels_cost_is_noted_and_bounded() {
    let (_world, owner) = World::with_owner().await;
    let made = owner.post("/channels", &json!({ "name": "a", "provider": "simulated" })).await.json;
    assert_eq!(made["cost_multiplier_ppm"], 1_000_000);
    let path = format!("/channels/{}", made["id"].as_str().unwrap());
    let changed = owner.patch(&path, &json!({ "cost_multiplier_ppm": 0 })).await.json;
    assert_eq!(changed["cost_multiplier_ppm"], 0);
    let refused = owner.patch(&path, &json!({ "cost_multiplier_ppm": 100_000_001 })).await;
    assert_eq!(refused.json["error"]["field"], "cost_multiplier_ppm");
    assert_eq!(owner.delete(&path).await.status, 204);
    let noted = owner.get("/audit?action=channel").await.json;
    let actions: Vec<_> = noted["items"].as_array().unwrap().iter().collect();
    assert_eq!(actions.len(), 3);
    assert_eq!(actions[0]["action"], "channel.delete");
    assert_eq!(actions[1]["detail"], json!({ "cost_multiplier_ppm": [1_000_000, 0] }));
    assert_eq!(actions[1]["object"], made["id"]);
}
