//! Management keys, and requests that are carried out once.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::support::{Browser, World};

async fn key(owner: &Browser, scopes: &[&str]) -> (String, String) {
    let body = json!({ "name": "ci", "scopes": scopes });
    let made = owner.post("/management-keys", &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made.json["secret"]), text(&made.json["key"]["id"]))
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_and_nothing_else() {
    let (_world, owner) = World::with_owner().await;
    let (secret, _) = key(&owner, &["tokens:read", "usage:read"]).await;
    assert!(secret.starts_with("mk-anc") && secret.len() == 51, "{secret}");
    let ask =
        async |method: Method, path: &str| owner.with_key(&secret, method, path, &json!({})).await;
    for path in ["/tokens", "/usage", "/usage-series", "/running-requests", "/account", "/models"] {
        assert_eq!(ask(Method::GET, path).await.status, 200, "{path}");
    }
    for (method, path) in [
        (Method::POST, "/tokens"),
        (Method::POST, "/tokens/bulk"),
        (Method::GET, "/channels"),
        (Method::POST, "/credits"),
        (Method::PUT, "/prices/m"),
        (Method::DELETE, "/running-requests/req_1"),
    ] {
        let answer = ask(method, path).await;
        assert_eq!((answer.status, answer.code()), (403, "key_scope_missing"), "{path}");
    }
    // A key makes no keys: else a leaked one could outlive its deletion.
    for (method, path) in [
        (Method::GET, "/management-keys"),
        (Method::POST, "/management-keys"),
        (Method::GET, "/session"),
    ] {
        let answer = ask(method, path).await;
        assert_eq!((answer.status, answer.code()), (403, "forbidden"), "{path}");
    }
}

#[tokio::test]
async fn a_key_ends_when_it_is_deleted_or_expires() {
    let (world, owner) = World::with_owner().await;
    let (secret, id) = key(&owner, &["tokens:read"]).await;
    let list =
        async |secret: &str| owner.with_key(secret, Method::GET, "/tokens", &Value::Null).await;
    assert_eq!(list(&secret).await.status, 200);
    let shown = owner.get("/management-keys").await;
    assert_eq!(shown.json["items"][0]["id"], id.as_str());
    assert!(shown.json["items"][0]["last_used_at"].is_string(), "{}", shown.text);
    assert!(!shown.text.contains(&secret), "a secret is shown once");
    assert_eq!(owner.delete(&format!("/management-keys/{id}")).await.status, 204);
    let answer = list(&secret).await;
    assert_eq!((answer.status, answer.code()), (401, "invalid_management_key"));

    let body = json!({ "name": "short", "scopes": ["tokens:read"],
        "expires_at": "2027-01-16T00:00:00Z" });
    let made = owner.post("/management-keys", &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let secret = made.json["secret"].as_str().unwrap();
    assert_eq!(list(secret).await.status, 200);
    world.clock.advance(Duration::from_hours(24 * 30));
    assert_eq!(list(secret).await.status, 401);
}

#[tokio::test]
async fn credentials_of_one_kind_open_nothing_of_another() {
    let (_world, owner) = World::with_owner().await;
    let made = owner.post("/tokens", &json!({ "name": "ci" })).await;
    let relay_token = made.json["secret"].as_str().unwrap();
    let (management, _) = key(&owner, &["tokens:read"]).await;
    let wrong_checksum = format!("{}0", &management[..50]);
    for secret in [relay_token, &wrong_checksum, "mk-anc", "", &owner.cookie] {
        let answer = owner.with_key(secret, Method::GET, "/tokens", &Value::Null).await;
        assert_eq!((answer.status, answer.code()), (401, "invalid_management_key"), "{secret}");
    }
    // With a credential in the header a cookie counts for nothing.
    let mut request = owner.request(Method::GET, "/tokens", "");
    request.headers_mut().insert("authorization", "Bearer nonsense".parse().unwrap());
    assert_eq!(owner.send(request).await.status, 401);
}

#[tokio::test]
async fn a_keys_scopes_are_checked_when_it_is_made() {
    let (_world, owner) = World::with_owner().await;
    for scopes in [json!([]), json!(["tokens"]), json!(["tokens:read", "root"])] {
        let answer =
            owner.post("/management-keys", &json!({ "name": "x", "scopes": scopes })).await;
        assert_eq!((answer.status, answer.json["error"]["field"].as_str()), (400, Some("scopes")));
    }
}

#[tokio::test]
async fn h9_a_token_is_created_once_for_one_key_and_the_key_is_its_callers() {
    let (_world, owner) = World::with_owner().await;
    let body = json!({ "name": "ci", "quota": "5" });
    let first = owner.post_once("/tokens", "word-1", &body).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let again = owner.post_once("/tokens", "word-1", &body).await;
    assert_eq!((again.status, again.code()), (409, "already_created"));
    assert_eq!(again.json["error"]["details"]["ids"][0], first.json["token"]["id"]);
    let other = owner.post_once("/tokens", "word-1", &json!({ "name": "other" })).await;
    assert_eq!((other.status, other.code()), (422, "idempotency_key_reused"));
    let batch = json!({ "token": body, "count": 2 });
    assert_eq!(owner.post_once("/tokens/batch", "word-1", &batch).await.status, 422);
    assert_eq!(owner.get("/tokens").await.json["total"], 1);
    assert_eq!(owner.post_once("/tokens", "word-2", &body).await.status, 201);
    assert_eq!(owner.post_once("/tokens", "", &body).await.status, 400);
}

#[tokio::test]
async fn one_key_creates_one_token_however_many_ask_at_once() {
    let (_world, owner) = World::with_owner().await;
    let body = json!({ "name": "ci" });
    let asked: Vec<_> = (0..8).map(|_| owner.post_once("/tokens", "word", &body)).collect();
    let mut created = 0;
    for answer in futures_util::future::join_all(asked).await {
        created += usize::from(answer.status == 201);
        assert!(matches!(answer.status, 201 | 409), "{}", answer.text);
    }
    assert_eq!((created, owner.get("/tokens").await.json["total"].clone()), (1, json!(1)));
}

#[tokio::test]
async fn money_moves_once_for_one_key() {
    let (_world, owner) = World::with_owner().await;
    let body = json!({ "account": crate::support::OWNER, "amount": "7", "reason": "top-up" });
    for _ in 0..3 {
        let answer = owner.post_once("/credits", "pay-1", &body).await;
        assert_eq!((answer.status, answer.json["balance"].as_str()), (201, Some("27")));
    }
    let more = json!({ "account": crate::support::OWNER, "amount": "8", "reason": "top-up" });
    let answer = owner.post_once("/credits", "pay-1", &more).await;
    assert_eq!((answer.status, answer.code()), (422, "idempotency_key_reused"));
    assert_eq!(owner.get("/account").await.json["balance"], "27");
}
