//! No secret is anywhere that it need not be.

use std::fs;
use std::path::Path;

use anc_testkit::simulator::Step;
use anc_testkit::{Client, OWNER_EMAIL, OWNER_PASSWORD, PgDatabase};
use http::Method;
use serde_json::{Value, json};

use crate::support::{World, chat};

const PROVIDERS_KEY: &str = "sk-upstream-canary-9xQ2";

fn files_under(path: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect()
}

#[tokio::test]
async fn l15_neither_tokens_nor_provider_keys_are_on_disk_or_in_the_log() {
    let settings = [("ANC_LOG_LEVEL", "trace")];
    let mut world = World::with_settings("20", &settings).await;
    let token = world.relay.create_token("ci", &[]);
    world.client.post(&format!("/v1/chat/completions?key={token}"), &token, &chat(false)).await;
    let mut events =
        world.client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
    assert!(events.finish().await);
    world.relay.stop();
    let secrets = [token.as_str(), PROVIDERS_KEY, OWNER_PASSWORD];
    let files = files_under(world.relay.data_path());
    assert!(files.iter().any(|path| path.ends_with("relay.db")));
    for path in files {
        let bytes = fs::read(&path).unwrap();
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} holds a secret", path.display());
        }
    }
}

/// Everything that a person who may see everything can fetch: each document of the control API with
/// what it names filled in.
async fn every_document(world: &World, cookie: &str) -> Vec<(String, String)> {
    let headers = [("x-anc-console", "1"), ("cookie", cookie)];
    let get = async |path: &str| {
        let answer = world.client.call_with(Method::GET, path, &headers, &Value::Null).await;
        String::from_utf8_lossy(&answer.body).into_owned()
    };
    let first = async |path: &str, pointer: &str| -> String {
        let page: Value = serde_json::from_str(&get(path).await).unwrap();
        page.pointer(pointer).and_then(Value::as_str).unwrap_or("none").to_owned()
    };
    let token = first("/api/v1/tokens", "/items/0/id").await;
    let channel = first("/api/v1/channels", "/items/0/id").await;
    let request = first("/api/v1/usage", "/items/0/request_id").await;
    let document: Value = serde_json::from_str(&get("/api/v1/openapi.json").await).unwrap();
    let mut documents = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        if methods.get("get").is_none() {
            continue;
        }
        let id = if path.starts_with("/api/v1/channels") { &channel } else { &token };
        let path = path.replace("{request_id}", &request).replace("{id}", id);
        documents.push((path.clone(), get(&path).await));
    }
    documents
}

#[tokio::test]
async fn l15_no_answer_metric_export_error_or_backup_tells_a_secret() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = free.to_string();
    let settings = [("ANC_METRICS_LISTEN", address.as_str()), ("ANC_LOG_LEVEL", "trace")];
    let mut world = World::with_settings("20", &settings).await;
    let console = [("x-anc-console", "1")];
    let credentials = json!({ "email": OWNER_EMAIL, "password": OWNER_PASSWORD });
    let session =
        world.client.call_with(Method::POST, "/api/v1/session", &console, &credentials).await;
    let cookie = session.header("set-cookie").split(';').next().unwrap().to_owned();
    let headers = [("x-anc-console", "1"), ("cookie", cookie.as_str())];
    let post = async |path: &str, body: Value, field: &str| {
        let answer = world.client.call_with(Method::POST, path, &headers, &body).await.json();
        answer[field].as_str().unwrap_or_else(|| panic!("{answer} has no {field}")).to_owned()
    };

    let token = world.relay.create_token("ci", &[]);
    let scopes = json!({ "name": "key", "scopes": ["tokens:read"] });
    let key = post("/api/v1/management-keys", scopes, "secret").await;
    let seed = post("/api/v1/factors/totp", json!({}), "secret").await;
    let invitation = json!({ "email": "guest@example.com" });
    let link = post("/api/v1/invitations", invitation, "link").await;
    let code = link.split(['=', '&']).nth(1).unwrap().to_owned();
    assert_eq!(code.len(), 32, "{link}");

    // One good answer, one refusal of the provider that repeats our key, and one of ours.
    let echo = json!({"error": {"message": format!("bad key {PROVIDERS_KEY}"), "code": "x"}});
    world.upstream.push(Step::json(401, &echo));
    let refused = world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    world.client.post("/v1/chat/completions", &token, &chat(false)).await;
    let ours = world.client.post("/v1/chat/completions?key=sk-wrong", "x", &chat(false)).await;

    let mut seen = every_document(&world, &cookie).await;
    assert!(seen.len() > 20, "{}", seen.len());
    let owns = seen.iter().any(|(path, text)| path == "/api/v1/tokens" && text.contains("\"ci\""));
    assert!(owns, "the scan is signed in");
    for answer in [refused, ours] {
        seen.push(("an error".to_owned(), String::from_utf8_lossy(&answer.body).into_owned()));
    }
    let metrics = Client::new(format!("http://{address}"));
    let scraped = metrics.call(Method::GET, "/metrics", "", &Value::Null).await;
    seen.push(("metrics".to_owned(), String::from_utf8_lossy(&scraped.body).into_owned()));
    let listed = world.relay.run(&["token", "list", "--json"], "");
    seen.push(("the command line".to_owned(), listed));
    seen.push(("the configuration".to_owned(), world.relay.run(&["config", "print"], "")));
    world.relay.stop();
    seen.push(("the log".to_owned(), world.relay.log()));
    let copy = PgDatabase::create().await;
    world.relay.run(&["copy", "--to", &copy.url()], "");
    seen.push(("a dump".to_owned(), copy.dump().await));

    let cookie = cookie.split('=').nth(1).unwrap();
    let secrets = [&token, PROVIDERS_KEY, OWNER_PASSWORD, &key, &seed, &code, cookie];
    for (place, text) in seen {
        for secret in secrets {
            // In a dump, bytes are written in hexadecimal.
            let hex = format!("{:02x?}", secret.as_bytes()).replace([' ', ',', '[', ']'], "");
            let tells = text.contains(secret) || text.contains(&hex);
            assert!(!tells, "{place} tells {secret}: {text}");
        }
    }
}
