//! The second factor: adding it, signing in with it, losing it.

use std::time::Duration;

use anc_domain::Clock as _;
use hmac::{Hmac, Mac as _};
use serde_json::json;
use sha1::Sha1;

use crate::support::{Answer, Browser, OWNER, PASSWORD, World};

const STEP: Duration = Duration::from_secs(30);

/// The code that an app shows now, computed apart from the program's own way.
fn app(world: &World, secret: &str) -> String {
    let digits: Vec<String> = secret
        .chars()
        .map(|letter| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).unwrap())
        .map(|digit| format!("{digit:05b}"))
        .collect();
    let bits = digits.concat();
    let key: Vec<u8> = (0..bits.len() / 8)
        .map(|byte| u8::from_str_radix(&bits[byte * 8..byte * 8 + 8], 2).unwrap())
        .collect();
    let step = u64::try_from(world.clock.now().as_millis()).unwrap() / 30_000;
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).unwrap();
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let start = usize::from(digest[19] & 15);
    let number = u32::from_be_bytes(digest[start..start + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Adds an app; gives its secret and the recovery codes.
async fn enrol(world: &World, owner: &mut Browser) -> (String, Vec<String>) {
    let proposed = owner.post("/factors/totp", &json!({})).await;
    assert_eq!(proposed.status, 201, "{}", proposed.text);
    let secret = proposed.json["secret"].as_str().unwrap().to_owned();
    assert!(proposed.json["qr_svg"].as_str().unwrap().contains("<svg"));
    let body = json!({ "code": app(world, &secret) });
    let confirmed = owner.post("/factors/totp/confirm", &body).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.text);
    owner.keep_cookie(&confirmed);
    let codes = confirmed.json["recovery_codes"].as_array().unwrap();
    (secret, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

/// The first step, by a browser that keeps what it is given.
async fn first_step(browser: &mut Browser) -> Answer {
    let answer = browser.post("/session", &json!({ "email": OWNER, "password": PASSWORD })).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    browser.keep_cookie(&answer);
    answer
}

async fn second_step(browser: &Browser, code: &str) -> Answer {
    browser.post("/session/second-step", &json!({ "code": code })).await
}

#[tokio::test]
async fn with_a_second_factor_the_password_alone_opens_nothing() {
    let (world, mut owner) = World::with_owner().await;
    let (secret, codes) = enrol(&world, &mut owner).await;
    assert_eq!(codes.len(), 10);
    assert_eq!(owner.get("/session").await.json["user"]["second_factor"], true);

    let mut browser = world.browser("127.0.0.1");
    let begun = first_step(&mut browser).await;
    assert!(begun.header("set-cookie").starts_with("anc_sign_in="));
    assert_eq!(begun.json["second_step"], true);
    assert_eq!(browser.get("/session").await.code(), "not_signed_in");
    // The cookie is no session's, under whichever name it is sent.
    let mut disguised = browser.clone();
    disguised.cookie = disguised.cookie.replace("anc_sign_in", "anc_session");
    assert_eq!(disguised.get("/session").await.code(), "not_signed_in");

    world.clock.advance(STEP);
    let code = app(&world, &secret);
    assert_eq!(second_step(&world.browser("127.0.0.1"), &code).await.code(), "sign_in_expired");
    let done = second_step(&browser, &code).await;
    assert_eq!(done.status, 200, "{}", done.text);
    browser.keep_cookie(&done);
    assert_eq!(browser.get("/session").await.status, 200);
}

#[tokio::test]
async fn a_code_works_once_and_no_later_than_its_step() {
    let (world, mut owner) = World::with_owner().await;
    let (secret, _) = enrol(&world, &mut owner).await;
    let mut browser = world.browser("127.0.0.1");
    first_step(&mut browser).await;
    let confirming = app(&world, &secret);
    assert_eq!(second_step(&browser, &confirming).await.code(), "wrong_code", "it confirmed");
    world.clock.advance(STEP);
    let code = app(&world, &secret);
    assert_eq!(second_step(&browser, &code).await.status, 200);
    let mut again = world.browser("127.0.0.1");
    first_step(&mut again).await;
    assert_eq!(second_step(&again, &code).await.code(), "wrong_code");
    world.clock.advance(STEP);
    let old = app(&world, &secret);
    world.clock.advance(STEP * 2);
    assert_eq!(second_step(&again, &old).await.code(), "wrong_code");
}

#[tokio::test]
async fn a_sign_in_waits_five_minutes_for_its_second_step() {
    let (world, mut owner) = World::with_owner().await;
    let (secret, _) = enrol(&world, &mut owner).await;
    let mut browser = world.browser("127.0.0.1");
    first_step(&mut browser).await;
    world.clock.advance(Duration::from_secs(301));
    let code = app(&world, &secret);
    assert_eq!(second_step(&browser, &code).await.code(), "sign_in_expired");
}

#[tokio::test]
async fn f2_guesses_at_the_second_step_are_slowed_down_for_the_person() {
    let (world, mut owner) = World::with_owner().await;
    let (secret, _) = enrol(&world, &mut owner).await;
    world.clock.advance(STEP);
    // Each guess from another address, with the right password before it.
    for guess in 0..5 {
        let mut browser = world.browser("127.0.0.1");
        first_step(&mut browser).await;
        browser.address = format!("127.0.0.{}", guess + 10).parse().unwrap();
        assert_eq!(second_step(&browser, "000000").await.code(), "wrong_code");
    }
    let mut browser = world.browser("127.0.0.1");
    first_step(&mut browser).await;
    browser.address = "127.0.0.99".parse().unwrap();
    let code = app(&world, &secret);
    let refused = second_step(&browser, &code).await;
    assert_eq!((refused.status, refused.code()), (429, "too_many_attempts"));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(second_step(&browser, &app(&world, &secret)).await.status, 200);
}

#[tokio::test]
async fn a_recovery_code_stands_in_for_the_app_once() {
    let (world, mut owner) = World::with_owner().await;
    let (_, codes) = enrol(&world, &mut owner).await;
    let typed = codes[3].to_lowercase().replace('-', " ");
    let mut browser = world.browser("127.0.0.1");
    first_step(&mut browser).await;
    let done = second_step(&browser, &typed).await;
    assert_eq!(done.status, 200, "{}", done.text);
    browser.keep_cookie(&done);
    assert_eq!(browser.get("/factors").await.json["recovery_codes_left"], 9);
    let mut again = world.browser("127.0.0.1");
    first_step(&mut again).await;
    assert_eq!(second_step(&again, &codes[3]).await.code(), "wrong_code");

    let renewed = browser.post("/factors/recovery-codes", &json!({})).await;
    assert_eq!(renewed.status, 201, "{}", renewed.text);
    assert_eq!(second_step(&again, &codes[4]).await.code(), "wrong_code", "the old ones are void");
    let new = renewed.json["recovery_codes"][0].as_str().unwrap();
    assert_eq!(second_step(&again, new).await.status, 200);
}

#[tokio::test]
async fn f4_adding_or_removing_a_factor_ends_every_other_session() {
    let (world, mut owner) = World::with_owner().await;
    let right = json!({ "email": OWNER, "password": PASSWORD });
    let mut elsewhere = world.browser("127.0.0.1");
    elsewhere.keep_cookie(&elsewhere.post("/session", &right).await);
    let before = owner.clone();
    enrol(&world, &mut owner).await;
    for gone in [&before, &elsewhere] {
        assert_eq!(gone.get("/session").await.code(), "not_signed_in");
    }
    assert_eq!(owner.get("/session").await.status, 200);

    let mut half = world.browser("127.0.0.1");
    first_step(&mut half).await;
    let before = owner.clone();
    let removed = owner.delete("/factors/totp").await;
    assert_eq!(removed.status, 204, "{}", removed.text);
    owner.keep_cookie(&removed);
    assert_eq!(before.get("/session").await.code(), "not_signed_in");
    assert_eq!(second_step(&half, "000000").await.code(), "sign_in_expired");
    assert_eq!(owner.get("/session").await.json["user"]["second_factor"], false);
    assert_eq!(half.post("/session", &right).await.status, 200, "the password is enough again");
}

#[tokio::test]
async fn g2_a_lost_factor_is_taken_away_by_a_higher_role_alone() {
    let (world, mut owner) = World::with_owner().await;
    let admin = json!({ "email": "a@example.com", "password": PASSWORD, "role": "admin" });
    let made = owner.post("/users", &admin).await;
    let id = made.json["id"].as_str().unwrap().to_owned();
    let mut browser = world.browser("127.0.0.1");
    let right = json!({ "email": "a@example.com", "password": PASSWORD });
    browser.keep_cookie(&browser.post("/session", &right).await);
    enrol(&world, &mut browser).await;
    enrol(&world, &mut owner).await;
    let owner_id = owner.get("/session").await.json["user"]["id"].as_str().unwrap().to_owned();
    for (by, of) in [(&browser, &owner_id), (&browser, &id), (&owner, &owner_id)] {
        assert_eq!(by.delete(&format!("/users/{of}/factors")).await.code(), "forbidden");
    }
    let path = format!("/users/{id}/factors");
    assert_eq!(owner.delete(&path).await.status, 204);
    assert_eq!(browser.get("/session").await.code(), "not_signed_in");
    assert_eq!(browser.post("/session", &right).await.status, 200);
    assert_eq!(owner.delete(&path).await.code(), "not_found");
}

#[tokio::test]
async fn an_app_that_was_never_confirmed_is_asked_nothing() {
    let (world, owner) = World::with_owner().await;
    let proposed = owner.post("/factors/totp", &json!({})).await;
    let secret = proposed.json["secret"].as_str().unwrap();
    let wrong = owner.post("/factors/totp/confirm", &json!({ "code": "000000" })).await;
    assert_eq!(wrong.code(), "wrong_code");
    let right = json!({ "email": OWNER, "password": PASSWORD });
    assert_eq!(world.browser("127.0.0.1").post("/session", &right).await.status, 200);
    assert_eq!(owner.post("/factors/recovery-codes", &json!({})).await.code(), "conflict");
    // A second proposal takes the place of the first.
    assert_eq!(owner.post("/factors/totp", &json!({})).await.status, 201);
    let old = json!({ "code": app(&world, secret) });
    assert_eq!(owner.post("/factors/totp/confirm", &old).await.code(), "wrong_code");
}
