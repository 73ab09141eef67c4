//! Signing in by providers of identities: who comes in, and as whom.

use anc_control::SignUp;
use serde_json::json;

use crate::providers_support::{ADA, Door, finish, keep_cookies, nothing_came_of_it, who};
use crate::support::PASSWORD;

#[tokio::test]
async fn a_stranger_registers_by_a_provider_and_comes_back_as_the_same_person() {
    let door = Door::new(SignUp::Open).await;
    let mut browser = door.browser();
    let offered = browser.get("/instance").await.json["providers"].clone();
    assert_eq!(offered[0], json!({ "id": "corp", "name": "CORP" }));
    let came = door.enter(&mut browser, "corp").await;
    assert_eq!(
        (came.status, came.json["outcome"].as_str()),
        (200, Some("signed_in")),
        "{}",
        came.text
    );
    let user = &came.json["session"]["user"];
    assert_eq!((user["email"].as_str(), user["role"].as_str()), (Some(ADA), Some("user")));
    assert_eq!(user["has_password"], false);
    assert_eq!(door.people().await, 2);
    let account = door.world.store.accounts().by_owner_email(ADA).await.unwrap().unwrap();
    assert_eq!(account.balance.nanos(), 0, "nothing is given away");
    assert_eq!(door.noted("user.register").await[0]["detail"]["provider"], "corp");

    // Their address is another one by now, and the provider is not sure of it.
    door.corp.person(json!({ "sub": "ada-at-the-provider", "email": "ada@new.example" }));
    let mut elsewhere = door.browser();
    assert_eq!(door.enter(&mut elsewhere, "corp").await.status, 200);
    assert_eq!((who(&elsewhere).await.as_str(), door.people().await), (ADA, 2));
    let listed = elsewhere.get("/identities").await.json["items"][0].clone();
    assert_eq!(
        (&listed["provider"], &listed["label"]),
        (&json!("corp"), &json!("ada@new.example"))
    );
    let sign_ins = elsewhere.get("/sign-ins").await.json["items"].clone();
    assert_eq!(
        (&sign_ins[0]["way"], &sign_ins[0]["succeeded"]),
        (&json!("provider:corp"), &json!(true))
    );
}

#[tokio::test]
async fn nobody_registers_by_a_provider_where_sign_up_is_closed() {
    let door = Door::new(SignUp::Closed).await;
    let mut browser = door.browser();
    assert_eq!(door.enter(&mut browser, "corp").await.code(), "sign_up_closed");
    nothing_came_of_it(&door, &browser).await;
}

#[tokio::test]
async fn an_invitation_is_needed_where_the_settings_say_so_and_lets_in_whom_it_means() {
    let door = Door::new(SignUp::Invitation).await;
    let mut browser = door.browser();
    assert_eq!(door.enter(&mut browser, "corp").await.code(), "sign_up_closed");
    let invite = async |body| {
        let made = door.owner.post("/invitations", &body).await;
        let link = made.json["link"].as_str().unwrap().to_owned();
        let code = link.split_once("invitation=").unwrap().1.to_owned();
        code.split('&').next().unwrap().to_owned()
    };
    let wrong = json!({ "provider": "corp", "invitation": "0000" });
    assert_eq!(browser.post("/provider-sign-ins", &wrong).await.code(), "link_not_valid");
    let others = invite(json!({ "email": "eve@example.com" })).await;
    let body = json!({ "provider": "corp", "invitation": others });
    let brought = door.sent_by(&mut browser, "/provider-sign-ins", &body).await;
    assert_eq!(finish(&mut browser, &brought).await.code(), "link_not_valid");
    nothing_came_of_it(&door, &browser).await;

    let own = invite(json!({ "email": ADA })).await;
    let body = json!({ "provider": "corp", "invitation": own });
    let brought = door.sent_by(&mut browser, "/provider-sign-ins", &body).await;
    assert_eq!(finish(&mut browser, &brought).await.status, 200);
    assert_eq!(who(&browser).await, ADA);
    assert_eq!(browser.post("/provider-sign-ins", &body).await.code(), "link_not_valid");
}

#[tokio::test]
async fn an_address_alone_takes_nobodys_account_over() {
    let door = Door::new(SignUp::Open).await;
    door.add(ADA, Some(PASSWORD)).await;
    let mut browser = door.browser();
    assert_eq!(door.enter(&mut browser, "corp").await.code(), "connect_first");
    for unsure in [
        json!({ "sub": "x", "email": ADA }),
        json!({ "sub": "x", "email": ADA, "email_verified": false }),
        json!({ "sub": "x", "email": ADA, "email_verified": "false" }),
        json!({ "sub": "x", "email": ADA, "email_verified": 1 }),
        json!({ "sub": "x", "email": "nobody@example.com", "email_verified": null }),
        json!({ "sub": "x", "email": "", "email_verified": true }),
        json!({ "sub": "x", "email": "not an address", "email_verified": true }),
        json!({ "sub": "x" }),
    ] {
        door.corp.person(unsure.clone());
        let refused = door.enter(&mut browser, "corp").await;
        assert_eq!(
            refused.code(),
            "email_not_verified",
            "{unsure}: known or not, it says the same"
        );
    }
    assert_eq!((who(&browser).await.as_str(), door.people().await), ("nobody", 2));

    // Their own hand, signed in by the password, connects it.
    door.corp.person(json!({ "sub": "ada-at-the-provider" }));
    let mut ada = door.by_password(ADA).await;
    let other = door.by_password(ADA).await;
    let brought = door.sent_by(&mut ada, "/identities", &json!({ "provider": "corp" })).await;
    let connected = finish(&mut ada, &brought).await;
    assert_eq!(connected.json["outcome"], "connected", "{}", connected.text);
    assert_eq!((who(&ada).await.as_str(), who(&other).await.as_str()), (ADA, "nobody"));
    assert_eq!(door.noted("identity.connect").await[0]["detail"]["provider"], "corp");
    assert_eq!(door.enter(&mut browser, "corp").await.status, 200);
    assert_eq!(who(&browser).await, ADA);
}

#[tokio::test]
async fn a_person_without_any_way_in_is_met_by_their_verified_address_once() {
    let door = Door::new(SignUp::Closed).await;
    door.add(ADA, None).await;
    let refused = door.browser().post("/session", &json!({ "email": ADA, "password": "-" })).await;
    assert_eq!(refused.code(), "wrong_credentials");
    let mut browser = door.browser();
    assert_eq!(door.enter(&mut browser, "corp").await.status, 200);
    assert_eq!(who(&browser).await, ADA);
    assert_eq!(door.noted("identity.connect").await[0]["detail"]["by"], "verified address");

    // Whoever has the address elsewhere is not they.
    door.github.person(json!({ "id": 7, "login": "ada" }));
    door.github.emails(json!([{ "email": ADA, "primary": true, "verified": true }]));
    let mut elsewhere = door.browser();
    assert_eq!(door.enter(&mut elsewhere, "github").await.code(), "connect_first");
    let other = json!({ "sub": "another", "email": ADA, "email_verified": true });
    door.corp.person(other);
    assert_eq!(door.enter(&mut elsewhere, "corp").await.code(), "connect_first");
    assert_eq!(who(&elsewhere).await, "nobody");
}

#[tokio::test]
async fn g3_a_disabled_person_comes_in_by_no_provider() {
    let door = Door::new(SignUp::Open).await;
    let mut browser = door.browser();
    door.enter(&mut browser, "corp").await;
    let id = door.world.store.users().by_email(ADA).await.unwrap().unwrap().id;
    let path = format!("/users/{id}");
    assert_eq!(door.owner.patch(&path, &json!({ "disabled": true })).await.status, 200);
    assert_eq!(who(&browser).await, "nobody");
    assert_eq!(door.enter(&mut browser, "corp").await.code(), "person_disabled");
    assert_eq!(who(&browser).await, "nobody");

    // Nor one whom nobody has met yet.
    let id = door.add("bob@example.com", None).await;
    door.owner.patch(&format!("/users/{id}"), &json!({ "disabled": true })).await;
    door.corp.person(json!({ "sub": "b", "email": "bob@example.com", "email_verified": true }));
    assert_eq!(door.enter(&mut browser, "corp").await.code(), "person_disabled");
}

#[tokio::test]
async fn the_last_way_in_stays() {
    let door = Door::new(SignUp::Open).await;
    let mut ada = door.browser();
    door.enter(&mut ada, "corp").await;
    let mut other = door.browser();
    door.enter(&mut other, "corp").await;
    let id = ada.get("/identities").await.json["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/identities/{id}");
    assert_eq!(ada.delete(&path).await.code(), "last_way_in");
    let strangers = door.by_password(crate::support::OWNER).await;
    assert_eq!(strangers.delete(&path).await.status, 404, "nor is it somebody else's to take");

    // Another provider is another way in.
    door.github.person(json!({ "id": 7, "login": "ada" }));
    let body = json!({ "provider": "github" });
    let brought = door.sent_by(&mut ada, "/identities", &body).await;
    assert_eq!(finish(&mut ada, &brought).await.json["outcome"], "connected");
    let gone = ada.delete(&path).await;
    assert_eq!(gone.status, 204, "{}", gone.text);
    keep_cookies(&mut ada, &gone);
    assert_eq!((who(&ada).await.as_str(), who(&other).await.as_str()), (ADA, "nobody"));
    assert_eq!(door.noted("identity.disconnect").await.len(), 1);
    let id = ada.get("/identities").await.json["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(ada.delete(&format!("/identities/{id}")).await.code(), "last_way_in");

    // And so is a password, which whoever has none sets without an old one.
    let set = ada.put("/password", &json!({ "new_password": PASSWORD })).await;
    assert_eq!(set.status, 204, "{}", set.text);
    keep_cookies(&mut ada, &set);
    let again = ada.put("/password", &json!({ "new_password": "another good one" })).await;
    assert_eq!(again.code(), "wrong_credentials", "from then on the old one is asked for");
    assert_eq!(ada.delete(&format!("/identities/{id}")).await.status, 204);
    assert_eq!(door.enter(&mut door.browser(), "github").await.code(), "email_not_verified");
    assert_eq!(who(&door.by_password(ADA).await).await, ADA);
}

#[tokio::test]
async fn an_identity_is_one_persons_and_a_person_has_one_of_a_provider() {
    let door = Door::new(SignUp::Open).await;
    door.add("bob@example.com", Some(PASSWORD)).await;
    door.enter(&mut door.browser(), "corp").await;
    let mut bob = door.by_password("bob@example.com").await;
    let body = json!({ "provider": "corp" });
    let brought = door.sent_by(&mut bob, "/identities", &body).await;
    assert_eq!(finish(&mut bob, &brought).await.code(), "identity_taken");
    door.corp.person(json!({ "sub": "bob" }));
    let brought = door.sent_by(&mut bob, "/identities", &body).await;
    assert_eq!(finish(&mut bob, &brought).await.status, 200);
    door.corp.person(json!({ "sub": "bob-again" }));
    let brought = door.sent_by(&mut bob, "/identities", &body).await;
    assert_eq!(finish(&mut bob, &brought).await.code(), "conflict");
}

#[tokio::test]
async fn domains_that_are_named_are_the_only_ones_that_enter() {
    let door = Door::with(SignUp::Open, |settings| {
        settings.identities.providers[0].domains = vec!["example.com".to_owned()];
    })
    .await;
    let mut browser = door.browser();
    for (email, code) in [
        ("eve@evil.example", "email_domain_not_allowed"),
        ("eve@sub.example.com", "email_domain_not_allowed"),
        ("eve@evil.test@example.com.evil.example", "email_domain_not_allowed"),
        ("", "email_not_verified"),
    ] {
        door.corp.person(json!({ "sub": "eve", "email": email, "email_verified": true }));
        assert_eq!(door.enter(&mut browser, "corp").await.code(), code, "{email}");
    }
    nothing_came_of_it(&door, &browser).await;
    door.corp.person(json!({ "sub": "ada", "email": "Ada@Example.com", "email_verified": true }));
    assert_eq!(door.enter(&mut browser, "corp").await.status, 200);
    // Whoever has left the domain has left the relay.
    door.corp
        .person(json!({ "sub": "ada", "email": "ada@elsewhere.example", "email_verified": true }));
    let mut later = door.browser();
    assert_eq!(door.enter(&mut later, "corp").await.code(), "email_domain_not_allowed");
}

#[tokio::test]
async fn github_is_asked_for_the_number_and_the_first_verified_address() {
    let door = Door::new(SignUp::Open).await;
    door.github.person(json!({ "id": 583_231, "login": "octo", "email": "public@example.com" }));
    door.github.emails(json!([
        { "email": "old@example.com", "primary": false, "verified": true },
        { "email": ADA, "primary": true, "verified": true },
    ]));
    let mut browser = door.browser();
    let came = door.enter(&mut browser, "github").await;
    assert_eq!(came.status, 200, "{}", came.text);
    assert_eq!(who(&browser).await, ADA);
    assert_eq!(browser.get("/identities").await.json["items"][0]["label"], "octo");

    // They rename themselves, and somebody else takes the name and the address.
    door.github.person(json!({ "id": 583_231, "login": "ada" }));
    assert_eq!(door.enter(&mut door.browser(), "github").await.status, 200);
    door.github.person(json!({ "id": 999, "login": "octo" }));
    let mut other = door.browser();
    assert_eq!(door.enter(&mut other, "github").await.code(), "connect_first");
    door.github.emails(json!([{ "email": "x@example.com", "primary": true, "verified": false }]));
    assert_eq!(door.enter(&mut other, "github").await.code(), "email_not_verified");
    for nobody in [json!({}), json!({ "id": 0 }), json!({ "id": "583231" }), json!({ "id": -1 })] {
        door.github.person(nobody);
        assert_eq!(door.enter(&mut other, "github").await.code(), "identity_provider_failed");
    }
    assert_eq!((who(&other).await.as_str(), door.people().await), ("nobody", 2));
}
