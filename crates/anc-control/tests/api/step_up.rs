//! What a session opens only for minutes after its person has shown who they are.

use std::time::Duration;

use http::Method;
use serde_json::json;

use crate::support::{Browser, PASSWORD, World};

const LATER: Duration = Duration::from_secs(301);

async fn make_key(owner: &Browser) -> String {
    let body = json!({ "name": "ci", "scopes": ["tokens:write"] });
    let answer = owner.post("/management-keys", &body).await;
    if answer.status == 201 { "made".to_owned() } else { answer.code().to_owned() }
}

#[tokio::test]
async fn after_five_minutes_what_gives_secrets_away_asks_who_one_is() {
    let (world, mut owner) = World::with_owner().await;
    assert_eq!(make_key(&owner).await, "made", "whoever has just signed in is asked nothing");
    world.clock.advance(LATER);
    let asking = [
        (Method::POST, "/management-keys"),
        (Method::POST, "/factors/totp"),
        (Method::POST, "/factors/totp/confirm"),
        (Method::POST, "/factors/recovery-codes"),
        (Method::DELETE, "/factors/totp"),
        (Method::POST, "/tokens/tok_1/rotate"),
        (Method::POST, "/channels"),
        (Method::POST, "/users"),
    ];
    for (method, path) in asking {
        let answer = owner.send(owner.request(method, path, "{}")).await;
        assert_eq!((answer.status, answer.code()), (403, "step_up_required"), "{path}");
    }
    assert_eq!(owner.get("/session").await.status, 200, "the session goes on");
    assert_eq!(owner.post("/tokens", &json!({ "name": "x" })).await.status, 201);

    let stepped = owner.post("/session/step-up", &json!({ "password": PASSWORD })).await;
    assert_eq!(stepped.status, 200, "{}", stepped.text);
    owner.keep_cookie(&stepped);
    assert_eq!(make_key(&owner).await, "made");
    world.clock.advance(LATER);
    assert_eq!(make_key(&owner).await, "step_up_required");
}

#[tokio::test]
async fn f4_a_step_up_gives_the_session_a_new_id() {
    let (_world, mut owner) = World::with_owner().await;
    let before = owner.clone();
    let stepped = owner.post("/session/step-up", &json!({ "password": PASSWORD })).await;
    owner.keep_cookie(&stepped);
    assert_ne!(before.cookie, owner.cookie);
    assert_eq!(before.get("/session").await.code(), "not_signed_in");
    assert_eq!(owner.get("/session").await.status, 200);
}

#[tokio::test]
async fn f4_a_session_id_that_was_planted_before_is_worth_nothing_after_signing_in() {
    let (world, _) = World::with_owner().await;
    let mut victim = world.browser("127.0.0.1");
    victim.cookie = "anc_session=planted".to_owned();
    let planted = victim.clone();
    let right = json!({ "email": crate::support::OWNER, "password": PASSWORD });
    let answer = victim.post("/session", &right).await;
    victim.keep_cookie(&answer);
    assert_ne!(victim.cookie, planted.cookie);
    assert_eq!(planted.get("/session").await.code(), "not_signed_in");
}

#[tokio::test]
async fn f2_guessing_at_a_step_up_is_slowed_down() {
    let (_world, owner) = World::with_owner().await;
    for _ in 0..5 {
        let wrong = owner.post("/session/step-up", &json!({ "password": "a guess" })).await;
        assert_eq!(wrong.code(), "wrong_credentials");
    }
    let refused = owner.post("/session/step-up", &json!({ "password": PASSWORD })).await;
    assert_eq!(refused.code(), "too_many_attempts");
    let both = json!({ "password": PASSWORD, "code": "000000" });
    for body in [json!({}), both] {
        assert_eq!(owner.post("/session/step-up", &body).await.code(), "invalid_request");
    }
}

#[tokio::test]
async fn new_keys_and_addresses_of_a_channel_ask_and_switching_it_does_not() {
    let (world, owner) = World::with_owner().await;
    let body = json!({ "name": "up", "provider": "openai", "base_url": "https://api.example.com/v1",
        "key": "sk-one", "models": ["m"] });
    let made = owner.post("/channels", &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let path = format!("/channels/{}", made.json["id"].as_str().unwrap());
    world.clock.advance(LATER);
    for change in [json!({ "key": "sk-two" }), json!({ "base_url": "https://evil.example/v1" })] {
        assert_eq!(owner.patch(&path, &change).await.code(), "step_up_required", "{change}");
    }
    assert_eq!(owner.patch(&path, &json!({ "enabled": false })).await.status, 200);
}

#[tokio::test]
async fn a_management_key_is_asked_for_its_scopes_alone() {
    let (world, owner) = World::with_owner().await;
    let body = json!({ "name": "ci", "scopes": ["tokens:write"] });
    let key =
        owner.post("/management-keys", &body).await.json["secret"].as_str().unwrap().to_owned();
    let token = owner.post("/tokens", &json!({ "name": "x" })).await;
    let id = token.json["token"]["id"].as_str().unwrap();
    world.clock.advance(LATER);
    let (path, body) = (format!("/tokens/{id}/rotate"), json!({ "overlap": "now" }));
    assert_eq!(owner.post(&path, &body).await.code(), "step_up_required");
    let rotated = world.browser("127.0.0.1").with_key(&key, Method::POST, &path, &body).await;
    assert_eq!(rotated.status, 200, "{}", rotated.text);
}
