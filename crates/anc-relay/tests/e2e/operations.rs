//! What the one who runs the relay relies on: health, figures, stopping in order.

use std::time::Duration;

use anc_testkit::Client;
use anc_testkit::simulator::Step;
use http::Method;
use serde_json::Value;

use crate::support::{World, chat, eventually, nanos, price_of, slow_chat};

#[tokio::test]
async fn health_is_told_to_everybody_and_tells_nothing_else() {
    let world = World::new("20").await;
    let get = async |path: &str| world.client.call(Method::GET, path, "", &Value::Null).await;
    assert_eq!(get("/healthz").await.status, 200);
    let ready = get("/readyz").await;
    assert_eq!((ready.status.as_u16(), ready.json()["ok"].as_bool()), (200, Some(true)));
    assert_eq!(world.client.post("/healthz", "", &Value::Null).await.status, 405);
}

#[tokio::test]
async fn i3_figures_are_served_where_the_operator_said_and_nowhere_else() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let world = World::with_settings("20", &[("ANC_METRICS_LISTEN", &address)]).await;
    let token = world.relay.create_token("canary-name", &[]);
    assert_eq!(world.client.post("/v1/chat/completions", &token, &chat(false)).await.status, 200);
    world.upstream.push(Step::unavailable(None));
    assert_eq!(world.client.post("/v1/chat/completions", &token, &chat(false)).await.status, 503);
    assert_eq!(world.client.post("/v1/chat/completions", "sk-x", &chat(false)).await.status, 401);
    let public = world.client.call(Method::GET, "/metrics", "", &Value::Null).await;
    assert_eq!(public.status, 404);

    let metrics = Client::new(format!("http://{address}"));
    let scraped = metrics.call(Method::GET, "/metrics", "", &Value::Null).await;
    let text = String::from_utf8(scraped.body.to_vec()).unwrap();
    let value = |line: &str| -> String {
        let found = text.lines().find_map(|one| one.strip_prefix(line));
        found.unwrap_or_else(|| panic!("no {line} in\n{text}")).trim().to_owned()
    };
    assert_eq!(value(r#"anc_requests_total{protocol="chat",outcome="ok"}"#), "1");
    assert_eq!(value(r#"anc_requests_total{protocol="chat",outcome="upstream_unavailable"}"#), "1");
    assert_eq!(value(r#"anc_requests_total{protocol="chat",outcome="invalid_api_key"}"#), "1");
    assert_eq!(value("anc_charged_nano_usd_total "), world.used("canary-name").to_string());
    assert!(
        text.contains("anc_ledger_commit_seconds_bucket") && text.contains("anc_attempts_total")
    );
    // Nothing that a client chose, and nothing secret.
    for canary in [token.as_str(), "canary", "chat-model", "Say something"] {
        assert!(!text.contains(canary), "{canary}");
    }
}

#[tokio::test]
async fn a_limit_that_stops_something_is_counted() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let settings =
        [("ANC_METRICS_LISTEN", address.as_str()), ("ANC_LIMITS__REQUEST_BODY_BYTES", "1000")];
    let world = World::with_settings("20", &settings).await;
    let token = world.relay.create_token("ci", &[]);
    let mut body = chat(false);
    body["messages"][0]["content"] = "x".repeat(2_000).into();
    let refused = world.client.post("/v1/chat/completions", &token, &body).await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("x-relay-error")),
        (413, "request_too_large")
    );
    let metrics = Client::new(format!("http://{address}"));
    let scraped = metrics.call(Method::GET, "/metrics", "", &Value::Null).await;
    let text = String::from_utf8(scraped.body.to_vec()).unwrap();
    assert!(text.contains(r#"anc_limit_hits_total{limit="request_body_bytes"} 1"#), "{text}");
}

#[tokio::test]
async fn what_still_runs_at_the_end_of_a_drain_is_ended_in_band_and_charged() {
    let mut world = World::with_settings("20", &[("ANC_LIMITS__DRAIN_SECONDS", "1")]).await;
    let token = world.relay.create_token("ci", &[]);
    world.upstream.push(slow_chat(2_000));
    let mut events =
        world.client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
    while !events.text().contains("w010") {
        assert!(events.more().await.unwrap());
    }
    let stopped = tokio::task::spawn_blocking(move || {
        assert!(world.relay.stop().success());
        world
    });
    let ended = tokio::time::timeout(Duration::from_secs(8), events.finish()).await;
    assert!(ended.unwrap(), "it ends in its protocol's own form");
    assert!(events.text().contains("relay_unavailable") && !events.is_complete());
    let mut world = stopped.await.unwrap();
    world.relay.start_again();
    let used = world.used("ci");
    assert!(used > price_of(5, 10) && used < price_of(2_000, 2_000), "{used}");
    assert_eq!(nanos(&world.relay.token("ci")["held"]), 0);
    world.relay.verify().unwrap();
    eventually("it serves again", || world.relay.token("ci")["requests"] == 1).await;
}

#[test]
fn a_demo_is_a_month_whose_books_hold() {
    let data = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_anc-relay"));
        command.args(arguments).arg("--data").arg(data.path()).output().unwrap()
    };
    let made = run(&["demo"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(run(&["ledger", "verify"]).status.success());
    let tokens = run(&["token", "list", "--json"]);
    let tokens: Value = serde_json::from_slice(&tokens.stdout).unwrap();
    let tokens = tokens.as_array().unwrap();
    assert_eq!(tokens.len(), 8);
    assert!(tokens.iter().all(|token| token["used_quota"] != "0"), "each was used");
    assert!(data.path().join("demo.txt").is_file());
    assert!(!run(&["demo"]).status.success(), "what is in use is not filled");
}

#[test]
fn the_configuration_is_printed_with_its_sources_and_without_passwords() {
    let data = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_anc-relay"))
        .args(["config", "print", "--database", "postgres://me:hush@localhost/anc", "--data"])
        .arg(data.path())
        .env("ANC_LIMITS__ATTEMPTS", "2")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = "attempts = 2 # environment variable ANC_LIMITS__ATTEMPTS";
    assert!(text.lines().any(|one| one == line), "{text}");
    assert!(text.contains("workers = 0 # default"), "{text}");
    assert!(text.contains("# flag --database") && !text.contains("hush"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_does_what_the_console_does() {
    let world = World::new("20").await;
    let relay = &world.relay;
    let tested = relay.run(&["channel", "test", "openai"], "");
    assert!(tested.starts_with("openai answered for chat-model in "), "{tested}");
    world.upstream.push(Step::unavailable(None));
    let failed = relay.command(&["channel", "test", "openai"], "");
    assert!(!failed.status.success());
    assert!(String::from_utf8_lossy(&failed.stderr).contains("503"), "{failed:?}");

    let old = relay.create_token("ci", &[]);
    let new = relay.run(&["token", "rotate", "ci", "--overlap", "now"], "");
    let status = async |token: &str| {
        world.client.post("/v1/chat/completions", token, &chat(false)).await.status.as_u16()
    };
    assert_eq!((status(&old).await, status(&new).await), (401, 200));

    relay.run(&["user", "add", "--email", "a@b.example", "--password-stdin"], "correct horse 2");
    assert!(relay.run(&["user", "list"], "").contains("a@b.example"));
    let invited = relay.run(&["user", "invite", "--email", "new@b.example", "--days", "1"], "");
    assert!(invited.contains("/register#invitation="), "{invited}");
    let none = relay.command(&["user", "remove-factor", "--email", "a@b.example"], "");
    assert!(String::from_utf8_lossy(&none.stderr).contains("no such second factor"), "{none:?}");
    let link = relay.run(&["user", "password-link", "--email", "a@b.example"], "");
    assert!(link.contains("/reset#code="), "{link}");
    let set = ["user", "set", "--email", "a@b.example", "--role", "admin", "--disable"];
    let changed = relay.run(&set, "");
    assert!(changed.contains("a@b.example is disabled, with the role admin"), "{changed}");
    relay.run(&["user", "set", "--email", "a@b.example", "--role", "user", "--enable"], "");
    let csv = relay.run(&["api", "GET", "/usage.csv?account=all"], "");
    assert_eq!(csv.lines().count(), 2, "{csv}");
    let body = r#"{"account": "a@b.example", "amount": "3", "reason": "trial"}"#;
    let answer = relay.run(&["api", "POST", "/credits", "--body", "-"], body);
    assert_eq!(answer, r#"{"balance":"3"}"#);
    let refused = relay.command(&["api", "GET", "/nothing"], "");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("not_found"), "{refused:?}");
}

#[test]
fn a_command_in_the_wrong_directory_says_so_and_makes_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let nowhere = parent.path().join("nowhere");
    for command in
        [&["ledger", "verify"][..], &["token", "list"], &["copy", "--to", "postgres://x/y"]]
    {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_anc-relay"))
            .args(command)
            .arg("--data")
            .arg(&nowhere)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains("there is no relay in"), "{error}");
        assert!(!nowhere.exists());
    }
}

#[tokio::test]
async fn while_it_drains_the_relay_says_that_it_takes_nothing_new() {
    let world = World::new("20").await;
    let token = world.relay.create_token("ci", &[]);
    world.upstream.push(slow_chat(100));
    let mut events =
        world.client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
    events.more().await.unwrap();
    let id = world.relay.process_id().to_string();
    assert!(std::process::Command::new("kill").arg(id).status().unwrap().success());
    let ready = async || {
        let asked = Client::new(world.relay.base_url());
        asked.call(Method::GET, "/readyz", "", &Value::Null).await.status.as_u16()
    };
    for _ in 0..100 {
        if ready().await == 503 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(ready().await, 503);
    let new = Client::new(world.relay.base_url());
    let refused = new.post("/v1/chat/completions", &token, &chat(false)).await;
    assert_eq!(refused.header("x-relay-error"), "relay_unavailable");
    assert!(events.finish().await && events.is_complete(), "{}", events.text());
}
