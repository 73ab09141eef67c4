//! Price lists: told first, taken over as told, by operators alone.

use http::Method;
use serde_json::{Value, json};

use crate::support::*;

fn list() -> Value {
    json!({
        "gpt-5": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1.3e-5,
            "output_cost_per_token": 1e-5, "google_maps_grounding_cost_per_query": 0.014},
        "gpt-5-mini": {"litellm_provider": "openai", "mode": "chat",
            "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6},
        "brand-new": {"litellm_provider": "openai", "input_cost_per_token": 1e-6,
            "output_cost_per_token": 2e-6, "max_input_tokens": 1000},
        "gpt-gap": {"litellm_provider": "openai", "input_cost_per_token": 1e-6},
        "azure/gpt-5": {"litellm_provider": "azure", "input_cost_per_token": 1e-6,
            "output_cost_per_token": 2e-6},
        "dall-e": {"litellm_provider": "openai", "mode": "image_generation"},
    })
}

async fn ask(browser: &Browser, path: &str, list: &Value) -> Answer {
    browser.send(browser.request(Method::POST, path, &list.to_string())).await
}

async fn book(owner: &Browser, model: &str) -> Value {
    let models = owner.get("/models").await.json;
    let models = models["items"].as_array().unwrap();
    models.iter().find(|one| one["id"] == model).map_or(Value::Null, |one| one["price"].clone())
}

#[tokio::test]
async fn a_list_is_told_first_and_then_taken_over_as_told() {
    let (world, owner) = World::with_owner().await;
    let manual = json!({"input": "7", "output": "7"}).to_string();
    owner.send(owner.request(Method::PUT, "/prices/gpt-5-mini", &manual)).await;
    let before = book(&owner, "gpt-5").await;

    let preview = ask(&owner, "/price-imports/preview?format=litellm", &list()).await;
    assert_eq!(preview.status, 200, "{}", preview.text);
    let told = preview.json;
    for (key, value) in [("added", 1), ("changed", 1), ("kept", 1), ("unchanged", 0)] {
        assert_eq!(told[key], value, "{key}: {told}");
    }
    assert!(told["jumps"].as_u64() >= Some(1), "{told}");
    let item = |model: &str| {
        let items = told["items"].as_array().unwrap();
        items.iter().find(|one| one["model"] == model).unwrap().clone()
    };
    let input = json!({"meter": "input", "condition": {}, "before": "1.25", "after": "13",
        "jump": true});
    assert!(item("gpt-5")["changes"].as_array().unwrap().contains(&input), "{told}");
    assert_eq!(item("gpt-5")["not_taken"], json!(["google_maps_grounding_cost_per_query"]));
    assert_eq!(item("gpt-5-mini")["step"], "kept");
    assert_eq!(
        item("brand-new")["limits"],
        json!([{"limit": "context", "before": null, "after": 1000}])
    );
    assert_eq!(told["skipped"], json!([{"name": "gpt-gap", "reason": "no_price", "key": null}]));
    assert_eq!(told["other_providers"], json!({"azure": 1}));
    assert_eq!(told["other_kinds"], json!({"image_generation": 1}));
    assert_eq!(book(&owner, "gpt-5").await, before, "a preview changes nothing");

    let digest = told["digest"].as_str().unwrap();
    let apply = format!("/price-imports?format=litellm&digest={digest}");
    let done = ask(&owner, &apply, &list()).await;
    assert_eq!((done.status, &done.json), (200, &told), "{}", done.text);
    assert_eq!(book(&owner, "gpt-5").await["input"], "13");
    assert_eq!(book(&owner, "gpt-5-mini").await["input"], "7");
    assert_eq!(book(&owner, "brand-new").await["output"], "2");
    let again = ask(&owner, "/price-imports/preview?format=litellm", &list()).await.json;
    assert_eq!((&again["unchanged"], &again["changed"]), (&json!(2), &json!(0)));

    let notes = owner.get("/audit?action=price.import").await.json;
    assert_eq!(notes["items"][0]["actor"], OWNER, "{notes}");
    drop(world);
}

#[tokio::test]
async fn nothing_is_taken_over_where_something_changed_in_between() {
    let (_world, owner) = World::with_owner().await;
    let told = ask(&owner, "/price-imports/preview?format=litellm", &list()).await.json;
    let digest = told["digest"].as_str().unwrap();
    let apply = format!("/price-imports?format=litellm&digest={digest}");
    let mut other = list();
    other["gpt-5"]["input_cost_per_token"] = json!(2e-6);
    let refused = ask(&owner, &apply, &other).await;
    assert_eq!((refused.status, refused.code()), (412, "precondition_failed"));
    // Another choice of what to take is another list.
    let except = format!("{apply}&except=brand-new");
    assert_eq!(ask(&owner, &except, &list()).await.status, 412);
    let manual = json!({"input": "7", "output": "7"}).to_string();
    owner.send(owner.request(Method::PUT, "/prices/gpt-5", &manual)).await;
    assert_eq!(ask(&owner, &apply, &list()).await.status, 412);
    assert_eq!(book(&owner, "brand-new").await, Value::Null);
    let without = ask(&owner, "/price-imports?format=litellm", &list()).await;
    assert_eq!((without.status, &without.json["error"]["field"]), (400, &json!("digest")));
}

#[tokio::test]
async fn what_is_asked_for_is_taken_and_what_is_no_list_refused() {
    let (_world, owner) = World::with_owner().await;
    let ask = async |query: &str, list: &str| {
        let path = format!("/price-imports/preview?{query}");
        owner.send(owner.request(Method::POST, &path, list)).await
    };
    let list = list().to_string();
    let azure = ask("format=litellm&providers=azure", &list).await.json;
    assert_eq!((azure["items"].as_array().unwrap().len(), &azure["changed"]), (1, &json!(1)));
    let all = ask("format=litellm&providers=all&except=gpt-5,brand-new", &list).await.json;
    let models: Vec<_> = all["items"].as_array().unwrap().iter().map(|one| &one["model"]).collect();
    assert_eq!(models, ["gpt-5-mini"]);
    let nobody = ask("format=litellm&providers=nobody", &list).await;
    assert_eq!((nobody.status, &nobody.json["error"]["field"]), (400, &json!("providers")));
    for (query, list) in [
        ("format=litellm", "[]"),
        ("format=litellm", "{\"m\": "),
        ("format=csv", "{}"),
        ("", "{}"),
        ("format=litellm&more=1", "{}"),
    ] {
        assert_eq!(ask(query, list).await.code(), "invalid_request", "{query} {list}");
    }
    // Larger than other bodies may be, and still bounded.
    let padded = format!("{list}{}", " ".repeat(200_000));
    assert_eq!(ask("format=litellm", &padded).await.status, 200);
    let huge = format!("{list}{}", " ".repeat(1 << 20));
    assert_eq!(ask("format=litellm", &huge).await.code(), "request_too_large");
}
