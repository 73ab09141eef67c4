//! The authorization matrix: every operation of the OpenAPI document, called by everybody there is.
//!
//! What is expected stands in [`crate::matrix_rows`]; an operation that is not in it fails the test.

use std::time::Duration;

use anc_domain::{KeyScope, Meter, NanoUsd, PpmMultiplier, RequestId, UnixMillis, Usage};
use anc_ledger::{EndReason, HoldAsk, ModelPrice, Otherwise};
use anc_store::{HoldRequest, NewIdentity, NewPayment, PaymentMode, PaymentState, Settlement};
use http::Method;
use serde_json::{Value, json};

use crate::matrix_rows::{ROWS, Row, Scope, Who};
use crate::support::{Answer, Browser, OWNER, PASSWORD, World};

/// Is in the name of what belongs to the user whom others try to reach.
const CANARY: &str = "canary-of-the-user";
const USER: &str = "canary-of-the-user@example.com";
const OTHER: &str = "other@example.com";
const ADMIN: &str = "admin@example.com";

/// Everybody who can call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Nobody,
    /// A relay's API token in place of a management key.
    ApiToken,
    /// Another user's management key with every scope that users can have.
    OthersKey,
    Other,
    /// The owner's management key with one scope.
    OwnersKey(KeyScope),
    User,
    Admin,
    Owner,
}

fn callers() -> Vec<Caller> {
    let keys = KeyScope::ALL.into_iter().map(Caller::OwnersKey);
    [Caller::Nobody, Caller::ApiToken, Caller::OthersKey, Caller::Other]
        .into_iter()
        .chain(keys)
        .chain([Caller::User, Caller::Admin, Caller::Owner])
        .collect()
}

/// What must come of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// It is carried out, or refused for a reason that is not who calls.
    In,
    /// 401.
    Unknown,
    /// 403.
    Forbidden,
    /// 404: to this caller the thing does not exist.
    Hidden,
}

fn expected(row: &Row, caller: Caller) -> Expected {
    let is_key = matches!(caller, Caller::OthersKey | Caller::OwnersKey(_));
    let has_scope = match (row.scope, caller) {
        (Scope::People, _) => !is_key,
        (Scope::Named(name), Caller::OwnersKey(scope)) => scope.name() == name,
        (Scope::Named(name), Caller::OthersKey) => USERS_SCOPES.contains(&name),
        _ => true,
    };
    let is_stranger = matches!(caller, Caller::Nobody | Caller::ApiToken);
    let is_other = matches!(caller, Caller::Other | Caller::OthersKey);
    let is_owner = matches!(caller, Caller::Owner | Caller::OwnersKey(_));
    match row.who {
        Who::Everybody => Expected::In,
        _ if is_stranger => Expected::Unknown,
        _ if !has_scope => Expected::Forbidden,
        Who::Operators if is_other || caller == Caller::User => Expected::Forbidden,
        Who::Owner if !is_owner => Expected::Forbidden,
        Who::UserAndOperators if is_other => Expected::Hidden,
        Who::UserAlone if caller != Caller::User => Expected::Hidden,
        _ => Expected::In,
    }
}

const USERS_SCOPES: [&str; 3] = ["tokens:read", "tokens:write", "usage:read"];

/// A relay with four people, and what each of them calls with.
struct Matrix {
    world: World,
    owner: Browser,
    admin: Browser,
    user: Browser,
    other: Browser,
    nobody: Browser,
    api_token: String,
    others_key: String,
    owners_keys: Vec<(KeyScope, String)>,
    /// A token of the user with a finished request, which stays.
    token: String,
    request: RequestId,
    holds: u128,
}

async fn text(browser: &Browser, path: &str, body: &Value, pointer: &str) -> String {
    let answer = browser.post(path, body).await;
    assert!(answer.status < 300, "{path}: {}", answer.text);
    answer.json.pointer(pointer).and_then(Value::as_str).unwrap().to_owned()
}

impl Matrix {
    async fn new() -> Self {
        let (world, owner) = World::with_owner().await;
        for (email, role) in [(USER, "user"), (OTHER, "user"), (ADMIN, "admin")] {
            let body = json!({ "email": email, "password": PASSWORD, "role": role });
            let made = owner.post("/users", &body).await;
            assert_eq!(made.status, 201, "{}", made.text);
        }
        let credit = json!({ "account": USER, "amount": "5", "reason": CANARY });
        assert_eq!(owner.post("/credits", &credit).await.status, 201);
        let nobody = world.browser("127.0.0.1");
        let mut matrix = Self {
            admin: nobody.clone(),
            user: nobody.clone(),
            other: nobody.clone(),
            nobody,
            owner,
            world,
            api_token: String::new(),
            others_key: String::new(),
            owners_keys: Vec::new(),
            token: String::new(),
            request: RequestId::from_bytes(1_u128.to_be_bytes()),
            holds: 1,
        };
        matrix.sign_in().await;
        let key = |scopes: Value| json!({ "name": "matrix", "scopes": scopes });
        for scope in KeyScope::ALL {
            let body = key(json!([scope.name()]));
            let secret = text(&matrix.owner, "/management-keys", &body, "/secret").await;
            matrix.owners_keys.push((scope, secret));
        }
        matrix.others_key =
            text(&matrix.other, "/management-keys", &key(json!(USERS_SCOPES)), "/secret").await;
        let own = json!({ "name": "own" });
        matrix.api_token = text(&matrix.owner, "/tokens", &own, "/secret").await;
        matrix.token = text(&matrix.user, "/tokens", &json!({ "name": CANARY }), "/token/id").await;
        let hold = matrix.world.store.ledger().hold(matrix.hold(1).await).await.unwrap().unwrap();
        let usage = Usage::default().with(Meter::Input, 10);
        hold.settle(Settlement::new(EndReason::Complete, usage)).await.unwrap();
        matrix
    }

    /// Signs everybody in whose session an operation has ended.
    async fn sign_in(&mut self) {
        let people = [
            (&mut self.owner, OWNER),
            (&mut self.admin, ADMIN),
            (&mut self.user, USER),
            (&mut self.other, OTHER),
        ];
        for (browser, email) in people {
            if browser.get("/session").await.status != 200 {
                let body = json!({ "email": email, "password": PASSWORD });
                let mut answer = browser.post("/session", &body).await;
                while answer.status == 429 {
                    // Others have guessed from the same address.
                    self.world.clock.advance(Duration::from_secs(1));
                    answer = browser.post("/session", &body).await;
                }
                assert_eq!(answer.status, 200, "{email}: {}", answer.text);
                browser.keep_cookie(&answer);
            }
        }
    }

    async fn hold(&self, number: u128) -> HoldRequest {
        let account = self.user.get("/account").await.json["id"].as_str().unwrap().to_owned();
        let cent = NanoUsd::from_nanos(10_000_000);
        HoldRequest {
            request_id: RequestId::from_bytes(number.to_be_bytes()),
            account_id: account.parse().unwrap(),
            token_id: self.token.parse().unwrap(),
            model: "sim-gpt".parse().unwrap(),
            ask: HoldAsk { full: cent, least: cent, otherwise: Otherwise::Least },
            price: ModelPrice::flat(cent, cent).snapshot(PpmMultiplier::ONE),
            input_estimate: 10,
            stream: true,
        }
    }

    /// Makes what the path's name stands for, anew for each call: the caller may end it.
    async fn target(&mut self, path: &str) -> String {
        let owner = self.owner.clone();
        let mut path = path.replace("{name}", "some-group");
        if path.contains("{version}") {
            let model = "gpt-5".parse().unwrap();
            let (prices, dollar) = (self.world.store.prices(), NanoUsd::from_dollars(1));
            let later = UnixMillis::from_millis(4_000_000_000_000);
            let price = ModelPrice::flat(dollar, dollar);
            let set = prices.set(&model, &price, Some(later)).await.unwrap();
            path = path.replace("{version}", &set.version.to_string());
        }
        path = path
            .replace("{model}", if path.contains("/versions") { "gpt-5" } else { "some-model" });
        if path.contains("{request_id}") && path.starts_with("/running-requests") {
            self.holds += 1;
            let request = self.hold(self.holds).await;
            path = path.replace("{request_id}", &request.request_id.to_string());
            // It stays open: the test's end is soon enough for it.
            std::mem::forget(self.world.store.ledger().hold(request).await.unwrap().unwrap());
        }
        path = path.replace("{request_id}", &self.request.to_string());
        if !path.contains("{id}") {
            return path;
        }
        let things = path.split('/').nth(1).unwrap();
        let id = match things {
            "tokens" => {
                let body = json!({ "name": CANARY, "account": USER });
                text(&owner, "/tokens", &body, "/token/id").await
            }
            "channels" => {
                // Nobody listens there.
                let body = json!({ "name": "c", "provider": "openai", "key": "sk-none",
                    "base_url": "http://127.0.0.1:9/v1", "allow_private": true,
                    "models": ["gpt-5"] });
                text(&owner, "/channels", &body, "/id").await
            }
            "users" => {
                let body = json!({ "email": format!("person-{}@example.com", self.next()),
                    "password": PASSWORD, "role": "user" });
                text(&owner, "/users", &body, "/id").await
            }
            "management-keys" => {
                let body = json!({ "name": CANARY, "scopes": ["tokens:read"] });
                text(&self.user, "/management-keys", &body, "/key/id").await
            }
            "tiers" => {
                let body = json!({ "name": format!("Tier {}", self.next()), "token_limit": 5 });
                text(&owner, "/tiers", &body, "/id").await
            }
            "accounts" => {
                let account = self.user.get("/account").await.json["id"].clone();
                account.as_str().unwrap().to_owned()
            }
            "sessions" => {
                let listed = self.user.get("/sessions").await.json;
                listed["items"][0]["id"].as_str().unwrap().to_owned()
            }
            "identities" => {
                let user = self.world.store.users().by_email(USER).await.unwrap().unwrap();
                let new = NewIdentity {
                    issuer: format!("https://id-{}.example.com", self.next()),
                    subject: "user".into(),
                    label: CANARY.into(),
                };
                self.world.store.identities().connect(&user, &new).await.unwrap();
                // Connecting ends all sessions.
                self.sign_in().await;
                let listed = self.world.store.identities().list(user.id).await.unwrap();
                listed.last().unwrap().id.to_string()
            }
            "invitations" => {
                let body = json!({ "email": "invited@example.com" });
                text(&owner, "/invitations", &body, "/invitation/id").await
            }
            "payments" => {
                let account = self.user.get("/account").await.json["id"].clone();
                let new = NewPayment {
                    account_id: account.as_str().unwrap().parse().unwrap(),
                    amount: NanoUsd::from_dollars(5),
                    minor: 500,
                    currency: "usd".into(),
                    mode: PaymentMode::Test,
                };
                let payments = self.world.store.payments();
                let begun = payments.begin(new, None).await.unwrap().unwrap();
                payments.not_begun(begun.id, PaymentState::Expired).await.unwrap();
                begun.id.to_string()
            }
            "redemption-codes" | "redemption-batches" => {
                let body = json!({ "count": 1, "amount": "1" });
                let made = owner.post("/redemption-codes", &body).await;
                assert_eq!(made.status, 201, "{}", made.text);
                let pointer =
                    if things == "redemption-codes" { "/items/0/id" } else { "/items/0/batch" };
                let listed = owner.get("/redemption-codes").await;
                listed.json.pointer(pointer).and_then(Value::as_str).unwrap().to_owned()
            }
            other => unreachable!("say here what {{id}} of /{other} is"),
        };
        path.replace("{id}", &id)
    }

    fn next(&mut self) -> u128 {
        self.holds += 1;
        self.holds
    }

    async fn call(&self, caller: Caller, method: &Method, path: &str, body: &Value) -> Answer {
        let browser = match caller {
            Caller::Nobody => &self.nobody,
            Caller::User => &self.user,
            Caller::Other => &self.other,
            Caller::Admin => &self.admin,
            Caller::Owner => &self.owner,
            Caller::ApiToken | Caller::OthersKey | Caller::OwnersKey(_) => {
                let key = match caller {
                    Caller::ApiToken => &self.api_token,
                    Caller::OwnersKey(scope) => {
                        &self.owners_keys.iter().find(|(one, _)| *one == scope).unwrap().1
                    }
                    _ => &self.others_key,
                };
                return self.nobody.with_key(key, method.clone(), path, body).await;
            }
        };
        browser.send(browser.request(method.clone(), path, &body.to_string())).await
    }

    /// The user's token goes, lest the tier's limit stop the next.
    async fn tidy(&mut self, path: &str) {
        self.sign_in().await;
        if let Some(id) = path.strip_prefix("/tokens/tok_") {
            let id = id.split('/').next().unwrap();
            self.owner.delete(&format!("/tokens/tok_{id}")).await;
        }
        for token in self.owner.get("/tokens").await.json["items"].as_array().unwrap() {
            if token["name"] == "made" {
                self.owner.delete(&format!("/tokens/{}", token["id"].as_str().unwrap())).await;
            }
        }
    }
}

fn verdict(row: &Row, answer: &Answer, expected: Expected) -> bool {
    let account_refused =
        answer.status == 400 && answer.json["error"]["field"].as_str() == Some("account");
    match expected {
        Expected::In if row.gives.is_empty() => (200..300).contains(&answer.status),
        Expected::In => row.gives.contains(&answer.status),
        Expected::Unknown => answer.status == 401,
        Expected::Forbidden => answer.status == 403,
        Expected::Hidden => answer.status == 404 || account_refused,
    }
}

/// The operations of the document: method, path after `/api/v1`, names of the query's parameters.
async fn operations(browser: &Browser) -> Vec<(Method, String, Vec<String>)> {
    let document = browser.get("/openapi.json").await.json;
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/api/v1").unwrap();
        for (method, operation) in methods.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let names = parameters
                .iter()
                .filter(|one| one["in"] == "query")
                .map(|one| one["name"].as_str().unwrap().to_owned())
                .collect();
            operations.push((method.to_uppercase().parse().unwrap(), path.to_owned(), names));
        }
    }
    operations
}

#[tokio::test]
async fn every_operation_is_open_to_whom_it_should_be_and_to_nobody_else() {
    let mut matrix = Matrix::new().await;
    let mut faults = Vec::new();
    let operations = operations(&matrix.owner).await;
    for (method, path, _) in &operations {
        let Some(row) = ROWS.iter().find(|row| row.is(method, path)) else {
            faults.push(format!("{method} {path} is not in the matrix: add it to matrix_rows.rs"));
            continue;
        };
        for caller in callers() {
            matrix.sign_in().await;
            let target = matrix.target(path).await;
            let body: Value = serde_json::from_str(row.body).unwrap();
            let answer = matrix.call(caller, method, &target, &body).await;
            let expected = expected(row, caller);
            if !verdict(row, &answer, expected) {
                let told = answer.text.chars().take(160).collect::<String>();
                faults.push(format!(
                    "{method} {path} by {caller:?}: {} instead of {expected:?}: {told}",
                    answer.status
                ));
            }
            let is_another = matches!(
                caller,
                Caller::Nobody | Caller::ApiToken | Caller::Other | Caller::OthersKey
            );
            if is_another && answer.text.contains(CANARY) {
                faults.push(format!("{method} {path} shows {caller:?} what is the user's"));
            }
            matrix.tidy(&target).await;
        }
    }
    for row in ROWS {
        if !operations.iter().any(|(method, path, _)| row.is(method, path)) {
            faults.push(format!("{} {} is in the matrix alone", row.method, row.path));
        }
    }
    assert!(faults.is_empty(), "{}\n{} faults", faults.join("\n"), faults.len());
}

#[tokio::test]
async fn l10_naming_another_account_shows_and_changes_nothing_of_it() {
    let matrix = Matrix::new().await;
    let account = matrix.user.get("/account").await.json["id"].as_str().unwrap().to_owned();
    let mut asked = 0;
    for (method, path, parameters) in operations(&matrix.owner).await {
        if !parameters.iter().any(|name| name == "account") {
            continue;
        }
        asked += 1;
        for named in [account.as_str(), USER, "all"] {
            let path = format!("{path}?account={named}");
            for caller in [Caller::Other, Caller::OthersKey, Caller::Nobody] {
                let answer = matrix.call(caller, &method, &path, &Value::Null).await;
                assert!(
                    (400..=404).contains(&answer.status),
                    "{method} {path} by {caller:?}: {}",
                    answer.text
                );
                assert!(!answer.text.contains(CANARY), "{method} {path}: {}", answer.text);
            }
        }
    }
    assert!(asked >= 5, "the document names few such operations: {asked}");
    for named in [account.as_str(), USER] {
        let body = json!({ "name": "intruder", "account": named });
        let answer = matrix.other.post("/tokens", &body).await;
        assert_eq!((answer.status, answer.json["error"]["field"].as_str()), (400, Some("account")));
        let batch = json!({ "token": body, "count": 2 });
        assert_eq!(matrix.other.post("/tokens/batch", &batch).await.status, 400);
    }
}

/// What decides over power and money, and is nobody's to write except where it is the operation's
/// very purpose.
const SIDE_DOORS: [&str; 16] = [
    "role",
    "owner",
    "admin",
    "balance",
    "held",
    "available",
    "overdraft",
    "tier",
    "tier_id",
    "account_id",
    "user_id",
    "metered",
    "suspended",
    "disabled",
    "used_quota",
    "multiplier_ppm",
];

#[tokio::test]
async fn g1_no_write_takes_a_field_that_is_not_its_own() {
    let mut matrix = Matrix::new().await;
    let document = matrix.owner.get("/openapi.json").await.json;
    let mut faults = Vec::new();
    let mut tried = 0;
    for row in ROWS {
        let body: Value = serde_json::from_str(row.body).unwrap();
        let Some(fields) = body.as_object().filter(|_| !row.path.starts_with("/setup")) else {
            continue;
        };
        let method: Method = row.method.parse().unwrap();
        let operation =
            &document["paths"][format!("/api/v1{}", row.path)][row.method.to_lowercase()];
        let schema = operation["requestBody"]["content"]["application/json"]["schema"].to_string();
        let name = schema.rsplit('/').next().unwrap().trim_end_matches(['"', '}']).to_owned();
        let own = document["components"]["schemas"][&name]["properties"].clone();
        if own.is_null() {
            // It takes no body, or one without names.
            continue;
        }
        for door in SIDE_DOORS {
            if !own[door].is_null() {
                continue;
            }
            matrix.sign_in().await;
            let mut body = fields.clone();
            body.insert(door.to_owned(), json!("owner"));
            let target = matrix.target(row.path).await;
            let answer = matrix.call(Caller::Owner, &method, &target, &Value::Object(body)).await;
            tried += 1;
            if answer.status != 400 || answer.code() != "invalid_request" {
                faults.push(format!("{method} {} takes {door}: {}", row.path, answer.text));
            }
            matrix.tidy(&target).await;
        }
    }
    assert!(tried > 200, "{tried}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
