//! Tokens, channels, prices, money.

use anc_domain::Secret;
use anc_store::Role;
use http::Method;
use serde_json::{Value, json};

use crate::support::{OWNER, World};

#[tokio::test]
async fn a_tokens_secret_is_shown_once_and_never_again() {
    let (_world, owner) = World::with_owner().await;
    let body = json!({"name": " ci ", "quota": "5.5", "expires_at": "2099-01-01T00:00:00Z",
        "models": ["gpt-*", "!gpt-5-pro"], "ip_rules": ["10.0.0.0/8", "::1"]});
    let created = owner.post("/tokens", &body).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let secret = created.json["secret"].as_str().unwrap();
    assert!(secret.starts_with("sk-anc") && secret.len() == 51, "{secret}");
    let token = &created.json["token"];
    assert_eq!((&token["name"], &token["status"]), (&json!("ci"), &json!("enabled")));
    assert_eq!((&token["quota"], &token["remaining_quota"]), (&json!("5.5"), &json!("5.5")));
    assert_eq!(token["models"], json!(["gpt-*", "!gpt-5-pro"]));
    let id = token["id"].as_str().unwrap();
    let list = owner.get("/tokens").await;
    assert_eq!(list.json["token_limit"], json!({"used": 1, "limit": 20, "tier": "Standard"}));
    for answer in [list, owner.get(&format!("/tokens/{id}")).await] {
        assert!(!answer.text.contains(secret));
    }
}

#[tokio::test]
async fn a_token_is_edited_field_by_field() {
    let (_world, owner) = World::with_owner().await;
    let created = owner.post("/tokens", &json!({"name": "a", "quota": "1"})).await;
    let path = format!("/tokens/{}", created.json["token"]["id"].as_str().unwrap());
    let edited = owner.patch(&path, &json!({"quota": null})).await.json;
    assert_eq!((&edited["quota"], &edited["name"]), (&Value::Null, &json!("a")));
    let edited = owner.patch(&path, &json!({"enabled": false, "name": "b"})).await.json;
    assert_eq!((&edited["status"], &edited["name"]), (&json!("disabled"), &json!("b")));
    let edited = owner.patch(&path, &json!({"enabled": true, "quota": "0"})).await.json;
    assert_eq!(edited["status"], "exhausted");
    assert_eq!(edited["status_reason"], "token_quota_exhausted");
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("x".repeat(65))),
        ("quota", json!("-1")),
        ("quota", json!("1e3")),
        ("quota", json!("0.0000000001")),
        ("expires_at", json!("2001-01-01T00:00:00Z")),
        ("expires_at", json!("tomorrow")),
        ("models", json!(["gpt 4"])),
        ("ip_rules", json!(["10.0.0.0/33"])),
    ] {
        let answer = owner.patch(&path, &json!({ field: value })).await;
        assert_eq!(answer.status, 400, "{field} {value}");
        assert_eq!(answer.json["error"]["field"], field);
    }
    assert_eq!(owner.delete(&path).await.status, 204);
    assert_eq!(owner.delete(&path).await.code(), "not_found");
    assert_eq!(owner.get("/tokens").await.json["total"], 0);
}

#[tokio::test]
async fn l7_the_tiers_limit_holds_for_all_who_ask_at_once() {
    let (_world, owner) = World::with_owner().await;
    let asked: Vec<_> = (0..25)
        .map(|number| {
            let owner = owner.clone();
            tokio::spawn(async move {
                owner.post("/tokens", &json!({"name": format!("t{number}")})).await
            })
        })
        .collect();
    let mut refused = Vec::new();
    for answer in asked {
        let answer = answer.await.unwrap();
        if answer.status != 201 {
            refused.push(answer);
        }
    }
    assert_eq!(refused.len(), 5);
    assert_eq!(refused[0].code(), "token_limit_reached");
    let details = json!({"tier": "Standard", "limit": 20, "used": 20});
    assert_eq!(refused[0].json["error"]["details"], details);
}

#[tokio::test]
async fn lists_are_searched_sorted_and_walked_page_by_page() {
    let (_world, owner) = World::with_owner().await;
    for name in ["beta", "alpha", "gamma"] {
        owner.post("/tokens", &json!({"name": name})).await;
    }
    let names = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        items.iter().map(|token| token["name"].as_str().unwrap().to_owned()).collect()
    };
    let first = owner.get("/tokens?sort=name&limit=2").await.json;
    assert_eq!(names(&first), ["alpha", "beta"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = owner.get(&format!("/tokens?sort=name&limit=2&cursor={cursor}")).await.json;
    assert_eq!((names(&second), &second["next_cursor"]), (vec!["gamma".to_owned()], &Value::Null));
    assert_eq!(names(&owner.get("/tokens?search=AMM").await.json), ["gamma"]);
    assert_eq!(owner.get("/tokens?status=disabled").await.json["total"], 0);
    for query in ["sort=colour", "status=asleep", "surprise=1", "cursor=nonsense"] {
        assert_eq!(owner.get(&format!("/tokens?{query}")).await.status / 100, 4, "{query}");
    }
}

#[tokio::test]
async fn a_channels_key_goes_in_and_never_comes_out() {
    let (world, owner) = World::with_owner().await;
    let key = "sk-upstream-canary-9xQ2-and-more";
    let body = json!({"name": "main", "provider": "openai", "key": key, "models": ["gpt-5"]});
    let created = owner.post("/channels", &body).await;
    assert_eq!(created.status, 201, "{}", created.text);
    assert!(!created.text.contains(key));
    assert!(!owner.get("/channels").await.text.contains(key));
    let models = owner.get("/models").await.json;
    let model =
        models["items"].as_array().unwrap().iter().find(|one| one["id"] == "gpt-5").unwrap();
    assert_eq!(model["available"], true);
    assert!(model["price"]["input"].is_string());
    for (field, body) in [
        ("key", json!({"name": "x", "provider": "openai"})),
        ("key", json!({"name": "x", "provider": "openai", "key": "two words"})),
        ("base_url", json!({"name": "x", "provider": "openai", "key": "k", "base_url": "ftp://a"})),
        (
            "base_url",
            json!({"name": "x", "provider": "openai", "key": "k", "base_url": "http://example.com"}),
        ),
    ] {
        let answer = owner.post("/channels", &body).await;
        assert_eq!(
            (answer.status, answer.json["error"]["field"].as_str()),
            (400, Some(field)),
            "{body}"
        );
    }
    let path = format!("/channels/{}", created.json["id"].as_str().unwrap());
    assert_eq!(owner.patch(&path, &json!({"enabled": false})).await.json["enabled"], false);
    assert_eq!(owner.delete(&path).await.status, 204);
    assert!(world.store.channels().list().await.unwrap().is_empty());
}

#[tokio::test]
async fn money_comes_and_goes_with_a_reason_and_once_for_a_cause() {
    let (world, owner) = World::with_owner().await;
    let credit = json!({"account": OWNER, "amount": "5.25", "kind": "top_up", "reason": "bank",
        "cause": "tx-1"});
    assert_eq!(owner.post("/credits", &credit).await.json["balance"], "25.25");
    assert_eq!(owner.post("/credits", &credit).await.json["balance"], "25.25", "said twice");
    let back = json!({"account": OWNER, "amount": "-0.25", "reason": "mistake"});
    assert_eq!(owner.post("/credits", &back).await.json["balance"], "25");
    let account = owner.get("/account").await.json;
    assert_eq!((&account["balance"], &account["held"]), (&json!("25"), &json!("0")));
    for (field, value) in [("amount", "0"), ("reason", ""), ("account", "nobody@example.com")] {
        let mut body = back.clone();
        body[field] = json!(value);
        assert_eq!(owner.post("/credits", &body).await.json["error"]["field"], field);
    }
    for (kind, amount) in [("top_up", "-1"), ("grant", "-1"), ("reversal", "1")] {
        let body = json!({"account": OWNER, "amount": amount, "kind": kind, "reason": "sign"});
        assert_eq!(owner.post("/credits", &body).await.json["error"]["field"], "kind");
    }
    let lines = owner.get("/statement").await.json["items"].clone();
    assert_eq!((&lines[0]["kind"], &lines[0]["amount"]), (&json!("adjustment"), &json!("-0.25")));
    assert_eq!((&lines[1]["kind"], &lines[1]["balance"]), (&json!("top_up"), &json!("25.25")));
    let account: anc_domain::AccountId = account["id"].as_str().unwrap().parse().unwrap();
    let notes = world.store.audits().of_object(account.as_i64(), 10).await.unwrap();
    assert!(
        notes.iter().any(|note| note.action == "account.credit" && note.detail.contains("bank"))
    );
    let report = owner.post("/ledger/verify", &json!({})).await.json;
    assert_eq!(report["ok"], true, "{report}");
}

#[tokio::test]
async fn a_price_is_set_from_now_on() {
    let (_world, owner) = World::with_owner().await;
    let price = json!({"input": "1.5", "output": "6", "cached_input": "0.15"});
    let path = "/prices/my%2Fmodel";
    let answer = owner.send(owner.request(Method::PUT, path, &price.to_string())).await;
    assert_eq!((answer.status, &answer.json["price"]), (200, &price), "{}", answer.text);
    let bad = json!({"input": "-1", "output": "6"}).to_string();
    assert_eq!(owner.send(owner.request(Method::PUT, path, &bad)).await.status, 400);
}

#[tokio::test]
async fn a_price_has_rules_and_versions_and_leaves_an_audit_row() {
    let (_world, owner) = World::with_owner().await;
    let path = "/prices/my%2Fmodel";
    let put = |query: &str, body: Value| {
        owner.send(owner.request(Method::PUT, &format!("{path}{query}"), &body.to_string()))
    };
    let first = json!({"input": "1.5", "output": "6", "rules": [
        {"input_above": 200_000, "input": "3"},
        {"service_tier": "priority", "daily_from": "16:30", "daily_until": "00:30", "output": "9"}]});
    assert_eq!(put("", first.clone()).await.json["price"], first);
    let later = "?valid_from=2099-01-01T00:00:00Z";
    let second = put(later, json!({"input": "1", "output": "2"})).await;
    assert_eq!((&second.json["state"], &second.json["version"]), (&json!("upcoming"), &json!(2)));

    for (rule, words) in [
        (json!({"input": "1"}), "a condition"),
        (json!({"input_above": 7}), "a price"),
        (json!({"daily_from": "24:00", "daily_until": "01:00", "input": "1"}), "16:30"),
        (json!({"input_above": 7, "part": "above", "output": "1"}), "input alone"),
    ] {
        let body = json!({"input": "1", "output": "1", "rules": [rule]});
        let refused = put("", body).await;
        assert_eq!((refused.status, &refused.json["error"]["field"]), (400, &json!("rules")));
        assert!(refused.text.contains(words), "{}", refused.text);
    }
    let past = put("?valid_from=2001-01-01T00:00:00Z", json!({"input": "1", "output": "1"})).await;
    assert_eq!((past.status, &past.json["error"]["field"]), (400, &json!("valid_from")));

    let listed = owner.get(&format!("{path}/versions")).await.json;
    let states: Vec<&Value> = (0..2).map(|place| &listed["items"][place]["state"]).collect();
    assert_eq!(states, ["upcoming", "current"]);
    let models = owner.get("/models").await.json;
    let model = models["items"].as_array().unwrap().iter().find(|one| one["id"] == "my/model");
    let model = model.unwrap();
    assert_eq!((&model["price"], &model["price_version"]), (&first, &json!(1)));
    assert_eq!(model["upcoming_prices"][0]["valid_from"], "2099-01-01T00:00:00Z");

    for (version, status) in [(1, 404), (2, 204), (2, 404)] {
        let version = format!("{path}/versions/{version}");
        let answer = owner.send(owner.request(Method::DELETE, &version, "")).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    let notes = owner.get("/audit").await.text;
    for action in ["price.set", "price.withdraw"] {
        assert!(notes.contains(action), "{notes}");
    }
}

#[tokio::test]
async fn every_change_of_channels_and_groups_is_noted_without_a_key() {
    let (_world, owner) = World::with_owner().await;
    let body =
        json!({"name": "first", "provider": "openai", "key": "sk-secret-of-the-channel-1234"});
    let channel = owner.post("/channels", &body).await.json;
    let path = format!("/channels/{}", channel["id"].as_str().unwrap());
    let changes = [json!({"name": "second"}), json!({"key": "sk-secret-of-the-channel-5678"})];
    for change in changes {
        let changed = owner.send(owner.request(Method::PATCH, &path, &change.to_string())).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
    }
    assert_eq!(owner.send(owner.request(Method::DELETE, &path, "")).await.status, 204);
    let group = owner.request(Method::PUT, "/groups/vip", r#"{"multiplier_ppm": 1500000}"#);
    assert_eq!(owner.send(group).await.status, 200);
    let notes = owner.get("/audit").await;
    let noted = |action: &str, words: &str| {
        let items = notes.json["items"].as_array().unwrap();
        items.iter().any(|one| one["action"] == action && one.to_string().contains(words))
    };
    for (action, words) in [
        ("channel.create", "first"),
        ("channel.update", "second"),
        ("channel.update", "new_keys"),
        ("channel.delete", "second"),
        ("group.set", "1500000"),
    ] {
        assert!(noted(action, words), "{action} {words}: {}", notes.text);
    }
    assert!(!notes.text.contains("secret-of-the-channel"), "{}", notes.text);
}

#[tokio::test]
async fn an_admin_gives_no_money_to_an_account_of_their_own_rank_or_above() {
    let (world, owner) = World::with_owner().await;
    let password = "correct horse battery staple";
    for (email, role) in
        [("a@example.com", "admin"), ("b@example.com", "admin"), ("u@example.com", "user")]
    {
        let body = json!({"email": email, "password": password, "role": role});
        assert_eq!(owner.post("/users", &body).await.status, 201);
    }
    let mut admin = world.browser("127.0.0.2");
    let credentials = json!({"email": "a@example.com", "password": password});
    admin.keep_cookie(&admin.post("/session", &credentials).await);
    for (account, status) in
        [("u@example.com", 201), ("a@example.com", 201), ("b@example.com", 403), (OWNER, 403)]
    {
        let body = json!({"account": account, "amount": "1", "reason": "test"});
        assert_eq!(admin.post("/credits", &body).await.status, status, "{account}");
        assert_eq!(owner.post("/credits", &body).await.status, 201, "{account}");
    }
}

#[tokio::test]
async fn the_document_describes_every_route() {
    let (_world, owner) = World::with_owner().await;
    let document = owner.get("/openapi.json").await.json;
    assert_eq!(document["openapi"], "3.1.0");
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/api/v1").unwrap().replace(['{', '}'], "");
        for method in methods.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let answer = owner.send(owner.request(method.clone(), &path, "{}")).await;
            let nowhere = answer.text.contains("no such path.") || answer.status == 405;
            assert!(!nowhere, "{method} {path}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn the_command_lines_door_needs_no_session_and_sees_all_accounts() {
    let (world, owner) = World::with_owner().await;
    owner.post("/tokens", &json!({"name": "a"})).await;
    let user = world.store.users().by_email(OWNER).await.unwrap().unwrap();
    assert_eq!(user.role, Role::Owner);
    assert_ne!(user.password_hash.expose(), Secret::new("").expose());
    let request = http::Request::get("/api/v1/tokens").body(axum::body::Body::empty()).unwrap();
    let local = tower::ServiceExt::oneshot(world.control.local_router(), request).await.unwrap();
    assert_eq!(local.status(), 200);
}
