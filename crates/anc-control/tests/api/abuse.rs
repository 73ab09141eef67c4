//! What other sites, guessers and forgers try with a person's sign-in.

use http::{HeaderValue, Method};
use serde_json::{Value, json};

use anc_control::SignUp;

use crate::support::{OWNER, PASSWORD, World};

/// Every operation of the document that changes something, with ids filled in.
fn changes() -> Vec<(Method, String)> {
    let document: Value = serde_json::to_value(anc_control::openapi()).unwrap();
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let path = path.trim_start_matches("/api/v1");
        let path: Vec<&str> =
            path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect();
        for method in operations.as_object().unwrap().keys().filter(|method| *method != "get") {
            found.push((method.to_uppercase().parse().unwrap(), path.join("/")));
        }
    }
    assert!(found.len() > 20, "{found:?}");
    found
}

#[tokio::test]
async fn f2_an_address_that_tries_many_people_is_slowed_down() {
    let (world, _) = World::with_owner().await;
    let browser = world.browser("127.0.0.1");
    for guess in 0..5 {
        let body = json!({ "email": format!("p{guess}@example.com"), "password": "a guess" });
        assert_eq!(browser.post("/session", &body).await.code(), "wrong_credentials");
    }
    let body = json!({ "email": "p6@example.com", "password": "a guess" });
    assert_eq!(browser.post("/session", &body).await.code(), "too_many_attempts");
    // Somebody else, elsewhere, is not held up by it.
    let right = json!({ "email": OWNER, "password": PASSWORD });
    assert_eq!(world.browser("127.0.0.2").post("/session", &right).await.status, 200);
}

#[tokio::test]
async fn f2_a_forwarded_address_of_the_callers_own_making_changes_nothing() {
    let (world, _) = World::with_owner().await;
    let browser = world.browser("127.0.0.1");
    let body = json!({ "email": OWNER, "password": "a guess" }).to_string();
    let mut last = String::new();
    for guess in 0..6 {
        let mut request = browser.request(Method::POST, "/session", &body);
        let forged = HeaderValue::from_str(&format!("203.0.113.{guess}")).unwrap();
        request.headers_mut().insert("x-forwarded-for", forged);
        browser.send(request).await.code().clone_into(&mut last);
    }
    assert_eq!(last, "too_many_attempts");
}

#[tokio::test]
async fn f4_a_session_that_ended_stays_ended_whoever_kept_its_cookie() {
    let (_world, owner) = World::with_owner().await;
    let thief = owner.clone();
    assert_eq!(owner.delete("/session").await.status, 204);
    assert_eq!(thief.get("/session").await.code(), "not_signed_in");
    let again = thief.post("/session/step-up", &json!({ "password": PASSWORD })).await;
    assert_eq!(again.code(), "not_signed_in");
}

#[tokio::test]
async fn f5_no_change_is_made_for_another_sites_page() {
    let (_world, owner) = World::with_owner().await;
    for (method, path) in changes() {
        let foreign = [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
        for (name, value) in foreign {
            let mut request = owner.request(method.clone(), &path, "{}");
            request.headers_mut().insert(name, HeaderValue::from_static(value));
            let answer = owner.send(request).await;
            assert_eq!((answer.status, answer.code()), (403, "forbidden"), "{method} {path}");
        }
        let mut request = owner.request(method.clone(), &path, "{}");
        request.headers_mut().remove("x-anc-console");
        assert_eq!(owner.send(request).await.code(), "forbidden", "{method} {path}");
    }
    assert_eq!(owner.get("/session").await.status, 200, "not even a sign-out");
}

#[tokio::test]
async fn f6_f7_no_answer_may_be_framed_or_read_by_another_site() {
    let (_world, owner) = World::with_owner().await;
    for origin in ["https://evil.example", "null", "http://localhost:8080"] {
        for method in [Method::GET, Method::OPTIONS] {
            let mut request = owner.request(method, "/session", "");
            request.headers_mut().insert("origin", HeaderValue::from_static(origin));
            let ask = HeaderValue::from_static("POST");
            request.headers_mut().insert("access-control-request-method", ask);
            let answer = owner.send(request).await;
            let names = answer.head.headers().keys();
            assert!(!names.into_iter().any(|name| name.as_str().starts_with("access-control")));
            assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
        }
    }
}

#[tokio::test]
async fn f9_links_are_built_from_the_configuration_whatever_host_is_named() {
    let url = "https://relay.example.com";
    let world = World::with_sign_up(Some(url), false, SignUp::Open).await;
    let owner = world.set_up().await;
    let forged = |path: &str, body: Value| {
        let mut request = owner.request(Method::POST, path, &body.to_string());
        for name in ["host", "x-forwarded-host", "x-forwarded-proto", "forwarded"] {
            request.headers_mut().insert(name, HeaderValue::from_static("evil.example"));
        }
        owner.send(request)
    };
    assert_eq!(forged("/password-resets", json!({ "email": OWNER })).await.status, 202);
    let new = json!({ "email": "new@example.com" });
    assert_eq!(forged("/registrations", new).await.status, 202);
    for _ in 0..2 {
        let mail = world.mail().await;
        let text = mail.text.expose();
        assert!(text.contains(url) && !text.contains("evil"), "{}", mail.to);
    }
    let invited = forged("/invitations", json!({})).await;
    let link = invited.json["link"].as_str().unwrap();
    assert!(link.starts_with("https://relay.example.com/register#invitation="), "{link}");
}

#[tokio::test]
async fn f10_what_people_write_comes_back_as_json_that_no_browser_renders() {
    let (_world, owner) = World::with_owner().await;
    let name = "<img src=x onerror=alert(1)>";
    let made = owner.post("/tokens", &json!({ "name": name })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let listed = owner.get("/tokens").await;
    assert_eq!(listed.json["items"][0]["name"], name);
    for answer in [&made, &listed] {
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn g1_nobody_registers_as_more_than_a_user() {
    let world = World::with_sign_up(None, false, SignUp::Open).await;
    world.set_up().await;
    let browser = world.browser("127.0.0.1");
    for (field, value) in [("role", json!("admin")), ("balance", json!("5")), ("tier", json!(1))] {
        let mut body = json!({ "email": "new@example.com", "password": PASSWORD });
        body[field] = value;
        let answer = browser.post("/registrations", &body).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid_request"), "{field}");
    }
    let body = json!({ "email": "new@example.com", "password": PASSWORD });
    let made = browser.post("/registrations", &body).await;
    assert_eq!((made.status, made.json["user"]["role"].as_str()), (201, Some("user")));
}
