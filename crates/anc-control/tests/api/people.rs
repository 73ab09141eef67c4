//! People as operators change them, sessions as people see them, and the notes of both.

use std::time::Duration;

use anc_store::{NewUser, Role};
use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Browser, OWNER, PASSWORD, World};

const OTHER_PASSWORD: &str = "another good one";

/// Adds a person with that role, and gives their id and their browser.
async fn add(world: &World, owner: &Browser, email: &str, role: Role) -> (String, Browser) {
    // With the owner's hash: a password is slow to hash.
    let known = world.store.users().by_email(OWNER).await.unwrap().unwrap();
    let password_hash = known.password_hash;
    let new = NewUser { email: email.to_owned(), password_hash, role, metered: true };
    world.store.users().create(new, None).await.unwrap().unwrap();
    let found = owner.get(&format!("/users?search={email}")).await;
    let id = found.json["items"][0]["id"].as_str().unwrap().to_owned();
    (id, signed_in(world, email, PASSWORD).await)
}

async fn signed_in(world: &World, email: &str, password: &str) -> Browser {
    let mut browser = world.browser("127.0.0.1");
    let answer = browser.post("/session", &json!({ "email": email, "password": password })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    browser.keep_cookie(&answer);
    browser
}

async fn is_in(browser: &Browser) -> bool {
    browser.get("/session").await.status == 200
}

async fn change_password(browser: &Browser, old: &str, new: &str) -> Answer {
    let body = json!({ "old_password": old, "new_password": new }).to_string();
    browser.send(browser.request(Method::PUT, "/password", &body)).await
}

#[tokio::test]
async fn f4_all_sessions_end_on_password_factor_or_role_change() {
    let (world, mut owner) = World::with_owner().await;
    let (id, first) = add(&world, &owner, "a@example.com", Role::User).await;
    let path = format!("/users/{id}");

    // Another role, and being disabled.
    assert_eq!(owner.patch(&path, &json!({ "name": "Ada" })).await.status, 200);
    assert!(is_in(&first).await, "a name ends nothing");
    assert_eq!(owner.patch(&path, &json!({ "role": "admin" })).await.json["role"], "admin");
    assert!(!is_in(&first).await);
    let second = signed_in(&world, "a@example.com", PASSWORD).await;
    assert_eq!(owner.patch(&path, &json!({ "disabled": true })).await.json["disabled"], true);
    assert!(!is_in(&second).await);
    let body = json!({ "email": "a@example.com", "password": PASSWORD });
    let refused = world.browser("127.0.0.1").post("/session", &body).await;
    assert_eq!(refused.code(), "wrong_credentials");
    owner.patch(&path, &json!({ "disabled": false })).await;
    assert!(!is_in(&second).await, "what has ended stays so");

    // One's own password: the others end, and this one goes on under another id.
    let (other, old) = (signed_in(&world, OWNER, PASSWORD).await, owner.clone());
    let wrong = change_password(&owner, "not the password", OTHER_PASSWORD).await;
    assert_eq!((wrong.status, wrong.code()), (401, "wrong_credentials"));
    assert_eq!(wrong.json["error"]["field"], "old_password");
    let short = change_password(&owner, PASSWORD, "short").await;
    assert_eq!(short.json["error"]["field"], "new_password");
    assert!(is_in(&other).await);
    let changed = change_password(&owner, PASSWORD, OTHER_PASSWORD).await;
    assert_eq!(changed.status, 204, "{}", changed.text);
    owner.keep_cookie(&changed);
    assert!(is_in(&owner).await && !is_in(&other).await && !is_in(&old).await);
    signed_in(&world, OWNER, OTHER_PASSWORD).await;
    let body = json!({ "email": OWNER, "password": PASSWORD });
    assert_eq!(world.browser("127.0.0.1").post("/session", &body).await.status, 401);

    // A factor that an operator takes away: `factors.rs` has the person's own changes of it.
    let ada = world.store.users().by_email("a@example.com").await.unwrap().unwrap();
    let factors = world.store.factors();
    factors.propose(ada.id, &anc_domain::Secret::new("SEED")).await.unwrap();
    let third = signed_in(&world, "a@example.com", PASSWORD).await;
    assert!(factors.confirm(ada.id, 1, &[]).await.unwrap());
    assert!(!is_in(&third).await);
}

#[tokio::test]
async fn g2_nobody_acts_on_an_equal_or_on_somebody_higher() {
    let (world, owner) = World::with_owner().await;
    let owner_id = owner.get("/session").await.json["user"]["id"].as_str().unwrap().to_owned();
    let (admin_id, admin) = add(&world, &owner, "admin@example.com", Role::Admin).await;
    let (equal_id, _) = add(&world, &owner, "equal@example.com", Role::Admin).await;
    let (user_id, user) = add(&world, &owner, "user@example.com", Role::User).await;

    for id in [&owner_id, &equal_id, &admin_id] {
        for body in [json!({ "role": "user" }), json!({ "disabled": true }), json!({"name": "x"})] {
            let refused = admin.patch(&format!("/users/{id}"), &body).await;
            assert_eq!((refused.status, refused.code()), (403, "forbidden"), "{id} {body}");
        }
        let path = format!("/users/{id}/password-link");
        assert_eq!(admin.post(&path, &json!({})).await.status, 403);
        assert_eq!(admin.delete(&format!("/users/{id}/factors")).await.status, 403);
    }
    for role in ["admin", "owner"] {
        let refused = admin.patch(&format!("/users/{user_id}"), &json!({ "role": role })).await;
        assert_eq!(refused.status, 403, "an admin makes nobody {role}");
    }
    for path in ["/users", "/audit", &format!("/users/{user_id}")] {
        assert_eq!(user.get(path).await.code(), "forbidden");
    }
    let own = user.patch(&format!("/users/{user_id}"), &json!({ "role": "owner" })).await;
    assert_eq!(own.code(), "forbidden");
    // G1: what is not theirs to say is refused rather than passed over.
    for field in ["balance", "account", "email", "sign_in_version", "tier"] {
        let refused = owner.patch(&format!("/users/{user_id}"), &json!({ field: "1" })).await;
        assert_eq!(refused.code(), "invalid_request", "{field}");
    }
    let last = owner.patch(&format!("/users/{owner_id}"), &json!({ "role": "admin" })).await;
    assert_eq!(last.code(), "forbidden", "nor does the owner change themself");
    let handed = owner.patch(&format!("/users/{equal_id}"), &json!({ "role": "owner" })).await;
    assert_eq!(handed.json["role"], "owner");
    assert_eq!(
        owner.patch(&format!("/users/{equal_id}"), &json!({ "name": "x" })).await.status,
        403
    );
    let listed = admin.get("/users?state=enabled").await;
    let may: Vec<&Value> = listed.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["may_change"] == true)
        .map(|one| &one["email"])
        .collect();
    assert_eq!(may, ["user@example.com"]);
}

#[tokio::test]
async fn changing_people_asks_to_show_anew_who_one_is() {
    let (world, mut owner) = World::with_owner().await;
    let (id, _) = add(&world, &owner, "a@example.com", Role::User).await;
    world.clock.advance(Duration::from_mins(6));
    let body = json!({ "disabled": true });
    assert_eq!(owner.patch(&format!("/users/{id}"), &body).await.code(), "step_up_required");
    let link = owner.post(&format!("/users/{id}/password-link"), &json!({})).await;
    assert_eq!(link.code(), "step_up_required");
    let stepped = owner.post("/session/step-up", &json!({ "password": PASSWORD })).await;
    owner.keep_cookie(&stepped);
    assert_eq!(owner.patch(&format!("/users/{id}"), &body).await.status, 200);
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let (world, owner) = World::with_owner().await;
    let mut phone = world.browser("127.0.0.9");
    let body = json!({ "email": OWNER, "password": PASSWORD }).to_string();
    let mut request = phone.request(Method::POST, "/session", &body);
    let agent = format!("Phone\u{7f}{}", "x".repeat(500));
    let agent = http::HeaderValue::from_bytes(agent.replace('\u{7f}', "\t").as_bytes()).unwrap();
    request.headers_mut().insert("user-agent", agent);
    let answer = phone.send(request).await;
    phone.keep_cookie(&answer);

    let listed = owner.get("/sessions").await;
    let items = listed.json["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{}", listed.text);
    let theirs = items.iter().find(|one| one["current"] == false).unwrap();
    assert_eq!(theirs["address"], "127.0.0.9");
    let agent = theirs["user_agent"].as_str().unwrap();
    assert!(agent.starts_with("Phonexxx") && agent.len() == 200, "{agent}");
    assert!(!listed.text.contains(phone.cookie.split_once('=').unwrap().1), "no id that opens");

    let (_, stranger) = add(&world, &owner, "a@example.com", Role::Admin).await;
    let path = format!("/sessions/{}", theirs["id"].as_str().unwrap());
    assert_eq!(stranger.delete(&path).await.code(), "not_found", "it is not theirs to end");
    assert_eq!(owner.delete(&path).await.status, 204);
    assert!(!is_in(&phone).await && is_in(&owner).await);
    assert_eq!(owner.delete("/sessions/ses_x").await.code(), "not_found");

    let (second, third) =
        (signed_in(&world, OWNER, PASSWORD).await, signed_in(&world, OWNER, PASSWORD).await);
    assert_eq!(owner.delete("/sessions").await.json, json!({ "ended": 2 }));
    assert!(is_in(&owner).await && is_in(&stranger).await);
    assert!(!is_in(&second).await && !is_in(&third).await);
}

#[tokio::test]
async fn a_person_sees_how_they_signed_in_and_who_failed_to_be_them() {
    let (world, owner) = World::with_owner().await;
    for email in [OWNER, "nobody@example.com"] {
        let guess = json!({ "email": email, "password": "a wrong guess" });
        assert_eq!(world.browser("127.0.0.4").post("/session", &guess).await.status, 401);
    }
    signed_in(&world, OWNER, PASSWORD).await;
    // What failed is kept apart from the answer.
    let listed = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let listed = owner.get("/sign-ins").await.json["items"].as_array().unwrap().clone();
            if listed.len() == 3 {
                return listed;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    let mut seen: Vec<(bool, &str, &str)> = listed
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap();
            (one["succeeded"].as_bool().unwrap(), text("way"), text("address"))
        })
        .collect();
    seen.sort_unstable();
    let expected = [
        (false, "password", "127.0.0.4"),
        (true, "password", "127.0.0.1"),
        (true, "registration", "127.0.0.1"),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn an_operator_hands_over_a_link_to_set_a_password() {
    let (world, owner) = World::with_owner().await;
    let (id, before) = add(&world, &owner, "a@example.com", Role::User).await;
    let path = format!("/users/{id}/password-link");
    let made = owner.post(&path, &json!({})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let code = made.json["link"].as_str().unwrap().strip_prefix("/reset#code=").unwrap();
    assert!(is_in(&before).await, "nothing changes before the link is used");
    world.clock.advance(Duration::from_hours(23));
    let body = json!({ "code": code, "password": OTHER_PASSWORD });
    let stranger = world.browser("127.0.0.3");
    let done = stranger.post("/password-resets/confirm", &body).await;
    assert_eq!(done.status, 204, "{}", done.text);
    assert!(!is_in(&before).await);
    signed_in(&world, "a@example.com", OTHER_PASSWORD).await;
    let again = stranger.post("/password-resets/confirm", &body).await;
    assert_eq!(again.code(), "link_not_valid");

    let disabled = json!({ "disabled": true });
    let owner = signed_in(&world, OWNER, PASSWORD).await;
    let late = owner.post(&path, &json!({})).await;
    assert_eq!(owner.patch(&format!("/users/{id}"), &disabled).await.status, 200);
    assert_eq!(owner.post(&path, &json!({})).await.code(), "conflict");
    let code = late.json["link"].as_str().unwrap().split_once('=').unwrap().1;
    let body = json!({ "code": code, "password": PASSWORD });
    let refused = stranger.post("/password-resets/confirm", &body).await;
    assert_eq!(refused.code(), "link_not_valid", "it is void for who is disabled");
}

#[tokio::test]
async fn the_audit_tells_who_changed_what_and_no_secret() {
    let (world, owner) = World::with_owner().await;
    let (id, _) = add(&world, &owner, "a@example.com", Role::User).await;
    owner.patch(&format!("/users/{id}"), &json!({ "role": "admin", "name": "Ada" })).await;
    owner.patch(&format!("/users/{id}"), &json!({ "name": "Ada" })).await;
    let made = owner.post(&format!("/users/{id}/password-link"), &json!({})).await;
    let link = made.json["link"].as_str().unwrap().split_once('=').unwrap().1.to_owned();
    let token = owner.post("/tokens", &json!({ "name": "ci" })).await;
    let secret = token.json["secret"].as_str().unwrap();
    change_password(&owner, PASSWORD, OTHER_PASSWORD).await;

    let owner = signed_in(&world, OWNER, OTHER_PASSWORD).await;
    let listed = owner.get("/audit").await;
    for hidden in [PASSWORD, OTHER_PASSWORD, secret, &link, "$argon2id$"] {
        assert!(!listed.text.contains(hidden), "{hidden}");
    }
    let actions: Vec<&str> = listed.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["action"].as_str().unwrap())
        .collect();
    let expected = ["user.change_password", "token.create", "user.password_link", "user.update"];
    assert_eq!(actions, expected, "an edit that changed nothing is none");
    let edit = &listed.json["items"][3];
    assert_eq!(edit["detail"], json!({ "role": ["user", "admin"], "name": ["", "Ada"] }));
    assert_eq!((&edit["actor"], &edit["object"]), (&json!(OWNER), &json!(id)));
    assert_eq!(edit["address"], "127.0.0.1");

    let found = async |query: &str| {
        let answer = owner.get(&format!("/audit?{query}")).await;
        answer.json["items"].as_array().map(Vec::len)
    };
    assert_eq!(found("action=user.").await, Some(3));
    assert_eq!(found("action=user.update&actor=OWNER").await, Some(1));
    assert_eq!(found(&format!("object={id}")).await, Some(2));
    assert_eq!(found("until=2020-01-01T00:00:00Z").await, Some(0));
    let first = owner.get("/audit?limit=3").await;
    let cursor = first.json["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(found(&format!("limit=3&cursor={cursor}")).await, Some(1));
    for wrong in ["limit=0", "limit=201", "cursor=x", "cursor=-1", "object=x", "since=x", "more=1"]
    {
        assert_eq!(found(wrong).await, None, "{wrong}");
    }
}

#[tokio::test]
async fn people_are_listed_beside_their_money() {
    let (world, owner) = World::with_owner().await;
    for number in 0..3 {
        world.clock.advance(Duration::from_secs(1));
        add(&world, &owner, &format!("p{number}@example.com"), Role::User).await;
    }
    let first = owner.get("/users?limit=2").await;
    assert_eq!(
        (first.json["total"].as_u64(), first.json["items"][0]["balance"].as_str()),
        (Some(4), Some("20"))
    );
    assert_eq!(first.json["items"][0]["tier"], "Standard");
    let cursor = first.json["next_cursor"].as_str().unwrap();
    let rest = owner.get(&format!("/users?limit=2&cursor={cursor}")).await;
    assert_eq!(rest.json["items"][1]["email"], "p2@example.com");
    assert_eq!(rest.json["next_cursor"], Value::Null);
    assert_eq!(owner.get("/users?role=owner").await.json["total"], 1);
    for wrong in ["limit=0", "role=king", "state=x", "cursor=zz", "search=%00", "more=1"] {
        let answer = owner.get(&format!("/users?{wrong}")).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid_request"), "{wrong}");
    }
    assert_eq!(owner.get("/users/usr_x").await.code(), "not_found");
    let made = owner
        .post(
            "/users",
            &json!({
        "email": "new@example.com", "password": PASSWORD, "role": "owner" }),
        )
        .await;
    assert_eq!(made.json["error"]["field"], "role");
}
