//! Second factors, pending sign-ins, invitations and mailed links.

use std::time::Duration;

use anc_domain::{Clock as _, Secret, SecretHash, UserId};
use anc_store::{NewInvitation, NewMailCode, NewUser, Registered, Role};

use crate::support::{Bed, EMAIL, fresh_store, session_of};

const CODE: &str = "0123456789abcdef0123456789abcdef";

async fn owner(bed: &Bed) -> UserId {
    bed.store.users().by_email(EMAIL).await.unwrap().unwrap().id
}

fn hash(text: &str) -> SecretHash {
    SecretHash::of(text)
}

async fn session(bed: &Bed, user_id: UserId, name: &str) -> SecretHash {
    let expires_at = bed.clock.now().plus(Duration::from_hours(1));
    let user = bed.store.users().by_id(user_id).await.unwrap().unwrap();
    let new = session_of(&user, hash(name), expires_at);
    assert!(bed.store.sessions().create(new).await.unwrap());
    hash(name)
}

#[tokio::test]
async fn a_step_of_a_factor_is_used_once_and_never_an_earlier_one() {
    let bed = fresh_store(0).await;
    let (user, factors) = (owner(&bed).await, bed.store.factors());
    assert!(factors.propose(user, &Secret::new("FIRST")).await.unwrap());
    assert!(factors.propose(user, &Secret::new("SEED")).await.unwrap(), "it was not confirmed");
    assert!(!factors.use_step(user, 5).await.unwrap(), "nor is it in force");
    let at = session(&bed, user, "a session").await;
    assert!(factors.confirm(user, 10, &[hash("r1"), hash("r2")]).await.unwrap());
    assert!(bed.store.sessions().find(&at).await.unwrap().is_none(), "all sessions ended");
    assert!(!factors.confirm(user, 11, &[]).await.unwrap());
    assert!(!factors.propose(user, &Secret::new("OTHER")).await.unwrap());
    let kept = factors.get(user).await.unwrap().unwrap();
    assert_eq!((kept.seed.expose(), kept.confirmed, kept.last_step), ("SEED", true, 10));
    for (step, is_new) in [(10, false), (12, true), (12, false), (11, false), (13, true)] {
        assert_eq!(factors.use_step(user, step).await.unwrap(), is_new, "{step}");
    }
    assert!(factors.use_recovery_code(user, &hash("r1")).await.unwrap());
    assert!(!factors.use_recovery_code(user, &hash("r1")).await.unwrap());
    assert_eq!(factors.recovery_codes_left(user).await.unwrap(), 1);
    assert!(factors.replace_recovery_codes(user, &[hash("n1")]).await.unwrap());
    assert!(!factors.use_recovery_code(user, &hash("r2")).await.unwrap());
    assert!(factors.remove(user).await.unwrap());
    assert!(!factors.remove(user).await.unwrap());
    assert_eq!(factors.recovery_codes_left(user).await.unwrap(), 0);
    assert!(!factors.replace_recovery_codes(user, &[hash("n2")]).await.unwrap());
}

#[tokio::test]
async fn a_session_goes_on_under_its_new_id_alone() {
    let bed = fresh_store(0).await;
    let user = owner(&bed).await;
    let old = session(&bed, user, "old").await;
    bed.clock.advance(Duration::from_mins(10));
    let sessions = bed.store.sessions();
    assert!(sessions.step_up(&old, &hash("new")).await.unwrap());
    assert!(sessions.find(&old).await.unwrap().is_none());
    let now = sessions.find(&hash("new")).await.unwrap().unwrap();
    assert_eq!(now.stepped_up_at, now.created_at.plus(Duration::from_mins(10)));
    assert!(!sessions.step_up(&old, &hash("other")).await.unwrap());
}

#[tokio::test]
async fn a_pending_sign_in_ends_with_its_time_or_with_all_sessions() {
    let bed = fresh_store(0).await;
    let known = bed.store.users().by_email(EMAIL).await.unwrap().unwrap();
    let (user, pending) = (known.id, bed.store.pending_sign_ins());
    let end = bed.clock.now().plus(Duration::from_mins(5));
    for name in ["one", "two", "three"] {
        pending.create(&hash(name), &known, end).await.unwrap();
    }
    assert_eq!(pending.find(&hash("one")).await.unwrap(), Some(user));
    assert!(pending.delete(&hash("one")).await.unwrap());
    assert!(!pending.delete(&hash("one")).await.unwrap());
    bed.store.sessions().delete_for_user(user).await.unwrap();
    assert_eq!(pending.find(&hash("two")).await.unwrap(), None);
    assert!(!pending.create(&hash("four"), &known, end).await.unwrap(), "it began before");
    let known = bed.store.users().by_id(user).await.unwrap().unwrap();
    assert!(pending.create(&hash("four"), &known, end).await.unwrap());
    bed.clock.advance(Duration::from_mins(5));
    assert_eq!(pending.find(&hash("four")).await.unwrap(), None);
}

fn person(email: &str) -> NewUser {
    NewUser {
        email: email.to_owned(),
        password_hash: Secret::new("$argon2id$new"),
        role: Role::User,
        metered: true,
    }
}

fn mail_code(bed: &Bed, text: &str, email: &str) -> NewMailCode {
    let expires_at = bed.clock.now().plus(Duration::from_mins(15));
    NewMailCode { hash: hash(text), email: email.to_owned(), expires_at }
}

#[tokio::test]
async fn an_invitation_is_used_once_however_many_try_at_once() {
    let bed = fresh_store(0).await;
    let new = NewInvitation {
        hash: hash(CODE),
        email: None,
        tier_id: None,
        created_by: "command line".to_owned(),
        expires_at: bed.clock.now().plus(Duration::from_hours(1)),
    };
    let made = bed.store.invitations().create(new).await.unwrap();
    assert_eq!(bed.store.invitations().find(&hash(CODE)).await.unwrap(), Some(made.clone()));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..8 {
        let (store, id) = (bed.store.clone(), made.id);
        tasks.spawn(async move {
            let person = person(&format!("p{number}@example.com"));
            store.invitations().register(id, &person).await.unwrap()
        });
    }
    let people: Vec<UserId> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(people.len(), 1);
    assert!(!bed.store.invitations().withdraw(made.id).await.unwrap());
    let listed = bed.store.invitations().list(10).await.unwrap();
    assert!(listed[0].used_at.is_some() && !listed[0].is_open(bed.clock.now()));
}

#[tokio::test]
async fn a_mailed_link_to_register_works_once() {
    let bed = fresh_store(0).await;
    let codes = bed.store.mail_codes();
    codes.create_registration(mail_code(&bed, CODE, "New@Example.com"), None).await.unwrap();
    let password = || Secret::new("$argon2id$new");
    assert_eq!(codes.reset_password(&hash(CODE), &password()).await.unwrap(), None);
    let Registered::Person(id) = codes.register(&hash(CODE), password()).await.unwrap() else {
        panic!("the link was not taken");
    };
    let user = bed.store.users().by_id(id).await.unwrap().unwrap();
    assert_eq!((user.email.as_str(), user.role), ("new@example.com", Role::User));
    assert_eq!(codes.register(&hash(CODE), password()).await.unwrap(), Registered::NotValid);
    codes.create_registration(mail_code(&bed, CODE, EMAIL), None).await.unwrap();
    assert_eq!(codes.register(&hash(CODE), password()).await.unwrap(), Registered::Known);
}

#[tokio::test]
async fn f3_a_link_to_reset_is_void_once_the_password_was_changed() {
    let bed = fresh_store(0).await;
    let codes = bed.store.mail_codes();
    let user = bed.store.users().by_email(EMAIL).await.unwrap().unwrap();
    let password = Secret::new("$argon2id$changed");
    codes.create_reset(mail_code(&bed, "one", EMAIL), &Secret::new("$earlier")).await.unwrap();
    assert_eq!(codes.reset_password(&hash("one"), &password).await.unwrap(), None);
    codes.create_reset(mail_code(&bed, "two", EMAIL), &user.password_hash).await.unwrap();
    let at = session(&bed, user.id, "a session").await;
    assert_eq!(codes.reset_password(&hash("two"), &password).await.unwrap(), Some(user.id));
    assert!(bed.store.sessions().find(&at).await.unwrap().is_none());
    let now = bed.store.users().by_id(user.id).await.unwrap().unwrap();
    assert_eq!(now.password_hash.expose(), "$argon2id$changed");
}
