//! Redemption codes, as operators make them and people redeem them.

use std::sync::Arc;
use std::time::Duration;

use anc_control::{AlertSettings, ControlSettings, IdentitySettings, RedemptionSettings, SignUp};
use anc_domain::{
    CodeBatchId, ManualClock, OsEntropy, RedemptionCode, RedemptionCodeId, Secret, UnixMillis,
};
use anc_store::{AccountChanges, Client, Location, NewSession, NewUser, Role};
use anc_testkit::PgDatabase;
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Answer, Browser, OWNER, PASSWORD, World};

async fn person(world: &World, owner: &Browser, name: &str, address: &str) -> Browser {
    let person = json!({ "email": format!("{name}@example.com"), "password": PASSWORD });
    assert_eq!(owner.post("/users", &person).await.status, 201);
    // Over plain HTTP people sign in from the relay's own machine only.
    let mut browser = world.browser("127.0.0.1");
    let signed_in = browser.post("/session", &person).await;
    browser.keep_cookie(&signed_in);
    browser.address = address.parse().unwrap();
    browser
}

async fn codes(owner: &Browser, body: &Value) -> Vec<String> {
    let made = owner.post("/redemption-codes", body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let items = made.json["items"].as_array().unwrap();
    items.iter().map(|item| item["code"].as_str().unwrap().to_owned()).collect()
}

async fn redeem(browser: &Browser, code: &str) -> Answer {
    browser.post("/redemptions", &json!({ "code": code })).await
}

/// A code of the right form that nobody made.
fn guess() -> String {
    RedemptionCode::generate(&OsEntropy).secret().expose().to_owned()
}

async fn assert_books(world: &World) {
    for check in world.store.verify().await.unwrap() {
        assert!(check.ok, "{}: {}", check.name, check.detail);
    }
}

#[tokio::test]
async fn a_batch_is_shown_once_and_redeemed_as_often_as_it_may_be() {
    let (world, owner) = World::with_owner().await;
    let ends = "2030-01-01T00:00:00Z";
    let body = json!({ "count": 3, "amount": "12.5", "uses": 2, "expires_at": ends,
        "note": "=spring, sale" });
    let made = owner.post_once("/redemption-codes", "w1", &body).await;
    let items = made.json["items"].as_array().unwrap().clone();
    let csv = made.json["csv"].as_str().unwrap();
    assert_eq!((made.status, items.len(), csv.lines().count()), (201, 3, 4));
    let code = items[0]["code"].as_str().unwrap().to_owned();
    let row = format!("{code},12.5,2,{ends},\"'=spring, sale\"");
    assert_eq!(csv.lines().nth(1), Some(row.as_str()));
    let again = owner.post_once("/redemption-codes", "w1", &body).await;
    assert_eq!((again.status, again.code()), (409, "already_created"));
    assert_eq!(again.json["error"]["details"]["ids"], json!([made.json["batch"]]));
    assert!(!again.text.contains(&code));

    let user = person(&world, &owner, "a", "127.0.0.1").await;
    let done = redeem(&user, &code).await;
    assert_eq!(done.status, 201, "{}", done.text);
    assert_eq!((&done.json["amount"], &done.json["balance"]), (&json!("12.5"), &json!("12.5")));
    let twice = redeem(&user, &code).await;
    assert_eq!((twice.status, twice.code()), (409, "code_redeemed_before"));
    assert_eq!(redeem(&owner, &code).await.status, 201);
    let other = person(&world, &owner, "b", "127.0.0.1").await;
    let late = redeem(&other, &code).await;
    assert_eq!((late.status, late.code()), (409, "code_used_up"));

    let path = format!("/redemption-codes/{}", items[0]["id"].as_str().unwrap());
    let detail = owner.get(&path).await;
    assert_eq!(
        (&detail.json["code"]["state"], &detail.json["code"]["used"]),
        (&json!("used_up"), &json!(2))
    );
    assert_eq!(detail.json["redemptions"][1]["email"], "a@example.com");
    assert!(!detail.text.contains(&code) && detail.text.contains(&code[..5]));
    let line = user.get("/statement").await.json["items"][0].clone();
    assert_eq!((&line["kind"], &line["reference"]), (&json!("redemption"), &done.json["id"]));
    assert_eq!(line["reason"], detail.json["code"]["hint"]);
    assert_books(&world).await;
}

#[tokio::test]
async fn a_request_repeated_under_its_word_redeems_once() {
    let (world, owner) = World::with_owner().await;
    let body = json!({ "count": 2, "amount": "1", "uses": 9, "again_by_account": true });
    let codes = codes(&owner, &body).await;
    let body = json!({ "code": codes[0] });
    let first = owner.post_once("/redemptions", "w", &body).await;
    let again = owner.post_once("/redemptions", "w", &body).await;
    assert_eq!((first.status, again.status, &first.json), (201, 201, &again.json));
    let other = owner.post_once("/redemptions", "w", &json!({ "code": codes[1] })).await;
    assert_eq!((other.status, other.code()), (422, "idempotency_key_reused"));
    // Another person's word is another word, and without one each request stands alone.
    let user = person(&world, &owner, "a", "127.0.0.1").await;
    assert_eq!(user.post_once("/redemptions", "w", &body).await.json["balance"], "1");
    assert_eq!(redeem(&owner, &codes[0]).await.json["balance"], "22");
    assert_eq!(redeem(&owner, &codes[0]).await.json["balance"], "23");
    assert_books(&world).await;
}

#[tokio::test]
async fn terms_that_make_no_sense_are_refused_by_field() {
    let (_world, owner) = World::with_owner().await;
    let usual = json!({ "count": 1, "amount": "1" });
    for (field, value) in [
        ("count", json!(0)),
        ("count", json!(1_001)),
        ("amount", json!("0")),
        ("amount", json!("-1")),
        ("amount", json!("10000.000000001")),
        ("uses", json!(0)),
        ("uses", json!(100_001)),
        ("expires_at", json!("2020-01-01T00:00:00Z")),
        ("expires_at", json!("tomorrow")),
        ("note", json!("x".repeat(101))),
        ("note", json!("two\nlines")),
    ] {
        let mut body = usual.clone();
        body[field] = value.clone();
        let refused = owner.post("/redemption-codes", &body).await;
        assert_eq!((refused.status, refused.code()), (400, "invalid_request"), "{value}");
        assert_eq!(refused.json["error"]["field"], field, "{value}");
    }
    for body in [
        json!({ "count": 1, "amount": 1 }),
        json!({ "count": 1.5, "amount": "1" }),
        json!({ "count": 1, "amount": "1e400" }),
        json!({ "count": 1, "amount": "1", "more": 1 }),
        json!({ "count": 1 }),
    ] {
        assert_eq!(owner.post("/redemption-codes", &body).await.status, 400, "{body}");
    }
    assert_eq!(owner.get("/redemption-codes").await.json["items"], json!([]));
    assert_eq!(owner.get("/redemption-codes?state=lost").await.status, 400);
    assert_eq!(owner.get("/redemption-codes?batch=rc_1").await.status, 400);
    assert_eq!(owner.get("/redemption-codes?cursor=7b7d").await.status, 400);
    for path in ["rc_0000000000000", "rcb_0000000000000", "x"] {
        assert_eq!(owner.get(&format!("/redemption-codes/{path}")).await.status, 404);
        let revoke = format!("/redemption-codes/{path}/revoke");
        assert_eq!(owner.post(&revoke, &json!({})).await.status, 404);
    }
}

#[tokio::test]
async fn codes_are_for_operators_to_make_and_for_people_to_redeem() {
    let (world, mut owner) = World::with_owner().await;
    let code = codes(&owner, &json!({ "count": 1, "amount": "1" })).await.remove(0);
    let id = owner.get("/redemption-codes").await.json["items"][0]["id"].clone();
    let id = id.as_str().unwrap();
    let user = person(&world, &owner, "a", "127.0.0.1").await;
    let stranger = world.browser("127.0.0.1");
    for (browser, status) in [(&user, 403), (&stranger, 401)] {
        assert_eq!(browser.get("/redemption-codes").await.status, status);
        assert_eq!(browser.get(&format!("/redemption-codes/{id}")).await.status, status);
        let body = json!({ "count": 1, "amount": "1" });
        assert_eq!(browser.post("/redemption-codes", &body).await.status, status);
        let revoke = format!("/redemption-codes/{id}/revoke");
        assert_eq!(browser.post(&revoke, &json!({})).await.status, status);
    }
    assert_eq!(redeem(&stranger, &code).await.status, 401);
    // Money is made only by whoever has shown lately who they are.
    world.clock.advance(Duration::from_mins(6));
    let late = owner.post("/redemption-codes", &json!({ "count": 1, "amount": "1" })).await;
    assert_eq!((late.status, late.code()), (403, "step_up_required"));
    let stepped = owner.post("/session/step-up", &json!({ "password": PASSWORD })).await;
    owner.keep_cookie(&stepped);
    let body = json!({ "name": "shop", "scopes": ["credits:write"] });
    let key = owner.post("/management-keys", &body).await.json["secret"].clone();
    let key = key.as_str().unwrap();
    let made = json!({ "count": 1, "amount": "1" });
    let made = stranger.with_key(key, Method::POST, "/redemption-codes", &made).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let refused =
        stranger.with_key(key, Method::POST, "/redemptions", &json!({ "code": code })).await;
    assert_eq!((refused.status, refused.code()), (403, "forbidden"));
}

#[tokio::test]
async fn wrong_codes_cost_time() {
    let (world, owner) = World::with_owner().await;
    let right = codes(&owner, &json!({ "count": 4, "amount": "1" })).await;
    let user = person(&world, &owner, "a", "198.51.100.1").await;
    // What is mistyped was never a guess.
    for _ in 0..50 {
        let mistyped = redeem(&user, &right[0][..34]).await;
        assert_eq!((mistyped.status, mistyped.code()), (400, "code_mistyped"));
    }
    for _ in 0..5 {
        let unknown = redeem(&user, &guess()).await;
        assert_eq!((unknown.status, unknown.code()), (404, "code_unknown"));
    }
    let waits = redeem(&user, &right[0]).await;
    assert_eq!((waits.status, waits.code()), (429, "too_many_attempts"));
    assert_eq!(waits.header("retry-after"), "1");
    world.clock.advance(Duration::from_secs(1));
    // A right code takes nothing back of what wrong ones cost.
    assert_eq!(redeem(&user, &right[0]).await.status, 201);
    assert_eq!(redeem(&user, &guess()).await.code(), "code_unknown");
    assert_eq!(redeem(&user, &right[1]).await.header("retry-after"), "2");
    // The account waits at other addresses too, and the address whoever comes from it.
    let mut moved = user.clone();
    moved.address = "198.51.100.2".parse().unwrap();
    assert_eq!(redeem(&moved, &right[1]).await.code(), "too_many_attempts");
    let beside = person(&world, &owner, "b", "198.51.100.1").await;
    assert_eq!(redeem(&beside, &right[2]).await.code(), "too_many_attempts");
    let mut elsewhere = beside.clone();
    elsewhere.address = "198.51.100.3".parse().unwrap();
    assert_eq!(redeem(&elsewhere, &right[2]).await.status, 201);
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(redeem(&user, &right[1]).await.status, 201);
    assert_books(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_guesses_at_once_no_more_are_looked_at_than_are_free() {
    let (world, owner) = World::with_owner().await;
    let user = person(&world, &owner, "a", "198.51.100.1").await;
    let mut tasks = JoinSet::new();
    for _ in 0..100 {
        let user = user.clone();
        tasks.spawn(async move { redeem(&user, &guess()).await.status });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == 404).count(), 5);
    assert_eq!(answers.iter().filter(|status| **status == 429).count(), 95);
}

#[tokio::test]
async fn a_wrong_code_tells_nothing_and_a_right_one_why_it_is_refused() {
    let (world, owner) = World::with_owner().await;
    let ends = UnixMillis::from_millis(1_800_000_060_000).to_rfc3339();
    let expiring = json!({ "count": 1, "amount": "1", "expires_at": ends });
    let expiring = codes(&owner, &expiring).await.remove(0);
    let made = owner.post("/redemption-codes", &json!({ "count": 2, "amount": "1" })).await.json;
    let revoke = format!("/redemption-batches/{}/revoke", made["batch"].as_str().unwrap());
    assert_eq!(owner.post(&revoke, &json!({})).await.json, json!({ "revoked": 2 }));
    assert_eq!(owner.post(&revoke, &json!({})).await.json, json!({ "revoked": 0 }));
    world.clock.advance(Duration::from_mins(1));
    let refused = redeem(&owner, &expiring).await;
    assert_eq!((refused.status, refused.code()), (409, "code_expired"));
    let revoked = made["items"][0]["code"].as_str().unwrap();
    let refused = redeem(&owner, revoked).await;
    assert_eq!((refused.status, refused.code()), (409, "code_revoked"));
    // One that differs in what only its checksum tells is one of no code at all.
    assert_eq!(redeem(&owner, &guess()).await.code(), "code_unknown");

    let account = owner.get("/account").await.json["id"].as_str().unwrap().to_owned();
    let accounts = world.store.accounts();
    let suspension = AccountChanges::suspended(Some("a test"));
    accounts.update(account.parse().unwrap(), suspension).await.unwrap();
    for code in [revoked, expiring.as_str(), &guess(), "x"] {
        let refused = redeem(&owner, code).await;
        assert_eq!((refused.status, refused.code()), (403, "account_suspended"), "{code}");
    }
}

fn settings() -> ControlSettings {
    ControlSettings {
        public_url: None,
        insecure_http: true,
        sign_up: SignUp::Closed,
        version: "0.0.0",
        alerts: AlertSettings::default(),
        price_list_bytes: 1 << 20,
        identities: IdentitySettings::default(),
        payments: None,
        redemption: RedemptionSettings::default(),
    }
}

/// Two hundred people at once, at one address, through each node in turn.
async fn two_hundred_at_once(location: Option<Location>) {
    let clock = || Arc::new(ManualClock::new(UnixMillis::from_millis(1_800_000_000_000)));
    let world = World::on(location.clone(), settings(), clock(), 7).await;
    let owner = world.set_up().await;
    let other = match location {
        Some(location) => Some(World::on(Some(location), settings(), clock(), 8).await),
        None => None,
    };
    let code = codes(&owner, &json!({ "count": 1, "amount": "1", "uses": 7 })).await.remove(0);
    let mut tasks = JoinSet::new();
    let hash = world.store.users().by_email(OWNER).await.unwrap().unwrap();
    for number in 0..200_u8 {
        let email = format!("p{number}@example.com");
        let new = NewUser {
            email: email.clone(),
            password_hash: hash.password_hash.clone(),
            role: Role::User,
            metered: true,
        };
        world.store.users().create(new, None).await.unwrap().unwrap();
        let user = world.store.users().by_email(&email).await.unwrap().unwrap();
        let secret = Secret::new(format!("session-{number}-0123456789abcdef"));
        let session = NewSession {
            hash: secret.hash(),
            user_id: user.id,
            sign_in_version: user.sign_in_version,
            expires_at: UnixMillis::from_millis(1_800_000_600_000),
            client: Client { address: "203.0.113.7".to_owned(), agent: String::new() },
        };
        assert!(world.store.sessions().create(session).await.unwrap());
        let node = other.as_ref().filter(|_| number % 2 == 0).unwrap_or(&world);
        let mut browser = node.browser("203.0.113.7");
        let name = owner.cookie.split('=').next().unwrap();
        browser.cookie = format!("{name}={}", secret.expose());
        let code = code.clone();
        tasks.spawn(async move {
            let answer = redeem(&browser, &code).await;
            (answer.status, answer.code().to_owned())
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 201).count(), 7, "{answers:?}");
    assert_eq!(answers.iter().filter(|(_, code)| code == "code_used_up").count(), 193);
    let page = owner.get("/redemption-codes").await.json;
    assert_eq!(page["items"][0]["used"], 7);
    assert_books(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h2_two_hundred_at_once_redeem_a_code_exactly_as_often_as_it_may() {
    two_hundred_at_once(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h2_two_hundred_at_once_redeem_a_code_exactly_as_often_as_it_may_on_postgres() {
    let database = PgDatabase::create().await;
    two_hundred_at_once(Some(Location::Postgres(database.url()))).await;
}

#[tokio::test]
async fn making_and_revoking_codes_is_noted_without_the_codes() {
    let (world, owner) = World::with_owner().await;
    let made = owner.post("/redemption-codes", &json!({ "count": 2, "amount": "3" })).await.json;
    let id = made["items"][0]["id"].as_str().unwrap();
    owner.post(&format!("/redemption-codes/{id}/revoke"), &json!({})).await;
    let batch = made["batch"].as_str().unwrap();
    owner.post(&format!("/redemption-batches/{batch}/revoke"), &json!({})).await;
    let batch: CodeBatchId = batch.parse().unwrap();
    let code: RedemptionCodeId = id.parse().unwrap();
    let mut notes = world.store.audits().of_object(batch.as_i64(), 10).await.unwrap();
    notes.extend(world.store.audits().of_object(code.as_i64(), 10).await.unwrap());
    let actions: Vec<&str> = notes.iter().map(|note| note.action.as_str()).collect();
    let expected = ["redemption_codes.revoke", "redemption_codes.create", "redemption_code.revoke"];
    assert_eq!(actions, expected);
    let all = format!("{notes:?}");
    for item in made["items"].as_array().unwrap() {
        assert!(!all.contains(item["code"].as_str().unwrap()));
    }
}
