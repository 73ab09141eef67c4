//! Setting up, signing in, and what keeps others out.

use std::time::Duration;

use http::{HeaderValue, Method};
use serde_json::json;

use crate::support::{OWNER, PASSWORD, World, setup_body};

#[tokio::test]
async fn the_set_up_code_works_once_and_only_the_newest() {
    let world = World::new().await;
    let browser = world.browser("127.0.0.1");
    assert_eq!(browser.get("/instance").await.json["needs_setup"], true);
    let old = world.control.issue_setup_code().await.unwrap().unwrap();
    let new = world.control.issue_setup_code().await.unwrap().unwrap();
    assert_eq!(browser.post("/setup", &setup_body(old.expose())).await.code(), "setup_code_wrong");
    assert_eq!(browser.post("/setup", &setup_body(new.expose())).await.status, 201);
    assert_eq!(browser.post("/setup", &setup_body(new.expose())).await.code(), "setup_done");
    assert!(world.control.issue_setup_code().await.unwrap().is_none());
    assert_eq!(browser.get("/instance").await.json["needs_setup"], false);
}

#[tokio::test]
async fn set_up_refuses_what_cannot_sign_in_later() {
    let world = World::new().await;
    let browser = world.browser("127.0.0.1");
    let code = world.control.issue_setup_code().await.unwrap().unwrap();
    for (field, value) in [("email", "nobody"), ("password", "short"), ("starting_balance", "-1")] {
        let mut body = setup_body(code.expose());
        body[field] = json!(value);
        let answer = browser.post("/setup", &body).await;
        assert_eq!((answer.status, answer.json["error"]["field"].as_str()), (400, Some(field)));
    }
}

#[tokio::test]
async fn a_session_begins_ends_and_expires() {
    let (world, owner) = World::with_owner().await;
    assert_eq!(owner.get("/session").await.json["user"]["email"], OWNER);
    let mut other = world.browser("127.0.0.1");
    assert_eq!(other.get("/session").await.code(), "not_signed_in");
    let answer =
        other.post("/session", &json!({"email": "OWNER@example.com", "password": PASSWORD})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("anc_session="), "{cookie}");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    other.keep_cookie(&answer);
    assert_eq!(other.get("/session").await.status, 200);
    assert_eq!(other.delete("/session").await.status, 204);
    assert_eq!(other.get("/session").await.code(), "not_signed_in");

    // Used every few hours, a session lives; left alone for a day, or after thirty, it does not.
    for _ in 0..80 {
        world.clock.advance(Duration::from_hours(9));
        if owner.get("/session").await.status != 200 {
            break;
        }
    }
    assert_eq!(owner.get("/session").await.code(), "not_signed_in");
}

#[tokio::test]
async fn unknown_people_and_wrong_passwords_are_answered_alike() {
    let (world, _) = World::with_owner().await;
    let browser = world.browser("127.0.0.1");
    let wrong = browser.post("/session", &json!({"email": OWNER, "password": "x"})).await;
    let nobody = browser.post("/session", &json!({"email": "a@b.c", "password": "x"})).await;
    assert_eq!((wrong.status, nobody.status), (401, 401));
    assert_eq!(wrong.json["error"]["message"], nobody.json["error"]["message"]);
}

#[tokio::test]
async fn guessing_is_slowed_down() {
    let (world, _) = World::with_owner().await;
    let browser = world.browser("127.0.0.1");
    let guess = json!({"email": OWNER, "password": "a guess"});
    for _ in 0..5 {
        assert_eq!(browser.post("/session", &guess).await.code(), "wrong_credentials");
    }
    let refused = browser.post("/session", &guess).await;
    assert_eq!((refused.code(), refused.header("retry-after")), ("too_many_attempts", "1"));
    world.clock.advance(Duration::from_secs(1));
    let right = json!({"email": OWNER, "password": PASSWORD});
    assert_eq!(browser.post("/session", &right).await.status, 200);
}

#[tokio::test]
async fn over_plain_http_people_sign_in_on_the_machine_itself_alone() {
    let (world, _) = World::with_owner().await;
    let right = json!({"email": OWNER, "password": PASSWORD});
    let afar = world.browser("192.0.2.7");
    assert_eq!(afar.post("/session", &right).await.code(), "insecure_connection");
    assert_eq!(world.browser("::ffff:127.0.0.1").post("/session", &right).await.status, 200);

    let open = World::at(None, true).await;
    let code = open.control.issue_setup_code().await.unwrap().unwrap();
    let answer = open.browser("192.0.2.7").post("/setup", &setup_body(code.expose())).await;
    assert_eq!(answer.status, 201);

    let secure = World::at(Some("https://relay.example.com"), false).await;
    let code = secure.control.issue_setup_code().await.unwrap().unwrap();
    let answer = secure.browser("192.0.2.7").post("/setup", &setup_body(code.expose())).await;
    assert!(answer.header("set-cookie").starts_with("__Host-anc_session="));
    assert!(answer.header("set-cookie").ends_with("; Secure"));
    assert!(answer.header("strict-transport-security").starts_with("max-age="));
}

#[tokio::test]
async fn other_sites_pages_change_nothing() {
    let (_world, owner) = World::with_owner().await;
    let attempts: [(&'static str, Option<&'static str>); 4] = [
        ("x-anc-console", None),
        ("origin", Some("https://evil.example")),
        ("origin", Some("null")),
        ("sec-fetch-site", Some("cross-site")),
    ];
    for (name, value) in attempts {
        let mut request = owner.request(Method::POST, "/tokens", r#"{"name":"x"}"#);
        match value {
            Some(value) => request.headers_mut().insert(name, HeaderValue::from_static(value)),
            None => request.headers_mut().remove(name),
        };
        let answer = owner.send(request).await;
        assert_eq!((answer.status, answer.code()), (403, "forbidden"), "{name}");
    }
    let mut request = owner.request(Method::POST, "/tokens", r#"{"name":"x"}"#);
    let own = HeaderValue::from_static("http://localhost:8080");
    request.headers_mut().insert("origin", own);
    assert_eq!(owner.send(request).await.status, 201);
}

#[tokio::test]
async fn every_answer_is_dressed() {
    let (_world, owner) = World::with_owner().await;
    for (path, status) in [("/account", 200), ("/nothing", 404), ("/tokens/tok_x", 404)] {
        let answer = owner.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.header("x-request-id").starts_with("req_"));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
        if status != 200 {
            assert_eq!(answer.json["error"]["request_id"], answer.header("x-request-id"));
        }
    }
    let wrong = owner.send(owner.request(Method::PUT, "/tokens", "{}")).await;
    assert_eq!((wrong.status, wrong.code()), (405, "method_not_allowed"));
    assert!(wrong.header("allow").contains("POST"));
}

#[tokio::test]
async fn bodies_are_read_strictly() {
    let (_world, owner) = World::with_owner().await;
    for body in ["", "[", "{}", r#"{"name":"x","surprise":1}"#, r#"{"name":7}"#] {
        let answer = owner.send(owner.request(Method::POST, "/tokens", body)).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid_request"), "{body}");
    }
    let huge = format!(r#"{{"name":"{}"}}"#, "x".repeat(70_000));
    let answer = owner.send(owner.request(Method::POST, "/tokens", &huge)).await;
    assert_eq!((answer.status, answer.code()), (413, "request_too_large"));
    let mut form = owner.request(Method::POST, "/tokens", "name=x");
    let media = HeaderValue::from_static("application/x-www-form-urlencoded");
    form.headers_mut().insert("content-type", media);
    assert_eq!(owner.send(form).await.status, 400);
}
