//! The rest of the contract of tokens: rotation, budgets, rates, many at once, what lies behind one.

use anc_domain::Clock as _;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Browser, World};

async fn token(owner: &Browser, body: &Value) -> Value {
    let created = owner.post("/tokens", body).await;
    assert_eq!(created.status, 201, "{}", created.text);
    created.json["token"].clone()
}

fn path_of(token: &Value) -> String {
    format!("/tokens/{}", token["id"].as_str().unwrap())
}

#[tokio::test]
async fn every_field_of_a_token_is_kept_and_edited() {
    let (_world, owner) = World::with_owner().await;
    let made = token(
        &owner,
        &json!({"name": "full", "budgets": {"day": "1.5", "month": "20"},
            "rates": {"requests_per_minute": 60, "units_per_minute": 100_000, "concurrency": 4},
            "endpoints": ["chat", "models"], "tags": ["work", "laptop"], "note": "mine"}),
    )
    .await;
    assert_eq!(made["budgets"], json!({"day": "1.5", "week": null, "month": "20"}));
    assert_eq!(made["rates"]["concurrency"], 4);
    assert_eq!(
        (&made["endpoints"], &made["tags"]),
        (&json!(["chat", "models"]), &json!(["work", "laptop"]))
    );
    let edited = owner
        .patch(
            &path_of(&made),
            &json!({"budgets": {"week": "3", "month": null},
            "rates": {"requests_per_minute": null}, "endpoints": []}),
        )
        .await
        .json;
    assert_eq!(edited["budgets"], json!({"day": "1.5", "week": "3", "month": null}));
    assert_eq!(edited["rates"]["requests_per_minute"], Value::Null);
    assert_eq!((&edited["note"], &edited["endpoints"]), (&json!("mine"), &json!([])));
    for (field, value) in [
        ("budgets", json!({"day": "-1"})),
        ("rates", json!({"concurrency": 0})),
        ("endpoints", json!(["everything"])),
        ("tags", json!(vec!["x"; 21])),
        ("note", json!("x".repeat(2_001))),
    ] {
        let answer = owner.patch(&path_of(&made), &json!({ field: value })).await;
        assert_eq!((answer.status, &answer.json["error"]["field"]), (400, &json!(field)));
    }
}

#[tokio::test]
async fn an_edit_of_another_version_is_refused() {
    let (_world, owner) = World::with_owner().await;
    let made = token(&owner, &json!({"name": "a"})).await;
    let path = path_of(&made);
    let etag = owner.get(&path).await.header("etag").to_owned();
    let edit = async |name: &str| {
        let mut request = owner.request(Method::PATCH, &path, &json!({ "name": name }).to_string());
        request.headers_mut().insert("if-match", etag.parse().unwrap());
        owner.send(request).await
    };
    let first = edit("b").await;
    assert_eq!(first.status, 200, "{}", first.text);
    assert_ne!(first.header("etag"), etag);
    let second = edit("c").await;
    assert_eq!((second.status, second.code()), (412, "precondition_failed"));
    assert_eq!(owner.get(&path).await.json["name"], "b");
}

#[tokio::test]
async fn a_rotation_shows_a_new_secret_once_and_tells_of_the_old_one() {
    let (_world, owner) = World::with_owner().await;
    let made = token(&owner, &json!({"name": "a"})).await;
    let path = path_of(&made);
    let rotated = owner.post(&format!("{path}/rotate"), &json!({"overlap": "24h"})).await;
    assert_eq!(rotated.status, 200, "{}", rotated.text);
    let secret = rotated.json["secret"].as_str().unwrap();
    assert!(secret.starts_with("sk-anc") && secret.len() == 51);
    assert_ne!(rotated.json["token"]["hint"], made["hint"]);
    let detail = owner.get(&format!("{path}/detail")).await;
    assert!(!detail.text.contains(secret));
    assert_eq!(detail.json["old_secrets"][0]["hint"], made["hint"]);
    let actions: Vec<_> =
        detail.json["history"].as_array().unwrap().iter().map(|one| &one["action"]).collect();
    assert_eq!(actions, ["token.rotate", "token.create"]);
    let bad = owner.post(&format!("{path}/rotate"), &json!({"overlap": "2d"})).await;
    assert_eq!(bad.status, 400);
    let none = owner.post("/tokens/tok_none/rotate", &json!({"overlap": "now"})).await;
    assert_eq!(none.status, 404);
}

#[tokio::test]
async fn a_playground_secret_is_given_to_the_tokens_own_person_alone() {
    let (world, owner) = World::with_owner().await;
    let made = token(&owner, &json!({"name": "a"})).await;
    let path = format!("{}/playground-secret", path_of(&made));
    let given = owner.post(&path, &json!({})).await;
    assert_eq!(given.status, 201, "{}", given.text);
    let secret = given.json["secret"].as_str().unwrap();
    assert!(secret.starts_with("sk-anc") && secret.len() == 51);
    let until = world.clock.now().plus(std::time::Duration::from_mins(10));
    assert_eq!(given.json["valid_until"], until.to_rfc3339());
    let hash = anc_domain::SecretHash::of(secret);
    let credential = world.store.tokens().credential(&hash).await.unwrap().unwrap();
    assert_eq!(credential.token_id.to_string(), made["id"].as_str().unwrap());

    let detail = owner.get(&format!("{}/detail", path_of(&made))).await;
    assert!(!detail.text.contains(secret));
    assert_eq!(detail.json["old_secrets"], json!([]), "it is no rotation");
    assert_eq!(detail.json["token"]["hint"], made["hint"]);
    assert_eq!(detail.json["token"]["version"], made["version"]);
    assert_eq!(detail.json["history"][0]["action"], "token.playground");

    // An operator sees everybody's tokens, and pays for their own alone.
    let mut other = owner.clone();
    let person = json!({"email": "user@example.com", "password": "quite long enough"});
    let added = owner.post("/users", &person).await;
    assert_eq!(added.status, 201, "{}", added.text);
    let signed_in = world.browser("127.0.0.2").post("/session", &person).await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.text);
    other.keep_cookie(&signed_in);
    let theirs = token(&other, &json!({"name": "b"})).await;
    let foreign = format!("{}/playground-secret", path_of(&theirs));
    assert_eq!(owner.post(&foreign, &json!({})).await.status, 404);
    assert_eq!(other.post(&path, &json!({})).await.status, 404);
    assert_eq!(other.post(&foreign, &json!({})).await.status, 201);
    for _ in 1..10 {
        assert_eq!(owner.post(&path, &json!({})).await.status, 201);
    }
    let beyond = owner.post(&path, &json!({})).await;
    assert_eq!((beyond.status, beyond.code()), (429, "too_many_playgrounds"));
    assert_eq!(beyond.header("retry-after"), "600");
    assert_eq!(owner.delete(&path_of(&made)).await.status, 204);
    assert_eq!(owner.post(&path, &json!({})).await.status, 404);
}

#[tokio::test]
async fn history_tells_what_changed_and_advice_what_to_change() {
    let (_world, owner) = World::with_owner().await;
    let made = token(&owner, &json!({"name": "a", "expires_at": "2099-12-01T00:00:00Z"})).await;
    let path = path_of(&made);
    owner.patch(&path, &json!({"name": "b", "ip_rules": ["10.0.0.0/8"]})).await;
    let detail = owner.get(&format!("{path}/detail")).await.json;
    let update = &detail["history"][0];
    assert_eq!(
        (&update["action"], &update["actor"]),
        (&json!("token.update"), &json!(crate::support::OWNER))
    );
    assert_eq!(update["detail"], json!({"name": ["a", "b"], "ip_rules": [[], ["10.0.0.0/8"]]}));
    let advice: Vec<&str> =
        detail["advice"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert!(advice.contains(&"no_limit"), "{advice:?}");
    assert!(!advice.contains(&"no_ip_restriction"), "{advice:?}");
}

#[tokio::test]
async fn many_are_made_at_once_or_none() {
    let (_world, owner) = World::with_owner().await;
    let body = json!({"token": {"name": "=ci", "quota": "1"}, "count": 15});
    let made = owner.post("/tokens/batch", &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.json["items"].as_array().unwrap().len(), 15);
    let csv = made.json["csv"].as_str().unwrap();
    assert_eq!(csv.lines().count(), 16);
    assert!(csv.contains("'=ci 15,sk-anc"), "{csv}");
    let beyond = owner.post("/tokens/batch", &body).await;
    assert_eq!(beyond.code(), "token_limit_reached");
    assert_eq!(owner.get("/tokens").await.json["total"], 15, "none of the second batch was made");
}

#[tokio::test]
async fn many_are_changed_at_once() {
    let (_world, owner) = World::with_owner().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(token(&owner, &json!({"name": name, "quota": "1"})).await["id"].clone());
    }
    ids.push(json!("tok_nothing"));
    let bulk = async |body: Value| owner.post("/tokens/bulk", &body).await;
    let off = bulk(json!({"action": "disable", "ids": ids})).await;
    assert_eq!(off.json, json!({"done": 3, "missing": ["tok_nothing"]}), "{}", off.text);
    assert_eq!(owner.get("/tokens?status=disabled").await.json["total"], 3);
    bulk(json!({"action": "add_quota", "ids": ids, "amount": "0.5"})).await;
    bulk(json!({"action": "expire", "ids": ids, "expires_at": "2099-01-01T00:00:00Z"})).await;
    let listed = owner.get("/tokens").await.json;
    assert_eq!(listed["items"][0]["quota"], "1.5");
    assert_eq!(listed["items"][0]["expires_at"], "2099-01-01T00:00:00Z");
    bulk(json!({"action": "delete", "ids": ids})).await;
    assert_eq!(owner.get("/tokens").await.json["total"], 0);
    assert_eq!(bulk(json!({"action": "explode", "ids": []})).await.status, 400);
}

#[tokio::test]
async fn an_address_can_be_tried_before_it_is_locked_out() {
    let (_world, owner) = World::with_owner().await;
    let ask = async |rules: Value, address: Option<&str>| {
        let mut body = json!({ "ip_rules": rules });
        if let Some(address) = address {
            body["address"] = address.into();
        }
        owner.post("/address-check", &body).await.json
    };
    let own = ask(json!(["10.0.0.0/8"]), None).await;
    assert_eq!(own, json!({"address": "127.0.0.1", "allowed": false}));
    let mapped = ask(json!(["10.0.0.0/8"]), Some("::ffff:10.1.2.3")).await;
    assert_eq!(mapped, json!({"address": "10.1.2.3", "allowed": true}));
    assert!(ask(json!(["10.0.0.0/8"]), Some("ten")).await["error"]["field"] == "address");
}

#[tokio::test]
async fn the_log_is_filtered_paged_and_exported() {
    let (_world, owner) = World::with_owner().await;
    assert_eq!(owner.get("/usage").await.json, json!({"items": [], "next_cursor": null}));
    let csv = owner.get("/usage.csv").await;
    assert!(csv.text.starts_with("time,request_id,account,token,model,channel,"), "{}", csv.text);
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    for query in [
        "token=x",
        "min_charge=much",
        "since=now",
        "cursor=x",
        "end_reason=why",
        "limit=x",
        "what=1",
    ] {
        assert_eq!(owner.get(&format!("/usage?{query}")).await.status, 400, "{query}");
    }
    for query in ["expires_before=soon", "unused_since=x", "called=%20"] {
        assert_eq!(owner.get(&format!("/tokens?{query}")).await.status, 400, "{query}");
    }
    let series = owner.get("/usage-series?by=hour&last=24").await;
    assert_eq!(series.json["points"], json!([]), "{}", series.text);
    assert_eq!(owner.get("/usage-series?last=100000").await.status, 400);
    assert_eq!(owner.get("/running-requests").await.json["items"], json!([]));
    assert_eq!(owner.delete("/running-requests/req_x").await.status, 404);
    assert_eq!(owner.get("/usage?account=all").await.status, 200);
}

#[tokio::test]
async fn a_statement_lists_what_moved_the_balance_and_is_exported() {
    let (_world, owner) = World::with_owner().await;
    let account = crate::support::OWNER;
    let credit = json!({"account": account, "amount": "-3", "reason": "=a fee, once"});
    assert_eq!(owner.post("/credits", &credit).await.status, 201);
    let page = owner.get("/statement?limit=1").await.json;
    assert_eq!((&page["opening_balance"], &page["closing_balance"]), (&json!("0"), &json!("17")));
    let line = &page["items"][0];
    assert_eq!((&line["kind"], &line["amount"]), (&json!("adjustment"), &json!("-3")));
    assert_eq!((&line["balance"], &line["reference"]), (&json!("17"), &json!(null)));
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = owner.get(&format!("/statement?cursor={cursor}")).await.json;
    assert_eq!((&rest["items"][0]["kind"], &rest["next_cursor"]), (&json!("grant"), &json!(null)));

    let csv = owner.get("/statement.csv").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.text.starts_with("time,kind,amount,balance,"), "{}", csv.text);
    assert!(csv.text.contains(",adjustment,-3,17,,,,\"'=a fee, once\",\r\n"), "{}", csv.text);
    for query in ["cursor=x", "kind=usage_summary", "since=now", "what=1"] {
        assert_eq!(owner.get(&format!("/statement?{query}")).await.status, 400, "{query}");
    }
    // Forged, of another order, or not text to every database.
    for forged in ["7b7d", "nonsense", "1-1"] {
        assert_eq!(owner.get(&format!("/tokens?cursor={forged}")).await.status, 400, "{forged}");
    }
}

#[tokio::test]
async fn usage_is_pruned_by_operators_and_not_before_a_month() {
    let (world, owner) = World::with_owner().await;
    let now = world.clock.now();
    let before = |days: u64| now.minus(std::time::Duration::from_hours(24 * days)).to_rfc3339();
    let body = json!({"before": before(30)});
    let refused = owner.post("/usage/prune", &body).await;
    assert_eq!((refused.status, &refused.json["error"]["field"]), (400, &json!("before")));
    let body = json!({"before": before(32), "dry_run": true});
    let dry = owner.post("/usage/prune", &body).await.json;
    assert_eq!(dry, json!({"requests": 0, "charge": "0", "more": false}));
    let body = json!({"before": before(32)});
    let done = owner.post("/usage/prune", &body).await.json;
    assert_eq!(done, json!({"requests": 0, "charge": null, "more": false}));
}
