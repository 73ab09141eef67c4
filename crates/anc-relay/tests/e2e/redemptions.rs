//! Redemption codes on the relay as it runs, and as it dies.

use anc_testkit::{Answer, Client, OWNER_EMAIL, OWNER_PASSWORD, PgDatabase};
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::journal::dice;
use crate::support::{World, chat, nanos};

/// What one use of a code is worth here.
const AMOUNT: i128 = 250_000_000;
const DEATHS: usize = 4;
const AT_ONCE: usize = 60;

async fn signed_in(client: &Client) -> String {
    let console = [("x-anc-console", "1")];
    let credentials = json!({ "email": OWNER_EMAIL, "password": OWNER_PASSWORD });
    let session = client.call_with(Method::POST, "/api/v1/session", &console, &credentials).await;
    session.header("set-cookie").split(';').next().unwrap().to_owned()
}

async fn redeem(client: &Client, cookie: &str, word: &str, code: &str) -> Answer {
    let headers = [("x-anc-console", "1"), ("cookie", cookie), ("idempotency-key", word)];
    let body = json!({ "code": code });
    client.call_with(Method::POST, "/api/v1/redemptions", &headers, &body).await
}

fn made(world: &World, body: &Value) -> Vec<String> {
    let made = world.relay.control(&Method::POST, "/redemption-codes", body);
    let items = made["items"].as_array().unwrap_or_else(|| panic!("{made}"));
    items.iter().map(|item| item["code"].as_str().unwrap().to_owned()).collect()
}

fn balance(world: &World) -> i128 {
    let path = format!("/statement?account={OWNER_EMAIL}&limit=1");
    let statement = world.relay.control(&Method::GET, &path, &Value::Null);
    statement["items"].get(0).map_or(0, |line| nanos(&line["balance"]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redeemed_code_makes_an_exhausted_token_work_at_once() {
    let world = World::new("0").await;
    let token = world.relay.create_token("ci", &[]);
    let ask = async || world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!(ask().await.header("x-relay-error"), "balance_exhausted");

    let arguments = ["code", "create", "--amount", "0.25", "--count", "2", "--note", "a, test"];
    let table = world.relay.run(&arguments, "");
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!((lines[0], lines.len()), ("code,amount,uses,expires_at,note", 3));
    let code = lines[1].split(',').next().unwrap();
    assert!(lines[1].ends_with(",0.25,1,,\"a, test\""), "{table}");
    let cookie = signed_in(&world.client).await;
    let typed = code.to_lowercase().replace('-', " ");
    let done = redeem(&world.client, &cookie, "w", &typed).await;
    assert_eq!(done.status, 201, "{:?}", done.json());
    assert_eq!(nanos(&done.json()["balance"]), AMOUNT);
    assert_eq!(ask().await.status, 200);

    let listed = world.relay.run(&["code", "list", "--state", "used_up"], "");
    assert!(listed.contains("1 of 1") && listed.contains(&code[..5]), "{listed}");
    let open = world.relay.run(&["code", "list", "--state", "open", "--json"], "");
    let open: Value = serde_json::from_str(&open).unwrap();
    let id = open[0]["id"].as_str().unwrap();
    assert!(world.relay.run(&["code", "revoke", id], "").contains("is revoked"));
    let batch = open[0]["batch"].as_str().unwrap();
    assert!(world.relay.run(&["code", "revoke", batch], "").starts_with("0 codes"));
    world.relay.verify().unwrap();
    let log = world.relay.log();
    assert!(!log.contains(code) && !log.contains(&typed), "{log}");
}

/// Kills the relay amid redemptions, each of which is then repeated under its word until it is
/// answered: what the answers say is what the books have.
async fn die_while_redeeming(settings: &[(&str, &str)]) {
    let mut world = World::with_settings("0", settings).await;
    let uses = AT_ONCE * DEATHS;
    let shared = made(
        &world,
        &json!({ "count": 1, "amount": "0.25", "uses": uses, "again_by_account": true }),
    )
    .remove(0);
    let single = made(&world, &json!({ "count": uses, "amount": "0.25" }));
    let cookie = signed_in(&world.client).await;
    let mut expected = 0;
    for death in 0..DEATHS {
        let mut tasks = JoinSet::new();
        let words: Vec<(String, String)> = (0..AT_ONCE)
            .flat_map(|number| {
                let number = death * AT_ONCE + number;
                [
                    (format!("s{number}"), shared.clone()),
                    (format!("o{number}"), single[number].clone()),
                ]
            })
            .collect();
        let client = world.relay.client();
        for (word, code) in words.clone() {
            let (client, cookie) = (client.clone(), cookie.clone());
            tasks.spawn(async move { redeem(&client, &cookie, &word, &code).await.status });
        }
        // Some are answered, some on their way, some not even begun.
        for _ in 0..=dice(AT_ONCE as u64) {
            assert_eq!(tasks.join_next().await.unwrap().unwrap(), 201);
        }
        world.relay.kill();
        // Those that were not answered panic in their tasks.
        while tasks.join_next().await.is_some() {}
        world.relay.start_again();
        world.relay.verify().unwrap();
        let client = world.relay.client();
        for (word, code) in words {
            let done = redeem(&client, &cookie, &word, &code).await;
            assert_eq!(done.status, 201, "{:?}", done.json());
            expected += AMOUNT;
        }
        assert_eq!(balance(&world), expected);
        world.relay.verify().unwrap();
    }
    let more = redeem(&world.relay.client(), &cookie, "more", &shared).await;
    assert_eq!(more.json()["error"]["code"], "code_used_up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_relay_posts_a_redemption_once() {
    die_while_redeeming(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_relay_posts_a_redemption_once_on_postgres_too() {
    let database = PgDatabase::create().await;
    let key = tempfile::tempdir().unwrap();
    let key_file = key.path().join("master.key");
    std::fs::write(&key_file, [7; 32]).unwrap();
    let url = database.url();
    let settings =
        [("ANC_DATABASE", url.as_str()), ("ANC_MASTER_KEY_FILE", key_file.to_str().unwrap())];
    die_while_redeeming(&settings).await;
}
