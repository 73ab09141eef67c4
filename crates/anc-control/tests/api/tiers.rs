//! Tiers and accounts: what operators set, and what it asks of tokens.

use std::time::Duration;

use anc_domain::Clock as _;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Browser, OWNER, PASSWORD, World};

/// Adds a person and gives their browser.
async fn person(world: &World, owner: &Browser, email: &str, role: &str) -> Browser {
    let body = json!({"email": email, "password": PASSWORD, "role": role});
    let made = owner.post("/users", &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let mut browser = world.browser("127.0.0.1");
    let signed_in = browser.post("/session", &json!({"email": email, "password": PASSWORD})).await;
    assert!(signed_in.status < 300, "{}", signed_in.text);
    browser.keep_cookie(&signed_in);
    browser
}

async fn standard(owner: &Browser) -> (String, Value) {
    let tiers = owner.get("/tiers").await.json;
    let item = tiers["items"][0].clone();
    (format!("/tiers/{}", item["tier"]["id"].as_str().unwrap()), item)
}

async fn patch_version(owner: &Browser, path: &str, version: &str, body: &Value) -> Answer {
    let mut request = owner.request(Method::PATCH, path, &body.to_string());
    request.headers_mut().insert("if-match", version.parse().unwrap());
    owner.send(request).await
}

fn in_days(world: &World, days: u64) -> String {
    world.clock.now().plus(Duration::from_hours(24 * days)).to_rfc3339()
}

#[tokio::test]
async fn changing_tiers_deletes_no_token_and_none_can_be_added() {
    let (_world, owner) = World::with_owner().await;
    for number in 0..5 {
        let made = owner.post("/tokens", &json!({"name": format!("t{number}")})).await;
        assert_eq!(made.status, 201);
    }
    let small = json!({"name": "Small", "token_limit": 3});
    let small = owner.post("/tiers", &small).await;
    assert_eq!(small.status, 201, "{}", small.text);
    let small_path = format!("/tiers/{}", small.json["id"].as_str().unwrap());
    let account = format!("/accounts/{OWNER}");
    let moved = owner.patch(&account, &json!({"tier": small.json["id"]})).await;
    assert_eq!(moved.status, 200, "{}", moved.text);
    assert_eq!(moved.json["tokens"], json!({"used": 5, "limit": 3}));

    let list = owner.get("/tokens").await.json;
    assert_eq!(list["token_limit"], json!({"used": 5, "limit": 3, "tier": "Small"}));
    let statuses: Vec<&Value> =
        list["items"].as_array().unwrap().iter().map(|token| &token["status"]).collect();
    assert_eq!(statuses, vec!["enabled"; 5], "surplus ones keep working");
    let id = list["items"][0]["id"].as_str().unwrap();
    let edited = owner.patch(&format!("/tokens/{id}"), &json!({"name": "renamed"})).await;
    assert_eq!(edited.status, 200, "and can be edited");

    for (path, body) in [
        ("/tokens", json!({"name": "more"})),
        ("/tokens/batch", json!({"token": {"name": "more"}, "count": 1})),
    ] {
        let refused = owner.post(path, &body).await;
        assert_eq!((refused.status, refused.code()), (409, "token_limit_reached"));
        let details = json!({"tier": "Small", "limit": 3, "used": 5});
        assert_eq!(refused.json["error"]["details"], details);
    }
    // The tier becomes smaller still, and then large enough.
    owner.patch(&small_path, &json!({"token_limit": 0})).await;
    assert_eq!(owner.get("/tokens").await.json["total"], 5);
    owner.patch(&small_path, &json!({"token_limit": 6})).await;
    assert_eq!(owner.post("/tokens", &json!({"name": "more"})).await.status, 201);
}

#[tokio::test]
async fn a_tier_is_made_shown_changed_and_deleted_by_operators() {
    let (world, owner) = World::with_owner().await;
    owner
        .send(owner.request(Method::PUT, "/groups/fast", &json!({"multiplier_ppm": 1}).to_string()))
        .await;
    let body = json!({"name": "Pro", "token_limit": 100, "multiplier_ppm": 900_000,
        "overdraft": "12.5", "models": ["gpt-*"], "groups": ["fast", "default", "fast"],
        "rates": {"requests_per_minute": 60, "units_per_minute": null, "concurrency": 4},
        "expiry_days_default": 30, "expiry_days_max": 90});
    let made = owner.post_once("/tiers", "word", &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(owner.post_once("/tiers", "word", &body).await.code(), "already_created");
    let mut expected = body.clone();
    expected["id"] = made.json["id"].clone();
    expected["version"] = 1.into();
    expected["groups"] = json!(["default", "fast"]);
    assert_eq!(made.json, expected);

    let path = format!("/tiers/{}", made.json["id"].as_str().unwrap());
    let (standard_path, standard) = standard(&owner).await;
    assert_eq!((&standard["standard"], &standard["accounts"]), (&json!(true), &json!(1)));
    assert_eq!(owner.delete(&standard_path).await.code(), "conflict");

    let edit = json!({"overdraft": "0", "expiry_days_max": null, "rates": {"concurrency": null}});
    let edited = patch_version(&owner, &path, "\"1\"", &edit).await;
    assert_eq!((edited.status, edited.header("etag")), (200, "\"2\""), "{}", edited.text);
    assert_eq!(edited.json["rates"]["requests_per_minute"], 60);
    assert_eq!(edited.json["expiry_days_max"], Value::Null);
    let late = patch_version(&owner, &path, "\"1\"", &edit).await;
    assert_eq!((late.status, late.code()), (412, "precondition_failed"));

    for (field, value) in [
        ("name", json!("")),
        ("name", json!("Standard")),
        ("token_limit", json!(1_000_001)),
        ("overdraft", json!("-1")),
        ("overdraft", json!("1000000.000000001")),
        ("models", json!(["gpt 4"])),
        ("groups", json!(["nowhere"])),
        ("expiry_days_default", json!(0)),
        ("expiry_days_max", json!(3651)),
        ("expiry_days_max", json!(29)),
        ("multiplier_ppm", json!(-1)),
        ("surprise", json!(1)),
    ] {
        let refused = owner.patch(&path, &json!({ field: value })).await;
        assert_eq!(refused.status / 100, 4, "{field} {value}: {}", refused.text);
    }
    assert_eq!(owner.get("/tiers").await.json["items"][1]["tier"], edited.json);

    let admin = person(&world, &owner, "admin@example.com", "admin").await;
    let user = person(&world, &owner, "user@example.com", "user").await;
    assert_eq!(admin.get("/tiers").await.status, 200);
    for answer in [
        user.get("/tiers").await,
        user.post("/tiers", &body).await,
        user.patch(&path, &edit).await,
        user.delete(&path).await,
        user.get("/accounts").await,
        user.get("/accounts/user@example.com").await,
        user.patch("/accounts/user@example.com", &json!({"billing": "unmetered"})).await,
    ] {
        assert_eq!((answer.status, answer.code()), (403, "forbidden"));
    }
    let stranger = world.browser("127.0.0.1");
    for path in ["/tiers", "/accounts", "/accounts/user@example.com"] {
        assert_eq!(stranger.get(path).await.status, 401);
    }
    assert_eq!(owner.delete(&path).await.status, 204);
    assert_eq!(owner.delete(&path).await.code(), "not_found");
}

#[tokio::test]
async fn a_new_token_keeps_to_its_tiers_expiry() {
    let (world, owner) = World::with_owner().await;
    let never = owner.post("/tokens", &json!({"name": "old"})).await.json;
    assert_eq!(never["token"]["expires_at"], Value::Null, "a tier that says nothing");
    let old = format!("/tokens/{}", never["token"]["id"].as_str().unwrap());
    let (tier, _) = standard(&owner).await;
    let terms = json!({"expiry_days_default": 7, "expiry_days_max": 30});
    assert_eq!(owner.patch(&tier, &terms).await.status, 200);

    let default = owner.post("/tokens", &json!({"name": "a"})).await.json;
    assert_eq!(default["token"]["expires_at"], in_days(&world, 7));
    for (name, body) in [
        ("never", json!({"name": "x", "expires_at": null})),
        ("too late", json!({"name": "x", "expires_at": in_days(&world, 31)})),
    ] {
        let refused = owner.post("/tokens", &body).await;
        assert_eq!(refused.json["error"]["field"], "expires_at", "{name}: {}", refused.text);
        let batch = owner.post("/tokens/batch", &json!({"token": body, "count": 2})).await;
        assert_eq!(batch.json["error"]["field"], "expires_at", "{name}");
    }
    let last = json!({"name": "b", "expires_at": in_days(&world, 30)});
    let last = owner.post("/tokens", &last).await;
    assert_eq!(last.status, 201, "{}", last.text);
    let path = format!("/tokens/{}", last.json["token"]["id"].as_str().unwrap());

    let late = owner.patch(&path, &json!({"expires_at": null})).await;
    assert_eq!(late.json["error"]["field"], "expires_at");
    let ids = [&never["token"]["id"], &last.json["token"]["id"]];
    let bulk = json!({"action": "expire", "ids": ids, "expires_at": in_days(&world, 31)});
    assert_eq!(owner.post("/tokens/bulk", &bulk).await.json["error"]["field"], "expires_at");
    let bulk = json!({"action": "expire", "ids": [ids[1]], "expires_at": null});
    assert_eq!(owner.post("/tokens/bulk", &bulk).await.json["error"]["field"], "expires_at");
    // What never expired before still never does, also when its form is saved whole.
    let kept = owner.patch(&old, &json!({"name": "old", "expires_at": null})).await;
    assert_eq!((kept.status, &kept.json["expires_at"]), (200, &Value::Null), "{}", kept.text);

    owner.patch(&tier, &json!({"expiry_days_default": null})).await;
    let at_most = owner.post("/tokens", &json!({"name": "c"})).await.json;
    assert_eq!(at_most["token"]["expires_at"], in_days(&world, 30));
}

#[tokio::test]
async fn a_token_keeps_to_its_tiers_groups_and_models_are_shown_by_it() {
    let (world, owner) = World::with_owner().await;
    let put = |name: &str| {
        let body = json!({"multiplier_ppm": 1_000_000}).to_string();
        owner.request(Method::PUT, &format!("/groups/{name}"), &body)
    };
    owner.send(put("fast")).await;
    owner.send(put("slow")).await;
    let user = person(&world, &owner, "user@example.com", "user").await;
    let bound = user.post("/tokens", &json!({"name": "slow", "group": "slow"})).await;
    assert_eq!(bound.status, 201);
    let path = format!("/tokens/{}", bound.json["token"]["id"].as_str().unwrap());
    let models = user.get("/models").await.json["items"].as_array().unwrap().len();

    let (tier, _) = standard(&owner).await;
    let edit = json!({"groups": ["fast"], "models": ["gpt-5"]});
    assert_eq!(owner.patch(&tier, &edit).await.status, 200);
    let made = user.post("/tokens", &json!({"name": "a"})).await;
    assert_eq!(made.json["token"]["group"], "fast", "{}", made.text);
    let refused = user.post("/tokens", &json!({"name": "b", "group": "slow"})).await;
    assert_eq!(refused.json["error"]["field"], "group");
    let kept = user.patch(&path, &json!({"name": "still slow", "group": "slow"})).await;
    assert_eq!(kept.status, 200, "{}", kept.text);
    assert_eq!(
        user.patch(&path, &json!({"group": "default"})).await.json["error"]["field"],
        "group"
    );
    assert_eq!(user.patch(&path, &json!({"group": "fast"})).await.status, 200);

    let groups = user.get("/groups").await.json;
    assert_eq!(groups["items"].as_array().unwrap().len(), 1);
    assert!(owner.get("/groups").await.json["items"].as_array().unwrap().len() > 2);
    let shown = user.get("/models").await.json["items"].as_array().unwrap().clone();
    assert!(models > 1 && shown.iter().all(|model| model["id"] == "gpt-5"), "{shown:?}");
    assert_eq!(user.get("/account").await.json["tier"]["models"], json!(["gpt-5"]));
}

#[tokio::test]
async fn accounts_are_listed_and_changed_with_a_note() {
    let (world, owner) = World::with_owner().await;
    person(&world, &owner, "user@example.com", "user").await;
    let list = owner.get("/accounts?search=USER%40&suspended=false").await.json;
    assert_eq!(list["total"], 1, "{list}");
    let account = &list["items"][0];
    assert_eq!(account["people"][0]["email"], "user@example.com");
    assert_eq!(account["people"][0]["role"], "user");
    assert_eq!((&account["balance"], &account["spent_30_days"]), (&json!("0"), &json!("0")));
    assert_eq!(owner.get("/accounts?limit=1").await.json["total"], 2);
    for query in ["sort=colour", "tier=x", "surprise=1", "cursor=nonsense", "search=%00"] {
        assert_eq!(owner.get(&format!("/accounts?{query}")).await.status / 100, 4, "{query}");
    }

    let path = format!("/accounts/{}", account["id"].as_str().unwrap());
    assert_eq!(owner.get(&path).await.header("etag"), "\"1\"");
    let edit = json!({"billing": "unmetered", "name": "Ada", "time_zone": "Asia/Shanghai",
        "suspended": true, "reason": "unpaid"});
    let edited = patch_version(&owner, &path, "\"1\"", &edit).await;
    assert_eq!((edited.status, edited.header("etag")), (200, "\"2\""), "{}", edited.text);
    for (key, value) in [
        ("billing", json!("unmetered")),
        ("name", json!("Ada")),
        ("time_zone", json!("Asia/Shanghai")),
        ("suspended", json!(true)),
        ("suspended_reason", json!("unpaid")),
    ] {
        assert_eq!(edited.json[key], value);
    }
    assert_eq!(patch_version(&owner, &path, "\"1\"", &edit).await.code(), "precondition_failed");
    let notes = world.store.audits().of_object(id_of(&edited.json), 10).await.unwrap();
    assert_eq!((notes.len(), notes[0].action.as_str()), (1, "account.update"));
    let detail: Value = serde_json::from_str(&notes[0].detail).unwrap();
    assert_eq!(detail["suspended"], json!([false, true]));
    assert_eq!(detail["suspended_reason"], json!([null, "unpaid"]));
    assert_eq!(detail["billing"], json!(["metered", "unmetered"]));

    for (field, body) in [
        ("reason", json!({"suspended": true})),
        ("reason", json!({"suspended": true, "reason": " "})),
        ("reason", json!({"suspended": false, "reason": "x"})),
        ("reason", json!({"reason": "x"})),
        ("tier", json!({"tier": "tier_0000000000000"})),
        ("tier", json!({"tier": "Standard"})),
        ("time_zone", json!({"time_zone": "Mars/Base"})),
        ("name", json!({"name": ""})),
    ] {
        let refused = owner.patch(&path, &body).await;
        assert_eq!(refused.json["error"]["field"], field, "{body}: {}", refused.text);
    }
    assert_eq!(owner.get("/accounts/nobody@example.com").await.code(), "not_found");
    let resumed = owner.patch(&path, &json!({"suspended": false})).await.json;
    assert_eq!(resumed["suspended_reason"], Value::Null);
}

fn id_of(account: &Value) -> i64 {
    account["id"].as_str().unwrap().parse::<anc_domain::AccountId>().unwrap().as_i64()
}

#[tokio::test]
async fn nobody_changes_the_account_of_an_equal_or_a_higher() {
    let (world, owner) = World::with_owner().await;
    let admin = person(&world, &owner, "admin@example.com", "admin").await;
    person(&world, &owner, "other@example.com", "admin").await;
    person(&world, &owner, "user@example.com", "user").await;
    let suspend = json!({"suspended": true, "reason": "x"});
    for email in [OWNER, "other@example.com"] {
        let refused = admin.patch(&format!("/accounts/{email}"), &suspend).await;
        assert_eq!((refused.status, refused.code()), (403, "forbidden"), "{email}");
    }
    let name = json!({"name": "mine"});
    assert_eq!(admin.patch("/accounts/admin@example.com", &name).await.status, 200);
    assert_eq!(admin.patch("/accounts/user@example.com", &suspend).await.status, 200);
    assert_eq!(owner.patch("/accounts/admin@example.com", &suspend).await.status, 200);
}
