//! Registering, invitations, and new passwords by mail.

use std::time::Duration;

use anc_control::{Mail, SignUp};
use serde_json::json;

use crate::support::{OWNER, PASSWORD, World};

const URL: &str = "https://relay.example.com";
const NEW: &str = "new@example.com";
const OTHER_PASSWORD: &str = "another good one";

/// What stands behind `code=` in a mail's link.
fn code_in(mail: &Mail, path: &str) -> String {
    let text = mail.text.expose();
    let (_, code) = text.split_once(&format!("{URL}{path}#code=")).unwrap();
    code.split_whitespace().next().unwrap().to_owned()
}

async fn open_world() -> World {
    World::with_sign_up(Some(URL), false, SignUp::Open).await
}

#[tokio::test]
async fn nobody_registers_where_sign_up_is_closed_or_before_there_is_an_owner() {
    let (world, owner) = World::with_owner().await;
    let invited = owner.post("/invitations", &json!({ "email": NEW })).await;
    let link = invited.json["link"].as_str().unwrap();
    let code = link.split_once("invitation=").unwrap().1.split('&').next().unwrap();
    let body = json!({ "email": NEW, "password": PASSWORD, "invitation": code });
    let browser = world.browser("127.0.0.1");
    assert_eq!(browser.post("/registrations", &body).await.code(), "sign_up_closed");

    let unowned = World::with_sign_up(None, false, SignUp::Open).await;
    let body = json!({ "email": NEW, "password": PASSWORD });
    let answer = unowned.browser("127.0.0.1").post("/registrations", &body).await;
    assert_eq!(answer.code(), "sign_up_closed");
}

#[tokio::test]
async fn a_registration_is_finished_by_the_mailed_link_once() {
    let world = open_world().await;
    world.set_up().await;
    let browser = world.browser("192.0.2.7");
    let asked = browser.post("/registrations", &json!({ "email": "New@Example.com" })).await;
    assert_eq!((asked.status, asked.json["email"].as_str()), (202, Some(NEW)), "{}", asked.text);
    let mail = world.mail().await;
    assert_eq!(mail.to, NEW);
    assert_eq!(world.store.users().by_email(NEW).await.unwrap().map(|user| user.email), None);
    let code = code_in(&mail, "/register");
    assert_eq!(code.len(), 32, "128 bits");

    let short = json!({ "code": code, "password": "short" });
    let refused = browser.post("/registrations/confirm", &short).await;
    assert_eq!(refused.json["error"]["field"], "password", "and the link still works");
    let body = json!({ "code": code, "password": OTHER_PASSWORD });
    let done = browser.post("/registrations/confirm", &body).await;
    assert_eq!((done.status, done.json["user"]["role"].as_str()), (201, Some("user")));
    let again = browser.post("/registrations/confirm", &body).await;
    assert_eq!(again.code(), "link_not_valid");
    let account = world.store.accounts().by_owner_email(NEW).await.unwrap().unwrap();
    assert_eq!(account.balance.nanos(), 0, "nothing is given away");
}

#[tokio::test]
async fn f3_registering_does_not_tell_who_is_known() {
    let world = open_world().await;
    world.set_up().await;
    let browser = world.browser("192.0.2.7");
    let unknown = browser.post("/registrations", &json!({ "email": NEW })).await;
    let known = browser.post("/registrations", &json!({ "email": OWNER })).await;
    assert_eq!((unknown.status, known.status), (202, 202));
    assert_eq!(unknown.text.replace(NEW, "?"), known.text.replace(OWNER, "?"));
    let (one, other) = (world.mail().await, world.mail().await);
    let mail = if one.to == OWNER { one } else { other };
    assert!(mail.text.expose().contains("You have an account already"));
    assert!(!mail.text.expose().contains("#code="), "it lets nobody in");
}

#[tokio::test]
async fn f3_a_reset_does_not_tell_who_is_known() {
    let world = open_world().await;
    world.set_up().await;
    let browser = world.browser("192.0.2.7");
    let unknown = browser.post("/password-resets", &json!({ "email": NEW })).await;
    let known = browser.post("/password-resets", &json!({ "email": OWNER })).await;
    assert_eq!((unknown.status, known.status), (202, 202));
    assert_eq!(unknown.text.replace(NEW, "?"), known.text.replace(OWNER, "?"));
    assert_eq!(world.mail().await.to, OWNER);
    assert!(!world.has_mail().await);
}

#[tokio::test]
async fn f3_a_reset_works_once_for_a_quarter_of_an_hour_and_ends_all_sessions() {
    let world = open_world().await;
    let owner = world.set_up().await;
    let browser = world.browser("192.0.2.7");
    let reader = world.browser("192.0.2.9");
    let ask = json!({ "email": OWNER });
    browser.post("/password-resets", &ask).await;
    let late = code_in(&world.mail().await, "/reset");
    world.clock.advance(Duration::from_mins(15));
    let body = |code: &str| json!({ "code": code, "password": OTHER_PASSWORD });
    let answer = reader.post("/password-resets/confirm", &body(&late)).await;
    assert_eq!(answer.code(), "link_not_valid");

    browser.post("/password-resets", &ask).await;
    let older = code_in(&world.mail().await, "/reset");
    browser.post("/password-resets", &ask).await;
    let code = code_in(&world.mail().await, "/reset");
    let answer = reader.post("/password-resets/confirm", &body(&older)).await;
    assert_eq!(answer.code(), "link_not_valid", "the newest alone works");
    assert_eq!(owner.get("/session").await.status, 200);
    let answer = reader.post("/password-resets/confirm", &body(&code)).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    assert_eq!(owner.get("/session").await.code(), "not_signed_in");
    let answer = reader.post("/password-resets/confirm", &body(&code)).await;
    assert_eq!(answer.code(), "link_not_valid");
    let old = json!({ "email": OWNER, "password": PASSWORD });
    let new = json!({ "email": OWNER, "password": OTHER_PASSWORD });
    assert_eq!(browser.post("/session", &old).await.code(), "wrong_credentials");
    assert_eq!(browser.post("/session", &new).await.status, 200);
}

#[tokio::test]
async fn f3_asking_for_mail_is_slowed_down() {
    let world = open_world().await;
    world.set_up().await;
    let browser = world.browser("192.0.2.7");
    for _ in 0..5 {
        let answer = browser.post("/password-resets", &json!({ "email": NEW })).await;
        assert_eq!(answer.status, 202);
    }
    let answer = browser.post("/password-resets", &json!({ "email": NEW })).await;
    assert_eq!(answer.code(), "too_many_attempts");
    let elsewhere = world.browser("192.0.2.8");
    let answer = elsewhere.post("/password-resets", &json!({ "email": NEW })).await;
    assert_eq!(answer.code(), "too_many_attempts", "the address of mail is spared too");
}

#[tokio::test]
async fn an_invitation_lets_one_person_in_and_only_whom_it_means() {
    let world = World::with_sign_up(None, false, SignUp::Invitation).await;
    let owner = world.set_up().await;
    let invite = |body| {
        let owner = owner.clone();
        async move {
            let made = owner.post("/invitations", &body).await;
            assert_eq!(made.status, 201, "{}", made.text);
            let link = made.json["link"].as_str().unwrap().to_owned();
            let code = link.split_once("/register#invitation=").unwrap().1.to_owned();
            let id = made.json["invitation"]["id"].as_str().unwrap().to_owned();
            (code.split('&').next().unwrap().to_owned(), id)
        }
    };
    let browser = world.browser("127.0.0.1");
    let register = |email: &str, code: &str| {
        let body = json!({ "email": email, "password": PASSWORD, "invitation": code });
        let browser = browser.clone();
        async move { browser.post("/registrations", &body).await }
    };
    let uninvited = json!({ "email": NEW, "password": PASSWORD });
    let without = browser.post("/registrations", &uninvited).await;
    assert_eq!(without.code(), "sign_up_closed");
    let (code, _) = invite(json!({ "email": NEW })).await;
    assert_eq!(register("other@example.com", &code).await.code(), "link_not_valid");
    assert_eq!(register(NEW, &code).await.status, 201);
    assert_eq!(register(NEW, &code).await.code(), "link_not_valid");
    world.clock.advance(Duration::from_mins(20));

    let (withdrawn, id) = invite(json!({})).await;
    assert_eq!(owner.delete(&format!("/invitations/{id}")).await.status, 204);
    assert_eq!(owner.delete(&format!("/invitations/{id}")).await.status, 404);
    assert_eq!(register("a@example.com", &withdrawn).await.code(), "link_not_valid");
    world.clock.advance(Duration::from_secs(1));
    let (expired, _) = invite(json!({ "days": 1 })).await;
    world.clock.advance(Duration::from_hours(20));
    owner.get("/session").await;
    world.clock.advance(Duration::from_hours(4));
    assert_eq!(register("b@example.com", &expired).await.code(), "link_not_valid");
    let listed = owner.get("/invitations").await;
    let states: Vec<&str> = listed.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["expired", "withdrawn", "used"]);
}

#[tokio::test]
async fn only_operators_invite() {
    let (world, owner) = World::with_owner().await;
    let person = json!({ "email": NEW, "password": PASSWORD });
    assert_eq!(owner.post("/users", &person).await.status, 201);
    let mut user = world.browser("127.0.0.1");
    user.keep_cookie(&user.post("/session", &person).await);
    assert_eq!(user.post("/invitations", &json!({})).await.code(), "forbidden");
    assert_eq!(user.get("/invitations").await.code(), "forbidden");
    assert_eq!(owner.post("/invitations", &json!({ "days": 0 })).await.code(), "invalid_request");
    assert_eq!(
        owner.post("/invitations", &json!({ "email": "x" })).await.code(),
        "invalid_request"
    );
}
