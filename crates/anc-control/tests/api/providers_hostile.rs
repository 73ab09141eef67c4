//! Signing in by providers of identities: forged, repeated, mixed up, late.

use std::time::Duration;

use anc_control::SignUp;
use anc_domain::Clock as _;
use anc_testkit::{Signer, unsigned};
use serde_json::{Value, json};

use crate::providers_support::{ADA, Door, finish, keep_cookies, nothing_came_of_it, who};
use crate::support::PASSWORD;

#[tokio::test]
async fn a_forged_id_token_lets_nobody_in() {
    let door = Door::new(SignUp::Open).await;
    let mut browser = door.browser();
    let stranger = Signer::es256("first");
    door.corp.forge(move |_, head, claims| stranger.token(&head, &claims));
    assert_eq!(door.enter(&mut browser, "corp").await.code(), "identity_refused", "another key");
    door.corp.forge(|_, mut head, claims| {
        head["alg"] = "none".into();
        format!("{}.", unsigned(&head, &claims))
    });
    assert_eq!(door.enter(&mut browser, "corp").await.code(), "identity_refused", "no key");
    door.corp.forge(|_, _, _| String::new());
    assert_eq!(door.enter(&mut browser, "corp").await.code(), "identity_refused", "no token");
    let now = door.world.clock.now().as_seconds();
    for (claim, value) in [
        ("iss", json!("https://evil.example")),
        ("aud", json!("somebody-else")),
        ("nonce", json!("of-another-visit")),
        ("exp", json!(now - 3600)),
        ("iat", json!(now + 3600)),
        ("sub", json!("")),
    ] {
        let what = value.clone();
        door.corp.forge(move |signer, head, mut claims| {
            claims[claim] = what.clone();
            signer.token(&head, &claims)
        });
        let refused = door.enter(&mut browser, "corp").await;
        assert_eq!((refused.status, refused.code()), (401, "identity_refused"), "{claim} {value}");
    }
    nothing_came_of_it(&door, &browser).await;
    door.corp.be_honest();
    door.corp.sign_with(Signer::rs256("second"));
    door.world.clock.advance(Duration::from_mins(1));
    assert_eq!(door.enter(&mut browser, "corp").await.status, 200, "a new key of its own counts");
}

#[tokio::test]
async fn a_visit_comes_back_once_in_time_and_in_the_browser_that_began_it() {
    let door = Door::new(SignUp::Open).await;
    let mut browser = door.browser();
    let brought = door.sent(&mut browser, "corp").await;
    let changed = |field: &str, value: &str| {
        let mut body = brought.clone();
        body[field] = value.into();
        body
    };
    // A link that somebody sent: another browser, with no visit or one of its own.
    let mut victim = door.browser();
    assert_eq!(finish(&mut victim, &brought).await.code(), "sign_in_expired");
    door.sent(&mut victim, "corp").await;
    assert_eq!(finish(&mut victim, &brought).await.code(), "sign_in_expired");
    for body in [changed("state", "guessed"), changed("state", ""), changed("provider", "github")] {
        assert_eq!(finish(&mut browser, &body).await.code(), "sign_in_expired", "{body}");
    }
    assert_eq!(finish(&mut browser, &changed("provider", "nobody")).await.code(), "not_found");
    nothing_came_of_it(&door, &browser).await;

    let visit = browser.cookie.clone();
    assert_eq!(finish(&mut browser, &brought).await.status, 200, "none of these used it up");
    assert_eq!(who(&browser).await, ADA);
    let mut thief = door.browser();
    thief.cookie = visit;
    assert_eq!(
        finish(&mut thief, &brought).await.code(),
        "sign_in_expired",
        "the state is used up"
    );

    let late = door.sent(&mut thief, "corp").await;
    door.world.clock.advance(Duration::from_mins(10));
    assert_eq!(finish(&mut thief, &late).await.code(), "sign_in_expired");
    assert_eq!(who(&thief).await, "nobody");
}

#[tokio::test]
async fn a_code_works_once_and_only_with_what_its_visit_was_begun_with() {
    let door = Door::new(SignUp::Open).await;
    let mut first = door.browser();
    let brought = door.sent(&mut first, "corp").await;
    let mut second = door.browser();
    let mut mixed = door.sent(&mut second, "corp").await;
    // Somebody else's code put into one's own visit: the challenge is not this browser's.
    mixed["code"] = brought["code"].clone();
    assert_eq!(finish(&mut second, &mixed).await.code(), "identity_refused");
    assert_eq!(who(&second).await, "nobody");
    assert_eq!(finish(&mut first, &brought).await.code(), "identity_refused", "it is used up");
    nothing_came_of_it(&door, &first).await;
}

#[tokio::test]
async fn another_providers_answer_is_not_taken_for_this_ones() {
    let door = Door::new(SignUp::Open).await;
    let mut browser = door.browser();
    let mut brought = door.sent(&mut browser, "corp").await;
    brought["iss"] = "https://evil.example".into();
    assert_eq!(finish(&mut browser, &brought).await.code(), "identity_refused");
    let mut brought = door.sent(&mut browser, "corp").await;
    brought["iss"] = door.corp.base_url().into();
    assert_eq!(finish(&mut browser, &brought).await.status, 200);

    let door = Door::new(SignUp::Open).await;
    door.corp.describe(json!({ "authorization_response_iss_parameter_supported": true }));
    let mut browser = door.browser();
    let silent = door.enter(&mut browser, "corp").await;
    assert_eq!(silent.code(), "identity_refused", "one that always names itself");
}

#[tokio::test]
async fn cookies_of_a_visit_are_bound_to_host_and_https_and_end_with_it() {
    let door = Door::with(SignUp::Open, |settings| {
        settings.public_url = Some("https://relay.example".parse().unwrap());
    })
    .await;
    let browser = door.browser();
    let begun = browser.post("/provider-sign-ins", &json!({ "provider": "corp" })).await;
    let cookie = begun.header("set-cookie");
    assert!(cookie.starts_with("__Host-anc_visit="), "{cookie}");
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Strict", "; Secure", "; Max-Age=600"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let url: url::Url = begun.json["url"].as_str().unwrap().parse().unwrap();
    let asked = |name: &str| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    assert_eq!(asked("redirect_uri"), "https://relay.example/sign-in/corp");
    assert_eq!(
        (asked("response_type").as_str(), asked("code_challenge_method").as_str()),
        ("code", "S256")
    );
    let secret = cookie.split(['=', ';']).nth(1).unwrap();
    assert!(!url.as_str().contains(secret), "what finishes the visit stays in the browser");
    assert!(!url.as_str().contains("secret"), "{url}");
}

#[tokio::test]
async fn f5_a_foreign_page_begins_and_finishes_nothing() {
    let door = Door::new(SignUp::Open).await;
    let mut browser = door.browser();
    let brought = door.sent(&mut browser, "corp").await;
    for path in ["/provider-sign-ins", "/provider-sign-ins/finish", "/identities"] {
        let mut request = browser.request(http::Method::POST, path, &brought.to_string());
        request.headers_mut().remove("x-anc-console");
        assert_eq!(browser.send(request).await.code(), "forbidden", "{path}");
    }
    assert_eq!(finish(&mut browser, &brought).await.status, 200);
}

#[tokio::test]
async fn a_provider_that_fails_is_asked_again_a_little_later() {
    let door = Door::new(SignUp::Open).await;
    let mut browser = door.browser();
    let begin = async || browser.post("/provider-sign-ins", &json!({ "provider": "corp" })).await;
    let discovery = "/.well-known/openid-configuration";
    door.corp.break_path(discovery, 503);
    let failed = begin().await;
    assert_eq!((failed.status, failed.code()), (502, "identity_provider_failed"));
    assert!(!failed.text.contains("127.0.0.1"), "{}", failed.text);
    door.corp.break_path(discovery, 200);
    assert_eq!(begin().await.status, 502, "not at once");
    assert_eq!(door.corp.asked().len(), 1);
    door.world.clock.advance(Duration::from_secs(10));
    assert_eq!(begin().await.status, 200);
    assert_eq!(begin().await.status, 200);
    assert_eq!(
        door.corp.asked().len(),
        3,
        "its description and its keys, once: {:?}",
        door.corp.asked()
    );

    for path in ["/token", "/userinfo"] {
        door.corp.person(json!({ "sub": "without an address" }));
        door.corp.break_path(path, 500);
        let failed = door.enter(&mut browser, "corp").await;
        assert_eq!(failed.code(), "identity_provider_failed", "{path}");
        door.corp.break_path(path, 200);
    }
    nothing_came_of_it(&door, &browser).await;
}

#[tokio::test]
async fn e1_a_provider_at_a_private_address_needs_the_operators_word() {
    let door = Door::with(SignUp::Open, |settings| {
        for provider in &mut settings.identities.providers {
            provider.allow_private = false;
        }
    })
    .await;
    let answer = door.browser().post("/provider-sign-ins", &json!({ "provider": "corp" })).await;
    assert_eq!(answer.code(), "identity_provider_failed");
    assert!(door.corp.asked().is_empty());
}

#[tokio::test]
async fn e1_what_a_provider_says_of_itself_leads_nowhere_else() {
    for described in [
        json!({ "issuer": "https://evil.example" }),
        json!({ "authorization_endpoint": "javascript:alert(1)" }),
        json!({ "jwks_uri": "file:///etc/passwd" }),
        json!({ "token_endpoint": null }),
        json!({ "jwks_uri": "http://user:password@127.0.0.1/jwks" }),
    ] {
        let door = Door::new(SignUp::Open).await;
        door.corp.describe(described.clone());
        let body = json!({ "provider": "corp" });
        let answer = door.browser().post("/provider-sign-ins", &body).await;
        assert_eq!(answer.code(), "identity_provider_failed", "{described}");
    }
}

#[tokio::test]
async fn userinfo_of_somebody_else_is_not_believed() {
    let door = Door::new(SignUp::Open).await;
    door.corp.person(json!({ "sub": "ada" }));
    let mut browser = door.browser();
    door.corp.forge(|signer, head, mut claims| {
        claims["sub"] = "eve".into();
        claims.as_object_mut().unwrap().remove("email");
        signer.token(&head, &claims)
    });
    assert_eq!(door.enter(&mut browser, "corp").await.code(), "identity_refused");
    // With the same subject it tells the address that the token left out.
    door.corp.person(json!({ "sub": "ada", "email": ADA, "email_verified": true }));
    door.corp.forge(|signer, head, mut claims| {
        claims.as_object_mut().unwrap().remove("email");
        signer.token(&head, &claims)
    });
    assert_eq!(door.enter(&mut browser, "corp").await.status, 200);
    assert_eq!(who(&browser).await, ADA);
}

#[tokio::test]
async fn strangers_visits_are_bounded() {
    let door = Door::with(SignUp::Open, |settings| settings.identities.limits.visits_max = 3).await;
    let body = json!({ "provider": "corp" });
    for _ in 0..3 {
        assert_eq!(door.browser().post("/provider-sign-ins", &body).await.status, 200);
    }
    let refused = door.browser().post("/provider-sign-ins", &body).await;
    assert_eq!((refused.status, refused.code()), (429, "too_many_attempts"));
    door.world.clock.advance(Duration::from_mins(10));
    for _ in 0..3 {
        assert_eq!(door.browser().post("/provider-sign-ins", &body).await.status, 200);
    }

    let door = Door::new(SignUp::Open).await;
    for _ in 0..20 {
        assert_eq!(door.browser().post("/provider-sign-ins", &body).await.status, 200);
    }
    let refused = door.browser().post("/provider-sign-ins", &body).await;
    assert_eq!(refused.code(), "too_many_attempts", "one address");
    let elsewhere = door.world.browser("192.0.2.8").post("/provider-sign-ins", &body).await;
    assert_eq!(elsewhere.status, 200);
}

#[tokio::test]
async fn connecting_needs_a_step_up_and_the_person_who_began_it() {
    let door = Door::new(SignUp::Open).await;
    let mut owner = door.owner.clone();
    let body = json!({ "provider": "corp" });
    let brought = door.sent_by(&mut owner, "/identities", &body).await;
    // Signed out, and then somebody else, in the same browser.
    let visit = owner.cookie.split("; ").find(|pair| pair.starts_with("anc_visit")).unwrap();
    let mut nobody = door.browser();
    nobody.cookie = visit.to_owned();
    assert_eq!(finish(&mut nobody, &brought).await.code(), "not_signed_in");
    door.add("bob@example.com", Some(PASSWORD)).await;
    let mut bob = door.by_password("bob@example.com").await;
    let begun = owner.post("/identities", &body).await;
    keep_cookies(&mut bob, &begun);
    let back = door.corp.visit(begun.json["url"].as_str().unwrap());
    let pairs: std::collections::HashMap<String, String> =
        back.query_pairs().into_owned().collect();
    let brought = json!({ "provider": "corp", "code": pairs["code"], "state": pairs["state"] });
    assert_eq!(finish(&mut bob, &brought).await.code(), "sign_in_expired");
    assert_eq!(bob.get("/identities").await.json["items"], json!([]));

    door.world.clock.advance(Duration::from_secs(301));
    assert_eq!(door.owner.post("/identities", &body).await.code(), "step_up_required");
    let path = "/identities/idn_0000000000000";
    assert_eq!(door.owner.delete(path).await.code(), "step_up_required");
}

#[tokio::test]
async fn whoever_has_no_password_shows_anew_who_they_are_by_their_provider() {
    let door = Door::new(SignUp::Open).await;
    let mut ada = door.browser();
    door.enter(&mut ada, "corp").await;
    door.world.clock.advance(Duration::from_secs(301));
    let key = json!({ "name": "ci", "scopes": ["tokens:read"] });
    assert_eq!(ada.post("/management-keys", &key).await.code(), "step_up_required");
    let first = json!({ "new_password": PASSWORD });
    assert_eq!(ada.put("/password", &first).await.code(), "step_up_required");

    let (path, body) = ("/session/step-up/provider", json!({ "provider": "corp" }));
    let begun = ada.post(path, &body).await;
    let url = begun.json["url"].as_str().unwrap();
    assert!(url.contains("prompt=login") && url.contains("max_age=0"), "{url}");
    let person = |sub: &str, shown: Value| json!({ "sub": sub, "auth_time": shown });
    let now = door.world.clock.now().as_seconds();
    door.corp.set_time(now);
    door.corp.person(person("ada-at-the-provider", json!(now - 3600)));
    let brought = door.sent_by(&mut ada, path, &body).await;
    assert_eq!(finish(&mut ada, &brought).await.code(), "not_shown_anew");
    door.corp.person(person("eve", json!(now)));
    let brought = door.sent_by(&mut ada, path, &body).await;
    assert_eq!(finish(&mut ada, &brought).await.code(), "not_your_identity");
    assert_eq!(ada.post("/management-keys", &key).await.code(), "step_up_required");

    door.corp.person(person("ada-at-the-provider", json!(now)));
    let brought = door.sent_by(&mut ada, path, &body).await;
    let before = ada.clone();
    let shown = finish(&mut ada, &brought).await;
    assert_eq!(shown.json["outcome"], "shown_anew", "{}", shown.text);
    assert_eq!(who(&before).await, "nobody", "the session has a new id");
    assert_eq!(ada.post("/management-keys", &key).await.status, 201);
}

#[tokio::test]
async fn the_second_factor_is_asked_for_behind_a_provider_too() {
    let door = Door::new(SignUp::Open).await;
    let mut ada = door.browser();
    door.enter(&mut ada, "corp").await;
    let user = door.world.store.users().by_email(ADA).await.unwrap().unwrap();
    let factors = door.world.store.factors();
    factors.propose(user.id, &anc_domain::Secret::new("JBSWY3DPEHPK3PXP")).await.unwrap();
    let recovery = anc_domain::SecretHash::of("ABCDEFGH23456777");
    assert!(factors.confirm(user.id, 1, &[recovery]).await.unwrap());
    let mut browser = door.browser();
    let half = door.enter(&mut browser, "corp").await;
    assert_eq!(
        (half.status, half.json["second_step"].as_bool()),
        (202, Some(true)),
        "{}",
        half.text
    );
    assert_eq!(who(&browser).await, "nobody");
    let code = json!({ "code": "abcd-efgh-2345-6777" });
    let whole = browser.post("/session/second-step", &code).await;
    assert_eq!(whole.status, 200, "{}", whole.text);
    keep_cookies(&mut browser, &whole);
    assert_eq!(who(&browser).await, ADA);
}
