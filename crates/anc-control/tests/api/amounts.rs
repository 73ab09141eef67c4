//! Amounts of money as people and their programs get them wrong.

use http::Method;
use serde_json::{Value, json};

use crate::support::{OWNER, World};

/// Raw JSON that is no amount of money, wherever one is expected.
const NO_AMOUNTS: [&str; 22] = [
    r#""""#,
    r#"" 1""#,
    r#""1 ""#,
    r#""+1""#,
    r#""NaN""#,
    r#""Infinity""#,
    r#""1e400""#,
    r#""1e-400""#,
    r#""1e3""#,
    r#""1,000""#,
    r#""0x10""#,
    r#""١""#,
    r#"".""#,
    r#""1.""#,
    r#""0.0000000001""#,
    r#""0.000000000001""#,
    r#""9223372036.854775808""#,
    r#""99999999999999999999""#,
    "1.5",
    "1e400",
    "true",
    "{}",
];

#[tokio::test]
async fn h1_what_is_no_amount_is_refused_and_moves_nothing() {
    let (world, owner) = World::with_owner().await;
    let made = owner.post("/tokens", &json!({ "name": "t", "quota": "5" })).await;
    let token = made.json["token"]["id"].as_str().unwrap().to_owned();
    let patch = format!("/tokens/{token}");
    let bulk = format!(r#"{{"ids": ["{token}"], "action": "add_quota", "amount": $}}"#);
    let credit = format!(r#"{{"account": "{OWNER}", "reason": "r", "amount": $}}"#);
    let places: [(Method, &str, &str); 11] = [
        (Method::POST, "/tokens", r#"{"name": "x", "quota": $}"#),
        (Method::POST, "/tokens", r#"{"name": "x", "budgets": {"day": $}}"#),
        (Method::POST, "/tokens", r#"{"name": "x", "budgets": {"week": $}}"#),
        (Method::POST, "/tokens/batch", r#"{"token": {"name": "x", "quota": $}, "count": 2}"#),
        (Method::PATCH, &patch, r#"{"quota": $}"#),
        (Method::PATCH, &patch, r#"{"budgets": {"month": $}}"#),
        (Method::POST, "/tokens/bulk", &bulk),
        (Method::POST, "/credits", &credit),
        (Method::PUT, "/prices/m", r#"{"input": $, "output": "1"}"#),
        (Method::PUT, "/prices/m", r#"{"input": "1", "output": $}"#),
        (Method::PUT, "/prices/m", r#"{"input": "1", "output": "1", "cached_input": $}"#),
    ];
    let before = owner.get("/account").await.json;
    let books = owner.get("/statement").await.json["items"].clone();
    for (method, path, body) in places {
        let negative = (path != "/credits").then_some(r#""-1""#);
        for amount in NO_AMOUNTS.into_iter().chain(negative) {
            let body = body.replace('$', amount);
            let answer = owner.send(owner.request(method.clone(), path, &body)).await;
            assert_eq!(answer.status, 400, "{method} {path} {body}: {}", answer.text);
            assert_eq!(answer.code(), "invalid_request", "{body}: {}", answer.text);
        }
    }
    assert_eq!(owner.get("/account").await.json, before);
    assert_eq!(owner.get("/statement").await.json["items"], books);
    assert_eq!(owner.get("/tokens").await.json["total"], 1);
    assert_eq!(owner.get(&patch).await.json["quota"], "5");
    for check in world.store.verify().await.unwrap() {
        assert!(check.ok, "{}: {}", check.name, check.detail);
    }
}

#[tokio::test]
async fn h1_an_account_is_never_credited_beyond_what_it_can_hold() {
    let (world, owner) = World::with_owner().await;
    let credit = |amount: &str| json!({ "account": OWNER, "reason": "r", "amount": amount });
    let answer = owner.post("/credits", &credit("9223372036.854775807")).await;
    assert!((400..500).contains(&answer.status), "{}", answer.text);
    let answer = owner.post("/credits", &credit("-9223372036.854775807")).await;
    assert!(answer.status < 500, "{}", answer.text);
    let balance = owner.get("/account").await.json["balance"].clone();
    assert!(matches!(balance, Value::String(_)));
    for check in world.store.verify().await.unwrap() {
        assert!(check.ok, "{}: {}", check.name, check.detail);
    }
}
