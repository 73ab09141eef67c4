//! Management keys on the relay as it runs: each kind of credential opens its own door alone.

use anc_testkit::{OWNER_EMAIL, OWNER_PASSWORD};
use http::Method;
use serde_json::{Value, json};

use crate::support::{World, chat};

/// A management key of the owner, made as a person makes it.
async fn management_key(world: &World, scopes: &[&str]) -> String {
    let console = [("x-anc-console", "1")];
    let credentials = json!({ "email": OWNER_EMAIL, "password": OWNER_PASSWORD });
    let session =
        world.client.call_with(Method::POST, "/api/v1/session", &console, &credentials).await;
    let cookie = session.header("set-cookie").split(';').next().unwrap().to_owned();
    let headers = [("x-anc-console", "1"), ("cookie", cookie.as_str())];
    let body = json!({ "name": "ci", "scopes": scopes });
    let path = "/api/v1/management-keys";
    let made = world.client.call_with(Method::POST, path, &headers, &body).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    made.json()["secret"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_relay_token_opens_nothing_of_the_control_api_and_a_management_key_relays_nothing() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    let key = management_key(&world, &["tokens:read", "tokens:write"]).await;

    let listed = world.client.call(Method::GET, "/api/v1/tokens", &key, &Value::Null).await;
    assert_eq!(listed.json()["items"][0]["name"], "ci");
    let made = world.client.post("/api/v1/tokens", &key, &json!({ "name": "by program" })).await;
    assert_eq!(made.status, 201);

    let refused = world.client.call(Method::GET, "/api/v1/tokens", &token, &Value::Null).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json()["error"]["code"], "invalid_management_key");
    for path in ["/v1/chat/completions", "/v1/messages", "/v1/responses"] {
        let refused = world.client.post(path, &key, &chat(false)).await;
        assert_eq!(
            (refused.status.as_u16(), refused.header("x-relay-error")),
            (401, "invalid_api_key")
        );
    }
    assert!(world.upstream.requests().is_empty());
    // What a program made works at once.
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    assert_eq!(world.client.post("/v1/chat/completions", &secret, &chat(false)).await.status, 200);
    assert!(!world.relay.log().contains(&key));
}
